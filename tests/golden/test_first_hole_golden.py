"""docs/tutorials/first-hole.md: every command is run on a copy of the example, and prints what the page shows."""

from __future__ import annotations

import io
import re
import shlex
import shutil
from pathlib import Path

from perimeter_smt.cli.main import run

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "tutorials" / "first-hole.md"
EXAMPLE = "docs/examples/acme-with-mistakes"
STEP = re.compile(r"```sh\n(perimeter [^\n]*)\n```\n\n```text\n(.*?)```\n|```diff\n(.*?)```\n", re.DOTALL)
# What a solver picks or happens to use: not what the page is about.
FREE = re.compile(r"\b[0-9]{12}\b|\d+ documented axioms?|\d+ stated facts?|(?<=:)[a-z]{2}(?:-[a-z]+)+-[0-9](?=:)")


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
    old = [line[1:] for line in diff.splitlines() if line.startswith("-")]
    new = [line[1:] for line in diff.splitlines() if line.startswith("+")]
    assert text.count("\n".join(old)) == 1
    return text.replace("\n".join(old), "\n".join(new))


def test_the_page_shows_what_is_printed(tmp_path, monkeypatch, capsys, request):
    """In the order of the page: a hole, its fix, and the proof."""
    text = PAGE.read_text("utf-8")
    assert f"cp -r {EXAMPLE} mine" in text
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    for target in (EXAMPLE, "mine"):
        shutil.copytree(ROOT / EXAMPLE, tmp_path / target)
    codes, renewed = [], text
    for step in STEP.finditer(text):
        command, shown, diff = step.groups()
        if diff:
            policy = Path("mine/rcp/identity-perimeter.json")
            policy.write_text(mend(policy.read_text("utf-8"), diff), "utf-8")
            continue
        code, out = printed(command, capsys, monkeypatch)
        codes.append(code)
        if request.config.getoption("--renew", default=False):
            # The same command stands there twice: the block that is still as it was read.
            renewed = renewed.replace(step[0], step[0].replace(f"```text\n{shown}```", f"```text\n{out}```"), 1)
        else:
            assert FREE.sub("", out) == FREE.sub("", shown), command
    assert codes == [1, 0, 0, 0, 0, 1]
    if renewed != text:
        PAGE.write_text(renewed, "utf-8")
