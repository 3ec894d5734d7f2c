"""What `explain` says would allow a denied call does, and nothing less of it: asked of the evaluator by other means."""

from __future__ import annotations

import random
from itertools import combinations

import pytest

from perimeter_smt.evaluate import decide
from perimeter_smt.questions.requests.why import explain_case
from perimeter_smt.request.case import read_case

MINE, OTHER = "111122223333", "777788889999"
OPEN = {"Effect": "Allow", "Action": "*", "Resource": "*"}


def drawn(draw: random.Random) -> dict:
    """A case of one call, in which slots deny, stay silent or allow by chance."""

    def statements(principal: bool = False) -> list[dict]:
        out = []
        for number in range(draw.randint(1, 3)):
            one = {"Sid": f"S{draw.randrange(10**6)}x{number}", "Effect": draw.choice(["Allow", "Deny"]),
                   "Action": draw.choice(["s3:*", "s3:Get*", "sqs:*", "*"]), "Resource": "*"}  # fmt: skip
            if draw.random() < 0.3:
                one["Condition"] = {"Bool": {"aws:SecureTransport": draw.choice(["true", "false"])}}
            out.append({**one, "Principal": {"AWS": f"arn:aws:iam::{MINE}:root"}} if principal else one)
        return out

    def policy(principal: bool = False) -> dict:
        return {"Version": "2012-10-17", "Statement": statements(principal)}

    policies: dict = {"identity": [policy()], "scp": [[policy()], [policy()]][: draw.randint(1, 2)]}
    if draw.random() < 0.6:
        policies["boundary"] = policy()
    if draw.random() < 0.6:
        policies["resource"] = policy(principal=True)
    if draw.random() < 0.4:
        policies["vpce"] = policy(principal=True)
    owner = draw.choice([MINE, OTHER])
    return {
        "id": "x", "policies": policies,
        "request": {"principal": {"type": "user", "arn": f"arn:aws:iam::{MINE}:user/ann", "account": MINE},
                    "action": "s3:GetObject", "resource": "arn:aws:s3:::acme-data/a", "resource_account": owner,
                    "context": {"aws:SecureTransport": draw.choice(["true", "false"])}},
    }  # fmt: skip


def changed(value: dict, changes) -> bool:
    """Whether the call is allowed once the changes were made to the policies' own text."""
    gone = {c.statement.sid for c in changes if c.kind == "pass-deny"}
    opened = {c.slot for c in changes if c.kind == "add-allow"}

    def edited(document: dict, slot: str) -> dict:
        kept = [s for s in document["Statement"] if s["Sid"] not in gone]
        if slot in opened:
            who = {"Principal": {"AWS": f"arn:aws:iam::{MINE}:user/ann"}} if slot in ("resource", "vpce") else {}
            kept.append({**OPEN, **who})
        never = {"Effect": "Deny", "Action": "ec2:RunInstances", "Resource": "*"}
        who = {"Principal": "*"} if slot in ("resource", "vpce") else {}
        return {**document, "Statement": kept or [{**never, **who}]}

    policies = {}
    for slot, found in value["policies"].items():
        if slot == "scp":
            policies[slot] = [[edited(d, f"scp[{n}]") for d in level] for n, level in enumerate(found)]
        elif isinstance(found, list):
            policies[slot] = [edited(d, slot) for d in found]
        else:
            policies[slot] = edited(found, slot)
    if "resource" in opened and "resource" not in policies:
        allow = {**OPEN, "Principal": {"AWS": f"arn:aws:iam::{MINE}:user/ann"}}
        policies["resource"] = {"Version": "2012-10-17", "Statement": [allow]}
    return decide(read_case({**value, "policies": policies}, file="x", default_id="x")).allowed


@pytest.mark.parametrize("seed", range(60))
def test_changes_allow_and_nothing_less_does(seed):
    value = drawn(random.Random(seed))
    found = explain_case(read_case(value, file="x", default_id="x"))
    if found.decision.allowed:
        assert found.rests_on
        return
    assert found.changes
    for some in found.changes:
        assert changed(value, some), some
        for less in combinations(some, len(some) - 1):
            assert not changed(value, less), (some, less)
    for one, other in combinations(found.changes, 2):
        names = [{(c.kind, c.slot, c.statement and c.statement.sid) for c in some} for some in (one, other)]
        assert not names[0] <= names[1]
        assert not names[1] <= names[0]
