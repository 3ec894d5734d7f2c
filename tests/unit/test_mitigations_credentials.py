"""C1: who gets credentials of mine; the encoding asks, the second reading of the evaluator agrees."""

from __future__ import annotations

import pytest

from perimeter_smt.evaluate.credentials import unexpected
from perimeter_smt.organization.perimeter import TrustedPrincipal, Vendor
from perimeter_smt.questions.mitigations import ask
from perimeter_smt.questions.mitigations.model import Asking
from perimeter_smt.request.request import Facts, Principal, Request
from tests.mitigation_worlds import MINE, ORG, STRANGER, VENDOR, arn, role, trusts, workspace

GITHUB = "token.actions.githubusercontent.com"
PROVIDER = f"arn:aws:iam::{MINE}:oidc-provider/{GITHUB}"


def answer(space):
    return ask(space, ["C1"], Asking())[0]


def one(space):
    (line,) = answer(space).lines
    return line


def vendor_role(**condition):
    return role("vendor", trusts({"AWS": f"arn:aws:iam::{VENDOR}:root"}, **condition))


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        ({"StringEquals": {"sts:ExternalId": "acme-77"}}, "proved"),
        ({}, "refuted"),
        ({"StringEqualsIfExists": {"sts:ExternalId": "acme-77"}}, "refuted"),
        ({"StringLike": {"sts:ExternalId": "acme-*"}}, "refuted"),
        ({"StringLike": {"sts:ExternalId": "acme-7?"}}, "refuted"),
        ({"StringLike": {"sts:ExternalId": "acme-77"}}, "proved"),
        ({"StringEqualsIgnoreCase": {"sts:ExternalId": "acme-77"}}, "proved"),
        ({"ForAnyValue:StringEquals": {"sts:ExternalId": "acme-77"}}, "proved"),
        ({"ForAllValues:StringEquals": {"sts:ExternalId": "acme-77"}}, "refuted"),
        ({"StringNotEquals": {"sts:ExternalId": "acme-77"}}, "refuted"),
        ({"Null": {"sts:ExternalId": "false"}}, "refuted"),
        ({"StringEquals": {"sts:ExternalId": "acme-*"}}, "proved"),  # STS takes no such value: nobody gets in
    ],
)
def test_a_vendor_proves_itself_with_an_external_id(condition, status):
    """`required`: a value that a policy spells out in full."""
    line = one(workspace(vendor_role(**condition), vendors=(Vendor(account=VENDOR),)))
    assert line.status == status
    assert status == "proved" or line.counterexample.request.principal.account == VENDOR


def test_values_of_the_external_id_can_be_named():
    space = vendor_role(StringEquals={"sts:ExternalId": ["acme-77", "acme-78"]})
    vendor = Vendor(account=VENDOR, external_id=("acme-77",))
    line = one(workspace(space, vendors=(vendor,)))
    assert line.status == "refuted"
    assert line.counterexample.request.context["sts:ExternalId"] == "acme-78"


def test_a_named_value_is_meant_as_it_is_spelled():
    """A comparison that ignores case lets other spellings of a value through than perimeter.yaml names."""
    ignores = vendor_role(StringEqualsIgnoreCase={"sts:ExternalId": "ACME-77"})
    line = one(workspace(ignores, vendors=(Vendor(account=VENDOR, external_id=("acme-77",)),)))
    assert line.status == "refuted"
    assert line.counterexample.request.context["sts:ExternalId"] != "acme-77"
    exact = vendor_role(StringEquals={"sts:ExternalId": "ACME-77"})
    line = one(workspace(exact, vendors=(Vendor(account=VENDOR, external_id=("acme-77",)),)))
    assert line.counterexample.request.context["sts:ExternalId"] == "ACME-77"


@pytest.mark.parametrize(
    ("reading", "status"), [("over", "conditional"), ("under", "conditional"), ("exact", "refuted")]
)
def test_a_request_that_rests_on_a_reading_is_a_condition(reading, status):
    """X-14: whether `2030` is a year or seconds; with a year, somebody gets in between 2000 and 2030."""
    window = {"DateLessThan": {"aws:CurrentTime": "2030"}, "DateGreaterThan": {"aws:CurrentTime": "2000-01-01"}}
    (line,) = ask(workspace(role("open", trusts({"AWS": STRANGER}, **window))), ["C1"], Asking(reading))[0].lines
    assert line.status == status
    assert line.counterexample.rests_on == ("X-14",)


@pytest.mark.parametrize("reading", ["over", "under"])
def test_a_request_that_survives_both_readings_is_preferred(reading):
    """After 2030 and after 1970: a request of 2031 does not rest on the reading."""
    after = {"DateGreaterThan": {"aws:CurrentTime": "2030"}}
    (line,) = ask(workspace(role("open", trusts({"AWS": STRANGER}, **after))), ["C1"], Asking(reading))[0].lines
    assert (line.status, line.counterexample.rests_on) == ("refuted", ())


def test_a_vendor_is_held_to_the_roles_meant_for_it():
    held = vendor_role(StringEquals={"sts:ExternalId": "acme-77"})
    vendor = Vendor(account=VENDOR, roles=(arn("other"),))
    assert one(workspace(held, vendors=(vendor,))).status == "refuted"
    assert one(workspace(held, vendors=(vendor.model_copy(update={"roles": (arn("vendor"),)}),))).status == "proved"


def test_a_vendor_role_named_by_its_arn():
    """A role ARN is that one role: another one of the vendor's account does not get in."""
    trust = trusts({"AWS": arn("sync", VENDOR)}, StringEquals={"sts:ExternalId": "acme-77"})
    named = Vendor(account=VENDOR, arns=(arn("sync", VENDOR),))
    other = Vendor(account=VENDOR, arns=(arn("another", VENDOR),))
    assert one(workspace(role("vendor", trust), vendors=(named,))).status == "proved"
    assert one(workspace(role("vendor", trust), vendors=(other,))).status == "refuted"


def test_an_rcp_holds_back_what_a_trust_policy_opens():
    """The whole decision is asked, and the proof names the guardrail."""
    everybody = role("open", trusts({"AWS": "*"}))
    deny = {
        "Effect": "Deny", "Principal": "*", "Action": "sts:*", "Resource": "*",
        "Condition": {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": ORG}},
    }  # fmt: skip
    assert one(workspace(everybody)).status == "refuted"
    held = one(workspace(everybody, rcps=(deny,)))
    assert (held.status, held.statement.kind) == ("proved", "rcp")


@pytest.mark.parametrize(
    ("subject", "status"), [("repo:acme/*", "proved"), ("repo:acme*", "refuted"), ("*", "refuted")]
)
def test_tokens_of_a_shared_issuer_by_subject(subject, status):
    condition = {"StringLike": {f"{GITHUB}:sub": subject}, "StringEquals": {f"{GITHUB}:aud": "sts.amazonaws.com"}}
    deploy = role("deploy", trusts({"Federated": PROVIDER}, "sts:AssumeRoleWithWebIdentity", **condition))
    trusted = TrustedPrincipal(provider=PROVIDER, subjects=("repo:acme/*",), audiences=("sts.amazonaws.com",))
    assert one(workspace(deploy, third_principals=(trusted,))).status == status
    # Whoever declares the issuer without a subject has declared everybody's tokens.
    everybody = trusted.model_copy(update={"subjects": ()})
    assert one(workspace(deploy, third_principals=(everybody,))).status == "refuted"


def test_a_service_that_acts_for_strangers():
    """Instances use roles of their own account; a delivering service has to be asked for whom it acts."""
    assert one(workspace(role("app", trusts({"Service": "ec2.amazonaws.com"})))).status == "proved"
    delivery = {"Service": "config.amazonaws.com"}
    found = one(workspace(role("logs", trusts(delivery))))
    assert found.status == "refuted"
    assert "on behalf of account" in found.text
    guarded = trusts(delivery, StringEquals={"aws:SourceAccount": MINE})
    assert one(workspace(role("logs", guarded))).status == "proved"


def test_permission_sets_trust_the_provider_of_identity_center():
    name = "aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_0123456789abcdef"
    provider = f"arn:aws:iam::{MINE}:saml-provider/AWSSSO_0123456789abcdef_DO_NOT_DELETE"
    saml = trusts({"Federated": provider}, ["sts:AssumeRoleWithSAML", "sts:TagSession"])
    assert one(workspace(role(name, saml))).status == "proved"
    assert one(workspace(role("admin", saml))).status == "refuted"


def test_roles_that_nobody_listed():
    (line,) = answer(workspace(listed=False)).lines
    assert (line.status, line.subject) == ("not-asked", "roles whose trust policies were not given")
    assert answer(workspace()).lines == ()


def test_roles_of_accounts_beside_the_organization():
    """An account that is mine and no member: its roles were not given, and a request that gets through is shown."""
    space = workspace(role("inside", trusts({"AWS": MINE})), accounts=(STRANGER,))
    inside, outside = answer(space).lines
    assert (inside.status, outside.status) == ("proved", "not-asked")
    assert outside.counterexample.request.resource.startswith(f"arn:aws:iam::{STRANGER}:role/")


def test_services_that_are_passed_roles_use_those_of_their_account():
    """Profiles of IAM Roles Anywhere are made with iam:PassRole: that no other account makes one is a soft axiom."""
    anywhere = trusts({"Service": "rolesanywhere.amazonaws.com"}, ["sts:AssumeRole", "sts:TagSession"])
    assert one(workspace(role("server", anywhere))).status == "conditional"
    assert one(workspace(role("server", anywhere), assumptions=("AE9.passed-role",))).status == "proved"


def test_roles_that_are_alike_share_a_row():
    alike = [role(f"r{n}", trusts({"AWS": STRANGER})) for n in range(30)]
    other = role("other", trusts({"Service": "ec2.amazonaws.com"}))
    refuted, proved = answer(workspace(*alike, other)).lines
    assert "29 more" in refuted.subject
    assert proved.subject == other.arn


def facts(**more):
    return Facts(kind="role", principal_account=VENDOR, resource_account=MINE, organizations={MINE: ORG}, **more)


@pytest.mark.parametrize(
    ("operator", "sent", "expected"),
    [
        ("StringEquals", "acme-77", False),
        ("StringEquals", "ACME-77", True),
        ("StringEquals", "acme-78", True),
        ("StringEquals", None, True),
        ("StringEqualsIgnoreCase", "ACME-77", False),
        ("StringEqualsIgnoreCase", "acme-78", True),
    ],
)
def test_second_reading_of_the_external_id(operator, sent, expected):
    """The evaluator's reading, without any formula."""
    space = workspace(vendor_role(**{operator: {"sts:ExternalId": "acme-77"}}), vendors=(Vendor(account=VENDOR),))
    documents = [p.trust for account, _ in space.organization.accounts() for p in account.principals]
    request = Request(
        principal=Principal(type="role-session", account=VENDOR, role_arn=arn("x", VENDOR), arn="x"),
        action="sts:AssumeRole",
        resource=arn("vendor"),
        resource_account=MINE,
        context={"sts:ExternalId": sent} if sent else {},
    )
    assert unexpected(space, request, facts(), documents) is expected


def test_sessions_that_a_service_begins_for_its_caller_are_a_condition():
    """AWS names no service that carries a session on to STS to begin another: no refutation, and no proof."""
    carried = trusts({"AWS": "*"}, Bool={"aws:ViaAWSService": "true"})
    space = workspace(role("deploy", carried))
    credentials, chains = ask(space, ["C1", "C2"], Asking())
    assert credentials.status == "conditional"
    assert any("AE5.forwarded" in line.text for line in credentials.lines)
    assert any("AE5.forwarded" in limit for limit in chains.limits)
    (open_to_all, _) = ask(workspace(role("deploy", trusts({"AWS": "*"}))), ["C1", "C2"], Asking())
    assert open_to_all.status == "refuted"
