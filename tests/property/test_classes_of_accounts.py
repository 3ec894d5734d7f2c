"""Random small organizations get the same verdicts with classes of accounts and with every account by itself."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from perimeter_smt.encode.world import people as encoding
from perimeter_smt.organization import classes as merging
from perimeter_smt.organization.model import (
    Account,
    Endpoint,
    Guardrails,
    Organization,
    OwnedPrincipal,
    OwnedResource,
    Unit,
)
from perimeter_smt.organization.perimeter import Perimeter, Workspace
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_policy
from perimeter_smt.questions.first_hop import asking, listed_may
from perimeter_smt.questions.obligations.in_question import in_question
from perimeter_smt.questions.perimeter import prove
from perimeter_smt.solve import same_texts
from perimeter_smt.solve.result import Limits

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


NAMES = ["App", "app-1", "app-2", "build-x", "build-y", "build-z", "team/build-w", "Admin"]
GRANTS = [
    GRANT,
    document(Kind.IDENTITY, {"Effect": "Allow", "Action": ["sqs:*", "iam:*", "sts:*"], "Resource": "*"}),
    document(Kind.IDENTITY, {"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::team-*/*"}),
    document(Kind.IDENTITY, {"Effect": "Allow", "Action": "s3:*", "Resource": "*",
                             "Condition": {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/app-?"}}}),
]  # fmt: skip
TRUSTS = [
    None,
    document(
        Kind.TRUST, {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ),
    document(
        Kind.TRUST, {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": ["sts:AssumeRole", "sts:TagSession"]}
    ),
]
BY_NAME = [
    {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/*build-?"},
     "StringNotEqualsIfExists": {"aws:ResourceOrgID": ORG}},
    {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/app*"},
     "StringNotEqualsIfExists": {"aws:ResourceOrgID": ORG}},
    {"StringNotLike": {"aws:PrincipalArn": "*:role/admin"}, "StringNotEqualsIfExists": {"aws:ResourceOrgID": ORG}},
    {"StringNotEqualsIfExists": {"aws:ResourceOrgID": ORG}},
]  # fmt: skip


@st.composite
def peopled(draw):
    """Accounts with several roles and users, under guardrails that may speak of their names."""
    condition = draw(st.sampled_from(BY_NAME))
    scp = document(Kind.SCP, {"Effect": "Deny", "Action": ["s3:*", "sqs:*", "sts:*"], "Resource": "*",
                              "Condition": condition})  # fmt: skip
    kind = st.tuples(st.sampled_from(["role", "user"]), st.sampled_from(GRANTS), st.sampled_from(TRUSTS))
    kinds = draw(st.lists(kind, min_size=1, max_size=3))
    accounts = []
    for index, name in enumerate(IDS[:8]):
        people = []
        for called in draw(st.lists(st.sampled_from(NAMES), max_size=6, unique=True)):
            kind, grant, trust = draw(st.sampled_from(kinds))
            arn = f"arn:aws:iam::{name}:{kind}/{called}"
            trusted = trust if kind == "role" else None
            people.append(OwnedPrincipal(arn=arn, type=kind, account=name, policies=(grant,), trust=trusted))
        queue = ()
        if draw(st.sampled_from([False, False, True])):
            queue = (OwnedResource(arn=f"arn:aws:sqs:eu-west-1:{name}:orders", account=name),)
        listed = index < 6 or draw(st.booleans())
        accounts.append(Account(id=name, principals=tuple(people), resources=queue, listed=listed))
    root = Unit(id="r-ac01", guardrails=Guardrails(scps=(scp,)), accounts=(*accounts, Account(id="999988887777")))
    organization = Organization(id=ORG, management_account="999988887777", root=root)
    perimeter = Perimeter(orgs=(ORG,), accepted=("management-account", "service-linked-roles"))
    return Workspace(organization=organization, perimeter=perimeter, name="acme")


@pytest.mark.parametrize(("mode", "service"), [("guardrails", "s3"), ("grants", "s3"), ("grants", "sts")])
@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(space=peopled())
def test_verdicts_stay_with_people(mode, service, space):
    """Whatever roles and users accounts hold, and whatever policies say of their names."""
    answered = [
        {
            (v.objective, v.status)
            for v in prove(
                space, objectives=["O1", "O3"], services=[service], mode=mode, availability=False, merge=merge
            ).verdicts
        }
        for merge in (True, False)
    ]
    assert answered[0] == answered[1]


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(space=peopled())
def test_verdicts_stay_with_principals_put_together(space):
    """Principals by sets of accounts and names, and equalities learned for all texts, as in large organizations."""
    answered = [answers(space, "grants", ["O1", "O3"], merge=False)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(encoding, "_FEW", 0)
        patch.setattr(same_texts, "_FEW", 0)
        answered += [answers(space, "grants", ["O1", "O3"], merge=merge) for merge in (True, False)]
    assert answered[0] == answered[1] == answered[2]


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(space=peopled())
def test_calls_in_question_stay(space):
    """What principals may do with a few services hangs on the statements on them, and on no more than they allow."""
    services = ("athena", "sqs", "sts")
    asked = [listed_may(asking(each, "O5"), services, "over", Limits()) for each in (
        space, in_question(space, services), merging.classes(in_question(space, services), "grants", services).smaller,
        in_question(space, services, generous=True),
    )]  # fmt: skip
    assert asked[0] == asked[1] == asked[2]
    assert asked[3] or not asked[0]


def people(*called, listed=True, texts=(), grants=None):
    scp = document(Kind.SCP, deny({"ArnNotLike": {"aws:PrincipalArn": list(texts)}})) if texts else SCPS[0]
    holds = tuple(
        OwnedPrincipal(
            arn=f"arn:aws:iam::{IDS[0]}:role/{name}",
            type="role",
            account=IDS[0],
            policies=(grants or {}).get(name, (GRANT,)),
        )
        for name in called
    )
    accounts = (Account(id=IDS[0], principals=holds, listed=listed),)
    organization = Organization(
        id=ORG, management_account=IDS[15],
        root=Unit(id="r-ac01", guardrails=Guardrails(scps=(scp,)), accounts=accounts),
    )  # fmt: skip
    found = merging.classes(
        Workspace(organization=organization, perimeter=Perimeter(orgs=(ORG,)), name="acme"), "grants"
    )
    return [p.arn.split("/", 1)[1] for account, _ in found.smaller.organization.accounts() for p in account.principals]


def test_what_tells_principals_apart():
    """The same grants and names that nothing speaks of make one class, of which two are kept."""
    assert people("a", "b", "c", "d") == ["a", "b"]
    assert people("a", "b", "c", "d", listed=False) == ["a", "b", "c", "d"]
    assert people("a", "b", "c", "d", grants={"d": GRANTS[1:2]}) == ["a", "b", "d"]
    assert people("a", "b", "c", "d", texts=["arn:aws:iam::*:role/D"]) == ["a", "b", "d"]
    assert people("a", "b", "c", "xd", texts=["arn:aws:iam::*:role/*d"]) == ["a", "b", "xd"]
    assert people("a", "b", "c", "xd", texts=["arn:aws:*d"]) == ["a", "b", "xd"]
    assert people("a", "b", "c", "team/d", texts=["arn:aws:iam::*:role/team/*"]) == ["a", "b", "team/d"]
    assert people("a", "b", "c", "d", texts=["arn:aws:iam::*:role/*"]) == ["a", "b"]
    assert people("a", "b", "c", "d", texts=["arn:aws:iam::*:role/x${aws:PrincipalTag/d}"]) == ["a", "b", "c", "d"]
    assert people("a", "b", "c", "d", texts=["arn:aws:iam::*:role/${aws:username}"]) == ["a", "b"]
    assert people("a", "b", "c", "d", texts=["arn:aws:iam::*:role/x${aws:username}"]) == ["a", "b", "c", "d"]


def test_names_that_guardrails_speak_of_tell_accounts_apart():
    """Who lists a role `App` has none that is spelled `app`: accounts without either may."""
    accounts = tuple(
        Account(id=name, principals=(OwnedPrincipal(arn=f"arn:aws:iam::{name}:role/App", type="role", account=name),))
        for name in IDS[:6]
    )
    scp = document(Kind.SCP, deny(
        {"StringNotEqualsIfExists": {"aws:ResourceOrgID": ORG},
         "ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/app"},
         "StringNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/app"}}
    ))  # fmt: skip
    root = Unit(id="r-ac01", guardrails=Guardrails(scps=(scp,)), accounts=(*accounts, Account(id=IDS[6])))
    organization = Organization(id=ORG, management_account="999988887777", root=root)
    perimeter = Perimeter(orgs=(ORG,), accepted=("management-account", "service-linked-roles"))
    space = Workspace(organization=organization, perimeter=perimeter, name="acme")
    assert answers(space, "guardrails", ["O3"], merge=True) == {("O3", "s3", "refuted")}
