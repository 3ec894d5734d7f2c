"""Buckets that AWS publishes as those of its services: nobody else has one of that name (AR29)."""

from __future__ import annotations

import json

import pytest

from perimeter_smt.organization.model import Account, Endpoint, Guardrails, Organization, OwnedResource, Unit
from perimeter_smt.organization.perimeter import Perimeter, Workspace
from perimeter_smt.organization.published import bucket_names, is_published_bucket, published_resources
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_policy
from perimeter_smt.questions.perimeter import prove

ORG, MINE = "o-acme0000001", "111122223333"
LAYERS = "prod-eu-west-1-starport-layer-bucket"
ALLOW = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}
WITHIN = {"StringEquals": {"aws:ResourceOrgID": ORG}}


def document(kind, *statements):
    return parse_policy(json.dumps({"Version": "2012-10-17", "Statement": list(statements)}), kind, file="p.json")


def ask(objective, bucket, *, resources=(), **perimeter):
    arn = f"arn:aws:s3:::{bucket}/*"
    policy = document(Kind.ENDPOINT, {**ALLOW, "Resource": "*", "Condition": WITHIN}, {**ALLOW, "Resource": arn})
    out = {
        "Effect": "Deny",
        "Action": "*",
        "NotResource": arn,
        "Condition": {"StringNotEqualsIfExists": WITHIN["StringEquals"]},
    }
    end = Endpoint(id="vpce-0123456789abcdef0", account=MINE, vpc="vpc-0123456789abcdef0", vpc_account=MINE,
                   region="eu-west-1", policy=policy)  # fmt: skip
    account = Account(id=MINE, endpoints=(end,), resources=resources)
    guardrails = Guardrails(scps=(document(Kind.SCP, out),) if objective == "O3" else ())
    root = Unit(id="r-ab12", guardrails=guardrails, accounts=(account,))
    space = Workspace(
        organization=Organization(id=ORG, management_account="999900001111", root=root),
        perimeter=Perimeter(
            orgs=(ORG,), accepted=("management-account", "service-linked-roles"),
            scopes={objective: {"actions": ("s3:GetObject",)}}, endpoints_of_my_accounts=True, **perimeter,
        ),
        name="acme",
        grants_given=False,
    )  # fmt: skip
    (verdict,) = prove(space, objectives=[objective], services=["s3"], availability=False).verdicts
    return verdict


@pytest.mark.parametrize("objective", ["O3", "O4"])
@pytest.mark.parametrize("bucket", [LAYERS, "amazonlinux-2-repos-us-east-1", "aws-codedeploy-${aws:RequestedRegion}"])
def test_an_exempted_bucket_of_a_service_is_of_aws(objective, bucket):
    """A stranger's bucket of that name was shown."""
    verdict = ask(objective, bucket)
    (found,) = verdict.counterexamples
    assert (verdict.status, found.facts.resource_account) == ("refuted", "aws")
    assert "owned by AWS" in found.why and "service_resources" in found.why


@pytest.mark.parametrize(
    "bucket", ["acme-packages", "prod-nowhere-1-starport-layer-bucket", "xaws-data-exchangex", "*"]
)
def test_others_may_have_any_other_name(bucket):
    """Also one with a Region that is none, or with an open part that anybody fills."""
    (found,) = ask("O4", bucket).counterexamples
    assert found.facts.resource_account not in ("aws", MINE)


def test_a_pattern_that_admits_other_names_shows_one_of_those():
    (found,) = ask("O4", "packages.*.amazonaws.com").counterexamples
    bucket = found.request.resource.split(":::")[1].partition("/")[0]
    assert found.facts.resource_account == "aws" or not is_published_bucket(bucket)


def test_what_the_perimeter_expects_is_no_hole():
    published = tuple(published_resources(["eu-west-1"]))
    assert ask("O4", LAYERS, service_resources=published).status in ("proved", "conditional")


def test_a_listed_bucket_is_whose_the_workspace_says():
    """Somebody tells that he has it: no table knows better."""
    own = OwnedResource(arn=f"arn:aws:s3:::{LAYERS}", account=MINE)
    assert ask("O4", LAYERS, resources=(own,)).status != "refuted"


def test_names_are_whole():
    names = bucket_names(("eu-west-1", "us-east-1"))
    assert LAYERS in names and "cloudformation-custom-resource-response-useast1" in names
    assert not [name for name in names if "{" in name or not is_published_bucket(name)]
