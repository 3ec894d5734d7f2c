"""Operator of another type than the key."""

from __future__ import annotations

import re
from collections.abc import Iterator

from perimeter_smt.lint.rule import IAM_GUIDE, ConditionRule, Finding, Place
from perimeter_smt.policy.json_positions import quoted
from perimeter_smt.policy.operators import Family
from perimeter_smt.request.keys import key_info

_ACCEPTED = {
    Family.STRING: ("String", "ARN", "Bool", "Numeric", "Date", "Binary"),
    Family.NUMERIC: ("Numeric", "Date"),
    Family.DATE: ("Date",),
    Family.BOOL: ("Bool", "String"),
    Family.BINARY: ("Binary", "String"),
    Family.IP: ("IPAddress",),
    Family.ARN: ("ARN", "String"),
}
_VARIABLE = re.compile(r"\$\{\s*([^,}\s]+)\s*(?:,[^}]*)?\}")


class OperatorType(ConditionRule):
    """Rule PL028."""

    id = "PL028"
    title = "operator of another type than the key"
    text = (
        "The operator reads values in another way than the key supplies them: addresses compared as text ignore "
        "ranges, names compared as numbers never match. Use an operator of the type of the key."
    )
    source = f"{IAM_GUIDE}reference_policies_elements_condition_operators.html"

    def condition(self, at: Place) -> Iterator[Finding]:
        """The findings in one condition."""
        condition = at.condition
        info = key_info(condition.key)
        accepted = _ACCEPTED.get(condition.operator.base.family)
        if info.known and accepted is not None and info.type not in accepted and not _as_it_is(at):
            message = f"`{condition.operator}` on {quoted(condition.key)}, which holds values of type {info.type}"
            yield self.found(message, condition.location)


def _as_it_is(at: Place) -> bool:
    """Whether a text is compared with another key of its type, as AWS compares the address of an instance."""
    names = [_VARIABLE.fullmatch(value) for value in at.condition.values]
    own = key_info(at.condition.key).type
    return at.condition.operator.base.family is Family.STRING and all(
        name is not None and key_info(name[1]).type == own for name in names
    )
