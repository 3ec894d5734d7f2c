"""Comparisons ask open point X-46: calls without a resource may be asked on an ARN with a star."""

from __future__ import annotations

import pytest

from perimeter_smt import Kind
from perimeter_smt.organization.model import Account, Guardrails, Organization, OwnedPrincipal, Unit
from perimeter_smt.organization.perimeter import Perimeter, Workspace
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.questions.changes.ask import compare_workspaces
from perimeter_smt.questions.compare import compare
from perimeter_smt.report import comparison
from perimeter_smt.report.json import comparison_json

ORG, OWN, MANAGEMENT = "o-acme0000001", "111122223333", "999900001111"
TABLES = {"Effect": "Allow", "Action": "dynamodb:ListTables", "Resource": "*"}
ON_KEYS = {"Effect": "Allow", "Action": "kms:ListKeys", "Resource": "arn:aws:kms:*:*:key/*"}
NO_KEYS = {"Effect": "Deny", "Action": "kms:ListKeys", "Resource": "arn:aws:kms:eu-west-1:*:key/*"}


def policy(*statements, kind=Kind.IDENTITY):
    value = {"Version": "2012-10-17", "Statement": list(statements)}
    return parse_object(value, kind, file="p.json", name="p")


def test_a_document_that_allows_more_on_an_arn_only_is_named():
    found = compare(policy(TABLES), policy(TABLES, ON_KEYS))
    assert (found.relation, found.may_allow, found.may_deny) == ("equivalent", ("X-46",), ())
    assert comparison_json(found)["may_allow"] == ["X-46"]
    text = comparison.render(found)
    assert text.startswith("under the chosen readings equivalent") and "X-46" in text


def test_what_it_newly_allows_is_shown_under_every_reading():
    found = compare(policy(TABLES), policy(TABLES, ON_KEYS), reading="over")
    assert found.relation == "more" and not found.may_allow
    assert found.newly_allowed.request.action == "kms:ListKeys"


def test_a_document_that_denies_more_on_an_arn_only_is_named():
    everything = {"Effect": "Allow", "Action": "kms:*", "Resource": "*"}
    found = compare(policy(everything), policy(everything, NO_KEYS))
    assert (found.relation, found.may_allow, found.may_deny) == ("equivalent", (), ("X-46",))


def test_documents_that_differ_nowhere_are_equivalent_without_a_word_more():
    found = compare(policy(TABLES, ON_KEYS), policy(ON_KEYS, TABLES))
    assert (found.relation, found.may_allow, found.may_deny) == ("equivalent", (), ())
    assert "reading" not in comparison.render(found)


def test_the_memory_of_statements_keeps_both_forms():
    """A question that does not ask X-46 leaves nothing behind for one that does, and the other way round."""
    for _ in range(2):
        assert compare(policy(TABLES), policy(TABLES, ON_KEYS), free_context=True).relation == "equivalent"
        assert compare(policy(TABLES), policy(TABLES, ON_KEYS)).may_allow == ("X-46",)


def organization(document):
    role = OwnedPrincipal(arn=f"arn:aws:iam::{OWN}:role/app", type="role", account=OWN, policies=(document,))
    root = Unit(
        id="r-0000", guardrails=Guardrails(full_access_scp=True),
        accounts=(Account(id=MANAGEMENT, listed=True), Account(id=OWN, principals=(role,), listed=True)),
    )  # fmt: skip
    found = Organization(id=ORG, management_account=MANAGEMENT, root=root)
    return Workspace(organization=found, perimeter=Perimeter(orgs=(ORG,)), name="w")


def test_an_organization_that_opens_something_on_an_arn_only_is_not_proved_closed():
    before, after = organization(policy(TABLES)), organization(policy(TABLES, ON_KEYS))
    (part,) = compare_workspaces(before, after, services=["kms"], modes=["grants"]).parts
    assert part.opens.status == "conditional" and "X-46" in part.opens.reason
    (change,) = part.opens.changes
    assert change.request.depends_on == ("X-46",)
    assert change.request.case.flags.asked_on.startswith("arn:aws:kms:")
    (part,) = compare_workspaces(before, after, services=["kms"], modes=["grants"], reading="exact").parts
    assert part.opens.status == "none"


def approved(operator, *values):
    """A Deny for callers whose tag fits a text with the source identity, of which AWS's own may hold any character."""
    held = {operator: {"aws:PrincipalTag/approval": list(values)}}
    one = {"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole", "Resource": "*", "Condition": held}
    return policy(one, kind=Kind.RCP)


SPELLED, LOOSE = "ticket/${aws:SourceIdentity}", "ticket?${aws:SourceIdentity}"


@pytest.mark.parametrize("operator", ["StringLike", "StringNotLike", "StringEquals", "StringNotEqualsIfExists"])
def test_the_same_comparison_comes_out_the_same_in_both_documents(operator):
    found = compare(approved(operator, SPELLED), approved(operator, SPELLED))
    assert (found.relation, found.may_allow, found.may_deny) == ("equivalent", (), ())
    assert compare(approved(operator, SPELLED), approved(operator, SPELLED), reading="over").relation == "equivalent"


def test_wildcards_in_values_act_under_no_operator_that_knows_none():
    other = "order/${aws:SourceIdentity}"
    found = compare(approved("StringEquals", SPELLED), approved("StringEquals", other))
    assert (found.relation, found.may_allow, found.may_deny) == ("incomparable", (), ())
    assert (
        compare(approved("StringEquals", SPELLED), approved("StringEquals", other), reading="over").relation
        == "incomparable"
    )
    more = compare(approved("StringEquals", SPELLED), approved("StringEquals", SPELLED, other))
    assert (more.relation, more.may_allow, more.may_deny) == ("less", (), ())


def test_a_request_that_hangs_on_what_a_wildcard_in_a_value_matches_is_not_shown():
    found = compare(approved("StringLike", SPELLED), approved("StringLike", LOOSE))
    assert (found.relation, found.may_allow) == ("less", ("X-42",))
    over = compare(approved("StringLike", SPELLED), approved("StringLike", LOOSE), reading="over")
    assert over.relation == "unknown" and "X-42" in over.reason
    plain = compare(approved("StringLike", SPELLED), approved("StringLike", SPELLED, "other"), reading="over")
    assert plain.relation == "less"
