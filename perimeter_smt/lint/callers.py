"""What a statement says about who calls: everybody, the members of certain accounts, or names that anybody can take.

Source: S3 user guide, "The meaning of public" (which keys and which values make a policy non-public), and the pages of
the global condition keys.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network

from perimeter_smt.lint.facts import IDENTITY_KEYS, NETWORK_KEYS, matches, negated_on
from perimeter_smt.policy.document import Condition, Document, Element, Statement
from perimeter_smt.policy.operators import Family, Quantifier
from perimeter_smt.policy.template import Literal, Template, parse_template, split_fields

# Keys whose value is an id that AWS assigned to one account, organization, network or principal.
_ID_KEYS = frozenset(
    (
        "aws:principalorgid",
        "aws:principalaccount",
        "aws:principalservicename",
        "aws:principalservicenameslist",
        "aws:sourceaccount",
        "aws:sourceowner",
        "aws:sourceorgid",
        "aws:sourcevpc",
        "aws:sourcevpce",
        "aws:vpceaccount",
        "aws:vpceorgid",
        "aws:ec2instancesourcevpc",
        "kms:calleraccount",
        "s3:dataaccesspointaccount",
        "vpc-lattice-svcs:sourcevpc",
        "vpc-lattice-svcs:sourcevpcowneraccount",
    )
)
_PATH_KEYS = frozenset(("aws:principalorgpaths", "aws:sourceorgpaths", "aws:vpceorgpaths"))
_ARN_KEYS = frozenset(
    (
        "aws:principalarn",
        "aws:sourcearn",
        "aws:sourcevpcarn",
        "aws:federatedprovider",
        "aws:assumedroot",
        "ec2:sourceinstancearn",
        "lambda:sourcefunctionarn",
        "s3:dataaccesspointarn",
        "elasticfilesystem:accesspointarn",
        "glue:roleassumedby",
    )
)
# Reached from the mount target only, which lies in a network of the owner: the default policy of EFS.
_FLAG_KEYS = frozenset(("elasticfilesystem:accessedviamounttarget",))
_NAME_KEYS = frozenset(("aws:username", "aws:sourceidentity", "sts:rolesessionname", "sts:sourceidentity"))
_ACCOUNT = re.compile(r"[0-9]{12}")
# Ranges wider than these count as everybody (S3 user guide, "The meaning of public").
_WIDEST = {4: 8, 6: 32}


def everybody(statement: Statement) -> bool:
    """Whether the statement names everybody, anonymous callers included."""
    principal = statement.principal
    if principal is None or principal.negated:
        return False
    return any(entry.value == "*" and entry.type in ("*", "AWS") for entry in principal.entries)


def closed_by_deny(document: Document, statement: Statement) -> bool:
    """Whether a Deny of the document for everybody else covers what an Allow gives, so that it is not public."""
    return any(
        deny.effect == "Deny"
        and (deny.principal is None or everybody(deny))
        and negated_on(deny, (*IDENTITY_KEYS, *NETWORK_KEYS))
        and _within(statement.action, deny.action)
        and (statement.resource is None or deny.resource is None or _within(statement.resource, deny.resource))
        for deny in document.statements
    )


def limits_callers(statement: Statement, *, variables: bool) -> bool:
    """Whether a condition admits only callers of certain accounts, organizations, networks or services."""
    return any(_limits(condition, variables) for condition in statement.conditions)


def names_callers(condition: Condition, *, variables: bool) -> bool:
    """Whether the condition compares a name that principals of any account can bear."""
    if condition.operator.base.family is Family.NULL:
        return False
    if condition.name in _NAME_KEYS or condition.name.startswith("aws:principaltag/"):
        return True
    if condition.name == "aws:userid":
        return any(open_id(value, variables=variables) for value in condition.values)
    return condition.name == "aws:principalarn" and any(
        open_account(value, variables=variables) and value.strip("*") and not _of_aws(value)
        for value in condition.values
    )


def open_account(arn: str, *, variables: bool) -> bool:
    """Whether an ARN pattern leaves the account open; buckets, whose ARNs have none, are known by their whole name."""
    fields = split_fields(parse_template(arn, wildcards=True, variables=variables))
    if len(fields) < 6:
        return True
    account = _plain(fields[4])
    if _plain(fields[2]) == "s3" and ":" not in (_plain(fields[5]) or ":"):
        return False
    if not account:
        return True
    return not (_ACCOUNT.fullmatch(account) or account in ("aws", "cloudfront"))


def open_id(userid: str, *, variables: bool) -> bool:
    """Whether a pattern for `aws:userid` leaves the unique id before the colon open."""
    head, wild = literal_head(userid, variables=variables)
    return wild and ":" not in head


def every_address(values: Iterable[str]) -> bool:
    """Whether these ranges together hold everybody."""
    found: dict[int, list[IPv4Network | IPv6Network]] = {4: [], 6: []}
    for value in values:
        try:
            network = ip_network(value, strict=False)
        except ValueError:
            continue
        found[network.version].append(network)
    return any(
        network.prefixlen < _WIDEST[version]
        for version, networks in found.items()
        for network in collapse_addresses(networks)  # type: ignore[type-var]
    )


def literal_head(text: str, *, variables: bool) -> tuple[str, bool]:
    """The text before its first wildcard, and whether there is one. A variable stands for what the caller has."""
    head = ""
    for part in parse_template(text, wildcards=True, variables=variables):
        if not isinstance(part, Literal):
            return head, True
        head += part.text
    return head, False


def _of_aws(arn: str) -> bool:
    """Whether only AWS makes roles of this name: names do not hold colons (IAM API reference, CreateRole)."""
    name = arn.partition(":role/")[2]
    return ":" in name or name.startswith("aws-service-role/")


def _plain(field: Template) -> str | None:
    """The text of a field, None where a wildcard or variable stands in it."""
    texts = [part.text for part in field if isinstance(part, Literal)]
    return "".join(texts) if len(texts) == len(field) else None


def _within(inner: Element, outer: Element) -> bool:
    """Whether the outer element holds the inner one, by the patterns as written."""
    if inner.negated or outer.negated:
        return False
    return all(any(matches(pattern, value) for pattern in outer.values) for value in inner.values)


def _limits(condition: Condition, variables: bool) -> bool:
    operator, name = condition.operator, condition.name
    if operator.base.negated or operator.if_exists or operator.quantifier is Quantifier.FOR_ALL:
        return False
    if operator.base.family is Family.NULL or not condition.values:
        return False
    if name == "aws:sourceip":
        return not every_address(condition.values)
    if name in _FLAG_KEYS:
        return {value.lower() for value in condition.values} == {"true"}
    return all(_closed(name, value, variables, operator.base.wildcards) for value in condition.values)


def _closed(name: str, value: str, variables: bool, wildcards: bool) -> bool:
    if name in _ARN_KEYS:
        return not open_account(value, variables=variables)
    if name == "aws:userid":
        return not (wildcards and open_id(value, variables=variables))
    head, wild = literal_head(value, variables=variables)
    if name in _PATH_KEYS:
        return not (wildcards and wild) or "/" in head
    if name in _ID_KEYS:
        return not (wildcards and wild)
    return name.count(":") == 1 and name.endswith(":sub") and not (wildcards and wild)
