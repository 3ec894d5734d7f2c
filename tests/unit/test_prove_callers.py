"""Who calls, over which wire, with which keys: verdicts that turn on one rule of AWS each."""

from __future__ import annotations

import pytest

from perimeter_smt.organization.model import (
    Account,
    Endpoint,
    Guardrails,
    Organization,
    OwnedPrincipal,
    OwnedResource,
    Unit,
)
from perimeter_smt.organization.perimeter import Perimeter, Scope, TrustedPrincipal, Vpc, Workspace
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.questions.compare import compare
from perimeter_smt.questions.perimeter import prove

ORG, MINE, MANAGEMENT, PARTNER = "o-acme0000001", "111122223333", "123456789012", "210987654321"
LIMITS = ("management-account", "service-linked-roles", "service-principals", "kms-retire-grant", "aws-managed-keys")
OFFICE = "203.0.113.0/24"


def policy(kind, *statements):
    return parse_object({"Version": "2012-10-17", "Statement": list(statements)}, kind, file="p.json", name=kind.value)


def deny(condition=None, *, action="*", resource="*", principal=False):
    out = {"Effect": "Deny", "Action": action, "Resource": resource}
    if principal:
        out["Principal"] = "*"
    return out | ({"Condition": condition} if condition else {})


def workspace(
    *, scps=(), rcps=(), partition="aws", accounts=(), accepted=(), listed=False, principals=(), resources=(), **claims
):
    member = Account(
        id=MINE, principals=principals, resources=resources, listed=listed, endpoints=claims.pop("endpoints_listed", ())
    )
    guardrails = Guardrails(
        scps=tuple(policy(Kind.SCP, s) for s in scps), rcps=tuple(policy(Kind.RCP, s) for s in rcps)
    )
    management = Account(id=MANAGEMENT, listed=listed)
    root = Unit(id="r-root", guardrails=guardrails, accounts=(member, management, *accounts))
    return Workspace(
        organization=Organization(id=ORG, management_account=MANAGEMENT, root=root, partition=partition),
        perimeter=Perimeter(orgs=(ORG,), accepted=(*LIMITS, *accepted), **claims),
        name="callers",
    )


def asked(objective, service, space, *, mode="guardrails", **options):
    options.setdefault("availability", False)
    return prove(space, objectives=[objective], services=[service], mode=mode, **options)


def status(*args, **options):
    (verdict,) = asked(*args, **options).verdicts
    return verdict.status


NETWORK = {
    "NotIpAddressIfExists": {"aws:SourceIp": OFFICE},
    "StringNotEqualsIfExists": {"aws:SourceVpce": "vpce-0a000000000000001"},
    "BoolIfExists": {"aws:ViaAWSService": "false"},
}
PRESENT = (  # the same in two statements that ask for the presence of a key
    {"Null": {"aws:SourceVpce": "false"}, "StringNotEquals": {"aws:SourceVpce": "vpce-0a000000000000001"}},
    {"Null": {"aws:SourceIp": "false"}, "NotIpAddress": {"aws:SourceIp": OFFICE}},
)


@pytest.mark.parametrize(("partition", "expected"), [("aws", "proved"), ("aws-cn", "refuted")])
def test_an_organization_lies_in_one_partition(partition, expected):
    """A pattern of the partition covers everything in it, and nothing of another one."""
    scp = deny({"StringNotEqualsIfExists": {"aws:ResourceOrgID": ORG}}, resource="arn:aws:sqs:*:*:*", action="sqs:*")
    scope = {"O3": Scope(actions=("sqs:SendMessage",))}
    assert status("O3", "sqs", workspace(scps=(scp,), partition=partition, scopes=scope)) == expected


def test_regions_come_from_the_table():
    """No Region has such a name, so that nothing gets through there."""
    scp = deny({"StringNotLike": {"aws:RequestedRegion": "xx-*"}})
    assert status("O3", "sqs", workspace(scps=(scp,))) == "proved"


@pytest.mark.parametrize(
    ("action", "expected"), [("iam:List*", "proved"), ("iam:PassRole", "proved"), ("sqs:*", "refuted")]
)
def test_control_plane_of_global_services(action, expected):
    """Calls of IAM are made to one Region, those of SQS to any; roles are passed within calls, asked by themselves."""
    scp = deny({"StringNotEquals": {"aws:RequestedRegion": "us-east-1"}}, action=action)
    found = asked("O3", action.partition(":")[0], workspace(scps=(scp,)), availability=True)
    (verdict,) = found.availability
    assert verdict.status == expected


def test_connections_inside_a_vpc_carry_no_network_key():
    scps = tuple(deny(condition) for condition in PRESENT)
    space = workspace(scps=scps, cidrs=(OFFICE,), endpoints=("vpce-0a000000000000001",))
    (verdict,) = asked("O5", "rds-db", space).verdicts
    assert verdict.status == "refuted"
    assert "in-vpc-data-planes" in verdict.reason
    (found,) = verdict.counterexamples
    assert found.facts.path == "invpc"
    assert not {name for name in found.request.context if name.startswith(("aws:Source", "aws:Vpc"))}


def test_accepted_data_planes_leave_the_rest_to_prove():
    """Whoever accepts the limit still asks what comes over other wires."""
    limits = ("in-vpc-data-planes", "forward-access-sessions", "service-networks")
    claims = {"cidrs": (OFFICE,), "endpoints": ("vpce-0a000000000000001",), "assumptions": ("AN8.address",)}
    assert status("O5", "rds-db", workspace(scps=(deny(NETWORK),), accepted=limits, **claims)) != "refuted"
    assert status("O5", "rds-db", workspace(accepted=limits, **claims), reading="over") != "proved"


def test_console_with_private_access_tells_the_vpc_alone():
    limits = ("forward-access-sessions", "service-networks")
    claims = {
        "cidrs": (OFFICE,), "endpoints": ("vpce-0a000000000000001",), "endpoints_of_my_accounts": False,
        "vpcs": (Vpc(id="vpc-0a000000000000001", region="us-east-1"),), "assumptions": ("AN8.address",),
        "scopes": {"O5": Scope(actions=("sqs:*",))},
    }  # fmt: skip
    space = workspace(scps=tuple(deny(condition) for condition in PRESENT), accepted=limits, **claims)
    (verdict,) = asked("O5", "sqs", space).verdicts
    assert verdict.status == "conditional"
    (found,) = verdict.counterexamples
    assert "AN12.console" in found.depends_on
    assert "aws:SourceVpc" in found.request.context
    assert "aws:SourceVpce" not in found.request.context


@pytest.mark.parametrize(("action", "expected"), [("s3:*", "conditional"), ("*", "proved")])
def test_first_hop_of_forwarded_calls(action, expected):
    """Forwarded calls of S3 began in my network only if the services that make them are held to it, too."""
    claims = {
        "cidrs": (OFFICE,), "endpoints": ("vpce-0a000000000000001",), "assumptions": ("AN8.address",),
        "scopes": {"O5": Scope(actions=("s3:*",))},
    }  # fmt: skip
    limits = ("forward-access-sessions", "service-networks")
    (verdict,) = asked("O5", "s3", workspace(scps=(deny(NETWORK, action=action),), accepted=limits, **claims)).verdicts
    assert verdict.status == expected
    if expected == "conditional":
        (found,) = verdict.counterexamples
        assert not found.request.action.startswith("s3:")
        assert not found.facts.forwarded
        assert "first hop" in verdict.reason


def test_unsigned_calls_of_identity_pools():
    """GetId names no resource and carries no signature."""
    rcp = deny(
        {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": ORG}, "Null": {"aws:PrincipalArn": "false"}},
        principal=True, action="cognito-identity:*",
    )  # fmt: skip
    scope = {"O1": Scope(actions=("cognito-identity:GetId",))}
    (verdict,) = asked("O1", "cognito-identity", workspace(rcps=(rcp,), scopes=scope)).verdicts
    assert verdict.status == "refuted"
    assert {found.facts.kind for found in verdict.counterexamples} == {"anon"}


def test_public_operations_of_user_pools_are_a_limit():
    rcp = deny({"StringNotEqualsIfExists": {"aws:PrincipalOrgID": ORG}}, principal=True, action="cognito-idp:*")
    scope = {"O1": Scope(actions=("cognito-idp:InitiateAuth",))}
    assert status("O1", "cognito-idp", workspace(rcps=(rcp,), scopes=scope)) != "proved"


SIGN_IN = {"O6": Scope(actions=("signin:*",))}


def test_before_authentication_no_principal_is_known():
    mine = {"StringEquals": {"aws:PrincipalOrgID": ORG}, "NotIpAddressIfExists": {"aws:SourceIp": OFFICE}}
    rcp = deny(mine, principal=True, action="signin:*")
    found = asked("O6", "signin", workspace(rcps=(rcp,), cidrs=(OFFICE,), scopes=SIGN_IN))
    shown = [example.request for verdict in found.verdicts for example in verdict.counterexamples]
    (request,) = [r for r in shown if r.action == "signin:Authenticate"]
    assert not {name for name in request.context if name.startswith("aws:Principal")}


def test_network_rule_on_signing_in_holds_if_it_is_switched_on():
    """Nobody signs up, services and forwarded calls do not sign in: the rule on the network is enough."""
    rcp = deny({"NotIpAddressIfExists": {"aws:SourceIp": OFFICE}}, principal=True, action="signin:*")
    claims = {"cidrs": (OFFICE,), "scopes": {"O6": Scope(actions=("signin:Authenticate", "signin:CreateAccount"))}}
    (verdict,) = asked("O6", "signin", workspace(rcps=(rcp,), **claims)).verdicts
    assert verdict.status == "conditional"
    assert verdict.counterexamples[0].depends_on == ("P5.console-authorization",)
    space = workspace(rcps=(rcp,), accepted=("signin-console-authorization",), **claims)
    assert status("O6", "signin", space) == "proved"


@pytest.mark.parametrize(
    "private", ["10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "fc00::/7", "fe80::/10", "ff00::/8"]
)
def test_private_addresses_call_nowhere(private):
    condition = NETWORK | {"NotIpAddressIfExists": {"aws:SourceIp": [OFFICE, private]}}
    claims = {"cidrs": (OFFICE,), "endpoints": ("vpce-0a000000000000001",)}
    limits = ("forward-access-sessions", "service-networks")
    space = workspace(scps=(deny(condition),), accepted=limits, **claims)
    assert status("O5", "sqs", space, reading="exact") == "proved"


def trusting(provider, **more):
    entry = TrustedPrincipal(provider=provider, **more)
    scope = {"O1": Scope(actions=("sts:AssumeRoleWithWebIdentity",))}
    return {"third_principals": (entry,), "scopes": scope}


def test_a_provider_has_one_spelling():
    host = "idp.example.com"
    rcp = deny({"StringNotEqualsIfExists": {f"{host}:sub": "app"}}, principal=True, action="sts:*")
    absent = deny({"Null": {f"{host}:sub": "true"}}, principal=True, action="sts:AssumeRoleWithWebIdentity")
    space = workspace(rcps=(rcp, absent), **trusting(host, subjects=("app",)))
    assert status("O1", "sts", space) == "proved"


def test_trusting_one_provider_does_not_trust_its_host():
    """Several accounts may have a provider for the host."""
    host = "idp.example.com"
    rcp = deny({"Null": {f"{host}:sub": "true"}}, principal=True, action="sts:AssumeRoleWithWebIdentity")
    arn = f"arn:aws:iam::{MINE}:oidc-provider/{host}"
    assert status("O1", "sts", workspace(rcps=(rcp,), **trusting(arn))) == "refuted"


def bucket(**principal):
    statement = {"Effect": "Allow", "Principal": principal, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::site/*"}
    return OwnedResource(arn="arn:aws:s3:::site", account=MINE, policy=policy(Kind.RESOURCE, statement))


def queue(condition):
    arn = f"arn:aws:sqs:us-east-1:{MINE}:orders"
    statement = {
        "Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage",
        "Resource": arn, "Condition": condition,
    }  # fmt: skip
    return OwnedResource(arn=arn, account=MINE, policy=policy(Kind.RESOURCE, statement))


@pytest.mark.parametrize(
    ("source", "expected"),
    [(f"arn:aws:sns:us-east-1:{MINE}:alerts", "proved"), ("arn:aws:s3:::uploads", "refuted"),
     (f"arn:aws:sns:us-east-1:{PARTNER}:alerts", "refuted")],
)  # fmt: skip
def test_source_arn_tells_the_account(source, expected):
    """ARNs of buckets tell none: somebody else may own the bucket of that name."""
    space = workspace(
        listed=True, resources=(queue({"ArnEquals": {"aws:SourceArn": source}}),),
        scopes={"O1": Scope(actions=("sqs:SendMessage",))},
    )  # fmt: skip
    assert status("O1", "sqs", space, mode="grants", reading="exact") == expected


@pytest.mark.parametrize(
    ("service", "expected"),
    [("ec2", "proved"), ("lambda", "conditional"), ("cloudtrail", "conditional"), ("config", "refuted")],
)
def test_services_use_passed_roles_for_their_account(service, expected):
    statement = {"Effect": "Allow", "Principal": {"Service": f"{service}.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = OwnedPrincipal(
        arn=f"arn:aws:iam::{MINE}:role/App", type="role", account=MINE, trust=policy(Kind.TRUST, statement)
    )
    space = workspace(listed=True, principals=(role,), scopes={"O1": Scope(actions=("sts:AssumeRole",))})
    assert status("O1", "sts", space, mode="grants") == expected


def test_sessions_of_assume_root_do_their_task():
    scp = deny({"BoolIfExists": {"aws:AssumedRoot": "false"}})
    assert status("O3", "sqs", workspace(scps=(scp,)), reading="exact") in ("proved", "vacuous")
    (verdict,) = asked("O3", "sqs", workspace(scps=(scp,))).verdicts
    assert verdict.status in ("conditional", "vacuous")


SITE = {"O1": Scope(actions=("s3:GetObject",))}
CANONICAL = "ab" * 32
IDENTITY = "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1EXAMPLE00000"


def test_a_canonical_id_that_nobody_is_known_to_have_is_not_mine():
    space = workspace(listed=True, resources=(bucket(CanonicalUser=CANONICAL),), scopes=SITE)
    assert status("O1", "s3", space, mode="grants") in ("refuted", "conditional")


def test_a_canonical_id_of_my_account_is_mine():
    mine = Account(id="444455556666", canonical_id=CANONICAL, listed=True)
    space = workspace(listed=True, resources=(bucket(CanonicalUser=CANONICAL),), accounts=(mine,), scopes=SITE)
    assert status("O1", "s3", space, mode="grants") != "refuted"


@pytest.mark.parametrize(("trusted", "expected"), [(IDENTITY, "proved"), (IDENTITY + "1", "refuted")])
def test_origin_access_identities_are_trusted_by_name(trusted, expected):
    entry = TrustedPrincipal(account="cloudfront", arns=(trusted,))
    space = workspace(listed=True, resources=(bucket(AWS=IDENTITY),), scopes=SITE, third_principals=(entry,))
    assert status("O1", "s3", space, mode="grants") == expected


@pytest.mark.parametrize("named", [f"arn:aws:iam::{PARTNER}:role/vendor", f"arn:aws:iam::{PARTNER}:role/x/Vendor"])
def test_a_role_is_one_whatever_its_path(named):
    """The perimeter and the policy mean the same role of the partner."""
    entry = TrustedPrincipal(account=PARTNER, arns=(f"arn:aws:iam::{PARTNER}:role/vendor",))
    space = workspace(listed=True, resources=(bucket(AWS=named),), scopes=SITE, third_principals=(entry,))
    assert status("O1", "s3", space, mode="grants") == "proved"


def test_an_endpoint_of_one_service_makes_no_console_calls():
    """A listed endpoint that serves SQS is not that of the console."""
    endpoint = Endpoint(
        id="vpce-0a000000000000001", account=MINE, vpc="vpc-0a000000000000001", vpc_account=MINE, region="us-east-1",
        services=("sqs",),
    )  # fmt: skip
    space = workspace(scps=(deny(NETWORK),), cidrs=(OFFICE,), endpoints_listed=(endpoint,))
    (verdict,) = asked("O5", "sqs", space, availability=True).availability
    assert verdict.status != "refuted"


def scp(*statements):
    return policy(Kind.SCP, {"Effect": "Allow", "Action": "*", "Resource": "*"}, *statements)


def test_compare_knows_whom_scps_bind():
    """Callers of an SCP are of an organization: a test for the presence of its id says nothing."""
    other = {"StringNotEquals": {"aws:ResourceOrgID": "${aws:PrincipalOrgID}"}}
    first, second = scp(deny(other)), scp(deny(other | {"Null": {"aws:PrincipalOrgID": "false"}}))
    assert compare(first, second).relation == "equivalent"


def test_compare_takes_unknown_keys_under_set_operators_as_lists():
    tests = ("ForAllValues:StringEquals", "ForAllValues:StringNotEquals")
    both = [deny({test: {"sqs:Brand": "a"}}, action="sqs:*") for test in tests]
    assert compare(scp(deny(action="sqs:*")), scp(*both), reading="over").relation == "more"


@pytest.mark.parametrize(
    "pattern",
    [
        "arn:aws:sts::*:federated-user/a/b",
        "arn:aws:sts::*:federated-user/?",
        f"arn:aws:sts::*:federated-user/{'?' * 33}",
        "arn:aws:iam::*:role/a:b",
    ],
)
def test_names_hold_what_aws_admits(pattern):
    condition = {"ArnNotLike": {"aws:PrincipalArn": pattern}}
    assert compare(scp(deny(action="sqs:*")), scp(deny(condition, action="sqs:*"))).relation == "equivalent"


def test_compare_lies_in_the_partition_of_the_documents():
    everywhere, own = deny(action="sqs:*"), deny(action="sqs:*", resource="arn:aws:sqs:*:*:*")
    named = deny(action="sqs:SendMessage", resource="arn:aws:sqs:*:*:*")
    named["Resource"] = "*"
    send = deny(action="sqs:SendMessage", resource="arn:aws:sqs:*:*:*")
    assert compare(scp(named), scp(send)).relation == "equivalent"
    assert compare(scp(everywhere), scp(own)).relation == "more"  # ListQueues names no queue


def test_a_placeholder_is_no_key():
    """`${ORG}` has no value, whoever calls; policies that hold it are refused, unless they are read loosely."""
    condition = {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "${ORG}"}}
    loose = {"Version": "2012-10-17", "Statement": deny(condition, principal=True, action="sqs:*")}
    document = parse_object(loose, Kind.RCP, file="p.json", name="rcp", strict=False)
    space = workspace()
    root = space.organization.root
    guarded = root.model_copy(update={"guardrails": Guardrails(rcps=(document,))})
    space = space.model_copy(update={"organization": space.organization.model_copy(update={"root": guarded})})
    found = asked("O1", "sqs", space, reading="exact")
    assert found.verdicts
    for verdict in found.verdicts:
        for example in verdict.counterexamples:
            assert "org" not in {name.lower() for name in example.request.context}
