"""A folder of answers: every JSON file below it, each recognised by its members."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from perimeter_smt.errors import InputError
from perimeter_smt.organization.readers.answer_files import YAML_FILES, files, tables, values_of
from perimeter_smt.organization.readers.aws_cli import (
    iam,
    multi_region,
    network,
    organizations,
    resources,
    shares,
    sso_admin,
)
from perimeter_smt.organization.readers.aws_cli.answer import Answer, account_in, region_in
from perimeter_smt.organization.readers.aws_cli.manifest import manifest
from perimeter_smt.organization.readers.aws_cli.permission_sets import permission_set
from perimeter_smt.organization.readers.draft import Draft, Place
from perimeter_smt.policy.json_positions import quoted

if TYPE_CHECKING:
    from perimeter_smt.organization.readers.sources import SourceOptions

# Members that an answer has, and who reads it; the first row that fits counts.
_ANSWERS: tuple[tuple[tuple[str, ...], Callable[[Answer], None]], ...] = (
    (("collection",), manifest),
    (("RoleDetailList",), iam.authorization_details),
    (("UserDetailList",), iam.authorization_details),
    (("GroupDetailList",), iam.authorization_details),
    (("PolicyName", "PolicyDocument"), iam.inline_policy),
    (("profiles",), iam.profiles),
    (("profile",), iam.profiles),
    (("association",), iam.pod_association),
    (("associations",), iam.pod_associations),
    (("Roles",), iam.listed),
    (("Users",), iam.listed),
    (("Role",), iam.listed),
    (("User",), iam.listed),
    (("PermissionSet", "AccountIds"), permission_set),
    (("PermissionSet",), sso_admin.described),
    (("PermissionSets",), sso_admin.listed),
    (("AccountAssignments",), sso_admin.assigned),
    (("InlinePolicy",), sso_admin.part),
    (("AttachedManagedPolicies",), sso_admin.part),
    (("CustomerManagedPolicyReferences",), sso_admin.part),
    (("PermissionsBoundary",), sso_admin.part),
    (("Organization",), organizations.organization),
    (("Roots",), organizations.roots),
    (("OrganizationalUnits",), organizations.units),
    (("OrganizationalUnit",), organizations.unit),
    (("Accounts",), organizations.accounts),
    (("Parents",), organizations.parents),
    (("Targets",), organizations.targets),
    (("DelegatedServices",), organizations.delegated),
    (("DelegatedAdministrators",), organizations.administrators),
    (("VpcEndpoints",), network.endpoints),
    (("Vpcs",), network.vpcs),
    (("ImageId", "LaunchPermissions"), shares.launch_permission),
    (("SnapshotId", "CreateVolumePermissions"), shares.volume_permission),
    (("Images",), shares.images),
    (("Snapshots",), shares.snapshots),
    (("DBSnapshotAttributesResult",), shares.database_snapshot),
    (("DBClusterSnapshotAttributesResult",), shares.database_snapshot),
    (("AccountIds", "AccountSharingInfoList"), shares.document),
    (("AccountIds",), sso_admin.part),
    (("resourceShareAssociations",), shares.associations),
    (("principals",), shares.principals),
    (("NetworkOrigin", "AccessPointArn"), resources.access_point),
    (("PublicAccessBlockConfiguration",), resources.public_access),
    (("AbacStatus",), resources.abac),
    (("OwnershipControls",), resources.ownership),
    (("Owner", "Grants"), resources.access_list),
    (("ResourceTagMappingList",), resources.tags),
    (("Unknown", "NotKnown"), resources.not_known),
    (("Grants",), resources.grants),
    (("KeyMetadata",), resources.key),
    (("Attributes",), resources.attributes),
    (("DomainStatus",), resources.domain),
    (("repositoryName", "policyText"), resources.repository),
)


# Items that `--query` takes out of answers, by members that AWS always writes, and the answers.
_ITEMS = (
    (("VpcEndpointId", "ServiceName"), "VpcEndpoints"),
    (("AssumeRolePolicyDocument", "RolePolicyList"), "RoleDetailList"),
    (("UserName", "GroupList", "Arn"), "UserDetailList"),
    (("GroupName", "GroupPolicyList"), "GroupDetailList"),
)
_SHOWN = 5


_LATER = (
    *(resources.with_arn, resources.policy_alone, iam.inline_policy, permission_set, iam.listed),
    *(resources.public_access, resources.abac, resources.ownership, resources.access_list),
    *(shares.launch_permission, shares.volume_permission, multi_region.policy),
)


def read(path: Path, draft: Draft, options: SourceOptions) -> None:
    """Read every answer, and items of AWS Config beside them. InputError if the folder holds neither."""
    from perimeter_smt.organization.readers.config.read import Export
    from perimeter_smt.organization.readers.recognise import is_config

    found = 0
    draft.guardrails_told, draft.asks_targets = set(), True
    folder = path if path.is_dir() else path.parent
    export = Export(draft, options.account or "")
    later: list[Answer] = []
    partly: list[str] = []  # files that hold something else, too
    for file in files(path):
        name = file.relative_to(folder).with_suffix("").as_posix()
        if _is_error(file):  # what the command printed in place of an answer: as little as an empty file
            draft.unread.append(file.relative_to(folder).as_posix())
            continue
        account = account_in(name) or options.account or ""
        known, empty, other = False, True, False
        for value, at in _told(file):
            empty = False
            if is_config(value):
                export.add(value, at)
                known = True
                continue
            answer = Answer(value, at, name, draft, account, region_in(name) or options.region or "")
            reader = reader_of(value)
            known |= reader is not None
            other |= reader is None
            if reader in _LATER:
                later.append(answer)  # they lean on what other answers say
            elif reader is not None:
                _put(reader, answer)
        found += known
        if not known and (not empty or not file.stat().st_size):  # an empty list was told
            draft.unread.append(file.relative_to(folder).as_posix())
        elif (known and other) or (empty and _holds_policy(file)):
            partly.append(file.relative_to(folder).as_posix())
    export.finish()
    for answer in later:
        reader = reader_of(answer.value)
        assert reader is not None
        _put(reader, answer)
    sso_admin.finish(draft)
    _name_unread(draft, folder, partly)
    if not found:
        raise InputError("no answer of the AWS CLI and no item of AWS Config that is known", file=str(path))


def _told(file: Path) -> Iterator[tuple[Any, Place]]:
    """The answers of a file; items of a list that `--query` took out of one stand in an answer again."""
    from perimeter_smt.organization.readers.recognise import read_bytes

    for value, at in values_of(file, read_bytes(file)):
        yield in_answer(value), at


def _is_error(file: Path) -> bool:
    """Whether a file holds the error of a command that failed (`2>&1`)."""
    from perimeter_smt.organization.readers.recognise import read_bytes

    return read_bytes(file).lstrip().startswith(b"An error occurred (")


def _holds_policy(file: Path) -> bool:
    """Whether YAML looks as if a policy stood in it."""
    from perimeter_smt.organization.readers.recognise import read_bytes

    return file.suffix.lower() in YAML_FILES and b"Statement" in read_bytes(file)


def in_answer(value: Any) -> Any:
    """An item of an answer in the answer that it was taken from; anything else as it is."""
    if isinstance(value, dict):
        for members, around in _ITEMS:
            if all(name in value for name in members):
                return {around: [value]}
    return value


def _name_unread(draft: Draft, folder: Path, partly: list[str]) -> None:
    """Files that hold something that is not read may hold any policy.

    YAML without a policy is of other programs; tables and texts are listed, and count where a policy stands in them.
    """
    unread = [name for name in draft.unread if not name.lower().endswith(YAML_FILES) or _holds_policy(folder / name)]
    from perimeter_smt.organization.readers.recognise import read_bytes

    for file in tables(folder):
        name = file.relative_to(folder).as_posix()
        if name not in draft.unread:
            draft.unread.append(name)
            unread += [name] if b"Statement" in read_bytes(file) else []
    unread = sorted([*unread, *partly])
    if unread:
        shown = ", ".join(f"`{name}`" for name in unread[:_SHOWN])
        more = f" and {len(unread) - _SHOWN} more" if len(unread) > _SHOWN else ""
        what = "1 file" if len(unread) == 1 else f"{len(unread)} files"
        if any(_policy_alone(folder / name) for name in unread):
            more += "; a policy counts inside the answer that tells where it is attached (`describe-policy`)"
        draft.unknown(f"what is in {what}", f"no answer that is known, or an empty file: {shown}{more}", "grants",
                      Place(str(folder)), account="*")  # fmt: skip


def _policy_alone(file: Path) -> bool:
    """Whether a file holds a policy and nothing that says whose it is."""
    try:
        found = orjson.loads(file.read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return False
    return isinstance(found, dict) and "Statement" in found


def _put(reader: Callable[[Answer], None], answer: Answer) -> None:
    """Read an answer. InputError for one that has its members and not its form: somebody wrote it or cut it."""
    try:
        reader(answer)
    except (TypeError, KeyError, AttributeError, ValueError) as error:
        raise InputError(_other_form(error), file=str(answer.at)) from None


def _other_form(error: Exception) -> str:
    said = f": no {quoted(str(error.args[0]))}" if isinstance(error, KeyError) else ""
    return f"an answer of another form than the AWS CLI writes{said}"


def reader_of(value: Any) -> Callable[[Answer], None] | None:
    """Who reads an answer; None for what is no answer."""
    if not isinstance(value, dict):
        return None
    for members, reader in _ANSWERS:
        if all(name in value for name in members) and _of_organizations(reader, value):
            return reader
    if _of_shares(value):
        return shares.listed
    if (found := multi_region.reader_of(value)) is not None:
        return found
    if "Policies" in value and isinstance(value["Policies"], list):
        return organizations.policies
    delegation = value.get("ResourcePolicy")
    if isinstance(delegation, dict) and delegation.keys() & {"ResourcePolicySummary", "NotKnown"}:
        return organizations.resource_policy
    policy = value.get("Policy")
    if isinstance(policy, dict) and "PolicySummary" in policy:
        return organizations.policy
    if isinstance(policy, dict) and "PolicyVersionList" in policy:
        return _managed
    if any(name in value for name in resources.ARNS) and any(
        name in value for name in (*resources.POLICIES, "NotKnown")
    ):
        return resources.with_arn
    if isinstance(policy or value.get("policy"), str):
        return resources.policy_alone
    return None


def _of_organizations(reader: Callable[[Answer], None], value: dict[str, Any]) -> bool:
    """Whether `Targets` are those of a policy: proxies of databases and maintenance windows have targets, too."""
    if reader is not organizations.targets:
        return True
    found = value["Targets"]
    return isinstance(found, list) and all(isinstance(item, dict) and "TargetId" in item for item in found)


def _of_shares(value: dict[str, Any]) -> bool:
    """`ram list-resources`."""
    found = value.get("resources")
    return isinstance(found, list) and any(isinstance(item, dict) and "resourceShareArn" in item for item in found)


def _managed(answer: Answer) -> None:
    iam.managed_policy(answer, answer.value["Policy"], answer.at.at("Policy"))
