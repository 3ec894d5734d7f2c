"""Names of listed resources: what a workspace lists is there, whatever the tables say of names (W-6, W-12).

The table `name-characters` limits what may stand in the open parts of ARNs. Where a listed resource breaks a limit the
limit is wrong, or older than the resource: the part is open then in every ARN of the service.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from functools import lru_cache

from perimeter_smt.encode.world.catalogue import Calls, open_part, rows_of
from perimeter_smt.logic.atoms import Run, Text
from perimeter_smt.organization.perimeter import Workspace

_PLACEHOLDER = re.compile(r"\$\{([^}]+)\}")
_OPEN = "${?}"  # a part of which no table says anything


def admit_listed(calls: Calls, workspace: Workspace) -> None:
    """Open the parts of names that listed resources need open, in the rows of these calls."""
    listed: dict[str, set[str]] = defaultdict(set)
    for account, _ in workspace.organization.accounts():
        for resource in account.resources:
            fields = resource.arn.split(":", 5)
            listed[fields[2]].add(fields[5])
    opened = {
        (service, part)
        for service in calls.services
        for arn_service in _names(service)
        for name in listed.get(arn_service, ())
        for part in _beyond(service, arn_service, name)
    }
    if not opened:
        return

    def written(service: str, name: str) -> str:
        return _PLACEHOLDER.sub(lambda found: _OPEN if (service, found[1]) in opened else found[0], name)

    calls.replace_rows([row._replace(name=written(row.service, row.name)) for row in calls.rows])


@lru_cache(maxsize=1024)
def _names(service: str) -> Mapping[str, tuple[str, ...]]:
    """The names that calls of a service are made on, by the service of the ARN."""
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for row in rows_of(service):
        if row.type is not None and row.name:
            found[row.arn_service][row.name] = None
    return {arn_service: tuple(names) for arn_service, names in found.items()}


@lru_cache(maxsize=65536)
def _beyond(service: str, arn_service: str, name: str) -> frozenset[str]:
    """The parts whose limits keep calls off this name; none where some call can be made on it."""
    out: set[str] = set()
    for pattern in _names(service)[arn_service]:
        found = _open(pattern).fullmatch(name)
        if found is None:
            continue
        values = zip(_PLACEHOLDER.findall(pattern), found.groups(), strict=True)
        broken = {part for part, value in values if not _admits(service, part).fullmatch(value)}
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
def _admits(service: str, part: str) -> re.Pattern[str]:
    """What the table admits in an open part."""
    return re.compile("".join(map(_piece, open_part(service, part))), re.DOTALL)


def _piece(piece: Text | Run) -> str:
    if isinstance(piece, Text):
        return re.escape(piece.text)
    characters = piece.chars.chars
    one = f"[{'^' * piece.chars.negated}{re.escape(characters)}]" if characters else "."
    return f"{one}{{{piece.low},{'' if piece.high is None else piece.high}}}"
