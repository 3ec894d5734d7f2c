"""A replay of logs as text and as JSON."""

from __future__ import annotations

from typing import Any

from perimeter_smt.evaluate.statements import StatementRef
from perimeter_smt.questions.replay.replay import Group, Kind, Replayed
from perimeter_smt.questions.untold import things
from perimeter_smt.report.json import FORMAT
from perimeter_smt.report.page import Page
from perimeter_smt.report.words import named, plural
from perimeter_smt.request.keys import key_info

_TITLES: dict[Kind, tuple[str, str]] = {
    "newly-blocked": ("newly blocked", "bold red"),
    "newly-depends": ("perhaps newly blocked: it depends on what CloudTrail does not tell", "bold yellow"),
    "blocked": ("blocked as before", "dim"),
    "depends": ("perhaps blocked, as before", "dim"),
    "newly-allowed": ("newly allowed: refused when they happened", "green"),
}
_SHOWN = 20


def replay_json(found: Replayed) -> dict[str, Any]:
    """The answer as `schemas/replay.json` describes it."""
    return {
        "format": FORMAT,
        "workspace": found.workspace,
        "change": found.change,
        "events": found.events,
        "outcomes": {name: found.outcomes.get(name, 0) for name in ("allow", "deny", "depends")},
        "groups": [_group(group) for group in found.groups],
        "counts": {kind: found.kinds[kind] for kind in _TITLES},
        "interrupted": found.interrupted,
        "more_groups": found.more_groups,
        "skipped": [
            {"reason": reason, "event": event, "count": count}
            for (reason, event), count in sorted(found.skipped.items(), key=lambda item: (-item[1], item[0]))
        ],
        "undecided": [unknown.model_dump(mode="json") for unknown in found.undecided],
        "unlisted_endpoints": dict(sorted(found.unlisted_endpoints.items())),
    }


def _group(group: Group) -> dict[str, Any]:
    return {
        "kind": group.kind,
        "principal": group.who,
        "action": group.action,
        "count": group.count,
        "statements": [_statement(statement) for statement in group.statements],
        "depends_on": [_spelled(key) for key in group.depends],
        "detail": group.detail,
        "example": {"event": group.example.id, "time": group.example.time, "resource": group.example.resource},
    }


def _statement(found: StatementRef) -> dict[str, Any]:
    place = found.location
    return {"slot": found.slot, "policy": found.policy, "index": found.index, "sid": found.sid,
            "effect": found.effect, "file": place.file, "line": place.line}  # fmt: skip


def render(found: Replayed, *, width: int | None = None, color: bool = False) -> str:
    """Counts first, then what would newly be blocked, then the rest; long lists are cut with a word on it."""
    page = Page(width, color=color)
    newly, perhaps = found.kinds["newly-blocked"], found.kinds["newly-depends"]
    style = "bold red" if newly else "bold yellow" if perhaps or found.undecided else "bold green"
    of = f"`{found.change}`" if found.change else f"`{found.workspace}`"
    page.text(f"{plural(newly, 'event')} newly blocked, {perhaps} perhaps, by the guardrails of {of}", style=style)
    if found.undecided:
        page.text(f"NOT DECIDED: may be blocked by what is not known: {things(found.undecided)}", style="bold yellow")
    if found.interrupted:
        page.text("interrupted: the rest of the logs was not read", style="bold yellow")
    outcomes = ", ".join(f"{found.outcomes.get(name, 0)} {name}" for name in ("allow", "deny", "depends"))
    skipped = sum(found.skipped.values())
    page.text(f"{plural(found.events, 'event')}: {outcomes}, {skipped} not judged")
    for kind, (title, look) in _TITLES.items():
        _section(page, title, look, [group for group in found.groups if group.kind == kind])
    if found.more_groups:
        page.blank()
        page.text(f"{plural(found.more_groups, 'event')} in further groups that were not kept")
    if found.skipped:
        page.blank()
        page.text("not judged", style="bold")
        for reason in sorted({reason for reason, _ in found.skipped}):
            events = {event: count for (why, event), count in found.skipped.items() if why == reason}
            names = [f"{event} ({events[event]})" for event in sorted(events, key=lambda e: (-events[e], e))]
            page.text(f"{reason}: {named(names)}", indent=2, hang=2)
    if found.unlisted_endpoints:
        page.blank()
        names = sorted(found.unlisted_endpoints)
        page.text(f"endpoints that the workspace does not list, taken to allow everything: {named(names)}")
    return str(page)


def _section(page: Page, title: str, style: str, groups: list[Group]) -> None:
    if not groups:
        return
    page.blank()
    page.text(title, style=style)
    for group in groups[:_SHOWN]:
        page.text(f"{plural(group.count, 'event')}: {group.action} by {group.who}", indent=2, hang=2)
        places = [f"{s.location} {s.sid or f'statement {s.index + 1}'} ({s.slot})" for s in group.statements]
        page.item("by", [*places, group.detail], indent=4)
        page.item("depends", ", ".join(_spelled(key) for key in group.depends), indent=4)
        example = group.example
        page.item("such as", f"{example.time} {example.id} on {example.resource or 'a resource not told'}", indent=4)
    if len(groups) > _SHOWN:
        page.text(f"{len(groups) - _SHOWN} more groups, all of them with `--json`", indent=2)


def _spelled(key: str) -> str:
    return key_info(key).key if ":" in key else key
