"""Ids that AWS assigns: a request that needs one to coincide is a condition (AR28), or the last of the holes."""

from __future__ import annotations

import json

import pytest

from perimeter_smt.organization.model import Account, Endpoint, Guardrails, Organization, OwnedResource, Unit
from perimeter_smt.organization.perimeter import Perimeter, Vpc, Workspace
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_policy
from perimeter_smt.questions.perimeter import prove
from perimeter_smt.report.numbers import numbered

ORG, MINE = "o-acme0000001", "111122223333"
VPC, VPCE, UNIT = "vpc-0123456789abcdef0", "vpce-0123456789abcdef0", "ou-ab12-cd34ef56"
LIMITS = ("management-account", "service-linked-roles")
ACTIONS = {"actions": ("s3:GetObject",)}
SERVICES = {"Bool": {"aws:PrincipalIsAWSService": "true"}}


def document(kind, *statements):
    return parse_policy(json.dumps({"Version": "2012-10-17", "Statement": list(statements)}), kind, file="p.json")


def deny(**condition):
    found = {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": "*", "Condition": condition}
    return {key: value for key, value in found.items() if key != "Condition" or value}


def ask(objective, *rcp, endpoints=(), scp=(), bucket=None, **perimeter):
    guardrails = Guardrails(
        rcps=(document(Kind.RCP, *rcp),) if rcp else (), scps=(document(Kind.SCP, *scp),) if scp else ()
    )
    resources = (OwnedResource(arn="arn:aws:s3:::acme-orders", account=MINE, acls=False, policy=bucket),)
    account = Account(id=MINE, endpoints=endpoints, resources=resources if bucket else (), listed=bool(bucket))
    unit = Unit(id=UNIT, accounts=(account,))
    perimeter = {"endpoints_of_my_accounts": True, **perimeter}
    space = Workspace(
        organization=Organization(
            id=ORG, management_account="999900001111", root=Unit(id="r-ab12", guardrails=guardrails, units=(unit,))
        ),
        perimeter=Perimeter(orgs=(ORG,), accepted=LIMITS, scopes={objective: ACTIONS}, **perimeter),
        name="acme",
        grants_given=bool(bucket),
    )  # fmt: skip
    mode = "grants" if bucket else "guardrails"
    (verdict,) = prove(space, objectives=[objective], services=["s3"], availability=False, mode=mode).verdicts
    return verdict.status, tuple(name for c in verdict.counterexamples for name in c.depends_on)


def strangers(**condition):
    """An RCP that denies whoever does not fit a condition, and services."""
    return deny(**condition), deny(**SERVICES)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"StringNotLike": {"aws:PrincipalAccount": "11112222*"}}, "AR28.account"),
        ({"StringNotLike": {"aws:PrincipalAccount": "1111222?????"}}, "AR28.account"),
        ({"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::11112222*:role/*"}}, "AR28.account"),
        ({"StringNotLike": {"aws:PrincipalAccount": "1111*"}}, None),  # one of ten thousand accounts fits
        ({"StringNotEquals": {"aws:PrincipalAccount": [MINE, "444455556666"]}}, None),  # named in full
        ({"StringNotLike": {"aws:PrincipalAccount": ["44445555*", "444455556666"]}}, None),
        ({"StringNotLike": {"aws:PrincipalOrgID": "o-acme*"}}, "AR28.organization"),
        ({"StringNotLike": {"aws:PrincipalOrgID": "o-a*"}}, None),
        ({"StringNotEquals": {"aws:PrincipalOrgID": [ORG, "o-partner0001"]}}, None),
        ({"ForAllValues:StringNotLike": {"aws:PrincipalOrgPaths": f"o-*/r-ab12/{UNIT}/*"}}, "AR28.unit"),
        ({"ForAllValues:StringNotLike": {"aws:PrincipalOrgPaths": f"*/{UNIT}/*"}}, "AR28.unit"),
        ({"ForAllValues:StringNotLike": {"aws:PrincipalOrgPaths": "*/ou-ab12-aaaaaaaa/*"}}, None),  # of whom?
        ({"StringNotLike": {"aws:userid": "AROAEXAMPLEEXAMPLE000:*"}}, "AR28.principal"),
        ({"StringNotEquals": {"aws:userid": "AIDAEXAMPLEEXAMPLE000"}}, "AR28.principal"),
        ({"StringNotLike": {"aws:userid": "AROA*"}}, None),
    ],
)
def test_an_id_of_a_stranger_that_happens_to_fit(condition, expected):
    """The stranger's account `111122220000` was the first hole of `11112222*`, which nobody can ask AWS for."""
    found = ask("O1", *strangers(**condition))
    assert found == (("conditional", (expected,)) if expected else ("refuted", ()))


@pytest.mark.parametrize(("objective", "where"), [("O5", "scp"), ("O6", "rcp")])
def test_a_vpc_elsewhere_with_the_id_of_mine(objective, where):
    """The guide tells to ask for the Region as well: who does not has a hole, though one of chance."""
    only = deny(StringNotEqualsIfExists={"aws:SourceVpc": VPC})
    policy = {"scp": ({k: v for k, v in only.items() if k != "Principal"},)} if where == "scp" else {}
    rcp = (only,) if where == "rcp" else ()
    vpcs = (Vpc(id=VPC, region="eu-west-1"),)
    assert ask(objective, *rcp, **policy, vpcs=vpcs) == ("refuted", ())


def test_it_is_one_with_grants_too():
    """A bucket open to a VPC: the twin of mine is a hole of chance, a VPC that is not mine one without."""
    allow = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::acme-orders/*"}

    def opened(vpc):
        others = {"StringNotEqualsIfExists": {"aws:SourceVpc": vpc}}
        return document(Kind.BUCKET, allow, {**allow, "Effect": "Deny", "Condition": others})

    vpcs = (Vpc(id=VPC, region="eu-west-1"),)
    assert ask("O6", bucket=opened(VPC), vpcs=vpcs) == ("refuted", ())
    other = Endpoint(id=VPCE, account=MINE, vpc=VPC, vpc_account=MINE, region="eu-west-1")
    assert ask("O6", bucket=opened("vpc-0fedcba9876543210"), vpcs=vpcs, endpoints=(other,))[0] == "refuted"


@pytest.mark.parametrize(
    ("value", "listed", "expected"),
    [
        (VPCE, False, ("conditional", ("AR28.named",))),  # whose it is nobody says
        ("vpce-0123*", False, ("refuted", ())),  # endpoints are soon made
        ("vpce-012345678*", True, ("conditional", ("AR28.endpoint",))),
        (VPCE, True, ("proved", ())),
        ("vpce-0fedcba9876543210", True, ("refuted", ())),  # not mine, by the list of all that are
    ],
)
def test_endpoints_that_policies_name(value, listed, expected):
    end = Endpoint(id=VPCE, account=MINE, vpc=VPC, vpc_account=MINE, region="eu-west-1")
    only = {k: v for k, v in deny(StringNotLikeIfExists={"aws:SourceVpce": value}).items() if k != "Principal"}
    direct = {k: v for k, v in deny(Null={"aws:SourceVpce": "true"}).items() if k != "Principal"}
    status, departs = ask("O5", scp=(only, direct), endpoints=(end,) if listed else ())
    assert (status, tuple(dict.fromkeys(departs))) == expected


def test_a_hole_of_chance_says_what_it_needs_and_comes_last():
    """A VPC elsewhere with the id of mine stood before holes that anybody can walk through."""
    scps = document(Kind.SCP, {
        "Effect": "Deny", "Action": "s3:GetObject", "Resource": "*",
        "Condition": {"StringNotEqualsIfExists": {"aws:SourceVpc": VPC}},
    })  # fmt: skip
    guardrails, account = Guardrails(scps=(scps,)), Account(id=MINE)
    root = Unit(id="r-ab12", guardrails=guardrails, units=(Unit(id=UNIT, accounts=(account,)),))
    scope = {"actions": ("s3:GetObject", "sqs:SendMessage")}
    space = Workspace(
        organization=Organization(id=ORG, management_account="999900001111", root=root),
        perimeter=Perimeter(
            orgs=(ORG,), accepted=LIMITS, scopes={"O5": scope}, endpoints_of_my_accounts=True,
            vpcs=(Vpc(id=VPC, region="eu-west-1"),),
        ),
        name="acme",
    )  # fmt: skip
    found = [row.found for row in numbered(prove(space, objectives=["O5"], services=["s3", "sqs"], availability=False))]
    assert [one.request.action for one in found if not one.depends_on] == ["sqs:SendMessage", "s3:GetObject"]
    assert found[1].chance.startswith(f"AWS to give the id {VPC} to a VPC of ") and not found[0].chance


@pytest.mark.parametrize(
    "named", [{"aws:SourceVpce": VPCE}, {"aws:SourceVpce": "vpce-012345678*"}, {"aws:SourceVpc": VPC}]
)
def test_guardrails_name_what_is_of_the_organization(named):
    """Where the perimeter is one unit, an endpoint of another may be what the guardrails of the root name: proved."""
    only = {k: v for k, v in deny(StringNotLikeIfExists=named).items() if k != "Principal"}
    direct = {k: v for k, v in deny(Null=dict.fromkeys(named, "true")).items() if k != "Principal"}
    paths = (f"{ORG}/r-ab12/{UNIT}/*",)
    assert ask("O5", scp=(only, direct), paths=paths) == ("refuted", ())
    assert ask("O5", scp=(only, direct))[0] == "conditional"  # of others it would be by chance, or of nobody


@pytest.mark.parametrize("named", [{"aws:PrincipalAccount": "11112222*"}, {"aws:userid": "AROAEXAMPLEEXAMPLE000:*"}])
def test_guardrails_name_accounts_and_roles_of_the_organization(named):
    assert ask("O1", *strangers(StringNotLike=named), paths=(f"{ORG}/r-ab12/{UNIT}/*",)) == ("refuted", ())
