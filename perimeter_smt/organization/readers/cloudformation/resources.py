"""Resources with policies in templates, VPC endpoints, Organizations, and functions of SAM."""

from __future__ import annotations

from typing import Any

from perimeter_smt.organization.readers import acl
from perimeter_smt.organization.readers.aws_cli import network
from perimeter_smt.organization.readers.cloudformation import below, permission_sets, permissions, unread
from perimeter_smt.organization.readers.cloudformation.stack import Item, Stack
from perimeter_smt.organization.readers.draft import NotKnown
from perimeter_smt.organization.readers.draft.contents import default_key_policy
from perimeter_smt.organization.readers.draft.draft import Thing
from perimeter_smt.policy.kinds import Kind

# Types with the property that holds their policy (none: only others give them one).
_OWNERS: dict[str, str | None] = {
    "AWS::S3::Bucket": None, "AWS::SQS::Queue": None, "AWS::SNS::Topic": None, "AWS::KMS::Key": "KeyPolicy",
    "AWS::SecretsManager::Secret": None, "AWS::S3::AccessPoint": "Policy", "AWS::ECR::Repository":
    "RepositoryPolicyText", "AWS::Lambda::Function": None, "AWS::Serverless::Function": None,
    "AWS::Backup::BackupVault": "AccessPolicy", "AWS::OpenSearchService::Domain": "AccessPolicies",
    "AWS::Elasticsearch::Domain": "AccessPolicies",
    "AWS::Kinesis::Stream": None, "AWS::Serverless::SimpleTable": None, "AWS::KMS::ReplicaKey": "KeyPolicy",
    "AWS::EFS::FileSystem": "FileSystemPolicy", "AWS::Backup::LogicallyAirGappedBackupVault": "AccessPolicy",
    "AWS::S3Express::DirectoryBucket": None, "AWS::Events::EventBus": "Policy",
    "AWS::CodeArtifact::Domain": "PermissionsPolicyDocument", "AWS::S3Tables::TableBucket": None,
    "AWS::CodeArtifact::Repository": "PermissionsPolicyDocument",
}  # fmt: skip
# Policies that stand by themselves: property of the resource or resources, property of the policy, type of resource.
_POLICIES: dict[str, tuple[str, str, str]] = {
    "AWS::S3::BucketPolicy": ("Bucket", "PolicyDocument", "s3:::{}"),
    "AWS::S3Express::BucketPolicy": ("Bucket", "PolicyDocument", "s3express:{region}:{account}:bucket/{}"),
    "AWS::SQS::QueuePolicy": ("Queues", "PolicyDocument", ""),
    "AWS::SQS::QueueInlinePolicy": ("Queue", "PolicyDocument", ""),
    "AWS::SNS::TopicPolicy": ("Topics", "PolicyDocument", ""),
    "AWS::SNS::TopicInlinePolicy": ("TopicArn", "PolicyDocument", ""),
    "AWS::SecretsManager::ResourcePolicy": ("SecretId", "ResourcePolicy", ""),
    "AWS::S3Tables::TableBucketPolicy": ("TableBucketARN", "ResourcePolicy", ""),
    "AWS::Kinesis::ResourcePolicy": ("ResourceArn", "ResourcePolicy", ""),
    "AWS::CloudTrail::ResourcePolicy": ("ResourceArn", "ResourcePolicy", ""),
    "AWS::Lambda::ResourcePolicy": ("ResourceArn", "PolicyDocument", ""),
}
# Types that make an account the administrator of a service for the organization.
ADMINISTRATORS = {
    "AWS::Detective::OrganizationAdmin": ("AccountId", "detective.amazonaws.com"),
    "AWS::SecurityHub::DelegatedAdmin": ("AdminAccountId", "securityhub.amazonaws.com"),
}
_READ = frozenset({
    *_OWNERS, *_POLICIES, *permissions.TYPES, *below.TYPES, "AWS::EC2::VPCEndpoint", "AWS::Organizations::Policy",
    "AWS::Serverless::StateMachine", "AWS::Serverless::Connector", *permission_sets.TYPES,
    "AWS::EKS::PodIdentityAssociation", *ADMINISTRATORS,
})  # fmt: skip
_CONTROLS = {"SERVICE_CONTROL_POLICY": Kind.SCP, "RESOURCE_CONTROL_POLICY": Kind.RCP}


def read(stack: Stack) -> None:
    """Everything that has a resource policy in a template, endpoints and Organizations."""
    for kind, name in _OWNERS.items():
        for item in stack.of(kind):
            _owner(item, kind, name)
    below.read(stack)
    for kind, (target, name, form) in _POLICIES.items():
        for item in stack.of(kind):
            for arn in _targets(item, target, form):
                policy = item.policy(item.properties.get(name), of_others=True)
                known = stack.draft.resources.get(arn)
                told = known is not None and known.policy is not None
                policy = stack.torn(item, f"policy of {arn}", whole=told) or policy
                if stack.twice(item, arn, told=told):
                    policy = NotKnown(f"two policies, of which one may be there: needs {item.doubt or 'a condition'}")
                if arn.split(":")[4] in ("", stack.account):
                    stack.draft.resource(arn, stack.account, item.at, policy=policy)
                else:
                    reason = "a template makes policies of its own account"
                    stack.draft.unknown(f"policy of `{arn}`", reason, "grants", item.at, holds="resource",
                                        subject=arn)  # fmt: skip
    permissions.read(stack)
    permission_sets.read(stack)
    unread.read(stack, _READ)
    for item in stack.of("AWS::EC2::VPCEndpoint"):
        _endpoint(item)
    for item in stack.of("AWS::RAM::ResourceShare"):
        _share(item)
    for item in stack.of("AWS::Organizations::Policy"):
        _control(item)
    for kind, (name, service) in ADMINISTRATORS.items():
        for item in stack.of(kind):
            if isinstance(account := item.get(name), str):
                stack.draft.delegated.add((account, service))
            else:
                reason = f"which account is the administrator of `{service}` is not known"
                stack.draft.unknown(f"account of `{item.logical}`", reason, "facts", item.at)
    for item in stack.of("AWS::Organizations::OrganizationalUnit"):
        parent = item.get("ParentId")
        stack.draft.unit(item.logical, item.at, name=str(item.get("Name") or ""),
                         parent=parent if isinstance(parent, str) else None)  # fmt: skip


def _owner(item: Item, kind: str, name: str | None) -> None:
    arn = item.arn()
    if arn is None:
        return
    node = item.properties.get(name) if name else None
    known = item.stack.draft.resources.get(arn)
    policy = item.stack.torn(item, arn, whole=known is not None and known.whole) or item.policy(node)
    thing = item.stack.draft.resource(arn, item.stack.account, item.at, policy=policy)
    if kind in ("AWS::KMS::Key", "AWS::KMS::ReplicaKey") and thing.policy is None:
        thing.policy = default_key_policy(arn, item.stack.account)
    thing.whole = item.doubt is None
    blocked = item.get("PublicAccessBlockConfiguration")
    if isinstance(blocked, dict) and item.doubt is None:
        thing.block_public_access = blocked.get("RestrictPublicBuckets") in (True, "true")
        acl.tell(thing, ignored=blocked.get("IgnorePublicAcls"))
    if kind == "AWS::S3::Bucket" and item.doubt is None:
        _lists(item, thing)
    if kind == "AWS::S3::AccessPoint":
        vpc = item.get("VpcConfiguration")
        thing.origin = None if isinstance(vpc, NotKnown) else "vpc" if vpc else "internet"
        thing.vpc = vpc.get("VpcId") if isinstance(vpc, dict) else None
        bucket = item.get("Bucket")
        thing.bucket = bucket if isinstance(bucket, str) else None


def _lists(item: Item, thing: Thing) -> None:
    """Object ownership and the canned list of a bucket."""
    controls = item.get("OwnershipControls")
    rules = controls.get("Rules") if isinstance(controls, dict) else None
    for rule in rules if isinstance(rules, list) else ():
        if isinstance(rule, dict):
            acl.tell(thing, ownership=rule.get("ObjectOwnership"))
    name = item.get("AccessControl")
    if name is not None:
        acl.tell(thing, entries=acl.canned(acl.canned_words(name)))


def _targets(item: Item, name: str, form: str) -> list[str]:
    nodes = item.items(name)
    out = []
    if nodes == []:
        nodes = NotKnown(f"the template does not tell its `{name}`")
    for node in [nodes] if isinstance(nodes, NotKnown) else nodes:
        found = node if isinstance(node, NotKnown) else item.plain(node)
        if not isinstance(found, str):
            reason = found.reason if isinstance(found, NotKnown) else "not told"
            item.stack.draft.unknown(f"resource of `{item.logical}`", reason, "grants", item.at,
                                     account=item.stack.account, holds="resource")  # fmt: skip
        elif found.startswith("https://"):  # the URL of a queue
            host, account, queue = [*found.removeprefix("https://").split("/"), "", ""][:3]
            out.append(f"arn:{item.stack.resolver.names.partition}:sqs:{host.split('.')[1]}:{account}:{queue}")
        elif found.count(":") >= 5:
            out.append(found)
        elif form:
            own = form.format(found, region=item.stack.region, account=item.stack.account)
            out.append(f"arn:{item.stack.resolver.names.partition}:{own}")
        else:
            item.stack.draft.unknown(f"resource of `{item.logical}`", f"`{found}` is no ARN", "grants", item.at,
                                     account=item.stack.account, holds="resource")  # fmt: skip
    return out


def _endpoint(item: Item) -> None:
    service, vpc, kind = item.get("ServiceName"), item.get("VpcId"), item.get("VpcEndpointType")
    draft = item.stack.draft
    if not isinstance(service, str):
        reason = service.reason if isinstance(service, NotKnown) else "not told"
        draft.unknown(f"service of endpoint `{item.logical}`", reason, "facts", item.at)
        return
    policy: Any = item.policy(item.properties.get("PolicyDocument"))
    found = {
        "VpcEndpointId": item.stack.resolver.names.ref(item.logical, item.stack.resolver),
        "VpcEndpointType": kind if isinstance(kind, str) else "Gateway",
        "VpcId": vpc if isinstance(vpc, str) and vpc.startswith("vpc-") else _some("vpc", item.stack.file + str(vpc)),
        "ServiceName": service,
        "PolicyDocument": policy,
    }
    network.endpoint(draft, found, item.at, item.stack.account, item.stack.region)
    if (door := draft.doors.get(found["VpcEndpointId"])) is not None:
        door.stands_for = True


def _share(item: Item) -> None:
    """A share of AWS RAM; what it shares has ARNs, also those of the template."""
    stack, names = item.stack, item.stack.resolver.names
    arn = f"arn:{names.partition}:ram:{stack.region}:{stack.account}:resource-share/{item.logical}"
    share = stack.draft.ram(arn, item.at)
    for name, into in (("ResourceArns", share.resources), ("Principals", share.principals)):
        nodes = item.items(name)
        for node in [nodes] if isinstance(nodes, NotKnown) else nodes:
            found = node if isinstance(node, NotKnown) else item.plain(node)
            for each in found if isinstance(found, list) else [found]:
                if isinstance(each, str):
                    into[each] = None
                else:
                    reason = each.reason if isinstance(each, NotKnown) else "not told"
                    share.not_known = f"`{name}` of `{item.logical}`: {reason}"
                    if name == "ResourceArns":
                        stack.draft.unknown(f"resource of `{item.logical}`", reason, "grants", item.at,
                                            account=stack.account, holds="resource")  # fmt: skip


def _control(item: Item) -> None:
    draft = item.stack.draft
    kind = _CONTROLS.get(str(item.get("Type")))
    if kind is None:
        return
    name = item.get("Name")
    content = item.policy(item.properties.get("Content"))
    if item.doubt is not None:
        content = NotKnown(f"needs {item.doubt}")
    draft.control(item.logical, name if isinstance(name, str) else item.logical, kind,
                  NotKnown("text not told") if content is None else content, item.at)  # fmt: skip
    draft.controls[item.logical].everywhere = item.doubt is None and "TargetIds" in item.properties
    nodes = item.items("TargetIds")
    for node in [nodes] if isinstance(nodes, NotKnown) else nodes:
        found = node if isinstance(node, NotKnown) else item.plain(node)
        for target in found if isinstance(found, list) else [found]:
            if isinstance(target, str):
                draft.attach(item.logical, target, item.at)
            elif target is not None:
                reason = (
                    f"{found.reason if isinstance(found, NotKnown) else 'not told'}; the policy stops nothing there"
                )
                draft.unknown(f"targets of `{item.logical}`", reason, "guardrails", item.at)


def _some(prefix: str, text: str) -> str:
    """An id for what AWS has not named yet."""
    from hashlib import sha256

    return f"{prefix}-{sha256(text.encode()).hexdigest()[:17]}"
