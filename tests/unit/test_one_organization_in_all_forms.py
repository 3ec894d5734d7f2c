"""One organization told as workspace, answers of the CLI, items of Config, iam-collect, template and plan is one.

`tests/told.py` writes the forms. What differs between them is lost, or made up, by a reader.
"""

from __future__ import annotations

import re

import pytest

from perimeter_smt.organization.classes import statement_shape
from perimeter_smt.organization.readers import SourceOptions, read_source
from perimeter_smt.questions.findings.answer import findings_of_workspace
from perimeter_smt.questions.findings.who import what_can
from perimeter_smt.questions.perimeter import prove
from tests import told

OTHERS = [name for name in told.FORMS if name != "workspace"]


def read(folder, form):
    path = told.FORMS[form](folder / form)
    if form == "workspace":
        return read_source(path, SourceOptions())
    return read_source(path, SourceOptions(organization_id=told.ORG, management_account=told.MANAGEMENT,
                                           account=told.OWN, region=told.REGION, complete=True))  # fmt: skip


def held(workspace):
    """Principals and resources with the statements of their policies; ids of keys may be stood in for."""
    found = {}
    (account,) = [account for account, _ in workspace.organization.accounts() if account.id == told.OWN]
    for each in account.principals:
        own = sorted(shape for document in each.policies for shape in said(document))
        found[each.arn] = own, said(each.boundary), said(each.trust), each.tags
    for each in account.resources:
        found[re.sub("key/.*", "key/K", each.arn)] = said(each.policy), each.tags
    return found


def said(document):
    return document and sorted(repr(statement_shape(statement)) for statement in document.statements)


@pytest.mark.parametrize("form", OTHERS)
def test_what_is_held(tmp_path, form):
    """A key whose id ends in twelve digits was one of an account of that number, and its policy was lost."""
    found = read(tmp_path, form)
    assert held(found) == held(read(tmp_path, "workspace"))
    assert [u.name for u in found.unknowns] == ["SCPs and RCPs"]


@pytest.mark.parametrize("form", OTHERS)
@pytest.mark.parametrize("what", ["everybody", "nobody else"])
def test_what_is_held_when_policies_are_others(tmp_path, monkeypatch, form, what):
    """The same with every policy open to everybody, and with every policy for the own account alone."""
    who = told.ANYBODY if what == "everybody" else {"AWS": f"{told.IAM}:role/till"}
    for arn in told.RESOURCES:
        if arn not in (told.FUNCTION, told.BUS):  # made of the members of a permission
            monkeypatch.setitem(told.RESOURCES, arn, told.policy(told.allow("*", "*", who)))
    found = read(tmp_path, form)
    assert held(found) == held(read(tmp_path, "workspace"))
    assert [u.name for u in found.unknowns] == ["SCPs and RCPs"]


def answers(workspace):
    """Ways in, what each caller can do, and verdicts by service."""
    ways = sorted(shown(finding) for finding in findings_of_workspace(workspace).findings)
    callers = [f"{told.IAM}:role/till", f"{told.IAM}:role/vendor", f"{told.IAM}:user/{told.USER}"]
    can = [sorted(shown(finding) for caller in what_can(workspace, arn, services=["s3"]).callers
                  for finding in caller.findings) for arn in callers]  # fmt: skip
    proof = prove(workspace, mode="grants", services=["s3", "kms"])
    verdicts = sorted((v.objective, service, v.status) for v in proof.verdicts for service in v.services)
    return ways, can, verdicts


def shown(finding):
    found = finding.elements
    named = found.principals, found.actions, found.except_actions, found.resources, found.condition, found.other
    return re.sub("key/[0-9a-f-]{36}", "key/K", repr((finding.resource, *named, finding.public)))


def test_answers_are_the_same(tmp_path):
    expected = answers(read(tmp_path, "workspace"))
    assert len(expected[0]) == 8
    for form in ("cli", "template"):
        assert answers(read(tmp_path, form)) == expected, form
