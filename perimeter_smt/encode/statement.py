"""Statements and documents as formulas (semantics 3.1)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from perimeter_smt.encode.action import encode_action
from perimeter_smt.encode.condition import encode_condition
from perimeter_smt.encode.keys import KeySpace
from perimeter_smt.encode.principal import Hits, encode_principal
from perimeter_smt.encode.resource import encode_resource
from perimeter_smt.logic.formula import FALSE, Formula, both, conj, disj, iff, sym
from perimeter_smt.logic.problem import Assertion
from perimeter_smt.policy.document import Document, Statement


@dataclass
class Policies:
    """Encodes documents once; each statement becomes a symbol defined by an assertion that proofs can cite."""

    keys: KeySpace
    assertions: list[Assertion] = field(default_factory=list)
    statements: dict[str, tuple[Document, Statement]] = field(default_factory=dict)
    _selected: dict[tuple[int, int], Formula] = field(default_factory=dict)
    _documents: list[Document] = field(default_factory=list)

    def denies(self, documents: Iterable[Document]) -> Formula:
        """Some Deny statement of the documents matches."""
        return disj(
            both(self.selected(d, s), encode_principal(d, s.principal, deny=True).any)
            for d in documents
            for s in d.statements
            if s.effect == "Deny"
        )

    def allows(self, documents: Iterable[Document]) -> Formula:
        """Some Allow statement of the documents matches, whoever it names."""
        return self.hits(documents).any

    def hits(self, documents: Iterable[Document]) -> Hits:
        """How the Allow statements that match name the caller; kinds without principals name everybody."""
        found = []
        for d in documents:
            for s in d.statements:
                if s.effect == "Allow":
                    hit = encode_principal(d, s.principal, deny=False)
                    here = self.selected(d, s)
                    found.append(
                        Hits(
                            both(here, hit.direct), both(here, hit.role), both(here, hit.user), both(here, hit.account)
                        )
                    )
        return Hits(
            disj(h.direct for h in found),
            disj(h.role for h in found),
            disj(h.user for h in found),
            disj(h.account for h in found),
        )

    def selected(self, document: Document, statement: Statement) -> Formula:
        """The symbol for: action, resource and conditions of the statement match."""
        key = (id(document), statement.index)
        if key not in self._selected:
            self._documents.append(document)  # keeps the id in use
            body = both(
                encode_action(statement.action),
                encode_resource(self.keys, document, statement.resource),
                conj(encode_condition(self.keys, document, c) for c in statement.conditions),
            )
            name = self._name(document, statement)
            if body.op in ("true", "false", "atom", "sym"):
                self._selected[key] = body
            else:
                self._selected[key] = sym(name)
                self.assertions.append(Assertion(name, iff(sym(name), body)))
            self.statements[name] = (document, statement)
        return self._selected[key]

    def _name(self, document: Document, statement: Statement) -> str:
        name = f"statement {document.name}[{statement.index}]"
        number = 2
        unique = name
        while unique in self.statements:
            unique = f"{name} ({number})"
            number += 1
        return unique


def bounds(documents: Iterable[Document]) -> dict[str, int]:
    """N(k): how many condition atoms the documents hold on each key, which bounds multivalued keys (0.4)."""
    count: dict[str, int] = {}
    for document in documents:
        for statement in document.statements:
            for condition in statement.conditions:
                count[condition.name] = count.get(condition.name, 0) + 1
    ends = count.get("aws:calledviafirst", 0) + count.get("aws:calledvialast", 0)
    if ends:  # the ends of a chain, and a link between them (AR1)
        count["aws:calledvia"] = max(3, count.get("aws:calledvia", 0) + ends)
    tags = sum(1 for name in count if name.startswith("aws:requesttag/"))
    if "aws:tagkeys" in count:  # AR10 asks for one more value per request tag
        count["aws:tagkeys"] += tags
    return count


def matches(policies: Policies, document: Document, statement: Statement) -> Formula:
    """The whole statement matches, principal included."""
    hits = encode_principal(document, statement.principal, deny=statement.effect == "Deny")
    return both(policies.selected(document, statement), hits.any if statement.principal else conj(()))


__all__ = ["FALSE", "Policies", "bounds", "matches"]
