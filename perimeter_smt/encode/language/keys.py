"""Condition keys as symbols: presence, value, values of multivalued keys (semantics 0.1, 0.4).

`FreeKeys` leaves every key to its own, as a single-document comparison and a request given as a formula need it.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field, replace
from typing import Protocol

from perimeter_smt.logic.atoms import DIGITS, Is, Ref, Run, Template, Text
from perimeter_smt.logic.formula import (
    FALSE,
    TRUE,
    Formula,
    atom,
    conj,
    glob,
    implies,
    sym,
)
from perimeter_smt.logic.problem import Assertion
from perimeter_smt.request.keys import KeyInfo, key_info


@dataclass(frozen=True)
class Slot:
    """One value of a multivalued key: whether it is there, and what it is."""

    has: Formula
    term: Template


@dataclass(frozen=True)
class Key:
    """A key as symbols. `slots` is empty for single-valued keys; `parses` says that values fit the key's type."""

    info: KeyInfo
    has: Formula
    term: Template
    slots: tuple[Slot, ...]
    parses: bool


class KeySpace(Protocol):
    """Where conditions find their keys; `known` are those that were asked for."""

    known: dict[str, Key]
    stars: set[str] | None  # services of which patterns may match what AWS writes for `*`; None: it writes `*`

    def key(self, name: str) -> Key:
        """The key called `name` (lower case)."""
        ...

    def text_variable(self, term: Template) -> str:
        """A variable that holds the text of `term`."""
        ...

    def fresh(self, label: str, about: Hashable) -> Formula:
        """A Boolean symbol of its own for a fact that is left open: one and the same whenever it is asked `about`."""
        ...

    def is_plain(self, name: str) -> bool:
        """Whether values of the key surely hold no wildcard characters (AP19)."""
        ...

    def holds_whole_numbers(self, name: str) -> bool:
        """Whether values of the numeric key are whole numbers (table `integer-keys`)."""
        ...


@dataclass
class Space:
    """What both key spaces share. `bounds` is N(k): the number of condition atoms per multivalued key."""

    bounds: dict[str, int]
    assertions: list[Assertion] = field(default_factory=list)
    known: dict[str, Key] = field(default_factory=dict)
    left_open: dict[tuple[str, Hashable], Formula] = field(default_factory=dict)
    composed: dict[Template, str] = field(default_factory=dict)
    sets: frozenset[str] = frozenset()  # keys that stand under a set operator
    stars: set[str] | None = None

    def info(self, name: str) -> KeyInfo:
        """What is known of a key; one that no table knows holds several values if a set operator looks at it."""
        info = key_info(name)
        return replace(info, multivalued=True) if not info.known and name in self.sets else info

    def text_variable(self, term: Template) -> str:
        """A variable that holds the text of `term`, made on first use."""
        if len(term) == 1 and isinstance(term[0], Ref):
            return term[0].var
        if term not in self.composed:
            name = (
                "text("
                + "".join(p.text if isinstance(p, Text) else f"<{p.var}>" for p in term if not isinstance(p, Run))
                + ")"
            )
            self.composed[term] = name
            self.assertions.append(Assertion(name, glob(name, term)))
        return self.composed[term]

    def fresh(self, label: str, about: Hashable) -> Formula:
        """A Boolean symbol that nothing else uses; the same comparison in two documents comes out the same."""
        if (label, about) not in self.left_open:
            self.left_open[label, about] = sym(f"open {label} {len(self.left_open) + 1}")
        return self.left_open[label, about]

    def _slots(self, spelled: str, has: Formula, *, more: int = 0) -> tuple[Slot, ...]:
        """Values 1..N and some more; a later value only after an earlier one."""
        slots = [
            Slot(sym(f"has {spelled} {i}"), (Ref(f"{spelled} {i}"),))
            for i in range(1, max(1, self.bounds.get(spelled.lower(), 1)) + more + 1)
        ]
        before = has
        for i, slot in enumerate(slots, 1):
            self.assertions.append(Assertion(f"order {spelled} {i}", implies(slot.has, before)))
            before = slot.has
        return tuple(slots)


class FreeKeys(Space):
    """Every key on its own: present or not, any value."""

    def key(self, name: str) -> Key:
        """The key, made on first use."""
        if name not in self.known:
            info = self.info(name)
            has = sym(f"has {name}")
            slots = self._slots(name, has) if info.multivalued else ()
            self.known[name] = Key(info, has, (Ref(name),), slots, False)
        return self.known[name]

    def is_plain(self, name: str) -> bool:  # noqa: ARG002
        """Nothing is known of free values."""
        return False

    def holds_whole_numbers(self, name: str) -> bool:  # noqa: ARG002
        """Nothing is known of free values."""
        return False


def sym_is(value: str) -> Formula:
    """The caller is of this kind."""
    return atom(Is("caller", value))


__all__ = ["DIGITS", "FALSE", "TRUE", "FreeKeys", "Key", "KeySpace", "Slot", "Space", "conj", "sym_is"]
