"""Do counterexamples stay outside what was left out of an organization?"""

from __future__ import annotations

import re
from collections.abc import Iterable, Set

from perimeter_smt.questions.verdicts import Counterexample, Verdict


def takes_left_out(shown: Iterable[Counterexample], removed: Set[str], organization: str) -> bool:
    """Whether one took the id of an account left out for a stranger's, or a name for one that is free.

    `removed`: ids of accounts and ARNs of principals.
    """
    for found in shown:
        told = repr((found.request, found.facts))
        if not removed.isdisjoint(re.findall(r"arn:[^'\"\\]*", told)):
            return True
        accounts = set(re.findall("[0-9]{12}", told)) & removed
        if any(found.facts.organizations.get(account) != organization for account in accounts):
            return True
    return False


def requests(verdicts: Iterable[Verdict]) -> list[Counterexample]:
    """The counterexamples of verdicts."""
    return [found for verdict in verdicts for found in verdict.counterexamples]
