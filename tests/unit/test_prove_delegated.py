"""Delegated administrators of AWS Organizations, by objective: members that act on what the management account holds.

Organizations guide, delegated administrator: the organization's resource policy decides what members may call; SCPs
bind them, RCPs do not reach the service.
"""

from __future__ import annotations

import pytest

from perimeter_smt.organization.model import OwnedResource
from perimeter_smt.organization.perimeter import Scope
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.questions.mitigations.roles import each_account
from perimeter_smt.questions.perimeter import prove
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


def status(objective, to=MINE, scps=(), may=CALL, account=MINE, accepted=LIMITS):
    """The verdict where the organization's policy lets an account in, or none is there."""
    editor = role(
        "editor",
        trusts(
            {"AWS": arn("keeper", account)},
        ),
        account=account,
        may=(allow(may),),
    )
    scopes = {objective: Scope(actions=(CALL,))}
    assumed = ("AN8.address",)
    space = workspace(editor, scps=(*scps,), scopes=scopes, accepted=accepted, cidrs=(HOME,), assumptions=assumed)
    if to:
        statement = {"Effect": "Allow", "Principal": {"AWS": to}, "Action": CALL, "Resource": "*"}
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
        ("O6", {}, "refuted"),
        ("O6", {"scps": (deny(**NETWORK),)}, "proved"),  # nobody but members comes in
    ],
)  # fmt: skip
def test_what_a_delegation_opens(objective, told, expected):
    verdict = status(objective, **told)
    assert verdict.status == expected, verdict
