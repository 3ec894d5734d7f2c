"""`perimeter why NAME` and `perimeter axioms`: what a name in a report says, and where it comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from perimeter_smt.cli.options import completing
from perimeter_smt.cli.output import colors, emit, links, width

if TYPE_CHECKING:
    from perimeter_smt.report.axioms import Stated
    from perimeter_smt.report.index import Entry


@click.command()
@click.argument("name", shell_complete=completing("explained"))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--no-color", is_flag=True, help="No colours.")
def why(name: str, as_json: bool, no_color: bool) -> None:
    """Explain a NAME of a report: axiom, open point, limit, objective, verdict, lint rule or table."""
    from perimeter_smt.report.index import explain, why_json
    from perimeter_smt.report.json import dumps

    found = explain(name)
    emit(dumps(why_json(found)) if as_json else _explained(found, no_color=no_color))


@click.command()
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--markdown", is_flag=True, help="Print the page `docs/axioms.md`.")
@click.option("--no-color", is_flag=True, help="No colours.")
def axioms(name: str | None, as_json: bool, markdown: bool, no_color: bool) -> None:
    """List all axioms and open points with strength, source, date and place; with NAME explain one."""
    from perimeter_smt.errors import InputError
    from perimeter_smt.report.axioms import axioms_json, stated
    from perimeter_smt.report.axioms_page import axioms_page
    from perimeter_smt.report.index import explain, of_stated
    from perimeter_smt.report.json import dumps

    if markdown and (name or as_json):
        raise click.UsageError("`--markdown` is the whole page, without a name and without `--json`")
    if markdown:
        emit(axioms_page())
        return
    rows = stated()
    if name:
        names = {entry.name for entry in explain(name)}
        rows = tuple(row for row in rows if row.name in names)
        if not rows:
            raise InputError(f"`{name}` is no axiom and no open point, see `perimeter why {name}`")
    if as_json:
        emit(dumps(axioms_json(rows)))
    elif name:
        emit(_explained(tuple(of_stated(row) for row in rows), no_color=no_color))
    else:
        emit(_listed(rows, no_color=no_color))


def _explained(entries: tuple[Entry, ...], *, no_color: bool) -> str:
    import sys

    from perimeter_smt.report.page import Page

    page = Page(width(), color=colors(sys.stdout, no_color=no_color), links=links(sys.stdout, no_color=no_color))
    for entry in entries:
        page.blank()
        title, source = _in_words(entry)
        page.text(f"{entry.name} ({entry.kind}): {title}", hang=2)
        page.item("means", entry.meaning, indent=2)
        if title != entry.text:  # four lines are enough
            page.item("formula", f"{entry.text} ({entry.place})", indent=2)
            page.item("source", source, indent=2)
        else:
            page.item("source", source, indent=2)
            page.item("at", entry.place, indent=2)
    return str(page)


def _in_words(entry: Entry) -> tuple[str, str]:
    """An axiom as a sentence (AWS's, the definition, or what its source says of it), and its source without it."""
    if entry.kind != "axiom":
        return entry.text, entry.source
    source, _, says = entry.source.partition("; AWS: ")
    if says:
        sentence, _, page = says.rpartition(" (")
        return sentence, f"{source} ({page}"
    source, _, says = entry.source.partition("; true by definition: ")
    if says:
        return says.rpartition(" (")[0], source
    section, colon, sentence = source.partition(": ")
    return (sentence, section) if colon else (entry.text, source)


def _listed(rows: tuple[Stated, ...], *, no_color: bool) -> str:
    import sys

    from perimeter_smt.report.page import Page

    page = Page(width(), color=colors(sys.stdout, no_color=no_color))
    longest = max(len(row.name) for row in rows)
    for row in rows:
        what = row.source if row.kind == "axiom" else row.text
        line = f"{row.name.ljust(longest)}  {row.strength}  {row.date}  {row.file}:{row.line}  {what}"
        page.text(line, hang=longest + 2, style="yellow" if row.doubt else "")
    counts = {kind: sum(row.strength == kind for row in rows) for kind in ("hard", "presumed", "soft", "open")}
    page.blank()
    axioms = ", ".join(f"{counts[kind]} {kind}" for kind in ("hard", "presumed", "soft"))
    page.text(f"{axioms} axioms, {counts['open']} open points")
    page.text("`perimeter why NAME` explains one")
    return str(page)
