"""Files for continuous integration: as their systems publish the shape, with commands that exist."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
from ruamel.yaml import YAML

from perimeter_smt.cli.commands import command_of
from tests.published import ACTION, GITLAB, WORKFLOW, wrong

ROOT = Path(__file__).resolve().parents[2]
FILES = {
    "action.yml": ACTION,
    ".github/workflows/ci.yml": WORKFLOW,
    "ci/perimeter.gitlab-ci.yml": GITLAB,
}


def read(name: str) -> Any:
    return YAML(typ="safe", pure=True).load((ROOT / name).read_text("utf-8"))


def parse(words: list[str]) -> None:
    """A command line of the program, without running it."""
    command = command_of(words[0])
    with click.Context(command, info_name=words[0]) as context:
        command.make_parser(context).parse_args(args=words[1:])


@pytest.mark.parametrize("name", FILES)
def test_files_are_as_their_systems_want_them(name: str) -> None:
    assert wrong(FILES[name], json.loads(json.dumps(read(name)))) == []


def test_schemas_find_mistakes() -> None:
    """The copies of the schemas are there and say something."""
    for url, value in (
        (ACTION, {"name": 1}),
        (WORKFLOW, {"jobs": {}}),
        (GITLAB, {"job": {"script": 1}}),
    ):
        assert wrong(url, value), url


def test_the_action_names_what_it_declares() -> None:
    action = read("action.yml")
    text = (ROOT / "action.yml").read_text("utf-8")
    assert set(re.findall(r"inputs\.([a-z-]+)", text)) == set(action["inputs"])
    for step in action["runs"]["steps"]:
        assert "${{" not in step.get("run", ""), "inputs go through the environment, where no shell reads them"
        assert ("run" in step) == ("shell" in step)
    for script in re.findall(r"\$SOURCE/(ci/[a-z.]+)", text):
        assert (ROOT / script).is_file()


def test_hooks_have_what_pre_commit_asks_for() -> None:
    """Its schema is not among the published copies: the required members and the names, by its documentation."""
    names = {"id", "name", "description", "entry", "args", "language", "files", "pass_filenames", "stages"}
    hooks = read(".pre-commit-hooks.yaml")
    assert [hook["id"] for hook in hooks] == ["perimeter-lint", "perimeter-compare", "perimeter-prove"]
    for hook in hooks:
        assert {"id", "name", "entry", "language"} <= set(hook) <= names
        assert hook["language"] == "python"
        assert re.search(hook["files"], "scp/base.json")
        assert set(hook.get("stages", ())) <= {"pre-commit", "pre-push", "manual"}


def test_commands_of_hooks_and_templates_parse() -> None:
    for hook in read(".pre-commit-hooks.yaml"):
        parse([*hook["entry"].split()[1:], *hook["args"]])
    for name, job in read("ci/perimeter.gitlab-ci.yml").items():
        if name.startswith("perimeter-"):
            (line,) = job["script"]
            words = shlex.split(line)
            assert words[0] == "perimeter"
            parse(words[1:])


def test_the_workflow_runs_what_ci_runs() -> None:
    steps = read(".github/workflows/ci.yml")["jobs"]["checks"]["steps"]
    assert steps[-1] == {"run": ".ci/run"}
    assert os.access(ROOT / ".ci/run", os.X_OK)


@pytest.mark.skipif(shutil.which("bash") is None, reason="skipped: needs bash")
def test_the_script_of_the_action(tmp_path: Path) -> None:
    """It writes every form, the summary and the worst exit code, and goes on after a refutation."""
    perimeter = tmp_path / "perimeter"
    perimeter.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m perimeter_smt "$@"\n')
    perimeter.chmod(0o755)
    (tmp_path / "p_scp.json").write_text(
        '{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "s3:Nosuch", "Resource": "*"}}'
    )
    env = os.environ | {
        "PERIMETER": str(perimeter), "RUNNER_TEMP": str(tmp_path), "GITHUB_OUTPUT": str(tmp_path / "out"),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"), "WORKSPACE": str(ROOT / "docs/examples/acme"),
        "LINT": str(tmp_path), "MODE": "guardrails", "BASELINE": "", "IGNORE": "", "FAIL_ON": "warning",
    }  # fmt: skip
    env["PYTHONPATH"] = str(ROOT)
    done = subprocess.run(["bash", str(ROOT / "ci/github.sh")], env=env, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    found = dict(line.split("=", 1) for line in (tmp_path / "out").read_text().splitlines())
    assert (found["exit-code"], found["sarif"]) == ("1", "true")
    folder = Path(found["folder"])
    for name in ("prove", "lint"):
        assert {path.name for path in (folder / name).iterdir()} == {
            "perimeter.txt", "perimeter.json", "perimeter.sarif", "perimeter.xml", "perimeter.md"
        }  # fmt: skip
        assert (folder / f"sarif/{name}.sarif").is_file()
    assert "## perimeter lint: 1 finding in 1 policy" in (tmp_path / "summary").read_text()


def test_the_page_on_pull_requests_names_what_is_there() -> None:
    """Inputs of the action, the template and its variables, the hooks."""
    page = (ROOT / "docs/how-to/pull-request-gate.md").read_text("utf-8")
    github, gitlab, hooks = (
        YAML(typ="safe", pure=True).load(text) for text in re.findall(r"^```yaml\n(.*?)^```$", page, re.M | re.S)
    )
    assert set(github["steps"][1]["with"]) <= set(read("action.yml")["inputs"])
    (template,) = (entry["local"] for entry in gitlab["include"])
    assert set(gitlab["variables"]) <= set(read(template)["variables"])
    known = {hook["id"] for hook in read(".pre-commit-hooks.yaml")}
    assert {hook["id"] for hook in hooks["repos"][0]["hooks"]} <= known
