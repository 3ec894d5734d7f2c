"""Sessions whose policies the workspace tells: what they limit, and which there are (semantics 3.4).

IAM guide, "Session policies": a session may do what its session policies allow of what the role's or user's identity
policies, and resource policies that name the role or user, allow; what a resource policy grants to the ARN of the
session itself is not limited by them. `authorization.smt2` says so of `session.allows`; here stands which policies a
session carries.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from perimeter_smt.encode.language.keys import sym_is
from perimeter_smt.encode.language.statement import Policies
from perimeter_smt.encode.world.people import is_caller
from perimeter_smt.logic.atoms import ONE, STAR, Run, Text
from perimeter_smt.logic.formula import Formula, both, disj, either, glob, implies, neg
from perimeter_smt.logic.problem import Assertion
from perimeter_smt.organization.model import Account, OwnedPrincipal
from perimeter_smt.policy.document import Document

PREFIX = "organization.yaml lists every session of "


@dataclass(frozen=True)
class _Carried:
    """The callers that a listed session stands for, and the policies that they carry."""

    here: Formula
    policies: tuple[Document, ...]


def definitions(principals: Iterable[OwnedPrincipal], policies: Policies) -> dict[str, Formula]:
    """The symbols of session policies. A session that no entry stands for carries none; a federated user some."""
    carried = [each for principal in principals for each in _carried(principal)]
    told = disj(each.here for each in carried)
    return {
        "session.given": either(sym_is("federated-user"), told),  # who may do nothing without one (3.4)
        "session.allows": either(neg(told), disj(both(each.here, policies.allows(each.policies)) for each in carried)),
        "session.denies": disj(both(each.here, policies.denies(each.policies)) for each in carried),
    }


def facts(accounts: Iterable[Account]) -> Iterator[Assertion]:
    """Where every session of a role, or every federated user of a user, is listed there are no others."""
    for account in accounts:
        for principal in account.principals:
            if principal.sessions_listed:
                listed = disj(named(principal, session.name) for session in principal.sessions)
                yield Assertion(f"{PREFIX}{principal.arn}", implies(_sessions_of(principal), listed))


def _carried(principal: OwnedPrincipal) -> Iterator[_Carried]:
    """The first entry that fits the name of a session counts."""
    before: list[Formula] = []
    for session in principal.sessions:
        name = named(principal, session.name)
        here = both(_sessions_of(principal), name, neg(disj(before)))
        before.append(name)
        if session.policies:
            yield _Carried(here, session.policies)


def _sessions_of(principal: OwnedPrincipal) -> Formula:
    """The sessions of a role; of a user those of federated users, which alone can carry session policies."""
    caller = is_caller(principal)
    return caller if principal.type == "role" else both(caller, sym_is("federated-user"))


def named(principal: OwnedPrincipal, name: str) -> Formula:
    """The name of the session, or of the federated user, fits."""
    pattern = tuple(_parts(name))
    if principal.type == "role":
        return glob("principal.session", pattern)
    return glob("principal.name", (Text("federated-user/"), *pattern))


def _parts(name: str) -> Iterator[Text | Run]:
    text = ""
    for char in name:
        if char in "*?":
            if text:
                yield Text(text)
            text = ""
            yield STAR if char == "*" else ONE
        else:
            text += char
    if text:
        yield Text(text)
