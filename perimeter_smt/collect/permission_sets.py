"""IAM Identity Center: permission sets with their policies and the accounts that they are provisioned to."""

from __future__ import annotations

from typing import Any

from perimeter_smt.collect.aws import Aws, code, pages

_NONE = ("ResourceNotFoundException",)


def permission_sets(aws: Aws) -> list[dict[str, Any]]:
    """Every permission set of every instance that the account sees, in one answer each."""
    client = aws.client("sso-admin")
    out = []
    for instance in pages(client, "list_instances", "Instances"):
        here = {"InstanceArn": instance["InstanceArn"]}
        for arn in pages(client, "list_permission_sets", "PermissionSets", **here):
            which = {**here, "PermissionSetArn": arn}
            told = client.describe_permission_set(**which)["PermissionSet"]
            managed = pages(client, "list_managed_policies_in_permission_set", "AttachedManagedPolicies", **which)
            names = "list_customer_managed_policy_references_in_permission_set"
            own = pages(client, names, "CustomerManagedPolicyReferences", **which)
            out.append(
                {
                    "PermissionSet": told,
                    "InlinePolicy": client.get_inline_policy_for_permission_set(**which).get("InlinePolicy") or "",
                    "AttachedManagedPolicies": list(managed),
                    "CustomerManagedPolicyReferences": list(own),
                    "PermissionsBoundary": _boundary(client, which),
                    "AccountIds": list(
                        pages(client, "list_accounts_for_provisioned_permission_set", "AccountIds", **which)
                    ),
                }
            )
    return out


def _boundary(client: Any, which: dict[str, str]) -> Any:
    try:
        return client.get_permissions_boundary_for_permission_set(**which).get("PermissionsBoundary") or {}
    except Exception as error:
        if code(error) in _NONE:
            return {}
        raise
