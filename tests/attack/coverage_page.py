"""The page docs/verification/coverage.md, from the kept counts: `python -m tests.attack.coverage_page`.

Nothing on it is written by hand: what the runs counted (`tests/attack/counts`) is put together, with a reason for every
zero, and with the day and the sizes of the runs that the counts come from.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from tests.attack.coverage import axioms, tables
from tests.attack.records import FOLDER, ROOT, Record, read, runs

_NEVER = Record(0, 0, "not asked")


def page(axioms_: Mapping[str, Record], tables_: Mapping[str, Record], drawn: Mapping[str, Any]) -> str:
    """The text of the page: `drawn` are the counts of random worlds."""
    names = axioms()
    found = {name: axioms_.get(name, _NEVER) for name in names}
    once = drawn["axioms"]
    reached = [name for name in names if found[name].changed or once.get(name)]
    together = [name for name in reached if found[name].group and not once.get(name)]
    by_hand = [name for name in reached if found[name].by_hand]
    implied = [name for name in names if name not in reached and found[name].why.startswith("implied")]
    rest = [name for name in names if name not in reached and name not in implied]
    lines = [
        *_head(axioms_, tables_, drawn),
        f"## Axioms: {len(reached)} of {len(names)} reached",
        "",
        f"{len(together)} of them together with others, {len(by_hand)} by worlds written by hand; "
        f"{len(implied)} implied by what the organization file says; {len(rest)} at zero{_listed(rest)}.",
        "",
        "| axiom | random worlds | made toward it | with what, or if none, why |",
        "|---|---|---|---|",
    ]
    for name, record in found.items():
        others = "with " + ", ".join(f"`{other}`" for other in record.group) if record.group else ""
        said = "; ".join(part for part in (record.by_hand and f"by hand: {record.by_hand}", others) if part)
        said = said if name in reached else record.why
        lines.append(f"| `{name}` | {once.get(name, 0)} | {record.changed} of {record.asked} | {said} |")
    known = {name: tables_.get(name, _NEVER) for name in tables()}
    zero = [name for name, record in known.items() if not record.changed]
    lines += ["", f"## Tables: {len(known) - len(zero)} of {len(known)} reached", ""]
    lines += [f"At zero: {len(zero)}{_listed(zero)}.", ""]
    lines += ["| table | differ without the row | asked | by hand, or if none, why |", "|---|---|---|---|"]
    lines += [f"| `{n}` | {r.changed} | {r.asked} | {r.by_hand or r.why} |" for n, r in known.items()]
    operators, small = drawn["operators"], drawn["small cases"]
    spelled = sorted({*operators, *small})
    silent = [name for name in spelled if not operators.get(name) and not small.get(name)]
    lines += ["", f"## Operators: {len(spelled) - len(silent)} of {len(spelled)} reached", ""]
    lines += ["| operator | random worlds | small cases |", "|---|---|---|"]
    lines += [f"| `{name}` | {operators.get(name, 0)} | {small.get(name, 0)} |" for name in spelled]
    return "\n".join([*lines, ""])


def _listed(names: Iterable[str]) -> str:
    found = ", ".join(f"`{name}`" for name in names)
    return f" ({found})" if found else ""


def _head(axioms_: Mapping[str, Record], tables_: Mapping[str, Record], drawn: Mapping[str, Any]) -> list[str]:
    return [
        "# What the attack reaches",
        "",
        "Written by `python -m tests.attack.coverage_page` from `tests/attack/counts`, left by these runs:",
        "",
        f"* `python -m tests.attack.coverage`: {drawn['worlds']} random worlds of the themes, with grants and of "
        f"guardrails, on {drawn['date']} with `{drawn['sizes']}`;",
        f"* `python -m tests.attack.directed`, axioms: {'; '.join(runs(axioms_))};",
        f"* `python -m tests.attack.tables`, tables: {'; '.join(runs(tables_))}.",
        "",
        "A run stops at an axiom or a table once `--enough` worlds tell it: the counts are no measure of how often.",
        "",
        "* **Axioms**: random worlds in which a proof needed the axiom, and worlds made toward it: guardrails that let",
        "  through what looks like a request that breaks this axiom and no other. It counts where an objective is",
        "  proved with the axiom and not without.",
        "  Where other axioms say it as well, it counts together with them (`with`): a minimal group without which a",
        "  request breaks the axiom is left out; then the objective is proved with the axiom, and not without it.",
        "  Where this search finds nothing, a world is written by hand (`tests/attack/directed/by_hand.py`): an",
        "  objective, a mitigation, or an own assertion on what no policy sees, which holds with the axiom and is",
        "  broken without.",
        "* **Tables**: worlds made toward a row, and questions to the commands that read the table: those in which the",
        "  answer is another one without the row. By hand: `tests/attack/tables/by_hand.py`.",
        "* **Operators**: random worlds in which a drawn request gets another answer when the conditions under the",
        "  operator are dropped, and small cases of one condition each.",
        "",
    ]


def main() -> int:
    """Write the page."""
    drawn = json.loads((FOLDER / "random.json").read_text(encoding="utf-8"))
    text = page(read(FOLDER / "axioms.json"), read(FOLDER / "tables.json"), drawn)
    (ROOT / "docs" / "verification" / "coverage.md").write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
