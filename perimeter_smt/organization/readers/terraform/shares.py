"""Sharing in Terraform: AWS RAM, launch permissions of images, snapshots, documents."""

from __future__ import annotations

from typing import Any

from perimeter_smt.organization.readers.draft import NotKnown
from perimeter_smt.organization.readers.draft.shares import party_of
from perimeter_smt.organization.readers.terraform.identity import Here
from perimeter_smt.organization.readers.terraform.plan import Resource, is_unknown

TYPES = (
    "aws_ram_resource_share", "aws_ram_principal_association", "aws_ram_resource_association",
    "aws_ami_launch_permission", "aws_snapshot_create_volume_permission", "aws_db_snapshot", "aws_db_snapshot_copy",
    "aws_db_cluster_snapshot", "aws_rds_cluster_snapshot_copy", "aws_neptune_cluster_snapshot", "aws_ssm_document",
)  # fmt: skip
_PARTY = ("account_id", "group", "organization_arn", "organizational_unit_arn")
_AFTER = "known after apply"
# Types of what is shared, with the attribute that tells it and the form of the name in its ARN.
_MADE = {
    "aws_ami": "image/{}", "aws_ami_copy": "image/{}", "aws_ami_from_instance": "image/{}",
    "aws_ebs_snapshot": "snapshot/{}", "aws_ebs_snapshot_copy": "snapshot/{}", "aws_ebs_snapshot_import": "snapshot/{}",
}  # fmt: skip
_ATTRIBUTES = {
    "aws_ami_launch_permission": ("image_id", "image/{}"),
    "aws_snapshot_create_volume_permission": ("snapshot_id", "snapshot/{}"),
}
_DATABASES = {
    "aws_db_snapshot": ("snapshot", "db_snapshot_identifier"),
    "aws_db_snapshot_copy": ("snapshot", "target_db_snapshot_identifier"),
    "aws_db_cluster_snapshot": ("cluster-snapshot", "db_cluster_snapshot_identifier"),
    "aws_rds_cluster_snapshot_copy": ("cluster-snapshot", "target_db_cluster_snapshot_identifier"),
    "aws_neptune_cluster_snapshot": ("cluster-snapshot", "db_cluster_snapshot_identifier"),
}


def read(here: Here) -> None:
    """Everything that a plan shares."""
    _ram(here)
    for kind, (attribute, form) in _ATTRIBUTES.items():
        for resource in here.plan.of(kind):
            _attribute(here, resource, attribute, form)
    for kind in _DATABASES:
        for resource in here.plan.of(kind):
            if not resource.data and _lacks(resource, "shared_accounts"):
                here.draft.unknown(f"sharing of `{resource.address}`", _AFTER, "grants", resource.at,
                                   account=here.account_of(resource), holds="resource")  # fmt: skip
            if not resource.data and _told(resource.values.get("shared_accounts")):
                parties = [str(party) for party in resource.values["shared_accounts"] if party is not None]
                here.draft.share(_database(here, resource), here.account_of(resource), parties, resource.at)
    for resource in here.plan.of("aws_ssm_document"):
        found = _document_parties(resource)
        if not resource.data and _lacks(resource, "permissions"):
            here.draft.unknown(f"sharing of `{resource.address}`", _AFTER, "grants", resource.at,
                               account=here.account_of(resource), holds="resource")  # fmt: skip
        if found and not resource.data:
            here.draft.share(_document(here, resource), here.account_of(resource), found, resource.at)


def _database(here: Here, resource: Resource) -> str:
    """The ARN of a snapshot of a database."""
    name, attribute = _DATABASES[resource.type]
    own = resource.text(attribute) or resource.address
    arn = resource.text("db_snapshot_arn") or resource.text("db_cluster_snapshot_arn")
    return arn or f"arn:{here.partition}:rds:{here.region_of(resource)}:{here.account_of(resource)}:{name}:{own}"


def _document(here: Here, resource: Resource) -> str:
    region, account = here.region_of(resource), here.account_of(resource)
    return f"arn:{here.partition}:ssm:{region}:{account}:document/{resource.text('name')}"


def _document_parties(resource: Resource) -> list[str]:
    permissions = resource.values.get("permissions")
    if not isinstance(permissions, dict) or not permissions.get("account_ids"):
        return []
    return str(permissions["account_ids"]).lower().replace(" ", "").split(",")


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
                                       account=account, holds="resource")  # fmt: skip


def _share(here: Here, resource: Resource) -> str:
    """The share by its ARN; one that has none yet by its address, so that what belongs together is found."""
    known = resource.text("resource_share_arn")
    if known:
        return known
    made = here.plan.referred(resource, "resource_share_arn", "aws_ram_resource_share")
    arn = made.text("arn") if made is not None else ""
    address = made.address if made is not None else resource.address
    region, account = here.region_of(made or resource), here.account_of(made or resource)
    return arn or f"arn:{here.partition}:ram:{region}:{account}:resource-share/{address}"


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
        here.draft.unknown(
            f"sharing of `{resource.address}`",
            _AFTER,
            "grants",
            resource.at,
            account=owner or account,
            holds="resource",
        )
        return
    arn = f"arn:{here.partition}:ec2:{here.region_of(resource)}::{form.format(own)}"
    here.draft.share(arn, owner, [str(party) for party in found if party], resource.at)


def ended(here: Here, resource: Resource) -> None:
    """Parties that lose what a resource of a plan shared before."""
    later = None if resource.ended else here.plan.resources.get(resource.address)
    if resource.type in ("aws_ram_principal_association", "aws_ram_resource_association"):
        _ram_ended(here, resource)
    elif resource.type in _ATTRIBUTES and resource.ended:
        attribute, form = _ATTRIBUTES[resource.type]
        arn = f"arn:{here.partition}:ec2:{here.region_of(resource)}::{form.format(resource.text(attribute))}"
        _no_longer(here, arn, [resource.text(name) for name in _PARTY if resource.text(name)], resource)
    elif resource.type in _DATABASES:
        kept = set(later.values.get("shared_accounts") or ()) if later is not None else set()
        gone = [str(p) for p in resource.values.get("shared_accounts") or () if p not in kept]
        if gone and later is not None:
            _no_longer(here, _database(here, resource), gone, resource)
    elif resource.type == "aws_ssm_document":
        gone = [p for p in _document_parties(resource) if later is None or p not in _document_parties(later)]
        if gone and later is not None:
            _no_longer(here, _document(here, resource), gone, resource)


def _ram_ended(here: Here, resource: Resource) -> None:
    """One side of a share ends: the other side is what the plan holds of the share, or held."""
    if not resource.ended:
        return
    key = resource.text("resource_share_arn")
    own, other = ("principal", "resource_arn")
    if resource.type == "aws_ram_resource_association":
        own, other = other, own
    kind = "aws_ram_resource_association" if other == "resource_arn" else "aws_ram_principal_association"
    sides = [r.text(other) for r in (*here.plan.before, *here.plan.of(kind))
             if r.type == kind and _share(here, r) == key and r.text(other)]  # fmt: skip
    if not sides:
        what = "which resources it shared" if other == "resource_arn" else "with whom it was shared"
        reason = f"the plan does not tell {what}, so that they still count as shared"
        here.draft.unknown(f"what `{resource.address}` ends", reason, "facts", resource.at)
    for side in sides:
        arn, party = (side, resource.text(own)) if other == "resource_arn" else (resource.text(own), side)
        _no_longer(here, arn, [party], resource)


def _no_longer(here: Here, arn: str, parties: list[str], resource: Resource) -> None:
    for party in map(party_of, parties):
        here.draft.unshared.setdefault(arn, {})[party] = resource.at


def _lacks(resource: Resource, attribute: str) -> bool:
    """Whether something of an attribute that is written is known after apply."""
    return is_unknown(resource.unknown.get(attribute)) and resource.writes(attribute)


def _told(found: Any) -> bool:
    return isinstance(found, list) and bool(found)
