"""A draft of an organization: readers add what they find, in any order; `assemble.py` puts it together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from perimeter_smt.errors import InputError
from perimeter_smt.organization.model import AclGrant, BucketBehind, KeyGrant, OwnedPrincipal, Session, Unknown
from perimeter_smt.organization.readers.draft import told
from perimeter_smt.organization.readers.draft.documents import Documents
from perimeter_smt.organization.readers.draft.place import NotKnown, Place
from perimeter_smt.organization.readers.draft.pods import Association
from perimeter_smt.organization.readers.draft.profiles import Profile
from perimeter_smt.organization.readers.draft.rewrite import Rewrite
from perimeter_smt.organization.readers.draft.shares import Share, party_of
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.json_positions import quoted
from perimeter_smt.policy.kinds import Kind

_NOTHING: Mapping[str, str] = {}
FULL_ACCESS = ("FullAWSAccess", "RCPFullAWSAccess", "p-FullAWSAccess", "p-RCPFullAWSAccess")
Named = Iterable[tuple[str, object, Place]]  # policies by themselves: name, text or object, place
Policy = Document | NotKnown
Affects = Literal["grants", "guardrails", "facts"]
Holds = Literal["", "caller", "resource", "trust"]


@dataclass(slots=True)
class Holder:
    """A user, role or group: what is attached to it by itself, and by name.

    `begun`: the source only names it, what it holds besides stands elsewhere. `grown`: the source gives it something.
    `sessions` and `sessions_listed` come from an organization that a change is laid over.
    """

    arn: str
    at: Place
    own: list[Policy] = field(default_factory=list)
    attached: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    boundary: str | Policy | None = None
    trust: Policy | None = None
    tags: dict[str, str] = field(default_factory=dict)
    whole: bool = False  # boundary and tags are told, also where there are none
    stays: set[str] = field(default_factory=set)  # attached before, so that an organization holds them already
    sessions: tuple[Session, ...] = ()
    sessions_listed: bool = False
    begun: bool = False
    grown: bool = False


@dataclass(slots=True)
class Thing:
    """A resource; facts that several answers tell are filled in as they come.

    `whole`: the source tells all of it, not only a policy of what stands elsewhere.
    """

    arn: str
    account: str
    at: Place
    policy: Policy | None = None
    tags: dict[str, str] = field(default_factory=dict)
    block_public_access: bool | None = None
    whole: bool = False
    abac: bool | None = None
    acls: bool | None = None
    acl: tuple[AclGrant, ...] | None = None
    ignore_public_acls: bool | None = None
    origin: str | None = None
    vpc: str | None = None
    bucket: str | None = None
    buckets: tuple[BucketBehind, ...] | None = None
    grants: tuple[KeyGrant, ...] | None = None
    shared: list[str] = field(default_factory=list)  # parties that it is shared with
    added: Policy | None = None  # statements that stand in its policy besides
    lost: list[Policy] = field(default_factory=list)  # statements that its policy no longer has
    granted: list[KeyGrant] = field(default_factory=list)
    ungranted: list[KeyGrant] = field(default_factory=list)

    @property
    def kind(self) -> Kind:
        """The kind of policy that it takes."""
        return kind_of(self.arn)


@dataclass(slots=True)
class Door:
    """A VPC endpoint."""

    id: str
    account: str
    vpc: str
    region: str
    at: Place
    gateway: bool = False
    services: tuple[str, ...] = ()
    policy: Policy | None = None
    stands_for: bool = False  # its id is made up: it may be one that the organization holds


@dataclass(slots=True)
class Box:
    """A unit or an account: its name and what holds it (None: not told)."""

    id: str
    at: Place
    name: str = ""
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a managed policy."""

    id: str
    policy: Policy
    default: bool


@dataclass(slots=True)
class Control:
    """An SCP or RCP of the organization. `everywhere`: its attachments are all that the source means it to have."""

    id: str
    name: str
    type: str
    policy: Policy
    at: Place
    everywhere: bool = False


class Draft:
    """Everything that was read so far.

    `complete`: accounts of which all principals and all resources were read. `targets_known`: units and accounts whose
    attached SCPs were all told.
    """

    def __init__(self, fill: Mapping[str, str] = _NOTHING) -> None:
        self.documents = Documents(fill)
        self.organization: str | None = None
        self.management: str | None = None
        self.root: str | None = None
        self.units: dict[str, Box] = {}
        self.accounts: dict[str, Box] = {}
        self.accounts_listed = False
        self.guardrails_told: set[str] = {"scp", "rcp"}  # kinds that are none where the source holds none
        self.endpoints_listed = False
        self.endpoints_cut = False  # some answer that may hold endpoints has more pages than were read
        self.controls: dict[str, Control] = {}
        self.attachments: dict[tuple[str, str], Place] = {}
        self.targets_known: set[str] = set()
        self.targets_of: dict[str, list[frozenset[str]]] = {}  # whole lists of the targets of a policy
        self.cut_lists: set[str] = set()  # SCPs and RCPs, units and accounts whose lists are told in pages
        self.delegation: tuple[object, Place] | None = None  # the policy by which the organization delegates
        self.torn: set[tuple[str, str]] = set()  # attachments of which answers tell different things
        self.asks_targets = False  # the source should tell of every SCP and RCP where it is attached
        self.policies_of: dict[tuple[str, str], list[frozenset[str]]] = {}  # of the policies of a target, by kind
        self.principals: dict[str, Holder] = {}
        self.groups: dict[str, Holder] = {}
        self.managed: dict[str, Policy] = {}
        self.versions: dict[str, list[Version]] = {}  # of managed policies of which all versions are told
        self.former = Documents(fill)  # versions of managed policies that are not the default ones: nobody has them
        self.resources: dict[str, Thing] = {}
        self.permission_sets: dict[str, Any] = {}  # by id, as answers of `sso-admin` tell them in parts
        self.parts_of_sets: list[Any] = []  # answers that do not say of which permission set they tell
        self.written: dict[str, tuple[str, object]] = {}  # by ARN: which resource of a template makes it, and as what
        self.told: dict[str, Policy | None] = {}  # by ARN: what the policy of a resource says, as answers tell it
        self.doors: dict[str, Door] = {}
        self.vpcs: dict[tuple[str, str], str] = {}
        self.shares: dict[str, Share] = {}  # of AWS RAM, by ARN
        self.profiles: list[Profile] = []  # of IAM Roles Anywhere
        self.associations: list[Association] = []  # of EKS Pod Identity
        self.whole = False  # the source holds everything there is
        self.account_option = "--account"  # that tells the account of what tells none
        self.restricted: set[str] = set()  # accounts with RestrictPublicBuckets
        self.blocked: dict[str, bool] = {}  # whether answers say so of an account
        self.ignores_acls: dict[str, bool] = {}  # whether IgnorePublicAcls is on in an account, where answers say it
        self.canonical: dict[str, str] = {}
        self.delegated: set[tuple[str, str]] = set()
        self.delegates: set[str] | None = None  # accounts that are delegated administrators, where all are told
        self.delegates_cut = False  # their list has more pages
        self.delegates_told: set[str] = set()  # those whose services are all told
        self.removed: set[str] = set()
        self.grants_cut: set[str] = set()  # keys whose grants are told in pages, not all of which are there
        self.tags_listed: set[tuple[str, str]] = set()  # accounts and Regions whose tags are all told
        self.tags_cut: set[tuple[str, str]] = set()  # those of which more pages of tags are missing
        self.untagged: dict[str, Place] = {}  # principals by ARN, and resources, whose tags nobody told
        self.tags: dict[str, dict[str, str]] = {}  # by ARN, of what others tell
        self.rewrites: list[Rewrite] = []
        self.stripped: set[str] = set()  # ARNs of resources and ids of endpoints that lose their policy
        self.unblocked: set[str] = set()  # buckets by ARN, and accounts, without RestrictPublicBuckets from now on
        self.taken: list[tuple[str, Place]] = []  # what a change deletes or replaces, in words
        self.over = False  # it is laid over an organization that another source tells
        self.tells_before = False  # the change says what it replaces and takes away
        self.door_policies: dict[str, tuple[Policy, Place]] = {}  # of endpoints by id that are not in the source
        self.unshared: dict[str, dict[str, Place]] = {}  # by ARN: parties that a resource is no longer shared with
        self.disabled: set[str] = set()  # kinds of guardrails that the organization no longer has
        self.closed: set[str] = set()  # units and accounts from which FullAWSAccess is detached
        self.complete: set[str] = set()
        self.unknowns: dict[tuple[str, str, str], Unknown] = {}
        self.notes: list[str] = []
        self.collected: dict[str, str] = {}  # files of `perimeter collect`, and when each was collected
        self.others: Counter[str] = Counter()  # items that carry no policy, by type
        self.unread: list[str] = []  # files that hold nothing that is known
        self.open: set[str] = set()  # accounts in which something may hold any policy

    @property
    def partition(self) -> str:
        """The partition of the ARNs that were read."""
        known = next(iter((*self.principals, *self.resources, *self.groups)), "")
        return known.split(":", 2)[1] if known.count(":") >= 5 else "aws"

    def unknown(
        self, name: str, reason: str, affects: Affects, at: Place | None = None, *, account: str = "",
        holds: Holds = "", subject: str = "", known: OwnedPrincipal | None = None,
    ) -> None:  # fmt: skip
        """Note what is not known; `account`: something of it may hold any policy. The rest is as `Unknown` says."""
        found = Unknown(name=name, reason=reason, affects=affects, place=str(at) if at else "", account=account,
                        holds=holds, subject=subject, known=known)  # fmt: skip
        self.unknowns.setdefault((name, reason, affects), found)
        if account:
            self.open.add(account)

    def named_elsewhere(self, arn: str, at: Place) -> Holder:
        """A user, role or group that the source names; it is begun here where the source does not make it."""
        group = ":group/" in arn
        fresh = (group_key(arn) if group else arn) not in (self.groups if group else self.principals)
        holder = self.principal(arn, at)
        holder.begun |= fresh
        return holder

    def policy(self, value: object, kind: Kind, name: str, at: Place) -> Policy:
        """A policy, or why it is not known."""
        return self.documents.read(value, kind, name=name, at=at)

    def belongs(self, organization: str, at: Place) -> None:
        """The id of the organization; two different ones are an error."""
        if self.organization not in (None, organization):
            raise InputError(
                f"organization {quoted(organization)}, but `{self.organization}` before: expected one organization",
                file=at.file,
            )
        self.organization = organization

    def account(self, account: str, at: Place, *, name: str = "", parent: str | None = None) -> Box:
        """An account; what one answer leaves out another may tell. Two parents are an error."""
        return _box(self.accounts, "account", account, at, name, parent)

    def unit(self, unit: str, at: Place, *, name: str = "", parent: str | None = None) -> Box:
        """A unit, or the root if it has no parent."""
        return _box(self.units, "unit", unit, at, name, parent)

    def managed_policy(self, arn: str, name: str, versions: Iterable[tuple[str, object, bool, Place]]) -> None:
        """A managed policy with all of its versions: id, text or object (None: not told), whether it is the default."""
        found: list[Version] = []
        for own, value, chosen, at in versions:
            if value is None:
                found.append(Version(own, NotKnown("text not told"), chosen))
            else:
                documents = self.documents if chosen else self.former
                found.append(Version(own, documents.read(value, Kind.IDENTITY, name=name, at=at), chosen))
        default = next((v.policy for v in found if v.default), NotKnown("its default version is not told"))
        if isinstance(default, NotKnown):
            self.managed.setdefault(arn, default)
        else:
            self.managed[arn], self.versions[arn] = default, found

    def control(self, own: str, name: str, kind: Kind, value: object, at: Place) -> None:
        """An SCP or RCP. An answer without the text does not replace one with it; two texts are none."""
        policy = self.policy(value, kind, name or own, at)
        known = self.controls.get(own)
        if known is not None and isinstance(known.policy, Document) and isinstance(policy, Document):
            if told.said(known.policy) != told.said(policy):
                known.policy = told.TORN
        if known is not None and known.policy is told.TORN:
            return
        if known is None or isinstance(known.policy, NotKnown):
            self.controls[own] = Control(own, name or (known.name if known else own), kind.value, policy, at)

    def attach(self, control: str, target: str, at: Place) -> None:
        """An SCP or RCP is attached to a root, unit or account."""
        self.attachments.setdefault((control, target), at)

    def principal(
        self,
        arn: str,
        at: Place,
        *,
        own: Named = (),
        attached: Iterable[str] = (),
        groups: Iterable[str] = (),
        boundary: str | Policy | None = None,
        trust: object = None,
        tags: Mapping[str, str] = _NOTHING,
    ) -> Holder:
        """A user, role or group; what is told again is added."""
        where, key = self.place_of_principal(arn)
        holder = where.setdefault(key, Holder(arn, at))
        for name, value, place in own:
            holder.own.append(self.policy(value, Kind.IDENTITY, name, place))
        holder.attached += (a for a in attached if a not in holder.attached)
        holder.groups += groups
        if boundary is not None:
            holder.boundary = boundary
        if trust is not None:
            holder.trust = self.policy(trust, Kind.TRUST, "trust policy", at)
        holder.tags.update(tags)
        return holder

    def delegate(self, policy: object, at: Place) -> None:
        """The resource policy of the organization, empty where it has none; two different ones are none."""
        differ = self.delegation is not None and self.delegation[0] != policy
        self.delegation = (told.TORN if differ else policy, at)

    def restrict(self, account: str, *, on: bool) -> None:
        """Whether RestrictPublicBuckets is on in an account: only where every answer says so."""
        self.blocked[account] = on and self.blocked.get(account, True)
        (self.restricted.add if self.blocked[account] else self.restricted.discard)(account)

    def ignore_acls(self, account: str, on: object) -> None:
        """Whether IgnorePublicAcls is on in an account: only where every answer says so."""
        self.ignores_acls[account] = on in (True, "true") and self.ignores_acls.get(account, True)

    def place_of_principal(self, arn: str) -> tuple[dict[str, Holder], str]:
        """Where users and roles, or groups, are kept, and under which key."""
        return (self.groups, group_key(arn)) if ":group/" in arn else (self.principals, arn)

    def policy_of_resource(self, arn: str, value: object, at: Place) -> Policy | None:
        """The policy of a resource; None where it has none."""
        return None if value is None else self.policy(value, kind_of(arn), arn.split(":", 5)[5], at)

    def resource(
        self, arn: str, account: str, at: Place, *, policy: object = None, tags: Mapping[str, str] = _NOTHING
    ) -> Thing:
        """A resource; `policy` is its text, object, or why it is not known."""
        thing = self.resources.get(arn)
        if thing is None:
            thing = self.resources[arn] = Thing(arn, account, at)
        thing.account = owner_in(arn) or thing.account or account
        if policy is not None:
            thing.policy = policy if isinstance(policy, Document) else self.policy_of_resource(arn, policy, at)
        thing.tags.update(tags)
        return thing

    def profile(
        self,
        name: str,
        roles: Iterable[str] | None,
        policy: object,
        managed: Iterable[str],
        at: Place,
        *,
        enabled: bool,
    ) -> None:
        """A profile of IAM Roles Anywhere; `policy` is its session policy, empty or None where it has none."""
        known = self.policy(policy, Kind.SESSION, f"profile {name}", at) if policy else None
        named = None if roles is None else tuple(roles)
        self.profiles.append(Profile(name, named, known, tuple(managed), at, enabled))

    def association(self, name: str, role: str, policy: object, target: str, at: Place) -> None:
        """An association of EKS Pod Identity; `policy` is its session policy, empty or None where it has none."""
        known = self.policy(policy, Kind.SESSION, f"association {name}", at) if policy else None
        self.associations.append(Association(name, role, known, target, at))

    def share(self, arn: str, account: str, parties: Iterable[str], at: Place) -> None:
        """A resource is shared with these parties besides."""
        thing = self.resource(arn, account, at)
        thing.shared += [party for party in map(party_of, parties) if party not in thing.shared]

    def ram(self, arn: str, at: Place) -> Share:
        """A share of AWS RAM, of which several answers may tell."""
        return self.shares.setdefault(arn, Share(arn, at))


def owner_in(arn: str) -> str:
    """The account that an ARN names, which owns the resource; empty where it names none (buckets)."""
    found = arn.split(":", 5)[4] if arn.count(":") >= 5 else ""
    return found if len(found) == 12 and found.isdigit() else ""


def group_key(arn: str) -> str:
    """The ARN of a group without its path: names are unique in an account."""
    return f"{arn.partition(':group/')[0]}:group/{arn.rsplit('/', 1)[1]}"


def kind_of(arn: str) -> Kind:
    """The kind of policy that a resource takes."""
    fields = arn.split(":", 5)
    if fields[2] == "s3":
        return Kind.ACCESS_POINT if fields[4] else Kind.BUCKET
    return Kind.KMS if fields[2] == "kms" else Kind.RESOURCE


def _box(where: dict[str, Box], what: str, own: str, at: Place, name: str, parent: str | None) -> Box:
    box = where.setdefault(own, Box(own, at))
    box.name = box.name or name
    if parent is not None:
        if box.parent not in (None, parent):
            raise InputError(f"{what} `{own}` lies in `{parent}` and in `{box.parent}`", file=at.file)
        box.parent = parent
    return box
