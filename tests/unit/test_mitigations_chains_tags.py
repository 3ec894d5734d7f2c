"""C2: tags that somebody sets, takes away or brings along, tokens of providers, and help of others."""

from __future__ import annotations

import pytest

from perimeter_smt.evaluate import decide
from perimeter_smt.organization.model import OwnedPrincipal
from perimeter_smt.organization.perimeter import (
    RoleException,
    Scope,
    TagException,
    TrustedPrincipal,
    TrustedResource,
    Vendor,
)
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.questions.mitigations import ask
from perimeter_smt.questions.mitigations.model import Asking
from tests.mitigation_worlds import MINE, VENDOR, allow, arn, policy, role, trusts, workspace

NOBODY = trusts({"AWS": arn("nobody")})
GLASS = RoleException(arn=arn("glass"), held_by=(arn("keeper"),))
TAGGED = TagException(on="principal", key="free", value="true", held_by=(arn("keeper"),))
UNTAGGED = TagException(on="principal", key="bound", value="true", missing=True, held_by=(arn("keeper"),))
SAML = f"arn:aws:iam::{MINE}:saml-provider/Staff"
OIDC = f"arn:aws:iam::{MINE}:oidc-provider/login.acme.example"
BOTH = ["sts:AssumeRole", "sts:TagSession"]


def user(name, *may, tags=()):
    held = (policy(Kind.IDENTITY, *may, name=name),) if may else ()
    return OwnedPrincipal(
        arn=f"arn:aws:iam::{MINE}:user/{name}", type="user", account=MINE, policies=held, tags=dict(tags)
    )


def rows(*principals, exception, **more):
    kind = "role_exceptions" if isinstance(exception, RoleException) else "tag_exceptions"
    found = ask(workspace(*principals, **{kind: (exception,)}, **more), ["C2"], Asking())[0]
    for line in found.lines:
        for hop in line.hops:
            assert decide(hop.case, rivals=frozenset(n for n in hop.depends_on if n.startswith("X-"))).allowed
    return [line for line in found.lines if line.subject.startswith("exception")]


def calls(line):
    return [hop.request.action for hop in line.hops]


# Tags that policies look at


def wants(principal, **tags):
    return trusts({"AWS": principal}, StringEquals={f"aws:PrincipalTag/{key}": value for key, value in tags.items()})


@pytest.mark.parametrize(("value", "status"), [("ops", "refuted"), ("dev", "proved")])
def test_who_tags_himself_takes_the_role_that_asks_for_the_tag(value, status):
    may = allow("iam:TagRole", arn("worker"), StringEquals={"aws:RequestTag/team": value})
    line = rows(role("glass", wants(arn("worker"), team="ops")), role("worker", NOBODY, may=(may,)), exception=GLASS)[0]
    assert line.status == status
    assert status == "proved" or calls(line) == ["iam:TagRole", "sts:AssumeRole"]


def test_a_user_who_tags_himself():
    tagger = user("ann", allow("iam:TagUser"), allow("sts:AssumeRole"))
    (line,) = rows(role("glass", wants(MINE, team="ops")), tagger, exception=GLASS)
    assert (line.status, calls(line)) == ("refuted", ["iam:TagUser", "sts:AssumeRole"])


def test_a_tag_that_somebody_else_sets_for_him_is_a_condition():
    tagger = role("tagger", NOBODY, may=(allow("iam:TagRole"),))
    found = rows(role("glass", wants(arn("worker"), team="ops")), role("worker", NOBODY), tagger, exception=GLASS)
    assert [line.status for line in found] == ["conditional"]
    assert "does not act for it" in found[0].text and arn("worker") in found[0].text


@pytest.mark.parametrize(("action", "status"), [("iam:UntagRole", "refuted"), ("iam:ListRoles", "proved")])
def test_a_tag_that_holds_him_back_is_taken_away(action, status):
    deny = {"Effect": "Deny", "Action": "sts:*", "Resource": "*"}
    deny["Condition"] = {"StringEquals": {"aws:PrincipalTag/held": "yes"}}
    worker = role("worker", NOBODY, may=(allow(action),), tags={"held": "yes"})
    (line,) = rows(role("glass", trusts({"AWS": arn("worker")})), worker, exception=GLASS, scps=(deny,))
    assert line.status == status


# Tags that exempt


@pytest.mark.parametrize(
    ("provider", "action"), [(SAML, "sts:AssumeRoleWithSAML"), (OIDC, "sts:AssumeRoleWithWebIdentity")]
)
@pytest.mark.parametrize("tagging", [True, False])
def test_tokens_bring_the_tag_of_their_session(provider, action, tagging):
    trust = trusts({"Federated": provider}, [action, "sts:TagSession"] if tagging else action)
    declared = (TrustedPrincipal(provider=provider, actions=(action,)),)
    (line,) = rows(role("staff", trust), exception=TAGGED, third_principals=declared)
    assert (line.status, calls(line)) == (("refuted", [action, "sts:TagSession"]) if tagging else ("proved", []))
    assert not tagging or line.hops[1].request.context["aws:RequestTag/free"] == "true"


def test_tokens_with_an_audience_bring_tags():
    """The claims of the token are there for sts:TagSession as well."""
    both = ["sts:AssumeRoleWithWebIdentity", "sts:TagSession"]
    trust = trusts({"Federated": OIDC}, both, StringEquals={"login.acme.example:aud": "acme"})
    declared = (TrustedPrincipal(provider=OIDC, audiences=("acme",)),)
    (line,) = rows(role("staff", trust), exception=TAGGED, third_principals=declared)
    assert (line.status != "proved", calls(line)) == (True, both)


def test_a_vendor_brings_the_tag_unless_the_trust_policy_denies_it():
    vendor = Vendor(account=VENDOR, roles=(arn("vendor"),), external_id="none")
    trust = trusts({"AWS": VENDOR}, BOTH)
    (line,) = rows(role("vendor", trust), exception=TAGGED, vendors=(vendor,))
    assert (line.status, calls(line)) == ("refuted", BOTH)
    deny = {"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "sts:TagSession"}
    deny["Condition"] = {"StringEquals": {"aws:RequestTag/free": "true"}}
    (line,) = rows(role("vendor", trust, deny), exception=TAGGED, vendors=(vendor,))
    assert line.status == "proved"


def test_federated_users_are_made_with_the_tag():
    ann = user("ann", allow(["sts:GetFederationToken", "sts:TagSession"]))
    (line,) = rows(ann, exception=TAGGED)
    assert (line.status, calls(line)) == ("refuted", ["sts:GetFederationToken", "sts:TagSession"])
    (line,) = rows(user("ann", allow("sts:GetFederationToken")), exception=TAGGED)
    assert line.status == "proved"


@pytest.mark.parametrize("tagging", [True, False])
def test_tags_that_tokens_bring_open_a_further_role(tagging):
    """The second hop asks for a tag that the identity provider sets."""
    trust = trusts({"Federated": SAML}, ["sts:AssumeRoleWithSAML", *(["sts:TagSession"] if tagging else [])])
    declared = (TrustedPrincipal(provider=SAML),)
    found = rows(role("glass", wants(arn("staff"), team="ops")), role("staff", trust), exception=GLASS,
                 third_principals=declared)  # fmt: skip
    hops = ["sts:AssumeRoleWithSAML", "sts:TagSession", "sts:AssumeRole"]
    assert [(line.status, calls(line)) for line in found] == ([("refuted", hops)] if tagging else [("proved", [])])


def test_a_source_identity_that_a_vendor_sets_opens_a_further_role():
    vendor = Vendor(account=VENDOR, roles=(arn("vendor"),), external_id="none")
    asks = trusts({"AWS": arn("vendor")}, ["sts:AssumeRole", "sts:SetSourceIdentity"])
    asks["Condition"] = {"StringEquals": {"aws:SourceIdentity": "ann"}}
    both = ["sts:AssumeRole", "sts:SetSourceIdentity"]
    for actions, status in ((both, "refuted"), ("sts:AssumeRole", "proved")):
        found = rows(role("glass", asks), role("vendor", trusts({"AWS": VENDOR}, actions)), exception=GLASS,
                     vendors=(vendor,))  # fmt: skip
        assert [line.status for line in found] == [status]


# Tags that are missing


@pytest.mark.parametrize(
    ("may", "status", "call"),
    [
        (allow("iam:UntagRole"), "refuted", "iam:UntagRole"),
        (allow("iam:UntagRole", "*", **{"ForAllValues:StringEquals": {"aws:TagKeys": ["team"]}}), "proved", None),
        (allow("iam:TagRole"), "refuted", "iam:TagRole"),
        (allow("iam:TagRole", "*", StringEquals={"aws:RequestTag/bound": "true"}), "proved", None),
        (allow("iam:CreateRole"), "refuted", "iam:CreateRole"),
        (allow("iam:CreateRole", "*", StringEquals={"aws:RequestTag/bound": "true"}), "conditional", "iam:UntagRole"),
    ],
)
def test_who_loses_a_tag(may, status, call):
    """Exempt are those without the tag: who takes it away, gives it another value, or makes an identity without it.

    An identity that he makes with the tag may take it away from itself, where he can give it rights.
    """
    found = rows(role("worker", NOBODY, may=(may,), tags={"bound": "true"}), exception=UNTAGGED)
    assert found[0].status == status
    assert call is None or call in calls(found[0])


def test_who_is_not_tagged_is_exempt_as_he_is():
    plain = role("plain", trusts({"AWS": arn("worker")}))
    worker = role("worker", NOBODY, tags={"bound": "true"})
    (line,) = rows(plain, worker, exception=UNTAGGED)
    assert (line.status, arn("worker") in line.text) == ("refuted", True)


@pytest.mark.parametrize(
    ("may", "status"),
    [
        (allow("sqs:UntagQueue"), "refuted"),
        (allow("sqs:UntagQueue", "*", **{"ForAllValues:StringNotEquals": {"aws:TagKeys": ["inside"]}}), "proved"),
        (allow("sqs:CreateQueue", "*", StringEquals={"aws:RequestTag/inside": "yes"}), "proved"),
        (allow("sqs:CreateQueue"), "refuted"),
        (allow("sqs:SendMessage"), "proved"),
    ],
)
def test_resources_that_lose_a_tag(may, status):
    exception = TagException(on="resource", key="inside", value="yes", missing=True, held_by=(arn("keeper"),))
    scopes = {name: Scope(actions=("sqs:*",)) for name in exception.objectives}
    (line,) = rows(role("worker", NOBODY, may=(may,)), exception=exception, scopes=scopes)
    assert line.status == status


@pytest.mark.parametrize(("action", "held"), [("route53:ChangeTagsForResource", False), ("s3:PutObjectTagging", True)])
def test_calls_that_do_not_tell_their_tags(action, held):
    """Any tag may be what they set; tags of S3 objects are not those of resources."""
    exception = TagException(on="resource", key="public", value="yes", held_by=(arn("keeper"),))
    scopes = {name: Scope(actions=(f"{action.partition(':')[0]}:*",)) for name in exception.objectives}
    (line,) = rows(role("worker", NOBODY, may=(allow(action),)), exception=exception, scopes=scopes)
    assert line.status == ("proved" if held else "refuted")


# Tokens


@pytest.mark.parametrize(
    ("action", "provider", "status"),
    [
        ("iam:UpdateSAMLProvider", SAML, "refuted"),
        ("iam:CreateSAMLProvider", SAML, "conditional"),
        ("iam:GetSAMLProvider", SAML, "proved"),
        ("iam:UpdateSAMLProvider", OIDC, "proved"),
        ("iam:AddClientIDToOpenIDConnectProvider", OIDC, "conditional"),
    ],
)
def test_who_says_whose_tokens_are_accepted(action, provider, status):
    signs = "sts:AssumeRoleWithSAML" if provider == SAML else "sts:AssumeRoleWithWebIdentity"
    exception = RoleException(arn=arn("glass"), held_by=("tokens of *",))
    exempt, worker = role("glass", trusts({"Federated": provider}, signs)), role("worker", NOBODY, may=(allow(action),))
    (line,) = rows(exempt, worker, exception=exception, third_principals=(TrustedPrincipal(provider=provider),))
    assert line.status == status
    assert status == "proved" or calls(line) == [action, signs]


# Help


def test_rights_that_somebody_else_extends_are_a_condition():
    """Two who act together; who holds it alone, or is an administrator, needs nobody."""
    exempt, worker = role("glass", trusts({"AWS": MINE})), role("worker", NOBODY)
    writer = role("writer", NOBODY, may=(allow("iam:PutRolePolicy", arn("worker")),))
    (line,) = rows(exempt, worker, writer, exception=GLASS)
    assert (line.status, calls(line)) == ("conditional", ["iam:PutRolePolicy", "sts:AssumeRole"])
    assert f"{arn('writer')}, who extends the rights of worker" in line.text
    (line,) = rows(exempt, worker, writer, exception=GLASS, administrators=(arn("writer"),))
    assert line.status == "proved"


def test_rights_of_a_vendor_that_somebody_extends():
    vendor = Vendor(account=VENDOR, roles=(arn("vendor"),), external_id="none")
    writer = role("writer", NOBODY, may=(allow("iam:PutRolePolicy", arn("vendor")),))
    parts = role("glass", trusts({"AWS": MINE})), role("vendor", trusts({"AWS": VENDOR})), writer
    found = rows(*parts, exception=GLASS, vendors=(vendor,))
    assert {line.status for line in found} == {"conditional"}
    assert any(line.text.startswith(f"vendor {VENDOR}") for line in found)


def test_groups_are_of_users():
    exempt = role("glass", trusts({"AWS": MINE}))
    (line,) = rows(exempt, user("ann", allow("iam:AddUserToGroup")), exception=GLASS)
    assert (line.status, calls(line)[0]) == ("conditional", "iam:AddUserToGroup")
    (line,) = rows(exempt, role("worker", NOBODY, may=(allow("iam:AddUserToGroup"),)), exception=GLASS)
    assert line.status == "proved"


# Exceptions on resources


@pytest.mark.parametrize(
    ("claims", "said"),
    [
        ({}, None),
        ({"third_principals": (TrustedPrincipal(account=VENDOR),)}, None),
        (
            {"third_principals": (TrustedPrincipal(account=VENDOR, resources=("arn:aws:s3:::acme-exchange*",)),)},
            "makes",
        ),
        ({"third_resources": (TrustedResource(account=VENDOR),)}, None),
        ({"third_resources": (TrustedResource(account=VENDOR, arns=("arn:aws:s3:::vendor-drop/*",)),)}, None),
        ({"third_resources": (TrustedResource(arns=(f"arn:aws:sqs:*:{VENDOR}:drop",)),)}, None),
        ({"third_resources": (TrustedResource(arns=("arn:aws:s3:::vendor-drop/*",)),)}, "whoever's has the name"),
        (
            {"tag_exceptions": (TagException(on="resource", key="open", value="yes", objectives=("O1",)),)},
            "edits the policy of a resource",
        ),
    ],
)
def test_what_is_exempt_by_the_name_of_a_resource_is_said(claims, said):
    """Whoever comes to have a resource of that name has what the perimeter says of it."""
    space = workspace(role("one", NOBODY), **claims)
    limits = "\n".join(ask(space, ["C2"], Asking())[0].limits)
    told = [words for words in ("makes a resource", "whoever's has the name", "edits the policy") if words in limits]
    assert [words for words in told if said is not None and (words in said or said in words)] == told
    assert bool(told) is (said is not None)
