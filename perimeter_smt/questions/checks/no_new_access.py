"""CheckNoNewAccess: does an updated policy grant anything that the existing one does not?

IAM Access Analyzer API reference, CheckNoNewAccess: both documents are identity or both resource policies; every
condition key may have any value.
"""

from __future__ import annotations

from perimeter_smt.policy.document import Document
from perimeter_smt.questions.checks.grants import Asking, Words, check
from perimeter_smt.questions.checks.verdicts import Check
from perimeter_smt.solve.result import Limits

_WORDS = Words(
    "CheckNoNewAccess",
    "The modified permissions do not grant new access compared to your existing policy.",
    "The modified permissions grant new access compared to your existing policy.",
    "New access in the statement",
)


def no_new_access(
    existing: Document, new: Document, *, only_possible: bool = False, limits: Limits | None = None
) -> Check:
    """Whether `new` allows a request that `existing` does not; FAIL names every statement that does.

    `only_possible`: only requests that AWS can produce count, by the environment axioms of `perimeter compare`.
    """
    return check(_WORDS, new.name, existing, new, Asking(free=not only_possible, over=True, limits=limits))
