"""Grant on every resource where the actions take named ones."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from perimeter_smt.lint.facts import listed, matches
from perimeter_smt.lint.rule import IAM_GUIDE, Finding, StatementRule
from perimeter_smt.lint.severity import Severity
from perimeter_smt.policy.document import Statement
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.request import actions

_ABOUT_RESOURCES = ("aws:resource", "aws:requesttag/", "aws:tagkeys")


@lru_cache(maxsize=16384)
def _takes_resources(pattern: str) -> bool:
    """Whether an action of this pattern can be limited to a resource."""
    service, colon, _ = pattern.partition(":")
    if not colon:
        return False  # every action is granted: naming resources would not narrow that
    known = actions.actions(service) if "*" not in service and "?" not in service else ()
    if "*" not in pattern and "?" not in pattern:
        info = actions.action_info(pattern)
        return info is not None and _limits(info)
    return any(_limits(info) for info in known if matches(pattern, str(info)))


def _limits(info: actions.ActionInfo) -> bool:
    """Whether it has a type of resources, beside what stands for all of a type (`user/`, `table/*`)."""
    return any(not actions.of_stars(info.service, use.type) for use in info.resource_types)


class StarResource(StatementRule):
    """Rule PL044."""

    id = "PL044"
    title = "grant on every resource"
    text = (
        "`*` as resource grants the actions on every resource of the account, and on those that others share with it. "
        "Name the resources where the actions take them, or limit them by a condition such as `aws:ResourceTag` or "
        "`aws:ResourceAccount`. Where that is meant, switch this note off with `--ignore PL044`."
    )
    source = f"{IAM_GUIDE}best-practices.html#grant-least-privilege"
    kinds = frozenset((Kind.IDENTITY,))
    severity = Severity.NOTE

    def statement(self, statement: Statement) -> Iterator[Finding]:
        """The findings in one statement."""
        resource = statement.resource
        if statement.effect != "Allow" or resource is None or resource.negated or statement.action.negated:
            return
        if not any(value and not value.strip("*") for value in resource.values):
            return
        if any(condition.name.startswith(_ABOUT_RESOURCES) for condition in statement.conditions):
            return
        if any(":resourcetag/" in condition.name for condition in statement.conditions):
            return
        wide = [value for value in statement.action.values if _takes_resources(value)]
        if wide:
            yield self.found(f"{listed(wide)} on every resource, though resources can be named", resource.location)
