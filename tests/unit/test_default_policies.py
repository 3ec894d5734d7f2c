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


def asked(tmp_path, resources, service, mode="grants", more=("services-outside-rcp",)):
    """The verdict on what the account holds."""
    account = {"id": "111122223333", "principals": [], "resources": resources}
    organization = {
        "id": "o-acme0000001", "management_account": "123456789012", "root": {"id": "r-ac00", "accounts": [account]},
    }  # fmt: skip
    limits = ["management-account", "service-linked-roles", "service-principals", *more]
    (tmp_path / "organization.yaml").write_text(json.dumps(organization))
    (tmp_path / "perimeter.yaml").write_text(json.dumps({"orgs": ["o-acme0000001"], "accepted": limits}))
    return prove_perimeter(
        load_workspace(tmp_path), objectives=["O1"], services=[service], mode=mode, availability=False
    )


API = "arn:aws:execute-api:eu-west-1:111122223333:a1b2c3d4e5"
NETWORK = "arn:aws:vpc-lattice:eu-west-1:111122223333:service/svc-0a1b2c3d4e5f60718"
ORDERS = {"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "execute-api:Invoke", "Resource": "*"}


@pytest.mark.parametrize(
    ("arns", "guarded", "service", "status"),
    [
        ([API], False, "execute-api", "conditional"),
        ([API], True, "execute-api", "proved"),
        ([API], False, "sqs", "proved"),
        ([NETWORK], False, "vpc-lattice-svcs", "conditional"),
    ],
)
def test_what_has_no_policy_may_ask_nobody(tmp_path, arns, guarded, service, status):
    """An API without a policy was proved to let nobody in; each of its methods may be called without authorization."""
    (tmp_path / "api.json").write_text(json.dumps({"Version": "2012-10-17", "Statement": [ORDERS]}))
    report = asked(tmp_path, [{"arn": arn} | ({"policy": "api.json"} if guarded else {}) for arn in arns], service)
    (verdict,) = report.verdicts
    assert verdict.status == status
    assert [unknown.name for unknown in report.unknowns] == (arns if status == "conditional" else [])


def test_the_policy_of_an_api_may_stand_at_its_administration(tmp_path):
    """One API, two ARNs: the policy of one counts for both, and guardrails alone are asked without grants."""
    (tmp_path / "api.json").write_text(json.dumps({"Version": "2012-10-17", "Statement": [ORDERS]}))
    held = [{"arn": API}, {"arn": "arn:aws:apigateway:eu-west-1::/restapis/a1b2c3d4e5", "policy": "api.json"}]
    assert not asked(tmp_path, held, "execute-api").unknowns
    assert not asked(tmp_path, [{"arn": API}], "execute-api", mode="guardrails").unknowns


def test_unsigned_clients_mount_inside_a_vpc(tmp_path):
    """A policy that leaves unsigned clients alone was no way in, as all who connect inside a VPC counted as signed."""
    only = {
        "Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "*", "Resource": "*",
        "Condition": {"StringNotEquals": {"aws:PrincipalType": "Anonymous"}},
    }  # fmt: skip
    anyone = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "elasticfilesystem:ClientMount", "Resource": "*"}
    (tmp_path / "disk.json").write_text(json.dumps({"Version": "2012-10-17", "Statement": [anyone, only]}))
    report = asked(tmp_path, [{"arn": DISK, "policy": "disk.json"}], "elasticfilesystem", more=())
    (verdict,) = report.verdicts
    shown = [*verdict.counterexamples, *(limit.example for limit in verdict.limits if limit.example)]
    assert {found.facts.path for found in shown if found.facts.kind == "anon"} == {"invpc"}
    assert not any(found.depends_on for found in shown)
