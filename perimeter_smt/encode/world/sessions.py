"""Sessions whose policies the workspace tells: what they limit, and which there are (semantics 3.4).

IAM guide, "Session policies": a session may do what its session policies allow of what the role's or user's identity
policies, and resource policies that name the role or user, allow; what a resource policy grants to the ARN of the
session itself is not limited by them. `authorization.smt2` says so of `session.allows`; here stands which policies a
session carries.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from perimeter_smt.encode.language.keys import sym_is
from perimeter_smt.encode.language.statement import Policies
from perimeter_smt.encode.world.people import among, callers, few, group
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
    carried = [each for own in _alike(principals) for each in _carried(own)]
    told = disj(each.here for each in carried)
    return {
        "session.given": either(sym_is("federated-user"), told),  # who may do nothing without one (3.4)
        "session.allows": either(neg(told), disj(both(each.here, policies.allows(each.policies)) for each in carried)),
        "session.denies": disj(both(each.here, policies.denies(each.policies)) for each in carried),
    }


def facts(accounts: Iterable[Account]) -> Iterator[Assertion]:
    """Where every session of a role, or every federated user of a user, is listed there are no others."""
    for own in _alike(principal for account in accounts for principal in account.principals):
        if own[0].sessions_listed:
            listed = disj(named(own[0], session.name) for session in own[0].sessions)
            yield Assertion(f"{PREFIX}{among([p.arn for p in own])}", implies(_sessions_of(own), listed))


def _alike(principals: Iterable[OwnedPrincipal]) -> list[list[OwnedPrincipal]]:
    """The principals of whose sessions something is told, those together of which the same is; few by themselves."""
    told = [principal for principal in principals if principal.sessions or principal.sessions_listed]
    if few(told):
        return [[principal] for principal in told]

    def sessions(principal: OwnedPrincipal) -> Hashable:
        carried = tuple((session.name, tuple(map(id, session.policies))) for session in principal.sessions)
        return principal.type, principal.sessions_listed, carried

    return list(group(told, sessions).values())


def _carried(principals: Sequence[OwnedPrincipal]) -> Iterator[_Carried]:
    """The first entry that fits the name of a session counts."""
    before: list[Formula] = []
    for session in principals[0].sessions:
        name = named(principals[0], session.name)
        here = both(_sessions_of(principals), name, neg(disj(before)))
        before.append(name)
        if session.policies:
            yield _Carried(here, session.policies)


def _sessions_of(principals: Sequence[OwnedPrincipal]) -> Formula:
    """The sessions of roles; of users those of federated users, which alone can carry session policies."""
    here = callers(principals)
    return here if principals[0].type == "role" else both(here, sym_is("federated-user"))


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
