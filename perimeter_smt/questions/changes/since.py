"""Policy files compared with themselves in a commit of git: what do they newly allow or deny?"""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from perimeter_smt.errors import InputError
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.parse import parse_policy
from perimeter_smt.questions.compare import compare
from perimeter_smt.questions.verdicts import Comparison
from perimeter_smt.request.variables import refuse_unset
from perimeter_smt.solve.result import Limits


@dataclass(frozen=True)
class Changed:
    """One file: `comparison` with what it was, None where the commit does not have it."""

    file: str
    comparison: Comparison | None


def changed_documents(
    documents: Iterable[Document],
    since: str = "HEAD",
    *,
    fill: Mapping[str, str] | None = None,
    limits: Limits | None = None,
    today: date | None = None,
) -> Iterator[Changed]:
    """What each policy, read from the file that it names, newly allows or denies since the commit, one by one.

    `fill` are placeholders of the policies as they were; `today` as for `compare`. InputError where git does not know
    the commit, or the file of the commit is no policy.
    """
    commit = commit_of(since)
    for now in documents:
        before = _before(Path(now.location.file), commit, now, dict(fill or {}))
        found = None
        if before is not None:
            found = compare(refuse_unset(before), refuse_unset(now), limits=limits, today=today)
        yield Changed(now.location.file, found)


def commit_of(name: str) -> str:
    """The full id of a commit; InputError for what git does not know in the current folder."""
    done = _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}", folder=Path())
    if done.returncode:
        raise InputError(f"`{name}` is no commit here: expected a name that git knows", path="--since")
    return done.stdout.decode().strip()


def exit_code(found: Iterable[Changed], fail_on: str = "unknown") -> int:
    """0 nothing newly allowed, 1 something, 3 not decided; `fail_on`: `never`, `more` or `unknown`."""
    relations = {one.comparison.relation for one in found if one.comparison is not None}
    if fail_on == "never":
        return 0
    if {"more", "incomparable"} & relations:
        return 1
    return 3 if "unknown" in relations and fail_on == "unknown" else 0


def _before(path: Path, commit: str, now: Document, fill: dict[str, str]) -> Document | None:
    """The policy as it was in the commit, of the kind that it has now; None if it was not there."""
    shown = _git("show", f"{commit}:./{path.name}", folder=path.parent)
    if shown.returncode:
        return None
    try:
        text = shown.stdout.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError("not UTF-8 text in the commit", file=str(path)) from None
    return parse_policy(text, now.kind, file=f"{path} of {commit[:12]}", fill=fill, strict=False)


def _git(*words: str, folder: Path) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(["git", "-C", str(folder), *words], capture_output=True, check=False)
    except OSError:
        raise InputError("git cannot be run, expected it in the path") from None
