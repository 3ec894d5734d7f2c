"""A folder of answers: every JSON file below it, each recognised by its members."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from perimeter_smt.errors import InputError
from perimeter_smt.organization.readers.aws_cli import iam, network, organizations, resources, shares
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
    (("Roles",), iam.listed),
    (("Users",), iam.listed),
    (("Role",), iam.listed),
    (("User",), iam.listed),
    (("PermissionSet", "AccountIds"), permission_set),
    (("Organization",), organizations.organization),
    (("Roots",), organizations.roots),
    (("OrganizationalUnits",), organizations.units),
    (("OrganizationalUnit",), organizations.unit),
    (("Accounts",), organizations.accounts),
    (("Parents",), organizations.parents),
    (("Targets",), organizations.targets),
    (("DelegatedServices",), organizations.delegated),
    (("VpcEndpoints",), network.endpoints),
    (("Vpcs",), network.vpcs),
    (("ImageId", "LaunchPermissions"), shares.launch_permission),
    (("SnapshotId", "CreateVolumePermissions"), shares.volume_permission),
    (("Images",), shares.images),
    (("Snapshots",), shares.snapshots),
    (("DBSnapshotAttributesResult",), shares.database_snapshot),
    (("DBClusterSnapshotAttributesResult",), shares.database_snapshot),
    (("AccountIds", "AccountSharingInfoList"), shares.document),
    (("resourceShareAssociations",), shares.associations),
    (("principals",), shares.principals),
    (("NetworkOrigin", "AccessPointArn"), resources.access_point),
    (("PublicAccessBlockConfiguration",), resources.public_access),
    (("AbacStatus",), resources.abac),
    (("ResourceTagMappingList",), resources.tags),
    (("Unknown", "NotKnown"), resources.not_known),
    (("Grants",), resources.grants),
    (("KeyMetadata",), resources.key),
    (("Attributes",), resources.attributes),
    (("DomainStatus",), resources.domain),
    (("repositoryName", "policyText"), resources.repository),
)


_LATER = (
    *(resources.with_arn, resources.policy_alone, iam.inline_policy, permission_set, iam.listed),
    *(resources.public_access, resources.abac),
    *(shares.launch_permission, shares.volume_permission),
)


def read(path: Path, draft: Draft, options: SourceOptions) -> None:
    """Read every answer, and items of AWS Config beside them. InputError if the folder holds neither."""
    from perimeter_smt.organization.readers.config.read import Export
    from perimeter_smt.organization.readers.recognise import is_config

    found = 0
    draft.guardrails_told = set()
    folder = path if path.is_dir() else path.parent
    export = Export(draft, options.account or "")
    later: list[Answer] = []
    for file in files(path):
        name = file.relative_to(folder).with_suffix("").as_posix()
        account = account_in(name) or options.account or ""
        known, empty = False, True
        for value, at in _answers(file):
            empty = False
            if is_config(value):
                export.add(value, at)
                known = True
                continue
            answer = Answer(value, at, name, draft, account, region_in(name) or options.region or "")
            reader = reader_of(value)
            known |= reader is not None
            if reader in _LATER:
                later.append(answer)  # they lean on what other answers say
            elif reader is not None:
                _put(reader, answer)
        found += known
        if not known and not empty:
            draft.unread.append(file.relative_to(folder).as_posix())
    export.finish()
    for answer in later:
        reader = reader_of(answer.value)
        assert reader is not None
        _put(reader, answer)
    if not found:
        raise InputError("no answer of the AWS CLI and no item of AWS Config that is known", file=str(path))


def _put(reader: Callable[[Answer], None], answer: Answer) -> None:
    """Read an answer. InputError for one that has its members and not its form: somebody wrote it or cut it."""
    try:
        reader(answer)
    except (TypeError, KeyError, AttributeError, ValueError) as error:
        raise InputError(_other_form(error), file=str(answer.at)) from None


def _other_form(error: Exception) -> str:
    said = f": no {quoted(str(error.args[0]))}" if isinstance(error, KeyError) else ""
    return f"an answer of another form than the AWS CLI writes{said}"


def files(path: Path) -> Iterator[Path]:
    """The JSON files at or below a path, in the order of their names."""
    if path.is_file():
        yield path
        return
    yield from (f for f in sorted(path.rglob("*")) if f.suffix in (".json", ".jsonl", ".ndjson", ".gz") and f.is_file())


def reader_of(value: Any) -> Callable[[Answer], None] | None:
    """Who reads an answer; None for what is no answer."""
    if not isinstance(value, dict):
        return None
    for members, reader in _ANSWERS:
        if all(name in value for name in members):
            return reader
    if _of_shares(value):
        return shares.listed
    if "Policies" in value and isinstance(value["Policies"], list):
        return organizations.policies
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


def _of_shares(value: dict[str, Any]) -> bool:
    """`ram list-resources`."""
    found = value.get("resources")
    return isinstance(found, list) and any(isinstance(item, dict) and "resourceShareArn" in item for item in found)


def _managed(answer: Answer) -> None:
    iam.managed_policy(answer, answer.value["Policy"], answer.at.at("Policy"))


def _answers(file: Path) -> Iterator[tuple[Any, Place]]:
    """The values of a file: one, several in a list, or one on each line."""
    from perimeter_smt.organization.readers.recognise import read_bytes

    data = read_bytes(file)
    if not data:
        return
    at = Place(str(file))
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        yield from _lines(file, data, error)
        return
    if isinstance(value, list):
        yield from ((item, at.at(index)) for index, item in enumerate(value))
    else:
        yield value, at


def _lines(file: Path, data: bytes, error: orjson.JSONDecodeError) -> Iterator[tuple[Any, Place]]:
    """JSON Lines; InputError for what is neither, with the line where it breaks off as one value."""
    lines = [(number, line) for number, line in enumerate(data.splitlines(), 1) if line.strip()]
    for number, line in lines:
        try:
            value = orjson.loads(line)
        except orjson.JSONDecodeError as inner:
            one = number == lines[0][0]  # not even the first line is a value: it was meant to be one
            said, where = (error, data.count(b"\n", 0, error.pos) + 1) if one else (inner, number)
            raise InputError(f"not JSON: {str(said).partition(':')[0]}", file=str(file), line=where) from None
        yield value, Place(str(file), (), number)
