"""Folders of iam-collect, in the layout that its documentation describes."""

from __future__ import annotations

import json

import pytest

from perimeter_smt.errors import InputError
from perimeter_smt.organization.readers import SourceOptions, read_source

ORG, OWN, MANAGEMENT = "o-acme0000001", "111122223333", "999900001111"
TRUST = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]}  # fmt: skip
ALLOW = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}]}
BUCKET = {"Version": "2012-10-17", "Statement": [{**ALLOW["Statement"][0], "Principal": "*", "Action": "s3:GetObject"}]}
DENY = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]}


def write(tmp_path, files):
    for name, value in files.items():
        path = tmp_path / "aws" / "aws" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(value))
    return tmp_path


def files():
    account, org = f"accounts/{OWN}", f"organizations/{ORG}"
    return {
        f"{account}/iam/role/app/metadata.json": {"arn": f"arn:aws:iam::{OWN}:role/app", "name": "app"},
        f"{account}/iam/role/app/trust-policy.json": TRUST,
        f"{account}/iam/role/app/inline-policies.json": [{"PolicyName": "own", "PolicyDocument": ALLOW}],
        f"{account}/iam/role/app/managed-policies.json": [f"arn:aws:iam::{OWN}:policy/more"],
        f"{account}/iam/role/bare/metadata.json": {"arn": f"arn:aws:iam::{OWN}:role/bare"},
        f"{account}/iam/role/bare/trust-policy.json": TRUST,
        f"{account}/iam/policy/more/metadata.json": {"arn": f"arn:aws:iam::{OWN}:policy/more"},
        f"{account}/iam/policy/more/current-policy.json": ALLOW,
        f"{account}/s3/eu-west-1/acme-reports/metadata.json": {"arn": "arn:aws:s3:::acme-reports"},
        f"{account}/s3/eu-west-1/acme-reports/policy.json": BUCKET,
        f"{org}/scps/p-nobuckets/metadata.json": {"name": "no-buckets"},
        f"{org}/scps/p-nobuckets/policy.json": DENY,
        f"{org}/structure.json": {"r-ac00": {"children": {"ou-ac00-workload1": {"accounts": [OWN]}}}},
        f"{org}/ous/ou-ac00-workload1/metadata.json": {"name": "workloads", "scps": ["p-nobuckets", "p-FullAWSAccess"]},
    }


def test_principals_resources_and_the_tree(tmp_path):
    found = read_source(write(tmp_path, files()), SourceOptions(management_account=MANAGEMENT))
    assert found.organization.path(OWN) == f"{ORG}/r-ac00/ou-ac00-workload1/"
    assert [d.name for d in found.organization.root.units[0].guardrails.scps] == ["no-buckets"]
    (account,) = [a for a, _ in found.organization.accounts() if a.id == OWN]
    (role,) = account.principals
    assert len(role.policies) == 2
    assert role.trust
    assert [(r.arn, bool(r.policy)) for r in account.resources] == [("arn:aws:s3:::acme-reports", True)]


def test_a_role_of_which_no_file_tells_the_policies_is_not_known(tmp_path):
    found = read_source(write(tmp_path, files()), SourceOptions(management_account=MANAGEMENT, complete=True))
    assert any("role/bare" in u.name and u.affects == "grants" for u in found.unknowns)
    assert not any(a.listed for a, _ in found.organization.accounts() if a.id == OWN)


def test_attachments_that_no_file_tells_are_named(tmp_path):
    kept = files()
    kept[f"organizations/{ORG}/ous/ou-ac00-workload1/metadata.json"] = {"name": "workloads"}
    found = read_source(write(tmp_path, kept), SourceOptions(management_account=MANAGEMENT))
    assert any("attachments" in u.name and u.affects == "guardrails" for u in found.unknowns)


@pytest.mark.parametrize(("metadata", "file", "name"), [
    ({"name": "orders"}, ALLOW, "sqs/eu-west-1/orders"),
    ({"arn": f"arn:aws:sqs:eu-west-1:{OWN}:orders"}, {"Policy": {**ALLOW}}, ":orders"),
])  # fmt: skip
def test_a_resource_that_cannot_be_told_is_named(tmp_path, metadata, file, name):
    """Without its ARN it was left out, with its policy inside another object it had none."""
    folder = f"accounts/{OWN}/sqs/eu-west-1/orders"
    more = {f"{folder}/metadata.json": metadata, f"{folder}/resource.json": file}
    found = read_source(write(tmp_path, {**files(), **more}), SourceOptions(management_account=MANAGEMENT))
    assert any(name in u.name and u.affects == "grants" for u in found.unknowns)
    assert not any(":sqs:" in r.arn for a, _ in found.organization.accounts() for r in a.resources)


def test_files_of_another_form_are_bad_input(tmp_path):
    """Internal errors; and files with a byte order mark were no JSON."""
    write(tmp_path, files())
    structure = tmp_path / "aws" / "aws" / "organizations" / ORG / "structure.json"
    structure.write_bytes(b"\xef\xbb\xbf" + structure.read_bytes())
    read_source(tmp_path, SourceOptions(management_account=MANAGEMENT))
    structure.write_text("{")
    with pytest.raises(InputError, match=r"structure\.json: not JSON"):
        read_source(tmp_path, SourceOptions(management_account=MANAGEMENT))
    write(tmp_path, {**files(), f"accounts/{OWN}/iam/role/app/metadata.json": ["app"]})
    with pytest.raises(InputError, match="metadata of another form"):
        read_source(tmp_path, SourceOptions(management_account=MANAGEMENT))
