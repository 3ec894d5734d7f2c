"""Shapes of CloudTrail records beside the plain call: network activity, insights, digests, kinds of identities."""

from __future__ import annotations

import json

import pytest

from perimeter_smt import load_workspace
from perimeter_smt.cli.main import run
from perimeter_smt.errors import InputError
from perimeter_smt.questions.replay import replay as module
from perimeter_smt.questions.replay.leftovers import Solver
from perimeter_smt.questions.replay.records import events_of
from perimeter_smt.questions.replay.replay import replay_events

ORG, MINE, OTHER = "o-acme0000001", "111122223333", "777788889999"
ENDPOINT = "vpce-0a00000000000001"
USER = f"arn:aws:iam::{MINE}:user/ann"
ISSUER = {"type": "Role", "principalId": "AROAEXAMPLE", "arn": f"arn:aws:iam::{MINE}:role/app", "accountId": MINE}
ROLE = {
    "type": "AssumedRole", "principalId": "AROAEXAMPLE:run", "accountId": MINE,
    "arn": f"arn:aws:sts::{MINE}:assumed-role/app/run", "sessionContext": {"sessionIssuer": ISSUER},
}  # fmt: skip


def event(**members) -> dict:
    base = {
        "eventVersion": "1.11", "eventType": "AwsApiCall", "eventID": "e-1", "eventTime": "2026-11-20T09:00:00Z",
        "userIdentity": ROLE, "eventSource": "kms.amazonaws.com", "eventName": "ListKeys", "awsRegion": "eu-west-1",
        "sourceIPAddress": "203.0.113.9", "recipientAccountId": MINE,
    }  # fmt: skip
    return {name: value for name, value in {**base, **members}.items() if value is not None}


@pytest.fixture
def workspace(tmp_path):
    """One account of which an SCP takes kms:ListKeys away, for callers from outside a range."""
    statement = {"Effect": "Deny", "Action": "kms:ListKeys", "Resource": "*",
                 "Condition": {"NotIpAddressIfExists": {"aws:SourceIp": "198.51.100.0/24"}}}  # fmt: skip
    (tmp_path / "scp.json").write_text(json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    (tmp_path / "perimeter.yaml").write_text(f"orgs: [{ORG}]\n")
    (tmp_path / "organization.yaml").write_text(
        f'id: {ORG}\nmanagement_account: "999900001111"\nroot:\n  id: r-ac00\n  name: root\n'
        f'  scps: [FullAWSAccess, scp.json]\n  accounts:\n  - id: "{MINE}"\n    name: app\n'
    )
    return load_workspace(tmp_path)


@pytest.mark.parametrize("kind", ["AwsVpceEvent", "AwsVpceEvents"])  # the guide's example, its list of types
def test_network_activity_that_the_endpoint_refused(workspace, kind):
    """An endpoint's refusal has a code of its own: what did not get through is not newly blocked."""
    there = {"eventType": kind, "eventCategory": "NetworkActivity", "vpcEndpointId": ENDPOINT}
    refused = event(**there, sourceIPAddress="10.0.0.7", errorCode="VpceAccessDenied")
    found = replay_events([refused], workspace)
    assert found.kinds == {"blocked": 1}
    assert found.exit_code == 0
    passed = replay_events([event(**there, sourceIPAddress="10.0.0.7")], workspace)
    assert passed.exit_code == 1
    assert passed.unlisted_endpoints == {ENDPOINT: 1}


IDENTITIES = {
    "user": ({"type": "IAMUser", "accountId": MINE, "arn": f"arn:aws:iam::{MINE}:user/ann", "userName": "ann"}, 1),
    "root": ({"type": "Root", "accountId": MINE, "arn": f"arn:aws:iam::{MINE}:root"}, 1),
    "federated": ({"type": "FederatedUser", "accountId": MINE, "arn": f"arn:aws:sts::{MINE}:federated-user/ann",
                   "sessionContext": {"sessionIssuer": {"type": "IAMUser", "arn": USER}}}, 1),
    "somebody else": ({"type": "AWSAccount", "principalId": "AROAOTHER:run", "accountId": OTHER}, 0),
    "service": ({"type": "AWSService", "invokedBy": "config.amazonaws.com"}, 0),
    "saml": ({"type": "SAMLUser", "principalId": "x:ann", "userName": "ann", "identityProvider": "x"}, 0),
    "web": ({"type": "WebIdentityUser", "principalId": "accounts.example:c:ann", "identityProvider": "accounts"}, 0),
    "identity center": ({"type": "IdentityCenterUser", "accountId": MINE, "credentialId": "c"}, None),
    "unknown": ({"type": "Unknown", "principalId": "x"}, None),
    "nothing": ({}, None),
}  # fmt: skip


@pytest.mark.parametrize("name", IDENTITIES)
def test_whom_the_scp_binds(workspace, name):
    """Members of the account are blocked, others are not bound, whom IAM does not know is named and not judged."""
    identity, blocked = IDENTITIES[name]
    found = replay_events([event(userIdentity=identity)], workspace)
    if blocked is None:
        assert found.skipped == {("caller not known", "kms.amazonaws.com:ListKeys"): 1}
    else:
        assert found.kinds["newly-blocked"] == blocked
        assert not found.skipped


def test_what_is_handed_on_by_a_service(workspace):
    """A call that a service makes for somebody carries the service's name as its address: the range is no answer."""
    handed = event(sourceIPAddress="athena.amazonaws.com", userIdentity={**ROLE, "invokedBy": "athena.amazonaws.com"})
    assert not replay_events([handed], workspace).kinds["newly-blocked"]


def test_records_that_are_no_calls(workspace, tmp_path):
    """Insights, sign-ins and service events are counted by type; a digest holds no event."""
    records = [
        {"eventVersion": "1.08", "eventType": "AwsCloudTrailInsight", "eventCategory": "Insight", "eventID": "i",
         "insightDetails": {"state": "Start", "eventSource": "ec2.amazonaws.com", "eventName": "RunInstances"}},
        event(eventType="AwsConsoleSignIn", eventSource="signin.amazonaws.com", eventName="ConsoleLogin"),
        event(eventType="AwsServiceEvent", eventName="RotateKey", userIdentity={"invokedBy": "AWS Internal"}),
    ]  # fmt: skip
    (tmp_path / "insight.json").write_text(json.dumps({"Records": records}))
    (tmp_path / "digest.json").write_text(
        json.dumps({"awsAccountId": MINE, "digestStartTime": "2026-11-20T08:00:00Z", "logFiles": []})
    )
    found = replay_events(events_of([tmp_path / "insight.json", tmp_path / "digest.json"]), workspace)
    assert {reason for reason, _ in found.skipped} == {
        "event type AwsCloudTrailInsight", "event type AwsConsoleSignIn", "event type AwsServiceEvent",
    }  # fmt: skip
    assert found.events == 3


def test_what_a_copy_reads(tmp_path):
    """The source of a copy is asked about as well: a bucket that nobody may read stops the copy."""
    deny = {"Effect": "Deny", "Action": "s3:GetObject*", "Resource": "arn:aws:s3:::acme-vault/*"}
    (tmp_path / "scp.json").write_text(json.dumps({"Version": "2012-10-17", "Statement": [deny]}))
    (tmp_path / "perimeter.yaml").write_text(f"orgs: [{ORG}]\n")
    (tmp_path / "organization.yaml").write_text(
        f'id: {ORG}\nmanagement_account: "999900001111"\nroot:\n  id: r-ab12\n'
        f'  scps: [FullAWSAccess, scp.json]\n  accounts:\n  - id: "{MINE}"\n'
    )
    space = load_workspace(tmp_path)
    sources = {
        "acme-vault/a%20b": 1,
        "/acme-vault/x?versionId=v1": 1,
        "acme-data/x": 0,
        f"arn:aws:s3:eu-west-1:{MINE}:accesspoint/vault/object/x": 0,
    }
    for copied, blocked in sources.items():
        parameters = {"bucketName": "acme-data", "key": "y", "x-amz-copy-source": copied}
        found = replay_events(
            [event(eventSource="s3.amazonaws.com", eventName="CopyObject", requestParameters=parameters)], space
        )
        assert found.kinds["newly-blocked"] == blocked, copied


def test_a_byte_order_mark(tmp_path):
    """As PowerShell writes it."""
    (tmp_path / "log.json").write_bytes(b"\xef\xbb\xbf" + json.dumps({"Records": [event()]}).encode())
    assert len(list(events_of([tmp_path / "log.json"]))) == 1


def test_counts_go_beyond_the_groups_kept(workspace, monkeypatch, tmp_path, capsys):
    """Memory is bounded by leaving out groups: totals and the exit code count their events all the same."""
    monkeypatch.setattr(module, "_MOST_GROUPS", 2)
    roles = [{**ROLE, "sessionContext": {"sessionIssuer": {**ISSUER, "arn": f"arn:aws:iam::{MINE}:role/r{n}"}}}
             for n in range(5)]  # fmt: skip
    refused = [event(userIdentity=who, errorCode="AccessDenied") for who in roles[:2]]
    (tmp_path / "log.json").write_text(json.dumps(refused + [event(userIdentity=who) for who in roles[2:]]))
    monkeypatch.chdir(tmp_path)
    assert run(["replay", "log.json", "--workspace", ".", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["counts"]["newly-blocked"] == 3
    assert (len(told["groups"]), told["more_groups"]) == (2, 3)


def test_questions_are_about_one_service(workspace, monkeypatch):
    """What is left to the solver is posed for the service of the call, not for every call that AWS has."""
    from perimeter_smt.questions.replay import leftovers

    asked = []
    old = leftovers.pose
    monkeypatch.setattr(leftovers, "pose", lambda *args, **more: asked.append(more["services"]) or old(*args, **more))
    nowhere = event(userIdentity={**ROLE, "invokedBy": "athena.amazonaws.com"}, sourceIPAddress="athena.amazonaws.com")
    replay_events([nowhere], workspace)
    assert asked == [("kms",)]
    assert Solver("aws").asked == 0


def test_interrupted(workspace, monkeypatch, tmp_path, capsys):
    """Ctrl-C shows what was judged until then and ends with 130; progress is told on the way."""

    def events():
        yield event()
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "events_of", lambda _: events())
    (tmp_path / "log.json").write_text("[]")
    monkeypatch.chdir(tmp_path)
    assert run(["replay", "log.json", "--workspace", "."]) == 130
    assert capsys.readouterr().out.startswith("1 event newly blocked, 0 perhaps")
    told = []
    replay_events([event()] * 2000, workspace, progress=lambda *state: told.append(state[0]))
    assert told == ["1,000 events", "2,000 events"]


def test_what_wraps_an_event(tmp_path):
    """Messages of queues and topics, log events and rows of a query hold events as text."""
    one = event()
    bridge = json.dumps({"detail-type": "AWS API Call via CloudTrail", "detail": one})
    wrapped = {
        "sqs.json": {"Messages": [{"MessageId": "m", "Body": bridge}]},
        "lambda.json": {"Records": [{"messageId": "m", "body": bridge, "eventSource": "aws:sqs"}]},
        "sns.json": {"Messages": [{"Body": json.dumps({"Type": "Notification", "Message": bridge})}]},
        "logs.json": {"events": [{"timestamp": 1, "message": json.dumps(one)}]},
        "subscription.json": {"messageType": "DATA_MESSAGE", "logEvents": [{"id": "1", "message": json.dumps(one)}]},
        "lake.json": {"QueryStatus": "FINISHED", "QueryResultRows": [[{"eventJson": json.dumps(one)}]]},
    }
    for name, value in wrapped.items():
        (tmp_path / name).write_text(json.dumps(value))
        assert list(events_of([tmp_path / name])) == [one], name
    control = {"messageType": "CONTROL_MESSAGE", "logEvents": [{"id": "", "message": "Checking health"}]}
    (tmp_path / "control.json").write_text(json.dumps(control))
    assert list(events_of([tmp_path / "control.json"])) == []
    (tmp_path / "other.json").write_text(json.dumps({"Messages": [{"Body": "hello"}]}))
    with pytest.raises(InputError, match="no CloudTrail event"):
        list(events_of([tmp_path / "other.json"]))
