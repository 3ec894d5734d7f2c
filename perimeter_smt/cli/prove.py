"""`perimeter prove`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from perimeter_smt.cli import output
from perimeter_smt.cli.diagnostics import diagnosed
from perimeter_smt.cli.formats import format_options, report_options, wanted, write
from perimeter_smt.cli.options import (
    FILE,
    FOLDER,
    PATH,
    Choice,
    a_day,
    chosen_objectives,
    fail_option,
    fill,
    mitigation_options,
    scope_options,
    set_option,
    text_options,
)
from perimeter_smt.cli.progress import Bar
from perimeter_smt.cli.source_options import source_flags, source_options
from perimeter_smt.cli.timed import diagnostic_options
from perimeter_smt.errors import InputError
from perimeter_smt.stages import stage

if TYPE_CHECKING:
    from perimeter_smt.organization.perimeter import Workspace
    from perimeter_smt.questions.obligations.decide import Means
    from perimeter_smt.questions.perimeter import StoppedProofError
    from perimeter_smt.questions.verdicts import Report

# Options that describe an organization in place of a workspace folder, by parameter.
_INSTEAD = {
    "org_id": "--org-id",
    "scps": "--scp",
    "rcps": "--rcp",
    "endpoints": "--endpoint-policy",
    "cidrs": "--cidr",
    "vpcs": "--vpc",
    "accounts": "--account",
    "management_account": "--management-account",
    "partition": "--partition",
    "perimeter_file": "--perimeter",
}
_INTERRUPTED = 130
_POLICIES = ("--scp", "--rcp", "--endpoint-policy")


@click.command()
@click.argument("workspace", required=False, type=PATH)
@scope_options
@click.option(
    "--reading",
    type=Choice(["over", "exact", "under"]),
    default="over",
    show_default=True,
    help="over: proofs hold under every open reading of AWS's documentation; exact: under the chosen ones; "
    "under: as over, and refutations too.",
)
@click.option("--all", "enumerate_all", is_flag=True, help="All counterexamples that differ in kind.")
@click.option(
    "--limit", type=click.IntRange(min=1), default=20, show_default=True, help="With --all: so many per verdict."
)
@click.option("--no-availability", is_flag=True, help="Do not ask what the guardrails block wrongly.")
@click.option("--assertion", "assertions", multiple=True, type=FILE, help="SMT-LIB file with an obligation of my own.")
@mitigation_options
@click.option("--jobs", type=click.IntRange(min=1), metavar="N", help="Worker processes; by itself, as many as pay.")
@click.option("--cache", type=FOLDER, metavar="DIR", help="Keep verdicts here, and take what did not change from here.")
@click.option("--scheduler", metavar="ADDRESS", help="Dask cluster that decides, such as tcp://host:8786.")
@set_option
@source_flags
@click.option("--org-id", metavar="o-...", help="Organization id, in place of a workspace.")
@click.option("--scp", "scps", multiple=True, type=FILE, help="SCP of the root.")
@click.option("--rcp", "rcps", multiple=True, type=FILE, help="RCP of the root.")
@click.option("--endpoint-policy", "endpoints", multiple=True, type=FILE, help="SERVICE_endpoint_policy.json.")
@click.option("--cidr", "cidrs", multiple=True, help="Address range of mine.")
@click.option("--vpc", "vpcs", multiple=True, metavar="VPC[/REGION]", help="VPC of mine.")
@click.option("--account", "accounts", multiple=True, metavar="ID", help="Member account.")
@click.option("--management-account", metavar="ID", help="Management account.")
@click.option(
    "--partition", metavar="NAME", help="Partition, such as aws-us-gov; told from ARNs and Regions if not said."
)
@click.option(
    "--perimeter",
    "perimeter_file",
    type=FILE,
    help="perimeter.yaml with claims, exceptions and trusted parties, beside --org-id.",
)
@format_options
@report_options
@fail_option
@diagnostic_options
@text_options
def prove(
    workspace: Path | None,
    as_json: bool,
    no_color: bool,
    formats: str,
    target: Path | None,
    baseline: Path | None,
    update_baseline: bool,
    details: bool,
    case: int | None,
    quiet: bool,
    fail_on: str,
    timings: bool,
    verbose: int,
    debug: Path | None,
    settings: tuple[str, ...],
    **options: Any,
) -> int:
    """Ask the six objectives of a WORKSPACE folder or another source, or of guardrails given as files.

    Mitigations beside them are shown; they count where perimeter.yaml or --mitigation names them.
    Exit codes: 0 all proved, 1 refuted, 2 bad input, 3 not decided; with --baseline they speak of what is new, and
    --fail-on tells from what on they are not 0.
    """
    asked = wanted(formats, target, baseline, update_baseline, as_json=as_json, details=details, quiet=quiet, case=case)
    with diagnosed(timings=timings, verbose=verbose, debug=debug) as diagnosis:
        with Bar(no_color=no_color, quiet=quiet) as bar:
            with stage("read"):
                space = diagnosis.workspace = _workspace(workspace, fill(settings), options)
            bar.rest()
            report, stopped = _ask(space, options, bar, every=baseline is not None)
            diagnosis.report = report
        with stage("report"):
            from perimeter_smt.report.exit_codes import of_entries, of_report
            from perimeter_smt.report.json import report_json

            result = report_json(report, space.organization)
            if stopped is not None:
                if not update_baseline and case is None:
                    write(result, asked, no_color=no_color)
                output.complain(f"interrupted: {stopped.decided} of {stopped.asked} obligations were decided")
                return _INTERRUPTED
            new = write(result, asked, no_color=no_color)
    if case is not None:
        return 0
    return of_report(report, fail_on) if new is None else of_entries(result, new, fail_on)


def _ask(
    space: Workspace, options: dict[str, Any], bar: Bar, *, every: bool
) -> tuple[Report, StoppedProofError | None]:
    """The report, and what stopped it if it holds a part only. `every`: a known way must not hide a new one."""
    from perimeter_smt.questions.perimeter import StoppedProofError
    from perimeter_smt.questions.perimeter import prove as ask

    try:
        report = ask(
            space,
            objectives=chosen_objectives(options["objectives"]),
            services=options["services"] or None,
            mode=options["mode"],
            reading=options["reading"],
            enumerate_all=options["enumerate_all"] or every,
            limit=options["limit"],
            availability=not options["no_availability"],
            assertions=options["assertions"],
            progress=bar,
            means=_means(options),
            mitigations=_beside(options),
            demanded=options["mitigations"],
            today=a_day(options["today"]),
            without_exceptions=options["without_exceptions"],
        )
    except StoppedProofError as error:
        return error.report, error
    return report, None


def _beside(options: dict[str, Any]) -> tuple[str, ...]:
    """The mitigations to ask: all of them, but for a narrow question or where they are not wanted."""
    if options["no_mitigations"] and options["mitigations"]:
        raise InputError("both `--mitigation` and `--no-mitigations`, expected one of them")
    narrow = options["objectives"] or options["services"] or options["assertions"]
    return () if options["no_mitigations"] or narrow else ("all",)


def _means(options: dict[str, Any]) -> Means:
    from perimeter_smt.questions.obligations.decide import Means
    from perimeter_smt.questions.obligations.pool import processors

    if options["scheduler"] and options["jobs"]:
        raise InputError("both `--jobs` and `--scheduler`, expected one of them")
    return Means(options["jobs"] or processors(), options["scheduler"], options["cache"])


def _workspace(folder: Path | None, values: dict[str, str], options: dict[str, Any]) -> Workspace:
    if folder is not None:
        return _source(folder, values, options)
    from perimeter_smt.organization.readers import workspace_from_options

    if not options["org_id"]:
        raise InputError("nothing to prove: expected a workspace or another source, or `--org-id` with policies")
    return workspace_from_options(
        options["org_id"],
        options["scps"],
        options["rcps"],
        options["endpoints"],
        values,
        cidrs=options["cidrs"],
        vpcs=options["vpcs"],
        accounts=options["accounts"],
        management_account=options["management_account"],
        perimeter_file=options["perimeter_file"],
        partition=options["partition"],
    )


def _source(path: Path, values: dict[str, str], options: dict[str, Any]) -> Workspace:
    """A workspace folder, which says everything itself, or another source, which options complete."""
    from perimeter_smt.organization.readers import read_source
    from perimeter_smt.organization.readers.recognise import Form, recognise

    is_workspace = recognise(path) is Form.WORKSPACE
    given = [option for name, option in _INSTEAD.items() if options[name]]
    wrong = given if is_workspace else [option for option in given if option in _POLICIES]
    if wrong:
        raise InputError(f"both {'a workspace' if is_workspace else 'a source'} and `{wrong[0]}`, expected one of them")
    return read_source(path, source_options(values, options, path))
