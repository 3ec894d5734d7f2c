"""Conditions on different keys that say the same of every request, as AWS's pages tell when keys are there.

A Deny under the one and a Deny under the other stop the same requests: the axioms about the keys must know it.
"""

from __future__ import annotations

import copy
from dataclasses import replace
from random import Random
from typing import Any

from perimeter_smt.organization.model import Account, Guardrails, Unit
from perimeter_smt.policy.kinds import Kind
from tests.attack.cast import APP, MINE, PARTNER
from tests.attack.laws import documents as docs
from tests.attack.laws.equal import Law, equal
from tests.attack.laws.monotone import denial
from tests.attack.laws.rewrite import Test, conditioned, tests
from tests.attack.laws.state import Pair, State, all_of

_HALVES = ["203.0.113.0/25", "203.0.113.128/25"]
_NOON, _SECONDS = "2027-03-01T12:00:00Z", "1803902400"


def _membership(head: str) -> tuple[tuple[Test, Test], ...]:
    """Whoever is of an organization has a path in it, which begins with its id."""
    one, paths, within = f"aws:{head}OrgID", f"aws:{head}OrgPaths", f"{MINE}/*"
    return (
        (("StringEquals", one, MINE), ("ForAnyValue:StringLike", paths, within)),
        (("StringNotEqualsIfExists", one, MINE), ("ForAllValues:StringNotLike", paths, within)),
        (("StringEqualsIfExists", one, MINE), ("ForAnyValue:StringLikeIfExists", paths, within)),
        (("Null", one, "true"), ("Null", paths, "true")),
    )


SYNONYMS: tuple[tuple[Test, Test], ...] = (
    *_membership("Principal"), *_membership("Resource"), *_membership("Source"),
    (("StringEquals", "aws:PrincipalAccount", APP), ("ArnLike", "aws:PrincipalArn", f"arn:*:*::{APP}:*")),
    (("StringNotEquals", "aws:PrincipalAccount", [APP, PARTNER]),
     ("ArnNotLike", "aws:PrincipalArn", [f"arn:*:*::{APP}:*", f"arn:*:*::{PARTNER}:*"])),
    (("Null", "aws:PrincipalAccount", "false"), ("Null", "aws:PrincipalArn", "false")),
    (("Bool", "aws:PrincipalIsAWSService", "true"), ("Null", "aws:PrincipalServiceName", "false")),
    (("BoolIfExists", "aws:PrincipalIsAWSService", "false"), ("Null", "aws:PrincipalServiceNamesList", "true")),
    (("Null", "aws:SourceVpce", "false"), ("Null", "aws:SourceVpc", "false")),
    (("IpAddress", "aws:SourceIp", "203.0.113.0/24"), ("IpAddress", "aws:SourceIp", _HALVES)),
    (("NotIpAddressIfExists", "aws:SourceIp", "203.0.113.0/24"), ("NotIpAddress", "aws:SourceIp", _HALVES)),
    (("IpAddress", "aws:SourceIp", ["0.0.0.0/0", "::/0"]), ("Null", "aws:SourceIp", "false")),
    (("IpAddress", "aws:SourceIp", "203.0.113.77/24"), ("IpAddress", "aws:SourceIp", "203.0.113.0/24")),
    (("DateLessThan", "aws:CurrentTime", _NOON), ("NumericLessThan", "aws:EpochTime", _SECONDS)),
    (("DateGreaterThanEquals", "aws:CurrentTime", _NOON), ("DateGreaterThanEquals", "aws:EpochTime", _SECONDS)),
    (("StringEquals", "aws:PrincipalType", "AssumedRole"), ("ArnLike", "aws:PrincipalArn", "arn:*:iam::*:role/*")),
    (("StringEquals", "aws:PrincipalType", "User"), ("ArnLike", "aws:PrincipalArn", "arn:*:iam::*:user/*")),
    (("StringEquals", "aws:PrincipalType", "Account"), ("ArnLike", "aws:PrincipalArn", "arn:*:iam::*:root")),
    (("Null", "aws:CalledVia", "false"), ("Null", "aws:CalledViaFirst", "false")),
    (("Null", "aws:CalledVia", "true"), ("Null", "aws:CalledViaLast", "true")),
    (("StringEquals", "aws:ViaAWSService", "true"), ("Bool", "aws:ViaAWSService", "true")),
    (("Bool", "aws:SecureTransport", "false"), ("BoolIfExists", "aws:SecureTransport", "false")),
    (("Bool", "aws:ViaAWSService", ["true", "false"]), ("Null", "aws:ViaAWSService", "false")),
    (("StringLike", "aws:PrincipalArn", "*"), ("Null", "aws:PrincipalArn", "false")),
    (("StringLike", "aws:SourceVpce", "vpce-*"), ("Null", "aws:SourceVpce", "false")),
    (("ArnLike", "aws:PrincipalArn", "arn:*:*:*:*:*"), ("Null", "aws:PrincipalArn", "false")),
    (("StringEqualsIgnoreCase", "aws:PrincipalOrgID", MINE.upper()), ("StringEquals", "aws:PrincipalOrgID", MINE)),
    (("StringEqualsIgnoreCase", "aws:SourceVpce", "VPCE-0A00000000000000A"),
     ("StringEquals", "aws:SourceVpce", "vpce-0a00000000000000a")),
    (("ForAnyValue:StringEquals", "aws:PrincipalServiceNamesList", "cloudtrail.amazonaws.com"),
     ("StringEquals", "aws:PrincipalServiceName", "cloudtrail.amazonaws.com")),
    (("Null", "aws:SourceAccount", "true"), ("Null", "aws:SourceAccount", ["true"])),
)  # fmt: skip


def synonym(rng: Random, state: State) -> Pair | None:
    """A Deny under either of two conditions that say the same."""
    found = docs.documents(state.workspace)
    if not found:
        return None
    at = rng.randrange(len(found))
    old = docs.statements(found[at])
    one, other = rng.sample(rng.choice(SYNONYMS), 2)
    denying = [st for st in old if st["Effect"] == "Deny"]
    if denying and rng.random() < 0.6:
        stop = copy.deepcopy(rng.choice(denying))
        stop.pop("Sid", None)
    else:
        stop = denial(rng, found[at].kind, state.service)
    kept = [test for test in tests(stop) if rng.random() < 0.6 and test[1] not in (one[1], other[1])]
    both = [conditioned(stop, [*kept, test]) for test in (one, other)]
    if None in both:
        return None
    spaces = [docs.replaced(state.workspace, at, docs.rebuilt(found[at], [*old, st])) for st in both if st]
    before = replace(state, workspace=spaces[0])
    note = f"{one} for {other}"
    return Pair("conditions that say the same", before, replace(state, workspace=spaces[1]), all_of("="), note=note)


def at_the_root(rng: Random, state: State) -> Pair | None:
    """An SCP on an account is one on the root that asks for the account: `aws:PrincipalAccount` is always there.

    The organization path of a unit, with all below it, is told as well. RCPs are not so: some calls do not carry
    `aws:ResourceAccount`.
    """
    up: list[Any] = []

    def taken(at: Guardrails, test: Test) -> Guardrails:
        left = []
        for scp in at.scps:
            new = [conditioned(st, [*tests(st), test]) for st in docs.statements(scp)]
            if not scp.stands_beside_full_access or None in new:
                left.append(scp)
            else:
                up.append(docs.rebuilt(scp, [st for st in new if st], version="2012-10-17"))
        return at.model_copy(update={"scps": tuple(left)})

    def account(own: Account) -> Account:
        return own.model_copy(
            update={"guardrails": taken(own.guardrails, ("StringEquals", "aws:PrincipalAccount", own.id))}
        )

    def unit(at: Unit, path: str) -> Unit:
        here = f"{path}{at.id}/"
        test = ("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", f"{here}*")
        return at.model_copy(update={
            "guardrails": taken(at.guardrails, test) if path.count("/") > 1 else at.guardrails,
            "units": tuple(unit(below, here) for below in at.units), "accounts": tuple(map(account, at.accounts)),
        })  # fmt: skip

    root = unit(state.workspace.organization.root, f"{state.workspace.organization.id}/")
    here = root.guardrails.model_copy(update={"scps": (*root.guardrails.scps, *up)})
    return equal("SCPs at the root under a condition", state,
                 docs.with_root(state.workspace, root.model_copy(update={"guardrails": here})))  # fmt: skip


def moved_to_accounts(rng: Random, state: State) -> Pair | None:
    """First some SCPs and RCPs of the root hang on one unit or account; then on the root under its condition."""
    space = state.workspace
    root = space.organization.root
    if not root.guardrails.scps or not (root.units or root.accounts):
        return None
    at = rng.choice((*root.units, *root.accounts)).id
    moved = tuple(d for d in root.guardrails.scps if d.stands_beside_full_access and rng.random() < 0.6)
    rest = tuple(d for d in root.guardrails.scps if d not in moved)

    def level(name: str, found: Guardrails) -> Guardrails:
        if name == root.id:
            return found.model_copy(update={"scps": rest})
        return found.model_copy(update={"scps": (*found.scps, *moved)}) if name == at else found

    return at_the_root(rng, replace(state, workspace=docs.each_level(space, level)))


def named_principal(rng: Random, state: State) -> Pair | None:
    """A Deny for an account, user or role is one for everybody under a condition on who calls."""

    def change(kind: Kind, old: list[docs.Statement]) -> list[docs.Statement]:
        if not kind.is_resource_type or kind is Kind.TRUST:
            return old
        out: list[docs.Statement] = []
        for st in old:
            named = st.get("Principal")
            arns = docs.many(named.get("AWS", [])) if isinstance(named, dict) and set(named) == {"AWS"} else []
            if st["Effect"] != "Deny" or not arns or "*" in arns:
                out.append(st)
                continue
            accounts = [a if a.isdigit() else a.split(":")[4] for a in arns if a.isdigit() or a.endswith(":root")]
            people = [a for a in arns if ":role/" in a or ":user/" in a]
            parts = [("StringEquals", "aws:PrincipalAccount", accounts)] if accounts else []
            parts += [("ArnEquals", "aws:PrincipalArn", people)] if people else []
            for test in parts:
                new = conditioned(st, [*tests(st), test])
                if new is None:
                    return old
                out.append({**{k: v for k, v in new.items() if k != "Sid"}, "Principal": "*"})
        return out

    named = _denied_by_name(rng, state)
    if named is None:
        return None
    return equal("denied by name", named, docs.each_statement_list(named.workspace, change))


def _denied_by_name(rng: Random, state: State) -> State | None:
    """The workspace with a Deny of a resource policy that names somebody."""
    found = docs.documents(state.workspace)
    places = [n for n, one in enumerate(found) if one.kind.is_resource_type and one.kind is not Kind.TRUST]
    if not places:
        return None
    at = rng.choice(places)
    stop = denial(rng, found[at].kind, state.service)
    stop["Principal"] = {"AWS": rng.choice((
        APP, [APP, PARTNER], f"arn:aws:iam::{PARTNER}:root", f"arn:aws:iam::{APP}:role/Admin",
        [f"arn:aws:iam::{APP}:role/app/Worker", f"arn:aws:iam::{APP}:user/alice"]))}  # fmt: skip
    new = docs.rebuilt(found[at], [*docs.statements(found[at]), stop], version="2012-10-17")
    return replace(state, workspace=docs.replaced(state.workspace, at, new))


def trust_entries(rng: Random, state: State) -> Pair | None:
    """Lists of an entry of the perimeter are alternatives; addresses may be written in halves."""
    claims = state.workspace.perimeter

    def parted(entry: Any, name: str) -> list[Any]:
        values = getattr(entry, name)
        return [entry.model_copy(update={name: (value,)}) for value in values] if len(values) > 1 else [entry]

    cidrs = [half for c in claims.cidrs for half in (_HALVES if c == "203.0.113.0/24" else [c])]
    new = claims.model_copy(update={
        "third_resources": tuple(part for e in claims.third_resources for part in parted(e, "arns")),
        "service_resources": tuple(part for e in claims.service_resources for part in parted(e, "arns")),
        "third_principals": tuple(part for e in claims.third_principals for part in parted(e, "arns")),
        "cidrs": tuple(cidrs),
    })  # fmt: skip
    return equal("entries of the perimeter apart", state, state.workspace.model_copy(update={"perimeter": new}))


SAME: dict[str, Law] = {
    "conditions that say the same": synonym,
    "conditions that say the same, again": synonym,
    "SCPs at the root under a condition": at_the_root,
    "SCPs of a unit at the root under a condition": moved_to_accounts,
    "denied by name": named_principal,
    "entries of the perimeter apart": trust_entries,
}

__all__ = ["SAME", "SYNONYMS"]
