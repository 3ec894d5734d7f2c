"""Whether S3 counts a bucket or access point policy as public (semantics 3.7; W-31, W-32, W-38).

S3 guide, Blocking public access, "The meaning of public": a policy counts as public until every Allow of it names
fixed principals or holds a fixed value of a listed key.  "Public" takes access away, so doubt is told apart: what
the page does not settle is open (X-41).
"""

from __future__ import annotations

import ipaddress
from enum import IntEnum

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
_WIDEST = {4: 8, 6: 32}  # the page: broader than /8 of IPv4, /32 of IPv6 is public


class Public(IntEnum):
    """Whether a policy is public: no, open, yes."""

    NO = 0
    OPEN = 1
    YES = 2


def publicity(document: Document) -> Public:
    """Whether the policy is public: as public as its most public Allow statement."""
    found = (_statement(document, s) for s in document.statements if s.effect == "Allow")
    return max(found, default=Public.NO)


def _statement(document: Document, statement: Statement) -> Public:
    # An Allow of an action that S3 does not know makes a policy public; whether S3 knows a newer one, we cannot tell.
    named = () if statement.action.negated else statement.action.values
    unknown = Public.OPEN if any(_unknown_action(text) for text in named) else Public.NO
    principal = statement.principal
    star = principal is not None and (principal.negated or any("*" in e.value for e in principal.entries))
    if not star:
        return unknown
    pinned = min((_condition(document, condition) for condition in statement.conditions), default=Public.YES)
    return max(unknown, pinned)


def _unknown_action(text: str) -> bool:
    return "*" not in text and "?" not in text and actions.action_info(text) is None


def _condition(document: Document, condition: Condition) -> Public:
    """Whether a statement for everybody is public when this is its condition."""
    base = condition.operator.base
    if base.negated or base.family is Family.NULL or not condition.values:
        return Public.YES
    pinned = max(_value(document, condition, base.test, value) for value in condition.values)
    quantifier = condition.operator.quantifier
    absent = condition.operator.if_exists or (quantifier is not None and quantifier.value == "ForAllValues")
    if condition.name not in _PINNING or absent:  # keys newer than the page; conditions that an absent key passes
        return max(pinned, Public.OPEN)
    return pinned


def _value(document: Document, condition: Condition, test: Test, value: str) -> Public:
    name = condition.name
    if name == "aws:principalisawsservice":
        return Public.NO if value.lower() == "true" else Public.YES
    if test is Test.IN_RANGE:
        return _range(value)
    if name == "aws:sourceip" or "${" in value:
        return Public.YES
    if document.kind is Kind.ACCESS_POINT and name.startswith("s3:dataaccesspoint"):
        return Public.YES
    if name == "aws:userid" and value.startswith("AROA") and value.endswith(":*"):
        return Public.YES
    if test is not Test.LIKE or not any(c in value for c in "*?"):
        return Public.NO
    if name == "s3:dataaccesspointarn":
        fields = value.split(":", 5)
        if len(fields) == 6 and fields[4] and not any(c in fields[4] for c in "*?"):
            return Public.NO  # the page: any name, where the account is fixed
    return Public.YES if value.strip("*?:/") == "" else Public.OPEN  # a wildcard behind something fixed (W-38)


def _range(value: str) -> Public:
    """The page's own words for ranges, RFC 1918 ranges are never that broad; of what is no range it says nothing."""
    try:
        network = ipaddress.ip_network(value, strict=False)
    except ValueError:
        return Public.OPEN
    return Public.YES if network.prefixlen < _WIDEST[network.version] else Public.NO
