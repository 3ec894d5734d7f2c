"""N2, E1 and N1: what the calls of instances, forms, models and code without a network really carry."""

from __future__ import annotations

import pytest

from perimeter_smt.evaluate.configured import elsewhere_region, starts_outside, used_elsewhere
from perimeter_smt.logic.atoms import Equal
from perimeter_smt.organization.perimeter import Scope
from perimeter_smt.questions.mitigations import QUESTIONS
from perimeter_smt.questions.mitigations.model import Asking
from perimeter_smt.request.keys import table_rows
from perimeter_smt.request.request import Facts, Principal, Request
from perimeter_smt.solve.theories import equality
from perimeter_smt.solve.theories.literals import Literal
from perimeter_smt.solve.theories.work import Work
from tests.mitigation_worlds import MINE, ORG, OTHER, workspace

AWAY = "sessions of EC2 instances, away from the VPC of their instance"
ADDRESS = "sessions of EC2 instances, by another address of their VPC"
OUTSIDE = "sessions of EC2 instances, outside my network"
FORMS = "signed upload forms, outside my network"
URLS = "presigned URLs, outside my network"
UNSIGNED = "downloads without a signature"
INSTANCE_KEYS = {
    "ec2:SourceInstanceArn",
    "ec2:RoleDelivery",
    "aws:Ec2InstanceSourceVpc",
    "aws:Ec2InstanceSourcePrivateIPv4",
}
FROM_AN_INSTANCE = {"Null": {"ec2:SourceInstanceArn": "false"}, "BoolIfExists": {"aws:ViaAWSService": "false"}}
OTHER_VPC = {"StringNotEquals": {"aws:Ec2InstanceSourceVpc": "${aws:SourceVpc, 'none'}"}}


def deny(action, condition=None, **more):
    out = {"Effect": "Deny", "Action": action, "Resource": "*", **more}
    return {**out, "Condition": condition} if condition else out


def scopes(*actions, **more):
    return {"scopes": {f"O{number}": Scope(actions=actions) for number in range(1, 7)} | more}


def lines(question, *scps, rcps=(), **claims):
    space = workspace(scps=scps, rcps=rcps, **claims)
    return {line.subject: line for line in QUESTIONS[question].ask(space, Asking()).lines}


def test_a_session_of_an_instance_tells_all_of_it():
    """Four keys, with an instance of the account of its role, in every request that is shown."""
    found = lines("N2", **scopes("sqs:*"))
    for subject in (AWAY, ADDRESS, OUTSIDE):
        request = found[subject].counterexample.request
        assert set(request.context) >= INSTANCE_KEYS
        assert request.context["ec2:SourceInstanceArn"].split(":")[4] == request.principal.account
        assert request.context["ec2:RoleDelivery"] in ("1.0", "2.0")
        assert request.context["aws:Ec2InstanceSourceVpc"].startswith("vpc-0")


def test_instances_of_each_account():
    """No instance of another account delivers the session of a role."""
    scps = [deny("*", {"ArnLike": {"ec2:SourceInstanceArn": f"arn:aws:ec2:*:{account}:instance/*"}, **OTHER_VPC})
            for account in (MINE, OTHER)]  # fmt: skip
    assert lines("N2", *scps, **scopes("sqs:*"))[AWAY].status == "proved"
    assert lines("N2", scps[0], **scopes("sqs:*"))[AWAY].status == "refuted"


@pytest.mark.parametrize(
    ("condition", "settled", "status"),
    [
        ({"NumericEquals": {"ec2:RoleDelivery": ["1.0", "2.0"]}}, (), "conditional"),
        ({"NumericEquals": {"ec2:RoleDelivery": ["1.0", "2.0"]}}, ("AP14.delivery",), "proved"),
        ({"NumericGreaterThanEquals": {"ec2:RoleDelivery": "1"}}, ("AP14.delivery",), "proved"),
        ({"NumericLessThan": {"ec2:RoleDelivery": "2.0"}}, ("AP14.delivery",), "refuted"),
    ],
)
def test_versions_of_the_metadata_service(condition, settled, status):
    line = lines("N2", deny("*", condition), assumptions=settled, **scopes("sqs:*"))[AWAY]
    assert line.status == status
    if status == "refuted":
        assert line.counterexample.request.context["ec2:RoleDelivery"] == "2.0"


def test_an_instance_stands_in_a_vpc_of_my_organization():
    """Held to its VPC it is held to my network, but for an id that two VPCs have and what is shared no more."""
    guard, both = deny("*", OTHER_VPC | FROM_AN_INSTANCE), ("AP14.shared", "AP14.unique")
    for own, other in (both, reversed(both)):
        line = lines("N2", guard, assumptions=(own,), **scopes("sqs:*"))[OUTSIDE]
        assert (line.status, line.counterexample.depends_on) == ("conditional", (other,))
    assert lines("N2", guard, assumptions=both, **scopes("sqs:*"))[OUTSIDE].status == "proved"


INFRASTRUCTURE = "arn:aws:iam::*:role/aws:ec2-infrastructure"


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        # AWS's samples let EC2 attach encrypted volumes by a role of its own, of which nobody holds credentials.
        ({"ArnNotLike": {"aws:PrincipalArn": INFRASTRUCTURE}}, "proved"),
        ({"ArnNotLikeIfExists": {"aws:PrincipalArn": [INFRASTRUCTURE]}}, "proved"),
        ({"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/*ec2-infrastructure"}}, "refuted"),
        ({"StringNotEquals": {"aws:PrincipalTag/network": "any"}}, "refuted"),
        ({"Bool": {"aws:ViaAWSService": "false"}}, "proved"),
        ({"Bool": {"aws:ViaAWSService": "true"}}, "refuted"),
        ({"NumericEquals": {"ec2:RoleDelivery": "1.0"}}, "refuted"),
    ],
)
def test_who_else_is_let_out_of_the_vpc_of_the_instance(condition, status):
    told = {"Null": {"aws:EC2InstanceSourceVPC": "false"}, "BoolIfExists": {"aws:ViaAWSService": "false"}}
    line = lines("N2", deny("*", told | OTHER_VPC | condition), **scopes("sqs:*"))[AWAY]
    assert line.status == status, line
    if line.counterexample:
        assert "aws:" not in line.counterexample.request.principal.role_arn.removeprefix("arn:aws:")


@pytest.mark.parametrize(
    ("test", "statuses"),
    [
        (("StringNotEqualsIgnoreCase", "${aws:SourceVpc, 'none'}"), ("proved", "conditional")),
        (("StringNotLike", "${aws:SourceVpc, 'none'}"), ("proved", "conditional")),
        (("StringNotLike", "vpc-*"), ("refuted", "refuted")),
        (("StringEqualsIgnoreCase", "${aws:SourceVpc, 'none'}"), ("refuted", "refuted")),
        (("StringNotEqualsIgnoreCase", "${aws:SourceVpc, 'vpc-0abc'}"), ("refuted", "refuted")),
    ],
)
def test_ids_of_vpcs_are_compared_with_any_operator(test, statuses):
    """Without case, too: ids have one. Outside my network, a VPC elsewhere with the same id is left (AP14.unique)."""
    operator, value = test
    guard = deny("*", {operator: {"aws:Ec2InstanceSourceVpc": value}} | FROM_AN_INSTANCE)
    found = lines("N2", guard, assumptions=("AP14.shared",), **scopes("sqs:*"))
    assert tuple(found[row].status for row in (AWAY, OUTSIDE)) == statuses
    if statuses[1] == "conditional":
        assert found[OUTSIDE].counterexample.depends_on == ("AP14.unique",)


def test_presence_beside_a_variable_without_default():
    """What the variable leaves open where there is no VPC, another statement denies."""
    absent = deny("*", {**FROM_AN_INSTANCE, "Null": {"ec2:SourceInstanceArn": "false", "aws:SourceVpc": "true"}})
    bare = deny("*", {"StringNotEquals": {"aws:Ec2InstanceSourceVpc": "${aws:SourceVpc}"}, **FROM_AN_INSTANCE})
    assert lines("N2", bare, **scopes("sqs:*"))[AWAY].status == "conditional"
    assert lines("N2", absent, bare, **scopes("sqs:*"))[AWAY].status == "proved"


def test_a_vpc_that_is_shown_is_named_like_one():
    """Another VPC than that of the instance, and owners that are told apart."""
    absent = deny("*", {**FROM_AN_INSTANCE, "Null": {"ec2:SourceInstanceArn": "false", "aws:SourceVpc": "true"}})
    sent = lines("N2", absent, **scopes("s3:*"))[AWAY].counterexample.request.context
    assert sent["aws:SourceVpc"].startswith("vpc-0")
    assert sent["aws:SourceVpc"] != sent["aws:Ec2InstanceSourceVpc"]
    assert sent["aws:VpceAccount"] != "000000000000"


@pytest.mark.parametrize(
    ("method", "urls", "forms"),
    [
        ({"StringEquals": {"s3:authType": "REST-QUERY-STRING"}}, "proved", "refuted"),
        ({"StringEquals": {"s3:authType": ["REST-QUERY-STRING", "POST"]}}, "proved", "proved"),
        ({"StringNotEquals": {"s3:authType": "REST-HEADER"}}, "proved", "proved"),
        ({"StringEquals": {"s3:authType": "rest-query-string"}}, "refuted", "refuted"),
    ],
)
def test_signed_forms(method, urls, forms):
    """A form that was signed uploads like a URL that was signed."""
    found = lines("N2", deny("s3:*", method), **scopes("s3:*"))
    assert (found[URLS].status, found[FORMS].status) == (urls, forms)
    if forms == "refuted":
        request = found[FORMS].counterexample.request
        assert (request.action, request.context["s3:authType"]) == ("s3:PutObject", "POST")


def test_what_is_not_signed_has_no_method():
    rcp = deny("s3:*", {"Null": {"s3:authType": "true"}}, Principal="*")
    claims = scopes("s3:*") | {"assumptions": ("AE2.anonymous", "AK2.signed")}
    assert lines("N2", rcps=(rcp,), **claims)[UNSIGNED].status == "proved"


@pytest.mark.parametrize(
    ("regions", "scope", "status"),
    [
        (["eu-west-1"], "bedrock:InvokeModel", "proved"),
        (["eu-west-1", "unspecified"], "bedrock:InvokeModel", "refuted"),
        (["eu-west-1", "unspecified"], "sqs:*", "proved"),
    ],
)
def test_inference_in_any_region(regions, scope, status):
    """Who lets `unspecified` through lets a model run in every Region."""
    guard = deny("*", {"StringNotEquals": {"aws:RequestedRegion": regions}})
    line = lines("E1", guard, regions=("eu-west-1",), **scopes(scope))["Region guardrail"]
    assert line.status == status
    if status == "refuted":
        request = line.counterexample.request
        assert request.context["aws:RequestedRegion"] == "unspecified"
        assert request.resource.startswith("arn:aws:bedrock:::foundation-model/")


JOBS = ("sagemaker:CreateModel", "sagemaker:CreateTrainingJob")


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        ({"BoolIfExists": {"sagemaker:NetworkIsolation": "false"}}, "proved"),
        ({"BoolIfExists": {"sagemaker:NetworkIsolation": "false"}, "Null": {"sagemaker:VpcSubnets": "true"}}, "proved"),
        ({"Bool": {"sagemaker:NetworkIsolation": "false"}}, "refuted"),  # nothing is said: no isolation
        ({"BoolIfExists": {"sagemaker:NetworkIsolation": "true"}}, "refuted"),
    ],
)
def test_code_without_any_network(condition, status):
    found = lines("N1", deny("sagemaker:*", condition), assumptions=("AC1",), scopes={"N1": Scope(actions=JOBS)})
    assert found["sagemaker: jobs, models, clusters"].status == status


def test_compute_whose_network_no_key_tells():
    found = lines("N1", scopes={"N1": Scope(actions=("lambda:RunMicrovm", "lambda:CreateWebFunction*"))})
    assert {subject: line.status for subject, line in found.items()} == {
        "lambda: MicroVMs": "not-guardable",
        "lambda: Web Functions": "not-guardable",
    }


FACTS = Facts(kind="role", principal_account=MINE, resource_account=MINE, path="public", organizations={MINE: ORG},
              region="eu-west-1")  # fmt: skip


def request(action, **context):
    principal = Principal(type="role-session", account=MINE, role_arn=f"arn:aws:iam::{MINE}:role/App")
    return Request(principal=principal, action=action, resource="*", resource_account=MINE, context=context)


@pytest.mark.parametrize(("told", "outside"), [("true", False), ("false", True), (None, True)])
def test_second_reading_of_isolation(told, outside):
    (row,) = (r for r in table_rows("compute-settings") if r["what"] == "jobs, models, clusters")
    context = {"sagemaker:NetworkIsolation": told} if told else {}
    assert starts_outside(workspace(), request("sagemaker:CreateModel", **context), FACTS, row) is outside


def test_second_reading_of_credentials_elsewhere():
    space = workspace()
    keys = dict.fromkeys(INSTANCE_KEYS, "x")
    assert used_elsewhere(space, request("sqs:SendMessage", **keys), FACTS, "network")
    del keys["ec2:RoleDelivery"]
    assert not used_elsewhere(space, request("sqs:SendMessage", **keys), FACTS, "network")
    form = {"s3:authType": "POST"}
    assert used_elsewhere(space, request("s3:PutObject", **form), FACTS, "forms")
    assert not used_elsewhere(space, request("s3:GetObject", **form), FACTS, "forms")
    anywhere = FACTS.model_copy(update={"region": "unspecified"})
    here = workspace(regions=("eu-west-1",))
    assert elsewhere_region(here, request("bedrock:InvokeModel"), anywhere)


def test_texts_that_must_differ_are_readable():
    """Both from the values that people know, where these allow it."""
    hints = {"x": ("vpc-1", "vpc-2"), "y": ("vpc-1", "vpc-2")}
    found = equality.decide([Literal(Equal("x", "y"), False, 1)], hints, Work())
    assert {found.texts["x"], found.texts["y"]} == {"vpc-1", "vpc-2"}
