"""What is advised where a request got through: words that close the hole, never words that let more through."""

from __future__ import annotations

import pytest

from perimeter_smt.lint import rules
from perimeter_smt.organization.model import Account, Guardrails, Organization, Unit
from perimeter_smt.organization.perimeter import Perimeter, Workspace
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.questions.perimeter import prove
from perimeter_smt.report.answer import advice_on

ORG, MINE, OFFICE = "o-acme0000001", "111122223333", "203.0.113.0/24"
LIMITS = ("management-account", "service-linked-roles", "service-principals", "forward-access-sessions")
OUTSIDE = {"aws:SourceIp": OFFICE}
# How a sentence begins that says what to write; `Where that is meant, switch it off`.
VERBS = set("Add Ask Check Leave List Move Name Protect Put Take Test Use Where Write".split())  # noqa: SIM905


def asked(objective, condition, *, kind=Kind.SCP):
    """The advice on the first hole of a perimeter with one Deny, and the hole."""
    statement = {"Sid": "Only", "Effect": "Deny", "Action": "s3:*", "Resource": "*", "Condition": condition}
    if kind is Kind.RCP:
        statement["Principal"] = "*"
    document = parse_object({"Version": "2012-10-17", "Statement": [statement]}, kind, file="p.json", name="p")
    held = Guardrails(**{f"{kind.value}s": (document,)})
    root = Unit(id="r-root", guardrails=held, accounts=(Account(id=MINE), Account(id="999900001111")))
    organization = Organization(id=ORG, management_account="999900001111", root=root)
    space = Workspace(
        organization=organization, perimeter=Perimeter(orgs=(ORG,), accepted=LIMITS, cidrs=(OFFICE,)), name="x"
    )
    report = prove(space, objectives=[objective], services=["s3"], mode="guardrails", availability=False)
    (verdict,) = report.verdicts
    found = verdict.counterexamples[0]
    return advice_on(report.advice, found), found


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.id)
def test_the_last_sentence_of_every_rule_says_what_to_do(rule):
    assert rule.text.rstrip(".").rsplit(". ", 1)[-1].split()[0] in VERBS


def test_a_deny_for_the_root_user_alone_is_not_mended_by_another_operator():
    advice, found = asked("O5", {"StringLike": {"aws:PrincipalArn": "arn:aws:iam::*:root"}, "NotIpAddress": OUTSIDE})
    assert found.closest.statement.sid == "Only" and advice is None


def test_an_exemption_by_a_text_pattern_is():
    exempt = {"StringNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/ops-*"}}
    advice, _ = asked("O5", {**exempt, "NotIpAddressIfExists": OUTSIDE})
    assert advice.rule == "PL005"


def test_no_exemption_is_advised_for_a_hole():
    """PL013 would let calls of services without a source through; the key lacks its set operator."""
    condition = {
        "StringNotEqualsIfExists": {"aws:SourceOrgPaths": [f"{ORG}/r-root/"]},
        "Bool": {"aws:PrincipalIsAWSService": "true"},
    }
    advice, found = asked("O1", condition, kind=Kind.RCP)
    assert "ForAllValues" in found.closest.failed[0]
    assert advice.rule == "PL019"


def test_a_key_that_nobody_knows_is_not_what_a_hole_is_shown_by():
    """Callers with the tag get through, and need no key that AWS may not have."""
    exempt = {
        "Null": {"aws:PrincipalTag/exempt": "true"},
        "ArnNotLikeIfExists": {"aws:ResourceArn": "arn:aws:s3:::acme-*"},
        "StringNotEqualsIfExists": {"aws:ResourceOrgID": ORG},
    }
    _, found = asked("O3", exempt)
    assert "aws:PrincipalTag/exempt" in found.request.context
    assert "aws:ResourceArn" not in found.request.context
