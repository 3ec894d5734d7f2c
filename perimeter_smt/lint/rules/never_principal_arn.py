"""ARN that `aws:PrincipalArn` never holds."""

from __future__ import annotations

import re
from collections.abc import Iterator

from perimeter_smt.lint.rule import IAM_GUIDE, ConditionRule, Finding, Place
from perimeter_smt.lint.severity import Severity
from perimeter_smt.policy.json_positions import quoted
from perimeter_smt.policy.operators import Family

_OPEN = re.compile(r"[*?$<>\[\]{}]")
_VARIABLE = re.compile(r"\$\{[^}]*\}")  # its colon cuts no ARN
_HELD = {"iam": ("root", "user/", "role/"), "sts": ("federated-user/",)}


def _instead(value: str) -> str | None:
    """What the key holds where it never holds this; None where it may, or where the value is left open."""
    fields = _VARIABLE.sub("*", value).split(":", 5)
    if len(fields) < 6 or fields[0] != "arn" or _OPEN.search(fields[2]):
        return None
    start = _OPEN.split(fields[5], maxsplit=1)[0]
    if any(start.startswith(held) or held.startswith(start) for held in _HELD.get(fields[2].lower(), ())):
        return None
    if fields[2] == "sts" and start.startswith("assumed-role/"):
        return "the ARN of the role, `arn:aws:iam::...:role/...`, also for its sessions"
    return "the ARN of a root user, user, role or federated user"


class NeverPrincipalArn(ConditionRule):
    """Rule PL061."""

    id = "PL061"
    title = "ARN that aws:PrincipalArn never holds"
    text = (
        "The key holds the ARN of the root user, of a user, of a federated user, or, for every session of a role, of "
        "the role. Sessions (`assumed-role`), groups and resources are never in it: an exemption for them exempts "
        "nobody, a condition on them is never met. Write the ARN of the role."
    )
    source = f"{IAM_GUIDE}reference_policies_condition-keys.html#condition-keys-principalarn"
    severity = Severity.ERROR

    def condition(self, at: Place) -> Iterator[Finding]:
        """The findings in one condition."""
        condition = at.condition
        if condition.name != "aws:principalarn" or condition.operator.base.family not in (Family.ARN, Family.STRING):
            return
        for value in condition.values:
            expected = _instead(value)
            if expected:
                yield self.found(
                    f"{quoted(condition.key)} never holds {quoted(value)}, expected {expected}", condition.location
                )
