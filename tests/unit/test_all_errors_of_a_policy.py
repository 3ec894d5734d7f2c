"""A policy with several mistakes is told all of them at once, placeholders among them."""

from __future__ import annotations

import json

import pytest

from perimeter_smt import InputError, Kind
from perimeter_smt.policy.parse import parse_policy


def errors(statement, kind=Kind.RESOURCE, **members):
    text = json.dumps({"Version": "2012-10-17", "Statement": statement, **members}, indent=1)
    with pytest.raises(InputError) as caught:
        parse_policy(text, kind, file="p.json")
    return [single.message for single in caught.value.each], caught.value.each


def statement(**members):
    return {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*", **members}


def test_an_open_placeholder_hides_no_misspelled_operator():
    found, each = errors(statement(Condition={"StringNotEqualsIfExist": {"aws:PrincipalOrgID": "<my-org-id>"}}))
    assert {one.partition(",")[0] for one in found} == {
        "unknown condition operator `StringNotEqualsIfExist`",
        "placeholder `<my-org-id>` is not filled",
    }
    assert all(one.file == "p.json" and one.line for one in each)


@pytest.mark.parametrize("hole", ["<bucket>", "${Bucket}"])
def test_a_text_with_a_placeholder_is_told_once(hole):
    found, _ = errors(statement(Resource=hole, Efect="Deny"))
    assert len(found) == 2 and any("placeholder" in one for one in found)
    assert any("unknown element `Efect`" in one for one in found)


def test_each_placeholder_is_told():
    found, _ = errors(statement(Action="<service>:Get*", Resource=["arn:aws:s3:::<a>", "arn:aws:s3:::<b>"]))
    assert [one.split("`")[1] for one in found] == ["<service>", "<a>", "<b>"]


def test_mistakes_in_one_list_and_in_several_statements_in_the_order_of_lines():
    found, each = errors(
        [
            statement(Action=["s3:*", "GetObject", "Put Object"], Resource=["acme", "*", "other"]),
            statement(Condition={"NumericLessThan": {"aws:EpochTime": "soon", "nothing": "1"}}),
            statement(Effect="Denied", Principal={"Aws": "*"}),
        ]
    )
    assert [one.line for one in each] == sorted(one.line for one in each)
    for words in ("`GetObject`", "`Put Object`", "`acme`", "`other`", "`soon`", "`nothing`", "`Denied`", "`Aws`"):
        assert any(words in one for one in found), words
    assert len(found) == 8


def test_a_policy_without_statements_is_told_what_else_it_lacks():
    with pytest.raises(InputError) as caught:
        parse_policy("{}", Kind.SCP, file="p.json")
    assert [one.message.partition(":")[0] for one in caught.value.each] == [
        "element `Statement` is missing",
        'a policy of kind scp needs `"Version"',
    ]
