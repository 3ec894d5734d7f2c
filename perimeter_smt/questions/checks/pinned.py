"""What does not count as public: requests from callers and places that a policy writes out.

The keys are those of the pages "The meaning of public" (Amazon S3, Amazon EFS), "Blocking public access" (DynamoDB) and
of IAM Access Analyzer's filter keys; a value counts
as written out if it has no wildcard and no variable, or wildcards only behind a fixed account, organization or unique
id.  The owner's account and organization are no strangers either.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Sequence
from typing import Any

from perimeter_smt.policy.document import Condition, Document, Statement
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.operators import Family
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.request.keys import key_info, support_list

_ACCOUNT = re.compile(r"[0-9]{12}")
_ORGANIZATION = re.compile(r"o-[a-z0-9]{10,32}/")
_OWNERS = {
    "aws:PrincipalAccount": "${aws:ResourceAccount}",
    "aws:PrincipalOrgID": "${aws:ResourceOrgID}",
    "aws:SourceAccount": "${aws:ResourceAccount}",
    "aws:SourceOrgID": "${aws:ResourceOrgID}",
}
# Keys that pin a request where they are true: services; clients at a mount target, which lies in the owner's network.
_FLAGS = ("aws:principalisawsservice", "elasticfilesystem:accessedviamounttarget")
_WIDEST = {4: 8, 6: 32}  # S3 counts broader ranges as public


def not_public(document: Document, own: Sequence[dict[str, Any]] = ()) -> Document:
    """A policy that allows every request that is pinned down by what `document` writes out.

    `own` are further condition blocks of callers who are no strangers.
    """
    blocks: list[dict[str, Any]] = [{"StringEquals": {key: value}} for key, value in _OWNERS.items()]
    blocks += own
    accounts = sorted(set(_accounts(document)))
    if accounts:
        blocks += [{"StringEquals": {key: accounts}} for key in ("aws:PrincipalAccount", "aws:SourceAccount")]
    for condition in _conditions(document):
        blocks += _pins(condition, document)
    unique = list({repr(block): block for block in blocks}.values())
    statement = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
    policy = {"Version": "2012-10-17", "Statement": [{**statement, "Condition": block} for block in unique]}
    return parse_object(policy, Kind.RESOURCE, file="(pinned)", name="pinned", strict=False)


def for_everybody(document: Document) -> tuple[Statement, ...]:
    """The statements that can make a policy public: every Deny, and the Allows that name everybody."""
    return tuple(s for s in document.statements if s.effect == "Deny" or _names_everybody(s))


def _names_everybody(statement: Statement) -> bool:
    principal = statement.principal
    return principal is None or principal.negated or any(entry.value == "*" for entry in principal.entries)


def _accounts(document: Document) -> Iterator[str]:
    """Accounts that Allow statements name as principals, and Deny statements exempt."""
    for statement in document.statements:
        principal = statement.principal
        if principal is not None and principal.negated is (statement.effect == "Deny"):
            for entry in principal.entries:
                if entry.type == "AWS":
                    yield from _ACCOUNT.findall(entry.value)[:1]


def _conditions(document: Document) -> Iterator[Condition]:
    """Conditions that may pin a request: those of Allow statements that want a value, of Deny those that refuse it."""
    for statement in document.statements:
        for condition in statement.conditions:
            if condition.operator.base.negated is (statement.effect == "Deny"):
                yield condition


def _pins(condition: Condition, document: Document) -> Iterator[dict[str, Any]]:
    family, key = condition.operator.base.family, condition.key
    if condition.name in _FLAGS and family is Family.BOOL:
        if [value.lower() for value in condition.values] == ["true"]:
            yield {"Bool": {key: "true"}}
        return
    if condition.name not in support_list("pinning-keys"):
        return
    if family is Family.IP:
        values = [value for value in condition.values if _is_narrow(value)]
        operator = "IpAddress"
    elif family in (Family.STRING, Family.ARN):
        wild = condition.operator.base.wildcards
        values = [value for value in condition.values if _is_fixed(value, condition.name, wild, document)]
        operator = "ArnLike" if family is Family.ARN else "StringLike" if wild else "StringEquals"
        if condition.operator.base.name.endswith("IgnoreCase"):
            operator = "StringEqualsIgnoreCase"
    else:
        return
    if values:
        several = "ForAnyValue:" if key_info(key).multivalued else ""
        yield {f"{several}{operator}": {key: values}}


def _is_narrow(value: str) -> bool:
    try:
        network = ipaddress.ip_network(value, strict=False)
    except ValueError:
        return False
    return network.prefixlen >= _WIDEST[network.version]


def _is_fixed(value: str, name: str, wildcards: bool, document: Document) -> bool:
    """Whether a value tells who calls, or from where."""
    if "${" in value and document.has_variables:
        return False
    if not wildcards or not any(mark in value for mark in "*?"):
        return True
    head = re.split(r"[*?]", value, maxsplit=1)[0]
    if name == "aws:userid":
        return len(head.partition(":")[0]) >= len("AROA") + 12 and ":" in head
    fields = value.split(":", 5)
    if fields[0] == "arn" and len(fields) == 6:
        return bool(_ACCOUNT.fullmatch(fields[4]))
    return bool(_ORGANIZATION.match(head))
