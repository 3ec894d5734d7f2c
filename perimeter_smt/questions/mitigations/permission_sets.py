"""C2: who gives himself a permission set of IAM Identity Center, and so becomes the role that it has in an account.

What assigns permission sets is told by the table `guardrail-actions` (`gives`: the `role`, or further `rights`). Which
users of the identity store are whose is not in the input, so that these edges are conditions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from perimeter_smt.logic.formula import Formula, both
from perimeter_smt.questions.mitigations.graph import Edge, raised
from perimeter_smt.questions.mitigations.guarded import unless
from perimeter_smt.questions.mitigations.roles import Kind
from perimeter_smt.questions.mitigations.steps import Steps
from perimeter_smt.request.keys import table_rows

if TYPE_CHECKING:
    from perimeter_smt.questions.mitigations.chains import ChainQuestion

_ROLES = ":role/aws-reserved/sso.amazonaws.com/"
_MARKS = ("aws-reserved", "awsreservedsso")
_UNLESS = {
    "role": "no user of IAM Identity Center acts for it, or the permission set is out of its reach",
    "rights": "the permission set is out of its reach",
}


def give_permission_sets(question: ChainQuestion, steps: Steps, callers: Sequence[Kind], where: Formula) -> None:
    """Add edges to the roles of permission sets, and to these with more rights; `where`: the calls count there."""
    roles = [kind for kind in question.kinds if _ROLES in kind.first.arn]
    name = question.namer(steps)
    for gives, words in (("role", "gives itself the permission set"), ("rights", "adds to the permission set")):
        for caller, edge in _edges(steps, callers, where, gives, words) if roles else ():
            for kind in roles:
                goal = kind.first.arn if gives == "role" else raised(kind.first.arn)
                become = name(caller) in {kind.first.arn, *question.chains.sources(kind.first.arn)}
                if gives == "role" or become:
                    question.chains.add(name(caller), goal, edge)
                else:
                    question.chains.help(name(caller), kind.first.arn, goal, edge)


def exempt_permission_sets(
    question: ChainQuestion, node: str, pattern: str, steps: Steps, callers: Sequence[Kind], where: Formula
) -> None:
    """Add who gives himself a permission set whose roles an exception names, listed or not."""
    if any(mark in pattern.lower() for mark in _MARKS):
        for caller, edge in _edges(steps, callers, where, "role", "gives itself the permission set"):
            question.chains.add(question.namer(steps)(caller), node, edge)


def _edges(steps: Steps, callers: Sequence[Kind], where: Formula, gives: str, words: str) -> list[tuple[Kind, Edge]]:
    calls = [row["action"] for row in table_rows("guardrail-actions") if row.get("gives") == gives]
    asked = (steps.formula("step"), both(steps.calls(*calls), where))
    found = steps.callers(callers, *asked)
    out = []
    for caller, step in found:
        needs = (_UNLESS[gives], unless(steps.workspace, steps, caller, step))
        out.append((caller, Edge(((steps, step, words),), words, "; ".join(filter(None, needs)))))
    return out
