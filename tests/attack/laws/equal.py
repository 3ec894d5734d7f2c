"""Pairs of workspaces that mean the same: the same verdicts, and each counterexample is one of the other."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

from perimeter_smt.organization.model import Account, Guardrails, OwnedPrincipal, Unit
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.questions.obligations.granted import mapped
from tests.attack.cases import everything
from tests.attack.laws import documents as docs
from tests.attack.laws.documents import Statement, many
from tests.attack.laws.rewrite import REWRITINGS
from tests.attack.laws.state import Pair, State, all_of
from tests.attack.policies import document

Law = Callable[[Random, State], "Pair | None"]


def equal(law: str, state: State, space: Workspace, **more: Any) -> Pair | None:
    """A pair of the same meaning; None where nothing changed."""
    if space == state.workspace:
        return None
    return Pair(law, state, replace(state, workspace=space), all_of("="), "=", **more)


def _by_statements(name: str) -> Law:
    rewriting = REWRITINGS[name]

    def law(rng: Random, state: State) -> Pair | None:
        if name == "account id and root ARN" and state.workspace.organization.partition != "aws":
            return None  # the ARN would be one of another partition
        restricts = _restricts(state.workspace)
        share = rng.choice((0.4, 1.0))

        def change(kind: Kind, old: list[Statement]) -> list[Statement]:
            if name in ("condition and its opposite", "subsumed statements") and restricts and kind.is_resource_type:
                return old  # what S3 counts as public is a matter of how it is written
            out: list[Statement] = []
            for st in old:
                new = rewriting(rng, kind, st) if rng.random() < share else None
                out += [st] if new is None else new
            return _told_apart(out)

        return equal(name, state, docs.each_statement_list(state.workspace, change))

    return law


def _told_apart(found: list[Statement]) -> list[Statement]:
    """Sids are unique in a policy: what was copied goes without."""
    seen: set[str] = set()
    out = []
    for st in found:
        if st.get("Sid") in seen:
            st = {name: value for name, value in st.items() if name != "Sid"}
        seen.add(st.get("Sid", ""))
        out.append(st)
    return out


def _restricts(space: Workspace) -> bool:
    accounts = (account for account, _ in space.organization.accounts())
    return any(a.block_public_access or any(r.block_public_access for r in a.resources) for a in accounts)


def merged(rng: Random, state: State) -> Pair | None:
    """Statements that differ in one list are one."""

    def change(_: Kind, old: list[Statement]) -> list[Statement]:
        out: list[Statement] = []
        for st in old:
            st.pop("Sid", None)
            if out and (new := _joined(out[-1], st)):
                out[-1] = new
            else:
                out.append(st)
        return out

    first = docs.each_statement_list(state.workspace, lambda _, old: rng.sample(old, len(old)))
    return equal("statements merged", state, docs.each_statement_list(first, change))


def _joined(one: Statement, other: Statement) -> Statement | None:
    if set(one) != set(other):
        return None
    apart = [name for name in one if one[name] != other[name]]
    if len(apart) != 1 or apart[0] not in ("Action", "Resource"):
        return None
    return {**one, apart[0]: [*many(one[apart[0]]), *many(other[apart[0]])]}


def statement_order(rng: Random, state: State) -> Pair | None:
    """The order of statements means nothing."""
    space = docs.each_statement_list(state.workspace, lambda _, old: rng.sample(old, len(old)))
    return equal("order of statements", state, space)


def older_version(_: Random, state: State) -> Pair | None:
    """Versions differ in policy variables alone (IAM guide, Version)."""

    def one(old: Document) -> Document:
        if "${" in json.dumps(docs.statements(old)):
            return old
        return docs.rebuilt(old, docs.statements(old), version="2008-10-17")

    return equal("older version without variables", state, docs.each_document(state.workspace, one))


def _apart(found: tuple[Document, ...]) -> tuple[Document, ...]:
    return tuple(docs.rebuilt(one, [st], name=f"{one.name}-{n}") for one in found
                 for n, st in enumerate(docs.statements(one)))  # fmt: skip


def _each_set(space: Workspace, change: Callable[[tuple[Document, ...]], tuple[Document, ...]]) -> Workspace:
    """The policies of every level and of every identity changed, those that act together at once."""

    def person(own: OwnedPrincipal) -> OwnedPrincipal:
        return own.model_copy(update={"policies": change(own.policies)})

    space = docs.each_level(space, lambda _, at: at.model_copy(
        update={"scps": change(at.scps), "rcps": change(at.rcps)}))  # fmt: skip
    return mapped(space, lambda a: a.model_copy(update={"principals": tuple(map(person, a.principals))}))


def one_document_each(_: Random, state: State) -> Pair | None:
    """Policies of one level or one identity act together: each statement may stand in a policy of its own."""
    return equal("statements in policies of their own", state, _each_set(state.workspace, _apart))


def _together(found: tuple[Document, ...]) -> tuple[Document, ...]:
    if len(found) < 2 or len({one.version for one in found}) > 1:
        return found
    return (docs.rebuilt(found[0], _told_apart([st for one in found for st in docs.statements(one)])),)


def one_document_for_all(_: Random, state: State) -> Pair | None:
    """And the other way round."""
    return equal("policies in one", state, _each_set(state.workspace, _together))


def full_access_written(_: Random, state: State) -> Pair | None:
    """AWS's full access policies are policies; a boundary and an endpoint policy that allow everything stop nothing."""

    def level(_id: str, at: Guardrails) -> Guardrails:
        scps = (*at.scps, everything(Kind.SCP)) if at.full_access_scp else at.scps
        return at.model_copy(update={
            "scps": scps, "full_access_scp": False, "rcps": (*at.rcps, everything(Kind.RCP)),
        })  # fmt: skip

    def account(own: Account) -> Account:
        people = [p if p.boundary or p.service_linked else p.model_copy(
            update={"boundary": everything(Kind.BOUNDARY)}) for p in own.principals]  # fmt: skip
        ends = [e if e.policy else e.model_copy(update={"policy": everything(Kind.ENDPOINT)}) for e in own.endpoints]
        return own.model_copy(update={"principals": tuple(people), "endpoints": tuple(ends)})

    if "NotPrincipal" in docs.text_of(state.workspace):  # a caller with a boundary is always caught by it
        return equal("full access written out", state, docs.each_level(state.workspace, level))
    return equal("full access written out", state, mapped(docs.each_level(state.workspace, level), account))


def everything_mixed(rng: Random, state: State) -> Pair | None:
    """Accounts, units, policies, principals, resources and endpoints have no order; nor have lists of the perimeter."""

    def mixed(found: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(rng.sample(found, len(found)))

    def level(at: Guardrails) -> Guardrails:
        return at.model_copy(update={"scps": mixed(at.scps), "rcps": mixed(at.rcps)})

    def account(own: Account) -> Account:
        return own.model_copy(update={
            "guardrails": level(own.guardrails), "principals": mixed(own.principals),
            "resources": mixed(own.resources), "endpoints": mixed(own.endpoints),
        })  # fmt: skip

    def unit(at: Unit) -> Unit:
        return at.model_copy(update={
            "guardrails": level(at.guardrails), "units": mixed(tuple(map(unit, at.units))),
            "accounts": mixed(tuple(map(account, at.accounts))),
        })  # fmt: skip

    space = docs.with_root(state.workspace, unit(state.workspace.organization.root))
    claims = space.perimeter
    lists = {
        name: mixed(value) for name in type(claims).model_fields if isinstance(value := getattr(claims, name), tuple)
    }
    return equal("order of everything", state, space.model_copy(update={"perimeter": claims.model_copy(update=lists)}))


_ACCOUNTS = {"111111111111": "818181818181", "222222222222": "121212121212", "555555555555": "929292929292",
             "666666666666": "101010101010", "999999999999": "303030303030"}  # fmt: skip
_NAMES = {"o-myorg": "o-acmeq", "ou-ab12-": "ou-zy98-", "r-ab12": "r-zy98", "vpc-0a00000": "vpc-0f00000",
          "vpce-0a00000": "vpce-0f00000"}  # fmt: skip
_BUCKETS = {"acme-": "umbrella-", "partner-inbox": "supplier-inbox"}


def _renamed(law: str, names: dict[str, str]) -> Law:
    ahead = re.compile("|".join(map(re.escape, sorted(names, key=len, reverse=True))))
    behind = {new: old for old, new in names.items()}
    backward = re.compile("|".join(map(re.escape, sorted(behind, key=len, reverse=True))))

    def change(_: Random, state: State) -> Pair | None:
        space = docs.each_text(state.workspace, lambda text: ahead.sub(lambda m: names[m[0]], text))
        return equal(law, state, space, back=lambda text: backward.sub(lambda m: behind[m[0]], text))

    return change


def copied_down(rng: Random, state: State) -> Pair | None:
    """What denies at a unit or the root may stand again at everything below: it denies already."""

    def below(at: Guardrails, above: Guardrails) -> Guardrails:
        scps = tuple(d for d in above.scps if at.full_access_scp or d.stands_beside_full_access)
        return at.model_copy(update={"scps": (*at.scps, *scps), "rcps": (*at.rcps, *above.rcps)})

    def unit(at: Unit) -> Unit:
        here = at.guardrails
        accounts = [a.model_copy(update={"guardrails": below(a.guardrails, here)}) for a in at.accounts]
        under = [u.model_copy(update={"guardrails": below(u.guardrails, here)}) for u in at.units]
        return at.model_copy(update={"accounts": tuple(accounts), "units": tuple(map(unit, under))})

    space = docs.with_root(state.workspace, unit(state.workspace.organization.root))
    return equal("guardrails again at everything below", state, space)


def empty_unit(_: Random, state: State) -> Pair | None:
    """A unit without accounts binds nobody, whatever hangs on it."""
    deny = document(Kind.SCP, "stop", [{"Effect": "Deny", "Action": "*", "Resource": "*"}])
    unit = Unit(id="ou-ab12-empty001", guardrails=Guardrails(scps=(deny,)))
    root = state.workspace.organization.root
    new = root.model_copy(update={"units": (unit, *root.units)})
    return equal("unit without accounts", state, docs.with_root(state.workspace, new))


def variable_by_hand(_: Random, state: State) -> Pair | None:
    """SCPs bind members alone, whose organization has one id."""
    mine = state.workspace.organization.id

    def change(kind: Kind, old: list[Statement]) -> list[Statement]:
        if kind is not Kind.SCP:
            return old
        text = json.dumps(old)
        variable = "${aws:PrincipalOrgID}"
        new = text.replace(variable, mine) if variable in text else text.replace(f'"{mine}"', f'"{variable}"')
        found: list[Statement] = json.loads(new)
        return found

    return equal("variable of which the value is known", state, docs.each_statement_list(state.workspace, change))


EQUAL: dict[str, Law] = {
    **{name: _by_statements(name) for name in REWRITINGS},
    "statements merged": merged,
    "order of statements": statement_order,
    "older version without variables": older_version,
    "statements in policies of their own": one_document_each,
    "policies in one": one_document_for_all,
    "full access written out": full_access_written,
    "order of everything": everything_mixed,
    "other account ids": _renamed("other account ids", _ACCOUNTS),
    "other ids of organization, units and networks": _renamed("other ids of organization, units and networks", _NAMES),
    "other names of buckets": _renamed("other names of buckets", _BUCKETS),
    "other Regions": _renamed("other Regions", {"eu-west-1": "eu-central-1"}),
    "guardrails again at everything below": copied_down,
    "unit without accounts": empty_unit,
    "variable of which the value is known": variable_by_hand,
}  # fmt: skip

__all__ = ["EQUAL", "Law", "equal"]
