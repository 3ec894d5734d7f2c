"""C2: stack sets with service-managed permissions, made in the management account or by who administers StackSets."""

from __future__ import annotations

import pytest

from perimeter_smt.evaluate import decide
from perimeter_smt.organization.perimeter import RoleException
from perimeter_smt.questions.mitigations import ask
from perimeter_smt.questions.mitigations.model import Asking
from tests.mitigation_worlds import MANAGEMENT, MINE, OTHER, allow, arn, role, trusts, workspace

SERVICE = "member.org.stacksets.cloudformation.amazonaws.com"
NEW = ("cloudformation:CreateStackSet", "cloudformation:CreateStackInstances")
HERE = ((OTHER, SERVICE),)
KEPT = {"Effect": "Deny", "Action": "iam:*", "Resource": arn("glass")}
BUT_CLOUDFORMATION = KEPT | {"Condition": {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/stacksets-exec-*"}}}


def question(account, may=NEW, told=(), scps=()):
    glass = role("glass", trusts({"AWS": arn("keeper")}))
    deployer = role("deployer", trusts({"AWS": arn("nobody")}), account=account, may=(allow(list(may)),))
    exempt = RoleException(arn=arn("glass"), held_by=(arn("keeper"),))
    space = workspace(
        glass, deployer, scps=scps, role_exceptions=(exempt,), administrators=(arn("administrator"),)
    )  # fmt: skip
    organization = space.organization.model_copy(update={"delegated_administrators": told})
    return ask(space.model_copy(update={"organization": organization}), ["C2"], Asking())[0]


@pytest.mark.parametrize(
    ("account", "told", "more", "status"),
    [
        (MANAGEMENT, (), {}, "conditional"),
        (OTHER, HERE, {}, "conditional"),
        (MINE, HERE, {"may": ("cloudformation:DescribeStackSet",)}, "proved"),
        (MINE, HERE, {}, "proved"),  # another member administers them
        (OTHER, ((OTHER, "guardduty.amazonaws.com"),), {}, "proved"),
        (OTHER, (), {}, "proved"),
        (MANAGEMENT, (), {"may": NEW[:1]}, "proved"),  # a set without instances does nothing
        (MANAGEMENT, (), {"may": ("cloudformation:UpdateStackSet",)}, "conditional"),
        (OTHER, HERE, {"scps": (allow("*"), KEPT)}, "proved"),
        (OTHER, HERE, {"scps": (allow("*"), BUT_CLOUDFORMATION)}, "conditional"),
    ],
)
def test_stack_sets_act_in_member_accounts(account, told, more, status):
    rows = [line for line in question(account, told=told, **more).lines if line.subject.startswith("exception")]
    assert [line.status for line in rows] == [status]
    assert all(decide(hop.case).allowed for line in rows for hop in line.hops)
    if status == "conditional":
        assert "StackSets has no trusted access" in rows[0].text
        assert rows[0].hops[-1].request.principal.role_arn.split("/")[-1].startswith("stacksets-exec-")
        assert rows[0].hops[0].request.principal.account == account


def test_who_administers_stack_sets_is_said_to_be_unknown():
    assert any("administers StackSets is not in the input" in limit for limit in question(OTHER, told=None).limits)
    assert not any("StackSets" in limit for limit in question(OTHER).limits)
