"""Literals: what policies tell apart, each as an element that an IAM statement can hold, with its formula.

A policy distinguishes requests by its principals, action patterns, resource patterns and single condition values.
Each is a literal, and so is its opposite (`StringNotLike`, `NotResource`), which has a formula of its own: the
encoder's for that element, so that a set described by literals is what AWS makes of the text shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from perimeter_smt.encode.language.condition import encode_condition
from perimeter_smt.encode.language.keys import KeySpace, sym_is
from perimeter_smt.encode.language.principal import IAM, encode_principal
from perimeter_smt.encode.language.resource import encode_resource
from perimeter_smt.logic.formula import Formula, both, neg, sym
from perimeter_smt.policy.document import Condition, Document, Element, Location, PrincipalElement
from perimeter_smt.policy.operators import OPERATORS, BaseOperator, Family, Operator, Quantifier, Test
from perimeter_smt.questions.findings.actions import ActionClass

Field = str  # "principal", "action", "resource", "condition", "other"
_HERE = Location(file="(finding)", path="$", line=1)
_OPPOSITE = {
    Test.LESS: Test.GREATER_EQUALS,
    Test.LESS_EQUALS: Test.GREATER,
    Test.GREATER: Test.LESS_EQUALS,
    Test.GREATER_EQUALS: Test.LESS,
}


@dataclass(frozen=True)
class Literal:
    """One element. `values` of a positive literal are alternatives, of a negative one all are excluded.

    `operator` is the condition operator with its set operator, without IfExists unless `absent`; `absent` says that a
    request without the key fits as well. `words` describes what no IAM element can say (`field` "other").
    """

    field: Field
    positive: bool
    formula: Formula
    operator: str = ""
    key: str = ""
    values: tuple[str, ...] = ()
    type: str = ""  # of a principal
    words: str = ""
    number: int = -1  # of a class of actions

    @property
    def group(self) -> tuple[str, str, str]:
        """Literals of one group can stand in one list."""
        return self.field, self.operator, self.key.lower()

    @property
    def or_absent(self) -> bool:
        """A text or no key: needed where a value may be empty, which `Null` does not tell from no key."""
        return self.operator.startswith("String") and self.operator.endswith("IfExists")


def literals_of(
    keys: KeySpace, documents: Sequence[Document], classes: Sequence[ActionClass], *, callers: bool = False
) -> tuple[Literal, ...]:
    """The literals of these documents, in order of appearance; `callers`: kinds of callers as well."""
    out: dict[tuple[object, ...], Literal] = {}

    def add(found: Iterable[Literal]) -> None:
        for one in found:
            out.setdefault((one.group, one.positive, one.values, one.type, one.words, one.number), one)

    statements = [statement for document in documents for statement in document.statements]
    conditions = [condition for statement in statements for condition in statement.conditions]
    nulls = {condition.name for condition in conditions if condition.operator.base.family is Family.NULL}
    for document in documents:
        for statement in document.statements:
            if statement.principal is not None:
                add(_principals(document, statement.principal, deny=statement.effect == "Deny"))
            if statement.resource is not None:
                add(_resources(keys, document, statement.resource))
            for condition in statement.conditions:
                add(_conditions(keys, document, condition))
                if condition.name in nulls:
                    add(_empty(keys, document, condition))
    if len(classes) > 1:
        add(Literal("action", True, one.formula, number=one.number) for one in classes)
    if callers:
        add(_callers())
    return tuple(out.values())


def fact(words: str, against: str, formula: Formula) -> tuple[Literal, Literal]:
    """A fact that no element of IAM says, and its opposite."""
    return Literal("other", True, formula, words=words), Literal("other", False, neg(formula), words=against)


def _callers() -> Iterable[Literal]:
    kinds = {
        "an AWS service": sym_is("aws-service"),
        "an anonymous caller": sym_is("anonymous"),
        "a caller with a token of an identity provider": sym_is("federated-sts"),
        "an IAM principal": IAM,
        "the root user of an account": sym_is("root"),
        "a federated user": sym_is("federated-user"),
        "a service-linked role": sym("principal.service-linked"),
    }
    for words, formula in kinds.items():
        yield from fact(f"the caller is {words}", f"the caller is not {words}", formula)
    by_root = both(sym_is("federated-user"), sym("principal.made-by-root"))
    yield from fact("the root user made the federated user", "no root user made the federated user", by_root)


def _principals(document: Document, element: PrincipalElement, *, deny: bool) -> Iterable[Literal]:
    for entry in element.entries:
        if entry.type == "*":
            continue
        alone = PrincipalElement(negated=False, entries=(entry,), location=_HERE)
        found = encode_principal(document, alone, deny=False).any
        yield Literal("principal", True, found, values=(entry.value,), type=entry.type)
        yield Literal("principal", False, neg(found), values=(entry.value,), type=entry.type)
    if element.negated and deny:  # it spares whom every part of the caller's identity is listed for (1.6.5)
        caught = encode_principal(document, element, deny=True).any
        listed = ", ".join(entry.value for entry in element.entries)
        yield Literal("other", True, caught, words=f"the caller is not wholly listed in NotPrincipal {listed}")
        yield Literal("other", False, neg(caught), words=f"the caller is wholly listed in NotPrincipal {listed}")


def _resources(keys: KeySpace, document: Document, element: Element) -> Iterable[Literal]:
    for value in element.values:
        if not value.strip("*"):
            continue
        for negated in (False, True):
            alone = Element(negated=negated, values=(value,), location=_HERE)
            yield Literal("resource", not negated, encode_resource(keys, document, alone), values=(value,))


def _conditions(keys: KeySpace, document: Document, condition: Condition) -> Iterable[Literal]:
    operator = condition.operator
    for absent in ("true", "false"):
        yield _literal(keys, document, condition, Operator(_base(Family.NULL, Test.IS_NULL)), (absent,))
    if operator.base.family is Family.NULL:
        return
    positive, negative = _pair(operator.base)
    any_, all_ = Quantifier.FOR_ANY, Quantifier.FOR_ALL
    if operator.quantifier is None:
        for value in condition.values:
            yield _literal(keys, document, condition, Operator(positive), (value,))
            if operator.if_exists and positive.family is Family.STRING and not operator.base.negated:
                # An empty value passes `Null` as an absent one does, and this condition it fails.
                yield _literal(keys, document, condition, Operator(positive, None, True), (value,))
            yield from _negation(keys, document, condition, positive, negative, value)
    elif negative is None:  # numbers and dates under set operators
        yield _literal(keys, document, condition, operator, condition.values)
    elif (operator.quantifier is any_) is not operator.base.negated:
        for value in condition.values:
            yield _literal(keys, document, condition, Operator(positive, any_), (value,))
            yield _literal(keys, document, condition, Operator(negative, all_), (value,), positive=False)
    else:  # a list that all values must lie in: it cannot be cut into its values
        yield _literal(keys, document, condition, Operator(positive, all_), condition.values)
        yield _literal(keys, document, condition, Operator(negative, any_), condition.values)


def _empty(keys: KeySpace, document: Document, condition: Condition) -> Iterable[Literal]:
    """The empty value of a text, which `Null` takes for no key, and a negated operator for a value like any other."""
    base, quantifier = condition.operator.base, condition.operator.quantifier
    if base.family is Family.STRING and base.negated and quantifier is None:
        yield _literal(keys, document, condition, Operator(_pair(base)[0]), ("",))


def _negation(
    keys: KeySpace,
    document: Document,
    condition: Condition,
    positive: BaseOperator,
    negative: BaseOperator | None,
    value: str,
) -> Iterable[Literal]:
    """What holds where a comparison with one value fails, the key absent or not."""
    if negative is not None:
        yield _literal(keys, document, condition, Operator(negative), (value,), positive=False)
    elif positive.test in _OPPOSITE:
        base = _base(positive.family, _OPPOSITE[positive.test])
        yield _literal(keys, document, condition, Operator(base, None, True), (value,))
    elif positive.family is Family.BOOL:
        other = {"true": "false", "false": "true"}.get(value.lower())
        if other:
            yield _literal(keys, document, condition, Operator(positive, None, True), (other,))


def _literal(
    keys: KeySpace,
    document: Document,
    condition: Condition,
    operator: Operator,
    values: tuple[str, ...],
    *,
    positive: bool = True,
) -> Literal:
    alone = replace(condition, operator=operator, values=values)
    formula = encode_condition(keys, document, alone)
    return Literal("condition", positive, formula, str(operator), condition.key, values)


def _base(family: Family, test: Test, *, negated: bool = False, like: str = "") -> BaseOperator:
    rows = [row for row in OPERATORS if (row.family, row.test, row.negated) == (family, test, negated)]
    return next((row for row in rows if row.name.startswith(like)), rows[0])


def _pair(base: BaseOperator) -> tuple[BaseOperator, BaseOperator | None]:
    """The operator without negation, and with it where there is one."""
    positive = _base(base.family, base.test) if base.negated else base
    both_ways = [r for r in OPERATORS if (r.family, r.test) == (base.family, base.test) and r.negated]
    return positive, (both_ways[0] if both_ways else None)


def separate(documents: Sequence[Document]) -> list[Document]:
    """The documents with every condition value as a condition of its own: as many as literals speak of together."""
    out = []
    for document in documents:
        statements = []
        for statement in document.statements:
            single = [replace(c, values=(value,)) for c in statement.conditions for value in c.values]
            statements.append(replace(statement, conditions=(*statement.conditions, *single)))
        out.append(document.model_copy(update={"statements": tuple(statements)}))
    return out
