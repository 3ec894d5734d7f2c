"""The condition keys that an event tells, those that its request surely lacks, and those that may be one of a few.

IAM guide, global condition context keys; CloudTrail guide, record contents. What is in none of the three is not known.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from perimeter_smt.request.actions import action_info
from perimeter_smt.request.cloudtrail.actions import service_of
from perimeter_smt.request.keys import support_list
from perimeter_smt.request.request import Principal

Value = str | tuple[str, ...]
_TYPES = {"user": "User", "role-session": "AssumedRole", "root": "Account", "federated-user": "FederatedUser",
          "anonymous": "Anonymous"}  # fmt: skip
# Keys of calls that a service makes for itself; a caller of an account, and anonymous ones, never carry them.
_OF_SERVICES = frozenset(
    ("aws:sourceaccount", "aws:sourcearn", "aws:sourceorgid", "aws:sourceorgpaths", "aws:sourceowner",
     "aws:principalservicename", "aws:principalservicenameslist")
)  # fmt: skip
_OF_CALLERS = frozenset(
    ("aws:principalaccount", "aws:principalarn", "aws:principalorgid", "aws:principalorgpaths", "aws:userid",
     "aws:username", "aws:principaltype", "aws:federatedprovider", "aws:tokenissuetime", "aws:sourceidentity",
     "aws:multifactorauthpresent", "aws:multifactorauthage", "aws:assumedroot")
)  # fmt: skip
_OF_ENDPOINTS = frozenset(
    ("aws:sourcevpce", "aws:sourcevpc", "aws:sourcevpcarn", "aws:vpcsourceip", "aws:vpceaccount", "aws:vpceorgid",
     "aws:vpceorgpaths")
)  # fmt: skip
_OF_CHAINS = frozenset(("aws:calledvia", "aws:calledviafirst", "aws:calledvialast", "kms:viaservice"))
_OF_COMPUTE = frozenset(
    ("aws:ec2instancesourcevpc", "aws:ec2instancesourceprivateipv4", "ec2:sourceinstancearn", "ec2:roledelivery",
     "lambda:sourcefunctionarn")
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Choice:
    """A key that has one of a few values, None for absence, and none that one of the patterns `never` describes.

    `values` stand for all others that no policy tells apart: texts beyond them and `never` must not be compared with.
    """

    values: tuple[Value | None, ...]
    never: tuple[str, ...] = ()

    def tells(self, text: str) -> bool:
        """Whether a text of a policy is told apart from the values in the same way as they are from each other."""
        if text in self.values or text in self.never:
            return True
        return any(pattern.endswith("*") and text.startswith(pattern[:-1]) for pattern in self.never)


@dataclass(slots=True)
class Known:
    """Keys in lower case: their values, those that are absent, and those with a few possible values."""

    values: dict[str, Value] = field(default_factory=dict)
    absent: set[str] = field(default_factory=set)
    choices: dict[str, Choice] = field(default_factory=dict)


def known_of(event: Mapping[str, Any], caller: Principal, action: str) -> Known:
    """What the event tells about the condition keys of its request."""
    known = Known()
    values = known.values
    _text(values, "aws:requestedregion", event.get("awsRegion"))
    time = event.get("eventTime")
    if isinstance(time, str) and (epoch := _epoch(time)):
        values["aws:currenttime"], values["aws:epochtime"] = time, epoch
    _caller(known, event, caller)
    _network(known, event, caller)
    tls = event.get("tlsDetails")
    if isinstance(tls, Mapping) and tls.get("tlsVersion"):
        values["aws:securetransport"] = "true"
        if action.startswith("s3:"):
            values["s3:tlsversion"] = str(tls["tlsVersion"]).removeprefix("TLSv")
    if action.startswith("s3:"):
        values.update(_of_s3(event, action))
    if action.startswith("sts:assumerole"):
        parameters = event.get("requestParameters")
        for key, name in (("sts:externalid", "externalId"), ("sts:rolesessionname", "roleSessionName")):
            value = parameters.get(name) if isinstance(parameters, Mapping) else None
            if isinstance(value, str):
                values[key] = value
            elif isinstance(parameters, Mapping) and not event.get("errorCode"):
                known.absent.add(key)
    return known


def _of_s3(event: Mapping[str, Any], action: str) -> Iterator[tuple[str, Value]]:
    """Parameters and headers of S3 that are condition keys of the action: those that an event lacks are not known."""
    parameters = event.get("requestParameters")
    info = action_info(action)
    uses = info.resource_types if info is not None else ()
    keys = {key.lower() for use in uses for key in use.condition_keys} | {
        key.lower() for key in (info.condition_keys if info is not None else ())
    }
    for name, value in parameters.items() if isinstance(parameters, Mapping) else ():
        text = value[0] if isinstance(value, list) and len(value) == 1 else value
        if f"s3:{name.lower()}" in keys and isinstance(text, str) and text:
            yield f"s3:{name.lower()}", text


def _caller(known: Known, event: Mapping[str, Any], caller: Principal) -> None:
    values, absent = known.values, known.absent
    kind = caller.type
    values["aws:principalisawsservice"] = "true" if kind == "service" else "false"
    if kind in _TYPES:
        values["aws:principaltype"] = _TYPES[kind]
    if kind == "service":
        absent |= _OF_CALLERS
        return
    absent |= _OF_SERVICES
    if kind in ("anonymous", "federated-sts"):
        absent |= _OF_CALLERS - {"aws:principaltype", "aws:federatedprovider", "aws:userid"}
        return
    identity = event.get("userIdentity") or {}
    _text(values, "aws:principalaccount", caller.account)
    _text(values, "kms:calleraccount", caller.account)
    _text(values, "aws:userid", identity.get("principalId"))
    arn = caller.arn if kind in ("user", "root", "federated-user") else caller.role_arn
    _text(values, "aws:principalarn", arn)
    if kind == "user" and caller.arn:
        values["aws:username"] = caller.arn.rsplit("/", 1)[-1]
    elif kind != "user":
        absent.add("aws:username")
    if kind in ("user", "root"):
        absent |= _OF_COMPUTE
    if kind != "root":
        absent.add("aws:assumedroot")
    if caller.arn is not None:
        _session(known, identity, kind)


def _session(known: Known, identity: Mapping[str, Any], kind: str) -> None:
    session = identity.get("sessionContext")
    session = session if isinstance(session, Mapping) else {}
    told = session.get("attributes")
    attributes: Mapping[str, Any] = told if isinstance(told, Mapping) else {}
    values, absent = known.values, known.absent
    mfa = attributes.get("mfaAuthenticated")
    long_term = kind == "user" and not str(identity.get("accessKeyId") or "").startswith("ASIA")
    if mfa is not None and str(mfa).lower() != "true" and long_term:
        # Calls with a user's own keys carry no such key; the event says `false` of them as well.
        known.choices["aws:multifactorauthpresent"] = Choice(("false", None), ("true",))
        absent.add("aws:multifactorauthage")
    elif mfa is not None:
        values["aws:multifactorauthpresent"] = str(mfa).lower()
        if str(mfa).lower() != "true":
            absent.add("aws:multifactorauthage")
    elif kind == "user" and identity.get("accessKeyId", "").startswith("AKIA"):
        absent |= {"aws:multifactorauthpresent", "aws:multifactorauthage", "aws:tokenissuetime"}
    _text(values, "aws:tokenissuetime", attributes.get("creationDate"))
    if session.get("sourceIdentity"):
        _text(values, "aws:sourceidentity", session["sourceIdentity"])
    elif kind == "user":
        absent.add("aws:sourceidentity")
    if kind == "role-session":
        _text(values, "ec2:roledelivery", session.get("ec2RoleDelivery"))
    web = session.get("webIdFederationData")
    if isinstance(web, Mapping) and web.get("federatedProvider"):
        _text(values, "aws:federatedprovider", web["federatedProvider"])
    elif kind in ("user", "root"):
        absent.add("aws:federatedprovider")
    if kind == "root" and session:
        assumed = str(session.get("assumedRoot", "")).lower() == "true"
        if assumed:
            values["aws:assumedroot"] = "true"
        else:
            absent.add("aws:assumedroot")


def _network(known: Known, event: Mapping[str, Any], caller: Principal) -> None:
    """Where the call came from. A service's name in place of an address, or `AWS Internal`, tells nothing."""
    values, absent = known.values, known.absent
    address, endpoint = event.get("sourceIPAddress"), event.get("vpcEndpointId")
    identity = event.get("userIdentity") or {}
    public = _is_public(address) if isinstance(address, str) else None
    handed_on = public is None or bool(identity.get("invokedBy")) or caller.type == "service"
    if not handed_on:
        values["aws:viaawsservice"] = "false"
        absent |= _OF_CHAINS
        agent = event.get("userAgent")
        if isinstance(agent, str) and len(agent) < 1000:
            values["aws:useragent"] = agent.removeprefix("[").removesuffix("]")
    elif caller.type not in ("service", "anonymous"):
        known.choices["aws:viaawsservice"] = Choice(("true", "false", None))
    if isinstance(endpoint, str) and endpoint.startswith("vpce-"):
        values["aws:sourcevpce"] = endpoint
        if service_of(str(event.get("eventSource") or "")) in support_list("vpce-account-services"):
            _text(values, "aws:vpceaccount", event.get("vpcEndpointAccountId"))
        absent.add("aws:sourceip")
        if isinstance(address, str) and public is not None:
            values["aws:vpcsourceip"] = address
    elif public and not handed_on:
        values["aws:sourceip"] = str(address)
        absent |= _OF_ENDPOINTS


def _text(values: dict[str, Value], key: str, value: object) -> None:
    if isinstance(value, str) and value:
        values[key] = value


@lru_cache(maxsize=65536)
def _is_public(address: str) -> bool | None:
    """Whether an address is one of the internet; None for what is no address."""
    try:
        return ipaddress.ip_address(address).is_global or _is_documented(address)
    except ValueError:
        return None


def _is_documented(address: str) -> bool:
    """Addresses of examples stand for public ones (RFC 5737, RFC 3849)."""
    return address.startswith(("192.0.2.", "198.51.100.", "203.0.113.", "2001:db8:"))


@lru_cache(maxsize=65536)
def _epoch(time: str) -> str | None:
    try:
        return str(int(datetime.fromisoformat(time).timestamp()))
    except ValueError:
        return None
