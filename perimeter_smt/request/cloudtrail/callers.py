"""The caller of an event: CloudTrail guide, userIdentity element."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from perimeter_smt.request.request import Principal

_ANONYMOUS = ("anonymous", "anonymous_principal")


def caller_of(identity: Mapping[str, Any]) -> Principal | None:
    """The principal that `userIdentity` describes; None where IAM knows no such principal, or it is not told.

    An `AWSAccount` is somebody of another account, who is told by a unique id alone.
    """
    kind = identity.get("type") or ("AWSService" if identity.get("invokedBy") else None)
    arn, account = identity.get("arn"), identity.get("accountId")
    if kind == "AWSAccount":
        return _of_another_account(str(identity.get("principalId") or ""), account)
    if kind == "AWSService":
        name = identity.get("invokedBy")
        return Principal(type="service", arn=name) if isinstance(name, str) and "." in name else None
    if kind in ("SAMLUser", "WebIdentityUser"):
        provider = identity.get("identityProvider")
        return Principal(type="federated-sts", provider=provider) if provider else None
    if not isinstance(arn, str) or not isinstance(account, str):
        return None
    if kind == "Root":
        return Principal(type="root", arn=arn, account=account)
    if kind == "IAMUser":
        return Principal(type="user", arn=arn, account=account)
    issuer = _mapping(_mapping(identity.get("sessionContext")).get("sessionIssuer"))
    if kind == "FederatedUser":
        maker = issuer.get("arn")
        by_root = issuer.get("type") == "Root"
        return Principal(type="federated-user", arn=arn, account=account, user_arn=None if by_root else maker,
                         made_by_root=by_root)  # fmt: skip
    if kind in ("AssumedRole", "Role"):
        role = issuer.get("arn") or (arn if ":role/" in arn else None)
        linked = isinstance(role, str) and ":role/aws-service-role/" in role
        return Principal(
            type="role-session", arn=None if arn == role else arn, account=account, role_arn=role, service_linked=linked
        )
    return None


def _of_another_account(unique_id: str, account: object) -> Principal | None:
    if not isinstance(account, str) or account.lower() in _ANONYMOUS:
        return Principal(type="anonymous") if isinstance(account, str) else None
    if unique_id.startswith("AROA"):
        return Principal(type="role-session", account=account)
    if unique_id.startswith("AIDA"):
        return Principal(type="user", account=account)
    return Principal(type="root", account=account) if unique_id == account else None


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
