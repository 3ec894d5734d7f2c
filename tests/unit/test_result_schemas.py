"""Every value that an answer can hold is one that its schema knows: `perimeter report` refused holes inside a VPC."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import pytest
from jsonschema import Draft202012Validator
from pydantic import TypeAdapter

from perimeter_smt.cli.main import run
from perimeter_smt.evaluate.decide import EXPLICIT_DENY, GRANT, IMPLICIT_DENY
from perimeter_smt.lint.severity import Severity
from perimeter_smt.policy.document import Effect, PrincipalType
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.questions.changes.answer import Changes
from perimeter_smt.questions.changes.ask import CALLERS
from perimeter_smt.questions.checks.verdicts import Check
from perimeter_smt.questions.findings.verdicts import Callers, Findings
from perimeter_smt.questions.redundancy import redundant
from perimeter_smt.questions.replay.judge import Outcome
from perimeter_smt.questions.replay.replay import Replayed
from perimeter_smt.questions.verdicts import Comparison
from perimeter_smt.report.json import SCHEMAS, schema
from perimeter_smt.report.read import _report, read_result
from perimeter_smt.request.request import CallerType
from tests.conftest import ROOT

Shape = dict[str, Any]
EXAMPLES = ROOT / "docs/examples"
MODELS: dict[str, tuple[Any, int]] = {  # with the number of enumerations that are reached
    "prove": (None, 10), "compare": (Comparison, 2), "changes": (Changes, 9), "findings": (Findings, 5),
    "callers": (Callers, 3), "replay": (Replayed, 2), "check": (Check, 2),
}  # fmt: skip


def enumerations(model: Shape, told: Shape, roots: tuple[Shape, Shape]) -> dict[str, tuple[set[str], set[str]]]:
    """Where both tell what a value may be: what the model says and what the schema says."""
    found: dict[str, tuple[set[str], set[str]]] = {}
    seen = set()

    def walk(model: Shape, told: Shape, path: str) -> None:
        model, told = _resolved(model, roots[0]), _resolved(told, roots[1])
        if (id(model), id(told)) in seen:
            return
        seen.add((id(model), id(told)))
        for one in model.get("anyOf", ()):
            walk(one, told, path)
        for one in told.get("anyOf", ()):
            walk(model, one, path)
        if "enum" in model and told.get("type") != "null":
            found[path] = (
                set(model["enum"]),
                set(told.get("enum", model["enum"] if told.get("type") == "string" else ())),
            )
        if "items" in model and "items" in told:
            walk(model["items"], told["items"], f"{path}[]")
        for name, one in model.get("properties", {}).items():
            if name in told.get("properties", {}):
                walk(one, told["properties"][name], f"{path}.{name}")

    walk(*roots, "")
    return found


def _resolved(shape: Shape, root: Shape) -> Shape:
    while "$ref" in shape:
        shape = root["$defs"][shape["$ref"].rpartition("/")[2]]
    return shape


@pytest.mark.parametrize("name", MODELS)
def test_every_value_of_the_model_is_in_the_schema(name):
    made, least = MODELS[name]
    model = (TypeAdapter(made) if made else _report()).json_schema(mode="serialization")
    found = enumerations(model, json.loads(schema(name)), (model, json.loads(schema(name))))
    assert len(found) >= least
    assert {path: sorted(can - told) for path, (can, told) in found.items() if can - told} == {}


# What is written by hand from an answer, and not from the fields of a class: which enumeration stands where.
NAMED: dict[tuple[str, str], set[str]] = {
    ("statement", "kind"): {kind.value for kind in Kind},
    ("statement", "effect"): set(get_args(Effect)),
    ("placed", "effect"): set(get_args(Effect)),
    ("guardrail", "effect"): set(get_args(Effect)),
    ("principal", "type"): set(get_args(CallerType)),
    ("principals", "type"): set(get_args(PrincipalType)),
    ("except_principals", "type"): set(get_args(PrincipalType)),
    ("change", "callers"): set(CALLERS),
    ("findings", "severity"): {level.value for level in Severity},
    ("evaluate", "reason"): {GRANT, EXPLICIT_DENY, IMPLICIT_DENY},
    ("explain", "reason"): {GRANT, EXPLICIT_DENY, IMPLICIT_DENY},
    ("explanation", "reason"): {GRANT, EXPLICIT_DENY, IMPLICIT_DENY},
    ("explanation", "decision"): set(get_args(Outcome)),
    ("statements", "status"): set(get_args(redundant.Status)),
}


def _told(shape: Any, at: str) -> Any:
    """All properties with an enumeration, by the name of what they are properties of."""
    if isinstance(shape, list):
        for one in shape:
            yield from _told(one, at)
    elif isinstance(shape, dict):
        for name, one in shape.get("properties", {}).items():
            if isinstance(one, dict) and "enum" in one:
                yield (at, name), set(one["enum"])
        for key, one in shape.items():
            named = isinstance(one, dict) and key not in ("properties", "items", "$defs", "anyOf", "oneOf")
            yield from _told(one, key if named else at)


def test_every_named_value_is_in_every_schema():
    reached = set()
    for name in SCHEMAS:
        for where, told in _told(json.loads(schema(name)), name):
            if where in NAMED:
                reached.add(where)
                assert NAMED[where] <= told, (name, where)
    assert reached == set(NAMED)


def _run(capsys, *arguments: str) -> str:
    assert run(list(arguments)) in (0, 1, 3)
    return capsys.readouterr().out


FORMS = ("text", "json", "html", "sarif", "junit", "markdown", "csv")
PROVEN = (
    ("acme-with-mistakes", "--mode", "grants", "--service", "s3"),
    ("mitigations/n1-mistake", "--service", "rds-db"),
    ("mitigations/c1-open", "--service", "sqs", "--reading", "exact"),
)


@pytest.mark.parametrize("asked", PROVEN)
def test_report_reads_what_prove_writes(asked, capsys, tmp_path):
    """In every form, whatever was refuted."""
    saved = tmp_path / "result.json"
    saved.write_text(_run(capsys, "prove", str(EXAMPLES / asked[0]), *asked[1:], "--json"))
    assert read_result(saved)
    for form in FORMS:
        assert run(["report", str(saved), "--format", form]) == 0
        assert capsys.readouterr().out


def test_report_reads_calls_inside_a_vpc(capsys, tmp_path):
    """Refused as no result, because of the wire."""
    saved = tmp_path / "result.json"
    arguments = ("--org-id", "o-acme0000001", "--service", "rds-db", "--json")
    saved.write_text(_run(capsys, "prove", *arguments))
    assert '"path": "invpc"' in saved.read_text()
    assert run(["report", str(saved), "--format", "markdown"]) == 0


ACME = str(EXAMPLES / "acme")
MISTAKES = str(EXAMPLES / "acme-with-mistakes")
ROLE = "arn:aws:iam::111122223333:role/orders-service"
RCPS = tuple(str(EXAMPLES / name / "rcp/identity-perimeter.json") for name in ("acme", "acme-with-mistakes"))
BUCKET = str(next((EXAMPLES / "acme/resource").glob("*.json")))
WRITTEN: dict[str, tuple[str, tuple[str, ...]]] = {
    "findings": ("findings", ("findings", MISTAKES, "--service", "s3")),
    "findings out": ("findings", ("findings", MISTAKES, "--direction", "out", "--service", "s3")),
    "who can": ("callers", ("who-can", "s3:GetObject", "--source", MISTAKES)),
    "what can": ("callers", ("what-can", ROLE, "--source", MISTAKES, "--service", "s3")),
    "public": ("check", ("public", BUCKET)),
    "compare": ("compare", ("compare", *RCPS, "--type", "rcp")),
    "compare states": ("changes", ("compare", ACME, MISTAKES, "--service", "s3")),
    "redundant": ("redundant", ("redundant", RCPS[1], "--type", "rcp")),
    "pack": ("pack", ("pack", RCPS[1], "--type", "rcp")),
    "inventory": ("inventory", ("inventory", MISTAKES)),
    "measure": ("measure", ("measure", BUCKET)),
    "lint": ("lint", ("lint", MISTAKES)),
    "axioms": ("axioms", ("axioms",)),
    "why": ("why", ("why", "AP5")),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_what_is_written_is_as_its_schema_says(name, capsys, tmp_path):
    """`report` reads what `lint` writes, and says of the rest what it is not."""
    shape, arguments = WRITTEN[name]
    text = _run(capsys, *arguments, "--json")
    Draft202012Validator(json.loads(schema(shape))).validate(json.loads(text))
    saved = Path(tmp_path) / "result.json"
    saved.write_text(text)
    code = run(["report", str(saved)])
    told = capsys.readouterr()
    if shape == "lint":
        assert code == 0
    else:
        assert code == 2
        assert "neither a result of `perimeter prove --json` nor of `perimeter lint --json`" in told.err
