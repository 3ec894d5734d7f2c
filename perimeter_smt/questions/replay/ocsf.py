"""CloudTrail events as Security Lake keeps them, in the Open Cybersecurity Schema Framework.

OCSF examples, mappings of CloudTrail (1.0.0-rc.2, 1.0.0, 1.1.0): class API Activity and its kin, with what has no place
in the class under `unmapped`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import orjson


def is_ocsf(value: Mapping[str, Any]) -> bool:
    """Whether this is an event of CloudTrail in OCSF."""
    product = _under(value, "metadata", "product")
    return "class_uid" in value and isinstance(product, Mapping) and product.get("name") == "CloudTrail"


def event_of(value: Mapping[str, Any]) -> dict[str, Any]:
    """The event as CloudTrail writes it, as far as OCSF keeps it."""
    rest = _mapping(value.get("unmapped"))
    api, kind = _mapping(value.get("api")), rest.get("eventType") or _under(value, "metadata", "log_name")
    data = _under(api, "request", "data") or rest.get("requestParameters") or dict(_dotted(rest, "requestParameters."))
    event = {
        "eventID": _under(value, "metadata", "uid"),
        "eventTime": _time(value),
        "eventType": kind if isinstance(kind, str) and kind.startswith("Aws") else None,
        "eventSource": _under(api, "service", "name") or rest.get("eventSource"),
        "eventName": api.get("operation"),
        "awsRegion": _under(value, "cloud", "region"),
        "errorCode": _under(api, "response", "error"),
        "errorMessage": _under(api, "response", "error_message") or _under(api, "response", "message"),
        "sourceIPAddress": _under(value, "src_endpoint", "ip") or _under(value, "src_endpoint", "domain")
        or _under(value, "src_endpoint", "svc_name"),
        "vpcEndpointId": _endpoint(value),
        "userAgent": _under(value, "http_request", "user_agent"),
        "recipientAccountId": rest.get("recipientAccountId") or _under(value, "cloud", "account", "uid")
        or _under(value, "cloud", "account_uid"),
        "userIdentity": _identity(_mapping(value.get("actor"))),
        "requestParameters": _decoded(data) or None,
        "resources": [_resource(each) for each in value.get("resources") or () if isinstance(each, Mapping)],
        "tlsDetails": {"tlsVersion": version} if (version := _under(value, "tls", "version")) else None,
    }  # fmt: skip
    return {name: found for name, found in event.items() if found}


def _identity(actor: Mapping[str, Any]) -> dict[str, Any]:
    user, session = _mapping(actor.get("user")), _mapping(actor.get("session"))
    texts = [text for name in ("uid", "uuid", "uid_alt") if isinstance(text := user.get(name), str) and text]
    arn = next((text for text in texts if text.startswith("arn:")), None)
    account = _under(user, "account", "uid") or user.get("account_uid")
    issuer, mfa = session.get("issuer"), session.get("is_mfa", session.get("mfa"))
    made = session.get("created_time_dt") or _time({"time": session.get("created_time")})
    attributes = {"creationDate": made, "mfaAuthenticated": None if mfa is None else str(mfa).lower()}
    provider = _under(actor, "idp", "name")
    context = {
        "sessionIssuer": {"arn": issuer, "type": _kind(issuer)} if isinstance(issuer, str) and issuer else None,
        "attributes": {name: text for name, text in attributes.items() if text},
        "webIdFederationData": {"federatedProvider": provider} if provider else None,
    }
    out = {
        "type": user.get("type"),
        "principalId": next((text for text in reversed(texts) if text not in (arn, account)), None),
        "arn": arn,
        "accountId": account,
        "accessKeyId": user.get("credential_uid"),
        "userName": user.get("name"),
        "invokedBy": actor.get("invoked_by"),
        "identityProvider": provider,
        "sessionContext": {name: found for name, found in context.items() if found},
    }
    return {name: found for name, found in out.items() if found}


def _kind(issuer: str) -> str:
    return "Root" if issuer.endswith(":root") else "IAMUser" if ":user/" in issuer else "Role"


def _resource(found: Mapping[str, Any]) -> dict[str, Any]:
    owner = _under(found, "owner", "account", "uid") or found.get("account_uid")
    return {"ARN": found.get("uid"), "accountId": owner, "type": found.get("type")}


def _endpoint(value: Mapping[str, Any]) -> str | None:
    found = _under(value, "src_endpoint", "uid")
    return found if isinstance(found, str) and found.startswith("vpce-") else None


def _time(value: Mapping[str, Any]) -> str | None:
    told, number = value.get("time_dt"), value.get("time")
    if isinstance(told, str):
        return told
    if not isinstance(number, int | float) or not 0 < number < 1e14:
        return None
    return datetime.fromtimestamp(number / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _dotted(rest: Mapping[str, Any], start: str) -> Iterator[tuple[str, Any]]:
    """Parameters that Security Lake writes one by one, as `requestParameters.bucketName`."""
    return ((name.removeprefix(start), text) for name, text in rest.items() if name.startswith(start))


def _decoded(data: Any) -> Any:
    try:
        return orjson.loads(data) if isinstance(data, str) else data
    except orjson.JSONDecodeError:
        return None


def _under(value: Mapping[str, Any], *names: str) -> Any:
    found: Any = value
    for name in names:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
