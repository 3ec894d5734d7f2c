"""How many values of a multivalued key can matter: one per kind of text is as good as one per condition."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from perimeter_smt.encode.language import statement
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.questions.compare import compare

VALUES = ["a", "A", "b", ""]
operators = st.builds(
    "{}:{}{}".format,
    st.sampled_from(["ForAllValues", "ForAnyValue"]),
    st.sampled_from(["StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringLike"]),
    st.sampled_from(["", "IfExists"]),
)
conditions = st.one_of(
    st.builds(
        lambda operator, values: {operator: {"aws:TagKeys": values}},
        operators,
        st.lists(st.sampled_from(VALUES), min_size=1, max_size=2, unique=True),
    ),
    st.builds(lambda value: {"Null": {"aws:TagKeys": value}}, st.sampled_from(["true", "false"])),
)
blocks = st.lists(st.tuples(st.sampled_from(["Allow", "Deny"]), conditions), min_size=4, max_size=7)


def document(rows: list[tuple[str, dict[str, Any]]]) -> Document:
    """A policy with one condition per statement."""
    statements = [
        {"Effect": effect, "Action": "ec2:CreateTags", "Resource": "*", "Condition": found} for effect, found in rows
    ]
    policy = {"Version": "2012-10-17", "Statement": [{**statements[0], "Effect": "Allow"}, *statements[1:]]}
    return parse_object(policy, Kind.IDENTITY, file="small", name="small", strict=False)


@given(blocks, blocks)
@settings(max_examples=60, deadline=None)
def test_fewer_values_change_no_verdict(
    first: list[tuple[str, dict[str, Any]]], second: list[tuple[str, dict[str, Any]]]
) -> None:
    """Documents relate in the same way however many values a request may have; witnesses are replayed inside."""
    before, after = document(first), document(second)
    found = compare(before, after, free_context=True)
    with patch.object(statement, "_kinds", len):
        assert compare(before, after, free_context=True).relation == found.relation


def test_many_conditions_on_few_texts_need_few_values() -> None:
    """The bound counts texts, not conditions; a wildcard or a variable makes it count conditions again."""
    plain = [("Allow", {"ForAnyValue:StringEquals": {"aws:TagKeys": [value]}}) for value in "ab" * 10]
    assert statement.bounds([document(plain)])["aws:tagkeys"] == 4
    for text in ("a*", "${aws:username}"):
        wild = [*plain, ("Allow", {"ForAnyValue:StringLike": {"aws:TagKeys": [text]}})]
        assert statement.bounds([document(wild)])["aws:tagkeys"] == 21
