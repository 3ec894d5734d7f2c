"""Statements that match no call in question are left out of the problem, and facts of calls hold of every row."""

from __future__ import annotations

import pytest

from perimeter_smt.encode.world.catalogue import Calls
from perimeter_smt.encode.world.world import build
from perimeter_smt.logic.formula import FALSE
from perimeter_smt.policy.document import Element, Location
from perimeter_smt.questions.mitigations.worlds import _told_apart
from tests.unit.test_prove_callers import deny, workspace

PLACE = Location(file="scp.json", path="$.Statement[0].Action", line=1)


def element(*values, negated=False):
    return Element(negated=negated, values=values, location=PLACE)


@pytest.mark.parametrize(
    ("values", "negated", "idle"),
    [
        (("ec2:*",), False, True),
        (("EC2:RunInstances", "iam:*"), False, True),
        (("sqs:Nothing*",), False, True),
        (("ec2:*", "SQS:Send*"), False, False),
        (("sqs:ReceiveMessag?",), False, False),
        (("*",), False, False),
        (("*:*",), False, False),
        (("s*:SendMessage",), False, False),  # an open point of the language: never idle
        (("?ms:SendMessage",), False, False),
        (("sqs:*",), True, True),
        (("sqs:*", "kms:*"), True, True),
        (("ec2:*",), True, False),
        (("sqs:Send*",), True, False),
        (("sqs",), False, True),  # names no action
    ],
)
def test_what_is_idle(values, negated, idle):
    """An action element is idle if no call in question is one of it; a NotAction, if every call is named."""
    assert Calls(("sqs",)).idle(element(*values, negated=negated)) is idle


def built(action, services, **more):
    space = workspace(scps=[deny({"StringNotEquals": {"ec2:Region": "eu-west-1"}}, action=action)])
    return build(space, services, free_grants=True, **more)


def test_an_idle_statement_and_its_keys_are_left_out():
    """What only such a statement tests is no key of the world; the statement is there, and never true."""
    idle, busy = built("ec2:RunInstances", ("sqs",)), built("ec2:RunInstances", ("sqs", "ec2"))
    assert "ec2:region" not in idle.keys.known
    assert "ec2:region" in busy.keys.known
    ((document, statement),) = (
        found for found in idle.policies.statements.values() if found[1].action.values == ("ec2:RunInstances",)
    )
    assert idle.policies.selected(document, statement) is FALSE
    assert len(idle.policies.statements) == len(busy.policies.statements)


def test_actions_in_question_narrow_the_calls():
    """With `actions`, statements on others of the same service are idle, too."""
    world = built("sqs:DeleteQueue", ("sqs",), actions=("sqs:sendmessage",))
    assert "ec2:region" not in world.keys.known
    assert {row.lowered for row in world.calls.rows} == {"sqs:sendmessage"}


def test_statements_that_tell_of_root_users_stay():
    """Whether root users can make federated users is told from SCPs on a call that nobody asks about."""
    assert "ec2:region" in built("sts:GetFederationToken", ("sqs",)).keys.known


def holds(formula, calls, row):
    """A formula over sets of calls, for one row."""
    if formula.op == "atom":
        return bool(calls.members(formula.payload.name) >> row & 1)
    args = [holds(arg, calls, row) for arg in formula.args]
    match formula.op:
        case "not":
            return not args[0]
        case "and":
            return all(args)
        case "or":
            return any(args)
    assert formula.op in ("true", "false")
    return formula.op == "true"


def test_facts_that_tell_calls_apart_hold_of_every_call():
    """What is said beforehand of sets and services is true of each row, so that it takes no request away."""
    calls = Calls(("sqs", "kms", "sns", "ecr", "ssm"))
    sets = ("action ~ sqs:send*", "action ~ kms:*", "service=sns", "arn has region", "resource is star", "reads")
    facts = _told_apart(calls, sets)
    assert len(facts) > len(calls.services)
    for row in range(len(calls.rows)):
        for fact in facts:
            assert holds(fact.formula, calls, row), fact.name
