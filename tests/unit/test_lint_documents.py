"""Lint of whole documents: order of findings, time in proportion to the size, values of several kinds."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from perimeter_smt.lint import lint
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object, parse_policy
from tests.growth import growth
from tests.unit.test_lint import BY_ADDRESS, Statement, allow, statement, when


def _many(make: Callable[[int], Statement], count: int) -> Document:
    value = {"Version": "2012-10-17", "Statement": [make(number) for number in range(count)]}
    return parse_object(value, Kind.SCP, file="p.json", name="p", strict=False)


def _denies(number: int) -> Statement:
    return statement("Deny", f"s3:*{number}*a*b*c", **BY_ADDRESS)


def _allows(number: int) -> Statement:
    return statement("Allow", "s3:" + "*a" * 200, f"arn:aws:s3:::{number}" + "*?" * 100)


@pytest.mark.parametrize("make", [_denies, _allows])
def test_hostile_documents_take_time_in_proportion_to_their_size(make: Callable[[int], Statement]) -> None:
    assert growth(lambda count: lint(_many(make, count)), 250) < 1.7


def test_findings_follow_the_lines() -> None:
    text = """{"Statement": [
      {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"},
      {"Effect": "Allow", "Action": "s3:Nothing", "Resource": "arn:*:s3:::x"}]}"""
    found = lint(parse_policy(text, Kind.IDENTITY, file="p.json"))
    assert [(finding.rule, finding.location.line) for finding in found] == [("PL014", 2), ("PL002", 3), ("PL016", 3)]
    assert str(found[0].location) == "p.json:2"


def test_an_address_is_compared_with_another_as_text():
    """As AWS writes it: the address of an instance with that of the call; with a text it is a mistake still."""
    own = "aws:Ec2InstanceSourcePrivateIPv4"
    for value, clean in (("${aws:VpcSourceIp, 'none'}", True), ("${aws:username}", False), ("10.0.0.4", False)):
        found = [f for f in lint(allow(when("StringNotEquals", own, value)).read()) if f.rule == "PL028"]
        assert (not found) is clean
