"""C2: what a path needs so that AWS allows it: every resource of a call, what sessions carry, what goes first."""

from __future__ import annotations

import pytest

from perimeter_smt.evaluate import decide
from perimeter_smt.organization.model import OwnedPrincipal
from perimeter_smt.organization.perimeter import RoleException, TagException
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.questions.mitigations import ask
from perimeter_smt.questions.mitigations.model import Asking
from perimeter_smt.request.actions import action_info
from perimeter_smt.request.keys import table_rows
from tests.mitigation_worlds import MANAGEMENT, MINE, OTHER, allow, arn, policy, role, trusts, workspace

NOBODY = trusts({"AWS": arn("nobody")})
ADMINISTRATORS = (arn("administrator"),)
GLASS = RoleException(arn=arn("glass"), held_by=(arn("keeper"),))
ORGANIZATIONS = f"arn:aws:organizations::{MANAGEMENT}"
SET = "aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Glass_0123456789abcdef"


def deny(action, resource="*", **condition):
    out = {"Effect": "Deny", "Action": action, "Resource": resource}
    return {**out, "Condition": condition} if condition else out


def user(name, *may):
    held = (policy(Kind.IDENTITY, *may, name=name),) if may else ()
    return OwnedPrincipal(arn=f"arn:aws:iam::{MINE}:user/{name}", type="user", account=MINE, policies=held)


def lines(space, start):
    found = ask(space, ["C2"], Asking())[0]
    rows = [line for line in found.lines if line.subject.startswith(start)]
    assert all(decide(hop.case).allowed for line in rows for hop in line.hops)
    return rows


def of_glass(*principals, exception=GLASS, **more):
    kind = "role_exceptions" if isinstance(exception, RoleException) else "tag_exceptions"
    more = {"assumptions": ("AE9.passed-role",), **more}
    return lines(workspace(*principals, **{kind: (exception,)}, **more), "exception")


@pytest.mark.parametrize(
    ("action", "on", "status"),
    [
        ("organizations:AttachPolicy", ["policy/*"], "proved"),
        ("organizations:AttachPolicy", ["policy/*", "ou/*"], "refuted"),
        ("organizations:DetachPolicy", ["root/*"], "proved"),
        ("organizations:MoveAccount", ["account/*"], "proved"),
        ("organizations:MoveAccount", ["account/*", "root/*"], "refuted"),
    ],
)
def test_guardrails_are_edited_by_who_may_call_on_all_that_it_is_tested_on(action, on, status):
    """A call on a policy and its target is allowed on both, and both requests are shown."""
    editor = role("editor", NOBODY, account=MANAGEMENT, may=(allow(action, [f"{ORGANIZATIONS}:{p}" for p in on]),))
    (row,) = lines(workspace(editor, administrators=ADMINISTRATORS), "SCPs")
    assert row.status == status
    assert [hop.request.action for hop in row.hops] == [action] * len(row.hops)
    assert len({hop.request.resource.split(":")[5].split("/")[0] for hop in row.hops}) == len(row.hops)


@pytest.mark.parametrize(
    ("action", "subject"),
    [
        ("organizations:InviteAccountToOrganization", "SCPs"),
        ("organizations:CreateAccount", "SCPs"),
        ("controltower:DisableControl", "SCPs"),
        ("ec2:CreateVpcEndpoint", "VPC"),
    ],
)
def test_calls_that_make_what_no_guardrail_holds(action, subject):
    """Accounts and endpoints that are new are below the root, or without a policy."""
    editor = role("editor", NOBODY, account=MANAGEMENT, may=(allow(action),))
    (row,) = lines(workspace(editor, administrators=ADMINISTRATORS), subject)
    assert row.status == "refuted"


@pytest.mark.parametrize(
    ("resource", "status"),
    [("instance/*", "proved"), ("image/*", "proved"), ("capacity-reservation/*", "refuted")],
)
def test_an_instance_is_run_by_who_may_run_it_on_every_resource(resource, status):
    worker = role("worker", NOBODY, may=(allow(["iam:PassRole", "ec2:RunInstances"]),))
    (row,) = of_glass(
        role("glass", trusts({"Service": "ec2.amazonaws.com"})), worker,
        scps=(allow("*"), deny("ec2:RunInstances", f"arn:aws:ec2:*:*:{resource}")),
    )  # fmt: skip
    assert row.status == status


def test_table_of_tested_types_names_types_of_the_action():
    for row in table_rows("tested-resource-types"):
        info = action_info(row["action"])
        assert info is not None
        assert {name for group in row["types"] for name in group} <= {use.type for use in info.resource_types}


def gated(*trust):
    """A user's keys are made by sessions of `middle` that carry a tag, which `caller` takes."""
    own = allow("sts:AssumeRole", arn("glass"))
    return (
        role("glass", trusts({"AWS": f"arn:aws:iam::{MINE}:user/keeper"})),
        user("keeper", own),
        role("middle", *trust, may=(allow("iam:CreateAccessKey", StringEquals={"aws:PrincipalTag/tier": "gold"}),)),
        role("caller", NOBODY, account=OTHER, may=(allow(["sts:AssumeRole", "sts:TagSession"]),)),
        role("plain", NOBODY, account=OTHER, may=(allow("sts:AssumeRole"),)),
    )


def test_a_session_that_carries_a_tag_is_begun_by_who_may_set_it():
    """Who takes the role and may tag the session is shown with both calls; for others it is a condition."""
    both = trusts({"AWS": [arn("caller", OTHER), arn("plain", OTHER)]}, ["sts:AssumeRole", "sts:TagSession"])
    meant = RoleException(arn=arn("glass"), held_by=(f"arn:aws:iam::{MINE}:user/keeper", arn("middle")))
    found = {row.text.partition(" ")[0]: row for row in of_glass(*gated(both), exception=meant)}
    tagging = found[arn("caller", OTHER)]
    wanted = ["sts:AssumeRole", "sts:TagSession", "iam:CreateAccessKey", "sts:AssumeRole"]
    assert [hop.request.action for hop in tagging.hops] == wanted
    assert "session" not in tagging.text
    assert "nobody begins its session" in found[arn("plain", OTHER)].text
    assert found[arn("plain", OTHER)].status == "conditional"


def test_nobody_sets_what_a_session_would_have_to_carry():
    plain = trusts({"AWS": [arn("caller", OTHER), arn("plain", OTHER)]})
    meant = RoleException(arn=arn("glass"), held_by=(f"arn:aws:iam::{MINE}:user/keeper",))
    (row,) = of_glass(*gated(plain), exception=meant)
    assert row.status == "proved"


def test_a_boundary_is_taken_away_before_what_it_forbids():
    bound = policy(Kind.IDENTITY, allow("*"), deny("sts:AssumeRole"), name="boundary")
    worker = role("worker", NOBODY, may=(allow("iam:PutRolePolicy", arn("worker")),))
    worker = worker.model_copy(update={"boundary": bound})
    (row,) = of_glass(role("glass", trusts({"AWS": f"arn:aws:iam::{MINE}:root"})), worker)
    calls = [hop.request.action for hop in row.hops]
    assert row.status == "refuted"
    assert calls[0] == "iam:PutRolePolicy"
    assert calls[1] in ("iam:DeleteRolePermissionsBoundary", "iam:PutRolePermissionsBoundary")
    assert calls[2] == "sts:AssumeRole"


@pytest.mark.parametrize(
    ("anchor", "status"),
    [("trust-anchor/11111111-2222-3333-4444-555555555555", "conditional"), ("trust-anchor/*", "refuted")],
)
def test_a_trust_policy_that_names_a_trust_anchor_knows_no_new_one(anchor, status):
    """AWS gives a new trust anchor an id that no policy can have named."""
    source = {"aws:SourceArn": f"arn:aws:rolesanywhere:eu-west-1:{MINE}:{anchor}"}
    glass = role("glass", trusts({"Service": "rolesanywhere.amazonaws.com"}, ArnLike=source))
    may = allow(["iam:PassRole", "rolesanywhere:CreateTrustAnchor", "rolesanywhere:CreateProfile"])
    (row,) = of_glass(glass, role("worker", NOBODY, may=(may,)))
    assert row.status == status


@pytest.mark.parametrize(
    ("names", "status"),
    [(["*"], "refuted"), (["temp-*"], "proved"), (["glass-*"], "proved"), (["temp-1", "glass-*"], "conditional")],
)
def test_a_user_is_renamed_into_an_exception(names, status):
    """Both the old and the new name are asked for; another's name is a condition."""
    exempt = RoleException(arn="arn:aws:iam::*:user/glass-*", held_by=())
    may = allow("iam:UpdateUser", [f"arn:aws:iam::{MINE}:user/{name}" for name in names])
    principals = (user("helpdesk", may), user("temp-1"))
    found = of_glass(*principals, exception=exempt, administrators=(arn("administrator"),))
    assert found[0].status == status
    if status == "refuted":
        assert [hop.request.action for hop in found[0].hops] == ["iam:UpdateUser"] * 2


@pytest.mark.parametrize(
    ("action", "status"),
    [("sso:CreateAccountAssignment", "conditional"), ("sso:DescribePermissionSet", "proved")],
)
@pytest.mark.parametrize("listed", [True, False])
def test_who_assigns_permission_sets_gives_himself_an_exempt_one(action, listed, status):
    exempt = RoleException(arn=f"arn:aws:iam::*:role/{SET[:60]}*", held_by=(arn(SET),))
    provider = {"Federated": f"arn:aws:iam::{MINE}:saml-provider/AWSSSO_0123_DO_NOT_DELETE"}
    roles = (role(SET, trusts(provider, "sts:AssumeRoleWithSAML")),) if listed else ()
    helpdesk = role("helpdesk", NOBODY, account=MANAGEMENT, may=(allow(action),))
    (row,) = of_glass(*roles, helpdesk, exception=exempt, administrators=ADMINISTRATORS)
    assert row.status == status
    if status == "conditional":
        assert row.hops[0].request.action == action


TAGGED = TagException(on="principal", key="free", value="true", held_by=())
UNTAGGED = TagException(on="principal", key="bound", value="true", missing=True, held_by=())


@pytest.mark.parametrize(
    ("may", "held", "status"),
    [
        (["iam:CreateUser", "iam:TagUser"], "iam:CreateUser", "refuted"),  # made without the tag, and tagged then
        (["iam:CreateUser"], "iam:TagUser", "conditional"),  # whether creating asks for iam:TagUser no page tells
        (["iam:TagUser"], "iam:CreateUser", "proved"),
    ],
)
def test_an_identity_is_tagged_after_it_was_made(may, held, status):
    guard = deny(held, **{"ForAnyValue:StringEquals": {"aws:TagKeys": "free"}})
    worker = role("worker", NOBODY, may=(allow(may),))
    more = {"scps": (allow("*"), guard), "administrators": ADMINISTRATORS, "assumptions": ("AR10",)}
    (row,) = of_glass(worker, exception=TAGGED, **more)
    assert row.status == status


def test_an_identity_loses_its_tag_after_it_was_made():
    guard = deny(["iam:CreateUser", "iam:CreateRole"], StringNotEquals={"aws:RequestTag/bound": "true"})
    worker = role("worker", NOBODY, may=(allow(["iam:CreateUser", "iam:UntagUser"]),), tags={"bound": "true"})
    (row,) = of_glass(worker, exception=UNTAGGED, scps=(allow("*"), guard), administrators=ADMINISTRATORS)
    assert [hop.request.action for hop in row.hops] == ["iam:CreateUser", "iam:UntagUser"]
