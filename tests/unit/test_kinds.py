"""How many classes an organization falls into stands in the report."""

from __future__ import annotations

import json

from jsonschema import Draft202012Validator

from perimeter_smt.organization.model import Account, Organization, OwnedPrincipal, Unit
from perimeter_smt.organization.perimeter import Perimeter, Workspace
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_policy
from perimeter_smt.questions.perimeter import prove
from perimeter_smt.report.json import report_json, schema
from perimeter_smt.report.read import report_of
from perimeter_smt.report.text import render

IDS = [f"11112222{number:04d}" for number in range(3330, 3342)]
GRANT = parse_policy(
    json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}),
    Kind.IDENTITY,
    file="grant.json",
)


def report(mode, ids=IDS, tags=()):
    accounts = []
    for name in ids:
        roles = tuple(
            OwnedPrincipal(arn=f"arn:aws:iam::{name}:role/{called}", type="role", account=name, policies=(GRANT,))
            for called in ("a", "b", "c")
        )
        accounts.append(Account(id=name, principals=roles, listed=True))
    root = Unit(id="r-ac01", accounts=(*accounts, Account(id="123456789012", listed=True)))
    organization = Organization(id="o-acme0000001", management_account="123456789012", root=root)
    perimeter = Perimeter(orgs=("o-acme0000001",), assumptions=tags)
    space = Workspace(organization=organization, perimeter=perimeter, name="acme")
    return prove(space, objectives=["O3"], services=["s3"], mode=mode, availability=False)


def test_kinds_are_told():
    found = report("grants")
    assert "13 accounts in 3 classes, 36 principals in 1\n" in render(found)
    result = report_json(found)
    assert not list(Draft202012Validator(json.loads(schema("prove"))).iter_errors(result))
    assert result["kinds"] == {
        "accounts": 13, "classes": 3, "principals": 36, "principal_classes": 1, "reason": "",
    }  # fmt: skip
    assert report_of(result).kinds == found.kinds


def test_guardrails_do_not_look_at_principals():
    assert "13 accounts in 3 classes\n" in render(report("guardrails"))


def test_small_organizations_have_none():
    found = report("guardrails", IDS[:3])
    assert found.kinds is None
    assert report_json(found)["kinds"] is None
