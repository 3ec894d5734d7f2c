"""Names of listed resources: what a workspace lists is there, whatever the tables say of names (W-6, W-12).

The table `name-characters` limits what may stand in the open parts of ARNs. Where a listed resource breaks a limit the
limit is wrong, or older than the resource: the part is open then in every ARN of the service.  In the same way, a
Region or an account in a listed ARN stands where the service reference has none.  The rules of today for names of
buckets do not bind buckets that are listed, or that the policy in question is of: they may be older (W-40).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache, partial
from typing import NamedTuple

from perimeter_smt.encode.world.catalogue import Calls, Row, open_part, rows_of
from perimeter_smt.logic.atoms import STAR, Run, Text
from perimeter_smt.logic.formula import Formula, disj, either, glob, is_text
from perimeter_smt.logic.reader import Axiom
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.kinds import Kind

_PLACEHOLDER = re.compile(r"\$\{([^}]+)\}")
_OPEN = "${?}"  # a part of which no table says anything
# Axioms on names of buckets, with the text that each speaks of and whether names of objects follow in it.
_BUCKETS = {"AR23.bucket": ("resource.name", True), "AR15.bucket": ("behind.bucket", False)}
_OLD = re.compile(r"[A-Za-z0-9._-]{3,255}")
_OF_TODAY = re.compile(
    r"(?!.*\.\.|xn--|sthree-|.*(?:-s3alias|--ol-s3|--x-s3|\.mrap)$|[0-9]{1,3}(?:\.[0-9]{1,3}){3}$)"
    r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"
)


def admit_listed(calls: Calls, workspace: Workspace) -> None:
    """Open what ARNs of listed resources need open, in the rows of these calls."""
    listed: dict[str, set[_Listed]] = defaultdict(set)
    for account, _ in workspace.organization.accounts():
        for resource in account.resources:
            _, _, service, region, owner, name = resource.arn.split(":", 5)
            listed[service].add(_Listed(owner != "", region != "", name))
    if not listed:
        return
    opened: set[tuple[str, str]] = set()
    more: dict[tuple[str, str], set[tuple[bool, bool]]] = defaultdict(set)
    for service in calls.services:
        for arn_service in _names(service):
            for one in listed.get(arn_service, ()):
                opened |= {(service, part) for part in _beyond(service, arn_service, one.name)}
                if one.unlike(_names(service)[arn_service]):
                    more[service, arn_service].add((one.has_account, one.has_region))

    def written(found: re.Match[str], service: str) -> str:
        return _OPEN if (service, found[1]) in opened else found[0]

    rows: list[Row] = []
    for row in calls.rows if opened or more else ():
        row = row._replace(name=_PLACEHOLDER.sub(partial(written, service=row.service), row.name))
        fields = sorted(more.get((row.service, row.arn_service), ())) if row.type is not None else ()
        rows += (row, *(row._replace(has_account=a, has_region=r, region="") for a, r in fields))
    if rows:
        calls.replace_rows(rows)


def admitted(axiom: Axiom, workspace: Workspace, also: Iterable[str] = ()) -> Axiom:
    """The axiom without what it says of listed buckets, and of `also`, whose names break the rules of today."""
    if axiom.name not in _BUCKETS:
        return axiom
    older = sorted({*_older(workspace), *also})
    var, objects = _BUCKETS[axiom.name]
    return replace(axiom, formula=either(axiom.formula, disj(_named(var, name, objects) for name in older)))


def older_buckets(documents: Iterable[Document]) -> frozenset[str]:
    """The buckets that policies name in full, by names that no bucket can be given today.

    Guardrails are left out: they speak of buckets of anybody, whether there are any or not.
    """
    elements = (
        statement.resource
        for document in documents
        if document.kind not in (Kind.SCP, Kind.RCP)
        for statement in document.statements
    )
    arns = (value.split(":", 5) for element in elements if element is not None for value in element.values)
    names = (fields[5].partition("/")[0] for fields in arns if len(fields) == 6 and fields[2] == "s3" and not fields[4])
    return frozenset(name for name in names if _OLD.fullmatch(name) and not _OF_TODAY.fullmatch(name))


def _older(workspace: Workspace) -> set[str]:
    found = (r.arn.split(":", 5) for account, _ in workspace.organization.accounts() for r in account.resources)
    names = {fields[5] for fields in found if fields[2] == "s3" and not fields[4] and "/" not in fields[5]}
    return {name for name in names if not _OF_TODAY.fullmatch(name)}


def _named(var: str, bucket: str, objects: bool) -> Formula:
    exact = is_text(var, bucket)
    return either(exact, glob(var, (Text(f"{bucket}/"), STAR))) if objects else exact


class _Listed(NamedTuple):
    """What calls must be made on: a name, with an account and a Region in the ARN or without."""

    has_account: bool
    has_region: bool
    name: str

    def unlike(self, names: Mapping[str, frozenset[tuple[bool, bool]]]) -> bool:
        """Whether no call is made on an ARN with just these fields: of its name, or of any where no name fits."""
        fits = [fields for pattern, fields in names.items() if _open(pattern).fullmatch(self.name)] or names.values()
        return not any((self.has_account, self.has_region) in fields for fields in fits)


@lru_cache(maxsize=1024)
def _names(service: str) -> Mapping[str, Mapping[str, frozenset[tuple[bool, bool]]]]:
    """By service of the ARN, the names that calls are made on, and whether their ARNs have account and Region."""
    found: dict[str, dict[str, set[tuple[bool, bool]]]] = defaultdict(dict)
    for row in rows_of(service):
        if row.type is not None and row.name:
            found[row.arn_service].setdefault(row.name, set()).add((row.has_account, row.has_region))
    return {own: {name: frozenset(fields) for name, fields in names.items()} for own, names in found.items()}


@lru_cache(maxsize=65536)
def _beyond(service: str, arn_service: str, name: str) -> frozenset[str]:
    """The parts whose limits keep calls off this name; none where some call can be made on it."""
    out: set[str] = set()
    for pattern in _names(service)[arn_service]:
        found = _open(pattern).fullmatch(name)
        if found is None:
            continue
        values = zip(_PLACEHOLDER.findall(pattern), found.groups(), strict=True)
        broken = {part for part, value in values if not _admits(service, part, pattern).fullmatch(value)}
        if not broken:
            return frozenset()
        out |= broken
    return frozenset(out)


@lru_cache(maxsize=16384)
def _open(pattern: str) -> re.Pattern[str]:
    """The pattern with anything in its open parts."""
    pieces = _PLACEHOLDER.split(pattern)
    return re.compile("".join("(.+)" if i % 2 else re.escape(piece) for i, piece in enumerate(pieces)), re.DOTALL)


@lru_cache(maxsize=16384)
def _admits(service: str, part: str, name: str) -> re.Pattern[str]:
    """What the table admits in an open part of these names."""
    return re.compile("".join(map(_piece, open_part(service, part, name))), re.DOTALL)


def _piece(piece: Text | Run) -> str:
    if isinstance(piece, Text):
        return re.escape(piece.text)
    characters = piece.chars.chars
    one = f"[{'^' * piece.chars.negated}{re.escape(characters)}]" if characters else "."
    return f"{one}{{{piece.low},{'' if piece.high is None else piece.high}}}"
