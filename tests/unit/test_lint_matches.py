"""Action patterns as lint reads them."""

from __future__ import annotations

import pytest

from perimeter_smt.lint.facts import matches


@pytest.mark.parametrize(
    ("pattern", "action", "expected"),
    [
        ("*", "s3:GetObject", True),
        ("*:*", "s3:GetObject", True),
        ("s3:get*", "S3:GetObject", True),
        ("s3:*object", "s3:GetObject", True),
        ("s3:*get", "s3:GetObject", False),
        ("s3:Get?bject", "s3:GetObject", True),
        ("s3:Get?", "s3:GetObject", False),
        ("s3:GetObject**", "s3:GetObject", True),
        ("s3:GetObjects", "s3:GetObject", False),
        ("", "s3:GetObject", False),
        ("s3:*e*t*", "s3:GetObject", True),
    ],
)
def test_action_patterns(pattern: str, action: str, expected: bool) -> None:
    assert matches(pattern, action) is expected
