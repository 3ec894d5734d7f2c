"""Ids that AWS assigns: that one of a stranger is, or looks like, one that policies name would be chance (AR28).

Nobody chooses the id of an account, an organization, a unit, a VPC, an endpoint, a role or a user.  What policies name
in full and the workspace knows is compared as it is; here are ids that a wildcard admits as well, and ids of which
nobody says whose they are.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

from perimeter_smt.encode.language.keys import Space
from perimeter_smt.encode.language.variables import pattern, plain_parts
from perimeter_smt.encode.world.accounts import (
    ACCOUNT_TERMS,
    ON_ENDPOINT,
    endpoints_of,
    is_my_account,
    known_vpcs,
    member_ids,
    one_of,
    org_of,
    units_of,
)
from perimeter_smt.logic.atoms import STAR, Text
from perimeter_smt.logic.formula import FALSE, Formula, both, disj, either, glob, is_text, neg
from perimeter_smt.organization.model import Unit
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.policy.document import Document

# The symbols of `environment/ids.smt2` by the names of their axioms; one that nothing defines holds of nothing.
AXIOMS = {
    "AR28.account": "account.by-chance",
    "AR28.organization": "organization.by-chance",
    "AR28.unit": "unit.by-chance",
    "AR28.endpoint": "endpoint.by-chance",
    "AR28.named": "endpoint.named-only",
    "AR28.principal": "principal.named-only",
}
# How many characters have to be written: fewer than one in a million ids of others then fits.
_DIGITS, _ORG, _HEX = 6, 4, 8
_ACCOUNT, _ACCOUNTS = re.compile(r"[0-9*?]*[*?][0-9*?]*"), re.compile(r"(?<![0-9])[0-9]{12}(?![0-9])")
_ORGS, _ORG_PATTERN = re.compile(r"o-[a-z0-9]{10,32}"), re.compile(r"(o-[a-z0-9*?]*[*?][a-z0-9*?]*)(?:/.*)?")
_ENDPOINT = re.compile(r"(vpce?)-[0-9a-f*?]+")
_UNIQUE = re.compile(r"(A[A-Z]{2}A[A-Z0-9]{12,})(?::.*)?", re.DOTALL)
_UNITS = re.compile(r"(?<=[*?]/)(?:r-[a-z0-9]+|ou-[a-z0-9]+-[a-z0-9]+)(?=/)")
_USERID = "aws:userid"


def definitions(workspace: Workspace, documents: Iterable[Document], keys: Space) -> dict[str, Formula]:
    """What the policies of a workspace say of each symbol; a symbol of which they say nothing is left out."""
    texts = list(dict.fromkeys(text for each in documents for s in each.statements for text in s.texts()))
    found = {
        "AR28.account": _accounts(workspace, texts),
        "AR28.organization": _organizations(workspace, texts),
        "AR28.unit": _units(workspace, texts),
        "AR28.endpoint": _endpoints(workspace, texts),
        "AR28.named": _named(workspace, texts),
        "AR28.principal": _principals(workspace, texts, keys),
    }
    return {AXIOMS[name]: formula for name, formula in found.items() if formula is not FALSE}


def _accounts(workspace: Workspace, texts: Iterable[str]) -> Formula:
    patterns = dict.fromkeys(
        field for field in map(_account_field, texts) if _ACCOUNT.fullmatch(field) and _written(field) >= _DIGITS
    )
    if not patterns:
        return FALSE
    known = [*member_ids(workspace.organization), *_ACCOUNTS.findall(workspace.perimeter.model_dump_json())]
    known += [account for text in texts for account in _ACCOUNTS.findall(text)]
    return disj(
        both(_others(patterns, (term,), tuple(dict.fromkeys(known))), neg(_own(workspace, term)))
        for term in ACCOUNT_TERMS
    )


def _account_field(text: str) -> str:
    fields = text.split(":", 5)
    return fields[4] if len(fields) == 6 and fields[0] == "arn" else text


def _organizations(workspace: Workspace, texts: Iterable[str]) -> Formula:
    matches = [found for text in texts if (found := _ORG_PATTERN.fullmatch(text))]
    patterns = dict.fromkeys(found[1] for found in matches if _written(found[1][2:]) >= _ORG)
    known = (workspace.organization.id, *workspace.perimeter.orgs)
    known += tuple(found for text in texts for found in _ORGS.findall(text))
    return _others(patterns, tuple(map(org_of, ACCOUNT_TERMS)), tuple(dict.fromkeys(known)))


def _units(workspace: Workspace, texts: Iterable[str]) -> Formula:
    """Another organization has a root or unit of the id of one of mine."""
    organization = workspace.organization
    after_a_wildcard = {found for text in texts for found in _UNITS.findall(text)}
    named = [i for i in _unit_ids(organization.root) if i in after_a_wildcard] if after_a_wildcard else []
    return disj(
        both(glob(units_of(term), part), neg(is_text(org_of(term), organization.id)))
        for term in ACCOUNT_TERMS
        for i in named
        for part in ((Text(f"{i}/"), STAR), (STAR, Text(f"/{i}/"), STAR))
    )


def _unit_ids(unit: Unit) -> Iterator[str]:
    yield unit.id
    for each in unit.units:
        yield from _unit_ids(each)


def _endpoints(workspace: Workspace, texts: Iterable[str]) -> Formula:
    """A VPC or an endpoint of others fits a pattern for such ids."""
    patterns = [
        text for text in texts if _ENDPOINT.fullmatch(text) and _written(text.partition("-")[2]) >= _HEX
        and ("*" in text or "?" in text)
    ]  # fmt: skip
    endpoints, vpcs = _told(workspace)
    return both(
        ON_ENDPOINT,
        disj(
            both(_others([p for p in patterns if p.startswith(f"{kind}-")], (term,), told), neg(_own(workspace, owner)))
            for kind, term, told, owner in (
                ("vpce", "endpoint.id", endpoints, "endpoint.account"),
                ("vpc", "endpoint.vpc", vpcs, "vpc.account"),
            )
        ),
    )


def _named(workspace: Workspace, texts: Iterable[str]) -> Formula:
    """An endpoint or VPC that policies name in full, of which nobody says whose it is, is of others."""
    organization = workspace.organization
    if endpoints_of(organization) and organization.endpoints_listed:
        return FALSE  # what such a list does not name is none of mine
    endpoints, vpcs = _told(workspace)
    ids = [text for text in texts if _ENDPOINT.fullmatch(text) and "*" not in text and "?" not in text]
    named = (
        both(one_of(term, [i for i in ids if i.startswith(f"{kind}-") and i not in told]), neg(_own(workspace, owner)))
        for kind, term, told, owner in (
            ("vpce", "endpoint.id", endpoints, "endpoint.account"), ("vpc", "endpoint.vpc", vpcs, "vpc.account"),
        )
    )  # fmt: skip
    return both(ON_ENDPOINT, disj(named))


def _principals(workspace: Workspace, texts: Iterable[str], keys: Space) -> Formula:
    """A role or user neither mine nor of my organization has the unique id that policies name."""
    if _USERID not in keys.known:
        return FALSE
    ids = dict.fromkeys(found[1] for text in texts if (found := _UNIQUE.fullmatch(text)))
    fits = disj(glob(_USERID, (Text(i), *rest)) for i in ids for rest in ((), (Text(":"), STAR)))
    return both(keys.known[_USERID].has, fits, neg(_own(workspace, "principal.account")))


def _own(workspace: Workspace, account: str) -> Formula:
    """The account is mine or of my organization: its guardrails name what is its, and the perimeter may be narrower."""
    of_organization = is_text(org_of(account), workspace.organization.id)
    return either(is_my_account(workspace.perimeter, workspace, account), of_organization)


def _told(workspace: Workspace) -> tuple[tuple[str, ...], tuple[str, ...]]:
    endpoints = (*workspace.perimeter.endpoints, *(e.id for e in endpoints_of(workspace.organization)))
    return endpoints, tuple(own for own, _ in known_vpcs(workspace))


def _others(patterns: Iterable[str], terms: Collection[str], known: Collection[str]) -> Formula:
    """One of these variables fits a pattern and is none of the known values."""
    globs = [pattern(plain_parts(text)) for text in patterns]
    return disj(both(disj(glob(term, fits) for fits in globs), neg(one_of(term, known))) for term in terms)


def _written(text: str) -> int:
    return sum(1 for char in text if char not in "*?")
