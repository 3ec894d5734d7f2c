"""`perimeter changed`: what policy files newly allow or deny since a commit, for hooks and reviews."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from perimeter_smt.cli import output
from perimeter_smt.cli.options import FILE, MORE_KINDS, Choice, fill, set_option
from perimeter_smt.errors import InputError
from perimeter_smt.report.page import visible

if TYPE_CHECKING:
    from perimeter_smt.policy.document import Document
    from perimeter_smt.questions.verdicts import Comparison

_FAIL_ON = ("never", "more", "unknown")


@click.command()
@click.argument("files", nargs=-1, type=FILE)
@click.option("--since", default="HEAD", show_default=True, metavar="COMMIT", help="Compare with the files of COMMIT.")
@click.option("--type", "kind", type=Choice(MORE_KINDS), help="Kind of all policies; else told by name or content.")
@click.option(
    "--fail-on", type=Choice(_FAIL_ON), default="unknown", show_default=True,
    help="more: something is newly allowed; unknown: or that is not decided.",
)  # fmt: skip
@set_option
@click.option("--no-color", is_flag=True, help="No colours (as with NO_COLOR).")
def changed(
    files: tuple[Path, ...], since: str, kind: str | None, fail_on: str, settings: tuple[str, ...], no_color: bool
) -> int:
    """Tell what policy FILES newly allow or deny, compared with themselves in a commit of git.

    New files are named and pass; files that hold no policy are passed over.
    Exit codes: 0 nothing newly allowed, 1 something newly allowed, 2 bad input, 3 not decided.
    """
    values = fill(settings)
    commit = _commit(since)
    from perimeter_smt.cli.policy_files import read_if_policy

    relations: list[str] = []
    for path in files:
        now = read_if_policy(path, kind, values)
        if now is None:
            continue
        before = _before(path, commit, now, values)
        if before is None:
            output.emit(f"{visible(str(path))}: new since {visible(since)}, nothing to compare with")
            continue
        found = _compared(before, now)
        relations.append(found.relation)
        if found.relation != "equivalent":
            _show(path, found, no_color=no_color)
    return _code(relations, fail_on)


def _code(relations: list[str], fail_on: str) -> int:
    if fail_on == "never":
        return 0
    if {"more", "incomparable"} & set(relations):
        return 1
    return 3 if "unknown" in relations and fail_on == "unknown" else 0


def _before(path: Path, commit: str, now: Document, values: dict[str, str]) -> Document | None:
    """The policy as it was in the commit, of the kind that it has now; None if it was not there."""
    from perimeter_smt.policy.parse import parse_policy

    shown = _git("show", f"{commit}:./{path.name}", folder=path.parent)
    if shown.returncode:
        return None
    try:
        text = shown.stdout.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError("not UTF-8 text in the commit", file=str(path)) from None
    return parse_policy(text, now.kind, file=f"{path} of {commit[:12]}", fill=values, strict=False)


def _compared(before: Document, now: Document) -> Comparison:
    from perimeter_smt.questions.compare import compare
    from perimeter_smt.request.variables import refuse_unset

    return compare(refuse_unset(before), refuse_unset(now))


def _show(path: Path, found: Comparison, *, no_color: bool) -> None:
    from perimeter_smt.report.comparison import render

    color = output.colors(sys.stdout, no_color=no_color)
    output.emit(f"{visible(str(path))}: {render(found, width=output.width(), color=color)}")


def _commit(name: str) -> str:
    done = _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}", folder=Path())
    if done.returncode:
        raise InputError(f"`{name}` is no commit here: expected a name that git knows", path="--since")
    return done.stdout.decode().strip()


def _git(*words: str, folder: Path) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(["git", "-C", str(folder), *words], capture_output=True, check=False)
    except OSError:
        raise InputError("git cannot be run, expected it in the path") from None
