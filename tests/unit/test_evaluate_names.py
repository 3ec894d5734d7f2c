"""The decision, where names tell: wildcards in types, spellings of providers, what AWS publishes."""

from __future__ import annotations

import pytest

from tests.unit.test_evaluate_decide import ACCOUNT, ALL, ROLE, TARGET, USER, decision, outcome, policy, trust


def test_wildcards_in_resource_types():
    """X-11: the ARN page forbids them, AWS's managed policies use them (W-29)."""
    on = f"arn:aws:ec2:eu-west-1:{ACCOUNT}:instance/i-1"
    typed = policy({**ALL, "Resource": "arn:aws:ec2:*:*:*/i-1"})
    assert decision(USER, "ec2:StopInstances", on, identity=[typed])
    assert not decision(USER, "ec2:StopInstances", on, identity=[typed], rivals=["X-11"])
    named = policy({**ALL, "Resource": "arn:aws:s3:::*/k"})
    assert decision(USER, identity=[named], rivals=["X-11"])


def test_providers_have_one_spelling():
    """Hosts of OIDC providers are lower case, with or without an ARN (W-23)."""
    arn = f"arn:aws:iam::{ACCOUNT}:oidc-provider/IdP.example.com/A"
    token = {"type": "federated-sts", "provider": arn}
    spelled = trust({"Federated": arn.replace("IdP", "idp")}, "sts:AssumeRoleWithWebIdentity")
    assert decision(token, "sts:AssumeRoleWithWebIdentity", TARGET, resource=spelled)


@pytest.mark.parametrize("what", ["parameter/aws/service/list", "document/AWS-RunShellScript"])
def test_what_systems_manager_publishes_is_aws_own(what):
    """The ARN of a public parameter or document names no account: it is open to every account (W-10)."""
    public = f"arn:aws:ssm:eu-west-1::{what}"
    assert outcome(ROLE, "ssm:GetParameter", public, owner=None, identity=[policy(ALL)]) == "allow"
    assert outcome(ROLE, "ssm:GetParameter", public, owner=None, identity=[]) == "implicit_deny"
