"""docs/tutorials/organization.md: fifty accounts are collected, and the holes that were planted are all found."""

from __future__ import annotations

import logging
import re
import shlex
from pathlib import Path

import pytest

pytest.importorskip("boto3")
pytest.importorskip("moto.server")

from perimeter_smt.cli.main import run
from perimeter_smt.organization.readers import SourceOptions, read_source
from perimeter_smt.questions.perimeter import prove
from tests.stand_in import PLANTED, TEAMS, StandIn, server

PAGE = Path(__file__).resolve().parents[2] / "docs" / "tutorials" / "organization.md"
STEP = re.compile(r"```sh\n(perimeter [^\n]*)\n```\n\n```text\n(.*?)```\n", re.DOTALL)
FILE = re.compile(r"`([a-z]+\.yaml)`:\n\n```yaml\n(.*?)```\n", re.DOTALL)
# What a solver picks and what a table is dated: not what the page is about.
FREE = re.compile(
    r"(?:service reference of|collected on) \d{4}-\d\d-\d\d|collected from [^\n]*(?:\n[^\n]+)?"
    r"|\b[a-z]{2}(?:-[a-z]+)+-[0-9]\b"
    r"|(?: of|,)(?: no organization|(?: organization)? o-outsider0001)"
)

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder in which the organization is collected, by the first command of the page."""
    return tmp_path_factory.mktemp("tutorial")


@pytest.fixture
def here(folder, monkeypatch):
    monkeypatch.chdir(folder)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("COLUMNS", "80")
    logging.getLogger("werkzeug").setLevel(logging.ERROR)


def test_the_page_shows_what_is_printed(here, monkeypatch, capsys, request):
    """Every command of the page, in its order."""
    text = PAGE.read_text(encoding="utf-8")
    for name, content in FILE.findall(text):
        Path(name).write_text(content)
    shown = {}
    with server() as url:
        StandIn(url)
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        for command, expected in STEP.findall(text):
            code = run(shlex.split(command)[1:])
            out = capsys.readouterr()
            assert code in (0, 1), out.err
            shown[command] = (expected, out.out)
    if request.config.getoption("--renew", default=False):
        renewed = STEP.sub(lambda m: m[0].replace(f"```text\n{m[2]}```", f"```text\n{shown[m[1]][1]}```"), text)
        PAGE.write_text(renewed, encoding="utf-8")
        return
    for command, (expected, printed) in shown.items():
        assert FREE.sub("", printed) == FREE.sub("", expected), command


def test_every_planted_hole_is_found(here, folder):
    """By objective and service, in the account where it was planted, and for no other account of a team."""
    workspace = read_source(folder / "organization", SourceOptions(complete=True))
    names = {account.id: account.name for account, _ in workspace.organization.accounts()}
    assert len(names) == TEAMS + 1
    for what, (team, objective, service) in PLANTED.items():
        report = prove(workspace, objectives=[objective], services=[service], mode="grants", availability=False,
                       enumerate_all=True)  # fmt: skip
        (verdict,) = report.verdicts
        assert verdict.status == "refuted", what
        places = {names[place.facts.resource_account if objective == "O1" else place.facts.principal_account]
                  for place in verdict.counterexamples}  # fmt: skip
        assert f"team{team:02}" in places, (what, places)
        if objective == "O1":
            assert places == {f"team{team:02}"}, (what, places)
