"""Whether S3 counts a bucket or access point policy as public (semantics 3.7, Block Public Access)."""

from __future__ import annotations

import ipaddress

from perimeter_smt.policy.document import Condition, Document, Statement
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.operators import Family, Test
from perimeter_smt.request import actions

_PINNING = frozenset(
    [
        "aws:principalorgid",
        "aws:principalorgpaths",
        "aws:principalaccount",
        "aws:principalarn",
        "aws:principalisawsservice",
        "aws:principalservicename",
        "aws:userid",
        "aws:sourceip",
        "aws:sourcearn",
        "aws:sourceaccount",
        "aws:sourceowner",
        "aws:sourcevpc",
        "aws:sourcevpce",
        "s3:dataaccesspointarn",
        "s3:dataaccesspointaccount",
    ]
)
_ALSO_IN_DOUBT = frozenset(  # not on the page's list; in mode over every key pins
    [
        "aws:sourcevpcarn",
        "aws:vpceaccount",
        "aws:vpceorgid",
        "aws:vpceorgpaths",
        "s3:x-amz-server-side-encryption-aws-kms-key-id",
    ]
)
_ADDRESS_KEYS = ("aws:sourceip",)


def is_public(document: Document, *, wide: bool = False) -> bool:
    """Public until every Allow statement is pinned; `wide` lets the keys in doubt (X-41) pin too."""
    keys = _PINNING | _ALSO_IN_DOUBT if wide else _PINNING
    return any(_public_statement(document, s, keys) for s in document.statements if s.effect == "Allow")


def _public_statement(document: Document, statement: Statement, keys: frozenset[str]) -> bool:
    if any(_unknown_action(text) for text in statement.action.values):
        return True
    principal = statement.principal
    star = principal is not None and (principal.negated or any("*" in e.value for e in principal.entries))
    return star and not any(_pins(document, condition, keys) for condition in statement.conditions)


def _unknown_action(text: str) -> bool:
    return "*" not in text and "?" not in text and actions.action_info(text) is None


def _pins(document: Document, condition: Condition, keys: frozenset[str]) -> bool:
    base = condition.operator.base
    if condition.name not in keys or base.negated or condition.operator.if_exists or base.family is Family.NULL:
        return False
    if condition.operator.quantifier is not None and condition.operator.quantifier.value == "ForAllValues":
        return False
    return bool(condition.values) and all(_fixed(document, condition, base.test, value) for value in condition.values)


def _fixed(document: Document, condition: Condition, test: Test, value: str) -> bool:
    name = condition.name
    if name == "aws:principalisawsservice":
        return value.lower() == "true"
    if name in _ADDRESS_KEYS:
        return test is Test.IN_RANGE and _narrow(value)
    if "${" in value:
        return False
    if name == "s3:dataaccesspointarn" and document.kind is not Kind.ACCESS_POINT and test is Test.LIKE:
        fields = value.split(":", 5)
        return len(fields) == 6 and not any(c in fields[4] for c in "*?") and fields[4] != ""
    if document.kind is Kind.ACCESS_POINT and name.startswith("s3:dataaccesspoint"):
        return False
    if name == "aws:userid" and value.startswith("AROA") and value.endswith(":*"):
        return False
    return test is not Test.LIKE or not any(c in value for c in "*?")


def _narrow(value: str) -> bool:
    try:
        network = ipaddress.ip_network(value, strict=False)
    except ValueError:
        return False
    return network.is_private or network.prefixlen >= (8 if network.version == 4 else 32)
