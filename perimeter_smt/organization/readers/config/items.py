"""Single configuration items: users, roles, policies, resources with policies, endpoints, Organizations."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import orjson

from perimeter_smt.organization.readers import acl
from perimeter_smt.organization.readers.aws_cli import network
from perimeter_smt.organization.readers.aws_cli.iam import owner
from perimeter_smt.organization.readers.aws_cli.shares import restorers
from perimeter_smt.organization.readers.cloudformation import aside
from perimeter_smt.organization.readers.config.item import Item, decoded, members, policy_text
from perimeter_smt.organization.readers.draft import Draft, NotKnown, Place, multi_region, told
from perimeter_smt.organization.readers.draft.draft import Thing
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.request.multi_region import is_multi_region
from perimeter_smt.request.partitions import partition_of_region

_STREAM = "streamspecification"
NO_CONFIGURATION = "the item has no configuration (queries: `SELECT *` alone selects none)"


def read_item(draft: Draft, item: Item) -> bool:
    """Add one item; False for types that are not read, of which only the account counts."""
    if item.account.isdigit():
        draft.account(item.account, item.at)
    reader = _READERS.get(item.type)
    if reader is not None:
        reader(draft, item)
    return reader is not None


def _holder(inline: str, *others: str) -> Callable[[Draft, Item], None]:
    """A user, role or group. A query may select some members only: what it leaves out is not known."""

    def read(draft: Draft, item: Item) -> None:
        found = item.configuration
        arn = item.arn or found.get("arn")
        if not isinstance(arn, str) or arn.count(":") < 5:
            draft.unknown(f"policies of `{item.name}`", "its ARN is not told", "grants", item.at,
                          account=item.account or "*")  # fmt: skip
            return
        missing = item.torn or ("" if found else NO_CONFIGURATION)
        for name in (inline, "attachedManagedPolicies", *others):
            if not missing and name not in found:
                missing = f"the item has no `{name}`"
        if item.tags is None and others:  # groups have no tags; named where policies look at tags
            draft.untagged.setdefault(arn, item.at)
        if missing:
            draft.principal(arn, item.at, own=[("policies", NotKnown(missing), item.at)])
            return
        group = f"{arn.rsplit(':', 1)[0]}:group/"
        boundary = found.get("permissionsBoundary") or {}
        told.principal(
            draft,
            arn,
            item.at,
            own=_inline(found.get(inline), item.at.at("configuration", inline)),
            attached=[
                str(a.get("policyArn") or f"{a.get('policyName')}, whose ARN is not told")
                for a in found.get("attachedManagedPolicies") or ()
            ],
            groups=[f"{group}{name}" for name in found.get("groupList") or ()],
            boundary=boundary.get("permissionsBoundaryArn"),
            trust=found.get("assumeRolePolicyDocument"),
            tags=item.tags or {},
        )

    return read


def _inline(found: Any, at: Place) -> Iterator[tuple[str, object, Place]]:
    for index, policy in enumerate(found or ()):
        yield policy.get("policyName", "inline"), policy.get("policyDocument"), at.at(index, "policyDocument")


def _managed(draft: Draft, item: Item) -> None:
    arn = item.arn or item.configuration.get("arn", "")
    if item.torn:
        draft.managed[arn] = NotKnown(item.torn)
        return
    default = item.configuration.get("defaultVersionId")
    told.managed_policy(
        draft,
        arn,
        item.configuration.get("policyName") or arn.rsplit("/", 1)[-1],
        (
            (
                str(version.get("versionId") or ""),
                version.get("document"),
                bool(version.get("isDefaultVersion")) or (default is not None and version.get("versionId") == default),
                item.at.at("configuration", "policyVersionList", index, "document"),
            )
            for index, version in enumerate(item.configuration.get("policyVersionList") or ())
        ),
    )


def _bucket(draft: Draft, item: Item) -> None:
    name = item.configuration.get("name") or item.id
    if "BucketPolicy" not in item.more:
        policy: object = NotKnown("the item has no `BucketPolicy`")
    else:
        found = item.more["BucketPolicy"]
        told_there = isinstance(found, dict) and "policyText" in found
        policy = found["policyText"] if told_there else NotKnown("its `BucketPolicy` has no `policyText`")
    arn = item.arn if item.arn.count(":") >= 5 else f"arn:{_partition(item)}:s3:::{name}"
    thing = _resource(draft, item, arn, policy)
    blocked = item.more.get("PublicAccessBlockConfiguration")
    on = isinstance(blocked, dict) and bool(blocked.get("restrictPublicBuckets"))
    thing.block_public_access = told.block(thing.block_public_access, on)
    _lists(thing, item, blocked.get("ignorePublicAcls") if isinstance(blocked, dict) else None)


def _lists(thing: Thing, item: Item, ignored: object) -> None:
    """Object ownership and the bucket's access control list, which some items hold as the text of a text."""
    controls = item.more.get("OwnershipControls")
    rules = (controls.get("rules") or controls.get("Rules") or ()) if isinstance(controls, dict) else ()
    told_rules = (
        rule.get("objectOwnership") or rule.get("ObjectOwnership") for rule in rules if isinstance(rule, dict)
    )
    acl.tell(thing, ignored=ignored, ownership=next(told_rules, None))
    found = item.more.get("AccessControlList")
    found = decoded(decoded(f"[{found}]")[0]) if isinstance(found, str) and found.startswith('"') else found
    if isinstance(found, dict) and isinstance(grants := found.get("grantList") or found.get("grantSet"), list):
        acl.tell(thing, entries=acl.entries(grants, (found.get("owner") or {}).get("id")))


def _access_point(draft: Draft, item: Item) -> None:
    """An access point, in the spelling of its resource type."""
    found = item.configuration
    arn = item.arn or str(found.get("Arn") or "")
    if arn.count(":") < 5:
        _nameless(draft, item)
        return
    policy = (found["Policy"] or None) if "Policy" in found else NotKnown("the item has no `Policy`")
    thing = _resource(draft, item, arn, policy)
    thing.origin = {"VPC": "vpc", "Internet": "internet"}.get(str(found.get("NetworkOrigin")))
    thing.vpc = (found.get("VpcConfiguration") or {}).get("VpcId")
    thing.bucket = found.get("Bucket")
    on = bool((found.get("PublicAccessBlockConfiguration") or {}).get("RestrictPublicBuckets"))
    thing.block_public_access = told.block(thing.block_public_access, on)


def _multi_region(draft: Draft, item: Item) -> None:
    """A Multi-Region Access Point, in the spelling of its resource type, which does not hold its policy."""
    found = item.configuration
    arn = item.arn
    if found.get("Alias"):
        arn = multi_region.arn_of(_partition(item), item.account, str(found["Alias"]))
    if not is_multi_region(arn):
        _nameless(draft, item)
        return
    thing = _resource(draft, item, arn, _told_policy(item, ("Policy",)))
    multi_region.tell(thing, found.get("Regions"), found.get("PublicAccessBlockConfiguration") or {})


def _partition(item: Item) -> str:
    return partition_of_region(item.region) or "aws"


def _resource(draft: Draft, item: Item, arn: str, policy: object) -> Thing:
    """A resource; where it is not told which of its items counts, it may be granted anything."""
    if item.torn:
        policy = NotKnown(item.torn)
    if item.tags is None:  # named where policies look at tags
        draft.untagged.setdefault(arn, item.at)
    policy = told.policy_of(draft, arn, policy, item.at)
    return draft.resource(arn, item.account, item.at, policy=policy, tags=item.tags or {})


def _nameless(draft: Draft, item: Item) -> None:
    draft.unknown(f"policy of `{item.name}`", "its ARN is not told", "grants", item.at, account=item.account or "*")


def _account_block(draft: Draft, item: Item) -> None:
    draft.restrict(item.account, on=bool(item.configuration.get("restrictPublicBuckets")))
    draft.ignore_acls(item.account, item.configuration.get("ignorePublicAcls"))


def _with(*names: str) -> Callable[[Draft, Item], None]:
    """A resource whose policy is a member of one of these names; without any of them it is not known."""

    def read(draft: Draft, item: Item) -> None:
        arn = item.arn or str(item.configuration.get("arn") or item.configuration.get("Arn") or "")
        if arn.count(":") < 5:
            _nameless(draft, item)
            return
        _resource(draft, item, arn, _told_policy(item, names))

    return read


def _told_policy(item: Item, names: tuple[str, ...], apart: str = "") -> object:
    """The policy under one of these names; None where they say that there is none.

    One that stands elsewhere in the item, but below `apart`, is not passed over: what counts is not known then.
    """
    places = (item.more, item.configuration)
    found = [_text(place[name]) for place in places for name in names if name in place]
    some = [policy for policy in found if policy is not None]
    if any(decoded(policy) != decoded(some[0]) for policy in some[1:]):
        return NotKnown("the item tells two policies that differ")
    if some:
        return some[0]
    beside = [name for place in places for key, value in place.items() if key not in names and key.lower() != apart
              for name, inner in [(key, value), *members(value)] if policy_text(inner)]  # fmt: skip
    if beside:
        return NotKnown(f"the item tells a policy as `{beside[0]}`, where AWS Config writes none of this type")
    if not found:
        return NotKnown("the item does not tell it" if item.configuration else NO_CONFIGURATION)
    return None


def _table(draft: Draft, item: Item) -> None:
    """A table, and its stream, whose policy is its own (DynamoDB guide, resource-based policies for streams)."""
    arn = item.arn or str(item.configuration.get("tableArn") or item.configuration.get("Arn") or "")
    if arn.count(":") < 5:
        _nameless(draft, item)
        return
    policy = _told_policy(item, ("ResourcePolicy", "resourcePolicy"), _STREAM)
    _resource(draft, item, arn, policy)
    found = {name.lower(): value for place in (item.more, item.configuration) for name, value in place.items()}
    stream = str(found.get("streamarn") or found.get("lateststreamarn") or "")
    settings = found.get(_STREAM)
    inside = {name.lower(): value for name, value in settings.items()} if isinstance(settings, dict) else {}
    off = inside.get("streamenabled") in (False, "false")
    if (not stream and not inside) or (off and not stream) or isinstance(policy, NotKnown):
        return  # no stream, or one more thing of a table that may be granted anything
    reason = NotKnown("the item does not tell the policy of the stream")
    own = _text(inside["resourcepolicy"]) if "resourcepolicy" in inside else reason
    _resource(draft, item, stream or aside.stream(arn), own)


def _text(found: Any) -> object:
    """A policy as it stands, below `policy`, or as the JSON text of its JSON text; None where there is none."""
    for name in ("policy", "PolicyDocument", "policyDocument"):
        if isinstance(found, dict) and isinstance(found.get(name), (str, dict)):
            found = found[name]
    if isinstance(found, str) and found.startswith('"'):
        found = orjson.loads(found)
    return None if found in ("", {}, None) else found


def _endpoint(draft: Draft, item: Item) -> None:
    """Fields are spelled as in the API, with a small or a capital first letter."""
    found = {key[:1].upper() + key[1:]: value for key, value in item.configuration.items()}
    if isinstance(found.get("State"), dict):
        found["State"] = found["State"].get("value")
    found.setdefault("VpcEndpointId", item.id)
    found.setdefault("PolicyDocument", NotKnown("the item has no `policyDocument`"))
    if item.torn or not found.get("VpcId"):
        reason = item.torn or "the item does not tell its VPC"
        draft.unknown(f"endpoint `{found['VpcEndpointId']}`", reason, "facts", item.at)
        return
    network.endpoint(draft, found, item.at.at("configuration"), item.account, item.region)


def _vpc(draft: Draft, item: Item) -> None:
    own = item.configuration.get("vpcId") or item.id
    draft.vpcs[own, item.region] = str(item.configuration.get("ownerId") or item.account)


def _control(draft: Draft, item: Item) -> None:
    found = item.configuration
    kind = {"SERVICE_CONTROL_POLICY": Kind.SCP, "RESOURCE_CONTROL_POLICY": Kind.RCP}.get(str(found.get("Type")))
    if kind is None:
        return
    own = str(found.get("Id") or item.id)
    content = NotKnown(item.torn) if item.torn else found.get("Content")
    draft.control(own, str(found.get("Name") or own), kind, NotKnown("text not told") if content is None else content,
                  item.at.at("configuration", "Content"))  # fmt: skip
    for target in found.get("TargetIds") or ():
        draft.attach(own, target, item.at)
    if "TargetIds" in found and not item.torn:
        told.targets(draft, own, found["TargetIds"] or ())
    _learn(draft, str(found.get("Arn") or item.arn), item.at)


def _shared(draft: Draft, item: Item) -> None:
    """A share of AWS RAM, as its resource type describes it."""
    found = {key[:1].lower() + key[1:]: value for key, value in item.configuration.items()}
    share = draft.ram(item.arn or str(found.get("arn") or item.id), item.at)
    share.resources.update(dict.fromkeys(map(str, found.get("resourceArns") or ())))
    share.principals.update(dict.fromkeys(map(str, found.get("principals") or ())))
    if "resourceArns" not in found and "principals" not in found:
        share.not_known = "the item tells neither resources nor principals"


def _snapshot(draft: Draft, item: Item) -> None:
    """Snapshots of databases: who may restore them stands beside."""
    if item.arn.count(":") < 5:
        _nameless(draft, item)
        return
    told = [value for name, value in item.more.items() if name.lower().endswith("snapshotattributes")]
    if item.torn or (not told and item.configuration.get("snapshotType") != "automated"):
        reason = item.torn or "the item does not tell who may restore it"
        draft.resource(item.arn, item.account, item.at, policy=NotKnown(reason))
        return
    draft.share(item.arn, item.account, [party for each in told for party in restorers(each)], item.at)


def _profile(draft: Draft, item: Item) -> None:
    """A profile of IAM Roles Anywhere, in the spelling of its resource type."""
    found = {key[:1].upper() + key[1:]: value for key, value in item.configuration.items()}
    policy = NotKnown(item.torn) if item.torn else found.get("SessionPolicy")
    draft.profile(str(found.get("Name") or item.id), found.get("RoleArns"), policy,
                  found.get("ManagedPolicyArns") or (), item.at, enabled=found.get("Enabled") is not False)  # fmt: skip


def _pod_association(draft: Draft, item: Item) -> None:
    """An association of EKS Pod Identity, in the spelling of its resource type."""
    found = {key[:1].upper() + key[1:]: value for key, value in item.configuration.items()}
    policy = NotKnown(item.torn) if item.torn else found.get("Policy")
    name = str(found.get("AssociationId") or item.id)
    draft.association(name, str(found.get("RoleArn") or ""), policy, str(found.get("TargetRoleArn") or ""), item.at)


def _delegation(draft: Draft, item: Item) -> None:
    """The policy by which the organization delegates its administration."""
    content = NotKnown(item.torn) if item.torn else item.configuration.get("Content")
    draft.delegate(NotKnown("text not told") if content is None else content, item.at.at("configuration", "Content"))
    _learn(draft, str(item.configuration.get("Arn") or item.arn), item.at)


def _organization(draft: Draft, item: Item) -> None:
    found = item.configuration
    if found.get("Id"):
        draft.belongs(found["Id"], item.at)
    draft.management = found.get("ManagementAccountId") or draft.management
    if found.get("RootId"):
        draft.root = found["RootId"]
        draft.unit(found["RootId"], item.at)


def _unit(draft: Draft, item: Item) -> None:
    found = item.configuration
    draft.unit(
        str(found.get("Id") or item.id), item.at, name=str(found.get("Name") or ""), parent=found.get("ParentId")
    )
    _learn(draft, str(found.get("Arn") or item.arn), item.at)


def _member(draft: Draft, item: Item) -> None:
    found = item.configuration
    own = str(found.get("AccountId") or item.id)
    for parent in found.get("ParentIds") or [None]:
        draft.account(own, item.at, name=str(found.get("AccountName") or ""), parent=parent)
    _learn(draft, str(found.get("Arn") or item.arn), item.at)


def _learn(draft: Draft, arn: str, at: Place) -> None:
    fields = arn.split("/")
    if arn.split(":")[2:3] == ["organizations"] and len(fields) > 2 and owner(arn):
        draft.management = owner(arn)
        draft.belongs(fields[1], at)


_READERS: dict[str, Callable[[Draft, Item], None]] = {
    "AWS::IAM::User": _holder("userPolicyList", "groupList"),
    "AWS::IAM::Role": _holder("rolePolicyList", "assumeRolePolicyDocument"),
    "AWS::IAM::Group": _holder("groupPolicyList"),
    "AWS::IAM::Policy": _managed,
    "AWS::S3::Bucket": _bucket,
    "AWS::S3::AccessPoint": _access_point,
    "AWS::S3::MultiRegionAccessPoint": _multi_region,
    "AWS::S3::AccountPublicAccessBlock": _account_block,
    "AWS::KMS::Key": _with("Policy", "KeyPolicy", "keyPolicy"),
    "AWS::SQS::Queue": _with("Policy", "policy"),
    "AWS::SNS::Topic": _with("Policy", "policy"),
    "AWS::Lambda::Function": _with("Policy", "policy"),
    "AWS::ECR::Repository": _with("RepositoryPolicyText", "policyText"),
    "AWS::SecretsManager::Secret": _with("ResourcePolicy", "resourcePolicy"),
    "AWS::OpenSearch::Domain": _with("AccessPolicies", "accessPolicies"),
    "AWS::Elasticsearch::Domain": _with("AccessPolicies", "accessPolicies"),
    "AWS::Backup::BackupVault": _with("AccessPolicy", "BackupVaultAccessPolicy", "accessPolicy"),
    "AWS::Events::EventBus": _with("Policy", "policy"),
    "AWS::EFS::FileSystem": _with("FileSystemPolicy", "fileSystemPolicy"),
    "AWS::DynamoDB::Table": _table,
    "AWS::Kinesis::Stream": _with("ResourcePolicy", "resourcePolicy"),
    "AWS::CodeArtifact::Repository": _with("PermissionsPolicyDocument"),
    "AWS::RAM::ResourceShare": _shared,
    "AWS::RolesAnywhere::Profile": _profile,
    "AWS::EKS::PodIdentityAssociation": _pod_association,
    "AWS::RDS::DBSnapshot": _snapshot,
    "AWS::RDS::DBClusterSnapshot": _snapshot,
    "AWS::EC2::VPCEndpoint": _endpoint,
    "AWS::EC2::VPC": _vpc,
    "AWS::Organizations::Policy": _control,
    "AWS::Organizations::ResourcePolicy": _delegation,
    "AWS::Organizations::Organization": _organization,
    "AWS::Organizations::OrganizationalUnit": _unit,
    "AWS::Organizations::Account": _member,
}
TYPES = frozenset(_READERS)
