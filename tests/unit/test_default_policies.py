"""What AWS grants on a resource that has no policy of its own (semantics 3.4)."""

from __future__ import annotations

import json

import pytest

from perimeter_smt import load_workspace, prove_perimeter

DISK = "arn:aws:elasticfilesystem:eu-west-1:111122223333:file-system/fs-0a1b2c3d4e5f60718"
HOME = {
    "Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "elasticfilesystem:ClientMount", "Resource": "*",
    "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-acme0000001"}},
}  # fmt: skip
PLAIN = {
    "Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "elasticfilesystem:*", "Resource": "*",
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}  # fmt: skip


@pytest.mark.parametrize(
    ("statement", "closed"), [(None, False), (HOME, True), (PLAIN, True)], ids=["none", "organization", "deny alone"]
)
def test_a_file_system_without_a_policy_lets_everybody_mount(tmp_path, statement, closed):
    """It was proved to let nobody in (EFS guide, default EFS file system policy); a policy of its own replaces that."""
    disk = {"arn": DISK} | ({"policy": "disk.json"} if statement else {})
    (tmp_path / "disk.json").write_text(json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    account = {"id": "111122223333", "principals": [], "resources": [disk]}
    organization = {
        "id": "o-acme0000001", "management_account": "123456789012", "root": {"id": "r-ac00", "accounts": [account]},
    }  # fmt: skip
    perimeter = {
        "orgs": ["o-acme0000001"], "scopes": {"O1": ["elasticfilesystem:ClientMount"]},
        "accepted": ["management-account", "service-linked-roles", "service-principals"],
    }  # fmt: skip
    (tmp_path / "organization.yaml").write_text(json.dumps(organization))
    (tmp_path / "perimeter.yaml").write_text(json.dumps(perimeter))
    report = prove_perimeter(
        load_workspace(tmp_path), objectives=["O1"], services=["elasticfilesystem"], mode="grants", availability=False
    )
    assert {verdict.status in ("proved", "vacuous") for verdict in report.verdicts} == {closed}
