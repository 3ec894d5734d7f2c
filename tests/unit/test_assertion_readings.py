"""Own assertions: a request that breaks them however open points are read comes before one that rests on a reading."""

from __future__ import annotations

import pytest

from perimeter_smt.assertions import check, key, my_network
from perimeter_smt.organization.model import Account, Organization, OwnedPrincipal, OwnedResource, Unit
from perimeter_smt.organization.perimeter import Perimeter, Workspace
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object

MINE, ROLE = "111122223333", "arn:aws:iam::111122223333:role/App"


def policy(kind, statement):
    return parse_object({"Version": "2012-10-17", "Statement": [statement]}, kind, file="p.json", name=kind.value)


def queue(name, *, direct):
    grant = {"Effect": "Allow", "Principal": {"AWS": ROLE}, "Action": "sqs:GetQueueUrl", "Resource": "*"}
    arn = f"arn:aws:sqs:eu-west-1:{MINE}:{name}"
    return OwnedResource(arn=arn, account=MINE, policy=policy(Kind.RESOURCE, grant) if direct else None)


@pytest.mark.parametrize(("direct", "status"), [(False, "conditional"), (True, "refuted")])
def test_a_sure_request_comes_first(direct, status):
    """A wildcard for the service (X-11) lets one queue through, the policy of the other names the role."""
    grant = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": f"arn:aws:*:eu-west-1:{MINE}:a*"}
    role = OwnedPrincipal(arn=ROLE, type="role", account=MINE, policies=(policy(Kind.IDENTITY, grant),))
    no_root = policy(Kind.SCP, {"Effect": "Deny", "Action": "*", "Resource": "*",
                                "Condition": {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:root"}}})  # fmt: skip
    account = Account(id=MINE, principals=(role,), resources=(queue("a", direct=False), queue("b", direct=direct)),
                      listed=True)  # fmt: skip
    root = Unit(id="r-ac01", accounts=(account, Account(id="999900001111", listed=True)))
    root = root.model_copy(update={"guardrails": root.guardrails.model_copy(update={"scps": (no_root,)})})
    space = Workspace(
        organization=Organization(id="o-acme0000001", management_account="999900001111", root=root),
        perimeter=Perimeter(orgs=("o-acme0000001",), cidrs=("203.0.113.0/24",)), name="acme",
    )  # fmt: skip
    found = check(space, (key("aws:PrincipalArn") == ROLE) >> my_network, services=("sqs",), mode="grants")
    assert found.status == status
