"""ARNs that calls are asked on and that the service reference leaves out: a pattern that exempts one is a hole."""

from __future__ import annotations

import pytest

from perimeter_smt.organization.perimeter import Scope
from perimeter_smt.request.actions import action_info, resource_type
from perimeter_smt.request.keys import table_rows
from tests.unit.test_prove_callers import ORG, asked, deny, workspace
from tests.unit.test_prove_calls import MINE, compared

OUTSIDE = {"StringNotEqualsIfExists": {"aws:ResourceOrgID": ORG}}
BESIDE = ("AE3.cross-account",)


@pytest.mark.parametrize(
    ("action", "name"),
    [
        ("codestar-connections:GetConnection", "codeconnections:eu-west-1:{0}:connection/5d8c0f2a"),
        ("codeconnections:UseConnection", "codestar-connections:eu-west-1:{0}:connection/5d8c0f2a"),
        ("codeconnections:GetHost", "codestar-connections:eu-west-1:{0}:host/git-5d8c0f2a"),
        ("ecs:UpdateService", "ecs:eu-west-1:{0}:service/checkout"),
        ("ecs:StopTask", "ecs:eu-west-1:{0}:task/0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"),
        ("ecs:DescribeContainerInstances", "ecs:eu-west-1:{0}:container-instance/0a1b2c3d4e5f"),
        ("elasticloadbalancing:AddTags", "elasticloadbalancing:eu-west-1:{0}:listener/gwy/edge/0a1b/2c3d"),
        ("elasticloadbalancing:RemoveTags", "elasticloadbalancing:eu-west-1:{0}:truststore/partners/0a1b"),
        ("elasticloadbalancing:CreateLoadBalancer", "elasticloadbalancing:eu-west-1:{0}:loadbalancer/net/edge/0a1b"),
        ("elasticloadbalancing:DeleteLoadBalancer", "elasticloadbalancing:eu-west-1:{0}:loadbalancer/app/shop/0a1b"),
        ("elasticloadbalancing:SetWebAcl", "elasticloadbalancing:eu-west-1:{0}:loadbalancer/app/shop/0a1b"),
        ("apigateway:GET", "apigateway:eu-west-1::/apis"),
        ("apigateway:PATCH", "apigateway:eu-west-1::/apis/k2l9x0f3ab/routes/r7d1"),
        ("apigateway:DELETE", "apigateway:eu-west-1::/apis/k2l9x0f3ab/cors"),
        ("apigateway:PUT", "apigateway:eu-west-1::/apis/k2l9x0f3ab"),
        ("aws-marketplace:TagResource", "aws-marketplace:us-east-1:{0}:AWSMarketplace/Offer/offer-0a1b"),
        ("bedrock:InvokeModel", "bedrock:eu-west-1:{0}:custom-model/acme.tuned/0a1b2c3d4e5f"),
        ("logs:PutResourcePolicy", "logs:eu-west-1:{0}:log-group:/acme/app:*"),
        ("kinesis:UpdateShardCount", "kinesis:eu-west-1:{0}:stream/orders"),
        ("glue:GetTags", "glue:eu-west-1:{0}:registry/acme"),
        ("sagemaker-mlflow:CreateRun", "sagemaker:eu-west-1:{0}:mlflow-app/app-0a1b"),
        ("cloudformation:CreateChangeSet", "cloudformation:eu-west-1:aws:transform/Serverless-2016-10-31"),
        ("iam:GetRoleTemplateVersion", "iam::aws:role-template/glue.amazonaws.com/Crawler:1"),
    ],
)
def test_calls_are_asked_on_arns_that_the_service_reference_leaves_out(action, name):
    """What a policy grants on such an ARN alone was nothing, and what a guardrail exempts by it no hole.

    The reference has one page each for versions 1 and 2 of Elastic Load Balancing and of API Gateway, and the data has
    the types of one of them where both have the action.
    """
    before = {"Action": action, "Resource": "arn:aws:none:::x"}
    assert compared(before, before | {"Resource": f"arn:aws:{name.format(MINE)}"}) == "more"


@pytest.mark.parametrize(
    ("action", "exempted", "expected"),
    [
        ("bedrock-agentcore:StartBrowserSession", "bedrock-agentcore:*:aws:browser/*", "refuted"),
        ("bedrock-agentcore:GetGateway", "bedrock-agentcore:*:aws:gateway/*", "proved"),
        ("connect:DescribeView", "connect:*:aws:view/*", "refuted"),
        ("eks:DescribeCluster", "eks:*:aws:cluster/*", "proved"),
        ("sqs:SendMessage", "sqs:*:aws:*", "proved"),
    ],
)
def test_what_aws_owns_is_told_by_type(action, exempted, expected):
    """The list of services with resources of AWS knew neither; the reference writes `aws` for the account of types."""
    service = action.partition(":")[0]
    scp = {key: value for key, value in deny(OUTSIDE).items() if key != "Resource"}
    scp["NotResource"] = f"arn:aws:{exempted}"
    space = workspace(scps=(scp,), scopes={"O3": Scope(actions=(action,))}, assumptions=(*BESIDE, "AE8.aws-owned"))
    (verdict,) = asked("O3", service, space, reading="exact").verdicts
    assert verdict.status == expected
    assert all(":aws:" in shown.request.resource for shown in verdict.counterexamples)


def test_types_of_aws_have_no_other_owner():
    """The browser of AWS is not the browser of an account, which has a type of its own."""
    before = {"Action": "bedrock-agentcore:StartBrowserSession", "Resource": "arn:aws:none:::x"}
    own = before | {"Resource": f"arn:aws:bedrock-agentcore:eu-west-1:{MINE}:browser/b"}
    assert compared(before, own) == "equivalent"
    assert compared(before, {**own, "Resource": "arn:aws:bedrock-agentcore:eu-west-1:aws:browser/b"}) == "more"


def test_rows_beside_the_reference_name_what_it_knows():
    """A row for an action or a type that is spelt otherwise would add no call."""
    for row in table_rows("resource-types-beside"):
        if "action" in row:
            service = row["action"].partition(":")[0]
            assert action_info(row["action"]) is not None, row
            for kind in row.get("types", [row["type"]] if "type" in row else []):
                assert resource_type(service, kind) is not None, row


def test_what_aws_owns_in_iam_is_shown_by_its_managed_policies():
    """The example that everybody knows, where several types have AWS as their owner."""
    (verdict,) = asked("O3", "iam", workspace(), reading="exact").verdicts
    assert verdict.status == "refuted"
    assert verdict.counterexamples[0].request.action == "iam:GetPolicy"
