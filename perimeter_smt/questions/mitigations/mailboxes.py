"""C2: who changes the mailbox of a member's root user, and is the root user then by a new password.

Account Management reference, StartPrimaryEmailUpdate and AcceptPrimaryEmailUpdate: called by the management account or
the delegated administrator of Account Management, for a member account; the code to accept with goes to the new
address.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from perimeter_smt.logic.formula import both, is_text
from perimeter_smt.organization.model import Account, Organization, OwnedResource
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.policy.kinds import Kind as PolicyKind
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.questions.mitigations.graph import Edge
from perimeter_smt.questions.mitigations.roles import Kind, each_account
from perimeter_smt.questions.mitigations.steps import Step, Steps, calls

_SERVICE = "account.amazonaws.com"
_CALLS = ("account:StartPrimaryEmailUpdate", "account:AcceptPrimaryEmailUpdate")
_UNLESS = (
    "the root user asks for a second factor or is managed centrally, or the organization does not trust Account "
    "Management with access"
)


def mailboxes(steps: Steps, kinds: Sequence[Kind], members: Sequence[str]) -> Iterator[tuple[Kind, str, Edge]]:
    """Who sets the address of which member's root user, over both calls."""
    organization = steps.workspace.organization
    administrators = _administrators(organization, members)
    able = [k for k in kinds if k.first.account in (organization.management_account, *administrators)]
    if not able or not members:
        return
    world = Steps(_delegated(steps.workspace, administrators), steps.asking, (), {name.lower() for name in _CALLS})
    names = {member: f"account/{organization.id}/{member}" for member in members}
    here = (world.formula("step"), is_text("resource.account", organization.management_account))
    first, second = ((*here, world.calls(name)) for name in _CALLS)
    for caller, _ in list(world.callers(able, *first)):
        options = {member: both(calls(caller.first), is_text("resource.name", name)) for member, name in names.items()}
        started = dict(world.each(options, _member, *first, texts=lambda m: {"resource.name": names[m]}))
        left = {member: options[member] for member in started}
        for member, accepted in world.each(left, _member, *second, texts=lambda m: {"resource.name": names[m]}):
            words = f"sets a mailbox of its own for the root user of account {member}"
            unless = [_UNLESS]
            if caller.first.account != organization.management_account and _not_told(organization):
                unless.append(f"account {caller.first.account} does not administer Account Management")
            hops = ((world, started[member], words), (world, accepted, words))
            yield caller, member, Edge(hops, words, "; ".join(unless))


def _member(step: Step) -> str:
    assert step.result.model is not None
    return step.result.model.texts["resource.name"].rsplit("/", 1)[-1]


def _not_told(organization: Organization) -> bool:
    return organization.all_delegated_administrators is None


def _administrators(organization: Organization, members: Sequence[str]) -> list[str]:
    """The accounts that administer Account Management, or may: any member, where nobody told."""
    told = organization.all_delegated_administrators
    return list(members) if told is None else [account for account, service in told if service == _SERVICE]


def _delegated(workspace: Workspace, administrators: Sequence[str]) -> Workspace:
    """The workspace with what delegating means for these calls: as if the accounts of the organization had a policy."""
    organization = workspace.organization
    if not administrators:
        return workspace
    partition, management = organization.partition, organization.management_account
    policy = parse_object(
        {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": list(administrators)}, "Action": list(_CALLS), "Resource": "*"}]},
        PolicyKind.RESOURCE, file="(delegated)", name="delegated administration", strict=False,
    )  # fmt: skip
    added = tuple(
        OwnedResource(arn=f"arn:{partition}:account::{management}:account/{organization.id}/{a.id}",
                      account=management, policy=policy)
        for a, _ in organization.accounts()
    )  # fmt: skip

    def one(account: Account) -> Account:
        return (
            account
            if account.id != management
            else account.model_copy(update={"resources": (*account.resources, *added)})
        )

    return each_account(workspace, one)
