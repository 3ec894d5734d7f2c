"""Patterns on composed texts, cut into patterns on their parts.

An ARN key is a composition such as `arn:` partition `:iam::` account `:` name.  A pattern on the whole is
a disjunction over the places where the parts can meet inside the pattern; each part is then matched by a
piece of the pattern.  The cut is exact: a star that is cut stands on both sides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from perimeter_smt.logic.atoms import Pattern, Ref, Run, Template, Text
from perimeter_smt.logic.formula import FALSE, TRUE, Formula, conj, disj, glob, normal

NO_SLASH_PREFIXES = ("org(",)
NO_COLON_SUFFIXES = (".account", ".partition", ".region", ".arn-service")


def no_colon(var: str) -> bool:
    """Whether the values of `var` never hold a colon: fields one to five of an ARN (a naming rule of the text)."""
    return var.endswith(NO_COLON_SUFFIXES)


def no_slash(var: str) -> bool:
    """Whether the values of `var` never hold a slash: organization ids (AP5.format)."""
    return var.startswith(NO_SLASH_PREFIXES)


def glob_on(
    term: Template, pattern: Template, *, leaf: Callable[[str, Template], Formula] = glob, cut_refs: bool = True
) -> Formula:
    """The text composed by `term` (literals and references) matches `pattern`.

    `leaf` builds the formula for one variable and one pattern; the default makes an atom.
    Exact unless a reference inside `pattern` would have to be cut, which raises ValueError; with `cut_refs` off
    the caller knows that a value never meets the literal text of `term` (colons inside values do not cut an ARN).
    """
    if len(term) == 1 and isinstance(term[0], Ref):
        return leaf(term[0].var, pattern)
    if not any(isinstance(part, Ref) for part in term):
        swapped = _literal_against(term, pattern)
        if swapped is not None:
            return swapped
    units = _units(pattern)
    names = _names(term)
    return disj(
        conj(leaf(var, piece) for var, piece in zip(names, cut, strict=True) if not _is_all(piece))
        for cut in _cuts(units, term, cut_refs)
    )


def cuts(term: Template, pattern: Pattern) -> list[tuple[tuple[str, Pattern], ...]]:
    """Every way to match a pattern by the parts of a composition: a pattern for each part that has to match one.

    Whatever the variables are called: nothing is assumed of the characters in their values.  Raises ValueError as
    `glob_on` does.
    """
    names = _names(term)
    out = []
    for cut in _cuts(_units(pattern), term, True, naming=False):
        pieces = [tuple(part for part in piece if not isinstance(part, Ref)) for piece in cut]
        out.append(tuple((v, piece) for v, piece in zip(names, pieces, strict=True) if not _is_all(piece)))
    return out


def _literal_against(term: Template, pattern: Template) -> Formula | None:
    """A literal text against a pattern that is a single reference: the reference holds that text."""
    if len(pattern) == 1 and isinstance(pattern[0], Ref):
        texts = [Text(part.text, part.fold or pattern[0].fold) for part in term if isinstance(part, Text)]
        return glob(pattern[0].var, tuple(texts))
    if any(isinstance(part, Ref) for part in pattern):
        return None
    from perimeter_smt.logic.interpret import regex

    text = "".join(part.text for part in term if isinstance(part, Text))
    return TRUE if regex(pattern).fullmatch(text) else FALSE


def _names(term: Template) -> tuple[str, ...]:
    return tuple(part.var for part in term if isinstance(part, Ref))


def _is_all(piece: Template) -> bool:
    return (
        len(piece) == 1 and piece[0] == Run(piece[0].chars) and piece[0].chars.negated and (not piece[0].chars.chars)
        if piece and isinstance(piece[0], Run)
        else False
    )


def _units(pattern: Template) -> Template:
    """One character per literal, counted runs unrolled up to their lower bound."""
    out: list[Text | Run | Ref] = []
    for part in normal(pattern):
        if isinstance(part, Text):
            out += [Text(char, part.fold) for char in part.text]
        elif isinstance(part, Run) and part.high is not None and part.low == part.high and part.low <= 64:
            out += [Run(part.chars, 1, 1)] * part.low
        elif isinstance(part, Run) and part.high is None and part.low <= 64:
            out += [Run(part.chars, 1, 1)] * part.low + [Run(part.chars)]
        else:
            out.append(part)
    return tuple(out)


def _star(unit: Text | Run | Ref) -> bool:
    return isinstance(unit, Run) and unit.high is None and unit.low == 0


def _cuts(units: Template, term: Template, cut_refs: bool, *, naming: bool = True) -> Iterator[tuple[Template, ...]]:
    """Every way to give each variable of `term` a piece of the pattern."""

    def rest(position: int, index: int) -> tuple[tuple[Template, ...], ...]:
        found = memo.get((position, index))
        if found is None:
            found = memo[(position, index)] = tuple(_next(position, index))
        return found

    def _next(position: int, index: int) -> Iterator[tuple[Template, ...]]:
        if index == len(term):
            if all(_star(unit) for unit in units[position:]):
                yield ()
            return
        part = term[index]
        if isinstance(part, Text):
            for after in _consume(units, position, part.text, cut_refs):
                yield from rest(after, index + 1)
            return
        assert isinstance(part, Ref)
        for end in range(position, len(units) + 1):
            if end > position:
                unit = units[end - 1]
                if naming and isinstance(unit, Text) and _never(part.var, unit.text):
                    return
                if _star(unit) and not (end < len(units) and _star(units[end])):
                    continue  # the cut in front of that star covers it; behind two different stars it does not
            if dead(end, index + 1):
                continue
            tails = rest(end, index + 1)
            if not tails:
                continue
            keep = end < len(units) and _star(units[end])
            piece = normal(units[position : end + 1] if keep else units[position:end])
            for tail in tails:
                yield (piece, *tail)

    def dead(position: int, index: int) -> bool:
        """Whether a glance at one character of the pattern shows that the rest of the term cannot follow."""
        if position == len(units):
            return False
        unit = units[position]
        if index == len(term):
            return not _star(unit)
        part = term[index]
        if not isinstance(part, Text) or not isinstance(unit, Text):
            return False
        return unit.text != part.text[0] and not (unit.fold and unit.text.lower() == part.text[0].lower())

    memo: dict[tuple[int, int], tuple[tuple[Template, ...], ...]] = {}
    found = dict.fromkeys(rest(0, 0))
    memo.clear()  # the functions above refer to each other, so that all they hold would stay for long
    yield from found


def _never(var: str, char: str) -> bool:
    """Whether the values of `var` never hold a character."""
    return (char == ":" and no_colon(var)) or (char == "/" and no_slash(var))


def _consume(units: Template, position: int, text: str, cut_refs: bool) -> tuple[int, ...]:
    """The positions at which the pattern can stand after it has read `text`."""
    current = {position}
    for char in text:
        current = {after for place in _closure(units, current) for after in _step(units, place, char, cut_refs)}
    return tuple(sorted(_minimal(units, current)))


def _closure(units: Template, places: set[int]) -> set[int]:
    out = set()
    for place in places:
        out.add(place)
        while place < len(units) and _star(units[place]):
            place += 1
            out.add(place)
    return out


def _minimal(units: Template, places: set[int]) -> set[int]:
    """Drop places that a star just before already covers."""
    return {p for p in places if not (p > 0 and p - 1 in places and _star(units[p - 1]))}


def _step(units: Template, place: int, char: str, cut_refs: bool) -> Iterator[int]:
    if place == len(units):
        return
    unit = units[place]
    if isinstance(unit, Ref):
        if not cut_refs or _never(unit.var, char):
            return
        raise ValueError("a reference inside the pattern would have to be cut")
    if isinstance(unit, Text):
        if unit.text == char or (unit.fold and unit.text.lower() == char.lower()):
            yield place + 1
    elif char in unit.chars:
        if _star(unit):
            yield place
        elif unit.high is None or unit.high > 1:
            raise ValueError("a bounded run inside the pattern would have to be cut")
        else:
            yield place + 1
