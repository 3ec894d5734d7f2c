"""What a configuring call sets up, by the condition keys that tell it (tables `compute-settings` and `carriers`).

Defined here are the symbols that `encodings/mitigations/egress.smt2` leaves open.  A key tells that compute runs
elsewhere, or that a target is foreign, by its absence or by its values; where a row of a table has no key, nothing is
told, and only a denial of the whole call holds it back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any

from perimeter_smt.encode.language.keys import Key, KeySpace
from perimeter_smt.encode.world.accounts import member_ids
from perimeter_smt.encode.world.catalogue import Calls
from perimeter_smt.encode.world.perimeter import excepted, in_my_regions, in_range, in_scope, of_one_region
from perimeter_smt.logic.atoms import ANY, DIGITS, NOT_COLON, CharSet, Member, Pattern, Run, Template, Text
from perimeter_smt.logic.compose import glob_on
from perimeter_smt.logic.formula import FALSE, TRUE, Formula, atom, both, conj, disj, either, implies, neg
from perimeter_smt.logic.reader import Script
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.request.keys import table_rows
from perimeter_smt.request.partitions import partitions

COMPUTE, CARRIERS, PORTABLE = "compute-settings", "carriers", "portable-credentials"
_FIELD = Run(NOT_COLON)
_NAME = CharSet("abcdefghijklmnopqrstuvwxyz0123456789-")
_BUCKET = CharSet(":/", negated=True)
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_REGION = (Run(CharSet(_LETTERS), 2), Text("-"), Run(CharSet(f"{_LETTERS}-"), 1), Text("-"), Run(DIGITS, 1, 2))
_REGION_OR_NONE = (Run(CharSet(f"{_LETTERS}-")), Run(DIGITS, 0, 2))
_HEX = CharSet("0123456789abcdef")
_TARGETS = {"sqs": "", "s3": "", "lambda": "function:*"}  # of keys that hold any ARN
_NO_REGION = ("iam", "sts")
_PLAIN = {"vpc/": "vpc-0fedcba9876543210", "assumed-role/*": "acme-inbox/session"}
# Where an account may stand behind a colon: in the path of a user, in what Cloud9 takes for a role, in a prefix.
_AROUND = {"iam": ("acme:", "/inbox"), "sts": ("acme:", "/session"), "s3": ("acme-inbox/acme:", "")}
_NAMED = 3  # accounts of mine that foreign values are written with
Row = Mapping[str, Any]
Arns = Mapping[str, str | Sequence[str]]


def of_tables(workspace: Workspace, keys: KeySpace, script: Script) -> dict[str, Formula]:
    """The open symbols of the questions on the calls of tables: N1, E2, and what N2 asks of them.

    The sets of the catalogue that they speak of are named by `define_sets`.
    """
    compute, carriers = table_rows(COMPUTE), table_rows(CARRIERS)
    return {
        **_exceptions(workspace, keys, script),
        "call.sets-up-compute": _calls("sets up compute"),
        "call.sets-up-carrier": _calls("sets up a carrier"),
        "call.carries": _calls("carries"),
        "call.hands-out": _calls("hands out"),
        "key-tells.elsewhere": _told("N1", compute, lambda row: elsewhere(workspace, keys, row)),
        "key-tells.foreign": _told("E2", carriers, lambda row: foreign(workspace, keys, row)),
    }


def of_scopes(workspace: Workspace, keys: KeySpace, script: Script) -> dict[str, Formula]:
    """The open symbols of the questions on all calls that the scopes claim: E1, and the other half of N2."""
    perimeter = workspace.perimeter
    return {
        **_exceptions(workspace, keys, script),
        "region.mine": in_my_regions(perimeter),
        "service.one-region": of_one_region(workspace),
        "through-proxy": disj(in_range(cidr) for cidr in perimeter.proxies),
        "E1.scope": in_scope(perimeter.scope("E1")),
    }


def _exceptions(workspace: Workspace, keys: KeySpace, script: Script) -> dict[str, Formula]:
    perimeter = workspace.perimeter
    return {
        **{f"{name}.excepted": excepted(perimeter, keys, script, name) for name in ("N1", "E1", "E2")},
        # Who may call from anywhere has credentials that work anywhere.
        "N2.excepted": disj(excepted(perimeter, keys, script, name) for name in ("N2", "O5")),
    }


def calls_of(row: Row) -> tuple[str, ...]:
    """The calls that a row asks about: those that configure, or those by which a role carries the data."""
    return tuple(row["carries"] if row.get("guard") == "role" else row["actions"])


def row_set(mitigation: str, row: Row) -> str:
    """The name of the set of the calls that a row asks about."""
    return f"{mitigation} {row['service']} {row['what']}"


def define_sets(calls: Calls) -> None:
    """Name the sets of the catalogue that the definitions speak of."""
    carriers = table_rows(CARRIERS)
    rows = {
        "sets up compute": [("N1", row) for row in table_rows(COMPUTE)],
        "sets up a carrier": [("E2", row) for row in carriers if row["guard"] != "role"],
        "carries": [("E2", row) for row in carriers if row["guard"] == "role"],
        "hands out": [("N2", row) for row in table_rows(PORTABLE)],
    }
    for name, found in rows.items():
        together = 0
        for mitigation, row in found:
            here = 0
            for action in calls_of(row):
                here |= calls.members(f"action={action.lower()}")
            calls.define_rows(row_set(mitigation, row), here)
            together |= here
        calls.define_rows(name, together)


def _calls(name: str) -> Formula:
    return atom(Member("call", name))


def keys_of(rows: Iterable[Row]) -> tuple[str, ...]:
    """The condition keys that tell the target or the network, in lower case."""
    return tuple(dict.fromkeys(name.lower() for name in spelled_keys(rows)))


def spelled_keys(rows: Iterable[Row]) -> tuple[str, ...]:
    """The same keys as AWS spells them."""
    rows = list(rows)
    found = [row["key"] for row in rows if "key" in row]
    found += [fact["key"] for row in rows for alternative in row.get("tells", ()) for fact in _facts(alternative)]
    return tuple(dict.fromkeys(found))


def _told(mitigation: str, rows: Iterable[Row], told: Callable[[Row], Formula]) -> Formula:
    """For every call that has keys: one of its rows tells; a call without keys tells nothing.

    Rows with keys name the same calls or none in common.
    """
    by_calls: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        if "key" in row or "tells" in row:
            by_calls.setdefault(calls_of(row), []).append(row)
    return conj(implies(_calls(row_set(mitigation, same[0])), disj(map(told, same))) for same in by_calls.values())


def elsewhere(workspace: Workspace, keys: KeySpace, row: Row) -> Formula:
    """The key of a row of `compute-settings` tells that the compute runs outside my VPCs.

    Ids of VPCs are compared where the perimeter declares `vpcs`; a subnet, a connector, and else any VPC count as mine.
    """
    if "key" not in row:
        return TRUE
    key = keys.key(row["key"].lower())
    beside = (keys.known.get(name.lower()) for name in row.get("beside", ()))  # what no policy looks at may be absent
    there = disj((key.has, *(_some_value(other, lambda _: TRUE) for other in beside if other is not None)))
    absent = neg(there) if row["absent"] == "outside" else FALSE
    if isolated := keys.known.get(row.get("isolated", "").lower()):  # code without any network is nowhere outside
        absent = both(absent, neg(_some_value(isolated, lambda term: _one_of(term, ["true"]))))
    vpcs = [vpc.id for vpc in workspace.perimeter.vpcs]
    match row["names"]:
        case "vpc" if vpcs:
            another = _some_value(key, lambda term: both(_is_a(workspace, term, "vpc-id"), neg(_one_of(term, vpcs))))
            if row.get("one"):  # such compute stands in one VPC, though its key may hold several
                another = both(another, conj(neg(both(x.has, y.has)) for x, y in combinations(key.slots, 2)))
            of_form = (implies(slot.has, _is_a(workspace, slot.term, "vpc-id")) for slot in key.slots)
            return either(absent, both(another, *of_form))
        case "value":
            return either(absent, _some_value(key, lambda term: _one_of(term, row["outside"])))
    return absent


def foreign(workspace: Workspace, keys: KeySpace, row: Row) -> Formula:
    """The keys of a row of `carriers` tell that the target is not mine."""
    if "tells" not in row:
        return TRUE
    return disj(conj(_fact(workspace, keys, fact) for fact in _facts(alternative)) for alternative in row["tells"])


def _facts(alternative: Row) -> list[Row]:
    return list(alternative["all"]) if "all" in alternative else [alternative]


def _fact(workspace: Workspace, keys: KeySpace, fact: Row) -> Formula:
    key = keys.key(fact["key"].lower())
    if "is" in fact:
        return _some_value(key, lambda term: _one_of(term, fact["is"]))
    names = fact["names"]

    def of_form(term: Template) -> Formula:
        return _is_a(workspace, term, names, fact.get("arns"))

    told = _some_value(key, lambda term: both(of_form(term), neg(_is_mine(workspace, term, names))))
    return both(told, *(implies(slot.has, of_form(slot.term)) for slot in key.slots))


def _some_value(key: Key, told: Callable[[Template], Formula]) -> Formula:
    if key.slots:
        return both(key.has, disj(both(slot.has, told(slot.term)) for slot in key.slots))
    return both(key.has, told(key.term))


def _one_of(term: Template, values: Iterable[str]) -> Formula:
    return disj(glob_on(term, (Text(value),)) for value in values)


def my_accounts(workspace: Workspace) -> tuple[str, ...]:
    """The accounts that are known to be mine, by their ids."""
    listed = member_ids(workspace.organization) if workspace.organization.id in workspace.perimeter.orgs else ()
    return tuple(dict.fromkeys((*listed, *workspace.perimeter.accounts)))


def my_resources(workspace: Workspace) -> tuple[str, ...]:
    """Listed resources, whose ARNs need not tell their account."""
    return tuple(r.arn for account, _ in workspace.organization.accounts() for r in account.resources)


def _is_a(workspace: Workspace, term: Template, names: str, arns: Arns | None = None) -> Formula:
    """A value is of the form that AWS writes into the key: an ARN, the id of a VPC, or not empty.

    `arns`: what ARNs the key holds, as a service with the beginning of its resources; any where the table says nothing.
    General Reference, ARNs: targets have an account, but buckets; some have no Region. EC2 guide, resource ids: 8 or 17
    hexadecimal digits.
    """
    if names == "arn":
        start = Text(f"arn:{workspace.organization.partition}:")
        if arns is None:
            forms = [_buckets(start)[0], _owned(start, (Run(_NAME, 1),), (Run(ANY, 1),), _REGION_OR_NONE)]
            return disj(glob_on(term, form) for form in forms)
        forms = _buckets(start) if "s3" in arns else []
        entries = _entries(arns)
        forms += [
            _owned(start, (Text(name),), _resources(begins), () if name in _NO_REGION else _REGION)
            for name, begins in entries
            if name != "s3"
        ]
        return disj(glob_on(term, form) for form in forms)
    if names in ("vpc", "vpc-id"):
        of_zone = names == "vpc"
        region = (Text(",VPCRegion="), Run(_NAME, 1)) if of_zone else ()
        before = Text(f"{'VPCId=' if of_zone else ''}vpc-")
        return disj(glob_on(term, (before, Run(_HEX, digits, digits), *region)) for digits in (8, 17))
    return neg(glob_on(term, ()))


def _entries(arns: Arns) -> list[tuple[str, str]]:
    """The services of a column `arns`, each with every beginning of its resources."""
    listed = {name: [begins] if isinstance(begins, str) else begins for name, begins in arns.items()}
    return [(name, begins) for name, all_of in listed.items() for begins in all_of]


def _resources(begins: str) -> Pattern:
    """One resource by its whole name, or those that begin so: up to a slash or colon, or with `*` for any name."""
    if begins.endswith("*"):
        return (Text(begins.removesuffix("*")), Run(ANY, 1))
    return (Text(begins), Run(NOT_COLON, 1)) if not begins or begins[-1] in "/:" else (Text(begins),)


def _buckets(start: Text) -> list[Pattern]:
    """A bucket, or a place in one that logs go to, `arn:aws:s3:::bucket/prefix`: prefixes hold anything."""
    bucket = (start, Text("s3:::"), Run(_BUCKET, 1))
    return [bucket, (*bucket, Text("/"), Run(ANY))]


def _owned(start: Text, service: Pattern, resource: Pattern, region: Pattern) -> Pattern:
    """An ARN with an account, and with a Region or none."""
    colon = Text(":")
    return (start, *service, colon, *region, colon, Run(DIGITS, 12, 12), colon, *resource)


def _is_mine(workspace: Workspace, term: Template, names: str) -> Formula:
    """A value names something of mine: an `account` by its id, an `arn`, a `principal` in either way, a declared `vpc`.

    A service is nobody's principal: for whom it acts is a question of O1. No `address` outside AWS is mine.
    """
    if names == "vpc":
        return disj(glob_on(term, (Text(f"VPCId={vpc.id},"), Run(ANY))) for vpc in workspace.perimeter.vpcs)
    if names == "address":
        return FALSE
    ids = my_accounts(workspace)
    arn = [
        (Text("arn:"), _FIELD, Text(":"), _FIELD, Text(":"), _FIELD, Text(f":{account}:"), Run(ANY)) for account in ids
    ]
    out = [] if names == "arn" else [_one_of(term, ids)]
    if names != "account":
        out += [glob_on(term, pattern) for pattern in arn]
        out.append(_one_of(term, my_resources(workspace)))
    if names == "principal":
        out.append(glob_on(term, (Run(ANY), Text(".amazonaws.com"))))
    return disj(out)


def hints(rows: Iterable[Row], workspace: Workspace) -> dict[str, tuple[str, ...]]:
    """Readable foreign values of the keys that tell a target."""
    stranger = "999988887777"
    by_names = {
        "account": (stranger,),
        "principal": (stranger,),
        "vpc": ("vpc-0fedcba9876543210", "VPCId=vpc-0fedcba9876543210,VPCRegion=us-east-1"),
        "address": ("somebody@example.org",),
        "subnet": ("subnet-0123456789abcdef0",),
    }
    out: dict[str, tuple[str, ...]] = {}
    for row in rows:
        facts = [fact for alternative in row.get("tells", ()) for fact in _facts(alternative)]
        for fact in (*facts, *((row,) if "key" in row else ())):
            values = tuple(fact.get("is", fact.get("outside", ()))) or by_names.get(fact.get("names", ""), ())
            if fact.get("names") == "arn":
                values = _foreign_arns(workspace, fact.get("arns", _TARGETS), stranger)
            for name in (fact["key"], f"{fact['key']} 1", f"{fact['key']} 2"):
                out[name] = values
    return {name: values for name, values in out.items() if values}


def _foreign_arns(workspace: Workspace, arns: Arns, stranger: str) -> tuple[str, ...]:
    """ARNs of a stranger's; those whose names hold an account of mine, which wildcards may take for mine, come last."""
    partition = workspace.organization.partition
    region = partitions()[partition].global_region
    told = my_accounts(workspace)[:_NAMED]
    plain, named = [], []
    for service, resource in _entries(arns):
        place = ":" if service == "s3" else f"{'' if service in _NO_REGION else region}:{stranger}"
        start = f"arn:{partition}:{service}:{place}:{resource.removesuffix('*')}"
        if resource and resource[-1] not in "/:*":
            plain.append(start)
            continue
        plain.append(f"{start}{_PLAIN.get(resource, 'acme-inbox')}")
        named += [f"{start}{account}-inbox" for account in told]
        if resource.endswith("*") or service == "s3":
            before, after = _AROUND.get(service, ("", ""))
            named += [f"{start}{before}{account}:live{after}" for account in told]
    return (*plain, *named)
