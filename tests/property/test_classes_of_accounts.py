"""Random small organizations get the same verdicts with classes of accounts and with every account by itself."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from perimeter_smt.organization import classes as merging
from perimeter_smt.organization.model import Account, Endpoint, Guardrails, Organization, OwnedPrincipal, Unit
from perimeter_smt.organization.perimeter import Perimeter, Workspace
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_policy
from perimeter_smt.questions.perimeter import prove

ORG = "o-acme0000001"
IDS = [f"{11112222 + number % 2 * 11110000}{3330 + number:04d}" for number in range(16)]


def document(kind, *statements):
    text = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    return parse_policy(text, kind, file=f"{kind.value}.json")


def deny(condition, **more):
    return {"Effect": "Deny", "Action": ["s3:*", "sqs:*"], "Resource": "*", "Condition": condition, **more}


SCPS = [
    document(Kind.SCP, deny(condition))
    for condition in (
        {"StringNotEqualsIfExists": {"aws:ResourceOrgID": ORG}},
        {"StringNotEqualsIfExists": {"aws:ResourceAccount": IDS[:3]}},
        {"StringNotLikeIfExists": {"aws:ResourceAccount": "1111*"}},
        {"StringNotLikeIfExists": {"aws:ResourceAccount": "*3*31"}},
        {"StringNotEqualsIfExists": {"aws:ResourceAccount": "${aws:PrincipalAccount}"}},
        {"StringNotEqualsIfExists": {"aws:ResourceTag/owner": "x-${aws:PrincipalAccount}"}},
        {"ForAllValues:StringNotLike": {"aws:ResourceOrgPaths": f"{ORG}/r-ac01/ou-ac01-00000000/*"}},
        {"ArnNotLike": {"aws:PrincipalArn": f"arn:aws:iam::{IDS[4]}:role/*"}},
        {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*33?:role/*"}},
        {"StringNotEqualsIfExists": {"aws:SourceVpce": "vpce-0000000000000001a"}},
    )
]
DOORS = [
    None,
    document(Kind.ENDPOINT, {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*",
                             "Condition": {"StringEquals": {"aws:ResourceOrgID": ORG}}}),
]  # fmt: skip
GRANT = document(Kind.IDENTITY, {"Effect": "Allow", "Action": ["s3:Get*", "sqs:Send*"], "Resource": "*"})


def door(index, policy):
    return Endpoint(
        id=f"vpce-{index:016x}a",
        account=IDS[index],
        vpc=f"vpc-{index:016x}a",
        vpc_account=IDS[index],
        region="eu-west-1",
        services=("s3", "sqs"),
        policy=policy,
    )


@st.composite
def organizations(draw):
    units = []
    for number in range(2):
        chosen = draw(st.lists(st.sampled_from(SCPS), max_size=2, unique_by=id))
        accounts = []
        for index in range(number, len(IDS), 2):
            doors = ()
            if draw(st.sampled_from([False, False, True])):
                doors = (door(index, draw(st.sampled_from(DOORS))),)
            role = OwnedPrincipal(
                arn=f"arn:aws:iam::{IDS[index]}:role/App", type="role", account=IDS[index], policies=(GRANT,)
            )
            accounts.append(Account(id=IDS[index], endpoints=doors, principals=(role,), listed=True))
        units.append(
            Unit(id=f"ou-ac01-{number:08d}", guardrails=Guardrails(scps=tuple(chosen)), accounts=tuple(accounts))
        )
    mine = draw(st.sampled_from([{"orgs": (ORG,)}, {"orgs": (), "accounts": tuple(IDS[:4])},
                                 {"orgs": (ORG,), "paths": (f"{ORG}/r-ac01/ou-ac01-00000000/*",)}]))  # fmt: skip
    root = Unit(id="r-ac01", units=tuple(units), accounts=(Account(id="999988887777", listed=True),))
    organization = Organization(id=ORG, management_account="999988887777", root=root)
    perimeter = Perimeter(**mine, accepted=("management-account", "service-linked-roles"), cidrs=("203.0.113.0/24",))
    return Workspace(organization=organization, perimeter=perimeter, name="acme")


def answers(space, mode, objectives, *, merge):
    report = prove(space, objectives=objectives, services=["s3"], mode=mode, availability=False, merge=merge)
    return {(v.objective, service, v.status) for v in report.verdicts for service in v.services}


@pytest.mark.parametrize("mode", ["guardrails", "grants"])
@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(space=organizations())
def test_verdicts_stay(mode, space):
    """With a few accounts of each class, and with all of them."""
    every = answers(space, mode, ["O3"], merge=False)
    assert answers(space, mode, ["O3"], merge=True) == every


def sizes(*scps, **settings):
    accounts = tuple(Account(id=name, listed=True) for name in IDS)
    root = Unit(id="r-ac01", guardrails=Guardrails(scps=scps), accounts=accounts)
    organization = Organization(id=ORG, management_account="999988887777", root=root)
    space = Workspace(organization=organization, perimeter=Perimeter(orgs=(ORG,), **settings), name="acme")
    return sorted(len(members) for members in merging.classes(space, "guardrails").members)


def test_what_tells_accounts_apart():
    """An account that is named stands alone, a pattern splits, an account inside a name forbids to merge."""
    assert sizes(SCPS[0]) == [16]
    assert sizes(SCPS[1]) == [1, 1, 1, 13]
    assert sizes(SCPS[2]) == [8, 8]
    assert sizes(SCPS[4]) == [16]
    assert sizes(SCPS[5]) == [1] * 16
    assert sizes(SCPS[0], accounts=(IDS[0],)) == [1, 15]


def test_a_few_of_each_class_are_kept():
    """One for each part an account plays in a request."""
    accounts = tuple(Account(id=name, listed=True) for name in IDS)
    organization = Organization(id=ORG, management_account=IDS[15], root=Unit(id="r-ac01", accounts=accounts))
    found = merging.classes(
        Workspace(organization=organization, perimeter=Perimeter(orgs=(ORG,)), name="acme"), "guardrails"
    )
    kept = [account.id for account, _ in found.smaller.organization.accounts()]
    assert kept == [*IDS[: merging.KEPT], IDS[15]]
    assert found.removed == frozenset(IDS[5:15])
