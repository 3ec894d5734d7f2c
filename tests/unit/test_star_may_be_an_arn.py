"""X-46: calls on `*`, which AWS may ask about an ARN with a star or nothing for the name."""

from __future__ import annotations

import pytest

from perimeter_smt.errors import InputError
from tests.unit.test_evaluate_decide import ACCOUNT, ALL, USER, decision, policy

KEYS = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/*"


def listed(asked_on, *statements, rival=True, **slots):
    """Whether `kms:ListKeys` is allowed."""
    rivals = ["X-46"] if rival else []
    flags = {"asked_on": asked_on} if asked_on else {}
    slots = {"identity": [policy(*statements)], **slots}
    return decision(USER, "kms:ListKeys", "*", flags=flags, rivals=rivals, **slots).allowed


def allow(pattern):
    return {"Effect": "Allow", "Action": "kms:*", "Resource": pattern}


def outside(pattern):
    return {"Effect": "Deny", "Action": "kms:*", "NotResource": pattern}


@pytest.mark.parametrize(
    ("asked_on", "pattern", "hit"),
    [
        (KEYS, "arn:aws:kms:*:*:key/*", True),
        (KEYS, "arn:aws:kms:*:*:key/k-1", False),
        (KEYS, "arn:aws:kms:*:999999999999:*", False),
        (KEYS.removesuffix("*"), "arn:aws:kms:*:*:key/", True),
        (KEYS.removesuffix("*"), "arn:aws:kms:*:*:alias/*", False),
        (None, "arn:aws:kms:*:*:*", False),
    ],
)
def test_under_the_rival_patterns_match_that_arn(asked_on, pattern, hit):
    assert listed(asked_on, allow(pattern)) is hit
    assert listed(asked_on, ALL, outside(pattern)) is hit
    assert not listed(asked_on, allow(pattern), rival=False)
    assert not listed(asked_on, ALL, outside(pattern), rival=False)


def test_full_stars_match_under_both():
    assert listed(KEYS, ALL)
    assert listed(KEYS, ALL, rival=False)
    assert not listed(KEYS, ALL, outside("arn:aws:s3:::*"))


@pytest.mark.parametrize("on", [KEYS, "*"])
def test_only_calls_on_a_star_stand_for_an_arn(on):
    asked_on = KEYS if on == KEYS else "key/*"
    with pytest.raises(InputError, match="`asked_on` is the ARN"):
        decision(USER, "kms:ListKeys", on, flags={"asked_on": asked_on}, identity=[policy(ALL)])
