"""C2: stack sets with service-managed permissions: CloudFormation acts in every member account for who makes them.

They are made by the management account, or by the delegated administrator of StackSets (CloudFormation API reference,
CreateStackSet, `CallAs`).  CloudFormation takes the role `stacksets-exec-*` of the member account then (AWS managed
policy CloudFormationStackSetsOrgAdminServiceRolePolicy), which makes whatever the template says.  No role is passed.
That role is no service-linked one: SCPs bind it.  Both pages were read on 2026-11-28.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from perimeter_smt.logic.formula import Formula, both
from perimeter_smt.organization.model import Account, Organization, OwnedPrincipal
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.policy.kinds import Kind as PolicyKind
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.questions.mitigations.graph import Edge
from perimeter_smt.questions.mitigations.roles import each_account
from perimeter_smt.questions.mitigations.steps import Step, Steps, calls
from perimeter_smt.request.keys import table_rows

if TYPE_CHECKING:
    from perimeter_smt.questions.mitigations.chains import ChainQuestion

_SERVICE = "member.org.stacksets.cloudformation.amazonaws.com"
_MAKES, _DEPLOYS, _CHANGES = (
    f"cloudformation:{name}" for name in ("CreateStackSet", "CreateStackInstances", "UpdateStackSet")
)
_UNLESS = "StackSets has no trusted access to the organization"
_NO_SET = "no stack set with service-managed permissions is there"
_UNTOLD = (
    "which member account administers StackSets is not in the input: who makes stack sets with service-managed "
    "permissions there acts in every member account"
)


def untold(organization: Organization) -> tuple[str, ...]:
    """What is not seen of stack sets."""
    return (_UNTOLD,) if organization.all_delegated_administrators is None else ()


def enter_stack_sets(question: ChainQuestion, guarded: Mapping[str, Formula]) -> None:
    """Add who deploys to member accounts, and what CloudFormation does there. `guarded`: as for root users."""
    organization, chains = question.workspace.organization, question.chains
    told = organization.delegated_administrators or ()
    able = {organization.management_account, *(account for account, service in told if service == _SERVICE)}
    kinds = [kind for kind in question.kinds if kind.first.account in able]
    members = [a.id for a, _ in organization.accounts() if a.id != organization.management_account]
    if not kinds or not members:
        return
    world = Steps(question.smaller, question.steps.asking, (), {name.lower() for name in (_MAKES, _DEPLOYS, _CHANGES)})
    made, deployed, changed = (
        {kind.first.arn: step for kind, step in world.callers(kinds, world.formula("step"), world.calls(name))}
        for name in (_MAKES, _DEPLOYS, _CHANGES)
    )
    words, found = "deploys a stack set with service-managed permissions", False
    for arn in dict.fromkeys((*made, *changed)):
        hops: tuple[tuple[Steps, Step, str], ...]
        if arn in made and arn in deployed:
            hops, unless = ((world, made[arn], words), (world, deployed[arn], words)), _UNLESS
        elif arn in changed:
            hops, unless = ((world, changed[arn], words),), f"{_UNLESS}; {_NO_SET}"
        else:
            continue
        found = True
        for account in members:
            chains.add(arn, _node(account), Edge(hops, words, unless))
    if found:
        _act(question, members, guarded)


def _act(question: ChainQuestion, members: list[str], guarded: Mapping[str, Formula]) -> None:
    """What CloudFormation does in a member account: takes over an identity there, changes what holds the perimeter."""
    chains, roles = question.chains, {account: _role(question.workspace, account) for account in members}
    steps = Steps(_with(question.smaller, roles), question.steps.asking, ())
    becomes = steps.calls(*(row["action"] for row in table_rows("escalation-actions") if row["effect"] == "becomes"))
    for account, role in roles.items():
        goals = {k.first.arn: both(becomes, k.here) for k in question.kinds if k.first.account == account}
        for goal, formula in (goals | dict(guarded)).items():
            step = steps.step(steps.formula("step"), calls(role), formula)
            if step is not None:
                words = f"has CloudFormation act in account {account}"
                chains.add(_node(account), goal, Edge(((steps, step, words),), words))


def _node(account: str) -> str:
    return f"stack sets in account {account}"


def _role(workspace: Workspace, account: str) -> OwnedPrincipal:
    """The role by which CloudFormation acts in a member account."""
    allow = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    return OwnedPrincipal(
        arn=f"arn:{workspace.organization.partition}:iam::{account}:role/stacksets-exec-0123456789abcdef0123456789abcdef",
        type="role", account=account,
        policies=(parse_object(allow, PolicyKind.IDENTITY, file="(stack sets)", name="stack sets", strict=False),),
    )  # fmt: skip


def _with(workspace: Workspace, roles: Mapping[str, OwnedPrincipal]) -> Workspace:
    def one(account: Account) -> Account:
        own = roles.get(account.id)
        return account.model_copy(update={"principals": (*account.principals, own)}) if own else account

    return each_account(workspace, one)
