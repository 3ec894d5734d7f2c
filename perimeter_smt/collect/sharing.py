"""Who images, snapshots, documents and what AWS RAM shares are shared with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from perimeter_smt.collect.answers import Answer
from perimeter_smt.collect.aws import Aws, pages, reason


def ram(aws: Aws, account: str, region: str) -> Iterator[Answer]:
    """The shares that the account made, with their resources and principals."""
    client = aws.client("ram", region, account)
    for kind in ("RESOURCE", "PRINCIPAL"):
        found = pages(client, "get_resource_share_associations", "resourceShareAssociations", associationType=kind)
        own = [item for item in found if item["resourceShareArn"].split(":")[4] == account]
        yield {"resourceShareAssociations": own}


def images(aws: Aws, account: str, region: str) -> Iterator[Answer]:
    """Images of the account with their launch permissions."""
    client = aws.client("ec2", region, account)
    for image in pages(client, "describe_images", "Images", Owners=["self"]):
        own: Answer = {"ImageId": image["ImageId"], "LaunchPermissions": []}
        if image.get("Public"):
            own["LaunchPermissions"] = [{"Group": "all"}]
        yield own | _asked(client.describe_image_attribute, "LaunchPermissions",
                           ImageId=image["ImageId"], Attribute="launchPermission")  # fmt: skip


def snapshots(aws: Aws, account: str, region: str) -> Iterator[Answer]:
    """Snapshots of volumes of the account with those who may make volumes of them."""
    client = aws.client("ec2", region, account)
    for snapshot in pages(client, "describe_snapshots", "Snapshots", OwnerIds=["self"]):
        own: Answer = {"SnapshotId": snapshot["SnapshotId"], "CreateVolumePermissions": []}
        yield own | _asked(client.describe_snapshot_attribute, "CreateVolumePermissions",
                           SnapshotId=snapshot["SnapshotId"], Attribute="createVolumePermission")  # fmt: skip


def rds(aws: Aws, account: str, region: str) -> Iterator[Answer]:
    """Manual snapshots of databases, which alone can be shared, with those who may restore them."""
    client = aws.client("rds", region, account)
    for prefix, kind, words in (("DBSnapshot", "snapshot", "db"), ("DBClusterSnapshot", "cluster-snapshot",
                                                                   "db_cluster")):  # fmt: skip
        for item in pages(client, f"describe_{words}_snapshots", f"{prefix}s", SnapshotType="manual"):
            name = item[f"{prefix}Identifier"]
            _, partition = aws.identity()
            arn = item.get(f"{prefix}Arn") or f"arn:{partition}:rds:{region}:{account}:{kind}:{name}"
            try:
                ask = getattr(client, f"describe_{words}_snapshot_attributes")
                yield {f"{prefix}AttributesResult": ask(**{f"{prefix}Identifier": name})[f"{prefix}AttributesResult"]}
            except Exception as error:
                yield {"ResourceArn": arn, "NotKnown": reason(error)}


def documents(aws: Aws, account: str, region: str) -> Iterator[Answer]:
    """Documents of Systems Manager that the account owns, with the accounts that may use them."""
    client = aws.client("ssm", region, account)
    _, partition = aws.identity()
    mine = [{"Key": "Owner", "Values": ["Self"]}]
    for item in pages(client, "list_documents", "DocumentIdentifiers", Filters=mine):
        arn = f"arn:{partition}:ssm:{region}:{account}:document/{item['Name']}"
        try:
            found = client.describe_document_permission(Name=item["Name"], PermissionType="Share")
            yield {"DocumentArn": arn, "AccountIds": found.get("AccountIds") or [], "AccountSharingInfoList": []}
        except Exception as error:
            yield {"ResourceArn": arn, "NotKnown": reason(error)}


def _asked(call: Any, member: str, **parameters: Any) -> Answer:
    """One attribute of an image or snapshot, or why it is not known."""
    try:
        found = call(**parameters)
    except Exception as error:
        return {"NotKnown": reason(error)}
    return {member: found.get(member) or []}
