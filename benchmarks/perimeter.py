"""AWS's published perimeter: six objectives per service, and what each statement can do there.

All questions on one service share one encoding, which is what an obligation costs once an organization is encoded;
`total` adds to each question its share of the encoding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.harness import Answer, Judgement, Outcome, clock, contradictions, median
from benchmarks.published import published_perimeter
from benchmarks.solvers import ask
from perimeter_smt.encode.world.world import World
from perimeter_smt.logic.formula import Formula, both, disj, neg
from perimeter_smt.logic.problem import Problem
from perimeter_smt.organization.perimeter import OBJECTIVES
from perimeter_smt.questions import objectives
from perimeter_smt.questions.perimeter import encode
from perimeter_smt.solve.engine import Engine

SERVICES = ("s3", "sqs", "dynamodb", "kms", "sts", "lambda", "ec2", "iam")
QUICK = ("s3", "sqs", "ec2")


@dataclass
class _Encoded:
    """The formulas for one service and, once asked for, the engine that keeps what it learns."""

    problem: Problem
    questions: dict[str, Formula]
    seconds: float
    engine: Engine | None = None
    engine_seconds: float = 0.0


class Perimeter:
    """Is there a hole, a request that the objective claims; can a statement match, and does it add anything."""

    name = "perimeter"
    title = "published data perimeter policies, six objectives by service and each statement"

    def __init__(self, corpus: Path, *, quick: bool = False) -> None:
        self.workspace = published_perimeter(corpus)
        self._encoded: dict[str, _Encoded] = {}
        services = QUICK if quick else SERVICES
        labels = list(_questions(encode(self.workspace, services=[services[0]])))
        self.questions = tuple(f"{service}: {label}" for service in services for label in labels)

    def ask(self, number: int, backend: str) -> Answer:
        name = self.questions[number]
        service, _, label = name.partition(": ")
        encoded = self._of(service)
        formula = encoded.questions[label]
        count = len(encoded.questions)
        if backend != "native":
            result, took, wrote = ask(backend, encoded.problem, [formula])
            total = took + wrote + encoded.seconds / count
            return Answer(name, result.status, took, total, {"reason": result.reason} if result.reason else {})
        if encoded.engine is None:
            start = clock()
            encoded.engine = Engine(encoded.problem)
            encoded.engine_seconds = clock() - start
        start = clock()
        result = encoded.engine.check([formula])
        took = clock() - start
        start = clock()
        encoded.engine.check([formula])  # once more: what it costs when nothing is left to learn
        again = clock() - start
        detail: dict[str, Any] = {"again": again}
        if result.reason:
            detail["reason"] = result.reason
        return Answer(name, result.status, took, took + (encoded.seconds + encoded.engine_seconds) / count, detail)

    def _of(self, service: str) -> _Encoded:
        if service not in self._encoded:
            start = clock()
            world = encode(self.workspace, services=[service])
            questions = _questions(world)
            problem = world.problem(list(questions.values()))
            self._encoded = {service: _Encoded(problem, questions, clock() - start)}
        return self._encoded[service]

    def judge(self, outcomes: Sequence[Outcome]) -> Judgement:
        native = next((o for o in outcomes if o.backend == "native"), None)
        against = contradictions(outcomes)
        facts: dict[str, Any] = {"contradictions": against}
        lines = [f"{len(against)} contradictions between back ends"]
        unknown: list[str] = []
        if native:
            unknown = [a.question for a in native.answers if not a.decided]
            for status in ("sat", "unsat"):
                some = [a for a in native.answers if a.status == status]
                first, again = median([a.solve for a in some]), median([a.detail["again"] for a in some])
                facts[status] = {
                    "count": len(some),
                    "median ms": first * 1e3,
                    "median ms when asked again": again * 1e3,
                }
                lines.append(f"native, {status}: {len(some)}, median {first * 1e3:.2f} ms, again {again * 1e3:.2f} ms")
            facts["unknown"] = unknown
        return Judgement(facts, tuple(lines), not against and not unknown)


def _questions(world: World) -> dict[str, Formula]:
    """The questions on the services of a world."""
    exact = world.exact()
    out: dict[str, Formula] = {}
    for objective in OBJECTIVES:
        out[f"{objective} hole"] = both(objectives.hole(world, objective), exact)
        out[f"{objective} premise"] = both(objectives.claimed(world, objective), exact)
    statements = world.policies.statements
    for name, (document, statement) in statements.items():
        here = world.policies.selected(document, statement)
        others = disj(
            world.policies.selected(document, other)
            for other in document.statements
            if other is not statement and other.effect == statement.effect
        )
        out[f"{name} matches"] = both(here, exact)
        out[f"{name} adds"] = both(here, neg(others), exact)
    return out
