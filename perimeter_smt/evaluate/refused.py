"""Calls that AWS refuses after authorization, whatever policies allow (W-10): the table `refused-calls`."""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import lru_cache

from perimeter_smt.evaluate.globs import fold
from perimeter_smt.evaluate.view import View
from perimeter_smt.request.keys import table_rows

# KMS guide: "You cannot edit any properties of AWS managed keys" (description, policy, tags, enabled or not, rotation),
# and "You cannot schedule the deletion of AWS managed keys".
_ON_KEYS = frozenset(
    {
        "kms:cancelkeydeletion", "kms:disablekey", "kms:disablekeyrotation", "kms:enablekey",
        "kms:enablekeyrotation", "kms:putkeypolicy", "kms:schedulekeydeletion", "kms:tagresource", "kms:untagresource",
        "kms:updatekeydescription",
    }
)  # fmt: skip


def refused(view: View, *, aws_managed_key: bool = False) -> str | None:
    """Why AWS refuses the call, None if it does not. `aws_managed_key`: the resource is a KMS key that AWS manages.

    AWS services and service-linked roles change what belongs to AWS; nobody calls what does not exist.
    """
    why = _refused(view.action, view.resource)
    if why is None and aws_managed_key and view.action in _ON_KEYS:
        why = "AWS refuses the call: keys that AWS manages cannot be changed or deleted", True
    if why is None:
        return None
    text, exists = why
    by_aws = view.caller.type == "service" or view.caller.is_service_linked
    return None if by_aws and exists else text


@lru_cache(maxsize=8192)
def _refused(action: str, resource: str) -> tuple[str, bool] | None:
    for row in table_rows("refused-calls"):
        if _is_at(resource, row["resource"]):
            for name in row["actions"]:
                if name == "*" or fold(name) == action:
                    return f"AWS refuses the call: {row['why']}", name != "*"
    return None


def _is_at(resource: str, pattern: str) -> bool:
    """Field by field: a path of a role may hold colons, its account does not."""
    pairs = zip(resource.split(":", 5), pattern.split(":", 5), strict=False)
    return resource != "*" and all(fnmatchcase(field, part) for field, part in pairs)
