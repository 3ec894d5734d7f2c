"""What S3 asks beside the policy of the called resource: the bucket behind an access point, Block Public Access (3.7).

A call through an access point needs the access point and the bucket, each asked by its own policy with the same
context.  For callers of the owner's account the word of their identity policies on the access point is enough (X-33).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from perimeter_smt.encode.language.keys import Space, sym_is
from perimeter_smt.encode.language.principal import IAM, Hits
from perimeter_smt.encode.language.resource import Leaf
from perimeter_smt.encode.language.statement import Policies
from perimeter_smt.encode.language.text import formal_text
from perimeter_smt.encode.world import acl, sessions
from perimeter_smt.encode.world.access_points import (
    ABOUT_POINTS,
    ACCOUNT_KEY,
    ARN_KEY,
    ORIGIN_KEY,
    Asked,
    endpoints,
    field_of_bucket,
)
from perimeter_smt.encode.world.accounts import ON_ENDPOINT
from perimeter_smt.encode.world.governs import (
    HAS_ACCOUNT,
    arn_of_service,
    is_access_point,
    is_bucket,
    reach,
    split_arn,
)
from perimeter_smt.encode.world.guardrails import by_levels, level_allows
from perimeter_smt.encode.world.people import by_documents, callers
from perimeter_smt.encode.world.public import Public, publicity
from perimeter_smt.logic.atoms import Ref, Template, Text
from perimeter_smt.logic.compose import glob_on
from perimeter_smt.logic.formula import (
    FALSE,
    TRUE,
    Formula,
    both,
    conj,
    disj,
    either,
    equal,
    glob,
    implies,
    is_text,
    neg,
    sym,
)
from perimeter_smt.logic.problem import Assertion
from perimeter_smt.organization.model import Account, BucketBehind, OwnedPrincipal, OwnedResource
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.policy.document import Document


@dataclass(frozen=True)
class _Bucket:
    """A bucket and its owner (None: none of the organization); of one that is not `listed` the policy is unknown."""

    owner: Account | None
    resource: OwnedResource
    listed: bool = True


@dataclass(frozen=True)
class Listed:
    """What the workspace lists, to be looked up: accounts by id, buckets by name."""

    accounts: dict[str, Account]
    buckets: dict[str, _Bucket]

    @classmethod
    def of(cls, workspace: Workspace) -> Listed:
        """What a workspace lists; it takes a look at every resource."""
        accounts = {account.id: account for account, _ in workspace.organization.accounts()}
        resources = ((account, resource) for account in accounts.values() for resource in account.resources)
        found = (_Bucket(account, each) for account, each in resources if is_bucket(split_arn(each.arn)))
        return cls(accounts, {split_arn(bucket.resource.arn).name: bucket for bucket in found})


def guards(workspace: Workspace, policies: Policies) -> Formula:
    """What stands between a grant on a listed bucket or access point and the access."""
    listed = Listed.of(workspace)
    blocked = (bucket for bucket in listed.buckets.values() if _blocked(bucket))
    out = [implies(reach(b.resource).surely, _unless_public(b, b.resource.policy)) for b in blocked]
    for account in listed.accounts.values():
        for point in account.resources:
            if is_access_point(split_arn(point.arn)):
                through = both(reach(point).surely, neg(ABOUT_POINTS))
                out.append(implies(through, _behind(workspace, account, point, listed, policies)))
                if _blocked(_Bucket(account, point)) and point.origin == "internet":  # as in `_passes` (W-31)
                    about = both(reach(point).surely, ABOUT_POINTS)
                    out.append(implies(about, _unless_public(_Bucket(account, point), point.policy)))
                if point.origin == "vpc":
                    inside = is_text("endpoint.vpc", point.vpc) if point.vpc else TRUE
                    out.append(implies(through, both(ON_ENDPOINT, inside)))
    return conj(out)


def _behind(
    workspace: Workspace, account: Account, point: OwnedResource, listed: Listed, policies: Policies
) -> Formula:
    """Some bucket that may lie behind the access point lets the call through.

    Where the file does not name it, it is one of the account's own, or of somebody else (AR15.mine); a bucket that is
    not listed may allow anything.
    """
    if point.buckets is not None or point.bucket is not None:
        return disj(passes for _, passes in routes(workspace, policies, point, listed))  # which one is up to AWS
    if not account.listed:
        return TRUE
    found = [b for b in listed.buckets.values() if b.resource.account == account.id]
    other = both(sym("resource.mine"), neg(sym("behind.own")), neg(sym("behind.trusted")))
    return either(other, disj(both(*_passes(workspace, account, point, b, policies)) for b in found))


def routes(
    workspace: Workspace, policies: Policies, point: OwnedResource, listed: Listed
) -> Iterator[tuple[BucketBehind, Formula]]:
    """The buckets told behind an access point, with what lets calls that lead to each through (3.7).

    Of one that is not listed the policy may allow anything. Whose it is then may be told; otherwise it is of the owner
    of the point, or of somebody whose guardrails nobody knows; of the latter, where all accounts list what they have.
    """
    account, partition = listed.accounts[point.account], split_arn(point.arn).partition
    for each in point.behind:
        arn, owner = f"arn:{partition}:s3:::{each.name}", each.account or account.id
        bucket = listed.buckets.get(each.name)
        told = bucket or _Bucket(listed.accounts.get(owner), OwnedResource(arn=arn, account=owner), listed=False)
        passes = conj(_passes(workspace, account, point, told, policies))
        if bucket is None and each.account is None:
            stranger = _Bucket(None, OwnedResource(arn=arn, account=""), listed=False)
            abroad = conj(_passes(workspace, account, point, stranger, policies))
            passes = abroad if none_of_mine(workspace) else either(passes, abroad)
        yield each, passes


def none_of_mine(workspace: Workspace) -> bool:
    """Whether a bucket that no account lists is in none of mine: all of them list what they have (W-6)."""
    accounts = {account.id: account for account, _ in workspace.organization.accounts()}
    return all(account.listed for account in accounts.values()) and set(workspace.perimeter.accounts) <= set(accounts)


def _passes(
    workspace: Workspace, account: Account, point: OwnedResource, bucket: _Bucket, policies: Policies
) -> Iterator[Formula]:
    arn = split_arn(bucket.resource.arn)
    asked = policies.seen(behind_point(split_arn(point.arn).name, arn.name), f" behind {point.arn}")
    documents = (bucket.resource.policy,) if bucket.resource.policy else ()
    owner = bucket.owner
    ignored = bucket.resource.ignore_public_acls or (owner is not None and owner.ignore_public_acls)
    named = _either(asked.hits(documents), acl.behind_point(bucket.resource, ignored=ignored))
    if not bucket.listed:
        named = Hits(direct=TRUE, account=IAM)
    yield _granted(named, is_text("principal.account", bucket.resource.account))
    yield neg(asked.denies(documents))
    yield neg(denied_by_own(workspace, asked, asked))
    yield endpoints(workspace, asked)
    yield either(sym("X-44"), both(*_guardrails(workspace, bucket, asked)))
    if _blocked(bucket) or point.block_public_access or account.block_public_access:
        inside = is_text("principal.account", account.id)
        yield either(inside, _unless_public(bucket, bucket.resource.policy))
        if point.origin == "internet":  # of a VPC it is never public; what nobody said takes nothing away (W-31)
            yield either(inside, _unless_public(bucket, point.policy))


def denied_by_own(workspace: Workspace, asked: Asked, seen: Policies) -> Formula:
    """Policies of the caller deny the call on the bucket; what they allow they are asked about the point (X-33).

    `asked` says of documents whether they deny the call on the bucket, `seen` are the policies that see the bucket.
    """
    principals = [p for account, _ in workspace.organization.accounts() for p in account.principals]
    held = by_documents(principals, _may_deny)
    in_session = FALSE
    if any(p.sessions for p in principals):
        in_session = sessions.definitions(principals, seen)["session.denies"]
    return either(in_session, disj(both(callers(own), asked.denies(found)) for own, found in held if found))


def _may_deny(principal: OwnedPrincipal) -> tuple[Document, ...]:
    """The policies of a principal that deny something."""
    found = (*principal.policies, *((principal.boundary,) if principal.boundary else ()))
    return tuple(d for d in found if any(s.effect == "Deny" for s in d.statements))


def _granted(hits: Hits, own: Formula) -> Formula:
    """The bucket grants the call, as `grant` in the formal text says of any resource (D54).

    The policy of the access point has no say here; identity policies are asked about the point alone (X-33).
    """
    text = formal_text().formulas
    limited = both(text["boundary.ok"], text["session.ok"])
    session = either(both(sym_is("role"), hits.role), both(sym_is("federated-user"), hits.user))
    inside = either(sym_is("root"), hits.direct, both(session, limited), text["bounded"])
    outside = both(hits.any, either(sym_is("root"), text["bounded"]))
    return either(both(IAM, either(both(own, inside), both(neg(own), outside))), both(neg(IAM), hits.direct))


def _either(one: Hits, other: Hits) -> Hits:
    return Hits(
        either(one.direct, other.direct),
        either(one.role, other.role),
        either(one.user, other.user),
        either(one.account, other.account),
    )


def _guardrails(workspace: Workspace, bucket: _Bucket, asked: Policies) -> Iterator[Formula]:
    """SCPs of the caller and RCPs of the bucket's owner, asked about the bucket (X-44)."""
    text = formal_text(workspace.organization.partition).formulas
    for guard, levels in by_levels(workspace, "principal.account"):
        lets = [level_allows(asked, level) for level in levels]
        stops = asked.denies(document for level in levels for document in level.scps)
        yield implies(both(text["scp.applies"], guard), both(*lets, neg(stops)))
    if bucket.owner is not None and bucket.owner.id != workspace.organization.management_account:
        levels = workspace.organization.levels(bucket.owner.id)
        stops = asked.denies(document for level in levels for document in level.rcps)
        yield either(sym("principal.service-linked"), neg(stops))


def facts(accounts: list[Account], keys: Space) -> Iterator[Assertion]:
    """The keys of calls through listed access points, which no call on a bucket itself carries (AR15)."""
    listed = [account.id for account in accounts if account.listed]
    owner = keys.known.get(ACCOUNT_KEY)
    if owner is not None and listed:
        direct = both(arn_of_service("s3"), neg(HAS_ACCOUNT), owner.has)
        foreign = neg(disj(glob_on(owner.term, (Text(account),)) for account in listed))
        yield Assertion("organization.yaml lists every access point", implies(direct, foreign))
    for account in accounts:
        for point in account.resources:
            if is_access_point(split_arn(point.arn)):
                origin = {"vpc": "VPC", "internet": "Internet"}.get(point.origin or "")
                values = {ACCOUNT_KEY: account.id, ARN_KEY: point.arn, ORIGIN_KEY: origin}
                known = [(keys.known[name], value) for name, value in values.items() if name in keys.known]
                held = conj(
                    both(
                        either(key.has, ABOUT_POINTS),
                        TRUE if value is None else implies(key.has, glob_on(key.term, (Text(value),))),
                    )
                    for key, value in known
                )
                if known:
                    yield Assertion(f"organization.yaml {point.arn}", implies(reach(point).surely, held))


def _blocked(bucket: _Bucket) -> bool:
    return bucket.resource.block_public_access or (bucket.owner is not None and bucket.owner.block_public_access)


def _unless_public(bucket: _Bucket, policy: Document | None) -> Formula:
    """RestrictPublicBuckets: a public policy serves only the owner's account and AWS services (X-41)."""
    inside = either(is_text("principal.account", bucket.resource.account), sym_is("aws-service"))
    return either(inside, not_public(policy))


def restrict_public(policy: Document | None) -> Formula:
    """RestrictPublicBuckets for a resource whose owner the request names."""
    inside = either(equal("principal.account", "resource.account"), sym_is("aws-service"))
    return either(inside, not_public(policy))


def not_public(policy: Document | None) -> Formula:
    """The policy does not count as public; in doubt under X-41 only."""
    found = Public.NO if policy is None else publicity(policy)
    return {Public.NO: TRUE, Public.OPEN: sym("X-41"), Public.YES: FALSE}[found]


def behind_point(point: str, bucket: str) -> Leaf:
    """The fields of the bucket's or object's ARN behind an access point, in terms of the call's resource."""

    def leaf(name: str, piece: Template) -> Formula:
        if (field := field_of_bucket(name, piece)) is not None:
            return field
        at = both(is_text("resource.name", point), glob_on((Text(bucket),), piece))
        return either(at, _object(piece))

    def _object(piece: Template) -> Formula:
        inside = (Text(f"{point}/object/"),)
        try:
            return glob_on((Text(f"{bucket}/"), Ref("resource.name")), piece, leaf=lambda v, p: glob(v, (*inside, *p)))
        except ValueError:  # a policy variable would have to be cut
            return sym(f"open: {bucket} behind {point}")

    return leaf
