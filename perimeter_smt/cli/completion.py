"""`perimeter completion SHELL`, and what is completed where names are expected."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import click
from click.shell_completion import CompletionItem

from perimeter_smt.cli.options import Choice

_WHERE = {
    "bash": "~/.local/share/bash-completion/completions/perimeter",
    "zsh": "a file `_perimeter` in a folder of $fpath",
    "fish": "~/.config/fish/completions/perimeter.fish",
}
Complete = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


@click.command(epilog="Write it to " + "; ".join(f"{path} ({shell})" for shell, path in _WHERE.items()) + ".")
@click.argument("shell", type=Choice(tuple(_WHERE)))
def completion(shell: str) -> None:
    """Print the script that completes commands, options and names in SHELL: bash, zsh or fish.

    Exit codes: 0 printed, 2 bad input.
    """
    from click.shell_completion import get_completion_class

    from perimeter_smt.cli import output
    from perimeter_smt.cli.main import cli

    found = get_completion_class(shell)
    assert found is not None
    output.emit(found.source_template % found(cli, {}, "perimeter", "_PERIMETER_COMPLETE").source_vars())


def names(known: Callable[[], Iterable[str]]) -> Complete:
    """Complete with names that are loaded when somebody asks for them."""

    def complete(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG001
        begun = incomplete.lower()
        return [CompletionItem(name) for name in known() if name.lower().startswith(begun)]

    return complete


def objectives() -> Iterable[str]:
    """O1 to O6."""
    return tuple(f"O{number}" for number in range(1, 7))


def services() -> Iterable[str]:
    """The prefixes of all services."""
    from perimeter_smt.request.actions import services as known

    return known()


def open_points() -> Iterable[str]:
    """The open points that can be read the other way."""
    from perimeter_smt.evaluate import OPEN_POINTS

    return OPEN_POINTS


def explained() -> Iterable[str]:
    """All names that `perimeter why` knows."""
    from perimeter_smt.report.index import index

    return [entry.name for entries in index().values() for entry in entries]


def lint_rules() -> Iterable[str]:
    """The ids of lint rules."""
    from perimeter_smt.lint import rules

    return [rule.id for rule in rules()]


def schemas() -> Iterable[str]:
    """The names of the published schemas."""
    from perimeter_smt.report.json import INPUT_SCHEMAS, SCHEMAS

    return (*SCHEMAS, *INPUT_SCHEMAS)
