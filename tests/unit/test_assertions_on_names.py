"""Own assertions that look at the names of resources, where no policy does: every form of a name counts."""

from __future__ import annotations

import pytest

from perimeter_smt.questions.perimeter import prove
from tests.unit.test_prove_callers import deny, workspace

NO_ONE = {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-acme0000001"}}


def said(tmp_path, service, text):
    """What is said of an assertion in a world whose policies name no resource."""
    path = tmp_path / "own.smt2"
    path.write_text(f"(assert (! {text} :named own))\n")
    space = workspace(scps=(deny(NO_ONE),))
    report = prove(space, objectives=["O1"], services=[service], assertions=(path,), availability=False)
    (found,) = (verdict for verdict in report.verdicts if verdict.objective == "own")
    return found.status


@pytest.mark.parametrize(
    ("action", "names"),
    [
        ("lambda:InvokeFunction", '(str.prefixof "function:parcels:" resource.name)'),
        ("lambda:InvokeFunction", '(= resource.name "function:parcels")'),
        ("sqs:SendMessage", '(str.suffixof ".fifo" resource.name)'),
        ("dynamodb:Query", '(str.contains resource.name "/index/")'),
        ("dynamodb:Query", '(not (str.contains resource.name "/index/"))'),
        ("s3:GetObject", '(str.prefixof "accesspoint/" resource.name)'),
        ("states:StartExecution", '(= resource.name "stateMachine:parcels:live")'),
    ],
)
def test_calls_on_every_form_of_a_name_are_there(tmp_path, action, names):
    """Rows of one action that differ in their names alone were taken for one, and the others' names for impossible."""
    assert said(tmp_path, action.partition(":")[0], f'(not (and (= action "{action}") {names}))') == "refuted"


@pytest.mark.parametrize(
    ("action", "names"),
    [
        ("sqs:SendMessage", '(str.contains resource.name "/")'),
        ("dynamodb:Query", '(not (str.prefixof "table/" resource.name))'),
    ],
)
def test_names_that_no_resource_has_are_not(tmp_path, action, names):
    assert said(tmp_path, action.partition(":")[0], f'(not (and (= action "{action}") {names}))') == "proved"
