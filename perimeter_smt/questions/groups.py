"""Services that no question can tell apart: they share one verdict, so that 455 services cost a few dozen questions.

Two rows of the catalogue are alike if they lie in the same sets that formulas mention and make the same demands, where
what they demand of the resource's name counts only if a resource pattern or a question could look at it.  Two services
are alike if they have rows of the same classes.  Guarantee: what is satisfiable with a row of some service is
satisfiable with a row that is kept of its group, and conversely.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from perimeter_smt.encode.world.catalogue import Calls, demands
from perimeter_smt.logic.atoms import Glob
from perimeter_smt.logic.formula import Formula
from perimeter_smt.logic.vocabulary import Vocabulary
from perimeter_smt.organization.perimeter import Perimeter
from perimeter_smt.policy.document import Document
from perimeter_smt.solve.theories.catalogue import indexes


@dataclass(frozen=True)
class Alike:
    """Services that share a verdict, in alphabetical order, and one row for each class of theirs."""

    services: tuple[str, ...]
    rows: tuple[int, ...]


def group_services(calls: Calls, names: Iterable[str], *, everywhere: bool) -> list[Alike]:
    """The services of `calls` in groups that the sets `names` cannot tell apart, largest first.

    `everywhere`: some resource pattern or question looks at names of whatever service. The rows are those of the
    service that comes first in the catalogue, which begins with what people know best.
    """
    signature: list[list[int]] = [[] for _ in calls.rows]
    looked_at = 0
    for number, name in enumerate(sorted(set(names))):
        members = calls.members(name)
        if name.startswith("arn service ~ "):
            looked_at |= members
        for index in indexes(members):
            signature[index].append(number)
    seen = frozenset(indexes(looked_at))
    classes: dict[str, dict[tuple[object, ...], int]] = {service: {} for service in calls.services}
    for index, row in enumerate(calls.rows):
        wanted = demands(row)
        if not everywhere and index not in seen:
            wanted = _unnamed(wanted)
        classes.setdefault(row.service, {}).setdefault((tuple(signature[index]), *map(id, wanted)), index)
    found: dict[frozenset[tuple[object, ...]], list[str]] = {}
    for service, rows in classes.items():
        if rows:
            found.setdefault(frozenset(rows), []).append(service)
    groups = []
    for services in found.values():
        best = min((tuple(sorted(classes[service].values())) for service in services), key=lambda rows: rows[0])
        groups.append(Alike(tuple(sorted(services)), best))
    return sorted(groups, key=lambda group: (-len(group.services), group.services))


def looks_everywhere(documents: Iterable[Document], perimeter: Perimeter) -> bool:
    """Whether a resource pattern of the input has no service, so that it can look at the names of every service."""
    elements = (s.resource for document in documents for s in document.statements)
    written = [text for element in elements if element for text in element.values]
    for entry in (*perimeter.third_principals, *perimeter.service_accounts):
        written += entry.resources
    for declared in (*perimeter.third_resources, *perimeter.service_resources):
        written += declared.arns
    return any(_without_service(text) for text in written)


def speaks_of_names(formulas: Iterable[Formula]) -> bool:
    """Whether a formula looks at the name of a resource, as an own assertion may, of whatever service it is."""
    return any("resource.name" in Vocabulary.of(formula).texts for formula in formulas)


def _without_service(text: str) -> bool:
    if not text.strip("*"):
        return False
    fields = text.split(":")
    partition, service = [*fields, "", "", ""][1:3]
    return any(c in partition for c in "*?$") or any(c in service for c in "*?$") or not service


def _unnamed(wanted: tuple[Formula, ...]) -> tuple[Formula, ...]:
    """What is demanded of the name counts only where a pattern could look."""
    return tuple(d for d in wanted if not (isinstance(d.payload, Glob) and d.payload.var == "resource.name"))
