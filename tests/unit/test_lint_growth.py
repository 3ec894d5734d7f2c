"""Lint of hostile documents takes time in proportion to their size."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from perimeter_smt.lint import lint
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object
from tests.growth import growth
from tests.unit.test_lint import BY_ADDRESS, Statement, statement


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
