"""Findings on the lines of a pull request: workflow commands of GitHub Actions, code quality of GitLab.

GitHub: https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands (escapes as its toolkit does);
GitLab: https://docs.gitlab.com/ci/testing/code_quality/ ("Code Quality report format").
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from perimeter_smt.report.entries import Entry, Level, Result
from perimeter_smt.report.page import visible

_COMMANDS: dict[Level, str] = {"error": "error", "warning": "warning", "note": "notice"}
_SEVERITIES: dict[Level, str] = {"error": "critical", "warning": "major", "note": "info"}


def github(result: Result, found: Sequence[Entry]) -> str:
    """A workflow command per finding; one that stands in no file is shown on the run."""
    return "".join(
        f"::{_COMMANDS[entry.level]} {_properties(result, entry)}::{_data(entry.message)}\n" for entry in found
    )


def gitlab(result: Result, found: Sequence[Entry]) -> str:
    """A code quality report; GitLab wants a path, so that findings without a file stand at the workspace."""
    rows = [
        {
            "description": visible(entry.message),
            "check_name": entry.rule,
            "fingerprint": entry.fingerprint,
            "severity": _SEVERITIES[entry.level],
            "location": {
                "path": _path(entry.file) or str(result.get("workspace", ".")),
                "lines": {"begin": entry.line},
            },
        }
        for entry in found
    ]
    return json.dumps(rows, indent=1) + "\n"


def _properties(result: Result, entry: Entry) -> str:
    title = f"title={_property(f'{entry.rule} {entry.title}')}"
    if entry.file == result.get("workspace"):
        return title
    return f"file={_property(_path(entry.file))},line={entry.line},{title}"


def _path(file: str) -> str:
    """Relative to the folder that is worked in: both systems know no other."""
    return visible(file.removeprefix("./"))


def _data(text: str) -> str:
    return visible(text).replace("%", "%25")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
