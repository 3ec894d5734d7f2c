"""The decision: grants inside and across accounts, guardrails, special callers, service guards (semantics 3)."""

from __future__ import annotations

import itertools

import pytest

from perimeter_smt.evaluate import checks, decide
from perimeter_smt.request.case import read_case

ACCOUNT, OTHER = "111111111111", "222222222222"
ROOT = {"type": "root", "arn": f"arn:aws:iam::{ACCOUNT}:root", "account": ACCOUNT}
USER = {"type": "user", "arn": f"arn:aws:iam::{ACCOUNT}:user/alice", "account": ACCOUNT}
ROLE = {
    "type": "role-session",
    "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/Worker/job",
    "account": ACCOUNT,
    "role_arn": f"arn:aws:iam::{ACCOUNT}:role/app/Worker",
}
FEDERATED = {
    "type": "federated-user",
    "arn": f"arn:aws:sts::{ACCOUNT}:federated-user/alice",
    "account": ACCOUNT,
    "user_arn": USER["arn"],
}
SERVICE = {"type": "service", "arn": "logs.amazonaws.com"}
ANONYMOUS = {"type": "anonymous"}
LINKED = {**ROLE, "role_arn": f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/x.amazonaws.com/Worker"}

OBJECT, KEY = "arn:aws:s3:::data/k", f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/k-1"
TARGET, POINT = f"arn:aws:iam::{ACCOUNT}:role/Target", f"arn:aws:s3:eu-west-1:{OTHER}:accesspoint/ap"
LINKED_TARGET = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/x.amazonaws.com/R"
ALL = {"Effect": "Allow", "Action": "*", "Resource": "*"}
NOTHING = {"Effect": "Allow", "Action": "none:None", "Resource": "*"}
DENY = {"Effect": "Deny", "Action": "*", "Resource": "*"}
FULL_RCP = {"Version": "2012-10-17", "Statement": {**ALL, "Principal": "*"}}


def policy(*statements):
    return {"Version": "2012-10-17", "Statement": list(statements)}


def grant(principal, action="*", **more):
    return policy({"Effect": "Allow", "Principal": principal, "Action": action, "Resource": "*", **more})


def deny_all(action="*"):
    return policy({"Effect": "Deny", "Principal": "*", "Action": action, "Resource": "*"})


def trust(principal, action="sts:*"):
    return policy({"Effect": "Allow", "Principal": principal, "Action": action})


def decision(principal, action="s3:GetObject", on=OBJECT, *, owner=ACCOUNT, context=None, flags=None, **slots):
    rivals = frozenset(slots.pop("rivals", ()))
    request = {"principal": principal, "action": action, "resource": on, "resource_account": owner}
    value = {"policies": slots, "request": {**request, "context": context or {}}, "flags": flags or {}}
    return decide(read_case(value, file="f", default_id="1"), rivals=rivals)


def outcome(*args, **kwargs):
    found = decision(*args, **kwargs)
    return found.reason if not found.allowed else "allow"


HITS = {
    "direct": {"AWS": ROLE["arn"]},
    "role": {"AWS": ROLE["role_arn"]},
    "account": {"AWS": ACCOUNT},
    "none": {"AWS": OTHER},
}


@pytest.mark.parametrize(("hit", "identity", "boundary", "session"), [*itertools.product(HITS, *[(True, False)] * 3)])
@pytest.mark.parametrize("service", ["s3", "kms"])
def test_same_account_role_session(hit, identity, boundary, session, service):
    """The full table of semantics 3.4, for an ordinary service and for one whose policy is the root of authority."""
    delegated = service == "s3" or hit == "account"
    capped = boundary and session
    expected = hit == "direct" or (capped and (hit == "role" or (identity and delegated)))
    action, resource = ("s3:GetObject", OBJECT) if service == "s3" else ("kms:Decrypt", KEY)
    slots = {
        "identity": [policy(ALL if identity else NOTHING)],
        "boundary": policy(ALL if boundary else NOTHING),
        "session": [policy(NOTHING), policy(ALL if session else NOTHING)],
        "resource": grant(HITS[hit]),
    }
    assert decision(ROLE, action, resource, **slots).allowed is expected


@pytest.mark.parametrize("caller", [USER, ROLE, FEDERATED])
@pytest.mark.parametrize(("named", "identity"), [*itertools.product((True, False), repeat=2)])
def test_cross_account_needs_both_sides(caller, named, identity):
    slots = {"identity": [policy(ALL)] if identity else [], "session": policy(ALL)}
    slots["resource"] = grant({"AWS": caller["arn"] if named else OTHER})
    assert decision(caller, owner=OTHER, **slots).allowed is (named and identity)


def test_partitions_do_not_mix():
    slots = {"identity": [policy(ALL)], "resource": grant("*")}
    assert outcome(ROLE, on="arn:aws-cn:s3:::data/k", owner=OTHER, **slots) == "implicit_deny"


def test_explicit_deny_comes_first():
    for slot in ("identity", "boundary", "session", "resource", "scp", "rcp", "vpce"):
        document = deny_all("s3:*") if slot in ("resource", "rcp", "vpce") else policy(DENY)
        value = {"identity": [document], "session": document, "scp": [[document]], "rcp": [[FULL_RCP, document]]}
        found = decision(ROLE, flags={"via_endpoint": True}, **{slot: value.get(slot, document)})
        assert found.reason == "explicit_deny"
        assert [(ref.slot.partition("[")[0], ref.index, ref.effect) for ref in found.statements] == [(slot, 0, "Deny")]


def test_allowing_statements_of_every_slot():
    slots = {"identity": [policy(NOTHING), policy({**ALL, "Sid": "A"})], "scp": [[policy(ALL)], [policy(ALL)]]}
    found = decision(ROLE, **slots)
    assert [(ref.slot, ref.policy, ref.sid) for ref in found.statements] == [
        ("identity", "identity[1]", "A"),
        ("scp[0]", "scp[0][0]", None),
        ("scp[1]", "scp[1][0]", None),
    ]


def test_scp_levels():
    slots = {"identity": [policy(ALL)]}
    assert outcome(ROLE, scp=[[policy(ALL)], [policy(NOTHING), policy(ALL)]], **slots) == "allow"
    assert outcome(ROLE, scp=[[policy(ALL)], [policy(NOTHING)]], **slots) == "implicit_deny"
    assert outcome(ROLE, scp=[[policy(ALL)], []], **slots) == "implicit_deny"
    assert outcome(ROOT, scp=[[policy(DENY)]]) == "explicit_deny"
    for free in ({**ROLE, "management_account": True}, LINKED, {**ROLE, "service_linked": True}):
        assert outcome(free, scp=[[policy(DENY)]], **slots) == "allow"
    for free in (SERVICE, ANONYMOUS):
        assert outcome(free, scp=[[policy(DENY)]]) == "implicit_deny"


@pytest.mark.parametrize(
    ("caller", "more", "expected"),
    [
        (ROLE, {}, "explicit_deny"),
        (ROOT, {}, "explicit_deny"),
        (SERVICE, {}, "explicit_deny"),
        (ANONYMOUS, {}, "explicit_deny"),
        ({**ROLE, "management_account": True}, {}, "explicit_deny"),
        (LINKED, {}, "allow"),
        (ROLE, {"flags": {"resource_account_is_management": True}}, "allow"),
        (ROLE, {"action": "sns:Publish", "on": "arn:aws:sns:eu-west-1:111111111111:t"}, "allow"),
        (ROLE, {"action": "kms:Decrypt", "on": KEY}, "explicit_deny"),
        (ROLE, {"action": "kms:Decrypt", "on": KEY, "flags": {"kms_aws_managed_key": True}}, "allow"),
        (LINKED, {"action": "kms:ScheduleKeyDeletion", "on": KEY, "flags": {"kms_aws_managed_key": True}}, "allow"),
        (ROLE, {"action": "s3:ListAllMyBuckets", "on": "*"}, "explicit_deny"),
        (ROLE, {"action": "s3:ListAllMyBuckets", "on": "*", "rivals": ["X-18"]}, "allow"),
        ({**ROLE, "management_account": True}, {"action": "s3:ListAllMyBuckets", "on": "*"}, "allow"),
        (
            ROLE,
            {"action": "aoss:APIAccessAll", "on": "arn:aws:aoss:eu-west-1:111111111111:collection/c"},
            "explicit_deny",
        ),
    ],
)
def test_who_rcps_bind(caller, more, expected):
    rcp = [[FULL_RCP, *(deny_all(f"{name}:*") for name in ("s3", "kms", "sns", "aoss"))]]
    assert outcome(caller, rcp=rcp, identity=[policy(ALL)], resource=grant("*"), **more) == expected


@pytest.mark.parametrize("action", ["ScheduleKeyDeletion", "DisableKey", "PutKeyPolicy", "TagResource"])
def test_customers_change_no_key_that_aws_manages(action):
    """KMS guide: no property of an AWS managed key is edited, and its deletion is not scheduled."""
    given = {"identity": [policy(ALL)], "resource": grant("*")}
    assert outcome(ROLE, f"kms:{action}", KEY, **given) == "allow"
    assert outcome(ROLE, f"kms:{action}", KEY, flags={"kms_aws_managed_key": True}, **given) == "implicit_deny"


def test_the_assumption_of_a_service_linked_role_by_its_service():
    slots = {"rcp": [[FULL_RCP, deny_all("sts:*")]], "resource": trust({"Service": SERVICE["arn"]})}
    assert outcome(SERVICE, "sts:AssumeRole", LINKED_TARGET, **slots) == "allow"
    assert outcome(SERVICE, "sts:AssumeRole", TARGET, **slots) == "explicit_deny"


def test_rcp_service_lists(monkeypatch):
    """X-19: the list of the documentation, or what both lists have."""
    checks._rcp_services.cache_clear()
    monkeypatch.setattr(checks.actions, "rcp_services", lambda: frozenset({"sqs"}))
    slots = {"rcp": [[FULL_RCP, deny_all("s3:*")]], "resource": grant("*")}
    assert outcome(ROLE, **slots) == "explicit_deny"
    assert outcome(ROLE, rivals=["X-19"], **slots) == "allow"
    checks._rcp_services.cache_clear()


def test_endpoint_policy():
    slots = {"identity": [policy(ALL)], "vpce": grant({"AWS": OTHER})}
    through = {"aws:SourceVpce": "vpce-1"}
    assert outcome(ROLE, **slots) == "allow"
    assert outcome(ROLE, context=through, **slots) == "implicit_deny"
    assert outcome(ROLE, context=through, flags={"via_endpoint": False}, **slots) == "allow"
    assert outcome(ROLE, context=through, identity=[policy(ALL)]) == "allow"
    assert outcome(ROLE, flags={"via_endpoint": True}, identity=[policy(ALL)], vpce=grant("*")) == "allow"


def test_root_user():
    assert outcome(ROOT) == "allow"
    assert outcome(ROOT, resource=deny_all()) == "explicit_deny"
    for action in ("s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy"):
        assert outcome(ROOT, action, "arn:aws:s3:::data", resource=deny_all()) == "allow"
        assert outcome(USER, action, "arn:aws:s3:::data", resource=deny_all()) == "explicit_deny"
        assert outcome(ROOT, action, "arn:aws:s3:::data", scp=[[policy(DENY)]]) == "explicit_deny"
    assert outcome(ROOT, owner=OTHER) == "implicit_deny"
    assert outcome(ROOT, owner=OTHER, resource=grant({"AWS": ACCOUNT})) == "allow"
    assert outcome(ROOT, "kms:Decrypt", KEY, resource=grant({"AWS": USER["arn"]})) == "implicit_deny"
    assert outcome(ROOT, "kms:Decrypt", KEY, resource=grant({"AWS": ACCOUNT})) == "allow"
    assert outcome(ROOT, "kms:ListKeys", "*") == "allow"
    assert outcome(ROOT, "sts:AssumeRole", TARGET, resource=trust({"AWS": ACCOUNT})) == "implicit_deny"


def test_root_session_of_assume_root():
    flags = {"principal_assumed_root": True}
    assert outcome(ROOT, flags=flags) == "implicit_deny"
    assert outcome(ROOT, flags=flags, session=policy(ALL)) == "allow"
    assert outcome(ROOT, context={"aws:AssumedRoot": "true"}, session=policy(NOTHING)) == "implicit_deny"


def test_callers_without_account():
    assert outcome(SERVICE, identity=[policy(ALL)]) == "implicit_deny"
    assert outcome(SERVICE, resource=grant({"Service": SERVICE["arn"]})) == "allow"
    assert outcome(ANONYMOUS, resource=grant("*")) == "allow"
    assert outcome(ANONYMOUS, resource=grant({"AWS": ACCOUNT})) == "implicit_deny"
    assert outcome(ANONYMOUS, "kms:Decrypt", KEY, resource=grant("*")) == "implicit_deny"
    saml = {"type": "federated-sts", "provider": f"arn:aws:iam::{ACCOUNT}:saml-provider/corp"}
    slots = {"scp": [[policy(DENY)]], "resource": trust({"Federated": saml["provider"]})}
    assert outcome(saml, "sts:AssumeRoleWithSAML", TARGET, **slots) == "allow"
    assert outcome(saml, "sts:AssumeRoleWithSAML", TARGET, resource=trust({"Federated": "x"})) == "implicit_deny"
    elsewhere = {"type": "federated-sts", "provider": "arn:aws:iam::999988887777:saml-provider/corp"}
    slots = {"resource": trust({"Federated": elsewhere["provider"]})}
    assert outcome(elsewhere, "sts:AssumeRoleWithSAML", TARGET, **slots) == "implicit_deny"


def test_federated_users():
    """Without a session policy nothing is allowed but what a resource policy grants to the session itself."""
    slots = {"identity": [policy(ALL)]}
    assert outcome(FEDERATED, **slots) == "implicit_deny"
    assert outcome(FEDERATED, session=policy(ALL), **slots) == "allow"
    assert outcome(FEDERATED, session=policy(ALL)) == "implicit_deny"
    assert outcome({**FEDERATED, "made_by_root": True}, session=policy(ALL)) == "allow"
    assert outcome(FEDERATED, resource=grant({"AWS": USER["arn"]})) == "implicit_deny"
    assert outcome(FEDERATED, session=policy(ALL), resource=grant({"AWS": USER["arn"]})) == "allow"


@pytest.mark.parametrize(
    ("caller", "action", "flags", "context", "expected"),
    [
        (ROLE, "sts:GetFederationToken", {}, {}, "implicit_deny"),
        (ROLE, "sts:GetSessionToken", {}, {}, "implicit_deny"),
        (USER, "sts:GetFederationToken", {}, {}, "allow"),
        (FEDERATED, "iam:ListUsers", {}, {}, "implicit_deny"),
        (FEDERATED, "sts:DecodeAuthorizationMessage", {}, {}, "implicit_deny"),
        (FEDERATED, "sts:GetCallerIdentity", {}, {}, "allow"),
        (USER, "iam:ListUsers", {"principal_session_token": True}, {}, "implicit_deny"),
        (USER, "iam:ListUsers", {"principal_session_token": True}, {"aws:MultiFactorAuthPresent": "true"}, "allow"),
        (USER, "sts:GetFederationToken", {"principal_session_token": True}, {}, "implicit_deny"),
        (USER, "sts:GetCallerIdentity", {"principal_session_token": True}, {}, "allow"),
    ],
)
def test_calls_that_temporary_credentials_cannot_make(caller, action, flags, context, expected):
    slots = {"identity": [policy(ALL)], "session": policy(ALL)}
    assert outcome(caller, action, "*", flags=flags, context=context, **slots) == expected


def test_calls_that_need_no_permission():
    own = {"identity": [policy(DENY)], "boundary": policy(DENY)}
    identity = ("sts:GetCallerIdentity", "*")
    for slots in ({"scp": [[policy(DENY)]]}, {"rcp": [[FULL_RCP, deny_all("sts:*")]]}):
        assert outcome(ROLE, *identity, **own, **slots) == "allow"
        assert outcome(ROLE, *identity, **own, **slots, rivals=["X-39"]) == "explicit_deny"
        assert outcome(USER, "sts:GetSessionToken", "*", **own, **slots) == "explicit_deny"
    assert outcome(FEDERATED, *identity, **own, rivals=["X-39"]) == "allow"
    assert outcome(USER, "sts:GetSessionToken", "*", **own) == "allow"
    assert outcome(USER, "sts:GetSessionToken", "*", boundary=policy(NOTHING)) == "allow"
    assert outcome(ROOT, "sts:GetSessionToken", "*", **own) == "allow"


def test_assume_role():
    call = ("sts:AssumeRole", TARGET)
    assert outcome(USER, *call, identity=[policy(ALL)], resource=trust({"AWS": ROLE["role_arn"]})) == "implicit_deny"
    assert outcome(USER, *call, resource=trust({"AWS": ACCOUNT})) == "implicit_deny"
    assert outcome(USER, *call, resource=trust({"AWS": USER["arn"]})) == "allow"
    tagged = {"flags": {"sub_actions": ["sts:AssumeRole", "sts:TagSession"]}}
    assert outcome(USER, *call, resource=trust({"AWS": USER["arn"]}, "sts:AssumeRole"), **tagged) == "implicit_deny"
    found = decision(USER, *call, resource=trust({"AWS": USER["arn"]}), **tagged)
    assert found.allowed and len(found.parts) == 2


def test_assume_root():
    call = ("sts:AssumeRoot", f"arn:aws:iam::{OTHER}:root")
    slots = {"owner": OTHER, "identity": [policy(ALL)]}
    assert outcome(ROLE, *call, **slots) == "implicit_deny"
    assert outcome({**ROLE, "management_account": True}, *call, **slots) == "allow"
    assert outcome(ROLE, *call, flags={"principal_delegated_administrator": True}, **slots) == "allow"
    assert outcome({**ROLE, "management_account": True}, *call, owner=OTHER) == "implicit_deny"


def test_sub_requests():
    """Every resource must be allowed; an explicit deny gives the reason before others."""
    instance, subnet = (f"arn:aws:ec2:eu-west-1:{ACCOUNT}:{name}" for name in ("instance/*", "subnet/s"))
    flags = {"sub_requests": [instance, subnet, "arn:aws:ec2:eu-west-1::image/ami-1"]}
    allow, deny = {**ALL, "Resource": instance}, {**DENY, "Resource": "arn:aws:ec2:*::image/*"}
    call = ("ec2:RunInstances", instance)
    assert outcome(ROLE, *call, flags=flags, identity=[policy(ALL)]) == "allow"
    assert outcome(ROLE, *call, flags=flags, identity=[policy(allow)]) == "implicit_deny"
    found = decision(ROLE, *call, flags=flags, identity=[policy(allow, deny)])
    assert [part.reason for part in found.parts] == ["grant", "implicit_deny", "explicit_deny"]
    assert (found.reason, found.statements) == ("explicit_deny", found.parts[2].statements)


GRANTS = [
    (True, "kms:Decrypt", ROLE, False, "allow"),
    ({"grantee_principal": ROLE["role_arn"]}, "kms:Decrypt", ROLE, False, "allow"),
    ({"grantee_principal": ROLE["role_arn"], "operations": ["Encrypt"]}, "kms:Decrypt", ROLE, False, "implicit_deny"),
    ({"grantee_principal": ROLE["role_arn"], "constraints_met": False}, "kms:Decrypt", ROLE, False, "implicit_deny"),
    (
        {"grantee_principal": ROLE["role_arn"], "constraints_met": False},
        "kms:CreateGrant",
        ROLE,
        False,
        "implicit_deny",
    ),
    ({"grantee_principal": ROLE["role_arn"], "constraints_met": False}, "kms:DescribeKey", ROLE, False, "allow"),
    ({"retiring_principal": ROLE["role_arn"], "constraints_met": False}, "kms:RetireGrant", ROLE, False, "allow"),
    ({"grantee_principal": ACCOUNT}, "kms:Decrypt", ROLE, False, "implicit_deny"),
    ({"grantee_principal": ACCOUNT}, "kms:Decrypt", ROLE, True, "allow"),
    ({"grantee_principal": SERVICE["arn"]}, "kms:Decrypt", SERVICE, False, "allow"),
    ({"retiring_principal": ROLE["role_arn"]}, "kms:Decrypt", ROLE, True, "implicit_deny"),
    ({"retiring_principal": ROLE["role_arn"]}, "kms:RetireGrant", ROLE, False, "allow"),
    ({"issuing_account": ACCOUNT}, "kms:RetireGrant", ROOT, False, "allow"),
    (None, "kms:RetireGrant", ROLE, True, "implicit_deny"),
]


@pytest.mark.parametrize(("kms_grant", "action", "caller", "identity", "expected"), GRANTS)
def test_kms_grants(kms_grant, action, caller, identity, expected):
    flags = {"kms_grant": kms_grant}
    assert outcome(caller, action, KEY, flags=flags, identity=[policy(ALL)] if identity else []) == expected
    if expected == "allow":
        assert outcome(caller, action, KEY, flags=flags, identity=[policy(DENY)]) == "explicit_deny"


@pytest.mark.parametrize("kms_grant", [True, {"grantee_principal": ROLE["role_arn"]}])
@pytest.mark.parametrize(("action", "expected"), [("kms:Sign", "allow"), ("kms:TagResource", "implicit_deny")])
def test_what_a_grant_can_hold(kms_grant, action, expected):
    """A grant holds the operations that CreateGrant takes, no others."""
    assert outcome(ROLE, action, KEY, flags={"kms_grant": kms_grant}) == expected


def test_kms_calls_that_test_no_key():
    alias = f"arn:aws:kms:eu-west-1:{ACCOUNT}:alias/a"
    assert outcome(ROLE, "kms:ListKeys", "*", identity=[policy(ALL)]) == "allow"
    assert outcome(ROLE, "kms:CreateAlias", alias, identity=[policy(ALL)]) == "allow"
    assert outcome(ROLE, "kms:RetireGrant", KEY, flags={"kms_grant": True}, resource=deny_all()) == "allow"


def test_bucket_policies_are_for_the_owner():
    slots = {"identity": [policy(ALL)], "resource": grant("*"), "owner": OTHER}
    assert outcome(ROLE, "s3:GetBucketAcl", "arn:aws:s3:::data", **slots) == "allow"
    assert outcome(ROLE, "s3:GetBucketPolicy", "arn:aws:s3:::data", **slots) == "implicit_deny"
    assert outcome(SERVICE, "s3:GetBucketPolicy", "arn:aws:s3:::data", resource=grant("*")) == "implicit_deny"


def test_access_points():
    """Access point and bucket must both allow; the identity side may name the access point alone (X-33)."""
    flags = {"via_access_point": POINT}
    slots = {"identity": [policy({**ALL, "Resource": f"{POINT}/object/k"})], "owner": OTHER}
    named = grant({"AWS": ACCOUNT}, "s3:GetObject")
    assert outcome(ROLE, resource=named, access_point=named, flags=flags, **slots) == "allow"
    assert outcome(ROLE, resource=named, access_point=None, flags=flags, **slots) == "implicit_deny"
    assert outcome(ROLE, resource=None, access_point=named, flags=flags, **slots) == "implicit_deny"
    assert len(decision(ROLE, resource=named, access_point=named, flags=flags, **slots).parts) == 2
    fixed = {"Condition": {"StringEquals": {"s3:DataAccessPointAccount": OTHER}}}
    assert outcome(ROLE, resource=grant("*", **fixed), access_point=named, flags=flags, **slots) == "allow"
    of_vpc = {**flags, "access_point_vpc": "vpc-1"}
    inside = {"aws:SourceVpc": "vpc-1", "aws:SourceVpce": "vpce-1"}
    assert outcome(ROLE, resource=named, access_point=named, flags=of_vpc, **slots) == "implicit_deny"
    assert outcome(ROLE, resource=named, access_point=named, flags=of_vpc, context=inside, **slots) == "allow"


OAI = {
    "type": "user",
    "arn": "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E2EXAMPLE",
    "account": "cloudfront",
}
CANONICAL = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"


def test_origin_access_identities():
    """A caller of no account: the bucket policy alone decides, SCPs do not bind it, RCPs do (W-14)."""
    named = grant({"AWS": OAI["arn"]}, "s3:GetObject")
    assert decision(OAI, resource=named)
    assert not decision(OAI, resource=grant({"AWS": ACCOUNT}))
    assert not decision(OAI, identity=[policy(ALL)])
    assert decision(OAI, resource=named, scp=[[policy(DENY)]])
    assert not decision(OAI, resource=named, rcp=[[FULL_RCP, deny_all("s3:*")]])
    by_id = {**OAI, "canonical_id": CANONICAL}
    assert decision(by_id, resource=grant({"CanonicalUser": CANONICAL}, "s3:GetObject"))


def test_canonical_users():
    """A canonical id stands for an account, and for nobody where it is not known (W-14)."""
    named = grant({"CanonicalUser": CANONICAL}, "s3:GetObject")
    stranger = {"type": "user", "arn": f"arn:aws:iam::{OTHER}:user/a", "account": OTHER}
    assert not decision(stranger, identity=[policy(ALL)], resource=named)
    stranger["canonical_id"] = CANONICAL
    assert decision(stranger, identity=[policy(ALL)], resource=named)
    assert not decision(stranger, resource=named)  # the account is named, not the user


RESERVED = f"arn:aws:iam::{ACCOUNT}:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_A_1"


@pytest.mark.parametrize(
    ("action", "on", "allowed"),
    [
        ("iam:PutRolePolicy", RESERVED, False),
        ("iam:GetRole", RESERVED, True),
        ("iam:DeleteRole", LINKED_TARGET, False),
        ("iam:UpdateRoleDescription", LINKED_TARGET, True),
        ("iam:DeleteServiceLinkedRole", LINKED_TARGET, True),
        ("iam:DeleteRole", TARGET, True),
        ("iam:CreatePolicyVersion", "arn:aws:iam::aws:policy/Any", False),
        ("iam:GetPolicy", "arn:aws:iam::aws:policy/Any", True),
        ("iam:GetRole", "arn:aws:iam::aws:role/Any", False),
        ("kms:DeleteAlias", f"arn:aws:kms:eu-west-1:{ACCOUNT}:alias/aws/s3", False),
        ("kms:DeleteAlias", f"arn:aws:kms:eu-west-1:{ACCOUNT}:alias/mine", True),
    ],
)
def test_calls_that_aws_refuses(action, on, allowed):
    """What AWS manages cannot be changed, whatever policies allow (W-10)."""
    owner = "aws" if "::aws:" in on else ACCOUNT
    found = decision(
        USER,
        action,
        on,
        owner=owner,
        identity=[policy(ALL)],
        resource=grant({"AWS": ACCOUNT}) if ":kms:" in on else None,
    )
    assert found.allowed is allowed
    assert allowed or "AWS" in found.detail


def test_services_change_what_is_theirs():
    linked = {**LINKED, "service_linked": True}
    assert decision(linked, "iam:PutRolePolicy", RESERVED, identity=[policy(ALL)])


def test_the_owner_is_told_by_the_arn_or_assumed():
    """Without an owner the answer says whom it took for one."""
    allow = {"identity": [policy(ALL)]}
    queue = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:q"
    assert decision(USER, "sqs:SendMessage", queue, owner=None, **allow).assumptions == ()
    assert decision(USER, "sqs:SendMessage", queue, owner=None, **allow)
    found = decision(USER, owner=None, **allow)
    assert not found
    assert "owner" in found.assumptions[0]
    assert decision(ANONYMOUS, owner=None, resource=grant("*")).assumptions == ()


def test_unsigned_calls_without_a_resource():
    """Cognito's public calls and AWS Sign-In need no permission; RCPs can hold them back (W-25, W-26)."""
    for action in ("cognito-identity:GetId", "signin:Authenticate"):
        assert decision(ANONYMOUS, action, "*")
        assert not decision(ANONYMOUS, action, "*", rcp=[[FULL_RCP, deny_all(action)]])
    assert not decision(ANONYMOUS, "cognito-identity:CreateIdentityPool", "*")
    assert decision(ANONYMOUS, "signin:CreateAccount", "*", rcp=[[FULL_RCP, deny_all("signin:*")]])
    assert not decision(SERVICE, "signin:Authenticate", "*", resource=grant("*"))


def test_several_grants_of_a_key():
    other = {"grantee_principal": f"arn:aws:iam::{ACCOUNT}:user/bob", "operations": ["Decrypt"]}
    mine = {"grantee_principal": USER["arn"], "operations": ["Decrypt"]}
    assert not decision(USER, "kms:Decrypt", KEY, flags={"kms_grant": [other]})
    assert decision(USER, "kms:Decrypt", KEY, flags={"kms_grant": [other, mine]})
    assert not decision(USER, "kms:Encrypt", KEY, flags={"kms_grant": [other, mine]})


def test_guardrails_on_the_bucket_behind_an_access_point():
    """X-44: whether a Deny of an SCP on the bucket's ARN binds a call through an access point (W-37)."""
    scp = [[policy(ALL, {**DENY, "Resource": "arn:aws:s3:::data/*"})]]
    slots = {"identity": [policy(ALL)], "access_point": grant({"AWS": ACCOUNT}), "resource": grant({"AWS": ACCOUNT})}
    flags = {"via_access_point": POINT.replace(OTHER, ACCOUNT)}
    assert not decision(USER, flags=flags, scp=scp, **slots)
    assert decision(USER, flags=flags, scp=scp, rivals=["X-44"], **slots)


@pytest.mark.parametrize("key", ["aws:ResourceAccount", "s3:ResourceAccount"])
def test_owner_told_by_a_key(key):
    """The key holds the account that owns the resource (IAM guide, S3 guide): there an identity policy is enough."""
    found = decision(USER, owner=None, context={key: ACCOUNT}, identity=[policy(ALL)])
    assert (found.allowed, found.assumptions) == (True, ())
    found = decision(USER, owner=None, context={key: OTHER}, identity=[policy(ALL)])
    assert (found.allowed, found.assumptions) == (False, ())
    assert decision(USER, owner=None, identity=[policy(ALL)]).assumptions
