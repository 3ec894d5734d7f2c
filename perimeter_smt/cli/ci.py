"""`perimeter ci`: prove and lint a workspace, with results in the forms that the system it runs in shows."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any

import click

from perimeter_smt.cli import output
from perimeter_smt.cli.formats import new_findings
from perimeter_smt.cli.options import FILE, PATH, chosen_objectives, fail_option, fill, scope_options, set_option
from perimeter_smt.cli.source_options import source_flags, source_options
from perimeter_smt.errors import InputError

if TYPE_CHECKING:
    from perimeter_smt.report.forms import Shown

_WORST = (2, 1, 3, 0)  # bad input first: nothing was asked then


@dataclass(frozen=True)
class System:
    """What a system shows: forms on stdout, forms as files, the folder if none is named, a file for a summary."""

    name: str
    printed: tuple[str, ...]
    files: tuple[str, ...] = ()
    folder: str = ""
    summary: str = ""


GITHUB = System("GitHub Actions", ("github", "text"), ("sarif", "junit", "json"), summary="GITHUB_STEP_SUMMARY")
GITLAB = System("GitLab", ("text",), ("gitlab", "junit", "markdown", "json"), folder="perimeter-reports")
ELSEWHERE = System("", ("text",), ("sarif", "junit", "markdown", "json"))


@click.command()
@click.argument("workspace", type=PATH, default=".")
@scope_options
@click.option("--baseline", type=FILE, help="Known findings of the proof: only what is new is shown and counts.")
@click.option("--output", "folder", type=PATH, help="New folder for files: SARIF, JUnit and others.")
@click.option("--no-lint", is_flag=True, help="Prove only.")
@fail_option
@source_flags
@set_option
def ci(
    workspace: Path,
    baseline: Path | None,
    folder: Path | None,
    no_lint: bool,
    fail_on: str,
    settings: tuple[str, ...],
    **options: Any,
) -> int:
    """Prove WORKSPACE and lint its policies, with annotations, summaries and files as the environment wants them.

    GITHUB_ACTIONS and GITLAB_CI tell where it runs; elsewhere it prints text.
    Exit codes: 0 all proved and no finding of lint from `warning` on, 1 refuted or found, 2 bad input, 3 not decided.
    """
    system = told_by(os.environ)
    place = folder or (Path(system.folder) if system.folder else None)
    if place is not None and place.exists():
        raise InputError("exists already, expected a new folder for files", file=str(place))
    if baseline is not None and not baseline.is_file():
        raise InputError("no such baseline, `perimeter prove --update-baseline` writes one", file=str(baseline))
    values = fill(settings)
    codes = [_prove(workspace, values, options, baseline, fail_on, system, place)]
    if not no_lint:
        codes.append(_lint(workspace, values, system, place))
    return min(codes, key=_WORST.index)


def told_by(environment: Mapping[str, str]) -> System:
    """The system that an environment belongs to."""
    if environment.get("GITHUB_ACTIONS") == "true":
        return GITHUB
    return GITLAB if environment.get("GITLAB_CI") == "true" else ELSEWHERE


def _prove(
    path: Path, values: dict[str, str], options: dict[str, Any], baseline: Path | None, fail_on: str, system: System,
    place: Path | None,
) -> int:  # fmt: skip
    from perimeter_smt.organization.readers import read_source
    from perimeter_smt.questions.obligations.decide import Means
    from perimeter_smt.questions.obligations.pool import processors
    from perimeter_smt.questions.perimeter import prove
    from perimeter_smt.report.exit_codes import of_entries, of_report
    from perimeter_smt.report.json import report_json

    report = prove(
        read_source(path, source_options(values, options, path)),
        objectives=chosen_objectives(options["objectives"]),
        services=options["services"] or None,
        mode=options["mode"],
        enumerate_all=baseline is not None,
        means=Means(processors()),
    )
    result = report_json(report)
    shown = new_findings(result, baseline)
    _tell("prove", shown, system, place)
    return of_report(report, fail_on) if baseline is None else of_entries(result, shown.found, fail_on)


def _lint(path: Path, values: dict[str, str], system: System, place: Path | None) -> int:
    from perimeter_smt.cli.policy_files import read_policies
    from perimeter_smt.lint import Severity, lint, rules
    from perimeter_smt.lint.fold import fold
    from perimeter_smt.report.findings import findings_json

    policies = read_policies((path,), None, values)
    chosen = [rule for rule in rules() if rule.severity.rank >= Severity.WARNING.rank]
    found = [finding for document in policies.documents for finding in lint(document, chosen)]
    result = findings_json(fold(found), len(policies.documents), policies.kinds, len(policies.skipped))
    _tell("lint", new_findings(result, None), system, place)
    for error in policies.errors:
        output.complain_all(error)
    return 2 if policies.errors else int(bool(found))


def _tell(name: str, shown: Shown, system: System, place: Path | None) -> None:
    """Print, write files, and add to the summary."""
    from perimeter_smt.report.forms import FORMS

    for form in system.printed:
        text = FORMS[form].write(shown)
        if text:
            output.emit(_inert(text) if system is GITHUB and form == "text" else text)
    if place is not None:
        place.mkdir(parents=True, exist_ok=True)
        for form in system.files:
            output.emit(FORMS[form].write(shown), place / f"{name}.{FORMS[form].suffix}")
    summary = os.environ.get(system.summary, "") if system.summary else ""
    if summary:
        _append(Path(summary), FORMS["markdown"].write(shown))


def _inert(text: str) -> str:
    """The text with workflow commands switched off around it: names of policies are not to speak to the runner."""
    token = token_hex(16)
    return f"::stop-commands::{token}\n{text}::{token}::\n"


def _append(path: Path, text: str) -> None:
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise InputError(f"cannot be written: {(error.strerror or 'unknown error').lower()}", file=str(path)) from None
