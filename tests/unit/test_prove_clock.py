"""Dates in policies and the day of the question: requests are made on that day or later (semantics 4.8, AR16)."""

from __future__ import annotations

from datetime import date

import pytest

from perimeter_smt.logic.interpret import instant
from perimeter_smt.organization.model import Account, Guardrails, Organization, OwnedResource, Unit
from perimeter_smt.organization.perimeter import Perimeter, Workspace
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.questions.perimeter import prove

ORG, MINE, MANAGEMENT = "o-acme0000001", "111122223333", "123456789012"
TOPIC = f"arn:aws:sns:eu-west-1:{MINE}:alerts"
TODAY = date(2026, 6, 15)
OUTSIDE = {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": ORG}}


def policy(kind, *statements):
    return parse_object({"Version": "2012-10-17", "Statement": list(statements)}, kind, file="p.json", name=kind.value)


def asked(allow=None, deny=None, today=TODAY):
    """O1 of a topic that anybody may publish to, under a condition, or unless the topic denies it under another."""
    about = {"Principal": "*", "Action": "sns:Publish", "Resource": TOPIC}
    statements = [about | {"Effect": "Allow"} | ({"Condition": allow} if allow else {})]
    if deny:
        statements.append(about | {"Effect": "Deny", "Condition": OUTSIDE | deny})
    topic = OwnedResource(arn=TOPIC, account=MINE, policy=policy(Kind.RESOURCE, *statements))
    account = Account(id=MINE, resources=(topic,), listed=True)
    root = Unit(id="r-ac01", guardrails=Guardrails(), accounts=(account, Account(id=MANAGEMENT, listed=True)))
    space = Workspace(
        organization=Organization(id=ORG, management_account=MANAGEMENT, root=root),
        perimeter=Perimeter(
            orgs=(ORG,), accepted=("management-account", "service-linked-roles", "service-principals"),
            scopes={"O1": {"actions": ("sns:Publish",)}},
        ),
        name="acme",
    )  # fmt: skip
    (found,) = prove(
        space, objectives=["O1"], services=["sns"], mode="grants", availability=False, today=today
    ).verdicts
    return found


@pytest.mark.parametrize(
    ("key", "past", "future"),
    [
        ("aws:CurrentTime", "2025-12-31T00:00:00Z", "2027-01-01T00:00:00Z"),
        ("aws:EpochTime", "1767139200", "1798761600"),
    ],
)
def test_grants_with_dates(key, past, future):
    """An Allow that has ended was shown as a hole, by a request of last year; one that begins next year is one."""
    ended = asked(allow={"DateLessThan": {key: past}})
    assert ended.status in ("proved", "vacuous")
    for open_now in (
        {"DateLessThan": {key: future}},
        {"DateGreaterThan": {key: future}},
        {"DateGreaterThan": {key: past}},
    ):
        found = asked(allow=open_now)
        assert found.status == "refuted"
        assert instant(found.counterexamples[0].request.context["aws:CurrentTime"]) >= instant("2026-06-15T00:00:00Z")


def test_denials_with_dates():
    """A Deny that begins next year leaves a hole until then; one that began last year holds."""
    key = "aws:CurrentTime"
    assert asked(deny={"DateGreaterThan": {key: "2027-01-01T00:00:00Z"}}).status == "refuted"
    assert asked(deny={"DateLessThan": {key: "2027-01-01T00:00:00Z"}}).status == "refuted"
    found = asked(deny={"DateGreaterThan": {key: "2025-12-31T00:00:00Z"}})
    assert found.status == "proved"
    assert any("2026-06-15 or later" in one.text for one in found.assumptions)


def test_the_day_of_the_question_decides():
    allow = {"DateLessThan": {"aws:CurrentTime": "2026-06-15T12:00:00Z"}}
    assert asked(allow=allow).status == "refuted"  # until noon
    assert asked(allow=allow, today=date(2026, 6, 16)).status in ("proved", "vacuous")


def test_requests_whose_moment_no_policy_tests_are_of_the_day():
    """The moment of such a request was a day of the past, whatever the day of the question."""
    shown = asked().counterexamples[0].request.context
    assert shown["aws:CurrentTime"].startswith("2026-06-15T")
