"""Whatever the input, reading it yields a document or an InputError, and nothing else."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from perimeter_smt.errors import InputError
from perimeter_smt.lint import lint
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object, parse_policy
from perimeter_smt.policy.validate import DOCUMENT_ELEMENTS, STATEMENT_ELEMENTS

TEXTS = st.sampled_from(
    [
        "*",
        "Allow",
        "Deny",
        "s3:*",
        "s3:Get?bject",
        "*:*",
        "arn:aws:s3:::x/*",
        "arn:aws",
        "111111111111",
        "2012-10-17",
        "${aws:username}",
        "${",
        "<x>",
        "",
        " ",
        "10.0.0.0/8",
        "true",
        "o-*",
        "sts:AssumeRole",
    ]
) | st.text(max_size=8)
KEYS = st.sampled_from(
    [
        *DOCUMENT_ELEMENTS,
        *STATEMENT_ELEMENTS,
        "AWS",
        "Service",
        "StringEquals",
        "ForAnyValue:StringNotLike",
        "Null",
        "IpAddress",
        "ForAllValues:ArnLikeIfExists",
        "aws:SourceIp",
        "aws:PrincipalOrgID",
        "aws:TagKeys",
        "saml:aud",
    ]
) | st.text(max_size=5)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=12,
)
VALUES = TEXTS | st.lists(TEXTS, max_size=3)
PRINCIPALS = st.just("*") | st.dictionaries(st.sampled_from(["AWS", "Service", "Federated"]), VALUES, max_size=2)
CONDITIONS = st.dictionaries(
    st.sampled_from(["StringEquals", "ForAnyValue:StringNotLike", "Null", "IpAddress", "ArnNotLikeIfExists", "Bool"]),
    st.dictionaries(KEYS, VALUES | st.booleans() | st.integers(), max_size=2),
    max_size=3,
)
STATEMENTS = st.fixed_dictionaries(
    {"Effect": st.sampled_from(["Allow", "Deny"]), "Action": VALUES},
    optional={"Resource": VALUES, "Principal": PRINCIPALS, "Condition": CONDITIONS, "Sid": TEXTS},
)
POLICIES = st.fixed_dictionaries({"Version": st.just("2012-10-17"), "Statement": st.lists(STATEMENTS, max_size=3)})
KINDS = st.sampled_from(list(Kind))


def _try(text: str, kind: Kind, strict: bool) -> None:
    try:
        document = parse_policy(text, kind, file="p.json", strict=strict)
    except InputError as caught:
        error = caught
    else:
        lint(document)
        return
    assert "\n" not in str(error)
    assert error.line > 0


@settings(max_examples=150, deadline=None)
@given(JSON, KINDS, st.booleans())
def test_any_json(value: Any, kind: Kind, strict: bool) -> None:
    _try(json.dumps(value, ensure_ascii=False), kind, strict)
    with suppress(InputError):
        parse_object(value, kind, file="p.json", name="p", strict=strict)


@settings(max_examples=150, deadline=None)
@given(POLICIES, KINDS, st.booleans())
def test_likely_policies(value: Any, kind: Kind, strict: bool) -> None:
    _try(json.dumps(value), kind, strict)


@settings(max_examples=150, deadline=None)
@given(POLICIES, st.data())
def test_mutated_text(value: Any, data: st.DataObject) -> None:
    text = json.dumps(value)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(text)))
        text = (
            text[:at] + data.draw(st.sampled_from(["", '"', "}", "]", ",", "\\", "\n", "1e", "<x>"])) + text[at + 1 :]
        )
    _try(text, Kind.RESOURCE, False)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=30), KINDS)
def test_any_text(text: str, kind: Kind) -> None:
    _try(text, kind, True)
