"""`aws ec2`: VPC endpoints and the owners of VPCs."""

from __future__ import annotations

import re
from typing import Any

from perimeter_smt.organization.readers import values
from perimeter_smt.organization.readers.aws_cli.answer import Answer, region_in
from perimeter_smt.organization.readers.draft import Draft, NotKnown, Place, told
from perimeter_smt.organization.readers.draft.draft import Door
from perimeter_smt.organization.readers.options import PREFIXES
from perimeter_smt.policy.kinds import Kind

_NO_LONGER = ("deleted", "rejected", "failed", "expired")  # states in which an endpoint carries no call
_SERVICE = re.compile(r"(?:cn\.)?com\.amazonaws\.(?:([a-z]{2,4}(?:-[a-z]+)+-[0-9])\.)?(.+)")


def endpoints(answer: Answer) -> None:
    """`describe-vpc-endpoints`."""
    for index, item in enumerate(answer.value["VpcEndpoints"]):
        endpoint(answer.draft, item, answer.at.at("VpcEndpoints", index), answer.account, answer.region)
    if answer.cut:
        answer.draft.unknown("VPC endpoints", "the answer has more pages", "facts", answer.at)


def endpoint(draft: Draft, item: dict[str, Any], at: Place, account: str = "", region: str = "") -> None:
    """One endpoint, in the spelling of the API; those of services that are not AWS's carry no calls of the API."""
    found = _SERVICE.fullmatch(str(item.get("ServiceName", "")))
    kind = str(item.get("VpcEndpointType", "Interface")).lower()
    if found is None or found[2].startswith("vpce.") or kind not in ("gateway", "interface"):
        return
    if str(item.get("State", "")).lower() in _NO_LONGER:
        return
    policy = item.get("PolicyDocument", NotKnown("the answer has no `PolicyDocument`"))
    services = services_of(found[2])
    gateway = kind == "gateway" and bool(services)
    own = item["VpcEndpointId"]
    grammar = Kind.ENDPOINT_GATEWAY if gateway else Kind.ENDPOINT
    where = region or found[1] or region_in(str(item.get("AvailabilityZone", "")))
    known = draft.doors.get(own)
    door = draft.doors[own] = Door(
        id=own,
        account=str(item.get("OwnerId") or account),
        vpc=item["VpcId"],
        region=found[1] or where,
        at=at,
        gateway=gateway,
        services=services,
        policy=None if policy in (None, "") else draft.policy(policy, grammar, own, at.at("PolicyDocument")),
    )
    if known is not None:
        told.door(known, door)
    if not door.account or not door.region:
        what = "account" if not door.account else "Region"
        draft.unknown(f"{what} of endpoint `{own}`", "not told", "facts", at)
        del draft.doors[own]


def services_of(name: str) -> tuple[str, ...]:
    """The service prefix of the actions that an endpoint service takes; none where it is not known: then any."""
    first = name.partition(".")[0].removesuffix("-fips")
    first = first.partition("-")[0] if first.startswith(("s3-", "bedrock-")) else first
    try:
        return (values.service(PREFIXES.get(first, first)),)
    except ValueError:
        return ()


def vpcs(answer: Answer) -> None:
    """`describe-vpcs`: who owns them; the Region stands in the path of the file."""
    for item in answer.value["Vpcs"]:
        region = answer.region
        if item.get("OwnerId") and region:
            answer.draft.vpcs[item["VpcId"], region] = item["OwnerId"]
