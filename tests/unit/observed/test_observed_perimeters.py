"""Perimeters that public threads tell of, before and after their mend: what holds and what does not.

docs/verification/observed.md says where they come from.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from perimeter_smt import load_workspace, who_can
from perimeter_smt.questions.perimeter import prove

MINE, OTHER, MANAGEMENT, ORG = "111122223333", "444455556666", "999900001111", "o-acme0000001"
LIMITS = ["management-account", "service-linked-roles", "aws-managed-keys", "service-principals"]
TRAIL, KEY = "arn:aws:s3:::acme-trail", f"arn:aws:kms:eu-west-1:{MINE}:key/1111aaaa-0000-0000-0000-000000000001"
HOLDS = ("proved", "conditional")


def statement(effect: str, action: Any, resource: Any = "*", who: Any = None, **more: Any) -> dict[str, Any]:
    out = {"Effect": effect, "Action": action, **({"Resource": resource} if resource else {})}
    return out | ({"Principal": who} if who else {}) | more


def space(folder: Path, *, scps: Any = (), rcps: Any = (), resources: Any = (), principals: Any = None, **claims: Any):
    """A workspace of one member account, all of whose resources and principals are listed where some are."""

    def saved(name: str, statements: Any) -> str:
        (folder / f"{name}.json").write_text(json.dumps({"Version": "2012-10-17", "Statement": statements}))
        return f"{name}.json"

    account: dict[str, Any] = {"id": MINE}
    if resources or principals is not None:
        account["resources"] = [{"arn": arn, "policy": saved(f"r{n}", s)} for n, (arn, s) in enumerate(resources)]
        account["principals"] = [
            {"arn": arn, "policies": [saved(f"p{n}", s)], **({"trust": saved(f"t{n}", trust)} if trust else {})}
            for n, (arn, s, trust) in enumerate(principals or ())
        ]
    others = [{"id": MANAGEMENT, "resources": [], "principals": []}] if "resources" in account else []
    root = {"id": "r-ac00", "accounts": [account, *others]}
    root["scps"] = ["FullAWSAccess", *([saved("scp", scps)] if scps else [])]
    root["rcps"] = ["RCPFullAWSAccess", *([saved("rcp", rcps)] if rcps else [])]
    tree = {"id": ORG, "management_account": MANAGEMENT, "root": root}
    (folder / "organization.yaml").write_text(json.dumps(tree))
    (folder / "perimeter.yaml").write_text(json.dumps({"orgs": [ORG], "accepted": LIMITS, **claims}))
    return load_workspace(folder)


def status(workspace, objective: str, service: str, mode: str = "guardrails", reading: str = "exact") -> str:
    found = prove(workspace, objectives=[objective], services=[service], mode=mode, reading=reading, availability=False)
    (verdict,) = found.verdicts
    return verdict.status


OUTSIDERS = {"StringNotEquals": {"aws:PrincipalOrgID": ORG}}
NEVER = {**OUTSIDERS, "ForAnyValue:StringNotEquals": {"aws:CalledVia": "cloudtrail.amazonaws.com"}}
SERVICES = {**OUTSIDERS, "BoolIfExists": {"aws:PrincipalIsAWSService": "false"}}


@pytest.mark.parametrize(("condition", "holds"), [(OUTSIDERS, True), (NEVER, False), (SERVICES, True)])
def test_a_bucket_for_the_organization_and_its_trail(tmp_path, condition, holds):
    """awsdocs/iam-user-guide 180: the condition that let CloudTrail in lets everybody in who calls by himself."""
    policy = [
        statement("Allow", "s3:PutObject", f"{TRAIL}/*", {"AWS": f"arn:aws:iam::{OTHER}:root"}),
        statement("Deny", "s3:*", [TRAIL, f"{TRAIL}/*"], "*", Condition=condition),
    ]
    workspace = space(tmp_path, resources=[(TRAIL, policy)], scopes={"O1": ["s3:PutObject"]})
    assert (status(workspace, "O1", "s3", "grants") in HOLDS) is holds


FOREIGN = {**OUTSIDERS, "BoolIfExists": {"aws:PrincipalIsAWSService": "false"}}
DEPUTY = {
    "StringNotEqualsIfExists": {"aws:SourceOrgID": ORG},
    "Null": {"aws:SourceAccount": "false"},
    "Bool": {"aws:PrincipalIsAWSService": "true"},
}


@pytest.mark.parametrize(
    ("guards", "through"), [((), "role-session"), ((FOREIGN,), "service"), ((FOREIGN, DEPUTY), None)]
)
def test_keys_against_other_organizations(tmp_path, guards, through):
    """tolubanji.com, data perimeter, part 2: a foreign account meets the RCP; what services do for it does not.

    The statement on confused deputies of AWS's sample RCP ends that as well.
    """
    rcps = [statement("Deny", "kms:*", "*", "*", Condition=condition) for condition in guards]
    workspace = space(tmp_path, rcps=rcps, scopes={"O1": ["kms:DescribeKey"]})
    found = prove(workspace, objectives=["O1"], services=["kms"], reading="exact", availability=False)
    (verdict,) = found.verdicts
    assert (verdict.status in HOLDS) is (through is None)
    if through:
        assert verdict.counterexamples[0].request.principal.type == through


@pytest.mark.parametrize(
    ("operator", "holds"), [("StringNotEqualsIfExists", True), ("StringNotEquals", True), ("StringEquals", False)]
)
def test_resources_that_have_no_organization(tmp_path, operator, holds):
    """The same post says that IfExists lets pass where the key is absent: under a negated operator it denies."""
    condition = {operator: {"aws:ResourceOrgID": "${aws:PrincipalOrgID}"}}
    if operator == "StringEquals":  # what the post takes the first to be: denied only if present and different
        condition = {"StringNotEquals": {"aws:ResourceOrgID": ORG}, "Null": {"aws:ResourceOrgID": "false"}}
    workspace = space(tmp_path, scps=[statement("Deny", "s3:*", Condition=condition)], scopes={"O3": ["s3:GetObject"]})
    assert (status(workspace, "O3", "s3") in HOLDS) is holds


VIEWS = "arn:aws:resource-explorer-2:*::view/*"


@pytest.mark.parametrize(("exempt", "trusted", "holds"), [(0, 0, True), (1, 0, False), (1, 1, True)])
def test_views_that_aws_owns(tmp_path, exempt, trusted, holds):
    """aws-samples/data-perimeter-policy-examples 58: what an SCP leaves out is to be trusted by name."""
    left_out = ["arn:aws:ssm:*::document/*", *([VIEWS] if exempt else [])]
    condition = {"StringNotEqualsIfExists": {"aws:ResourceOrgID": ORG}}
    guard = {"Effect": "Deny", "Action": "*", "NotResource": left_out, "Condition": condition}
    trust = {"third_resources": [{"arns": [VIEWS]}]} if trusted else {}
    workspace = space(tmp_path, scps=[guard], scopes={"O3": ["resource-explorer-2:Search"]}, **trust)
    assert (status(workspace, "O3", "resource-explorer-2") in HOLDS) is holds


NETWORK = {
    "Bool": {"aws:ViaAWSService": "false"},
    "NotIpAddressIfExists": {"aws:SourceIp": "203.0.113.0/24"},
    "StringNotEqualsIfExists": {"aws:SourceVpc": "vpc-0ac00000000000001"},
}


@pytest.mark.parametrize("functions", [True, False])
def test_functions_left_out_of_a_network_guardrail(tmp_path, functions):
    """aws-samples/data-perimeter-policy-examples 3: the exception for functions opens their networks, and is shown."""
    condition = {**NETWORK, **({"Null": {"lambda:SourceFunctionArn": "true"}} if functions else {})}
    claims = {
        "cidrs": ["203.0.113.0/24"], "vpcs": [{"id": "vpc-0ac00000000000001", "region": "eu-west-1"}],
        "accepted": [*LIMITS, "forward-access-sessions"], "scopes": {"O5": ["sqs:SendMessage"]},
    }  # fmt: skip
    workspace = space(tmp_path, scps=[statement("Deny", "sqs:*", Condition=condition)], **claims)
    found = prove(
        workspace, objectives=["O5"], services=["sqs"], reading="exact", availability=False, enumerate_all=True
    )
    (verdict,) = found.verdicts
    assert any("lambda:SourceFunctionArn" in each.request.context for each in verdict.counterexamples) is functions


@pytest.mark.parametrize(
    ("operator", "subject", "holds"),
    [
        ("StringLike", "repo:acme/*", True),
        ("ForAllValues:StringLike", "repo:acme/*", True),
        ("StringLike", "repo:*", False),
        ("StringEquals", "repo:acme/*", True),
    ],
)
def test_tokens_of_a_shared_issuer(tmp_path, operator, subject, holds):
    """aws-actions/configure-aws-credentials 318, 1137: which tokens take the role (StringEquals with a star: none)."""
    issuer = "token.actions.githubusercontent.com"
    provider = {"Federated": f"arn:aws:iam::{MINE}:oidc-provider/{issuer}"}
    trust = [
        statement(
            "Allow", "sts:AssumeRoleWithWebIdentity", None, provider, Condition={operator: {f"{issuer}:sub": subject}}
        )
    ]
    role = (f"arn:aws:iam::{MINE}:role/ci", [statement("Allow", "sqs:*")], trust)
    trusted = [{"provider": issuer, "subjects": ["repo:acme/*"]}]
    workspace = space(
        tmp_path, principals=[role], third_principals=trusted, scopes={"O1": ["sts:AssumeRoleWithWebIdentity"]}
    )
    assert (status(workspace, "O1", "sts", "grants") in HOLDS) is holds


def test_who_manages_a_key_that_leaves_its_account_out(tmp_path):
    """open-guides/og-aws 606: nobody but whom the key policy names, neither administrators nor the root user."""
    policy = [statement("Allow", "kms:*", "*", {"AWS": f"arn:aws:iam::{MINE}:role/keeper"})]
    everything = [statement("Allow", "*")]
    people = [
        (f"arn:aws:iam::{MINE}:role/keeper", everything, None),
        (f"arn:aws:iam::{MINE}:user/admin", everything, None),
    ]
    workspace = space(tmp_path, resources=[(KEY, policy)], principals=people)
    found = who_can(workspace, "kms:PutKeyPolicy", KEY)
    assert [one.name.rpartition(":")[2] for one in found.callers if one.findings] == ["role/keeper"]
