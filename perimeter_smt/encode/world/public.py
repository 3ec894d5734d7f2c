"""Whether S3 counts a bucket or access point policy as public (semantics 3.7; W-31, W-32, W-38).

S3 guide, Blocking public access, "The meaning of public": a policy counts as public until every Allow of it names
fixed principals or holds a fixed value of a listed key.  "Public" takes access away, so doubt is told apart: what
the page does not settle is open (X-41).
"""

from __future__ import annotations

import ipaddress
import re
from enum import IntEnum
from functools import lru_cache

from perimeter_smt.policy.document import Condition, Document, Statement
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.operators import Family, Quantifier, Test
from perimeter_smt.policy.template import Literal, Variable, is_full_star, parse_template
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
_ACCOUNT = re.compile("[0-9]{12}")
_OWNER = re.compile("o-[a-z0-9]{10,32}/|[0-9]{12}(?![0-9])")  # an organization path or an account, then the rest
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
    unknown = any(not _covers_an_action(text) for text in statement.action.values)
    if unknown and not statement.action.negated:
        return Public.OPEN
    principal = statement.principal
    if principal is not None and not principal.negated and all(entry.value != "*" for entry in principal.entries):
        return Public.NO
    pinned = min((_condition(document, condition) for condition in statement.conditions), default=Public.YES)
    # The page speaks of what a policy grants: whether a statement that grants nothing of S3 counts, it does not say.
    return min(pinned, Public.OPEN) if unknown or _leaves_nothing(statement) else pinned


def _leaves_nothing(statement: Statement) -> bool:
    """Whether a NotAction excludes every action of S3."""
    patterns = [_names(text) for text in statement.action.values] if statement.action.negated else []
    known = actions.actions("s3") if patterns else ()
    return bool(known) and all(any(p.fullmatch(f"s3:{info.name.lower()}") for p in patterns) for info in known)


def _names(text: str) -> re.Pattern[str]:
    """The actions, lower case, that an entry stands for."""
    return re.compile("".join({"*": ".*", "?": "."}.get(c) or re.escape(c) for c in text.lower()), re.DOTALL)


@lru_cache(maxsize=1024)
def _covers_an_action(text: str) -> bool:
    """Whether the entry stands for an action of S3 that the service reference knows."""
    if is_full_star(text) or text == "*:*":
        return True
    service, _, name = text.lower().partition(":")
    pattern = re.compile("".join({"*": ".*", "?": "."}.get(c) or re.escape(c) for c in name), re.DOTALL)
    return service == "s3" and any(pattern.fullmatch(info.name.lower()) for info in actions.actions("s3"))


def _condition(document: Document, condition: Condition) -> Public:
    """Whether a statement for everybody is public when this is its condition."""
    base, quantifier = condition.operator.base, condition.operator.quantifier
    if condition.name not in _PINNING:  # keys that the page does not list, such as newer ones
        return Public.OPEN
    if base.negated or base.family is Family.NULL:
        return Public.YES
    pinned = max((_value(document, condition, base.test, value) for value in condition.values), default=Public.NO)
    absent = condition.operator.if_exists or quantifier is Quantifier.FOR_ALL
    return max(pinned, Public.OPEN) if absent else pinned  # the page is silent on conditions that an absent key passes


def _value(document: Document, condition: Condition, test: Test, value: str) -> Public:
    """A fixed value holds no wildcard and no variable; what stands behind a fixed owner is in doubt (W-38)."""
    name = condition.name
    if name == "aws:principalisawsservice":
        return Public.NO if value.lower() == "true" else Public.YES
    if name == "aws:sourceip" and test is Test.IN_RANGE:
        return _range(value)
    pieces = parse_template(value, wildcards=test is Test.LIKE, variables=document.has_variables)
    if all(isinstance(piece, Literal) for piece in pieces):
        return Public.NO
    if any(isinstance(piece, Variable) for piece in pieces) or name == "aws:userid":
        return Public.YES
    fields = value.split(":", 5) if value.startswith("arn:") else []
    if name == "s3:dataaccesspointarn":
        if document.kind is Kind.ACCESS_POINT or len(fields) < 6 or _ACCOUNT.fullmatch(fields[4]) is None:
            return Public.YES
        # The page: any name in a bucket policy, where the account is fixed. Of the other fields it says nothing.
        return Public.NO if _is_plain(*fields[:5]) else Public.OPEN
    if len(fields) == 6:
        fixed = bool(_ACCOUNT.fullmatch(fields[4])) or (_is_plain(*fields[:5]) and _is_plain(fields[5][:1]))
    else:
        fixed = bool(_OWNER.match(re.split(r"[*?]", value, maxsplit=1)[0]))
    return Public.OPEN if fixed else Public.YES


def _is_plain(*texts: str) -> bool:
    return not any(mark in text for text in texts for mark in "*?")


def _range(value: str) -> Public:
    """The page's own words for ranges; RFC 1918 ranges are never that broad, and what is no range matches nothing."""
    try:
        network = ipaddress.ip_network(value, strict=False)
    except ValueError:
        return Public.NO
    return Public.YES if network.prefixlen < _WIDEST[network.version] else Public.NO
