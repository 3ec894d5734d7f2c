"""The lines of a policy's text that the page points at."""

from __future__ import annotations

import json

import pytest

from perimeter_smt.report.html.marks import marked

STATEMENT = {
    "Effect": "Deny",
    "Action": ["s3:GetObject", "s3:PutObject"],
    "NotResource": "arn:aws:s3:::acme-exchange/*",
    "Condition": {
        "Bool": {"aws:PrincipalIsAWSService": "false"},
        "StringNotEquals": {"aws:PrincipalOrgID": ["o-acme0000001", "o-acme0000002"], "aws:ResourceOrgID": "o-acme1"},
    },
}
TEXT = json.dumps(STATEMENT, indent=2)


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("condition `Bool aws:PrincipalIsAWSService`: key is absent", ['"aws:PrincipalIsAWSService": "false"']),
        (
            "condition `StringNotEquals aws:principalorgid`: value equals",
            ['"aws:PrincipalOrgID": [', '"o-acme0000001",', '"o-acme0000002"', "],"],
        ),
        ("condition `Bool aws:ResourceOrgID`: another operator", []),
        ("action `s3:X` is none of `s3:GetObject`", ['"Action": [', '"s3:GetObject",', '"s3:PutObject"', "],"]),
        (
            "resource `arn:aws:s3:::acme-exchange/a` is exempt by `NotResource` `arn:aws:s3:::acme-exchange/*`",
            ['"NotResource": "arn:aws:s3:::acme-exchange/*",'],
        ),
        ("something else", []),
    ],
)
def test_lines_that_did_not_match(reason, expected):
    found = marked(TEXT, [reason])
    assert "\n".join(line for line, _ in found) == TEXT
    assert [line.strip() for line, hit in found if hit] == expected


def test_no_text_has_no_lines():
    assert marked("", ["action `a:b` is none of `c:d`"]) == ()
