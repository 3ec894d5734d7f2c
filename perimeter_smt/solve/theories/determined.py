"""Values that a known text leaves no choice for: `user/${aws:username}` is `user/ana`, so the name is `ana`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from perimeter_smt.logic.atoms import Glob, Ref, Template, Text
from perimeter_smt.logic.formula import normal
from perimeter_smt.logic.interpret import regex
from perimeter_smt.solve.theories import unary
from perimeter_smt.solve.theories.literals import Conflict, Literal
from perimeter_smt.solve.theories.work import Work

_LONGEST = 40  # texts in which every part is tried, where wildcards leave open which one it is


class Known(NamedTuple):
    """The only text of a variable, as a literal, and the literals that it follows from."""

    literal: Literal
    because: tuple[Literal, ...]


def determined(
    matches: Mapping[str, Sequence[tuple[Literal, Template]]],
    own: Mapping[str, Sequence[Literal]],
    work: Work,
) -> dict[str, Known] | Conflict:
    """By variable, what templates of known texts fix, or why some of them fits no value.

    `own` are the literals on each variable alone; templates with one reference are looked at.
    """
    found: dict[str, Known] = {}
    for name, rows in matches.items():
        whole = next((x for x in own[name] if x.positive and x.language and x.language.exact is not None), None)
        if whole is None or whole.language is None or whole.language.exact is None:
            continue
        for literal, template in rows:
            refs = [part for part in template if isinstance(part, Ref)]
            if not literal.positive or len(refs) != 1 or refs[0].fold or refs[0].var == name:
                continue
            values = _values(template, whole.language.exact)
            if values is None:
                continue
            because: tuple[Literal, ...] = (literal, whole)
            if len(values) > 1:  # some may be no value of the variable
                values = [v for v in values if unary.find(list(own[refs[0].var]), (v,), (), work) == v]
                because += tuple(own[refs[0].var])
            if not values:
                return Conflict(because)
            if len(values) == 1 and refs[0].var not in found:
                pattern = (Text(values[0]),) if values[0] else ()
                found[refs[0].var] = Known(Literal(Glob(refs[0].var, pattern), True, literal.key), because)
    return found


def _values(template: Template, text: str) -> list[str] | None:
    """Every value of the one reference with which the template matches the text; None where there are too many."""
    at = next(i for i, part in enumerate(template) if isinstance(part, Ref))
    start, end = 0, len(text)
    for part in template[:at]:
        if not isinstance(part, Text):
            break
        start += len(part.text)
    for part in reversed(template[at + 1 :]):
        if not isinstance(part, Text):
            break
        end -= len(part.text)
    left, right = (all(isinstance(part, Text) for part in side) for side in (template[:at], template[at + 1 :]))
    if not (left and right) and end - start > _LONGEST:
        return None
    starts = [start] if left else range(start, end + 1)
    out: dict[str, None] = {}
    for a in starts:
        for b in [end] if right else range(a, end + 1):
            if a <= b:
                out[text[a:b]] = None

    def fits(value: str) -> bool:
        filled = normal((*template[:at], *((Text(value),) if value else ()), *template[at + 1 :]))
        return regex(tuple(part for part in filled if not isinstance(part, Ref))).fullmatch(text) is not None

    return list(filter(fits, out))
