"""Findings of the lint rules, and the rules themselves, as text and JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from perimeter_smt.lint import Finding, rules
from perimeter_smt.report.page import Page
from perimeter_smt.report.words import plural


def render(found: Sequence[Finding], documents: int, *, width: int | None = None, color: bool = False) -> str:
    """One line per finding, then what each rule that spoke has to say."""
    page = Page(width, color=color)
    for finding in found:
        page.text(f"{finding.location}: {finding.rule} {finding.message}", hang=2)
    spoke = {finding.rule for finding in found}
    _write_rules(page, spoke)
    page.blank()
    page.text(f"{plural(len(found), 'finding')} in {plural(documents, 'policy', 'policies')}", style="bold")
    return str(page)


def render_rules(*, width: int | None = None, color: bool = False) -> str:
    """Every rule with its advice and source."""
    page = Page(width, color=color)
    _write_rules(page, {rule.id for rule in rules()})
    return str(page)


def findings_json(found: Sequence[Finding], documents: int) -> dict[str, Any]:
    """Findings as `schemas/lint.json` describes them."""
    known = {rule.id: rule for rule in rules()}
    return {
        "format": 1,
        "policies": documents,
        "findings": [
            {
                "id": finding.rule,
                "title": known[finding.rule].title,
                "message": finding.message,
                "text": known[finding.rule].text,
                "source": known[finding.rule].source,
                "file": finding.location.file,
                "line": finding.location.line,
                "path": finding.location.path,
            }
            for finding in found
        ],
    }


def _write_rules(page: Page, ids: set[str]) -> None:
    for rule in rules():
        if rule.id in ids:
            page.blank()
            page.text(f"{rule.id} {rule.title}", style="bold")
            page.text(rule.text, indent=2)
            page.text(rule.source, indent=2, style="dim")
