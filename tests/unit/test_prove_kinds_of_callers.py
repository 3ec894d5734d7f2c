"""Guardrails that let one kind of caller out, by each objective: who is of that kind gets through, and nobody else."""

from __future__ import annotations

import pytest

from perimeter_smt.organization.model import Account, Endpoint, Guardrails, Organization, Unit
from perimeter_smt.organization.perimeter import Perimeter, Scope, Vpc, Workspace
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.questions.perimeter import prove

ORG, MINE, MANAGEMENT, STRANGER, OFFICE = (
    "o-acme0000001",
    "111122223333",
    "123456789012",
    "210987654321",
    "203.0.113.0/24",
)
LIMITS = (
    *("management-account", "service-linked-roles", "service-principals", "kms-retire-grant", "aws-managed-keys"),
    *("forward-access-sessions", "service-networks", "no-endpoint", "services-outside-rcp"),
)
IN, OUT = "proved", "refuted"
NEVER = "never"  # not refuted; conditional, where something else is open

# By what a Deny asks besides, whether each of O1 (strangers), O3 and O5 (mine) and O6 (anybody) holds.
LETS_OUT = {
    "root users": ({"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:root"}}, OUT, OUT, OUT, OUT),
    "root users of a stranger": (
        {"ArnNotLike": {"aws:PrincipalArn": f"arn:aws:iam::{STRANGER}:root"}}, OUT, IN, IN, OUT,
    ),
    "root users of mine": ({"ArnNotLike": {"aws:PrincipalArn": f"arn:aws:iam::{MINE}:root"}}, IN, OUT, OUT, OUT),
    "federated users": ({"ArnNotLike": {"aws:PrincipalArn": "arn:aws:sts::*:federated-user/*"}}, OUT, OUT, OUT, OUT),
    "sessions of Identity Center": (
        {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/aws-reserved/sso.amazonaws.com/*"}},
        OUT, OUT, OUT, OUT,
    ),
    "service-linked roles": (
        {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/aws-service-role/*"}}, NEVER, NEVER, NEVER, NEVER,
    ),  # conditional where a path holds the pattern and stars run over colons
    "users by path": ({"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/ci/*"}}, OUT, OUT, OUT, OUT),
    "a session's own ARN, which the key never holds": (
        {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:sts::*:assumed-role/*"}}, IN, IN, IN, IN,
    ),
    "roles by name": ({"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/anywhere-*"}}, OUT, OUT, OUT, OUT),
    "a certificate's name, as Roles Anywhere tags": (
        {"Null": {"aws:PrincipalTag/x509Subject/CN": "true"}}, OUT, OUT, OUT, OUT,
    ),
    "a source identity": ({"StringNotEqualsIfExists": {"aws:SourceIdentity": "ops"}}, OUT, OUT, OUT, OUT),
    "a second factor": ({"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}, OUT, OUT, OUT, OUT),
    "the type of root users": ({"StringNotEqualsIfExists": {"aws:PrincipalType": "Account"}}, OUT, OUT, OUT, OUT),
    "the type of federated users": (
        {"StringNotEqualsIfExists": {"aws:PrincipalType": "FederatedUser"}}, OUT, OUT, OUT, OUT,
    ),
    "the type of users": ({"StringNotEqualsIfExists": {"aws:PrincipalType": "User"}}, OUT, OUT, OUT, OUT),
    "a provider": (
        {"StringNotEqualsIfExists": {"aws:FederatedProvider": "cognito-identity.amazonaws.com"}}, OUT, OUT, OUT, OUT,
    ),
    "sessions by their name": ({"StringNotLike": {"aws:userid": "*:deploy-*"}}, OUT, OUT, OUT, OUT),
    "whoever has a user name": ({"Null": {"aws:username": "true"}}, OUT, OUT, OUT, OUT),
    "sessions of `aws login`": ({"Null": {"aws:SignInSessionArn": "true"}}, OUT, OUT, OUT, OUT),
    "long-term keys": ({"Null": {"aws:TokenIssueTime": "false"}}, OUT, OUT, OUT, OUT),
    "sessions of instances": ({"Null": {"ec2:SourceInstanceArn": "true"}}, OUT, OUT, OUT, OUT),
    "a stranger's account": (
        {"StringNotEqualsIfExists": {"aws:PrincipalAccount": STRANGER}}, OUT, IN, IN, OUT,
    ),
    "the management account": (
        {"StringNotEqualsIfExists": {"aws:PrincipalAccount": MANAGEMENT}}, IN, IN, IN, OUT,
    ),
    "sessions of AssumeRoot, which have no task here": (
        {"BoolIfExists": {"aws:AssumedRoot": "false"}}, NEVER, NEVER, NEVER, NEVER,
    ),
}  # fmt: skip
OBJECTIVES = ("O1", "O3", "O5", "O6")
_NETWORK = {"NotIpAddressIfExists": {"aws:SourceIp": OFFICE}, "BoolIfExists": {"aws:ViaAWSService": "false"}}
_BASE = {
    "O1": {
        "StringNotEqualsIfExists": {"aws:PrincipalOrgID": ORG},
        "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
    },
    "O3": {"StringNotEqualsIfExists": {"aws:ResourceOrgID": ORG}},
    "O5": _NETWORK,
    "O6": {**_NETWORK, "BoolIfExists": {"aws:PrincipalIsAWSService": "false"}},  # forwarded calls are denied, too
}
_FOR_STRANGERS = {
    "StringNotEqualsIfExists": {"aws:SourceOrgID": ORG}, "Null": {"aws:SourceAccount": "false"},
    "Bool": {"aws:PrincipalIsAWSService": "true"},
}  # fmt: skip


def policy(kind, *statements):
    return parse_object({"Version": "2012-10-17", "Statement": list(statements)}, kind, file="p.json", name=kind.value)


def workspace(*, scps=(), rcps=(), endpoint=None, services=("secretsmanager", "s3", "dynamodb", "sqs"), **claims):
    at_root = Guardrails(scps=tuple(policy(Kind.SCP, s) for s in scps), rcps=tuple(policy(Kind.RCP, s) for s in rcps))
    door = Endpoint(
        id="vpce-0a000000000000001", account=MINE, vpc="vpc-0a000000000000001", vpc_account=MINE, region="eu-west-1",
        services=services, policy=endpoint and policy(Kind.ENDPOINT, *endpoint),
    )  # fmt: skip
    member = Account(id=MINE, endpoints=(door,) if endpoint else ())
    root = Unit(id="r-root", guardrails=at_root, accounts=(member, Account(id=MANAGEMENT)))
    scopes = {"O6": Scope(actions=("secretsmanager:GetSecretValue",))}  # RCPs and calls on no resource
    perimeter = Perimeter(
        orgs=(ORG,), accepted=LIMITS, cidrs=(OFFICE,), assumptions=("AN8.address",), scopes=scopes, **claims
    )  # fmt: skip
    return Workspace(
        organization=Organization(id=ORG, management_account=MANAGEMENT, root=root), perimeter=perimeter, name="kinds"
    )


def asked(objective, space, service):
    report = prove(space, objectives=[objective], services=[service], availability=False)
    (verdict,) = report.verdicts
    return verdict


def joined(condition, more):
    """Both conditions, in one statement."""
    operators = dict.fromkeys((*condition, *more))
    return {operator: {**condition.get(operator, {}), **more.get(operator, {})} for operator in operators}


def with_deny(objective, more, service):
    condition = joined(_BASE[objective], more)
    if objective in ("O1", "O6"):
        deny = {"Effect": "Deny", "Principal": "*", "Action": f"{service}:*", "Resource": "*"}
        return workspace(rcps=({**deny, "Condition": condition}, {**deny, "Condition": _FOR_STRANGERS}))
    return workspace(scps=({"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": condition},))


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("who", LETS_OUT)
def test_a_deny_that_lets_one_kind_of_caller_out(who, objective):
    """RCPs on secrets, SCPs on calls of them: no limit and no open reading decides but the kind of caller."""
    more, *expected = LETS_OUT[who]
    verdict = asked(objective, with_deny(objective, more, "secretsmanager"), "secretsmanager")
    wanted = dict(zip(OBJECTIVES, expected, strict=True))[objective]
    if wanted == NEVER:
        assert verdict.status in ("proved", "conditional")
    else:
        assert verdict.status == wanted, verdict


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_nobody_is_let_out(objective):
    """The guardrails themselves hold."""
    assert asked(objective, with_deny(objective, {}, "secretsmanager"), "secretsmanager").status == "proved"


# By whom an endpoint policy allows besides, whether O2 (strangers come through) and O4 (to foreign resources) hold.
LETS_IN = {
    "root users": ({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:root"}}, OUT, OUT),
    "root users of mine": ({"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{MINE}:root"}}, IN, OUT),
    "federated users": ({"ArnLike": {"aws:PrincipalArn": "arn:aws:sts::*:federated-user/*"}}, OUT, OUT),
    "federated users of mine": ({"ArnLike": {"aws:PrincipalArn": f"arn:aws:sts::{MINE}:federated-user/*"}}, IN, OUT),
    "sessions of Identity Center": (
        {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/aws-reserved/sso.amazonaws.com/*"}},
        OUT,
        OUT,
    ),
    "a session's own ARN, which the key never holds": (
        {"ArnLike": {"aws:PrincipalArn": "arn:aws:sts::*:assumed-role/*"}},
        IN,
        IN,
    ),
    "the type of federated users": ({"StringEquals": {"aws:PrincipalType": "FederatedUser"}}, OUT, OUT),
    "a stranger's account": ({"StringEquals": {"aws:PrincipalAccount": STRANGER}}, OUT, OUT),
    "an account of mine": ({"StringEquals": {"aws:PrincipalAccount": MINE}}, IN, OUT),
    "the management account": ({"StringEquals": {"aws:PrincipalAccount": MANAGEMENT}}, IN, OUT),
    "AWS services, which come over no endpoint": ({"Bool": {"aws:PrincipalIsAWSService": "true"}}, IN, NEVER),
    "a source identity": ({"StringEquals": {"aws:SourceIdentity": "ops"}}, OUT, OUT),
    "a second factor": ({"Bool": {"aws:MultiFactorAuthPresent": "true"}}, OUT, OUT),
    "sessions of AssumeRoot, which have no task here": ({"Bool": {"aws:AssumedRoot": "true"}}, NEVER, NEVER),
    "a certificate's name, as Roles Anywhere tags": ({"Null": {"aws:PrincipalTag/x509Subject/CN": "false"}}, OUT, OUT),
    "sessions of `aws login`": ({"Null": {"aws:SignInSessionArn": "false"}}, OUT, OUT),
}


@pytest.mark.parametrize("objective", ["O2", "O4"])
@pytest.mark.parametrize("who", LETS_IN)
def test_an_endpoint_policy_that_lets_one_kind_of_caller_in(who, objective):
    """Beside my identities with my resources, one kind of caller with any."""
    more, *expected = LETS_IN[who]
    both_mine = {"StringEquals": {"aws:PrincipalOrgID": ORG, "aws:ResourceOrgID": ORG}}
    allows = [
        {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*", "Condition": c} for c in (both_mine, more)
    ]
    verdict = asked(objective, workspace(endpoint=allows), "secretsmanager")
    wanted = dict(zip(("O2", "O4"), expected, strict=True))[objective]
    if wanted == NEVER:
        assert verdict.status in ("proved", "conditional")
    else:
        assert verdict.status == wanted, verdict


DOOR, VPC = "vpce-0a000000000000001", "vpc-0a000000000000001"
# What a Deny asks of the wire besides, and whether O5 and O6 hold: the office, my VPC and its endpoint are expected.
OVER = {
    "my VPC, whose id another one has in another Region": ({"StringNotEqualsIfExists": {"aws:SourceVpc": VPC}}, OUT),
    "my endpoint, which the console does not tell": ({"StringNotEqualsIfExists": {"aws:SourceVpce": DOOR}}, IN),
    "any VPC": ({"Null": {"aws:SourceVpc": "true"}}, OUT),
    "any endpoint": ({"StringNotLikeIfExists": {"aws:SourceVpce": "vpce-*"}}, OUT),
    "private addresses, which any VPC has": ({"NotIpAddressIfExists": {"aws:VpcSourceIp": "10.0.0.0/8"}}, OUT),
    "what looks like the console": ({"StringNotLikeIfExists": {"aws:UserAgent": "*console*"}}, OUT),
    "another Region": ({"StringNotEqualsIfExists": {"aws:RequestedRegion": "us-west-2"}}, OUT),
    "a page of the console": ({"StringNotLikeIfExists": {"aws:Referer": "https://*.console.aws.amazon.com/*"}}, OUT),
    "VPCs of one Region, as an ARN": (
        {"ArnNotLikeIfExists": {"aws:SourceVpcArn": f"arn:aws:ec2:eu-west-1:{MINE}:vpc/*"}}, IN,
    ),
    "VPCs of any account, as an ARN": (  # which services tell the key is not all known (AN3)
        {"ArnNotLikeIfExists": {"aws:SourceVpcArn": "arn:aws:ec2:eu-west-1:*:vpc/*"}}, "conditional",
    ),
}  # fmt: skip


@pytest.mark.parametrize("objective", ["O5", "O6"])
@pytest.mark.parametrize("wire", OVER)
def test_a_deny_that_lets_one_wire_out(wire, objective):
    """The internet, endpoints, the console with Private Access, VPCs of others and in other Regions."""
    more, wanted = OVER[wire]
    condition = joined(_BASE[objective], more)
    claims = {"vpcs": (Vpc(id=VPC, region="eu-west-1"),), "endpoints": (DOOR,)}
    deny = {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": condition}
    if objective == "O6":
        deny |= {"Principal": "*", "Action": "secretsmanager:*"}
        space = workspace(rcps=(deny, {**deny, "Condition": _FOR_STRANGERS}), endpoint=[_ANYBODY], **claims)
    else:
        space = workspace(scps=(deny,), endpoint=[_ANYBODY], **claims)
    verdict = asked(objective, space, "secretsmanager")
    assert verdict.status == wanted, verdict


@pytest.mark.parametrize("objective", ["O5", "O6"])
def test_my_vpc_in_its_region(objective):
    """Ids of VPCs are unique per Region: with a guardrail on Regions the id tells whose it is, the console's, too."""
    vpc = {**_BASE[objective], "StringNotEqualsIfExists": {"aws:SourceVpc": VPC}}
    region = {"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}}
    deny = {"Effect": "Deny", "Action": "*", "Resource": "*"}
    claims = {"vpcs": (Vpc(id=VPC, region="eu-west-1"),), "endpoints": (DOOR,), "endpoint": [_ANYBODY]}
    if objective == "O6":
        deny |= {"Principal": "*", "Action": "secretsmanager:*"}
        here = {**region, "BoolIfExists": {"aws:PrincipalIsAWSService": "false"}}
        space = workspace(rcps=tuple({**deny, "Condition": c} for c in (vpc, here, _FOR_STRANGERS)), **claims)
    else:
        space = workspace(scps=tuple({**deny, "Condition": c} for c in (vpc, region)), **claims)
    verdict = asked(objective, space, "secretsmanager")
    assert verdict.status == "conditional"  # the console's calls may be to a Region other than that of the VPC
    (found,) = verdict.counterexamples
    assert "AN12.console" in found.depends_on
    assert found.facts.vpc_region != "eu-west-1"


_ANYBODY = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
_MINE = {**_ANYBODY, "Condition": {"StringEquals": {"aws:PrincipalOrgID": ORG}}}
_TO_MINE = {**_ANYBODY, "Condition": {"StringEquals": {"aws:PrincipalOrgID": ORG, "aws:ResourceOrgID": ORG}}}


@pytest.mark.parametrize(
    ("statement", "o2", "o4"), [(_ANYBODY, OUT, OUT), (_MINE, IN, OUT), (_TO_MINE, IN, IN)],
    ids=["anybody", "my identities", "my identities to my resources"],
)  # fmt: skip
def test_the_endpoint_of_the_console(statement, o2, o4):
    """Whoever signs in from my network calls over the console's endpoint: its policy binds these calls."""
    for objective, wanted in (("O2", o2), ("O4", o4)):
        space = workspace(endpoint=[statement], services=("secretsmanager", "console"))
        verdict = asked(objective, space, "secretsmanager")
        assert verdict.status == wanted, (objective, verdict)
