"""The organization: units, accounts, what is attached to them (semantics 3.3, design 6)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from perimeter_smt.policy.document import Document

_SHOWN = 3
# How a source names kinds of guardrails of which it holds none, whether there are any or not.
NONE_THERE = ("SCPs", "RCPs", "SCPs and RCPs")


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True, defer_build=True)


class Guardrails(_Frozen):
    """SCPs and RCPs attached to one root, unit or account.

    AWS attaches `FullAWSAccess` and `RCPFullAWSAccess` unless told otherwise: `full_access_scp` says whether
    the SCP of that name is attached here; the RCP of that name always is.
    """

    scps: tuple[Document, ...] = ()
    rcps: tuple[Document, ...] = ()
    full_access_scp: bool = True


class Session(_Frozen):
    """Sessions of a role, or federated users of a user, of this name (`*`, `?`: any), and the policies they carry."""

    name: str
    policies: tuple[Document, ...] = ()


class OwnedPrincipal(_Frozen):
    """A user or role of an account, with what is attached to it.

    `sessions`: the first whose name fits says which policies a session carries; one that no entry fits carries none.
    `sessions_listed`: there are no others.
    """

    arn: str
    type: Literal["user", "role"]
    account: str
    policies: tuple[Document, ...] = ()
    boundary: Document | None = None
    trust: Document | None = None
    tags: dict[str, str] = Field(default_factory=dict)
    service_linked: bool = False
    sessions: tuple[Session, ...] = ()
    sessions_listed: bool = False

    def limits(self) -> tuple[Document, ...]:
        """The boundary, and the policies of sessions."""
        passed = (document for session in self.sessions for document in session.policies)
        return (*((self.boundary,) if self.boundary else ()), *passed)


IDLE = "; nothing that was read looks at it"  # how reasons of idle facts end


class Unknown(_Frozen):
    """Something that a source names and does not tell: listed by name beside every verdict.

    `affects` says how it was counted. `grants`: may be granted anything. `guardrails`: stops nothing, so that requests
    shown to get through may be stopped. `facts`: taken as `reason` says, so that a proof leans on it. `actions`: calls
    that no question asked about, as the service reference does not know them.

    For questions that go through what is listed, one by one: `account` (`*`: any) holds something that is left out
    there. `holds`: what is left out says what a `caller` may do, or who may use a `resource` or take a role (`trust`);
    empty: either. `subject` is its ARN where that is known, `known` a principal with the rest of its policies, which is
    granted everything where its own are not known. `idle`: a fact that nothing else of the source looks at, so that
    objectives do not hang on it; questions that name something of their own may. `service`: who reaches what is mine by
    calls of it alone hangs on the fact, and not on guardrails.
    """

    name: str
    reason: str
    affects: Literal["grants", "guardrails", "facts", "actions"]
    place: str = ""
    account: str = Field(default="", exclude=True)
    holds: Literal["", "caller", "resource", "trust"] = Field(default="", exclude=True)
    subject: str = Field(default="", exclude=True)
    known: OwnedPrincipal | None = Field(default=None, exclude=True)
    idle: bool = Field(default=False, exclude=True)
    service: str = Field(default="", exclude=True)

    def __hash__(self) -> int:
        return hash((self.name, self.reason, self.affects, self.place))


class PolicyVersion(_Frozen):
    """A version of a managed policy; the default one is what those have to whom the policy is attached."""

    id: str
    document: Document
    default: bool = False


class ManagedPolicy(_Frozen):
    """A managed policy of an account with the versions that IAM keeps of it (IAM guide, versioning of IAM policies).

    Principals hold the document of its default version. `attached_to`: the ARNs of those who have it, through groups
    or as their boundary, too. `versions_listed`: there are no other versions.
    """

    arn: str
    versions: tuple[PolicyVersion, ...] = ()
    versions_listed: bool = True
    attached_to: tuple[str, ...] = ()


class KeyGrant(_Frozen):
    """A KMS grant on a key. Principals are ARNs, account ids or service names; `operations` such as `Decrypt`."""

    grantee: str
    retiring: str | None = None
    operations: tuple[str, ...]
    constrained: bool = False  # has an encryption context constraint


class AclGrant(_Frozen):
    """An entry of the access control list of a bucket (S3 guide, access control list overview).

    `grantee`: `AllUsers`, `AuthenticatedUsers`, `LogDelivery`, a canonical user id or the id of an account.
    """

    grantee: str
    permission: Literal["READ", "WRITE", "READ_ACP", "WRITE_ACP", "FULL_CONTROL"]


class BucketBehind(_Frozen):
    """A bucket behind a Multi-Region Access Point; `account` None: it is not told whose it is."""

    name: str
    account: str | None = None


class OwnedResource(_Frozen):
    """A resource with its policy (None: it has none).

    `block_public_access` is RestrictPublicBuckets (S3); `abac`: tags of the bucket count in policies (W-9).
    `origin`, `vpc` and `bucket` are of access points: where they can be reached from and what lies behind them.
    `buckets` are of Multi-Region Access Points, which have none of these three but `origin`, `internet` (3.7): those
    that AWS may route a call to; None: nobody said.
    `grants` are the grants of a KMS key; None: nobody said which there are (X-32).
    `acls` are of buckets: whether access control lists count (None: nobody said; False: bucket owner enforced), `acl`
    the bucket's own (None: nobody said), `ignore_public_acls` whether what they grant to everybody counts as absent.
    """

    arn: str
    account: str
    policy: Document | None = None
    tags: dict[str, str] = Field(default_factory=dict)
    block_public_access: bool = False
    acls: bool | None = None
    acl: tuple[AclGrant, ...] | None = None
    ignore_public_acls: bool = False
    abac: bool | None = None
    origin: Literal["vpc", "internet"] | None = None
    vpc: str | None = None
    bucket: str | None = None
    buckets: tuple[BucketBehind, ...] | None = None
    grants: tuple[KeyGrant, ...] | None = None

    @property
    def behind(self) -> tuple[BucketBehind, ...]:
        """The buckets that are told behind an access point: several behind a Multi-Region one."""
        if self.buckets is not None:
            return self.buckets
        return (BucketBehind(name=self.bucket.rsplit(":", 1)[-1]),) if self.bucket is not None else ()


class Endpoint(_Frozen):
    """A VPC endpoint; without a policy it lets everything through. `services` empty: any but `except_services`."""

    id: str
    account: str
    vpc: str
    vpc_account: str
    region: str
    gateway: bool = False
    services: tuple[str, ...] = ()
    except_services: tuple[str, ...] = ()
    policy: Document | None = None


class Account(_Frozen):
    """An account of the organization. `listed`: its principals and resources were given, and are all it has.

    `canonical_id` is the id by which bucket policies may name it; `block_public_access`: RestrictPublicBuckets is on
    for every bucket of the account; `ignore_public_acls`: IgnorePublicAcls is.
    `managed`: the managed policies of its principals; None: nobody said which.
    """

    id: str
    name: str = ""
    canonical_id: str | None = None
    block_public_access: bool = False
    ignore_public_acls: bool = False
    guardrails: Guardrails = Guardrails()
    principals: tuple[OwnedPrincipal, ...] = ()
    resources: tuple[OwnedResource, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
    managed: tuple[ManagedPolicy, ...] | None = None
    listed: bool = False


class Unit(_Frozen):
    """The root or an organizational unit. `id` is `r-...` or `ou-...`."""

    id: str
    name: str = ""
    guardrails: Guardrails = Guardrails()
    units: tuple[Unit, ...] = ()
    accounts: tuple[Account, ...] = ()


class Organization(_Frozen):
    """An organization tree. `partition` is the one it lies in; requests do not cross partitions (W-1).

    `endpoints_listed`: once one endpoint is given, no others are there. `delegated_administrators` (None: not told) are
    accounts with the service principal of the service that they administer; there may be others unless
    `delegates_listed`.
    """

    id: str
    management_account: str
    root: Unit
    partition: str = "aws"
    endpoints_listed: bool = True
    delegated_administrators: tuple[tuple[str, str], ...] | None = None
    delegates_listed: bool = True

    @property
    def all_delegated_administrators(self) -> tuple[tuple[str, str], ...] | None:
        """The delegated administrators where all of them are told, else None."""
        return self.delegated_administrators if self.delegates_listed else None

    def accounts(self) -> Iterator[tuple[Account, tuple[Unit, ...]]]:
        """Every account with the units above it, root first, in the order of the file."""
        stack: list[tuple[Unit, tuple[Unit, ...]]] = [(self.root, (self.root,))]
        while stack:
            unit, path = stack.pop()
            for account in unit.accounts:
                yield account, path
            stack.extend((child, (*path, child)) for child in reversed(unit.units))

    def documents(self) -> Iterator[Document]:
        """Every policy document of the tree, some of them more than once."""
        seen: set[str] = set()
        for account, path in self.accounts():
            above = [unit for unit in path if unit.id not in seen]
            seen.update(unit.id for unit in above)
            for level in (*(unit.guardrails for unit in above), account.guardrails):
                yield from (*level.scps, *level.rcps)
            for principal in account.principals:
                yield from (*principal.policies, *principal.limits(), *((principal.trust,) if principal.trust else ()))
            yield from (resource.policy for resource in account.resources if resource.policy)
            yield from (endpoint.policy for endpoint in account.endpoints if endpoint.policy)

    def levels(self, account: str) -> tuple[Guardrails, ...]:
        """The guardrails on the way from the root to `account`, root first; KeyError if it is no member."""
        for found, path in self.accounts():
            if found.id == account:
                return (*(unit.guardrails for unit in path), found.guardrails)
        raise KeyError(account)

    def guarded_units(self) -> Iterator[tuple[str, tuple[Guardrails, ...]]]:
        """The units below the root that something hangs on: the way from the root (`r-.../ou-.../`), and the
        guardrails on it.
        """
        stack: list[tuple[Unit, str, tuple[Guardrails, ...]]] = [
            (self.root, f"{self.root.id}/", (self.root.guardrails,))
        ]
        while stack:
            unit, path, levels = stack.pop()
            if unit is not self.root and unit.guardrails != Guardrails():
                yield path, levels
            for below in reversed(unit.units):
                stack.append((below, f"{path}{below.id}/", (*levels, below.guardrails)))

    def levels_on(self, path: str) -> tuple[Guardrails, ...]:
        """The guardrails of the units that an organization path leads through, the root's at least."""
        unit, found = self.root, [self.root.guardrails]
        for name in path.split("/")[2:]:
            below = next((one for one in unit.units if one.id == name), None)
            if below is None or not path.startswith(f"{self.id}/{self.root.id}/"):
                break
            unit = below
            found.append(unit.guardrails)
        return tuple(found)

    def path(self, account: str) -> str:
        """The organization path of `account`, as `aws:PrincipalOrgPaths` shows it; KeyError if no member."""
        for found, path in self.accounts():
            if found.id == account:
                return "/".join((self.id, *(unit.id for unit in path))) + "/"
        raise KeyError(account)


def named(unknowns: Sequence[Unknown]) -> str:
    """The first names, and how many more there are."""
    names = list(dict.fromkeys(u.name for u in unknowns))
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
