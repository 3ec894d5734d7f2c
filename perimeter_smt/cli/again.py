"""The command that is running, as a line that runs as it stands."""

from __future__ import annotations

import shlex

import click
from click.core import ParameterSource

_NOT_AGAIN = frozenset(
    ("details", "case", "quiet", "formats", "target", "baseline", "update_baseline", "as_json", "no_color", "fail_on",
     "timings", "debug", "verbose", "interval")
)  # fmt: skip


def command_line() -> str:
    """The running command with its arguments, without options on how the answer is shown; empty outside of one."""
    context = click.get_current_context(silent=True)
    if context is None or context.parent is None or context.info_name not in ("prove", "report", "watch"):
        return ""
    words = ["perimeter", "prove" if context.info_name == "watch" else context.info_name]
    options: list[str] = []
    for parameter in context.command.params:
        name = parameter.name or ""
        if name in _NOT_AGAIN or context.get_parameter_source(name) is not ParameterSource.COMMANDLINE:
            continue
        value = context.params.get(name)
        if isinstance(parameter, click.Argument):
            words.append(shlex.quote(str(value)))
        elif isinstance(parameter, click.Option):
            options += _written(parameter, value)
    return " ".join([*words, *options])


def _written(option: click.Option, value: object) -> list[str]:
    name = max(option.opts, key=len)
    if option.is_flag:
        return [name] if value else []
    values = value if isinstance(value, tuple) else (value,)
    return [text for one in values for text in (name, shlex.quote(str(one)))]
