"""Presumed axioms: assumed unless doubted by name, and named by every proof that cannot do without one."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import jsonschema
import pytest

from perimeter_smt.cli.main import run
from perimeter_smt.encode.language.text import formal_text, soft_names
from perimeter_smt.errors import InputError
from perimeter_smt.evaluate import decide
from perimeter_smt.logic.formula import neg, sym
from perimeter_smt.logic.problem import Assertion, Problem
from perimeter_smt.organization.perimeter import Perimeter
from perimeter_smt.organization.presumed import presumed
from perimeter_smt.organization.readers import read_source
from perimeter_smt.questions.changes.answer import Difference
from perimeter_smt.questions.perimeter import prove
from perimeter_smt.questions.verdicts import Assumption, presumes
from perimeter_smt.report.changes import write_difference
from perimeter_smt.report.html.render import html
from perimeter_smt.report.json import report_json, schema
from perimeter_smt.report.page import Page
from perimeter_smt.report.text import render
from perimeter_smt.solve.engine import Engine

ACME = Path(__file__).parents[2] / "docs" / "examples" / "acme"


def asked(service, *doubts, objective="O1", refused=(), **changes):
    """The report on one service of the example, with some axioms doubted and some limits not accepted."""
    space = read_source(ACME)
    accepted = tuple(name for name in space.perimeter.accepted if name not in refused)
    perimeter = space.perimeter.model_copy(update={"doubts": doubts, "accepted": accepted, **changes})
    space = space.model_copy(update={"perimeter": perimeter})
    return prove(space, objectives=[objective], services=[service], availability=False)


def test_table_schema_and_formal_text_name_the_same():
    text = formal_text()
    names = {one.name for one in (*text.axioms, *text.schemas) if one.strength == "presumed"}
    assert names == set(presumed())
    assert names.isdisjoint(soft_names())
    editors = json.loads(schema("perimeter-yaml"))
    assert editors["properties"]["doubts"]["items"]["enum"] == sorted(names)


@pytest.mark.parametrize(
    ("objective", "service", "names"),
    [("O1", "sts", {"AE9.service-linked"}), ("O1", "sqs", {"AE1.no-resource", "AE1.own-account"}), ("O3", "sqs", set()),
     ("O5", "sts", set())],
)  # fmt: skip
def test_a_proof_says_what_it_presumes_and_nothing_more(objective, service, names):
    (verdict,) = asked(service, objective=objective).verdicts
    assert verdict.status == "proved"
    assert set(presumes(verdict.assumptions)) == names
    everywhere = next((one.text for one in verdict.assumptions if one.name == "environment"), "")
    assert not set(presumed()) & set(everywhere.replace(",", "").split())


@pytest.mark.parametrize(
    ("name", "service", "refused"),
    [
        ("AE9.service-linked", "sts", ()),
        ("AE1.no-resource", "s3", ()),
        ("AE1.own-account", "secretsmanager", ()),
        ("AE9.aws-managed-key", "kms", ("aws-managed-keys",)),
    ],
)
def test_doubted_it_makes_a_proof_conditional_with_a_request_that_replays(name, service, refused):
    (verdict,) = asked(service, name, refused=refused).verdicts
    assert verdict.status == "conditional"
    (found,) = verdict.counterexamples
    assert name in found.depends_on
    assert decide(found.case, rivals=found.case.readings).allowed


def test_a_doubt_changes_nothing_where_no_proof_leans_on_it():
    (before,), (after,) = asked("sqs").verdicts, asked("sqs", "AE9.service-linked").verdicts
    told = [{one for one in verdict.assumptions if one.name != "environment"} for verdict in (before, after)]
    assert (before.status, before.used, told[0]) == (after.status, after.used, told[1])


def test_reports_say_it_on_a_line_of_its_own():
    report = asked("sts")
    line = next(line for line in render(report, width=80).splitlines() if line.startswith("presumes"))
    assert "AE9.service-linked (O1):" in line
    details = render(report, details=True)
    assert "  presumes  AE9.service-linked: " in details
    assert "AE9.service-linked" not in details.partition("  presumes")[0]
    result = report_json(report)
    jsonschema.validate(result, json.loads(schema("prove")))
    assert result["verdicts"][0]["presumes"] == ["AE9.service-linked"]
    assert '<p>presumes <a href="#assume-AE9.service-linked">' in html(result)


def test_next_step_of_a_doubted_axiom():
    assert "take it off `doubts`" in render(asked("sts", "AE9.service-linked"))


def test_unknown_names_are_refused_with_line_and_near_name(tmp_path, capsys):
    space = tmp_path / "acme"
    shutil.copytree(ACME, space)
    lines = (space / "perimeter.yaml").read_text("utf-8").rstrip().splitlines()
    (space / "perimeter.yaml").write_text("\n".join([*lines, "doubts:", "  - AE9-service-linked", ""]), "utf-8")
    assert run(["prove", str(space)]) == 2
    error = capsys.readouterr().err
    assert f"perimeter.yaml:{len(lines) + 2}: $.doubts[0]: unknown presumed axiom `AE9-service-linked`" in error
    assert "did you mean `AE9.service-linked`?" in error
    with pytest.raises(InputError, match="unknown presumed axiom `AN8`"):
        asked("sts", "AN8")


def test_what_is_presumed_needs_no_accepting():
    with pytest.raises(InputError, match="is presumed and needs no accepting"):
        asked("sts", assumptions=("AE1.no-resource",))


def test_why_tells_the_doubt(capsys):
    assert run(["why", "AE9.service-linked"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "presumed: assumed unless `doubts`" in text
    assert "unless defined otherwise" in text


def test_a_core_does_without_what_is_to_be_avoided():
    """Either assertion contradicts the assumption; the one to avoid stands first."""
    first, second = Assertion("avoided", neg(sym("x"))), Assertion("other", neg(sym("x")))
    engine = Engine(Problem((first, second)))
    assert engine.check([sym("x")], core=True, avoid=lambda name: name == "avoided").core == ("other",)
    alone = Engine(Problem((first,)))
    assert alone.check([sym("x")], core=True, avoid=lambda name: name == "avoided").core == ("avoided",)


def test_nothing_is_doubted_by_default():
    assert Perimeter(orgs=("o-acme0000001",)).doubts == ()


def test_a_comparison_of_organizations_says_it_beside_its_proof():
    page = Page(None, color=False)
    found = Assumption("AE9.service-linked", "text", presumed=True)
    write_difference(page, "opens", Difference("none", assumptions=(found, Assumption("environment", "axioms AP1"))))
    assert "opens nothing: proved, presuming AE9.service-linked" in str(page)
