"""Which calls a pattern of actions matches: as a test of every action says, however it is found."""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest

from perimeter_smt.encode.world.catalogue import Calls

CALLS = Calls(("s3", "sqs", "kms"), literal=("acme:put:item", "acme:item"))
PATTERNS = [
    *("*:put*", "*:item*", "*:*", "*:", "*", "*:*put*", "*:p?t*", "*:put:item*", "*:put", "s*:get*", "?3:get*"),
    *("s3:get*", "s3:*acl", "s3:*", "kms:de*t", "sqs:nothing*", "acme:*item", "nobody:*"),
]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_matches_what_each_action_tells(pattern):
    """No set is found by a short cut that a test of every action would not find."""
    wanted = {action for action in CALLS.actions() if fnmatchcase(action, pattern)}
    found = CALLS.members(f"action ~ {pattern}")
    rows = {place for place in range(len(CALLS.rows)) if found >> place & 1}
    assert rows == {place for place, row in enumerate(CALLS.rows) if row.lowered in wanted}
