"""Why requests are allowed or denied: smallest changes, smallest supports, messages and events as they are pasted."""

from __future__ import annotations

import json
from itertools import combinations

import pytest
from jsonschema import Draft202012Validator

from perimeter_smt import InputError, decide, explain_case, explain_event, explain_message, load_workspace, read_case
from perimeter_smt.cli.main import run
from perimeter_smt.questions.requests.filled import Filler
from perimeter_smt.report.json import schema
from perimeter_smt.request.denied_message import read_message

ORG, MINE, OTHER = "o-acme0000001", "111122223333", "444455556666"
USER = f"arn:aws:iam::{MINE}:user/ann"
SESSION = f"arn:aws:sts::{MINE}:assumed-role/loader/run"
ALL = {"Effect": "Allow", "Action": "*", "Resource": "*"}


def policy(*statements: dict) -> dict:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def case(policies: dict, **request):
    base = {
        "principal": {"type": "user", "arn": USER, "account": MINE},
        "action": "s3:GetObject", "resource": "arn:aws:s3:::acme-data/x", "resource_account": MINE, "context": {},
    }  # fmt: skip
    return read_case({"policies": policies, "request": {**base, **request}}, file="case.json", default_id="1")


def sids(some) -> list:
    return [change.statement.sid if change.statement else change.slot for change in some]


def test_every_deny_must_pass_and_every_slot_allow():
    """Two Deny statements and the level without Allow; besides the boundary, or a policy of the resource that names the
    user, which boundaries do not limit.
    """
    found = explain_case(case({
        "identity": [policy(ALL, {"Sid": "Own", "Effect": "Deny", "Action": "s3:Get*", "Resource": "*"})],
        "boundary": policy({"Sid": "Edge", "Effect": "Allow", "Action": "s3:Put*", "Resource": "*"}),
        "scp": [[policy(ALL)], [policy({"Sid": "Root", "Effect": "Deny", "Action": "s3:*", "Resource": "*",
                                        "Condition": {"Null": {"aws:SourceVpce": "true"}}})]],
    }))  # fmt: skip

    assert [sids(some) for some in found.changes] == [
        ["Own", "Root", "resource", "scp[1]"],
        ["Own", "Root", "boundary", "scp[1]"],
    ]
    some = found.changes[1]
    assert some[1].holds == ("`Null aws:SourceVpce` `true` holds: the key is absent",)
    assert [near.statement.sid for near in some[2].near] == ["Edge"]
    assert some[2].near[0].failed == ("action `s3:GetObject` is none of `s3:Put*`",)


def test_a_grant_may_come_from_either_side():
    """Within an account an identity policy or the policy of the resource suffices; across accounts both are needed."""
    within = explain_case(case({"scp": [[policy(ALL)]]}))
    across = explain_case(case({}, resource_account=OTHER))

    assert [sids(some) for some in within.changes] == [["identity"], ["resource"]]
    assert [sids(some) for some in across.changes] == [["identity", "resource"]]


def test_a_policy_of_the_resource_that_names_the_account_may_name_the_caller():
    """Regression: a slot in which some Allow matches was never said to be one to change (semantics 3.4)."""
    account = {"Effect": "Allow", "Principal": {"AWS": MINE}, "Action": "s3:*", "Resource": "*"}
    found = explain_case(case({"identity": [], "resource": policy(account)}))
    assert {tuple(c.slot for c in some) for some in found.changes} == {("identity",), ("resource",)}


def test_a_federated_user_may_be_given_a_session_policy():
    """Regression: without one it holds nothing of the user's, and only the resource's policy was named."""
    caller = {"type": "federated-user", "arn": f"arn:aws:sts::{MINE}:federated-user/bob", "account": MINE,
              "user_arn": f"arn:aws:iam::{MINE}:user/ann"}  # fmt: skip
    grant = policy({"Effect": "Allow", "Action": "s3:*", "Resource": "*"})
    found = explain_case(case({"identity": [grant]}, principal=caller))
    assert {tuple(c.slot for c in some) for some in found.changes} == {("session",), ("resource",)}


def test_an_allow_that_failed_by_its_condition_is_nearest():
    """The condition that failed is named with the value of the request."""
    narrow = {**ALL, "Sid": "Net", "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}}
    found = explain_case(case({"identity": [policy(narrow)]}, context={"aws:SourceIp": "198.51.100.4"}))

    near = found.changes[0][0].near[0]
    assert near.failed == ("condition `IpAddress aws:SourceIp`: value `198.51.100.4` lies in none of `203.0.113.0/24`",)


def test_what_no_policy_can_allow():
    """A service's refusal is said, and no changes are listed."""
    found = explain_case(case({"identity": [policy(ALL)]}, action="sts:AssumeRole", resource_account=MINE,
                              principal={"type": "root", "arn": f"arn:aws:iam::{MINE}:root", "account": MINE},
                              resource=f"arn:aws:iam::{MINE}:role/x"))  # fmt: skip

    assert not found.decision.allowed
    assert not found.changes
    assert found.stuck == "the root user cannot assume roles"


def test_what_an_allow_rests_on():
    """Either of two identity statements, with the only one of the SCP."""
    found = explain_case(case({
        "identity": [policy({**ALL, "Sid": "A"}, {"Sid": "B", "Effect": "Allow", "Action": "s3:*", "Resource": "*"})],
        "scp": [[policy({**ALL, "Sid": "S"})]],
    }))  # fmt: skip

    assert sorted(sorted(each.sid for each in some) for some in found.rests_on) == [["A", "S"], ["B", "S"]]


@pytest.mark.parametrize("seed", range(12))
def test_supports_and_changes_are_smallest(seed):
    """Every set is enough, and no set that is smaller is: asked of the evaluator with the statements left out."""
    import random

    draw = random.Random(seed)
    pool = [
        {"Effect": draw.choice(["Allow", "Deny"]), "Action": draw.choice(["s3:*", "s3:Get*", "sqs:*"]), "Resource": "*",
         "Sid": f"S{number}"}
        for number in range(8)
    ]  # fmt: skip
    slots = {"identity": [policy(*pool[:3])], "boundary": policy(*pool[3:5]), "scp": [[policy(*pool[5:])]]}
    found = explain_case(case(slots))

    def allowed(kept: set[str]) -> bool:
        def cut(document: dict) -> dict:
            return policy(*(s for s in document["Statement"] if s["Effect"] == "Deny" or s["Sid"] in kept))

        left = {"identity": [cut(slots["identity"][0])], "boundary": cut(slots["boundary"]),
                "scp": [[cut(slots["scp"][0][0])]]}  # fmt: skip
        return decide(case({n: v for n, v in left.items()})).allowed  # noqa: C416

    for some in found.rests_on:
        names = {each.sid for each in some}
        assert allowed(names)
        assert not any(allowed(set(less)) for less in combinations(names, len(names) - 1))
    assert bool(found.rests_on) == found.decision.allowed
    assert found.decision.allowed or found.changes


MESSAGES = {
    f"User: {USER} is not authorized to perform: s3:GetObject on resource: arn:aws:s3:::acme-data/x with an explicit "
    "deny in a service control policy": ("scp", True, "arn:aws:s3:::acme-data/x", None),
    f"An error occurred (AccessDenied) when calling the ListRoles operation: User: {SESSION} is not authorized to "
    f"perform: iam:ListRoles on resource: arn:aws:iam::{MINE}:role/* with an explicit deny in a service control "
    f"policy: arn:aws:organizations::999999999999:policy/{ORG}/service_control_policy/p-ab12cd34": (
        "scp", True, f"arn:aws:iam::{MINE}:role/*",
        f"arn:aws:organizations::999999999999:policy/{ORG}/service_control_policy/p-ab12cd34"),
    f"User: {USER} is not authorized to perform: sqs:SendMessage on resource: \"arn:aws:sqs:eu-west-1:{MINE}:jobs\" "
    "because no identity-based policy allows the sqs:SendMessage action": (
        "identity", False, f"arn:aws:sqs:eu-west-1:{MINE}:jobs", None),
    f"User: {USER} is not authorized to perform: s3:GetObject with an explicit deny in a VPC endpoint policy": (
        "vpce", True, None, None),
    f"User: {SESSION} is not authorized to perform: sts:TagSession on resource: arn:aws:iam::{MINE}:role/x because no "
    "session policy allows the sts:TagSession action": ("session", False, f"arn:aws:iam::{MINE}:role/x", None),
    f"User: {USER} is not authorized to perform: kms:Decrypt on resource: * because no permissions boundary allows the "
    "kms:Decrypt action": ("boundary", False, "*", None),
    f"User: {USER} is not authorized to perform: s3:PutObject on resource: arn:aws:s3:::a/b with an explicit deny in a "
    "resource control policy": ("rcp", True, "arn:aws:s3:::a/b", None),
    f"User: {USER} is not authorized to perform: s3:PutObject on resource: arn:aws:s3:::a/b because no resource-based "
    "policy allows the s3:PutObject action": ("resource", False, "arn:aws:s3:::a/b", None),
    f"User: {USER} is not authorized to perform: s3:PutObject on resource: arn:aws:s3:::a/b": (
        None, None, "arn:aws:s3:::a/b", None),
    f"User: {USER} is not authorized to perform: s3:PutObject on resource: arn:aws:s3:::a/b with an explicit deny": (
        None, True, "arn:aws:s3:::a/b", None),
    f"User: {USER} is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::{OTHER}:role/x with an "
    "explicit deny in the role trust policy": ("resource", True, f"arn:aws:iam::{OTHER}:role/x", None),
    f"User: {USER} is not authorized to perform: \nsts:AssumeRole because the role trust policy allows the "
    "sts:AssumeRole action": ("resource", False, None, None),
    f"User: {SESSION} is not authorized to perform: sqs:SendMessage on resource: arn:aws:sqs:eu-west-1:{MINE}:jobs "
    "with an explicit deny in an identity-based policy (Service: Sqs, Status Code: 403, Request ID: 1-2)": (
        "identity", True, f"arn:aws:sqs:eu-west-1:{MINE}:jobs", None),
    f"User: {SESSION} is not authorized to perform: \nsns:Publish on resource: arn:aws:sns:us-east-1:{OTHER}:t \nwith "
    "an explicit deny in a VPC endpoint policy transitively through a service control policy": (
        "scp", True, f"arn:aws:sns:us-east-1:{OTHER}:t", None),
    f"User: {USER}\nAction: iam:ListUsers\nOn resource(s): arn:aws:iam::{MINE}:user/\nContext: no identity-based "
    "policy allows the iam:ListUsers action": ("identity", False, f"arn:aws:iam::{MINE}:user/", None),
    f"User: {USER}\nAction: iam:ListUsers\nOn resource(s): arn:aws:iam::{MINE}:user/\nContext: a service control "
    "policy explicitly denies the action": ("scp", True, f"arn:aws:iam::{MINE}:user/", None),
}  # fmt: skip


@pytest.mark.parametrize("text", MESSAGES)
def test_forms_of_messages(text):
    """Type of policy, Deny or missing Allow, resource, ARN of the policy."""
    found = read_message(text)

    assert (found.slot, found.explicit, found.resource, found.policy) == MESSAGES[text]


def test_encoded_messages():
    """Named as what AWS alone can decode; with a caller and action the rest is read."""
    text = f"You are not authorized to perform this operation. User: {USER} is not authorized to perform: " \
           f"ec2:RunInstances on resource: arn:aws:ec2:eu-west-1:{MINE}:instance/* with an explicit deny in a " \
           "service control policy. Encoded authorization failure message: XQ_jqde5"  # fmt: skip
    found = read_message(text)

    assert (found.encoded, found.slot, found.explicit) == (True, "scp", True)
    with pytest.raises(InputError, match="AWS alone can decode"):
        read_message("You are not authorized to perform this operation. Encoded authorization failure message: XQ_jq")
    with pytest.raises(InputError, match="no caller and no action"):
        read_message("An error occurred (AccessDenied) when calling the GetObject operation: Access Denied")


@pytest.fixture
def workspace(tmp_path):
    """One role that may read, under an SCP with a network and a tag rule."""
    files = {
        "read.json": policy({"Sid": "Read", "Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}),
        "scp.json": policy(
            {"Sid": "Net", "Effect": "Deny", "Action": "s3:*", "Resource": "*",
             "Condition": {"NotIpAddressIfExists": {"aws:SourceIp": "203.0.113.0/24"}}},
            {"Sid": "Queues", "Effect": "Deny", "Action": "sqs:*", "Resource": "*"},
        ),
    }  # fmt: skip
    for name, value in files.items():
        (tmp_path / name).write_text(json.dumps(value))
    (tmp_path / "perimeter.yaml").write_text(f"orgs: [{ORG}]\n")
    (tmp_path / "organization.yaml").write_text(f"""
id: {ORG}
management_account: "999999999999"
root:
  id: r-ab12
  scps: [FullAWSAccess, scp.json]
  accounts:
    - id: "{MINE}"
      principals:
        - {{arn: "arn:aws:iam::{MINE}:role/app/loader", policies: [read.json]}}
      resources:
        - arn: arn:aws:s3:::acme-data
""")
    return tmp_path


def test_cases_filled_from_a_workspace(workspace):
    """Account, organization, role and policies come from the workspace; what it does not hold is assumed, and said."""
    filler = Filler(load_workspace(workspace))
    asked = case(
        {},
        principal={"type": "role-session", "arn": SESSION},
        context={"aws:SourceIp": "203.0.113.9"},
        resource_account=None,
    )
    filled = filler.case(asked)

    assert filled.request.principal.role_arn == f"arn:aws:iam::{MINE}:role/app/loader"
    assert filled.request.resource_account == MINE
    assert filled.request.context["aws:PrincipalOrgID"] == ORG
    assert decide(filled).allowed
    assert not filler.assumed(filled)
    stranger = filler.case(case({}, principal={"type": "user", "account": OTHER}, context={}))
    assert filler.assumed(stranger) == (
        "the caller's own policies are not told: they are taken to allow the call",
        "the access control lists of arn:aws:s3:::acme-data are presumed to be disabled (AE7.acl): nobody told",
    )


def test_a_message_on_the_policy_of_an_endpoint_that_it_does_not_name(workspace):
    """The policies of endpoints that serve the service are tried; before, the workspace was said to hold none."""
    organization = {"StringEquals": {"aws:ResourceOrgID": ORG}}
    mine = policy({**ALL, "Sid": "Mine", "Principal": "*", "Condition": organization})
    (workspace / "endpoint.json").write_text(json.dumps(mine))
    place = "vpc: vpc-0ac00001, region: eu-west-1, policy: endpoint.json"
    with (workspace / "organization.yaml").open("a") as file:
        file.write(f"""      endpoints:
        - {{id: vpce-0ac00002, services: [sqs], {place}}}
        - {{id: vpce-0ac00001, services: [s3], {place}}}
""")
    text = f"User: {SESSION} is not authorized to perform: s3:GetObject on resource: arn:aws:s3:::acme-other/x "
    space = load_workspace(workspace)
    told = explain_message(read_message(text + "because no VPC endpoint policy allows the s3:GetObject action"), space)

    assert told.agrees
    assert sids(told.blamed) == ["Mine"]
    assert told.blamed[0].depends == ("aws:resourceorgid",)
    assert told.assumptions[-1] == "which endpoint is not told: of those that are listed `vpce-0ac00001` may be meant"
    denied = explain_message(read_message(text + "with an explicit deny in a VPC endpoint policy"), space)
    assert not denied.agrees


def test_a_message_names_the_statements_that_fit(workspace):
    """The Deny that may match by an address, the keys it depends on; a type that no policy fits."""
    space = load_workspace(workspace)
    text = f"User: {SESSION} is not authorized to perform: s3:GetObject on resource: arn:aws:s3:::acme-data/x "
    denied = explain_message(read_message(text + "with an explicit deny in a service control policy"), space)
    other = explain_message(read_message(text + "with an explicit deny in a resource control policy"), space)

    assert denied.outcome == "depends"
    assert [(s.statement.sid, s.depends) for s in denied.blamed] == [("Net", ("aws:sourceip",))]
    assert denied.agrees
    assert not other.agrees


def test_a_message_about_a_missing_allow(workspace):
    """The slot that lacks an Allow agrees with what AWS says."""
    text = f"User: {SESSION} is not authorized to perform: s3:PutObject on resource: arn:aws:s3:::acme-data/x " \
           "because no identity-based policy allows the s3:PutObject action"  # fmt: skip
    found = explain_message(read_message(text), load_workspace(workspace))

    assert [slot for slot, _ in found.lacking] == ["identity"]
    assert found.agrees
    assert found.outcome == "deny"


def test_an_event_tells_more_than_a_message(workspace):
    """The address of the event decides."""
    event = {
        "eventType": "AwsApiCall", "eventSource": "s3.amazonaws.com", "eventName": "GetObject",
        "awsRegion": "eu-west-1", "sourceIPAddress": "198.51.100.3", "errorCode": "AccessDenied",
        "errorMessage": f"User: {SESSION} is not authorized to perform: s3:GetObject on resource: "
        "\"arn:aws:s3:::acme-data/x\" with an explicit deny in a service control policy",
        "userIdentity": {
            "type": "AssumedRole", "arn": SESSION, "accountId": MINE, "principalId": "AROAEXAMPLE:run",
            "sessionContext": {"sessionIssuer": {"type": "Role", "arn": f"arn:aws:iam::{MINE}:role/app/loader"}},
        },
        "requestParameters": {"bucketName": "acme-data", "key": "x"}, "recipientAccountId": MINE,
    }  # fmt: skip
    (found,) = explain_event(event, load_workspace(workspace))

    assert found.outcome == "deny"
    assert [(s.statement.sid, s.surely) for s in found.blamed] == [("Net", True)]
    (coded,) = explain_event(
        {**event, "errorMessage": "Encoded authorization failure message: XQ"}, load_workspace(workspace)
    )
    assert "can be decoded by AWS alone" in coded.assumptions[-1]


def test_the_command(workspace, monkeypatch, capsys):
    """A case, a message and an event, each as text and as JSON by its schema; bad input in one line."""
    monkeypatch.chdir(workspace)
    validator = Draft202012Validator(json.loads(schema("explanation")))
    message = f"User: {SESSION} is not authorized to perform: sqs:SendMessage on resource: " \
              f"arn:aws:sqs:eu-west-1:{MINE}:jobs with an explicit deny in a service control policy"  # fmt: skip
    request = {"principal": {"type": "role-session", "arn": SESSION}, "action": "s3:GetObject",
               "resource": "arn:aws:s3:::acme-data/x"}  # fmt: skip
    (workspace / "case.json").write_text(json.dumps({"request": request}))
    (workspace / "message.txt").write_text(message)
    for given, code, start in ((message, 0, "deny: "), ("message.txt", 0, "deny: "), ("case.json", 0, "deny: ")):
        assert run(["explain", given, "--workspace", "."]) == code
        assert capsys.readouterr().out.startswith(start)
        assert run(["explain", given, "--workspace", ".", "--json"]) == code
        validator.validate(json.loads(capsys.readouterr().out))
    for wrong in (["explain", message], ["explain", "hello there", "--workspace", "."], ["explain", "none.json"]):
        assert run(wrong) == 2
        assert capsys.readouterr().err.count("\n") == 1


def test_reasons_that_are_no_statements(tmp_path):
    """S3 guide, Block Public Access: nobody of another account gets through, whatever is allowed."""
    allow = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::acme-shut/*"}
    (tmp_path / "bucket.json").write_text(json.dumps(policy(allow)))
    (tmp_path / "perimeter.yaml").write_text(f"orgs: [{ORG}]\n")
    (tmp_path / "organization.yaml").write_text(
        f"id: {ORG}\nmanagement_account: '999999999999'\nroot:\n  id: r-ab12\n  accounts:\n    - id: '{MINE}'\n"
        "      principals: []\n      resources: [{arn: 'arn:aws:s3:::acme-shut', policy: bucket.json,"
        " block_public_access: true}]\n"
    )
    space = load_workspace(tmp_path)
    text = (
        'User: {} is not authorized to perform: s3:GetObject on resource: "arn:aws:s3:::acme-shut/a" because public '
        "access is prevented by the RestrictPublicBuckets setting in S3 Block Public Access (Service: S3)"
    )
    for who in ("anonymous", f"arn:aws:iam::{OTHER}:user/bo"):
        told = explain_message(read_message(text.format(who)), space)
        assert told.outcome == "deny", who
        assert told.refused.startswith("RestrictPublicBuckets")
        assert told.message.reason.endswith("setting in S3 Block Public Access")
    kms = "because the resource does not exist in this Region, no resource-based policies allow access"
    told = read_message(f"User: {USER} is not authorized to perform: kms:Decrypt on this resource {kms}")
    assert told.reason == kms.removeprefix("because ")


@pytest.mark.parametrize("text", ["[]", " [ ] ", '{"Records": []}', "{}"])
def test_nothing_to_explain_is_bad_input(text, capsys):
    """No case, no event: one line and exit code 2, never an empty answer."""
    assert run(["explain", text]) == 2
    out, err = capsys.readouterr()
    assert not out
    assert err.count("\n") == 1


def test_evaluate_with_a_workspace(workspace, monkeypatch, capsys):
    """Cases without policies are filled; options of a source need a source."""
    monkeypatch.chdir(workspace)
    request = {"principal": {"type": "role-session", "arn": SESSION}, "action": "s3:GetObject",
               "resource": "arn:aws:s3:::acme-data/x", "context": {"aws:SourceIp": "203.0.113.9"}}  # fmt: skip
    (workspace / "cases.json").write_text(json.dumps([{"request": request}, {"policies": {}, "request": request}]))

    assert run(["evaluate", "cases.json", "--workspace", "."]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["decision"] for line in lines] == ["allow", "deny"]
    assert run(["evaluate", "cases.json"]) == 2
    assert run(["evaluate", "cases.json", "--org-id", ORG]) == 2
