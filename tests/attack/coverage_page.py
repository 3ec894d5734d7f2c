"""The page docs/verification/coverage.md, with a reason for every zero."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def page(
    command: str, total: int, axioms: Mapping[str, tuple[int, int, int, str, list[str]]],
    tables: Mapping[str, tuple[int, int] | None], operators: Mapping[str, int], bases: list[str],
    told: Mapping[str, int],
) -> str:  # fmt: skip
    """The text of the page.

    Of an axiom: random worlds, worlds made toward it that it decides, all of those, why none, with which others. Of a
    table: worlds made toward its rows whose answer is another one without the row, and all of those.
    """
    reached = sum(1 for drawn, decided, *_ in axioms.values() if drawn or decided)
    together = sum(1 for drawn, decided, *_, group in axioms.values() if not drawn and decided and group)
    lines = [
        "# What the attack reaches",
        "",
        f"Written by `python -m tests.attack.coverage {command}`: {total} random worlds of the themes, with grants and",
        "of guardrails; worlds that `python -m tests.attack.directed --counts FILE` makes toward each axiom",
        "(`--reached`), and that `python -m tests.attack.tables --counts FILE` makes toward rows (`--tables`).",
        "",
        "* **Axioms**: random worlds in which a proof needed the axiom, and worlds made toward it: guardrails that let",
        "  through what looks like a request that breaks this axiom and no other. It counts where an objective is",
        "  proved with the axiom and not without.",
        "  Where other axioms say it as well, it counts together with them (`with`): a minimal group without which a",
        "  request breaks the axiom is left out; then the objective is proved with the axiom, and not without it.",
        "* **Tables**: worlds made toward a row, and questions to the commands that read the table: those in which the",
        "  answer is another one without the row.",
        "* **Operators**: random worlds in which a drawn request gets another answer when the conditions under the",
        "  operator are dropped, and small cases of one condition each.",
        "",
        f"## Axioms: {reached} of {len(axioms)} reached, {together} of them together with others",
        "",
        "| axiom | random worlds | made toward it | with, or if none, why |",
        "|---|---|---|---|",
    ]
    for name, (drawn, decided, made, why, group) in axioms.items():
        others = "with " + ", ".join(f"`{other}`" for other in group) if group else ""
        lines.append(f"| `{name}` | {drawn} | {decided} of {made} | {others if drawn or decided else why} |")
    lines += ["", "## Tables", "", "| table | differ without the row | asked |", "|---|---|---|"]
    for name, found in tables.items():
        differ, made = found or ("not asked", "")
        lines.append(f"| `{name}` | {differ} | {made} |")
    lines += ["", "## Operators", "", "| operator | random worlds | small cases |", "|---|---|---|"]
    spelled = sorted({*operators, *bases, *told})
    lines += [f"| `{name}` | {operators.get(name, 0)} | {told.get(name, 0)} |" for name in spelled]
    return "\n".join([*lines, ""])
