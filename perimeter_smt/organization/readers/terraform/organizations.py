"""Organizations in Terraform: units, accounts, SCPs and RCPs, attachments."""

from __future__ import annotations

from perimeter_smt.organization.readers.draft import NotKnown
from perimeter_smt.organization.readers.terraform.documents import policy_of
from perimeter_smt.organization.readers.terraform.identity import Here, not_known
from perimeter_smt.organization.readers.terraform.plan import Resource
from perimeter_smt.policy.kinds import Kind

KINDS = {"SERVICE_CONTROL_POLICY": Kind.SCP, "RESOURCE_CONTROL_POLICY": Kind.RCP}
# Types that make an account the administrator of a service for the organization, with the attribute that tells it, and
# the principal of the service for which Organizations then lists it (Organizations guide, services that work with it).
ADMINISTRATORS = {
    "aws_auditmanager_organization_admin_account_registration": ("admin_account_id", "auditmanager.amazonaws.com"),
    "aws_cloudtrail_organization_delegated_admin_account": ("account_id", "cloudtrail.amazonaws.com"),
    "aws_detective_organization_admin_account": ("account_id", "detective.amazonaws.com"),
    "aws_fms_admin_account": ("account_id", "fms.amazonaws.com"),
    "aws_guardduty_organization_admin_account": ("admin_account_id", "guardduty.amazonaws.com"),
    "aws_inspector2_delegated_admin_account": ("account_id", "inspector2.amazonaws.com"),
    "aws_macie2_organization_admin_account": ("admin_account_id", "macie.amazonaws.com"),
    "aws_securityhub_organization_admin_account": ("admin_account_id", "securityhub.amazonaws.com"),
    "aws_vpc_ipam_organization_admin_account": ("delegated_admin_account_id", "ipam.amazonaws.com"),
}
_HOLDERS = ("aws_organizations_organization", "aws_organizations_organizational_unit", "aws_organizations_account")


def read(here: Here) -> None:
    """Everything of Organizations in a plan."""
    for resource in here.plan.of("aws_organizations_organization"):
        _organization(here, resource)
    for resource in here.plan.of("aws_organizations_organizational_unit"):
        own = _own(resource)
        here.draft.unit(own, resource.at, name=resource.text("name"), parent=_target(here, resource, "parent_id"))
    for resource in here.plan.of("aws_organizations_account"):
        own = resource.text("id")
        if own:
            parent = _target(here, resource, "parent_id")
            here.draft.account(own, resource.at, name=resource.text("name"), parent=parent)
        elif resource.fresh:
            reason = "it is made by the plan: who may do what there, and what trusts it, is known after apply"
            here.draft.unknown(f"account `{resource.address}`", reason, "facts", resource.at)
    for resource in here.plan.of("aws_organizations_policy"):
        kind = KINDS.get(resource.text("type") or "SERVICE_CONTROL_POLICY")
        if kind is not None:
            content = policy_of(here, resource, "content")
            content = not_known(resource.address) if content is None else content
            here.draft.control(_own(resource), resource.text("name"), kind, content, resource.at.at("content"))
    for resource in here.plan.of("aws_organizations_policy_attachment"):
        _attachment(here, resource)
    for resource in here.plan.of("aws_organizations_delegated_administrator"):
        if account := resource.text("account_id"):
            here.draft.delegated.add((account, resource.text("service_principal")))
    for made, (attribute, service) in ADMINISTRATORS.items():
        for resource in here.plan.of(made):
            account = resource.text(attribute)
            if account:
                here.draft.delegated.add((account, service))
            elif not resource.data:
                reason = f"which account is the administrator of `{service}` is known after apply"
                here.draft.unknown(f"account of `{resource.address}`", reason, "facts", resource.at)


def _organization(here: Here, resource: Resource) -> None:
    draft = here.draft
    if own := resource.text("id"):
        draft.belongs(own, resource.at)
    draft.management = resource.text("master_account_id") or draft.management
    for root in resource.values.get("roots") or ():
        if root.get("id"):
            draft.root = root["id"]
            draft.unit(root["id"], resource.at, name=root.get("name") or "")
    accounts = resource.values.get("accounts")
    for account in accounts or ():
        draft.account(account["id"], resource.at, name=account.get("name") or "")
    draft.accounts_listed = draft.accounts_listed or bool(accounts)


def _attachment(here: Here, resource: Resource) -> None:
    control = resource.text("policy_id")
    if not control:
        found = here.plan.referred(resource, "policy_id", "aws_organizations_policy")
        control = _own(found) if found else ""
    target = _target(here, resource, "target_id")
    if not control or not target:
        what = "policy" if not control else "target"
        here.draft.unknown(f"{what} of `{resource.address}`", "known after apply; the policy stops nothing there",
                           "guardrails", resource.at)  # fmt: skip
        return
    here.draft.attach(control, target, resource.at)


def _target(here: Here, resource: Resource, name: str) -> str | None:
    """The id of a root, unit or account, which may be made by the same plan."""
    value = resource.get(name)
    if isinstance(value, str):
        return value
    found = here.plan.referred(resource, name, *_HOLDERS) if isinstance(value, NotKnown) else None
    if found is None:
        return None
    if found.type == "aws_organizations_organization":
        return here.draft.root
    return _own(found) if found.type.endswith("unit") else found.text("id") or None


def _own(resource: Resource) -> str:
    """The id, or the address until there is one."""
    return resource.text("id") or resource.address
