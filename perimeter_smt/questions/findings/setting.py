"""What is asked about one policy by itself: its formula, who counts as an outsider, and the literals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal as Choice

from perimeter_smt.encode.language.keys import sym_is
from perimeter_smt.encode.language.principal import IAM
from perimeter_smt.encode.world.accounts import org_of
from perimeter_smt.encode.world.world import World
from perimeter_smt.logic.formula import TRUE, Formula, both, either, equal, implies, is_text, neg
from perimeter_smt.policy.document import Document
from perimeter_smt.questions import compare
from perimeter_smt.questions.findings.actions import Actions, classes_of
from perimeter_smt.questions.findings.literals import Literal, literals_of, separate
from perimeter_smt.questions.findings.search import Search
from perimeter_smt.solve.engine import Engine
from perimeter_smt.solve.result import Limits

Zone = Choice["account", "organization", "perimeter", "everyone"]


@dataclass
class Setting:
    """One question on access: the search, the world it lies in, the documents that have a say."""

    world: World
    search: Search
    actions: Actions
    documents: tuple[Document, ...]
    mode: Formula


def of_document(
    document: Document,
    *,
    zone: Zone = "account",
    account: str | None = None,
    organization: str | None = None,
    limits: Limits | None = None,
) -> Setting:
    """The access that one policy gives to those outside the zone of trust.

    Without the id of the account or organization, who shares it with the resource is inside.
    """
    documents = (document,)
    world = compare._world([document, *separate(documents)], free_context=False)
    actions = classes_of(documents)
    access = compare._allows(world.policies, document)
    literals = literals_of(world.keys, documents, actions.classes)
    absent = {one.key.lower(): neg(world.keys.key(one.key.lower()).has) for one in literals if one.key}
    outside = outsiders(zone, account, organization)
    return assembled(world, documents, access, (outside,), literals, absent, actions, limits)


def assembled(
    world: World,
    documents: Sequence[Document],
    access: Formula,
    given: Sequence[Formula],
    literals: Sequence[Literal],
    absent: dict[str, Formula],
    actions: Actions,
    limits: Limits | None,
) -> Setting:
    """The question with its engine."""
    asked = [access, *given, *(one.formula for one in literals), *absent.values()]
    compare._assemble(world, asked, documents, free_context=False)
    calls, reduced = compare._reduce(world, documents, asked, free_names=False)
    engine = Engine(compare._problem(world, calls), limits or Limits())
    mode = compare._mode(world, "exact")
    at = 1 + len(given)
    told = tuple(replace(one, formula=f) for one, f in zip(literals, reduced[at:], strict=False))
    missing = dict(zip(absent, reduced[at + len(literals) :], strict=True))
    search = Search(engine, reduced[0], (*reduced[1:at], mode), told, missing)
    return Setting(world, search, actions, tuple(documents), mode)


def outsiders(zone: Zone, account: str | None, organization: str | None) -> Formula:
    """The caller is outside: not of the account or organization, nor a service that acts for it or for nobody known."""
    if zone == "everyone":
        return TRUE

    def inside(var: str) -> Formula:
        if zone == "account":
            return is_text(var, account) if account else equal(var, "resource.account")
        org = org_of(var)
        if organization:
            own = is_text(org, organization)
        else:
            own = both(equal(org, org_of("resource.account")), neg(is_text(org, "")))
        return either(own, is_text(var, account) if account else equal(var, "resource.account"))

    acting = both(neg(is_text("behalf.account", "")), neg(inside("behalf.account")))
    owner = [is_text("resource.account", account)] if account else []
    if organization and zone == "organization":
        owner.append(is_text(org_of("resource.account"), organization))
    return both(*owner, neg(both(IAM, inside("principal.account"))), implies(sym_is("aws-service"), acting))
