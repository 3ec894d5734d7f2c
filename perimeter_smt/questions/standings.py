"""Where two versions of one document may stand: by themselves, or beside others that allow what they do not.

An SCP is one of several at its level, of which one Allow is enough (Organizations guide, SCP evaluation). An identity
policy is one of several, too, and a bucket policy stands beside those of its account's identities (IAM guide, policy
evaluation logic). Of each request the others allow it or they do not, so that two places tell every other: by itself,
and beside a policy that allows everything. There a Deny decides of every request, an Allow of none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from perimeter_smt.policy.document import Document
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.questions.verdicts import Comparison, Counterexample, Relation, Standing, Stands

# Kinds of which one document decides, or without whose Allow nothing gets through (semantics 3.2, 3.6).
_ONE = frozenset({Kind.ENDPOINT, Kind.ENDPOINT_GATEWAY, Kind.TRUST})

FULL = "AWS's full access"


def places(before: Document, after: Document) -> tuple[Stands, ...]:
    """Where the two may stand and differ. Guardrails without Allow stand beside full access and nowhere else (W-36)."""
    documents = (before, after)
    if all(document.stands_beside_full_access for document in documents):
        return ("beside",)
    denies = any(statement.effect == "Deny" for document in documents for statement in document.statements)
    if before.kind in _ONE or not (denies or before.kind is Kind.SCP):
        return ("alone",)
    return ("alone", "beside")


def others(document: Document) -> str:
    """What stands beside a document, in words."""
    if document.kind is Kind.SCP:
        return FULL
    if document.kind is Kind.RCP:
        return "RCPFullAWSAccess"  # which cannot be detached
    return "other policies that allow it"


def words(document: Document, place: Stands, *, own_forms: bool) -> str:
    """A place for people."""
    if place == "beside":
        return f"beside {others(document)}"
    return f"each in its own form, where an Allow replaces {FULL}" if own_forms else "by itself"


def relation_of(allowed: Counterexample | None, denied: Counterexample | None) -> Relation:
    """The relation by what is newly allowed and newly denied."""
    if allowed is not None:
        return "more" if denied is None else "incomparable"
    return "equivalent" if denied is None else "less"


def over_all(before: Document, after: Document, each: Sequence[Comparison], stands: Sequence[Stands]) -> Comparison:
    """One comparison of those at each place: what is newly allowed, or denied, at any of them.

    Of a list of what is allowed and an SCP without Allow it is the first, that of their own forms (W-36).
    """
    own_forms = before.stands_beside_full_access is not after.stands_beside_full_access
    standings = tuple(
        Standing(place, words(before, place, own_forms=own_forms), one.relation, one.newly_allowed, one.newly_denied)
        for place, one in zip(stands, each, strict=True)
    )
    counted = each[:1] if own_forms else each
    allowed = next((one.newly_allowed for one in counted if one.newly_allowed), None)
    denied = next((one.newly_denied for one in counted if one.newly_denied), None)
    return Comparison(
        relation_of(allowed, denied), allowed, denied,
        may_allow=_points((one.may_allow for one in counted), shown=allowed),
        may_deny=_points((one.may_deny for one in counted), shown=denied),
        standings=standings,
    )  # fmt: skip


def _points(each: Iterable[tuple[str, ...]], shown: Counterexample | None) -> tuple[str, ...]:
    return () if shown else tuple(dict.fromkeys(name for names in each for name in names))
