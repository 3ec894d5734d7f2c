"""Why a request is allowed or denied, as text and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from perimeter_smt.evaluate.statements import StatementRef
from perimeter_smt.organization.model import named
from perimeter_smt.questions.requests.grants import Speaks
from perimeter_smt.questions.requests.told import Told
from perimeter_smt.questions.requests.why import Change, Explanation
from perimeter_smt.report.decisions import decision_json
from perimeter_smt.report.json import FORMAT
from perimeter_smt.report.page import Page
from perimeter_smt.request.keys import key_info
from perimeter_smt.witness.case import OPEN, case_to_json

_SLOTS = {
    "identity": "an identity policy",
    "boundary": "the permissions boundary",
    "session": "the session policy",
    "resource": "the policy of the resource",
    "access_point": "the policy of the access point",
    "vpce": "the endpoint policy",
    "scp": "an SCP",
    "rcp": "an RCP",
}


def explanation_json(found: Explanation, assumed: Sequence[str] = ()) -> dict[str, Any]:
    """A case explained, as `schemas/explanation.json` describes it."""
    decision = decision_json(found.case.id, found.decision)
    closest = found.closest
    return {
        "format": FORMAT,
        "id": found.case.id,
        "decision": decision["decision"],
        "reason": decision["reason"],
        "detail": decision["detail"],
        "assumptions": [*decision["assumptions"], *assumed],
        "statements": [statement_json(each) for each in found.decision.statements if not _is_open(each)],
        "changes": [[_change(each) for each in some] for some in found.changes],
        "rests_on": [[statement_json(each) for each in some] for some in found.rests_on],
        "closest": {"statement": statement_json(closest.statement), "failed": [str(f) for f in closest.failed]}
        if closest
        else None,
        "stuck": found.stuck,
        "more": found.more,
        "case": case_to_json(found.case),
    }


def _change(change: Change) -> dict[str, Any]:
    return {
        "kind": change.kind,
        "slot": change.slot,
        "statement": statement_json(change.statement) if change.statement else None,
        "holds": list(change.holds),
        "near": [{"statement": statement_json(near.statement), "failed": list(near.failed)} for near in change.near],
    }


def statement_json(found: StatementRef) -> dict[str, Any]:
    """A statement with its slot and place."""
    place = found.location
    return {"slot": found.slot, "policy": found.policy, "index": found.index, "sid": found.sid,
            "effect": found.effect, "file": place.file, "line": place.line}  # fmt: skip


def told_json(told: Told) -> dict[str, Any]:
    """A message or event explained, as `schemas/explanation.json` describes it."""
    request, message = told.case.request, told.message
    return {
        "format": FORMAT,
        "decision": told.outcome,
        "request": request.model_dump(mode="json", exclude_none=True),
        "resource_known": told.resource_known,
        "assumptions": list(told.assumptions),
        "agrees": told.agrees,
        "message": {"slot": message.slot, "explicit": message.explicit, "policy": message.policy,
                    "encoded": message.encoded, "reason": message.reason} if message else None,
        "refused": told.refused,
        "blamed": [_speaks(each) for each in told.blamed] if told.blamed is not None else None,
        "denies": [_speaks(each) for each in told.denies],
        "lacking": [{"slot": slot, "perhaps": [_speaks(each) for each in perhaps]} for slot, perhaps in told.lacking],
    }  # fmt: skip


def _speaks(found: Speaks) -> dict[str, Any]:
    return {
        "statement": statement_json(found.statement),
        "surely": found.surely,
        "depends_on": [_spelled(key) for key in found.depends],
    }


def render_explanation(
    found: Explanation, assumed: Sequence[str] = (), *, width: int | None = None, color: bool = False
) -> str:
    """The decision first, then what it rests on, or what would change it."""
    page = Page(width, color=color)
    decision, request = found.decision, found.case.request
    word, style = ("allow", "bold green") if decision.allowed else ("deny", "bold red")
    why = decision.detail or decision.reason.replace("_", " ")
    page.text(f"{word}: {why}", style=style)
    page.item("caller", request.principal.arn or request.principal.provider or request.principal.type, indent=2)
    page.item("action", request.action, indent=2)
    page.item("resource", request.resource, indent=2)
    page.item("assumed", [*decision.assumptions, *assumed], indent=2)
    if not decision.allowed:
        page.item("denied by", [_placed(each) for each in decision.statements], indent=2)
    for number, some in enumerate(found.changes, 1):
        page.blank()
        title = "would be allowed by" if len(found.changes) == 1 else f"would be allowed by, {number}"
        page.text(f"{title} {'these changes together' if len(some) > 1 else 'this change'}", style="bold")
        for change in some:
            _write_change(page, change)
    for number, some_allows in enumerate(found.rests_on, 1):
        page.blank()
        page.text("rests on" if len(found.rests_on) == 1 else f"rests on, {number}", style="bold")
        for each in some_allows:
            page.text(_placed(each), indent=2, hang=2)
        if not some_allows:
            page.text("no statement that was given", indent=2)
    if found.more:
        page.text("and more sets like these", indent=2)
    if found.stuck:
        page.blank()
        page.text(f"no change of policies allows the call: {found.stuck}", style="yellow")
    if found.closest:
        page.blank()
        page.text("the Deny that came closest", style="bold")
        page.text(_placed(found.closest.statement), indent=2, hang=2)
        for failed in found.closest.failed:
            page.text(str(failed), indent=4, hang=2)
    return str(page)


def _write_change(page: Page, change: Change) -> None:
    if change.statement is not None:
        page.text(f"{_placed(change.statement)} must let the call pass", indent=2, hang=2)
        for text in change.holds:
            page.text(text, indent=4, hang=2)
        return
    name = change.slot.partition("[")[0]
    page.text(f"an Allow in {_SLOTS.get(name, name)} ({change.slot})", indent=2, hang=2)
    for near in change.near:
        page.text(f"nearest: {_placed(near.statement)}", indent=4, hang=2)
        for failed in near.failed:
            page.text(failed, indent=6, hang=2)


def render_told(told: Told, *, width: int | None = None, color: bool = False) -> str:
    """What the policies say, and which statements fit what AWS said."""
    page = Page(width, color=color)
    request, message = told.case.request, told.message
    style = {"deny": "bold red", "depends": "bold yellow", "allow": "bold green"}[told.outcome]
    page.text(f"{told.outcome}: {_headline(told)}", style=style)
    principal = request.principal
    page.item("caller", principal.arn or principal.role_arn or principal.account or principal.type, indent=2)
    page.item("action", request.action, indent=2)
    page.item("resource", request.resource if told.resource_known else "not told", indent=2)
    page.item("assumed", list(told.assumptions), indent=2)
    if message is not None:
        page.item("AWS says", _said(told), indent=2)
        if message.encoded:
            page.item("encoded", "the encoded authorization message can be decoded by AWS alone", indent=2)
    if told.blamed is not None:
        page.blank()
        page.text("statements that fit what AWS says", style="bold")
        for each in told.blamed:
            _write_speaks(page, each)
        if not told.blamed and told.agrees:
            page.text("none: an Allow is missing", indent=2)
        elif not told.agrees:
            page.text("none: the workspace does not hold the policies that denied the call", indent=2)
    others = [each for each in told.denies if told.blamed is None or each not in told.blamed]
    if others:
        page.blank()
        page.text("Deny statements" if told.blamed is None else "further Deny statements", style="bold")
        for each in others:
            _write_speaks(page, each)
    for slot, perhaps in told.lacking:
        page.blank()
        name = slot.partition("[")[0]
        page.text(f"no Allow {'surely ' if perhaps else ''}matches in {_SLOTS.get(name, name)} ({slot})", style="bold")
        for each in perhaps:
            _write_speaks(page, each)
    return str(page)


def _headline(told: Told) -> str:
    if told.outcome == "deny":
        if told.refused and not any(each.surely for each in told.denies):
            return f"whatever policies allow: {told.refused}"
        return "the policies deny the call, whatever is not told"
    if told.outcome == "allow":
        return "nothing that the workspace holds stops the call"
    every = (*told.denies, *(each for _, perhaps in told.lacking for each in perhaps))
    keys = dict.fromkeys(_spelled(key) for each in every for key in each.depends)
    untold = [f"what is not known: {named(told.stopping)}"] if told.stopping else []
    return f"on {', '.join([*keys, *untold])}"


def _said(told: Told) -> str:
    message = told.message
    assert message is not None
    where = _SLOTS.get(message.slot or "", "a policy of a type that is not told")
    if message.explicit is None:
        return f"denied, because {message.reason}" if message.reason else "denied, without a reason"
    text = f"a Deny in {where}" if message.explicit else f"no Allow in {where}"
    return f"{text}: {message.policy}" if message.policy else text


def _write_speaks(page: Page, found: Speaks) -> None:
    page.text(_placed(found.statement), indent=2, hang=2)
    if not found.surely:
        page.text(f"if the values fit of {', '.join(_spelled(key) for key in found.depends)}", indent=4, hang=2)


def _placed(found: StatementRef) -> str:
    if _is_open(found):
        return f"what is not told in {found.slot}, taken to allow"
    return f"{found.location} {found.effect} {found.sid or f'statement {found.index + 1}'} ({found.slot})"


def _is_open(found: StatementRef) -> bool:
    return found.location.file == OPEN


def _spelled(key: str) -> str:
    return key_info(key).key if ":" in key else f"the {key}"
