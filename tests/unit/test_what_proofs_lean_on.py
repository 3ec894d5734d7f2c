"""A proof names what it cannot do without, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from perimeter_smt.logic.atoms import ANY, Member, Run, Text
from perimeter_smt.logic.formula import atom, glob, neg
from perimeter_smt.logic.problem import Assertion, Catalogue, Group, Problem
from perimeter_smt.organization.model import Account, Guardrails, Organization, Unit
from perimeter_smt.organization.perimeter import Perimeter, Scope, Workspace
from perimeter_smt.organization.readers import read_source
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.questions.perimeter import prove
from perimeter_smt.solve.engine import Engine

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
ORG, MINE, HEAD = "o-acme0000001", "111122223333", "999900001111"


def _axioms(found):
    return next((one.text for one in found if one.name == "environment"), "")


@pytest.mark.parametrize(("resource", "leans"), [("arn:*:sqs:*:*:?*", True), ("*", False)])
def test_names_are_cited_where_the_form_of_an_arn_matters(resource, leans):
    """Queues have a name: a Deny of all ARNs with a name holds them all."""
    deny = {"Effect": "Deny", "Action": "sqs:*", "Resource": resource}
    deny["Condition"] = {"StringNotEqualsIfExists": {"aws:ResourceOrgID": ORG}}
    scp = parse_object({"Version": "2012-10-17", "Statement": [deny]}, Kind.SCP, file="scp.json", name="scp")
    root = Unit(id="r-ab12", guardrails=Guardrails(scps=(scp,)), accounts=(Account(id=MINE),))
    claims = Perimeter(
        orgs=(ORG,), scopes={"O3": Scope(actions=("sqs:SendMessage",))},
        accepted=("management-account", "service-linked-roles", "forward-access-sessions"),
        assumptions=("AE3.cross-account", "AE8.aws-owned"),
    )  # fmt: skip
    organization = Organization(id=ORG, management_account=HEAD, root=root)
    space = Workspace(organization=organization, perimeter=claims, name="names", grants_given=False)
    report = prove(space, objectives=["O3"], services=["sqs"], reading="exact", availability=False)
    (verdict,) = report.verdicts
    assert verdict.status == "proved"
    assert ("names" in _axioms(verdict.assumptions).replace(",", "").split()) is leans


def test_doubtful_axioms_are_named_only_where_a_proof_needs_them():
    """Who gets credentials has nothing to do with calls that name no resource."""
    space = read_source(EXAMPLES / "acme-with-mistakes")
    report = prove(space, objectives=["O1"], services=["sts"], mitigations=["C1"], availability=False)
    (found,) = report.mitigations
    assert "environment" in {one.name for one in found.assumptions}
    assert "AE1.own-account" not in {one.name for one in found.assumptions}


def test_a_refutation_tells_whether_it_leans_on_what_rows_demand():
    """One row, whose text begins with `a`; the second question contradicts itself."""
    begins = glob("x", (Text("a"), Run(ANY)))
    rows = Catalogue(1, {"one": 1}, (Group(1, (begins,)),), "x")
    other = glob("x", (Text("b"), Run(ANY)))
    problem = Problem((Assertion("row", atom(Member("row", "one"))),), catalogues={"row": rows})
    assert Engine(problem).check([other], core=True).shapes
    assert Engine(problem).check([other], core=True).rests_on[-1] == "names"
    assert not Engine(problem).check([other, neg(other)], core=True).shapes
