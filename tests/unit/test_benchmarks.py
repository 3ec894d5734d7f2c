"""The pure parts of the benchmarks: percentiles, rows, curves, the registry, and the brute force oracle."""

from __future__ import annotations

import math

import pytest

from benchmarks import brute, chains, findings_sets, hard, organization, paths
from benchmarks.harness import Answer, Outcome, median, percentile, ratios
from benchmarks.plot import curve
from benchmarks.suites import MEASURED, NAMES, SOLVED, load
from benchmarks.table import COLUMNS, cell, render, row, rows
from benchmarks.worker import order
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.questions.findings.answer import findings


def outcome(backend, seconds, status="sat"):
    answers = tuple(Answer(f"q{i}", status, s, 2 * s) for i, s in enumerate(seconds))
    return Outcome(backend, answers, 100.0, len(answers) + 1, "")


def test_percentile_is_the_smallest_value_that_covers_so_many():
    """Nearest rank: always one of the values."""
    values = [float(x) for x in range(1, 201)]
    assert [percentile(values, p) for p in (1, 50, 99, 99.5, 100)] == [2, 100, 198, 199, 200]
    assert percentile([3.0], 99) == 3.0
    assert math.isnan(percentile([], 50))


def test_median():
    """The middle, or the mean of the two in the middle."""
    assert median([3.0, 1.0, 2.0]) == 2.0
    assert median([4.0, 1.0, 2.0, 3.0]) == 2.5
    assert math.isnan(median([]))


def test_ratios_compare_only_what_both_were_asked():
    """Undecided questions of the other back end count as lower bounds, undecided ones of native do not count."""
    native, other = outcome("native", [1.0, 2.0, 4.0]), outcome("cvc5", [10.0, 40.0])
    assert ratios(native, other) == [10.0, 20.0]
    assert ratios(native, other, "total") == [10.0, 20.0]
    assert ratios(outcome("native", [1.0], "unknown"), other) == []


def test_row_has_every_column_in_milliseconds():
    """Seconds become milliseconds; the native row has no ratio."""
    native, other = rows([outcome("native", [0.001, 0.003]), outcome("cvc5", [0.1, 0.3], "unknown")])
    assert set(COLUMNS) <= set(native)
    assert (native["median"], native["median with encoding"], native["times native"]) == (2.0, 4.0, None)
    assert (other["decided"], other["times native"]) == (0, 100.0)
    assert cell("asked", native) == "2 of 3"
    assert cell("median", other) == "200.00 ms"
    assert render("title", [native, other]).row_count == 2


def test_row_of_nothing():
    """A back end that was asked nothing still has a row."""
    assert row(Outcome("cvc5", (), 0.0, 5), None)["decided"] == 0


def test_curve_rises_to_the_share_decided():
    """Undecided questions keep the curve below 100 percent."""
    some = Outcome(
        "x", (Answer("a", "sat", 0.2, 0.2), Answer("b", "unknown", 9, 9), Answer("c", "unsat", 0.1, 0.1)), 0, 3
    )
    percent, times = curve(some)
    assert times == pytest.approx([100.0, 200.0])
    assert percent == pytest.approx([100 / 3, 200 / 3])


def test_registry():
    """Every suite has a name of its own; suites that need no corpus load everywhere."""
    assert len(set(NAMES)) == len(NAMES) == len(SOLVED) + len(MEASURED)
    assert load("hard", quick=True).questions


def test_paths_cost_little_more_than_ids():
    """Perimeters drawn by organization paths are decided; the report shows the ratio to organization ids."""
    judged = paths.measure(quick=True)
    assert judged.ok
    assert judged.facts["undecided"] == 0
    assert {"proved", "refuted"} >= {status for name in paths.QUESTIONS for status in judged.facts[name]["said"]}
    assert "worst ratio" in judged.facts


@pytest.mark.parametrize("holes", [(), ("O1",), ("O3",), ("O1", "O3")])
def test_planted_holes_are_found(holes):
    """Generated organizations are refuted exactly where a hole was planted, though one unit of four has it."""
    size = organization.Size(40, principals=1, policies=4, holes=holes)
    assert organization.run(size, "guardrails")[1] == set(holes)


def test_suites_that_need_the_corpus_say_so(monkeypatch, tmp_path):
    """Without the corpus a suite is a reason, not an error."""
    monkeypatch.setenv("PERIMETER_SHARED", str(tmp_path))
    assert "corpora" in load("pairs", quick=True)


def test_order_of_questions_is_fixed():
    """Opponents are asked a shuffled sample, always the same; native is asked in order."""
    assert order(50, "native") == list(range(50))
    assert order(50, "cvc5") == order(50, "z3-strings") != order(50, "native")


def test_generated_policies_are_the_same_every_time():
    """The seed fixes everything generated."""
    for family, make in hard.FAMILIES.items():
        first, again = (make(10, hard.random.Random(family)) for _ in range(2))
        assert first == again
        assert all(len(statements) == 10 for statements in first), family


def test_brute_force_finds_what_differs():
    """The oracle tells more from less."""

    def document(pattern):
        return hard.document(
            [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::b/{pattern}"}], "d"
        )

    requests = [brute.request(name, {}) for name in brute.names("ab", 2)]
    assert len(requests) == 6
    assert brute.differences(document("a"), document("a*"), requests) == (True, False)
    assert brute.differences(document("*"), document("?"), requests) == (False, True)
    assert brute.differences(document("*a"), document("a*"), requests) == (True, True)
    assert brute.differences(document("**"), document("*"), requests) == (False, False)


@pytest.mark.parametrize("family", list(brute.FAMILIES))
def test_engine_agrees_with_brute_force(family):
    """No request of the small world tells apart what the engine calls equal."""
    assert brute.check(family, 6, seed=7) == []


def test_findings_of_generated_sets_are_complete():
    """The suite `findings`: the smallest sets are decided and proved."""
    document = parse_object(findings_sets.policy(4, 5, 0), Kind.RESOURCE, file="set", name="set")
    assert findings(document, account="111122223333").status == "complete"


def test_chains_are_followed_and_roles_that_are_alike_add_no_rows():
    """The vendor's role leads on; twice the roles of the same trust policies say the same."""
    few, many = (chains.answer(chains.Size(roles, 10))[1] for roles in (20, 40))
    rows = [[(line.subject, line.status) for line in found.lines] for found in (few, many)]
    assert rows[0] == rows[1]
    assert (f"vendor {chains.VENDOR}", "refuted") in rows[0]
    assert sum(subject.startswith("exception") and status == "refuted" for subject, status in rows[0]) == 8
