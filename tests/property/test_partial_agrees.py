"""Three-valued answers hold for every completion: what is told decides, or what is not told is said to decide."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from perimeter_smt.evaluate import match_statement
from perimeter_smt.evaluate.partial import Truth, match
from perimeter_smt.evaluate.statements import compiled
from perimeter_smt.evaluate.view import View
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.questions.replay.calls import Call
from perimeter_smt.questions.replay.judge import Left, Open, undecided
from perimeter_smt.questions.replay.leftovers import Solver
from perimeter_smt.request.cloudtrail.context import Known
from perimeter_smt.request.cloudtrail.resources import Touched
from perimeter_smt.request.request import Principal, Request

ACCOUNT = "111122223333"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/app"
CALLER = Principal(type="role-session", arn=f"arn:aws:sts::{ACCOUNT}:assumed-role/app/x", account=ACCOUNT,
                   role_arn=ROLE)  # fmt: skip
VALUES = {
    "aws:PrincipalTag/team": ("data", "web", None),
    "aws:SourceIp": ("203.0.113.7", "198.51.100.7", None),
    "aws:SecureTransport": ("true", "false"),
    "aws:RequestedRegion": ("eu-west-1", "us-east-1"),
}
_TESTS = {
    "aws:PrincipalTag/team": ("StringEquals", "StringNotEquals", "StringLike", "StringEqualsIfExists", "Null"),
    "aws:SourceIp": ("IpAddress", "NotIpAddress", "NotIpAddressIfExists", "Null"),
    "aws:SecureTransport": ("Bool", "BoolIfExists"),
    "aws:RequestedRegion": ("StringEquals", "StringNotEquals"),
}
_WANTED = {
    "aws:PrincipalTag/team": ("data", "w*", "${aws:RequestedRegion}"),
    "aws:SourceIp": ("203.0.113.0/24",),
    "aws:SecureTransport": ("true", "false"),
    "aws:RequestedRegion": ("eu-west-1",),
}


@st.composite
def conditions(draw):
    block: dict[str, dict[str, str]] = {}
    for key in draw(st.lists(st.sampled_from(sorted(VALUES)), min_size=1, max_size=3)):
        operator = draw(st.sampled_from(_TESTS[key]))
        value = draw(st.sampled_from(("true", "false") if operator == "Null" else _WANTED[key]))
        block.setdefault(operator, {})[key] = value
    return block


@st.composite
def guardrails(draw):
    denies = [
        {"Sid": f"D{number}", "Effect": "Deny", "Action": "s3:*", "Resource": "*", "Condition": draw(conditions())}
        for number in range(draw(st.integers(1, 3)))
    ]
    policy = {"Version": "2012-10-17", "Statement": denies}
    return parse_object(policy, Kind.SCP, file="scp.json", name="scp", strict=False)


def request(context: dict) -> Request:
    told = {key: value for key, value in context.items() if value is not None}
    return Request(principal=CALLER, action="s3:GetObject", resource="arn:aws:s3:::acme-data/x",
                   resource_account=ACCOUNT, context=told)  # fmt: skip


@given(
    guardrails(),
    st.fixed_dictionaries({k: st.sampled_from(v) for k, v in VALUES.items()}),
    st.sets(st.sampled_from(sorted(VALUES))),
)
@settings(deadline=None, max_examples=300)
def test_no_completion_contradicts_a_sure_answer(scp, context, hidden):
    """A statement that surely matches, or surely does not, does so with whatever stands in the hidden keys."""
    told = {key: value for key, value in context.items() if key not in hidden}
    absent = {key.lower() for key, value in told.items() if value is None}
    view = View(request(told))
    for statement in scp.statements:
        found = match(compiled(scp, frozenset()).statements[statement.index], view, absent, has_variables=True)
        really = match_statement(scp, statement, request(context)).matched
        assert found.truth is Truth.PERHAPS or (found.truth is Truth.YES) == really
        assert found.truth is not Truth.PERHAPS or set(found.depends) <= {key.lower() for key in hidden}


@given(
    guardrails(),
    st.fixed_dictionaries({k: st.sampled_from(v) for k, v in VALUES.items()}),
    st.sets(st.sampled_from(sorted(VALUES)), min_size=1),
)
@settings(deadline=None, max_examples=40)
def test_the_solver_agrees_with_every_completion(scp, context, hidden):
    """What the solver settles holds for the request that really was; what it leaves open is open."""
    told = {key.lower(): value for key, value in context.items() if key not in hidden}
    known = Known(
        {key: value for key, value in told.items() if value is not None},
        {key for key, value in told.items() if value is None},
    )
    call = Call(CALLER, "s3:GetObject", Touched("arn:aws:s3:::acme-data/x", ACCOUNT), known)
    view = View(request({key: value for key, value in context.items() if key not in hidden}))
    opens, sure = [], False
    for statement in compiled(scp, frozenset()).statements:
        found = match(statement, view, known.absent, has_variables=True)
        sure = sure or found.truth is Truth.YES
        if found.truth is Truth.PERHAPS:
            opens.append(Open("scp[0]", scp, statement, found.depends, found.open))
    if sure or not opens:
        return
    left = Left(call, tuple(opens), ())
    answer = Solver("aws")(left)
    denied = any(match_statement(scp, s, request(context)).matched for s in scp.statements)
    if answer.outcome == "depends":
        assert answer == undecided(left)
    else:
        assert (answer.outcome == "deny") == denied
