"""`perimeter findings`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from perimeter_smt.cli import output
from perimeter_smt.cli.options import PATH, Choice, a_day, fill, set_option, text_options, today_option
from perimeter_smt.cli.progress import Bar
from perimeter_smt.cli.source_options import identity_flags, source_flags, source_options
from perimeter_smt.cli.stopping import Stopping
from perimeter_smt.cli.timed import timed
from perimeter_smt.errors import InputError

if TYPE_CHECKING:
    from perimeter_smt.policy.document import Document
    from perimeter_smt.questions.findings.verdicts import Findings

KINDS = ("resource", "trust", "kms", "bucket", "access-point")


@click.command()
@click.argument("source", type=PATH)
@click.option("--type", "kind", type=Choice(KINDS), help="SOURCE is one policy of this kind.")
@click.option(
    "--zone",
    type=Choice(["account", "organization", "perimeter", "everyone"]),
    help="Who is no outsider: callers of the account, of the organization, whom the perimeter trusts, or nobody.  "
    "[default: account for one policy, else organization]",
)
@click.option(
    "--direction",
    type=Choice(["in", "out"]),
    default="in",
    show_default=True,
    help="What outsiders reach of mine, or what mine reach of others.",
)
@click.option("--service", "services", multiple=True, metavar="PREFIX", help="Only this service. Repeatable.")
@today_option
@source_flags
@identity_flags
@set_option
@text_options
@timed
def findings(
    source: Path,
    kind: str | None,
    zone: Any,
    direction: Any,
    services: tuple[str, ...],
    today: str | None,
    settings: tuple[str, ...],
    as_json: bool,
    no_color: bool,
    **options: Any,
) -> int:
    """List all access of outsiders that SOURCE gives, as the fewest and coarsest sets of requests; or all ways out.

    SOURCE is one resource, trust or key policy, or a workspace or any other source that `prove` takes.
    Exit codes: 0 no such access, 1 some, 2 bad input, 3 not decided.
    """
    values, day = fill(settings), a_day(today)
    from perimeter_smt.questions.findings.answer import findings as ask
    from perimeter_smt.questions.findings.answer import findings_of_workspace

    document = one_policy(source, kind, values)
    if document is None:
        from perimeter_smt.organization.readers import read_source

        workspace = read_source(source, source_options(values, options, source))
        with Stopping() as stop:
            with Bar(no_color=no_color) as bar:
                found = findings_of_workspace(
                    workspace,
                    zone=zone or "organization",
                    direction=direction,
                    services=services or None,
                    progress=bar,
                    stop=stop,
                    today=day,
                )
            return stop.exit_code(_shown(found, as_json=as_json, no_color=no_color))
    if direction == "out":
        raise InputError("ways out are asked about a workspace, not about one policy", path="--direction")
    if services:
        raise InputError("one policy is asked about as a whole", path="--service")
    account, organization = ids(options)
    chosen: Any = zone or ("organization" if organization and not account else "account")
    with Stopping() as stop:
        found = ask(document, zone=chosen, account=account, organization=organization, stop=stop, today=day)
        return stop.exit_code(_shown(found, as_json=as_json, no_color=no_color))


def _shown(found: Findings, *, as_json: bool, no_color: bool) -> int:
    from perimeter_smt.report import access

    if as_json:
        from perimeter_smt.report.json import dumps

        output.emit(dumps(access.findings_json(found)))
    else:
        color = output.colors(sys.stdout, no_color=no_color)
        output.emit(access.render_findings(found, width=output.width(), color=color))
    return found.exit_code


def one_policy(source: Path, kind: str | None, values: dict[str, str]) -> Document | None:
    """The policy where SOURCE is one by itself, of the kind given or told from its form; None for other sources."""
    from perimeter_smt.cli.policy_files import is_source
    from perimeter_smt.policy.guessed_kind import guess_kind
    from perimeter_smt.policy.json_positions import MAX_CHARACTERS
    from perimeter_smt.policy.kinds import Kind
    from perimeter_smt.policy.parse import load_policy
    from perimeter_smt.policy.resembling import json_of
    from perimeter_smt.request.variables import refuse_unset

    if kind is None:
        if not source.is_file() or is_source(source):
            return None
        from perimeter_smt.files import read_text

        value = json_of(read_text(source, MAX_CHARACTERS, "one policy"))
        guess = guess_kind(value) if isinstance(value, dict) else None
        told = guess.kind if guess is not None else Kind.RESOURCE
        # Guardrails and endpoint policies look like resource policies; asked for by themselves they are taken as such.
        kind = (told if told.is_resource_type or told.is_identity_type else Kind.RESOURCE).value
    return refuse_unset(load_policy(source, Kind(kind), values))


def ids(options: dict[str, Any]) -> tuple[str | None, str | None]:
    """The ids of account and organization that the options name, checked; other options need another source."""
    from perimeter_smt.organization.readers import values
    from perimeter_smt.organization.readers.values import checked

    for name in ("base", "region", "parameters", "complete", "management_account", "perimeter_file"):
        if options.get(name):
            option = {"base": "--org", "perimeter_file": "--perimeter", "parameters": "--parameter"}.get(name)
            option = option or f"--{name.replace('_', '-')}"
            raise InputError(f"`{option}` says nothing about one policy", path=option)
    accounts = checked("--account", values.account_id, options.get("accounts") or ())
    if len(accounts) > 1:
        raise InputError("several accounts, expected the one that the policy lies in", path="--account")
    organizations = [options["org_id"]] if options.get("org_id") else []
    checked("--org-id", values.organization_id, organizations)
    return next(iter(accounts), None), next(iter(organizations), None)
