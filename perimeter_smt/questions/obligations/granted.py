"""Less and more than an organization grants: what holds of both ends holds of what lies between (docs/scaling.md).

Access rises with what identity policies, boundaries and session policies allow, falls with what they deny, and rises
with the principals that there are.  Both ends are small: few principals are left, or all may do the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from perimeter_smt.encode.world import root
from perimeter_smt.encode.world.catalogue import Calls
from perimeter_smt.organization.model import Account, OwnedPrincipal, Unit
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.policy.document import Document, Element, Location, Statement
from perimeter_smt.policy.kinds import Kind

TOGETHER = "identity policies taken together"
_HERE = Location(file=TOGETHER, path="$", line=1)
_SERVICE_LINKED = "role/aws-service-role/"


def less(workspace: Workspace) -> Workspace:
    """The workspace without the users and roles of accounts that list them all: a request of it is one of the whole.

    Service-linked roles stay: every account has them, listed or not, and what is listed is known of them.  Where not
    everybody is listed, leaving somebody out would tell less of him, not that he is not there.
    """

    def left(account: Account) -> Account:
        return account.model_copy(update={"principals": tuple(p for p in account.principals if not _goes(account, p))})

    return mapped(workspace, left)


def left_out(workspace: Workspace) -> Iterator[OwnedPrincipal]:
    """The principals that `less` leaves out."""
    for account, _ in workspace.organization.accounts():
        yield from (principal for principal in account.principals if _goes(account, principal))


def more(workspace: Workspace, services: Sequence[str]) -> Workspace:
    """The workspace in which everybody may do, on any resource, what any identity policy allows anybody.

    Nothing is denied or held back but by guardrails, resource and trust policies.  `services`: no others are asked.
    """
    held = (d for account, _ in workspace.organization.accounts() for p in account.principals for d in p.policies)
    allowed = tuple(_together({id(d): d for d in held}.values(), services))
    one = Document(kind=Kind.IDENTITY, version="2012-10-17", id=None, statements=allowed, name=TOGETHER, location=_HERE)

    def free(principal: OwnedPrincipal) -> OwnedPrincipal:
        sessions = tuple(session.model_copy(update={"policies": ()}) for session in principal.sessions)
        return principal.model_copy(update={"policies": (one,), "boundary": None, "sessions": sessions})

    return mapped(workspace, lambda a: a.model_copy(update={"principals": tuple(map(free, a.principals))}))


def mapped(workspace: Workspace, change: Callable[[Account], Account]) -> Workspace:
    """The workspace with every account changed."""

    def unit(above: Unit) -> Unit:
        accounts = tuple(map(change, above.accounts))
        return above.model_copy(update={"accounts": accounts, "units": tuple(map(unit, above.units))})

    organization = workspace.organization
    return workspace.model_copy(
        update={"organization": organization.model_copy(update={"root": unit(organization.root)})}
    )


def _goes(account: Account, principal: OwnedPrincipal) -> bool:
    return account.listed and not principal.service_linked and _SERVICE_LINKED not in principal.arn


def _together(documents: Iterable[Document], services: Sequence[str]) -> Iterator[Statement]:
    """One statement for each action pattern that Allow statements name, without those that others cover.

    Patterns are covered by what they match of the calls in question, so that other words for the same make no
    difference.
    """
    calls = Calls(tuple(services))
    texts: dict[str, None] = {}
    negated: dict[tuple[str, ...], None] = {}
    for document in documents:
        for statement in document.statements:
            if statement.effect != "Allow":
                continue
            if statement.action.negated:
                negated[tuple(sorted(map(str.lower, statement.action.values)))] = None
            else:
                texts.update(dict.fromkeys(map(str.lower, statement.action.values)))
    found = [_element(False, (text,)) for text in _uncovered(calls, sorted(texts))]
    found += [_element(True, values) for values in sorted(negated)]
    busy = (element for element in found if not (calls.idle(element) and root.idle(element)))
    for index, element in enumerate(busy):
        yield Statement(
            index=index, sid=None, effect="Allow", action=element, resource=_element(False, ("*",)), principal=None,
            conditions=(), location=_HERE,
        )  # fmt: skip


def _uncovered(calls: Calls, texts: Sequence[str]) -> Iterator[str]:
    """The patterns, the widest first, without those that match nothing more than the ones before."""
    rows: dict[str, int] = {}
    for text in texts:
        service, _, name = text.partition(":")
        if not name or not service.strip() or "*" in service or "?" in service:
            yield text
        else:
            rows[text] = calls.members(f"action ~ {text}") << 1 | (not root.idle(_element(False, (text,))))
    covered = 0
    for text in sorted(rows, key=lambda text: (-rows[text].bit_count(), text)):
        if rows[text] & ~covered:
            covered |= rows[text]
            yield text


def _element(negated: bool, values: tuple[str, ...]) -> Element:
    return Element(negated=negated, values=values, location=_HERE)
