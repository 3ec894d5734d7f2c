"""Who is granted what by policies of resources, as the IAM guide's "Policy evaluation logic" and the S3 guide say it.

IAM user guide: "Policy evaluation logic" (resource policies and implicit denies in other policies), S3 user guide:
"Configuring IAM policies for using access points", KMS developer guide: "Key policies" and
"Allowing users in other accounts to use a KMS key".
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from perimeter_smt import load_workspace, who_can

MINE, OTHER = "111122223333", "444455556666"
POINT = f"arn:aws:s3:eu-west-1:{MINE}:accesspoint/alice"
KEY = f"arn:aws:kms:eu-west-1:{MINE}:key/0ac00000-0000-0000-0000-00000000000"


def allow(action: object, resource: object = "*", principal: object = None, effect: str = "Allow", **condition: Any):
    one = {"Effect": effect, "Action": action, "Resource": resource}
    one |= {"Principal": {"AWS": principal}} if principal else {}
    return one | ({"Condition": condition} if condition else {})


def bucket(name: str) -> list[str]:
    return [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"]


POLICIES: dict[str, list[dict[str, Any]]] = {
    "s3": [allow("s3:*")],
    "ec2": [allow("ec2:*")],
    "kms": [allow("kms:*")],
    "named": [
        allow(
            "s3:GetObject",
            "arn:aws:s3:::acme-named/*",
            [f"arn:aws:iam::{MINE}:role/kept", f"arn:aws:iam::{MINE}:user/kept", f"arn:aws:iam::{OTHER}:role/reader"],
        )
    ],
    "session": [allow("s3:GetObject", "arn:aws:s3:::acme-session/*", f"arn:aws:sts::{MINE}:assumed-role/kept/job-1")],
    "barred": [
        allow("s3:*", bucket("acme-barred"), f"arn:aws:sts::{MINE}:assumed-role/ops/job-1", effect="Deny"),
    ],
    "lake": [allow("*", bucket("acme-lake"), "*", StringEquals={"s3:DataAccessPointAccount": MINE})],
    "point": [allow("s3:GetObject", f"{POINT}/object/alice/*", f"arn:aws:iam::{MINE}:user/alice")],
    "key1": [allow("kms:*", "*", f"arn:aws:iam::{MINE}:user/admin")],
    "key2": [
        allow("kms:*", "*", f"arn:aws:iam::{MINE}:root"),
        allow("kms:Decrypt", "*", f"arn:aws:iam::{OTHER}:root"),
    ],
}


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory):
    folder: Path = tmp_path_factory.mktemp("grants")
    for name, statements in POLICIES.items():
        (folder / f"{name}.json").write_text(json.dumps({"Version": "2012-10-17", "Statement": statements}))
    (folder / "perimeter.yaml").write_text("orgs: [o-acme0000001]\n")

    def principals(account: str, **each: str) -> list[dict[str, Any]]:
        made = (
            {"arn": f"arn:aws:iam::{account}:{name.replace('_', '/')}", "policies": files.split()}
            for name, files in each.items()
        )
        return list(made)

    mine = principals(
        MINE, user_alice="", user_admin="kms.json", role_ops="s3.json kms.json", role_kept="", user_kept=""
    )
    for one in mine[-2:]:
        one["boundary"] = "ec2.json"
    other = principals(OTHER, role_reader="s3.json", role_crypt="kms.json", role_idle="")
    named = {"acme-named": "named", "acme-session": "session", "acme-lake": "lake", "acme-barred": "barred"}
    resources = [
        *({"arn": f"arn:aws:s3:::{name}", "policy": f"{file}.json"} for name, file in named.items()),
        {"arn": POINT, "policy": "point.json", "bucket": "acme-lake", "origin": "internet"},
        *({"arn": f"{KEY}{n}", "policy": f"key{n}.json", "grants": []} for n in (1, 2)),
    ]
    accounts = [
        {"id": MINE, "principals": mine, "resources": resources},
        {"id": OTHER, "principals": other, "resources": []},
    ]
    root = {"id": "r-ac00", "accounts": accounts}
    tree = {"id": "o-acme0000001", "management_account": "999900001111", "root": root}
    (folder / "organization.yaml").write_text(json.dumps(tree))
    return load_workspace(folder)


# Whoever else is of the account that owns the resource: its root user and the federated users that it makes.
ROOT = "others"
CASES = {
    "a boundary limits what a policy gives to a role, not what it gives to a user": (
        "s3:GetObject", "arn:aws:s3:::acme-named/x", {"user/kept", "role/reader", "role/ops", ROOT}),
    "no boundary limits what a policy gives to a session": (
        "s3:GetObject", "arn:aws:s3:::acme-session/x", {"role/kept", "role/ops", ROOT}),
    "a Deny for one session leaves the others": (
        "s3:GetObject", "arn:aws:s3:::acme-barred/x", {"role/ops", ROOT}),
    "a bucket that delegates to access points gives nothing on itself": (
        "s3:GetObject", "arn:aws:s3:::acme-lake/alice/x", {"role/ops", ROOT}),
    "through the access point its policy gives access": (
        "s3:GetObject", f"{POINT}/object/alice/x", {"user/alice", "role/ops", ROOT}),
    "a key that does not name its account is not governed by IAM policies": (
        "kms:Decrypt", f"{KEY}1", {"user/admin"}),
    "users of another account need a policy of their own": (
        "kms:Decrypt", f"{KEY}2", {"user/admin", "role/ops", "role/crypt", ROOT}),
}  # fmt: skip


@pytest.mark.parametrize("words", CASES)
def test_who_can(space, words):
    """Grants to one session were not decided: the finding, read back as an identity policy, lost the session's name."""
    action, resource, expected = CASES[words]
    found = who_can(space, action, resource)
    assert [(one.name, one.reason) for one in found.callers if one.status != "complete"] == []
    can = {ROOT if one.kind == "account" else one.name.rpartition(":")[2] for one in found.callers if one.findings}
    assert can == expected
