"""Why a request is allowed or denied: the smallest changes that would allow it, the smallest sets it rests on.

For a deny: sets of changes of policies (a Deny statement that goes or lets the call pass, an Allow that is added in a
slot), each smallest, each replayed: with it the evaluator allows the call, with less it does not.  For an allow: the
smallest sets of Allow statements that suffice beside all Deny statements, replayed likewise.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Literal

from perimeter_smt.evaluate import Decision, NearStatement, closest_denial, decide
from perimeter_smt.evaluate.checks import checks
from perimeter_smt.evaluate.explain import slots
from perimeter_smt.evaluate.statements import CompiledStatement, StatementRef, compiled
from perimeter_smt.evaluate.view import Rivals, View
from perimeter_smt.policy.document import Document, Statement
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.request.case import Case, Levels
from perimeter_smt.witness.case import OPEN, open_policy

_MOST_SETS = 10
_OWN = ("identity", "boundary", "session")
_MOST_SEARCHED = 12


@dataclass(frozen=True)
class Near:
    """An Allow statement that came near, and every part of it that failed, in words."""

    statement: StatementRef
    failed: tuple[str, ...]


@dataclass(frozen=True)
class Change:
    """One change of policies. `pass-deny`: this Deny must not match (its conditions, as they hold, in `holds`);
    `add-allow`: some Allow in this slot must match (the nearest ones in `near`).
    """

    kind: Literal["pass-deny", "add-allow"]
    slot: str
    statement: StatementRef | None = None
    holds: tuple[str, ...] = ()
    near: tuple[Near, ...] = ()


@dataclass(frozen=True)
class Explanation:
    """The decision and why. `changes`: smallest sets that would allow a denied call; `rests_on`: smallest sets of
    Allow statements that an allowed call rests on; `closest`: the Deny that came nearest to stopping it.

    `stuck` says why no change of policies allows the call; `more`: there are more sets than are listed.
    """

    case: Case
    decision: Decision
    changes: tuple[tuple[Change, ...], ...] = ()
    rests_on: tuple[tuple[StatementRef, ...], ...] = ()
    closest: NearStatement | None = None
    stuck: str = ""
    more: bool = False


def explain_case(case: Case, *, rivals: Rivals = frozenset()) -> Explanation:
    """Why a case is decided as it is. `rivals`: open points that are read the other way."""
    decision = decide(case, rivals=rivals)
    if decision.allowed:
        rests_on, more = _supports(case, rivals)
        return Explanation(case, decision, (), rests_on, closest_denial(case, rivals=rivals), "", more)
    changes, stuck, more = _corrections(case, rivals)
    return Explanation(case, decision, changes, (), None, stuck, more)


@dataclass(frozen=True)
class _Found:
    """A statement that matches and binds."""

    slot: str
    statement: CompiledStatement
    view: View

    @property
    def reference(self) -> StatementRef:
        return self.statement.reference(self.slot)


def _matching(case: Case, rivals: Rivals) -> Iterator[_Found]:
    for check in checks(case):
        for slot, documents, applies in slots(check, rivals):
            for document in documents if applies else ():
                for statement in compiled(document, rivals).statements:
                    if statement.hits(check.view):
                        yield _Found(slot, statement, check.view)


def _corrections(case: Case, rivals: Rivals) -> tuple[tuple[tuple[Change, ...], ...], str, bool]:
    found = list(_matching(case, rivals))
    denies = {id(each.statement.statement): each for each in found if each.statement.deny}
    gone = frozenset(denies)
    for key in denies:  # a Deny that does not count, as where a root user repairs a policy, need not go
        if _allowed(case, gone - {key}, _openings(case, rivals), rivals):
            gone -= {key}
    settled = _settled(case, rivals)
    lacking = [slot for slot in _openings(case, rivals) if slot not in settled]
    sets: list[tuple[str, ...]] = []
    for size in range(len(lacking) + 1):
        for chosen in combinations(lacking, size):
            if any(set(smaller) <= set(chosen) for smaller in sets):
                continue
            if _allowed(case, gone, chosen, rivals):
                sets.append(chosen)
    if not sets:
        every = _without(case, gone)
        for slot in _openings(case, rivals):
            every = _opened(every, slot)
        last = decide(every, rivals=rivals)
        return (), last.detail or "no change of policies allows the call", False
    passes = [_passed(denies[key]) for key in denies if key in gone]
    out = [(*passes, *(_added(case, slot, rivals) for slot in chosen)) for chosen in sets]
    return tuple(out[:_MOST_SETS]), "", len(out) > _MOST_SETS


def _settled(case: Case, rivals: Rivals) -> set[str]:
    """Slots to which one more Allow adds nothing: some Allow matches in every check that asks them.

    Policies of resources are never settled: an Allow that names the account leaves the call to identity policies, one
    that names the caller does not (semantics 3.4). Nor are the caller's own where another ARN counts for them (X-33).
    """
    lacking, seen = {"resource", "access_point"}, set()
    for check in checks(case):
        for slot, documents, applies in slots(check, rivals):
            view = check.own_view if slot in _OWN else check.view
            found = (s for document in documents for s in compiled(document, rivals).statements if not s.deny)
            seen.add(slot)
            if applies and not any(statement.hits(view) for statement in found):
                lacking.add(slot)
    return seen - lacking


def _allowed(case: Case, gone: frozenset[int], opened: Sequence[str], rivals: Rivals) -> bool:
    changed = _without(case, gone)
    for slot in opened:
        changed = _opened(changed, slot)
    return decide(changed, rivals=rivals).allowed


def _openings(case: Case, rivals: Rivals) -> list[str]:
    """The slots in which an Allow may be added: those that bind, and identity and resource policies in any case.

    A federated user without a session policy holds no permissions of the user's (semantics 3.4): it can be given one.
    """
    out = dict.fromkeys(("identity", "resource"))
    if case.request.principal.type == "federated-user":
        out["session"] = None
    for check in checks(case):
        for slot, documents, applies in slots(check, rivals):
            if applies and (documents or slot.startswith(("scp", "rcp"))):
                out.setdefault(slot)
    return list(out)


def _passed(found: _Found) -> Change:
    conditions = tuple(_holds(found, number) for number in range(len(found.statement.conditions)))
    return Change("pass-deny", found.slot, found.reference, conditions)


def _holds(found: _Found, number: int) -> str:
    condition = found.statement.conditions[number].condition
    value = found.view.context.get(condition.name)
    shown = "absent" if value is None else f"`{value}`" if isinstance(value, str) else f"[{', '.join(value)}]"
    wanted = ", ".join(f"`{text}`" for text in condition.values[:3]) + (", ..." if len(condition.values) > 3 else "")
    return f"`{condition.operator} {condition.key}` {wanted} holds: the key is {shown}"


def _added(case: Case, slot: str, rivals: Rivals) -> Change:
    near: list[tuple[int, Near]] = []
    for check in checks(case):
        for name, documents, _ in slots(check, rivals):
            if name != slot:
                continue
            for document in documents:
                for statement in compiled(document, rivals).statements:
                    failed = tuple(str(failure) for failure in statement.failures(check.view))
                    if not statement.deny and failed:
                        near.append((len(failed), Near(statement.reference(slot), failed)))
    fewest = min((count for count, _ in near), default=0)
    return Change("add-allow", slot, near=tuple(each for count, each in near if count == fewest)[:3])


def _supports(case: Case, rivals: Rivals) -> tuple[tuple[tuple[StatementRef, ...], ...], bool]:
    """The smallest sets of Allow statements that suffice; those that stand for what is not told always count."""
    found = [each for each in _matching(case, rivals) if not each.statement.deny]
    told = {id(e.statement.statement): e for e in found if e.statement.location.file != OPEN}
    keys = list(told)

    def enough(kept: Sequence[int]) -> bool:
        return decide(_without(case, frozenset(keys) - set(kept)), rivals=rivals).allowed

    sets: list[tuple[int, ...]] = []
    if len(keys) > _MOST_SEARCHED:  # one smallest set, by leaving out one after the other
        kept = list(keys)
        for key in keys:
            if enough([other for other in kept if other != key]):
                kept.remove(key)
        sets.append(tuple(kept))
        return _references(told, sets), True
    for size in range(len(keys) + 1):
        for chosen in combinations(keys, size):
            if not any(set(smaller) <= set(chosen) for smaller in sets) and enough(chosen):
                sets.append(chosen)
    return _references(told, sets[:_MOST_SETS]), len(sets) > _MOST_SETS


def _references(told: dict[int, _Found], sets: Sequence[Sequence[int]]) -> tuple[tuple[StatementRef, ...], ...]:
    return tuple(tuple(told[key].reference for key in chosen) for chosen in sets)


def _without(case: Case, gone: frozenset[int]) -> Case:
    """The case without these statements."""
    if not gone:
        return case

    def cut(document: Document | None) -> Document | None:
        if document is None or not any(id(statement) in gone for statement in document.statements):
            return document
        kept = [statement for statement in document.statements if id(statement) not in gone]
        return _holding(document, kept)

    def each(documents: Sequence[Document]) -> tuple[Document, ...]:
        return tuple(found for document in documents if (found := cut(document)) is not None)

    def levels(found: Levels | None) -> Levels | None:
        return None if found is None else tuple(each(level) for level in found)

    return replace(
        case,
        identity=each(case.identity),
        resource=cut(case.resource),
        resource_more=each(case.resource_more),
        boundary=cut(case.boundary),
        session=None if case.session is None else each(case.session),
        scp=levels(case.scp),
        rcp=levels(case.rcp),
        endpoint=cut(case.endpoint),
        access_point=cut(case.access_point),
    )


def _holding(document: Document, statements: Sequence[Statement]) -> Document:
    return document.model_copy(update={"statements": tuple(statements)})


def _opened(case: Case, slot: str) -> Case:
    """The case with an Allow for everything and everybody in a slot."""
    name, _, level = slot.partition("[")
    if name in ("scp", "rcp"):
        number = int(level.rstrip("]"))
        if name == "scp":
            return replace(case, scp=_more(case.scp or (), number, Kind.SCP))
        return replace(case, rcp=_more(case.rcp or (), number, Kind.RCP))
    if name == "identity":
        return replace(case, identity=(*case.identity, open_policy(Kind.IDENTITY)))
    if name == "session":
        return replace(case, session=(*(case.session or ()), open_policy(Kind.SESSION)))
    if name == "vpce":
        return replace(case, endpoint=_wider(case.endpoint, Kind.ENDPOINT))
    if name == "access_point":
        return replace(case, access_point=_wider(case.access_point, Kind.ACCESS_POINT))
    if name == "boundary":
        return replace(case, boundary=_wider(case.boundary, Kind.BOUNDARY))
    return replace(case, resource=_wider(case.resource, Kind.RESOURCE))


def _more(levels: Levels, number: int, kind: Kind) -> Levels:
    return (*levels[:number], (*levels[number], open_policy(kind)), *levels[number + 1 :])


def _wider(document: Document | None, kind: Kind) -> Document:
    if document is None:
        return open_policy(kind)
    return _holding(document, (*document.statements, *open_policy(document.kind).statements))
