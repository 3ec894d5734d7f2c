"""Names of buckets in an account's Regional namespace tell whose bucket it is (AR24)."""

from __future__ import annotations

import pytest

from perimeter_smt.organization.model import Account, Guardrails, Organization, Unit
from perimeter_smt.organization.perimeter import Perimeter, Workspace
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.questions.perimeter import prove

ORG, MINE, STRANGER = "o-acme0000001", "111122223333", "999988887777"


def only(*buckets):
    """An SCP that lets no call out but to these buckets; of everything else to none at all."""
    patterns = [text for name in buckets for text in (f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*")]
    return {"Effect": "Deny", "Action": "*", "NotResource": patterns}


def ask(scp):
    document = parse_object({"Version": "2012-10-17", "Statement": [scp]}, Kind.SCP, file="scp.json", name="scp")
    unit = Unit(id="ou-ab12-cd34ef56", guardrails=Guardrails(scps=(document,)), accounts=(Account(id=MINE),))
    organization = Organization(id=ORG, management_account="123456789012", root=Unit(id="r-ab12", units=(unit,)))
    scopes = {"O3": {"actions": ("s3:GetObject",)}}
    perimeter = Perimeter(
        orgs=(ORG,), accounts=(MINE,), scopes=scopes, accepted=("service-linked-roles", "management-account")
    )
    report = prove(
        Workspace(organization=organization, perimeter=perimeter, name="w"),
        objectives=["O3"],
        services=["s3"],
        availability=False,
    )
    return [v for v in report.verdicts if v.objective == "O3"]


def statuses(scp):
    return {verdict.status for verdict in ask(scp)}


@pytest.mark.parametrize(
    "bucket",
    [
        f"logs-{MINE}-eu-west-1-an",
        f"a-b-{MINE}-ap-southeast-2-an",
        "logs-${aws:PrincipalAccount}-us-east-1-an",
    ],
)
def test_only_the_account_in_the_name_owns_the_bucket(bucket):
    """A stranger's bucket of this name was shown, which nobody can create."""
    assert statuses(only(bucket)) <= {"proved", "conditional"}


@pytest.mark.parametrize(
    "bucket",
    [
        f"logs-{MINE}-eu-west-1",  # the global namespace: anybody's
        f"logs-{MINE}-eu-nowhere-9-an",  # no Region
        f"logs-{STRANGER}-eu-west-1-an",
        f"*-{MINE}-eu-west-1-an",  # a star passes over the slash: an object of that name in any bucket
        "*-an",
        f"{MINE}-eu-west-1-an",  # no prefix
    ],
)
def test_other_names_may_be_of_anybody(bucket):
    """Somebody else may have made the bucket, or has a namespace of his own."""
    assert "refuted" in statuses(only(bucket))
