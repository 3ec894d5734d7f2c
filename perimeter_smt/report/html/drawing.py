"""A request as a way: who calls, over which wire, through which gates, to what."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from perimeter_smt.questions import explain
from perimeter_smt.questions.verdicts import Counterexample
from perimeter_smt.report import words
from perimeter_smt.report.finding import owner

# The gates in the order in which a request meets them, with the kinds of policy that stand there.
_GATES = (
    ("scp", "SCPs", ("scp",)),
    ("vpce", "endpoint policy", ("endpoint", "endpoint-gateway")),
    ("boundary", "permissions boundary", ("boundary",)),
    ("identity", "identity policy", ("identity",)),
    ("rcp", "RCPs", ("rcp",)),
    ("resource", "resource policy", ("resource", "trust", "kms")),
)


@dataclass(frozen=True)
class Step:
    """One station. `state`: `open` gate, `missed` (the gate that came closest and did not hold), `shut`, or plain."""

    kind: Literal["who", "wire", "gate", "what"]
    title: str
    detail: str
    state: Literal["plain", "open", "missed", "shut"] = "plain"


def steps(found: Counterexample) -> tuple[Step, ...]:
    """The stations of a counterexample, in order."""
    return (
        Step("who", words.caller(found), explain.who(found.facts)),
        Step("wire", explain.wire(found.facts), found.request.action),
        *_gates(found),
        Step("what", found.request.resource, owner(found)),
    )


def _gates(found: Counterexample) -> Iterator[Step]:
    stopped = {blame.kind for blame in found.through if blame.effect == "Deny"} if found.kind == "blocked" else set()
    passed = {blame.kind: blame for blame in found.through if blame.effect == "Allow"}
    near = found.closest.statement if found.closest else None
    case = found.case
    present = {"scp": case and case.scp, "vpce": case and case.endpoint, "rcp": case and case.rcp}
    for slot, title, kinds in _GATES:
        if stopped.intersection(kinds):
            blame = next(b for b in found.through if b.kind in kinds and b.effect == "Deny")
            yield Step("gate", title, f"denied by {blame.sid or f'statement {blame.index + 1}'}", "shut")
        elif near and near.kind in kinds and found.kind != "blocked":
            yield Step("gate", title, f"{near.sid or f'statement {near.index + 1}'} does not apply", "missed")
        elif names := [kind for kind in kinds if kind in passed]:
            blame = passed[names[0]]
            yield Step("gate", title, f"allowed by {blame.sid or f'statement {blame.index + 1}'}", "open")
        elif present.get(slot):
            yield Step("gate", title, "lets it through", "open")
