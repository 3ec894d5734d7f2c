"""What no request of a set can be, although its elements do not say so: calls that AWS takes from some callers only.

The root user calls no AssumeRole (STS API reference, AssumeRole), a role makes no federated users (IAM guide,
comparison of STS operations), most services take no unsigned calls.
"""

from __future__ import annotations

from perimeter_smt.encode.language.keys import sym_is
from perimeter_smt.questions.findings.estate import Asked
from perimeter_smt.questions.findings.search import Cube

CALLERS = ("user", "role", "federated-user", "root", "anonymous")
_FEW_CALLERS = "sts:"  # the service whose calls are each for some kinds of callers


def closed_to(asked: Asked, cube: Cube) -> tuple[str, ...]:
    """The kinds of callers that fit every element of a set but the action, and can make none of its calls."""
    if asked.topic.callers is None:
        return ()
    search, literals = asked.search, asked.search.literals
    wide = tuple(clause for clause in cube if all(literals[i].field != "action" for i in clause if i >= 0))
    *given, mode = search.given  # without the mode: whatever reading or soft axiom is departed from
    out = []
    for kind in CALLERS:
        who = sym_is(kind)
        if search.engine.check([search.formula(cube), *given, who]).status != "unsat":
            continue
        if search.engine.check([search.formula(wide), asked.topic.callers, mode, who]).status == "sat":
            out.append(kind)
    return tuple(out)


def uncallable(asked: Asked, cube: Cube) -> frozenset[int]:
    """The classes of calls of STS of which the set holds no request: AWS takes them from other callers only."""
    search = asked.search
    own = [one for one in asked.actions.classes if all(n.lower().startswith(_FEW_CALLERS) for n in one.names)]
    if len(asked.actions.classes) < 2:
        return frozenset()
    given = [search.formula(cube), *search.given]
    numbers = {one.number: one.formula for one in search.literals if one.field == "action" and one.positive}
    return frozenset(
        one.number
        for one in own
        if one.number in numbers and search.engine.check([*given, numbers[one.number]]).status == "unsat"
    )
