"""What the README shows is what happens."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from perimeter_smt.cli.main import cli, run

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md"))
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")


def blocks(page: str, language: str) -> list[str]:
    return [text for found, text in BLOCK.findall((ROOT / page).read_text("utf-8")) if found == language]


def command_lines(page: str) -> list[list[str]]:
    """The arguments of every `perimeter ...` in the code blocks of a page."""
    out = []
    for text in [*blocks(page, ""), *blocks(page, "sh")]:
        for line in text.replace("\\\n", " ").splitlines():
            for part in line.split("&&"):
                words = shlex.split(part, comments=True)
                if words and words[0].removeprefix(".venv/bin/") == "perimeter":
                    out.append(words[1 : words.index(">")] if ">" in words else words[1:])
    return out


def test_python_block_runs(monkeypatch, capsys):
    """The example of the Python interface prints what it promises."""
    monkeypatch.chdir(ROOT)
    (text,) = blocks("README.md", "python")
    exec(compile(text, "README.md", "exec"), {"__name__": "readme"})
    first, *rest = capsys.readouterr().out.splitlines()
    assert first == "O1 refuted"
    assert "arn:aws:s3:::acme-exchange" in rest[0]
    assert rest[-1] == "more"


def test_first_command_ends_as_promised(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    (line,) = [words for words in command_lines("README.md") if words == ["prove", "docs/examples/acme"]]
    assert run(line) == 0
    assert "6 of 6 objectives proved" in capsys.readouterr().out


def test_form_without_a_workspace_ends_as_told(monkeypatch, capsys):
    """Two limits of RCPs are left, and the exit code is 1."""
    monkeypatch.chdir(ROOT)
    (line,) = [words for words in command_lines("README.md") if "--org-id" in words]
    assert run(line) == 1
    assert capsys.readouterr().out.count("NOT ACCEPTED") == 2


def test_output_in_the_readme_is_what_is_printed():
    """The excerpt is a beginning of the golden text, which another test compares with the program."""
    golden = (ROOT / "tests/golden/expected/example-mistakes.txt").read_text("utf-8")
    (shown,) = blocks("README.md", "text")
    assert golden.startswith(shown)


@pytest.mark.parametrize("page", ["README.md", "encodings/README.md", *PAGES])
def test_every_command_line_parses(page):
    """Commands, options and arguments on a page are those of the program."""
    for words in command_lines(page):
        if words[:1] in ([], ["--version"], ["--help"]):
            continue
        command = cli.commands[words[0]]
        with click.Context(command, info_name=words[0]) as context:
            command.make_parser(context).parse_args(args=list(words[1:]))


@pytest.mark.parametrize("page", ["README.md", "encodings/README.md", *PAGES])
def test_links_lead_somewhere(page):
    for target in LINK.findall((ROOT / page).read_text("utf-8")):
        if "://" not in target:
            assert ((ROOT / page).parent / target).exists(), target
