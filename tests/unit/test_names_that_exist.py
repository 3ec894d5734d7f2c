"""Which names and forms of resources exist: lengths, periods of buckets, qualifiers, characters (W-5, W-12, W-40)."""

from __future__ import annotations

import pytest

from perimeter_smt.organization.model import OwnedResource
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.questions.compare import compare
from tests.unit.test_prove_callers import MINE, OFFICE, asked, deny, policy, workspace
from tests.unit.test_tables_of_services import BESIDE
from tests.unit.test_tables_on_trial import verdict

STRANGER = "999988887777"
NOT_MINE = {"StringNotEqualsIfExists": {"aws:ResourceOrgID": "o-acme0000001"}}
ELSEWHERE = {"NotIpAddressIfExists": {"aws:SourceIp": OFFICE}}


def only(name, action="s3:GetObject"):
    """What is said of O3 where an SCP lets nothing of strangers through but what has this name."""
    scp = {"Effect": "Deny", "Action": "*", "NotResource": f"arn:aws:{name}", "Condition": NOT_MINE}
    return verdict("O3", action, workspace(scps=(scp,)))


def outside(name, action):
    """What is said of O5 where an SCP holds the network of all calls but those on this name."""
    scp = {"Effect": "Deny", "Action": "*", "NotResource": f"arn:aws:{name}", "Condition": ELSEWHERE}
    return verdict("O5", action, workspace(scps=(scp,), cidrs=(OFFICE,), assumptions=BESIDE))


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("s3:::acme..parcels/*", "conditional"),  # in US East until March 2018
        ("s3:::acme.*.parcels/*", "refuted"),
        ("s3:::parcels-s3alias/*", "conditional"),  # aliases of access points end so
        ("s3:::*-s3alias/*", "refuted"),  # the end of a name of an object, too
        ("s3:::198.51.100.7/*", "conditional"),
        ("s3:::198.51.100.7a/*", "refuted"),
        ("s3:::xn--parcels/*", "conditional"),
        ("s3:::parcels/a-s3alias", "refuted"),
        ("s3:::acme.parcels/a..b", "refuted"),  # the name of an object
        ("s3:::parcels.*.amazonaws.com/*", "refuted"),
    ],
)
def test_names_that_no_bucket_of_today_has(name, found):
    said = only(name)
    assert said.status == found
    if found == "conditional":
        assert said.counterexamples[0].depends_on == ("AR23.bucket",)
    elif found == "refuted":
        assert ".." not in said.counterexamples[0].request.resource.partition("/")[0]


def test_a_listed_bucket_with_adjacent_periods_is_there():
    """What the organization lists exists, whatever the rules of today are."""
    grant = {"Effect": "Allow", "Principal": {"AWS": STRANGER}, "Action": "s3:GetObject", "Resource": "*"}
    bucket = OwnedResource(arn="arn:aws:s3:::acme..parcels", account=MINE, policy=policy(Kind.RESOURCE, grant))
    space = workspace(resources=(bucket,), listed=True)
    found = asked("O1", "s3", space, mode="grants").verdicts[0]
    assert found.status == "refuted"


@pytest.mark.parametrize(
    ("kind", "length"), [("role", 64), ("user", 64), ("policy", 128), ("group", 128), ("instance-profile", 128)]
)
@pytest.mark.parametrize("path", ["", "teams/a/"])
@pytest.mark.parametrize("beyond", [0, 1])
def test_names_in_iam_have_a_length(kind, length, path, beyond):
    """A path before the name may be longer; `iam:*` of the type is stopped for all names that can be."""
    action = {
        "role": "iam:GetRole", "user": "iam:GetUser", "policy": "iam:GetPolicy", "group": "iam:GetGroup",
        "instance-profile": "iam:GetInstanceProfile",
    }[kind]  # fmt: skip
    said = outside(f"iam::*:{kind}/{path}{'n' * (length + beyond)}", action)
    assert said.status == ("proved" if beyond else "refuted")


@pytest.mark.parametrize(("name", "opens"), [("a" * 64, True), ("a" * 65, False), (f"{'p' * 80}/a", True)])
def test_no_caller_has_a_longer_name(name, opens):
    """A guardrail that exempts a role by a name that no role has exempts nobody."""
    exempt = {**ELSEWHERE, "ArnNotLike": {"aws:PrincipalArn": f"arn:aws:iam::*:role/{name}"}}
    space = workspace(scps=(deny(exempt),), cidrs=(OFFICE,), assumptions=BESIDE)
    assert verdict("O5", "sqs:SendMessage", space).status == ("refuted" if opens else "proved")


@pytest.mark.parametrize(("length", "relation"), [(64, "more"), (65, "equivalent")])
def test_comparisons_know_how_long_names_are(length, relation):
    left = policy(Kind.SCP, deny({}, action="iam:GetRole", resource=f"arn:aws:iam::*:role/{'b' * length}"))
    right = policy(Kind.SCP, deny({}, action="iam:GetRole", resource="arn:aws:iam::*:role/bb"))
    both = policy(
        Kind.SCP,
        deny({}, action="iam:GetRole", resource=[f"arn:aws:iam::*:role/{'b' * length}", "arn:aws:iam::*:role/bb"]),
    )
    assert compare(both, right).relation == relation
    assert compare(both, left).relation == "more"


@pytest.mark.parametrize(
    ("action", "name", "found"),
    [
        ("lambda:CreateFunction", "lambda:*:*:function:orders:live", "conditional"),
        ("lambda:CreateFunction", "lambda:*:*:function:orders", "refuted"),
        ("lambda:UpdateFunctionCode", "lambda:*:*:function:orders:7", "conditional"),
        ("lambda:InvokeFunction", "lambda:*:*:function:orders:live", "refuted"),
        ("lambda:GetFunction", "lambda:*:*:function:orders:7", "refuted"),
        ("lambda:UpdateAlias", "lambda:*:*:function:orders:live", "refuted"),  # no page tells
        ("lambda:PublishLayerVersion", "lambda:*:*:layer:tools:3", "conditional"),
        ("states:CreateStateMachine", "states:*:*:stateMachine:orders:live", "conditional"),
        ("states:StartExecution", "states:*:*:stateMachine:orders:live", "refuted"),
    ],
)
def test_what_takes_a_name_alone_is_asked_on_no_alias(action, name, found):
    said = outside(name, action)
    assert said.status == found
    if found == "conditional":
        assert said.counterexamples[0].depends_on == ("AE14",)


@pytest.mark.parametrize(
    ("action", "name", "found"),
    [
        ("rds:CreateDBSnapshot", "rds:*:*:snapshot:rds:orders-2026", "refuted"),
        ("rds:DeleteDBInstance", "rds:*:*:db:orders-1", "refuted"),
        ("rds:DeleteDBInstance", "rds:*:*:db:orders/1", "proved"),
        ("sagemaker:InvokeEndpoint", "sagemaker:*:*:endpoint/orders_1", "proved"),
        ("sagemaker:InvokeEndpoint", "sagemaker:*:*:endpoint/orders-1", "refuted"),
        ("sagemaker:DescribeModelPackage", "sagemaker:*:*:model-package/orders/3", "refuted"),
        ("sagemaker:DescribeWorkteam", "sagemaker:*:*:workteam/private-crowd/labels", "refuted"),
        ("glue:GetRegistry", "glue:*:*:registry/a b", "proved"),
        ("glue:GetSchema", "glue:*:*:schema/a/b", "refuted"),
        ("athena:GetWorkGroup", "athena:*:*:workgroup/a:b", "proved"),
        ("events:DescribeApiDestination", "events:*:*:api-destination/a/0b1c", "refuted"),
        ("ec2:DeleteKeyPair", "ec2:*:*:key-pair/a:b", "refuted"),  # up to 255 ASCII characters
    ],
)
def test_characters_of_names(action, name, found):
    assert only(name, action).status == found


@pytest.mark.parametrize("behalf", [MINE, STRANGER])
def test_a_regional_name_of_a_trusted_service_says_the_line_to_add(behalf):
    regional = "logs.eu-west-1.amazonaws.com"
    grant = {
        "Effect": "Allow", "Principal": {"Service": regional}, "Action": "sqs:SendMessage", "Resource": "*",
        "Condition": {"StringEquals": {"aws:SourceAccount": behalf}},
    }  # fmt: skip
    queue = OwnedResource(arn=f"arn:aws:sqs:eu-west-1:{MINE}:jobs", account=MINE, policy=policy(Kind.RESOURCE, grant))

    def of(*services):
        space = workspace(resources=(queue,), listed=True, services=services)
        held = tuple(name for name in space.perimeter.accepted if name != "service-principals")
        space = space.model_copy(update={"perimeter": space.perimeter.model_copy(update={"accepted": held})})
        return asked("O1", "sqs", space, mode="grants").verdicts[0]

    said = of("logs.amazonaws.com")
    assert said.status != "proved"
    assert (f"services: [{regional}]" in said.counterexamples[0].why) is (behalf == MINE)
    assert "services: [" not in of("sns.amazonaws.com").counterexamples[0].why
    assert (of("logs.amazonaws.com", regional).status == "proved") is (behalf == MINE)
