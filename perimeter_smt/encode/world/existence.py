"""Complete lists: who and what there is in an account whose principals and resources are listed (W-6, W-7, 3.3).

The lists make axioms, `organization.yaml lists every principal of A` and `organization.yaml lists every resource of A`.
Which calls need a resource that is there, and what every account has without listing it, say the tables
`existing-resource-actions`, `absent-resource-actions` and `built-in-resources`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from functools import lru_cache

from perimeter_smt.encode.language.keys import Key, KeySpace, sym_is
from perimeter_smt.encode.language.principal import IAM
from perimeter_smt.encode.language.statement import Policies
from perimeter_smt.encode.world.accounts import one_of
from perimeter_smt.encode.world.governs import HAS_ACCOUNT, arn_of_service, is_bucket, itself, reach, split_arn
from perimeter_smt.encode.world.people import (
    Apart,
    alike,
    among,
    among_many,
    callers,
    callers_named,
    few,
    name_of,
    one_each,
    targets,
)
from perimeter_smt.encode.world.root import asks_no_token, makes_federated_users
from perimeter_smt.encode.world.tags import BY_BUCKET, points_on, tag_of, tag_of_resource
from perimeter_smt.logic.atoms import STAR, Member, Run, Text
from perimeter_smt.logic.compose import glob_on
from perimeter_smt.logic.formula import (
    TRUE,
    Formula,
    atom,
    both,
    conj,
    disj,
    either,
    glob,
    implies,
    neg,
    sym,
)
from perimeter_smt.logic.problem import Assertion
from perimeter_smt.organization.model import Account, OwnedPrincipal, OwnedResource
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.request.keys import table_rows

_TAG = "aws:principaltag/"
_RESOURCE_TAG = "aws:resourcetag/"
_BUCKET_TAG = "s3:buckettag/"
_IAM_TAG = "iam:resourcetag/"
UNLISTED = (
    "resource.unlisted-built-in",
    "resource.not-there",
)  # where they hold, lists of resources say nothing (AE12)
NEEDS = conj([  # AE12.needs: AWS publishes no list of the calls that go through though nothing of the name is there
    atom(Member("call", "needs its resource")), neg(atom(Member("call", "resource is star"))),
    neg(sym("resource.not-there")),
])  # fmt: skip


def existence(
    workspace: Workspace, policies: Policies, tested: Iterable[str], *, apart: bool = False
) -> list[Assertion]:
    """In an account whose principals and resources are listed there are no others; tags are those of the file in any.

    Others than listed principals are its root user, service-linked roles, and the federated users of the root user;
    a listed user has federated users only if its policies speak of making them.
    Tags are those of the file; session tags come on top for roles whose trust policy allows `sts:TagSession`.
    `tested` are the condition keys in use, lower case. `apart`: the tags of each principal are a fact of its own.
    """
    names = sorted(tested)
    listed = [account for account, _ in workspace.organization.accounts() if account.listed]
    makers = {a.id for a in listed if makes_federated_users(workspace, policies, a)}
    calling = alike(listed, lambda a: (frozenset(map(name_of, a.principals)), a.id in makers, frozenset(_tokenless(a))))
    called = alike([a for a in listed if a.resources or a.principals], _held)
    out: list[Assertion] = []
    everybody = [p for account, _ in workspace.organization.accounts() for p in account.principals]
    together = not apart and not few(everybody)
    if together:
        out += _principal_tags(everybody, policies.keys, names, among_many)
        out += _tags_of_called(everybody, policies.keys, names, "accounts", among_many)
    for account, _ in workspace.organization.accounts():
        if not together:
            out += _principal_tags(account.principals, policies.keys, names, one_each)
        out += _resource_tags(account, policies.keys, names)
        if not together:
            out += _tags_of_called(account.principals, policies.keys, names, account.id, one_each)
        out += _customer_keys(account)
        if account.id in calling:
            out.append(_principals(calling[account.id], makes=account.id in makers))
        if account.id in called:
            out.append(_resources(called[account.id]))
    empty = [account.id for account in listed if not (account.resources or account.principals)]
    if empty:
        here = one_of("resource.account", empty)
        name = "organization.yaml lists every resource of accounts that have none"
        out.append(Assertion(name, implies(both(here, NEEDS), _built_in())))
    return out


def _principals(accounts: Sequence[Account], *, makes: bool) -> Assertion:
    """What accounts that list principals of the same names list; whether their root users may make federated users."""
    own = [account.id for account in accounts]
    here = both(IAM, one_of("principal.account", own), neg(sym_is("root")))
    people, by_root = accounts[0].principals, sym("principal.made-by-root")
    listed = callers(people) if len(accounts) == 1 else callers_named(map(name_of, people))
    tokenless = both(sym_is("federated-user"), neg(by_root), one_of("principal.user", _tokenless(accounts[0])))
    ways = [both(listed, neg(tokenless)), sym("principal.service-linked")]
    if makes:
        ways.append(both(sym_is("federated-user"), by_root))
    return Assertion(f"organization.yaml lists every principal of {among(own)}", implies(here, disj(ways)))


def _tokenless(account: Account) -> list[str]:
    """The users that nothing allows to make federated users."""
    return sorted(name_of(p)[1] for p in account.principals if asks_no_token(p))


def _held(account: Account) -> object:
    """Accounts without resources of which this is equal hold roles and users of the same names."""
    return account.id if account.resources else frozenset(name for _, name in map(name_of, account.principals))


def _resources(accounts: Sequence[Account]) -> Assertion:
    """The call's resource is listed, or lies in one that is, or is a listed user or role.

    Several accounts are alike in the names of their roles and users, and have no resources.
    """
    account, own = accounts[0], [account.id for account in accounts]
    ways = [reach(resource).inside for resource in account.resources]
    if any(split_arn(r.arn).service == "kms" for r in account.resources):
        ways.append(both(arn_of_service("kms"), glob("resource.name", (Text("alias/"), STAR))))
    people = one_of("resource.name", (name for _, name in map(name_of, account.principals)))
    there = either(_built_in(), disj([*ways, both(arn_of_service("iam"), people)]))
    name = f"organization.yaml lists every resource of {among(own)}"
    return Assertion(name, implies(both(one_of("resource.account", own), NEEDS), there))


def _built_in() -> Formula:
    """What an account has without anybody listing it.

    Of services whose row is complete, that row; of any other, what AE12.built-in leaves out as well.
    """
    rows = table_rows("built-in-resources")
    told = disj(arn_of_service(row["service"]) for row in rows if row.get("complete"))
    untold = both(neg(told), sym("resource.unlisted-built-in"))
    return disj((sym("resource.aws-managed-key"), untold, *(_row(row["service"], row["names"]) for row in rows)))


def _row(service: str, names: Iterable[str]) -> Formula:
    found = disj(glob("resource.name", tuple(_parts(name))) for name in names)
    here = both(arn_of_service(service), found)
    return both(here, HAS_ACCOUNT) if service == "s3" else here  # no bucket


def _parts(name: str) -> Iterator[Text | Run]:
    for i, piece in enumerate(name.split("*")):
        if i:
            yield STAR
        yield Text(piece)


def _principal_tags(
    principals: Sequence[OwnedPrincipal], keys: KeySpace, names: Iterable[str], apart: Apart
) -> Iterator[Assertion]:
    tags = [name for name in names if name.startswith(_TAG)]

    def said(principal: OwnedPrincipal) -> Formula:
        return conj(_tag_fact(principal, keys.key(name), name) for name in tags)

    for own, facts in apart(principals, said) if tags else ():
        name = f"organization.yaml tags of {among([p.arn for p in own])}"
        yield Assertion(name, implies(_carry_tags(own), facts))


def _tag_fact(principal: OwnedPrincipal, key: Key, name: str) -> Formula:
    """What the file says of one tag of a principal."""
    given = {f"{_TAG}{tag.lower()}": value for tag, value in principal.tags.items()}
    value = given.get(name)
    takes = _session_tags(principal) if principal.type == "role" else False
    if takes is True or (takes and name.removeprefix(_TAG) in takes):
        return TRUE if value is None else key.has
    return neg(key.has) if value is None else both(key.has, _is_value(key, value))


def tag_of_state(owned: OwnedPrincipal | OwnedResource) -> tuple[object, ...]:
    """What the file says of the tags of a principal or resource; second, which session tags may come on top."""
    if isinstance(owned, OwnedPrincipal):
        return tuple(sorted(owned.tags.items())), owned.type == "role" and _session_tags(owned)
    return tuple(sorted(owned.tags.items())), owned.abac


def tags_of_caller(principal: OwnedPrincipal) -> Formula:
    """The calls that carry the tags of a principal."""
    return _carry_tags([principal])


def _carry_tags(principals: Iterable[OwnedPrincipal]) -> Formula:
    return both(callers(principals), neg(sym_is("federated-user")))  # whose tags come with the token


def _is_value(key: Key, value: str) -> Formula:
    return glob_on(key.term, (Text(value),) if value else ())


def _session_tags(role: OwnedPrincipal) -> bool | frozenset[str]:
    """Whether the trust policy may let somebody set session tags; so it is taken where no policy is given.

    The keys, in lower case, where only services may that set a fixed list of tags (table `service-session-tags`).
    """
    if role.trust is None:
        return True
    allows = (s for s in role.trust.statements if s.effect == "Allow")
    setters = [
        s for s in allows if s.action.negated or any(fnmatchcase("sts:tagsession", a.lower()) for a in s.action.values)
    ]
    found: set[str] = set()
    for statement in setters:
        if statement.principal is None or statement.principal.negated:
            return True
        for entry in statement.principal.entries:
            tags = _tags_of_service(entry.value) if entry.type == "Service" else ()
            if not tags:
                return True
            found.update(tags)
    return frozenset(found) if setters else False


@lru_cache(maxsize=8)
def _tags_of_service(principal: str) -> tuple[str, ...]:
    return tuple(r["tag"].lower() for r in table_rows("service-session-tags") if r["principal"] == principal.lower())


def _customer_keys(account: Account) -> Iterator[Assertion]:
    """Listed KMS keys that are the customer's: the others may be AWS's, for all that the file says."""
    for resource in account.resources:
        if split_arn(resource.arn).service == "kms" and made_by_customer(resource):
            name = f"organization.yaml customer managed key {resource.arn}"
            yield Assertion(name, implies(itself(resource), neg(sym("resource.aws-managed-key"))))


def made_by_customer(key: OwnedResource) -> bool:
    """Whether the file shows that AWS does not manage a KMS key (API reference, TagResource and PutKeyPolicy).

    It is tagged, or its policy lets somebody change the policy: neither can be done with an AWS managed key.
    """
    statements = key.policy.statements if key.policy else ()
    writers = (s for s in statements if s.effect == "Allow" and not s.action.negated and not s.conditions)
    return bool(key.tags) or any(
        fnmatchcase("kms:putkeypolicy", action.lower()) for statement in writers for action in statement.action.values
    )


def _resource_tags(account: Account, keys: KeySpace, names: Iterable[str]) -> Iterator[Assertion]:
    """The tags of a listed resource are those of the file (W-7); those of a bucket count with ABAC only (W-9)."""
    tested = [name for name in names if tag_of_resource(name)]
    of_buckets = [name for name in tested if name.startswith(_BUCKET_TAG)]
    for resource in account.resources if tested else ():
        tags = [name for name in tested if tag_of(split_arn(resource.arn), name)]
        facts = implies(itself(resource), conj(_resource_tag(resource, keys.key(name), name) for name in tags))
        if of_buckets and (points := points_on(resource, [account])):
            behind = conj(_resource_tag(resource, keys.key(name), name) for name in of_buckets)
            facts = both(facts, implies(disj(map(itself, points)), behind))
        if facts is not TRUE:
            yield Assertion(f"organization.yaml tags of {resource.arn}", facts)


def _tags_of_called(
    principals: Sequence[OwnedPrincipal], keys: KeySpace, names: Iterable[str], of: str, apart: Apart
) -> Iterator[Assertion]:
    """The tags of a listed role or user that is called, not those of its sessions, are those of the file (W-7)."""
    tags = [name for name in names if name.startswith((_RESOURCE_TAG, _IAM_TAG))]
    if not tags:
        return

    def said(principal: OwnedPrincipal) -> Formula:
        given = {tag.lower(): value for tag, value in principal.tags.items()}
        values = ((keys.key(name), given.get(name.split("/", 1)[1])) for name in tags)
        return conj(neg(key.has) if value is None else _is_value(key, value) for key, value in values)

    tagged = [principal for principal in principals if principal.tags]
    for own, facts in apart(tagged, said):
        yield Assertion(called_name(*own), implies(targets(own), facts))
    if len(tagged) < len(principals):
        here = both(targets(principals), neg(targets(tagged)))
        yield Assertion(untagged_name(of), implies(here, conj(neg(keys.key(name).has) for name in tags)))


def called_name(*principals: OwnedPrincipal) -> str:
    """How the fact on the tags of called roles or users is named."""
    return f"organization.yaml tags of {among([p.arn for p in principals])}, when called"


def untagged_name(account: str) -> str:
    """How the fact on roles and users of an account without tags is named."""
    return f"organization.yaml roles and users of {account} without tags, when called"


def _resource_tag(resource: OwnedResource, key: Key, name: str) -> Formula:
    bucket = is_bucket(split_arn(resource.arn))
    value = {tag.lower(): value for tag, value in resource.tags.items()}.get(name.split("/", 1)[1])
    if value is None or (bucket and resource.abac is False):
        return neg(key.has)
    right = _is_value(key, value)
    if bucket and resource.abac is None:
        return implies(key.has, right)
    if bucket:  # every call on the bucket and its objects carries its tags (W-9)
        return both(implies(BY_BUCKET, key.has), right)
    return right  # whether a call carries the key at all hangs on the action
