"""The condition operators, one table row each (semantics 2.1, 2.2).

The parser, the evaluator, the encoder and the tests are all driven by `OPERATORS`.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum

from perimeter_smt.errors import did_you_mean


class Family(StrEnum):
    """What an operator compares: how values are read."""

    STRING = "string"
    NUMERIC = "numeric"
    DATE = "date"
    BOOL = "bool"
    BINARY = "binary"
    IP = "ip"
    ARN = "arn"
    NULL = "null"


class Test(StrEnum):
    """The relation between the request value and one policy value."""

    EQUALS = "equals"
    EQUALS_IGNORE_CASE = "equals-ignore-case"
    LIKE = "like"
    LESS = "<"
    LESS_EQUALS = "<="
    GREATER = ">"
    GREATER_EQUALS = ">="
    IN_RANGE = "in-range"
    IS_NULL = "is-null"


class Quantifier(StrEnum):
    """A set operator in front of a base operator."""

    FOR_ALL = "ForAllValues"
    FOR_ANY = "ForAnyValue"


@dataclass(frozen=True, slots=True)
class BaseOperator:
    """One row: the operator's name, how it compares, whether it is negated, what its values may hold."""

    name: str
    family: Family
    test: Test
    negated: bool = False
    wildcards: bool = False
    variables: bool = False


@dataclass(frozen=True, slots=True)
class Operator:
    """An operator as it stands in a policy: base, optional set operator, optional IfExists."""

    base: BaseOperator
    quantifier: Quantifier | None = None
    if_exists: bool = False

    def __str__(self) -> str:
        prefix = f"{self.quantifier}:" if self.quantifier else ""
        return f"{prefix}{self.base.name}{'IfExists' if self.if_exists else ''}"


def _string(name: str, test: Test, negated: bool, wildcards: bool) -> BaseOperator:
    return BaseOperator(name, Family.STRING, test, negated, wildcards, variables=True)


OPERATORS: tuple[BaseOperator, ...] = (
    _string("StringEquals", Test.EQUALS, False, False),
    _string("StringNotEquals", Test.EQUALS, True, False),
    _string("StringEqualsIgnoreCase", Test.EQUALS_IGNORE_CASE, False, False),
    _string("StringNotEqualsIgnoreCase", Test.EQUALS_IGNORE_CASE, True, False),
    _string("StringLike", Test.LIKE, False, True),
    _string("StringNotLike", Test.LIKE, True, True),
    BaseOperator("NumericEquals", Family.NUMERIC, Test.EQUALS),
    BaseOperator("NumericNotEquals", Family.NUMERIC, Test.EQUALS, True),
    BaseOperator("NumericLessThan", Family.NUMERIC, Test.LESS),
    BaseOperator("NumericLessThanEquals", Family.NUMERIC, Test.LESS_EQUALS),
    BaseOperator("NumericGreaterThan", Family.NUMERIC, Test.GREATER),
    BaseOperator("NumericGreaterThanEquals", Family.NUMERIC, Test.GREATER_EQUALS),
    BaseOperator("DateEquals", Family.DATE, Test.EQUALS),
    BaseOperator("DateNotEquals", Family.DATE, Test.EQUALS, True),
    BaseOperator("DateLessThan", Family.DATE, Test.LESS),
    BaseOperator("DateLessThanEquals", Family.DATE, Test.LESS_EQUALS),
    BaseOperator("DateGreaterThan", Family.DATE, Test.GREATER),
    BaseOperator("DateGreaterThanEquals", Family.DATE, Test.GREATER_EQUALS),
    BaseOperator("Bool", Family.BOOL, Test.EQUALS, variables=True),  # variables: X-15
    BaseOperator("BinaryEquals", Family.BINARY, Test.EQUALS),
    BaseOperator("IpAddress", Family.IP, Test.IN_RANGE),
    BaseOperator("NotIpAddress", Family.IP, Test.IN_RANGE, True),
    BaseOperator("ArnEquals", Family.ARN, Test.LIKE, False, True, True),
    BaseOperator("ArnLike", Family.ARN, Test.LIKE, False, True, True),
    BaseOperator("ArnNotEquals", Family.ARN, Test.LIKE, True, True, True),
    BaseOperator("ArnNotLike", Family.ARN, Test.LIKE, True, True, True),
    BaseOperator("Null", Family.NULL, Test.IS_NULL),
)

_NAMES = tuple(row.name + ending for ending in ("", "IfExists") for row in OPERATORS)
_BY_NAME = {row.name.lower(): row for row in OPERATORS}
_QUANTIFIERS = {f"{q.value.lower()}:": q for q in Quantifier}


def _nearest(text: str) -> str:
    """A hint with the operator that is spelled nearly so; its set operator is left as the policy has it."""
    set_operator, colon, _ = text.rpartition(":")
    known = {q.value.lower(): q.value for q in Quantifier}
    if not colon:
        return did_you_mean(text, _NAMES)
    quantifier = get_close_matches(set_operator.lower()[:200], known, 1)
    return did_you_mean(text, [f"{known[quantifier[0]]}:{name}" for name in _NAMES]) if quantifier else ""


def parse_operator(text: str) -> Operator:
    """Read an operator name without regard to case; ValueError names what is wrong with it."""
    rest, quantifier = text.lower(), None
    for prefix, found in _QUANTIFIERS.items():
        if rest.startswith(prefix):
            rest, quantifier = rest.removeprefix(prefix), found
    if rest in _BY_NAME:
        return Operator(_BY_NAME[rest], quantifier)
    base = _BY_NAME.get(rest.removesuffix("ifexists"))
    if base is None or not rest.endswith("ifexists"):
        raise ValueError(f"unknown condition operator `{text}`{_nearest(text)}")
    if base.family is Family.NULL:
        raise ValueError(f"`{text}`: `Null` does not take IfExists")
    return Operator(base, quantifier, True)
