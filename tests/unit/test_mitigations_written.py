"""The questions of mitigations as formulas: with the guardrail no request is left, without it there is one."""

from __future__ import annotations

from pathlib import Path

import pytest

from perimeter_smt.cli.main import run
from perimeter_smt.organization.readers import read_source
from perimeter_smt.questions.mitigations.model import Asking
from perimeter_smt.questions.mitigations.written import written
from perimeter_smt.solve.engine import Engine

EXAMPLES = Path(__file__).resolve().parents[2] / "docs/examples/mitigations"


def answers(name, which):
    out = {}
    for each in written(read_source(EXAMPLES / f"{name.lower()}-{which}"), [name], Asking()):
        asked = (each.question, *each.assumed)
        out[each.name] = Engine(each.world.problem(asked)).check(asked).status
    return out


@pytest.mark.parametrize("name", ["C1", "N1", "E1", "E2", "L1"])
@pytest.mark.parametrize(("which", "status"), [("held", "unsat"), ("open", "sat"), ("mistake", "sat")])
def test_breaches_of_the_examples(name, which, status):
    assert answers(name, which) == {f"{name}-breach": status, f"{name}-premise": "sat"}


@pytest.mark.parametrize(("which", "status"), [("held", "unsat"), ("open", "sat")])
def test_parts_of_n2(which, status):
    found = answers("N2", which)
    parts = [name for name in found if name.endswith("-breach")]
    assert {found[name] for name in parts if "sign-in" not in name and "unsigned" not in name} == {status}
    assert all(found[name] == "sat" for name in found if name.endswith("-premise"))


@pytest.mark.parametrize("name", ["C1", "E1"])
def test_z3_proves_what_is_held(name, tmp_path):
    import z3

    held = EXAMPLES / f"{name.lower()}-held"
    assert run(["encode", str(held), "--output", str(tmp_path / "out"), "--mitigation", name]) == 0
    solver = z3.Solver()
    solver.from_string((tmp_path / "out" / f"{name}-breach.smt2").read_text())
    assert str(solver.check()) == "unsat"


def test_what_is_no_single_formula_is_not_written(tmp_path, capsys):
    assert run(["encode", str(EXAMPLES / "c2-held"), "--output", str(tmp_path / "out"), "--mitigation", "C2"]) == 2
    assert "`C2` is not written as one formula" in capsys.readouterr().err
