"""The tree of an organization, its SCPs and RCPs, attachments and delegated administrators."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from perimeter_smt.collect.aws import Aws, code, pages

Answers = list[dict[str, Any]]
Missing = Callable[[str, Exception, str], None]
_KINDS = ("SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY")


def tree(aws: Aws, missing: Missing) -> Answers:
    """The organization, and its root, units and accounts, each with its parent.

    Every member may describe the organization; the rest, only the management account and delegated administrators.
    """
    client = aws.client("organizations")
    out: Answers = [{"Organization": client.describe_organization()["Organization"]}]
    try:
        _below(client, out)
    except Exception as error:
        missing("units and accounts of the organization", error, "facts")
    return out


def _below(client: Any, out: Answers) -> None:
    roots = list(pages(client, "list_roots", "Roots"))
    out.append({"Roots": roots})
    accounts = list(pages(client, "list_accounts", "Accounts"))
    out.append({"Accounts": accounts})
    waiting = [root["Id"] for root in roots]
    while waiting:
        parent = waiting.pop(0)
        units = list(pages(client, "list_organizational_units_for_parent", "OrganizationalUnits", ParentId=parent))
        if units:
            out.append({"OrganizationalUnits": [{**unit, "ParentId": parent} for unit in units]})
        held = list(pages(client, "list_accounts_for_parent", "Accounts", ParentId=parent))
        if held:
            out.append({"ParentId": parent, "Accounts": [{**account, "ParentId": parent} for account in held]})
        waiting += [unit["Id"] for unit in units]


def policies(aws: Aws, missing: Missing) -> Answers:
    """SCPs and RCPs with their text, and the policies of every target."""
    client = aws.client("organizations")
    out: Answers = []
    for kind in _KINDS:
        try:
            found = list(pages(client, "list_policies", "Policies", Filter=kind))
        except Exception as error:
            missing(f"policies of type {kind}", error, "guardrails")
            continue
        for summary in found:
            try:
                out.append({"Policy": client.describe_policy(PolicyId=summary["Id"])["Policy"]})
            except Exception as error:
                missing(f"text of policy `{summary['Name']}`", error, "guardrails")
            targets = list(pages(client, "list_targets_for_policy", "Targets", PolicyId=summary["Id"]))
            out.append({"PolicyId": summary["Id"], "Targets": targets})
            for target in targets:
                out.append({"TargetId": target["TargetId"], "Policies": [summary]})
    return _attached(out)


def _attached(answers: Answers) -> Answers:
    """The policies of each target in one answer, as `list-policies-for-target` gives them."""
    by_target: dict[str, list[Any]] = {}
    rest: Answers = []
    for answer in answers:
        if "TargetId" in answer:
            by_target.setdefault(answer["TargetId"], []).extend(answer["Policies"])
        else:
            rest.append(answer)
    return [*rest, *({"TargetId": target, "Policies": found} for target, found in by_target.items())]


def delegated(aws: Aws) -> Answers:
    """Delegated administrators with their services."""
    client = aws.client("organizations")
    found_all = list(pages(client, "list_delegated_administrators", "DelegatedAdministrators"))
    out: Answers = [{"DelegatedAdministrators": found_all, "OfAllServices": True}]
    for found in found_all:
        services = list(pages(client, "list_delegated_services_for_account", "DelegatedServices",
                              AccountId=found["Id"]))  # fmt: skip
        out.append({"AccountId": found["Id"], "DelegatedServices": services})
    return out


def resource_policy(aws: Aws) -> Answers:
    """The policy by which the organization delegates its administration, empty where it has none."""
    try:
        return [{"ResourcePolicy": aws.client("organizations").describe_resource_policy()["ResourcePolicy"]}]
    except Exception as error:
        if code(error) != "ResourcePolicyNotFoundException":
            raise
        return [{"ResourcePolicy": {"ResourcePolicySummary": {}, "Content": ""}}]
