"""Placeholders of sample policies: filled everywhere, refused where left open."""

from __future__ import annotations

from typing import Any

import pytest

from perimeter_smt.errors import InputError
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object, parse_policy

NAME = {"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::<bucket>/*"}


def read(statement: dict[str, Any], **fill: str) -> Document:
    return parse_object({"Statement": statement}, Kind.IDENTITY, file="p.json", name="p", fill=fill)


def resource(text: str, **fill: str) -> str:
    found = read({**NAME, "Resource": text}, **fill).statements[0].resource
    assert found is not None
    return found.values[0]


@pytest.mark.parametrize("token", ["<bucket>", "[bucket]", "${bucket}"])
def test_bare_name_fills_every_form(token: str) -> None:
    assert resource(f"arn:aws:s3:::{token}/{token}", bucket="data") == "arn:aws:s3:::data/data"


def test_name_with_brackets_fills_itself_only() -> None:
    text = "arn:aws:s3:::[bucket]/${bucket}"
    with pytest.raises(InputError, match=r"`\$\{bucket\}` names no condition key"):
        resource(text, **{"[bucket]": "data"})
    assert resource(text, **{"${bucket}": "data"}) == "arn:aws:s3:::[bucket]/data"


def test_longest_token_wins_and_filled_text_is_final() -> None:
    fill = {"a": "<b>", "a b": "x", "<b>": "y"}
    assert resource("arn:aws:s3:::<a b>", **fill) == "arn:aws:s3:::x"
    with pytest.raises(InputError, match="placeholder `<b>` is not filled"):
        resource("arn:aws:s3:::<a>", **fill)


def test_values_that_need_escapes_in_json() -> None:
    assert resource("arn:aws:s3:::<bucket>", bucket='a"b\\') == 'arn:aws:s3:::a"b\\'


def test_condition_keys_are_filled() -> None:
    statement = {**NAME, "Resource": "*", "Condition": {"StringEquals": {"<provider>:sub": "<who>"}}}
    condition = read(statement, provider="login.example.com", who="me").statements[0].conditions[0]
    assert (condition.key, condition.values) == ("login.example.com:sub", ("me",))
    assert condition.location.path == '$.Statement.Condition.StringEquals["login.example.com:sub"]'


def test_filled_keys_must_stay_apart() -> None:
    statement = {**NAME, "Resource": "*", "Condition": {"StringEquals": {"<p>:sub": "x", "q:sub": "y"}}}
    with pytest.raises(InputError, match="duplicate key `q:sub` after placeholders are filled"):
        read(statement, p="q")


def test_open_placeholder_names_place_and_remedy() -> None:
    text = '{"Statement": {\n "Effect": "Deny", "Action": "s3:*",\n "Resource": ["*", "arn:aws:s3:::<my bucket>/*"]}}'
    with pytest.raises(InputError) as caught:
        parse_policy(text, Kind.IDENTITY, file="p.json")
    assert str(caught.value) == (
        "p.json:3: $.Statement.Resource[1]: placeholder `<my bucket>` is not filled, use `--set my bucket=VALUE`"
    )
    with pytest.raises(InputError, match="placeholder `<p>` is not filled"):
        read({**NAME, "Resource": "*", "Condition": {"StringEquals": {"<p>:sub": "x"}}})


@pytest.mark.parametrize("text", ["a<b", "a>b", "<>", "< b>", "<a.b>", "<a:b>", "<<*>>"])
def test_texts_that_are_no_placeholder(text: str) -> None:
    condition = (
        read({**NAME, "Resource": "*", "Condition": {"StringEquals": {"a:b": text}}}).statements[0].conditions[0]
    )
    assert condition.values == (text,)


def test_policy_variables_are_left_alone() -> None:
    assert resource("arn:aws:s3:::${aws:username}", bucket="data") == "arn:aws:s3:::${aws:username}"
