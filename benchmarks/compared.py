"""Questions that compare two documents, as the suites pairs, triples, managed and hard ask them."""

from __future__ import annotations

from typing import Any

from benchmarks.harness import Answer, clock
from benchmarks.solvers import ask
from perimeter_smt.errors import InternalError
from perimeter_smt.policy.document import Document
from perimeter_smt.questions.compare import conclude, decide, encode, gained
from perimeter_smt.questions.verdicts import Comparison, Counterexample
from perimeter_smt.solve.result import Result

NOT_REPLAYED = "the witness does not replay"
RELATIONS = {
    ("sat", "sat"): "incomparable",
    ("sat", "unsat"): "more",
    ("unsat", "sat"): "less",
    ("unsat", "unsat"): "equivalent",
}


def compared(name: str, before: Document, after: Document, backend: str, *, one_way: bool = False) -> Answer:
    """The relation of two documents according to a back end; `native` also builds the witnesses and replays them.

    `one_way` asks only for what is newly allowed: `more`, or `equivalent` where nothing is.
    """
    if backend == "native":
        return _native(name, before, after, one_way)
    start = clock()
    asked = encode(before, after, free_context=True)
    encoded = clock() - start
    statuses, solve, write, reasons = [], 0.0, 0.0, []
    for formula in (asked.more,) if one_way else (asked.more, asked.less):
        result, took, wrote = ask(backend, asked.problem, [formula, asked.mode])
        statuses.append(result.status)
        solve, write = solve + took, write + wrote
        if result.status == "unknown":
            reasons.append(result.reason)
    relation = RELATIONS.get((statuses[0], "unsat" if one_way else statuses[1]), "unknown")
    return Answer(name, relation, solve, encoded + write + solve, {"statuses": statuses, "reason": "; ".join(reasons)})


def _native(name: str, before: Document, after: Document, one_way: bool) -> Answer:
    start = clock()
    asked = encode(before, after, free_context=True)
    encoded = clock()
    results = (gained(asked), Result("unsat")) if one_way else decide(asked)
    solved = clock()
    try:
        found = conclude(asked, *results)
    except InternalError as problem:
        found = Comparison("unknown", reason=f"{NOT_REPLAYED}: {problem}")
    total = clock() - start
    return Answer(name, found.relation, solved - encoded, total, detail(found))


def detail(found: Comparison) -> dict[str, Any]:
    """The witnesses, which the concrete evaluator has confirmed."""
    out: dict[str, Any] = {"reason": found.reason} if found.reason else {}
    for side, example in (("newly_allowed", found.newly_allowed), ("newly_denied", found.newly_denied)):
        if example is not None:
            out[side] = witness(example)
    return out


def witness(example: Counterexample) -> dict[str, Any]:
    """A request in short: who calls what on what, and the keys that a policy looks at."""
    request = example.request
    tested = {name: request.context[name] for name in example.keys if name in request.context}
    who = request.principal.arn or request.principal.type
    out = {"principal": who, "action": request.action, "resource": request.resource, "context": tested}
    return {**out, "if": "the caller has a permissions boundary"} if "boundary" in example.why else out
