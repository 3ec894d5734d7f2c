"""What an accelerator configuration makes and no reader reads: roles, keys, stacks, policies of buckets. It is named.

Reference: the accelerator's configuration reference (IAM, security, global and customizations configuration).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from perimeter_smt.errors import InputError
from perimeter_smt.organization.readers.draft import Draft, Place
from perimeter_smt.organization.readers.lza.folder import Folder

# By file: members, each with the steps to it, and what they make.
_MAKING: dict[str, tuple[tuple[tuple[str, ...], str], ...]] = {
    "iam-config.yaml": (
        (("roleSets",), "makes roles"), (("userSets",), "makes users"), (("groupSets",), "makes groups"),
        (("policySets",), "makes policies"), (("identityCenter",), "makes permission sets and assigns them"),
    ),
    "security-config.yaml": (
        (("keyManagementService", "keySets"), "makes keys with policies"),
        (("resourcePolicyEnforcement",), "writes policies of resources"),
    ),
    "global-config.yaml": (
        (("backup", "vaults"), "makes backup vaults, which may have policies"),
        (("logging", "centralLogBucket", "s3ResourcePolicyAttachments"), "writes policies of a bucket"),
        (("logging", "centralLogBucket", "customPolicyOverrides"), "writes policies of a bucket and a key"),
        (("logging", "accessLogBucket", "s3ResourcePolicyAttachments"), "writes policies of buckets"),
        (("logging", "accessLogBucket", "customPolicyOverrides"), "writes policies of buckets"),
        (("logging", "elbLogBucket", "s3ResourcePolicyAttachments"), "writes policies of buckets"),
        (("logging", "elbLogBucket", "customPolicyOverrides"), "writes policies of buckets"),
        (("logging", "assetBucket"), "may write policies of a bucket and a key"),
    ),
    "customizations-config.yaml": (
        (("customizations", "cloudFormationStacks"), "makes what its templates say"),
        (("customizations", "cloudFormationStackSets"), "makes what its templates say"),
        (("customizations", "serviceCatalogPortfolios"), "shares portfolios"),
        (("applications",), "makes applications"), (("firewalls",), "makes firewalls"),
    ),
}  # fmt: skip


def read(folder: Folder, draft: Draft, at: Callable[..., Place]) -> None:
    """Name each of these members that holds something: any account may hold anything of it."""
    for file, members in _MAKING.items():
        try:
            whole = folder.yaml(file)
        except InputError as error:
            draft.unknown(f"what `{file}` makes", f"it cannot be read: {error.message}", "grants", at(file),
                          account="*")  # fmt: skip
            continue
        for steps, what in members:
            found: Any = whole
            for step in steps:
                found = found.get(step) if isinstance(found, dict) else None
            if found:
                reason = f"`{file}` {what}, which is not read"
                draft.unknown(f"what `{'.'.join(steps)}` makes", reason, "grants", at(file, *steps), account="*")
