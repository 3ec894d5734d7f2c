"""`perimeter lint`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from perimeter_smt.cli import output
from perimeter_smt.cli.formats import format_options, wanted, write
from perimeter_smt.cli.options import MORE_KINDS, PATH, Choice, completing, fill, set_option, text_options
from perimeter_smt.errors import InputError

_MANY = 20
_RULES = completing("lint_rules")
_SEVERITIES = Choice(["note", "warning", "error"])


@click.command()
@click.argument("paths", nargs=-1, type=PATH)
@click.option("--type", "kind", type=Choice(MORE_KINDS), help="Kind of all policies; else told by name or content.")
@click.option("--rules", "list_rules", is_flag=True, help="List the rules and exit.")
@click.option(
    "--select",
    multiple=True,
    metavar="RULE,...",
    shell_complete=completing("lint_rules"),
    help="Only these rules, or beginnings such as PL04.",
)
@click.option(
    "--ignore", multiple=True, metavar="RULE,...", shell_complete=completing("lint_rules"), help="Not these rules."
)
@click.option("--severity", type=_SEVERITIES, default="note", show_default=True, help="Leave out what is less grave.")
@click.option(
    "--fail-on", type=_SEVERITIES, default="note", show_default=True, help="Exit with 1 from this severity on."
)
@click.option("--all", "every", is_flag=True, help="Every place, not only the first of a rule in a file.")
@format_options
@click.option("-q", "--quiet", is_flag=True, help="The number of findings only, in one line.")
@set_option
@text_options
def lint(
    paths: tuple[Path, ...],
    kind: str | None,
    list_rules: bool,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    severity: str,
    fail_on: str,
    every: bool,
    formats: str,
    target: Path | None,
    baseline: Path | None,
    update_baseline: bool,
    quiet: bool,
    settings: tuple[str, ...],
    as_json: bool,
    no_color: bool,
) -> int:
    """Look for known mistakes in policies: files, folders of *.json, workspaces or other sources.

    A folder is searched for policies that git does not ignore.
    Exit codes: 0 nothing found, 1 findings, 2 bad input.
    """
    from perimeter_smt.cli.policy_files import read_policies
    from perimeter_smt.lint import Severity
    from perimeter_smt.lint import lint as check
    from perimeter_smt.lint.fold import Folded, fold
    from perimeter_smt.lint.selection import choose
    from perimeter_smt.report import findings

    color = output.colors(sys.stdout, no_color=no_color)
    chosen = choose(select, ignore, Severity(severity))
    if list_rules:
        output.emit(findings.render_rules(chosen, width=output.width(), color=color))
        return 0
    if not paths:
        raise InputError("nothing to lint: expected policy files, folders or a workspace")
    asked = wanted(formats, target, baseline, update_baseline, as_json=as_json, quiet=quiet)
    policies = read_policies(paths, kind, fill(settings))
    found = [finding for document in policies.documents for finding in check(document, chosen)]
    folded = [Folded((finding,)) for finding in found] if every else fold(found)
    result = findings.findings_json(folded, len(policies.documents), policies.kinds, len(policies.skipped))
    new = write(result, asked, no_color=no_color) if policies.documents else None
    errors = [single for error in policies.errors for single in error.each]
    for single in errors[:_MANY]:
        output.complain(str(single))
    if len(errors) > _MANY:
        output.complain(f"{len(errors) - _MANY} more files could not be read")
    grave = {rule.id for rule in chosen if rule.severity.rank >= Severity(fail_on).rank}
    spoke = (finding.rule for finding in found) if new is None else (entry.rule for entry in new)
    return 2 if policies.errors else int(any(rule in grave for rule in spoke))
