"""Principal and NotPrincipal: kinds of hit, and who is exempt (semantics 1.6)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from enum import StrEnum

from perimeter_smt.evaluate.globs import fold
from perimeter_smt.evaluate.view import Caller, Rivals, View
from perimeter_smt.policy.document import Effect, PrincipalElement, PrincipalEntry
from perimeter_smt.policy.kinds import Kind

# Kinds of hit as bits, weakest first: a statement may name the caller in several ways, and the decision keeps them
# apart (semantics 1.6.3, 3.1). IMPLICIT: the kind of policy has no Principal element.
NONE, ACCOUNT, USER_OF_FEDERATED, ROLE_OF_SESSION, DIRECT, IMPLICIT = 0, 1, 2, 4, 8, 16


class HitKind(StrEnum):
    """How a statement names the caller."""

    ACCOUNT = "account"
    USER_OF_FEDERATED = "user of the federated session"
    ROLE_OF_SESSION = "role of the session"
    DIRECT = "direct"
    IMPLICIT = "implicit"


_KINDS = (
    (IMPLICIT, HitKind.IMPLICIT),
    (DIRECT, HitKind.DIRECT),
    (ROLE_OF_SESSION, HitKind.ROLE_OF_SESSION),
    (USER_OF_FEDERATED, HitKind.USER_OF_FEDERATED),
    (ACCOUNT, HitKind.ACCOUNT),
)


def strongest(hits: int) -> HitKind | None:
    """The strongest kind among some bits; None if there is no hit."""
    return next((kind for bit, kind in _KINDS if hits & bit), None)


EntryTest = Callable[[Caller], int]

_ACCOUNT = re.compile(r"([0-9]{12})|arn:([^:]*):iam::([0-9]{12}):root")
_NAMED = re.compile(r"arn:([^:]*):(iam|sts)::([^:]*):(user|role|assumed-role|federated-user)/(.+)", re.DOTALL)


def entry_test(entry: PrincipalEntry, *, root_only: bool = False, rivals: Rivals = frozenset()) -> EntryTest:
    """The kind of hit of one entry. `root_only`: an account stands for its root user alone (gateway endpoints).

    Canonical user ids hit callers whose canonical id is known (W-14). Unique ids such as `AROA...` hit nobody (1.6.2).
    """
    if entry.type == "*":
        return lambda _: DIRECT
    if entry.type == "Service":
        return lambda caller: DIRECT if caller.type == "service" and caller.arn == entry.value else NONE
    if entry.type == "Federated":
        return lambda caller: _provider(caller, entry.value)
    if entry.type == "CanonicalUser":
        return _canonical_test(entry.value)
    if entry.type != "AWS":
        return lambda _: NONE
    if entry.value == "*":
        outside = (() if "X-45" in rivals else ("federated-sts",)) + (("service",) if "X-27" in rivals else ())
        return lambda caller: NONE if caller.type in outside else DIRECT
    if found := _ACCOUNT.fullmatch(entry.value):
        plain, partition, of_root = found.groups()
        return _account_test(plain or of_root, partition, root_only)
    return _named_test(entry.value)


def _provider(caller: Caller, value: str) -> int:
    if caller.type != "federated-sts" or caller.principal.provider is None:
        return NONE
    return DIRECT if spelled(caller.principal.provider) == spelled(value) else NONE


def spelled(provider: str) -> str:
    """An identity provider in its one spelling: hosts of OIDC providers are in lower case, paths as they are (W-23)."""
    begin, mark, named = provider.rpartition(":oidc-provider/")
    if not mark and provider.startswith("arn:"):
        return provider
    host, slash, path = named.partition("/")
    return f"{begin}{mark}{host.lower()}{slash}{path}"


def _canonical_test(canonical_id: str) -> EntryTest:
    """The account with this id, or the origin access identity (S3 guide, principals in bucket policies)."""

    def test(caller: Caller) -> int:
        if caller.principal.canonical_id != canonical_id:
            return NONE
        return DIRECT if caller.type == "root" or caller.is_origin_access_identity else ACCOUNT

    return test


def _account_test(account: str, partition: str | None, root_only: bool) -> EntryTest:
    def test(caller: Caller) -> int:
        if caller.account != account or not caller.is_iam:
            return NONE
        if partition and caller.partition and caller.partition != partition:
            return NONE
        if caller.type == "root":
            return DIRECT
        return NONE if root_only else ACCOUNT

    return test


def _named_test(arn: str) -> EntryTest:
    found = _NAMED.fullmatch(arn)
    if found is None:
        return lambda _: NONE
    partition, service, account, sort, rest = found.groups()
    if service == "iam" and sort == "role":
        return _role_test(partition, account, fold(rest.rsplit("/", 1)[-1]))
    if service == "iam" and sort == "user":
        return lambda caller: _user_hit(caller, arn)
    if service == "sts" and sort == "assumed-role":
        return lambda caller: DIRECT if caller.type == "role-session" and caller.arn == arn else NONE
    if service == "sts" and sort == "federated-user":
        return lambda caller: DIRECT if caller.type == "federated-user" and caller.arn == arn else NONE
    return lambda _: NONE


def _role_test(partition: str, account: str, name: str) -> EntryTest:
    def test(caller: Caller) -> int:
        same = caller.type == "role-session" and caller.account == account and caller.role_name == name
        return ROLE_OF_SESSION if same and caller.partition in (None, partition) else NONE

    return test


def _user_hit(caller: Caller, arn: str) -> int:
    if caller.type == "user" and caller.arn == arn:
        return DIRECT
    if caller.type == "federated-user" and caller.principal.user_arn == arn:
        return USER_OF_FEDERATED
    return NONE


def principal_test(
    element: PrincipalElement | None, effect: Effect, kind: Kind, rivals: Rivals
) -> Callable[[View], int]:
    """The kinds of hit of a statement; NONE if it does not name the caller."""
    if element is None:
        return lambda _: IMPLICIT
    root_only = kind is Kind.ENDPOINT_GATEWAY
    tests = tuple(entry_test(entry, root_only=root_only, rivals=rivals) for entry in element.entries)
    if not element.negated:
        return lambda view: _union(test(view.caller) for test in tests)
    if effect == "Allow":
        return lambda view: NONE if _union(test(view.caller) for test in tests) else DIRECT
    any_hit = "X-4" in rivals
    stars = tuple(test for test, entry in zip(tests, element.entries, strict=True) if entry.value == "*")
    others = tuple(test for test, entry in zip(tests, element.entries, strict=True) if entry.value != "*")

    def denied(view: View) -> int:
        hits = _union(test(view.caller) for test in others)
        everybody = any(test(view.caller) for test in stars)
        exempt = everybody or (bool(hits) if any_hit else _all_listed(view.caller, hits))
        # A caller with a permissions boundary is caught whatever the list says (1.6.5).
        return NONE if exempt and not view.has_boundary else DIRECT

    return denied


def _union(hits: Iterable[int]) -> int:
    found = NONE
    for hit in hits:
        found |= hit
    return found


def _all_listed(caller: Caller, hits: int) -> bool:
    """Whether a NotPrincipal list names every identifier of the caller that counts (semantics 1.6.5).

    A session ARN stands in neither for the account nor for the role of a role session.
    """
    if caller.is_origin_access_identity:
        return bool(hits & DIRECT)
    if caller.type == "user":
        return bool(hits & ACCOUNT and hits & DIRECT)
    if caller.type == "role-session":
        return bool(hits & ACCOUNT and hits & ROLE_OF_SESSION)
    if caller.type == "federated-user":
        return bool(hits & ACCOUNT and hits & (DIRECT | USER_OF_FEDERATED))
    return bool(hits & DIRECT)
