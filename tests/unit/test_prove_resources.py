"""Which resources there are, whose policy decides which call, what AWS refuses: verdicts with grants."""

from __future__ import annotations

import pytest

from perimeter_smt.organization.model import (
    Account,
    Guardrails,
    KeyGrant,
    Organization,
    OwnedPrincipal,
    OwnedResource,
    Unit,
)
from perimeter_smt.organization.perimeter import Perimeter, TagException, Vpc, Workspace
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.questions.perimeter import prove

ORG, MINE, MANAGEMENT, PARTNER = "o-acme0000001", "111122223333", "123456789012", "999988887777"
NO_ROOT = {
    "Effect": "Deny",
    "Action": "*",
    "Resource": "*",
    "Condition": {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:root"}},
}
READ = {"Effect": "Allow", "Principal": {"AWS": PARTNER}, "Action": "*", "Resource": "*"}
KEY = f"arn:aws:kms:eu-west-1:{MINE}:key/0a1b2c3d-1111-2222-3333-444455556666"


def policy(kind, *statements):
    return parse_object({"Version": "2012-10-17", "Statement": list(statements)}, kind, file="p.json", name=kind.value)


def resource(arn, *statements, kind=Kind.RESOURCE, **more):
    written = arn.replace("ACCOUNT", MINE)
    found = policy(kind, *statements) if statements else None
    return OwnedResource(arn=written, account=MINE, policy=found, **more)


def status(
    objective,
    service,
    *,
    resources=(),
    principals=(),
    scps=(NO_ROOT,),
    rcps=(),
    reading="over",
    mode="grants",
    account=None,
    **perimeter,
):
    own = Account(id=MINE, principals=tuple(principals), resources=tuple(resources), listed=True, **(account or {}))
    guardrails = Guardrails(
        scps=tuple(policy(Kind.SCP, statement) for statement in scps),
        rcps=tuple(policy(Kind.RCP, statement) for statement in rcps),
    )
    root = Unit(id="r-root", guardrails=guardrails, accounts=(own, Account(id=MANAGEMENT, listed=True)))
    workspace = Workspace(
        organization=Organization(id=ORG, management_account=MANAGEMENT, root=root),
        perimeter=Perimeter(
            orgs=(ORG,), accepted=("management-account", "service-linked-roles", "service-principals"), **perimeter
        ),
        name="resources",
    )
    report = prove(
        workspace, objectives=[objective], services=(service,), mode=mode, reading=reading, availability=False
    )
    return {verdict.status for verdict in report.verdicts}


@pytest.mark.parametrize(
    ("service", "arn", "action", "part", "through"),
    [
        ("sqs", "arn:aws:sqs:eu-west-1:ACCOUNT:jobs", "sqs:SendMessage", "*", True),
        ("sqs", "arn:aws:sqs:eu-west-1:ACCOUNT:jobs", "sqs:SendMessage", "arn:aws:sqs:us-east-1:ACCOUNT:jobs", False),
        ("dynamodb", "arn:aws:dynamodb:eu-west-1:ACCOUNT:table/t", "dynamodb:Query", "*table/t/index/*", True),
        ("dynamodb", "arn:aws:dynamodb:eu-west-1:ACCOUNT:table/t", "dynamodb:Query", "*table/t2/index/*", False),
        ("events", "arn:aws:events:eu-west-1:ACCOUNT:event-bus/default", "events:PutRule", "*rule/nightly", True),
        ("lambda", "arn:aws:lambda:eu-west-1:ACCOUNT:function:f", "lambda:InvokeFunction", "*function:f:live", True),
        (
            "kinesis",
            "arn:aws:kinesis:eu-west-1:ACCOUNT:stream/s",
            "kinesis:SubscribeToShard",
            "*stream/s/consumer/*",
            True,
        ),
        ("s3tables", "arn:aws:s3tables:eu-west-1:ACCOUNT:bucket/b", "s3tables:GetTableData", "*bucket/b/table/*", True),
        ("glue", "arn:aws:glue:eu-west-1:ACCOUNT:catalog", "glue:GetTable", "*table/d/t", True),
        ("kafka", "arn:aws:kafka:eu-west-1:ACCOUNT:cluster/c/u", "kafka:GetBootstrapBrokers", "*", True),
        ("waf-regional", "arn:aws:waf-regional:eu-west-1:ACCOUNT:rulegroup/r", "waf-regional:GetRuleGroup", "*", True),
        ("waf", "arn:aws:waf::ACCOUNT:rulegroup/r", "waf:GetRuleGroup", "*", True),
        ("kafka-cluster", "arn:aws:kafka:eu-west-1:ACCOUNT:cluster/c/u", "kafka-cluster:ReadData", "*topic/c/*", True),
        (
            "secretsmanager",
            "arn:aws:secretsmanager:eu-west-1:ACCOUNT:secret:db",
            "secretsmanager:GetSecretValue",
            "*secret:db-??????",
            True,
        ),
    ],
)
def test_a_policy_decides_its_resource_and_what_lies_in_it(service, arn, action, part, through):
    """A partner's grant counts on the parts of the listed resource, and on nothing else."""
    pattern = part.replace("ACCOUNT", MINE)
    if pattern.startswith("*") and pattern != "*":
        pattern = ":".join(arn.replace("ACCOUNT", MINE).split(":")[:5]) + ":" + pattern.removeprefix("*")
    grant = {"Effect": "Allow", "Principal": {"AWS": PARTNER}, "Action": action, "Resource": pattern}
    found = status("O1", service, resources=[resource(arn, grant)], scopes={"O1": {"actions": (action,)}})
    assert ("refuted" in found) == through


def test_a_deny_counts_where_it_surely_governs_only():
    """The Deny of a function's policy says nothing on an alias that has a policy of its own."""
    deny = {"Effect": "Deny", "Principal": "*", "Action": "lambda:*", "Resource": "*"}
    call = {"O1": {"actions": ("lambda:InvokeFunction",)}}
    function = resource("arn:aws:lambda:eu-west-1:ACCOUNT:function:f", deny)
    alias = resource("arn:aws:lambda:eu-west-1:ACCOUNT:function:f:live", READ)
    assert "refuted" in status("O1", "lambda", resources=[function, alias], scopes=call)
    table = resource("arn:aws:dynamodb:eu-west-1:ACCOUNT:table/t", READ, {**deny, "Action": "dynamodb:*"})
    assert status("O1", "dynamodb", resources=[table]) <= {"proved", "vacuous"}


def test_lists_of_resources_are_complete():
    """My role may read every bucket, but mine are those of the list; what it makes is mine."""
    app = OwnedPrincipal(
        arn=f"arn:aws:iam::{MINE}:role/app", type="role", account=MINE,
        policies=(policy(Kind.IDENTITY, {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}),),
        trust=policy(Kind.TRUST, {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"},
                                  "Action": "sts:AssumeRole"}),
    )  # fmt: skip
    read, make = {"O6": {"actions": ("s3:GetObject",)}}, {"O6": {"actions": ("s3:CreateBucket",)}}
    assert status("O6", "s3", principals=[app], scopes=read) <= {"proved", "vacuous"}
    assert "refuted" in status("O6", "s3", principals=[app], scopes=make)
    assert "refuted" in status("O6", "s3", principals=[app], scopes=read, resources=[resource("arn:aws:s3:::mine")])


@pytest.mark.parametrize(
    ("action", "there"),
    [
        ("bedrock:GetInferenceProfile", True),  # profiles that AWS defines carry the account of the caller
        ("iot:Subscribe", True),  # topics are there for whoever names them
        ("apigateway:GET", True),  # the collection of all APIs
        ("redshift:ModifyCluster", False),
        ("redshift:ModifyClusterParameterGroup", True),  # groups that are called default
        ("elasticache:DescribeUsers", True),  # names the type, lists what there is
        ("elasticache:DeleteUserGroup", False),
        ("ecr:PutImage", True),  # a template for pushes makes the repository
        ("ecr:SetRepositoryPolicy", False),
        ("rds:AddRoleToDBCluster", False),
        ("controltower:EnableControl", True),
        ("s3:ReplicateObjectAnnotation", False),
        ("secretsmanager:GetSecretValue", False),
        ("backup:DeleteBackupVaultAccessPolicy", True),  # the default vault
    ],
)
def test_what_an_account_with_empty_lists_has(action, there):
    """My role calls from anywhere; what it calls on is there without anybody listing it, or the call cannot be."""
    app = OwnedPrincipal(
        arn=f"arn:aws:iam::{MINE}:role/app", type="role", account=MINE,
        policies=(policy(Kind.IDENTITY, {"Effect": "Allow", "Action": action, "Resource": f"arn:aws:*:*:{MINE}:*"},
                         {"Effect": "Allow", "Action": action, "Resource": "arn:aws:*:*::*"}),),
        trust=policy(Kind.TRUST, {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"},
                                  "Action": "sts:AssumeRole"}),
    )  # fmt: skip
    scopes = {"O6": {"actions": (action,)}}
    found = status("O6", action.split(":")[0], principals=[app], scopes=scopes, reading="exact")
    assert ("refuted" in found) == there


def test_the_arn_of_a_secret_with_its_characters_is_the_whole():
    secret = resource("arn:aws:secretsmanager:eu-west-1:ACCOUNT:secret:db-a1B2c3", READ)
    call = {"O1": {"actions": ("secretsmanager:GetSecretValue",)}}
    assert "refuted" in status("O1", "secretsmanager", resources=[secret], scopes=call)
    deny = {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}
    closed = resource("arn:aws:secretsmanager:eu-west-1:ACCOUNT:secret:db-a1B2c3", READ, deny)
    assert status("O1", "secretsmanager", resources=[closed], scopes=call) <= {"proved", "vacuous"}


def test_the_root_user_makes_federated_users():
    """Unless the root user is denied that very call."""
    only_s3 = {**NO_ROOT, "Action": "s3:*"}
    call = {"O5": {"actions": ("s3:GetObject",)}}
    assert "refuted" in status("O5", "s3", scps=[only_s3], scopes=call)
    assert status("O5", "s3", scps=[NO_ROOT], scopes=call) <= {"proved", "vacuous"}
    both = {**NO_ROOT, "Action": ["s3:*", "sts:GetFederationToken"]}
    assert status("O5", "s3", scps=[both], scopes=call) <= {"proved", "vacuous"}


@pytest.mark.parametrize(
    "condition",
    [
        {"StringEquals": {"aws:userid": [MINE, MANAGEMENT]}},
        {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:root"}, "Null": {"aws:AssumedRoot": "true"}},
        {"StringLike": {"aws:PrincipalArn": "*:root"}, "Bool": {"aws:ViaAWSService": "false"}},
        {"StringEquals": {"aws:PrincipalType": "Account"}, "Null": {"aws:username": "true"}},
        {"StringEquals": {"aws:PrincipalType": "Account"}, "Bool": {"aws:PrincipalIsAWSService": "false"}},
    ],
)
def test_a_root_user_who_is_told_by_its_keys_makes_no_federated_users(condition):
    """Which keys its call carries is known (AP9, AP11, AP15, AR1): such an SCP counted as one that may not bind it."""
    call = {"O5": {"actions": ("s3:GetObject",)}}
    deny = {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": condition}
    assert "refuted" not in status("O5", "s3", scps=[deny], scopes=call)


FREE_BY_TAG = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Resource": "*",
    "Condition": {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": ORG, "aws:ResourceTag/open": "yes"}},
}


@pytest.mark.parametrize(
    ("tags", "abac", "through"),
    [({}, None, False), ({"open": "no"}, True, False), ({"open": "yes"}, False, False), ({"open": "yes"}, True, True)],
)
def test_tags_of_a_bucket_are_those_of_the_file_and_count_with_abac(tags, abac, through):
    """An exemption by tag exempts a bucket that has the tag and ABAC."""
    bucket = resource("arn:aws:s3:::mine", READ, kind=Kind.BUCKET, tags=tags, abac=abac)
    found = status("O1", "s3", resources=[bucket], rcps=[FREE_BY_TAG], scopes={"O1": {"actions": ("s3:GetObject",)}})
    assert ("refuted" in found) == through


def test_a_deny_by_the_tag_of_a_bucket_is_no_proof_without_abac():
    """The claim is on buckets that are tagged, the Deny on what policies see of it."""
    deny = {**FREE_BY_TAG, "Condition": {"StringEquals": {"aws:ResourceTag/class": "secret"},
                                         "StringNotEqualsIfExists": {"aws:PrincipalOrgID": ORG}}}  # fmt: skip
    claim = TagException(on="resource", key="class", value="secret", missing=True, objectives=("O1",))
    found = status(
        "O1",
        "s3",
        rcps=[deny],
        mode="guardrails",
        scopes={"O1": {"actions": ("s3:GetObject",)}},
        tag_exceptions=(claim,),
    )
    assert found & {"refuted", "conditional"}


def point(*statements, **more):
    return resource("arn:aws:s3:eu-west-1:ACCOUNT:accesspoint/ap", *statements, kind=Kind.ACCESS_POINT, **more)


def test_access_point_and_bucket_must_both_allow():
    """A partner needs the word of both; the bucket may leave it to its access points."""
    call = {"O1": {"actions": ("s3:GetObject",)}}
    silent = resource("arn:aws:s3:::mine")
    delegates = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "arn:aws:s3:::mine/*",
                 "Condition": {"StringEquals": {"s3:DataAccessPointAccount": MINE}}}  # fmt: skip
    open_bucket = resource("arn:aws:s3:::mine", delegates, kind=Kind.BUCKET)
    other = resource("arn:aws:s3:::other", delegates, kind=Kind.BUCKET)
    assert status("O1", "s3", resources=[point(READ), silent], scopes=call) <= {"proved", "vacuous"}
    assert "refuted" in status("O1", "s3", resources=[point(READ), open_bucket], scopes=call)
    assert status("O1", "s3", resources=[point(READ, bucket="mine"), silent, other], scopes=call) <= {
        "proved",
        "vacuous",
    }


NO_SERVICE = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Resource": "*",
    "Condition": {"Bool": {"aws:PrincipalIsAWSService": "true"}},
}
NO_ENDPOINT = {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"Null": {"aws:SourceVpce": "false"}}}
EVERYBODY = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::mine/*"}


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ([EVERYBODY], "proved"),
        ([{**EVERYBODY, "Principal": {"AWS": PARTNER}}], "refuted"),
        ([{**EVERYBODY, "Principal": {"AWS": PARTNER}}, EVERYBODY], "proved"),
        ([{"Effect": "Allow", "Principal": {"AWS": PARTNER}, "NotAction": "s3:NoSuchThing",
           "Resource": "arn:aws:s3:::mine/*"}], "refuted"),
        ([{**EVERYBODY, "Principal": {"AWS": PARTNER}, "Action": ["s3:GetObject", "s3:NoSuchThing"]}], "conditional"),
        ([{**EVERYBODY, "Condition": {"IpAddress": {"aws:SourceIp": "198.51.100.0/24"}}}], "refuted"),
        ([{**EVERYBODY, "Condition": {"IpAddress": {"aws:SourceIp": "0.0.0.0/1"}}}], "proved"),
        ([{**EVERYBODY, "Condition": {"IpAddress": {"aws:SourceIp": ["198.51.100.0/24", "2001::/16"]}}}], "proved"),
        ([{**EVERYBODY, "Condition": {"StringLike": {"aws:PrincipalArn": f"arn:aws:iam::{PARTNER}:role/*"}}}],
         "conditional"),
        ([{**EVERYBODY, "Condition": {"StringLike": {"aws:PrincipalArn": "*"}}}], "proved"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("by_account", [False, True])
def test_public_policies_serve_the_account_only(statements, expected, by_account):
    """RestrictPublicBuckets, of the bucket or the account; where the page leaves doubt, X-41 is open."""
    bucket = resource(
        "arn:aws:s3:::mine", NO_SERVICE, *statements, kind=Kind.BUCKET, block_public_access=not by_account
    )
    found = status(
        "O1",
        "s3",
        resources=[bucket],
        scopes={"O1": {"actions": ("s3:GetObject",)}},
        account={"block_public_access": by_account},
    )
    assert found <= ({expected, "vacuous"} if expected == "proved" else {expected})


@pytest.mark.parametrize(("origin", "expected"), [("internet", "proved"), ("vpc", "refuted"), (None, "refuted")])
def test_access_points_of_a_vpc_are_never_public(origin, expected):
    """Blocking public access takes nothing away from them; nor can it be counted on where the origin is not said."""
    arn = f"arn:aws:s3:eu-west-1:{MINE}:accesspoint/ap/object/*"
    delegates = {**EVERYBODY, "Condition": {"StringEquals": {"s3:DataAccessPointAccount": MINE}}}
    bucket = resource("arn:aws:s3:::mine", delegates, kind=Kind.BUCKET, block_public_access=True)
    access = point(NO_SERVICE, {**EVERYBODY, "Resource": arn}, origin=origin)
    found = status("O1", "s3", resources=[bucket, access], scopes={"O1": {"actions": ("s3:GetObject",)}})
    assert expected in found or (expected == "proved" and found <= {"proved", "vacuous"})


@pytest.mark.parametrize(
    ("action", "through"),
    [("s3:GetObject", False), ("s3:GetAccessPointPolicy", True), ("s3:PutAccessPointPolicy", True)],
)
def test_calls_about_an_access_point_of_a_vpc_come_over_any_wire(action, through):
    """Only calls on data are bound to the VPC; those of the control plane ask no bucket either."""
    allow = {"Effect": "Allow", "Action": action, "Resource": f"arn:aws:s3:eu-west-1:{MINE}:accesspoint/*"}
    app = OwnedPrincipal(
        arn=f"arn:aws:iam::{MINE}:role/app", type="role", account=MINE, policies=(policy(Kind.IDENTITY, allow),)
    )  # fmt: skip
    found = status(
        "O6", "s3", resources=[resource("arn:aws:s3:::mine"), point(NO_SERVICE, origin="vpc", bucket="mine")],
        principals=[app], scps=(NO_ROOT, NO_ENDPOINT), scopes={"O6": {"actions": (action,)}}, reading="exact",
    )  # fmt: skip
    assert ("refuted" in found) == through


@pytest.mark.parametrize(
    ("by_identity", "by_bucket", "through"), [(False, False, False), (True, False, True), (False, True, True)]
)
def test_the_bucket_behind_a_point_grants_calls_of_its_own_account(by_identity, by_bucket, through):
    """By an identity policy on the point alone (X-33), or by its own policy: that of the point is not enough (D54)."""
    arn = f"arn:aws:iam::{MINE}:role/app"
    read = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:eu-west-1:{MINE}:accesspoint/*"}
    grants = (policy(Kind.IDENTITY, read),) if by_identity else ()
    app = OwnedPrincipal(arn=arn, type="role", account=MINE, policies=grants)
    only_app = {**NO_SERVICE, "Condition": {"StringNotEquals": {"aws:PrincipalArn": arn}}}
    to_app = {"Principal": {"AWS": arn}}
    of_bucket = [{**EVERYBODY, **to_app}] if by_bucket else [NO_SERVICE]
    through_points = {**NO_SERVICE, "Condition": {"Null": {"s3:DataAccessPointArn": "true"}}}
    found = status(
        "O6", "s3", principals=[app], scps=(NO_ROOT, NO_ENDPOINT), reading="exact", rcps=(only_app, through_points),
        resources=[resource("arn:aws:s3:::mine", *of_bucket), point({**read, **to_app}, bucket="mine")],
        scopes={"O6": {"actions": ("s3:GetObject",)}},
    )  # fmt: skip
    assert ("refuted" in found) == through


def test_access_points_are_made_with_the_origin_over_any_wire():
    """An SCP that lets calls with the origin VPC through lets access points of VPCs be made from anywhere."""
    elsewhere = {
        "Effect": "Deny", "Action": "s3:*", "Resource": "*",
        "Condition": {"StringNotEqualsIfExists": {"aws:SourceVpc": "vpc-0ac00000000000001"},
                      "StringNotEquals": {"s3:AccessPointNetworkOrigin": "VPC"}},
    }  # fmt: skip
    for action, expected in (("s3:CreateAccessPoint", True), ("s3:ListBucket", False)):
        found = status(
            "O5", "s3", scps=(elsewhere, NO_ENDPOINT), mode="guardrails", reading="exact",
            scopes={"O5": {"actions": (action,)}},
            vpcs=(Vpc(id="vpc-0ac00000000000001", region="eu-west-1"),),
        )  # fmt: skip
        assert ("refuted" in found) == expected, (action, found)


@pytest.mark.parametrize(
    ("grants", "expected"),
    [
        (None, "conditional"),
        ((), "proved"),
        ((KeyGrant(grantee=f"arn:aws:iam::{PARTNER}:role/reader", operations=("Decrypt",)),), "refuted"),
        ((KeyGrant(grantee=f"arn:aws:iam::{PARTNER}:role/reader", operations=("Encrypt",)),), "proved"),
    ],
)
def test_kms_grants(grants, expected):
    """A grant that nobody listed is open (X-32); listed grants count as they are."""
    own = {"Effect": "Allow", "Principal": {"AWS": MINE}, "Action": "kms:*", "Resource": "*"}
    key = resource(KEY, own, kind=Kind.KMS, grants=grants)
    found = status("O1", "kms", resources=[key], scopes={"O1": {"actions": ("kms:Decrypt",)}})
    assert found <= ({expected, "vacuous"} if expected == "proved" else {expected})


@pytest.mark.parametrize(("action", "expected"), [("kms:Sign", "conditional"), ("kms:EnableKey", "proved")])
def test_grants_that_nobody_listed_hold_what_grants_can_hold(action, expected):
    """An outsider's call of any other action was conditional on X-32, and so was all of KMS."""
    own = {"Effect": "Allow", "Principal": {"AWS": MINE}, "Action": "kms:*", "Resource": "*"}
    found = status("O1", "kms", resources=[resource(KEY, own, kind=Kind.KMS)], scopes={"O1": {"actions": (action,)}})
    assert found <= ({expected, "vacuous"} if expected == "proved" else {expected})


def test_calls_that_aws_refuses_are_never_shown():
    """A role that may only change roles of AWS may do nothing."""
    change = {
        "Effect": "Allow",
        "Action": "iam:UpdateAssumeRolePolicy",
        "Resource": f"arn:aws:iam::{MINE}:role/aws-reserved/*",
    }
    user = OwnedPrincipal(
        arn=f"arn:aws:iam::{MINE}:user/u", type="user", account=MINE, policies=(policy(Kind.IDENTITY, change),)
    )
    assert status("O5", "iam", principals=[user]) <= {"proved", "vacuous"}


def test_guardrails_on_the_bucket_behind_an_access_point():
    """An RCP on the ARN of the bucket alone may or may not bind a call through the access point (X-44)."""
    delegates = {**EVERYBODY, "Principal": {"AWS": PARTNER}}
    bucket, access = resource("arn:aws:s3:::mine", delegates, kind=Kind.BUCKET), point(READ)
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::*"}
    call = {"O1": {"actions": ("s3:GetObject",)}}
    found = {"resources": [bucket, access], "rcps": [deny], "scopes": call}
    assert status("O1", "s3", **found) <= {"conditional"}
    assert status("O1", "s3", reading="exact", **found) <= {"proved", "vacuous"}
    both = {**deny, "Resource": ["arn:aws:s3:::*", "arn:aws:s3:*:*:accesspoint/*"]}
    assert status("O1", "s3", **{**found, "rcps": [both]}) <= {"proved", "vacuous"}
    assert status("O1", "s3", mode="guardrails", **found) <= {"conditional"}
