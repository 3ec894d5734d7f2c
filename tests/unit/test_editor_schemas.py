"""The JSON Schemas of `perimeter.yaml` and `organization.yaml`, by which editors complete: as the readers read."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from perimeter_smt.cli.main import run
from perimeter_smt.errors import InputError
from perimeter_smt.organization.perimeter import CLAIMED, MITIGATIONS, OBJECTIVES
from perimeter_smt.organization.readers.organization_file import read_organization
from perimeter_smt.organization.readers.perimeter_file import read_perimeter
from perimeter_smt.organization.readers.policy_files import PolicyFiles
from perimeter_smt.organization.readers.sources import _SOURCE
from perimeter_smt.organization.readers.values import REACHES
from perimeter_smt.organization.readers.yaml import parse_yaml
from perimeter_smt.report.json import schema

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
BLOCK = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PERIMETER, ORGANIZATION = (json.loads(schema(f"{name}-yaml")) for name in ("perimeter", "organization"))

FILES = sorted(file.relative_to(ROOT) for name in ("perimeter", "organization") for file in DOCS.rglob(f"{name}.yaml"))


def wrong(described: dict[str, Any], text: str) -> list[str]:
    """What the schema says about a YAML text, as an editor reads it."""
    value = json.loads(json.dumps(YAML(typ="safe", pure=True).load(text), default=str))
    return [error.message for error in Draft202012Validator(described).iter_errors(value)]


def described(text: str) -> dict[str, Any]:
    return ORGANIZATION if re.search(r"^management_account:", text, re.MULTILINE) else PERIMETER


@pytest.mark.parametrize("part", [PERIMETER, ORGANIZATION], ids=["perimeter", "organization"])
def test_schemas_are_schemas(part):
    Draft202012Validator.check_schema(part)


@pytest.mark.parametrize("file", FILES, ids=str)
def test_examples_are_as_described(file):
    text = (ROOT / file).read_text("utf-8")
    assert wrong(PERIMETER if file.stem == "perimeter" else ORGANIZATION, text) == []


def test_the_workspace_page_is_as_described():
    for text in BLOCK.findall((ROOT / "docs/workspace.md").read_text("utf-8")):
        whole = text if "orgs:" in text or text.startswith("id:") else f"orgs: [o-acme0000001]\n{text}"
        assert wrong(described(whole), whole) == [], text


def test_init_writes_a_file_that_its_schema_describes(tmp_path):
    """The first line leads an editor to the schema beside the file; one that is there is kept."""
    assert run(["init", str(tmp_path / "mine"), "--from", str(ROOT / "docs/examples/acme")]) == 0
    text = (tmp_path / "mine/perimeter.yaml").read_text("utf-8")
    first = text.splitlines()[0]
    assert first.startswith("# yaml-language-server: $schema=")
    beside = tmp_path / "mine" / first.partition("=")[2]
    assert json.loads(beside.read_text("utf-8")) == PERIMETER
    assert wrong(PERIMETER, text) == []
    beside.write_text("{}")
    (tmp_path / "mine/perimeter.yaml").unlink()
    assert run(["init", str(tmp_path / "mine"), "--from", str(ROOT / "docs/examples/acme")]) == 0
    assert beside.read_text() == "{}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("orgs: [o-acme0000001]\nacepted: []\n", "acepted"),
        ("orgs: [o-acme0000001]\naccepted: [management]\n", "management"),
        ("orgs: [o-acme0000001]\nthird_principals: [{account: '1234'}]\n", "1234"),
        ("orgs: [o-acme0000001]\nthird_principals: [{arns: ['*']}]\n", "arns"),
        ("orgs: [o-acme0000001]\nexceptions: {roles: [{reason: none}]}\n", "arn"),
        ("cidrs: [203.0.113.0/24]\n", "cidrs"),
        ("orgs: [o-acme0000001]\nscopes: {O7: [s3]}\n", "O7"),
        ("id: o-acme0000001\nmanagement_account: '999900001111'\nroot: {id: ou-ac00}\n", "ou-ac00"),
        ("id: o-acme0000001\nmanagement_account: '999900001111'\nroot: {id: r-ac00, accounts: [{name: x}]}\n", "id"),
    ],
)  # fmt: skip
def test_mistakes_are_marked(text, said):
    assert any(said in message for message in wrong(described(text), text))


def read(text: str) -> None:
    node = parse_yaml(text, file="x")
    if described(text) is ORGANIZATION:
        read_organization(node, PolicyFiles(ROOT, {}))
    else:
        read_perimeter(node)


def names(text: str) -> set[str]:
    """The members that a reader expects where it found `zzzzzz`."""
    with pytest.raises(InputError) as raised:
        read(text)
    (found,) = re.findall(r"`zzzzzz`.*expected one of ([^`\n]+)$", str(raised.value), re.MULTILINE)
    return set(found.split(", "))


def described_names(part: dict[str, Any], *way: str) -> set[str]:
    for step in way:
        if "$ref" in part:
            part = PERIMETER["$defs"][part["$ref"].rpartition("/")[2]]
        part = part[step] if step in part else part["properties"][step]
    return set(part["properties"])


@pytest.mark.parametrize(
    ("where", "way"),
    [
        ("zzzzzz: 1", ()),
        ("vpcs: [{zzzzzz: 1}]", ("vpcs", "items")),
        ("third_principals: [{zzzzzz: 1}]", ("$defs", "trusted_identity")),
        ("service_accounts: [{zzzzzz: 1}]", ("$defs", "service_account")),
        ("third_resources: [{zzzzzz: 1}]", ("$defs", "trusted_resource")),
        ("exceptions: {zzzzzz: 1}", ("exceptions",)),
        ("exceptions: {roles: [{zzzzzz: 1}]}", ("exceptions", "roles", "items")),
        ("exceptions: {tags: [{zzzzzz: 1}]}", ("exceptions", "tags", "items")),
        ("vendors: [{zzzzzz: 1}]", ("vendors", "items")),
        ("scopes: {zzzzzz: 1}", ("scopes",)),
    ],
)  # fmt: skip
def test_members_of_the_perimeter_are_those_that_are_read(where, way):
    assert names(f"orgs: [o-acme0000001]\n{where}\n") == described_names(PERIMETER, *way)


@pytest.mark.parametrize(
    ("where", "way"),
    [
        ("root: {id: r-ac00, zzzzzz: 1}", ("root",)),
        ("root: {id: r-ac00, units: [{zzzzzz: 1}]}", ("$defs", "unit")),
        ("root: {id: r-ac00, accounts: [{zzzzzz: 1}]}", ("$defs", "account_entry")),
        ("root: {id: r-ac00}\nunits: [{zzzzzz: 1}]", ("$defs", "flat_unit")),
        ("root: {id: r-ac00}\naccounts: [{zzzzzz: 1}]", ("$defs", "flat_account")),
        ("root: {id: r-ac00}\nzzzzzz: 1", ()),
        ("root: {id: r-ac00, accounts: [{id: '111122223333', principals: [{zzzzzz: 1}]}]}", ("$defs", "principal")),
        ("root: {id: r-ac00, accounts: [{id: '111122223333', resources: [{zzzzzz: 1}]}]}", ("$defs", "resource")),
        ("root: {id: r-ac00}\ndelegated_administrators: [{zzzzzz: 1}]", ("delegated_administrators", "items")),
        ("root: {id: r-ac00, accounts: [{id: '111122223333', groups: [{zzzzzz: 1}]}]}",
         ("$defs", "account_entry", "groups", "items")),
        ("root: {id: r-ac00, accounts: [{id: '111122223333', resources: [{"
         "arn: 'arn:aws:kms:eu-west-1:111122223333:key/a', grants: [{zzzzzz: 1}]}]}]}",
         ("$defs", "resource", "grants", "items")),
        ("root: {id: r-ac00, accounts: [{id: '111122223333', endpoints: [{zzzzzz: 1}]}]}", ("$defs", "vpc_endpoint")),
    ],
)  # fmt: skip
def test_members_of_the_organization_are_those_that_are_read(where, way):
    whole = f"id: o-acme0000001\nmanagement_account: '999900001111'\n{where}\n"
    assert names(whole) == described_names(ORGANIZATION, *way)


def test_names_to_choose_from_are_those_of_the_program():
    assert PERIMETER["properties"]["accepted"]["items"]["enum"] == list(REACHES)
    assert PERIMETER["properties"]["mitigations"]["anyOf"][0]["enum"] == [*MITIGATIONS, "all"]
    assert set(PERIMETER["properties"]["source"]["anyOf"][1]["properties"]) == set(_SOURCE)
    objectives = PERIMETER["properties"]["exceptions"]["properties"]["roles"]["items"]["properties"]["objectives"]
    assert objectives["items"]["enum"] == [*OBJECTIVES, *CLAIMED]
