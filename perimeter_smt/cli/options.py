"""Options that several commands share."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import click

from perimeter_smt.errors import InputError, did_you_mean


class NamedPath(click.Path):
    """A path that says something: the empty text would be the current folder."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path; an error for the empty text."""
        if value in ("", b""):
            self.fail("an empty name, expected a path", param, ctx)
        return super().convert(value, param, ctx)


class Choice(click.Choice[str]):
    """One of a few names; an error tells the nearest."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The name; an error in the words of this program."""
        if value in self.choices:
            return value
        near = did_you_mean(str(value), self.choices)
        return self.fail(f"`{value}` is none of the names{near}: expected {', '.join(self.choices)}", param, ctx)


PATH = NamedPath(path_type=Path)
FILE = NamedPath(path_type=Path, dir_okay=False)
FOLDER = NamedPath(path_type=Path, file_okay=False)
KINDS = ("identity", "boundary", "session", "scp", "rcp", "resource", "trust", "kms", "endpoint")
MORE_KINDS = (*KINDS, "bucket", "access-point", "endpoint-gateway")

_F = TypeVar("_F", bound=Callable[..., object])


def completing(what: str) -> Callable[[click.Context, click.Parameter, str], list[Any]]:
    """Completion with the names that a function of `perimeter_smt.cli.completion` tells, loaded when asked for."""

    def complete(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[Any]:
        from perimeter_smt.cli import completion

        return completion.names(getattr(completion, what))(context, parameter, incomplete)

    return complete


def set_option(function: _F) -> _F:
    """`--set NAME=VALUE`."""
    return click.option(
        "--set", "settings", multiple=True, metavar="NAME=VALUE", help="Fill the placeholder <NAME> of policies."
    )(function)


FAIL_ON = ("never", "hole", "limit", "unknown", "conditional", "blocked")


def fail_option(function: _F) -> _F:
    """`--fail-on` of proofs."""
    return click.option(
        "--fail-on",
        type=Choice(FAIL_ON),
        default="conditional",
        show_default=True,
        help="What is worse than this, and this, makes the exit code other than 0.",
    )(function)


def text_options(function: _F) -> _F:
    """`--json` and `--no-color`."""
    function = click.option("--no-color", is_flag=True, help="No colours (as with NO_COLOR).")(function)
    return click.option("--json", "as_json", is_flag=True, help="JSON, as `perimeter schema` describes it.")(function)


def scope_options(function: _F) -> _F:
    """`--objective`, `--service`, `--mode`."""
    function = click.option(
        "--mode",
        type=Choice(["guardrails", "grants"]),
        default="guardrails",
        show_default=True,
        help="Guardrails alone, whatever is granted, or with the grants as they are.",
    )(function)
    function = click.option(
        "--service",
        "services",
        multiple=True,
        metavar="PREFIX",
        help="Only this service, such as s3. Repeatable.",
        shell_complete=completing("services"),
    )(function)
    return click.option(
        "--objective",
        "objectives",
        multiple=True,
        metavar="O1..O6",
        help="Only this objective. Repeatable.",
        shell_complete=completing("objectives"),
    )(function)


def mitigation_options(function: _F) -> _F:
    """`--mitigation`, `--no-mitigations`, `--without-exceptions`, `--today`."""
    function = click.option(
        "--without-exceptions", is_flag=True, help="Show what each exception of perimeter.yaml opens."
    )(function)
    function = today_option(function)
    function = click.option("--no-mitigations", is_flag=True, help="Ask the objectives alone.")(function)
    return click.option(
        "--mitigation",
        "mitigations",
        multiple=True,
        metavar="ID",
        help="Mitigation that must hold, such as C1, or all: it counts for the exit code. Repeatable.",
    )(function)


def today_option(function: _F) -> _F:
    """`--today`."""
    return click.option(
        "--today",
        metavar="YYYY-MM-DD",
        help="The day on which exceptions count, and requests begin [default: the day of the call].",
    )(function)


def a_day(text: str | None) -> date | None:
    """The day of `--today`; InputError if it is none."""
    if text is None:
        return None
    try:
        if re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise InputError(f"`--today {text}`: expected a day such as `2027-03-31`")


def fill(settings: Iterable[str]) -> dict[str, str]:
    """The values of placeholders; InputError for what is not NAME=VALUE or says two things."""
    out: dict[str, str] = {}
    for text in settings:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise InputError(f"`--set {text}`: expected NAME=VALUE")
        if out.setdefault(name, value) != value:
            raise InputError(f"`--set {name}` is given twice, with `{out[name]}` and `{value}`")
    return out


def chosen_objectives(names: Iterable[str]) -> tuple[str, ...]:
    """The objectives asked for, each once; all six if none was named."""
    from perimeter_smt.organization.perimeter import OBJECTIVES

    return tuple(dict.fromkeys(name.upper() for name in names)) or OBJECTIVES
