"""Pages that show what commands print: every such command is run in a folder with the examples, and compared.

In the order of the page. Files that a page gives (`name`: and a block) are there; a block of `diff` is applied.
"""

from __future__ import annotations

import io
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from perimeter_smt.cli.main import run

ROOT = Path(__file__).resolve().parents[2]
PAGES = {  # with the exit codes of the commands
    "tutorials/first-hole.md": [1, 0, 0, 0, 0, 1],
    "how-to/pack-scps.md": [0, 0, 0],
    "how-to/pull-request-gate.md": [0, 0, 1],
    "how-to/replay-cloudtrail.md": [1],
}
STEP = re.compile(r"```sh\n(perimeter [^\n]*)\n```\n\n```text\n(.*?)```\n|```diff\n(.*?)```\n", re.DOTALL)
FILE = re.compile(r"`([\w.-]+)`:\n\n```(?:json|python)\n(.*?)```\n", re.DOTALL)
# What a solver picks or happens to use: not what a page is about.
FREE = re.compile(r"\b[0-9]{12}\b|\d+ documented axioms?|\d+ stated facts?|\b[a-z]{2}(?:-[a-z]+)+-[0-9]\b")


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with the examples as a clone has them, and `mine`, the copy of the tutorial."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    for name in ("acme", "acme-with-mistakes"):
        shutil.copytree(ROOT / "docs/examples" / name, tmp_path / "docs/examples" / name)
    shutil.copytree(ROOT / "docs/examples/acme-with-mistakes", tmp_path / "mine")
    return tmp_path


def printed(command: str, capsys, monkeypatch) -> tuple[int, str]:
    """The exit code of the first part and what the last part of a pipeline prints."""
    codes, out = [], ""
    for part in command.split(" | "):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(out.encode())))
        codes.append(run(shlex.split(part)[1:]))
        out = capsys.readouterr().out
    return codes[0], out


def mend(text: str, diff: str) -> str:
    """A text after the lines of a diff."""
    old, new = ("\n".join(line[1:] for line in diff.splitlines() if line[0] == sign) for sign in "-+")
    assert text.count(old) == 1
    return text.replace(old, new)


@pytest.mark.parametrize("name", PAGES)
def test_pages_show_what_is_printed(name, here, monkeypatch, capsys, request):
    page = ROOT / "docs" / name
    text = renewed = page.read_text("utf-8")
    for file, content in FILE.findall(text):
        Path(file).write_text(content, "utf-8")
    codes = []
    for step in STEP.finditer(text):
        command, shown, diff = step.groups()
        if diff:
            policy = Path("mine/rcp/identity-perimeter.json")
            policy.write_text(mend(policy.read_text("utf-8"), diff), "utf-8")
            continue
        code, out = printed(command, capsys, monkeypatch)
        codes.append(code)
        if request.config.getoption("--renew", default=False):
            # The same command may stand there twice: the first block that is still as it was read.
            renewed = renewed.replace(step[0], step[0].replace(f"```text\n{shown}```", f"```text\n{out}```"), 1)
        else:
            assert FREE.sub("", out) == FREE.sub("", shown), command
    assert codes == PAGES[name]
    if renewed != text:
        page.write_text(renewed, "utf-8")


def test_no_page_is_forgotten():
    """A how-to with a command and its output is among them, and the tutorial starts with the copy."""
    for page in (ROOT / "docs" / "how-to").glob("*.md"):
        assert f"how-to/{page.name}" in PAGES or not STEP.search(page.read_text("utf-8")), page.name
    assert "cp -r docs/examples/acme-with-mistakes mine" in (ROOT / "docs/tutorials/first-hole.md").read_text("utf-8")


def test_the_pytest_page_runs(here):
    """The tests of the page pass on the example."""
    ((file, content),) = FILE.findall((ROOT / "docs/how-to/assertions-in-pytest.md").read_text("utf-8"))
    Path(file).write_text(content, "utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", file, "--perimeter=docs/examples/acme"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout
    assert "2 passed" in done.stdout


def test_the_axiom_that_is_shown_is_in_the_formal_text():
    page = (ROOT / "docs/how-to/add-an-axiom.md").read_text("utf-8")
    (shown,) = re.findall(r"```text\n(.*?)```", page, re.DOTALL)
    assert shown in (ROOT / "encodings/environment/network.smt2").read_text("utf-8")
