"""C2: the root users of member accounts. They hold what their accounts hold, unless SCPs deny it to them.

Whether a root user has credentials at all is not in the input (IAM guide, centralize root access for member accounts):
where one gets through, the row tells what it holds and judges nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from perimeter_smt.encode.language.keys import sym_is
from perimeter_smt.logic.formula import Formula, both, either, is_text
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.questions.mitigations.model import Line
from perimeter_smt.questions.mitigations.roles import Kind, any_of
from perimeter_smt.questions.mitigations.steps import Step, Steps
from perimeter_smt.request.keys import table_rows

_SHOWN = 4


def roots(workspace: Workspace, steps: Steps, kinds: Sequence[Kind], exempt: Sequence[Kind], guarded: Formula) -> Line:
    """The row on root users: who of them takes over an exempt identity, or changes what holds the perimeter."""
    organization = workspace.organization
    members = [a.id for a, _ in organization.accounts() if a.id != organization.management_account]
    rewrites = [row["action"] for row in table_rows("escalation-actions") if row["effect"] in ("becomes", "raises")]
    here = either(both(steps.calls(*rewrites), any_of(exempt)), guarded) if exempt else guarded
    options = {account: both(sym_is("root"), is_text("principal.account", account)) for account in members}
    found = dict(steps.each(options, _account, steps.formula("step"), here, texts=_as_account))
    subject, by_session = "root users of member accounts", _by_session(workspace, steps, kinds)
    if not found:
        return Line(subject, "proved", f"take over no exempt identity and change no guardrail; {by_session}")
    some = ", ".join(sorted(found)[:_SHOWN]) + (f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else "")
    text = (
        f"those of {some} take over exempt identities or change what holds the perimeter, where they have credentials: "
        f"an SCP that denies root users, or accounts without root credentials, would hold them; {by_session}"
    )
    first = found[min(found)]
    return Line(subject, "not-asked", text, hops=(steps.shown(first, "the root user of the account"),))


def _by_session(workspace: Workspace, steps: Steps, kinds: Sequence[Kind]) -> str:
    """Who takes sessions of root users (sts:AssumeRoot), in words."""
    if workspace.organization.delegated_administrators is None:
        return "who but the management account takes sessions of them (sts:AssumeRoot) is not in the input"
    asked = (steps.formula("step"), steps.calls("sts:AssumeRoot"))
    found = [kind.shown for kind, _ in steps.callers(kinds, *asked)]
    return f"sessions of them (sts:AssumeRoot) are taken by {', '.join(found[:_SHOWN]) or 'nobody who is listed'}"


def _account(step: Step) -> str:
    assert step.result.model is not None
    return step.result.model.texts["principal.account"]


def _as_account(account: str) -> dict[str, str]:
    return {"principal.account": account}
