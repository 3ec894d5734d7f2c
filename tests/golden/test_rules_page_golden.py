"""The page of lint rules lists the rules as they are. Renew: `python -m pytest tests/golden --renew`."""

from __future__ import annotations

from pathlib import Path

import pytest

from perimeter_smt.report.findings import rules_table

PAGE = Path(__file__).resolve().parents[2] / "docs/lint.md"
MARK = "<!-- rules -->\n"


def test_page_lists_the_rules(request: pytest.FixtureRequest) -> None:
    head, mark, table = PAGE.read_text("utf-8").partition(MARK)
    assert mark
    if request.config.getoption("--renew"):
        PAGE.write_text(head + mark + rules_table(), "utf-8")
        return
    assert table == rules_table()
