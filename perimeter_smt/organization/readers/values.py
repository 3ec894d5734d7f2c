"""Checks of single values: ids, ARNs, address ranges, patterns. ValueError with one clause: what, what was expected."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import get_args

from perimeter_smt.errors import InputError, did_you_mean
from perimeter_smt.organization.assumable import why_not_assumed
from perimeter_smt.organization.perimeter import CLAIMED, MITIGATIONS, OBJECTIVES, Reach
from perimeter_smt.organization.presumed import presumed
from perimeter_smt.policy.json_positions import quoted
from perimeter_smt.request import actions
from perimeter_smt.request.multi_region import is_multi_region
from perimeter_smt.request.partitions import partition_of_region, partitions

REACHES: tuple[str, ...] = get_args(Reach)

_ORGANIZATION = re.compile(r"o-[a-z0-9]{10,32}")
_ROOT = re.compile(r"r-[a-z0-9]{4,32}")
_UNIT = re.compile(r"ou-[a-z0-9]{4,32}-[a-z0-9]{8,32}")
_ORG_PATH = re.compile(r"o-[a-z0-9]{10,32}(?:/[a-z0-9*-]+)*(?:/\*?)?")
_CANONICAL_ID = re.compile(r"[0-9a-f]{64}")
# Private, shared, loopback, link-local, multicast and reserved ranges (IANA registries of special addresses), and IPv4
# written as IPv6. The ranges for documentation stand for public ones.
_NEVER_SEEN = (
    *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"),
    *("224.0.0.0/3", "::/96", "::ffff:0:0/96", "fc00::/7", "fe80::/10", "ff00::/8"),
)
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]")  # as in US East until 2018 (W-40)
_OPEN = re.compile(r"(\$\{[^}]+\})")
_ARN = re.compile(r"arn:[^:\s]+:[^:\s]+:[^:\s]*:[^:\s]*:\S(?:[^\x00-\x1f\x7f]*\S)?")
_LOG_GROUP = re.compile(r"arn:[^:]*:logs:[^:]*:[^:]*:log-group:[^:*?]+:\*")
_PARTY = re.compile(r"[0-9]{12}|o-[a-z0-9]{10,32}(/r-[0-9a-z]{4,32}(/ou-[0-9a-z]{4,32}-[0-9a-z]{8,32})*/?)?")
_PRINCIPAL = re.compile(r"arn:([a-z-]+):iam::([0-9]{12}):(user|role)/(?:[!-~]*/)?[\w+=,.@-]{1,64}", re.A)
_MANAGED = re.compile(r"arn:[a-z-]+:iam::(?:[0-9]{12}|aws):policy/(?:[!-~]*/)?[\w+=,.@-]{1,128}", re.A)
_SERVICE_PRINCIPAL = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:amazonaws\.com(?:\.cn)?|amazon\.com)")
_ACTION = re.compile(r"[A-Za-z0-9*?-]+:[A-Za-z0-9*?]+")
_CALLER_SERVICES = ("iam", "sts")


def any_text(text: str) -> str:
    """Something that is not blank, on one line."""
    if not text.strip():
        raise ValueError(f"{quoted(text)} is blank, expected a text")
    if not text.isprintable():
        raise ValueError(f"{quoted(text)} has control characters or line breaks, expected one line")
    return text


_IN_QUOTES = ", in quotes (numbers lose a leading 0)"  # of numbers in files


def account_id(text: str) -> str:
    """Twelve digits, as they are written."""
    if re.fullmatch(r"[0-9]{12}", text, re.A):
        return text
    hint = _IN_QUOTES if re.fullmatch(r"[0-9]{1,11}", text, re.A) else ""
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
        known = [name for row in partitions().values() for name in row.regions]
        raise ValueError(
            f"{quoted(text)} is not a Region{did_you_mean(text, known)}, expected a code such as `us-east-1`"
        )
    return text


def partition(text: str) -> str:
    """A partition of the table of partitions."""
    if text not in partitions():
        raise _unknown("partition", text, partitions())
    return text


def canonical_id(text: str) -> str:
    """The canonical user id of an account: 64 hexadecimal digits."""
    return _like(_CANONICAL_ID, text, "a canonical user id", "64 lower-case hexadecimal digits")


def acl_grantee(text: str) -> str:
    """Whom an access control list grants something: a group of S3, a canonical user id, or an account."""
    if text in ("AllUsers", "AuthenticatedUsers", "LogDelivery") or re.fullmatch("[0-9a-f]{64}|[0-9a-f]{96}", text):
        return text
    if text.isdecimal() and len(text) == 12:
        return account_id(text)
    raise ValueError(
        f"{quoted(text)} is no grantee of an access control list, expected `AllUsers`, `AuthenticatedUsers`, "
        "`LogDelivery`, a canonical user id or an account id"
    )


def bucket_name(text: str) -> str:
    """The name of a bucket."""
    return _like(_BUCKET, text, "the name of a bucket", "3 to 255 letters, digits, hyphens, dots or underscores")


def session_name(text: str) -> str:
    """The name of a session, or a pattern for names (STS API reference, RoleSessionName)."""
    return _like(re.compile(r"[\w+=,.@*?-]{1,64}", re.ASCII), text, "the name of a session",
                 "at most 64 letters, digits and `_+=,.@-`, with `*` and `?` for any")  # fmt: skip


def vpc_id(text: str) -> str:
    """`vpc-` and hexadecimal digits."""
    return _like(re.compile(r"vpc-[0-9a-f]{8,17}"), text, "a VPC id", "`vpc-` and 8 to 17 hexadecimal digits")


def endpoint_id(text: str) -> str:
    """`vpce-` and hexadecimal digits."""
    return _like(re.compile(r"vpce-[0-9a-f]{8,17}"), text, "an endpoint id", "`vpce-` and 8 to 17 hexadecimal digits")


def cidr(text: str) -> str:
    """An IPv4 or IPv6 range of public addresses whose host bits are zero; an address alone is a range of one.

    `aws:SourceIp` holds public addresses only (IAM guide, global condition keys).
    """
    expected = "expected a form such as `203.0.113.0/24`"
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise ValueError(f"{quoted(text)} is not an address range, {expected}") from None
    if "%" in text:
        raise ValueError(f"{quoted(text)} has a zone, {expected}")
    if network.network_address != _first(text):
        raise ValueError(f"{quoted(text)} has bits behind its prefix, expected `{network}`")
    for private in map(ipaddress.ip_network, _NEVER_SEEN):
        if private.version == network.version and network.subnet_of(private):  # type: ignore[arg-type]
            raise ValueError(f"{quoted(text)} is never in `aws:SourceIp`, which holds public IPv4 and IPv6 addresses")
    return str(network)


def _first(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    return ipaddress.ip_address(text.partition("/")[0])


def arn(text: str) -> str:
    """Six fields; patterns are not ruled out."""
    return _like(_ARN, text, "an ARN", "six fields such as `arn:aws:s3:::my-bucket`")


def arn_pattern(text: str) -> str:
    """An ARN with wildcards, or a star."""
    return text if text == "*" else arn(text)


def caller_pattern(text: str) -> str:
    """The ARN of callers with wildcards, or a star, as in `aws:PrincipalArn`: a session has that of its role."""
    fields = arn_pattern(text).split(":", 5)
    if len(fields) == 6 and not any(fnmatchcase(service, fields[2]) for service in _CALLER_SERVICES):
        raise ValueError(f"{quoted(text)} is never the ARN of a caller, expected one of `iam` or `sts`")
    if len(fields) == 6 and fields[5].startswith("assumed-role/"):
        role = f"arn:{fields[1]}:iam::{fields[4]}:role/{fields[5].split('/')[1]}"
        raise ValueError(f"{quoted(text)} names sessions, expected the ARN of their role such as {quoted(role)}")
    return text


def account_of(text: str) -> str:
    """The account that an ARN or a pattern of one names, `*` where any may stand there."""
    fields = text.split(":", 5)
    return fields[4] if len(fields) == 6 else "*"


def resource_arn(text: str) -> str:
    """The ARN of one resource; a log group may end in `:*`, as `describe-log-groups` prints it."""
    if _LOG_GROUP.fullmatch(text):
        text = text.removesuffix(":*")
    if "*" in text or "?" in text:
        raise ValueError(f"{quoted(text)} has a wildcard, expected the ARN of one resource")
    somewhere(arn(text))
    return text


def somewhere(text: str) -> None:
    """Refuse the ARN of a resource that is nowhere: no call would reach it, and all would hold of it (W-2).

    ValueError for a Region or account that is none, a service in capitals, an account or Region left out where all such
    names have one.
    """
    _, partition, service, place, account, name = text.split(":", 5)
    if place:
        region(place)
    if (service.lower(), name) == ("iam", "root"):
        raise ValueError(f"{quoted(text)} is a root user, expected the ARN of a resource")
    if service != service.lower():
        raise ValueError(f"{quoted(text)} has a service in capitals, expected {quoted(service.lower())}")
    if (service, place) == ("s3", "") and account and name.startswith("accesspoint/") and not is_multi_region(text):
        raise ValueError(
            f"{quoted(text)} has no Region, expected one, or `accesspoint/ALIAS.mrap` for a Multi-Region Access Point"
        )
    if account and account != "aws" and not (len(account) == 12 and account.isdigit()):
        raise ValueError(f"{quoted(text)} is of account {quoted(account)}, expected 12 digits")
    if (account and place) or service not in actions.services():
        return
    fields = [kind.arn.split(":", 5) for kind in actions.resource_types(service) if kind.arn.count(":") >= 5]
    own = [f for f in fields if f[2] == service]
    fits = [f for f in own if _named(f[5]).fullmatch(name)] or own
    if account and fits and all(f[3] == "${Region}" for f in fits):
        raise ValueError(f"{quoted(text)} has no Region, expected `arn:{partition}:{service}:REGION:{account}:{name}`")
    if not account and fits and all(f[4] == "${Account}" for f in fits):
        raise ValueError(f"{quoted(text)} has no account, expected `arn:{partition}:{service}:{place}:ACCOUNT:{name}`")


@lru_cache(maxsize=4096)
def _named(pattern: str) -> re.Pattern[str]:
    """Names of resources such as `table/${TableName}`."""
    return re.compile("".join(".+" if i % 2 else re.escape(s) for i, s in enumerate(_OPEN.split(pattern))))


def sharing_party(text: str) -> str:
    """Whom a resource is shared with: an account, an organization, the path of a unit, or `all`."""
    if text == "all" or _PARTY.fullmatch(text):
        return text
    raise ValueError(f"{quoted(text)}, expected an account id, `o-...`, an organization path or `all`")


def principal_arn(text: str) -> str:
    """The ARN of a user or role."""
    expected = "`arn:aws:iam::`, 12 digits, and `:user/` or `:role/` with a name"
    found = _PRINCIPAL.fullmatch(text)
    if found is None or found[1] not in partitions():
        raise ValueError(f"{quoted(text)} is not the ARN of a user or role, expected {expected}")
    return text


def managed_policy_arn(text: str) -> str:
    """The ARN of a managed policy, of an account or of AWS."""
    expected = "`arn:aws:iam::`, 12 digits or `aws`, and `:policy/` with a name"
    return _like(_MANAGED, text, "the ARN of a managed policy", expected)


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
        hint = did_you_mean(text, actions.services()) or ", expected a prefix such as `s3`"
        raise ValueError(f"unknown service {quoted(text)}{hint}")
    return text.lower()


def endpoint_service(text: str) -> str:
    """A service prefix, or `console` for the endpoint of the management console."""
    return text.lower() if text.lower() == "console" else service(text)


def action_pattern(text: str) -> str:
    """`*`, or `service:name` with wildcards; a service without wildcards must exist, and some action of it match."""
    if text == "*":
        return text
    _like(_ACTION, text, "an action pattern", "`*` or a form such as `s3:Get*`")
    prefix, _, name = text.lower().partition(":")
    if "*" in prefix or "?" in prefix:
        if not any(matching_actions(text)):
            raise ValueError(f"no action of any service matches {quoted(text)}")
        return text
    service(prefix)
    if not any(matching_actions(text)):
        known = [str(info) for info in actions.actions(prefix)]
        hint = did_you_mean(text, known) or f", expected one such as `{known[0] if known else 's3:GetObject'}`"
        raise ValueError(f"no action of `{prefix}` matches {quoted(name)}{hint}")
    return text


def matching_actions(pattern: str) -> Iterator[str]:
    """The actions, in lower case, that an action pattern matches."""
    prefix, _, name = pattern.lower().partition(":") if pattern != "*" else ("*", "", "*")
    for found in actions.services():
        if fnmatchcase(found, prefix):
            for info in actions.actions(found):
                if fnmatchcase(info.name.lower(), name):
                    yield f"{found}:{info.name.lower()}"


def claims_nothing(included: Iterable[str], excluded: Iterable[str]) -> bool:
    """Whether the second patterns take away every action of the first."""
    without = [pattern.lower() for pattern in excluded]
    if not without:
        return False
    if any(pattern in ("*", "*:*") for pattern in without):
        return True
    return not any(
        not any(fnmatchcase(action, pattern) for pattern in without)
        for pattern in included
        for action in matching_actions(pattern)
    )


def scope_pattern(text: str) -> str:
    """An action pattern, or a service alone, which stands for all of its actions."""
    return action_pattern(text if ":" in text or text == "*" else f"{service(text)}:*")


def objective(text: str) -> str:
    """O1 to O6, or a question beside them that has exceptions of its own."""
    if text not in (*OBJECTIVES, *CLAIMED):
        raise _unknown("objective", text, OBJECTIVES)
    return text


def mitigation(text: str) -> str:
    """The id of a question beside the objectives, or `all`."""
    if text not in (*MITIGATIONS, "all"):
        raise _unknown("mitigation", text, (*MITIGATIONS, "all"))
    return text


def day(text: str) -> str:
    """A day such as 2027-03-31."""
    try:
        if re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            date.fromisoformat(text)
            return text
    except ValueError:
        pass
    raise ValueError(f"found {quoted(text)}, expected a day such as `2027-03-31`")


def reach(text: str) -> str:
    """The name of a limit that can be accepted."""
    if text not in REACHES:
        raise _unknown("limit", text, REACHES)
    return text


def assumption(text: str) -> str:
    """The name of a soft axiom or of an open point, which can be assumed."""
    if wrong := why_not_assumed(text):
        raise ValueError(wrong)
    return text


def presumed_axiom(text: str) -> str:
    """The name of a presumed axiom, which can be doubted."""
    if text not in presumed():
        raise _unknown("presumed axiom", text, presumed())
    return text


def _unknown(what: str, text: str, known: Iterable[str]) -> ValueError:
    names = tuple(known)
    hint = did_you_mean(text, names) or f", expected one of {', '.join(names)}"
    return ValueError(f"unknown {what} {quoted(text)}{hint}")


def _like(pattern: re.Pattern[str], text: str, what: str, expected: str) -> str:
    if not pattern.fullmatch(text):
        raise ValueError(f"{quoted(text)} is not {what}, expected {expected}")
    return text


def checked(option: str, check: Callable[[str], str], texts: Iterable[str]) -> list[str]:
    """The values of an option, each checked; InputError that names the option."""
    try:
        return [check(text) for text in texts]
    except ValueError as error:
        raise InputError(str(error).removesuffix(_IN_QUOTES), path=option) from None
