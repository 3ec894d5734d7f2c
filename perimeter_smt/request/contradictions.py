"""What a request says twice must agree: account and ARN, session and role, the two spellings of a context key.

A case that contradicts itself is no request that AWS could see, so that no answer to it means anything.
"""

from __future__ import annotations

import re

from perimeter_smt.policy.json_positions import Node, quoted
from perimeter_smt.request.request import Principal, Request

_ACCOUNT = re.compile(r"[0-9]{12}")
# Words that stand where an account id stands: AWS itself, and CloudFront for origin access identities (W-10, W-14).
_OWNERS, _CALLERS = ("aws",), ("cloudfront",)
_OWNER_KEYS, _CALLER_KEYS = ("aws:resourceaccount", "s3:resourceaccount"), ("aws:principalaccount",)
_SORTS = {
    "user": ("iam", "user/"),
    "role-session": ("sts", "assumed-role/"),
    "federated-user": ("sts", "federated-user/"),
    "root": ("iam", "root"),
}


def check(node: Node, request: Request) -> None:
    """Refuse a request that contradicts itself. InputError with file and JSON path of the member that is wrong."""
    _principal(_member(node, "principal"), request.principal)
    _resource(node, request)
    _context(_member(node, "context"))
    _accounts_of_keys(_member(node, "context"), request)


def owner_of(resource: str) -> str | None:
    """The owner that an ARN names: an account id, or `aws` for what AWS owns; None where it names none."""
    fields = _fields(resource)
    return fields[4] if fields and (_ACCOUNT.fullmatch(fields[4]) or fields[4] in _OWNERS) else None


def _resource(node: Node, request: Request) -> None:
    if request.resource != "*" and _fields(request.resource) is None:
        raise _member(node, "resource").error(f"found {quoted(request.resource)}, expected an ARN, or `*`")
    owner = request.resource_account
    if owner is None:
        return
    place = _member(node, "resource_account")
    if not _ACCOUNT.fullmatch(owner) and owner not in _OWNERS:
        raise place.error(f"found {quoted(owner)}, expected the 12 digits of an account, or `aws`")
    named = owner_of(request.resource)
    if named is not None and named != owner:
        raise place.error(f"account {quoted(owner)} is not the owner that the ARN of the resource names, `{named}`")


def _principal(node: Node, principal: Principal) -> None:
    account = principal.account
    if account and not _ACCOUNT.fullmatch(account) and account not in _CALLERS:
        raise _member(node, "account").error(f"found {quoted(account)}, expected the 12 digits of an account")
    if principal.type not in _SORTS:
        if account:
            raise _member(node, "account").error(f"a principal of type {quoted(principal.type)} has no account")
        return
    _sort(node, principal)
    for name in ("arn", "role_arn", "user_arn"):
        fields = _fields(getattr(principal, name) or "")
        if fields is None:
            continue
        if not _ACCOUNT.fullmatch(fields[4]) and fields[4] not in _CALLERS:
            raise _member(node, name).error(
                f"account {quoted(fields[4])} of the ARN is no account id, expected 12 digits"
            )
        if account and fields[4] != account:
            raise _member(node, name).error(f"account {quoted(fields[4])} of the ARN is not `account`, `{account}`")
        account = account or fields[4]
    _session(node, principal)


def _sort(node: Node, principal: Principal) -> None:
    """The ARN is one of the type of principal."""
    fields = _fields(principal.arn or "")
    if principal.arn is not None and fields is None:
        raise _member(node, "arn").error(f"found {quoted(principal.arn)}, expected an ARN")
    service, begins = _SORTS[principal.type]
    if fields and not (fields[2] == service and fields[5].startswith(begins)):
        raise _member(node, "arn").error(
            f"{quoted(principal.arn or '')} is no ARN of a principal of type `{principal.type}`"
        )


def _session(node: Node, principal: Principal) -> None:
    """The session is one of the role: its ARN carries the role's name, without its path (semantics 1.6.3)."""
    session, role = _fields(principal.arn or ""), _fields(principal.role_arn or "")
    if session is None or role is None:
        return
    if session[1] != role[1]:
        raise _member(node, "role_arn").error(f"partition {quoted(role[1])} is not that of `arn`, `{session[1]}`")
    if principal.type == "role-session":
        named, called = role[5].rsplit("/", 1)[-1], session[5].split("/")[1]
        if named.lower() != called.lower():
            raise _member(node, "role_arn").error(f"role {quoted(named)} is not the one of the session, `{called}`")


def _context(node: Node) -> None:
    if not isinstance(node.value, dict):
        return
    seen: dict[str, str] = {}
    for name, member in node.value.items():
        first = seen.setdefault(name.lower(), name)
        if first != name:  # names of keys ignore case
            raise member.error(f"context key {quoted(name)} is given twice, as `{first}` before")


def owner_of_keys(request: Request) -> str | None:
    """The owner that the context names by `aws:ResourceAccount` or `s3:ResourceAccount`; None if it names none."""
    values = {name.lower(): value for name, value in request.context.items()}
    told = (_account(values.get(name)) for name in _OWNER_KEYS)
    return next((account for account in told if account is not None), None)


def _accounts_of_keys(node: Node, request: Request) -> None:
    """The keys that name the owner and the caller's account say the same as the request does."""
    if not isinstance(node.value, dict):
        return
    owner = request.resource_account or owner_of(request.resource)
    if ":accesspoint/" in request.resource or owner in _OWNERS:
        owner = None  # the key tells the owner of what lies behind the point
    caller = request.principal.account if request.principal.type in _SORTS else None
    owner = owner or owner_of_keys(request)
    told_twice = ((_OWNER_KEYS, owner, "the owner of the resource"), (_CALLER_KEYS, caller, "the caller"))
    for names, account, whose in told_twice:
        for name, member in node.value.items():
            told = _account(request.context.get(name)) if name.lower() in names else None
            if told is not None and account is not None and told != account:
                raise member.error(f"account {quoted(told)} of `{name}` is not that of {whose}, `{account}`")


def _account(value: object) -> str | None:
    return value if isinstance(value, str) and _ACCOUNT.fullmatch(value) else None


def _member(node: Node, name: str) -> Node:
    return node.value.get(name, node) if isinstance(node.value, dict) else node


def _fields(arn: str) -> list[str] | None:
    fields = arn.split(":", 5)
    return fields if len(fields) == 6 and fields[0] == "arn" else None
