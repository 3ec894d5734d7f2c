"""A problem: named assertions over declared enumerations and catalogues. What an engine is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from perimeter_smt.logic.formula import Formula


@dataclass(frozen=True)
class Group:
    """Rows of a catalogue that demand the same facts of the text variables.

    `rows` is a bit set; choosing one of these rows requires every formula of `requires`, each of them a
    literal (an atom or its negation).
    """

    rows: int
    requires: tuple[Formula, ...]


@dataclass(frozen=True)
class Catalogue:
    """A finite variable with many values (actions with their resource types).

    Row `i` is bit `i`.  `sets` are the named subsets that `Member` atoms speak about; `groups` partition
    the rows.  Rows are tried in ascending order, so the preferred ones come first.  `varies` names the text
    variable whose value may be chosen anew for another row (empty: none).
    """

    size: int
    sets: Mapping[str, int]
    groups: tuple[Group, ...] = ()
    varies: str = ""


@dataclass(frozen=True)
class Assertion:
    """A formula with the name under which proofs cite it."""

    name: str
    formula: Formula


@dataclass(frozen=True)
class Problem:
    """What holds of every request: assertions, enumerations (variable to values) and catalogues.

    `hints` lists, per text variable, values to try first when a witness is chosen (readable ones).
    """

    assertions: tuple[Assertion, ...]
    enums: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    catalogues: Mapping[str, Catalogue] = field(default_factory=dict)
    hints: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
