"""Open points by which a set that is found anyway holds more: the words of the set cover both readings."""

from __future__ import annotations

import pytest

from perimeter_smt.policy.kinds import Kind
from perimeter_smt.questions.findings.answer import findings, findings_of_workspace
from perimeter_smt.questions.findings.who import who_can
from tests.unit.test_open_points_everywhere import (
    FROM_SNS,
    OTHER,
    QUEUE,
    SNS,
    allow,
    document,
    queue,
    unless,
    workspace,
)

TAG = "aws:PrincipalTag/desk"
# Each lets in somebody under the chosen readings, and more where the point is read the other way; the condition of the
# policy is that of the set, so that the set said of the other reading holds these, too: the point was not named.
POLICIES = {
    "X-8": [allow(), unless(Null={TAG: "true"})],
    "X-9": [allow(IpAddress={"aws:SourceIp": "2600:1f18:4a::"})],
    "X-12": [allow(ArnNotEquals={TAG: "arn:aws:iam::141414141414:role/porter"})],
    "X-14": [allow(DateGreaterThan={TAG: "2031"})],
    "X-38": [allow(SNS, **FROM_SNS)],
    "X-42": [allow(StringLike={TAG: f"north-{OTHER}"})],
}


@pytest.mark.parametrize("point", POLICIES)
def test_the_point_is_named_beside_what_is_found(point):
    policy = document(Kind.RESOURCE, *POLICIES[point])
    found = findings(policy)
    assert found.findings and (found.status, found.may_find) == ("complete", (point,))
    space = workspace(queue(policy))
    found = findings_of_workspace(space, services=["sqs"])
    assert found.findings and (found.status, found.may_find) == ("complete", (point,))
    (outsiders,) = (c for c in who_can(space, "sqs:SendMessage", QUEUE).callers if c.name == "outsiders")
    assert outsiders.findings and outsiders.may_find == (point,)


@pytest.mark.parametrize("point", ["X-9", "X-38"])
@pytest.mark.parametrize("reading", ["chosen", "rival"])
def test_what_the_perimeter_settles_is_named_in_no_set(point, reading):
    space = workspace(queue(document(Kind.RESOURCE, *POLICIES[point])))
    settled = space.perimeter.model_copy(update={"readings": {point: reading}})
    found = findings_of_workspace(space.model_copy(update={"perimeter": settled}), services=["sqs"])
    assert found.findings and found.may_find == ()


def test_a_set_that_the_rival_makes_smaller_names_nothing():
    found = findings(document(Kind.RESOURCE, allow(**{"ForAnyValue:StringEqualsIfExists": {"aws:TagKeys": "a"}})))
    assert found.findings and found.may_find == ()
