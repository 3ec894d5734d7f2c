"""Cloud assemblies of CDK apps: stages in folders of their own, stacks in several accounts, nested stacks as assets."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from perimeter_smt.cli.main import run
from perimeter_smt.organization.readers import SourceOptions, read_source
from perimeter_smt.organization.readers.sources import changed

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
OPTIONS = SourceOptions(organization_id="o-acme0000001", management_account="999900001111")
TEST, LIVE = "111122223333", "444455556666"


def manifest(**stacks):
    """A manifest: of each stack its environment, the name and parameters."""
    return {"version": "45.0.0", "artifacts": {
        "Tree": {"type": "cdk:tree", "properties": {"file": "tree.json"}},
        **{name: {"type": "aws:cloudformation:stack", "environment": found["at"], "properties": {
            "templateFile": f"{name}.template.json", "stackName": found.get("name", name),
            "parameters": found.get("parameters", {})}} for name, found in stacks.items()}}}  # fmt: skip


def write(folder, **files):
    folder.mkdir(parents=True, exist_ok=True)
    for name, value in files.items():
        (folder / name.replace("__", ".")).write_text(json.dumps(value))


def queue(**more):
    return {"Resources": {"Jobs": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "jobs"}, **more}}}


def arns(found, own):
    return {r.arn for a, _ in found.organization.accounts() if a.id == own for r in a.resources}


def guesses(found):
    return [u.name for u in found.unknowns if u.name.endswith(" of the template")]


def test_each_stage_has_its_account_and_region(tmp_path):
    """All templates of an app were taken to lie in one account, which was a fact not known."""
    for stage, account, region in (("Test", TEST, "eu-west-1"), ("Live", LIVE, "eu-central-1")):
        write(tmp_path / f"assembly-{stage}", manifest__json=manifest(App={"at": f"aws://{account}/{region}"}),
              App__template__json=queue())  # fmt: skip
    write(
        tmp_path, manifest__json={"version": "45.0.0", "artifacts": {"assembly-Test": {"type": "cdk:cloud-assembly"}}}
    )
    found = read_source(tmp_path, OPTIONS)
    assert arns(found, TEST) == {f"arn:aws:sqs:eu-west-1:{TEST}:jobs"}
    assert arns(found, LIVE) == {f"arn:aws:sqs:eu-central-1:{LIVE}:jobs"}
    assert not guesses(found)


def test_one_template_of_an_assembly(tmp_path):
    write(tmp_path, manifest__json=manifest(App={"at": f"aws://{LIVE}/eu-west-3"}), App__template__json=queue())
    found = read_source(tmp_path / "App.template.json", OPTIONS)
    assert arns(found, LIVE) == {f"arn:aws:sqs:eu-west-3:{LIVE}:jobs"}
    assert not guesses(found)


def test_an_app_for_any_account(tmp_path):
    write(tmp_path, manifest__json=manifest(App={"at": "aws://unknown-account/unknown-region"}),
          App__template__json=queue())  # fmt: skip
    found = read_source(tmp_path, OPTIONS)
    assert sorted(guesses(found)) == ["Region of the template", "account of the template"]


def test_parameters_and_the_name_of_the_stack(tmp_path):
    template = {"Parameters": {"Name": {"Type": "String"}}, "Resources": {
        "A": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Ref": "Name"}}},
        "B": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Fn::Sub": "${AWS::StackName}-b"}}}}}  # fmt: skip
    stack = {"at": f"aws://{TEST}/eu-west-1", "name": "shop-live", "parameters": {"Name": "tills"}}
    write(tmp_path, manifest__json=manifest(App=stack), App__template__json=template)
    found = read_source(tmp_path, OPTIONS)
    assert arns(found, TEST) == {f"arn:aws:sqs:eu-west-1:{TEST}:{name}" for name in ("tills", "shop-live-b")}


def test_nested_stacks_are_assets(tmp_path):
    """Their places in a bucket are not known before; the file stands in the metadata of the resource."""
    top = {"Resources": {"Inner": {
        "Type": "AWS::CloudFormation::Stack",
        "Properties": {"TemplateURL": {"Fn::Join": ["", ["https://s3.", {"Ref": "AWS::URLSuffix"}, "/cdk-x/1.json"]]},
                       "Parameters": {"Name": "inner"}},
        "Metadata": {"aws:asset:path": "AppInner.nested.template.json"}}}}  # fmt: skip
    inner = {"Parameters": {"Name": {"Type": "String"}},
             "Resources": {"Q": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Ref": "Name"}}}}}  # fmt: skip
    write(tmp_path, manifest__json=manifest(App={"at": f"aws://{TEST}/eu-west-1"}), App__template__json=top,
          AppInner__nested__template__json=inner)  # fmt: skip
    found = read_source(tmp_path, OPTIONS)
    assert arns(found, TEST) == {f"arn:aws:sqs:eu-west-1:{TEST}:inner"}
    assert not [u for u in found.unknowns if u.name.startswith("what `Inner`")]


@pytest.mark.parametrize("text", [
    "{broken", "[]", '{"artifacts": []}', '{"artifacts": {"A": 1, "B": {"properties": [1], "type": "x"}}}',
    '{"artifacts": {"App": {"type": "aws:cloudformation:stack", "environment": "x", "properties": []}}}',
])  # fmt: skip
def test_a_manifest_that_is_none(tmp_path, text):
    (tmp_path / "manifest.json").write_text(text)
    write(tmp_path, App__template__json=queue())
    assert guesses(read_source(tmp_path / "App.template.json", OPTIONS))


def test_an_assembly_is_a_change_of_an_organization(tmp_path, capsys):
    """`--change` took single files, and an app is a folder."""
    base = read_source(EXAMPLES / "acme")
    write(tmp_path / "cdk.out" / "assembly-Live", App__template__json=queue(),
          manifest__json=manifest(App={"at": f"aws://{TEST}/eu-west-3"}))  # fmt: skip
    found = changed(base, tmp_path / "cdk.out")
    assert f"arn:aws:sqs:eu-west-3:{TEST}:jobs" in arns(found, TEST)
    (tmp_path / "empty").mkdir()
    assert run(["compare", str(EXAMPLES / "acme"), "--change", str(tmp_path / "empty")]) == 2
    assert "of no form that is known" in capsys.readouterr().err
