"""Roles that no question about taking them can tell apart: one stands for all of its kind.

Two roles of one account are alike if they have the same trust policy and tags, and every pattern of the input that may
look at a role's ARN matches both or neither. What lets an outsider take one of them lets him take the other.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import translate
from functools import lru_cache

from perimeter_smt.logic.formula import Formula, both, disj, is_text
from perimeter_smt.organization.model import Account, OwnedPrincipal, Unit
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.render import to_json


@dataclass(frozen=True)
class Kind:
    """Roles of one account that are alike; the first of them stands in the smaller workspace."""

    roles: tuple[OwnedPrincipal, ...]

    @property
    def first(self) -> OwnedPrincipal:
        """The one that stands for all."""
        return self.roles[0]

    @property
    def shown(self) -> str:
        """The first by its ARN, and how many more there are."""
        more = len(self.roles) - 1
        return self.first.arn + (f" and {more} more with its trust policy" if more else "")

    @property
    def here(self) -> Formula:
        """The call is on the one that stands for all."""
        return target(self.first)


def target(role: OwnedPrincipal) -> Formula:
    """The resource of the call is this role."""
    name = role.arn.split(":", 5)[5]
    return both(is_text("resource.account", role.account), is_text("resource.name", name))


def any_of(kinds: Iterable[Kind]) -> Formula:
    """The call is on one of them."""
    return disj(kind.here for kind in kinds)


def kinds_of(workspace: Workspace) -> tuple[Workspace, list[Kind]]:
    """The workspace with one role of each kind, without resources and without what its principals are allowed.

    For questions about callers who are not in my organization. Where the perimeter leaves accounts of the organization
    out, all principals keep what they have.
    """
    organization, perimeter = workspace.organization, workspace.perimeter
    bare = organization.id in perimeter.orgs and not perimeter.paths
    tests = _patterns(workspace)
    found: list[Kind] = []

    def one(account: Account) -> Account:
        kinds: dict[object, list[OwnedPrincipal]] = {}
        for principal in account.principals:
            if principal.type == "role" and not principal.service_linked:
                seen = tuple(bool(test.match(principal.arn)) for test in tests)
                key = (_content(principal.trust), tuple(sorted(principal.tags.items())), seen)
                kinds.setdefault(key, []).append(principal)
        here = [Kind(tuple(roles)) for roles in kinds.values()]
        found.extend(here)
        if not bare:
            return account
        kept = [kind.first.model_copy(update={"policies": (), "boundary": None}) for kind in here]
        return account.model_copy(update={"principals": tuple(kept), "resources": ()})

    def all_of(unit: Unit) -> Unit:
        accounts, units = tuple(map(one, unit.accounts)), tuple(map(all_of, unit.units))
        return unit.model_copy(update={"accounts": accounts, "units": units})

    smaller = organization.model_copy(update={"root": all_of(organization.root)})
    return workspace.model_copy(update={"organization": smaller}), found


def _content(document: Document | None) -> str:
    return "" if document is None else _text(document)


@lru_cache(maxsize=4096)
def _text(document: Document) -> str:
    return json.dumps(to_json(document), sort_keys=True)


def _patterns(workspace: Workspace) -> list[re.Pattern[str]]:
    """What of guardrails, endpoint policies and the perimeter may look at the ARN of a role."""
    texts = {text for text in _texts(workspace) if ":" in text and "role" in text}
    # Variables may become anything, and stars cross fields: coarser than any reading, which only makes more kinds.
    plain = sorted(re.sub(r"\$\{[^}]*\}", "*", text).replace("[", "?") for text in texts)
    return [re.compile(translate(text), re.IGNORECASE) for text in plain]


def _texts(workspace: Workspace) -> Iterator[str]:
    organization, perimeter = workspace.organization, workspace.perimeter
    for account, path in organization.accounts():
        levels = (*(unit.guardrails for unit in path), account.guardrails)
        documents = [d for level in levels for d in (*level.scps, *level.rcps)]
        documents += [endpoint.policy for endpoint in account.endpoints if endpoint.policy]
        for document in {id(d): d for d in documents}.values():
            for statement in document.statements:
                yield from statement.resource.values if statement.resource else ()
    for vendor in perimeter.vendors:
        yield from vendor.roles
    for entry in perimeter.third_principals:
        yield from entry.resources
