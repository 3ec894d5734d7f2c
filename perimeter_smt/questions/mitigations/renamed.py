"""C2: users that somebody renames so that an exception names them (`iam:UpdateUser` tells a new name or path).

Both names are asked for: "the entity making the request must have permission on the source and the target" (IAM API
reference, UpdateUser). Roles cannot be renamed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from perimeter_smt.evaluate.perimeter import is_named
from perimeter_smt.logic.formula import Formula, is_text, neg
from perimeter_smt.questions.mitigations.graph import Edge, is_state, last
from perimeter_smt.questions.mitigations.roles import any_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perimeter_smt.questions.mitigations.chains import ChainQuestion
    from perimeter_smt.questions.mitigations.roles import Kind
    from perimeter_smt.questions.mitigations.steps import Step, Steps

_WORDS = "renames a user so"


class Renamed:
    """The edges to the node of one exception: of who renames a user that he is or becomes, or that he makes."""

    def __init__(self, question: ChainQuestion, node: str, pattern: str, meant: Sequence[str]) -> None:
        self.question, self.node, self.pattern, self.meant = question, node, pattern, meant

    def add(self, steps: Steps, callers: Sequence[Kind], made: Formula) -> None:
        """`made`: the call is on a name that the exception names."""
        renames = (steps.formula("step"), steps.calls("iam:UpdateUser"))
        for caller, new in list(steps.callers(callers, *renames, made, neg(any_of(self.question.kinds)))):
            self._makes(steps, caller, new)
            for kind in self.question.kinds:
                if kind.first.type == "user" and not is_named(self.pattern, kind.first.arn):
                    for _, old in steps.callers([caller], *renames, kind.here):
                        self._renames(steps, caller, kind, (old, new))

    def _renames(self, steps: Steps, caller: Kind, kind: Kind, both: tuple[Step, Step]) -> None:
        source, chains = self.question.namer(steps)(caller), self.question.chains
        edge = Edge(tuple((steps, step, _WORDS) for step in both), _WORDS)
        if caller is kind or chains.path(source, kind.first.arn):
            chains.add(source, self.node, edge)
        elif not is_state(source) and not any(is_named(pattern, source) for pattern in self.meant):
            unless = f"{self.question.named(caller.first.arn)}, who renames {last(kind.first.arn)}, does not act for it"
            chains.add(kind.first.arn, self.node, Edge(edge.steps, edge.words, unless))

    def _makes(self, steps: Steps, caller: Kind, new: Step) -> None:
        """Who makes a user of another name first."""
        account = is_text("resource.account", caller.first.account)
        others = (steps.formula("step"), account, neg(any_of(self.question.kinds)))
        for _, first in steps.callers([caller], *others, steps.calls("iam:CreateUser")):
            for _, old in steps.callers([caller], *others, steps.calls("iam:UpdateUser")):
                hops = tuple((steps, step, _WORDS) for step in (first, old, new))
                self.question.chains.add(self.question.namer(steps)(caller), self.node, Edge(hops, _WORDS))
