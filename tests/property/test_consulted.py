"""An answer hangs on none of the open points that were not looked at on the way to it."""

from __future__ import annotations

from hypothesis import HealthCheck, given, reject, settings

from perimeter_smt.errors import InputError
from perimeter_smt.evaluate import OPEN_POINTS, consulted, decide
from perimeter_smt.evaluate.statements import compiled
from perimeter_smt.evaluate.view import View
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.request.case import read_case
from perimeter_smt.request.request import Request
from tests.attack.agreement import condition_cases, decision_cases, statement_cases

QUIET = settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))


def check_statement(found):
    kind, policy, requests, rivals, has_boundary = found
    try:
        document = parse_object(policy, kind, file="random", name="random", strict=False)
    except InputError:
        reject()
    for raw in requests:
        view = View(Request.model_validate(raw), has_boundary=has_boundary)
        statement = compiled(document, rivals).statements[0]
        looked_at = set().union(*statement.consulted(view))
        for point in OPEN_POINTS:
            other = compiled(document, rivals ^ {point}).statements[0].hits(view)
            assert point in looked_at or other == statement.hits(view), (point, raw)


@QUIET
@given(statement_cases())
def test_statements_hang_on_what_they_look_at(found):
    check_statement(found)


@QUIET
@given(condition_cases())
def test_conditions_hang_on_what_they_look_at(found):
    check_statement(found)


@QUIET
@given(decision_cases())
def test_decisions_hang_on_what_was_looked_at(found):
    cases, rivals = found
    for raw in cases:
        try:
            case = read_case(raw, file="random", default_id="random")
        except InputError:
            reject()
        looked_at, before = consulted(case, rivals=rivals), decide(case, rivals=rivals)
        for point in OPEN_POINTS:
            assert point in looked_at or decide(case, rivals=rivals ^ {point}) == before, point


def test_few_points_are_looked_at():
    """A plain Allow of a plain call hangs on nothing: asking all points would be of no use."""
    user = {"type": "user", "arn": "arn:aws:iam::111122223333:user/app", "account": "111122223333"}
    allow = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}]}
    request = {"principal": user, "action": "sqs:SendMessage", "resource": "arn:aws:sqs:eu-west-1:111122223333:jobs",
               "resource_account": "111122223333"}  # fmt: skip
    case = read_case({"id": "x", "request": request, "policies": {"identity": [allow]}}, file="x", default_id="x")
    assert decide(case).allowed
    assert consulted(case) < set(OPEN_POINTS) - {"X-8", "X-19"}
