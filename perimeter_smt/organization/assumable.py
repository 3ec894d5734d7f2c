"""What a perimeter may name of the formal text: soft axioms to assume, open points to settle."""

from __future__ import annotations

import re
from functools import lru_cache

from perimeter_smt.errors import did_you_mean
from perimeter_smt.organization.presumed import presumed
from perimeter_smt.policy.json_positions import quoted
from perimeter_smt.resources import encodings

_SOFT = re.compile(r":named (\S+)\s+:strength soft\b")
_POINT = re.compile(r"^\(declare-const (X-\d+) Bool\)", re.MULTILINE)
_FOLDERS = ("environment", "mitigations")


@lru_cache(maxsize=1)
def soft_axioms() -> frozenset[str]:
    """The names of the soft axioms, found in the text without reading its formulas."""
    return frozenset(name for text in _texts() for name in _SOFT.findall(text))


@lru_cache(maxsize=1)
def open_points() -> tuple[str, ...]:
    """The names of the open points that are symbols (semantics 7), in the order of the text."""
    return tuple(name for text in _texts() for name in _POINT.findall(text))


def why_not_assumed(name: str) -> str:
    """Why `name` cannot stand among `assumptions`; empty for a soft axiom or an open point."""
    if name in presumed():
        return f"{quoted(name)} is presumed and needs no accepting; `doubts` is there to do without it"
    known = [*sorted(soft_axioms()), *open_points()]
    if name in known:
        return ""
    hint = did_you_mean(name, known) or ", expected a soft axiom such as `AN8` or a point such as `X-1`"
    return f"unknown assumption {quoted(name)}{hint}"


def why_not_settled(name: str) -> str:
    """Why `name` cannot stand among `readings`; empty for an open point."""
    if name in open_points():
        return ""
    hint = did_you_mean(name, open_points()) or ", expected a name such as `X-1`"
    return f"unknown open point {quoted(name)}{hint}"


@lru_cache(maxsize=1)
def _texts() -> tuple[str, ...]:
    folders = [encodings(), *(encodings().joinpath(folder) for folder in _FOLDERS)]
    files = [file for folder in folders for file in folder.iterdir() if file.name.endswith(".smt2")]
    return tuple(file.read_text(encoding="utf-8") for file in sorted(files, key=lambda file: file.name))
