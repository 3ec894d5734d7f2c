"""`perimeter public`, `perimeter access-not-granted`, `perimeter no-new-access`: AWS's custom policy checks."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from perimeter_smt.cli import output
from perimeter_smt.cli.options import (
    FILE,
    MORE_KINDS,
    PATH,
    Choice,
    a_day,
    fill,
    set_option,
    text_options,
    today_option,
)
from perimeter_smt.cli.source_options import identity_flags, source_flags, source_options
from perimeter_smt.cli.timed import timed
from perimeter_smt.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

    from perimeter_smt.organization.perimeter import Workspace
    from perimeter_smt.policy.document import Document
    from perimeter_smt.policy.kinds import Kind
    from perimeter_smt.questions.checks.verdicts import Check

_POLICY_TYPES = ("IDENTITY_POLICY", "RESOURCE_POLICY")
_TYPE = click.option("--type", "kind", type=Choice(MORE_KINDS), help="Kind of the policy.")
_POLICY_TYPE = click.option(
    "--policy-type", type=Choice(_POLICY_TYPES), help="Kind of the policy, by the names of AWS's API."
)
_POSSIBLE = click.option("--only-possible", is_flag=True, help="Only requests that AWS can produce count.")
_RESOURCE_KINDS = ("resource", "trust", "kms", "bucket", "access-point")


@click.command()
@click.argument("policy", type=PATH)
@click.option("--resource-type", metavar="AWS::...", help="Type of the resource, such as AWS::S3::Bucket.")
@_TYPE
@source_flags
@identity_flags
@set_option
@today_option
@text_options
@timed
def public(
    policy: Path,
    resource_type: str | None,
    kind: str | None,
    settings: tuple[str, ...],
    today: str | None,
    as_json: bool,
    no_color: bool,
    **options: Any,
) -> int:
    """CheckNoPublicAccess of a resource POLICY, or of every resource policy of a workspace under its guardrails.

    Exit codes: 0 PASS, 1 FAIL, 2 bad input, 3 not decided.
    """
    from perimeter_smt.questions.checks import public as check

    values, day = fill(settings), a_day(today)
    told = None if resource_type is None else check.kind_of(resource_type)
    if not _is_document(policy):
        if resource_type or kind:
            raise InputError(f"`{'--resource-type' if resource_type else '--type'}` is for a single policy")
        from perimeter_smt.questions.checks.workspace import public_in_workspace

        return _show(
            list(public_in_workspace(_source(policy, values, options), today=day)), as_json=as_json, no_color=no_color
        )
    chosen = told if told is not None and kind is None else _kind(kind, None, policy)
    if chosen.value not in _RESOURCE_KINDS:
        raise InputError(f"policies of kind `{chosen}` grant nothing to strangers, expected a resource policy")
    found = check.no_public_access(_load(policy, chosen, values), resource_type=resource_type, today=day)
    return _show([found], as_json=as_json, no_color=no_color)


@click.command()
@click.argument("policy", type=PATH)
@click.option("--actions", multiple=True, metavar="ACTION,...", help="Actions that nobody may have. Repeatable.")
@click.option("--resources", multiple=True, metavar="ARN,...", help="Resources that nobody may reach. Repeatable.")
@_POLICY_TYPE
@_TYPE
@_POSSIBLE
@source_flags
@identity_flags
@set_option
@today_option
@text_options
@timed
def access_not_granted(
    policy: Path,
    actions: tuple[str, ...],
    resources: tuple[str, ...],
    policy_type: str | None,
    kind: str | None,
    only_possible: bool,
    settings: tuple[str, ...],
    today: str | None,
    as_json: bool,
    no_color: bool,
    **options: Any,
) -> int:
    """CheckAccessNotGranted of a POLICY, or of every user and role of a workspace under boundaries and SCPs.

    Exit codes: 0 PASS, 1 FAIL, 2 bad input, 3 not decided.
    """
    from perimeter_smt.policy.kinds import Kind
    from perimeter_smt.questions.checks.access_not_granted import access_not_granted as check
    from perimeter_smt.questions.checks.access_not_granted import everything_but, unheard_of
    from perimeter_smt.questions.checks.workspace import access_not_granted_in_workspace

    values, wanted, on = fill(settings), _list(actions), _list(resources)
    day = a_day(today)
    everything_but(Kind.IDENTITY, wanted, on)  # refuses what is no access before anything is read
    for text in unheard_of(wanted):
        output.remark(f"--actions: {text}")
    if not _is_document(policy):
        if kind or policy_type:
            raise InputError(f"`{'--type' if kind else '--policy-type'}` is for a single policy")
        space = _source(policy, values, options)
        checks = list(access_not_granted_in_workspace(space, actions=wanted, resources=on, today=day))
        return _show(checks, as_json=as_json, no_color=no_color)
    _refuse_day(day, only_possible=only_possible)
    document = _load(policy, _kind(kind, policy_type, policy), values)
    found = check(document, actions=wanted, resources=on, only_possible=only_possible, today=day)
    return _show([found], as_json=as_json, no_color=no_color)


@click.command()
@click.argument("existing", type=FILE)
@click.argument("new", type=FILE)
@_POLICY_TYPE
@_TYPE
@_POSSIBLE
@set_option
@today_option
@text_options
@timed
def no_new_access(
    existing: Path,
    new: Path,
    policy_type: str | None,
    kind: str | None,
    only_possible: bool,
    settings: tuple[str, ...],
    today: str | None,
    as_json: bool,
    no_color: bool,
) -> int:
    """CheckNoNewAccess: whether policy NEW grants nothing that policy EXISTING does not.

    Exit codes: 0 PASS, 1 FAIL, 2 bad input, 3 not decided.
    """
    from perimeter_smt.questions.checks.no_new_access import no_new_access as check

    values, day = fill(settings), a_day(today)
    _refuse_day(day, only_possible=only_possible)
    chosen = _kind(kind, policy_type, new)
    before, after = (_load(path, chosen, values) for path in (existing, new))
    return _show([check(before, after, only_possible=only_possible, today=day)], as_json=as_json, no_color=no_color)


def _refuse_day(day: date | None, *, only_possible: bool) -> None:
    """AWS's checks of documents let every key have any value, the moment too: a day would be passed over."""
    if day is not None and not only_possible:
        raise InputError("`--today` goes with `--only-possible`: without it every condition key may have any value")


def _list(texts: Iterable[str]) -> tuple[str, ...]:
    """The entries of an option that may be repeated and may hold several, each once."""
    found = (part.strip() for text in texts for part in text.split(","))
    return tuple(dict.fromkeys(part for part in found if part))


def _is_document(path: Path) -> bool:
    """Whether a path is a single policy and no source of a workspace."""
    if path.is_dir():
        return False
    from perimeter_smt.organization.readers.recognise import form_of, read_bytes

    if not path.exists():
        raise InputError("no such file or folder", file=str(path))
    if path.suffix in (".yaml", ".yml"):
        return False
    import orjson

    try:
        return form_of(orjson.loads(read_bytes(path))) is None
    except orjson.JSONDecodeError:
        return True  # the reader of policies says what is wrong


def _kind(kind: str | None, policy_type: str | None, path: Path) -> Kind:
    """The kind that was said; else what the elements tell: a policy with principals is one of a resource."""
    import orjson

    from perimeter_smt.organization.readers.recognise import read_bytes
    from perimeter_smt.policy.guessed_kind import guess_kind, is_policy
    from perimeter_smt.policy.kinds import Kind

    if kind is not None:
        if policy_type is not None:
            raise InputError("both `--type` and `--policy-type`, expected one of them")
        return Kind(kind)
    if policy_type == "IDENTITY_POLICY":
        return Kind.IDENTITY
    try:
        value = orjson.loads(read_bytes(path))
    except orjson.JSONDecodeError:
        return Kind.RESOURCE  # the reader of policies says what is wrong
    told = guess_kind(value).kind if is_policy(value) else Kind.RESOURCE
    if told.is_identity_type and policy_type is None:
        return Kind.IDENTITY
    return told if told.is_resource_type else Kind.RESOURCE


def _load(path: Path, kind: Kind, values: Mapping[str, str]) -> Document:
    from perimeter_smt.policy.parse import load_policy
    from perimeter_smt.request.variables import refuse_unset

    return refuse_unset(load_policy(path, kind, values))


def _source(path: Path, values: Mapping[str, str], options: Mapping[str, Any]) -> Workspace:
    from perimeter_smt.organization.readers import read_source

    return read_source(path, source_options(values, options, path))


def _show(checks: list[Check], *, as_json: bool, no_color: bool) -> int:
    from perimeter_smt.questions.checks.verdicts import worst

    write: Callable[..., str]
    if as_json:
        from perimeter_smt.report.checks import checks_json
        from perimeter_smt.report.json import dumps

        output.emit(dumps(checks_json(checks)))
    else:
        from perimeter_smt.report.checks import render as write

        output.emit(write(checks, width=output.width(), color=output.colors(sys.stdout, no_color=no_color)))
    return {"PASS": 0, "FAIL": 1, "UNKNOWN": 3}[worst(checks)]
