"use strict";
// Filters only: the page reads as it stands without this script.
(() => {
  const field = (name) => document.getElementById(name);
  const service = field("service"), account = field("account"), status = field("status"), shown = field("shown");
  if (!service) return;
  const rows = [...document.querySelectorAll("#matrix tbody tr")];
  const findings = [...document.querySelectorAll("article.finding")];
  const has = (words, text) => !text || words.split(" ").some((word) => word.includes(text));
  const kindOf = {hole: "hole", conditional: "conditional"};
  const apply = () => {
    const wanted = service.value.trim().toLowerCase(), owner = account.value.trim(), kind = status.value;
    let count = 0;
    for (const row of rows) {
      row.hidden = !(has(row.dataset.services, wanted) && (!kind || row.dataset.kinds.split(" ").includes(kind)));
    }
    for (const one of findings) {
      const kinds = Object.keys(kindOf).filter((name) => one.classList.contains(name));
      one.hidden = !(has(one.dataset.services, wanted) && has(one.dataset.accounts, owner) &&
        (!kind || kinds.includes(kind)));
      count += one.hidden ? 0 : 1;
    }
    const all = !wanted && !owner && !kind;
    shown.textContent = all ? "" : `${count} of ${findings.length} findings shown`;
  };
  for (const input of [service, account, status]) input.addEventListener("input", apply);
  document.querySelector(".filters").addEventListener("submit", (event) => event.preventDefault());
  const open = () => {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const details = target && target.closest("details");
    if (details) details.open = true;
  };
  addEventListener("hashchange", open);
  addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((one) => { one.open = true; }));
  open();
})();
