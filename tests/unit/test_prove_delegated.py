"""Delegated administrators of AWS Organizations, by objective: members that act on what the management account holds.

Organizations guide, delegated administrator: the organization's resource policy decides what members may call; SCPs
bind them, RCPs do not reach the service.
"""

from __future__ import annotations

import pytest

from perimeter_smt.encode.world.world import build
from perimeter_smt.logic.atoms import Member
from perimeter_smt.logic.formula import atom, is_text, neg
from perimeter_smt.organization.model import OwnedResource
from perimeter_smt.organization.perimeter import Scope
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.questions.mitigations.roles import each_account
from perimeter_smt.questions.perimeter import prove
from perimeter_smt.solve.engine import Engine
from tests.mitigation_worlds import MANAGEMENT, MINE, ORG, OTHER, STRANGER, allow, arn, policy, role, trusts, workspace

HOME = "203.0.113.0/24"
CALL = "organizations:UpdatePolicy"
NETWORK = {"NotIpAddressIfExists": {"aws:SourceIp": HOME}, "BoolIfExists": {"aws:ViaAWSService": "false"}}
LIMITS = (
    "management-account",
    "service-linked-roles",
    "forward-access-sessions",
    "service-networks",
    "service-principals",
)


def deny(**condition):
    return {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": condition}


def status(objective, to=MINE, scps=(), may=CALL, account=MINE, accepted=LIMITS, action=CALL):
    """The verdict where the organization's policy lets an account in, or none is there."""
    editor = role(
        "editor",
        trusts(
            {"AWS": arn("keeper", account)},
        ),
        account=account,
        may=(allow(may),),
    )
    scopes = {objective: Scope(actions=(action,))}
    assumed = ("AN8.address",)
    space = workspace(editor, scps=(*scps,), scopes=scopes, accepted=accepted, cidrs=(HOME,), assumptions=assumed)
    if to:
        statement = {"Effect": "Allow", "Principal": {"AWS": to}, "Action": may, "Resource": "*"}
        whose = OwnedResource(
            arn=f"arn:aws:organizations::{MANAGEMENT}:organization/{ORG}", account=MANAGEMENT,
            policy=policy(Kind.RESOURCE, statement, name="delegation"),
        )  # fmt: skip
        space = each_account(space, lambda a: a.model_copy(update={"resources": (whose,)}) if a.id == MANAGEMENT else a)
    (verdict,) = prove(
        space, objectives=[objective], services=["organizations"], mode="grants", availability=False
    ).verdicts
    return verdict


@pytest.mark.parametrize(
    ("objective", "told", "expected"),
    [
        ("O5", {}, "refuted"),
        ("O5", {"scps": (deny(**NETWORK),)}, "proved"),
        ("O5", {"scps": (deny(**NETWORK, ArnNotEquals={"aws:PrincipalArn": arn("editor")}),)}, "refuted"),
        ("O5", {"scps": (deny(**NETWORK, StringNotEquals={"aws:PrincipalAccount": OTHER}),), "to": OTHER,
                "account": OTHER}, "refuted"),
        ("O1", {}, "proved"),
        ("O1", {"to": STRANGER}, "proved"),  # what lies in the management account is beyond RCPs, which is accepted
        ("O1", {"to": STRANGER, "accepted": LIMITS[1:]}, "conditional"),  # a delegation is for members
        ("O1", {"to": "*", "accepted": LIMITS[1:]}, "conditional"),
        ("O3", {}, "conditional"),  # nor do other organizations delegate theirs to mine
        ("O1", {"accepted": LIMITS[1:]}, "proved"),
        ("O6", {}, "proved"),  # it all lies in the management account, which is accepted
        ("O6", {"accepted": LIMITS[1:]}, "refuted"),
        ("O6", {"accepted": LIMITS[1:], "scps": (deny(**NETWORK),)}, "refuted"),  # by the root user of that account
    ],
)  # fmt: skip
def test_what_a_delegation_opens(objective, told, expected):
    verdict = status(objective, **told)
    assert verdict.status == expected, verdict


ACCOUNT_CALL = "account:PutAlternateContact"


@pytest.mark.parametrize(
    ("call", "action", "head"),
    [
        (CALL, "organizations:UpdatePolicy", "policy/"),
        ("organizations:*", "organizations:MoveAccount", "ou/"),
        ("organizations:*", "organizations:DescribeHandshake", "handshake/"),
    ],
)
def test_resources_of_an_organization_lie_in_its_management_account(call, action, head):
    """Organizations guide, understanding resource ownership: for an organization, that is always that account."""
    verdict = status("O6", may=call, accepted=LIMITS[1:], action=action)
    assert verdict.status == "refuted"
    for found in verdict.counterexamples:
        fields = found.case.request.resource.split(":")
        assert found.case.request.resource_account == fields[4] == MANAGEMENT
        assert f"/{ORG}/" in fields[5]


def test_accounts_of_an_organization_are_managed_in_its_management_account():
    """Account Management, service reference: `arn:aws:account::MANAGEMENT:account/ORG/ID`; alone `ACCOUNT:account`."""
    world = build(workspace(listed=False), ["account"], free_grants=True)

    def possible(name, account):
        facts = [atom(Member("call", f"action={ACCOUNT_CALL.lower()}")), is_text("resource.account", account),
                 is_text("resource.name", name)]  # fmt: skip
        named = neg(atom(Member("call", "resource is star")))
        asked = [*facts, named, world.formula("base"), world.exact()]
        return Engine(world.problem(asked)).check(asked).status

    assert possible("account", MINE) == "sat"
    assert possible(f"account/{ORG}/{MINE}", MANAGEMENT) == "sat"
    assert possible(f"account/{ORG}/{MINE}", MINE) == "unsat"
    assert possible(f"account/o-outsider0001/{MINE}", MANAGEMENT) == "unsat"
    assert possible("account/o-outsider0001/999988887777", STRANGER) == "sat"
