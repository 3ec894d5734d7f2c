"""Which symbols and variables formulas speak about."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from perimeter_smt.logic.atoms import Is, Member, variables
from perimeter_smt.logic.formula import Formula, walk


class Vocabulary:
    """Symbols, text variables, enumerations and catalogues, each in order of first appearance."""

    __slots__ = ("catalogues", "enums", "symbols", "texts")

    def __init__(self) -> None:
        self.symbols: dict[str, None] = {}
        self.texts: dict[str, None] = {}
        self.enums: dict[str, None] = {}
        self.catalogues: dict[str, None] = {}

    @staticmethod
    def of(formula: Formula) -> Vocabulary:
        """The vocabulary of a formula, which is remembered as long as the formula lives."""
        found = _KNOWN.get(formula)
        if found is None:
            found = _KNOWN[formula] = _collect(formula)
        return found

    def include(self, other: Vocabulary) -> None:
        """Add what `other` holds."""
        self.symbols.update(other.symbols)
        self.texts.update(other.texts)
        self.enums.update(other.enums)
        self.catalogues.update(other.catalogues)


_KNOWN: WeakKeyDictionary[Formula, Vocabulary] = WeakKeyDictionary()


def _collect(formula: Formula) -> Vocabulary:
    out = Vocabulary()
    for node in walk(formula):
        if node.op == "sym":
            out.symbols[node.payload] = None
        elif node.op == "atom":
            fact = node.payload
            if isinstance(fact, Is):
                out.enums[fact.var] = None
            elif isinstance(fact, Member):
                out.catalogues[fact.var] = None
            else:
                out.texts.update(dict.fromkeys(variables(fact)))
    return out
