"""The page `docs/axioms.md`: what every axiom and every table that excludes requests rests on."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from perimeter_smt.report.axioms import Stated, sources, stated, untraced
from perimeter_smt.resources import encodings

_INTRO = """# Axioms

Made by `perimeter axioms --markdown` from the formal text and `encodings/axiom-sources.json`; do not edit.
AWS's pages were looked up on {date}.

An axiom is hard only if breaking it is impossible: it is a definition, or AWS states it without exception.
An Availability line of the page on [global condition keys]({keys}) (`only if`, `only when`) is read as the exact
condition; where AWS names exceptions, they are axioms of their own.
Presumed axioms are what AWS states with an exception that it does not list: they are assumed unless `perimeter.yaml`
names them under `doubts`, and every proof that cannot do without one says so.
Soft axioms are left out of what counts as proved unless `perimeter.yaml` accepts them by name.
What the ids mean: [the semantics](semantics/4-environment.md#4.8).
"""
_KEYS = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html"


_TABLES = """## Tables

What a row does to the requests that can be, and what its absence does: it `adds` some, or `excludes` some, so that a
proof may rest on it. What excludes stands on a page for each row, on a list of AWS, on an axiom that is soft or
presumed, on what `perimeter.yaml` says by name, or the mitigation that is named says that the table may know too
little (`as far as` in its report).
"""
_STANDS_ON = {
    "page": "a page for each row", "list": "AWS's list", "input": "what `perimeter.yaml` says",
    "complete": "a page for each row that says `complete`",
}  # fmt: skip


def axioms_page() -> str:
    """The page as Markdown."""
    rows = stated()
    hard = [row for row in rows if row.strength == "hard"]
    parts = [_INTRO.format(date=sources()["date"], keys=_KEYS)]
    said = (_sentence(row) for row in hard if row.page and not row.doubt)
    parts.append(_section("Hard: AWS says so", ("axiom", "AWS", "at"), said))
    defined = (_cells(row, _text(row.says)) for row in hard if row.says and not row.page)
    parts.append(_section("Hard: by definition", ("axiom", "because", "at"), defined))
    parts.append(
        "## Presumed\n\nAWS does not state these without exception.\n"
        "A proof that cannot do without one says `presumes`; under `doubts` in `perimeter.yaml` it is soft.\n"
        "What is in doubt, and which verdicts change, is listed.\n"
    )
    doubts = ((row, _doubt(row)) for row in rows if row.strength == "presumed")
    parts.append(_table(("axiom", "AWS", "presumes", "doubt", "at"), (_cells(row, *cells) for row, cells in doubts)))
    missing = untraced()
    if missing:
        parts.append("## Not traced\n\n" + ", ".join(f"`{name}`" for name in missing) + "\n")
    soft = (row for row in rows if row.strength == "soft")
    parts.append(_section("Soft", ("axiom", "source", "at"), (_cells(row, _text(row.source)) for row in soft)))
    points = (row for row in rows if row.kind == "open point")
    parts.append(_section("Open points", ("point", "chosen reading", "rival", "at"), (_point(row) for row in points)))
    parts.append(_TABLES)
    parts.append(_table(("table", "says", "AWS", "used by", "a row", "no row"), _tables()))
    return "\n".join(parts).rstrip("\n") + "\n"


def _sentence(row: Stated) -> tuple[str, ...]:
    return _cells(row, f"[{_text(row.says)}]({row.page})")


def _doubt(row: Stated) -> tuple[str, str, str]:
    entry = next(part for part in sources()["doubts"] if row.name in part["names"])
    doubt = f"{_text(row.doubt)}; doubted: {_text(entry['soft_changes'])}"
    return f"[{_text(row.says)}]({row.page})", _text(entry["presumes"]), doubt


def _point(row: Stated) -> tuple[str, ...]:
    chosen, _, rival = row.text.partition(" | ")
    return f"[{row.name}](semantics/7-open-points.md#{row.name})", _text(chosen), _text(rival), _place(row)


def _tables() -> Iterable[tuple[str, ...]]:
    for entry in sources()["tables"]:
        name = entry["table"]
        table = json.loads(encodings().joinpath("keys", f"{name}.json").read_text(encoding="utf-8"))
        page = table["source"].split(" ")[0]
        link = f"[page]({page})" if page.startswith("https://") else _text(table["source"])
        used = ", ".join(f"`{axiom}`" for axiom in entry["used_by"])
        file = f"[`{name}`](../encodings/keys/{name}.json), {table['date']}"
        yield file, _text(entry["says"]), link, used, _does(entry, "row"), _does(entry, "silence")


def _does(entry: Mapping[str, str], what: str) -> str:
    """What a row does to the requests that can be, or that there is none, and what that stands on."""
    by = entry.get(f"{what}_by", "")
    return f"{entry[what]}: {_STANDS_ON.get(by, f'`{by}`')}" if by else entry[what]


def _cells(row: Stated, *cells: str) -> tuple[str, ...]:
    return f"[{row.name}](semantics/4-environment.md#{row.base})", *cells, _place(row)


def _place(row: Stated) -> str:
    """The file without its line, so that the page does not change with every line that is added above."""
    return f"[{row.file.rsplit('/', 1)[1].split('.')[0]}](../{row.file})"


def _section(title: str, head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    return f"## {title}\n\n{_table(head, rows)}"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    lines += [f"| {' | '.join(cells)} |" for cells in rows]
    return "\n".join(lines) + "\n"


def _text(text: str) -> str:
    """Text for a cell: no characters that Markdown would read."""
    for character in "\\|[]*<>_":
        text = text.replace(character, f"\\{character}")
    return text
