"""The decision on one call (semantics 3.2): explicit denies, guardrails, service guards, grants."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TypeVar

from perimeter_smt.evaluate.acls import acl_hits
from perimeter_smt.evaluate.checks import Check, checks
from perimeter_smt.evaluate.consulted import Watched
from perimeter_smt.evaluate.grants import Own, assumed_root, granted
from perimeter_smt.evaluate.guards import guard, repairs_lockout
from perimeter_smt.evaluate.principals import NONE
from perimeter_smt.evaluate.statements import CompiledStatement, StatementRef, compiled
from perimeter_smt.evaluate.view import Rivals, View
from perimeter_smt.policy.document import Document
from perimeter_smt.request.case import Case

_T = TypeVar("_T")

GRANT, EXPLICIT_DENY, IMPLICIT_DENY = "grant", "explicit_deny", "implicit_deny"
_STRANGER = "the owner of the resource is not known (no `resource_account`): it is taken to be another account"
_IDENTITY_CALL, _SESSION_TOKEN = "sts:getcalleridentity", "sts:getsessiontoken"


@dataclass(frozen=True, slots=True)
class Decision:
    """What AWS answers.

    `reason`: `grant`, `explicit_deny` or `implicit_deny`; `detail` says in words what an implicit deny lacks.
    `statements`: those that deny, or those of every slot that allow. `parts`: one decision per sub-request.
    `assumptions`: what was taken to be so because the case does not say it.
    """

    allowed: bool
    reason: str
    detail: str = ""
    statements: tuple[StatementRef, ...] = ()
    parts: tuple[Decision, ...] = ()
    assumptions: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self.allowed


@dataclass(slots=True)
class _Tally:
    """Selected statements of some documents of one slot."""

    slot: str
    denies: list[CompiledStatement]
    allows: list[CompiledStatement]
    hits: int = NONE

    def references(self, statements: Iterable[CompiledStatement]) -> Iterable[StatementRef]:
        return (statement.reference(self.slot) for statement in statements)


def decide(case: Case, *, rivals: Rivals = frozenset()) -> Decision:
    """Decide a call. `rivals`: the open points (`X-1`, ...) that are read the other way (semantics 7).

    Calls that expand to several requests succeed if every one does; the first that fails gives the reason, an
    explicit deny before others.
    """
    found = tuple(checks(case))
    decision = _together(tuple(_one(check, rivals) for check in found))
    if all(check.owner is not None or not check.owner_matters for check in found):
        return decision
    return replace(decision, assumptions=(_STRANGER,))


def consulted(case: Case, *, rivals: Rivals = frozenset()) -> frozenset[str]:
    """The open points that the answer to a call can depend on, each by itself: `decide` looks at no others."""
    watched = Watched(rivals)
    decide(case, rivals=watched)
    return frozenset(watched.consulted)


def _together(parts: tuple[Decision, ...]) -> Decision:
    """The answer to the call from those to its parts."""
    if len(parts) == 1:
        return parts[0]
    failed = [part for part in parts if not part.allowed]
    if failed:
        first = next((part for part in failed if part.reason == EXPLICIT_DENY), failed[0])
        return Decision(False, first.reason, first.detail, first.statements, parts)
    statements = dict.fromkeys(reference for part in parts for reference in part.statements)
    return Decision(True, GRANT, "", tuple(statements), parts)


def _one(check: Check, rivals: Rivals) -> Decision:
    case, view = check.case, check.view
    if view.action == _IDENTITY_CALL and "X-39" not in rivals:
        return Decision(True, GRANT, "the call needs no permission")
    free = view.action in (_IDENTITY_CALL, _SESSION_TOKEN)
    own = () if free else _own(check, rivals)
    resource = _tally("resource" if free else check.resource_slot, _resource_policy(check, free), view, rivals)
    scp = _levels("scp", case.scp if check.scp_applies(rivals) else None, view, rivals)
    rcp = _levels("rcp", case.rcp if check.rcp_applies(rivals) else None, view, rivals)
    endpoint = _tally("vpce", _some(case.endpoint), view, rivals) if check.endpoint_applies else None
    guardrails = (*scp, *rcp, *_some(endpoint))
    repaired = repairs_lockout(check)
    denying = [*own, *(() if repaired else (resource,)), *guardrails]
    denies = tuple(reference for tally in denying for reference in tally.references(tally.denies))
    if denies:
        return Decision(False, EXPLICIT_DENY, "", denies)
    lacking = _lacking(scp, rcp, endpoint) or (None if view.action == _IDENTITY_CALL else guard(check, rivals))
    if lacking:
        return Decision(False, IMPLICIT_DENY, lacking)
    allows = tuple(reference for tally in (*own, resource, *guardrails) for reference in tally.references(tally.allows))
    own_allows = _own_allows(check, own, free)
    if view.action == _IDENTITY_CALL or granted(check, own_allows, resource.hits):
        return Decision(True, GRANT, "", allows)
    if granted(check, own_allows, resource.hits | acl_hits(check)):
        return Decision(True, GRANT, "an access control list grants the call", allows)
    return Decision(False, IMPLICIT_DENY, "no policy grants the call")


def _lacking(scp: list[_Tally], rcp: list[_Tally], endpoint: _Tally | None) -> str | None:
    """The guardrail that does not allow the call."""
    for levels, name in ((scp, "SCP"), (rcp, "RCP")):
        for level in levels:
            if not level.allows:
                return f"no {name} allows the call at level `{level.slot}`"
    if endpoint is not None and not endpoint.allows:
        return "the endpoint policy does not allow the call"
    return None


def session_policies(case: Case) -> tuple[Document, ...]:
    """The session policies that were passed."""
    passed = case.flags.session_policy_passed
    return () if passed is False else case.session or ()


def _passed(case: Case) -> bool:
    flag = case.flags.session_policy_passed
    return bool(case.session) if flag is None else flag


def _own(check: Check, rivals: Rivals) -> tuple[_Tally, ...]:
    """The caller's own policies: denies by this check's resource, allows by the access point's where there is one."""
    case = check.case
    slots = (("identity", case.identity), ("boundary", _some(case.boundary)), ("session", session_policies(case)))
    tallies = tuple(_tally(slot, documents, check.view, rivals) for slot, documents in slots)
    if check.own_view is check.view:
        return tallies
    outer = (_tally(slot, documents, check.own_view, rivals) for slot, documents in slots)
    return tuple(_Tally(at.slot, at.denies, by.allows) for at, by in zip(tallies, outer, strict=True))


def _own_allows(check: Check, own: tuple[_Tally, ...], free: bool) -> Own:
    if free:  # the caller's policies have no effect (3.8)
        return Own(True, True, True)
    case, caller = check.case, check.view.caller
    identity, boundary, session = own
    by_root = caller.type == "federated-user" and caller.principal.made_by_root
    limited = _passed(case) or caller.type == "federated-user" or assumed_root(check)
    return Own(
        identity=by_root or bool(identity.allows),
        boundary=by_root or case.boundary is None or bool(boundary.allows),
        session=bool(session.allows) if limited else True,
    )


def _resource_policy(check: Check, free: bool) -> tuple[Document, ...]:
    """The resource-type policy; `kms:RetireGrant` has no effect in a key policy (semantics 3.7)."""
    if free or check.view.action == "kms:retiregrant":
        return ()
    return (*_some(check.resource_policy), *check.also)


def _levels(name: str, levels: tuple[tuple[Document, ...], ...] | None, view: View, rivals: Rivals) -> list[_Tally]:
    return [_tally(f"{name}[{index}]", level, view, rivals) for index, level in enumerate(levels or ())]


def _tally(slot: str, documents: tuple[Document, ...], view: View, rivals: Rivals) -> _Tally:
    tally = _Tally(slot, [], [])
    for document in documents:
        for statement in compiled(document, rivals).statements:
            hits = statement.hits(view)
            if isinstance(rivals, Watched):
                rivals.consulted.update(*statement.consulted(view))
            if not hits:
                continue
            if statement.deny:
                tally.denies.append(statement)
            else:
                tally.allows.append(statement)
                tally.hits |= hits
    return tally


def _some(value: _T | None) -> tuple[_T, ...]:
    return () if value is None else (value,)
