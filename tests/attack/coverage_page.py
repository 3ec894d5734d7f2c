"""The page docs/verification/coverage.md, with a reason for every zero."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def _table(head: str, rows: list[tuple[str, str, str]]) -> list[str]:
    return [f"| {head} | worlds | if none, why |", "|---|---|---|", *(f"| {a} | {b} | {c} |" for a, b, c in rows), ""]


def page(
    command: str, total: int, axioms: Mapping[str, tuple[int, int, int, str]], tables: Mapping[str, int | None],
    operators: Mapping[str, int], bases: list[str], told: Mapping[str, int],
) -> str:  # fmt: skip
    """The text of the page; of an axiom: random worlds, worlds made toward it, those that it decides, why none."""
    reached = sum(1 for drawn, decided, *_ in axioms.values() if drawn or decided)
    lines = [
        "# What the attack reaches",
        "",
        f"Written by `python -m tests.attack.coverage {command}`: {total} random worlds of eleven families",
        "(nine themes, grants, guardrails), and the worlds that `python -m tests.attack.directed --counts FILE` makes",
        "toward each axiom (`--reached FILE`).",
        "",
        "* **Axioms**: random worlds in which a proof needed the axiom, and worlds made toward it: guardrails that let",
        "  through what looks like a request that breaks this axiom and no other. It counts where an objective is",
        "  proved with the axiom and not without.",
        "* **Tables**: of the worlds asked again (`--empty`), those in which a verdict changes when it is emptied.",
        "* **Operators**: random worlds in which a drawn request gets another answer when the conditions under the",
        "  operator are dropped, and small cases of one condition each.",
        "",
        f"## Axioms: {reached} of {len(axioms)} reached",
        "",
        "| axiom | random worlds | made toward it | if none, why |",
        "|---|---|---|---|",
    ]
    for name, (drawn, decided, made, why) in axioms.items():
        reason = "" if drawn or decided else why
        lines.append(f"| `{name}` | {drawn} | {decided} of {made} | {reason} |")
    lines += ["", "## Tables", ""]
    shown = [
        (
            f"`{n}`",
            "not asked" if c is None else str(c),
            "" if c or c is None else "none of the few worlds asked again has a call that it decides",
        )
        for n, c in tables.items()
    ]
    lines += _table("table", shown)
    lines += ["## Operators", "", "| operator | random worlds | small cases |", "|---|---|---|"]
    spelled = sorted({*operators, *bases, *told})
    lines += [f"| `{name}` | {operators.get(name, 0)} | {told.get(name, 0)} |" for name in spelled]
    return "\n".join([*lines, ""])
