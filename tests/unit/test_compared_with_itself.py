"""What is compared with itself is equivalent, whatever is open or not known of it."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from perimeter_smt.cli.compare_sources import _same
from perimeter_smt.cli.main import run
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.questions.compare import compare
from tests.unit.test_open_points_everywhere import POLICIES

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
IDENTITY = {"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::acme-${aws:PrincipalTag/team}/*"}
EVERYONE = {**IDENTITY, "Principal": "*"}
DENY = {**IDENTITY, "Effect": "Deny", "Condition": {"StringNotLike": {"aws:UserAgent": "x${aws:Referer}"}}}
DENY_ALL = {**DENY, "Principal": "*", "Resource": "*"}
TRUST = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole",
         "Condition": {"StringLike": {"sts:ExternalId": "${aws:UserAgent}"}}}  # fmt: skip
OF_KIND = {
    Kind.IDENTITY: [IDENTITY, DENY], Kind.BOUNDARY: [IDENTITY], Kind.SESSION: [IDENTITY], Kind.SCP: [DENY],
    Kind.RCP: [DENY_ALL], Kind.RESOURCE: [EVERYONE, DENY_ALL], Kind.BUCKET: [EVERYONE], Kind.ENDPOINT: [EVERYONE],
    Kind.TRUST: [TRUST], Kind.KMS: [{**EVERYONE, "Action": "kms:Decrypt", "Resource": "*"}],
}  # fmt: skip


def read(kind, statements):
    value = {"Version": "2012-10-17", "Statement": statements}
    return parse_object(value, kind, file="p.json", name="p", strict=False)


CASES = [*OF_KIND.items(), *((Kind.RESOURCE, policy) for policy in POLICIES.values())]


@pytest.mark.parametrize("options", [{}, {"reading": "over"}, {"free_context": True}], ids=str)
@pytest.mark.parametrize(("kind", "statements"), CASES)
def test_policies(kind, statements, options):
    found = compare(read(kind, statements), read(kind, statements), **options)
    assert (found.relation, found.may_allow, found.may_deny) == ("equivalent", (), ()), found.reason


def untold(folder):
    """Policies by themselves: nothing tells where they are attached and whose they are."""
    for name, statement in (("scps", {**DENY, "Resource": "*"}), ("resource", EVERYONE)):
        (folder / name).mkdir(parents=True)
        (folder / name / "a.json").write_text(json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    return folder


def test_sources_of_which_much_is_not_known(tmp_path, capsys):
    folder = untold(tmp_path / "policies")
    assert run(["compare", str(folder), str(folder)]) == 0
    assert "both states are the same" in capsys.readouterr().out
    shutil.copytree(folder, tmp_path / "changed")
    (tmp_path / "changed" / "resource" / "a.json").write_text(
        json.dumps({"Version": "2012-10-17", "Statement": [{**EVERYONE, "Action": "s3:PutObject"}]})
    )
    assert run(["compare", str(folder), str(tmp_path / "changed")]) != 0


@pytest.mark.parametrize("name", sorted(path.name for path in EXAMPLES.iterdir() if path.is_dir()))
def test_workspaces_and_their_copies(tmp_path, name):
    folder = EXAMPLES / name
    if not (folder / "organization.yaml").is_file():
        pytest.skip("holds examples by itself")
    assert run(["compare", str(folder), str(folder)]) == 0
    shutil.copytree(folder, tmp_path / "copy")
    assert run(["compare", str(folder), str(tmp_path / "copy"), "--service", "s3"]) == 0


STACK = {"Resources": {"Inner": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "./inner.json"}}}}
TOLD = ["--org-id", "o-acme0000063", "--account", "131313131313", "--management-account", "999900001111",
        "--region", "eu-west-1", "--service", "sqs"]  # fmt: skip


def stack(folder, who):
    """A template of the same bytes whoever is let in: that stands in the one that it nests."""
    policy = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": who, "Action": "sqs:SendMessage", "Resource": "*"}]}  # fmt: skip
    inner = {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "parcels"}},
             "Policy": {"Type": "AWS::SQS::QueuePolicy",
                        "Properties": {"Queues": [{"Ref": "Queue"}], "PolicyDocument": policy}}}  # fmt: skip
    folder.mkdir()
    (folder / "stack.json").write_text(json.dumps(STACK))
    (folder / "inner.json").write_text(json.dumps({"Resources": inner}))
    return folder / "stack.json"


@pytest.mark.parametrize("how", ["bytes", "link", "hard link"])
def test_files_of_the_same_bytes_may_differ_by_what_lies_beside_them(tmp_path, capsys, how):
    closed, opened = stack(tmp_path / "a", {"AWS": "131313131313"}), stack(tmp_path / "b", "*")
    if how != "bytes":
        opened.unlink()
        (opened.symlink_to if how == "link" else opened.hardlink_to)(closed)
    assert run(["compare", str(closed), str(opened), *TOLD]) == 1
    assert "both states are the same" not in capsys.readouterr().out
    (tmp_path / "c").symlink_to(tmp_path / "a")  # the same folder under another name
    assert run(["compare", str(closed), str(tmp_path / "c" / "stack.json"), *TOLD]) == 0
    assert "both states are the same" in capsys.readouterr().out


def test_the_name_of_a_file_tells_the_account(tmp_path, capsys):
    """Answers of the AWS CLI that tell no account are of the one in the name of their file."""
    answer = {"Attributes": {"QueueArn": "arn:aws:sqs:eu-west-1:131313131313:parcels"}}
    for name in ("131313131313.json", "141414141414.json"):
        (tmp_path / name).write_text(json.dumps(answer))
    run(["compare", *(str(tmp_path / name) for name in ("131313131313.json", "141414141414.json")), *TOLD])
    assert "both states are the same" not in capsys.readouterr().out


def test_a_pipe_is_read_twice(tmp_path):
    """What comes through it may be something else the second time."""
    os.mkfifo(tmp_path / "pipe")
    assert not _same(tmp_path / "pipe", tmp_path / "pipe")
