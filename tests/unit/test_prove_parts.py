"""What lies in a listed resource, and what is another one: complete lists with types that no table row names (W-6)."""

from __future__ import annotations

import pytest

from perimeter_smt.evaluate.governs import may_lie_in
from perimeter_smt.organization.readers import values
from perimeter_smt.organization.sharing import actions_of, sharing_policy
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.questions.compare import compare
from perimeter_smt.request.actions import action_info, resource_type, resource_types
from tests.unit.test_prove_resources import MINE, NO_ROOT, OwnedPrincipal, OwnedResource, policy, resource, status

TRUST = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}


def reader(action, name, service):
    """A role that may make a call on one ARN."""
    may = {"Effect": "Allow", "Action": action, "Resource": f"arn:aws:{service}:eu-west-1:{MINE}:{name}"}
    arn = f"arn:aws:iam::{MINE}:role/reader"
    return OwnedPrincipal(
        arn=arn, account=MINE, type="role", policies=(policy(Kind.IDENTITY, may),), trust=policy(Kind.TRUST, TRUST)
    )


@pytest.mark.parametrize(
    ("listed", "asked", "action", "there"),
    [
        ("database/sensors/table/hot", "database/sensors/table/cold", "timestream:Select", False),
        ("database/sensors", "database/sensors/table/cold", "timestream:Select", True),
        ("/keyspace/shop/table/carts", "/keyspace/bills/table/carts", "cassandra:Select", False),
        ("group/web/0a1b", "group/api/0a1b", "xray:GetGroup", False),
        ("group/web/0a1b", "group/Default/9f9f", "xray:GetGroup", True),
        ("backup-vault:daily", "backup-vault:weekly", "backup:StartBackupJob", False),
        ("backup-vault:daily", "backup-vault:weekly", "backup:CreateBackupVault", True),
        ("stateMachine:bill", "stateMachine:ship", "states:StartExecution", False),
        ("cluster/shop", "task/shop/0a1b", "ecs:StopTask", True),
        ("cluster/shop", "task/bills/0a1b", "ecs:StopTask", False),
        ("cluster/shop", "task/default/0a1b", "ecs:StopTask", True),
        ("agent/AGENT12345", "agent-alias/AGENT12345/LIVE123456", "bedrock:InvokeAgent", True),
        ("agent/AGENT12345", "agent-alias/OTHER12345/LIVE123456", "bedrock:InvokeAgent", False),
        ("bot/ABCDEFGHIJ", "bot-alias/ABCDEFGHIJ/LIVEALIAS1", "lex:RecognizeText", True),
        ("bot/ABCDEFGHIJ", "bot-alias/JIHGFEDCBA/LIVEALIAS1", "lex:RecognizeText", False),
    ],
)
def test_what_a_complete_list_leaves_out_is_not_there(listed, asked, action, there):
    """A resource of another name does not exist; what may be a part of a listed one does (W-4, W-6)."""
    service = action.partition(":")[0]
    owned = resource(f"arn:aws:{service}:eu-west-1:ACCOUNT:{listed}")
    found = status(
        "O6", service, resources=[owned], principals=[reader(action, asked, service)], scps=(NO_ROOT,),
        scopes={"O6": {"actions": (action,)}},
    )  # fmt: skip
    assert ("refuted" in found) is there and not found & {"unknown", "conditional"}


@pytest.mark.parametrize(
    ("listed", "asked", "inside"),
    [
        ("agent/A1", "agent-alias/A1/L", True),
        ("agent/A1", "agent-alias/A11/L", False),
        ("agent/A1", "agent/B1", False),
        ("agent/A1", "agent/A1", True),
        ("/deep/whole/name", "/deep/whole/name/part", True),
        ("/deep/whole/name", "/deep/name", False),
        ("plain", "plain/part", True),
        ("plain", "kind/plain", True),
        ("plain", "plainer", False),
    ],
)
def test_a_part_holds_the_name_of_the_whole(listed, asked, inside):
    """The evaluator's reading of what may lie in a resource of which the table is silent."""
    listed, asked = (f"arn:aws:bedrock:eu-west-1:{MINE}:{name}" for name in (listed, asked))
    assert may_lie_in(listed, asked, owner=MINE, action="bedrock:InvokeAgent") is inside


@pytest.mark.parametrize(
    ("name", "action"),
    [
        ("bot/ABCDEFGHIJ", "lex:DescribeBot"),
        ("bot:OrderFlowers", "lex:DescribeBot"),
        ("bot-alias/ABCDEFGHIJ/LIVEALIAS1", "lex:RecognizeText"),
    ],
)
def test_types_with_two_arns(name, action):
    """Bots of both versions of Lex are there: the reference writes their ARNs into one text."""
    partner = {"Effect": "Allow", "Principal": {"AWS": "210987654321"}, "Action": action}
    owned = resource(f"arn:aws:lex:eu-west-1:ACCOUNT:{name}", {**partner, "Resource": "*"})
    assert status("O1", "lex", resources=[owned], scopes={"O1": {"actions": (action,)}}) == {"refuted"}


def test_every_type_has_one_arn():
    for service in ("lex", "apigateway", "greengrass"):
        assert all(found.arn.count("arn:") == 1 for found in resource_types(service))
    assert [use.type for use in action_info("lex:DescribeBot").resource_types] == ["bot", "bot (2)"]
    assert resource_type("lex", "bot (2)").arn.endswith(":bot:${BotName}")


def test_the_role_that_a_trail_writes_with():
    """The role of a trail is one of its own account (CreateTrail, AE9.passed-role)."""
    trust = {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "sts:AssumeRole"}
    arn = f"arn:aws:iam::{MINE}:role/trail"
    role = OwnedPrincipal(arn=arn, account=MINE, type="role", trust=policy(Kind.TRUST, trust))
    scopes = {"O1": {"actions": ("sts:AssumeRole",)}}
    assert status("O1", "sts", principals=[role], reading="exact", scopes=scopes) == {"proved"}
    assert status("O1", "sts", principals=[role], scopes=scopes) == {"conditional"}


def compared(action, service, *names):
    """How a grant on the last name more relates to one on the others."""
    arns = [f"arn:aws:{service}:eu-west-1:{MINE}:{name}" for name in names]
    before, after = (
        policy(Kind.IDENTITY, {"Effect": "Allow", "Action": action, "Resource": resources})
        for resources in (arns[:-1], arns)
    )
    return compare(before, after).relation


@pytest.mark.parametrize(
    ("service", "action", "name", "exists"),
    [
        ("dms", "dms:StartReplicationTask", "task:DEF", True),
        ("dms", "dms:StartReplicationTask", "task:a/b", True),  # AWS tells no characters of these ids
        ("dms", "dms:ModifyReplicationSubnetGroup", "subgrp:my_group.two", True),
        ("neptune-db", "neptune-db:connect", "cluster-B/*", True),
        ("iot", "iot:Publish", "topic/sensors/hot", True),
        ("glue", "glue:GetTable", "table/sales/by day", True),
        ("sqs", "sqs:SendMessage", "jobs.fifo", True),
        ("sqs", "sqs:SendMessage", "jobs.old", False),
        ("sns", "sns:Publish", "news.fifo", True),
        ("sns", "sns:Publish", "news.old", False),
    ],
)
def test_names_that_a_resource_may_have(service, action, name, exists):
    """Stars of the reference are open parts, limits of names are those of the service whose name it is (W-12)."""
    assert compared(action, service, "first", name) == ("more" if exists else "equivalent")


@pytest.mark.parametrize(
    ("arn", "through"),
    [
        ("arn:aws:ec2:*::snapshot/snap-0a1b2c3d4e5f60718", True),
        ("arn:aws:rds:*:*:snapshot:awsbackup:*", True),
        ("arn:aws:backup:*:*:recovery-point:*", True),
        ("arn:aws:sqs:*:*:*", False),
    ],
)
def test_recovery_points_have_the_arns_of_other_services(arn, through):
    """An SCP that exempts snapshots exempts the recovery points that they are (AWS Backup guide, access control)."""
    scp = {
        "Effect": "Deny", "Action": "backup:*", "NotResource": arn,
        "Condition": {"StringNotEqualsIfExists": {"aws:ResourceOrgID": "o-acme0000001"}},
    }  # fmt: skip
    scopes = {"O3": {"actions": ("backup:StartRestoreJob",)}}
    found = status("O3", "backup", scps=(scp,), mode="guardrails", scopes=scopes)
    assert ("proved" not in found) is through


def test_a_parameter_that_is_shared():
    """AWS RAM shares parameters; those who have the share read them by their ARN (GetParameter, Name)."""
    arn = f"arn:aws:ssm:eu-west-1:{MINE}:parameter/db"
    share = sharing_policy(arn, MINE, ("210987654321",), actions_of(arn), file="organization.yaml")
    shared = OwnedResource(arn=arn, account=MINE, policy=share)
    scopes = {"O1": {"actions": ("ssm:GetParameter",)}}
    assert status("O1", "ssm", resources=[shared], scopes=scopes) == {"refuted"}


def test_resources_in_a_region_that_is_none_are_refused():
    """They would be nowhere: an open queue in `eu-nord-1` was proved to admit nobody (W-2)."""
    with pytest.raises(ValueError, match="`eu-nord-1` is not a Region"):
        values.resource_arn(f"arn:aws:sqs:eu-nord-1:{MINE}:jobs")
    assert values.resource_arn("arn:aws:s3:::acme-data")
