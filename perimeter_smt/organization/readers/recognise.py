"""Which form a source has, by what it holds; names of files tell nothing."""

from __future__ import annotations

import gzip
import re
from enum import Enum
from pathlib import Path
from typing import Any

import orjson

from perimeter_smt.errors import InputError
from perimeter_smt.organization.readers.answer_files import YAML_FILES, files, tables, values_of

_TEMPLATES = (".template",)
_LZA = ("organization-config.yaml", "accounts-config.yaml")
_TEMPLATE = re.compile(r"^['\"]?(AWSTemplateFormatVersion|Resources|Transform)['\"]?\s*:", re.MULTILINE)


class Form(Enum):
    """The forms of sources; the value is the folder of the reader."""

    WORKSPACE = "workspace"
    PERIMETER = "perimeter"
    TERRAFORM = "terraform"
    CLOUDFORMATION = "cloudformation"
    CONFIG = "config"
    CLI = "aws_cli"
    IAM_COLLECT = "iam_collect"
    LZA = "lza"
    POLICIES = "policies"


_EXPECTED = (
    "a workspace, a Terraform plan or state (`terraform show -json`), a CloudFormation template, an AWS Config export, "
    "a folder of AWS CLI answers, an iam-collect folder, a Landing Zone Accelerator configuration or a folder of "
    "policies"
)


def recognise(path: Path) -> Form:
    """The form of a file or folder; InputError that says what was expected."""
    if not path.exists():
        raise InputError("no such file or folder", file=str(path))
    if path.is_dir():
        _misnamed(path)
    form = _folder(path) if path.is_dir() else _file(path)
    if form is None:
        (_say_why if path.is_file() else _say_why_of)(path)
    if form is None:
        raise InputError(f"of no form that is known: expected {_EXPECTED}", file=str(path))
    return form


def _misnamed(folder: Path) -> None:
    """InputError for a file of a workspace under another ending: what it says would be passed over."""
    for name in ("organization", "perimeter"):
        if (found := folder / f"{name}.yml").is_file() and not (folder / f"{name}.yaml").exists():
            raise InputError(f"not read under this name, expected `{name}.yaml`", file=str(found))


def _say_why(path: Path) -> None:
    """InputError for a file that is empty, or begins as JSON and is none: somebody cut it."""
    data = read_bytes(path)
    if not data.strip():
        raise InputError("an empty file", file=str(path))
    if path.name in ("perimeter.yaml", "organization.yaml"):
        raise InputError("a file of a workspace, expected the folder that holds it", file=str(path))
    if data[:1] in (b"{", b"["):
        if b'"@level"' in data.partition(b"\n")[0]:
            raise InputError("a log of `terraform plan -json`, expected what `terraform show -json PLAN` prints",
                             file=str(path))  # fmt: skip
        try:
            _say_what(orjson.loads(data), path)
        except orjson.JSONDecodeError as error:
            list(values_of(path, data))  # says so for most
            line = data.count(b"\n", 0, error.pos) + 1
            raise InputError(f"not JSON: {str(error).partition(':')[0]}", file=str(path), line=line) from None
    if b"arn:aws" in data[:65536] and path.suffix.lower() in (".csv", ".tsv", ".txt"):
        raise InputError(_TABLE, file=str(path))


def _say_why_of(folder: Path) -> None:
    """InputError for a folder in which something was meant to be read: what breaks off, or is of another form."""
    for file in files(folder):
        data = read_bytes(file)
        if data[:1] in (b"{", b"["):
            for value, _ in values_of(file, data):  # tells what is no JSON, and where
                _say_what(value, file)
    if (table := next(tables(folder), None)) is not None:
        raise InputError(_TABLE, file=str(table))


_TABLE = "a table, as consoles and Athena export it (CSV), expected JSON, such as what `aws ... --output json` prints"


def _say_what(value: Any, path: Path) -> None:
    """InputError for what is known and holds no policies that could be read, with what does."""
    if isinstance(value, dict) and "Statement" in value:
        raise InputError(
            f"a single policy, expected {_EXPECTED}; `compare`, `redundant` and `pack` take policies with "
            "`--type KIND`, `prove` with `--org-id` and `--scp` or `--rcp`",
            file=str(path),
        )
    if isinstance(value, dict) and "encrypted_data" in value and "encryption_version" in value:
        raise InputError(
            "an encrypted state or plan of OpenTofu, expected what `tofu show -json` prints", file=str(path)
        )
    if isinstance(value, dict) and {"resourceCounts", "GroupedResourceCounts"} & value.keys():
        raise InputError("counts of resources, which hold no policies: expected items of AWS Config, such as what "
                         "`select-aggregate-resource-config` prints", file=str(path))  # fmt: skip
    if isinstance(value, dict) and "ChangeSetName" in value and "Changes" in value:
        raise InputError("a change set, which tells which resources change and not their policies: expected the "
                         "template", file=str(path))  # fmt: skip


def _folder(path: Path) -> Form | None:
    perimeter, organization = path / "perimeter.yaml", path / "organization.yaml"
    if organization.is_file() or (perimeter.is_file() and not _names_source(perimeter) and not _others(path)):
        return Form.WORKSPACE
    if perimeter.is_file() and _names_source(perimeter):
        return Form.PERIMETER
    if (path / _LZA[0]).is_file():
        return Form.LZA
    if any((folder / "accounts").is_dir() or (folder / "organizations").is_dir() for folder in _partitions(path)):
        return Form.IAM_COLLECT
    forms = _forms(path)
    for form in (Form.CONFIG, Form.CLI, Form.TERRAFORM, Form.CLOUDFORMATION):
        if form in forms:
            return form
    from perimeter_smt.organization.readers.policies.read import holds_policies

    return Form.POLICIES if holds_policies(path) else None


def _others(path: Path) -> bool:
    return any(file.name != "perimeter.yaml" for file in files(path, _TEMPLATES)) or (path / _LZA[0]).is_file()


def _forms(path: Path, most: int = 8) -> set[Form]:
    """The forms of the first files below a folder; of more of them where the first are of none."""
    out: set[Form] = set()
    for number, file in enumerate(files(path, _TEMPLATES), 1):
        if (form := _file(file)) is not None:
            out.add(form)
        if number >= most and out:
            break
    return out


def _partitions(path: Path) -> list[Path]:
    return [f for top in (path, path / "aws") if top.is_dir() for f in top.iterdir() if f.name.startswith("aws")]


def _names_source(perimeter: Path) -> bool:
    return any(re.match(r"source\s*:", line) for line in perimeter.read_text("utf-8", "replace").splitlines())


def _file(path: Path) -> Form | None:
    data = read_bytes(path)
    if (path.suffix.lower() in YAML_FILES and data[:1] != b"{") or data[:1] not in (b"{", b"["):  # JSON is YAML, too
        text = data.decode("utf-8", "replace")
        if _TEMPLATE.search(text):
            return Form.CLOUDFORMATION
        return _first(path, data) if path.suffix.lower() in YAML_FILES else None
    try:
        return form_of(orjson.loads(data))
    except orjson.JSONDecodeError:
        return _first(path, data)


def _first(path: Path, data: bytes) -> Form | None:
    """The form of the first of several values; None for what cannot be read."""
    try:
        return next((form_of(value) for value, _ in values_of(path, data)), None)
    except InputError:
        return None


def read_bytes(path: Path) -> bytes:
    """The contents of a file, unpacked where it is packed, without white space or a byte order mark before it."""
    try:
        data = path.read_bytes()
        if data[:2] == b"\x1f\x8b":
            data = gzip.decompress(data)
    except (OSError, EOFError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"cannot be read: {reason.lower()}", file=str(path)) from None
    for mark in (b"\xff\xfe", b"\xfe\xff"):  # what `>` of PowerShell writes
        if data.startswith(mark):
            try:
                data = data.decode("utf-16").encode()
            except UnicodeDecodeError:
                raise InputError("cannot be read: a text in UTF-16 that is broken", file=str(path)) from None
    return data.removeprefix(b"\xef\xbb\xbf").lstrip()


# What notifications of changes wrap an item in: streams, rules of Config, SNS (Config developer guide).
NOTES = ("ConfigurationItem", "configurationItem", "invokingEvent", "Message", "detail")


def form_of(value: Any) -> Form | None:
    """The form of a decoded file."""
    if isinstance(value, list):
        return form_of(value[0]) if value and isinstance(value[0], dict) else None
    if not isinstance(value, dict):
        return None
    if any(name in value for name in ("terraform_version", "planned_values", "resource_changes")) or (
        "format_version" in value and "values" in value
    ):
        return Form.TERRAFORM
    if is_config(value):
        return Form.CONFIG
    if "TemplateBody" in value and "StagesAvailable" in value:
        return Form.CLOUDFORMATION  # what `aws cloudformation get-template` answers
    if "AWSTemplateFormatVersion" in value or "Transform" in value or _looks_like_template(value.get("Resources")):
        return Form.CLOUDFORMATION
    if "Statement" in value:
        return None  # a policy by itself
    from perimeter_smt.organization.readers.aws_cli.read import in_answer, reader_of

    return Form.CLI if reader_of(in_answer(value)) is not None else None


_ITEMS = (
    *("configurationItems", "BaseConfigurationItems", "baseConfigurationItems", "configurationItemVersion"),
    *("configurationItem", "configurationItemSummary"),
)


def is_config(value: Any) -> bool:
    """Whether a decoded value is an answer, a file, an item or a notification of AWS Config."""
    if not isinstance(value, dict):
        return False
    if any(name in value for name in _ITEMS):
        return True
    if any(name in value and "onfigurationItem" in str(value[name]) for name in NOTES):
        return True
    if "resourceType" in value and ("configuration" in value or "configurationItemStatus" in value):
        return True
    results = value.get("Results")
    if isinstance(results, list) and (not results or isinstance(results[0], str)) and (results or "QueryInfo" in value):
        return True
    ids = value.get("ResourceIdentifiers", value.get("resourceIdentifiers"))
    return isinstance(ids, list) and any("esourceType" in name for each in ids[:1] for name in each)


def _looks_like_template(found: Any) -> bool:
    return isinstance(found, dict) and any(
        isinstance(item, dict) and "::" in str(item.get("Type")) for item in found.values()
    )
