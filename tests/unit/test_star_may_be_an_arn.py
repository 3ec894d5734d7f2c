"""X-46: calls on `*`, which AWS may ask about an ARN with a star or nothing for the name."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from perimeter_smt.errors import InputError
from perimeter_smt.evaluate import decide
from tests.unit.test_evaluate_decide import ACCOUNT, ALL, USER, decision, policy
from tests.unit.test_prove_callers import MINE, OFFICE, deny, workspace
from tests.unit.test_tables_of_services import BESIDE
from tests.unit.test_tables_on_trial import OUTSIDE, verdict

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


def found(action, **element):
    """The verdict on one call under a guardrail with `Resource` or `NotResource`."""
    readings = element.pop("readings", {})
    scp = {**deny(OUTSIDE), **element}
    if "NotResource" in element:
        del scp["Resource"]
    space = workspace(scps=(scp,), cidrs=(OFFICE,), assumptions=BESIDE)
    return verdict(
        "O5", action, space.model_copy(update={"perimeter": space.perimeter.model_copy(update={"readings": readings})})
    )


@pytest.mark.parametrize(
    ("action", "exempt", "status"),
    [
        ("kms:ListKeys", "arn:aws:kms:*:*:key/*", "conditional"),
        ("kms:ListKeys", f"arn:aws:kms:*:{MINE}:*", "conditional"),
        ("kms:ListKeys", "arn:aws:kms:*:*:alias/", "conditional"),
        ("kms:ListKeys", f"arn:aws:*:*:{MINE}:*", "conditional"),
        ("kms:ListKeys", "arn:aws:kms:*:*:key/k-1", "proved"),
        ("kms:ListKeys", "arn:aws:kms:*:*:key/k-*", "proved"),
        ("kms:ListKeys", "arn:aws:kms:*:999988887777:key/*", "proved"),
        ("kms:ListKeys", "arn:aws:iam::*:role/*", "proved"),
        ("s3:ListJobs", "arn:aws:s3:::acme-logs/*", "proved"),
        ("s3:ListJobs", "arn:aws:s3:::acme-*", "proved"),
        ("s3:ListJobs", "arn:aws:s3:*:*:job/*", "conditional"),
    ],
)
def test_exemptions_that_match_what_aws_may_write_are_conditions(action, exempt, status):
    """It was proved: nothing but a full star was said to match such a call."""
    verdict = found(action, NotResource=exempt)
    assert verdict.status == status
    if status == "conditional":
        (example,) = verdict.counterexamples
        assert example.depends_on == ("X-46",)
        assert example.request.resource == "*"
        assert example.case.flags.asked_on
        assert not decide(replace(example.case, readings=frozenset())).allowed
        assert decide(example.case, rivals=frozenset({"X-46"})).allowed


def test_full_stars_are_no_condition():
    assert found("kms:ListKeys", Resource="*").status == "proved"


@pytest.mark.parametrize(("reading", "status"), [("chosen", "proved"), ("rival", "refuted")])
def test_the_perimeter_settles_it(reading, status):
    settled = found("kms:ListKeys", NotResource="arn:aws:kms:*:*:key/*", readings={"X-46": reading})
    assert settled.status == status
    for example in settled.counterexamples:
        assert re.fullmatch(rf"arn:aws:kms:[^:]+:{MINE}:key/\*?", example.case.flags.asked_on)
        assert example.case.readings == {"X-46"}


WRITTEN = [f"arn:aws:kms:us-east-1:{MINE}:{name}" for name in ("*", "", "key/", "key/*", "alias/", "alias/*")]


@pytest.mark.parametrize(
    "exempt",
    [
        "arn:aws:kms:*", "arn:aws:kms:*:key/*", "arn:aws:kms:us-*:*:a*/?", f"arn:*:kms:*:{MINE[:4]}*:??*", "arn:*",
        "arn:aws:k*:*:*:key/*", f"arn:aws:?ms:*:{MINE}:*", "arn:aws:kms::*:key/*", "arn:aws:kms:*:*:*s/*",
        "arn:aws:kms:*:*:${aws:PrincipalTag/team}*", "arn:aws:kms:*:${aws:PrincipalAccount}:alias/*",
        "arn:aws:*:*:*:key/?", "arn:aws:s3:::*",
    ],
)  # fmt: skip
def test_the_two_readings_agree_on_what_is_exempt(exempt):
    """The proof has a condition just where the evaluator lets the call through on one of these, told by hand."""
    context = {"aws:PrincipalTag/team": "key/", "aws:PrincipalAccount": MINE}
    scp = policy({**outside(exempt), "Condition": {}})
    user = {**USER, "arn": f"arn:aws:iam::{MINE}:user/kim", "account": MINE}

    def free(asked_on):
        slots = {"identity": [policy(ALL)], "scp": [[policy(ALL), scp]], "context": context, "owner": MINE}
        return decision(user, "kms:ListKeys", "*", flags={"asked_on": asked_on}, rivals=["X-46"], **slots).allowed

    told = found("kms:ListKeys", NotResource=exempt)
    assert told.status == ("conditional" if any(map(free, WRITTEN)) else "proved")
