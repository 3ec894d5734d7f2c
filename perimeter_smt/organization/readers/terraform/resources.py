"""Resources with policies in Terraform, and VPC endpoints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from perimeter_smt.organization.readers import acl
from perimeter_smt.organization.readers.aws_cli import network
from perimeter_smt.organization.readers.draft import NotKnown, told
from perimeter_smt.organization.readers.draft.contents import arn_of_url, default_key_policy
from perimeter_smt.organization.readers.draft.draft import Thing
from perimeter_smt.organization.readers.terraform import permission_sets, permissions, unread
from perimeter_smt.organization.readers.terraform.documents import policy_of
from perimeter_smt.organization.readers.terraform.iam import tags
from perimeter_smt.organization.readers.terraform.identity import KEYS, Here
from perimeter_smt.organization.readers.terraform.plan import AFTER_APPLY, Resource
from perimeter_smt.policy.kinds import Kind

# Resources that have a policy, with the attribute that holds it (none: only others give them one).
_OWNERS: dict[str, str | None] = {
    "aws_s3_bucket": "policy", "aws_sqs_queue": "policy", "aws_sns_topic": "policy", "aws_kms_key": "policy",
    "aws_secretsmanager_secret": "policy", "aws_s3_access_point": "policy", "aws_opensearch_domain": "access_policies",
    "aws_elasticsearch_domain": "access_policies", "aws_lambda_function": None, "aws_ecr_repository": None,
    "aws_dynamodb_table": None, "aws_kinesis_stream": None, "aws_cloudwatch_event_bus": None, "aws_backup_vault": None,
    "aws_api_gateway_rest_api": "policy", "aws_codeartifact_domain": None, "aws_codeartifact_repository": None,
    "aws_s3tables_table_bucket": None, "aws_efs_file_system": None, "aws_kms_external_key": "policy",
    "aws_kms_replica_key": "policy", "aws_kms_replica_external_key": "policy",
}  # fmt: skip
# Policies that stand by themselves: attribute that names the resource, types it may be of, attribute of the policy.
POLICIES: dict[str, tuple[str, tuple[str, ...], str]] = {
    "aws_s3_bucket_policy": ("bucket", ("aws_s3_bucket",), "policy"),
    "aws_sqs_queue_policy": ("queue_url", ("aws_sqs_queue",), "policy"),
    "aws_sns_topic_policy": ("arn", ("aws_sns_topic",), "policy"),
    "aws_kms_key_policy": ("key_id", KEYS, "policy"),
    "aws_secretsmanager_secret_policy": ("secret_arn", ("aws_secretsmanager_secret",), "policy"),
    "aws_ecr_repository_policy": ("repository", ("aws_ecr_repository",), "policy"),
    "aws_dynamodb_resource_policy": ("resource_arn", ("aws_dynamodb_table",), "policy"),
    "aws_kinesis_resource_policy": ("resource_arn", ("aws_kinesis_stream",), "policy"),
    "aws_cloudwatch_event_bus_policy": ("event_bus_name", ("aws_cloudwatch_event_bus",), "policy"),
    "aws_backup_vault_policy": ("backup_vault_name", ("aws_backup_vault",), "policy"),
    "aws_opensearch_domain_policy": ("domain_name", ("aws_opensearch_domain",), "access_policies"),
    "aws_elasticsearch_domain_policy": ("domain_name", ("aws_elasticsearch_domain",), "access_policies"),
    "aws_s3control_access_point_policy": ("access_point_arn", ("aws_s3_access_point",), "policy"),
    "aws_api_gateway_rest_api_policy": ("rest_api_id", ("aws_api_gateway_rest_api",), "policy"),
    "aws_codeartifact_domain_permissions_policy": ("domain", ("aws_codeartifact_domain",), "policy_document"),
    "aws_codeartifact_repository_permissions_policy": (
        "repository",
        ("aws_codeartifact_repository",),
        "policy_document",
    ),
    "aws_efs_file_system_policy": ("file_system_id", ("aws_efs_file_system",), "policy"),
    "aws_s3tables_table_bucket_policy": ("table_bucket_arn", ("aws_s3tables_table_bucket",), "resource_policy"),
}
_OF_STREAMS = (".stream_arn",)
_API_POLICY = "x-amazon-apigateway-policy"
# Types that are read, here or beside.
_READ = frozenset({
    *_OWNERS, *POLICIES, *permissions.TYPES, "aws_vpc_endpoint", "aws_vpc_endpoint_policy",
    "aws_organizations_policy", "aws_iam_policy", "aws_iam_role", "aws_iam_user", "aws_iam_group",
    "aws_iam_role_policy", "aws_iam_user_policy", "aws_iam_group_policy", "aws_rolesanywhere_profile",
    *permission_sets.TYPES,
})  # fmt: skip


def read(here: Here) -> None:
    """Everything that has a resource policy in a plan, and the endpoints."""
    for kind, attribute in _OWNERS.items():
        for resource in here.plan.of(kind):
            if not resource.data:
                _owner(here, resource, attribute)
    for kind, (name, types, attribute) in POLICIES.items():
        for resource in here.plan.of(kind):
            thing = _named(here, resource, name, types)
            policy = policy_of(here, resource, attribute)
            if thing is not None:
                policy = _torn(here, thing, policy, resource)
                here.draft.resource(thing.arn, thing.account, resource.at, policy=policy)
                here.with_policy.add(thing.arn)
    for resource in here.plan.of("aws_s3_bucket_public_access_block"):
        if thing := _named(here, resource, "bucket", ("aws_s3_bucket",)):
            thing.block_public_access = resource.values.get("restrict_public_buckets") is True
            acl.tell(thing, ignored=resource.values.get("ignore_public_acls"))
    for resource in here.plan.of("aws_s3_bucket_ownership_controls"):
        if thing := _named(here, resource, "bucket", ("aws_s3_bucket",)):
            for rule in resource.values.get("rule") or ():
                acl.tell(thing, ownership=rule.get("object_ownership"))
    for resource in here.plan.of("aws_s3_bucket_acl"):
        if thing := _named(here, resource, "bucket", ("aws_s3_bucket",)):
            _access_list(thing, resource.values)
    for resource in here.plan.of("aws_s3_account_public_access_block"):
        if resource.values.get("restrict_public_buckets") is True:
            here.draft.restricted.add(here.account_of(resource))
        here.draft.ignore_acls(here.account_of(resource), resource.values.get("ignore_public_acls"))
    permissions.read(here)
    _endpoints(here)
    unread.read(here, _READ)


def _torn(here: Here, thing: Thing, policy: object, resource: Resource) -> object:
    """The policy, unless another resource gives another one: whichever Terraform writes last is there."""
    if thing.arn not in here.with_policy:
        return policy
    found = here.draft.policy_of_resource(thing.arn, policy, resource.at)
    if told.said(found) == told.said(thing.policy):
        return policy
    return NotKnown(f"several resources give it policies that differ, `{resource.address}` is one of them")


def _access_list(thing: Thing, values: Mapping[str, Any]) -> None:
    """`aws_s3_bucket_acl`: a canned list, or entries."""
    for each in values.get("access_control_policy") or ():
        owner = next((found.get("id") for found in each.get("owner") or ()), None)
        acl.tell(thing, entries=acl.entries(each.get("grant") or (), owner))
    if values.get("acl"):
        acl.tell(thing, entries=acl.canned(values["acl"]))


def _own_list(thing: Thing, values: Mapping[str, Any]) -> None:
    """`acl` and `grant` of a bucket itself, as the provider had them before version 4, and as states still show.

    The list of a bucket holds its owner with everything; where one id alone has that, it is the owner.
    """
    if values.get("acl"):
        acl.tell(thing, entries=acl.canned(values["acl"]))
    flat = [({"ID": each.get("id"), "URI": each.get("uri")}, permission) for each in values.get("grant") or ()
            if isinstance(each, dict) for permission in each.get("permissions") or ()]  # fmt: skip
    owners = {grantee["ID"] for grantee, permission in flat if permission == "FULL_CONTROL" and grantee["ID"]}
    owner = next(iter(owners)) if len(owners) == 1 else None
    found = [acl.entries([{"Grantee": grantee, "Permission": permission}], owner) for grantee, permission in flat]
    if some := tuple(dict.fromkeys(entry for each in found for entry in each or ())):
        acl.tell(thing, entries=tuple(dict.fromkeys((*(thing.acl or ()), *some))))


def _owner(here: Here, resource: Resource, attribute: str | None) -> None:
    arn, account = here.arn(resource), here.account_of(resource)
    if arn is None:
        here.draft.unknown(f"name of `{resource.address}`", "known after apply", "grants", resource.at, account=account)
        return
    # A computed policy is not known before apply, but a new resource gets none unless somebody writes one.
    written = attribute is not None and resource.writes(attribute)
    policy = policy_of(here, resource, attribute) if attribute and written else None
    if policy is None and resource.type == "aws_api_gateway_rest_api":
        policy = _in_body(resource)
    thing = here.draft.resource(arn, account, resource.at, policy=policy, tags=tags(resource))
    thing.whole = True
    if resource.type == "aws_s3_bucket":
        _own_list(thing, resource.values)
    if resource.type in KEYS and thing.policy is None:
        thing.policy = default_key_policy(arn, account)
    if resource.type == "aws_s3_access_point":
        vpc = resource.values.get("vpc_configuration") or []
        thing.origin = "vpc" if vpc else "internet"
        thing.vpc = next((v.get("vpc_id") for v in vpc), None)
        thing.bucket = resource.text("bucket") or None


def _in_body(resource: Resource) -> object:
    """The policy that an API's definition holds (API Gateway guide, x-amazon-apigateway-policy)."""
    body = resource.get("body")
    if isinstance(body, NotKnown):
        return NotKnown("its definition is known after apply") if resource.writes("body") else None
    if not isinstance(body, str) or _API_POLICY not in body:
        return None
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return NotKnown("its definition is no JSON, and holds a policy")
    return found.get(_API_POLICY) if isinstance(found, dict) else None


def _named(here: Here, resource: Resource, name: str, types: tuple[str, ...]) -> Thing | None:
    """The resource that a policy is for: made by the same plan, or known by its ARN or name."""
    found = here.plan.referred(resource, name, *types)
    if any(reference.endswith(_OF_STREAMS) for reference in resource.references.get(name, ())):
        found = None  # the policy of a stream is not that of its table
    arn = here.arn(found) if found is not None else None
    value = resource.get(name)
    if arn is None and isinstance(value, str):
        arn = arn_of(here, resource, types[0], value)
    account = here.account_of(found or resource)
    if arn is None:
        here.draft.unknown(f"resource of `{resource.address}`", "known after apply", "grants", resource.at,
                           account=account, holds="resource")  # fmt: skip
        return None
    return here.draft.resources.get(arn) or here.draft.resource(arn, account, resource.at)


def arn_of(here: Here, resource: Resource, kind: str, value: str) -> str | None:
    """The ARN of a resource of a type, from how a policy names it."""
    if value.count(":") >= 5 and value.startswith("arn:"):
        return value
    if value.startswith("https://"):  # the URL of a queue: host, account, name
        return arn_of_url(value, here.partition)
    if kind == "aws_s3_bucket" and value.endswith("--x-s3"):
        place = f"{here.region_of(resource)}:{here.account_of(resource)}"
        return f"arn:{here.partition}:s3express:{place}:bucket/{value}"
    names = {"aws_s3_bucket": "bucket", "aws_kms_key": "key_id", "aws_opensearch_domain": "domain_name",
             "aws_elasticsearch_domain": "domain_name", "aws_api_gateway_rest_api": "id", "aws_efs_file_system": "id",
             "aws_codeartifact_domain": "domain", "aws_codeartifact_repository": "repository"}  # fmt: skip
    given = {"domain": resource.text("domain"), "domain_owner": resource.text("domain_owner")}
    attributes = {**given, names.get(kind, "name"): value}
    stand_in = Resource("", kind, attributes, resource.at, provider=resource.provider)
    return here.arn(stand_in)


def _endpoints(here: Here) -> None:
    for resource in here.plan.of("aws_vpc"):
        if (own := resource.text("id")) and not resource.data:
            here.draft.vpcs[own, here.region_of(resource)] = here.account_of(resource)
    policies = {}
    # The endpoint shows the text as it was; without the policy AWS gives it one that lets everything through.
    taken = {r.text("vpc_endpoint_id") for r in here.plan.before if r.type == "aws_vpc_endpoint_policy" and r.ended}
    own_ids = {found.text("id") for found in here.plan.of("aws_vpc_endpoint") if not found.data} - {""}
    for resource in here.plan.of("aws_vpc_endpoint_policy"):
        found = here.plan.referred(resource, "vpc_endpoint_id", "aws_vpc_endpoint")
        elsewhere = found is None or found.data
        key = (found.text("id") if found else "") or resource.text("vpc_endpoint_id") if elsewhere else ""
        if found is not None and not elsewhere:
            policies[found.address] = policy_of(here, resource, "policy")
        elif key in own_ids:
            policies[key] = policy_of(here, resource, "policy")
        elif key:
            policy = policy_of(here, resource, "policy")
            here.draft.door_policies[key] = here.draft.policy(policy, Kind.ENDPOINT, key, resource.at), resource.at
        else:
            reason = f"{AFTER_APPLY}; its policy stops nothing"
            here.draft.unknown(f"endpoint of `{resource.address}`", reason, "guardrails", resource.at)
    for resource in here.plan.of("aws_vpc_endpoint"):
        if resource.data:
            continue
        own = resource.text("id") or _some("vpce", resource.address)
        vpc = resource.text("vpc_id")
        if not vpc:
            found = here.plan.referred(resource, "vpc_id", "aws_vpc")
            vpc = _some("vpc", found.address if found else resource.address)
        if not resource.text("service_name") and isinstance(resource.get("service_name"), NotKnown):
            reason = f"its service is {AFTER_APPLY}: what goes through it is not told"
            here.draft.unknown(f"endpoint `{resource.address}`", reason, "facts", resource.at)
        written = resource.writes("policy") or resource.values.get("policy")
        policy = policy_of(here, resource, "policy") if written and own not in taken else None
        item = {
            "VpcEndpointId": own,
            "VpcEndpointType": resource.text("vpc_endpoint_type") or "Gateway",
            "VpcId": vpc,
            "ServiceName": resource.text("service_name"),
            "PolicyDocument": policies.get(resource.address, policies.get(own, policy)),
        }
        network.endpoint(here.draft, item, resource.at, here.account_of(resource), here.region_of(resource))


def _some(prefix: str, address: str) -> str:
    """An id for what AWS has not named yet."""
    from hashlib import sha256

    return f"{prefix}-{sha256(address.encode()).hexdigest()[:17]}"
