"""Why a call was, or would be, denied of which not everything is known: an access denied message, a CloudTrail event.

Every statement of every policy that binds the call is looked at in three-valued logic: it denies surely, or perhaps,
by keys that are not told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from perimeter_smt.errors import InputError
from perimeter_smt.evaluate.checks import Check, checks
from perimeter_smt.evaluate.explain import slots
from perimeter_smt.evaluate.partial import Truth, match
from perimeter_smt.evaluate.statements import StatementRef, compiled
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.questions.replay.calls import Call, Reader
from perimeter_smt.questions.requests.filled import Filler
from perimeter_smt.request.case import Case
from perimeter_smt.request.cloudtrail.context import Known, known_of
from perimeter_smt.request.denied_message import DeniedMessage, is_encoded, read_message
from perimeter_smt.request.request import Request

_ENCODED = "the encoded authorization message of the event can be decoded by AWS alone, and was not read"
_NEVER: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Speaks:
    """A statement that matches, surely or by the keys in `depends`."""

    statement: StatementRef
    surely: bool
    depends: tuple[str, ...] = ()


@dataclass(frozen=True)
class Told:
    """What the policies say to one call. `lacking`: slots where no Allow matches, with those that may.

    `blamed`: the statements that fit what the message says; None: it says nothing, or the event was not refused.
    """

    case: Case
    denies: tuple[Speaks, ...]
    lacking: tuple[tuple[str, tuple[Speaks, ...]], ...]
    resource_known: bool
    message: DeniedMessage | None = None
    blamed: tuple[Speaks, ...] | None = None
    assumptions: tuple[str, ...] = ()

    @property
    def agrees(self) -> bool:
        """Whether the workspace says what the message says."""
        message = self.message
        if message is None or message.explicit is None:
            return True
        if message.explicit:
            return bool(self.blamed)
        return any(_fits(slot, message) for slot, _ in self.lacking)

    @property
    def outcome(self) -> str:
        """`deny` where a Deny surely matches, or nothing can allow; `depends`; `allow` where nothing stops the call."""
        if any(each.surely for each in self.denies) or any(not perhaps for _, perhaps in self.lacking):
            return "deny"
        return "depends" if self.denies or self.lacking else "allow"


def explain_message(message: DeniedMessage, workspace: Workspace) -> Told:
    """Which statements of a workspace the message may mean."""
    filler = Filler(workspace)
    known = known_of({"userIdentity": {}}, message.principal, message.action)
    request = Request(
        principal=message.principal,
        action=message.action,
        resource=message.resource or _nothing(message.action),
        context=dict(known.values),
    )
    told = _told(filler, request, known, resource_known=message.resource is not None)
    return replace(told, message=message, blamed=_blamed(told, message))


def explain_event(event: Mapping[str, Any], workspace: Workspace) -> tuple[Told, ...]:
    """What the policies of a workspace say to the calls of an event; NotACall if it asks nothing of IAM."""
    filler = Filler(workspace)
    happened = Reader(workspace).happened(event)
    message = None
    text = event.get("errorMessage")
    if happened.refused and isinstance(text, str):
        message = _message(text)
    out = []
    for call in happened.calls:
        told = _told(filler, _request(call), call.known, resource_known=call.touched.arn is not None)
        if message is not None and message.action.lower() == call.action.lower():
            told = replace(told, message=message, blamed=_blamed(told, message))
        elif isinstance(text, str) and is_encoded(text):
            told = replace(told, assumptions=(*told.assumptions, _ENCODED))
        out.append(told)
    return tuple(out)


def _message(text: str) -> DeniedMessage | None:
    try:
        return read_message(text)
    except InputError:
        return None


def _request(call: Call) -> Request:
    return Request(
        principal=call.caller,
        action=call.action,
        resource=call.touched.arn or _nothing(call.action),
        resource_account=call.touched.account,
        context=dict(call.known.values),
    )


def _nothing(action: str) -> str:
    return f"arn:aws:{action.partition(':')[0]}:::"


def _told(filler: Filler, request: Request, known: Known, *, resource_known: bool) -> Told:
    case = filler.case(Case("request", (), None, None, None, None, None, None, None, request))
    denies: dict[StatementRef, Speaks] = {}
    lacking: dict[str, list[Speaks]] = {}
    for check in checks(case):
        for slot, found in _by_slot(check, known, resource_known):
            allows = [speaks for deny, speaks in found if not deny]
            for deny, speaks in found:
                if deny:
                    denies.setdefault(speaks.statement, speaks)
            if not any(speaks.surely for speaks in allows):
                lacking[slot] = allows
    if "identity" in lacking and "resource" not in lacking:
        same = case.request.principal.account == case.request.resource_account
        if same and case.resource is not None:
            del lacking["identity"]
    if "resource" in lacking and not _needs_resource(case):
        del lacking["resource"]
    return Told(
        case,
        tuple(denies.values()),
        tuple((slot, tuple(perhaps)) for slot, perhaps in lacking.items()),
        resource_known,
        assumptions=filler.assumed(case),
    )


def _needs_resource(case: Case) -> bool:
    """Whether a policy of the resource must allow: across accounts, for trust policies and keys, without an account."""
    request = case.request
    owner = request.resource_account
    service, _, name = request.action.lower().partition(":")
    if request.principal.account is None:
        return True
    if service == "kms" or (service == "sts" and name.startswith("assumerole")):
        return request.resource != "*"
    return owner is not None and owner != request.principal.account


def _by_slot(check: Check, known: Known, resource_known: bool) -> Iterator[tuple[str, list[tuple[bool, Speaks]]]]:
    """The statements that match or may, by slot; slots that do not bind are left out."""
    for slot, documents, applies in slots(check, _NEVER):
        name = slot.partition("[")[0]
        if not applies or (not documents and name in ("boundary", "session", "vpce")):
            continue
        found = []
        for document in documents:
            for statement in compiled(document, _NEVER).statements:
                partial = match(
                    statement,
                    check.view,
                    known.absent,
                    known.choices,
                    has_variables=document.has_variables,
                    resource=resource_known,
                )
                if partial.truth is not Truth.NO:
                    surely = partial.truth is Truth.YES
                    found.append((statement.deny, Speaks(statement.reference(slot), surely, partial.depends)))
        yield slot, found


def _blamed(told: Told, message: DeniedMessage) -> tuple[Speaks, ...] | None:
    """The statements that fit the message: Deny statements of the type of policy that it names, of its ARN's id."""
    if message.explicit is False:
        return tuple(speaks for slot, perhaps in told.lacking if _fits(slot, message) for speaks in perhaps)
    if message.explicit is None:
        return None
    return tuple(speaks for speaks in told.denies if _fits(speaks.statement.slot, message))


def _fits(slot: str, message: DeniedMessage) -> bool:
    return message.slot is None or slot.partition("[")[0].replace("access_point", "resource") == message.slot
