"""What nobody can show: a request of which it is left open what wildcards in the value of a variable match (X-42).

The formulas let such a wildcard match anything or nothing, so that a request may be one that the evaluator does not let
through. Then no request is shown, and the answer says why.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from perimeter_smt.errors import LeftOpenError

POINT = "X-42"
LEFT_OPEN = f"what wildcards inside the value of a variable match ({POINT}) is left open, and all may hang on it"

_Shown = TypeVar("_Shown")


def known(show: Callable[[], _Shown]) -> _Shown | None:
    """What is shown; None where it is left open whether the request gets through."""
    try:
        return show()
    except LeftOpenError:
        return None
