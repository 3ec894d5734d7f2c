"""Texts that are composed of others, such as `o-a1b2c3d4e5/r-ab12/` of an organization's id and the way to a unit.

What is said of such a text is cut at the places where its parts meet, and so becomes facts on the parts.  A pattern
can be cut in several ways; if the parts contradict every combination of ways, that is a conflict.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, product

from perimeter_smt.logic.atoms import STAR, Glob, Pattern, Ref, Run, Template, Text
from perimeter_smt.logic.compose import cuts
from perimeter_smt.logic.formula import normal
from perimeter_smt.solve.theories import unary
from perimeter_smt.solve.theories.literals import Conflict, Literal
from perimeter_smt.solve.theories.work import Work

_MOST = 256  # combinations of ways to cut

Rows = Sequence[tuple[Literal, Template]]
Way = tuple[tuple[str, Pattern, bool], ...]  # facts on parts: part, pattern, whether it matches


def split(
    rows: Rows, known: Mapping[str, Sequence[Literal]], own: Sequence[Literal], work: Work
) -> Conflict | Mapping[str, str]:
    """A conflict among the templates `rows` and the literals `own` of one text and those `known` of its parts.

    The literals of a conflict are named one by one; whatever merged variables has to be added to them.
    Without a conflict, texts of parts that are worth trying; they may be none, and are not checked against the rest.
    """
    whole = next(((x, t) for x, t in rows if _composition(x, t)), None)
    if whole is None:
        return {}
    literal, term = whole
    ways: list[list[Way]] = []
    used: list[Literal] = [literal]
    for other, template in [*((x, t) for x, t in rows if t is not term), *_plain(own)]:
        filled = _filled(template, known, wider=other.positive)
        if filled is None:
            continue
        pattern, because = filled
        try:
            found = [tuple((var, piece, True) for var, piece in way) for way in cuts(term, pattern)]
        except ValueError:
            continue
        ways.append(found if other.positive else _none_of(found))
        used += [other, *because]
    count = 1
    for options in ways:
        count *= len(options)
    if not ways or count > _MOST:
        return {}
    blamed: dict[int, Literal] = {x.key: x for x in used}
    for combination in product(*ways):
        parts = _parts([fact for way in combination for fact in way], known, work)
        if not isinstance(parts, Conflict):
            return parts
        blamed.update((x.key, x) for x in parts.literals)
    return Conflict(tuple(blamed.values()))


def _composition(literal: Literal, template: Template) -> bool:
    """Whether the text is exactly some literal pieces and the values of different variables."""
    refs = [part.var for part in template if isinstance(part, Ref)]
    plain = not any(isinstance(part, Run) or part.fold for part in template)
    return literal.positive and plain and len(set(refs)) == len(refs)


def _plain(own: Sequence[Literal]) -> Iterator[tuple[Literal, Template]]:
    for literal in own:
        if literal.language is not None:
            yield literal, literal.language.pattern


def _filled(
    template: Template, known: Mapping[str, Sequence[Literal]], *, wider: bool
) -> tuple[Pattern, list[Literal]] | None:
    """The template with patterns in the place of its references, and the literals that say so.

    Whole texts; if the result may be `wider`, patterns that the values match, too.
    """
    out: list[Text | Run] = []
    because: list[Literal] = []
    for part in template:
        if not isinstance(part, Ref):
            out.append(part)
            continue
        globs = [x for x in known.get(part.var, ()) if x.positive and x.language is not None]
        best = min(globs, key=_heaviest, default=None)
        if best is None or best.language is None:
            if not wider:
                return None
            out.append(STAR)
        elif best.language.exact is not None:
            out.append(Text(best.language.exact, part.fold))
            because.append(best)
        elif wider and not part.fold:
            out += best.language.pattern
            because.append(best)
        else:
            return None
    return tuple(part for part in normal(tuple(out)) if not isinstance(part, Ref)), because


def _heaviest(literal: Literal) -> tuple[bool, int, int]:
    form = literal.language
    return form is None or form.exact is None, -form.weight if form else 0, literal.key


def _none_of(found: Sequence[Way]) -> list[Way]:
    """The ways in which no cut holds: of each, some part fails."""
    if any(not way for way in found):
        return []  # a cut that asks nothing
    picks = islice(product(*found), _MOST + 1)
    return [tuple((var, piece, False) for var, piece, _ in picked) for picked in picks]


def _parts(
    facts: Sequence[tuple[str, Pattern, bool]], known: Mapping[str, Sequence[Literal]], work: Work
) -> Conflict | Mapping[str, str]:
    """Texts for the parts that the facts speak of, as far as they are found, or a conflict about one of them."""
    out: dict[str, str] = {}
    for var in dict.fromkeys(var for var, _, _ in facts):
        extra = [Literal(Glob(var, piece), positive, -1) for name, piece, positive in facts if name == var]
        found = unary.find([*known.get(var, ()), *extra], (), (), work)
        if isinstance(found, Conflict):
            return found
        if isinstance(found, str):
            out[var] = found
    return out
