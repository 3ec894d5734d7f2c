"""The same laws for other questions: `compare`, `findings`, `public`, `no-new-access` of two documents."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from perimeter_smt.errors import InputError
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.questions.changes.ask import compare_workspaces
from perimeter_smt.questions.checks.no_new_access import no_new_access
from perimeter_smt.questions.checks.workspace import public_in_workspace
from perimeter_smt.questions.findings.answer import findings_of_workspace
from tests.attack.laws import documents as docs
from tests.attack.laws.rewrite import REWRITINGS
from tests.attack.laws.state import OBJECTIVES, Pair

_OF_OTHERS = ("unit without accounts",)  # members that nobody lists may be in it: they are held, the verdicts stay

Seen = Iterator[tuple[str, str]]  # the question, and what is wrong (empty: nothing)


def compared(pair: Pair) -> Seen:
    """Nothing opens or closes where the meaning is the same; nothing opens where less gets through."""
    if pair.access is None or pair.back is not None:
        return
    mode = pair.before.mode
    found = compare_workspaces(
        pair.before.workspace, pair.after.workspace, objectives=OBJECTIVES, services=[pair.before.service],
        modes=[mode], reading="exact",  # type: ignore[list-item]
    )  # fmt: skip
    (part,) = found.parts
    for name, side, relations in (("opens", part.opens, ("=", "<=")), ("closes", part.closes, ("=", ">="))):
        if pair.law in _OF_OTHERS and name == "closes":
            continue
        if pair.access in relations and side.status != "unknown":
            yield "compare", "" if side.status == "none" else f"{pair.law}: {name} {side.status} {side.reason[:200]}"


def _public(pair: Pair) -> list[dict[str, str]]:
    return [{one.subject: one.result for one in public_in_workspace(state.workspace)}
            for state in (pair.before, pair.after)]  # fmt: skip


def public(pair: Pair) -> Seen:
    """A policy that lets in everybody does so however it is written."""
    if pair.access != "=" or pair.back is not None or pair.before.mode != "grants":
        return
    one, other = _public(pair)
    for subject, result in one.items():
        if subject in other and "UNKNOWN" not in (result, other[subject]):
            same = result == other[subject]
            yield "public", "" if same else f"{pair.law}: {subject} {result} {other[subject]}"


def findings(pair: Pair) -> Seen:
    """There are ways in, and ways in for the public, however the policies are written."""
    if pair.access not in ("=", "<=") or pair.before.mode != "grants":
        return
    try:
        one, other = (
            findings_of_workspace(state.workspace, zone="organization", services=[state.service])
            for state in (pair.before, pair.after)
        )
    except InputError:
        return
    if "unknown" in (one.status, other.status):
        return
    some = bool(other.findings) <= bool(one.findings) if pair.access == "<=" else (
        bool(one.findings) == bool(other.findings))  # fmt: skip
    whose = [{finding.resource for finding in each.findings} for each in (one, other)]
    some = some and (pair.back is not None or (whose[1] <= whose[0] if pair.access == "<=" else whose[0] == whose[1]))
    yield "findings", "" if some else f"{pair.law}: {sorted(whose[0])} {sorted(whose[1])}"


def documents(pair: Pair) -> Seen:
    """`no-new-access` passes both ways between two policies of the same meaning."""
    if pair.law not in (*REWRITINGS, "order of statements", "older version without variables"):
        return  # documents of others stand at other places
    one, other = docs.documents(pair.before.workspace), docs.documents(pair.after.workspace)
    if len(one) != len(other):
        return
    changed = [(a, b) for a, b in zip(one, other, strict=True) if a.statements != b.statements]
    for a, b in changed[:2]:
        if a.kind in (Kind.SCP, Kind.RCP) and a.stands_beside_full_access != b.stands_beside_full_access:
            continue
        for old, new in ((a, b), (b, a)):
            answer = no_new_access(old, new, only_possible=True)
            wrong = answer.result == "FAIL"
            yield "no-new-access", f"{pair.law}: {answer.message} {docs.statements(new)}" if wrong else ""


def others(rng: Random, pair: Pair) -> Seen:
    """One of them, drawn."""
    yield from rng.choice((compared, compared, public, findings, documents))(pair)
