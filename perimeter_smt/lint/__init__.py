"""Known mistakes in guardrails and policies (semantics 5.4), one rule per file in `rules/`.

A finding is advice: it says that a policy is likely to do something else than meant. Proofs are not affected by it.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from importlib import import_module
from inspect import isabstract
from pkgutil import iter_modules

from perimeter_smt.lint import rules as _rules
from perimeter_smt.lint.rule import Finding, Rule
from perimeter_smt.lint.severity import Severity
from perimeter_smt.policy.document import Document

__all__ = ["Finding", "Rule", "Severity", "lint", "rules"]


@lru_cache(maxsize=1)
def rules() -> tuple[Rule, ...]:
    """Every rule of the folder `rules/`, by id."""
    found: list[Rule] = []
    for module_info in iter_modules(_rules.__path__, f"{_rules.__name__}."):
        module = import_module(module_info.name)
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, Rule) and not isabstract(value):
                if value.__module__ == module.__name__:
                    found.append(value())
    return tuple(sorted(found, key=lambda rule: rule.id))


def lint(document: Document, chosen: Iterable[Rule] | None = None) -> list[Finding]:
    """What the rules (all, or those chosen) say about a document, in the order of its lines, then of rule ids."""
    asked = rules() if chosen is None else chosen
    found = [finding for rule in asked if document.kind in rule.kinds for finding in rule.check(document)]
    return sorted(found, key=lambda finding: (finding.location.line, finding.rule))
