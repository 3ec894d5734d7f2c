"""Policies for the suite `findings`: Allow and Deny over several keys, with overlapping wildcards and address ranges.

The shape is that of published sets for access findings: n statements, each with a condition on every one of k keys;
texts are wildcard patterns that overlap in part, addresses lie in ranges that contain each other.
"""

from __future__ import annotations

import random
from typing import Any

KEYS = (
    ("IpAddress", "aws:SourceIp"),
    ("StringLike", "aws:PrincipalArn"),
    ("StringLike", "aws:UserAgent"),
    ("StringLike", "aws:PrincipalTag/team"),
    ("StringLike", "aws:Referer"),
    ("StringLike", "s3:prefix"),
)
_RANGES = (
    "198.0.0.0/8", "198.16.0.0/12", "198.18.0.0/15", "198.18.0.0/16", "198.18.16.0/20", "198.18.16.0/24",
    "198.19.0.0/16", "198.51.100.0/24", "203.0.0.0/8", "203.0.113.0/24",
)  # fmt: skip
_WORDS = ("blue", "red", "ops", "data", "web")


def policy(statements: int, keys: int, seed: int) -> dict[str, Any]:
    """A bucket policy with so many statements over so many keys; a third of them Deny."""
    draw = random.Random(f"{statements} {keys} {seed}")
    out = []
    for number in range(statements):
        deny = number % 3 == 2
        chosen = draw.sample(KEYS[:keys], k=max(1, keys - 2) if not deny else max(1, keys // 2))
        condition: dict[str, dict[str, Any]] = {}
        for operator, key in chosen:
            values = [_value(draw, key) for _ in range(draw.randint(1, 2))]
            condition.setdefault(operator, {})[key] = sorted(set(values))
        out.append(
            {
                "Effect": "Deny" if deny else "Allow",
                "Principal": "*",
                "Action": draw.choice(["s3:ListBucket", "s3:List*", "s3:*", ["s3:ListBucket", "s3:GetBucketPolicy"]]),
                "Resource": draw.choice(["arn:aws:s3:::acme-*", "arn:aws:s3:::acme-data", "arn:aws:s3:::*-data"]),
                "Condition": condition,
            }
        )
    return {"Version": "2012-10-17", "Statement": out}


def _value(draw: random.Random, key: str) -> str:
    if key == "aws:SourceIp":
        return draw.choice(_RANGES)
    word, other = draw.sample(_WORDS, k=2)
    shape = draw.choice(("{0}*", "*{0}", "*{0}*", "{0}*{1}", "{0}-{1}"))
    text = shape.format(word, other)
    return f"arn:aws:iam::*:role/{text}" if key == "aws:PrincipalArn" else text
