"""`perimeter axioms` and `perimeter why`: every name is explained, every hard axiom rests on something."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from perimeter_smt.cli.main import run
from perimeter_smt.encode.language.text import formal_text, soft_names
from perimeter_smt.lint import rules
from perimeter_smt.organization.readers.values import REACHES
from perimeter_smt.report.axioms import sources, stated, untraced
from perimeter_smt.report.axioms_page import axioms_page
from perimeter_smt.report.index import explain, index
from perimeter_smt.report.json import schema
from perimeter_smt.report.words import LOOKS

ROOT = Path(__file__).resolve().parents[2]


def test_every_hard_axiom_rests_on_a_sentence_or_a_definition():
    """Add AWS's sentence, page and date to `encodings/axiom-sources.json`, or make the axiom soft."""
    assert untraced() == []


def test_the_table_of_sources_names_only_what_is_there():
    names = {row.name for row in stated()}
    parts = ("sentences", "definitions", "doubts")
    listed = [name for part in parts for row in sources()[part] for name in row["names"]]
    assert len(listed) == len(set(listed))
    assert set(listed) <= names
    assert not {row.name for row in stated() if row.strength == "soft"} & set(listed)


def test_every_table_has_a_row():
    """A new table of `encodings/keys` is an axiom too: say in `axiom-sources.json` what AWS says and who uses it."""
    tables = {path.stem for path in (ROOT / "encodings/keys").glob("*.json")}
    names = {row.name for row in stated()}
    rows = sources()["tables"]
    assert {row["table"] for row in rows} >= tables
    assert all(set(row["used_by"]) <= names for row in rows)


def test_page_of_axioms_is_fresh():
    """Renew it with `perimeter axioms --markdown > docs/axioms.md`."""
    assert (ROOT / "docs/axioms.md").read_text("utf-8") == axioms_page()


def test_list_has_every_axiom_with_its_strength():
    soft = {row.name for row in stated() if row.strength == "soft"}
    assert {axiom.name for axiom in (*formal_text().axioms, *formal_text().schemas)} <= {row.name for row in stated()}
    assert soft == set(soft_names())
    assert len({row.name for row in stated()}) == len(stated())


def test_line_of_an_axiom_holds_it():
    for row in stated():
        lines = (ROOT / row.file).read_text("utf-8").splitlines()
        assert row.name in " ".join(lines[row.line - 1 : row.line + 7]), row.name


@pytest.mark.parametrize(
    "name",
    [*(row.name for row in stated()), *REACHES, *(rule.id for rule in rules()),
     *(look for look in LOOKS if look != "none"),
     "refuted", "availability", *(f"O{n}" for n in range(1, 7)), "over", "exact", "under", "rcp-services"],
)  # fmt: skip
def test_why_explains_in_four_lines(name, capsys):
    assert run(["why", name]) == 0
    text = capsys.readouterr().out
    assert text.lower().startswith(name.lower())
    assert len(text.split("\n\n")[0].strip().splitlines()) <= 4
    assert any(label in text for label in ("  source ", "  at "))


def test_places_exist():
    for entry in (entry for entries in index().values() for entry in entries):
        assert (ROOT / entry.place.split(":")[0]).exists(), entry.name


def test_a_base_name_shows_its_parts():
    assert [entry.name for entry in explain("P1")] == ["P1.first-hop"]
    assert {entry.name for entry in explain("AE1")} >= {"AE1.own-account", "AE1.no-resource"}


def test_case_of_a_name_does_not_matter():
    assert explain("ap5") == explain("AP5")


def test_unknown_name_is_bad_input_with_a_near_one(capsys):
    assert run(["why", "managment-account"]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "`management-account`" in error
    assert run(["why", ""]) == 2
    assert run(["axioms", "PL006"]) == 2
    assert "no axiom" in capsys.readouterr().err


def test_json_follows_the_schemas(capsys):
    for arguments, name in ((["axioms", "--json"], "axioms"), (["axioms", "AP2", "--json"], "axioms"),
                            (["why", "X-6", "--json"], "why")):  # fmt: skip
        assert run(arguments) == 0
        jsonschema.validate(json.loads(capsys.readouterr().out), json.loads(schema(name)))


def test_list_counts(capsys):
    assert run(["axioms"]) == 0
    lines = capsys.readouterr().out.splitlines()
    rows = stated()
    assert len([line for line in lines if "encodings/" in line]) == len(rows)
    assert lines[-2].startswith(f"{sum(row.strength == 'hard' for row in rows)} hard")


def test_markdown_stands_alone(capsys):
    assert run(["axioms", "AP5", "--markdown"]) == 2
    assert run(["axioms", "--markdown"]) == 0
    assert capsys.readouterr().out == axioms_page()
