"""Every published policy of the corpus is read as what it is, or refused with its place."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from perimeter_smt.errors import InputError
from perimeter_smt.lint import lint
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import load_policy, parse_object

KINDS = {"vpce": Kind.ENDPOINT}
CASE_KINDS = {"vpce-interface": Kind.ENDPOINT, "vpce-gateway": Kind.ENDPOINT_GATEWAY, "vpce": Kind.ENDPOINT}

# No policy in any reading: a comment in JSON.
BROKEN = {
    "service-control-policy-examples/Service-specific-controls/AWS-IAM/deny-service-specific-credential-by-type.json",
}
# Refused by AWS as they stand; the reading that is not strict keeps them. Prose in place of names, account ids of 11 or
# 14 digits, leading blanks, repeated statement ids, SCPs without a version, lists as principals.
REASONS = (
    "is not `*`",
    "12-digit account id",
    "principal is a list",
    "`NotPrincipal` with effect `Allow`",
    "is used twice",
    'needs `"Version": "2012-10-17"`',
    "expected the host of an issuer, or the ARN of a SAML or OIDC provider",  # a placeholder for the account
)
NOT_STRICT = 45


def test_plain_documents(shared: Path) -> None:
    rows = [row for row in _rows(shared) if row["source"] not in {"iamspy", "cloudformation"} and "role" not in row]
    fill = _fill(shared)
    broken: set[str] = set()
    refused = 0
    for row in rows:
        path = shared / "corpus" / row["path"]
        kind = KINDS.get(row["type"]) or Kind(row["type"])
        error = _error(path, kind, fill)
        if error is None:
            _check(load_policy(path, kind, fill), row)
            continue
        assert str(error).startswith(f"{path}:{error.line}: "), error
        assert "\n" not in str(error)
        if row["path"] in BROKEN:
            broken.add(row["path"])
            continue
        assert any(reason in error.message for reason in REASONS), error
        _check(load_policy(path, kind, fill, strict=False), row)
        refused += 1
    assert broken == BROKEN
    assert refused == NOT_STRICT
    assert len(rows) > 800


def test_comment_in_json_is_placed(shared: Path) -> None:
    name = "deny-service-specific-credential-by-type.json"
    path = next((shared / "corpus").rglob(name))
    with pytest.raises(InputError, match=r":15: not valid JSON: expected `,` or `]`, column 13$"):
        load_policy(path, Kind.SCP)


def test_embedded_documents(shared: Path) -> None:
    """Policies inside other JSON: reference and candidates, account dumps, lists of SCPs."""
    count = 0
    for path in sorted({row["path"] for row in _rows(shared) if _is_embedded(row)}):
        text = (shared / "corpus" / path).read_text("utf-8")
        for index, value in enumerate(_policies(json.loads(text))):
            kind, name = _kind_of(value), f"{path}#{index}"
            document = parse_object(value, kind, file=path, name=name, fill=_fill(shared), strict=False)
            assert document.kind is kind
            count += 1
    assert count > 80


def test_unfilled_placeholders_are_refused(shared: Path) -> None:
    fill = _fill(shared)
    for row in _rows(shared):
        if "placeholders" not in row:
            continue
        kind = KINDS.get(row["type"]) or Kind(row["type"])
        with pytest.raises(InputError, match=r"placeholder `<.*>` is not filled, use `--set .*=VALUE`"):
            load_policy(shared / "corpus" / row["path"], kind)
        without_brackets = {name.strip("<>"): value for name, value in fill.items()}
        load_policy(shared / "corpus" / row["path"], kind, without_brackets)


def test_cases_of_validity(shared: Path) -> None:
    cases = json.loads((shared / "semantics_cases.json").read_text("utf-8"))["cases"]
    seen = 0
    for case in cases:
        if case["kind"] != "validate":
            continue
        kind = CASE_KINDS.get(case["policy_type"]) or Kind(case["policy_type"])
        try:
            parse_object(case["policy"], kind, file="case", name=case["id"])
        except InputError:
            assert case["expected"] == "invalid", case["id"]
        else:
            assert case["expected"] == "valid", case["id"]
        seen += 1
    assert seen == 10


def test_lint_runs_on_everything(shared: Path) -> None:
    """No rule stumbles over a published policy, and AWS's own samples of data perimeters draw few findings."""
    fill = _fill(shared)
    found: set[str] = set()
    for row in _rows(shared):
        if row["source"] != "data-perimeter-policy-examples":
            continue
        kind = KINDS.get(row["type"]) or Kind(row["type"])
        found |= {finding.rule for finding in lint(load_policy(shared / "corpus" / row["path"], kind, fill))}
    # a tag beside the organization in one Deny, for either; actions without the resource-owner keys
    assert found == {"PL011", "PL035"}


def _error(path: Path, kind: Kind, fill: dict[str, str]) -> InputError | None:
    try:
        load_policy(path, kind, fill)
    except InputError as error:
        return error
    return None


def _check(document: Document, row: dict[str, Any]) -> None:
    assert len(document.statements) == row["statements"], row["path"]
    assert sum(statement.effect == "Deny" for statement in document.statements) == row["deny"], row["path"]
    assert document.version == row.get("version", "2008-10-17"), row["path"]
    operators = {str(c.operator).lower() for statement in document.statements for c in statement.conditions}
    assert operators == {name.lower() for name in row.get("operators", ())}, row["path"]
    assert all(statement.location.line > 0 for statement in document.statements)


def _rows(shared: Path) -> list[dict[str, Any]]:
    lines = (shared / "corpus" / "INDEX.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


def _fill(shared: Path) -> dict[str, str]:
    table = json.loads((shared / "corpus" / "placeholders.json").read_text("utf-8"))
    return {name: entry["example"] for name, entry in table["substitutions"].items()}


def _is_embedded(row: dict[str, Any]) -> bool:
    return row["path"].endswith(".json") and (row["source"] == "iamspy" or "role" in row)


def _policies(value: Any) -> Iterator[dict[str, Any]]:
    """Every object with a statement, at any depth."""
    if isinstance(value, dict):
        if "Statement" in value:
            yield value
            return
        value = list(value.values())
    if isinstance(value, list):
        for child in value:
            yield from _policies(child)


def _kind_of(value: dict[str, Any]) -> Kind:
    text = json.dumps(value)
    if '"Principal":' not in text:
        return Kind.IDENTITY
    return Kind.RESOURCE if '"Resource":' in text else Kind.TRUST
