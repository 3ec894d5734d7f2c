"""N1 and E2: only values of the form that AWS writes into a key tell another network or a foreign target."""

from __future__ import annotations

import re

import pytest

from perimeter_smt.evaluate import decide
from perimeter_smt.organization.perimeter import Scope, Vpc
from perimeter_smt.questions.mitigations import QUESTIONS
from perimeter_smt.questions.mitigations.model import Asking
from tests.mitigation_worlds import MANAGEMENT, MINE, OTHER, workspace

MY_VPC = "vpc-0aaaabbbbccccdddd"
IDS = (MANAGEMENT, MINE, OTHER)
CALLS = {
    "ec2:AccepterVpc": "ec2:CreateVpcPeeringConnection",
    "imagebuilder:StatusTopicArn": "imagebuilder:*InfrastructureConfiguration",
    "wafv2:LogDestinationResource": "wafv2:PutLoggingConfiguration",
    "events:TargetArn": "events:PutTargets",
    "sns:Endpoint": "sns:Subscribe",
    "cloud9:UserArn": "cloud9:CreateEnvironmentMembership",
}


def line(question, action, condition, **claims):
    deny = {"Effect": "Deny", "Action": action, "Resource": "*", "Condition": condition}
    claims |= {"scopes": {question: Scope(actions=(action,))}, "assumptions": ("AC1", "AC2")}
    found = list(QUESTIONS[question].ask(workspace(scps=(deny,), **claims), Asking()).lines)
    assert all(decide(one.counterexample.case).allowed for one in found if one.status == "refuted")
    return found


@pytest.mark.parametrize("key", CALLS)
@pytest.mark.parametrize("operator", ["ForAnyValue:ArnNotLike", "ForAnyValue:StringNotLike"])
def test_accounts_behind_stars(key, operator):
    """A star may run on into the name of a foreign target where such names have colons, and nowhere else."""
    found = line("E2", CALLS[key], {operator: {key: [f"arn:aws:*:*:{account}:*" for account in IDS]}})
    (one,) = (one for one in found if "outside" not in one.subject)
    if key in ("wafv2:LogDestinationResource", "events:TargetArn", "sns:Endpoint"):
        assert one.status == ("conditional" if "Arn" in operator else "refuted")
        values = one.counterexample.request.context[key]
        for value in (values,) if isinstance(values, str) else values:
            place = r"arn:aws:(s3:::acme-inbox/acme|[a-z]+:[a-z0-9-]+:999988887777:[a-z-]+)"
            assert re.fullmatch(rf"{place}:[0-9]{{12}}:live", value)
    elif key == "cloud9:UserArn":  # colons in paths of users, and wherever the API takes them
        assert one.status == ("conditional" if "Arn" in operator else "refuted")
        value = one.counterexample.request.context[key]
        assert re.fullmatch(r"arn:aws:(iam|sts)::999988887777:[a-z-]+/acme:[0-9]{12}:live/(inbox|session)", value)
    else:
        assert one.status == "proved"


@pytest.mark.parametrize("key", CALLS)
def test_accounts_anywhere_in_an_arn(key):
    """Names of foreign resources hold what they like, in ARNs of the services that the key tells."""
    found = line("E2", CALLS[key], {"ForAnyValue:StringNotLike": {key: [f"*{account}*" for account in IDS]}})
    (one,) = (one for one in found if "outside" not in one.subject)
    assert one.status == "refuted"
    values = one.counterexample.request.context[key]
    (value,) = (values,) if isinstance(values, str) else values
    assert re.fullmatch(r"arn:aws:(s3::|[a-z0-9]+:[a-z0-9-]*:999988887777):.+", value)


@pytest.mark.parametrize(
    ("key", "denied", "shown"),
    [
        ("cloud9:UserArn", ["arn:*/*"], r"arn:aws:iam::999988887777:root"),
        ("cloud9:UserArn", ["arn:*/*", "*:root"], ""),
        ("cloud9:UserArn", ["*:user/*", "*:root", "*:federated-user/*"], r"arn:aws:sts::999988887777:assumed-role/.+"),
        ("wafv2:LogDestinationResource", ["*:logs:*", "*:firehose:*"], r"arn:aws:s3:::[^:/]+(/.*)?"),
        ("wafv2:LogDestinationResource", ["*:logs:*", "*:firehose:*", "*:s3:::*"], ""),
        ("sns:Endpoint", ["*:sqs:*", "*:lambda:*", "*:firehose:*"], r"arn:aws:sns:[a-z0-9-]*:999988887777:endpoint/.+"),
        ("sns:Endpoint", ["*:sqs:*", "*:lambda:*", "*:firehose:*", "*:endpoint/*"], ""),
    ],
)
def test_every_form_that_a_key_holds(key, denied, shown):
    """Where values of these forms are denied, a foreign target of another form that the key holds gets through."""
    found = line("E2", CALLS[key], {"ForAnyValue:StringLike": {key: denied}})
    one = next(one for one in found if "outside" not in one.subject)
    assert one.status == ("refuted" if shown else "proved")
    if shown:
        values = one.counterexample.request.context[key]
        (value,) = (values,) if isinstance(values, str) else values
        assert re.fullmatch(shown, value)


def test_logs_go_to_any_place_in_a_bucket():
    """A prefix holds what it likes; the name of a bucket has no colon, and a Region is no account."""
    inside = {"ForAnyValue:StringNotLike": {"wafv2:LogDestinationResource": f"arn:aws:s3:::*:{MINE}:*"}}
    (one,) = line("E2", "wafv2:PutLoggingConfiguration", inside)
    assert one.status == "refuted"
    values = one.counterexample.request.context["wafv2:LogDestinationResource"]
    assert re.fullmatch(rf"arn:aws:s3:::[^:/]+/.*:{MINE}:.*", values if isinstance(values, str) else values[0])
    region = {"ForAnyValue:StringNotLike": {"imagebuilder:StatusTopicArn": f"arn:aws:sns:{MINE}:*"}}
    (one,) = line("E2", "imagebuilder:*InfrastructureConfiguration", region)
    assert one.status == "proved"


VPC_CALLS = {
    "cloudshell:VpcIds": "cloudshell:CreateEnvironment",
    "glue:VpcIds": "glue:CreateSession",
}


def elsewhere(key, operator):
    vpcs = (Vpc(id=MY_VPC, region="eu-central-1", account=MINE),)
    (one,) = line("N1", VPC_CALLS[key], {operator: {key: MY_VPC}}, vpcs=vpcs)
    return one


@pytest.mark.parametrize("key", VPC_CALLS)
def test_ids_of_vpcs_have_one_case(key):
    """`StringNotEqualsIgnoreCase` lets no other VPC through; what stays open is X-5, an absent key."""
    one = elsewhere(key, "ForAnyValue:StringNotEqualsIgnoreCaseIfExists")
    assert one.status == "conditional"
    assert one.counterexample.depends_on == ("X-5",)
    assert key not in one.counterexample.request.context


@pytest.mark.parametrize("key", VPC_CALLS)
def test_lists_of_vpcs_without_a_set_operator(key):
    """Nothing matches, or any value and absence: an open point, which decides."""
    one = elsewhere(key, "StringNotEquals")
    assert (one.status, one.text) == ("conditional", "open as X-6 is read here; not under the rival reading")
    assert elsewhere(key, "StringEquals").status == "refuted"


def test_an_environment_of_cloudshell_stands_in_one_vpc():
    """A list of mine and others passes `ForAllValues`: for sessions of Glue there is such a call."""
    assert elsewhere("cloudshell:VpcIds", "ForAllValues:StringNotEquals").status == "proved"
    assert elsewhere("glue:VpcIds", "ForAllValues:StringNotEquals").status == "refuted"
