"""Names and fields of ARNs: what is listed is there whatever tables say; limits that were too narrow (W-6, W-12)."""

from __future__ import annotations

import pytest

from perimeter_smt.organization.readers import values
from tests.unit.test_prove_resources import MINE, resource, status

STRANGER = "210987654321"


def opened(arn, action):
    """A resource whose policy lets a stranger make a call on it."""
    named = arn.replace("ACCOUNT", MINE)
    return resource(arn, {"Effect": "Allow", "Principal": {"AWS": STRANGER}, "Action": action, "Resource": f"{named}*"})


@pytest.mark.parametrize(
    ("arn", "action"),
    [
        ("arn:aws:sqs:eu-west-1:ACCOUNT:jobs", "sqs:SendMessage"),
        ("arn:aws:sqs:eu-west-1:ACCOUNT:jobs.old", "sqs:SendMessage"),
        ("arn:aws:sqs::ACCOUNT:jobs", "sqs:SendMessage"),
        ("arn:aws:sns:eu-west-1:ACCOUNT:news.old", "sns:Publish"),
        ("arn:aws:dynamodb:eu-west-1:ACCOUNT:table/carts/stream/first", "dynamodb:GetRecords"),
        ("arn:aws:dynamodb:eu-west-1:ACCOUNT:table/a b", "dynamodb:GetItem"),
        ("arn:aws:ecr:eu-west-1:ACCOUNT:repository/Shop", "ecr:BatchGetImage"),
        ("arn:aws:ecr-public:us-east-1:ACCOUNT:repository/shop", "ecr-public:DescribeImages"),
        ("arn:aws:execute-api::ACCOUNT:0a1b2c3d4e", "execute-api:Invoke"),
        ("arn:aws:secretsmanager:eu-west-1:ACCOUNT:secret:rds!cluster-0a1b-Ab12Cd", "secretsmanager:GetSecretValue"),
        ("arn:aws:secretsmanager:eu-west-1:ACCOUNT:secret:a b-Ab12Cd", "secretsmanager:GetSecretValue"),
    ],
)
def test_a_listed_resource_is_there_whatever_its_name(arn, action):
    """Its policy admits a stranger: a limit of names, or a Region that the reference has or has not, hid that."""
    scopes = {"O1": {"actions": (action,)}}
    assert status("O1", action.partition(":")[0], resources=[opened(arn, action)], scopes=scopes) == {"refuted"}


@pytest.mark.parametrize(
    ("listed", "named", "action"),
    [
        (
            "codeartifact:{0}:repository/tools/base",
            "codeartifact:{0}:package/tools/base/npm//pad",
            "PublishPackageVersion",
        ),
        ("execute-api:{0}:k2l9x0f3ab", "execute-api:{0}:k2l9x0f3ab/live/GET/", "Invoke"),
        ("vpc-lattice:{0}:service/svc-0a1b2c3d4e5f60718", "vpc-lattice:{0}:service/svc-0a1b2c3d4e5f60718/", "Invoke"),
        ("mediastore:{0}:container/films", "mediastore:{0}:container/films/", "ListItems"),
        ("cloudtrail:{0}:channel/0a1b2c3d", "cloudtrail:{0}:channel/0a1b2c3d", "PutAuditEvents"),
    ],
)
def test_what_a_policy_grants_on_a_part_with_an_empty_name(listed, named, action):
    """Only that part is let out: it was taken not to exist (W-5), and channels to know no strangers."""
    prefix = {"vpc-lattice": "vpc-lattice-svcs", "cloudtrail": "cloudtrail-data"}
    service = prefix.get(listed.partition(":")[0], listed.partition(":")[0])
    arn, part = (f"arn:aws:{text.format(f'eu-west-1:{MINE}')}" for text in (listed, named))
    statement = {
        "Effect": "Allow", "Principal": {"AWS": STRANGER}, "Action": f"{service}:{action}", "Resource": part,
    }  # fmt: skip
    scopes = {"O1": {"actions": (f"{service}:{action}",)}}
    assert status("O1", service, resources=[resource(arn, statement)], scopes=scopes) == {"refuted"}


def test_parts_of_a_listed_resource_of_an_odd_name():
    """The policy of a table decides on its indexes (W-4), also where its name breaks the limit."""
    table = f"arn:aws:dynamodb:eu-west-1:{MINE}:table/a b"
    statement = {
        "Effect": "Allow", "Principal": {"AWS": STRANGER}, "Action": "dynamodb:Query", "Resource": f"{table}/index/*",
    }  # fmt: skip
    scopes = {"O1": {"actions": ("dynamodb:Query",)}}
    assert status("O1", "dynamodb", resources=[resource(table, statement)], scopes=scopes) == {"refuted"}


def test_a_listed_name_opens_nothing_where_limits_hold():
    """Beside ordinary names, a name that no queue can have is no way out of a guardrail."""
    scp = {
        "Effect": "Deny", "Action": "*", "NotResource": "arn:aws:sqs:*:*:*.old",
        "Condition": {"StringNotEqualsIfExists": {"aws:ResourceOrgID": "o-acme0000001"}},
    }  # fmt: skip
    scopes = {"O3": {"actions": ("sqs:SendMessage",)}}

    def found(name):
        listed = [resource(f"arn:aws:sqs:eu-west-1:ACCOUNT:{name}")]
        return status("O3", "sqs", resources=listed, scps=(scp,), mode="guardrails", scopes=scopes)

    assert found("jobs") == {"proved"}
    assert found("jobs.old") == {"refuted"}


@pytest.mark.parametrize(
    ("action", "exempt", "through"),
    [
        ("secretsmanager:GetSecretValue", "secretsmanager:*:*:secret:events!connection/*", True),
        ("secretsmanager:GetSecretValue", "secretsmanager:*:*:secret:*#*", False),
        ("ec2:DeleteKeyPair", "ec2:*:*:key-pair/*@example.com", True),
        ("ssm:TerminateSession", "ssm:*:*:session/*@example.com-*", True),
        ("ssm:UpdateServiceSetting", "ssm:*:*:servicesetting/ssm/*", True),
        ("ssm:SendCommand", "ssm:*:*:managed-instance/eks_c:*", True),
        ("lambda:InvokeFunction", "lambda:*:*:function:*:$LATEST.PUBLISHED", True),
        ("lambda:InvokeFunction", "lambda:*:*:function:*@*", False),
        ("cloudformation:UpdateStackSet", "cloudformation:*:*:type/resource/*/Shop-Cart", True),
        ("imagebuilder:GetInfrastructureConfiguration", "imagebuilder:*:*:infrastructure-configuration/a_b", True),
        ("cloudformation:CreateStack", "cloudformation:*:*:stack/shop/${*}", True),  # has no id yet
        ("cloudformation:ListStacks", "cloudformation:*:*:stack/${*}/${*}", True),
        ("ec2:RunInstances", "ec2:*:*:instance/${*}", True),
        ("ecs:RegisterTaskDefinition", "ecs:*:*:task-definition/shop:${*}", True),
        ("lambda:GetWebFunction", "lambda:*:*:web-function/*@*", True),
        ("lambda:GetWebFunction", "lambda:*:*:web-function/a/b", False),
        ("logs:CreateLogGroup", "logs:*:*:log-group:shop:log-stream:", True),
        ("logs:DescribeLogGroups", "logs:*:*:log-group::log-stream:", True),
        ("logs:DescribeLogGroups", "logs:*:*:log-group:*~*", False),
        ("sso:DescribeInstance", "sso:::instance/ssoins-a.b", True),
        ("ssm:GetParameter", "ssm:*:*:parameter/shop:3", True),
        ("ssm:GetParameter", "ssm:*:*:parameter/a~b", False),
        ("ssm:UpdateManagedInstanceRole", "iam::*:role/path/name", True),
        ("ssm:SendCommand", f"s3:::{'a' * 70}", True),  # in US East until March 2018
        ("dms:AddTagsToResource", "dms:*:*:es:a:b", True),
    ],
)
def test_names_that_aws_gives_are_ways_through(action, exempt, through):
    """A guardrail that exempts a name lets it through where the service, by its pages, has such names."""
    scp = {
        "Effect": "Deny", "Action": action, "NotResource": f"arn:aws:{exempt}",
        "Condition": {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}},
    }  # fmt: skip
    scopes = {"O5": {"actions": (action,)}}
    outside = {"Effect": "Deny", "Action": "*", "Resource": "*",
               "Condition": {"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}}}  # fmt: skip
    found = status("O5", action.partition(":")[0], scps=(scp, outside), mode="guardrails", scopes=scopes)
    assert ("proved" not in found) is through


@pytest.mark.parametrize(
    ("arn", "says"),
    [
        ("arn:aws:sqs:eu-west-1::jobs", "has no account, expected `arn:aws:sqs:eu-west-1:ACCOUNT:jobs`"),
        ("arn:aws:execute-api:eu-west-1::0a1b2c3d4e", "has no account"),
        (f"arn:aws:SQS:eu-west-1:{MINE}:jobs", "has a service in capitals, expected `sqs`"),
        (f"arn:aws:iam::{MINE}:root", "is a root user, expected the ARN of a resource"),
    ],
)
def test_resources_that_are_nowhere_are_refused(arn, says):
    """No call names them, so that all held of what is listed as they are (W-2)."""
    with pytest.raises(ValueError, match=says.replace(":", ".")):
        values.resource_arn(arn)


@pytest.mark.parametrize(
    "arn",
    ["arn:aws:s3:::acme-data", "arn:aws:apigateway:eu-west-1::/restapis/0a1b2c3d4e",
     "arn:aws:ec2:eu-west-1::image/ami-0a1b2c3d4e5f60718", "arn:aws:acme:eu-west-1::thing/a"],
)  # fmt: skip
def test_arns_without_account_that_there_are(arn):
    """Buckets, REST APIs and images have no account in their ARNs; of services not known nothing is said."""
    assert values.resource_arn(arn) == arn


def test_log_groups_as_they_are_printed():
    """`describe-log-groups` ends their ARNs in `:*`."""
    group = f"arn:aws:logs:eu-west-1:{MINE}:log-group:app"
    assert values.resource_arn(f"{group}:*") == values.resource_arn(group) == group
    with pytest.raises(ValueError, match="has a wildcard"):
        values.resource_arn(f"{group}*:*")
