"""Value that an identifier assigned by AWS never has."""

from __future__ import annotations

import re
from collections.abc import Iterator

from perimeter_smt.errors import did_you_mean
from perimeter_smt.lint.rule import IAM_GUIDE, ConditionRule, Finding, Place
from perimeter_smt.policy.json_positions import quoted
from perimeter_smt.policy.operators import Family
from perimeter_smt.request.partitions import partition_of_region, partitions

_LEFT_OPEN = re.compile(r"[*?$<>\[\]{}]")
_ACCOUNT = (re.compile(r"[0-9]{12}"), "an account id, 12 digits")
_ORGANIZATION = (re.compile(r"o-[a-z0-9]+"), "the id of an organization, `o-` and letters or digits")
_PATH = (re.compile(r"o-[a-z0-9]+/(.*/)?"), "a path such as `o-.../r-.../ou-.../`, with a slash at the end")
_SHAPES = {
    "aws:principalaccount": _ACCOUNT,
    "aws:resourceaccount": _ACCOUNT,
    "aws:sourceaccount": _ACCOUNT,
    "aws:vpceaccount": _ACCOUNT,
    "aws:principalorgid": _ORGANIZATION,
    "aws:resourceorgid": _ORGANIZATION,
    "aws:sourceorgid": _ORGANIZATION,
    "aws:vpceorgid": _ORGANIZATION,
    "aws:principalorgpaths": _PATH,
    "aws:resourceorgpaths": _PATH,
    "aws:sourceorgpaths": _PATH,
    "aws:vpceorgpaths": _PATH,
    "aws:sourcevpc": (re.compile(r"vpc-.+"), "the id of a VPC, `vpc-...`"),
    "aws:sourcevpce": (re.compile(r"vpce-.+"), "the id of a VPC endpoint, `vpce-...`"),
}
_WORDS = re.compile(r"(?!(?:o|r|ou|vpc|vpce)-)[A-Za-z_-]+")  # `bucket-owner-account-id`: left for the reader to fill in
_REGION = re.compile(r"[a-z]{2,4}(-[a-z]+)+-[0-9]+")


def _unmet(name: str, value: str) -> str | None:
    """What to write where no request holds the value; None where one may, or where the value is left open."""
    if _LEFT_OPEN.search(value) or _WORDS.fullmatch(value):
        return None
    if name == "aws:requestedregion" and _REGION.fullmatch(value) and partition_of_region(value) is None:
        known = [region for one in partitions().values() for region in one.regions]
        return f"a Region of AWS{did_you_mean(value, known)}"
    if name not in _SHAPES:
        return None
    pattern, expected = _SHAPES[name]
    return None if pattern.fullmatch(value) else expected


class AssignedId(ConditionRule):
    """Rule PL057."""

    id = "PL057"
    title = "value that the key never holds"
    text = (
        "Account, organization, VPC and endpoint ids and Regions have a form of their own, and a truth value is one "
        "of two. A value of another form is never met; both truth values together are met always. Write a value of "
        "the form that the finding tells."
    )
    source = f"{IAM_GUIDE}access-analyzer-reference-policy-checks.html"

    def condition(self, at: Place) -> Iterator[Finding]:
        """The findings in one condition."""
        condition = at.condition
        family = condition.operator.base.family
        if family is Family.BOOL and {value.lower() for value in condition.values} == {"true", "false"}:
            yield self.found(
                f"{quoted(condition.key)} is asked for `true` and `false` together, expected one", condition.location
            )
        if family is not Family.STRING:
            return
        for value in condition.values:
            expected = _unmet(condition.name, value)
            if expected:
                yield self.found(
                    f"{quoted(condition.key)} never holds {quoted(value)}, expected {expected}", condition.location
                )
