"""What the README shows is what happens."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from perimeter_smt.cli.commands import all_commands, command_of
from perimeter_smt.cli.main import run
from perimeter_smt.organization.perimeter import Perimeter
from perimeter_smt.organization.readers.perimeter_file import read_perimeter
from perimeter_smt.organization.readers.values import REACHES
from perimeter_smt.organization.readers.yaml import parse_yaml
from perimeter_smt.report.json import INPUT_SCHEMAS, SCHEMAS

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md"))
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PICKED = re.compile(r"\b[0-9]{12}\b|(?<=:)[a-z]{2}(?:-[a-z]+)+-[0-9](?=:)")
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")


def blocks(page: str, language: str) -> list[str]:
    return [text for found, text in BLOCK.findall((ROOT / page).read_text("utf-8")) if found == language]


def command_lines(page: str) -> list[list[str]]:
    """The arguments of every `perimeter ...` in the code blocks of a page."""
    out = []
    for text in [*blocks(page, ""), *blocks(page, "sh")]:
        for line in text.replace("\\\n", " ").splitlines():
            for part in re.split(r"&&|\s\|\s", line):
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


def test_table_of_commands_is_complete():
    page = (ROOT / "README.md").read_text("utf-8")
    for name in all_commands():
        assert re.search(rf"`perimeter {name}[ `]", page), name


def test_first_command_ends_as_promised(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    (line,) = [words for words in command_lines("README.md") if words == ["prove", "docs/examples/acme"]]
    assert run(line) == 0
    assert "acme: CLOSED. All 36 checks proved" in capsys.readouterr().out


def test_form_without_a_workspace_ends_as_told(monkeypatch, capsys):
    """Two limits of RCPs are left, and the exit code is 1."""
    monkeypatch.chdir(ROOT)
    (line,) = [words for words in command_lines("README.md") if "--org-id" in words]
    assert run(line) == 1
    assert capsys.readouterr().out.count("NOT ACCEPTED") == 2


def printed() -> str:
    """The golden text, which another test compares with the program."""
    return masked((ROOT / "tests/golden/expected/example-mistakes.txt").read_text("utf-8"))


def masked(text: str) -> str:
    """Without the accounts and Regions that a counterexample picks, as in the golden text."""
    return PICKED.sub("...", text)


def test_output_in_the_readme_is_what_is_printed():
    (shown,) = blocks("README.md", "text")
    assert printed().startswith(masked(shown))


def test_output_on_the_page_of_examples_is_what_is_printed():
    found = printed().splitlines()
    for text in blocks("docs/examples/README.md", "text"):
        for line in masked(text).splitlines():
            assert line.strip() == "..." or line in found


@pytest.mark.parametrize("page", ["README.md", "encodings/README.md", *PAGES])
def test_every_command_line_parses(page):
    """Commands, options and arguments on a page are those of the program."""
    for words in command_lines(page):
        if words[:1] in ([], ["--version"], ["--help"]):
            continue
        command = command_of(words[0])
        with click.Context(command, info_name=words[0]) as context:
            command.make_parser(context).parse_args(args=list(words[1:]))


@pytest.mark.parametrize("page", ["README.md", "encodings/README.md", *PAGES])
def test_links_lead_somewhere(page):
    for target in LINK.findall((ROOT / page).read_text("utf-8")):
        if "://" not in target:
            assert ((ROOT / page).parent / target).exists(), target


def test_yaml_of_the_workspace_page_is_accepted():
    """Every example of `perimeter.yaml` is read, and together they show every field."""
    texts = [text for text in blocks("docs/workspace.md", "yaml") if not text.startswith("id:")]
    shown = set()
    for text in texts:
        found = read_perimeter(parse_yaml(text if "orgs:" in text else f"orgs: [o-acme0000001]\n{text}", file="page"))
        shown |= found.model_fields_set & {name for name, value in found if value != Perimeter(orgs=()).__dict__[name]}
    assert len(texts) == 9
    assert shown >= {"paths", "vpcs", "cidrs", "third_principals", "third_resources", "services", "service_resources"}
    assert shown >= {"tag_exceptions", "role_exceptions", "scopes", "accepted", "assumptions"}


def test_workspace_page_names_every_limit_and_member():
    page = (ROOT / "docs/workspace.md").read_text("utf-8")
    for name in (*REACHES, *Perimeter.model_fields):
        named = {"tag_exceptions": "tags", "role_exceptions": "roles"}.get(name, name)
        assert f"`{named}`" in page, name


def test_commands_page_names_every_option():
    page = (ROOT / "docs/commands.md").read_text("utf-8")
    for command in all_commands().values():
        for parameter in command.params:
            for option in parameter.opts if isinstance(parameter, click.Option) else ():
                assert f"`{option}" in page, f"{command.name} {option}"


def test_commands_page_has_the_order_of_help():
    """A section for each command, by group; every schema is named."""
    page = (ROOT / "docs/commands.md").read_text("utf-8")
    shown = re.findall(r"^## (.+)$", page, re.MULTILINE)
    assert shown == [*all_commands(), "JSON", "Version"]
    section = page.partition("## schema\n")[2].partition("\n## ")[0]
    for name in (*SCHEMAS, *INPUT_SCHEMAS):
        assert f"`{name}`" in section, name


def test_index_names_every_page():
    index = (ROOT / "docs/README.md").read_text("utf-8")
    folders = ("", "verification", "tutorials", "how-to")
    for page in (path for folder in folders for path in (ROOT / "docs" / folder).glob("*.md")):
        name = page.relative_to(ROOT / "docs").as_posix()
        assert name == "README.md" or f"({name})" in index, name


def test_the_site_names_every_page():
    """The navigation of the site; its build is strict about the rest."""
    site = (ROOT / "mkdocs.yml").read_text("utf-8")
    for page in PAGES:
        assert re.search(rf"(?:- |: ){re.escape(page.removeprefix('docs/'))}$", site, re.MULTILINE), page


def test_pictures_are_small():
    for picture in (ROOT / "docs/pictures").glob("*.png"):
        assert picture.stat().st_size < 200_000, picture.name
