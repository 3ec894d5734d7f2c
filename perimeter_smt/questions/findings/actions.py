"""Actions that the policies at hand do not tell apart are one class; classes written as lists of patterns."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from perimeter_smt.encode.language.action import action_matches
from perimeter_smt.logic.formula import Formula, conj, neg
from perimeter_smt.policy.document import Document
from perimeter_smt.request import actions
from perimeter_smt.request.unlisted import unlisted

_WORD = re.compile(r"[A-Z]+[a-z]*|[a-z]+")


@dataclass(frozen=True)
class ActionClass:
    """Actions that match the same patterns: `names` as AWS spells them, `formula` that the call is one of them."""

    number: int
    names: tuple[str, ...]
    matched: frozenset[str]
    formula: Formula


@dataclass(frozen=True)
class Actions:
    """All classes, and the patterns that make them, as the policies spell them."""

    classes: tuple[ActionClass, ...]
    patterns: tuple[str, ...]
    everything: bool  # the patterns reach every service
    parts: tuple[
        ActionClass, ...
    ] = ()  # where classes were merged, what they were, numbered as the classes they are in
    invented: frozenset[str] = frozenset()  # stand for what a pattern reaches beyond the reference; nobody spelled them

    def names(self, numbers: Iterable[int]) -> tuple[str, ...]:
        """The actions of some classes."""
        chosen = set(numbers)
        return tuple(sorted(name for one in self.classes if one.number in chosen for name in one.names))

    def written(self, numbers: Iterable[int]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Some classes as patterns, and patterns to leave out of these; as few of both as are found."""
        chosen = set(numbers)
        inside = [one for one in self.parts or self.classes if one.number in chosen]
        outside = [one for one in self.parts or self.classes if one.number not in chosen]
        if not outside:
            return (("*",) if self.everything else tuple(_greedy(self.patterns, inside))), ()
        fitting = [p for p in self.patterns if not any(p in one.matched for one in outside)]
        found = _greedy(fitting, inside)
        left = [one for one in inside if not any(p in one.matched for p in found)]
        taken = frozenset(name for one in outside for name in one.names)
        plain = (*found, *_shortened([name for one in left for name in one.names], taken))
        if self.everything:
            but = self._against(inside, outside)
            if len(but) + 1 < len(plain):
                return ("*",), but
        free = [p for p in self.patterns if not any(p in one.matched for one in inside)]
        wide = (
            ["*"] if self.everything and any(not one.matched for one in inside) else self._wide(inside, outside, free)
        )
        reached = [one for one in outside if wide == ["*"] or any(p in one.matched for p in wide)]
        against = _greedy(free, reached)
        exact = all(any(p in one.matched for p in against) for one in reached)
        if exact and all(wide == ["*"] or any(p in one.matched for p in wide) for one in inside):
            # What a pattern reaches beyond the reference would be lost with a list of names.
            beyond = bool(left) and wide != ["*"] and any("*" in p or "?" in p for p in wide)
            if beyond or len(wide) + len(against) < len(plain) or not self.invented.isdisjoint(plain):
                return tuple(wide), tuple(against)
        return plain, ()

    def _wide(self, inside: Sequence[ActionClass], outside: Sequence[ActionClass], free: Sequence[str]) -> list[str]:
        """Patterns that reach the classes inside, and outside such only as patterns that reach nothing inside name."""
        stuck = [one for one in outside if one.matched.isdisjoint(free)]
        return _greedy([p for p in self.patterns if not any(p in one.matched for one in stuck)], inside)

    def _against(self, inside: Sequence[ActionClass], outside: Sequence[ActionClass]) -> tuple[str, ...]:
        """The classes outside, as patterns that reach nothing inside."""
        found = _greedy([p for p in self.patterns if not any(p in one.matched for one in inside)], outside)
        left = [name for one in outside if not any(p in one.matched for p in found) for name in one.names]
        return (*found, *_shortened(left, frozenset(name for one in inside for name in one.names)))


def classes_of(
    documents: Sequence[Document],
    also: Sequence[str] = (),
    services: Sequence[str] | None = None,
    *,
    apart: Callable[[str], Hashable] | None = None,
    called: Callable[[tuple[str, ...]], Formula] | None = None,
    further: Sequence[str] = (),
) -> Actions:
    """The classes of actions that the documents and the patterns `also` tell apart, of some services or of all.

    `further`: actions beside those that the service reference knows of these services.

    Services of which `apart` says different things are no class together. `called` is the formula for a call of one
    of these actions; by default the patterns say it.
    """
    patterns: dict[str, str] = {text.lower(): text for text in also}
    reaches_all = False
    for document in documents:
        for statement in document.statements:
            for text in statement.action.values:
                patterns.setdefault(text.lower(), text)
            reaches_all = reaches_all or statement.action.negated
    full = {low for low in patterns if not low.strip("*") or low.strip("*") == ":"}
    prefixes = {low.partition(":")[0] for low in patterns if low not in full}
    everything = bool(full) or reaches_all or any(c in service for service in prefixes for c in "*?")
    if services is not None:
        names = tuple(n for s in services for n in _service(s))
    else:
        names = _catalogue() if everything else tuple(n for s in sorted(prefixes) for n in _service(s))
    known = {name.lower() for name in names}
    unknown = (text for low, text in patterns.items() if low not in known and not any(c in low for c in "*?"))
    spelled = [*unknown] if services is None else [text for text in further if text.lower() in patterns]
    invented = unlisted(patterns.values()) if services is None else tuple(t for t in further if t not in spelled)
    literal = [*spelled, *invented]
    told = {low: text for low, text in patterns.items() if low not in full}
    found: dict[tuple[Hashable, frozenset[str]], list[str]] = {}
    matchers = {text: _regex(low) for low, text in told.items() if not any(c in low.partition(":")[0] for c in "*?")}
    near: dict[str, list[str]] = {}
    for text in matchers:
        near.setdefault(text.lower().partition(":")[0], []).append(text)
    for name in (*names, *literal):
        low = name.lower()
        service = low.partition(":")[0]
        matched = frozenset(t for t in near.get(service, ()) if matchers[t].fullmatch(low))
        found.setdefault((apart(service) if apart else None, matched), []).append(name)
    classes = []
    for number, ((_, matched), members) in enumerate(found.items()):
        if called is not None:
            formula = called(tuple(members))
        else:
            formula = conj(action_matches(t) if t in matched else neg(action_matches(t)) for t in matchers)
        classes.append(ActionClass(number, tuple(members), matched, formula))
    return Actions(tuple(classes), tuple(matchers), everything, invented=frozenset(invented))


def merged(found: Actions, together: Iterable[Sequence[int]], called: Callable[[tuple[str, ...]], Formula]) -> Actions:
    """With some classes, named by their places, as one each."""
    out, parts = [], []
    for number, places in enumerate(together):
        own = [replace(found.classes[place], number=number) for place in places]
        names = tuple(name for one in own for name in one.names)
        out.append(ActionClass(number, names, frozenset(), called(names)))
        parts += own
    return replace(found, classes=tuple(out), parts=tuple(parts))


def levels(names: Iterable[str]) -> tuple[str, ...]:
    """The access levels of actions, as the service authorization reference has them."""
    infos = (actions.action_info(name) for name in names)
    found = {level for info in infos if info for level in info.access_level.split(", ")}
    order = ("List", "Read", "Write", "Permissions management", "Tagging")
    return tuple(sorted(found, key=lambda level: (order.index(level) if level in order else len(order), level)))


def known(names: Iterable[str]) -> int:
    """How many of the actions the service authorization reference has."""
    return sum(actions.action_info(name) is not None for name in names)


@lru_cache(maxsize=1)
def _catalogue() -> tuple[str, ...]:
    return tuple(name for service in actions.services() for name in _service(service))


@lru_cache(maxsize=1024)
def _service(service: str) -> tuple[str, ...]:
    return tuple(str(info) for info in actions.actions(service))


@lru_cache(maxsize=4096)
def _regex(pattern: str) -> re.Pattern[str]:
    text = "".join(".*" if c == "*" else "." if c == "?" else re.escape(c) for c in pattern)
    return re.compile(text, re.DOTALL)


def _greedy(patterns: Sequence[str], wanted: Sequence[ActionClass]) -> list[str]:
    """Patterns that cover as many of the classes as they can, the widest first."""
    out: list[str] = []
    left = list(wanted)
    while left:
        size = {p: sum(len(one.names) for one in left if p in one.matched) for p in patterns}
        best = max(patterns, key=lambda p: (size[p], -patterns.index(p)), default=None)
        if best is None or not size[best]:
            break
        out.append(best)
        left = [one for one in left if best not in one.matched]
    return out


def _shortened(names: Sequence[str], taken: frozenset[str]) -> list[str]:
    """Names of a whole service or with a common first word as one pattern, where it reaches no name that is taken."""
    by_service: dict[str, list[str]] = {}
    for name in names:
        by_service.setdefault(name.partition(":")[0], []).append(name)
    whole = {s for s, members in by_service.items() if set(members) == set(_service(s))}
    by_word: dict[str, list[str]] = {f"{service}:": by_service[service] for service in by_service if service in whole}
    for name in names:
        if name.partition(":")[0] in whole:
            continue
        service, _, own = name.partition(":")
        word = _WORD.match(own)
        by_word.setdefault(f"{service}:{word[0] if word else own}", []).append(name)
    out: list[str] = []
    for start, members in by_word.items():
        service = start.partition(":")[0]
        reached = [name for name in _service(service) if name.lower().startswith(start.lower())]
        whole_word = service in whole or len(members) > 2
        if whole_word and set(reached) == set(members) and taken.isdisjoint(reached):
            out.append(f"{start}*")
        else:
            out += members
    return out
