"""Small organizations made toward a row: a call that it speaks of, and guardrails that let through what it tells."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any

from perimeter_smt.errors import PerimeterError
from perimeter_smt.organization.model import Account
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.request import actions
from tests.attack.directed.worlds import MINE, OFFICE, ORG, VPC, workspace

Statement = dict[str, Any]
_HOLE = re.compile(r"\$\{[^}]*\}|\{[^}]*\}")
_FAMILIAR = ("s3", "sqs", "lambda", "sns", "dynamodb", "kms", "iam", "ec2", "events", "rds", "kinesis", "glue", "ecr")


@dataclass(frozen=True)
class Toward:
    """A world made toward a row."""

    name: str
    workspace: Workspace
    objective: str
    action: str

    @property
    def service(self) -> str:
        """The service that is called."""
        return self.action.partition(":")[0]


def _deny(**condition: Any) -> Statement:
    return {"Effect": "Deny", "Action": "*", "Resource": "*"} | ({"Condition": condition} if condition else {})


def _network(*more: Statement) -> list[Statement]:
    """Outside the office, and whoever has neither an address nor a VPC."""
    return [
        _deny(NotIpAddress={"aws:SourceIp": OFFICE}, Null={"aws:SourceIp": "false"}),
        _deny(Null={"aws:SourceIp": "true", "aws:SourceVpc": "true"}), *more,
    ]  # fmt: skip


# Guardrails by name; each objective is asked under those that speak of what it speaks of.
_GUARDS: dict[str, tuple[tuple[str, ...], list[Statement]]] = {
    "none": (("O1", "O3", "O5", "O6"), []),
    "organization": (("O1",), [_deny(StringNotEqualsIfExists={"aws:PrincipalOrgID": ORG},
                                     BoolIfExists={"aws:PrincipalIsAWSService": "false"})]),
    "nobody but unsigned": (("O1",), [_deny(StringNotEqualsIfExists={"aws:PrincipalType": "Anonymous"}),
                                     _deny(Bool={"aws:PrincipalIsAWSService": "true"})]),
    "owner is told": (("O3",), [_deny(Null={"aws:ResourceAccount": "true"})]),
    "mine": (("O5",), [_deny(StringNotEqualsIfExists={"aws:ResourceAccount": MINE})]),
    "of aws": (("O3",), [_deny(StringNotEqualsIfExists={"aws:ResourceAccount": "aws"})]),
    **{f"no {key}": (("O2",), [_deny(Null={key: "false"})]) for key in (
        "aws:VpceAccount", "aws:VpceOrgID", "aws:VpceOrgPaths", "aws:SourceVpcArn")},
    "vpc and its Region": (("O5",), _network(
        _deny(StringNotEquals={"aws:SourceVpc": VPC}, Null={"aws:SourceVpc": "false"}),
        _deny(StringNotEquals={"aws:RequestedRegion": "eu-west-1"}))),
    "neither address nor VPC": (("O5",), [_deny(Null={"aws:SourceIp": "false"}), _deny(Null={"aws:SourceVpc": "false"}),
                                          _deny(Bool={"aws:ViaAWSService": "true"})]),
    "forwarded": (("O5",), [_deny(NotIpAddressIfExists={"aws:SourceIp": OFFICE},
                                  BoolIfExists={"aws:ViaAWSService": "false"})]),
    "assumed root": (("O5",), [_deny(Null={"aws:AssumedRoot": "true"})]),
    "everything": (("O5",), [_deny()]),
    "no resource": (("O5",), [{"Effect": "Deny", "Action": "*", "Resource": "arn:*:*:*:*:*"}]),
}  # fmt: skip


# What a table tells apart, for those whose rows do not say it by themselves.
_TELLS = {
    "absent-resource-actions": ("none",), "existing-resource-actions": ("mine",), "in-vpc-data-planes": (
        "neither address nor VPC",), "anonymous-services": ("nobody but unsigned",), "unsigned-actions": (
        "nobody but unsigned",), "sign-in-actions": ("none", "organization"), "public-operations": ("none",),
    "aws-owned-resources-services": ("of aws",), "no-resource-account-actions": ("owner is told",),
    "cross-region-endpoints": ("vpc and its Region",), "root-task-actions": ("assumed root",),
    "named-resource-actions": ("no resource",), "vpce-account-services": ("no aws:VpceAccount",),
    "vpce-org-id-services": ("no aws:VpceOrgID",), "vpce-org-paths-services": ("no aws:VpceOrgPaths",),
    "source-vpc-arn-services": ("no aws:SourceVpcArn",), "forwarding-services": ("forwarded",),
    "scp-exempt-actions": ("everything",), "scp-exempt-root-actions": ("everything",),
}  # fmt: skip

_TWO = ("existing-resource-actions", "resource-policy-services", "shared-resources-services")  # more calls of a row


def toward(table: str, row: Any) -> Iterator[Toward]:
    """The worlds made toward one row; a row of a list is its member."""
    if isinstance(row, Mapping) and "member" in row:
        row = row["member"]
    for action in _calls(table, row)[: 2 if table in _TWO else 1]:
        service = action.partition(":")[0]
        guards = {name: _GUARDS[name] for name in _TELLS.get(table, ("none", "organization"))}
        guards |= {f"{n}": (("O1", "O5"), found) for n, found in _of_row(row, service)}
        for name, (objectives, statements) in guards.items():
            for objective in objectives:
                try:
                    space = workspace(objective, [{**s, "Action": action} for s in statements], action)
                except PerimeterError:  # a policy of this kind cannot speak of this call
                    continue
                if isinstance(row, Mapping) and "regions" in row:
                    lies = space.organization.model_copy(update={"partition": row["partition"]})
                    space = space.model_copy(update={"organization": lies})
                yield Toward(f"{action} {objective} {name}", space, objective, action)
                if name in ("none", "mine") or name.startswith("name "):
                    yield Toward(f"{action} {objective} {name}, complete list", _listed(space), objective, action)


def _listed(space: Workspace) -> Workspace:
    """The same with a complete list of nothing in each account."""
    organization = space.organization
    accounts = tuple(Account(id=a.id, endpoints=a.endpoints, listed=True) for a in organization.root.accounts)
    root = organization.root.model_copy(update={"accounts": accounts})
    return space.model_copy(
        update={"organization": organization.model_copy(update={"root": root}), "grants_given": True}
    )


def _of_row(row: Any, service: str) -> Iterator[tuple[str, list[Statement]]]:
    """Guardrails that let through what a row speaks of and nothing else."""
    if not isinstance(row, Mapping):
        if ":" in str(row) and "*" not in str(row):
            yield from _number(str(row))
        return
    if "region" in row:
        yield "another Region", [_deny(StringEquals={"aws:RequestedRegion": row["region"]})]
    for region in row.get("regions", ())[-1:]:
        yield "this Region", [_deny(StringNotEquals={"aws:RequestedRegion": region})]
    if "principal" in row:
        yield "this service", [_deny(StringNotEqualsIfExists={"aws:PrincipalServiceName": row["principal"]})]
    for name in (*([row["name"]] if "name" in row else []), *row.get("names", ())[:2]):
        arn = f"arn:*:{service}:*:*:{_HOLE.sub('*', name)}"
        yield f"name {name}", [{"Effect": "Deny", "Action": "*", "NotResource": arn}]
    if "resource" in row:
        yield "this resource", [{"Effect": "Deny", "Action": "*", "NotResource": row["resource"]}]
    for char in "~ _." if "part" in row else "":
        yield f"names with {char}", [{"Effect": "Deny", "Action": "*", "NotResource": f"arn:*:*:*:*:*{char}*"}]
    if row.get("shape"):
        yield "names of letters", [{"Effect": "Deny", "Action": "*", "NotResource": "arn:*:*:*:*:*/zzz"}]


def _number(key: str) -> Iterator[tuple[str, list[Statement]]]:
    yield "between", [_deny(NumericNotEquals={key: "4.5"}), _deny(Null={key: "true"})]


def _calls(table: str, row: Any) -> list[str]:
    """Actions that a row speaks of."""
    if isinstance(row, str):
        if table == "integer-keys":
            return _listing(row)
        return _actions(row) if ":" in row else _of_service(row)
    named = [*row.get("actions", ()), *row.get("calls", ())]
    if named and named != ["*"]:
        return [found for text in named for found in _actions(text)[:1]]
    if "principal" in row:
        return ["sts:AssumeRole"]
    if "key" in row:
        return _listing(row["key"])
    if "regions" in row:
        return ["sqs:SendMessage"]
    service = row.get("service", "s3")
    if "part" in row or "type" in row:
        return _of_type(service, row.get("part", ""), row.get("type", ""))
    return _of_service(service)


@lru_cache(maxsize=512)
def _of_service(service: str) -> list[str]:
    """A call on something and a call on nothing."""
    known = [] if service not in actions.services() else list(actions.actions(service))
    reads = [a for a in known if a.name.startswith(("Get", "Describe"))] or known
    some = [a for a in reads if a.resource_types][:1] + [a for a in known if not a.resource_types][:1]
    return [f"{service}:{a.name}" for a in some]


def _actions(text: str) -> list[str]:
    """Actions that a pattern matches, those of familiar services first."""
    service, _, name = text.partition(":")
    own = _FAMILIAR if service == "*" else (service,)
    return [
        f"{s}:{a.name}" for s in own if s in actions.services() for a in actions.actions(s)
        if fnmatchcase(a.name.lower(), name.lower()) and a.resource_types
    ] or ([text] if "*" not in text else [])  # fmt: skip


@lru_cache(maxsize=512)
def _listing(key: str) -> list[str]:
    """Actions that list a key, or any where the key is not one of a service."""
    service = key.partition(":")[0]
    if service not in actions.services():
        return ["s3:GetObject"]
    found = [a for a in actions.actions(service) if key.lower() in {k.lower() for k in a.condition_keys}]
    return [f"{service}:{a.name}" for a in (found or list(actions.actions(service)))[:2]]


def _of_type(service: str, part: str, type_: str) -> list[str]:
    """Actions on the resource types whose ARN has such a part."""
    out = []
    for own in _FAMILIAR if service == "*" else (service,):
        for action in actions.actions(own) if own in actions.services() else ():
            for use in action.resource_types:
                kind = actions.resource_type(own, use.type)
                holes = re.findall(r"\$\{([^}]*)\}", kind.arn) if kind else []
                if use.type == type_ or (part and any(fnmatchcase(hole, part) for hole in holes)):
                    out.append(f"{own}:{action.name}")
                    break
    return out[:2]
