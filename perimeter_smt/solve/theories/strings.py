"""Wildcard patterns over one variable.

Guarantee: the word returned satisfies every literal; a conflict is a set of literals that no word of the
alphabet satisfies; `Undecided` only when the bound on automaton states is hit.

The search runs over few patterns at a time: it starts from the most demanding positive one and adds a
literal only when the word found so far violates it, so conflicts come out small and hundreds of patterns
that do not matter never enter the product.
"""

from __future__ import annotations

from collections.abc import Sequence

from perimeter_smt.solve.errors import SolveError
from perimeter_smt.solve.theories.alphabet import is_value
from perimeter_smt.solve.theories.automaton import Automaton
from perimeter_smt.solve.theories.literals import Conflict, Language, Literal, Undecided, named
from perimeter_smt.solve.theories.product import Machine, Words, search
from perimeter_smt.solve.theories.union import Union
from perimeter_smt.solve.theories.work import TooLargeError, Work

_GROWTH = 3  # violated literals added per round
_MANY = 12  # refused patterns from which on a shortest text is not looked for
_SHORT = 2_000  # states that the search for a shortest text may reach


def find(
    literals: Sequence[Literal], hints: Sequence[str] = (), work: Work | None = None
) -> str | Conflict | Undecided:
    """A text that satisfies all `literals` (globs over one variable), the first of `hints` that does if any.

    `work` bounds the automaton states per search, and in total: raises OutOfWorkError.
    """
    try:
        return _find(literals, hints, work or Work())
    except TooLargeError as problem:
        variable = next((literal.variables[0] for literal in literals if literal.key >= 0), "")
        return Undecided(f"the patterns on `{variable}` are too large together: {problem}")


def _find(literals: Sequence[Literal], hints: Sequence[str], work: Work) -> str | Conflict | Undecided:
    quick = clash(literals)
    if quick is not None:
        return quick
    # Hundreds of accounts or names that must not be are one look into a set for each hint.
    refused_texts = {text for literal in literals if (text := _whole(literal)) is not None} if hints else set()
    others = [literal for literal in literals if _whole(literal) is None] if hints else []
    for hint in hints:
        if hint not in refused_texts and is_value(hint) and all(literal.accepts(hint) for literal in others):
            return hint
    for literal in literals:
        if literal.positive and (exact := _language(literal).exact) is not None:
            if not is_value(exact):
                return Conflict((literal,))
            wrong = next((other for other in literals if not other.accepts(exact)), None)
            return exact if wrong is None else named((literal, wrong))
    ranked = sorted(literals, key=_demand)
    active = [literal for literal in ranked[:1] if literal.positive]
    refused: list[Literal] = []  # whole texts that must not be: one automaton for all of them
    words: list[Words] = []
    while True:
        unwanted = [_language(literal).automaton for literal in active if not literal.positive]
        if len(active) == 1 and active[0].positive and not words:
            word = _language(active[0]).shortest
        else:
            wanted = [_language(literal).automaton for literal in active if literal.positive]
            word = _word(wanted, unwanted, words, work)
        if word is None:
            return named([*active, *refused])
        violated = [literal for literal in ranked if not literal.accepts(word)]
        if not violated:
            return word
        growth = max(_GROWTH, len(unwanted) - _MANY)
        fresh = [literal for literal in violated if _whole(literal) is None][:growth]
        if any(literal in active for literal in fresh) or (words and not fresh):
            raise SolveError(f"a search returned `{word}`, which it was told to avoid")
        if not words and any(_whole(literal) is not None for literal in violated):
            positive = [literal for literal in literals if literal.positive]
            spelled = [(text, x) for x in ranked if (text := _whole(x)) is not None and is_value(text)]
            refused = [x for text, x in spelled if all(other.accepts(text) for other in positive)]
            words = [Words(text for x in refused if (text := _whole(x)) is not None)]
        active.extend(fresh)


def _word(
    wanted: Sequence[Automaton], unwanted: Sequence[Automaton], words: Sequence[Machine], work: Work
) -> str | None:
    """A shortest word if there are few patterns and it is soon found, else one that keeps clear of the refused ones."""
    if len(unwanted) < _MANY:
        try:
            return search(wanted, [*words, *unwanted], work, states=_SHORT if unwanted else None)
        except TooLargeError:
            if not unwanted:
                raise
    return search(wanted, [*words, Union(unwanted)], work)


def _whole(literal: Literal) -> str | None:
    """The text that a negative literal rules out, if it rules out just one."""
    return None if literal.positive else _language(literal).exact


def _language(literal: Literal) -> Language:
    if literal.language is None:
        raise TypeError(f"not a pattern: {literal!r}")
    return literal.language


def _demand(literal: Literal) -> tuple[bool, int, int]:
    """Positive literals first, those with the most fixed text in front."""
    return (not literal.positive, -_language(literal).weight, literal.key)


def clash(literals: Sequence[Literal]) -> Conflict | None:
    """Two literals whose fixed prefixes, suffixes or whole texts already exclude each other, or None.

    Finds most conflicts without an automaton: every positive pattern's prefix must be a prefix of the longest
    one, likewise suffixes, and a refused `text*` must not cover it.
    """
    head: Literal | None = None
    tail: Literal | None = None
    for literal in literals:
        if literal.positive:
            lang = _language(literal)
            if lang.prefix and (head is None or len(lang.prefix) > len(_language(head).prefix)):
                head = literal
            if lang.suffix and (tail is None or len(lang.suffix) > len(_language(tail).suffix)):
                tail = literal
    for chosen, front in ((head, True), (tail, False)):
        if chosen is None:
            continue
        own = _language(chosen)
        text = own.prefix if front else own.suffix
        plain, lower = text, text.lower()
        for literal in literals:
            lang = _language(literal)
            if literal.positive:
                fixed = lang.prefix if front else lang.suffix
                folding = lang.fold or own.fold
                whole, part = (lower, fixed.lower()) if folding else (plain, fixed)
                if not (whole.startswith(part) if front else whole.endswith(part)):
                    return named((chosen, literal))
            elif lang.shape == "ends" and (lang.fold or not own.fold):
                free = lang.suffix if front else lang.prefix
                fixed = lang.prefix if front else lang.suffix
                whole = lower if lang.fold else plain
                if not free and (whole.startswith(fixed) if front else whole.endswith(fixed)):
                    return named((chosen, literal))
    return None
