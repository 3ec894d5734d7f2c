"""What a configuring call sets up, for one request: a second reading of `encodings/mitigations/egress.smt2`.

Only the request is looked at: the action, and the values of the keys that the tables name.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from typing import Any

from perimeter_smt.evaluate.globs import fold
from perimeter_smt.evaluate.perimeter import Ground, goes_elsewhere
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.request.keys import table_rows
from perimeter_smt.request.request import Facts, Request

Row = Mapping[str, Any]
_VPC = r"vpc-(?:[0-9a-f]{8}|[0-9a-f]{17})"
_IN_S3 = "s3:::[^:/]+(?:/.*)?"  # a bucket, or a place in it
_FORMS = {"vpc": rf"VPCId={_VPC},VPCRegion=[a-z0-9-]+"}


def starts_outside(workspace: Workspace, request: Request, facts: Facts, row: Row, *, told: bool = True) -> bool:
    """Whether a call of mine makes compute outside my VPCs by a row of `compute-settings`.

    `told`: its key must tell so; without, the key may be left out (AC1).
    """
    at = Ground(workspace, request, facts)
    if not _mine(at) or not at.my_resource or not _calls(row["actions"], request):
        return False
    return not told or "key" not in row or _outside(at, row)


def hands_over(workspace: Workspace, request: Request, facts: Facts, row: Row, *, told: bool = True) -> bool:
    """Whether a call of mine lets data go to somebody else by a row of `carriers`.

    `told`: its keys must tell so; without, they may be left out (AC2).
    """
    at = Ground(workspace, request, facts)
    if not _mine(at):
        return False
    if row["guard"] == "role":
        return _calls(row["carries"], request) and not at.trusted_resource and facts.resource_account != "aws"
    if not at.my_resource or not _calls(row["actions"], request):
        return False
    if not told or "tells" not in row:
        return True
    return any(all(_tells(at, fact) for fact in _together(alternative)) for alternative in row["tells"])


def elsewhere_region(workspace: Workspace, request: Request, facts: Facts) -> bool:
    """Whether a call of mine goes to a Region that is not mine, of a service that has more than one.

    Passing a role is no call by itself: the call that it is passed in is asked about (W-17).
    """
    if request.action.lower() == "iam:passrole":
        return False
    return _mine(Ground(workspace, request, facts)) and goes_elsewhere(workspace, request, facts)


def others_at_my_address(workspace: Workspace, request: Request, facts: Facts) -> bool:
    """Whether an identity of somebody else calls a foreign resource from an address of mine or of a proxy of mine."""
    at = Ground(workspace, request, facts)
    ranges = (*workspace.perimeter.cidrs, *workspace.perimeter.proxies)
    return at.is_iam and not _mine(at) and not at.my_resource and facts.path == "public" and _within(facts, ranges)


def _within(facts: Facts, ranges: tuple[str, ...]) -> bool:
    if facts.source_address is None:
        return False
    found = ipaddress.ip_address(facts.source_address)
    return any(found in ipaddress.ip_network(text, strict=False) for text in ranges)


def used_elsewhere(workspace: Workspace, request: Request, facts: Facts, question: str) -> bool:
    """Whether a request uses credentials of mine elsewhere: `instance`, `network`, `presigned`, `forms`, ..."""
    at = Ground(workspace, request, facts)
    context = {name.lower(): value for name, value in request.context.items()}
    match question:
        case "instance":
            there = facts.path == "vpce" and facts.vpc == context.get("aws:ec2instancesourcevpc")
            return _of_an_instance(at, context) and not there and facts.path != "invpc"
        case "address":
            there = facts.path == "vpce" and facts.vpc == context.get("aws:ec2instancesourcevpc")
            by, own = context.get("aws:vpcsourceip"), context.get("aws:ec2instancesourceprivateipv4")
            return _of_an_instance(at, context) and there and (by is None or by != own)
        case "network":
            return _of_an_instance(at, context) and not at.my_network and facts.path != "invpc"
        case "presigned":
            by_query = context.get("s3:authtype") == "REST-QUERY-STRING"
            return _held(at) and by_query and not facts.forwarded and not at.my_network
        case "forms":
            form = context.get("s3:authtype") == "POST" and fold(request.action) == "s3:putobject"
            return _held(at) and form and not facts.forwarded and not at.my_network
        case "unsigned":
            return facts.kind == "anon" and at.my_resource
        case "sign-in":
            return fold(request.action) == "signin:authenticate" and at.my_resource and not at.my_network
    return (
        _held(at)
        and at.my_resource
        and any(_calls(row["actions"], request) for row in table_rows("portable-credentials"))
    )


def _of_an_instance(at: Ground, context: Mapping[str, object]) -> bool:
    told = (
        *("ec2:sourceinstancearn", "ec2:roledelivery"),
        *("aws:ec2instancesourcevpc", "aws:ec2instancesourceprivateipv4"),
    )
    return _held(at) and at.facts.kind == "role" and not at.facts.forwarded and all(name in context for name in told)


def _mine(at: Ground) -> bool:
    return at.is_iam and at.mine(at.facts.principal_account)


def _held(at: Ground) -> bool:
    """An identity of mine whose credentials somebody holds: nobody holds those of EC2's own role for volumes."""
    role = at.request.principal.role_arn or ""
    return _mine(at) and not role.endswith(":role/aws:ec2-infrastructure")


def _calls(actions: tuple[str, ...], request: Request) -> bool:
    return fold(request.action) in {fold(action) for action in actions}


def _values(at: Ground, key: str) -> tuple[str, ...]:
    found = at.context.get(key.lower(), ())
    return (found,) if isinstance(found, str) else tuple(found)


def _outside(at: Ground, row: Row) -> bool:
    values = _values(at, row["key"])
    if not values:
        if _values(at, row.get("isolated", "")) == ("true",):  # no network at all
            return False
        return bool(row["absent"] == "outside") and not any(_values(at, name) for name in row.get("beside", ()))
    vpcs = {vpc.id for vpc in at.perimeter.vpcs}
    if row["names"] == "vpc" and vpcs:
        if row.get("one") and len(set(values)) > 1:  # one VPC, though the key may hold several
            return False
        return all(re.fullmatch(_VPC, value) for value in values) and any(value not in vpcs for value in values)
    return row["names"] == "value" and any(value in row["outside"] for value in values)


def _together(alternative: Row) -> list[Row]:
    found = alternative.get("all")
    return [alternative] if found is None else list(found)


def _tells(at: Ground, fact: Row) -> bool:
    values = _values(at, fact["key"])
    if "is" in fact:
        return any(value in fact["is"] for value in values)
    names = fact["names"]
    form = _arn_form(at, fact) if names == "arn" else _FORMS.get(names, "(?s).+")
    told = all(re.fullmatch(form, value) for value in values)
    return told and any(not _names_mine(at, value, names) for value in values)


def _arn_form(at: Ground, fact: Row) -> str:
    """What ARNs a key holds: with an account, but those of buckets; `arns` by service with (how) resources (begin)."""
    start = f"arn:{re.escape(at.workspace.organization.partition)}:"
    region, account = "[a-z]{2,}-[a-z-]+-[0-9]{1,2}", ":[0-9]{12}:"
    arns = fact.get("arns")
    if arns is None:
        return f"(?s){start}(?:[a-z0-9-]+:[a-z-]*[0-9]{{0,2}}{account}.+|s3:::[^:/]+)"
    forms = []
    for service, resources in arns.items():
        owner = f"{service}:{'' if service in ('iam', 'sts') else region}{account}"
        for resource in [resources] if isinstance(resources, str) else resources:
            name = {"*": ".+", "/": "[^:]+", ":": "[^:]+", "": "[^:]+"}.get(resource[-1:], "")
            forms.append(_IN_S3 if service == "s3" else f"{owner}{re.escape(resource.rstrip('*'))}{name}")
    return f"(?s){start}(?:{'|'.join(forms)})"


def _names_mine(at: Ground, value: str, names: str) -> bool:
    if names == "vpc":  # as Route 53 writes it: VPCId=vpc-...,VPCRegion=...
        return value.partition(",")[0] in {f"VPCId={vpc.id}" for vpc in at.perimeter.vpcs} and "," in value
    if names == "address":
        return False
    organization = at.workspace.organization
    ids = set(at.perimeter.accounts)
    listed = [account for account, _ in organization.accounts()]
    if organization.id in at.perimeter.orgs:
        ids |= {account.id for account in listed} | {organization.management_account}
    fields = value.split(":", 5)
    if names in ("account", "principal") and value in ids:
        return True
    if names in ("arn", "principal"):
        owned = value in {resource.arn for account in listed for resource in account.resources}
        if owned or (len(fields) > 5 and fields[0] == "arn" and fields[4] in ids):
            return True
    return names == "principal" and value.endswith(".amazonaws.com")
