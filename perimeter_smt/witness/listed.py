"""What the workspace lists about a call: the policies that decide it, access point and bucket, grants of the key."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from perimeter_smt.evaluate.governs import Governs, governs
from perimeter_smt.organization.model import Account, OwnedPrincipal, OwnedResource
from perimeter_smt.policy.document import Document
from perimeter_smt.request.case import KmsGrant
from perimeter_smt.request.request import Request

_ABOUT_POINTS = ("s3:*accesspoint*", "s3:*tag*resource")


@dataclass(frozen=True, slots=True)
class Decides:
    """A listed resource whose policy decides a call; `surely`: its Deny statements count too (W-4)."""

    resource: OwnedResource
    surely: bool

    @property
    def policy(self) -> Document | None:
        """The policy, without its Deny statements where it is not sure that they count."""
        policy = self.resource.policy
        if policy is None or self.surely:
            return policy
        allows = tuple(statement for statement in policy.statements if statement.effect == "Allow")
        return policy.model_copy(update={"statements": allows})


def deciding(owner: Account | None, request: Request) -> tuple[Decides, ...]:
    """The listed resources of the owner whose policies decide the call, the resource itself first."""
    if owner is None or request.resource == "*":
        return ()
    found = [
        Decides(resource, relation is Governs.SURELY)
        for resource in owner.resources
        if (relation := governs(resource.arn, request.resource, owner=owner.id, action=request.action))
    ]
    return tuple(sorted(found, key=lambda each: (each.resource.arn != request.resource, not each.surely)))


@dataclass(frozen=True, slots=True)
class Behind:
    """A call through a listed access point: the point, the bucket behind it (None: not listed), the ARN behind it."""

    point: OwnedResource
    bucket: OwnedResource | None
    resource: str
    owner: str | None = None  # of a bucket that is not listed, where the point tells it


def calls_access_point(request: Request) -> bool:
    """The call goes through an access point; one about an access point goes through none (AR15)."""
    fields = request.resource.split(":", 5)
    if any(fnmatchcase(request.action.lower(), pattern) for pattern in _ABOUT_POINTS):
        return False
    return len(fields) == 6 and fields[2] == "s3" and any(fields[3:5]) and fields[5].startswith("accesspoint/")


def access_point_of(owner: Account | None, request: Request) -> OwnedResource | None:
    """The listed access point that a call goes through: calls about access points go through none (AR15)."""
    if owner is None or not calls_access_point(request):
        return None
    fields = request.resource.split(":", 5)
    arn = ":".join((*fields[:5], "/".join(fields[5].split("/")[:2])))
    return next((resource for resource in owner.resources if resource.arn == arn), None)


def behind(
    accounts: dict[str, Account], point: OwnedResource, request: Request, routed: str | None = None
) -> Iterator[Behind]:
    """What may lie behind the access point: the bucket that it names, else each listed bucket of its account.

    Where neither is listed, some bucket whose policy nobody gave. A Multi-Region Access Point that tells its buckets
    leads to `routed`, a bucket or object, where it is one of them.
    """
    partition = request.resource.split(":", 2)[1]
    key = (
        request.resource.removeprefix(f"{point.arn}/object").removeprefix("/") if request.resource != point.arn else ""
    )
    if point.buckets is not None:
        name = (routed or "").rsplit(":", 1)[-1].partition("/")[0]
        named = [each for each in point.buckets if each.name == name] or point.buckets
        for one in named:
            arn = f"arn:{partition}:s3:::{one.name}"
            yield Behind(point, bucket_of(accounts, arn), f"{arn}/{key}" if key else arn, one.account)
        return
    owner = accounts[point.account]
    every = (account for account in accounts.values()) if point.bucket else (owner,)
    buckets = [
        resource
        for account in every
        for resource in account.resources
        if _is_bucket(resource) and point.bucket in (None, resource.arn.split(":", 5)[5])
    ]
    for bucket in buckets:
        yield Behind(point, bucket, f"{bucket.arn}/{key}" if key else bucket.arn)
    if not buckets and (point.bucket or not owner.listed):
        arn = f"arn:{partition}:s3:::{point.bucket or 'bucket-behind'}"
        yield Behind(point, None, f"{arn}/{key}" if key else arn)


def bucket_of(accounts: dict[str, Account], arn: str) -> OwnedResource | None:
    """The listed bucket that the ARN of a bucket or object names."""
    name = arn.partition("/")[0]
    return next((r for account in accounts.values() for r in account.resources if r.arn == name), None)


def session_policies(principal: OwnedPrincipal | None, request: Request) -> tuple[Document, ...] | None:
    """The policies that the session of the call carries, as the workspace tells them; None: it tells of none.

    Of a role these are those of its sessions, of a user those of the federated users that it makes.
    """
    caller = request.principal
    if principal is None or caller.type not in ("role-session", "federated-user"):
        return None
    name = (caller.arn or "").rsplit("/", 1)[-1]
    found = next((session for session in principal.sessions if fnmatchcase(name, session.name)), None)
    return found.policies or None if found else None


def _is_bucket(resource: OwnedResource) -> bool:
    return resource.arn.split(":", 3)[2] == "s3" and ":s3:::" in resource.arn


def grants_of(resource: OwnedResource | None) -> tuple[KmsGrant, ...] | None:
    """The grants of a listed key; None where nobody said which there are (X-32).

    A constraint of a grant asks for an encryption context, which the caller chooses: it is taken as met.
    """
    if resource is None or resource.grants is None:
        return None
    return tuple(
        KmsGrant(grantee_principal=grant.grantee, retiring_principal=grant.retiring, operations=grant.operations)
        for grant in resource.grants
    )
