"""Defaults of options: the nearest `perimeter.toml`, or `pyproject.toml` with `[tool.perimeter]`, from here upwards.

The command line wins. Keys at the top are defaults of every command that has the option, tables those of one command.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from perimeter_smt.errors import InputError, did_you_mean

OWN, SHARED = "perimeter.toml", "pyproject.toml"
_NOT_HERE = frozenset(("help", "version", "config", "isolated", "case", "update_baseline", "list_rules"))
Defaults = dict[str, dict[str, Any]]


def find(start: Path) -> Path | None:
    """The nearest file upwards: `perimeter.toml` before `pyproject.toml`, which counts only with its table."""
    for folder in (start, *start.parents):
        if (folder / OWN).is_file():
            return folder / OWN
        if (folder / SHARED).is_file() and _table(folder / SHARED) is not None:
            return folder / SHARED
    return None


def defaults(file: Path, commands: Mapping[str, click.Command]) -> Defaults:
    """What the file says, by command and parameter, as click wants it; InputError for whatever is not an option."""
    table = _table(file)
    if table is None:
        raise InputError("has no table `[tool.perimeter]`", file=str(file))
    known = {name: dict(_options(command)) for name, command in commands.items()}
    out: Defaults = {}
    for key, value in table.items():
        if isinstance(value, dict):
            if key not in known:
                raise _unknown(file, f"$.{key}", key, known, "a command")
            continue
        users = {name: options[key] for name, options in known.items() if key in options}
        if not users:
            shared = {option for options in known.values() for option in options}
            raise _unknown(file, f"$.{key}", key, shared | set(known), "an option or a command")
        for name, parameter in users.items():
            out.setdefault(name, {})[parameter.name or ""] = _value(file, f"$.{key}", parameter, value)
    for key, value in table.items():
        if not isinstance(value, dict):
            continue
        for option, given in value.items():
            if option not in known[key]:
                raise _unknown(file, f"$.{key}.{option}", option, known[key], f"an option of `perimeter {key}`")
            parameter = known[key][option]
            out.setdefault(key, {})[parameter.name or ""] = _value(file, f"$.{key}.{option}", parameter, given)
    return out


def _table(file: Path) -> dict[str, Any] | None:
    """The table of this program; None if a shared file has none."""
    import tomllib

    try:
        value = tomllib.loads(file.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        if file.name == SHARED and "tool.perimeter" not in file.read_text("utf-8", errors="replace"):
            return None  # not ours to complain about
        raise InputError(f"not TOML: {str(error).lower()}", file=str(file)) from None
    except OSError as error:
        reason = (error.strerror or "unknown error").lower()
        raise InputError(f"cannot be read: {reason}", file=str(file)) from None
    if file.name != SHARED:
        return value
    tool = value.get("tool")
    found = tool.get("perimeter") if isinstance(tool, dict) else None
    if found is not None and not isinstance(found, dict):
        raise InputError("expected a table", file=str(file), path="$.tool.perimeter")
    return found


def _options(command: click.Command) -> Iterator[tuple[str, click.Parameter]]:
    """Options by their long name without dashes, and arguments that stand alone by their own."""
    for parameter in command.params:
        if parameter.name in _NOT_HERE:
            continue
        if isinstance(parameter, click.Option):
            yield max(parameter.opts, key=len).removeprefix("--"), parameter
        elif parameter.nargs == 1 and not parameter.required and parameter.name:
            yield parameter.name, parameter


def _value(file: Path, path: str, parameter: click.Parameter, value: Any) -> Any:
    """A value of the shape that the option has; paths are relative to the file."""

    def wrong(expected: str) -> InputError:
        return InputError(f"`{value}`: expected {expected}", file=str(file), path=path)

    if isinstance(parameter, click.Option) and parameter.is_flag:
        if not isinstance(value, bool):
            raise wrong("true or false")
        return value
    if isinstance(value, list) and not parameter.multiple:
        if not all(isinstance(one, str) for one in value) or "," not in (getattr(parameter, "metavar", "") or ""):
            raise wrong("one value")
        value = ",".join(value)
    values = value if isinstance(value, list) else [value]
    if any(isinstance(one, (bool, dict, list)) for one in values):
        raise wrong("text or a number")
    texts = [_located(file, parameter, str(one)) for one in values]
    context = click.Context(click.Command("config"))
    try:
        for text in texts:
            parameter.type.convert(text, parameter, context)
    except click.BadParameter as error:
        raise InputError(error.message.lower(), file=str(file), path=path) from None
    return texts if parameter.multiple else texts[0]


def _located(file: Path, parameter: click.Parameter, text: str) -> str:
    return str(file.parent / text) if isinstance(parameter.type, click.Path) and text else text


def _unknown(file: Path, path: str, name: str, known: Any, what: str) -> InputError:
    near = did_you_mean(name, known)
    return InputError(f"unknown key `{name}`{near}: expected {what}", file=str(file), path=path)
