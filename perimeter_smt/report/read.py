"""Saved results: `prove --json` and `lint --json` read back, checked against their schemas."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from perimeter_smt.errors import InputError
from perimeter_smt.files import read_text
from perimeter_smt.questions import verdicts
from perimeter_smt.questions.mitigations.model import Mitigation
from perimeter_smt.questions.verdicts import Report
from perimeter_smt.report.entries import Result, is_lint
from perimeter_smt.report.json import schema

# Parts that results gained, and what they held before.
_ADDED: Mapping[str, object] = {
    "advice": [], "demanded": [], "expired": [], "kinds": None, "mitigations": [], "organization": None, "today": "",
}  # fmt: skip
_MAX_CHARACTERS = 125_000_000


def read_result(path: Path) -> Result:
    """A result from its file; InputError if it is none, or of another version."""
    try:
        value = json.loads(read_text(path, _MAX_CHARACTERS, "a result"))
    except (ValueError, RecursionError):
        raise InputError("not JSON, expected a result of `prove --json` or `lint --json`", file=str(path)) from None
    try:
        name = "lint" if is_lint(value if isinstance(value, Mapping) else {}) else "prove"
    except InputError as error:
        raise InputError(error.message, file=str(path)) from None
    if name == "prove" and isinstance(value, dict):  # results of before they had these parts
        value = {**_ADDED, **value}
        for part in ("verdicts", "availability", "mitigations"):
            value[part] = [_proof_added(found) for found in value.get(part, ())]
    from jsonschema import Draft202012Validator  # costs a little, and only saved results are checked

    wrong = next(Draft202012Validator(json.loads(schema(name))).iter_errors(value), None)
    if wrong is not None:
        raise InputError("not as `perimeter schema` describes it", file=str(path), path=wrong.json_path)
    return dict(value)


def _proof_added(found: Any) -> Any:
    if not isinstance(found, Mapping):
        return found
    lines = found.get("lines")
    if not isinstance(lines, list):
        return {"presumes": [], **found}
    open_rows = sum(isinstance(line, Mapping) and line.get("status") == "not-guardable" for line in lines)
    return {"presumes": [], "not_guardable": open_rows, **found}


def report_of(result: Result) -> Report:
    """The report that a result of `prove` was written from, without the cases that were replayed."""
    value = {**result, "tables": tuple(result["tables"].items())}
    for name in ("verdicts", "availability"):
        value[name] = [_verdict(verdict) for verdict in result[name]]
    value["mitigations"] = [_mitigation(found) for found in result["mitigations"]]
    return _report().validate_python(value)


@lru_cache(maxsize=1)
def _report() -> TypeAdapter[Report]:
    adapter = TypeAdapter(Report)
    adapter.rebuild(force=True, _types_namespace={**vars(verdicts), "Mitigation": Mitigation})
    return adapter


def _mitigation(found: Mapping[str, Any]) -> dict[str, Any]:
    lines = [
        {
            **line,
            "counterexample": _counterexample(line["counterexample"]) if line["counterexample"] else None,
            "hops": [_counterexample(hop) for hop in line["hops"]],
        }
        for line in found["lines"]
    ]
    return {**found, "lines": lines, "assumptions": _assumptions(found)}


def _assumptions(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{**one, "presumed": one["name"] in found["presumes"]} for one in found["assumptions"]]


def _verdict(verdict: Mapping[str, Any]) -> dict[str, Any]:
    limits = [
        {**limit, "example": _counterexample(limit["example"]) if limit["example"] else None}
        for limit in verdict["limits"]
    ]
    found = [_counterexample(example) for example in verdict["counterexamples"]]
    return {**verdict, "limits": limits, "counterexamples": found, "assumptions": _assumptions(verdict)}


def _counterexample(found: Mapping[str, Any]) -> dict[str, Any]:
    return {**found, "keys": found["keys_that_matter"], "case": None}
