"""What each exception opens (`prove --without-exceptions`): the perimeter without it, of objectives and mitigations."""

from __future__ import annotations

from datetime import date

import pytest

from perimeter_smt.organization.model import Account, Guardrails, Organization, Unit
from perimeter_smt.organization.perimeter import (
    CLAIMED,
    OBJECTIVES,
    REACH_TEXTS,
    Perimeter,
    RoleException,
    Scope,
    TagException,
    Vendor,
    Workspace,
)
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.questions.mitigations import exceptions
from perimeter_smt.questions.mitigations.model import Asking
from perimeter_smt.report.json import mitigation_json
from perimeter_smt.report.mitigations import details
from perimeter_smt.report.page import Page
from tests.mitigation_worlds import MANAGEMENT, MINE, ORG, VENDOR, policy

FREE = f"arn:aws:iam::{MINE}:role/free"
HOME = "203.0.113.0/24"
S3 = {name: Scope(actions=("s3:*",)) for name in (*OBJECTIVES, *CLAIMED)}
BUT_FREE = {"ArnNotEquals": {"aws:PrincipalArn": FREE}}


def deny(action="s3:*", **condition):
    out = {"Effect": "Deny", "Action": action, "Resource": "*"}
    return {**out, "Condition": condition} if condition else out


def at_home(**condition):
    """The network perimeter, but for what the condition excuses."""
    network = {"NotIpAddressIfExists": {"aws:SourceIp": HOME}, "BoolIfExists": {"aws:ViaAWSService": "false"}}
    return deny(**network, **condition)


def here(**condition):
    """The Region guardrail."""
    return deny(StringNotEquals={"aws:RequestedRegion": "eu-west-1"}, **condition)


def free(*objectives, arn=FREE):
    return RoleException(arn=arn, objectives=objectives)


def rows(*scps, rcps=(), scopes=S3, **claims):
    scp = (policy(Kind.SCP, *scps, name="scp"),) if scps else ()
    rcp = (policy(Kind.RCP, *rcps, name="rcp"),) if rcps else ()
    accounts = (Account(id=MINE), Account(id=MANAGEMENT))
    root = Unit(id="r-ac00", guardrails=Guardrails(scps=scp, rcps=rcp), accounts=accounts)
    organization = Organization(id=ORG, management_account=MANAGEMENT, root=root)
    perimeter = Perimeter(orgs=(ORG,), cidrs=(HOME,), scopes=scopes, accepted=tuple(REACH_TEXTS), **claims)
    found = exceptions.ask(Workspace(organization=organization, perimeter=perimeter, name="test"), Asking())
    return [(line.status, line.text) for line in found.lines]


def tag(on, **more):
    return TagException(on=on, key="free", value="yes", **more)


OPEN_DATA = deny(
    StringNotEqualsIfExists={"aws:PrincipalOrgID": ORG, "s3:BucketTag/free": "yes"},
    BoolIfExists={"aws:PrincipalIsAWSService": "false"},
) | {"Principal": "*"}


@pytest.mark.parametrize(
    ("scps", "claims", "status", "text"),
    [
        pytest.param((deny(),), {"role_exceptions": (free("O5"),)}, "proved", "opens nothing: O5", id="denied anyway"),
        pytest.param((at_home(**BUT_FREE),), {"role_exceptions": (free("O5"),)}, "conditional", "opens O5", id="role"),
        pytest.param(
            (at_home(StringNotEqualsIfExists={"aws:PrincipalTag/free": "yes"}),),
            {"tag_exceptions": (tag("principal", objectives=("O5",)),)},
            "conditional", "opens O5", id="tag",
        ),
        pytest.param(
            (at_home(StringEquals={"aws:PrincipalTag/free": "yes"}),),
            {"tag_exceptions": (tag("principal", missing=True, objectives=("O5",)),)},
            "conditional", "opens O5", id="missing tag",
        ),
        pytest.param((), {"role_exceptions": (free("O3", "O5"),)}, "conditional", "opens O3, O5", id="nothing holds"),
        pytest.param(
            (), {"rcps": (OPEN_DATA,), "tag_exceptions": (tag("resource", objectives=("O1",)),)},
            "conditional", "opens O1", id="tag of resources",
        ),
        pytest.param(
            (), {"vendors": (Vendor(account=VENDOR, external_id="none"),),
                 "scopes": {name: Scope(actions=("sts:*",)) for name in OBJECTIVES}},
            "conditional", "opens O1", id="vendor",
        ),
    ],
)  # fmt: skip
def test_what_an_exception_opens(scps, claims, status, text):
    ((found, words),) = rows(*scps, **claims)
    assert found == status
    assert words.startswith(text)


def test_of_two_that_excuse_the_same_each_opens_nothing_while_the_other_is_there():
    both = (free("O5"), free("O5", arn=FREE.replace("free", "fre*")))
    assert [status for status, _ in rows(at_home(**BUT_FREE), role_exceptions=both)] == ["proved", "proved"]


@pytest.mark.parametrize(
    ("scps", "objectives", "status", "text"),
    [
        ((here(**BUT_FREE),), ("E1",), "conditional", "opens E1 (Region guardrail)"),
        ((here(),), ("E1",), "proved", "opens nothing: E1 would hold without it"),
        ((), ("E1",), "conditional", "opens E1, where 1 row is not held with it either"),
        ((at_home(**BUT_FREE), here(**BUT_FREE)), ("O5", "E1"), "conditional", "opens O5, E1 (Region guardrail)"),
        ((at_home(), here(**BUT_FREE)), ("O5", "E1"), "conditional", "opens E1 (Region guardrail)"),
        ((here(),), ("N1",), "not-asked", "N1: the input does not say enough to ask"),
    ],
)
def test_what_an_exception_of_a_mitigation_opens(scps, objectives, status, text):
    ((found, words),) = rows(*scps, role_exceptions=(free(*objectives),), regions=("eu-west-1",))
    assert (found, words) == (status, text)


def test_rows_say_who_answers_for_an_exception():
    """Owner, ticket and last day, in the text and as JSON; nothing is said where nobody said it."""
    told = {"owner": "network@acme.example", "ticket": "NET-7", "expires": date(2027, 3, 31)}
    claims = {
        "role_exceptions": (RoleException(arn=FREE, objectives=("O5",), **told), free("O5", arn=f"{FREE}-too")),
        "tag_exceptions": (TagException(on="principal", key="free", value="yes", objectives=("O5",), ticket="NET-8"),),
        "vendors": (Vendor(account=VENDOR, owner="vendors@acme.example"),),
    }
    root = Unit(id="r-ac00", accounts=(Account(id=MINE), Account(id=MANAGEMENT)))
    organization = Organization(id=ORG, management_account=MANAGEMENT, root=root)
    perimeter = Perimeter(orgs=(ORG,), cidrs=(HOME,), scopes=S3, accepted=tuple(REACH_TEXTS), **claims)
    found = exceptions.ask(Workspace(organization=organization, perimeter=perimeter, name="test"), Asking())
    said = [line["granted"] for line in mitigation_json(found)["lines"]]
    assert said == [
        {"owner": "network@acme.example", "ticket": "NET-7", "expires": "2027-03-31"},
        {"owner": "", "ticket": "", "expires": ""},
        {"owner": "", "ticket": "NET-8", "expires": ""},
        {"owner": "vendors@acme.example", "ticket": "", "expires": ""},
    ]
    page = Page(width=80)
    details(page, [found])
    text = str(page)
    assert "granted   owner network@acme.example, ticket NET-7, expires 2027-03-31" in text
    assert text.count("granted") == 3
