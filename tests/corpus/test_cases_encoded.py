"""The semantics cases through the encoding: each request given as a formula (semantics 6)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from perimeter_smt.encode.language.text import readings
from perimeter_smt.encode.world.case import Slots, decision_problem, exact_readings, statement_problem
from perimeter_smt.logic.formula import neg
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.request.request import Request
from perimeter_smt.solve.engine import Engine

SHARED = Path(__file__).resolve().parents[3] / "shared"
FILE = SHARED / "semantics_cases.json"
CASES = json.loads(FILE.read_text(encoding="utf-8"))["cases"] if FILE.exists() else []
pytestmark = pytest.mark.skipif(not CASES, reason="the semantics cases lie in ../shared, which is absent")
KINDS = {"resource": Kind.RESOURCE, "trust": Kind.TRUST, "vpce": Kind.ENDPOINT}


def of_kind(kind):
    return [pytest.param(case, id=case["id"]) for case in CASES if case["kind"] == kind]


def document(policy, kind):
    return parse_object(policy, kind, file="case", name=kind.value, strict=False)


def truth(problem, asked):
    """The truth of `asked` under the chosen readings, and whether it can be true or false under rival ones."""
    engine = Engine(problem.problem(asked))
    exact = exact_readings()
    values = [engine.check([formula, exact]).status for formula in (asked, neg(asked))]
    assert sorted(values) == ["sat", "unsat"], values
    over = {name: engine.check([formula]).status == "sat" for name, formula in (("yes", asked), ("no", neg(asked)))}
    return values[0] == "sat", over


def request_of(raw, **changes):
    return Request.model_validate({**raw, **changes})


@pytest.mark.parametrize("case", of_kind("match"))
def test_match(case):
    """A statement matches as the case says, and its rival reading is among the over-approximated answers."""
    policy = {"Version": case["version"], "Statement": [case["statement"]]}
    if case["version"] is None:
        del policy["Version"]
    parsed = document(policy, Kind(case["policy_type"]))
    flags = case.get("flags") or {}
    problem, asked = statement_problem(
        parsed,
        parsed.statements[0],
        request_of(case["request"]),
        has_boundary=bool(flags.get("principal_has_boundary")),
    )
    held, over = truth(problem, asked)
    assert held == (case["expected"] == "match")
    rival = case.get("over_approximation", "")
    if rival:
        assert over["yes" if rival.startswith("match") else "no"]
    elif not case.get("open_point"):
        assert over["yes"] != over["no"], "an answer without an open point must not depend on readings"


def slots_of(case):
    raw = case["policies"]
    flags = case.get("flags") or {}
    request = case["request"]
    trust = request["action"].lower().startswith("sts:")
    endpoint = Kind.ENDPOINT_GATEWAY if flags.get("vpce_type") == "gateway" else Kind.ENDPOINT
    kms = request["action"].lower().startswith("kms:")
    resource_kind = Kind.TRUST if trust else Kind.KMS if kms else Kind.RESOURCE
    session = raw.get("session")
    if session is not None and not isinstance(session, list):
        session = [session]
    return Slots(
        identity=[document(p, Kind.IDENTITY) for p in raw.get("identity") or []],
        resource=document(raw["resource"], resource_kind) if raw.get("resource") else None,
        boundary=document(raw["boundary"], Kind.BOUNDARY) if raw.get("boundary") else None,
        session=None if session is None else [document(p, Kind.SESSION) for p in session],
        scp=None if raw.get("scp") is None else [[document(p, Kind.SCP) for p in level] for level in raw["scp"]],
        rcp=None if raw.get("rcp") is None else [[document(p, Kind.RCP) for p in level] for level in raw["rcp"]],
        endpoint=document(raw["vpce"], endpoint) if raw.get("vpce") else None,
    )


@pytest.mark.parametrize("case", of_kind("decision"))
def test_decision(case):
    """A request is allowed or denied as the case says; calls that expand are allowed if every part is."""
    flags = case.get("flags") or {}
    slots = slots_of(case)
    allowed, possible = True, {"allow": True, "deny": False}
    for request, policies in parts(case, slots, flags):
        problem, asked = decision_problem(
            policies,
            request,
            resource_is_management=bool(flags.get("resource_account_is_management")),
            kms_grant=bool(flags.get("kms_grant")),
            restrict_public_buckets=bool(flags.get("s3_restrict_public_buckets")),
        )
        held, over = truth(problem, asked)
        allowed = allowed and held
        possible = {"allow": possible["allow"] and over["yes"], "deny": possible["deny"] or over["no"]}
    assert allowed == (case["expected"] == "allow")
    if case.get("over_approximation"):
        assert possible[case["over_approximation"]]


def parts(case, slots, flags):
    raw = case["request"]
    if "sub_requests" in flags:
        return [(request_of(raw, resource=resource), slots) for resource in flags["sub_requests"]]
    if "sub_actions" in flags:
        return [(request_of(raw, action=action), slots) for action in flags["sub_actions"]]
    if "via_access_point" in flags:
        policy = case["policies"]["access_point"]
        own = Slots(**{**slots.__dict__, "resource": document(policy, Kind.ACCESS_POINT)})
        return [(request_of(raw, resource=flags["via_access_point"]), own), (request_of(raw), slots)]
    return [(request_of(raw), slots)]


def test_every_reading_is_declared():
    """The open points of the formal text are the symbols that modes fix."""
    assert len(readings()) >= 20
