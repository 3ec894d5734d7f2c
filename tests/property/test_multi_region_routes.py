"""Two states of small worlds with a Multi-Region Access Point: `compare` finds what the evaluator says of every call.

The cases are made by hand, apart from what the answers are made with: each caller, action and bucket that a call may be
routed to, each bucket itself.
"""

from __future__ import annotations

import random
from functools import lru_cache

import pytest

from perimeter_smt.evaluate import decide
from perimeter_smt.organization.model import Account, BucketBehind, Organization, OwnedPrincipal, OwnedResource, Unit
from perimeter_smt.organization.perimeter import Perimeter, Workspace
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.questions.changes.ask import compare_workspaces
from perimeter_smt.questions.changes.routes import bucket_of
from perimeter_smt.questions.findings.who import what_can, who_can
from perimeter_smt.request.case import read_case

ORG, OWN, MATE, MANAGEMENT, STRANGER = (
    "o-acme0000058", "121212121212", "343434343434", "565656565656", "787878787878",
)  # fmt: skip
POINT = f"arn:aws:s3::{OWN}:accesspoint/z1x2c3v4b5n6m.mrap"
ROLE = f"arn:aws:iam::{OWN}:role/batch"
BUCKETS = {"ledger": OWN, "archive": MATE, "abroad": STRANGER}  # the last one is not listed
ACTIONS = ("s3:GetObject", "s3:PutObject")
CALLERS = {
    "role": {"type": "role-session", "arn": f"arn:aws:sts::{OWN}:assumed-role/batch/s", "role_arn": ROLE,
             "account": OWN},
    "root": {"type": "root", "arn": f"arn:aws:iam::{OWN}:root", "account": OWN},
    "mate": {"type": "root", "arn": f"arn:aws:iam::{MATE}:root", "account": MATE},
    "stranger": {"type": "user", "arn": f"arn:aws:iam::{STRANGER}:user/u", "account": STRANGER},
    "service": {"type": "service", "arn": "cloudtrail.amazonaws.com"},
}  # fmt: skip
EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}


def says(effect, resource, who, *actions):
    named = {"Principal": who} if who else {}
    return {"Effect": effect, "Action": list(actions), "Resource": resource, **named}


def drawn(rng):
    """The statements of role, point and buckets, and what lies behind the point."""

    def some(resource, chance, *, who):
        out = []
        for effect in ("Allow", "Deny"):
            if rng.random() < (chance if effect == "Allow" else 0.15):
                out.append(says(effect, resource, rng.choice(who), *rng.sample(ACTIONS, rng.randint(1, 2))))
        return out

    anybody = ("*", {"AWS": STRANGER}, {"AWS": ROLE}, {"AWS": MATE})
    return {
        "role": some(rng.choice(("*", f"{POINT}/object/*", "arn:aws:s3:::ledger/*")), 0.7, who=(None,)),
        "point": some(f"{POINT}/object/*", 0.6, who=anybody),
        "ledger": some("arn:aws:s3:::ledger/*", 0.6, who=anybody),
        "archive": some("arn:aws:s3:::archive/*", 0.6, who=anybody),
        "behind": sorted(rng.sample(sorted(BUCKETS), rng.randint(1, 3))),
    }


def changed(rng, state):
    """The same with one or two parts drawn anew, mostly what lies behind the point."""
    other = drawn(rng)
    parts = rng.sample(["role", "point", "ledger", "archive", "behind", "behind", "behind"], rng.randint(1, 2))
    return {**state, **{part: other[part] for part in parts}}


def policy(statements):
    return {"Version": "2012-10-17", "Statement": statements} if statements else None


def document(kind, statements):
    return parse_object(policy(statements), kind, file="p.json", name=kind.value) if statements else None


def workspace(state):
    own = document(Kind.IDENTITY, state["role"])
    role = OwnedPrincipal(arn=ROLE, type="role", account=OWN, policies=(own,) if own else ())

    def bucket(name):
        found = document(Kind.BUCKET, state[name])
        return OwnedResource(arn=f"arn:aws:s3:::{name}", account=BUCKETS[name], policy=found, acls=False)

    point = OwnedResource(
        arn=POINT, account=OWN, origin="internet", policy=document(Kind.ACCESS_POINT, state["point"]),
        buckets=tuple(BucketBehind(name=name, account=BUCKETS[name]) for name in state["behind"]),
    )  # fmt: skip
    accounts = (
        Account(id=OWN, listed=True, principals=(role,), resources=(point, bucket("ledger"))),
        Account(id=MATE, listed=True, resources=(bucket("archive"),)),
        Account(id=MANAGEMENT, listed=True),
    )
    organization = Organization(id=ORG, management_account=MANAGEMENT, root=Unit(id="r-ac58", accounts=accounts))
    return Workspace(organization=organization, perimeter=Perimeter(orgs=(ORG,)), name="small")


def allowed(state, who, action, bucket, *, through):
    """What the evaluator says of a call on an object, by the point or on the bucket itself."""
    if through and bucket not in state["behind"]:
        return False
    identity = {"role": policy(state["role"]), "service": None}.get(who, policy([EVERYTHING]))
    resource = policy(state[bucket]) if bucket in state else policy([{**EVERYTHING, "Principal": "*"}])
    case = {
        "policies": {
            "identity": [identity] if identity else [],
            "resource": resource,
            **({"access_point": policy(state["point"])} if through else {}),
        },
        "flags": {"via_access_point": POINT} if through else {},
        "request": {
            "principal": CALLERS[who], "action": action, "resource": f"arn:aws:s3:::{bucket}/k",
            "resource_account": BUCKETS[bucket], "context": {},
        },
    }  # fmt: skip
    return decide(read_case(case, file="f", default_id="1")).allowed


@lru_cache(maxsize=1)
def calls():
    return [
        (who, action, bucket, through)
        for who in CALLERS for action in ACTIONS for bucket in BUCKETS for through in (True, False)
    ]  # fmt: skip


def only(first, second):
    """The calls by caller, action and bucket that get through in one state alone."""
    return [c for c in calls() if allowed(second, *c[:3], through=c[3]) and not allowed(first, *c[:3], through=c[3])]


@pytest.mark.parametrize("seed", range(14))
def test_what_opens_and_closes_towards_each_bucket(seed):
    rng = random.Random(seed)
    before = drawn(rng)
    after = changed(rng, before)
    (part,) = compare_workspaces(
        workspace(before), workspace(after), services=["s3"], modes=["grants"], reading="exact", objectives=["O3"]
    ).parts
    for side, found, expected in (
        ("opens", part.opens, only(before, after)),
        ("closes", part.closes, only(after, before)),
    ):
        assert found.status == ("found" if expected else "none"), (side, before, after, expected)
        routed = {bucket for _, _, bucket, through in expected if through}
        shown = {bucket_of(change).split(":::")[-1].partition("/")[0] for change in found.changes} - {""}
        assert shown <= routed, (side, before, after)
        ways = {(action, bucket) for _, action, bucket, through in expected if not through}
        if not ways:
            assert shown == routed, (side, before, after)


def some_bucket(state, who, action):
    """Whether a call through the point gets to any bucket behind it."""
    return any(allowed(state, who, action, bucket, through=True) for bucket in BUCKETS)


@pytest.mark.parametrize("seed", range(14))
def test_who_can_call_through_the_point_and_what_a_caller_can(seed):
    state = drawn(random.Random(seed))
    space = workspace(state)
    for action in ACTIONS:
        answer = who_can(space, action, f"{POINT}/object/*")
        can = {one.name: bool(one.findings) for one in answer.callers}
        assert all(one.status == "complete" for one in answer.callers)
        assert can[ROLE] == some_bucket(state, "role", action), state
        assert can[f"others of account {OWN}"] == some_bucket(state, "root", action), state
        assert can[f"others of account {MATE}"] == some_bucket(state, "mate", action), state
        outside = any(some_bucket(state, who, action) for who in ("stranger", "service"))
        assert can["outsiders"] == outside, state
    (caller,) = what_can(space, ROLE, services=["s3"]).callers
    found = {found.example.request.resource.split("/")[0] for found in caller.findings}
    assert not found or caller.status == "complete"
    every = [c for c in calls() if c[0] == "role" and allowed(state, *c[:3], through=c[3])]
    assert bool(caller.findings) == bool(every), state
