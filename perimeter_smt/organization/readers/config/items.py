"""Single configuration items: users, roles, policies, resources with policies, endpoints, Organizations."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from perimeter_smt.organization.readers.aws_cli import network
from perimeter_smt.organization.readers.aws_cli.answer import tags_of
from perimeter_smt.organization.readers.aws_cli.iam import owner
from perimeter_smt.organization.readers.aws_cli.shares import restorers
from perimeter_smt.organization.readers.draft import Draft, NotKnown, Place
from perimeter_smt.policy.kinds import Kind


@dataclass(frozen=True, slots=True)
class Item:
    """A configuration item; `configuration` and `more` (supplementary) are decoded."""

    type: str
    id: str
    arn: str
    account: str
    region: str
    status: str
    time: str
    configuration: dict[str, Any]
    more: dict[str, Any]
    tags: dict[str, str]
    at: Place

    @staticmethod
    def of(value: dict[str, Any], at: Place, account: str) -> Item | None:
        """The item, in any of the spellings of Config's answers and files; None without a type."""
        kind = value.get("resourceType")
        if not isinstance(kind, str):
            return None
        more = _object(value.get("supplementaryConfiguration"))
        return Item(
            type=kind,
            id=str(value.get("resourceId") or value.get("resourceName") or value.get("arn") or ""),
            arn=str(value.get("ARN") or value.get("arn") or ""),
            account=str(value.get("awsAccountId") or value.get("accountId") or account),
            region=str(value.get("awsRegion") or ""),
            status=str(value.get("configurationItemStatus") or ""),
            time=str(value.get("configurationItemCaptureTime") or ""),
            configuration=_object(value.get("configuration")),
            more={str(k): _decoded(v) for k, v in more.items()},
            tags=tags_of(_decoded(value.get("tags"))),
            at=at,
        )


def read_item(draft: Draft, item: Item) -> bool:
    """Add one item; False for types that are not read, of which only the account counts."""
    if item.account:
        draft.account(item.account, item.at)
    reader = _READERS.get(item.type)
    if reader is not None:
        reader(draft, item)
    return reader is not None


def _object(value: Any) -> dict[str, Any]:
    found = _decoded(value)
    return found if isinstance(found, dict) else {}


def _decoded(value: Any) -> Any:
    """Config writes objects as such, or as their JSON text."""
    if isinstance(value, str) and value[:1] in "{[" and value:
        try:
            return orjson.loads(value)
        except orjson.JSONDecodeError:
            return value
    return value


def _holder(inline: str) -> Callable[[Draft, Item], None]:
    def read(draft: Draft, item: Item) -> None:
        found = item.configuration
        arn = item.arn or found.get("arn")
        if not isinstance(arn, str) or arn.count(":") < 5:
            return
        if not found:
            draft.unknown(f"policies of `{arn}`", "the item has no configuration", "grants", item.at,
                          account=item.account)  # fmt: skip
            return
        group = f"{arn.rsplit(':', 1)[0]}:group/"
        boundary = found.get("permissionsBoundary") or {}
        draft.principal(
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
            tags={**item.tags, **tags_of(found.get("tags"))},
        )

    return read


def _inline(found: Any, at: Place) -> Iterator[tuple[str, object, Place]]:
    for index, policy in enumerate(found or ()):
        yield policy.get("policyName", "inline"), policy.get("policyDocument"), at.at(index, "policyDocument")


def _managed(draft: Draft, item: Item) -> None:
    arn = item.arn or item.configuration.get("arn", "")
    for index, version in enumerate(item.configuration.get("policyVersionList") or ()):
        if version.get("isDefaultVersion") and version.get("document") is not None:
            draft.versions[arn] = len(item.configuration["policyVersionList"]) - 1
            at = item.at.at("configuration", "policyVersionList", index, "document")
            name = item.configuration.get("policyName") or arn.rsplit("/", 1)[-1]
            draft.managed[arn] = draft.policy(version["document"], Kind.IDENTITY, name, at)
            return
    draft.managed.setdefault(arn, NotKnown("its default version is not told"))


def _bucket(draft: Draft, item: Item) -> None:
    name = item.configuration.get("name") or item.id
    if "BucketPolicy" not in item.more:
        policy: object = NotKnown("the item has no `BucketPolicy`")
    else:
        found = item.more["BucketPolicy"]
        policy = found.get("policyText") if isinstance(found, dict) else None
    arn = item.arn if item.arn.count(":") >= 5 else f"arn:aws:s3:::{name}"
    thing = draft.resource(arn, item.account, item.at, policy=policy, tags=item.tags)
    blocked = item.more.get("PublicAccessBlockConfiguration")
    thing.block_public_access = isinstance(blocked, dict) and bool(blocked.get("restrictPublicBuckets"))


def _account_block(draft: Draft, item: Item) -> None:
    if item.configuration.get("restrictPublicBuckets"):
        draft.restricted.add(item.account)


def _with(*names: str) -> Callable[[Draft, Item], None]:
    """A resource whose policy is a member of one of these names; without any of them it is not known."""

    def read(draft: Draft, item: Item) -> None:
        arn = item.arn or str(item.configuration.get("arn") or item.configuration.get("Arn") or "")
        if arn.count(":") < 5:
            return
        policy: object = NotKnown("the item does not tell it")
        for place in (item.more, item.configuration):
            for name in names:
                if name in place:
                    policy = _text(place[name])
        draft.resource(arn, item.account, item.at, policy=policy, tags=item.tags)

    return read


def _text(found: Any) -> object:
    """A policy as it stands, below `policy`, or as the JSON text of its JSON text; None where there is none."""
    if isinstance(found, dict) and isinstance(found.get("policy"), (str, dict)):
        found = found["policy"]
    if isinstance(found, str) and found.startswith('"'):
        found = orjson.loads(found)
    return None if found in ("", {}, None) else found


def _endpoint(draft: Draft, item: Item) -> None:
    """Fields are spelled as in the API, with a small or a capital first letter."""
    found = {key[:1].upper() + key[1:]: value for key, value in item.configuration.items()}
    if found.get("VpcEndpointId") and found.get("VpcId"):
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
    content = found.get("Content")
    draft.control(own, str(found.get("Name") or own), kind, NotKnown("text not told") if content is None else content,
                  item.at.at("configuration", "Content"))  # fmt: skip
    for target in found.get("TargetIds") or ():
        draft.attach(own, target, item.at)
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
        return
    told = [value for name, value in item.more.items() if name.lower().endswith("snapshotattributes")]
    if not told and item.configuration.get("snapshotType") != "automated":
        draft.resource(item.arn, item.account, item.at, policy=NotKnown("the item does not tell who may restore it"))
        return
    draft.share(item.arn, item.account, [party for each in told for party in restorers(each)], item.at)


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
    parents = found.get("ParentIds") or [None]
    draft.account(own, item.at, name=str(found.get("AccountName") or ""), parent=parents[0])
    _learn(draft, str(found.get("Arn") or item.arn), item.at)


def _learn(draft: Draft, arn: str, at: Place) -> None:
    fields = arn.split("/")
    if arn.split(":")[2:3] == ["organizations"] and len(fields) > 2 and owner(arn):
        draft.management = owner(arn)
        draft.belongs(fields[1], at)


_READERS: dict[str, Callable[[Draft, Item], None]] = {
    "AWS::IAM::User": _holder("userPolicyList"),
    "AWS::IAM::Role": _holder("rolePolicyList"),
    "AWS::IAM::Group": _holder("groupPolicyList"),
    "AWS::IAM::Policy": _managed,
    "AWS::S3::Bucket": _bucket,
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
    "AWS::DynamoDB::Table": _with("ResourcePolicy", "resourcePolicy"),
    "AWS::Kinesis::Stream": _with("ResourcePolicy", "resourcePolicy"),
    "AWS::CodeArtifact::Repository": _with("PermissionsPolicyDocument"),
    "AWS::RAM::ResourceShare": _shared,
    "AWS::RDS::DBSnapshot": _snapshot,
    "AWS::RDS::DBClusterSnapshot": _snapshot,
    "AWS::EC2::VPCEndpoint": _endpoint,
    "AWS::EC2::VPC": _vpc,
    "AWS::Organizations::Policy": _control,
    "AWS::Organizations::Organization": _organization,
    "AWS::Organizations::OrganizationalUnit": _unit,
    "AWS::Organizations::Account": _member,
}
