"""Tags, owners and names of what is listed: verdicts with grants."""

from __future__ import annotations

import pytest

from perimeter_smt.organization.model import Account, Guardrails, Organization, OwnedPrincipal, Unit
from perimeter_smt.organization.perimeter import Perimeter, TagException, Workspace
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.questions.perimeter import prove
from tests.unit.test_prove_resources import MANAGEMENT, MINE, ORG, PARTNER, READ, policy, resource, status


@pytest.mark.parametrize(("tags", "through"), [({"team": "red"}, True), ({}, False)])
def test_tags_of_a_resource_are_its_tags_without_complete_lists_too(tags, through):
    """A listed queue has the tags of the file and no others, whatever else the account may have (W-7)."""
    by_tag = {**READ, "Condition": {"StringEquals": {"aws:ResourceTag/team": "red"}}}
    queue = resource("arn:aws:sqs:eu-west-1:ACCOUNT:bills", by_tag, tags=tags)
    others = {"Effect": "Deny", "Principal": "*", "Action": "sqs:*", "NotResource": queue.arn}
    root = Unit(
        id="r-root", guardrails=Guardrails(rcps=(policy(Kind.RCP, others),)),
        accounts=(Account(id=MINE, resources=(queue,)), Account(id=MANAGEMENT, listed=True)),
    )  # fmt: skip
    space = Workspace(
        organization=Organization(id=ORG, management_account=MANAGEMENT, root=root),
        perimeter=Perimeter(
            orgs=(ORG,), accepted=("management-account", "service-linked-roles", "service-principals"),
            scopes={"O1": {"actions": ("sqs:SendMessage",)}},
        ),
        name="resources",
    )  # fmt: skip
    report = prove(space, objectives=["O1"], services=("sqs",), mode="grants", availability=False, reading="exact")
    assert ("refuted" in {v.status for v in report.verdicts}) == through


@pytest.mark.parametrize(("group", "expected"), [("ledger", "proved"), ("orders", "refuted")])
def test_log_groups_that_are_not_listed_do_not_exist(group, expected):
    """A policy may decide calls on every log group; other groups than those listed do not exist all the same."""
    named = {**READ, "Action": "logs:FilterLogEvents", "Resource": f"arn:aws:logs:eu-west-1:{MINE}:log-group:{group}:*"}
    listed = resource("arn:aws:logs:eu-west-1:ACCOUNT:log-group:orders", named)
    assert status("O1", "logs", resources=[listed], reading="exact") == {expected}


@pytest.mark.parametrize(
    ("tags", "reading", "expected"),
    [
        ({"level": "secret"}, "exact", "proved"),
        ({"Level": "secret"}, "exact", "proved"),
        ({"level": "secret"}, "over", "conditional"),
        ({"level": "open"}, "over", "refuted"),
        ({}, "over", "refuted"),
    ],
)
@pytest.mark.parametrize(
    ("arn", "action"),
    [
        ("arn:aws:secretsmanager:eu-west-1:ACCOUNT:secret:pay-AbCdEf", "secretsmanager:DescribeSecret"),
        ("arn:aws:sqs:eu-west-1:ACCOUNT:pay", "sqs:ReceiveMessage"),
        ("arn:aws:logs:eu-west-1:ACCOUNT:log-group:pay", "logs:FilterLogEvents"),
    ],
)
def test_a_tag_that_a_resource_has_is_in_the_calls_on_it(arn, action, tags, reading, expected):
    """A Deny for resources with a tag holds for those that have it, by the key's page (AK1.there, W-7)."""
    service = action.partition(":")[0]
    tagged = {
        "Effect": "Deny", "Principal": "*", "Action": f"{service}:*", "Resource": "*",
        "Condition": {"StringEquals": {"aws:ResourceTag/level": "secret"}},
    }  # fmt: skip
    scopes = {"O1": {"actions": (action,)}}
    owned = resource(arn, READ, tags=tags)
    assert status("O1", service, resources=[owned], rcps=[tagged], reading=reading, scopes=scopes) == {expected}


@pytest.mark.parametrize(("tags", "expected"), [({"open": "1"}, "refuted"), ({"open": "0"}, "proved"), ({}, "proved")])
@pytest.mark.parametrize(
    ("arn", "action", "key"),
    [
        ("arn:aws:secretsmanager:eu-west-1:ACCOUNT:secret:pay-AbCdEf", "secretsmanager:GetSecretValue",
         "secretsmanager:ResourceTag/open"),
        ("arn:aws:ecr:eu-west-1:ACCOUNT:repository/pay", "ecr:BatchGetImage", "ecr:ResourceTag/Open"),
    ],
)  # fmt: skip
def test_keys_of_a_service_for_tags_are_those_of_the_file(arn, action, key, tags, expected):
    """`secretsmanager:ResourceTag/open` is a tag of the secret as `aws:ResourceTag/open` is (W-7)."""
    service = action.partition(":")[0]
    exempt = {
        "Effect": "Deny", "Principal": "*", "Action": f"{service}:*", "Resource": "*",
        "Condition": {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": ORG, key: "1"}},
    }  # fmt: skip
    owned = resource(arn, {**READ, "Action": action}, tags=tags)
    scopes = {"O1": {"actions": (action,)}}
    assert status("O1", service, resources=[owned], rcps=[exempt], scopes=scopes) == {expected}


@pytest.mark.parametrize(
    ("tags", "missing", "expected"),
    [
        ({"open": "yes"}, False, "vacuous"),
        ({"open": "no"}, False, "refuted"),
        ({}, False, "refuted"),
        ({"open": "yes"}, True, "refuted"),
        ({}, True, "vacuous"),
    ],
)
def test_an_exception_by_a_tag_of_the_file(tags, missing, expected):
    """A listed queue has its tags whether or not the call carries the key: nobody tests it here (W-7)."""
    queue = resource("arn:aws:sqs:eu-west-1:ACCOUNT:pay", {**READ, "Action": "sqs:SendMessage"}, tags=tags)
    exception = TagException(on="resource", key="open", value="yes", missing=missing)
    scopes = {"O1": {"actions": ("sqs:SendMessage",)}}
    found = status("O1", "sqs", resources=[queue], scopes=scopes, tag_exceptions=(exception,))
    assert found <= ({"vacuous", "proved"} if expected == "vacuous" else {expected})


@pytest.mark.parametrize(("way", "expected"), [("chosen", "vacuous"), ("rival", "refuted")])
def test_grants_that_nobody_told_where_the_perimeter_settles_them(way, expected):
    """X-32 settled the rival way: a grant may cover the call, in the replay, too."""
    own = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{MINE}:root"}, "Action": "kms:*", "Resource": "*"}
    key = resource("arn:aws:kms:eu-west-1:ACCOUNT:key/0a1b2c3d-1111-2222-3333-444455556666", own, kind=Kind.KMS)
    settled = {"readings": {"X-32": way}}
    found = status("O1", "kms", resources=[key], scopes={"O1": {"actions": ("kms:Decrypt",)}}, **settled)
    assert ("refuted" in found) is (expected == "refuted")


def test_a_tag_that_a_role_has_is_in_the_calls_on_it():
    """The tags of a role that is taken are in sts:AssumeRole (AK1.there)."""
    trust = policy(Kind.TRUST, {"Effect": "Allow", "Principal": {"AWS": PARTNER}, "Action": "sts:AssumeRole"})
    arn = f"arn:aws:iam::{MINE}:role/pay"
    role = OwnedPrincipal(arn=arn, account=MINE, type="role", trust=trust, tags={"level": "secret"})
    tagged = {
        "Effect": "Deny", "Principal": "*", "Action": "sts:*", "Resource": "*",
        "Condition": {"StringEquals": {"aws:ResourceTag/level": "secret"}},
    }  # fmt: skip
    scopes = {"O1": {"actions": ("sts:AssumeRole",)}}
    assert status("O1", "sts", principals=[role], rcps=[tagged], reading="exact", scopes=scopes) == {"proved"}


@pytest.mark.parametrize(("owner", "reading", "expected"), [
    (MINE, "exact", "proved"), (MINE, "over", "conditional"), (PARTNER, "exact", "refuted"),
])  # fmt: skip
def test_the_policy_of_a_new_topic_is_for_its_account(owner, reading, expected):
    """aws:SourceOwner is the account that calls, or for which a service calls (AR5.owner)."""
    statement = {
        "Effect": "Allow", "Principal": {"AWS": "*"}, "Action": ["SNS:Publish", "SNS:Subscribe"],
        "Resource": f"arn:aws:sns:eu-west-1:{MINE}:news", "Condition": {"StringEquals": {"AWS:SourceOwner": owner}},
    }  # fmt: skip
    topic = resource("arn:aws:sns:eu-west-1:ACCOUNT:news", statement)
    found = status("O1", "sns", resources=[topic], reading=reading, scopes={"O1": {"actions": ("sns:Publish",)}})
    assert found == {expected}


def test_services_have_no_user_id():
    """What a fixed aws:userid lets in is no service (AP11.service)."""
    statement = {
        "Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*",
        "Condition": {"StringEquals": {"aws:userid": MINE}},
    }  # fmt: skip
    queue = resource("arn:aws:sqs:eu-west-1:ACCOUNT:bills", statement)
    scopes = {"O1": {"actions": ("sqs:SendMessage",)}}
    assert status("O1", "sqs", resources=[queue], scps=(), reading="exact", scopes=scopes) == {"proved"}
    assert status("O1", "sqs", resources=[queue], scps=(), reading="over", scopes=scopes) == {"conditional"}


def test_a_role_that_a_policy_names_has_no_other_spelling():
    """The role that the queue lets in is the one that the RCP denies: there is no second of its name (W-13)."""
    role = f"arn:aws:iam::{PARTNER}:role/audit"
    letting = {"Effect": "Allow", "Principal": {"AWS": role}, "Action": "sqs:*", "Resource": "*"}
    denied = {
        "Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Resource": "*",
        "Condition": {"ArnEquals": {"aws:PrincipalArn": role}},
    }  # fmt: skip
    queue = resource("arn:aws:sqs:eu-west-1:ACCOUNT:bills", letting)
    scopes = {"O1": {"actions": ("sqs:SendMessage",)}}
    assert status("O1", "sqs", resources=[queue], rcps=[denied], scopes=scopes) == {"vacuous"}  # nobody at all
