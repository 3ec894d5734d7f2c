"""The soft axioms of semantics 4.8 as checks of one request: which of them does it depart from?"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable

from perimeter_smt.request.keys import key_info
from perimeter_smt.request.request import Facts, Request
from tests.attack.axioms import At, Found
from tests.attack.cast import CROSS_REGION, L_ACCT, L_ARN, L_ORG, L_PATHS, MINE, REGIONS
from tests.attack.forms import EC2_KEYS, EXCEPTION_E, VPC_KEYS


def soft_violations(request: Request, facts: Facts) -> set[str]:
    """The soft axioms that the request departs from."""
    at = At(request, facts, None)
    return {name for rule in _SOFT for name, _ in rule(at)}


def _soft_principal(at: At) -> Found:
    service = at.facts.kind == "service"
    if service and at.has("aws:principalarn"):
        yield "AP2", "PrincipalArn of a service"
    if service and at.has("aws:principalaccount"):
        yield "AP4", "PrincipalAccount of a service"
    if service and at.has("aws:userid"):
        yield "AP11", "userid of a service"
    if at.facts.forwarded and not at.facts.temporary:
        yield "AP12", "forwarded long-term credentials"
    if at.has("aws:multifactorauthage") and not at.is_true("aws:multifactorauthpresent"):
        yield "AP13", "age without MFA"
    present = {at.has(key) for key in EC2_KEYS} | {at.has("ec2:sourceinstancearn")}
    if len(present) > 1 or (True in present and at.facts.kind != "role"):
        yield "AP14", "some of the keys of an EC2 role"
    if at.has("aws:assumedroot") and not (at.facts.kind == "root" and at.facts.temporary):
        yield "AP15", "AssumedRoot of another caller"
    provider = (at.text("aws:federatedprovider") or "").split(":")
    if at.facts.kind == "role" and len(provider) > 4 and provider[4] != at.facts.principal_account:
        yield "AP16.provider-account", "a session with a provider of another account"
    if service and any(key.startswith("aws:principaltag/") for key in at.keys):
        yield "AP16", "a service with tags"


def _soft_network(at: At) -> Found:
    facts, service = at.facts, at.service
    carries = any(at.has(key) for key in VPC_KEYS)
    if facts.path == "vpce" and (facts.kind != "service" or carries):
        if not all(at.has(key) for key in ("aws:sourcevpce", "aws:sourcevpc", "aws:vpcsourceip")):
            yield "AN1", "some of the endpoint keys"
        listed = at.action != "iam:passrole"
        org = at.org(facts.endpoint_account) is not None
        for key, wanted in () if facts.kind == "service" else (  # AN7: free there
            ("aws:sourcevpcarn", service in L_ARN), ("aws:vpceaccount", service in L_ACCT),
            ("aws:vpceorgid", service in L_ORG and org), ("aws:vpceorgpaths", service in L_PATHS and org),
        ):  # fmt: skip
            if at.has(key) is not (wanted and listed):
                yield "AN3", key
    if facts.kind == "service" and facts.path == "public":
        yield "AN7", "a service on the internet"
    if facts.kind == "service" and facts.path == "awsnet" and at.has("aws:sourceip"):
        yield "AN7", "a service with an address"
    if facts.path == "vpce" and at.text("aws:requestedregion") not in (facts.vpc_region, None):
        if service not in CROSS_REGION and service != "iam":
            yield "AN9", "an endpoint of another Region"
    if facts.path == "public" and (address := at.text("aws:sourceip")):
        private = ipaddress.ip_address(address)
        if private in ipaddress.ip_network("10.0.0.0/8" if private.version == 4 else "fc00::/7"):
            yield "AN11", "a private address on the internet"


def _soft_request(at: At) -> Found:
    facts = at.facts
    if at.has("aws:sourceaccount") and at.has("aws:sourceorgid") is not (at.org(facts.behalf) is not None):
        yield "AR4", "SourceOrgID"
    arn = at.text("aws:sourcearn")
    if arn is not None and arn.split(":")[4] not in ("", facts.behalf):
        yield "AR5", "SourceArn of another account"
    yield from _contexts(at)
    for key in at.keys:
        if not key_info(key).known:
            yield "AK3", f"no such key: {key}"
    exempt = at.service == "ebs" or at.action in EXCEPTION_E or at.action == "events:putevents"
    if not exempt and facts.resource_account != "aws" and not at.has("aws:resourceaccount"):
        yield "AR6", "ResourceAccount missing"
    silent = facts.kind == "service" and not at.has("aws:sourceaccount")
    if silent and at.org(facts.resource_account) == MINE and facts.behalf != facts.resource_account:
        yield "P2.silent-service", "a silent service that acts for another than the owner"
    if facts.forwarded and facts.first_hop_trusted is False:
        yield "P1.first-hop", "a first hop from elsewhere"


# Guides of the services: buckets of AWS in the Regions of these worlds.
_OF_AWS = {
    name.format(region=region)
    for name in ("aws-codedeploy-{region}", "prod-{region}-starport-layer-bucket", "amazonlinux-2-repos-{region}")
    for region in REGIONS
}
# Guides of the services: the context that a service sets by its own principal names the resource that it encrypts.
_CONTEXTS = (
    ("logs", "aws:logs:arn", ("log-group", "query-result")), ("cloudtrail", "aws:cloudtrail:arn", ("trail",)),
    ("events", "aws:events:event-bus:arn", ("event-bus",)), ("events", "sourcearn", ("",)),
    ("delivery.logs", "sourcearn", ("",)),
    ("identitystore", "aws:identitystore:identitystore-arn", ("identitystore",)),
)  # fmt: skip


def _contexts(at: At) -> Found:
    if at.facts.kind != "service":
        return
    for service, name, types in _CONTEXTS:
        arn = at.text(f"kms:encryptioncontext:{name}")
        if arn is not None and (at.facts.service or "").startswith(f"{service}."):
            fields = arn.split(":", 5)
            what = fields[5] if len(fields) == 6 else ""
            if len(fields) < 6 or fields[4] != at.facts.behalf or not what.startswith(types) or what.count(":") > 1:
                yield "AR26", f"{service} with {arn} for {at.facts.behalf}"
    sender = at.text("kms:encryptioncontext:aws:ses:source-account")
    if sender is not None and (at.facts.service or "").startswith("ses.") and sender != at.facts.behalf:
        yield "AR26.account", f"SES with {sender} for {at.facts.behalf}"


def _soft_callers(at: At) -> Found:
    facts, fields = at.facts, at.fields or [""] * 6
    if fields[2:5] == ["s3", "", ""] and fields[5].partition("/")[0] in _OF_AWS and facts.resource_account != "aws":
        yield "AR29", f"{fields[5]} of {facts.resource_account}"
    # Organizations guide, delegated administrator: the organization lets its members act on policies.
    if at.service == "organizations" and fields[5].startswith("policy/") and facts.resource_account != "aws":
        own = at.org(facts.principal_account)
        if own is None or own != at.org(facts.resource_account):
            yield "AE5.delegation", "a policy of an organization for a stranger"


_SOFT: tuple[Callable[[At], Found], ...] = (
    _soft_principal, _soft_network, _soft_request, _soft_callers,
)  # fmt: skip
