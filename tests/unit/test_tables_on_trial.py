"""Rows of tables that AWS's pages contradict: calls that were held impossible, and names that nothing has."""

from __future__ import annotations

import pytest

from perimeter_smt.organization.model import Endpoint, OwnedPrincipal
from perimeter_smt.organization.perimeter import Scope, Vpc
from perimeter_smt.organization.readers import values
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.questions.verdicts import presumes
from perimeter_smt.request.keys import key_info, table_dates
from tests.unit.test_prove_callers import MINE, OFFICE, ORG, asked, deny, policy, workspace
from tests.unit.test_prove_resources import NO_ROOT, resource
from tests.unit.test_tables_of_services import BESIDE

OUTSIDE = {"NotIpAddressIfExists": {"aws:SourceIp": OFFICE}}
NOT_MINE = {"StringNotEqualsIfExists": {"aws:ResourceOrgID": ORG}}
STRANGER = "210987654321"


def verdict(objective, action, space, mode="guardrails"):
    claimed = space.perimeter.model_copy(update={"scopes": {objective: Scope(actions=(action,))}})
    (found,) = asked(
        objective, action.partition(":")[0], space.model_copy(update={"perimeter": claimed}), mode=mode
    ).verdicts
    return found


def in_an_account_that_lists(listed, action, on="*"):
    """O5 where nothing holds the network: whether there is such a call on a resource of an account that lists all."""
    app = OwnedPrincipal(
        arn=f"arn:aws:iam::{MINE}:role/app", type="role", account=MINE,
        policies=(policy(Kind.IDENTITY, {"Effect": "Allow", "Action": action, "Resource": on}),),
        trust=policy(Kind.TRUST, {"Effect": "Allow", "Principal": {"AWS": MINE}, "Action": "sts:AssumeRole"}),
    )  # fmt: skip
    own = deny({"StringNotEqualsIfExists": {"aws:ResourceAccount": MINE}})
    space = workspace(
        scps=(NO_ROOT, own), listed=True, principals=(app,), resources=tuple(map(resource, listed)), cidrs=(OFFICE,),
        assumptions=BESIDE,
    )  # fmt: skip
    return verdict("O5", action, space, mode="grants").status


@pytest.mark.parametrize(
    "action",
    [
        "es:AddDirectQueryDataSource",  # it makes the data source
        "ses:SendCustomVerificationEmail",  # it adds the identity
        "mobiletargeting:UpdateEndpoint",
        "ecs:ListTasks",  # of a cluster without container instances
        "cloudsearch:ListDomainNames",
        "quicksight:ListAnalyses",
        "redshift-serverless:ListSnapshots",
        "s3:DescribeJob",  # a job that runs
        "route53:GetChange",
        "iam:GetDelegationRequest",  # made by a provider of products
        "athena:GetSession",  # of the primary workgroup
    ],
)
def test_calls_that_need_nothing_listed(action):
    """An account that lists nothing was said to leave these calls nothing to be made on."""
    assert in_an_account_that_lists([], action) == "refuted"


def test_what_lies_in_another_cluster_is_not_in_a_listed_one():
    """An id with a colon, which no task has, was taken for a task of the listed cluster."""
    cluster = "arn:aws:ecs:us-east-1:ACCOUNT:cluster/web"
    tasks = f"arn:aws:ecs:us-east-1:{MINE}:task/"
    assert in_an_account_that_lists([cluster], "ecs:DescribeTasks", f"{tasks}web/*") == "refuted"
    assert in_an_account_that_lists([cluster], "ecs:DescribeTasks", f"{tasks}other/*") in ("proved", "vacuous")


@pytest.mark.parametrize(
    "action", ["logs:CreateLogStream", "codecommit:GitPush", "elasticfilesystem:CreateAccessPoint"]
)
def test_what_is_made_inside_something_needs_it(action):
    assert in_an_account_that_lists([], action) in ("proved", "vacuous")


@pytest.mark.parametrize(
    ("action", "denied", "found"),
    [
        ("sns:Publish", "arn:aws:sns:*:*:*", "refuted"),  # a message to a phone number
        ("sns:Subscribe", "arn:aws:sns:*:*:*", "proved"),
        ("ecs:ListTasks", "arn:aws:ecs:*:*:*", "refuted"),  # without a container instance
        ("es:GetCompatibleVersions", "arn:aws:es:*:*:domain/*", "refuted"),
        ("iam:CreateAccessKey", "arn:aws:iam::*:user/*", "refuted"),  # of the root user
        ("iam:PutUserPolicy", "arn:aws:iam::*:user/*", "proved"),
        ("dms:ListTagsForResource", "arn:aws:dms:*:*:*", "refuted"),  # ResourceArn is not required
        ("dms:AddTagsToResource", "arn:aws:dms:*:*:*", "proved"),
    ],
)
def test_a_guardrail_on_arns_misses_calls_that_name_another_or_none(action, denied, found):
    """The service reference marks these types as required, and API references say that calls do without."""
    space = workspace(scps=(deny(OUTSIDE, resource=denied),), cidrs=(OFFICE,), assumptions=BESIDE)
    assert verdict("O5", action, space).status == found


def test_nobody_else_manages_credentials_of_a_root_user():
    """No parameter names the root user: with it held back, a guardrail on users is enough, which is presumed."""
    users = deny(OUTSIDE, resource="arn:aws:iam::*:user/*")
    space = workspace(scps=(NO_ROOT, users), cidrs=(OFFICE,), assumptions=BESIDE)
    found = verdict("O5", "iam:CreateAccessKey", space)
    assert found.status == "proved"
    assert "AE8.root-user" in presumes(found.assumptions)


@pytest.mark.parametrize(
    ("action", "exempt", "found"),
    [
        ("sns:Publish", "sns:*:*:endpoint/GCM/*", "refuted"),
        ("s3-outposts:GetObject", "s3-outposts:*:*:outpost/op-0a1b/accesspoint/p/object/x", "refuted"),
        ("s3-object-lambda:GetObject", "s3-object-lambda:*:*:accesspoint/reports-1", "refuted"),
        ("s3-object-lambda:GetObject", "s3-object-lambda:*:*:accesspoint/a_b", "proved"),
        ("s3express:CreateSession", "s3express:*:*:bucket/carts--use1-az4--x-s3", "refuted"),
        ("s3express:CreateSession", "s3express:*:*:bucket/Carts--use1-az4--x-s3", "proved"),
        ("codebuild:StartBuild", "codebuild:*:*:project/a_b-1", "refuted"),
        ("codebuild:StartBuild", "codebuild:*:*:project/a:b", "proved"),
        ("s3:GetObject", f"s3:::{'a' * 63}/*", "refuted"),
        ("s3:GetObject", f"s3:::{'a' * 64}/*", "conditional"),  # in US East until March 2018
        ("s3:GetObject", f"s3:::{'Old_Bucket' * 25}/*", "conditional"),
        ("s3:GetObject", f"s3:::{'a' * 256}/*", "proved"),
    ],
)
def test_names_that_resources_of_strangers_have(action, exempt, found):
    scp = {**deny(NOT_MINE), "NotResource": f"arn:aws:{exempt}"}
    del scp["Resource"]
    assert verdict("O3", action, workspace(scps=(scp,))).status == found


@pytest.mark.parametrize(
    ("service", "action", "name"),
    [
        ("s3-object-lambda", "s3-object-lambda:GetObject", "accesspoint/x"),
        ("s3-outposts", "s3-outposts:GetObject", "outpost/op-0a1b/bucket/b/object/*"),
        ("s3", "s3:DescribeJob", "job/*"),
        ("s3", "s3:GetStorageLensConfiguration", "storage-lens/x"),
    ],
)
def test_what_has_an_account_in_its_arn_may_be_a_strangers(service, action, name):
    """Object Lambda, Outposts, batch jobs and Storage Lens: an endpoint that lets them through lets a stranger's."""
    theirs = {
        "Effect": "Allow", "Principal": "*", "Action": action,
        "Resource": f"arn:aws:{service}:us-east-1:{STRANGER}:{name}",
    }  # fmt: skip
    endpoint = Endpoint(
        id="vpce-0a000000000000001", account=MINE, vpc="vpc-0a000000000000001", vpc_account=MINE, region="us-east-1",
        services=(service,), policy=policy(Kind.ENDPOINT, theirs),
    )  # fmt: skip
    through = workspace(
        endpoints_listed=(endpoint,), vpcs=(Vpc(id="vpc-0a000000000000001", region="us-east-1", account=MINE),)
    )
    found = verdict("O4", action, through)
    assert found.status == "refuted"
    assert found.counterexamples[0].request.resource_account == STRANGER
    assert verdict("O3", action, workspace()).status == "refuted"
    assert verdict("O3", action, workspace(scps=(deny(NOT_MINE),))).status == "proved"


def test_a_bucket_behind_an_access_point_may_have_an_old_name():
    assert values.bucket_name("Old_Bucket") == "Old_Bucket"
    assert values.bucket_name("a" * 255)


def test_global_keys_are_those_of_the_page():
    """All keys of the page on global condition keys are known, with the day on which they were compared."""
    assert len(table_dates()["global-keys"]) == len("2026-01-01")
    several = {"aws:PrincipalOrgPaths", "aws:PrincipalServiceNamesList", "aws:VpceOrgPaths", "aws:ResourceOrgPaths",
               "aws:CalledVia", "aws:TagKeys", "aws:SourceOrgPaths"}  # fmt: skip
    for name in (
        *("AssumedRoot", "FederatedProvider", "SignInSessionArn", "ChatbotSourceArn", "CalledViaAWSMCP"),
        *("ViaAWSMCPService", "IsMcpServiceAction", "SourceVpcArn", "VpceAccount", "VpceOrgID", "referer"),
    ):
        info = key_info(f"aws:{name}")
        assert info.known and info.present and not info.multivalued
    assert all(key_info(name).multivalued for name in several)
    assert "in its calls" in key_info("aws:IsMcpServiceAction").present
