"""Checks of single values: ids, ARNs, address ranges, patterns. ValueError with one clause: what, what was expected."""

from __future__ import annotations

import ipaddress
import re
from typing import get_args

from perimeter_smt.organization.perimeter import OBJECTIVES, Reach
from perimeter_smt.policy.json_positions import quoted
from perimeter_smt.request import actions
from perimeter_smt.request.partitions import partition_of_region, partitions

REACHES: tuple[str, ...] = get_args(Reach)

_ORGANIZATION = re.compile(r"o-[a-z0-9]{10,32}")
_ROOT = re.compile(r"r-[a-z0-9]{4,32}")
_UNIT = re.compile(r"ou-[a-z0-9]{4,32}-[a-z0-9]{8,32}")
_ORG_PATH = re.compile(r"o-[a-z0-9]{10,32}(?:/[a-z0-9*-]+)*(?:/\*?)?")
_CANONICAL_ID = re.compile(r"[0-9a-f]{64}")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_ARN = re.compile(r"arn:[^:]+:[^:]+:[^:]*:[^:]*:.+", re.DOTALL)
_PRINCIPAL = re.compile(r"arn:([a-z-]+):iam::([0-9]{12}):(user|role)/(?:[!-~]*/)?[\w+=,.@-]{1,64}", re.A)
_SERVICE_PRINCIPAL = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)*\.amazonaws\.com(?:\.cn)?")
_ACTION = re.compile(r"[A-Za-z0-9*?-]+:[A-Za-z0-9*?]+")
_WORD = re.compile(r"[^\s].*", re.DOTALL)


def any_text(text: str) -> str:
    """Something that is not blank."""
    if not _WORD.match(text):
        raise ValueError(f"{quoted(text)} is blank, expected a text")
    return text


def account_id(text: str) -> str:
    """Twelve digits, as they are written."""
    if re.fullmatch(r"[0-9]{12}", text, re.A):
        return text
    hint = ", in quotes (numbers lose a leading 0)" if re.fullmatch(r"[0-9]{1,11}", text, re.A) else ""
    raise ValueError(f"{quoted(text)} is not an account id, expected 12 digits{hint}")


def trusted_account(text: str) -> str:
    """An account, or `cloudfront`, to which origin access identities belong."""
    return text if text == "cloudfront" else account_id(text)


def organization_id(text: str) -> str:
    """`o-` and 10 to 32 lower-case letters or digits."""
    return _like(_ORGANIZATION, text, "an organization id", "`o-` and 10 to 32 lower-case letters or digits")


def root_id(text: str) -> str:
    """`r-` and 4 to 32 lower-case letters or digits."""
    return _like(_ROOT, text, "the id of a root", "`r-` and 4 to 32 lower-case letters or digits")


def unit_id(text: str) -> str:
    """`ou-`, the suffix of the root's id, `-`, and 8 to 32 lower-case letters or digits."""
    return _like(_UNIT, text, "the id of a unit", "a form such as `ou-ab12-cd345678`")


def organization_path(text: str) -> str:
    """An organization path or a pattern of one."""
    return _like(_ORG_PATH, text, "an organization path", "a form such as `o-a1b2c3d4e5/r-ab12/ou-ab12-cd345678/*`")


def region(text: str) -> str:
    """A Region code of the table of partitions."""
    if partition_of_region(text) is None:
        raise ValueError(f"{quoted(text)} is not a Region, expected a code such as `us-east-1`")
    return text


def partition(text: str) -> str:
    """A partition of the table of partitions."""
    if text not in partitions():
        raise ValueError(f"unknown partition {quoted(text)}, expected one of {', '.join(partitions())}")
    return text


def canonical_id(text: str) -> str:
    """The canonical user id of an account: 64 hexadecimal digits."""
    return _like(_CANONICAL_ID, text, "a canonical user id", "64 lower-case hexadecimal digits")


def bucket_name(text: str) -> str:
    """The name of a bucket."""
    return _like(_BUCKET, text, "the name of a bucket", "3 to 63 lower-case letters, digits, hyphens or dots")


def vpc_id(text: str) -> str:
    """`vpc-` and hexadecimal digits."""
    return _like(re.compile(r"vpc-[0-9a-f]{8,17}"), text, "a VPC id", "`vpc-` and 8 to 17 hexadecimal digits")


def endpoint_id(text: str) -> str:
    """`vpce-` and hexadecimal digits."""
    return _like(re.compile(r"vpce-[0-9a-f]{8,17}"), text, "an endpoint id", "`vpce-` and 8 to 17 hexadecimal digits")


def cidr(text: str) -> str:
    """An IPv4 or IPv6 range whose host bits are zero; an address alone is a range of one."""
    try:
        return str(ipaddress.ip_network(text))
    except ValueError:
        pass
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise ValueError(f"{quoted(text)} is not an address range, expected a form such as `203.0.113.0/24`") from None
    raise ValueError(f"{quoted(text)} has bits behind its prefix, expected `{network}`")


def arn(text: str) -> str:
    """Six fields; patterns are not ruled out."""
    return _like(_ARN, text, "an ARN", "six fields such as `arn:aws:s3:::my-bucket`")


def arn_pattern(text: str) -> str:
    """An ARN with wildcards, or a star."""
    return text if text == "*" else arn(text)


def resource_arn(text: str) -> str:
    """The ARN of one resource."""
    if "*" in text or "?" in text:
        raise ValueError(f"{quoted(text)} has a wildcard, expected the ARN of one resource")
    return arn(text)


def principal_arn(text: str) -> str:
    """The ARN of a user or role."""
    expected = "`arn:aws:iam::`, 12 digits, and `:user/` or `:role/` with a name"
    found = _PRINCIPAL.fullmatch(text)
    if found is None or found[1] not in partitions():
        raise ValueError(f"{quoted(text)} is not the ARN of a user or role, expected {expected}")
    return text


def principal_parts(text: str) -> tuple[str, str]:
    """Account and type (`user` or `role`) of a principal ARN that was checked."""
    found = _PRINCIPAL.fullmatch(text)
    assert found is not None
    return found[2], found[3]


def service_principal(text: str) -> str:
    """The name of a service principal, or a star."""
    if text == "*":
        return text
    return _like(_SERVICE_PRINCIPAL, text, "a service principal", "`*` or a name such as `logging.s3.amazonaws.com`")


def service(text: str) -> str:
    """A service prefix of the service reference."""
    if text.lower() not in actions.services():
        raise ValueError(f"unknown service {quoted(text)}, expected a prefix such as `s3`")
    return text.lower()


def endpoint_service(text: str) -> str:
    """A service prefix, or `console` for the endpoint of the management console."""
    return text.lower() if text.lower() == "console" else service(text)


def action_pattern(text: str) -> str:
    """`*`, or `service:name` with wildcards; a service without wildcards must exist."""
    if text == "*":
        return text
    _like(_ACTION, text, "an action pattern", "`*` or a form such as `s3:Get*`")
    prefix = text.partition(":")[0]
    if "*" not in prefix and "?" not in prefix:
        service(prefix)
    return text


def scope_pattern(text: str) -> str:
    """An action pattern, or a service alone, which stands for all of its actions."""
    return action_pattern(text if ":" in text or text == "*" else f"{service(text)}:*")


def objective(text: str) -> str:
    """O1 to O6."""
    if text not in OBJECTIVES:
        raise ValueError(f"unknown objective {quoted(text)}, expected one of {', '.join(OBJECTIVES)}")
    return text


def reach(text: str) -> str:
    """The name of a limit that can be accepted."""
    if text not in REACHES:
        raise ValueError(f"unknown limit {quoted(text)}, expected one of {', '.join(REACHES)}")
    return text


def _like(pattern: re.Pattern[str], text: str, what: str, expected: str) -> str:
    if not pattern.fullmatch(text):
        raise ValueError(f"{quoted(text)} is not {what}, expected {expected}")
    return text
