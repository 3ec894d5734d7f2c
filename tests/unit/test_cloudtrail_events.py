"""What events tell: resources by parameters, calls beside the event's own, callers, and forms of other stores."""

from __future__ import annotations

import json

import pytest

from perimeter_smt import InputError, load_workspace
from perimeter_smt.cli.main import run
from perimeter_smt.questions.replay.athena import event_of_row
from perimeter_smt.questions.replay.records import events_of
from perimeter_smt.questions.replay.replay import replay_events
from perimeter_smt.questions.requests.told import explain_event
from perimeter_smt.request.cloudtrail.actions import actions_of
from perimeter_smt.request.cloudtrail.beside import beside_of
from perimeter_smt.request.cloudtrail.callers import caller_of
from perimeter_smt.request.cloudtrail.context import known_of
from perimeter_smt.request.cloudtrail.resources import resources_of

ORG, MINE, OTHER = "o-acme0000001", "111122223333", "777788889999"
USER = {"type": "IAMUser", "accountId": MINE, "arn": f"arn:aws:iam::{MINE}:user/ops/ann", "userName": "ann"}
ROOT = {"type": "Root", "accountId": MINE, "arn": f"arn:aws:iam::{MINE}:root"}
ROLE = {
    "type": "AssumedRole", "principalId": "AROAEXAMPLE:run", "accountId": MINE,
    "arn": f"arn:aws:sts::{MINE}:assumed-role/app/run",
    "sessionContext": {"sessionIssuer": {"type": "Role", "arn": f"arn:aws:iam::{MINE}:role/app", "accountId": MINE}},
}  # fmt: skip
NO_KMS = {"Effect": "Deny", "Action": "kms:*", "Resource": "*"}
PLACE = f"eu-west-1:{MINE}"


def event(source: str, name: str, parameters: dict | None = None, **members) -> dict:
    base = {
        "eventType": "AwsApiCall", "eventID": "e-1", "eventTime": "2026-11-20T09:00:00Z", "userIdentity": ROLE,
        "eventSource": f"{source}.amazonaws.com", "eventName": name, "awsRegion": "eu-west-1",
        "sourceIPAddress": "203.0.113.9", "recipientAccountId": MINE, "requestParameters": parameters,
    }  # fmt: skip
    return {key: value for key, value in {**base, **members}.items() if value is not None}


def touched(found: dict) -> list[str | None]:
    (action,) = actions_of(found["eventSource"], found["eventName"])
    return [each.arn for each in resources_of(action, found)]


FUNCTION = f"arn:aws:lambda:{PLACE}:function:resize"
RESOURCES = {
    "a set of instances": (event("ec2", "TerminateInstances", {"instancesSet": {"items": [
        {"instanceId": "i-0a"}, {"instanceId": "i-0b"}]}}),
        [f"arn:aws:ec2:{PLACE}:instance/i-0a", f"arn:aws:ec2:{PLACE}:instance/i-0b"]),
    "a wrapped call": (event("ec2", "DeleteFlowLogs", {"DeleteFlowLogsRequest": {
        "FlowLogId": {"content": "fl-0a", "tag": 1}}}), [f"arn:aws:ec2:{PLACE}:vpc-flow-log/fl-0a"]),
    "a security group": (event("ec2", "AuthorizeSecurityGroupIngress", {"groupId": "sg-0a"}),
                         [f"arn:aws:ec2:{PLACE}:security-group/sg-0a"]),
    "a database, in lower case": (event("rds", "ModifyDBInstance", {"dBInstanceIdentifier": "Orders"}),
                                  [f"arn:aws:rds:{PLACE}:db:orders"]),
    "a parameter": (event("ssm", "GetParameter", {"name": "/app/key"}), [f"arn:aws:ssm:{PLACE}:parameter/app/key"]),
    "a secret by its name alone": (event("secretsmanager", "GetSecretValue", {"secretId": "app/key"}), [None]),
    "a secret by its ARN": (event("secretsmanager", "GetSecretValue", {
        "secretId": f"arn:aws:secretsmanager:{PLACE}:secret:app/key-AbCdEf"}),
        [f"arn:aws:secretsmanager:{PLACE}:secret:app/key-AbCdEf"]),
    "a key by an alias": (event("kms", "Encrypt", {"keyId": "alias/app"}), [None]),
    "a function": (event("lambda", "Invoke", {"functionName": "resize"}), [FUNCTION]),
    "a version of a function": (event("lambda", "Invoke", {"functionName": "resize", "qualifier": "live"}),
                                [f"{FUNCTION}:live"]),
    "a partial ARN of a function": (event("lambda", "Invoke", {"functionName": f"{OTHER}:function:resize"}),
                                    [f"arn:aws:lambda:eu-west-1:{OTHER}:function:resize"]),
    "a repository of another account": (event("ecr", "DescribeImages", {
        "repositoryName": "web", "registryId": OTHER}), [f"arn:aws:ecr:eu-west-1:{OTHER}:repository/web"]),
    "a load balancer that gets an id": (event("elasticloadbalancing", "CreateLoadBalancer", {"name": "web"}), [None]),
    "instances, not managed ones": (event("ssm", "UpdateInstanceInformation", {"instanceId": "i-0a"}),
                                    [f"arn:aws:ec2:{PLACE}:instance/i-0a"]),
    "a name that several types share": (event("network-firewall", "DescribeRuleGroup", {"Name": "web"}), [None]),
    "a user that is made": (event("iam", "CreateUser", {"userName": "bob"}), [f"arn:aws:iam::{MINE}:user/bob"]),
    "a role that is made below a path": (event("iam", "CreateRole", {"roleName": "web", "path": "/app/"}),
                                         [f"arn:aws:iam::{MINE}:role/app/web"]),
    "a user of whom the path is not told": (event("iam", "CreateAccessKey", {"userName": "bob"}), [None]),
    "oneself by name": (event("iam", "CreateAccessKey", {"userName": "ann"}, userIdentity=USER), [USER["arn"]]),
    "oneself without a name": (event("iam", "CreateAccessKey", userIdentity=USER), [USER["arn"]]),
    "a refused call tells no parameters": (event("iam", "CreateAccessKey", userIdentity=USER,
                                                 errorCode="AccessDenied"), [None]),
    "the root user himself": (event("iam", "CreateAccessKey", userIdentity=ROOT), [ROOT["arn"], None]),
    "a user by the root user": (event("iam", "CreateAccessKey", {"userName": "bob"}, userIdentity=ROOT), [None]),
}  # fmt: skip


@pytest.mark.parametrize("name", RESOURCES)
def test_resources_by_their_parameters(name):
    """ARNs that the call is checked on; what only looks like one is not told."""
    found, expected = RESOURCES[name]
    assert touched(found) == expected


def test_a_copy_writes_what_it_makes_and_reads_its_source():
    """Events list both objects under `resources`: the source is not written."""
    objects = [f"arn:aws:s3:::acme-data/{name}" for name in ("new", "old")]
    copy = event("s3", "CopyObject", {"bucketName": "acme-data", "key": "new", "x-amz-copy-source": "acme-data/old"},
                 resources=[{"type": "AWS::S3::Object", "ARN": arn} for arn in objects])  # fmt: skip
    assert touched(copy) == objects[:1]
    assert [(action, each.arn) for action, each in beside_of("s3:PutObject", copy)] == [("s3:GetObject", objects[1])]


def test_what_a_call_asks_for_beside():
    """Session tags, a source identity and passed roles are permissions of their own."""
    role = f"arn:aws:iam::{MINE}:role/web"
    assumed = event("sts", "AssumeRole", {"roleArn": role, "roleSessionName": "x", "sourceIdentity": "ann",
                                          "tags": [{"key": "team", "value": "data"}]})  # fmt: skip
    assert [(action, each.arn) for action, each in beside_of("sts:AssumeRole", assumed)] == [
        ("sts:TagSession", role),
        ("sts:SetSourceIdentity", role),
    ]
    made = event("lambda", "CreateFunction20150331", {"functionName": "resize", "role": role})
    assert [(action, each.arn) for action, each in beside_of("lambda:CreateFunction", made)] == [("iam:PassRole", role)]
    started = event("ec2", "RunInstances", {"iamInstanceProfile": {"name": "web"}})
    assert [(action, each.arn) for action, each in beside_of("ec2:RunInstances", started)] == [("iam:PassRole", None)]
    assert beside_of("ec2:DescribeInstances", started) == ()


def test_keys_that_events_tell():
    """How an instance got its credentials, who owns an endpoint, headers and parameters of S3."""
    session = {**ROLE["sessionContext"], "ec2RoleDelivery": "2.0"}
    on_instance = event("athena", "ListWorkGroups", userIdentity={**ROLE, "sessionContext": session},
                        vpcEndpointId="vpce-0a00000000000001", vpcEndpointAccountId=MINE)  # fmt: skip
    known = known_of(on_instance, caller_of(on_instance["userIdentity"]), "athena:listworkgroups")
    assert known.values["ec2:roledelivery"] == "2.0"
    assert known.values["aws:vpceaccount"] == MINE  # a service that sends it
    listed = event("s3", "ListObjects", {"bucketName": "acme-data", "prefix": "in/", "max-keys": "5", "foo": "x"},
                   vpcEndpointId="vpce-0a00000000000001", vpcEndpointAccountId=MINE)  # fmt: skip
    values = known_of(listed, caller_of(ROLE), "s3:listbucket").values
    assert (values["s3:prefix"], values["s3:max-keys"]) == ("in/", "5")
    assert "s3:foo" not in values
    assert actions_of("s3express.amazonaws.com", "ListDirectoryBuckets") == ("s3express:ListAllMyDirectoryBuckets",)


def workspace(folder, *, scp: dict | None = None, rcp: dict | None = None):
    for name, statement in (("scp", scp), ("rcp", rcp)):
        allow = {"Effect": "Allow", "Action": "*", "Resource": "*"}
        policy = {"Version": "2012-10-17", "Statement": [statement or allow]}
        (folder / f"{name}.json").write_text(json.dumps(policy))
    (folder / "perimeter.yaml").write_text(f"orgs: [{ORG}]\n")
    rcps = "RCPFullAWSAccess, rcp.json" if rcp else "RCPFullAWSAccess"
    (folder / "organization.yaml").write_text(
        f'id: {ORG}\nmanagement_account: "999900001111"\nroot:\n  id: r-ab12\n  scps: [FullAWSAccess, scp.json]\n'
        f'  rcps: [{rcps}]\n  accounts:\n  - id: "{MINE}"\n'
    )
    return load_workspace(folder)


def test_whose_resource_it_is_may_be_unknown(tmp_path):
    """An RCP binds my resources alone: where nobody knows whose bucket it is, it may bind. It was `newly blocked`."""
    space = workspace(tmp_path, rcp={"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"})
    unknown = event("s3", "GetObject", {"bucketName": "whose-data", "key": "x"})
    (group,) = replay_events([unknown], space).groups
    assert (group.kind, group.depends) == ("newly-depends", ("aws:resourceorgid",))


def test_who_is_of_the_organization_may_be_unknown(tmp_path):
    """Where not all accounts are listed, those whose log it is count as mine; a stranger is perhaps bound by SCPs."""
    deny = {"Effect": "Deny", "Action": "*", "Resource": "*"}
    space = workspace(tmp_path, scp=deny).model_copy(update={"grants_given": False})
    stranger = {"type": "AWSAccount", "principalId": "AROAOTHER:x", "accountId": OTHER}
    calls = [event("kms", "ListKeys", userIdentity=stranger)]
    (group,) = replay_events(calls, space).groups
    assert (group.kind, group.depends) == ("newly-depends", ("aws:principalorgid",))
    mine = event("kms", "ListKeys", userIdentity=stranger, recipientAccountId=OTHER)
    assert replay_events([mine], space).kinds == {"newly-blocked": 1}


def test_calls_that_tell_no_owner(tmp_path):
    """AWS lists actions without aws:ResourceAccount: a guardrail with a negated operator stops them."""
    away = {"Effect": "Deny", "Action": "*", "Resource": "*",
            "Condition": {"StringNotEquals": {"aws:ResourceAccount": MINE}}}  # fmt: skip
    space = workspace(tmp_path, scp=away)
    peering = event("ec2", "CreateVpcPeeringConnection", {"vpcId": "vpc-0a", "peerVpcId": "vpc-0b"})
    subnet = event("ec2", "DeleteSubnet", {"subnetId": "subnet-0a"})
    assert replay_events([peering], space).kinds == {"newly-blocked": 1}
    assert not replay_events([subnet], space).kinds


@pytest.mark.parametrize("code", ["ExpiredToken", "Client.AuthFailure", "SignatureDoesNotMatch", "AccessDeniedFault"])
def test_calls_that_never_got_through_are_not_newly_blocked(tmp_path, code):
    """Whoever could not prove who he is was refused already."""
    space = workspace(tmp_path, scp={"Effect": "Deny", "Action": "*", "Resource": "*"})
    assert replay_events([event("kms", "ListKeys", errorCode=code)], space).kinds == {"blocked": 1}


def test_rows_of_cloudtrail_lake(tmp_path):
    """Each cell is an object; structs are written with `=`, and a session's name may hold commas."""
    identity = (
        f"{{type=AssumedRole, principalid=AROA:a,b, arn=arn:aws:sts::{MINE}:assumed-role/app/a,b, accountid={MINE}}}"
    )
    cells = [
        {"eventSource": "s3.amazonaws.com"}, {"eventName": "GetObject"}, {"userIdentity": identity},
        {"requestParameters": "{bucketName=acme-data, key=in/1}"},
    ]  # fmt: skip
    (tmp_path / "lake.json").write_text(json.dumps({"QueryResultRows": [cells, cells]}))
    first, second = events_of([tmp_path / "lake.json"])
    assert first == second == event_of_row({name: text for cell in cells for name, text in cell.items()})
    assert first["userIdentity"]["arn"] == f"arn:aws:sts::{MINE}:assumed-role/app/a,b"
    assert first["requestParameters"] == {"bucketName": "acme-data", "key": "in/1"}


def test_events_of_security_lake(tmp_path):
    """OCSF: both places of a user's ARN, parameters as text or as data."""
    shared = {"class_uid": 6003, "time": 1795424400000, "cloud": {"region": "eu-west-1"},
              "src_endpoint": {"ip": "203.0.113.9", "uid": "vpce-0a00000000000001"}}  # fmt: skip
    product = {"product": {"name": "CloudTrail"}, "uid": "e-1", "log_name": "AwsApiCall"}
    api = {"operation": "GetObject", "service": {"name": "s3.amazonaws.com"}, "response": {"error": "AccessDenied"}}
    parameters = {"bucketName": "acme-data", "key": "in/1"}
    old = {**shared, "metadata": product, "api": api,
           "actor": {"user": {"type": "IAMUser", "uid": "AIDAEXAMPLE", "uuid": USER["arn"], "account_uid": MINE}},
           "unmapped": {"recipientAccountId": MINE, "requestParameters": json.dumps(parameters)}}  # fmt: skip
    new = {**shared, "metadata": product, "api": {**api, "request": {"data": parameters}},
           "actor": {"user": {"type": "AssumedRole", "uid": ROLE["arn"], "uid_alt": "AROAEXAMPLE:run",
                              "account": {"uid": MINE}},
                     "session": {"issuer": f"arn:aws:iam::{MINE}:role/app", "is_mfa": False}},
           "cloud": {"region": "eu-west-1", "account": {"uid": MINE}}}  # fmt: skip
    (tmp_path / "lake.jsonl").write_text("".join(json.dumps(each) + "\n" for each in (old, new)))
    first, second = events_of([tmp_path / "lake.jsonl"])
    assert caller_of(first["userIdentity"]).arn == USER["arn"]
    assert caller_of(second["userIdentity"]).role_arn == f"arn:aws:iam::{MINE}:role/app"
    assert second["userIdentity"]["sessionContext"]["attributes"] == {"mfaAuthenticated": "false"}
    for each in (first, second):
        assert (each["recipientAccountId"], each["eventTime"]) == (MINE, "2026-11-23T09:00:00Z")
        assert (each["errorCode"], each["vpcEndpointId"]) == ("AccessDenied", "vpce-0a00000000000001")
        assert touched(each) == ["arn:aws:s3:::acme-data/in/1"]


@pytest.mark.parametrize("name", ["day.parquet", "day.json.zst"])
def test_files_that_are_not_read_are_refused(tmp_path, name):
    """A folder with logs in a form that is not read is no folder without events."""
    (tmp_path / "other.json").write_text("[]")
    (tmp_path / name).write_bytes(b"PAR1")
    with pytest.raises(InputError, match="unpack or convert it first"):
        list(events_of([tmp_path]))


def test_explain_takes_every_pasted_event(tmp_path, capsys):
    """Of a log with several events only the first was explained."""
    workspace(tmp_path, scp=NO_KMS)
    calls = [event("kms", "ListKeys"), event("kms", "ListAliases"), event("signin", "ConsoleLogin")]
    lookup = {"Events": [{"CloudTrailEvent": json.dumps(each)} for each in calls]}
    for pasted in ({"Records": calls}, calls, lookup, {"detail": calls[0]}, calls[0]):
        assert run(["explain", json.dumps(pasted), "--workspace", str(tmp_path)]) == 0
        shown = capsys.readouterr()
        assert "kms:ListKeys" in shown.out
        several = isinstance(pasted, list) or "Records" in pasted or "Events" in pasted
        assert ("kms:ListAliases" in shown.out) == several
        assert ("event 3 of 3" in shown.err) == several


def test_explain_knows_no_more_than_replay(tmp_path):
    """Guardrails that may bind were left out: a call by an account that is not listed was allowed, for certain."""
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}
    space = workspace(tmp_path, scp={**NO_KMS, "Action": "kms:ListKeys"}, rcp=deny)
    part = space.model_copy(update={"grants_given": False})
    stranger = {"type": "AWSAccount", "principalId": "AROAOTHER:x", "accountId": OTHER}
    call = event("kms", "ListKeys", userIdentity=stranger)
    assert [told.outcome for told in explain_event(call, part)] == ["depends"]
    assert [told.outcome for told in explain_event({**call, "recipientAccountId": OTHER}, part)] == ["deny"]
    assert [told.outcome for told in explain_event(call, space)] == ["allow"]
    (told,) = explain_event(event("s3", "GetObject", {"bucketName": "whose-data", "key": "x"}), space)
    assert (told.outcome, told.denies[0].depends) == ("depends", ("aws:resourceorgid",))


def test_measure_tells_the_kind(tmp_path, capsys):
    """As `findings` does."""
    allow = {"Effect": "Allow", "Principal": {"AWS": OTHER}, "Action": "newservice:DoIt", "Resource": "*"}
    (tmp_path / "p.json").write_text(json.dumps({"Version": "2012-10-17", "Statement": [allow]}))
    assert run(["measure", str(tmp_path / "p.json")]) == 0
    capsys.readouterr()
    assert run(["findings", str(tmp_path / "p.json"), "--account", MINE]) == 1
    assert "newservice:DoIt (beyond the service reference" in capsys.readouterr().out
