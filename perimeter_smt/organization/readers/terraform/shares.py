"""Sharing in Terraform: AWS RAM, launch permissions of images, snapshots, documents."""

from __future__ import annotations

from typing import Any

from perimeter_smt.organization.readers.draft import NotKnown
from perimeter_smt.organization.readers.terraform.identity import Here
from perimeter_smt.organization.readers.terraform.plan import Resource

TYPES = (
    "aws_ram_resource_share", "aws_ram_principal_association", "aws_ram_resource_association",
    "aws_ami_launch_permission", "aws_snapshot_create_volume_permission", "aws_db_snapshot", "aws_db_snapshot_copy",
    "aws_db_cluster_snapshot", "aws_ssm_document",
)  # fmt: skip
_PARTY = ("account_id", "group", "organization_arn", "organizational_unit_arn")
_AFTER = "known after apply"
# Types of what is shared, with the attribute that tells it and the form of the name in its ARN.
_MADE = {
    "aws_ami": "image/{}", "aws_ami_copy": "image/{}", "aws_ami_from_instance": "image/{}",
    "aws_ebs_snapshot": "snapshot/{}", "aws_ebs_snapshot_copy": "snapshot/{}", "aws_ebs_snapshot_import": "snapshot/{}",
}  # fmt: skip
_DATABASES = {
    "aws_db_snapshot": ("snapshot", "db_snapshot_identifier"),
    "aws_db_snapshot_copy": ("snapshot", "target_db_snapshot_identifier"),
    "aws_db_cluster_snapshot": ("cluster-snapshot", "db_cluster_snapshot_identifier"),
}


def read(here: Here) -> None:
    """Everything that a plan shares."""
    _ram(here)
    for kind, attribute, form in (
        ("aws_ami_launch_permission", "image_id", "image/{}"),
        ("aws_snapshot_create_volume_permission", "snapshot_id", "snapshot/{}"),
    ):
        for resource in here.plan.of(kind):
            _attribute(here, resource, attribute, form)
    for kind, (name, attribute) in _DATABASES.items():
        for resource in here.plan.of(kind):
            if not resource.data and _told(resource.values.get("shared_accounts")):
                own = resource.text(attribute) or resource.address
                arn = resource.text("db_snapshot_arn") or resource.text("db_cluster_snapshot_arn")
                arn = arn or f"arn:aws:rds:{here.region_of(resource)}:{here.account_of(resource)}:{name}:{own}"
                parties = map(str, resource.values["shared_accounts"])
                here.draft.share(arn, here.account_of(resource), parties, resource.at)
    for resource in here.plan.of("aws_ssm_document"):
        permissions = resource.values.get("permissions")
        if not resource.data and isinstance(permissions, dict) and permissions.get("account_ids"):
            account = here.account_of(resource)
            arn = f"arn:aws:ssm:{here.region_of(resource)}:{account}:document/{resource.text('name')}"
            found = str(permissions["account_ids"]).lower().replace(" ", "").split(",")
            here.draft.share(arn, account, found, resource.at)


def _ram(here: Here) -> None:
    for kind, attribute in (("aws_ram_resource_association", "resource_arn"),
                            ("aws_ram_principal_association", "principal")):  # fmt: skip
        for resource in here.plan.of(kind):
            key = _share(here, resource)
            share = here.draft.ram(key, resource.at)
            found = resource.get(attribute)
            if attribute == "resource_arn" and not isinstance(found, str):
                made = _referred(here, resource, attribute)
                found = here.arn(made) if made is not None else None
            if isinstance(found, str):
                (share.resources if attribute == "resource_arn" else share.principals)[found] = None
            else:
                reason = f"`{attribute}` of `{resource.address}` is {_AFTER}"
                share.not_known = reason
                if attribute == "resource_arn":
                    account = here.account_of(resource)
                    here.draft.unknown(f"resource of `{resource.address}`", _AFTER, "grants", resource.at,
                                       account=account)  # fmt: skip


def _share(here: Here, resource: Resource) -> str:
    """The share by its ARN; one that has none yet by its address, so that what belongs together is found."""
    known = resource.text("resource_share_arn")
    if known:
        return known
    made = here.plan.referred(resource, "resource_share_arn", "aws_ram_resource_share")
    arn = made.text("arn") if made is not None else ""
    address = made.address if made is not None else resource.address
    region, account = here.region_of(made or resource), here.account_of(made or resource)
    return arn or f"arn:aws:ram:{region}:{account}:resource-share/{address}"


def _referred(here: Here, resource: Resource, attribute: str) -> Resource | None:
    """The resource of any type that an attribute refers to."""
    types = {name.split(".")[0] for name in resource.references.get(attribute, ())}
    return here.plan.referred(resource, attribute, *types)


def _attribute(here: Here, resource: Resource, attribute: str, form: str) -> None:
    """A launch permission of an image, a permission to make volumes of a snapshot."""
    account = here.account_of(resource)
    own = resource.text(attribute)
    made = _referred(here, resource, attribute)
    if not own and made is not None and made.type in _MADE:
        own = made.text("id") or made.address
    # The account of `aws_snapshot_create_volume_permission` and of launch permissions is the party, not the owner.
    owner = here.account_of(made) if made is not None else here.owner(resource)
    found = [resource.get(name) for name in _PARTY]
    if not own or any(isinstance(party, NotKnown) for party in found):
        here.draft.unknown(f"sharing of `{resource.address}`", _AFTER, "grants", resource.at, account=owner or account)
        return
    arn = f"arn:aws:ec2:{here.region_of(resource)}::{form.format(own)}"
    here.draft.share(arn, owner, [str(party) for party in found if party], resource.at)


def _told(found: Any) -> bool:
    return isinstance(found, list) and bool(found)
