"""What the policies of a source tell about its organization."""

from __future__ import annotations

from collections.abc import Iterator

from perimeter_smt.errors import InputError
from perimeter_smt.organization.model import Organization
from perimeter_smt.organization.readers.draft import Draft
from perimeter_smt.policy.document import Condition, Document
from perimeter_smt.request.partitions import partition_of_region

_ORG_KEYS = ("aws:principalorgid", "aws:resourceorgid", "aws:sourceorgid", "aws:vpceorgid")


def documents_of(organization: Organization) -> Iterator[Document]:
    """Every document of an organization, guardrails first; one that is attached twice comes once."""
    seen: set[int] = set()
    units = [organization.root]
    later: list[Document] = []
    while units:
        unit = units.pop(0)
        units += unit.units
        found = [*unit.guardrails.scps, *unit.guardrails.rcps]
        for account in unit.accounts:
            found += [*account.guardrails.scps, *account.guardrails.rcps]
            found += [endpoint.policy for endpoint in account.endpoints if endpoint.policy]
            later += [resource.policy for resource in account.resources if resource.policy]
            for owned in account.principals:
                later += [*owned.policies, *owned.limits(), *((owned.trust,) if owned.trust else ())]
        for document in found:
            if id(document) not in seen:
                seen.add(id(document))
                yield document
    for document in later:
        if id(document) not in seen:
            seen.add(id(document))
            yield document


def conditions_of(document: Document) -> Iterator[Condition]:
    """Every condition of a document."""
    for statement in document.statements:
        yield from statement.conditions


def organization_ids(draft: Draft) -> set[str]:
    """The organizations that policies of a draft compare with."""
    out: set[str] = set()
    for document in draft.documents.parsed():
        for condition in conditions_of(document):
            if condition.name in _ORG_KEYS:
                out.update(value for value in condition.values if value.startswith("o-") and "*" not in value)
    return out


def tests_paths(organization: Organization) -> bool:
    """Whether any policy tests organization paths."""
    return any("orgpaths" in c.name for document in documents_of(organization) for c in conditions_of(document))


def partition_of(organization: Organization) -> str:
    """The partition of the ARNs and Regions; InputError for two, since an organization lies in one (W-1)."""
    found: dict[str, str] = {}
    for account, _ in organization.accounts():
        for arn in (*(p.arn for p in account.principals), *(r.arn for r in account.resources)):
            found.setdefault(arn.split(":", 2)[1], arn)
        for endpoint in account.endpoints:
            if name := partition_of_region(endpoint.region):
                found.setdefault(name, endpoint.id)
    if len(found) > 1:
        (one, first), (other, second) = list(found.items())[:2]
        raise InputError(f"two partitions, `{one}` (`{first}`) and `{other}` (`{second}`): expected one organization")
    return next(iter(found), organization.partition)
