"""Verdicts in words: which class a verdict falls in, lists of services, the parts of a request."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from perimeter_smt.questions.verdicts import Counterexample, Verdict

# From bad to good. `limit`: no hole, yet requests that no guardrail of this type can hold back.
Cell = Literal["hole", "limit", "unknown", "conditional", "vacuous", "proved", "none"]
ORDER: tuple[Cell, ...] = ("hole", "limit", "unknown", "conditional", "vacuous", "proved", "none")


@dataclass(frozen=True)
class Look:
    """How a cell is shown: its word, its letter where there is no room, its style, its meaning."""

    word: str
    letter: str
    style: str
    meaning: str


LOOKS: dict[Cell, Look] = {
    "hole": Look("HOLE", "H", "bold red", "refuted by a hole"),
    "limit": Look("limit", "L", "yellow", "refuted only beyond the reach of the guardrail"),
    "unknown": Look("unknown", "U", "bold yellow", "not decided"),
    "conditional": Look("cond.", "C", "yellow", "depends on an open reading or a soft axiom"),
    "vacuous": Look("vacuous", "V", "yellow", "no request to speak about"),
    "proved": Look("ok", ".", "green", "proved"),
    "none": Look("-", "-", "dim", "not claimed"),
}


def cell(verdict: Verdict) -> Cell:
    """The class of a verdict."""
    if verdict.status != "refuted":
        return verdict.status
    return "hole" if any(found.kind != "beyond" for found in verdict.counterexamples) else "limit"


def worst(cells: Iterable[Cell]) -> Cell:
    """The worst of several classes; `none` if there are none."""
    return min(cells, key=ORDER.index, default="none")


def named(names: Sequence[str], limit: int = 5) -> str:
    """The first few names and how many more there are."""
    if len(names) <= limit + 1:
        return ", ".join(names)
    return f"{', '.join(names[:limit])} and {len(names) - limit} more"


def plural(count: int, one: str, many: str = "") -> str:
    """A number with its noun."""
    return f"{count} {one if count == 1 else many or one + 's'}"


def caller(found: Counterexample) -> str:
    """Who calls: the ARN, or what there is instead."""
    principal = found.request.principal
    if principal.provider:
        return f"a token of {principal.provider}"
    return principal.arn or principal.type


def keys(found: Counterexample) -> list[str]:
    """The condition keys that policies look at with their values, one text each."""
    values = {name.lower(): (name, value) for name, value in found.request.context.items()}
    out = []
    for name in found.keys:
        if name.lower() not in values:
            out.append(f"{name} (absent)")
            continue
        spelled, value = values[name.lower()]
        shown = value if isinstance(value, str) else f"[{', '.join(value)}]"
        out.append(f"{spelled} = {shown or '(empty)'}")
    return out


def shortened(text: str, longest: int = 200) -> str:
    """A long list is cut: the whole of it stands in `--json`."""
    if len(text) <= longest:
        return text
    head = text[:longest].rpartition(", ")[0] or text[:longest]
    return f"{head}, ... (all of it with `--json`)"
