"""What a policy admits, counted: as JSON and as text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from perimeter_smt.questions.findings.measure import Count, Measure
from perimeter_smt.report.json import FORMAT
from perimeter_smt.report.page import Page

Counted = tuple[Measure, int | None]  # with the number of requests of a domain, where one was given
_LABELS = {"actions": "actions", "ipv4": "IPv4", "ipv6": "IPv6", "accounts": "accounts", "resources": "ARNs"}


def measures_json(found: Sequence[Counted]) -> dict[str, Any]:
    """One measure or two, as `schemas/measure.json` describes them."""
    shown = [{**asdict(one), "in_domain": inside} for one, inside in found]
    return {"format": FORMAT, "before": shown[0], "after": shown[1] if len(shown) > 1 else None}


def render(found: Sequence[Counted], *, width: int | None = None, color: bool = False) -> str:
    """The numbers; of two versions side by side."""
    page = Page(width, color=color)
    names = " and then ".join(one.source for one, _ in found)
    page.text(f"{names} {'admits' if len(found) == 1 else 'admit'}", style="bold")
    for name, label in _LABELS.items():
        counts = [one.counts[name] for one, _ in found if name in one.counts]
        if not counts:
            continue
        shown = " -> ".join(map(_number, counts))
        what = f" of up to {found[0][0].length} characters" if name == "resources" else ""
        notes = list(dict.fromkeys(count.note for count in counts if count.note))
        page.item(label, [shown + what, *notes], indent=2)
    inside = [str(number) for _, number in found if number is not None]
    page.item("domain", f"{' -> '.join(inside)} requests" if inside else "", indent=2)
    return str(page)


def _number(count: Count) -> str:
    if count.exact:
        return _short(count.low)
    return f"between {_short(count.low)} and {_short(count.high)}"


def _short(number: int) -> str:
    """The number; rounded where nobody would read its digits."""
    return f"{number:,}" if number < 10**15 else f"about {number:.2e}"
