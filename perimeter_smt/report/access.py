"""Findings, callers and what they can do: as JSON and as text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from perimeter_smt.organization.model import Unknown
from perimeter_smt.questions import explain
from perimeter_smt.questions.findings.render import Elements, Named
from perimeter_smt.questions.findings.search import NO_WORDS
from perimeter_smt.questions.findings.verdicts import Callers, Finding, Findings
from perimeter_smt.questions.untold import MAY_LET_IN, things
from perimeter_smt.report.finding import blamed, owner
from perimeter_smt.report.json import FORMAT, blame_json, request_json
from perimeter_smt.report.page import Page
from perimeter_smt.report.words import caller, keys, named, plural
from perimeter_smt.request import actions
from perimeter_smt.witness.case import case_to_json

_PROVED = {
    "included": "each is access",
    "complete": "together they are all of it",
    "apart": "none is covered by the others",
    "restated": "their policies, read back, say the same",
}
_ZONES = {
    "account": "outsiders of the account",
    "organization": "outsiders of the organization",
    "perimeter": "callers whom the perimeter does not trust",
    "everyone": "callers",
}
_OUT = {
    "account": "resources of other accounts",
    "organization": "resources outside the organization",
    "perimeter": "resources that the perimeter does not trust",
    "everyone": "resources",
}
_CLOSED = {
    "user": "IAM users",
    "role": "sessions of roles",
    "federated-user": "federated users",
    "root": "root users",
    "anonymous": "anonymous callers",
}
_NEXT = (
    "next: `perimeter public` and `perimeter access-not-granted` ask about the same access, which need no words for it"
)
_SHOWN = 8  # actions and names that a line of text lists


def findings_json(found: Findings) -> dict[str, Any]:
    """The findings as `schemas/findings.json` describes them."""
    return {
        "format": FORMAT,
        "source": found.source,
        "zone": found.zone,
        "direction": found.direction,
        "status": found.status,
        "reason": found.reason,
        "proved": list(found.proved),
        "unknowns": list(found.unknowns),
        "undecided": [unknown.model_dump(mode="json") for unknown in found.undecided],
        "today": found.today,
        "may_find": list(found.may_find),
        "services": list(found.services),
        "findings": [_finding_json(one) for one in found.findings],
    }


def callers_json(found: Callers) -> dict[str, Any]:
    """Who can, or what one can, as `schemas/callers.json` describes it."""
    return {
        "format": FORMAT,
        "source": found.source,
        "action": found.action,
        "resource": found.resource,
        "proved": list(found.proved),
        "unknowns": list(found.unknowns),
        "undecided": [unknown.model_dump(mode="json") for unknown in found.undecided],
        "today": found.today,
        "services": list(found.services),
        "notes": list(found.notes),
        "callers": [
            {
                "name": one.name,
                "kind": one.kind,
                "status": one.status,
                "reason": one.reason,
                "may_find": list(one.may_find),
                "access": [_finding_json(finding) for finding in one.findings],
            }
            for one in found.callers
        ],
    }


def _finding_json(one: Finding) -> dict[str, Any]:
    said, example = one.elements, one.example
    return {
        "resource": one.resource,
        "principals": [{"type": kind, "value": value} for kind, value in said.principals],
        "except_principals": [{"type": kind, "value": value} for kind, value in said.except_principals],
        "actions": list(said.actions),
        "except_actions": list(said.except_actions),
        "known_actions": one.count,
        "access_levels": list(one.levels),
        "resources": list(said.resources),
        "except_resources": list(said.except_resources),
        "within": [list(values) for values in said.within],
        "condition": said.condition,
        "conditions": list(said.words),
        "besides": list(said.other),
        "policy": said.policy,
        "public": one.public,
        "closed_to": list(one.closed_to),
        "statements": [blame_json(blame) for blame in one.statements],
        "example": {
            "request": request_json(example),
            "facts": example.facts.to_json(),
            "case": case_to_json(example.case) if example.case else None,
        },
    }


def render_findings(found: Findings, *, width: int | None = None, color: bool = False) -> str:
    """The answer first, then each finding."""
    page = Page(width, color=color)
    out = found.direction == "out"
    who = "insiders" if out else _ZONES[found.zone]
    what = _OUT[found.zone] if out else f"nothing that {found.source} opens"
    searched = not found.reason or found.reason.startswith(MAY_LET_IN)
    if not searched:
        page.text(f"not decided: {found.reason}", style="bold yellow")
        if NO_WORDS in found.reason:
            page.text(_NEXT, style="yellow")
    elif not found.findings and found.undecided:
        head = f"no access found, but NOT DECIDED for {plural(len(found.undecided), 'thing', 'things')} not known"
        page.text(f"{head}: {things(found.undecided)}", style="bold yellow")
    elif not found.findings:
        chosen = "under the chosen readings " if found.may_find else ""
        page.text(f"{chosen}no access: {who} reach {f'no {what}' if out else what}", style="bold green")
    else:
        have = f"reach {what}" if out else "have access"
        page.text(f"{plural(len(found.findings), 'finding')}: {who} {have}", style="bold red")
    if found.undecided and (found.findings or not searched):
        _besides(page, found.undecided)
    if out:
        _asked(page, found.services)
    _since(page, found.today)
    if found.may_find:
        _open(page, found.may_find, "")
    if found.findings or found.status == "complete":
        _proved(page, found.proved)
    _unknowns(page, found.unknowns)
    _write(page, found.findings, callers=out)
    return str(page)


def render_callers(found: Callers, *, width: int | None = None, color: bool = False) -> str:
    """Who can first, those that cannot in one line at the end."""
    page = Page(width, color=color)
    can = [one for one in found.callers if one.findings]
    unsure = [one for one in found.callers if one.status != "complete"]
    what = " ".join(filter(None, (found.action or "anything", f"on {found.resource}" if found.resource else "")))
    if not can and not unsure and found.undecided:
        many = plural(len(found.undecided), "thing", "things")
        page.text(f"nobody is found who can: {what}", style="bold yellow")
        page.text(f"NOT DECIDED for {many} not known: {things(found.undecided)}", style="bold yellow")
    elif not can and not unsure:
        chosen = "under the chosen readings " if any(one.may_find for one in found.callers) else ""
        page.text(f"{chosen}nobody can: {what}", style="bold green")
    elif len(found.callers) == 1 and not found.action and can:
        sets = plural(len(can[0].findings), "set")
        page.text(f"{can[0].name} can: {sets} of requests, listed below", style="bold red")
    else:
        page.text(f"{plural(len(can), 'caller')} can: {what}", style="bold red")
    for one in unsure:
        page.text(f"not decided for {one.name}: {one.reason}", style="bold yellow")
    if found.undecided and (can or unsure):
        _besides(page, found.undecided)
    points: dict[tuple[str, ...], list[str]] = {}
    for one in found.callers:
        if one.may_find:
            points.setdefault(one.may_find, []).append(one.name)
    for names, callers in points.items():
        _open(page, names, f"for {named(callers)}")
    for note in found.notes:
        page.text(f"note: {note}", style="yellow")
    if not found.action:
        _asked(page, found.services)
    _since(page, found.today)
    _proved(page, found.proved)
    _unknowns(page, found.unknowns)
    for one in can:
        page.blank()
        page.text(f"{one.name}: {plural(len(one.findings), 'set')} of requests", style="bold")
        _write(page, one.findings, indent=2, whose=False)
    cannot = [one.name for one in found.callers if not one.findings and one.status == "complete"]
    if cannot and can:
        page.blank()
        page.text(f"cannot: {', '.join(cannot)}")
    return str(page)


def _open(page: Page, points: Sequence[str], whom: str) -> None:
    """Open points that give more access."""
    more = f"there is more access {whom}".rstrip()
    page.text(
        f"open: {more} where AWS's documentation is read the other way at {' or '.join(points)} (`perimeter why NAME`)",
        style="yellow",
    )


def _besides(page: Page, undecided: Sequence[Unknown]) -> None:
    """What may give access besides, under the headline."""
    head = f"NOT DECIDED besides for {plural(len(undecided), 'thing', 'things')} not known"
    page.text(f"{head}: {things(undecided)}", style="bold yellow")


def _asked(page: Page, services: Sequence[str]) -> None:
    """What the answer is about: of calls of other services it says nothing."""
    every = set(services) >= set(actions.services())
    page.text("asked: calls of every service" if every else f"asked: calls of {named(services, _SHOWN)}, no others")


def _since(page: Page, today: str) -> None:
    """From when on requests count, where policies test the moment."""
    if today:
        page.text(f"asked: requests made on {today} or later", style="dim")


def _proved(page: Page, names: Iterable[str]) -> None:
    told = [_PROVED[name] for name in names]
    if told:
        page.text(f"proved: {', '.join(told)}", style="dim")


def _unknowns(page: Page, unknowns: Sequence[str]) -> None:
    if len(unknowns) == 1:
        page.text(f"not known: {unknowns[0]}", style="yellow", hang=2)
    elif unknowns:
        page.text(f"{plural(len(unknowns), 'thing')} not known:", style="yellow")
        for text in unknowns[:_SHOWN]:
            page.text(text, style="yellow", indent=2, hang=2)
        if len(unknowns) > _SHOWN:
            page.text(f"and {len(unknowns) - _SHOWN} more (all of them with `--json`)", indent=2)


def _write(
    page: Page, findings: Sequence[Finding], *, indent: int = 0, whose: bool = True, callers: bool = False
) -> None:
    for number, one in enumerate(findings, 1):
        said, example = one.elements, one.example
        page.blank()
        public = {"yes": ", public", "unsettled": ", public or not: AWS's page does not settle it", "no": ""}[
            one.public
        ]
        page.text(f"{number}. {one.resource if whose else 'requests'}{public}", indent=indent, style="bold")
        inner = indent + 3
        who = _but(_principals(said.principals), _principals(said.except_principals))
        page.item("who", who if (whose and not callers) or who != "everybody" else "", indent=inner)
        page.item("actions", _actions(one, said), indent=inner)
        if one.closed_to:
            never = _listed(_CLOSED[kind] for kind in one.closed_to)
            page.item("never", f"{never}: AWS takes no such call from them", indent=inner)
        page.item("on", _but(list(said.resources), list(said.except_resources)), indent=inner)
        for values in said.within:
            page.item("and on", ", ".join(values), indent=inner)
        page.item("when", said.words, indent=inner)
        page.item("besides", said.other, indent=inner)
        page.item("allowed", blamed(one.statements), indent=inner)
        request = f"{caller(example)} calls {example.request.action} on {example.request.resource}"
        page.item("example", [request, explain.wire(example.facts), owner(example), *keys(example)], indent=inner)


def _listed(names: Iterable[str]) -> str:
    *some, last = names
    return f"{', '.join(some)} and {last}" if some else last


def _principals(entries: Iterable[Named]) -> list[str]:
    out = []
    for kind, value in entries:
        if (kind, value) == ("*", "*"):
            out.append("everybody")
        else:
            out.append(value if kind in ("AWS", "*") else f"{kind} {value}")
    return out


def _actions(one: Finding, said: Elements) -> str:
    text = _but(list(said.actions), list(said.except_actions))
    if one.count == 0:
        return f"{text} (beyond the service reference: level not known)"
    return f"{text} ({plural(one.count, 'known action')}: {', '.join(one.levels) or 'level not known'})"


def _but(values: Sequence[str], against: Sequence[str]) -> str:
    listed = named(values, _SHOWN) if values != ["*"] else "*"
    return f"{listed}, but not {named(against, _SHOWN)}" if against else listed
