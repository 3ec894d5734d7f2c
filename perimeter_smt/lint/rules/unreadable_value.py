"""Condition value that the operator cannot read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from ipaddress import ip_network

from perimeter_smt.lint.rule import IAM_GUIDE, ConditionRule, Finding, Place
from perimeter_smt.lint.severity import Severity
from perimeter_smt.policy.json_positions import quoted
from perimeter_smt.policy.operators import Family

_NUMBER = re.compile(r"[-+]?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")
_DATE = re.compile(r"[0-9]{4}(?:-[0-9]{2}(?:-[0-9]{2}(?:T[0-9:.]+(?:Z|[-+][0-9]{2}:?[0-9]{2})?)?)?)?|[0-9]+")


def _is_address(value: str) -> bool:
    try:
        ip_network(value, strict=False)
    except ValueError:
        return False
    return True


def _is_boolean(value: str) -> bool:
    return value.lower() in ("true", "false")


def _is_number(value: str) -> bool:
    return _NUMBER.fullmatch(value) is not None


def _is_date(value: str) -> bool:
    return _DATE.fullmatch(value) is not None


_READERS: dict[Family, tuple[Callable[[str], bool], str]] = {
    Family.IP: (_is_address, "an address or a range such as `203.0.113.0/24`"),
    Family.NUMERIC: (_is_number, "a number"),
    Family.DATE: (_is_date, "a date such as `2026-01-31T00:00:00Z`"),
    Family.BOOL: (_is_boolean, "`true` or `false`"),
    Family.NULL: (_is_boolean, "`true` or `false`"),
}


class UnreadableValue(ConditionRule):
    """Rule PL022."""

    id = "PL022"
    title = "condition value that the operator cannot read"
    text = (
        "A value that is no address, number, date or boolean compares with nothing: a positive condition never "
        "holds, a negated one always does. Write a value that the operator can read."
    )
    source = f"{IAM_GUIDE}reference_policies_elements_condition_operators.html"
    severity = Severity.ERROR

    def condition(self, at: Place) -> Iterator[Finding]:
        """The findings in one condition."""
        condition = at.condition
        readable, expected = _READERS.get(condition.operator.base.family, (None, ""))
        if readable is None:
            return
        for value in condition.values:
            if not readable(value) and not (condition.operator.base.variables and "${" in value):
                yield self.found(
                    f"`{condition.operator}` cannot read {quoted(value)}, expected {expected}", condition.location
                )
