"""Generated policies that are hard for string solvers, from 10 to 1,000 statements, and small ones by brute force."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.brute import FAMILIES as SMALL
from benchmarks.brute import check
from benchmarks.compared import compared
from benchmarks.harness import SEED, Answer, Judgement, Outcome, contradictions
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object

SIZES = (10, 30, 100, 300, 1000)
QUICK = (10, 30, 100)
INSTANCES = 60  # small instances per family
Block = dict[str, Any]


def infix(size: int, rng: random.Random) -> tuple[list[Block], list[Block]]:
    """Names with two given words in this order, against names with those words run together or apart."""
    words = [_word(rng, 3) for _ in range(size)]
    first = [_allow(resource=f"b/*{a}*{b}*") for a, b in zip(words, rng.sample(words, size), strict=True)]
    second = [_allow(resource=f"b/*{w}?*{words[0]}*") for w in words]
    return first, second


def chains(size: int, rng: random.Random) -> tuple[list[Block], list[Block]]:
    """`?` chains of up to seven with a letter somewhere; `*x???` tells words apart by their last four letters."""

    def marks() -> str:
        return "?" * rng.randrange(8)

    first = [_allow(resource=f"b/{marks()}{rng.choice('abcd')}{marks()}*") for _ in range(size)]
    second = [_allow(resource=f"b/*{rng.choice('abcd')}{marks()}") for _ in range(size)]
    return first, second


def addresses(size: int, rng: random.Random) -> tuple[list[Block], list[Block]]:
    """Blocks of 10.0.0.0/8, against the same blocks cut in two with one of the halves missing."""
    blocks = [(rng.getrandbits(24) >> 8 << 8, 24 - rng.randrange(5)) for _ in range(size)]
    whole = [_cidr(base, bits) for base, bits in blocks]
    halves = [_cidr(base + turn * (1 << (31 - bits)), bits + 1) for base, bits in blocks for turn in (0, 1)]
    first = [_allow(condition={"IpAddress": {"aws:SourceIp": text}}) for text in whole]
    second = [_allow(condition={"IpAddress": {"aws:SourceIp": pair}}) for pair in _paired(halves)]
    second[-1]["Condition"]["IpAddress"]["aws:SourceIp"].pop()
    return first, second


def multivalued(size: int, rng: random.Random) -> tuple[list[Block], list[Block]]:
    """Conditions for all and for any of the tag keys of a request."""
    names = [_word(rng, 4) for _ in range(8)]

    def block(operator: str) -> Block:
        return _allow(condition={operator: {"aws:TagKeys": rng.sample(names, 3)}}, action="ec2:CreateTags")

    first = [block("ForAllValues:StringEquals") for _ in range(size)]
    second = [block(rng.choice(["ForAllValues:StringEquals", "ForAnyValue:StringEquals"])) for _ in range(size)]
    return first, second


def linked(size: int, rng: random.Random) -> tuple[list[Block], list[Block]]:
    """Resources named after the caller's tags, and tags of caller and resource that must be equal."""
    tags = [_word(rng, 4) for _ in range(max(4, size // 10))]

    def block(tag: str) -> Block:
        same = {"StringEquals": {f"aws:ResourceTag/{tag}": f"${{aws:PrincipalTag/{tag}}}"}}
        return _allow(resource=f"b/{tag}/${{aws:PrincipalTag/{tag}}}/*", condition=same)

    first = [block(rng.choice(tags)) for _ in range(size)]
    second = [_allow(resource=f"b/{rng.choice(tags)}/{_word(rng, 3)}*") for _ in range(size)]
    return first, second


FAMILIES: dict[str, Callable[[int, random.Random], tuple[list[Block], list[Block]]]] = {
    "infix": infix,
    "chains": chains,
    "addresses": addresses,
    "multivalued": multivalued,
    "linked": linked,
}


class Hard:
    """Two generated documents, compared in both directions."""

    name = "hard"
    title = "generated policies, 10 to 1,000 statements"

    def __init__(self, *, quick: bool = False) -> None:
        self.instances = INSTANCES // 4 if quick else INSTANCES
        sizes = QUICK if quick else SIZES
        self._jobs = [(family, size) for size in sizes for family in FAMILIES]
        self.questions = tuple(f"{family} {size}" for family, size in self._jobs)

    def ask(self, number: int, backend: str) -> Answer:
        family, size = self._jobs[number]
        first, second = FAMILIES[family](size, random.Random(f"{SEED} {family} {size}"))
        before, after = (document(statements, name) for statements, name in ((first, "first"), (second, "second")))
        return compared(self.questions[number], before, after, backend)

    def judge(self, outcomes: Sequence[Outcome]) -> Judgement:
        native = next((o for o in outcomes if o.backend == "native"), None)
        against = contradictions(outcomes)
        growth = (
            {a.question: {"status": a.status, "ms": round(1e3 * a.total, 1)} for a in native.answers} if native else {}
        )
        wrong = {family: check(family, self.instances, SEED) for family in SMALL}
        lines = [f"{len(against)} contradictions between back ends"]
        lines += [
            f"brute force, {family}: {self.instances} instances, {len(bad)} wrong" for family, bad in wrong.items()
        ]
        facts = {
            "contradictions": against,
            "growth": growth,
            "brute force": {"instances": self.instances, "wrong": wrong},
        }
        return Judgement(facts, tuple(lines), not against and not any(wrong.values()))


def document(statements: Sequence[Block], name: str) -> Document:
    """An identity policy of these statements."""
    policy = {"Version": "2012-10-17", "Statement": list(statements)}
    return parse_object(policy, Kind.IDENTITY, file=name, name=name, strict=False)


def _allow(*, resource: str = "b/*", condition: Block | None = None, action: str = "s3:GetObject") -> Block:
    out: Block = {
        "Effect": "Allow",
        "Action": action,
        "Resource": f"arn:aws:s3:::{resource}" if action[:2] == "s3" else "*",
    }
    return out | ({"Condition": condition} if condition else {})


def _word(rng: random.Random, length: int) -> str:
    return "".join(rng.choice("abcdef") for _ in range(length))


def _cidr(base: int, bits: int) -> str:
    address = 10 << 24 | base & ~((1 << (32 - bits)) - 1) & 0xFFFFFF
    return ".".join(str(address >> shift & 255) for shift in (24, 16, 8, 0)) + f"/{bits}"


def _paired(texts: Sequence[str]) -> list[list[str]]:
    return [[texts[i], texts[i + 1]] for i in range(0, len(texts), 2)]
