"""What a policy admits, counted: exact numbers against brute force, and bounds where they are said."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from itertools import product

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from perimeter_smt.cli.main import cli
from perimeter_smt.errors import InputError
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.questions.findings import texts
from perimeter_smt.questions.findings.measure import ACCOUNTS, count_in_domain, measure
from perimeter_smt.report.json import schema

PRIVATE = 2**24 + 2**20 + 2**16  # 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16: never a source address


def counted(*statements, kind=Kind.RESOURCE, **options):
    return measure(document(*statements, kind=kind), **options)


def document(*statements, kind=Kind.RESOURCE):
    return parse_object({"Version": "2012-10-17", "Statement": list(statements)}, kind, file="p.json", name="p")


def allow(**more):
    return {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*", **more}


@pytest.mark.parametrize(
    ("inside", "outside"),
    [(["a*"], []), (["a*", "*b"], []), (["a?*"], ["*b"]), ([], ["ab"]), (["*a*"], ["*b*", "a"]), (["ab"], [])],
)
def test_texts_are_counted_as_brute_force_does(inside, outside, monkeypatch):
    """All texts of two characters that are named and one that is not."""
    monkeypatch.setattr(texts, "ALPHABET", 3)
    named = {c for pattern in (*inside, *outside) for c in pattern if c not in "*?"}
    letters = [*sorted(named), *"xyz"][:3]
    everything = ("".join(word) for n in range(1, 6) for word in product(letters, repeat=n))
    expected = sum(
        all(fnmatchcase(w, p) for p in inside) and not any(fnmatchcase(w, p) for p in outside) for w in everything
    )
    assert texts.count_texts(inside, outside, 5) == expected


def test_addresses():
    """A range less a range in it; all but what is private."""
    ranges = {"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "203.0.113.0/25"]}}
    deny = {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}
    hole = deny | {"Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.7/32"}}}
    one = counted(allow(Condition=ranges), hole)
    assert (one.ipv4.low, one.ipv4.high, one.ipv6.high) == (255, 255, 0)
    everywhere = counted(allow())
    assert everywhere.ipv4.exact
    assert 2**32 - everywhere.ipv4.low >= PRIVATE


def test_accounts():
    """Those named; all others; all but one."""
    assert counted(allow(Principal={"AWS": ["444455556666", "777788889999"]})).accounts.low == 2
    assert counted(allow(Principal={"AWS": "*"})).accounts.high == ACCOUNTS
    but = allow(Principal={"AWS": "*"}, Condition={"StringNotEquals": {"aws:PrincipalAccount": "444455556666"}})
    assert counted(but).accounts.low == ACCOUNTS - 1
    some = allow(Principal={"AWS": "*"}, Condition={"StringLike": {"aws:PrincipalAccount": "4444*"}})
    found = counted(some).accounts
    assert not found.exact
    assert found.note
    assert not found.undecided


def test_actions():
    """Those that some request calls: an action that takes buckets is none on an object."""
    assert counted(allow(Action=["sqs:SendMessage", "sqs:ReceiveMessage"])).actions.low == 2
    on_object = allow(Action=["s3:GetObject", "s3:ListBucket"], Resource="arn:aws:s3:::acme/*")
    assert counted(on_object).actions.low == counted(on_object).actions.high == 1
    deny = {"Effect": "Deny", "Principal": "*", "Action": "sqs:Send*", "Resource": "*"}
    assert counted(allow(), deny).actions.high == 0


def test_resources():
    """ARNs up to a length, less those that a Deny takes away; bounds where wildcards stand before the name."""
    one = counted(allow(Action="s3:GetObject", Resource=["arn:aws:s3:::acme/a?", "arn:aws:s3:::acme/b"]))
    assert one.resources.low == one.resources.high == 96
    deny = {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "arn:aws:s3:::acme/aa"}
    assert counted(allow(Action="s3:GetObject", Resource="arn:aws:s3:::acme/a?"), deny).resources.low == 94
    assert not counted(allow(Resource="arn:aws:sqs:*:111122223333:orders")).resources.exact
    with pytest.raises(InputError):
        counted(allow(), length=0)


def test_requests_of_a_domain():
    """One by one, through the evaluator."""
    policy = document(allow(Action="s3:Get*", Resource="arn:aws:s3:::acme/*", Principal={"AWS": "444455556666"}))
    domain = {
        "actions": ["s3:GetObject", "s3:GetObjectAcl", "s3:PutObject"],
        "resources": ["arn:aws:s3:::acme/a", "arn:aws:s3:::acme/b", "arn:aws:s3:::other/a"],
        "principals": ["444455556666", "777788889999"],
    }
    assert count_in_domain(policy, domain) == 4


def test_command(tmp_path):
    """Text and JSON, of one version and of two; bad domains in one line."""
    first, second, domain = (tmp_path / name for name in ("a.json", "b.json", "domain.json"))
    first.write_text(json.dumps({"Version": "2012-10-17", "Statement": [allow()]}))
    second.write_text(json.dumps({"Version": "2012-10-17", "Statement": [allow(Action="sqs:*")]}))
    domain.write_text(
        json.dumps({"actions": ["sqs:SendMessage"], "resources": ["arn:aws:sqs:us-east-1:111122223333:q"]})
    )
    words = ["measure", str(first), "--type", "resource", "--after", str(second), "--domain", str(domain)]
    result = CliRunner().invoke(cli, words, standalone_mode=False)
    assert result.exception is None
    assert "actions   1 -> 2" in result.output
    result = CliRunner().invoke(cli, [*words, "--json"], standalone_mode=False)
    Draft202012Validator(json.loads(schema("measure"))).validate(json.loads(result.output))
    domain.write_text('{"actions": 1}')
    result = CliRunner().invoke(cli, words, standalone_mode=False)
    assert isinstance(result.exception, InputError)
