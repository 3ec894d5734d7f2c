"""The words of assertions: who calls, what, over which wire, and the condition keys.

What is said of identity, resource and network is ground truth (semantics 5.2); `key(...)` is what a request carries.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Any, NoReturn

from perimeter_smt.assertions.formula import Formula, any_of
from perimeter_smt.errors import InputError, did_you_mean
from perimeter_smt.logic.sexpr import quote_string
from perimeter_smt.request import actions
from perimeter_smt.request.keys import key_info

true, false = Formula("true", frozenset(), None), Formula("false", None, frozenset())
my_iam, trusted_iam = Formula("my-iam"), Formula("trusted-iam")
my_resource, trusted_resource = Formula("my-resource"), Formula("trusted-resource")
my_network = Formula("my-network")
my_account = Formula("(and iam principal.mine)")
iam_identity, forwarded = Formula("iam"), Formula("forwarded")
aws_service, anonymous = Formula("(= caller aws-service)"), Formula("(= caller anonymous)")
root_user = Formula("(= caller root)")
vpc_endpoint = Formula("on-endpoint")


def on(*patterns: str) -> Formula:
    """The call is one of these actions: `s3:GetObject`, `s3:Get*`; InputError for one that AWS does not have."""
    if not patterns:
        raise InputError("`on` without actions: expected at least one pattern such as `s3:*`")
    return any_of(*(_action(pattern) for pattern in patterns))


def _action(pattern: str) -> Formula:
    service, colon, name = _text(pattern).partition(":")
    known = actions.services()
    if not colon and service.lower() in known:
        raise InputError(f"`{pattern}` names a service: expected an action, such as `{service}:*` for all of them")
    if not colon or service.lower() not in known:
        near = did_you_mean(service, known)
        raise InputError(f"unknown action `{pattern}`{near}: expected a service and a name such as `s3:GetObject`")
    prefix = service.lower()
    only = frozenset({prefix})
    if not name.strip("*") and name:
        return Formula(f"(= service {quote_string(prefix)})", None, only)
    match = re.compile("".join({"*": ".*", "?": "."}.get(c, re.escape(c)) for c in name), re.IGNORECASE).fullmatch
    found = [f"{info.service}:{info.name}" for info in actions.actions(prefix) if match(info.name)]
    if not found:
        near = did_you_mean(name, [info.name for info in actions.actions(prefix)])
        raise InputError(f"no action of `{prefix}` is `{pattern}`{near}")
    terms = " ".join(f"(= action {quote_string(action)})" for action in found)
    return Formula(terms if len(found) == 1 else f"(or {terms})", None, only)


@dataclass(frozen=True, eq=False)
class Text:
    """A text of the request. `present` is the SMT-LIB term that it is there at all; a comparison with what is not there
    is false.
    """

    symbol: str
    present: str = ""
    is_address: bool = False

    @property
    def exists(self) -> Formula:
        """The request has it."""
        return Formula(self.present or "true")

    @property
    def absent(self) -> Formula:
        """The request does not have it."""
        return ~self.exists

    def __eq__(self, value: object) -> Formula:  # type: ignore[override]
        return self._that(f"(= {self.symbol} {quote_string(_text(value))})")

    def __ne__(self, value: object) -> Formula:  # type: ignore[override]
        return ~(self == value)

    __hash__ = None  # type: ignore[assignment]

    def __bool__(self) -> NoReturn:
        raise TypeError(f"`{self}` has no truth by itself: expected a comparison, `.exists` or `.absent`")

    def __str__(self) -> str:
        return self.symbol.strip("|")

    def one_of(self, *values: str) -> Formula:
        """It is one of these texts."""
        if not values:
            raise InputError("`one_of` without values")
        return any_of(*(self == value for value in values))

    def like(self, *patterns: str) -> Formula:
        """It matches one of the patterns, in which `*` is any text and `?` one character."""
        if not patterns:
            raise InputError("`like` without patterns")
        return any_of(*(self._that(f"(str.in_re {self.symbol} {_regex(_text(pattern))})") for pattern in patterns))

    def within(self, *ranges: str) -> Formula:
        """It is an address of one of these ranges; InputError for what is no range."""
        if not ranges:
            raise InputError("`within` without ranges")
        if not self.is_address:
            raise InputError(f"`{self}` is no address: expected `address` or `key('aws:SourceIp')` before `within`")
        return any_of(*(self._that(_range(self.symbol, text)) for text in ranges))

    def _that(self, term: str) -> Formula:
        return Formula(f"(and {self.present} {term})" if self.present else term)


principal_name = Text("principal.name", "iam")
session_name = Text("principal.session", "(= caller role)")
account = Text("principal.account", "iam")
organization = Text("(org principal.account)", "iam")
service_principal = Text("principal.service", "(= caller aws-service)")
resource_name = Text("resource.name", "(not |call: resource is star|)")
resource_account, resource_region = Text("resource.account"), Text("resource.region", "|call: arn has region|")
region = Text("request.region")
address = Text("source.address", "(or (= wire public) (= wire aws-network))", is_address=True)
vpc = Text("endpoint.vpc", "on-endpoint")


def key(name: str) -> Text:
    """The condition key of that name; InputError if AWS has no such key, or if it can have several values."""
    info = key_info(_text(name))
    if not set(info.key).isdisjoint("|\\"):
        raise InputError(f"`{info.key}` cannot be written in SMT-LIB: a symbol holds neither `|` nor a backslash")
    if not info.known:
        raise InputError(f"unknown condition key `{name}`")
    if info.multivalued:
        raise InputError(f"`{info.key}` has several values: expected SMT-LIB, where |{info.key} 2| is the second")
    return Text(f"|{info.key}|", f"|has {info.key}|", is_address=info.type == "IPAddress")


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"`{value!s}` is no text: expected one in quotes")
    return value


def _regex(pattern: str) -> str:
    parts = [
        {"*": "re.all", "?": "re.allchar"}.get(part) or f"(str.to_re {quote_string(part)})"
        for part in re.findall(r"[*]|[?]|[^*?]+", pattern)
    ]
    if not parts:
        return '(str.to_re "")'
    return parts[0] if len(parts) == 1 else f"(re.++ {' '.join(parts)})"


def _range(symbol: str, text: str) -> str:
    """The leading bits of the address are those of the range: bit 128 tells IPv6, IPv4 fills the low 32."""
    try:
        network = ipaddress.ip_network(_text(text))
    except ValueError as error:
        raise InputError(f"`{text}` is no address range: {error}") from None
    low = network.max_prefixlen - network.prefixlen
    bits = int(network.network_address) | (1 << 128 if network.version == 6 else 0)
    return f"(= ((_ extract 128 {low}) (address {symbol})) (_ bv{bits >> low} {129 - low}))"
