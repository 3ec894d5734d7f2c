"""Results as SARIF 2.1.0 (OASIS Static Analysis Results Interchange Format), for code scanning.

One rule per objective and lint rule; a result stands at the statement that came closest to stopping the request, or
that let it through or blocks it. The exit code and all proofs are in the JSON result, not here.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from perimeter_smt import __version__
from perimeter_smt.report.entries import Entry, Place, Result, is_lint
from perimeter_smt.report.page import visible

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
VERSION = "2.1.0"
KEY = "perimeter/v1"
_SEVERITY = {"error": "8.0", "warning": "5.0", "note": "2.0"}
_OBJECTIVE_HELP = (
    "An objective of the data perimeter is claimed in perimeter.yaml. A result is a concrete request that breaks it, "
    "replayed by a second evaluator, or says that the objective was not decided. `perimeter evaluate` replays the "
    "case that the JSON result holds."
)
_MITIGATION_HELP = (
    "A mitigation beside the objectives of the data perimeter. A result is a row of it that does not hold: a note, or "
    "an error where perimeter.yaml or `--mitigation` demands it by name."
)
_AVAILABILITY_HELP = (
    "Guardrails must not block what the perimeter intends. A result is an intended request that they block."
)


def sarif(result: Result, found: Sequence[Entry]) -> str:
    """The log as JSON text, with the findings given."""
    rules = _rules(result, found)
    order = {rule["id"]: number for number, rule in enumerate(rules)}
    command = "lint" if is_lint(result) else "prove"
    run = {
        "tool": {"driver": {"name": "perimeter-smt", "version": __version__, "rules": rules}},
        "automationDetails": {"id": f"perimeter/{command}/"},
        "columnKind": "utf16CodeUnits",
        "results": [_result(entry, order[visible(entry.rule)]) for entry in found],
    }
    return json.dumps({"$schema": SCHEMA, "version": VERSION, "runs": [run]}, indent=1, sort_keys=True) + "\n"


def _rules(result: Result, found: Sequence[Entry]) -> list[dict[str, Any]]:
    if is_lint(result):
        from perimeter_smt.lint import rules

        spoke = {entry.rule for entry in found}
        return [
            _rule(rule.id, rule.title, rule.text, str(rule.severity), rule.source)
            for rule in rules()
            if rule.id in spoke
        ]
    titles = {verdict["objective"]: verdict["title"] for verdict in result["verdicts"]}
    out = [_rule(name, title, _OBJECTIVE_HELP, "error") for name, title in titles.items()]
    for verdict in result["availability"]:
        if verdict["objective"] not in titles:
            titles[verdict["objective"]] = verdict["title"]
            out.append(_rule(verdict["objective"], verdict["title"], _AVAILABILITY_HELP, "warning"))
    for mitigation in result["mitigations"]:
        level = "error" if mitigation["id"] in result["demanded"] else "note"
        out.append(_rule(mitigation["id"], mitigation["title"], _MITIGATION_HELP, level))
    return out


def _rule(name: str, title: str, text: str, level: str, source: str = "") -> dict[str, Any]:
    more = f"\n\n[{source}]({source})" if source else ""
    rule: dict[str, Any] = {
        "id": visible(name),
        "shortDescription": {"text": visible(title)},
        "fullDescription": {"text": text},
        "help": {"text": f"{text} {source}".strip(), "markdown": text + more},
        "defaultConfiguration": {"level": level},
        "properties": {"tags": ["security", "aws"], "security-severity": _SEVERITY[level]},
    }
    if source:
        rule["helpUri"] = source
    return rule


def _result(entry: Entry, rule: int) -> dict[str, Any]:
    properties: dict[str, Any] = {"kind": entry.kind}
    if entry.services:
        properties["services"] = list(entry.services)
    if entry.request is not None:
        properties["request"] = entry.request
    out: dict[str, Any] = {
        "ruleId": visible(entry.rule),
        "ruleIndex": rule,
        "level": entry.level,
        "message": {"text": visible(entry.message)},
        "locations": [_location(Place(entry.file, entry.line, ""))],
        "partialFingerprints": {KEY: entry.fingerprint},
        "properties": properties,
    }
    if entry.related:
        out["relatedLocations"] = [
            {"id": number, **_location(place), "message": {"text": visible(place.message)}}
            for number, place in enumerate(entry.related, 1)
        ]
    return out


def _location(place: Place) -> dict[str, Any]:
    path = PurePath(place.file)
    if path.is_absolute():
        artifact = {"uri": path.as_uri()}
    else:
        artifact = {"uri": quote(path.as_posix(), safe="/"), "uriBaseId": "%SRCROOT%"}
    return {"physicalLocation": {"artifactLocation": artifact, "region": {"startLine": max(1, place.line)}}}
