"""Answers on sharing: images, snapshots, documents, and shares of AWS RAM."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from perimeter_smt.organization.readers.aws_cli.answer import Answer
from perimeter_smt.organization.readers.draft import NotKnown
from perimeter_smt.organization.readers.draft.shares import party_of
from perimeter_smt.request.partitions import partition_of_region

_NOT_TOLD = "whom it is shared with is not told"
_RESTORE = "restore"  # the attribute of RDS snapshots that names who may restore one


def images(answer: Answer) -> None:
    """`ec2 describe-images`: owners, and which images are public."""
    for item in answer.value["Images"]:
        owner = str(item.get("OwnerId") or answer.account)
        if owner == answer.account or not answer.account:
            _seen(answer, f"image/{item['ImageId']}", owner, ["all"] if item.get("Public") is True else None)


def launch_permission(answer: Answer) -> None:
    """`ec2 describe-image-attribute --attribute launchPermission`."""
    _seen(answer, f"image/{answer.value['ImageId']}", answer.account, _parties(answer.value["LaunchPermissions"]))


def snapshots(answer: Answer) -> None:
    """`ec2 describe-snapshots`: whose they are."""
    for item in answer.value["Snapshots"]:
        owner = str(item.get("OwnerId") or answer.account)
        if owner == answer.account or not answer.account:
            _seen(answer, f"snapshot/{item['SnapshotId']}", owner, None)


def volume_permission(answer: Answer) -> None:
    """`ec2 describe-snapshot-attribute --attribute createVolumePermission`."""
    found = _parties(answer.value["CreateVolumePermissions"])
    _seen(answer, f"snapshot/{answer.value['SnapshotId']}", answer.account, found)


def database_snapshot(answer: Answer) -> None:
    """`rds describe-db-snapshot-attributes`, `describe-db-cluster-snapshot-attributes`."""
    for prefix, kind in (("DBSnapshot", "snapshot"), ("DBClusterSnapshot", "cluster-snapshot")):
        found = answer.value.get(f"{prefix}AttributesResult")
        if found is None or not (answer.region and answer.account):
            continue
        name = found[f"{prefix}Identifier"]
        arn = f"arn:{_partition(answer)}:rds:{answer.region}:{answer.account}:{kind}:{name}"
        answer.draft.share(arn, answer.account, restorers(found.get(f"{prefix}Attributes")), answer.at)


def restorers(attributes: Any) -> list[str]:
    """Who may restore a database snapshot."""
    out: list[str] = []
    for item in attributes or ():
        name = item.get("AttributeName", item.get("attributeName"))
        if name == _RESTORE:
            out += item.get("AttributeValues", item.get("attributeValues")) or ()
    return out


def document(answer: Answer) -> None:
    """`ssm describe-document-permission`; which document stands beside it."""
    arn = answer.value.get("DocumentArn")
    if arn:
        answer.draft.share(arn, answer.account, map(str.lower, answer.value["AccountIds"]), answer.at)


def associations(answer: Answer) -> None:
    """`ram get-resource-share-associations`."""
    for item in answer.value["resourceShareAssociations"]:
        if item.get("status") in ("DISASSOCIATED", "FAILED"):
            continue
        share = answer.draft.ram(item["resourceShareArn"], answer.at)
        found = share.principals if item.get("associationType") == "PRINCIPAL" else share.resources
        found[item["associatedEntity"]] = None


def principals(answer: Answer) -> None:
    """`ram list-principals`."""
    for item in answer.value["principals"]:
        answer.draft.ram(item["resourceShareArn"], answer.at).principals[item["id"]] = None


def listed(answer: Answer) -> None:
    """`ram list-resources`."""
    for item in answer.value["resources"]:
        if "resourceShareArn" in item:
            answer.draft.ram(item["resourceShareArn"], answer.at).resources[item["arn"]] = None


def _seen(answer: Answer, name: str, owner: str, parties: list[str] | None) -> None:
    """An image or snapshot, and the parties that it is shared with (None: not told by this answer)."""
    if answer.region and owner.isdigit():
        arn = f"arn:{_partition(answer)}:ec2:{answer.region}::{name}"
        thing = answer.draft.resource(arn, owner, answer.at)
        if "NotKnown" in answer.value:  # by `perimeter collect`
            thing.policy = NotKnown(str(answer.value["NotKnown"]))
        elif parties is None:
            thing.policy = thing.policy or NotKnown(_NOT_TOLD)
        else:
            thing.policy = None
            answer.draft.share(arn, owner, parties, answer.at)
    elif parties:
        reason = "its Region or its account is not told"
        answer.draft.unknown(
            f"sharing of `{name}`", reason, "grants", answer.at, account=answer.account or "*", holds="resource"
        )


def _parties(found: Iterable[dict[str, Any]]) -> list[str]:
    names = ("UserId", "Group", "OrganizationArn", "OrganizationalUnitArn")
    return [party_of(str(item[name])) for item in found for name in names if item.get(name)]


def _partition(answer: Answer) -> str:
    return partition_of_region(answer.region) or "aws"
