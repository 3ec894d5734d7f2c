"""Statements that could go, and guardrails written shorter: proved, and never more than that."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from perimeter_smt import load_workspace
from perimeter_smt.cli.main import run
from perimeter_smt.errors import InputError
from perimeter_smt.organization.model import Account, Guardrails, Organization, Unit
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.questions.redundancy.pack import pack
from perimeter_smt.questions.redundancy.places import places, standings, together
from perimeter_smt.questions.redundancy.redundant import redundant
from perimeter_smt.report.json import schema

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"


def policy(kind, *statements, name="p"):
    value = {"Version": "2012-10-17", "Statement": list(statements)}
    return parse_object(value, kind, file=f"{name}.json", name=name)


def allow(sid, actions, **more):
    return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": "*", **more}


def deny(sid, actions, **more):
    return allow(sid, actions, **more) | {"Effect": "Deny"}


def outside(number):
    return {"StringNotEquals": {"aws:SourceVpc": f"vpc-{number:017x}"}}


def judged(*documents, **options):
    return {one.statement.sid: one for one in redundant([together(documents)], **options)}


def test_every_kind_of_redundancy():
    impossible = {"Condition": {"StringEquals": {"aws:PrincipalAccount": "no-account"}}}
    found = judged(
        policy(
            Kind.IDENTITY,
            allow("Wide", "s3:Get*"),
            allow("Narrow", "s3:GetObject"),
            allow("Queues", "sqs:*"),
            deny("NoQueues", "sqs:*"),
            allow("Nobody", "s3:PutObject", **impossible),
        )
    )
    assert {sid: one.status for sid, one in found.items()} == {
        "Wide": "needed", "Narrow": "covered", "Queues": "denied", "NoQueues": "needed", "Nobody": "unreachable",
    }  # fmt: skip
    assert [b.sid for b in found["Narrow"].by] == ["Wide"]
    assert [b.sid for b in found["Queues"].by] == ["NoQueues"]
    assert [sid for sid, one in found.items() if one.removable] == ["Narrow", "Queues", "Nobody"]


def test_several_statements_cover_one():
    network = {"Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    other = {"Condition": {"BoolIfExists": {"aws:SecureTransport": "true"}}}
    found = judged(
        policy(Kind.SCP, deny("Plain", "s3:*", **network), deny("Rest", "s3:*", **other), deny("All", "s3:GetObject"))
    )
    assert found["All"].status == "covered"
    assert {b.sid for b in found["All"].by} == {"Plain", "Rest"}
    assert found["Plain"].status == found["Rest"].status == "needed"


def test_one_of_two_equals_can_go():
    found = judged(policy(Kind.SCP, deny("One", "s3:*"), deny("Two", "s3:*")))
    assert [found[sid].status for sid in ("One", "Two")] == ["covered", "covered"]
    assert [found[sid].removable for sid in ("One", "Two")] == [True, False]


def test_a_deny_beside_no_allow():
    """An identity policy's Deny stops what a bucket policy grants; an endpoint policy's has nothing to stop."""
    assert judged(policy(Kind.IDENTITY, deny("D", "s3:*"), allow("A", "sqs:*")))["D"].status == "needed"
    found = judged(policy(Kind.ENDPOINT, deny("D", "s3:*", Principal="*"), allow("A", "sqs:*", Principal="*")))
    assert found["D"].status == "idle"


def test_grants_to_a_role_are_not_covered_by_grants_to_its_account():
    """A grant that names the role needs no identity policy; one that names the account does."""
    role = {"Principal": {"AWS": "arn:aws:iam::111122223333:role/app"}}
    account = {"Principal": {"AWS": "111122223333"}}
    bucket = {"Resource": "arn:aws:s3:::orders/*"}
    found = judged(
        policy(
            Kind.BUCKET, allow("Role", "s3:GetObject", **role) | bucket, allow("Account", "s3:*", **account) | bucket
        )
    )
    assert found["Role"].status == "needed"


def test_several_places_must_agree():
    """An SCP that one chain makes redundant and another needs is needed."""
    space = load_workspace(EXAMPLES / "acme")
    found = redundant(places(space.organization))
    assert found
    assert all(one.status == "needed" for one in found)


def test_a_unit_without_accounts_is_a_place():
    """A guardrail that another covers in every account that there is holds the accounts that come, too."""
    wide, narrow = policy(Kind.SCP, deny("Wide", "s3:*")), policy(Kind.SCP, deny("Narrow", "s3:Get*"), name="q")
    top, own, none = (Guardrails(scps=scps, full_access_scp=True) for scps in ((narrow,), (wide,), ()))
    covered = Unit(id="ou-ac01-00000001", guardrails=own, accounts=(Account(id="111122223333"),))
    empty = Unit(id="ou-ac01-00000002", guardrails=none)

    def status(*units):
        root = Unit(id="r-ac01", guardrails=top, units=units, accounts=(Account(id="444455556666", guardrails=own),))
        organization = Organization(id="o-acme0000001", management_account="999900001111", root=root)
        return {one.statement.sid: one.status for one in redundant(places(organization))}["Narrow"]

    assert status(covered) == "covered"
    assert status(covered, empty) == "needed"


def test_pack_merges_drops_and_fits():
    documents = [
        policy(Kind.SCP, deny("A", ["s3:GetObject", "s3:Get*"]), deny("B", "s3:GetObjectAcl"), name="one"),
        policy(Kind.SCP, deny("C", "sqs:*"), name="two"),
        policy(Kind.SCP, deny("D", "sns:*", Condition={"Bool": {"aws:SecureTransport": "false"}}), name="three"),
    ]
    found = pack(documents)
    assert found.proved
    assert found.fits
    assert [d.sid for d in found.dropped] == ["B"]
    assert found.merged == 1
    (packed,) = found.documents
    assert [s["Action"] for s in packed["Statement"]] == [["s3:Get*", "sqs:*"], "sns:*"]


def test_pack_says_when_it_does_not_fit():
    documents = [
        policy(Kind.RCP, deny(f"S{n}", f"s3:{prefix}*", Principal="*", Condition=outside(n)), name=f"d{n}")
        for n, prefix in enumerate(("GetObject", "GetBucket", "List", "PutObject", "Delete", "Create"))
    ]
    found = pack(documents, size=300)
    assert found.proved
    assert not found.fits
    assert len(found.documents) > 4
    with pytest.raises(InputError, match="more than the 100 of a document"):
        pack(documents, size=100)


@pytest.mark.parametrize(("kind", "fits"), [(Kind.SCP, True), (Kind.RCP, False)])
def test_pack_knows_how_many_policies_may_be_attached(kind, fits):
    """Ten SCPs since May 2026, five RCPs, AWS's full access among them."""
    more = {} if kind is Kind.SCP else {"Principal": "*"}
    documents = [
        policy(kind, deny(f"S{n}", f"s3:{prefix}*", Condition=outside(n), **more), name=f"d{n}")
        for n, prefix in enumerate(("GetObject", "GetBucket", "List", "PutObject", "Delete", "Create"))
    ]
    found = pack(documents, size=300)
    assert 4 < len(found.documents) < 10
    assert found.fits is fits


def test_pack_cuts_what_became_too_large():
    """Statements that differ in their resources alone are one, as long as a document has room for it."""
    names = [f"arn:aws:s3:::acme-{n:03}-{'x' * 40}/*" for n in range(60)]
    documents = [policy(Kind.SCP, deny(f"S{n}", "s3:*", Resource=name), name=f"d{n}") for n, name in enumerate(names)]
    found = pack(documents, size=2000)
    assert found.proved
    assert found.fits
    assert max(found.characters) <= 2000
    assert sorted(r for d in found.documents for s in d["Statement"] for r in s["Resource"]) == names
    assert found.merged == 60 - sum(len(d["Statement"]) for d in found.documents)


def test_pack_takes_what_is_too_large_for_aws(tmp_path, monkeypatch, capsys):
    """It is there to make it fit."""
    monkeypatch.chdir(tmp_path)
    names = [f"arn:aws:s3:::acme-{n:03}-{'x' * 40}/*" for n in range(200)]
    value = {"Version": "2012-10-17", "Statement": [deny("Big", "s3:*", Resource=names)]}
    Path("big.json").write_text(json.dumps(value))
    assert run(["pack", "big.json", "--type", "scp", "--output", "out"]) == 0
    assert len(list(Path("out").iterdir())) == 2
    capsys.readouterr()
    assert run(["redundant", "big.json", "--type", "scp"]) == 2
    assert "at most 10240" in capsys.readouterr().err


def test_pack_refuses_what_is_no_set():
    with pytest.raises(InputError, match="not attached in sets"):
        pack([policy(Kind.IDENTITY, allow("A", "s3:*"))])
    with pytest.raises(InputError, match="of one kind"):
        pack([policy(Kind.SCP, deny("A", "s3:*")), policy(Kind.RCP, deny("A", "s3:*", Principal="*"))])


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    value = {"Version": "2012-10-17", "Statement": [deny("A", "s3:*"), deny("B", "s3:GetObject")]}
    Path("a.json").write_text(json.dumps(value))
    return tmp_path


def valid(name, text):
    value = json.loads(text)
    Draft202012Validator(json.loads(schema(name))).validate(value)
    return value


def test_commands(files, capsys):
    assert run(["redundant", "a.json", "--type", "scp"]) == 1
    out = capsys.readouterr().out
    assert out.startswith("1 of 2 statements could go")
    assert "covered by a.json:1 A" in " ".join(out.split())
    assert run(["redundant", "a.json", "--type", "scp", "--json"]) == 1
    assert len(valid("redundant", capsys.readouterr().out)["statements"]) == 2
    assert run(["pack", "a.json", "--type", "scp", "--output", "out", "--json"]) == 0
    assert valid("pack", capsys.readouterr().out)["proved"]
    assert len(json.loads(Path("out/scp-1.json").read_text())["Statement"]) == 1
    assert run(["redundant", "out/scp-1.json", "--type", "scp"]) == 0
    assert "all 1 statement needed" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        ["redundant", "a.json", "a.json"],
        ["redundant", "a.json", "a.json", "--type", "scp"],
        ["redundant", ".", "--type", "scp"],
        ["pack", "a.json", "--type", "scp", "--output", "."],
        ["pack", "none.json", "--type", "scp"],
    ],
)
def test_bad_input(files, capsys, words):
    assert run(words) == 2
    assert capsys.readouterr().err.startswith("error: ")


def test_documents_that_repeat_an_id_are_packed():
    """Ids are unique within a policy: one document for two statements of the same id was refused as bad input."""
    hours = {"Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    one, other = policy(Kind.SCP, deny("Same", "s3:DeleteBucket")), policy(Kind.SCP, deny("Same", "sqs:*", **hours))
    found = pack([one, other])
    assert found.proved
    assert [s.get("Sid") for d in found.documents for s in d["Statement"]] == ["Same", None]


def test_a_deny_that_only_decides_beside_full_access_stays():
    """An SCP with an Allow of its own stands beside FullAWSAccess more often than not: there its Deny decides."""
    regions = {"Condition": {"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}}}
    edge = {"Condition": {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}}
    document = policy(Kind.SCP, deny("Regions", "ec2:*", **regions), allow("Edge", "lambda:*", **edge))
    alone = {one.statement.sid: one.status for one in redundant([together([document])])}
    assert alone == {"Regions": "idle", "Edge": "needed"}
    found = {one.statement.sid: one for one in redundant(standings([document]))}
    assert {sid: one.status for sid, one in found.items()} == {"Regions": "needed", "Edge": "needed"}
    assert found["Regions"].place == "these policies beside AWS's full access"
    packed = pack([document])
    assert packed.proved and not packed.dropped
    assert {one["Sid"] for one in packed.documents[0]["Statement"]} == {"Regions", "Edge"}


def test_variables_whose_values_may_hold_wildcards_pack():
    """What such values match is left open (X-42), but in both documents alike."""
    approved = {"StringNotLikeIfExists": {"aws:PrincipalTag/approval": "*/for/${aws:SourceIdentity, 'none'}"}}
    one = {"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole", "Resource": "*", "Condition": approved}
    packed = pack([policy(Kind.RCP, one, {**one, "Action": "sts:AssumeRole*"})])
    assert packed.proved and len(packed.documents[0]["Statement"]) == 1
