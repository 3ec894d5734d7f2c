"""Callers of witnesses: what a model leaves open must not lend them policies of somebody who is listed."""

from __future__ import annotations

import json

from perimeter_smt.organization.model import Account, Organization, OwnedPrincipal, Unit
from perimeter_smt.organization.perimeter import Perimeter, RoleException, Workspace
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_policy
from perimeter_smt.questions.perimeter import prove

ORG, MINE = "o-acme0000001", "111122223333"


def test_whom_the_root_user_makes_has_no_user_behind_it():
    """A listed user of the name that examples use denies everything: the root's federated users are not bound by it."""
    text = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}
    denied = parse_policy(json.dumps(text), Kind.IDENTITY, file="none.json")
    alice = OwnedPrincipal(arn=f"arn:aws:iam::{MINE}:user/alice", type="user", account=MINE, policies=(denied,))
    accounts = (Account(id=MINE, principals=(alice,), listed=True), Account(id="999900001111", listed=True))
    space = Workspace(
        organization=Organization(id=ORG, management_account="999900001111", root=Unit(id="r-ac00", accounts=accounts)),
        perimeter=Perimeter(
            orgs=(ORG,),
            accepted=("management-account", "service-linked-roles"),
            role_exceptions=(RoleException(arn="arn:aws:iam::*:root"),),
        ),
        name="acme",
    )
    found = prove(space, objectives=["O5"], services=["sqs"], mode="grants", availability=False)
    callers = [c.request.principal for v in found.verdicts for c in v.counterexamples]
    assert {(caller.type, caller.user_arn) for caller in callers} == {("federated-user", None)}
