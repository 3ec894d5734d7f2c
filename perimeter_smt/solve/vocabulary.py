"""Which symbols and variables formulas speak about."""

from __future__ import annotations

from collections.abc import Iterable

from perimeter_smt.logic.atoms import Is, Member, variables
from perimeter_smt.logic.formula import Formula, walk


class Vocabulary:
    """Symbols, text variables, enumerations and catalogues, each in order of first appearance."""

    __slots__ = ("_known", "catalogues", "enums", "symbols", "texts")

    def __init__(self) -> None:
        self.symbols: dict[str, None] = {}
        self.texts: dict[str, None] = {}
        self.enums: dict[str, None] = {}
        self.catalogues: dict[str, None] = {}
        self._known: dict[int, tuple[Formula, Vocabulary]] = {}

    def of(self, formulas: Iterable[Formula]) -> Vocabulary:
        """The vocabulary of `formulas` together; that of each formula is remembered here."""
        out = Vocabulary()
        for formula in formulas:
            entry = self._known.get(id(formula))
            if entry is None:
                entry = self._known[id(formula)] = (formula, _collect(formula))
            out.include(entry[1])
        return out

    def include(self, other: Vocabulary) -> None:
        """Add what `other` holds."""
        self.symbols.update(other.symbols)
        self.texts.update(other.texts)
        self.enums.update(other.enums)
        self.catalogues.update(other.catalogues)


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
