"""All literals about one variable: sends each kind to its theory, and decides mixtures of kinds.

Guarantee: the text returned satisfies every literal; a conflict is proved.  `Undecided` is left for mixtures
such as "a number below 5 that matches this pattern" when none of the texts tried fits and no part alone is
contradictory; IPv4 blocks with patterns are decided exactly.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from perimeter_smt.logic.atoms import STAR, CharSet, Compare, Glob, Pattern, Run, Text, Within
from perimeter_smt.solve.theories import addresses, dotted, numbers, strings
from perimeter_smt.solve.theories.alphabet import is_value
from perimeter_smt.solve.theories.literals import Conflict, Literal, Undecided, excluding, named
from perimeter_smt.solve.theories.work import TooLargeError, Work

_TRIES = 24


def find(
    literals: Sequence[Literal], hints: Sequence[str] = (), avoid: Sequence[str] = (), work: Work | None = None
) -> str | Conflict | Undecided:
    """A text other than those in `avoid` that satisfies the unary `literals` of one variable.

    `hints` are tried first, in order; `work` bounds automaton states.
    """
    work = work or Work()
    kinds = {literal.kind for literal in literals}
    if kinds <= {"glob"}:
        return strings.find([*literals, *excluding(avoid)] if avoid else literals, hints, work)
    if kinds == {"address"}:
        return addresses.find(literals, hints, avoid)
    try:
        return _mixture(literals, hints, avoid, work)
    except TooLargeError as problem:
        return Undecided(f"the patterns on `{literals[0].variables[0]}` are too large: {problem}")


def _mixture(
    literals: Sequence[Literal], hints: Sequence[str], avoid: Sequence[str], work: Work
) -> str | Conflict | Undecided:
    positive = {literal.kind: literal for literal in reversed(literals) if literal.positive and literal.kind != "glob"}
    if "address" in positive and len(positive) > 1:
        # No text is both: an address holds three dots or two colons, a number or instant neither at that place.
        return named([positive["address"], next(x for kind, x in positive.items() if kind != "address")])
    for kind in ("number", "instant") if "address" in positive else ("address",) if positive else ():
        literals = [literal for literal in literals if literal.kind != kind]  # negative, hence true of such a text
    kinds = {literal.kind for literal in literals}
    if kinds == {"address"}:
        return addresses.find(literals, hints, avoid)
    parts = {kind: [x for x in literals if x.kind == kind] for kind in ("glob", "number", "instant", "address")}
    taken = set(avoid)

    def fits(text: str) -> bool:
        return text not in taken and is_value(text) and all(literal.accepts(text) for literal in literals)

    for hint in hints:
        if fits(hint):
            return hint
    for literal in parts["glob"]:
        exact = literal.language.exact if literal.language and literal.positive else None
        if exact is not None:
            if fits(exact):
                return exact
            wrong = next((x for x in literals if not x.accepts(exact)), None) if is_value(exact) else None
            return Conflict((literal,) if wrong is None else (literal, wrong))
    if len(kinds) == 1:
        return _alone(kinds.pop(), list(literals), avoid, work)
    texts: list[str] = []
    for kind, part in parts.items():
        if part:
            found = _alone(kind, part, avoid, work)
            if not isinstance(found, str):
                return found
            texts.append(found)
    for text in (*texts, *_candidates(literals, parts["glob"], taken, work)):
        if fits(text):
            return text
    if "address" in positive:
        answer = dotted.find(parts["address"], parts["glob"], fits, work)
        if isinstance(answer, str):
            return answer
        if answer is not None and _no_ipv6(literals, parts["glob"], work):
            return answer
    return Undecided(f"`{literals[0].variables[0]}`: no text found that fits its patterns and its value together")


def _no_ipv6(literals: Sequence[Literal], globs: Sequence[Literal], work: Work) -> bool:
    """Whether the patterns, or a block of the other family, exclude every text that denotes an IPv6 address."""
    if any(literal.positive and isinstance(literal.atom, Within) and literal.atom.family == 4 for literal in literals):
        return True
    # Necessary: up to four digits before the first of two colons, then digits, colons and dots. A zone (`%`) is none.
    digits = "0123456789abcdefABCDEF"
    plain: Pattern = (Run(CharSet(digits), 0, 4), Text(":"), Run(CharSet(f"{digits}:."), 1, 44))
    colons = Literal(Glob("", (STAR, Text(":"), STAR, Text(":"), STAR)), True, -1)
    return isinstance(strings.find([*globs, colons, Literal(Glob("", plain), True, -1)], (), work), Conflict)


def _alone(kind: str, literals: list[Literal], avoid: Sequence[str], work: Work) -> str | Conflict | Undecided:
    if kind == "glob":
        return strings.find([*literals, *excluding(avoid)], (), work)
    if kind == "address":
        return addresses.find(literals, (), avoid)
    solved = numbers.solve(literals, {})
    if isinstance(solved, Conflict):
        return solved
    for value in solved.values():
        return numbers.respell(numbers.spellings(value, kind)[0], kind, avoid)
    return _meaningless(avoid)


def _meaningless(avoid: Sequence[str]) -> str:
    """A text that denotes nothing in any view."""
    text = "none"
    while text in avoid:
        text += "-"
    return text


def _candidates(literals: Sequence[Literal], globs: Sequence[Literal], taken: set[str], work: Work) -> Iterator[str]:
    """Texts worth trying: round the bounds in several spellings, then the shortest words of the patterns."""
    yield from ("", "none", "0", "1", "-1", "1.5", "2026-01-01T00:00:00Z", "198.51.100.7", "2001:db8::7")
    for literal in literals:
        fact = literal.atom
        if isinstance(fact, Compare):
            step = 1 if fact.view == "number" else 86400
            half = Fraction(step, 2)
            for value in (fact.bound, fact.bound + step, fact.bound - step, fact.bound + half, fact.bound * 2 + 1):
                if numbers.decimal(value):
                    yield from numbers.spellings(value, fact.view)
                    text = str(value.numerator)
                    yield from (text.rjust(width, "0") for width in (4, 6, 8, 10, 12))
        elif isinstance(fact, Within):
            low, high = addresses.span(fact)
            for host in (low, low + 1, low + 7, high, high + 1, low - 1):
                yield from addresses.texts(fact.family, host)
    seen = set(taken)
    for _ in range(_TRIES):
        word = strings.find([*globs, *excluding(sorted(seen))], (), work)
        if not isinstance(word, str):
            return
        yield word
        seen.add(word)
        for literal in globs:  # longer words too, so that not all that is tried is the same prefix
            if literal.positive and literal.language is not None and literal.language.shape == "ends":
                yield f"{literal.language.prefix}{len(seen)}{literal.language.suffix}"
