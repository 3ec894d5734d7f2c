"""Why a call was, or would be, denied of which not everything is known: an access denied message, a CloudTrail event.

Every statement of every policy that binds the call is looked at in three-valued logic: it denies surely, or perhaps,
by keys that are not told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from perimeter_smt.errors import InputError
from perimeter_smt.evaluate.checks import Check, checks
from perimeter_smt.evaluate.explain import slots
from perimeter_smt.evaluate.guards import guard
from perimeter_smt.evaluate.partial import Truth, match
from perimeter_smt.evaluate.statements import StatementRef, compiled
from perimeter_smt.organization.model import Unknown
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.questions.replay.calls import Call, Reader
from perimeter_smt.questions.requests.filled import Filler
from perimeter_smt.questions.requests.grants import Allow, Speaks, can_be_granted, lacking
from perimeter_smt.request.case import Case
from perimeter_smt.request.cloudtrail.context import Known, known_of
from perimeter_smt.request.denied_message import DeniedMessage, is_encoded, read_message
from perimeter_smt.request.request import Request

_ENCODED = "the encoded authorization message of the event can be decoded by AWS alone, and was not read"
_NEVER: frozenset[str] = frozenset()
_MASKED = re.compile(r"\*{8}[0-9]{4}")
_GUARDRAILS = ("scp", "rcp", "vpce")


@dataclass(frozen=True)
class Told:
    """What the policies say to one call. `lacking`: slots where no Allow matches, with those that may.

    `blamed`: the statements that fit what the message says; None: it says nothing, or the event was not refused.
    `grantable`: some policy may grant the call; `refused`: what stops it whatever policies allow. `unsure`: the
    guardrails of which nobody knows whether they bind the call, with the key that would tell.
    """

    case: Case
    denies: tuple[Speaks, ...]
    lacking: tuple[tuple[str, tuple[Speaks, ...]], ...]
    resource_known: bool
    message: DeniedMessage | None = None
    blamed: tuple[Speaks, ...] | None = None
    assumptions: tuple[str, ...] = ()
    grantable: bool = True
    refused: str = ""
    unsure: tuple[tuple[str, str], ...] = ()
    stopping: tuple[Unknown, ...] = ()  # guardrails that the source does not tell

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
        sure = frozenset(_GUARDRAILS).difference(name for name, _ in self.unsure)
        guards = (perhaps for slot, perhaps in self.lacking if slot.partition("[")[0] in sure)
        if any(each.surely for each in self.denies) or not self.grantable or self.refused or not all(guards):
            return "deny"
        return "depends" if self.denies or self.lacking or self.stopping else "allow"


def explain_message(message: DeniedMessage, workspace: Workspace) -> Told:
    """Which statements of a workspace the message may mean."""
    filler = Filler(workspace)
    known = known_of({"userIdentity": {}}, message.principal, message.action)
    Reader(workspace).place(known, message.principal)
    request = Request(
        principal=message.principal,
        action=message.action,
        resource=_unmasked(message.resource, filler) or _nothing(message.action),
        context=dict(known.values),
    )
    told = _told(filler, request, known, resource_known=message.resource is not None)
    told = replace(told, message=message, blamed=_blamed(told, message))
    return _over_an_endpoint(told, filler, known) if message.slot == "vpce" else told


def _over_an_endpoint(told: Told, filler: Filler, known: Known) -> Told:
    """What the first listed endpoint says that fits a message on the policy of one, which the message does not name."""
    request, message = told.case.request, told.message
    assert message is not None
    fitting: list[tuple[str, Told]] = []
    for endpoint in (each for account in filler.accounts.values() for each in account.endpoints):
        service = request.action.partition(":")[0].lower()
        serves = service in endpoint.services if endpoint.services else service not in endpoint.except_services
        if endpoint.policy is None or not serves:
            continue
        over = {"aws:SourceVpce": endpoint.id, "aws:SourceVpc": endpoint.vpc}
        there = request.model_copy(update={"context": {**request.context, **over}})
        found = _told(filler, there, known, resource_known=told.resource_known)
        found = replace(found, message=message, blamed=_blamed(found, message))
        if found.agrees:
            fitting.append((endpoint.id, found))
    if not fitting:
        return told
    names = ", ".join(f"`{name}`" for name, _ in fitting)
    shown = f"; shown for `{fitting[0][0]}`" if len(fitting) > 1 else ""
    text = f"which endpoint is not told: of those that are listed {names} may be meant{shown}"
    return replace(fitting[0][1], assumptions=(*fitting[0][1].assumptions, text))


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
        told = _of_call(filler, call)
        if message is not None and message.action.lower() == call.action.lower():
            told = replace(told, message=message, blamed=_blamed(told, message))
        elif isinstance(text, str) and is_encoded(text):
            told = replace(told, assumptions=(*told.assumptions, _ENCODED))
        out.append(told)
    return tuple(out)


def _of_call(filler: Filler, call: Call) -> Told:
    """What is said to a call of an event. Guardrails of accounts of which nobody knows whether they are of the
    organization are asked, and so are those of a resource of which nobody knows whose it is: they may deny.
    """
    listed, mine = filler.workspace.grants_given, {call.recipient, *filler.accounts}
    caller, owner = call.caller.account, call.touched.account
    unsure = {
        slot: key
        for slot, account, key in (("scp", caller, "aws:principalorgid"), ("rcp", owner, "aws:resourceorgid"))
        if account is not None and not listed and account not in mine
    }
    presumed = frozenset(() if listed else (account for account in (caller, owner) if account is not None))
    filler, request = replace(filler, presumed=presumed), _request(call)
    known = call.touched.arn is not None
    told = _told(filler, request, call.known, resource_known=known)
    denies = told.denies
    if told.case.request.resource_account is None and call.touched.arn != "*" and caller is not None:
        as_mine = _told(
            filler, request.model_copy(update={"resource_account": caller}), call.known, resource_known=known
        )
        unsure["rcp"] = "aws:resourceorgid"
        denies += tuple(each for each in as_mine.denies if each.statement.slot.startswith("rcp"))
    return replace(told, denies=tuple(_unsurely(each, unsure) for each in denies), unsure=tuple(unsure.items()))


def _unsurely(speaks: Speaks, unsure: Mapping[str, str]) -> Speaks:
    key = unsure.get(speaks.statement.slot.partition("[")[0])
    return (
        speaks if key is None else replace(speaks, surely=False, depends=tuple(dict.fromkeys((*speaks.depends, key))))
    )


def _message(text: str) -> DeniedMessage | None:
    try:
        return read_message(text)
    except InputError:
        return None


def _unmasked(resource: str | None, filler: Filler) -> str | None:
    """The ARN with the account that API Gateway writes as `********1234`, if only one of the workspace ends so."""
    fields = (resource or "").split(":", 5)
    if len(fields) < 6 or not _MASKED.fullmatch(fields[4]):
        return resource
    ends = [account for account in filler.accounts if account.endswith(fields[4].lstrip("*"))]
    return ":".join([*fields[:4], ends[0], fields[5]]) if len(ends) == 1 else resource


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
    missing: dict[str, tuple[Speaks, ...]] = {}
    grantable, refused = True, ""
    for check in checks(case):
        if resource_known and not (refused or _may_come_over_endpoint(check, known)):
            refused = guard(check, _NEVER) or ""
        grants: dict[str, list[Allow]] = {}
        for slot, found in _by_slot(check, known, resource_known):
            allows = [allow for deny, allow in found if not deny]
            for deny, (speaks, _) in found:
                if deny:
                    denies.setdefault(speaks.statement, speaks)
            if slot.partition("[")[0] not in _GUARDRAILS:
                grants[slot] = allows
            elif not any(allow.speaks.surely for allow in allows):
                missing[slot] = tuple(allow.speaks for allow in allows)
        missing |= lacking(check, grants)
        grantable = grantable and can_be_granted(check, grants)
    return Told(
        case,
        tuple(denies.values()),
        tuple(missing.items()),
        resource_known,
        assumptions=filler.assumed(case),
        grantable=grantable,
        refused=refused,
        stopping=filler.stopping,
    )


def _may_come_over_endpoint(check: Check, known: Known) -> bool:
    """Whether it is not told if the call comes over an endpoint, on which access points of a VPC insist."""
    return check.resource_slot == "access_point" and "aws:sourcevpce" not in {*known.absent, *check.view.context}


def _by_slot(check: Check, known: Known, resource_known: bool) -> Iterator[tuple[str, list[tuple[bool, Allow]]]]:
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
                    speaks = Speaks(statement.reference(slot), partial.truth is Truth.YES, partial.depends)
                    found.append((statement.deny, Allow(speaks, statement.principal(check.view))))
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
