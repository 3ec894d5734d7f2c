"""The checks and `pack` against the evaluator: what they say of all requests holds of each one tried."""

from __future__ import annotations

import re
from dataclasses import replace

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from perimeter_smt.errors import InputError
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.questions.checks.access_not_granted import access_not_granted
from perimeter_smt.questions.checks.no_new_access import no_new_access
from perimeter_smt.questions.redundancy.pack import pack
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
ACTIONS = ("s3:GetObject", "s3:*", "sqs:SendMessage", "s3:Get*", "kms:Decrypt", "*")
RESOURCES = ("arn:aws:s3:::data-a/*", "arn:aws:s3:::data-a", "arn:aws:sqs:*:111111111111:alerts", "*")


def document(value, kind=Kind.IDENTITY, name="p"):
    return parse_object(value, kind, file=f"{name}.json", name=name, strict=False)


def like(pattern: str, text: str) -> bool:
    return re.fullmatch("".join(".*" if c == "*" else re.escape(c) for c in pattern), text, re.DOTALL) is not None


@short
@given(policies(most=3), st.data(), st.lists(requests(), min_size=6, max_size=16))
def test_access_that_is_not_granted(value, data, asked):
    """PASS: no request of the access is allowed; FAIL: the request shown is allowed, and of the access."""
    actions = data.draw(st.lists(st.sampled_from(ACTIONS), max_size=2, unique=True))
    resources = data.draw(st.lists(st.sampled_from(RESOURCES), max_size=2, unique=True))
    if not actions and not resources:
        return
    policy = document(value)

    def inside(request: Request) -> bool:
        called = not actions or any(like(p.lower(), request.action.lower()) for p in actions)
        return called and (not resources or any(like(p, request.resource) for p in resources))

    found = access_not_granted(policy, actions=actions, resources=resources)
    event(found.result)
    if found.result == "FAIL":
        assert found.evidence is not None
        shown = found.evidence.request
        assert allows(policy, shown)
        assert inside(shown)
        assert found.reasons
        return
    assert found.result == "PASS" or "X-" in found.message  # a reading that is not the chosen one grants it
    for one in asked:
        request = Request.model_validate(one)
        if request.principal.type in ("user", "role-session") and inside(request):
            assert not allows(policy, request), request


@short
@given(policies(most=3), policies(most=3), st.data(), st.lists(requests(), min_size=6, max_size=16))
def test_access_that_is_new(value, other, data, asked):
    """PASS: every request that the new policy allows the old one does; FAIL: the request shown tells them apart."""
    if data.draw(st.booleans()):  # mostly near each other
        other = {
            **value,
            "Statement": [s for s in value["Statement"] if data.draw(st.booleans())] or other["Statement"],
        }
    old, new = document(value), document(other, name="q")
    found = no_new_access(old, new)
    event(found.result)
    if found.result == "FAIL":
        assert found.evidence is not None
        shown = found.evidence.request
        assert allows(new, shown)
        assert not allows(old, shown)
        return
    assert found.result == "PASS" or "X-" in found.message  # a reading that is not the chosen one grants it
    for one in asked:
        request = Request.model_validate(one)
        if request.principal.type in ("user", "role-session"):
            assert allows(old, request) or not allows(new, request), request


@short
@given(st.lists(policies(most=3), min_size=1, max_size=3), st.lists(requests(), min_size=6, max_size=16))
def test_packed_guardrails_decide_alike(values, asked):
    """What is proved equal decides every possible request as before, whatever was merged and dropped."""
    kept = []
    for value in values:
        statements = [s for s in value["Statement"] if s["Effect"] == "Deny" or "Condition" not in s]
        if statements:
            kept.append({**value, "Statement": statements})
    if not kept:
        return
    try:
        before = [document(value, Kind.SCP, f"p{n}") for n, value in enumerate(kept)]
        found = pack(before)
    except InputError:
        return
    event(f"proved {found.proved}, merged {found.merged > 0}, dropped {bool(found.dropped)}")
    if not found.proved:
        return
    after = [document(value, Kind.SCP, f"q{n}") for n, value in enumerate(found.documents)]
    for one in asked:
        request = Request.model_validate(one)
        if request.principal.type in ("user", "role-session") and not request.principal.service_linked:
            assert _passes(before, request) == _passes(after, request), request


def _passes(documents, request: Request) -> bool:
    """One level of SCPs: no Deny of any, and an Allow of some, or of AWS's full access beside them."""
    together = [statement for one in documents for statement in one.statements]
    statements = tuple(replace(statement, index=number) for number, statement in enumerate(together))
    return allows(documents[0].model_copy(update={"statements": statements}), request)
