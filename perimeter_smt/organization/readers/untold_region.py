"""Whether verdicts hang on a Region that nobody told: a plan or template may be deployed anywhere.

A Region that stands in is one name for another where nothing that is read looks at it: no pattern that fixes the Region
of an ARN, no condition on a key that may hold one, no network, which lies in a Region, and a partition that is written.
What is not sure to leave the Region open counts as looking at it.
"""

from __future__ import annotations

import re
from pathlib import Path

from perimeter_smt.files import read_text
from perimeter_smt.organization.model import Organization
from perimeter_smt.organization.perimeter import Perimeter
from perimeter_smt.organization.readers.inferred import documents_of
from perimeter_smt.policy.document import Statement
from perimeter_smt.policy.json_positions import MAX_CHARACTERS

_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-?[0-9]|region", re.I)
# Keys whose values have no Region (global condition keys; those of STS): all others may hold one.
_PLAIN = frozenset(
    f"aws:{name}" for name in (
        "principalorgid", "principalorgpaths", "principalaccount", "principalarn", "principaltype",
        "principalisawsservice", "resourceorgid", "resourceorgpaths", "resourceaccount", "sourceorgid",
        "sourceorgpaths", "sourceaccount", "sourcearn", "securetransport", "sourceip", "viaawsservice", "userid",
        "username", "multifactorauthpresent", "multifactorauthage", "currenttime", "epochtime", "tokenissuetime",
    )
) | {"sts:externalid", "sts:rolesessionname"}  # fmt: skip
STANDS_IN = ("Region of the plan", "Region of the template")  # as readers name it
_CHOOSES = ("AWS::Region", "AWS::StackId", "AWS::CloudFormation::", "Transform", "AWS::Include", "ImportValue")
_TAGS = ("aws:principaltag/", "aws:resourcetag/", "aws:requesttag/")


def hangs_on_region(organization: Organization, perimeter: Perimeter) -> bool:
    """Whether any policy, network or claim may look at the Region in which something lies, or tells no partition."""
    if any(account.endpoints for account, _ in organization.accounts()) or _claimed(perimeter):
        return True
    statements = [statement for document in documents_of(organization) for statement in document.statements]
    own = f"arn:{organization.partition}:"
    written = any(text.startswith(own) for statement in statements for text in statement.texts())
    return not written or any(map(_looks, statements))


def open_template(path: Path) -> bool:
    """Whether a template is the same in every Region: it asks for none, loads nothing, and tells its partition."""
    if path.is_dir():
        return False
    found = read_text(path, MAX_CHARACTERS, "one template")
    return "arn:aws:" in found and not any(word in found for word in _CHOOSES)


def _claimed(perimeter: Perimeter) -> bool:
    """Whether the perimeter has networks, Regions or resources of its own, or names any Region."""
    placed = perimeter.vpcs or perimeter.endpoints or perimeter.regions or perimeter.service_resources
    others = perimeter.third_principals or perimeter.third_resources or perimeter.service_accounts
    exceptions = perimeter.tag_exceptions or perimeter.role_exceptions
    return bool(placed or others or exceptions)


def _looks(statement: Statement) -> bool:
    if any(c.name not in _PLAIN and not c.name.startswith(_TAGS) for c in statement.conditions):
        return True
    return any(pins_region(text) for text in statement.texts())


def pins_region(text: str) -> bool:
    """Whether a pattern may match in one Region and not in another."""
    if _REGION.search(text):
        return True
    if not text.startswith("arn:"):
        return text != "*" and "*" in text and any(mark in text for mark in (":", ".", "-"))
    fields = text.split(":", 5)
    if len(fields) < 6:
        return True
    before = any(("*" in field or "?" in field) and field != "*" for field in fields[:3])
    return before or fields[3] not in ("", "*")
