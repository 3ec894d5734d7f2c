"""What is called redundant can go: the evaluator decides every request as before, under every reading."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from perimeter_smt.evaluate import OPEN_POINTS
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.questions.redundancy.places import together
from perimeter_smt.questions.redundancy.redundant import redundant
from perimeter_smt.request.request import Request
from perimeter_smt.witness.replay import allows
from tests.strategies import policies, requests

short = settings(
    max_examples=max(1, settings().max_examples // 2),
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@st.composite
def documents(draw):
    """A policy in which statements often come twice, whole or narrowed, so that some can go."""
    value = draw(policies(most=3))
    for statement in list(value["Statement"]):
        kind = draw(st.integers(0, 3))
        if kind == 1:
            value["Statement"].append(dict(statement))
        elif kind == 2 and "Action" in statement:
            value["Statement"].append({**statement, "Action": draw(st.sampled_from(("s3:GetObject", "s3:*")))})
        elif kind == 3:
            value["Statement"].insert(0, {"Effect": statement["Effect"], "Action": "*", "Resource": "*"})
    return value


@short
@given(documents(), st.lists(requests(), min_size=4, max_size=12), st.sets(st.sampled_from(sorted(OPEN_POINTS))))
def test_what_is_removable_changes_nothing(value, asked, rivals):
    document = parse_object(value, Kind.IDENTITY, file="p.json", name="p", strict=False)
    judged = redundant([together([document])], free_context=True)
    left = [s for s, one in zip(value["Statement"], judged, strict=True) if not one.removable]
    if not left or len(left) == len(judged):
        return
    smaller = parse_object({**value, "Statement": left}, Kind.IDENTITY, file="q.json", name="q", strict=False)
    for request in asked:
        found = Request.model_validate(request)
        assert allows(document, found, rivals) == allows(smaller, found, rivals), (request, judged)
