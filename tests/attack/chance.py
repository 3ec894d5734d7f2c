"""Requests that need an id which AWS assigns to coincide with what policies name (semantics AR28), as a second reading.

Written from the semantics: how many characters of a pattern make it chance, and which ids nobody says to be anybody's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from fnmatch import fnmatchcase

from perimeter_smt.organization.model import Organization
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.organization.readers.inferred import documents_of
from tests.attack.worlds import Sample

_ACCOUNT, _ORG = re.compile(r"(?<!\d)\d{12}(?!\d)"), re.compile(r"o-[a-z0-9]{10,32}")


def with_chance(workspace: Workspace, drawn: Sample) -> Sample:
    """The request, with the axioms on assigned ids among those that it departs from."""
    texts = _texts(workspace.organization)
    if not texts:
        return drawn
    found = {*_owners(workspace, drawn, texts), *_wires(workspace, drawn, texts), *_callers(workspace, drawn, texts)}
    return replace(drawn, soft=drawn.soft | found)


def _texts(organization: Organization) -> set[str]:
    return {text for document in documents_of(organization) for s in document.statements for text in s.texts()}


def _owners(workspace: Workspace, drawn: Sample, texts: set[str]) -> Iterator[str]:
    """Accounts, organizations and units."""
    facts, own = drawn.facts, workspace.organization
    ids = {facts.principal_account, facts.resource_account, facts.behalf, facts.endpoint_account, facts.vpc_account}
    named = _found(_ACCOUNT, [*texts, workspace.perimeter.model_dump_json()]) | _members(own)
    digits = (field for field in map(_account_field, texts) if re.fullmatch(r"[\d*?]*[*?][\d*?]*", field))
    if _fits(ids - named, (each for each in digits if _written(each) >= 6)):
        yield "AR28.account"
    strangers = {facts.organizations.get(number or "") for number in ids} - {own.id, *workspace.perimeter.orgs}
    wide = (text.split("/")[0] for text in texts if re.match(r"o-[a-z0-9*?]*[*?]", text))
    if _fits(strangers - _found(_ORG, texts), (each for each in wide if _written(each[2:]) >= 4)):
        yield "AR28.organization"
    after = _found(re.compile(r"(?<=[*?]/)(?:r-|ou-)[a-z0-9-]+(?=/)"), texts)
    elsewhere = (path for number, path in facts.paths.items() if facts.organizations.get(number) != own.id)
    if any(unit in path.split("/") for path in elsewhere for unit in after):
        yield "AR28.unit"


def _wires(workspace: Workspace, drawn: Sample, texts: set[str]) -> Iterator[str]:
    """Endpoints and VPCs."""
    facts, claims = drawn.facts, workspace.perimeter
    ends = [end for account, _ in workspace.organization.accounts() for end in account.endpoints]
    for one, known in (
        (facts.endpoint, {*claims.endpoints, *(end.id for end in ends)}),
        (facts.vpc, {*(vpc.id for vpc in claims.vpcs), *(end.vpc for end in ends)}),
    ):
        if facts.path != "vpce" or one is None or one in known:
            continue
        if _fits({one}, (t for t in texts if ("*" in t or "?" in t) and _written(t.partition("-")[2]) >= 8)):
            yield "AR28.endpoint"
        if one in texts and not ends and not _mine(workspace, drawn, facts.endpoint_account):
            yield "AR28.named"


def _mine(workspace: Workspace, drawn: Sample, account: str | None) -> bool:
    claims = workspace.perimeter
    if claims.paths:
        return any(fnmatchcase(drawn.facts.paths.get(account or "", ""), each) for each in claims.paths)
    return account in {*_members(workspace.organization), *claims.accounts}


def _callers(workspace: Workspace, drawn: Sample, texts: set[str]) -> Iterator[str]:
    """Roles and users by their unique ids."""
    unique = str(drawn.request.context.get("aws:userid", "")).partition(":")[0]
    named = unique in {text.partition(":")[0] for text in texts}
    stranger = drawn.facts.principal_account not in _members(workspace.organization)
    if named and stranger and re.fullmatch("A[A-Z]{2}A[A-Z0-9]{12,}", unique):
        yield "AR28.principal"


def _members(organization: Organization) -> set[str]:
    return {*(account.id for account, _ in organization.accounts()), organization.management_account}


def _found(pattern: re.Pattern[str], texts: Iterable[str]) -> set[str]:
    return {one for text in texts for one in pattern.findall(text)}


def _fits(ids: Iterable[str | None], patterns: Iterable[str]) -> bool:
    wide = list(patterns)
    return any(one is not None and fnmatchcase(one, each) for one in ids for each in wide)


def _account_field(text: str) -> str:
    fields = text.split(":", 5)
    return fields[4] if len(fields) == 6 and fields[0] == "arn" else text


def _written(text: str) -> int:
    return sum(1 for char in text if char not in "*?")
