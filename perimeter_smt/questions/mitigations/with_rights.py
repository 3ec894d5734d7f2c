"""C2: workspaces in which identities hold more than they do today."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from perimeter_smt.organization.model import Account, OwnedPrincipal
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.policy.kinds import Kind as PolicyKind
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.questions.mitigations.roles import each_account


def with_rights(workspace: Workspace, grown: Sequence[OwnedPrincipal], bare: Collection[str] = ()) -> Workspace:
    """The workspace in which these identities hold a policy that allows everything; some without their boundary.

    Identities that are not there yet are added.
    """
    arns = {principal.arn for principal in grown}
    everything = parse_object(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]},
        PolicyKind.IDENTITY, file="(extended)", name="extended rights", strict=False,
    )  # fmt: skip

    def one(account: Account) -> Account:
        there = {p.arn for p in account.principals}
        new = [p for p in grown if p.account == account.id and p.arn not in there]
        principals = tuple(
            p.model_copy(update={"policies": (everything,), "boundary": None if p.arn in bare else p.boundary})
            if p.arn in arns
            else p
            for p in (*account.principals, *new)
        )
        return account.model_copy(update={"principals": principals})

    return each_account(workspace, one)
