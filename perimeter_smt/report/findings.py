"""Findings of the lint rules, and the rules themselves, as text and JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from perimeter_smt.lint import Rule, rules
from perimeter_smt.lint.fold import Folded
from perimeter_smt.policy.guessed_kind import Guess, Sure
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.report.page import Page
from perimeter_smt.report.words import plural


def render(
    result: Mapping[str, Any],
    *,
    width: int | None = None,
    color: bool = False,
    links: Mapping[str, str] | None = None,
) -> str:
    """One line per finding, what each rule that spoke has to say, and the kinds that were guessed."""
    page = Page(width, color=color, links=links)
    for finding in result["findings"]:
        more = finding["count"] - 1
        tail = f" (and {plural(more, 'more place', 'more places')} in this file)" if more else ""
        page.text(f"{finding['file']}:{finding['line']}: {finding['id']} {finding['message']}{tail}", hang=2)
    spoke = {finding["id"] for finding in result["findings"]}
    _write_rules(page, [rule for rule in rules() if rule.id in spoke])
    guessed = [row for row in result["kinds"] if row["sure"] != Sure.CERTAIN]
    if guessed:
        page.blank()
    for row in guessed:
        page.text(f"{row['file']}: read as {row['kind']} ({row['sure']}: {row['why']}), `--type` overrides", hang=2)
    page.blank()
    total = sum(finding["count"] for finding in result["findings"])
    skipped = f", {plural(result['skipped'], 'other *.json', 'other *.json')} passed over" if result["skipped"] else ""
    summary = f"{plural(total, 'finding')} in {plural(result['policies'], 'policy', 'policies')}{skipped}"
    page.text(summary, style="bold")
    return str(page)


def render_rules(chosen: Sequence[Rule], *, width: int | None = None, color: bool = False) -> str:
    """These rules with their advice and source."""
    page = Page(width, color=color)
    _write_rules(page, chosen)
    return str(page)


def rules_table() -> str:
    """Every rule as a row of a Markdown table, for the page of rules."""
    rows = ["| rule | severity | what it finds | kinds of policy |", "|---|---|---|---|"]
    for rule in rules():
        kinds = "all" if rule.kinds == frozenset(Kind) else ", ".join(sorted(rule.kinds))
        rows.append(f"| [{rule.id}]({rule.source}) | {rule.severity} | {rule.title} | {kinds} |")
    return "\n".join(rows) + "\n"


def findings_json(
    found: Sequence[Folded], documents: int, kinds: Mapping[str, Guess], skipped: int = 0
) -> dict[str, Any]:
    """Findings as `schemas/lint.json` describes them."""
    known = {rule.id: rule for rule in rules()}
    return {
        "format": 1,
        "policies": documents,
        "skipped": skipped,
        "kinds": [
            {"file": file, "kind": str(guess.kind), "sure": str(guess.sure), "why": guess.why}
            for file, guess in sorted(kinds.items())
        ],
        "findings": [_finding(one, known[one.first.rule]) for one in found],
    }


def _finding(one: Folded, rule: Rule) -> dict[str, Any]:
    first = one.first
    return {
        "id": rule.id,
        "severity": str(rule.severity),
        "title": rule.title,
        "message": first.message,
        "text": rule.text,
        "source": rule.source,
        "file": first.location.file,
        "line": first.location.line,
        "path": first.location.path,
        "count": len(one.places),
        "places": [
            {"message": place.message, "line": place.location.line, "path": place.location.path} for place in one.places
        ],
    }


def _write_rules(page: Page, chosen: Sequence[Rule]) -> None:
    for rule in chosen:
        page.blank()
        page.text(f"{rule.id} {rule.title} ({rule.severity})", style="bold")
        page.text(rule.text, indent=2)
        page.text(rule.source, indent=2, style="dim")
