"""`perimeter`: prove a perimeter, compare two documents. The engine is imported by the command that needs it."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from perimeter_smt import __version__
from perimeter_smt.errors import InputError, InternalError

_FILE = click.Path(path_type=Path, dir_okay=False)
_KINDS = ("identity", "boundary", "session", "scp", "rcp", "resource", "trust", "kms", "endpoint")


@click.group()
@click.version_option(__version__, prog_name="perimeter")
def cli() -> None:
    """Prove or refute that an AWS data perimeter holds."""


@cli.command()
@click.argument("workspace", required=False, type=click.Path(path_type=Path))
@click.option("--objective", "objectives", multiple=True, help="O1 to O6; all if not given.")
@click.option("--service", "services", multiple=True, help="Service prefix such as s3.")
@click.option("--mode", type=click.Choice(["guardrails", "grants"]), default="guardrails", show_default=True)
@click.option("--reading", type=click.Choice(["over", "exact"]), default="over", show_default=True)
@click.option("--all", "enumerate_all", is_flag=True, help="Enumerate counterexamples that differ in kind.")
@click.option("--limit", default=20, show_default=True)
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="Fill the placeholder <NAME>.")
@click.option("--org-id", help="Organization id, instead of a workspace.")
@click.option("--scp", "scps", multiple=True, type=_FILE)
@click.option("--rcp", "rcps", multiple=True, type=_FILE)
@click.option("--endpoint-policy", "endpoints", multiple=True, type=_FILE)
@click.option("--cidr", "cidrs", multiple=True, help="Address range of mine.")
@click.option("--json", "as_json", is_flag=True)
def prove(workspace: Path | None, settings: tuple[str, ...], as_json: bool, **options: Any) -> int:
    """Ask the six objectives of a workspace, or of guardrails given as files."""
    from perimeter_smt.organization.perimeter import OBJECTIVES
    from perimeter_smt.organization.readers import load_workspace, workspace_from_options
    from perimeter_smt.prove.perimeter import prove as ask

    fill = _fill(settings)
    if workspace is not None:
        space = load_workspace(workspace, fill)
    elif options["org_id"]:
        space = workspace_from_options(
            options["org_id"], options["scps"], options["rcps"], options["endpoints"], fill, cidrs=options["cidrs"]
        )
    else:
        raise InputError("nothing to prove: expected a workspace folder or `--org-id` with policies")
    report = ask(
        space,
        objectives=options["objectives"] or OBJECTIVES,
        services=options["services"] or None,
        mode=options["mode"],
        reading=options["reading"],
        enumerate_all=options["enumerate_all"],
        limit=options["limit"],
    )
    if as_json:
        click.echo(json.dumps({"format": 1, **asdict(report)}, default=_plain, sort_keys=True))
        return report.exit_code
    for verdict in report.verdicts:
        names = ", ".join(verdict.services[:5])
        more = f" and {len(verdict.services) - 5} more" if len(verdict.services) > 5 else ""
        click.echo(f"{verdict.objective} {verdict.status:<11} {names}{more}")
        if verdict.reason:
            click.echo(f"   {verdict.reason}")
        for found in verdict.counterexamples:
            caller = found.request.principal.arn or found.request.principal.type
            click.echo(f"   {caller} {found.request.action} {found.request.resource}")
            click.echo(f"   {found.why}")
    return report.exit_code


@cli.command()
@click.argument("before", type=_FILE)
@click.argument("after", type=_FILE)
@click.option("--type", "kind", type=click.Choice(_KINDS), required=True)
@click.option("--free-context", is_flag=True, help="Every condition key is free.")
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE")
@click.option("--json", "as_json", is_flag=True)
def compare(before: Path, after: Path, kind: str, free_context: bool, settings: tuple[str, ...], as_json: bool) -> int:
    """Tell what AFTER allows or denies that BEFORE does not."""
    from perimeter_smt.policy.kinds import Kind
    from perimeter_smt.policy.parse import load_policy
    from perimeter_smt.prove.compare import compare as ask

    fill = _fill(settings)
    documents = [load_policy(path, Kind(kind), fill, strict=False) for path in (before, after)]
    found = ask(documents[0], documents[1], free_context=free_context)
    if as_json:
        sides = {"newly_allowed": found.newly_allowed, "newly_denied": found.newly_denied}
        requests = {name: side and side.request.model_dump(mode="json") for name, side in sides.items()}
        click.echo(json.dumps({"format": 1, "relation": found.relation, **requests}, sort_keys=True))
    else:
        click.echo(found.relation)
        for label, side in (("newly allowed", found.newly_allowed), ("newly denied", found.newly_denied)):
            if side:
                click.echo(f"{label}: {side.request.action} on {side.request.resource}")
                for blame in side.through:
                    click.echo(f"   {blame}")
    if found.relation == "unknown":
        return 3
    return 1 if found.newly_allowed else 0


def _fill(settings: tuple[str, ...]) -> dict[str, str]:
    out = {}
    for text in settings:
        name, equals, value = text.partition("=")
        if not equals:
            raise InputError(f"`--set {text}`: expected NAME=VALUE")
        out[name] = value
    return out


def _plain(value: Any) -> Any:
    return value.model_dump(mode="json")


def main() -> None:
    """The console entry point: exit codes of design 6, one line per error, never a traceback."""
    try:
        sys.exit(cli.main(standalone_mode=False) or 0)
    except InputError as error:
        click.echo(f"error: {error}", err=True)
    except click.ClickException as error:
        click.echo(f"error: {error.format_message()}", err=True)
    except click.Abort:
        sys.exit(130)
    except InternalError as error:
        click.echo(f"internal error: {error}", err=True)
        sys.exit(3)
    sys.exit(2)
