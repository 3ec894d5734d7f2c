"""`evaluate` answers every case of a file; a bad one is a record and does not keep the others from their answer."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from perimeter_smt import read_case
from perimeter_smt.cli.cases import MAX_LINE, read_values
from perimeter_smt.cli.main import run
from perimeter_smt.errors import InputError
from perimeter_smt.report.json import schema

GOOD = {
    "policies": {"identity": [{"Statement": {"Effect": "Allow", "Action": "sns:*", "Resource": "*"}}]},
    "request": {
        "principal": {"type": "user", "arn": "arn:aws:iam::111122223333:user/u", "account": "111122223333"},
        "action": "sns:Publish",
        "resource": "arn:aws:sns:eu-west-1:111122223333:orders",
        "resource_account": "111122223333",
    },
}
LINES = (
    json.dumps({**GOOD, "id": "first"}).encode(),
    b'{"id": "odd", "policies": {}, "request": {"action": 1}}',
    b"{ no json",
    b'{"id": "\xff"}',
    b"",
    json.dumps({**GOOD, "id": "last"}).encode(),
)


@pytest.fixture
def call(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)

    def call(data: bytes, *options: str):
        Path("cases.jsonl").write_bytes(data)
        code = run(["evaluate", "cases.jsonl", *options])
        out, err = capsys.readouterr()
        return code, [json.loads(line) for line in out.splitlines()] if "{" in out else out, err

    return call


def test_every_line_is_answered(call):
    code, records, err = call(b"\n".join(LINES))
    assert code == 2
    assert [record["id"] for record in records] == ["first", "odd", "3", "4", "last"]
    assert [record.get("decision") for record in records] == ["allow", None, None, None, "allow"]
    assert [record["error"]["line"] for record in records if "error" in record] == [2, 3, 4]
    assert records[1]["error"]["path"].startswith("$.request")
    assert err.count("\n") == 1
    assert err.startswith("error: 3 of 5 cases cannot be decided, the first: cases.jsonl:2: $.request")
    check = Draft202012Validator(json.loads(schema("evaluate")))
    assert all(check.is_valid(record) for record in records)


def test_fail_fast_stops_at_the_first(call):
    code, records, err = call(b"\n".join(LINES), "--fail-fast")
    assert (code, len(records)) == (2, 2)
    assert err.startswith("error: cases.jsonl:2: ")


def test_arrays_go_on_as_lines_do(call):
    code, records, _ = call(json.dumps([GOOD, {"id": "none"}, 7, GOOD]).encode())
    assert code == 2
    assert [record["id"] for record in records] == ["1", "none", "3", "4"]
    assert records[1]["error"]["path"].startswith("$[1]")


def test_explained_cases_have_records_too(call):
    code, records, _ = call(b"\n".join(LINES), "--explain", "--json")
    assert code == 2
    check = Draft202012Validator(json.loads(schema("explain")))
    assert all(check.is_valid(record) for record in records)
    code, text, _ = call(LINES[1], "--explain")
    assert (code, str(text).startswith("odd: error: cases.jsonl:1: $.request")) == (2, True)


def test_all_good_is_no_error(call):
    assert call(LINES[0] + b"\r\n" + LINES[5])[0::2] == (0, "")


class Endless(io.RawIOBase):
    """A stream that gives one byte for ever, and counts."""

    def __init__(self, byte: bytes) -> None:
        self.byte, self.given = byte, 0

    def readline(self, size: int | None = -1) -> bytes:
        assert size and size > 0
        self.given += size
        return self.byte * size

    def read(self, size: int = -1) -> bytes:
        assert size > 0
        return self.readline(size)


@pytest.mark.parametrize("byte", [b"\0", b"{"])
def test_a_line_that_never_ends(byte):
    stream = Endless(byte)
    (found,) = read_values(stream, "zero")  # type: ignore[arg-type]
    assert found.error is not None
    assert "more than" in str(found.error)
    assert stream.given <= 2 * MAX_LINE + 2


@pytest.mark.parametrize(
    ("request_", "told"),
    [
        ({"action": "sns:*"}, "action `sns:*` has a wildcard, expected one that is called"),
        ({"principal": {"type": "user", "arn": "arn:aws:iam::11112222333:user/u"}}, "account `11112222333` of the ARN"),
        (
            {"principal": {"type": "role-session", "arn": "arn:aws:sts::\uff1111122223333:assumed-role/a/b"}},
            "of the ARN is no account id, expected 12 digits",
        ),
    ],
)
def test_requests_that_nobody_makes(request_, told):
    """No call has a wildcard for its action, and the account of an ARN is 12 plain digits."""
    user = {"type": "user", "arn": "arn:aws:iam::111122223333:user/u"}
    request = {"principal": user, "action": "sns:Publish", "resource": "*", **request_}
    with pytest.raises(InputError) as caught:
        read_case({"policies": {}, "request": request}, file="case", default_id="1")
    assert told in str(caught.value)
