"""What grants a call of which not everything is known, and which Allow it lacks.

The rule is `granted` of the evaluator, asked twice: with the Allow statements that surely match, and with those that
may.  A policy of the resource that is not told may name the caller, which nobody knows, and is taken to leave the
decision to the policies of the caller's account, where that owns the resource.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from perimeter_smt.evaluate.checks import Check
from perimeter_smt.evaluate.grants import Own, assumed_root, granted
from perimeter_smt.evaluate.principals import ACCOUNT, DIRECT, NONE
from perimeter_smt.evaluate.statements import StatementRef
from perimeter_smt.witness.case import OPEN

UNTOLD = "policy of the resource"  # what an answer depends on where the policy of the resource is not told
_FREE = ("sts:getcalleridentity", "sts:getsessiontoken")  # calls that need no permission (semantics 3.8)
_OWN = ("identity", "boundary", "session")


@dataclass(frozen=True)
class Speaks:
    """A statement that matches, surely or by the keys in `depends`."""

    statement: StatementRef
    surely: bool
    depends: tuple[str, ...] = ()


class Allow(NamedTuple):
    """An Allow statement that matches or may, and how it names the caller."""

    speaks: Speaks
    hits: int


def lacking(check: Check, allows: Mapping[str, Sequence[Allow]]) -> dict[str, tuple[Speaks, ...]]:
    """The slots of `allows` in which an Allow is missing that the call needs, each with those that may match.

    A slot is named if the call is not granted without it, whatever the others say, or if what may match in it would
    grant the call. Nothing is lacking where what surely matches grants it.
    """
    if check.view.action in _FREE:
        return {}
    found = {slot: [_of_untold(check, slot, allow) for allow in each] for slot, each in allows.items()}
    resource = check.resource_slot
    sure, perhaps = _hits(found.get(resource, ()), surely=True), _hits(found.get(resource, ()), surely=False)
    own = _own(check, found, surely=True)
    if granted(check, own, sure):
        return {}
    out: dict[str, tuple[Speaks, ...]] = {}
    for slot in _OWN:
        if not getattr(own, slot) and not granted(check, replace(Own(True, True, True), **{slot: False}), sure):
            out[slot] = _may(found.get(slot, ()))
    rest = _may(found.get(resource, ()))
    helps = bool(rest) and granted(check, _own(check, found, surely=False), perhaps)
    if helps or not granted(check, Own(True, True, True), sure):
        out[resource] = rest
    return out


def can_be_granted(check: Check, allows: Mapping[str, Sequence[Allow]]) -> bool:
    """Whether the call is granted if everything that may match does."""
    if check.view.action in _FREE:
        return True
    perhaps = _hits(allows.get(check.resource_slot, ()), surely=False)
    return granted(check, _own(check, allows, surely=False), perhaps)


def _own(check: Check, allows: Mapping[str, Sequence[Allow]], *, surely: bool) -> Own:
    def some(slot: str) -> bool:
        return any(allow.speaks.surely or not surely for allow in allows.get(slot, ()))

    caller = check.view.caller
    by_root = caller.type == "federated-user" and caller.principal.made_by_root
    return Own(
        identity=by_root or some("identity"),
        boundary=by_root or "boundary" not in allows or some("boundary"),
        session=("session" not in allows and not assumed_root(check)) or some("session"),
    )


def _hits(allows: Sequence[Allow], *, surely: bool) -> int:
    out = NONE
    for allow in allows:
        if allow.speaks.surely or not surely:
            out |= allow.hits
        elif UNTOLD in allow.speaks.depends:
            out |= ACCOUNT
    return out


def _of_untold(check: Check, slot: str, allow: Allow) -> Allow:
    """What is not told in the policy of the resource may name the caller, or leave it to the caller's account."""
    told = allow.speaks.statement.location.file != OPEN
    if slot != check.resource_slot or told or not check.view.caller.is_iam or not check.same_account:
        return allow
    return Allow(replace(allow.speaks, surely=False, depends=(UNTOLD,)), DIRECT)


def _may(allows: Sequence[Allow]) -> tuple[Speaks, ...]:
    return tuple(allow.speaks for allow in allows if not allow.speaks.surely)
