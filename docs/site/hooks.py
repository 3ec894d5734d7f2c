"""What the site needs beside the pages: files that they link to outside `docs/`, and reference pages from the code."""

from __future__ import annotations

import html
import json
import posixpath
import re
from pathlib import Path
from typing import Any

import click
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[2]
LINK = re.compile(r"(\]\()((?:\.\./)+[^)#\s]+)((?:#[^)\s]*)?\))")
LANGUAGES = {".py": "python", ".smt2": "lisp", ".json": "json", ".yaml": "yaml", ".yml": "yaml", ".md": ""}
PICTURES = {".png", ".svg"}


def on_files(files: Files, config: Any) -> Files:
    """Add a page for every file outside that a page links to, and the reference."""
    outside: dict[str, Path] = {}
    for file in list(files):
        if file.is_documentation_page():
            for _, target, _ in LINK.findall(file.content_string):
                path = _resolved(file.src_uri, target)
                if path is not None:
                    outside[path.relative_to(ROOT).as_posix()] = path
    outside.update({entry.file: ROOT / entry.file for entry in _stated()})
    for name, path in sorted(outside.items()):
        if path.suffix in PICTURES:
            files.append(File.generated(config, f"source/{name}", abs_src_path=str(path)))
        else:
            files.append(File.generated(config, _page(name), content=_source(name, path)))
    files.append(File.generated(config, "reference/commands.md", content=_commands()))
    files.append(File.generated(config, "reference/python.md", content=_names()))
    files.append(File.generated(config, "reference/formal-text.md", content=_formal_text()))
    files.append(File.generated(config, "reference/schemas.md", content=_schemas()))
    for name, text in _schema_texts().items():
        files.append(File.generated(config, f"reference/schemas/{name}.json", content=text))
    files.append(File.generated(config, "reference/changes.md", content=(ROOT / "CHANGELOG.md").read_text("utf-8")))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:  # noqa: ARG001
    """Links to files outside lead to their pages."""
    here = posixpath.dirname(page.file.src_uri)

    def moved(found: re.Match[str]) -> str:
        path = _resolved(page.file.src_uri, found[2])
        if path is None:
            return found[0]
        name = path.relative_to(ROOT).as_posix()
        target = f"source/{name}" if path.suffix in PICTURES else _page(name)
        return f"{found[1]}{posixpath.relpath(target, here or '.')}{found[3] if path.suffix == '.md' else ')'}"

    return LINK.sub(moved, markdown)


def _resolved(page: str, target: str) -> Path | None:
    """The file or folder outside `docs/` that a link of a page leads to; None if it is inside or not there."""
    if page.startswith(("source/", "reference/")):
        return None
    path = (ROOT / "docs" / page).parent.joinpath(target).resolve()
    return path if path.exists() and ROOT in path.parents and ROOT / "docs" not in (path, *path.parents) else None


def _page(name: str) -> str:
    return f"source/{name.removesuffix('.md').replace('.', '-')}.md"


def _source(name: str, path: Path) -> str:
    if path.is_dir():
        listed = sorted(p.relative_to(ROOT).as_posix() for p in path.iterdir() if not p.name.startswith(("_", ".")))
        return f"# {name}\n\n" + "".join(f"* `{entry}`\n" for entry in listed)
    text = path.read_text("utf-8")
    if path.suffix == ".md":
        return re.sub(r"\]\((?!https?:)[^)]*\)", "]", text).replace("[", "").replace("]", "")
    numbers = ' linenums="1"' if path.suffix == ".smt2" else ""
    return f"# {name}\n\n```` {{.{LANGUAGES.get(path.suffix, '') or 'text'}{numbers}}}\n{text}````\n"


def _commands() -> str:
    """Every command with its options, as `--help` shows them."""
    from perimeter_smt.cli.commands import GROUPS, command_of

    out = ["# All commands and options\n"]
    for title, group in GROUPS.items():
        out.append(f"## {title}\n")
        for name in group:
            command = command_of(name)
            context = click.Context(command, info_name=f"perimeter {name}", terminal_width=100)
            out.append(f"### perimeter {name}\n\n```text\n{command.get_help(context)}\n```\n")
    return "\n".join(out)


def _schema_texts() -> dict[str, str]:
    """Every published JSON Schema by name."""
    from perimeter_smt.report.json import INPUT_SCHEMAS, SCHEMAS, schema

    return {name: schema(name) for name in (*INPUT_SCHEMAS, *SCHEMAS)}


def _schemas() -> str:
    """The list of schemas, each with its file."""
    out = ["# JSON Schemas\n", "As `perimeter schema NAME` prints them: the files of a workspace, then the outputs.\n"]
    out += ["| schema | describes |", "|---|---|"]
    for name, text in _schema_texts().items():
        out.append(f"| [{name}](schemas/{name}.json) | {json.loads(text)['title']} |")
    return "\n".join(out)


def _stated() -> tuple[Any, ...]:
    """Every axiom and open point that stands in the formal text."""
    from perimeter_smt.report.axioms import stated

    return tuple(entry for entry in stated() if entry.file.endswith(".smt2"))


def _formal_text() -> str:
    """Every axiom and open point by file, linked to its line."""
    out = [
        "# The formal text, line by line\n",
        "What the engine reads: every axiom and open point, with its strength and formula, linked to its line.",
        "[How to read it](../source/encodings/README.md); [AWS's sentences](../axioms.md).\n",
    ]
    by_file: dict[str, list[Any]] = {}
    for entry in _stated():
        by_file.setdefault(entry.file, []).append(entry)
    for file, entries in by_file.items():
        out.append(f"## {file.removeprefix('encodings/')}\n\n| name | strength | formula |\n|---|---|---|")
        for entry in entries:
            formula = html.escape(" ".join(entry.text.split())).replace("|", "&#124;").replace("*", "&#42;")
            place = f"../{_page(file)}#__codelineno-0-{entry.line}"
            out.append(f"| [{entry.name}]({place}) | {entry.strength} | <code>{formula}</code> |")
        out.append("")
    return "\n".join(out)


def _names() -> str:
    """The public names, from their docstrings."""
    import perimeter_smt
    import perimeter_smt.assertions

    out = ["# The Python interface\n"]
    for name in perimeter_smt.__all__:
        where = perimeter_smt._WHERE[name]
        module, _, attribute = where.partition(":")
        found = getattr(perimeter_smt, name)
        full = (
            f"{getattr(found, '__module__', f'perimeter_smt.{module}')}.{getattr(found, '__name__', attribute or name)}"
        )
        out.append(f"::: {full}\n")
    out.append("## Assertions\n")
    out += [f"::: {value.__module__}.{name}\n" for name in ("assert_holds", "check", "all_of", "any_of", "on", "key")
            if (value := getattr(perimeter_smt.assertions, name))]  # fmt: skip
    return "\n".join(out)
