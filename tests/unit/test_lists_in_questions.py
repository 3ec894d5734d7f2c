"""Every question takes access control lists of buckets into account, or says that it does not know them."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from perimeter_smt import findings_of_workspace, public_in_workspace, what_can, who_can
from perimeter_smt.cli.main import cli
from perimeter_smt.evaluate import decide
from perimeter_smt.organization.inventory import inventory
from perimeter_smt.organization.readers import read_source
from perimeter_smt.questions.changes.ask import compare_workspaces
from perimeter_smt.questions.checks.verdicts import worst

MINE, OTHER = "111122223333", "444455556666"
CANONICAL = "5c" * 32
BUCKET = "arn:aws:s3:::acme-reports"
COUNTED, DISABLED = "object_ownership: ObjectWriter", "object_ownership: BucketOwnerEnforced"
RCP = {
    "Version": "2012-10-17",
    "Statement": [{
        "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*",
        "Condition": {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-acme0000001"}},
    }],
}  # fmt: skip


def entries(*grants):
    told = ", ".join(f'{{grantee: "{grantee}", permission: {permission}}}' for grantee, permission in grants)
    return f"{COUNTED}, acl: [{told}]"


@pytest.fixture
def space(tmp_path):
    def made(members="", account="", *, rcp=False, doubts="", name="acme"):
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        accepted = "accepted: [management-account, service-linked-roles]\n"
        (folder / "perimeter.yaml").write_text(f"orgs: [o-acme0000001]\n{accepted}{doubts}", encoding="utf-8")
        (folder / "rcp.json").write_text(json.dumps(RCP), encoding="utf-8")
        (folder / "organization.yaml").write_text(
            f"""
id: o-acme0000001
management_account: "999900001111"
root:
  id: r-ac01
  rcps: [{"rcp.json" if rcp else ""}]
  accounts:
    - {{id: "999900001111", principals: [], resources: []}}
    - id: "{MINE}"
      principals: [{{arn: "arn:aws:iam::{MINE}:role/app", policies: []}}]
      resources: [{{arn: "{BUCKET}"{"," if members else ""} {members}}}]
{account}
""",
            encoding="utf-8",
        )
        return read_source(folder)

    return made


@pytest.mark.parametrize(
    ("grantee", "public", "account"),
    [("AllUsers", "yes", ""), ("AuthenticatedUsers", "yes", ""), (OTHER, "no", OTHER), (CANONICAL, "no", "")],
)
def test_findings_of_a_list(space, grantee, public, account):
    """Before, a bucket that was open to everybody by its list had no access of outsiders, proved."""
    found = findings_of_workspace(space(entries((grantee, "READ"))))
    (one,) = found.findings
    assert one.elements.actions == ("s3:ListBucket", "s3:ListBucketMultipartUploads", "s3:ListBucketVersions")
    assert (one.public, decide(one.example.case).allowed) == (public, True)
    assert account in ("", one.example.request.principal.account)
    assert found.status == "unknown"  # lists of its objects
    assert "AE7.acl-entry" in found.reason


def test_findings_say_what_they_do_not_know(space):
    """Objects of a bucket whose lists count may be open to anybody; nothing is known of most buckets."""
    assert findings_of_workspace(space(f"{COUNTED}, acl: []")).exit_code == 3
    held = findings_of_workspace(space(entries(("AllUsers", "READ")), rcp=True), services=["s3"])
    assert all(one.example.request.principal.service_linked for one in held.findings)  # whom RCPs do not bind
    unsaid = findings_of_workspace(space(), services=["s3"])
    assert unsaid.exit_code == 0
    assert any("AE7.acl" in text for text in unsaid.unknowns)
    assert findings_of_workspace(space(DISABLED), services=["s3"]).unknowns == ()
    policy = findings_of_workspace(space(entries(("AllUsers", "READ")) + ", ignore_public_acls: true"))
    assert policy.findings == ()


def test_who_can_by_a_list(space):
    """Strangers and my own identities; what lists of objects grant is not decided."""
    found = who_can(space(entries(("AuthenticatedUsers", "READ"))), "s3:ListBucket", BUCKET)
    assert {one.name for one in found.callers if one.findings} >= {"outsiders", f"arn:aws:iam::{MINE}:role/app"}
    assert found.exit_code == 1
    objects = who_can(space(f"{COUNTED}, acl: []"), "s3:GetObject", f"{BUCKET}/*")
    assert {one.name: one.status for one in objects.callers}["outsiders"] == "unknown"
    assert any("AE7.acl" in text for text in who_can(space(), "s3:GetObject", f"{BUCKET}/*").unknowns)
    assert who_can(space(doubts="doubts: [AE7.acl]\n"), "s3:GetObject", f"{BUCKET}/*").exit_code == 3
    assert who_can(space(DISABLED), "s3:GetObject", f"{BUCKET}/*").unknowns == ()


def test_what_a_role_without_policies_can(space):
    """AuthenticatedUsers holds the identities of the owner, too."""
    (found,) = what_can(
        space(entries(("AuthenticatedUsers", "READ_ACP"))), f"arn:aws:iam::{MINE}:role/app", services=["s3"]
    ).callers
    assert [one.elements.actions for one in found.findings] == [("s3:GetBucketAcl",)]


@pytest.mark.parametrize(
    ("members", "rcp", "result", "word"),
    [
        (entries(("AllUsers", "READ")), False, "FAIL", "grants public access"),
        (entries(("AuthenticatedUsers", "WRITE")), False, "FAIL", "grants public access"),
        (entries((OTHER, "READ")), False, "UNKNOWN", "AE7.acl-entry"),
        (f"{COUNTED}, acl: []", False, "UNKNOWN", "AE7.acl-entry"),
        (entries(("AllUsers", "READ")) + ", ignore_public_acls: true", False, "PASS", "IgnorePublicAcls"),
        (entries(("AllUsers", "READ")), True, "PASS", "RCPs"),
        ("", False, "PASS", "AE7.acl"),
    ],
)
def test_public(space, members, rcp, result, word):
    """Before, a workspace with a bucket open to everybody by its list had nothing to check."""
    found = list(public_in_workspace(space(members, rcp=rcp)))
    assert worst(found) == result
    assert word in f"{found[0].message} {found[0].held_back}"
    assert all(decide(one.evidence.case).allowed for one in found if one.evidence)


def test_public_has_nothing_to_say_of_disabled_lists(space):
    """Bucket owner enforced: there are none."""
    assert list(public_in_workspace(space(DISABLED))) == []


@pytest.mark.parametrize(
    ("before", "after", "status"),
    [
        (DISABLED, entries(("AllUsers", "READ")), "found"),
        (entries(("AllUsers", "READ")), DISABLED, "none"),
        (f"{COUNTED}, acl: []", f"{COUNTED}, acl: []", "none"),
        (DISABLED, f"{COUNTED}, acl: []", "conditional"),
        ("", f"{COUNTED}, acl: []", "conditional"),  # what is presumed of the first says nothing of the second
        ("", DISABLED, "none"),
    ],
)
def test_what_opens_by_a_list(space, before, after, status):
    """A list that is added opens, lists that are disabled close."""
    one, other = space(before, name="one"), space(after, name="other")
    (part,) = compare_workspaces(one, other, modes=("grants",), services=("s3",)).parts
    assert part.opens.status == status


def _explained(space, members, request):
    space(members)
    return CliRunner().invoke(cli, ["explain", json.dumps(request), "--workspace", "acme", "--no-color"])


@pytest.mark.parametrize(
    ("members", "said"),
    [(f"{COUNTED}, acl: []", "(AE7.acl-entry)"), ("", "(AE7.acl)"), (DISABLED, "would be allowed by this change")],
)
def test_a_denial_names_lists_that_nobody_told(space, members, said, tmp_path, monkeypatch):
    """What is denied for want of a grant may be granted by a list."""
    monkeypatch.chdir(tmp_path)
    caller = {"type": "user", "arn": f"arn:aws:iam::{OTHER}:user/al", "account": OTHER}
    request = {"principal": caller, "action": "s3:GetObject", "resource": f"{BUCKET}/a", "context": {}}
    found = _explained(space, members, {"id": "a", "request": request})
    text = " ".join(found.output.split())
    assert said in text
    assert ("AE7" in text) is (members != DISABLED)


def test_inventory_names_lists_that_count(space):
    """To look at: whom the list of a bucket lets in."""
    told = [one.text for one in inventory(space(entries(("AllUsers", "READ")))).remarks]
    assert told == [f"access control lists count in `{BUCKET}`: its own grants READ to `AllUsers`"]
    assert not inventory(space(DISABLED)).remarks
