"""Where output goes: stdout as a terminal or a pipe, or a new file that never overwrites one."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TextIO

import click

from perimeter_smt.errors import InputError
from perimeter_smt.report.page import visible

_LINKING = frozenset(
    ("iTerm.app", "WezTerm", "vscode", "ghostty", "Hyper", "Tabby", "xterm-kitty", "xterm-ghostty", "alacritty", "foot")
)
_LINKING_BY = ("KITTY_WINDOW_ID", "WT_SESSION", "KONSOLE_VERSION", "DOMTERM")


def width() -> int | None:
    """The width of the terminal behind stdout, None if it is none: then nothing is wrapped."""
    return shutil.get_terminal_size().columns if is_terminal(sys.stdout) else None


def colors(stream: TextIO, *, no_color: bool) -> bool:
    """Whether colours are wanted there: a terminal, and neither `--no-color` nor NO_COLOR."""
    if no_color or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return is_terminal(stream)


def links(stream: TextIO, *, no_color: bool) -> dict[str, str] | None:
    """Names with their pages, where the terminal shows hyperlinks (OSC 8); None elsewhere."""
    if not _shows_links(stream, no_color=no_color):
        return None
    from perimeter_smt.lint import rules

    return {rule.id: rule.source for rule in rules()}


def _shows_links(stream: TextIO, *, no_color: bool) -> bool:
    """Whether the terminal is one of those that are known to; FORCE_HYPERLINK says so of others."""
    if not colors(stream, no_color=no_color):
        return False
    env = os.environ
    if env.get("FORCE_HYPERLINK"):
        return env["FORCE_HYPERLINK"] != "0"
    if env.get("TERM_PROGRAM") in _LINKING or any(env.get(name) for name in _LINKING_BY):
        return True
    vte = env.get("VTE_VERSION", "0")
    return env.get("TERM", "") in _LINKING or (vte.isdecimal() and int(vte) >= 5000)


def is_terminal(stream: TextIO) -> bool:
    """Whether a person reads the stream."""
    try:
        return stream.isatty()
    except (AttributeError, ValueError):
        return False


def refuse_existing(path: Path | None) -> None:
    """InputError before the work starts if the output file is there already."""
    if path is not None and (path.exists() or path.is_symlink()):
        raise InputError("exists already, expected a new file for `--output`", file=str(path))
    if path is not None and not path.parent.is_dir():
        raise InputError(f"no folder `{path.parent}` for `--output`", file=str(path))


def complain(message: str) -> None:
    """An error as one line on stderr, whatever names it holds."""
    click.echo(f"error: {visible(' '.join(message.split()))}", err=True)


def remark(message: str) -> None:
    """What is worth knowing beside the answer, as one line on stderr."""
    click.echo(f"note: {visible(' '.join(message.split()))}", err=True)


def complain_all(error: InputError, most: int = 20) -> None:
    """Every single error on a line of its own, the first `most` of them."""
    for single in error.each[:most]:
        complain(str(single))
    if len(error.each) > most:
        complain(f"{len(error.each) - most} more errors")


def emit(text: str, path: Path | None = None) -> None:
    """Write to a new file, or to stdout; `text` ends with one newline."""
    text = text.rstrip("\n") + "\n"
    if path is None:
        click.echo(text, nl=False, color=True)
        return
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise InputError(f"cannot be written: {(error.strerror or 'unknown error').lower()}", file=str(path)) from None
