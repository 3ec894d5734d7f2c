"""AWS's custom policy checks: results as AWS words them, reasons by statement, requests that replay."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft202012Validator

from perimeter_smt import (
    InputError,
    Kind,
    access_not_granted,
    access_not_granted_in_workspace,
    decide,
    findings_of_workspace,
    load_workspace,
    no_new_access,
    no_public_access,
    public_in_workspace,
)
from perimeter_smt.cli.main import run
from perimeter_smt.organization.readers import SourceOptions, read_source
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.questions.checks.grants import reached
from perimeter_smt.report.json import schema
from perimeter_smt.request import actions
from perimeter_smt.witness.replay import allows

ORG, MINE, OTHER = "o-acme0000001", "111122223333", "444455556666"
NARROW = "203.0.113.0/24"


def document(kind: Kind, *statements: dict):
    policy = {"Version": "2012-10-17", "Statement": list(statements)}
    return parse_object(policy, kind, file="policy.json", name="policy")


def bucket(*statements: dict):
    base = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::acme-site/*"}
    whole = ({**base, **statement} for statement in statements)
    return document(Kind.BUCKET, *({name: v for name, v in one.items() if v is not None} for one in whole))


def where(**conditions: dict) -> dict:
    return {"Condition": {name.replace("__", ":"): block for name, block in conditions.items()}}


PRIVATE = {
    "an account": [{"Principal": {"AWS": OTHER}}],
    "an organization": [where(StringEquals={"aws:PrincipalOrgID": ORG})],
    "below a unit": [where(ForAnyValue__StringLike={"aws:PrincipalOrgPaths": f"{ORG}/r-ab12/*"})],
    "the owner's organization": [where(StringEquals={"aws:PrincipalOrgID": "${aws:ResourceOrgID}"})],
    "a range": [where(IpAddress={"aws:SourceIp": NARROW})],
    "a VPC": [where(StringEquals={"aws:SourceVpc": "vpc-1a2b3c4d"})],
    "roles of an account": [where(ArnLike={"aws:PrincipalArn": f"arn:aws:iam::{OTHER}:role/*"})],
    "sessions of a role": [where(StringLike={"aws:userid": "AROAABCDEFGHIJKLMNOPQ:*"})],
    "a topic of an account": [where(ArnLike={"aws:SourceArn": f"arn:aws:sns:us-east-1:{OTHER}:*"})],
    "a service": [{"Principal": {"Service": "cloudtrail.amazonaws.com"}}],
    "denied to others": [{}, {"Effect": "Deny", **where(StringNotEquals={"aws:PrincipalOrgID": ORG})}],
    "denied but to one": [{}, {"Effect": "Deny", "Principal": None, "NotPrincipal": {"AWS": OTHER}}],
}  # fmt: skip
PUBLIC = {
    "everybody": ([{}], [0]),
    "any organization": ([where(StringLike={"aws:PrincipalOrgID": "o-*"})], [0]),
    "half the internet": ([where(IpAddress={"aws:SourceIp": "0.0.0.0/1"})], [0]),
    "wider than a private range": ([where(IpAddress={"aws:SourceIp": "10.0.0.0/7"})], [0]),
    "absent passes": ([where(StringEqualsIfExists={"aws:SourceVpc": "vpc-1a2b3c4d"})], [0]),
    "encrypted": ([where(Bool={"aws:SecureTransport": "true"})], [0]),
    "a tag that anybody sets": ([where(StringEquals={"aws:PrincipalTag/team": "web"})], [0]),
    "a role of any account": ([where(ArnLike={"aws:PrincipalArn": "arn:aws:iam::*:role/Admin"})], [0]),
    "all but one": ([where(StringNotEquals={"aws:PrincipalAccount": OTHER})], [0]),
    "the second of two": ([where(IpAddress={"aws:SourceIp": NARROW}), {"Sid": "Any"}], [1]),
    "a Deny beside": ([{}, {"Effect": "Deny", **where(Bool={"aws:SecureTransport": "false"})}], [0]),
}


@pytest.mark.parametrize("name", PRIVATE)
def test_pinned_policies_are_not_public(name):
    """A caller or place that is written out is no stranger."""
    assert no_public_access(bucket(*PRIVATE[name]), resource_type="AWS::S3::Bucket").result == "PASS"


@pytest.mark.parametrize("name", PUBLIC)
def test_public_policies_name_statement_and_request(name):
    """FAIL names the statements that let strangers in, with a request that the policy allows."""
    statements, expected = PUBLIC[name]
    policy = bucket(*statements)
    found = no_public_access(policy, resource_type="AWS::S3::Bucket")

    assert (found.result, [reason.statement_index for reason in found.reasons]) == ("FAIL", expected)
    assert allows(policy, found.evidence.request)


def test_only_calls_of_the_resource_type_count():
    """What a bucket policy says of queues opens no bucket."""
    policy = document(Kind.RESOURCE, {"Effect": "Allow", "Principal": "*", "Action": "sqs:*", "Resource": "*"})

    assert no_public_access(policy, resource_type="AWS::S3::Bucket").result == "PASS"
    assert no_public_access(policy, resource_type="AWS::SQS::Queue").result == "FAIL"


def test_unknown_resource_types_are_refused():
    """As AWS's check refuses them."""
    with pytest.raises(InputError, match="did you mean `AWS::SQS::Queue`"):
        no_public_access(bucket({}), resource_type="AWS::SQS::Que")


READ = {"Sid": "Read", "Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::acme-a/*"}
TAGGED = {
    "Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::acme-a/*",
    "Condition": {"StringEquals": {"aws:PrincipalTag/team": "web"}},
}  # fmt: skip


@pytest.mark.parametrize(
    ("actions", "resources", "expected"),
    [
        (["s3:DeleteObject"], [], [1]),
        (["s3:GetObject"], [], [0, 1]),
        (["sqs:SendMessage", "s3:GetObject"], ["arn:aws:s3:::acme-a/secret"], [0, 1]),
        (["s3:GetObject"], ["arn:aws:s3:::acme-b/*"], []),
        ([], ["arn:aws:s3:::acme-a/x"], [0, 1]),
        (["sqs:*"], [], []),
    ],
)
def test_access_not_granted_counts_any_action_on_any_resource(actions, resources, expected):
    """Actions alone on any resource, resources alone with any action, both together."""
    found = access_not_granted(document(Kind.IDENTITY, READ, TAGGED), actions=actions, resources=resources)

    assert [reason.statement_index for reason in found.reasons] == expected
    assert found.result == ("FAIL" if expected else "PASS")


@pytest.mark.parametrize(
    ("access", "message"),
    [({}, "no access"), ({"actions": ["x"] * 101}, "100 at most"), ({"resources": ["acme"]}, "is no ARN")],
)
def test_an_access_that_aws_refuses(access, message):
    """An empty access, too many entries, and what is no ARN."""
    with pytest.raises(InputError, match=message):
        access_not_granted(document(Kind.IDENTITY, READ), **access)


def test_no_new_access_names_what_is_new():
    """The statement that grants more, and PASS the other way round."""
    less, more = document(Kind.IDENTITY, READ), document(Kind.IDENTITY, READ, TAGGED)
    found = no_new_access(less, more)

    assert (found.result, [reason.statement_index for reason in found.reasons]) == ("FAIL", [1])
    assert found.evidence.through[0].index == 1
    assert no_new_access(more, less).result == "PASS"


def test_a_deny_that_goes_is_new_access():
    """Reasons are the statements of the new policy that then allow."""
    deny = {"Effect": "Deny", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::acme-a/secret"}
    found = no_new_access(document(Kind.IDENTITY, READ, deny), document(Kind.IDENTITY, READ))

    assert found.result == "FAIL"
    assert [reason.statement_id for reason in found.reasons] == ["Read"]


@pytest.fixture
def workspace(tmp_path):
    """An account with two buckets, a queue, and a role below a boundary and an SCP."""

    def write(name: str, *statements: dict) -> str:
        (tmp_path / name).write_text(json.dumps({"Version": "2012-10-17", "Statement": list(statements)}))
        return name

    anybody = {"Effect": "Allow", "Principal": "*"}
    write("open.json", {**anybody, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::acme-open/*"})
    write("blocked.json", {**anybody, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::acme-blocked/*"})
    write("queue.json", {**anybody, "Action": "sqs:SendMessage", "Resource": "*"})
    write("rcp.json", {
        "Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Resource": "*",
        "Condition": {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": ORG},
                      "BoolIfExists": {"aws:PrincipalIsAWSService": "false"}},
    })  # fmt: skip
    write("scp.json", {"Effect": "Deny", "Action": "s3:DeleteBucket", "Resource": "*"})
    write("all.json", {"Sid": "All", "Effect": "Allow", "Action": "*", "Resource": "*"})
    write("edge.json", {"Effect": "Allow", "Action": ["s3:*", "sqs:*"], "Resource": "*"})
    (tmp_path / "perimeter.yaml").write_text(f"orgs: [{ORG}]\n")
    (tmp_path / "organization.yaml").write_text(f"""
id: {ORG}
management_account: "999999999999"
root:
  id: r-ab12
  scps: [FullAWSAccess, scp.json]
  rcps: [RCPFullAWSAccess, rcp.json]
  accounts:
    - id: "{MINE}"
      principals:
        - arn: arn:aws:iam::{MINE}:role/edge
          policies: [all.json]
          boundary: edge.json
      resources:
        - {{arn: "arn:aws:s3:::acme-open", policy: open.json}}
        - {{arn: "arn:aws:s3:::acme-blocked", policy: blocked.json, block_public_access: true}}
        - {{arn: "arn:aws:sqs:us-east-1:{MINE}:jobs", policy: queue.json}}
""")
    return tmp_path


def test_public_in_a_workspace_counts_rcps_and_block_public_access(workspace):
    """The open bucket fails with a case that replays; the others are held back, by name."""
    found = {check.subject: check for check in public_in_workspace(load_workspace(workspace))}

    assert found["arn:aws:s3:::acme-open"].result == "FAIL"
    assert decide(found["arn:aws:s3:::acme-open"].evidence.case).allowed
    assert found["arn:aws:s3:::acme-blocked"].held_back == "RestrictPublicBuckets"
    queue = found[f"arn:aws:sqs:us-east-1:{MINE}:jobs"]
    assert queue.result == "FAIL"  # a service that acts for a stranger passes the RCP
    assert queue.evidence.request.principal.type == "service"


@pytest.mark.parametrize(
    ("action", "result"),
    [("s3:PutObject", "FAIL"), ("s3:DeleteBucket", "PASS"), ("kms:Decrypt", "PASS"), ("sqs:SendMessage", "FAIL")],
)
def test_principals_are_checked_under_boundary_and_scps(workspace, action, result):
    """An action that the boundary does not allow, or an SCP denies, is not granted."""
    (found,) = access_not_granted_in_workspace(load_workspace(workspace), actions=[action])

    assert found.result == result
    if result == "FAIL":
        assert decide(found.evidence.case).allowed
        assert found.reasons[0].statement_id == "All"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["public", "open.json"], 1),
        (["public", "open.json", "--resource-type", "AWS::S3::Bucket"], 1),
        (["public", "."], 1),
        (["public", "all.json"], 2),
        (["public", "missing.json"], 2),
        (["access-not-granted", "all.json", "--actions", "s3:GetObject,sqs:*"], 1),
        (["access-not-granted", "all.json", "--policy-type", "IDENTITY_POLICY", "--actions", "s3:GetObject"], 1),
        (["access-not-granted", ".", "--actions", "kms:Decrypt"], 0),
        (["access-not-granted", "all.json"], 2),
        (["no-new-access", "edge.json", "all.json"], 1),
        (["no-new-access", "all.json", "edge.json", "--only-possible"], 0),
    ],
)
def test_commands(workspace, monkeypatch, capsys, arguments, code):
    """Exit codes as everywhere, JSON as its schema says, one line for bad input."""
    monkeypatch.chdir(workspace)

    assert run([*arguments, "--json"]) == code
    out, err = capsys.readouterr()
    if code == 2:
        assert not out and err.startswith("error: ") and err.count("\n") == 1
        return
    value = json.loads(out)
    Draft202012Validator(json.loads(schema("check"))).validate(value)
    assert value["result"] == {0: "PASS", 1: "FAIL"}[code]
    assert run(arguments) == code
    assert capsys.readouterr().out.startswith(value["result"])


def test_the_table_of_resource_types_has_known_services():
    """Each service of the table is one of the service reference."""
    from perimeter_smt.questions.checks.public import resource_types
    from perimeter_smt.request.actions import services

    assert {s for _, found in resource_types().values() for s in found} <= set(services())


@pytest.mark.parametrize(
    ("kind", "effect", "action", "expected"),
    [
        (Kind.RESOURCE, "Allow", ["sqs:SendMessage", "SNS:Publish"], ("sns", "sqs")),
        (Kind.RESOURCE, "Allow", ["s*:Get*"], actions.services()),
        (Kind.SCP, "Deny", ["sqs:SendMessage"], None),  # AWS's own full access stands beside it
    ],
)
def test_only_services_that_the_policy_can_allow_are_looked_at(kind, effect, action, expected):
    statement = {"Effect": effect, "Action": action, "Resource": "*"}
    if kind is Kind.RESOURCE:
        statement["Principal"] = "*"
    deny = {"Effect": "Deny", "NotAction": "sqs:*", "Resource": "*"} | (
        {"Principal": "*"} if kind is Kind.RESOURCE else {}
    )
    assert reached(document(kind, statement, deny)) == expected


@pytest.mark.parametrize(
    ("actions", "said"),
    [
        ("s3:GetObjekt", "unknown action `s3:GetObjekt`, did you mean `s3:GetObject`?"),
        ("s3:Got*", "unknown action `s3:Got*`"),
        ("sss:GetObject", "unknown service `sss`"),
        ("s3:get*,iam:PassRole,*", ""),
    ],
)
def test_actions_that_aws_does_not_have(actions, said, tmp_path, capsys):
    """They are asked about as they stand, and named."""
    (tmp_path / "p.json").write_text(
        json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]})
    )
    words = ["access-not-granted", str(tmp_path / "p.json"), "--policy-type", "IDENTITY_POLICY"]
    assert run([*words, "--actions", actions]) == 0
    err = capsys.readouterr().err
    assert err.startswith(f"note: --actions: {said}") if said else not err
    assert run([*words, "--resources", "arn:aws:s3"]) == 2
    assert run([*words, "--resources", "arn:aws:s3*"]) == 0


def test_a_policy_that_is_not_read_does_not_pass(tmp_path):
    """`public` and `findings` passed a template in which a policy for everybody stood in a type that is not read."""
    closed = {"Statement": [{"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "*", "Resource": "*"}]}
    everybody = {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]}
    template = {"Resources": {
        "Queue": {"Type": "AWS::SQS::Queue"},
        "Closed": {"Type": "AWS::SQS::QueuePolicy", "Properties": {"Queues": [{"Ref": "Queue"}],
                                                                   "PolicyDocument": closed}},
        "Unread": {"Type": "AWS::Logs::ResourcePolicy", "Properties": {"PolicyDocument": json.dumps(everybody)}},
    }}  # fmt: skip
    (tmp_path / "t.json").write_text(json.dumps(template))
    options = SourceOptions(organization_id="o-acme0000001", management_account="999900001111", account="111122223333")
    workspace = read_source(tmp_path / "t.json", options)
    found = {check.subject: check.result for check in public_in_workspace(workspace)}
    assert found["policy of `Unread`"] == "UNKNOWN"
    assert [result for subject, result in found.items() if "sqs" in subject] == ["PASS"]
    answer = findings_of_workspace(workspace)
    assert (answer.exit_code, answer.findings) == (3, ())
    assert "policy of `Unread`" in answer.reason
