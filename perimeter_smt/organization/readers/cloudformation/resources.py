"""Resources with policies in templates, VPC endpoints, Organizations, and functions of SAM."""

from __future__ import annotations

from typing import Any

from perimeter_smt.organization.readers.aws_cli import network
from perimeter_smt.organization.readers.cloudformation.stack import Item, Stack
from perimeter_smt.organization.readers.draft import NotKnown
from perimeter_smt.organization.readers.draft.contents import default_key_policy
from perimeter_smt.policy.json_positions import Node
from perimeter_smt.policy.kinds import Kind

# Types with the property that holds their policy (none: only others give them one).
_OWNERS: dict[str, str | None] = {
    "AWS::S3::Bucket": None, "AWS::SQS::Queue": None, "AWS::SNS::Topic": None, "AWS::KMS::Key": "KeyPolicy",
    "AWS::SecretsManager::Secret": None, "AWS::S3::AccessPoint": "Policy", "AWS::ECR::Repository":
    "RepositoryPolicyText", "AWS::Lambda::Function": None, "AWS::Serverless::Function": None,
    "AWS::Backup::BackupVault": "AccessPolicy", "AWS::OpenSearchService::Domain": "AccessPolicies",
    "AWS::Elasticsearch::Domain": "AccessPolicies", "AWS::DynamoDB::Table": "ResourcePolicy",
    "AWS::Kinesis::Stream": None, "AWS::Events::EventBus": "Policy", "AWS::CodeArtifact::Domain":
    "PermissionsPolicyDocument", "AWS::CodeArtifact::Repository": "PermissionsPolicyDocument",
    "AWS::S3Tables::TableBucket": None,
}  # fmt: skip
# Policies that stand by themselves: property of the resource or resources, property of the policy, type of resource.
_POLICIES: dict[str, tuple[str, str, str]] = {
    "AWS::S3::BucketPolicy": ("Bucket", "PolicyDocument", "s3:::{}"),
    "AWS::SQS::QueuePolicy": ("Queues", "PolicyDocument", ""),
    "AWS::SQS::QueueInlinePolicy": ("Queue", "PolicyDocument", ""),
    "AWS::SNS::TopicPolicy": ("Topics", "PolicyDocument", ""),
    "AWS::SNS::TopicInlinePolicy": ("TopicArn", "PolicyDocument", ""),
    "AWS::SecretsManager::ResourcePolicy": ("SecretId", "ResourcePolicy", ""),
    "AWS::S3Tables::TableBucketPolicy": ("TableBucketARN", "ResourcePolicy", ""),
    "AWS::Kinesis::ResourcePolicy": ("ResourceArn", "ResourcePolicy", ""),
    "AWS::CloudTrail::ResourcePolicy": ("ResourceArn", "ResourcePolicy", ""),
}
_READ_BESIDE = ("AWS::EC2::VPCEndpoint", "AWS::Organizations::Policy", "AWS::Lambda::Permission")
_CONTROLS = {"SERVICE_CONTROL_POLICY": Kind.SCP, "RESOURCE_CONTROL_POLICY": Kind.RCP}


def read(stack: Stack) -> None:
    """Everything that has a resource policy in a template, endpoints and Organizations."""
    for kind, name in _OWNERS.items():
        for item in stack.of(kind):
            _owner(item, kind, name)
    for kind, (target, name, form) in _POLICIES.items():
        for item in stack.of(kind):
            for arn in _targets(item, target, form):
                policy = item.policy(item.properties.get(name), of_others=True)
                known = stack.draft.resources.get(arn)
                if stack.twice(item, arn, told=known is not None and known.policy is not None):
                    policy = NotKnown(f"two policies, of which one may be there: needs {item.doubt or 'a condition'}")
                if arn.split(":")[4] in ("", stack.account):
                    stack.draft.resource(arn, stack.account, item.at, policy=policy)
                else:
                    reason = "a template makes policies of its own account"
                    stack.draft.unknown(f"policy of `{arn}`", reason, "grants", item.at)
    _permissions(stack)
    _others(stack)
    for item in stack.of("AWS::EC2::VPCEndpoint"):
        _endpoint(item)
    for item in stack.of("AWS::RAM::ResourceShare"):
        _share(item)
    for item in stack.of("AWS::Organizations::Policy"):
        _control(item)
    for item in stack.of("AWS::Organizations::OrganizationalUnit"):
        parent = item.get("ParentId")
        stack.draft.unit(item.logical, item.at, name=str(item.get("Name") or ""),
                         parent=parent if isinstance(parent, str) else None)  # fmt: skip


def _others(stack: Stack) -> None:
    """Resources of other types that hold a policy: named, since somebody may be let in by them."""
    kinds = {str(node.value["Type"].value) for node in stack.resolver.resources.values()
             if isinstance(node.value, dict) and "Type" in node.value}  # fmt: skip
    for kind in sorted(kinds - {*_OWNERS, *_POLICIES, *_READ_BESIDE}):
        for item in stack.of(kind) if kind.startswith("AWS::") and not kind.startswith("AWS::IAM::") else ():
            if any(_is_policy(found) for node in item.properties.values() for found in node.walk()):
                reason = f"`{kind}` is no type whose policies are read"
                stack.draft.unknown(f"policy of `{item.logical}`", reason, "grants", item.at, account=stack.account)


def _is_policy(node: Node) -> bool:
    """Whether a part of a template is a policy document, with its functions."""
    if not isinstance(node.value, dict) or "Statement" not in node.value:
        return False
    whole = node.value["Statement"]
    return any(isinstance(found.value, dict) and "Effect" in found.value for found in whole.walk())


def _owner(item: Item, kind: str, name: str | None) -> None:
    arn = item.arn()
    if arn is None:
        return
    node = item.properties.get(name) if name else None
    if kind == "AWS::DynamoDB::Table" and node is not None and isinstance(node.value, dict):
        node = node.value.get("PolicyDocument")
    thing = item.stack.draft.resource(arn, item.stack.account, item.at, policy=item.policy(node))
    if kind == "AWS::KMS::Key" and thing.policy is None:
        thing.policy = default_key_policy(arn, item.stack.account)
    thing.whole = item.doubt is None
    blocked = item.get("PublicAccessBlockConfiguration")
    if isinstance(blocked, dict) and item.doubt is None:
        thing.block_public_access = blocked.get("RestrictPublicBuckets") in (True, "true")
    if kind == "AWS::S3::AccessPoint":
        vpc = item.get("VpcConfiguration")
        thing.origin = None if isinstance(vpc, NotKnown) else "vpc" if vpc else "internet"
        thing.vpc = vpc.get("VpcId") if isinstance(vpc, dict) else None
        bucket = item.get("Bucket")
        thing.bucket = bucket if isinstance(bucket, str) else None


def _targets(item: Item, name: str, form: str) -> list[str]:
    nodes = item.items(name)
    out = []
    for node in [nodes] if isinstance(nodes, NotKnown) else nodes:
        found = node if isinstance(node, NotKnown) else item.plain(node)
        if not isinstance(found, str):
            reason = found.reason if isinstance(found, NotKnown) else "not told"
            item.stack.draft.unknown(f"resource of `{item.logical}`", reason, "grants", item.at,
                                     account=item.stack.account)  # fmt: skip
        elif found.startswith("https://"):  # the URL of a queue
            host, account, queue = [*found.removeprefix("https://").split("/"), "", ""][:3]
            out.append(f"arn:{item.stack.resolver.names.partition}:sqs:{host.split('.')[1]}:{account}:{queue}")
        elif found.count(":") >= 5:
            out.append(found)
        elif form:
            out.append(f"arn:{item.stack.resolver.names.partition}:{form.format(found)}")
        else:
            item.stack.draft.unknown(f"resource of `{item.logical}`", f"`{found}` is no ARN", "grants", item.at,
                                     account=item.stack.account)  # fmt: skip
    return out


def _permissions(stack: Stack) -> None:
    """`AWS::Lambda::Permission`: statements of the policy of a function, alias or version."""
    found: dict[str, list[dict[str, Any]]] = {}
    broken: dict[str, NotKnown] = {}
    for item in stack.of("AWS::Lambda::Permission"):
        values = {name: item.get(name) for name in ("FunctionName", "Action", "Principal", "SourceArn",
                                                    "SourceAccount", "PrincipalOrgID")}  # fmt: skip
        function = values.pop("FunctionName")
        if not isinstance(function, str):
            reason = function.reason if isinstance(function, NotKnown) else "not told"
            stack.draft.unknown(f"function of `{item.logical}`", reason, "grants", item.at, account=stack.account)
            continue
        names = stack.resolver.names
        name = function.rsplit("function:")[-1]
        made = f"arn:{names.partition}:lambda:{stack.region}:{stack.account}:function:{name}"
        arn = function if function.count(":") >= 5 else made
        unknown = next((value for value in values.values() if isinstance(value, NotKnown)), None)
        if unknown is not None:
            broken[arn] = unknown
        else:
            found.setdefault(arn, []).append(_permission(values, arn))
        stack.draft.resource(arn, arn.split(":")[4], item.at)
    for arn in dict.fromkeys((*found, *broken)):
        policy: object = broken.get(arn) or {"Version": "2012-10-17", "Statement": found[arn]}
        stack.draft.resource(arn, arn.split(":")[4], stack.draft.resources[arn].at, policy=policy)


def _permission(values: dict[str, Any], arn: str) -> dict[str, Any]:
    principal = str(values["Principal"])
    service = ".amazonaws.com" in principal
    equals = {"AWS:SourceAccount": values["SourceAccount"], "aws:PrincipalOrgID": values["PrincipalOrgID"]}
    equals = {key: value for key, value in equals.items() if value}
    condition: dict[str, Any] = {"StringEquals": equals} if equals else {}
    if values["SourceArn"]:
        condition["ArnLike"] = {"AWS:SourceArn": values["SourceArn"]}
    who: Any = "*" if principal == "*" else {"Service" if service else "AWS": principal}
    out = {"Effect": "Allow", "Principal": who, "Action": values["Action"], "Resource": arn}
    return {**out, "Condition": condition} if condition else out


def _endpoint(item: Item) -> None:
    service, vpc, kind = item.get("ServiceName"), item.get("VpcId"), item.get("VpcEndpointType")
    draft = item.stack.draft
    if not isinstance(service, str):
        reason = service.reason if isinstance(service, NotKnown) else "not told"
        draft.unknown(f"service of endpoint `{item.logical}`", reason, "facts", item.at)
        return
    policy: Any = item.policy(item.properties.get("PolicyDocument"))
    found = {
        "VpcEndpointId": _some("vpce", item.stack.file + item.logical),
        "VpcEndpointType": kind if isinstance(kind, str) else "Gateway",
        "VpcId": vpc if isinstance(vpc, str) and vpc.startswith("vpc-") else _some("vpc", item.stack.file + str(vpc)),
        "ServiceName": service,
        "PolicyDocument": policy,
    }
    network.endpoint(draft, found, item.at, item.stack.account, item.stack.region)


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
                                            account=stack.account)  # fmt: skip


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
    targets = item.get("TargetIds") or ()
    if isinstance(targets, NotKnown):
        reason = f"{targets.reason}; the policy stops nothing"
        draft.unknown(f"targets of `{item.logical}`", reason, "guardrails", item.at)
        return
    for target in targets:
        draft.attach(item.logical, target, item.at)


def serverless(stack: Stack) -> None:
    """`AWS::Serverless::Function` makes a role of its own unless it is given one (SAM specification)."""
    for item in stack.of("AWS::Serverless::Function"):
        if "Role" in item.properties:
            continue
        draft, names = stack.draft, stack.resolver.names
        arn = f"arn:{names.partition}:iam::{stack.account}:role/{names.stack}-{item.logical}Role-1a2b3c4d5e6f"
        trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
                 "Principal": {"Service": "lambda.amazonaws.com"}}]}  # fmt: skip
        boundary = item.get("PermissionsBoundary")
        holder = draft.principal(arn, item.at, trust=trust, boundary=boundary)
        holder.attached.append(f"arn:{names.partition}:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole")
        policies = item.items("Policies")
        for node in [policies] if isinstance(policies, NotKnown) else policies:
            found: Any = node if isinstance(node, NotKnown) else item.policy(node)
            if isinstance(found, str):
                known = found if found.startswith("arn:") else f"arn:{names.partition}:iam::aws:policy/{found}"
                holder.attached.append(known)
            elif isinstance(found, Node) and isinstance(found.value, dict) and "Statement" not in found.value:
                holder.own.append(NotKnown(f"policy template `{next(iter(found.value), '')}` of SAM"))
            elif found is not None:
                holder.own.append(draft.policy(found, Kind.IDENTITY, item.logical, item.at))


def _some(prefix: str, text: str) -> str:
    """An id for what AWS has not named yet."""
    from hashlib import sha256

    return f"{prefix}-{sha256(text.encode()).hexdigest()[:17]}"
