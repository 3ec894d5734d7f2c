"""Replay of CloudTrail events: forms of logs, events as requests, three-valued answers, what is newly blocked."""

from __future__ import annotations

import csv
import gzip
import io
import json

import pytest
from jsonschema import Draft202012Validator

from perimeter_smt import InputError, load_workspace
from perimeter_smt.cli.main import run
from perimeter_smt.questions.replay import records
from perimeter_smt.questions.replay.records import events_of
from perimeter_smt.questions.replay.replay import replay_events
from perimeter_smt.report.json import schema
from perimeter_smt.request.actions import action_info, services
from perimeter_smt.request.cloudtrail.actions import actions_of
from perimeter_smt.request.cloudtrail.callers import caller_of
from perimeter_smt.request.cloudtrail.resources import resources_of
from perimeter_smt.request.keys import table_rows

ORG, MINE, OTHER, STRANGER = "o-acme0000001", "111122223333", "444455556666", "777788889999"
ROLE = f"arn:aws:iam::{MINE}:role/app/loader"


def identity(role: str = ROLE, account: str = MINE, **more) -> dict:
    return {
        "type": "AssumedRole", "principalId": "AROAEXAMPLE:run", "accountId": account,
        "arn": f"arn:aws:sts::{account}:assumed-role/{role.rsplit('/', 1)[-1]}/run",
        "sessionContext": {
            "sessionIssuer": {"type": "Role", "arn": role, "accountId": account},
            "attributes": {"mfaAuthenticated": "false", "creationDate": "2026-11-20T08:00:00Z"},
        },
        **more,
    }  # fmt: skip


def event(**members) -> dict:
    base = {
        "eventVersion": "1.11", "eventType": "AwsApiCall", "eventID": "e-1", "eventTime": "2026-11-20T09:00:00Z",
        "userIdentity": identity(), "eventSource": "s3.amazonaws.com", "eventName": "GetObject",
        "awsRegion": "eu-west-1", "sourceIPAddress": "203.0.113.9", "recipientAccountId": MINE,
        "userAgent": "aws-cli/2",
        "requestParameters": {"bucketName": "acme-data", "key": "in/1"},
        "resources": [
            {"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::acme-data/in/1"},
            {"type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::acme-data", "accountId": MINE},
        ],
        "tlsDetails": {"tlsVersion": "TLSv1.3"},
    }  # fmt: skip
    return {name: value for name, value in {**base, **members}.items() if value is not None}


@pytest.fixture
def workspace(tmp_path):
    """Two accounts; SCPs are given per test by `with_scps`."""
    (tmp_path / "perimeter.yaml").write_text(f"orgs: [{ORG}]\n")
    return tmp_path


def with_policies(folder, *, scp: list | None = None, rcp: list | None = None, endpoint: dict | None = None):
    for name, statements in (("scp", scp), ("rcp", rcp), ("endpoint", [endpoint] if endpoint else None)):
        if statements is not None:
            policy = {"Version": "2012-10-17", "Statement": statements}
            (folder / f"{name}.json").write_text(json.dumps(policy))
    scps = "FullAWSAccess, scp.json" if scp else "FullAWSAccess"
    rcps = "RCPFullAWSAccess, rcp.json" if rcp else "RCPFullAWSAccess"
    policy = "policy: endpoint.json" if endpoint else ""
    (folder / "organization.yaml").write_text(f"""
id: {ORG}
management_account: "999999999999"
root:
  id: r-ab12
  scps: [{scps}]
  rcps: [{rcps}]
  accounts:
    - id: "{MINE}"
      principals:
        - arn: {ROLE}
      resources:
        - arn: arn:aws:s3:::acme-data
      endpoints:
        - id: vpce-0a1b2c3d4e5f60718
          vpc: vpc-0a1b2c3d4e5f60718
          region: eu-west-1
          services: [s3]
          {policy}
    - id: "{OTHER}"
    - id: "999999999999"
""")
    return load_workspace(folder)


def deny(**members) -> dict:
    return {"Sid": "No", "Effect": "Deny", "Action": "*", "Resource": "*", **members}


def one(found):
    """The only group."""
    (group,) = found.groups
    return group


NETWORK = deny(Condition={"NotIpAddressIfExists": {"aws:SourceIp": "198.51.100.0/24"}})


@pytest.mark.parametrize(
    ("statement", "members", "expected"),
    [
        (NETWORK, {}, "newly-blocked"),
        (NETWORK, {"sourceIPAddress": "198.51.100.7"}, None),
        (NETWORK, {"sourceIPAddress": "athena.amazonaws.com"}, "newly-depends"),
        (NETWORK, {"sourceIPAddress": "AWS Internal"}, "newly-depends"),
        (deny(Condition={"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}}), {}, None),
        (deny(Condition={"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}}), {"awsRegion": "us-east-1"},
         "newly-blocked"),
        (deny(Condition={"StringNotEqualsIfExists": {"aws:PrincipalTag/team": "data"}}), {}, "newly-depends"),
        (deny(Condition={"StringNotEquals": {"aws:PrincipalOrgID": ORG}}), {}, None),
        (deny(Condition={"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}), {}, "newly-blocked"),
        (deny(Condition={"Bool": {"aws:SecureTransport": "false"}}), {}, None),
        (deny(Condition={"Bool": {"aws:SecureTransport": "false"}}), {"tlsDetails": None}, "newly-depends"),
        (deny(Condition={"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/app/*"}}), {}, "newly-blocked"),
        (deny(Condition={"StringNotEqualsIfExists": {"aws:ResourceOrgID": ORG}}), {}, None),
        (deny(Condition={"Null": {"aws:SourceVpce": "true"}}), {}, "newly-blocked"),
        (deny(Condition={"StringNotEquals": {"aws:SourceVpc": "vpc-0a1b2c3d4e5f60718"}}),
         {"sourceIPAddress": "10.0.0.7", "vpcEndpointId": "vpce-0a1b2c3d4e5f60718"}, None),
        (deny(Condition={"StringEquals": {"aws:SourceAccount": MINE}}), {}, None),
        (deny(Action="s3:PutObject"), {}, None),
        (deny(Resource="arn:aws:s3:::acme-data/in/*"), {}, "newly-blocked"),
        (deny(Resource="arn:aws:s3:::acme-data/out/*"), {}, None),
        (deny(Action="sqs:*"), {}, None),
        (deny(Action="s3:ListBucket"), {"eventName": "ListObjects", "resources": None}, "newly-blocked"),
        (deny(Action="s3:ListBucket"), {"eventName": "HeadBucket"}, "newly-blocked"),
    ],
)  # fmt: skip
def test_an_scp_on_an_event(workspace, statement, members, expected):
    """What an event tells decides; what it does not tell is named."""
    found = replay_events([event(**members)], with_policies(workspace, scp=[statement]))

    assert found.outcomes.total() == 1
    assert (one(found).kind if found.groups else None) == expected
    if expected == "newly-depends":
        assert one(found).depends


def test_statements_that_together_leave_nothing_open(workspace):
    """Three-valued evaluation leaves both Deny statements open; the solver knows that one of them always matches."""
    with_tag = deny(Sid="Tagged", Condition={"StringEquals": {"aws:PrincipalTag/team": "data"}})
    without = deny(Sid="Others", Condition={"StringNotEquals": {"aws:PrincipalTag/team": "data"}})
    space = with_policies(workspace, scp=[with_tag, without])

    assert one(replay_events([event()], space)).kind == "newly-blocked"
    assert one(replay_events([event()], space, solve=False)).kind == "newly-depends"


def test_conditions_that_contradict_each_other_never_block(workspace):
    """One key cannot have two values: no value of what is missing denies."""
    never = {"StringEquals": {"aws:PrincipalTag/team": "data"}, "StringLike": {"aws:PrincipalTag/team": "web*"}}

    assert not replay_events([event()], with_policies(workspace, scp=[deny(Condition=never)])).groups


def test_owners_outside_the_organization(workspace):
    """An account that a complete workspace does not list is not mine, though nobody knows whose it is."""
    statement = deny(Condition={"StringNotEqualsIfExists": {"aws:ResourceOrgID": ORG}})
    space = with_policies(workspace, scp=[statement])
    foreign = event(
        resources=[
            {"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::their-data/x"},
            {"type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::their-data", "accountId": STRANGER},
        ]
    )
    unknown = event(resources=None, requestParameters={"bucketName": "whose-data", "key": "x"})

    assert one(replay_events([foreign], space)).kind == "newly-blocked"
    assert one(replay_events([unknown], space)).depends == ("aws:resourceorgid",)
    present = {"StringNotEquals": {"aws:ResourceOrgID": ORG}, "Null": {"aws:ResourceOrgID": "false"}}
    strict = with_policies(workspace, scp=[deny(Condition=present)])
    assert one(replay_events([foreign], strict)).kind == "newly-depends"  # the owner may be in no organization


def test_patterns_that_may_name_anybody_stay_open(workspace):
    """Nobody knows which organization a foreign account is of: a pattern over organizations may mean it."""
    foreign = event(
        resources=[
            {"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::their-data/x"},
            {"type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::their-data", "accountId": STRANGER},
        ]
    )
    for value, expected in (("o-b*", "newly-depends"), ("o-b2c3d4e5f6", "newly-depends"), (ORG, None)):
        space = with_policies(workspace, scp=[deny(Condition={"StringLike": {"aws:ResourceOrgID": value}})])
        found = replay_events([foreign], space)
        assert (one(found).kind if found.groups else None) == expected
    mine = deny(Condition={"StringNotEquals": {"aws:ResourceOrgID": "${aws:PrincipalOrgID}"}})
    assert one(replay_events([foreign], with_policies(workspace, scp=[mine]))).kind == "newly-blocked"


def test_whom_guardrails_do_not_bind(workspace):
    """Neither service-linked roles, nor the management account, nor services are under SCPs."""
    space = with_policies(workspace, scp=[deny()])
    linked = f"arn:aws:iam::{MINE}:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX"
    events = [
        event(userIdentity=identity(linked)),
        event(userIdentity=identity("arn:aws:iam::999999999999:role/admin", "999999999999")),
        event(userIdentity={"type": "AWSService", "invokedBy": "cloudtrail.amazonaws.com"}),
    ]

    assert not replay_events(events, space).groups
    assert replay_events([event()], space).exit_code == 1


def test_rcps_bind_strangers_on_my_resources(workspace):
    """The owner of the bucket decides which RCPs are asked."""
    only_mine = deny(Principal="*", Action="s3:*", Condition={"StringNotEquals": {"aws:PrincipalOrgID": ORG}})
    space = with_policies(workspace, rcp=[only_mine])
    stranger = event(userIdentity={"type": "AWSAccount", "principalId": "AROAOTHER:x", "accountId": STRANGER})
    anonymous = event(userIdentity={"type": "AWSAccount", "principalId": "", "accountId": "ANONYMOUS_PRINCIPAL"})

    assert [group.kind for group in replay_events([stranger, anonymous], space).groups] == ["newly-blocked"] * 2
    assert not replay_events([event()], space).groups


def test_endpoint_policies_are_asked(workspace):
    """The policy of the endpoint that the event names; others are named as not listed."""
    space = with_policies(
        workspace, endpoint={"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}
    )
    through = {"sourceIPAddress": "10.0.0.7", "vpcEndpointId": "vpce-0a1b2c3d4e5f60718"}

    assert not replay_events([event(**through)], space).groups
    put = one(replay_events([event(**through, eventName="PutObject")], space))
    assert put.detail == "no policy allows the call at `vpce`"
    other = replay_events([event(sourceIPAddress="10.0.0.7", vpcEndpointId="vpce-0fff")], space)
    assert dict(other.unlisted_endpoints) == {"vpce-0fff": 1}


def test_a_change_counts_only_what_it_adds(workspace, tmp_path):
    """Blocked before is not newly blocked; refused events cannot be blocked again; what opens is told."""
    before = with_policies(workspace, scp=[deny(Action="s3:GetObject")])
    (tmp_path / "after").mkdir()
    (tmp_path / "after/perimeter.yaml").write_text(f"orgs: [{ORG}]\n")
    after = with_policies(tmp_path / "after", scp=[deny(Action="s3:PutObject")])
    put, refused = event(eventName="PutObject"), event(eventName="PutObject", errorCode="AccessDenied")

    kinds = [group.kind for group in replay_events([put], before, after).groups]
    assert kinds == ["newly-blocked"]
    assert [group.kind for group in replay_events([refused], before, after).groups] == ["blocked"]
    opened = replay_events([event(errorCode="AccessDenied")], before, after)
    assert [group.kind for group in opened.groups] == ["newly-allowed"]
    assert [g.kind for g in replay_events([event()], before, before).groups] == ["blocked"]


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"eventType": "AwsServiceEvent"}, "event type AwsServiceEvent"),
        ({"eventName": "Frobnicate"}, "action not known"),
        (
            {"eventSource": "signin.amazonaws.com", "eventName": "ConsoleLogin"},
            "no call that IAM decides by one action",
        ),
        ({"userIdentity": {"type": "IdentityCenterUser", "accountId": MINE}}, "caller not known"),
        ({"userIdentity": "root"}, "caller not known"),
    ],
)
def test_what_cannot_be_mapped_is_named(workspace, members, reason):
    """Skipped events are counted by reason and name."""
    found = replay_events([event(**members)], with_policies(workspace, scp=[deny()]))

    assert [why for why, _ in found.skipped] == [reason]
    assert found.exit_code == 0


@pytest.mark.parametrize(
    ("source", "name", "expected"),
    [
        ("monitoring.amazonaws.com", "PutMetricData", ("cloudwatch:PutMetricData",)),
        ("lambda.amazonaws.com", "UpdateFunctionCode20150331v2", ("lambda:UpdateFunctionCode",)),
        ("lambda.amazonaws.com", "Invoke", ("lambda:InvokeFunction",)),
        ("s3.amazonaws.com", "ListBuckets", ("s3:ListAllMyBuckets",)),
        ("kms.amazonaws.com", "ReEncrypt", ("kms:ReEncryptFrom", "kms:ReEncryptTo")),
        ("kms.amazonaws.com.cn", "Decrypt", ("kms:Decrypt",)),
        ("apigateway.amazonaws.com", "CreateRestApi", ("apigateway:POST",)),
        ("nowhere.amazonaws.com", "Do", None),
    ],
)
def test_actions_of_events(source, name, expected):
    """Names of events that differ from those of actions, and versions behind them."""
    assert actions_of(source, name) == expected


def test_the_tables_name_known_actions():
    """Every action and service of the tables is one of the service reference."""
    rows = table_rows("cloudtrail-events")
    assert not [action for row in rows for action in row["actions"] if action_info(action) is None]
    assert {row["service"] for row in table_rows("cloudtrail-sources")} <= set(services())


def test_callers_of_events():
    """Each kind of `userIdentity` that IAM knows."""
    root = caller_of({"type": "Root", "arn": f"arn:aws:iam::{MINE}:root", "accountId": MINE})
    user = caller_of({"type": "IAMUser", "arn": f"arn:aws:iam::{MINE}:user/ann", "accountId": MINE})
    web = caller_of({"type": "WebIdentityUser", "identityProvider": "token.example.com", "principalId": "x"})

    assert (root.type, user.type, web.type) == ("root", "user", "federated-sts")
    assert caller_of(identity()).role_arn == ROLE
    assert caller_of({"type": "AWSAccount", "principalId": "AIDAX", "accountId": OTHER}).type == "user"
    assert caller_of({"type": "Directory"}) is None


def test_resources_that_parameters_name():
    """ARNs filled from the parameters, by the types of the action; else not told."""
    queue = {"queueUrl": f"https://sqs.eu-west-1.amazonaws.com/{OTHER}/jobs"}
    asked = event(resources=None, requestParameters=queue)
    assert [t.arn for t in resources_of("sqs:SendMessage", asked)] == [f"arn:aws:sqs:eu-west-1:{OTHER}:jobs"]
    assert [t.arn for t in resources_of("ec2:DescribeInstances", asked)] == ["*"]
    topic = event(resources=None, requestParameters={"name": "news"})
    assert [t.arn for t in resources_of("sns:CreateTopic", topic)] == [f"arn:aws:sns:eu-west-1:{MINE}:news"]
    assert [t.arn for t in resources_of("iam:GetRole", event(requestParameters={"roleName": "x"}, resources=None))] == [
        None
    ]
    group = event(resources=None, requestParameters={"logGroupName": "/acme/app"})
    arn = f"arn:aws:logs:eu-west-1:{MINE}:log-group:/acme/app"
    assert [t.arn for t in resources_of("logs:PutRetentionPolicy", group)] == [f"{arn}:*"]
    tagged = event(resources=None, requestParameters={"resourceArn": arn})
    assert [t.arn for t in resources_of("logs:TagResource", tagged)] == [arn]


def athena(rows: list[dict]) -> str:
    """Rows as Athena writes them."""

    def struct(value) -> str:
        if isinstance(value, dict):
            return "{" + ", ".join(f"{name.lower()}={struct(v)}" for name, v in value.items()) + "}"
        if isinstance(value, list):
            return "[" + ", ".join(struct(item) for item in value) + "]"
        return "null" if value is None else str(value)

    out = io.StringIO()
    writer = csv.DictWriter(out, [name.lower() for name in rows[0]])
    writer.writeheader()
    for row in rows:
        cells = {n: json.dumps(v) if n == "requestParameters" else struct(v) for n, v in row.items()}
        writer.writerow({name.lower(): cell for name, cell in cells.items()})
    return out.getvalue()


@pytest.fixture
def forms(tmp_path):
    """The same two events in every form, by name of the file."""
    two = [event(), event(eventID="e-2", eventName="PutObject")]
    lines = "".join(json.dumps(each) + "\n" for each in two)
    found = {
        "records.json": json.dumps({"Records": two}),
        "array.json": json.dumps(two, indent=2),
        "lines.jsonl": lines,
        "files.jsonl": json.dumps({"Records": two}) + "\n",
        "bridge.jsonl": "".join(json.dumps({"detail-type": "x", "detail": each}) + "\n" for each in two),
        "lookup.json": json.dumps({"Events": [{"CloudTrailEvent": json.dumps(each)} for each in two]}),
        "athena.csv": athena(two),
    }
    for name, text in found.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "packed.json.gz").write_bytes(gzip.compress(found["records.json"].encode()))
    return tmp_path


@pytest.mark.parametrize("large", [False, True])
def test_every_form_of_logs_holds_the_same_events(forms, workspace, monkeypatch, large):
    """Also where a file is too large to be decoded at once, and chunks end within events."""
    if large:
        monkeypatch.setattr(records, "_CHUNK", 700)
        monkeypatch.setattr(records, "_WHOLE", 20_000)
    files = sorted(path for path in forms.iterdir() if path.is_file() and "perimeter" not in path.name)
    for file in files:
        found = list(events_of([file]))
        assert [each["eventID"] for each in found] == ["e-1", "e-2"], file.name
        assert found[0]["userIdentity"]["sessionContext"]["sessionIssuer"]["arn"] == ROLE
        assert found[0]["requestParameters"] == event()["requestParameters"]


def test_large_arrays_are_cut_between_events(tmp_path, monkeypatch):
    """Packed files are read in chunks; objects inside of events are no events."""
    many = [event(eventID=f"e-{number}") for number in range(500)]
    (tmp_path / "log.json.gz").write_bytes(gzip.compress(json.dumps({"Records": many}).encode()))
    monkeypatch.setattr(records, "_CHUNK", 1000)

    assert [each["eventID"] for each in events_of([tmp_path])] == [each["eventID"] for each in many]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("bad.json", "{"),
        ("other.json", '{"a": 1}'),
        ("half.json", '{"Records": [{"eventSource": '),
        ("no.csv", "a\n1\n"),
    ],
)
def test_bad_logs(tmp_path, name, text):
    """What is no log is an error with the file."""
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match=name):
        list(events_of([tmp_path / name]))


def test_the_command(workspace, monkeypatch, capsys):
    """JSON as its schema says, text with the answer first, a policy as the change."""
    with_policies(workspace, scp=[deny(Action="sqs:*")])
    monkeypatch.chdir(workspace)
    (workspace / "log.json").write_text(json.dumps({"Records": [event(), event(eventName="Odd")]}))
    (workspace / "new.json").write_text(json.dumps({"Version": "2012-10-17", "Statement": [deny(Action="s3:Get*")]}))
    base = ["replay", "log.json", "--workspace", "."]

    assert run(base) == 0
    assert capsys.readouterr().out.startswith("0 events newly blocked")
    change = [*base, "--change", "new.json", "--type", "scp", "--attach-to", MINE]
    assert run([*change, "--json"]) == 1
    value = json.loads(capsys.readouterr().out)
    Draft202012Validator(json.loads(schema("replay"))).validate(value)
    assert value["groups"][0]["statements"][0]["file"] == "new.json"
    assert value["skipped"] == [{"reason": "action not known", "event": "s3.amazonaws.com:Odd", "count": 1}]
    assert run(change) == 1
    assert capsys.readouterr().out.startswith("1 event newly blocked")
    assert run([*base, "--change", "new.json", "--type", "scp", "--attach-to", OTHER]) == 0
    capsys.readouterr()
    for wrong in (["--attach-to", MINE], ["--change", "new.json", "--type", "scp", "--attach-to", "ou-none"]):
        assert run([*base, *wrong]) == 2
        assert capsys.readouterr().err.count("\n") == 1
