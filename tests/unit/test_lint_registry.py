"""Lint: what every rule says of itself, and where it stands."""

from __future__ import annotations

import re

import pytest

from perimeter_smt.lint import Rule, rules


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.id)
def test_rule_is_described(rule: Rule) -> None:
    assert re.fullmatch(r"PL[0-9]{3}", rule.id)
    assert rule.title
    assert rule.text.endswith(".")
    assert rule.source.startswith("https://docs.aws.amazon.com/")
    assert rule.kinds
    assert (type(rule).__doc__ or "").startswith(f"Rule {rule.id}")


def test_ids_and_titles_are_unique() -> None:
    assert len({rule.id for rule in rules()}) == len({rule.title for rule in rules()}) == len(rules())


def test_every_file_holds_one_rule() -> None:
    files = [type(rule).__module__ for rule in rules()]
    assert len(set(files)) == len(files)
