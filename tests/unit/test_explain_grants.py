"""What a message or an event lacks to be granted: by the evaluator's rule, with what is surely so and what may be."""

from __future__ import annotations

import json

import pytest

from perimeter_smt import explain_event, explain_message, load_workspace
from perimeter_smt.cli.main import run
from perimeter_smt.request.denied_message import read_message

ORG, MINE, OTHER, STRANGER, UNTOLD = "o-acme0000001", "111122223333", "444455556666", "999988887777", "123456789012"
BUCKET, QUEUE = "arn:aws:s3:::acme-data", f"arn:aws:sqs:eu-west-1:{MINE}:jobs"
KEY = f"arn:aws:kms:eu-west-1:{MINE}:key/0a1b2c3d-1111-2222-3333-444455556666"
WHO = f"arn:aws:sts::{MINE}:assumed-role/bare/s"


def policy(*statements: dict) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(actions, resource="*", **more) -> dict:
    return {"Effect": "Allow", "Action": actions, "Resource": resource, **more}


@pytest.fixture
def space(tmp_path):
    """A role without policies, a role with a boundary, a trust policy for the account, policies of resources."""
    account = {"AWS": f"arn:aws:iam::{MINE}:root"}
    bare = {"AWS": f"arn:aws:iam::{MINE}:role/bare"}
    tagged = {"StringEquals": {"aws:PrincipalTag/team": "red"}}
    files = {
        "all.json": policy(allow("*")),
        "edge.json": policy(allow("s3:*")),
        "trust.json": policy({"Effect": "Allow", "Principal": account, "Action": "sts:AssumeRole"}),
        "bucket.json": policy(allow("s3:GetObject", f"{BUCKET}/*", Principal=bare, Condition=tagged)),
        "key.json": policy(allow("kms:*", Principal=account)),
        "rcp.json": policy(
            {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*",
             "Condition": {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": ORG}}}
        ),
    }  # fmt: skip
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "perimeter.yaml").write_text(f"orgs: [{ORG}]\n")
    (tmp_path / "organization.yaml").write_text(f"""
id: {ORG}
management_account: "{OTHER}"
root:
  id: r-ab12
  rcps: [RCPFullAWSAccess, rcp.json]
  accounts:
    - {{id: "{OTHER}", principals: [], resources: []}}
    - {{id: "{UNTOLD}", principals: [{{arn: "arn:aws:iam::{UNTOLD}:role/lone", policies: []}}]}}
    - id: "{MINE}"
      principals:
        - {{arn: "arn:aws:iam::{MINE}:role/bare", policies: [], trust: trust.json}}
        - {{arn: "arn:aws:iam::{MINE}:role/edged", policies: [all.json], boundary: edge.json, trust: trust.json}}
      resources:
        - {{arn: "{BUCKET}", policy: bucket.json}}
        - {{arn: "{QUEUE}"}}
        - {{arn: "{KEY}", policy: key.json, grants: []}}
""")
    return load_workspace(tmp_path)


def told(space, action, resource, who=WHO, tail=""):
    return explain_message(
        read_message(f"User: {who} is not authorized to perform: {action} on resource: {resource} {tail}"), space
    )


def test_a_policy_that_names_the_account_leaves_it_to_identity_policies(space):
    """Trust and key policies that name the account grant nothing by themselves."""
    for action, resource in (("sts:AssumeRole", f"arn:aws:iam::{MINE}:role/edged"), ("kms:Decrypt", KEY)):
        found = told(space, action, resource)
        assert (found.outcome, [slot for slot, _ in found.lacking]) == ("deny", ["identity"])


def test_a_policy_of_the_resource_that_may_name_the_caller(space):
    """It grants without identity policies, if the tag fits: nothing is sure."""
    found = told(space, "s3:GetObject", f"{BUCKET}/x")
    assert found.outcome == "depends"
    assert [(slot, [one.depends for one in perhaps]) for slot, perhaps in found.lacking] == [
        ("identity", []),
        ("resource", [("aws:principaltag/team",)]),
    ]


def test_a_policy_of_the_resource_that_is_not_told(space):
    """Of an account whose resources nobody lists: it may name the caller, which the answer hangs on."""
    queue = f"arn:aws:sqs:eu-west-1:{UNTOLD}:jobs"
    found = told(space, "sqs:SendMessage", queue, f"arn:aws:sts::{UNTOLD}:assumed-role/lone/s")
    assert found.outcome == "depends"
    assert dict(found.lacking)["resource"][0].depends == ("policy of the resource",)
    assert told(space, "sqs:SendMessage", QUEUE).outcome == "deny"  # listed, and without a policy


def test_a_boundary_lacks_what_it_does_not_allow(space):
    found = told(space, "sqs:SendMessage", QUEUE, f"arn:aws:sts::{MINE}:assumed-role/edged/s")
    assert (found.outcome, [slot for slot, _ in found.lacking]) == ("deny", ["boundary"])


def test_root_users_need_no_policy(space):
    found = told(space, "iam:ListUsers", f"arn:aws:iam::{MINE}:user/", f"arn:aws:iam::{MINE}:root")
    assert (found.outcome, found.lacking) == ("allow", ())
    event = {
        "eventType": "AwsApiCall", "eventSource": "iam.amazonaws.com", "eventName": "ListUsers",
        "awsRegion": "us-east-1", "sourceIPAddress": "198.51.100.3", "recipientAccountId": MINE,
        "userIdentity": {"type": "Root", "arn": f"arn:aws:iam::{MINE}:root", "accountId": MINE, "principalId": MINE},
    }  # fmt: skip
    (found,) = explain_event(event, space)
    assert found.outcome == "allow"


def test_whose_account_a_stranger_is_of(space):
    """Every account of the organization is listed: another one is of no account of mine, and the Deny is sure."""
    found = told(
        space,
        "s3:GetObject",
        f"{BUCKET}/x",
        f"arn:aws:iam::{STRANGER}:user/zoe",
        "with an explicit deny in a resource control policy",
    )
    assert found.outcome == "deny"
    assert [one.surely for one in found.blamed] == [True]


def test_callers_without_policies_of_their_own(space):
    """An anonymous caller has none that could be untold."""
    assert told(space, "s3:GetObject", f"{BUCKET}/x", "anonymous").assumptions == ()


def test_the_body_of_an_answer(space, tmp_path, capsys):
    """A message in JSON, with the account masked as API Gateway does."""
    body = {
        "Message": "User: anonymous is not authorized to perform: execute-api:Invoke on resource: "
        f"arn:aws:execute-api:eu-west-1:********{MINE[-4:]}:a1b2c3/prod/GET/"
    }
    assert run(["explain", json.dumps(body), "--workspace", str(tmp_path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["request"]["resource"] == f"arn:aws:execute-api:eu-west-1:{MINE}:a1b2c3/prod/GET/"
    assert found["decision"] == "deny"
