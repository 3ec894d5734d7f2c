"""A comparison of two organizations as text: what opens first, then what closes, then what is written differently."""

from __future__ import annotations

from perimeter_smt.questions import explain
from perimeter_smt.questions.changes.answer import AVAILABILITY, INSIDE, Change, Changes, Difference, Part
from perimeter_smt.questions.changes.routes import bucket_of
from perimeter_smt.questions.objectives import OBJECTIVES
from perimeter_smt.questions.verdicts import presumes
from perimeter_smt.report.finding import blamed, owner
from perimeter_smt.report.page import Page
from perimeter_smt.report.unknowns import write_unknowns
from perimeter_smt.report.words import caller, keys, named, plural

_MODES = {"guardrails": "guardrails alone, whatever is granted", "grants": "with the grants as they are"}
_EDITS = 12
_STYLES = {"none": "green", "found": "red", "conditional": "yellow", "unknown": "yellow"}


def render(found: Changes, *, width: int | None = None, color: bool = False) -> str:
    """The whole comparison; `width` None for a pipe or a file."""
    page = Page(width, color=color)
    page.text(summary(found), style="bold")
    for note in found.notes:
        page.text(note, style="yellow")
    for part in found.parts:
        _part(page, part)
    if found.edits:
        page.blank()
        page.text("written differently:", style="bold")
    for edit in found.edits[:_EDITS]:
        sign = "+" if edit.what == "added" else "-"
        page.text(f"{sign} {edit.where}: {edit.statement} ({edit.statement.kind}, {edit.statement.effect})",
                  indent=2, hang=2)  # fmt: skip
    if len(found.edits) > _EDITS:
        page.text(f"and {len(found.edits) - _EDITS} more (all of them with `--json`)", indent=2)
    write_unknowns(page, found.unknowns)
    return str(page)


def summary(found: Changes) -> str:
    """One line: does the change open anything?"""
    statuses = {part.opens.status for part in found.parts}
    if statuses == {"none"}:
        answer = "nothing new is open, proved"
    elif "found" in statuses:
        count = sum(len(part.opens.changes) for part in found.parts if part.opens.status == "found")
        answer = f"opens something, in {plural(count, 'way')}"
    else:
        answer = "not decided whether it opens anything"
    blocked = sum(c.objective == AVAILABILITY for part in found.parts for c in part.closes.changes)
    if blocked:
        answer += f"; newly blocks intended access, in {plural(blocked, 'way')}"
    return f"`{found.before}` to `{found.after}`: {answer}"


def _part(page: Page, part: Part) -> None:
    page.blank()
    page.text(_MODES[part.mode], style="bold")
    for title, found in (("opens", part.opens), ("closes", part.closes)):
        write_difference(page, title, found)


def _presuming(found: Difference) -> str:
    names = presumes(found.assumptions)
    return f", presuming {', '.join(names)}" if names else ""


def write_difference(page: Page, title: str, found: Difference) -> None:
    """What one state lets through and the other does not, or what the proof that there is nothing presumes."""
    words = {
        "none": f"{title} nothing: proved{_presuming(found)}",
        "found": f"{title} in {plural(len(found.changes), 'way')}",
        "conditional": f"{title} nothing for sure",
        "unknown": f"{title}: not decided",
    }
    text = words[found.status] + (f": {found.reason}" if found.reason else "")
    page.text(text, indent=2, hang=2, style=_STYLES[found.status] if title == "opens" else "")
    for change in found.changes:
        page.blank()
        _change(page, change, title)
    if found.changes:
        page.blank()


def _change(page: Page, change: Change, title: str) -> None:
    request = change.request
    page.text(f"{_about(change, title)}; {change.callers}", indent=4, hang=2, style="bold")
    page.item("caller", [caller(request), explain.who(request.facts)], indent=6)
    page.item("action", request.request.action, indent=6)
    page.item("resource", [request.request.resource, owner(request)], indent=6)
    page.item("goes to", bucket_of(change), indent=6)
    page.item("network", explain.wire(request.facts), indent=6)
    page.item("keys", keys(request) or ["none that a policy tests"], indent=6)
    page.item("likewise", named([s for s in change.services if s != request.request.action.split(":")[0]]), indent=6)
    before = "before" if title == "opens" else "after"
    page.item(before, [change.denied.why, *blamed(change.denied.statements)], indent=6)
    page.item("let by", blamed(request.through), indent=6)
    because = blamed(change.because) or ["no statement by itself: attachments, accounts or resources differ"]
    page.item("because", because, indent=6, style="bold")
    page.item("needs", ", ".join(request.depends_on), indent=6)


def _about(change: Change, title: str) -> str:
    if change.objective in OBJECTIVES:
        told = f"{change.objective} {OBJECTIVES[change.objective].title}"
        return f"newly breaks {told}" if title == "opens" else f"no longer breaks {told}"
    if change.objective == AVAILABILITY:
        return "newly blocked, although the perimeter means to let it through"
    assert change.objective == INSIDE
    return (
        "new, and breaks no objective beyond what is accepted"
        if title == "opens"
        else "newly stopped, and no objective asks for it"
    )
