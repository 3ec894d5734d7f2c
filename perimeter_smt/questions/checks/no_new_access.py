"""CheckNoNewAccess: does an updated policy grant anything that the existing one does not?

IAM Access Analyzer API reference, CheckNoNewAccess: both documents are identity or both resource policies; every
condition key may have any value.
"""

from __future__ import annotations

from datetime import date

from perimeter_smt.policy.document import Document
from perimeter_smt.questions.checks.grants import Words, asking_for, check
from perimeter_smt.questions.checks.verdicts import Check
from perimeter_smt.solve.result import Limits

_WORDS = Words(
    "CheckNoNewAccess",
    "The modified permissions do not grant new access compared to your existing policy.",
    "The modified permissions grant new access compared to your existing policy.",
    "New access in the statement",
)


def no_new_access(
    existing: Document,
    new: Document,
    *,
    only_possible: bool = False,
    limits: Limits | None = None,
    today: date | None = None,
) -> Check:
    """Whether `new` allows a request that `existing` does not; FAIL names every statement that does.

    `only_possible`: only requests that AWS can produce count, by the environment axioms of `perimeter compare`,
    made on `today` (default: the day of the call) or later.
    """
    return check(_WORDS, new.name, existing, new, asking_for(only_possible=only_possible, limits=limits, today=today))
