"""Values worth trying for a variable that a template refers to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from perimeter_smt.logic.atoms import Ref, Run, Template, Text
from perimeter_smt.solve.theories.alphabet import is_value
from perimeter_smt.solve.theories.classes import Classes
from perimeter_smt.solve.theories.literals import Literal

_MOST = 40
_LONGEST = 400  # characters of a text that is cut up


def suggestions(
    name: str,
    classes: Classes,
    matches: Mapping[str, Sequence[tuple[Literal, Template]]],
    hints: Mapping[str, tuple[str, ...]],
) -> list[str]:
    """Texts for class `name` that would let a template meet a text or a pattern of the variable it describes.

    Deterministic, at most a few dozen, not checked against anything.
    """
    found = dict.fromkeys(_all(name, classes, matches, hints))
    return [text for text in found if is_value(text)][:_MOST]


def _all(
    name: str,
    classes: Classes,
    matches: Mapping[str, Sequence[tuple[Literal, Template]]],
    hints: Mapping[str, tuple[str, ...]],
) -> Iterator[str]:
    for target, rows in matches.items():
        texts: list[str] = []
        for literal in classes.unary[target]:
            if literal.positive and literal.language is not None:
                texts.append("".join(part.text for part in literal.language.pattern if isinstance(part, Text)))
        texts.extend(classes.hints(target, hints))
        templates = [t for _, t in rows if any(isinstance(p, Ref) and p.var == name for p in t)]
        for template in templates:
            for text in texts:
                yield from aligned(template, name, text)
        for template in templates:  # what other templates put at the same place
            yield from (part.text for _, t in rows for part in t if isinstance(part, Text) and t != template)
        if templates:
            for text in texts:
                yield from (piece for piece in re.split(r"[:/]", text[:_LONGEST]) if piece)


def aligned(template: Template, name: str, text: str) -> Iterator[str]:
    """What the reference to `name` stands for when `text` is read along `template`, shortest and longest."""
    if len(text) > _LONGEST or len(template) > 12:
        return
    for greed in ("?", ""):
        out, named = [], False
        for part in template:
            if isinstance(part, Text):
                out.append(re.escape(part.text))
            elif isinstance(part, Run):
                out.append(f".*{greed}" if part.high is None else f".{{{part.low},{part.high}}}{greed}")
            elif part.var == name:
                out.append("(?P=value)" if named else f"(?P<value>.*{greed})")
                named = True
            else:
                out.append(f".*{greed}")
        found = re.fullmatch("".join(out), text, re.DOTALL)
        if found:
            yield found["value"]
