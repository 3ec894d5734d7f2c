"""`perimeter watch`: prove again whenever a file changes, and repaint."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from perimeter_smt.cli import output
from perimeter_smt.cli.again import command_line
from perimeter_smt.cli.options import PATH, Choice, chosen_objectives, fill, scope_options, set_option
from perimeter_smt.cli.progress import Bar
from perimeter_smt.errors import InputError
from perimeter_smt.report.page import visible

if TYPE_CHECKING:
    from perimeter_smt.organization.perimeter import Workspace

_MOST = 20_000  # files that are looked at
Stamps = Mapping[str, tuple[int, int]]


@click.command()
@click.argument("workspace", type=PATH)
@scope_options
@click.option(
    "--reading", type=Choice(["over", "exact", "under"]), default="over", show_default=True, help="As for `prove`."
)
@click.option("--no-availability", is_flag=True, help="Do not ask what the guardrails block wrongly.")
@click.option("--details", is_flag=True, help="Every request, limit and proof in full.")
@click.option(
    "--interval", type=click.FloatRange(min=0.05), default=0.5, show_default=True, help="Seconds between two looks."
)
@set_option
@click.option("--no-color", is_flag=True, help="No colours (as with NO_COLOR).")
def watch(workspace: Path, interval: float, settings: tuple[str, ...], no_color: bool, **options: Any) -> None:
    """Prove WORKSPACE again whenever one of its files changes, until Ctrl-C ends it with exit code 130.

    Exit codes: 2 bad options or no such workspace, 130 ended.
    """
    values = fill(settings)
    if not workspace.exists():
        raise InputError("no such file or folder", file=str(workspace))
    screen = _Screen(no_color=no_color)
    outside: set[Path] = set()

    def ask() -> str:
        with Bar(no_color=no_color) as bar:
            return _report(workspace, values, options, bar, outside, screen)

    def stamps() -> Stamps:
        return look([workspace, *outside])

    follow(ask, stamps, screen.show, wait=lambda: screen.wait(interval))


def follow(
    ask: Callable[[], str],
    stamps: Callable[[], Stamps],
    show: Callable[[str, int], None],
    *,
    wait: Callable[[], None],
) -> None:
    """Show the answer, wait until something is other than before it was asked, and so on; KeyboardInterrupt ends it.

    What changes while the answer is worked out is asked about next. `show` is told how many files are watched.
    """
    while True:
        before = stamps()
        try:
            text = ask()
        except InputError as error:
            text = "".join(f"error: {visible(str(single))}\n" for single in error.each[:20])
        before = {**stamps(), **before}  # files that the answer made known were not changed by it
        show(text, len(before))
        wait()
        while stamps() == before:
            wait()


def look(paths: Iterable[Path]) -> Stamps:
    """When each file below the paths was changed and how long it is; hidden folders are passed over."""
    out = {}
    for path in paths:
        for file in _files(path):
            try:
                found = file.stat()
            except OSError:
                continue  # gone between two looks
            out[str(file)] = (found.st_mtime_ns, found.st_size)
            if len(out) >= _MOST:
                return out
    return out


def _files(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    for folder, folders, names in os.walk(path):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(folder, name) for name in sorted(names) if not name.startswith((".", "#")))


def _report(
    path: Path, values: dict[str, str], options: dict[str, Any], bar: Bar, outside: set[Path], screen: _Screen
) -> str:
    from perimeter_smt.organization.readers import SourceOptions, read_source
    from perimeter_smt.questions.perimeter import prove
    from perimeter_smt.report.text import render

    space = read_source(path, SourceOptions(fill=values))
    outside |= _outside(space, path)
    report = prove(
        space,
        objectives=chosen_objectives(options["objectives"]),
        services=options["services"] or None,
        mode=options["mode"],
        reading=options["reading"],
        availability=not options["no_availability"],
        progress=bar,
    )
    return render(
        report, width=output.width(), color=screen.color, links=screen.links, details=options["details"],
        command=command_line(),
    )  # fmt: skip


def _outside(space: Workspace, path: Path) -> set[Path]:
    """Policies that the workspace names and that stand elsewhere."""
    from perimeter_smt.organization.readers.inferred import documents_of

    files = {s.location.file for document in documents_of(space.organization) for s in document.statements}
    return {Path(file) for file in files if file and Path(file).is_file() and path not in Path(file).parents}


class _Screen:
    """A terminal that is cleared for each report, with a line below it; elsewhere reports one after the other."""

    def __init__(self, *, no_color: bool) -> None:
        self.color = output.colors(sys.stdout, no_color=no_color)
        self.links = output.links(sys.stdout, no_color=no_color)
        self._terminal = output.is_terminal(sys.stdout) and os.environ.get("TERM") != "dumb"

    def show(self, text: str, files: int) -> None:
        """Paint a report, and below it what is watched."""
        line = f"{time.strftime('%H:%M:%S')}  watching {files} files, Ctrl-C ends"
        if self._terminal:
            from rich.console import Console
            from rich.control import Control

            Console(file=sys.stdout).control(Control.clear(), Control.home())
        sys.stdout.write(f"{text}\n{line}\n")
        sys.stdout.flush()

    @staticmethod
    def wait(seconds: float) -> None:
        """Let time pass."""
        time.sleep(seconds)
