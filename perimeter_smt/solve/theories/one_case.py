"""Texts of one case, such as ids of VPCs: compared without case they are compared as they are.

If `a` matches `b` without case and no value of either has a capital, they are equal.
So a comparison without case becomes an equality, for which there are procedures.
"""

from __future__ import annotations

from collections.abc import Sequence

from perimeter_smt.logic.atoms import Equal, Match, Ref, Text
from perimeter_smt.solve.theories.alphabet import folded
from perimeter_smt.solve.theories.classes import Classes
from perimeter_smt.solve.theories.literals import Answer, Conflict, Literal


def equated(literals: Sequence[Literal]) -> tuple[list[Literal], dict[int, list[Literal]]]:
    """The literals with such comparisons as equalities, and by key what each of these rests on.

    The result has the same models; comparisons of a text with itself that hold are left out.
    """
    if not any(isinstance(x.atom, Match) and _other(x.atom) for x in literals):
        return list(literals), {}
    classes = Classes(literals)
    out, because = [], {}
    for literal in literals:
        other = _other(literal.atom) if isinstance(literal.atom, Match) else None
        if other is None:
            out.append(literal)
            continue
        sides = (literal.variables[0], other)
        if sides[0] == other and literal.positive:
            continue
        limits = [_limit(classes, side) for side in sides]
        if limits[0] is None or limits[1] is None:
            out.append(literal)
            continue
        out.append(Literal(Equal(*sides), literal.positive, literal.key))
        because[literal.key] = [literal, *limits[0], *limits[1]]
    return out, because


def explained(answer: Answer, because: dict[int, list[Literal]]) -> Answer:
    """The answer for the literals as they were: a conflict names what the equalities rest on."""
    if not isinstance(answer, Conflict) or not because:
        return answer
    named = [x for literal in answer.literals for x in because.get(literal.key, [literal])]
    return Conflict(tuple({x.key: x for x in named}.values()))


def _other(match: Match) -> str | None:
    """The variable whose value alone a text is compared with, without case."""
    template = match.template
    one = template[0] if len(template) == 1 else None
    return one.var if isinstance(one, Ref) and one.fold else None


def _limit(classes: Classes, variable: str) -> list[Literal] | None:
    """The literals by which a variable holds no capitals; None if none says so."""
    for literal in classes.unary[classes.names[variable]]:
        if literal.positive and literal.language is not None and _one_case(literal):
            return [literal, *classes.path(variable, literal.variables[0])]
    return None


def _one_case(literal: Literal) -> bool:
    for part in literal.language.pattern if literal.language is not None else ():
        if isinstance(part, Text):
            chars = "".join(map(folded, part.text)) if part.fold else part.text
        elif part.chars.negated:
            return False
        else:
            chars = part.chars.chars
        if any(char.lower() != char or len(char.upper()) != 1 for char in chars):
            return False
    return True
