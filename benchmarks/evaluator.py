"""How many requests per second the concrete evaluator decides, on the decision cases of the semantics."""

from __future__ import annotations

import json
from typing import Any

from benchmarks.harness import Judgement, clock, corpus, median
from perimeter_smt.evaluate import decide
from perimeter_smt.request.case import read_case

TARGET = 5000  # requests per second and core
ROUNDS = 30


def measure(*, quick: bool) -> Judgement | str:
    """Decisions per second with policies read once, and decisions that differ from what the cases say."""
    folder = corpus()
    path = folder.parent / "semantics_cases.json" if folder else None
    if path is None or not path.is_file():
        return "the semantics cases are not at ../shared/semantics_cases.json"
    raw = [c for c in json.loads(path.read_text(encoding="utf-8"))["cases"] if c["kind"] == "decision"]
    cases = [read_case(found, file=path.name, default_id="case") for found in raw]
    wrong = [c["id"] for c, case in zip(raw, cases, strict=True) if decide(case).allowed != (c["expected"] == "allow")]
    rates = []
    for _ in range(3 if quick else ROUNDS):
        start = clock()
        for case in cases:
            decide(case)
        rates.append(len(cases) / (clock() - start))
    facts: dict[str, Any] = {
        "cases": len(cases),
        "wrong": wrong,
        "decisions per second": {"median": round(median(rates)), "best": round(max(rates)), "worst": round(min(rates))},
        "target": TARGET,
    }
    line = f"{len(cases)} cases, {median(rates):,.0f} decisions per second (best {max(rates):,.0f}, target {TARGET:,})"
    return Judgement(facts, (line, f"{len(wrong)} decisions differ from the cases"), not wrong)
