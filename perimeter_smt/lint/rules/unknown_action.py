"""Action that does not exist."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from perimeter_smt.lint.facts import matches
from perimeter_smt.lint.rule import Finding, StatementRule
from perimeter_smt.policy.document import Statement
from perimeter_smt.policy.json_positions import quoted
from perimeter_smt.request import actions


@lru_cache(maxsize=16384)
def _exists(pattern: str) -> bool:
    if "*" not in pattern and "?" not in pattern:
        return actions.action_info(pattern) is not None
    return any(matches(pattern, str(info)) for info in actions.actions(pattern.partition(":")[0]))


class UnknownAction(StatementRule):
    """Rule PL016."""

    id = "PL016"
    title = "action that does not exist"
    text = (
        "The service authorization reference knows no such action, so that the entry matches nothing. Check the "
        "spelling; the name of an API call and of its action can differ."
    )
    source = "https://docs.aws.amazon.com/service-authorization/latest/reference/reference.html"

    def statement(self, statement: Statement) -> Iterator[Finding]:
        """The findings in one statement."""
        for value in statement.action.values:
            service, colon, _ = value.partition(":")
            if not colon or not value.strip("*:") or "*" in service or "?" in service:
                continue
            known = actions.actions(service)
            if not known:
                yield self.found(f"{quoted(value)}: unknown service {quoted(service)}", statement.action.location)
            elif not _exists(value):
                yield self.found(f"{quoted(value)} matches no action of {quoted(service)}", statement.action.location)
