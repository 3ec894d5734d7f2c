"""What a plan holds and no reader reads, although it may let somebody in: it is named."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from perimeter_smt.organization.readers.terraform.identity import Here
from perimeter_smt.organization.readers.terraform.plan import Resource, is_unknown

_PROVIDERS = ("aws_", "awscc_")
_ATTRIBUTES = (
    "policy", "policy_document", "resource_policy", "access_policy", "access_policies", "inline_policy", "key_policy",
    "policy_text", "repository_policy_text", "assume_role_policy_document", "repository_policy",
    "delivery_destination_policy", "destination_policy",
)  # fmt: skip
_CONTENT = ("aws_organizations_resource_policy", "aws_organizations_policy")  # their policy is their `content`
# Types that let somebody in without a policy in an attribute, with what they do (pages of the provider).
_GRANTING = {
    "aws_lambda_layer_version_permission": "gives others a layer",
    "aws_ssoadmin_customer_managed_policy_attachments_exclusive": "gives a permission set its policies",
    "aws_ssoadmin_managed_policy_attachments_exclusive": "gives a permission set its policies",
    "aws_cloudformation_stack": "makes what its template says",
    "aws_cloudformation_stack_set": "makes what its template says",
    "aws_cloudformation_stack_set_instance": "makes what the template of its stack set says",
    "aws_cloudformation_stack_instances": "makes what the template of its stack set says",
    "aws_servicecatalog_provisioned_product": "makes what the template of a product says",
    "aws_cloudcontrolapi_resource": "makes a resource of any type",
    "aws_lakeformation_permissions": "gives access to data in Lake Formation",
    "aws_opensearch_authorize_vpc_endpoint_access": "lets another account make endpoints to a domain",
    "aws_redshift_endpoint_authorization": "lets another account make endpoints to a cluster",
    "aws_redshift_datashare_authorization": "shares data of a cluster",
    "aws_vpc_endpoint_service_allowed_principal": "lets others make endpoints to a service",
    "aws_vpc_endpoint_service": "lets others make endpoints to it",
    "aws_imagebuilder_distribution_configuration": "lets others launch its images",
    "aws_signer_signing_profile_permission": "lets others sign with a profile",
    "aws_securitylake_subscriber": "gives a subscriber access to a data lake",
    "aws_servicecatalog_portfolio_share": "shares a portfolio",
    "aws_lightsail_bucket_resource_access": "gives access to a bucket of Lightsail",
    "aws_config_aggregate_authorization": "lets another account collect what AWS Config records",
    "aws_iam_role_policies_exclusive": "takes every other inline policy from a role",
    "aws_iam_user_policies_exclusive": "takes every other inline policy from a user",
    "aws_iam_group_policies_exclusive": "takes every other inline policy from a group",
    "aws_iam_role_policy_attachments_exclusive": "takes every other managed policy from a role",
    "aws_iam_user_policy_attachments_exclusive": "takes every other managed policy from a user",
    "aws_iam_group_policy_attachments_exclusive": "takes every other managed policy from a group",
    "aws_iam_policy_attachment": "takes its policy from everybody whom it does not name",
}  # fmt: skip
# Of these, only resources with something in this attribute, at any depth.
_ONLY_WITH = {"aws_vpc_endpoint_service": "allowed_principals",
              "aws_imagebuilder_distribution_configuration": "launch_permission"}  # fmt: skip
# Policies without which everybody in the network is let in (EFS guide, default file system policy).
_OPEN_WITHOUT = {"aws_efs_file_system_policy"}


def read(here: Here, known: frozenset[str]) -> None:
    """Name resources of types that are not `known` and hold a policy, or give access without one."""
    for resource in here.plan.resources.values():
        if resource.data:
            continue
        if resource.type in _GRANTING:
            if resource.changes and _lets_in(resource):
                reason = f"`{resource.type}` {_GRANTING[resource.type]}, which is not read"
                here.draft.unknown(f"what `{resource.address}` changes", reason, "facts", resource.at)
        elif found := _policy(resource, known):
            reason = f"`{resource.type}` is no type whose `{found}` is read"
            here.draft.unknown(f"policy of `{resource.address}`", reason, "grants", resource.at,
                               account=here.account_of(resource))  # fmt: skip
    for resource in here.plan.before:
        if resource.ended and resource.address not in here.plan.resources:
            found = "" if resource.type in _GRANTING else _policy(resource, known - _OPEN_WITHOUT)
            if found or resource.type in _GRANTING:
                what = _GRANTING.get(resource.type) or f"held a `{found}`"
                reason = f"`{resource.type}` {what}, which is not read: what is open without it is not told"
                here.draft.unknown(f"what `{resource.address}` takes away", reason, "facts", resource.at)


def _lets_in(resource: Resource) -> bool:
    """Whether a resource of a type that may give access gives some, or may after apply."""
    name = _ONLY_WITH.get(resource.type)
    inside = [resource.values, *(each for value in resource.values.values() for each in _texts(value))]
    told = any(isinstance(each, dict) and each.get(name or "") for each in inside)
    return name is None or told or name in (*_inside(resource.unknown), *resource.unknown)


def _policy(resource: Resource, known: frozenset[str]) -> str:
    """The attribute of a resource of a type that is not read in which a policy stands, or may stand after apply."""
    if resource.type in known or not resource.type.startswith(_PROVIDERS):
        return ""
    named = [name for name, value in resource.values.items() if any(map(_is_policy, _texts(value)))]
    named += [name for name, mask in _masks(resource.unknown, resource) if name in _attributes(resource)]
    return next(iter(named), "")


def _attributes(resource: Resource) -> tuple[str, ...]:
    return (*_ATTRIBUTES, "content") if resource.type in _CONTENT else _ATTRIBUTES


def _masks(unknown: dict[str, Any], resource: Resource) -> Iterator[tuple[str, Any]]:
    """Attributes known after apply that are written, and those in blocks below."""
    for name, mask in unknown.items():
        if is_unknown(mask) and resource.writes(name):
            yield name, mask
        if isinstance(mask, list | dict) and resource.writes(name):
            yield from ((inner, True) for inner in _inside(mask))


def _inside(mask: Any) -> Iterator[str]:
    """Names of attributes known after apply, at any depth."""
    for item in mask if isinstance(mask, list) else (mask,):
        if isinstance(item, dict):
            for name, found in item.items():
                if is_unknown(found):
                    yield name
                if isinstance(found, list | dict):
                    yield from _inside(found)


def _texts(value: Any) -> Iterator[Any]:
    """Every text and object of a value, at any depth."""
    if isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, dict):
        yield value
        for item in value.values():
            yield from _texts(item)
    else:
        yield value


def _is_policy(value: Any) -> bool:
    """Whether a text or object is a policy document."""
    if isinstance(value, dict):
        return isinstance(value.get("Statement"), list | dict)
    if not isinstance(value, str) or not value.lstrip().startswith("{") or '"Statement"' not in value:
        return False
    try:
        found = orjson.loads(value)
    except orjson.JSONDecodeError:
        return False
    return isinstance(found, dict) and "Statement" in found
