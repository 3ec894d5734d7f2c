"""C2: the root users of member accounts. They hold what their accounts hold, unless SCPs deny it to them.

Who takes a session of one (sts:AssumeRoot) for the task of making a password recovers it and is the root user then (IAM
guide, centralize root access for member accounts); so does who sets a mailbox of his own for it (mailboxes.py).
Whether a root user has credentials at all is not in the input (IAM guide, centralize root access for member accounts):
where one gets through, the row tells what it holds and judges nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from perimeter_smt.encode.language.keys import sym_is
from perimeter_smt.logic.formula import Formula, both, either, is_text
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.questions.left_open import known
from perimeter_smt.questions.mitigations.graph import Edge
from perimeter_smt.questions.mitigations.mailboxes import mailboxes
from perimeter_smt.questions.mitigations.model import Line
from perimeter_smt.questions.mitigations.roles import Kind, any_of
from perimeter_smt.questions.mitigations.steps import Step, Steps, calls
from perimeter_smt.request.keys import table_rows

if TYPE_CHECKING:
    from perimeter_smt.questions.mitigations.chains import ChainQuestion

_SHOWN = 4
_TASK = "IAMCreateRootUserPassword"
_CENTRAL = "root users are not managed centrally, or their mailboxes are out of reach"


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
    hop = known(lambda: steps.shown(first, "the root user of the account"))
    return Line(subject, "not-asked", text, hops=(hop,) if hop else ())


def _by_session(workspace: Workspace, steps: Steps, kinds: Sequence[Kind]) -> str:
    """Who takes sessions of root users (sts:AssumeRoot), in words."""
    if workspace.organization.all_delegated_administrators is None:
        return "who but the management account takes sessions of them (sts:AssumeRoot) is not in the input"
    asked = (steps.formula("step"), steps.calls("sts:AssumeRoot"))
    found = [kind.shown for kind, _ in steps.callers(kinds, *asked)]
    return f"sessions of them (sts:AssumeRoot) are taken by {', '.join(found[:_SHOWN]) or 'nobody who is listed'}"


def enter_roots(question: ChainQuestion, guarded: Mapping[str, Formula]) -> None:
    """Add who recovers the password of a root user, by a session of it or by its mailbox, and what it does then.

    `guarded`: the calls that change what holds the perimeter, by the node that they lead to.
    """
    steps, chains, organization = question.steps, question.chains, question.workspace.organization
    task = steps.has_value("sts:TaskPolicyArn", f"arn:{organization.partition}:iam::aws:policy/root-task/{_TASK}")
    asked = (steps.formula("step"), steps.calls("sts:AssumeRoot"), task)
    members = [a.id for a, _ in organization.accounts() if a.id != organization.management_account]
    reached: dict[str, None] = {}
    for caller, _ in list(steps.callers(question.kinds, *asked)):
        options = {a: both(is_text("resource.account", a), calls(caller.first)) for a in members}
        for account, step in steps.each(options, _target, *asked, texts=lambda a: {"resource.account": a}):
            unless = [_CENTRAL]
            if (
                caller.first.account != organization.management_account
                and organization.all_delegated_administrators is None
            ):
                unless.append(f"account {caller.first.account} does not administer IAM for the organization")
            words = f"takes a session of the root user of account {account}"
            edge = Edge(((steps, step, words),), words, "; ".join(unless))
            chains.add(caller.first.arn, _node(account), edge)
            reached[account] = None
    for caller, account, edge in mailboxes(steps, question.kinds, members):
        chains.add(caller.first.arn, _node(account), edge)
        reached[account] = None
    becomes = [row["action"] for row in table_rows("escalation-actions") if row["effect"] == "becomes"]
    goals = {kind.first.arn: both(steps.calls(*becomes), kind.here) for kind in question.kinds} | dict(guarded)
    for account in reached:
        root = both(sym_is("root"), is_text("principal.account", account))
        for goal, formula in goals.items():
            if goal in question.chains.kinds and question.chains.kinds[goal].first.account != account:
                continue
            found = steps.step(steps.formula("step"), root, formula)
            if found is not None:
                words = f"acts as the root user of account {account}"
                chains.add(_node(account), goal, Edge(((steps, found, words),), words))


def _node(account: str) -> str:
    return f"root user of account {account}"


def _target(step: Step) -> str:
    assert step.result.model is not None
    return step.result.model.texts["resource.account"]


def _account(step: Step) -> str:
    assert step.result.model is not None
    return step.result.model.texts["principal.account"]


def _as_account(account: str) -> dict[str, str]:
    return {"principal.account": account}
