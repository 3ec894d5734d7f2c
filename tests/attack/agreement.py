"""The two readings of the semantics side by side: the concrete evaluator and the encoding on one request.

`python -m tests.attack.agreement --pairs 200000 --seed 1` is the long run that docs/verification/agreement.md records.
"""

from __future__ import annotations

import argparse
import json
import sys
import time

from hypothesis import HealthCheck, Phase, given, reject, seed, settings
from hypothesis import strategies as st

from perimeter_smt.encode.language.text import readings
from perimeter_smt.encode.world.case import Slots, decision_problem, statement_problem
from perimeter_smt.encode.world.ground import holds
from perimeter_smt.errors import InputError
from perimeter_smt.evaluate import decide, match_statement
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.request.case import read_case
from perimeter_smt.request.request import Request
from tests import strategies

# X-42 lets the encoding answer either way where a value holds wildcards: an over-approximation, no second reading.
RIVALS = tuple(name for name in readings() if name != "X-42")
KINDS = (Kind.IDENTITY, Kind.BOUNDARY, Kind.SESSION, Kind.SCP, Kind.RCP, Kind.RESOURCE, Kind.ENDPOINT)


def encoded_decision(case, rivals=frozenset()):
    """Whether the encoding allows the request of a case without sub-requests."""
    slots = Slots(
        identity=case.identity,
        resource=case.resource,
        boundary=case.boundary,
        session=case.session,
        scp=case.scp,
        rcp=case.rcp,
        endpoint=case.endpoint,
    )
    problem, asked = decision_problem(
        slots,
        case.request,
        resource_is_management=case.flags.resource_account_is_management,
        kms_grant=bool(case.flags.kms_grant),
        restrict_public_buckets=case.flags.s3_restrict_public_buckets,
        via_endpoint=case.flags.via_endpoint,
        unsigned_calls=case.flags.unsigned_calls,
        console_session=case.flags.console_session,
        assumed_root=case.flags.principal_assumed_root,
    )
    return holds(problem, asked, rivals)


def encoded_match(document, request, rivals=frozenset(), *, has_boundary=False):
    """Whether the encoding says that the first statement of a document matches."""
    problem, asked = statement_problem(document, document.statements[0], request, has_boundary=has_boundary)
    return holds(problem, asked, rivals)


def rival_sets():
    """The chosen reading most of the time, else some points read the other way."""
    return st.one_of(st.just(frozenset()), st.frozensets(st.sampled_from(RIVALS), max_size=4))


@st.composite
def statement_cases(draw):
    """One statement of any kind, some requests, a reading."""
    kind = draw(st.sampled_from(KINDS))
    principal = kind in (Kind.RESOURCE, Kind.ENDPOINT)
    policy = draw(strategies.rcps(most=1) if kind is Kind.RCP else strategies.policies(principal=principal, most=1))
    requests = draw(st.lists(strategies.requests(), min_size=1, max_size=8))
    return kind, policy, requests, draw(rival_sets()), draw(st.booleans())


@st.composite
def condition_cases(draw):
    """Conditions alone: action and resource always match, so that every test of a condition decides."""
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": draw(strategies.conditions())}
    version = draw(st.sampled_from(("2012-10-17", "2012-10-17", "2008-10-17")))
    requests = draw(st.lists(strategies.requests(), min_size=1, max_size=8))
    return Kind.IDENTITY, {"Version": version, "Statement": [statement]}, requests, draw(rival_sets()), False


def compare_statement(found):
    """How many pairs were compared, and an account of the first disagreement or None."""
    kind, policy, requests, rivals, has_boundary = found
    try:
        document = parse_object(policy, kind, file="random", name="random", strict=False)
    except InputError:  # rules of a kind that hold for old documents too
        reject()
    for raw in requests:
        request = Request.model_validate(raw)
        statement = document.statements[0]
        evaluated = bool(match_statement(document, statement, request, rivals=rivals, has_boundary=has_boundary))
        encoded = encoded_match(document, request, rivals, has_boundary=has_boundary)
        if evaluated != encoded:
            return 0, {"kind": kind.value, "policy": policy, "request": raw, "rivals": sorted(rivals),
                       "has_boundary": has_boundary, "evaluator": evaluated, "encoding": encoded}  # fmt: skip
    return len(requests), None


def compare_decision(found):
    """How many pairs were compared, and an account of the first disagreement or None."""
    cases, rivals = found
    for raw in cases:
        try:
            case = read_case(raw, file="random", default_id="random")
        except InputError:
            reject()
        evaluated, encoded = decide(case, rivals=rivals), encoded_decision(case, rivals)
        if evaluated.allowed != encoded:
            return 0, {"case": raw, "rivals": sorted(rivals), "encoding": encoded,
                       "evaluator": f"{evaluated.reason} {evaluated.detail}"}  # fmt: skip
    return len(cases), None


def decision_cases():
    """Whole cases that share their policies, and a reading."""
    return st.tuples(strategies.cases(), rival_sets())


def run(source, compare, *, pairs, start):
    """How many pairs were compared, and an account of the first disagreement or None."""
    done, found = 0, None

    def check(example):
        nonlocal done, found
        count, problem = compare(example)
        done += count
        if problem is not None:
            found = problem
        assert problem is None

    quiet = settings(
        max_examples=max(1, pairs // 4),  # four and a half requests on average
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    try:
        seed(start)(quiet(given(source)(check)))()
    except AssertionError:
        return done, found
    return done, None


def main():
    """Compare many random pairs and print the count, or the first disagreement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    begun, total = time.monotonic(), 0
    for source, compare in (
        (statement_cases(), compare_statement),
        (condition_cases(), compare_statement),
        (decision_cases(), compare_decision),
    ):
        done, problem = run(source, compare, pairs=options.pairs // 3, start=options.seed)
        total += done
        if problem is not None:
            print(f"disagreement after {total} pairs\n{json.dumps(problem, indent=1)}")
            return 1
    print(f"{total} pairs agree, seed {options.seed}, {time.monotonic() - begun:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
