"""Findings of generated policies from 3 to 20 statements over 5 and 6 keys: how long, how many, all proved."""

from __future__ import annotations

from typing import Any

from benchmarks.findings_sets import policy
from benchmarks.harness import ROOT, Judgement, clock, median
from benchmarks.plot import times as draw
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.questions.findings.answer import findings

SIZES = (3, 6, 9, 12, 15, 18, 20)
QUICK = (3, 6, 9)
KEYS = (5, 6)
SEEDS = (0, 1, 2)
_SEVERAL = 12  # statements up to which all seeds are asked; larger sets by the first alone


def measure(*, quick: bool) -> Judgement:
    """Processor time of each set, with the proofs and the second reading; medians of three where there are three."""
    facts: dict[str, Any] = {}
    lines = []
    drawn: dict[str, list[tuple[float, float]]] = {}
    ok = True
    for keys in KEYS:
        for size in QUICK if quick else SIZES:
            times, counts = [], []
            for seed in SEEDS[:1] if quick or size > _SEVERAL else SEEDS:
                document = parse_object(policy(size, keys, seed), Kind.RESOURCE, file="set.json", name="set")
                start = clock()
                found = findings(document, account="111122223333")
                times.append(clock() - start)
                counts.append(len(found.findings))
                ok = ok and found.status == "complete"
            drawn.setdefault(f"{keys} keys", []).append((size, median(times)))
            facts[f"{size} statements, {keys} keys"] = {"seconds": [round(t, 2) for t in times], "findings": counts}
            lines.append(
                f"{size} statements, {keys} keys: {median(times):.2f} s, at most {max(times):.2f} s; "
                f"{', '.join(map(str, counts))} findings"
            )
    if not quick:
        title = "findings of generated policies, with all proofs"
        draw(title, "statements", drawn, ROOT / "benchmarks" / "results" / "findings.png")
    return Judgement(facts, tuple(lines), ok=ok)
