"""Small policies compared by trying every request of a small world, with the concrete evaluator.

Engine and brute force disagree if the engine calls two documents equal where some request of the world tells them
apart, or if it shows a request that the evaluator does not confirm.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

from perimeter_smt.errors import InternalError
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.questions.compare import compare
from perimeter_smt.request.request import Principal, Request
from perimeter_smt.witness.replay import allows

CALLER = Principal(
    type="role-session",
    arn="arn:aws:sts::111122223333:assumed-role/App/session",
    account="111122223333",
    role_arn="arn:aws:iam::111122223333:role/App",
)
Context = dict[str, str | tuple[str, ...]]
Block = dict[str, Any]


def request(name: str, context: Context, action: str = "s3:GetObject") -> Request:
    """A call of the one caller on an object (or on everything, for actions without resources)."""
    resource = f"arn:aws:s3:::b/{name}"
    return Request(principal=CALLER, action=action, resource=resource, resource_account="111122223333", context=context)


def names(letters: str, longest: int) -> Iterator[str]:
    """Every text over `letters` from one letter to `longest`."""
    for length in range(1, longest + 1):
        for found in product(letters, repeat=length):
            yield "".join(found)


def infix(rng: random.Random) -> Block:
    """A pattern of up to four letters, stars and question marks in any order."""
    return _block(resource="".join(rng.choice("ab*?") for _ in range(rng.randrange(1, 5))))


def addresses(rng: random.Random) -> Block:
    """A block of the 16 addresses of the world, held or refused."""
    operator = rng.choice(["IpAddress", "NotIpAddress", "IpAddressIfExists"])
    bits = rng.randrange(28, 33)
    return _block(
        condition={operator: {"aws:SourceIp": f"10.0.0.{rng.randrange(16) >> (32 - bits) << (32 - bits)}/{bits}"}}
    )


def multivalued(rng: random.Random) -> Block:
    """A set operator over up to two of three values."""
    operator = rng.choice(["ForAllValues:", "ForAnyValue:"]) + rng.choice(
        ["StringEquals", "StringNotEquals", "StringLike"]
    )
    return _block(condition={operator: {"aws:TagKeys": rng.sample(["a", "b", "c"], rng.randrange(1, 3))}})


def linked(rng: random.Random) -> Block:
    """A resource or a condition that names a tag of the caller."""
    tag = f"${{aws:PrincipalTag/{rng.choice('xy')}}}"
    if rng.random() < 0.5:
        return _block(resource=rng.choice([f"{tag}", f"{tag}*", f"*{tag}", f"a{tag}"]))
    operator = rng.choice(["StringEquals", "StringNotEquals", "StringEqualsIfExists", "StringLike"])
    return _block(condition={operator: {"aws:PrincipalTag/x": rng.choice(["${aws:PrincipalTag/y}", "a", "b"])}})


def _world_of_names() -> Iterator[Request]:
    return (request(name, {}) for name in names("abc", 5))


def _world_of_addresses() -> Iterator[Request]:
    yield request("a", {})
    yield from (request("a", {"aws:SourceIp": f"10.0.0.{host}"}) for host in range(17))


def _world_of_values() -> Iterator[Request]:
    yield request("a", {})
    for count in range(1, 4):
        yield from (request("a", {"aws:TagKeys": found}) for found in product("abcd", repeat=count))


def _world_of_tags() -> Iterator[Request]:
    values = (None, "a", "b", "ab")
    for name, x, y in product(names("ab", 3), values, values):
        tags: Context = {f"aws:PrincipalTag/{key}": value for key, value in (("x", x), ("y", y)) if value}
        yield request(name, tags)


FAMILIES: dict[str, tuple[Callable[[random.Random], Block], Callable[[], Iterator[Request]]]] = {
    "infix": (infix, _world_of_names),
    "addresses": (addresses, _world_of_addresses),
    "multivalued": (multivalued, _world_of_values),
    "linked": (linked, _world_of_tags),
}


def check(family: str, count: int, seed: int) -> list[str]:
    """Compare `count` random pairs of documents of up to three statements; what went wrong, in words."""
    block, world = FAMILIES[family]
    rng = random.Random(f"{seed} {family}")
    requests = list(world())
    wrong = []
    for number in range(count):
        before, after = (_document([block(rng) for _ in range(rng.randrange(1, 4))], rng) for _ in range(2))
        wrong += [f"{family} {number}: {text}" for text in _against(before, after, requests)]
    return wrong


def differences(before: Document, after: Document, requests: list[Request]) -> tuple[bool, bool]:
    """Whether some request is allowed by the second document only, and by the first only."""
    more = less = False
    for found in requests:
        old, new = allows(before, found), allows(after, found)
        more, less = more or (new and not old), less or (old and not new)
    return more, less


def _against(before: Document, after: Document, requests: list[Request]) -> Iterator[str]:
    try:
        found = compare(before, after, free_context=True)
    except InternalError as problem:
        yield str(problem)
        return
    if found.relation == "unknown":
        yield f"unknown: {found.reason}"
        return
    more, less = differences(before, after, requests)
    if more and found.newly_allowed is None:
        yield "the engine overlooks a request that is newly allowed"
    if less and found.newly_denied is None:
        yield "the engine overlooks a request that is newly denied"


def _block(*, resource: str = "*", condition: Block | None = None) -> Block:
    out: Block = {"Action": "s3:GetObject", "Resource": f"arn:aws:s3:::b/{resource}"}
    return out | ({"Condition": condition} if condition else {})


def _document(blocks: list[Block], rng: random.Random) -> Document:
    statements = [{"Effect": "Allow" if i == 0 or rng.random() < 0.6 else "Deny", **b} for i, b in enumerate(blocks)]
    policy = {"Version": "2012-10-17", "Statement": statements}
    return parse_object(policy, Kind.IDENTITY, file="small", name="small", strict=False)
