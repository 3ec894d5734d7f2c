"""What `explain` lists is every smallest set: changes for a deny, Allow statements for an allow, by trying them all.

Slots, callers and calls are drawn; the policies' own text is changed, and the evaluator decides.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from typing import Any

import pytest

from perimeter_smt.evaluate import StatementRef, decide
from perimeter_smt.questions.requests.why import explain_case
from perimeter_smt.request.case import Case, read_case

MINE, OTHER = "111122223333", "777788889999"
VERSION = "2012-10-17"
OPEN = {"Effect": "Allow", "Action": "*", "Resource": "*"}
IDLE = {"Sid": "idle", "Effect": "Deny", "Action": "ec2:RunInstances", "Resource": "*"}
ANYBODY = {"Principal": "*"}
USER, ROLE = f"arn:aws:iam::{MINE}:user/ann", f"arn:aws:iam::{MINE}:role/app"
SESSION = f"arn:aws:sts::{MINE}:assumed-role/app/s"
CALLERS: tuple[dict[str, Any], ...] = (
    {"type": "user", "arn": USER, "account": MINE},
    {"type": "role-session", "arn": SESSION, "account": MINE, "role_arn": ROLE},
    {"type": "root", "arn": f"arn:aws:iam::{MINE}:root", "account": MINE},
    {"type": "service", "arn": "cloudtrail.amazonaws.com"},
    {"type": "anonymous"},
    {"type": "federated-user", "arn": f"arn:aws:sts::{MINE}:federated-user/bob", "account": MINE, "user_arn": USER},
)
CALLS = (
    ("s3:GetObject", "arn:aws:s3:::acme-data/a"),
    ("s3:DeleteBucketPolicy", "arn:aws:s3:::acme-data"),
    ("sqs:SetQueueAttributes", "arn:aws:sqs:eu-west-1:{}:q"),
    ("sqs:SendMessage", "arn:aws:sqs:eu-west-1:{}:q"),
    ("kms:Decrypt", "arn:aws:kms:eu-west-1:{}:key/11112222-3333-4444-5555-666677778888"),
    ("sts:AssumeRole", "arn:aws:iam::{}:role/target"),
    ("sts:GetCallerIdentity", "*"),
)
NAMED = ("*", {"AWS": MINE}, {"AWS": USER}, {"AWS": ROLE}, {"AWS": SESSION}, {"AWS": OTHER},
         {"Service": "cloudtrail.amazonaws.com"})  # fmt: skip


class _Draw:
    """A case of one call; every statement has an id of its own."""

    def __init__(self, seed: int) -> None:
        self.rng, self.number = random.Random(seed), 0

    def statement(self, principal: bool) -> dict[str, Any]:
        rng, self.number = self.rng, self.number + 1
        actions = ["s3:*", "s3:Get*", "sqs:*", "*", "kms:*", "sts:*"]
        out: dict[str, Any] = {"Sid": f"S{self.number}", "Effect": rng.choice(["Allow", "Allow", "Deny"])}
        out |= {"Action": rng.choice(actions), "Resource": "*"}
        if rng.random() < 0.25:
            out["Condition"] = {"Bool": {"aws:SecureTransport": rng.choice(["true", "false"])}}
        return {**out, "Principal": rng.choice(NAMED)} if principal else out

    def policy(self, principal: bool = False) -> dict[str, Any]:
        found = [self.statement(principal) for _ in range(self.rng.randint(int(principal), 2))]
        return {"Version": VERSION, "Statement": found or [IDLE]}

    def denying(self) -> dict[str, Any]:
        self.number += 1
        actions = self.rng.choice(["s3:*", "sqs:*", "kms:*"])
        deny = {"Sid": f"S{self.number}", "Effect": "Deny", "Action": actions, "Resource": "*", **ANYBODY}
        return {"Version": VERSION, "Statement": [deny]}

    def value(self) -> dict[str, Any]:
        rng, some = self.rng, self.rng.random
        (action, arn), owner, caller = rng.choice(CALLS), rng.choice([MINE, OTHER]), rng.choice(CALLERS)
        context = {"aws:SecureTransport": rng.choice(["true", "false"])}
        policies: dict[str, Any] = {"identity": [self.policy() for _ in range(rng.randint(0, 2))]}
        if some() < 0.5:
            policies["scp"] = [[self.policy() for _ in range(rng.randint(1, 2))] for _ in range(rng.randint(1, 2))]
        if some() < 0.3:
            full = {"Version": VERSION, "Statement": [{**OPEN, **ANYBODY, "Sid": "idle"}]}
            policies["rcp"] = [[full, self.denying()] for _ in range(rng.randint(1, 2))]
        if some() < 0.35:
            policies["boundary"] = self.policy()
        if some() < 0.65:
            policies["resource"] = self.policy(principal=True)
        if some() < 0.3 and caller["type"] in ("role-session", "federated-user"):
            policies["session"] = [self.policy()]
        if some() < 0.3:
            policies["vpce"] = self.policy(principal=True)
            context["aws:SourceVpce"] = "vpce-0123456789abcdef0"
        flags = {"sub_actions": ["s3:GetObject", "s3:PutObject"]} if action == "s3:GetObject" and some() < 0.5 else {}
        request = {"principal": caller, "action": action, "resource": arn.format(owner), "resource_account": owner}
        return {"id": "x", "policies": policies, "flags": flags, "request": {**request, "context": context}}


def case(value: dict[str, Any]) -> Case:
    """The case; a trust policy has no resource, and speaks of calls on roles."""
    value = json.loads(json.dumps(value))
    if value["request"]["action"] == "sts:AssumeRole":
        for one in value["policies"].get("resource", {}).get("Statement", ()):
            one.pop("Resource", None)
            one["Action"] = one["Action"] if one["Action"] in ("*", "sts:*") else "sts:TagSession"
    return read_case(value, file="x", default_id="x")


def edited(value: dict[str, Any], gone: set[str], opened: set[str]) -> dict[str, Any]:
    """The case without some statements, and with an Allow for everybody in some slots."""

    def kept(document: dict[str, Any], slot: str = "") -> dict[str, Any]:
        who = ANYBODY if slot in ("resource", "vpce", "rcp") else {}
        left = [s for s in document["Statement"] if s["Sid"] not in gone]
        left += [{**OPEN, **who, "Sid": "open"}] if slot in opened else []
        return {**document, "Statement": left or [{**IDLE, **who}]}

    def more(slot: str, who: dict[str, str]) -> list[dict[str, Any]]:
        return [{"Version": VERSION, "Statement": [{**OPEN, **who}]}] if slot in opened else []

    given, out = value["policies"], {}
    opened = {name for name in opened if not name.startswith("S")}  # the rest are statements
    for slot in dict.fromkeys((*given, *(s for s in opened if "[" not in s))):
        found = given.get(slot)
        if slot in ("scp", "rcp"):
            who = ANYBODY if slot == "rcp" else {}
            out[slot] = [[*(kept(d, slot) for d in level), *more(f"{slot}[{n}]", who)] for n, level in enumerate(found)]
        elif slot in ("identity", "session"):
            out[slot] = [*(kept(d) for d in found or ()), *more(slot, {})]
        elif found is None:
            out[slot] = {"Version": VERSION, "Statement": [{**OPEN, **ANYBODY}]}
        else:
            out[slot] = kept(found, slot)
    return {**value, "policies": out}


def statements(found: Any) -> Iterator[dict[str, Any]]:
    """Every statement, however deep."""
    if isinstance(found, dict):
        yield from (s for s in found["Statement"] if s["Sid"] != "idle")
    else:
        for each in found:
            yield from statements(each)


def smallest(items: Sequence[Any], enough: Callable[[set[Any]], bool]) -> set[frozenset[Any]]:
    """Every set that is enough and of which no part is."""
    found: set[frozenset[Any]] = set()
    for size in range(len(items) + 1):
        for chosen in map(frozenset, combinations(items, size)):
            if not any(less <= chosen for less in found) and enough(set(chosen)):
                found.add(chosen)
    return found


def _sids(found: Sequence[Sequence[StatementRef]]) -> set[frozenset[Any]]:
    return {frozenset(one.sid for one in some if one.sid != "idle") for some in found}


def compared(seed: int) -> tuple[str, set[frozenset[Any]], set[frozenset[Any]], bool] | None:
    """What is decided, every smallest set, those that are listed, and whether more are said to be; None: too many."""
    value = _Draw(seed).value()
    found = explain_case(case(value))
    written = list(statements(value["policies"].values()))
    denies, allows = ([s["Sid"] for s in written if s["Effect"] == effect] for effect in ("Deny", "Allow"))
    if found.decision.allowed:
        if len(allows) > 9:
            return None
        wanted = smallest(allows, lambda some: decide(case(edited(value, set(allows) - some, set()))).allowed)
        return "allow", wanted, _sids(found.rests_on), found.more
    levels = ("scp", "rcp")
    slots = dict.fromkeys(("identity", "resource"))
    for slot, policies in value["policies"].items():
        slots |= dict.fromkeys([f"{slot}[{n}]" for n in range(len(policies))] if slot in levels else [slot])
    if value["request"]["principal"]["type"] == "federated-user":
        slots["session"] = None
    if len(denies) + len(slots) > 8:
        return None
    wanted = smallest([*denies, *slots], lambda some: decide(case(edited(value, some, some))).allowed)
    shown = {frozenset(c.slot if c.statement is None else c.statement.sid for c in some) for some in found.changes}
    assert bool(found.stuck) == (not wanted)
    return "deny", wanted, shown, found.more


@pytest.mark.parametrize("first", range(0, 40, 10))
def test_every_smallest_set_is_listed(first):
    for seed in range(first, first + 10):
        found = compared(seed)
        if found is not None:
            _, wanted, shown, more = found
            assert shown == wanted or (more and shown < wanted), seed
