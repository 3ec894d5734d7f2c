"""Private address range in aws:SourceIp."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network, ip_network

from perimeter_smt.lint.rule import IAM_GUIDE, ConditionRule, Finding, Place
from perimeter_smt.lint.severity import Severity
from perimeter_smt.policy.json_positions import quoted
from perimeter_smt.policy.operators import Family

_PRIVATE = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "224.0.0.0/3",
        "::1/128",
        "fc00::/7",
        "fe80::/10",
        "ff00::/8",
    )
)


def _is_private(value: str) -> bool:
    try:
        network = ip_network(value, strict=False)
    except ValueError:
        return False
    if isinstance(network, IPv4Network):
        return any(isinstance(private, IPv4Network) and network.subnet_of(private) for private in _PRIVATE)
    return any(not isinstance(private, IPv4Network) and network.subnet_of(private) for private in _PRIVATE)


class PrivateSourceIp(ConditionRule):
    """Rule PL012."""

    id = "PL012"
    title = "address range in aws:SourceIp that is not public"
    text = (
        "aws:SourceIp is the public address of a call over the internet, and is absent in calls through a VPC "
        "endpoint. A private, shared, link-local or reserved range never matches: it does no harm, and no good. Use "
        "`aws:VpcSourceIp` for addresses inside a VPC, together with a condition on the VPC or endpoint."
    )
    source = f"{IAM_GUIDE}reference_policies_condition-keys.html#condition-keys-sourceip"
    severity = Severity.NOTE

    def condition(self, at: Place) -> Iterator[Finding]:
        """The findings in one condition."""
        condition = at.condition
        if condition.name != "aws:sourceip" or condition.operator.base.family is not Family.IP:
            return
        for value in condition.values:
            if _is_private(value):
                message = f"{quoted(value)} is no public range: {quoted(condition.key)} never holds such an address"
                yield self.found(message, condition.location)
