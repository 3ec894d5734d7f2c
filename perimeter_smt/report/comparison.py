"""A comparison of two documents as text."""

from __future__ import annotations

from perimeter_smt.questions.standings import FULL
from perimeter_smt.questions.verdicts import Comparison, Counterexample
from perimeter_smt.report.finding import blamed, owner
from perimeter_smt.report.page import Page
from perimeter_smt.report.words import caller, keys

_RELATIONS = {
    "equivalent": ("equivalent: both allow the same requests", "green"),
    "more": ("more: the second allows requests that the first does not, and denies none that the first allows", "red"),
    "less": ("less: the second allows nothing new, and denies requests that the first allows", "yellow"),
    "incomparable": ("incomparable: each allows requests that the other does not", "red"),
    "unknown": ("unknown", "yellow"),
}


def render(found: Comparison, *, width: int | None = None, color: bool = False) -> str:
    """The relation, and one request for each difference with the statements behind it."""
    page = Page(width, color=color)
    text, style = _RELATIONS[found.relation]
    if found.may_allow or found.may_deny:
        text = f"under the chosen readings {text}"
    page.text(f"{text}: {found.reason}" if found.reason else text, style=f"bold {style}")
    for points, does in ((found.may_allow, "allows something new"), (found.may_deny, "denies something more")):
        if points:
            page.text(f"open: the second {does} where AWS's documentation is read the other way at {', '.join(points)} "
                      "(`perimeter why NAME`; `--reading over` shows it)", style="yellow")  # fmt: skip
    if len(found.standings) > 1 or any(FULL in one.words for one in found.standings):
        differ = len({one.relation for one in found.standings}) > 1
        each = "; ".join(f"{one.words}: {one.relation}" for one in found.standings)
        page.text(f"asked: {each}", style="yellow" if differ else "dim")
    if found.today:
        page.text(f"asked: requests made on {found.today} or later", style="dim")
    _side(page, "newly allowed", found.newly_allowed)
    _side(page, "newly denied", found.newly_denied)
    for one in found.standings:  # what is told beside the relation
        if found.newly_allowed is None:
            _side(page, f"newly allowed {one.words}", one.newly_allowed)
        if found.newly_denied is None:
            _side(page, f"newly denied {one.words}", one.newly_denied)
    return str(page)


def _side(page: Page, label: str, side: Counterexample | None) -> None:
    if side is None:
        return
    page.blank()
    page.text(label, style="bold")
    page.item("caller", caller(side), indent=2)
    page.item("action", side.request.action, indent=2)
    page.item("resource", [side.request.resource, owner(side)], indent=2)
    page.item("keys", keys(side) or ["none that a policy tests"], indent=2)
    page.item("stands", side.why.partition(" only, ")[2], indent=2)
    page.item("allowed", blamed(b for b in side.through if b.effect == "Allow"), indent=2)
    page.item("denied", blamed(b for b in side.through if b.effect == "Deny"), indent=2)
