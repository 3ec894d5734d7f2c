"""AWS's custom policy checks as text and as JSON with the members of AWS's answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from perimeter_smt.questions.checks.verdicts import Check, Reason, worst
from perimeter_smt.report.finding import owner
from perimeter_smt.report.json import FORMAT, request_json
from perimeter_smt.report.page import Page
from perimeter_smt.report.words import caller, keys, plural
from perimeter_smt.witness.case import case_to_json

_STYLES = {"PASS": "bold green", "FAIL": "bold red", "UNKNOWN": "bold yellow"}


def checks_json(checks: Sequence[Check]) -> dict[str, Any]:
    """The checks as `schemas/check.json` describes them; the members outside of `checks` are those of AWS."""
    outcome = worst(checks)
    leading = next((check for check in checks if check.result == outcome), None)
    return {
        "format": FORMAT,
        "check": checks[0].check if checks else "CheckNoPublicAccess",
        "result": outcome,
        "message": leading.message if leading is not None else "nothing to check",
        "reasons": [_reason(reason) for check in checks for reason in check.reasons],
        "checks": [_check(check) for check in checks],
    }


def _check(check: Check) -> dict[str, Any]:
    found = check.evidence
    return {
        "subject": check.subject,
        "result": check.result,
        "message": check.message,
        "reasons": [_reason(reason) for reason in check.reasons],
        "held_back": check.held_back,
        "today": check.today,
        "evidence": request_json(found) if found else None,
        "why": found.why if found else "",
        "case": case_to_json(found.case) if found and found.case else None,
    }


def _reason(reason: Reason) -> dict[str, Any]:
    out: dict[str, Any] = {"description": reason.description, "statementIndex": reason.statement_index}
    if reason.statement_id is not None:
        out["statementId"] = reason.statement_id
    if reason.policy:
        out["policy"] = reason.policy
    return out


def render(checks: Sequence[Check], *, width: int | None = None, color: bool = False) -> str:
    """The result first; then each check that fails with its reasons and a request; then what passed."""
    page = Page(width, color=color)
    outcome = worst(checks)
    page.text(f"{outcome}: {_headline(checks)}", style=_STYLES[outcome])
    single = len(checks) == 1
    for check in checks:
        if check.result == "PASS" and not check.held_back:
            continue
        page.blank()
        if not single:
            page.text(f"{check.result} {check.subject}", style=_STYLES[check.result])
        if check.held_back:
            page.item("held back", f"by {check.held_back}; {_by_itself(check)} grants it", indent=2)
        if check.result == "UNKNOWN":
            page.item("why", check.message, indent=2)
        page.item("reasons", [_told(reason) for reason in check.reasons], indent=2)
        if check.evidence is not None:
            page.item("caller", caller(check.evidence), indent=2)
            page.item("action", check.evidence.request.action, indent=2)
            page.item("resource", [check.evidence.request.resource, owner(check.evidence)], indent=2)
            page.item("keys", keys(check.evidence) or ["none that a policy tests"], indent=2)
            page.item("why", check.evidence.why, indent=2)
    presumed = [check for check in checks if check.presumed]
    if presumed and not single:
        page.blank()
        text = "access control lists are disabled, which no source tells (AE7.acl)"
        page.text(f"presumed of {plural(len(presumed), 'bucket')}: {text}", hang=2)
    today = max((check.today for check in checks), default="")
    if today:
        page.text(f"asked: requests made on {today} or later", style="dim")
    return str(page)


def _by_itself(check: Check) -> str:
    by_list = check.message.startswith("The access control list")
    return "the access control list by itself" if by_list else "the policy by itself"


def _headline(checks: Sequence[Check]) -> str:
    if len(checks) == 1:
        return checks[0].message
    counts = {outcome: sum(check.result == outcome for check in checks) for outcome in _STYLES}
    told = ", ".join(f"{count} {outcome}" for outcome, count in counts.items() if count)
    return f"{plural(len(checks), 'check')}: {told}" if checks else "nothing to check"


def _told(reason: Reason) -> str:
    return f"{reason.policy}: {reason.description}" if reason.policy else reason.description
