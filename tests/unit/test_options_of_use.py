"""Options that no source has a use for are refused, in one line; what some source may use is not."""

from __future__ import annotations

import json

import pytest

from perimeter_smt.cli.main import run

ORG, OWN, MANAGEMENT = "o-acme0000077", "131313131313", "999900001111"
DENY = {"Effect": "Deny", "Action": "s3:*", "Resource": "*",
        "Condition": {"StringNotEquals": {"aws:ResourceOrgID": ORG}}}  # fmt: skip
QUEUE = {"Resources": {"Jobs": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "jobs"}}}}
ITEM = {"configurationItems": [{
    "resourceType": "AWS::SQS::Queue", "awsAccountId": OWN, "awsRegion": "eu-west-1", "resourceId": "jobs",
    "ARN": f"arn:aws:sqs:eu-west-1:{OWN}:jobs", "configurationItemStatus": "OK",
    "configuration": {"QueueArn": f"arn:aws:sqs:eu-west-1:{OWN}:jobs"},
}]}  # fmt: skip
TOLD = ["--org-id", ORG, "--management-account", MANAGEMENT]


@pytest.fixture
def folder(tmp_path):
    space = tmp_path / "acme"
    (space / "policies").mkdir(parents=True)
    (space / "policies" / "ours.json").write_text(json.dumps({"Version": "2012-10-17", "Statement": [DENY]}))
    (space / "organization.yaml").write_text(
        f"id: {ORG}\nmanagement_account: '{MANAGEMENT}'\n"
        "root: {id: r-ac77, scps: [FullAWSAccess, policies/ours.json]}\n"
        f"accounts: [{{id: '{OWN}', parent: r-ac77}}]\n"
    )
    (space / "perimeter.yaml").write_text(f"orgs: [{ORG}]\n")
    (tmp_path / "stack.json").write_text(json.dumps(QUEUE))
    (tmp_path / "config.json").write_text(json.dumps(ITEM))
    return tmp_path


WRONG = [
    ("inventory acme --parameter Name=a", "error: --parameter: `Name` is of no template"),
    ("inventory config.json --parameter Name=a", "error: --parameter: `Name` is of no template"),
    ("prove acme --set PARTNER=a", "error: --set: no file of the source holds the placeholder `PARTNER`"),
    ("inventory acme --account 131313131313", "error: --account: the source tells the account"),
    ("what-can anonymous --source acme --account 131313131313", "error: --account: the source tells the account"),
    ("findings acme --parameter Name=a", "error: --parameter: `Name` is of no template"),
    ("compare acme acme --parameter Name=a", "error: --parameter: `Name` is of no template"),
    ("inventory config.json --org stack.json --account 131313131313", "`config.json` as `--org`"),
]
USED = [
    "inventory stack.json --parameter Name=a --account 131313131313",
    "inventory stack.json --set jobs=a --account 131313131313",
    "inventory stack.json --org acme --parameter Name=a --account 131313131313",
    "inventory config.json --account 131313131313",
    "inventory config.json --org acme",
    "compare acme --change stack.json --parameter Name=a --account 131313131313 --service sqs --mode guardrails",
]


@pytest.mark.parametrize(("command", "said"), WRONG)
def test_refused(folder, capsys, monkeypatch, command, said):
    monkeypatch.chdir(folder)
    told = TOLD if "acme" not in command else []
    assert run([*command.split(), *told]) == 2
    err = capsys.readouterr().err
    assert said in err and err.count("\n") == 1


@pytest.mark.parametrize("command", USED)
def test_taken(folder, monkeypatch, command):
    monkeypatch.chdir(folder)
    told = TOLD if "acme" not in command else []
    assert run([*command.split(), *told]) != 2


def test_a_folder_that_names_its_source(folder, capsys, monkeypatch):
    """The template that `perimeter.yaml` names takes the parameter; two that name each other do not go in circles."""
    monkeypatch.chdir(folder)
    for name, source in (("mine", "../stack.json"), ("a", "../b"), ("b", "../a")):
        (folder / name).mkdir()
        (folder / name / "perimeter.yaml").write_text(f"orgs: [{ORG}]\nsource: {source}\n")
    assert run(["inventory", "mine", "--parameter", "Name=a", "--account", OWN, *TOLD]) == 0
    assert run(["inventory", "a", "--parameter", "Name=a", *TOLD]) == 2
    assert "`Name` is of no template" in capsys.readouterr().err
