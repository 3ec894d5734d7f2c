"""Statements and documents as formulas (semantics 3.1)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from perimeter_smt.encode.language.action import encode_action
from perimeter_smt.encode.language.condition import encode_condition
from perimeter_smt.encode.language.keys import KeySpace
from perimeter_smt.encode.language.principal import Hits, encode_principal
from perimeter_smt.encode.language.resource import Leaf, encode_resource
from perimeter_smt.logic.formula import FALSE, Formula, both, conj, disj, iff, sym
from perimeter_smt.logic.problem import Assertion
from perimeter_smt.policy.document import Condition, Document, Element, Statement
from perimeter_smt.policy.operators import Family, Test


@dataclass
class Policies:
    """Encodes documents once; each statement becomes a symbol defined by an assertion that proofs can cite.

    `idle` tells the elements that match no call in question: a statement with such an action is the formula that is
    never true, whatever its resource and conditions say, and nothing else of it is encoded.
    """

    keys: KeySpace
    assertions: list[Assertion] = field(default_factory=list)
    statements: dict[str, tuple[Document, Statement]] = field(default_factory=dict)
    parts: dict[str, tuple[Formula, ...]] = field(default_factory=dict)
    view: Leaf | None = None  # the resource that statements are asked about, where it is not the one that is called
    label: str = ""
    idle: Callable[[Element], bool] = lambda _: False
    _selected: dict[tuple[int, int], Formula] = field(default_factory=dict)
    _documents: list[Document] = field(default_factory=list)

    def seen(self, view: Leaf, label: str) -> Policies:
        """The same documents asked about another resource of the same request, called `label` in proofs."""
        return Policies(self.keys, self.assertions, self.statements, self.parts, view, label, self.idle)

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
            parts = self.element_formulas(document, statement)
            body = both(*parts)
            name = self._name(document, statement)
            self.parts[name] = parts
            if body.op in ("true", "false", "atom", "sym"):
                self._selected[key] = body
            else:
                self._selected[key] = sym(name)
                self.assertions.append(Assertion(name, iff(sym(name), body)))
            self.statements[name] = (document, statement)
        return self._selected[key]

    def element_formulas(self, document: Document, statement: Statement) -> tuple[Formula, ...]:
        """Action, resource and each condition of the statement."""
        if self.idle(statement.action):
            return (FALSE,)
        return (
            encode_action(statement.action),
            encode_resource(self.keys, document, statement.resource, self.view),
            *(encode_condition(self.keys, document, c) for c in statement.conditions),
        )

    def _name(self, document: Document, statement: Statement) -> str:
        name = f"statement {document.name}[{statement.index}]{self.label}"
        number = 2
        unique = name
        while unique in self.statements:
            unique = f"{name} ({number})"
            number += 1
        return unique


def busy(documents: Iterable[Document], idle: Callable[[Element], bool]) -> list[Document]:
    """The documents without the statements that match no call in question."""
    return [
        document.model_copy(update={"statements": tuple(s for s in document.statements if not idle(s.action))})
        for document in documents
    ]


def bounds(documents: Iterable[Document]) -> dict[str, int]:
    """N(k): how many values of each multivalued key can matter to the documents.

    One for each condition on the key (semantics 0.4), or one for each kind of text that the conditions tell apart,
    whichever is less.
    """
    found: dict[str, list[Condition]] = {}
    for document in documents:
        for statement in document.statements:
            for condition in statement.conditions:
                found.setdefault(condition.name, []).append(condition)
    count = {name: min(len(conditions), _kinds(conditions)) for name, conditions in found.items()}
    ends = count.get("aws:calledviafirst", 0) + count.get("aws:calledvialast", 0)
    if ends:  # the ends of a chain, and a link between them (AR1)
        count["aws:calledvia"] = max(3, count.get("aws:calledvia", 0) + ends)
    tags = sum(1 for name in count if name.startswith("aws:requesttag/"))
    if "aws:tagkeys" in count:  # AR10 asks for one more value per request tag
        count["aws:tagkeys"] += tags
    if "kms:encryptioncontextkeys" in count:  # AR27, one per key of the context
        count["kms:encryptioncontextkeys"] += sum(1 for name in count if name.startswith("kms:encryptioncontext:"))
    return count


def under_set_operators(documents: Iterable[Document]) -> frozenset[str]:
    """The keys that some condition looks at with ForAllValues or ForAnyValue."""
    statements = (statement for document in documents for statement in document.statements)
    return frozenset(c.name for s in statements for c in s.conditions if c.operator.quantifier is not None)


def _kinds(conditions: Sequence[Condition]) -> int:
    """How many kinds of text the conditions tell apart, if all of them compare with fixed texts.

    A value more of a kind that is there already changes none of them.  The kinds are each text, each text without
    regard to case, the empty text (X-8) and all others.
    """
    exact: set[str] = set()
    folded: set[str] = set()
    for condition in conditions:
        base = condition.operator.base
        if base.family is Family.NULL:
            continue
        plain = not any(c in value for value in condition.values for c in ("*?$" if base.wildcards else "$"))
        if base.family is not Family.STRING or not plain:
            return len(conditions)
        if base.test is Test.EQUALS_IGNORE_CASE:
            folded.update(condition.values)
        else:
            exact.update(condition.values)
    return len(exact) + len(folded) + 2


def matches(policies: Policies, document: Document, statement: Statement) -> Formula:
    """The whole statement matches, principal included."""
    hits = encode_principal(document, statement.principal, deny=statement.effect == "Deny")
    return both(policies.selected(document, statement), hits.any if statement.principal else conj(()))


__all__ = ["FALSE", "Policies", "bounds", "busy", "matches"]
