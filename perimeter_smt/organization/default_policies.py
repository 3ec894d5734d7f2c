"""Policies that AWS puts in the place of one that a resource does not have (semantics 3.4)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from perimeter_smt.organization.model import Organization, OwnedResource, Unknown
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object

_NAME = "default file system policy"


def in_force(arn: str, policy: Document | None) -> Document | None:
    """The policy that decides calls on a resource: its own, or what AWS grants while it has none.

    EFS guide, using IAM to control file system data access: the default policy grants full access to any anonymous
    client that can connect to the file system by a mount target, and is in effect whenever no other is.
    """
    parts = arn.split(":", 5)
    if policy is not None or parts[2] != "elasticfilesystem" or not parts[5].startswith("file-system/"):
        return policy
    return _of_file_systems()


def untold_authorization(organization: Organization) -> Iterator[Unknown]:
    """What lets everybody in, unless a setting that no source tells asks for IAM: one for each such resource.

    API Gateway guide, how resource policies affect authorization: without a policy the authorization of each method
    alone decides, and methods without any let everybody call them. VPC Lattice guide, access settings: the
    authorization `None` lets in the clients of every VPC that is associated. (2026-11-28)
    """
    held = [resource for account, _ in organization.accounts() for resource in account.resources]
    guarded = {_api(resource) for resource in held if resource.policy is not None}
    for resource in held:
        fields = resource.arn.split(":", 5)
        if resource.policy is not None:
            continue
        if fields[2] == "execute-api" and _api(resource) not in guarded and not fields[5].startswith("/domainnames/"):
            service, why = (
                "execute-api",
                "methods taken to ask for IAM, those without authorization let everybody in",
            )
        elif fields[2] == "vpc-lattice" and fields[5].startswith("service/"):
            service, why = (
                "vpc-lattice-svcs",
                "taken to ask for IAM, with authorization `None` its networks are let in",
            )
        else:
            continue
        yield Unknown(
            name=resource.arn, reason=f"without a policy: {why}", affects="facts", account=resource.account,
            holds="resource", subject=resource.arn, service=service,
        )  # fmt: skip


def _api(resource: OwnedResource) -> str:
    """The id of an API of API Gateway, however its ARN is written; else the ARN."""
    fields = resource.arn.split(":", 5)
    if fields[2] == "apigateway" and fields[5].startswith("/restapis/"):
        return fields[5].split("/")[2]
    return fields[5].split("/")[0] if fields[2] == "execute-api" else resource.arn


@lru_cache(maxsize=1)
def _of_file_systems() -> Document:
    statement = {
        "Sid": "AnyClientOfAMountTarget",
        "Effect": "Allow",
        "Principal": "*",
        "Action": [f"elasticfilesystem:Client{name}" for name in ("Mount", "Write", "RootAccess")],
        "Resource": "*",
        "Condition": {"Bool": {"elasticfilesystem:AccessedViaMountTarget": "true"}},
    }
    content = {"Version": "2012-10-17", "Statement": [statement]}
    return parse_object(content, Kind.RESOURCE, file=_NAME, name=_NAME)
