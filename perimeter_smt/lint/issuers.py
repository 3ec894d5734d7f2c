"""OIDC issuers that many customers share, and what a statement asks of their tokens (IAM guide, identity-provider
controls for shared OIDC providers; table `shared-oidc-issuers`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from perimeter_smt.lint.callers import literal_head
from perimeter_smt.lint.facts import covers
from perimeter_smt.policy.document import Condition, Statement
from perimeter_smt.policy.operators import Family
from perimeter_smt.request.keys import table_rows

_IN_ARN = ":oidc-provider/"


@dataclass(frozen=True, slots=True)
class Issuer:
    """A row of the table: `claims` tell the customer, a `subject` of this form names it in full."""

    host: str
    name: str
    claims: tuple[str, ...]
    subject: re.Pattern[str] | None


@lru_cache(maxsize=1)
def shared_issuers() -> dict[str, Issuer]:
    """The shared issuers by host and path."""
    found = {}
    for row in table_rows("shared-oidc-issuers"):
        subject = re.compile(row["subject"]) if row["subject"] else None
        found[row["host"]] = Issuer(row["host"], row["name"], tuple(row["claims"]), subject)
    return found


def trusted_providers(statement: Statement) -> list[str]:
    """The web identity providers that an Allow trusts, as host and path in lower case."""
    if statement.effect != "Allow" or statement.principal is None or statement.principal.negated:
        return []
    if not covers(statement.action, "sts:AssumeRoleWithWebIdentity"):
        return []
    entries = (entry.value for entry in statement.principal.entries if entry.type == "Federated")
    found = (value.partition(_IN_ARN)[2] if _IN_ARN in value else value for value in entries)
    return list(dict.fromkeys(value.lower() for value in found))


def trusted_issuers(statement: Statement) -> list[Issuer]:
    """The shared issuers among the providers that an Allow trusts."""
    known = shared_issuers()
    return [known[host] for host in trusted_providers(statement) if host in known]


def tenant_keys(issuer: Issuer) -> list[str]:
    """The condition keys that tell the customer."""
    return [f"{issuer.host}:{claim}" for claim in issuer.claims]


def issuer_of_key(name: str) -> Issuer | None:
    """The shared issuer whose customer a condition key tells."""
    host, _, claim = name.rpartition(":")
    issuer = shared_issuers().get(host)
    return issuer if issuer is not None and claim in issuer.claims else None


def tenant_tests(statement: Statement, issuer: Issuer) -> list[Condition]:
    """The conditions of an Allow that ask who the customer is: not negated, and not mere presence."""
    return [
        condition
        for condition in statement.conditions
        if issuer_of_key(condition.name) is issuer
        and not condition.operator.base.negated
        and condition.operator.base.family is not Family.NULL
    ]


def open_values(condition: Condition, issuer: Issuer, *, variables: bool) -> Iterator[str]:
    """The values that fit tokens of other customers, too."""
    if not condition.operator.base.wildcards:
        return
    claim = condition.name.rpartition(":")[2]
    for value in condition.values:
        head, wild = literal_head(value, variables=variables)
        if wild and not _names_customer(head, claim, issuer):
            yield value


def _names_customer(head: str, claim: str, issuer: Issuer) -> bool:
    if claim == "sub" and issuer.subject is not None:
        return issuer.subject.fullmatch(head) is not None
    return claim == "repository" and re.fullmatch(r"[^/]+/.*", head) is not None
