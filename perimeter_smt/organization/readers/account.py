"""An account of `organization.yaml`: its principals, resources and VPC endpoints."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeVar, cast

from perimeter_smt.organization.default_policies import in_force
from perimeter_smt.organization.model import (
    Account,
    BucketBehind,
    Endpoint,
    Guardrails,
    KeyGrant,
    OwnedPrincipal,
    OwnedResource,
    Session,
)
from perimeter_smt.organization.readers import acl, values
from perimeter_smt.organization.readers.fields import Gather, flag, items, members, required, tags, text, texts
from perimeter_smt.organization.readers.managed_policies import Managed, read_managed
from perimeter_smt.organization.readers.policy_files import PolicyFiles
from perimeter_smt.organization.readers.yaml import Node
from perimeter_smt.organization.sharing import actions_of, sharing_policy, why_without_actions, with_sharing
from perimeter_smt.policy.api_resources import of_api
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.json_positions import quoted
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.request.multi_region import is_multi_region

_T = TypeVar("_T")
ACCOUNT_MEMBERS = (
    "id", "name", "scps", "rcps", "principals", "groups", "resources", "endpoints", "listed",
    "canonical_id", "block_public_access", "ignore_public_acls", "managed_policies",
)  # fmt: skip
PRINCIPAL_MEMBERS = ("arn", "policies", "boundary", "trust", "tags", "groups", "sessions", "sessions_listed")
RESOURCE_MEMBERS = (
    "arn", "policy", "tags", "block_public_access", "abac", "origin", "vpc", "bucket", "buckets", "grants",
    "shared_with", "object_ownership", "acl", "ignore_public_acls",
)  # fmt: skip
MAX_SESSION_POLICIES = 11  # one inline, ten managed (STS API reference, AssumeRole)
GATEWAY_SERVICES = ("s3", "dynamodb")


Groups = dict[str, tuple[tuple[Document, ...], set[str]]]
_NO_GROUPS: Groups = {}


class AccountReader:
    """Reads the accounts of one organization, whose ids are `known`, and remembers what they name."""

    def __init__(self, policies: PolicyFiles, known: frozenset[str]) -> None:
        self._policies, self._known = policies, known
        self._seen: dict[str, int] = {}
        self._vpcs: dict[tuple[str, str], tuple[str, int]] = {}
        self._buckets: dict[str, str] = {}  # owners of those that are listed
        self._behind_points: list[tuple[Node, BucketBehind]] = []

    def read(self, account: str, found: dict[str, Node], guardrails: Guardrails) -> Account:
        """The account; it is `listed` if it gives both principals and resources and does not say otherwise."""
        gather = Gather()

        def each(name: str, read: Callable[[Node], _T]) -> tuple[_T, ...]:
            return gather.each(gather(lambda: items(found.get(name)), []), read)

        managed = gather(lambda: read_managed(found, account, self._policies), Managed())
        groups = gather(lambda: self._groups(found.get("groups"), managed), _NO_GROUPS)
        out = Account(
            id=account,
            name=text(found["name"], values.any_text) if "name" in found else "",
            canonical_id=text(found["canonical_id"], values.canonical_id) if "canonical_id" in found else None,
            block_public_access=flag(found.get("block_public_access"), False),
            ignore_public_acls=flag(found.get("ignore_public_acls"), False),
            guardrails=guardrails,
            principals=each("principals", lambda item: self._principal(item, account, groups, managed)),
            resources=each("resources", lambda item: self._resource(item, account)),
            endpoints=each("endpoints", lambda item: self._endpoint(item, account)),
            listed=flag(found.get("listed"), "principals" in found and "resources" in found),
        )
        gather.done()
        return out.model_copy(update={"managed": managed.all()})

    def _groups(self, node: Node | None, managed: Managed) -> Groups:
        """The policies of each group by name, and the managed ones among them."""
        out: Groups = {}
        for item in items(node):
            found = members(item, ("name", "policies"), "a group")
            name = text(required(found, "name", item, "a group"), values.any_text)
            if name in out:
                raise found["name"].error(f"duplicate group {quoted(name)}")
            listed = items(found.get("policies"))
            documents = tuple(managed.default(policy, Kind.IDENTITY, self._policies) for policy in listed)
            out[name] = documents, managed.names(listed)
        return out

    def _principal(self, node: Node, account: str, groups: Groups, managed: Managed) -> OwnedPrincipal:
        what = "a principal"
        found = members(node, PRINCIPAL_MEMBERS, what)
        arn = text(required(found, "arn", node, what), values.principal_arn)
        owner, kind = values.principal_parts(arn)
        if owner != account:
            raise found["arn"].error(
                f"principal {quoted(arn)} is listed under account `{account}`, expected that account"
            )
        self._once(found["arn"], "principal", arn)
        service_linked = ":role/aws-service-role/" in arn
        if kind == "user" and "trust" in found:
            raise found["trust"].key_error("a user has no trust policy, only a role has one")
        if kind == "role" and "groups" in found:
            raise found["groups"].key_error("a role is in no group, only a user is")
        shared: list[Document] = []
        names = managed.names((*items(found.get("policies")), *((found["boundary"],) if "boundary" in found else ())))
        for item in items(found.get("groups")):
            name = text(item, values.any_text)
            if name not in groups:
                raise item.error(f"unknown group {quoted(name)}, expected one of the account's `groups`")
            shared += groups[name][0]
            names |= groups[name][1]
        if service_linked and "boundary" in found:
            raise found["boundary"].key_error("a service-linked role has no boundary")
        gather = Gather()
        policies = gather.each(
            items(found.get("policies")), lambda item: managed.default(item, Kind.IDENTITY, self._policies)
        )
        boundary = gather(
            lambda: managed.default(found["boundary"], Kind.BOUNDARY, self._policies) if "boundary" in found else None,
            None,
        )
        trust = gather(lambda: self._attached(found, "trust", Kind.TRUST), None)
        sessions = gather.each(items(found.get("sessions")), self._session)
        sessions_listed = flag(found.get("sessions_listed"), False)
        gather.done()
        if service_linked and sessions:
            raise found["sessions"].key_error("sessions of a service-linked role carry no session policies")
        if sessions_listed and not sessions:
            raise found["sessions_listed"].key_error("`sessions_listed` without `sessions`: expected those there are")
        out = OwnedPrincipal(
            arn=arn,
            type=cast(Literal["user", "role"], kind),
            account=account,
            policies=tuple({id(policy): policy for policy in (*policies, *shared)}.values()),
            boundary=boundary,
            trust=trust,
            tags=tags(found.get("tags")),
            service_linked=service_linked,
            sessions=sessions,
            sessions_listed=sessions_listed,
        )
        managed.hold(out, names)
        return out

    def _session(self, node: Node) -> Session:
        """Sessions of one name; without `policies` they carry none."""
        what = "a session"
        found = members(node, ("name", "policies"), what)
        listed = items(found.get("policies"))
        if len(listed) > MAX_SESSION_POLICIES:
            raise found["policies"].error(f"{len(listed)} session policies, expected at most {MAX_SESSION_POLICIES}")
        return Session(
            name=text(required(found, "name", node, what), values.session_name),
            policies=tuple(self._policies.load(item, Kind.SESSION) for item in listed),
        )

    def _attached(self, found: dict[str, Node], name: str, kind: Kind) -> Document | None:
        return self._policies.load(found[name], kind) if name in found else None

    def _resource(self, node: Node, account: str) -> OwnedResource:
        what = "a resource"
        found = members(node, RESOURCE_MEMBERS, what)
        arn = text(required(found, "arn", node, what), values.resource_arn)
        owner = arn.split(":", 5)[4]
        if owner not in ("", account):
            raise found["arn"].error(
                f"resource {quoted(arn)} is listed under account `{account}`, expected that account"
            )
        self._once(found["arn"], "resource", arn)
        kind = _kind(found["arn"], arn)
        if "block_public_access" in found and kind not in (Kind.BUCKET, Kind.ACCESS_POINT):
            raise found["block_public_access"].key_error("only a bucket or an access point has `block_public_access`")
        for name in ("origin", "vpc", "bucket"):
            if name in found and kind is not Kind.ACCESS_POINT:
                raise found[name].key_error(f"only an access point has `{name}`")
        if kind is Kind.BUCKET:
            self._buckets[arn.rsplit(":", 1)[-1]] = account
        multi_region = is_multi_region(arn)
        for name in ("origin", "vpc", "bucket"):
            if name in found and multi_region:
                raise found[name].key_error(f"a Multi-Region Access Point has no `{name}`, expected its `buckets`")
        if "buckets" in found and not multi_region:
            raise found["buckets"].key_error("only a Multi-Region Access Point has `buckets`")
        for name in ("abac", "object_ownership", "acl", "ignore_public_acls"):
            if name in found and kind is not Kind.BUCKET:
                raise found[name].key_error(f"only a bucket has `{name}`")
        if "grants" in found and kind is not Kind.KMS:
            raise found["grants"].key_error("only a KMS key has `grants`")
        if "vpc" in found and ("origin" not in found or found["origin"].value != "vpc"):
            raise found["vpc"].key_error("an access point with a `vpc` has `origin: vpc`")
        return OwnedResource(
            arn=arn,
            account=account,
            policy=in_force(arn, self._policy(found, arn, account, kind)),
            tags=tags(found.get("tags")),
            block_public_access=flag(found.get("block_public_access"), False),
            abac=flag(found["abac"], False) if "abac" in found else None,
            **acl.read(found),
            origin=_origin(found["origin"]) if "origin" in found else "internet" if multi_region else None,
            vpc=text(found["vpc"], values.vpc_id) if "vpc" in found else None,
            bucket=text(found["bucket"], values.bucket_name) if "bucket" in found else None,
            buckets=self._behind(found["buckets"]) if "buckets" in found else None,
            grants=tuple(_grant(item) for item in items(found["grants"])) if "grants" in found else None,
        )

    def _behind(self, node: Node) -> tuple[BucketBehind, ...]:
        """The buckets behind a Multi-Region Access Point: names, or mappings that say whose they are, too."""
        out: dict[str, BucketBehind] = {}
        for item in items(node):
            if isinstance(item.value, str):
                bucket = BucketBehind(name=text(item, values.bucket_name))
            else:
                what = "a bucket behind a Multi-Region Access Point"
                found = members(item, ("name", "account"), what)
                bucket = BucketBehind(
                    name=text(required(found, "name", item, what), values.bucket_name),
                    account=text(found["account"], values.account_id) if "account" in found else None,
                )
            if bucket.name in out:
                raise item.error(f"duplicate bucket {quoted(bucket.name)}")
            out[bucket.name] = bucket
            self._behind_points.append((item, bucket))
        if not out:
            raise node.key_error("`buckets` is empty, expected at least one; leave it out where they are not known")
        return tuple(out.values())

    def check_owners(self) -> None:
        """A bucket has one owner, also where a Multi-Region Access Point names it: no two buckets have one name."""
        for node, bucket in self._behind_points:
            owner = self._buckets.get(bucket.name)
            if None not in (owner, bucket.account) and owner != bucket.account:
                listed = f"`{owner}`, which lists it"
                raise node.error(f"bucket {quoted(bucket.name)} is of account `{bucket.account}` here and of {listed}")

    def _policy(self, found: dict[str, Node], arn: str, account: str, kind: Kind) -> Document | None:
        """The policy of a resource, with what its sharing says besides."""
        policy = self._policies.load(found["policy"], kind) if "policy" in found else None
        policy = of_api(policy, arn, account)
        if "shared_with" not in found:
            return policy
        node = found["shared_with"]
        actions = actions_of(arn)
        if not actions:
            raise node.key_error(why_without_actions(arn))
        parties = [text(item, values.sharing_party) for item in items(node)]
        if not parties:
            return policy
        return with_sharing(policy, sharing_policy(arn, account, parties, actions, file=node.file))

    def _endpoint(self, node: Node, account: str) -> Endpoint:
        what = "an endpoint"
        found = members(node, ("id", "type", "vpc", "vpc_account", "region", "services", "policy"), what)
        own = text(required(found, "id", node, what), values.endpoint_id)
        self._once(found["id"], "endpoint", own)
        vpc = text(required(found, "vpc", node, what), values.vpc_id)
        region = text(required(found, "region", node, what), values.region)
        owner = text(found["vpc_account"], values.account_id) if "vpc_account" in found else account
        if owner not in self._known:
            raise found["vpc_account"].error(f"VPC account {quoted(owner)} is not in the organization")
        known, line = self._vpcs.setdefault((vpc, region), (owner, found["vpc"].line))
        if known != owner:
            raise found["vpc"].error(
                f"VPC {quoted(vpc)} belongs to account `{owner}` here and to `{known}` on line {line}"
            )
        services = texts(found.get("services"), values.endpoint_service)
        gateway = "type" in found and _is_gateway(found["type"])
        if gateway and not (services and set(services) <= set(GATEWAY_SERVICES)):
            raise node.error("a gateway endpoint serves `s3` or `dynamodb`, expected one of them under `services`")
        kind = Kind.ENDPOINT_GATEWAY if gateway else Kind.ENDPOINT
        return Endpoint(
            id=own,
            account=account,
            vpc=vpc,
            vpc_account=owner,
            region=region,
            gateway=gateway,
            services=services,
            policy=self._policies.load(found["policy"], kind) if "policy" in found else None,
        )

    def _once(self, node: Node, what: str, name: str) -> None:
        if name in self._seen:
            raise node.error(f"duplicate {what} {quoted(name)}, first on line {self._seen[name]}")
        self._seen[name] = node.line


def _origin(node: Node) -> Literal["vpc", "internet"]:
    if node.value not in ("vpc", "internet"):
        raise node.key_error(f"found {node.shown}, expected `vpc` or `internet`")
    return cast(Literal["vpc", "internet"], node.value)


def _grant(node: Node) -> KeyGrant:
    what = "a grant"
    found = members(node, ("grantee", "retiring", "operations", "constrained"), what)
    return KeyGrant(
        grantee=text(required(found, "grantee", node, what), values.any_text),
        retiring=text(found["retiring"], values.any_text) if "retiring" in found else None,
        operations=texts(required(found, "operations", node, what), values.any_text),
        constrained=flag(found.get("constrained"), False),
    )


def _is_gateway(node: Node) -> bool:
    if node.value not in ("gateway", "interface"):
        raise node.key_error(f"found {node.shown}, expected `gateway` or `interface`")
    return node.value == "gateway"


def _kind(node: Node, arn: str) -> Kind:
    """The kind of policy that this resource takes."""
    _, _, service, _, account, name = arn.split(":", 5)
    if service == "iam" and name.startswith(("role/", "user/")):
        raise node.error(f"resource {quoted(arn)} is a user or role, expected it under `principals`")
    if service == "s3":
        if account:
            return Kind.ACCESS_POINT
        if "/" in name:
            raise node.error(f"resource {quoted(arn)} lies in a bucket, expected the bucket")
        return Kind.BUCKET
    return Kind.KMS if service == "kms" else Kind.RESOURCE
