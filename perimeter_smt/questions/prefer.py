"""Preferences for witnesses: the plainest request that still breaks the objective.

Each preference is tried on top of those already granted; what cannot be had is dropped.  Order matters and is
fixed, so the same problem gives the same witness.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest

from perimeter_smt.encode.language.keys import sym_is
from perimeter_smt.encode.language.principal import IAM
from perimeter_smt.encode.world.accounts import known_vpcs, member_ids, one_of, org_of
from perimeter_smt.encode.world.catalogue import CALL, Calls, well_known_first
from perimeter_smt.encode.world.world import HINTS, OUTSIDERS, World
from perimeter_smt.logic.atoms import STAR, Is, Member, Text
from perimeter_smt.logic.formula import Formula, atom, both, either, glob, iff, implies, is_text, neg, sym
from perimeter_smt.logic.interpret import truth
from perimeter_smt.solve.engine import Engine
from perimeter_smt.solve.result import Result

REGIONS = ("us-east-1", "eu-west-1", "us-west-2")
PLAIN_ROW = atom(Member(CALL, "first of its action"))  # its plainest resource type
_TAGS = ("aws:principaltag/", "aws:resourcetag/")


def preferences(world: World, services: Sequence[str]) -> list[Formula]:
    """What makes a request plain, most wanted first; `services` are those that share the question."""
    own, ids = world.workspace.organization.id, member_ids(world.workspace.organization)
    outsider = OUTSIDERS[0]
    mine, service = sym("principal.mine"), sym_is("aws-service")
    role = sym_is("role")
    out = [
        is_text("aws.partition", "aws"),
        *_no_twins(known_vpcs(world.workspace)),
        *(neg(k.has) for _, k in sorted(world.keys.known.items()) if not k.info.known),  # AWS may know no such key
        one_of("request.region", REGIONS),
        one_of("endpoint.region", ("", *REGIONS)),
        one_of("resource.region", ("", *REGIONS)),
        *(one_of(owner, ("", *ids, *OUTSIDERS)) for owner in ("endpoint.account", "vpc.account")),
        *(implies(is_text(org_of(owner), own), one_of(owner, ids)) for owner in ("endpoint.account", "vpc.account")),
        one_of("endpoint.vpc", ("", *HINTS["endpoint.vpc"], *_vpcs(world))),
        implies(service, glob("principal.service", (STAR, Text(".amazonaws.com")))),
        neg(sym("principal.service-linked")),
        neg(sym("principal.service-role")),
        neg(sym("principal.assumed-root")),
        neg(sym("forwarded")),
        neg(sym("resource.aws-managed-key")),
        neg(sym("principal.management")),
        neg(sym("resource.management")),
        iff(service, atom(Is("wire", "aws-network"))),
        implies(both(IAM, mine), one_of("principal.account", ids)),
        implies(both(IAM, neg(mine)), is_text("principal.account", outsider)),
        implies(sym("resource.mine"), one_of("resource.account", ids)),
        implies(neg(sym("resource.mine")), is_text("resource.account", outsider)),
        implies(service, either(one_of("behalf.account", ids), is_text("behalf.account", outsider))),
    ]
    if "ec2:sourceinstancearn" in world.keys.known:
        out.append(one_of("instance.region", REGIONS))
    tags = [k.has for name, k in world.keys.known.items() if name.startswith(_TAGS)]
    out += [neg(tag) for tag in tags]
    out += [
        role,
        either(role, sym_is("user")),
        atom(Is("wire", "public")),
        neg(is_text(org_of("principal.account"), "")),
        implies(both(role, neg(mine)), is_text("principal.name", "role/Outsider")),
        implies(both(role, mine), is_text("principal.name", "role/App")),
    ]
    out += [neg(k.has) for name, k in sorted(world.keys.known.items()) if _optional(name)]
    out += [atom(Member(CALL, f"action={name}")) for name in _actions(world.calls, services)]
    return [*out, PLAIN_ROW]


def _no_twins(vpcs: Iterable[tuple[str, str]]) -> Iterator[Formula]:
    """No VPC bears the id of one that the workspace tells in another Region: AWS would have to give it again."""
    regions: dict[str, list[str]] = {}
    for own, region in vpcs:
        regions.setdefault(own, []).append(region)
    for own, here in regions.items():
        yield implies(is_text("endpoint.vpc", own), one_of("endpoint.region", here))


def _vpcs(world: World) -> list[str]:
    """The VPCs that the workspace names."""
    listed = (endpoint.vpc for account, _ in world.workspace.organization.accounts() for endpoint in account.endpoints)
    return [*(vpc.id for vpc in world.workspace.perimeter.vpcs), *(vpc for vpc in listed if vpc)]


def mentioned(calls: Calls) -> list[Formula]:
    """The catalogue facts that preferences may speak of, so that the problem declares them."""
    found = dict.fromkeys(name for names in _first_actions(calls).values() for name in names)
    return [PLAIN_ROW, *(atom(Member(CALL, f"action={name}")) for name in found)]


def _actions(calls: Calls, services: Sequence[str]) -> list[str]:
    """The most recognisable actions of these services, as far as the catalogue holds them."""
    first = _first_actions(calls)
    turns = zip_longest(*(first.get(service, ()) for service in well_known_first(services)))
    return [name for turn in turns for name in turn if name][:4]


def _first_actions(calls: Calls) -> dict[str, list[str]]:
    out: dict[str, list[str]] = {}
    for row in calls.rows:
        names = out.setdefault(row.service, [])
        if len(names) < 4 and row.lowered not in names:
            names.append(row.lowered)
    return out


def _optional(name: str) -> bool:
    """Keys that are there only where the caller or a service sends them."""
    return not name.startswith(("aws:principal", "aws:source", "aws:vpc", "aws:resource", "aws:via", "aws:requested"))


def plainest(
    engine: Engine, wanted: Sequence[Formula], assumptions: Sequence[Formula], first: Result
) -> tuple[Result, list[Formula]]:
    """A satisfying result that grants as many of `wanted` as it can, in order, and what it grants.

    `first` is a satisfying result to start from. A wish is granted where those before it leave room for it: a
    refutation that names few wishes tells at once that the last of them is not, if the others are.
    """
    granted: list[Formula] = []
    best = first

    # The next one last: wishes, and how many are granted by then if the one wish is not to be had.
    blocks: list[tuple[list[Formula], int | None]] = [(list(wanted), None)]
    while blocks:
        block, refused_at = blocks.pop()
        if not block or refused_at == len(granted):
            continue
        model = best.model
        assert model is not None
        if all(truth(formula, model) for formula in block):  # had already
            granted.extend(block)
            continue
        before = len(assumptions) + len(granted)
        result = engine.check([*assumptions, *granted, *block])
        if result.status == "sat":
            granted.extend(block)
            best = result
            continue
        used = [place - before for place in result.needed if place >= before]
        if result.status == "unsat" and used:
            last = max(used)
            blocks += [(block[last + 1 :], None), ([block[last]], len(granted) + last), (block[:last], None)]
        elif len(block) > 1:
            middle = len(block) // 2
            blocks += [(block[middle:], None), (block[:middle], None)]
    return best, granted
