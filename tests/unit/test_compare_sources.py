"""`perimeter compare` on folders, revisions of git, plans and templates laid over a workspace."""

from __future__ import annotations

import json
import subprocess

import pytest
from jsonschema import Draft202012Validator

from perimeter_smt.cli.main import run
from perimeter_smt.report.json import schema

ORG, OWN, MANAGEMENT = "o-acme0000001", "111122223333", "999900001111"
QUEUE, BUCKET = f"arn:aws:sqs:eu-west-1:{OWN}:orders", "arn:aws:s3:::acme-orders"


def document(*statements):
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Resource": "*", **s} for s in statements]}


ONLY_MINE = document({"Sid": "OnlyMine", "Effect": "Deny", "Principal": "*", "Action": "s3:*",
                      "Condition": {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": ORG},
                                    "BoolIfExists": {"aws:PrincipalIsAWSService": "false"}}})  # fmt: skip
NO_DELETE = document({"Sid": "NoDelete", "Effect": "Deny", "Action": "sqs:DeleteQueue"})
READ = document({"Sid": "Read", "Action": ["sqs:ReceiveMessage", "sqs:DeleteQueue"]})
NO_PURGE = document({"Sid": "NoPurge", "Effect": "Deny", "Action": "sqs:DeleteQueue"})
DENY_ALL_BUT_MINE = document({"Sid": "BucketOnlyMine", "Effect": "Deny", "Principal": "*", "Action": "s3:GetObject",
                              "Resource": f"{BUCKET}/*",
                              "Condition": {"StringNotEquals": {"aws:PrincipalOrgID": ORG}}},
                             {"Sid": "All", "Principal": {"AWS": "*"}, "Action": "s3:GetObject",
                              "Resource": f"{BUCKET}/*"})  # fmt: skip
TRUST = document({"Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"})
TRUST["Statement"][0].pop("Resource")


@pytest.fixture
def workspace(tmp_path):
    """An organization with one account, a queue, a bucket and a role."""
    folder = tmp_path / "acme"
    folder.mkdir()
    files = {"no-delete": NO_DELETE, "only-mine": ONLY_MINE, "read": READ, "no-purge": NO_PURGE, "trust": TRUST,
             "bucket": DENY_ALL_BUT_MINE}  # fmt: skip
    for name, value in files.items():
        (folder / f"{name}.json").write_text(json.dumps(value))
    (folder / "perimeter.yaml").write_text(
        f"orgs: [{ORG}]\naccepted: [management-account, service-linked-roles, service-principals]\n"
    )
    write(folder)
    return folder


def write(folder, *, scps="FullAWSAccess, no-delete.json", rcps="only-mine.json", policies="read.json, no-purge.json"):
    (folder / "organization.yaml").write_text(
        f"""
id: {ORG}
management_account: "{MANAGEMENT}"
root:
  id: r-0000
  scps: [{scps}]
  rcps: [{rcps}]
  units:
    - {{id: ou-0000-00000001, scps: [FullAWSAccess]}}
  accounts:
    - id: "{OWN}"
      principals:
        - {{arn: "arn:aws:iam::{OWN}:role/app", policies: [{policies}], trust: trust.json}}
      resources:
        - {{arn: "{QUEUE}"}}
        - {{arn: "{BUCKET}", policy: bucket.json, block_public_access: true}}
"""
    )


def compare(capsys, *arguments, services=("sqs",)):
    """The exit code and the JSON, which fits its schema."""
    options = [text for service in services for text in ("--service", service)]
    code = run(["compare", *map(str, arguments), *options, "--json"])
    out = capsys.readouterr()
    assert code != 2, out.err
    value = json.loads(out.out)
    Draft202012Validator(json.loads(schema("changes"))).validate(value)
    return code, value


def sids(value, side="opens"):
    return {s["sid"] for part in value["parts"] for change in part[side]["changes"] for s in change["because"]}


def statuses(value, side="opens"):
    return {part["mode"]: part[side]["status"] for part in value["parts"]}


def git(folder, *arguments):
    who = ("-c", "user.name=acme", "-c", "user.email=acme@example.com", "-c", "commit.gpgsign=false")
    subprocess.run(["git", "-C", str(folder), *who, *arguments], check=True, capture_output=True)


def test_two_revisions_are_read_from_git_alone(workspace, capsys):
    """The work tree may hold anything: it is neither read nor touched."""
    top = workspace.parent
    git(top, "init", "-q", "-b", "main")
    git(top, "add", ".")
    git(top, "commit", "-qm", "first")
    write(workspace, scps="FullAWSAccess")
    git(top, "commit", "-qam", "second")
    (workspace / "organization.yaml").write_text("no: workspace\n")
    code, value = compare(capsys, workspace, "--git", "main~1..main", "--mode", "guardrails")
    assert code == 1
    assert sids(value) == {"NoDelete"}
    (edit,) = value["edits"]
    assert (edit["what"], edit["statement"]["file"].split(":", 1)[1]) == ("removed", f"{workspace}/no-delete.json")
    assert (workspace / "organization.yaml").read_text() == "no: workspace\n"
    code, value = compare(capsys, workspace, "--git", "HEAD..HEAD~1", "--mode", "guardrails")
    assert (code, sids(value, "closes")) == (0, {"NoDelete"})
    write(workspace, scps="FullAWSAccess")
    assert compare(capsys, workspace, "--git", "main", "--mode", "guardrails")[0] == 0  # the work tree as it is
    policies = ["compare", str(workspace / "no-delete.json"), "--type", "scp", "--git", "main~1..main"]
    assert run(policies) == 0
    assert "equivalent" in capsys.readouterr().out


@pytest.mark.parametrize(("arguments", "words"), [
    (["--git", "nowhere..HEAD"], "no revision `nowhere`"),
    (["--git", ".."], "an empty range"),
    ([], "nothing to compare with"),
    (["--free-context", "--git", "a"], "expected `--type` beside it"),
])  # fmt: skip
def test_bad_revisions(workspace, capsys, arguments, words):
    git(workspace, "init", "-q", "-b", "main")
    git(workspace, "commit", "-qm", "x", "--allow-empty")
    assert run(["compare", str(workspace), *arguments]) == 2
    assert words in capsys.readouterr().err


def test_no_repository(workspace, capsys):
    assert run(["compare", str(workspace), "--git", "main..HEAD"]) == 2
    assert "no repository of git" in capsys.readouterr().err
    assert run(["compare", str(workspace / "read.json"), str(workspace / "read.json")]) == 2
    assert "a single policy, expected a workspace" in capsys.readouterr().err


def change(address, kind, before, after, actions):
    return {"address": address, "mode": "managed", "type": kind,
            "change": {"actions": actions, "before": before, "after": after, "after_unknown": {}}}  # fmt: skip


def plan(path, *changes):
    """A plan with these changes; what is not deleted is planned."""
    planned = [{"address": c["address"], "mode": "managed", "type": c["type"], "name": c["address"].split(".")[1],
                "values": c["change"]["after"]} for c in changes if c["change"]["after"]]  # fmt: skip
    path.write_text(json.dumps({"format_version": "1.2", "terraform_version": "1.9.0",
                                "planned_values": {"root_module": {"resources": planned}},
                                "resource_changes": list(changes), "configuration": {}}))  # fmt: skip
    return path


def laid_over(capsys, workspace, *changes, services=("sqs",)):
    path = plan(workspace.parent / "plan.json", *changes)
    options = ("--account", OWN, "--region", "eu-west-1")
    return compare(capsys, workspace, "--change", path, *options, services=services)


def test_a_policy_that_a_plan_weakens(workspace, capsys):
    """The SCP stands in the organization under another name: its former text tells which it is."""
    weaker = document({"Effect": "Deny", "Action": "sqs:PurgeQueue"})
    common = {"id": "p-12345678", "name": "guardrails", "type": "SERVICE_CONTROL_POLICY"}
    code, value = laid_over(capsys, workspace, change(
        "aws_organizations_policy.p", "aws_organizations_policy", {**common, "content": json.dumps(NO_DELETE)},
        {**common, "content": json.dumps(weaker)}, ["update"]))  # fmt: skip
    assert (code, sids(value)) == (1, {"NoDelete"})
    assert not value["unknowns"]


def test_an_attachment_that_a_plan_deletes(workspace, capsys):
    common = {"id": "p-12345678", "name": "guardrails", "type": "SERVICE_CONTROL_POLICY",
              "content": json.dumps(NO_DELETE)}  # fmt: skip
    kept = change("aws_organizations_policy.p", "aws_organizations_policy", common, common, ["no-op"])
    gone = change("aws_organizations_policy_attachment.p", "aws_organizations_policy_attachment",
                  {"policy_id": "p-12345678", "target_id": "r-0000"}, None, ["delete"])  # fmt: skip
    code, value = laid_over(capsys, workspace, kept, gone)
    assert (code, sids(value)) == (1, {"NoDelete"})
    code, value = laid_over(capsys, workspace, gone)  # of a policy that nobody told
    assert code == 3
    assert set(statuses(value).values()) == {"conditional"}
    assert [u["affects"] for u in value["unknowns"]] == ["facts"]


@pytest.mark.parametrize("kind", ["aws_iam_role_policy", "aws_iam_policy"])
def test_a_denial_in_a_policy_of_a_role_that_a_plan_deletes_or_changes(workspace, capsys, kind):
    write(workspace, scps="FullAWSAccess")
    before = {"name": "no-purge", "role": "app", "policy": json.dumps(NO_PURGE), "id": "x"}
    before |= {"arn": f"arn:aws:iam::{OWN}:policy/no-purge"} if kind == "aws_iam_policy" else {}
    code, value = laid_over(capsys, workspace, change(f"{kind}.p", kind, before, None, ["delete"]))
    assert (code, statuses(value)) == (1, {"guardrails": "none", "grants": "found"})
    assert sids(value) == {"NoPurge"}
    other = {**before, "policy": json.dumps(document({"Effect": "Deny", "Action": "sqs:PurgeQueue"}))}
    code, value = laid_over(capsys, workspace, change(f"{kind}.p", kind, before, other, ["update"]))
    assert (code, sids(value)) == (1, {"NoPurge"})
    drifted = {**before, "policy": json.dumps(document({"Effect": "Deny", "Action": "sqs:TagQueue"}))}
    code, value = laid_over(capsys, workspace, change(f"{kind}.p", kind, drifted, None, ["delete"]))
    assert code == 3
    assert "changes" in value["unknowns"][0]["name"]


def test_a_bucket_policy_and_a_block_that_a_plan_deletes(workspace, capsys):
    """Without its Deny the bucket is closed, since its Allow goes, too; without the block nothing is lost."""
    policy = {"bucket": "acme-orders", "policy": json.dumps(DENY_ALL_BUT_MINE), "id": "acme-orders"}
    gone = change("aws_s3_bucket_policy.b", "aws_s3_bucket_policy", policy, None, ["delete"])
    code, value = laid_over(capsys, workspace, gone, services=("s3",))
    assert (code, statuses(value)["grants"]) == (0, "none")
    assert value["parts"][1]["closes"]["status"] == "found"
    open_policy = json.dumps(document({"Sid": "Open", "Principal": "*", "Action": "s3:GetObject",
                                       "Resource": f"{BUCKET}/*"}))  # fmt: skip
    public = change("aws_s3_bucket_policy.b", "aws_s3_bucket_policy", policy, {**policy, "policy": open_policy},
                    ["update"])  # fmt: skip
    write(workspace, rcps="")
    code, value = laid_over(capsys, workspace, public, services=("s3",))
    first = {(c["objective"], c["callers"]) for c in value["parts"][1]["opens"]["changes"]}
    assert ("O1", "anonymous callers") not in first  # the block of the workspace stays
    block = {"bucket": "acme-orders", "restrict_public_buckets": True}
    unblocked = change("aws_s3_bucket_public_access_block.b", "aws_s3_bucket_public_access_block", block, None,
                       ["delete"])  # fmt: skip
    code, value = laid_over(capsys, workspace, public, unblocked, services=("s3",))
    second = {(c["objective"], c["callers"]) for c in value["parts"][1]["opens"]["changes"]}
    assert (code, ("O1", "anonymous callers") in second) == (1, True)


def test_an_account_that_a_plan_moves(workspace, capsys):
    (workspace / "organization.yaml").write_text(
        (workspace / "organization.yaml").read_text().replace("ou-0000-00000001, scps: [FullAWSAccess]",
                                                              "ou-0000-00000001, scps: [FullAWSAccess, no-purge.json]")
    )  # fmt: skip
    write_root = (workspace / "organization.yaml").read_text().replace("FullAWSAccess, no-delete.json", "FullAWSAccess")
    (workspace / "organization.yaml").write_text(write_root)
    common = {"id": OWN, "name": "orders"}
    code, value = laid_over(capsys, workspace, change(
        "aws_organizations_account.a", "aws_organizations_account", {**common, "parent_id": "r-0000"},
        {**common, "parent_id": "ou-0000-00000001"}, ["update"]))  # fmt: skip
    assert (code, sids(value, "closes")) == (0, {"NoPurge"})


def test_a_template_laid_over(workspace, capsys):
    template = workspace.parent / "template.yaml"
    template.write_text(
        f"""
AWSTemplateFormatVersion: "2010-09-09"
Resources:
  Open:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: ["https://sqs.eu-west-1.amazonaws.com/{OWN}/orders"]
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - {{Sid: Anybody, Effect: Allow, Principal: "*", Action: "sqs:SendMessage", Resource: "{QUEUE}"}}
"""
    )
    options = ("--change", template, "--account", OWN, "--region", "eu-west-1")
    code, value = compare(capsys, workspace, *options)
    assert (code, statuses(value)) == (1, {"guardrails": "none", "grants": "found"})
    assert sids(value) == {"Anybody"}
    assert run(["compare", str(workspace), *map(str, options), "--service", "sqs", "--mode", "grants"]) == 1
    text = capsys.readouterr().out
    assert text.startswith("`acme` to `acme with template`: opens something")
    assert max(map(len, text.splitlines())) <= 200
    assert run(["compare", str(workspace), "--change", str(workspace / "trust.json")]) == 2
    assert "`compare`, `redundant` and `pack` take policies with `--type KIND`" in capsys.readouterr().err
