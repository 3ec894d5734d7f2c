"""An identity provider signs in to roles of its own account: IAM guide, creating OIDC and SAML providers."""

from __future__ import annotations

import pytest

from perimeter_smt.organization.model import Account, Organization, OwnedPrincipal, OwnedResource, Unit
from perimeter_smt.organization.perimeter import Perimeter, Workspace
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.questions.perimeter import prove

ORG, MINE, OTHER, MANAGEMENT, STRANGER = "o-acme0000001", "111122223333", "444455556666", "123456789012", "999988887777"
HOST = "token.actions.githubusercontent.com"


def provider(account, kind="oidc", name=HOST):
    return f"arn:aws:iam::{account}:{kind}-provider/{name}"


def space(arn, statement, kind=Kind.RESOURCE):
    policy = parse_object({"Version": "2012-10-17", "Statement": [statement]}, kind, file="p.json", name="p")
    if kind is Kind.TRUST:
        held = Account(
            id=MINE, principals=(OwnedPrincipal(arn=arn, type="role", account=MINE, trust=policy),), listed=True
        )
    else:
        held = Account(id=MINE, resources=(OwnedResource(arn=arn, account=MINE, policy=policy),), listed=True)
    rest = (Account(id=OTHER, listed=True), Account(id=MANAGEMENT, listed=True))
    root = Unit(id="r-root", accounts=(held, *rest))
    return Workspace(
        organization=Organization(id=ORG, management_account=MANAGEMENT, root=root),
        perimeter=Perimeter(orgs=(ORG,)),
        name="providers",
    )


def who(arn, statement, service, kind=Kind.RESOURCE):
    """What is said of strangers on what is granted today."""
    report = prove(
        space(arn, statement, kind), objectives=["O1"], services=[service], mode="grants", availability=False
    )
    return report.verdicts[0]


def queue(value, operator="StringEquals"):
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}
    statement["Condition"] = {operator: {"aws:FederatedProvider": value}}
    return who(f"arn:aws:sqs:eu-west-1:{MINE}:orders", statement, "sqs")


@pytest.mark.parametrize(
    ("value", "status"),
    [
        (provider(MINE), "conditional"),
        (provider(STRANGER), "refuted"),
        (provider("*"), "refuted"),
        ("cognito-identity.amazonaws.com", "refuted"),
    ],
)
def test_a_session_names_a_provider_of_its_own_account(value, status):
    """A stranger's session with a provider of mine was a hole; what a chained session carries, no page tells."""
    found = queue(value, "StringLike")
    assert found.status == status
    if status == "conditional":
        assert "AP16.provider-account" in {name for e in found.counterexamples for name in e.depends_on}
    else:
        assert not found.counterexamples[0].depends_on


def trust(statement):
    return who(f"arn:aws:iam::{MINE}:role/deploy", {"Effect": "Allow", **statement}, "sts", Kind.TRUST)


@pytest.mark.parametrize(
    ("principal", "action", "status"),
    [
        (provider(STRANGER), "sts:AssumeRoleWithWebIdentity", "proved"),
        (provider(OTHER), "sts:AssumeRoleWithWebIdentity", "proved"),
        (provider(MINE), "sts:AssumeRoleWithWebIdentity", "refuted"),
        ("cognito-identity.amazonaws.com", "sts:AssumeRoleWithWebIdentity", "refuted"),
        (provider(STRANGER, "saml", "staff"), "sts:AssumeRoleWithSAML", "proved"),
        (provider(MINE, "saml", "staff"), "sts:AssumeRoleWithSAML", "refuted"),
    ],
)
def test_a_provider_signs_in_to_roles_of_its_account(principal, action, status):
    """A trust policy that names the provider of another account admits nobody."""
    assert trust({"Principal": {"Federated": principal}, "Action": action}).status == status
