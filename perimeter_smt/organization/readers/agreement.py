"""Whether perimeter and organization speak of the same things: organization, units, accounts, statements.

Each file may be right by itself and the two say nothing together: a claim about an organization that is not the one of
the tree, a partner that is an account of mine, a denial that no statement has. What is left would be proved or refuted
about something that nobody meant.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from fnmatch import fnmatchcase

from perimeter_smt.errors import InputError, SeveralInputError, did_you_mean
from perimeter_smt.organization.model import Organization, Unit
from perimeter_smt.organization.perimeter import Perimeter, TrustedPrincipal, TrustedResource
from perimeter_smt.organization.readers.yaml import Node
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.json_positions import quoted


def check(perimeter: Perimeter, organization: Organization, node: Node | None, *, drawn: bool = True) -> None:
    """InputError for everything in which the two do not fit; `node` is where the perimeter was read from, if at all.

    `drawn`: the tree is somebody's, and not made up around guardrails that were given by themselves.
    """
    found = _Check(perimeter, organization, node, drawn)
    errors = [*found.organization_of_tree(), *(found.paths() if drawn else ()), *found.partners()]
    errors += [*found.denials(), *found.ranges()]
    if errors:
        raise SeveralInputError(errors)


class _Check:
    def __init__(self, perimeter: Perimeter, organization: Organization, node: Node | None, drawn: bool) -> None:
        self._perimeter, self._organization, self._node, self._drawn = perimeter, organization, node, drawn

    def organization_of_tree(self) -> Iterator[InputError]:
        """`orgs` names the organization of the tree; without `orgs`, some of its accounts are mine."""
        own = self._organization.id
        if self._perimeter.orgs:
            if own not in self._perimeter.orgs:
                yield self._error(f"the organization of the tree, `{own}`, is not among them: nothing of it is mine",
                                  "orgs")  # fmt: skip
        elif not set(self._perimeter.accounts) & self._ids():
            yield self._error("no account of the organization is among them: nothing of it is mine", "accounts")

    def paths(self) -> Iterator[InputError]:
        """Every path lies in an organization of mine and, if that is the tree, at a unit of it."""
        own = self._organization.id
        known = [path for path, _ in _units(self._organization)]
        for number, pattern in enumerate(self._perimeter.paths):
            first = pattern.partition("/")[0]
            if first not in self._perimeter.orgs:
                yield self._error(f"{quoted(pattern)} is of an organization that is not among `orgs`", "paths", number)
            elif first == own and not any(fnmatchcase(path, f"{pattern.rstrip('*')}*") for path in known):
                near = did_you_mean(pattern, known)
                yield self._error(f"{quoted(pattern)} is no unit of the organization{near}", "paths", number)

    def partners(self) -> Iterator[InputError]:
        """Trusted third parties and accounts of AWS are not mine: what they may do would be said twice."""
        mine = self._mine()
        for name in ("third_principals", "third_resources", "service_accounts", "service_resources"):
            entries: tuple[TrustedPrincipal | TrustedResource, ...] = getattr(self._perimeter, name)
            for number, entry in enumerate(entries):
                if entry.account in mine:
                    yield self._error(f"account `{entry.account}` is mine, expected one of somebody else", name, number,
                                      "account")  # fmt: skip

    def denials(self) -> Iterator[InputError]:
        """Intended denials are ids of statements of the guardrails."""
        sids = {
            statement.sid
            for document in _guardrails(self._organization)
            for statement in document.statements
            if statement.sid
        }
        for number, sid in enumerate(self._perimeter.intended_denials):
            if sid not in sids:
                yield self._error(f"no guardrail has a statement {quoted(sid)}{did_you_mean(sid, sids)}",
                                  "intended_denials", number)  # fmt: skip

    def ranges(self) -> Iterator[InputError]:
        """The ranges together are not every address."""
        networks = [ipaddress.ip_network(text) for text in self._perimeter.cidrs]
        four = ipaddress.collapse_addresses(n for n in networks if isinstance(n, ipaddress.IPv4Network))
        six = ipaddress.collapse_addresses(n for n in networks if isinstance(n, ipaddress.IPv6Network))
        if any(n.prefixlen == 0 for n in four) or any(n.prefixlen == 0 for n in six):
            yield self._error("the ranges together are every address: expected those of my networks", "cidrs")

    def _ids(self) -> set[str]:
        return {account.id for account, _ in self._organization.accounts()} | {self._organization.management_account}

    def _mine(self) -> set[str]:
        """My accounts: those named, and those of the tree, narrowed by `paths` as the claim is."""
        mine = set(self._perimeter.accounts)
        if not self._drawn or self._organization.id not in self._perimeter.orgs:
            return mine
        if not self._perimeter.paths:
            return mine | self._ids()
        for path, unit in _units(self._organization):
            if any(fnmatchcase(path, f"{pattern.rstrip('*')}*") for pattern in self._perimeter.paths):
                mine |= {account.id for account in unit.accounts}
        return mine

    def _error(self, message: str, *steps: str | int) -> InputError:
        """An error at a member of the perimeter, or at the nearest place that the file has."""
        at = self._node
        if at is None:
            return InputError(message, path=f"perimeter {steps[0]}")
        for step in steps:
            value = at.value
            if isinstance(value, dict) and isinstance(step, str):
                inner = value.get(step)
            else:
                inner = value[step] if isinstance(value, list) and isinstance(step, int) and step < len(value) else None
            if inner is None:
                break
            at = inner
        return at.error(message)


def _units(organization: Organization) -> Iterator[tuple[str, Unit]]:
    """The root and every unit with its organization path, which ends with a slash."""
    stack = [(f"{organization.id}/{organization.root.id}/", organization.root)]
    while stack:
        path, unit = stack.pop()
        yield path, unit
        stack.extend((f"{path}{child.id}/", child) for child in reversed(unit.units))


def _guardrails(organization: Organization) -> Iterator[Document]:
    """Every SCP, RCP and endpoint policy."""
    for _, unit in _units(organization):
        for level in (unit.guardrails, *(account.guardrails for account in unit.accounts)):
            yield from (*level.scps, *level.rcps)
        for account in unit.accounts:
            yield from (endpoint.policy for endpoint in account.endpoints if endpoint.policy)
