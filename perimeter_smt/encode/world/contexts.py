"""Accounts that contexts of encryption tell: whose resource a service encrypts (AR26)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from perimeter_smt.policy.document import Document

PREFIX = "kms:encryptioncontext:"
_ACCOUNT = re.compile(r"(?<![0-9])[0-9]{12}(?![0-9])")


def told_accounts(documents: Iterable[Document], members: Iterable[str], others: Iterable[str]) -> tuple[str, ...]:
    """The accounts that conditions on such keys name, and `others` as examples; none where no condition is on one.

    A variable stands for an account of the organization: all `members`.  That a wildcard in the place of an account
    stands for several is left open: more requests, not less.
    """
    conditions = [
        condition
        for document in documents
        for statement in document.statements
        for condition in statement.conditions
        if condition.name.startswith(PREFIX)
    ]
    if not conditions:
        return ()
    texts = [value for condition in conditions for value in condition.values]
    named = [account for text in texts for account in _ACCOUNT.findall(text)]
    variable = any("${" in text for text in texts)
    return tuple(dict.fromkeys((*named, *(members if variable else ()), *others)))
