"""Findings of one rule in one file as one: the first place, and the others with it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from perimeter_smt.lint.rule import Finding


@dataclass(frozen=True, slots=True)
class Folded:
    """What one rule found in one file, in order; never empty."""

    places: tuple[Finding, ...]

    @property
    def first(self) -> Finding:
        """The finding that stands for all."""
        return self.places[0]


def fold(found: Iterable[Finding]) -> list[Folded]:
    """One entry per file and rule, in the order of the first places."""
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in found:
        groups.setdefault((finding.location.file, finding.rule), []).append(finding)
    return [Folded(tuple(places)) for places in groups.values()]
