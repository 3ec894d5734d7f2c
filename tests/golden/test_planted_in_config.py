"""Thirty accounts in an AWS Config export: what is planted in them is found without a line written by hand."""

from __future__ import annotations

import pytest

from perimeter_smt.cli.main import run
from perimeter_smt.organization.readers import SourceOptions, read_source
from perimeter_smt.questions.perimeter import prove
from tests.config_export import PLANTED, UNITS, write

WHOLE = SourceOptions(complete=True)
BEYOND = ("sns", "lambda")  # no RCP names them, so that the inferred claim leaves them out: asked of the export itself


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """The export, and the workspace that `init` makes of it."""
    folder = tmp_path_factory.mktemp("config")
    (folder / "export").mkdir()
    write(folder / "export")
    assert run(["init", str(folder / "acme"), "--from", str(folder / "export")]) == 0
    return {name: read_source(folder / name, WHOLE) for name in ("export", "acme")}


def test_the_organization_is_read(sources):
    found = sources["acme"]
    assert not found.unknowns
    units = {unit.id: (len(unit.accounts), len(unit.guardrails.scps), len(unit.guardrails.rcps))
             for unit in found.organization.root.units}  # fmt: skip
    guarded = {own: int("sandbox" not in own) for own in UNITS}
    assert units == {own: (len(numbers), guarded[own], guarded[own]) for own, numbers in UNITS.items()}


@pytest.mark.parametrize(("objective", "service"), dict.fromkeys((o, s) for _, o, s, _ in PLANTED.values()))
def test_every_planted_hole_is_found(sources, objective, service):
    """And in guarded units nothing else than what no RCP holds."""
    workspace = sources["export" if service in BEYOND else "acme"]
    report = prove(workspace, objectives=[objective], services=[service], mode="grants", availability=False,
                   enumerate_all=True)  # fmt: skip
    (verdict,) = report.verdicts
    assert verdict.status == "refuted"
    ways = [c.request.resource if objective == "O1" else c.request.principal.arn for c in verdict.counterexamples]
    for what, (_, asked, of, place) in PLANTED.items():
        if (asked, of) == (objective, service):
            assert any(place in str(way) for way in ways), (what, ways)
    holes = [c for c in verdict.counterexamples if c.kind == "hole"]
    owners = {c.facts.resource_account if objective == "O1" else c.facts.principal_account for c in holes}
    assert all(int(own) % 100 >= UNITS["ou-ac00-sandbox11"].start for own in owners), owners
