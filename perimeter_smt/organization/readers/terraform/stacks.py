"""Stacks that a plan makes of a template that it holds, and those of stack sets in listed accounts."""

from __future__ import annotations

from typing import Any

from perimeter_smt.organization.readers.terraform.identity import Here
from perimeter_smt.organization.readers.terraform.plan import Resource, is_unknown

_STACK, _SET = "aws_cloudformation_stack", "aws_cloudformation_stack_set"
_INSTANCE, _INSTANCES = "aws_cloudformation_stack_set_instance", "aws_cloudformation_stack_instances"


def read(here: Here) -> None:
    """Read the templates; what is read is not named as something that is not."""
    for resource in here.plan.of(_STACK):
        if not resource.data and _read(here, resource, resource, here.account_of(resource), here.region_of(resource)):
            _done(here, resource)
    for resource in here.plan.of(_INSTANCE, _INSTANCES):
        made = _set_of(here, resource)
        places = _places(here, resource)
        if made is None or not places:
            continue
        every = [_read(here, made, resource, account, region) for account, region in places]
        if all(every):
            _done(here, resource)
    instances = [_set_of(here, resource) for resource in here.plan.of(_INSTANCE, _INSTANCES)]
    for resource in here.plan.of(_SET):
        if any(made is resource for made in instances) and resource.text("template_body"):
            here.stacks.add(resource.address)  # its instances are read, or named


def _set_of(here: Here, resource: Resource) -> Resource | None:
    """The stack set of instances, by reference or name."""
    made = here.plan.referred(resource, "stack_set_name", _SET)
    name = resource.text("stack_set_name")
    return made or next((each for each in here.plan.of(_SET) if name and each.text("name") == name), None)


def _places(here: Here, resource: Resource) -> list[tuple[str, str]]:
    """Accounts and Regions of instances; empty where units are the targets, or something is not known."""
    if resource.type == _INSTANCE:
        account = resource.text("account_id") or ("" if resource.writes("account_id") else here.account_of(resource))
        region = resource.text("stack_set_instance_region") or resource.text("region") or here.region_of(resource)
        units = resource.values.get("deployment_targets") or is_unknown(resource.unknown.get("deployment_targets"))
        return [(account, region)] if account and not units else []
    accounts, regions = resource.values.get("accounts"), resource.values.get("regions")
    lists = isinstance(accounts, list) and isinstance(regions, list) and not resource.values.get("deployment_targets")
    if not lists or any(
        is_unknown(resource.unknown.get(name)) for name in ("accounts", "regions", "deployment_targets")
    ):
        return []
    return [(str(account), str(region)) for account in accounts or () for region in regions or ()]


def _read(here: Here, made: Resource, instance: Resource, account: str, region: str) -> bool:
    """Read the template of a stack or set; what an organization holds already stays as it is there."""
    from perimeter_smt.organization.readers.cloudformation.read import read_text

    body, parameters = made.text("template_body"), _parameters(made, instance)
    if not body or parameters is None:
        return False
    if here.draft.over and here.plan.changes and not (made.changes or instance.changes):
        return True
    name = instance.text("name") or made.text("name") or made.address
    return read_text(here.draft, body, made.at.at("template_body"), account, region, name, parameters)


def _parameters(made: Resource, instance: Resource) -> dict[str, str] | None:
    """The values that are passed; None where one is known after apply."""
    out: dict[str, str] = {}
    for resource, name in ((made, "parameters"), (instance, "parameter_overrides")):
        if is_unknown(resource.unknown.get(name)):
            return None
        found: Any = resource.values.get(name)
        out |= {key: str(value) for key, value in found.items()} if isinstance(found, dict) else {}
    return out


def _done(here: Here, resource: Resource) -> None:
    """All that a stack makes is read; where it changes one of an organization, what it no longer makes is not told."""
    if not (here.draft.over and resource.stays and resource.changes):
        here.stacks.add(resource.address)
