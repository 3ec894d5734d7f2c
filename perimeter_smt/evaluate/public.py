"""Whether Amazon S3 counts a bucket or access point policy as public (semantics 3.7)."""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache

from perimeter_smt.evaluate import operands
from perimeter_smt.evaluate.globs import fold, glob
from perimeter_smt.evaluate.view import Rivals, cut
from perimeter_smt.policy.document import Condition, Document, PrincipalElement, Statement
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.operators import Family, Quantifier
from perimeter_smt.policy.template import Literal, Variable, is_full_star, parse_template
from perimeter_smt.request.actions import actions

# The keys of the page; aws:SourceIp and aws:PrincipalIsAWSService are asked for their values besides.
_PINNING = frozenset(
    key.lower()
    for key in (
        *("aws:PrincipalOrgID", "aws:PrincipalOrgPaths", "aws:PrincipalAccount", "aws:PrincipalArn"),
        *("aws:PrincipalServiceName", "aws:userid", "aws:SourceArn", "aws:SourceAccount", "aws:SourceOwner"),
        *("aws:SourceVpc", "aws:SourceVpce", "s3:DataAccessPointArn", "s3:DataAccessPointAccount"),
    )
)
# A wildcard behind one of these leaves open whether S3 counts the value as fixed (X-41, W-38).
_BEHIND_ORGANIZATION = re.compile(r"o-[a-z0-9]{10,32}/")
_BEHIND_ACCOUNT = re.compile(r"[0-9]{12}(?![0-9])")
_LISTED = _PINNING | {"aws:sourceip", "aws:principalisawsservice"}
_PRIVATE = tuple(ipaddress.IPv4Network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))


def is_public(document: Document, rivals: Rivals = frozenset()) -> bool:
    """Whether some Allow statement is not pinned to known callers or places, or allows what S3 does not know.

    "Public" takes access away under RestrictPublicBuckets. With the rival of X-41 a policy is therefore public only if
    nothing in it is in doubt: no unknown action, no key beyond the page's list, no wildcard behind a fixed
    organization, account or ARN, no condition that an absent key passes, no statement that grants nothing (W-32).
    """
    allows = (statement for statement in document.statements if statement.effect == "Allow")
    return any(not _is_pinned(statement, document, rivals) for statement in allows)


def _is_pinned(statement: Statement, document: Document, rivals: Rivals) -> bool:
    doubt = "X-41" in rivals
    known = statement.action.negated or all(map(_is_known, statement.action.values))
    if not known and not doubt:
        return False
    if not _is_anybody(statement.principal):
        return True
    if doubt and not (all(map(_is_known, statement.action.values)) and _grants_something(statement)):
        return True  # nobody knows whether S3 reads the rest of the statement
    return any(_fixes(condition, document, rivals) for condition in statement.conditions)


def _is_anybody(principal: PrincipalElement | None) -> bool:
    if principal is None or principal.negated:
        return True
    return any(entry.value == "*" for entry in principal.entries)


@lru_cache(maxsize=1024)
def _is_known(text: str) -> bool:
    """Whether an action text covers an action of S3."""
    service, _, name = text.partition(":")
    if is_full_star(text) or (is_full_star(service) and is_full_star(name)):
        return True
    if fold(service) != "s3":
        return False
    matches = glob(name, ignore_case=True)
    return any(matches(info.name) for info in actions("s3"))


def _grants_something(statement: Statement) -> bool:
    """Whether an element lets some action of S3 through; a NotAction may leave none."""
    if not statement.action.negated:
        return True
    excluded = [glob(text, ignore_case=True) for text in statement.action.values]
    return any(not any(matches(f"s3:{info.name}") for matches in excluded) for info in actions("s3"))


def _fixes(condition: Condition, document: Document, rivals: Rivals) -> bool:
    """Whether a condition holds only for values that are written out. Absence must not satisfy it."""
    operator, doubt = condition.operator, "X-41" in rivals
    if doubt and condition.name not in _LISTED:
        return True
    lenient = operator.if_exists or operator.quantifier is Quantifier.FOR_ALL
    if operator.base.negated or operator.base.family is Family.NULL or (lenient and not doubt):
        return False  # of conditions that an absent key passes the page says nothing
    if condition.name == "aws:sourceip":
        narrow = _is_narrow if operator.base.family is Family.IP else _is_fixed
        return all(narrow(text, condition, document, rivals) for text in condition.values)
    if condition.name == "aws:principalisawsservice":
        return all(text.lower() == "true" for text in condition.values)
    return condition.name in _PINNING and all(_is_fixed(text, condition, document, rivals) for text in condition.values)


def _is_fixed(text: str, condition: Condition, document: Document, rivals: Rivals) -> bool:
    """No wildcard and no variable; in a bucket policy an access point may leave its name open."""
    base = condition.operator.base
    template = parse_template(text, wildcards=base.wildcards, variables=document.has_variables)
    if all(isinstance(part, Literal) for part in template):
        return True
    if any(isinstance(part, Variable) for part in template):
        return False
    if "X-41" in rivals and _is_behind(text, condition, document):
        return True
    if condition.name != "s3:dataaccesspointarn" or document.kind is Kind.ACCESS_POINT:
        return False
    fields = cut(text)
    return fields is not None and not any(mark in field for field in fields[:5] for mark in "*?")


def _is_behind(text: str, condition: Condition, document: Document) -> bool:
    """Whether the wildcards stand behind a fixed organization path, account or ARN. `ROLE-ID:*` is public."""
    head = re.split(r"[*?]", text, maxsplit=1)[0]
    fields = cut(text)
    if condition.name == "s3:dataaccesspointarn":  # beyond the name of the access point the page says nothing
        of_bucket = document.kind is not Kind.ACCESS_POINT
        return of_bucket and fields is not None and bool(_BEHIND_ACCOUNT.fullmatch(fields[4]))
    if condition.name == "aws:userid":
        return False
    if fields is None:
        return bool(_BEHIND_ORGANIZATION.match(head) or _BEHIND_ACCOUNT.match(head))
    whole = not any(mark in field for field in fields[:5] for mark in "*?") and fields[5][:1] not in ("*", "?")
    return whole or bool(_BEHIND_ACCOUNT.fullmatch(fields[4]))


def _is_narrow(text: str, _condition: Condition, _document: Document, rivals: Rivals) -> bool:
    """A range that is not broader than /8, or /32 for IPv6; private ranges never are. Bad texts match nothing."""
    network = operands.network(text, 32 if "X-9" in rivals else 128)
    if network is None:
        return True
    if isinstance(network, ipaddress.IPv4Network):
        return network.prefixlen >= 8 or any(network.subnet_of(private) for private in _PRIVATE)
    return network.prefixlen >= 32
