"""The called action with the resource type it is tested on, as a finite catalogue (semantics 1.4, 1.5, 3.9).

A row is one action, one of its resource types (or none), and one shape of ARN: with or without account and
Region.  Sets of rows are computed on demand from their names, which are what formulas speak about.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import takewhile
from operator import attrgetter
from typing import Any, NamedTuple, TypeVar

from perimeter_smt.logic.atoms import ANY, DIGITS, CharSet, Glob, Run, Text
from perimeter_smt.logic.formula import Formula, atom, equal, glob, is_text, neg, normal
from perimeter_smt.logic.problem import Catalogue, Group
from perimeter_smt.policy.document import Element
from perimeter_smt.request import actions
from perimeter_smt.request.keys import name_limit, support_list, table_rows

T = TypeVar("T")
CALL = "call"
_FIRST_SERVICES = ("s3", "sqs", "dynamodb", "secretsmanager", "kms", "sts", "lambda", "sns", "ec2", "iam", "ssm", "ecr")
_FIRST_ACTIONS = (
    "GetObject", "PutObject", "ListBucket", "SendMessage", "ReceiveMessage", "GetItem", "PutItem", "GetSecretValue",
    "Decrypt", "Encrypt", "AssumeRole", "InvokeFunction", "Publish", "RunInstances", "GetRole", "GetParameter",
    "BatchGetImage", "GetPolicy",
)  # fmt: skip
_THROUGH_POINTS = frozenset(["accesspoint", "accesspointobject", "accesspoint (2)", "accesspointobject (2)"])
_TAGGED_BY_BUCKET = frozenset(["bucket", "object"]) | _THROUGH_POINTS
_RANGE = re.compile(r"([a-zA-Z0-9])-([a-zA-Z0-9])")
_PLACEHOLDER = re.compile(r"\$\{([^}]+)\}")
_GLOBAL = frozenset(
    [
        "iam",
        "sts",
        "route53",
        "cloudfront",
        "organizations",
        "waf",
        "shield",
        "globalaccelerator",
        "support",
        "budgets",
        "ce",
        "account",
    ]
)


class Row(NamedTuple):
    """One row: lower-case action, resource type (None: the resource is `*`), shape of the ARN, keys listed."""

    service: str
    action: str
    type: str | None
    arn_service: str
    has_account: bool
    has_region: bool
    name: str
    region: str
    keys: frozenset[str]
    level: str = ""  # access level of the action: Read, List, Write, ...; empty where unknown

    @property
    def lowered(self) -> str:
        """`service:action` in lower case."""
        return f"{self.service}:{self.action.lower()}"


@lru_cache(maxsize=1024)
def rows_of(service: str, only: frozenset[str] | None = None) -> tuple[Row, ...]:
    """Every row of a service, or of some actions of it (`service:action` in lower case), recognisable ones first."""
    out: list[Row] = []
    infos = [info for info in actions.actions(service) if only is None or str(info).lower() in only]
    order = {name: i for i, name in enumerate(_FIRST_ACTIONS)}
    for info in sorted(infos, key=lambda i: (order.get(i.name, 99), i.name)):
        base = _keys(info.condition_keys)
        if _may_name_nothing(info):
            out.append(Row(service, info.name, None, "", False, False, "", "", base, info.access_level))
        for use in sorted(info.resource_types, key=_plainness):
            found = actions.resource_type(service, use.type)
            if found is None:
                continue
            out += _shapes(
                service,
                info.name,
                use.type,
                found.arn,
                base | _keys(use.condition_keys, found.condition_keys),
                info.access_level,
            )
    return tuple(out)


def _may_name_nothing(info: actions.ActionInfo) -> bool:
    """Optional types may be left out (3.9), unless they are alternatives of which a call names one (W-8)."""
    if not info.resource_types:
        return True
    if any(use.required for use in info.resource_types):
        return False
    action = str(info).lower()
    names, may_not = _naming()
    return action in may_not or not names.fullmatch(action)


@lru_cache(maxsize=1)
def _naming() -> tuple[re.Pattern[str], frozenset[str]]:
    """The actions of which each call names a resource, as one pattern, less those of which no page tells."""
    rows = table_rows("named-resource-actions")
    patterns = sorted(row["member"] for row in rows)
    joined = "|".join(f"(?:{_regex(pattern.lower()).pattern})" for pattern in patterns) or "(?!)"
    return re.compile(joined, re.DOTALL), frozenset(name.lower() for row in rows for name in row.get("but", ()))


def _plainness(use: actions.ResourceUse) -> tuple[bool, bool]:
    """Types that a call always tests first; the long ARNs of access points last."""
    return not use.required, use.type.startswith("accesspoint")


@lru_cache(maxsize=16384)
def _keys(*lists: tuple[str, ...]) -> frozenset[str]:
    """Names of keys, lower case; the free part of tag keys is cut off after the slash or colon."""
    out = set()
    for names in lists:
        for name in names:
            low = name.lower()
            free = min((i for i in (low.find("${"), low.find("<")) if i >= 0), default=-1)
            out.add(low if free < 0 else low[:free] + "*")
    return frozenset(out)


def _shapes(service: str, action: str, kind: str, arn: str, keys: frozenset[str], level: str) -> list[Row]:
    if arn == "*" or arn.count(":") < 5:
        return [Row(service, action, None, "", False, False, "", "", keys, level)]
    _, _, arn_service, region, account, name = arn.split(":", 5)
    owned_by_aws = account not in ("", "aws") and "${" in account
    shapes = [(account != "", region != "")]
    if owned_by_aws and not (arn_service == "s3" and not region):  # without both it is the ARN of a bucket
        shapes.append((False, region != ""))
    fixed = region if region and "${" not in region else ""
    if "${" in arn_service:
        arn_service = service
    names = _names(service, kind, f"{service}:{action}", name)
    return [
        Row(service, action, kind, arn_service.lower(), acct, reg, written, fixed, keys, level)
        for written in names
        for acct, reg in shapes
    ]


def _names(service: str, kind: str, action: str, name: str) -> tuple[str, ...]:
    """What calls of an action write for a resource of this type: its name and those with qualifiers (W-5), or these."""
    rows = [row for row in _qualified(service, kind) if action not in row.get("but", ())]
    own = () if any(row.get("instead") for row in rows) else (name,)
    return (*own, *(row["name"] for row in rows))


@lru_cache(maxsize=1024)
def _qualified(service: str, kind: str) -> tuple[Mapping[str, Any], ...]:
    """The rows of names with qualifiers for this type."""
    rows = table_rows("qualified-names")
    return tuple(row for row in rows if row["service"] == service and row["type"] == kind)


@lru_cache(maxsize=1)
def _with_qualifiers() -> frozenset[str]:
    """The names with a version or an alias behind them, whatever their open parts are called."""
    rows = (row for row in table_rows("qualified-names") if row.get("qualifier"))
    return frozenset(_PLACEHOLDER.sub("${}", row["name"]) for row in rows)


def well_known_first(services: Iterable[str]) -> tuple[str, ...]:
    """The services, those that most readers know in front."""
    first = {name: i for i, name in enumerate(_FIRST_SERVICES)}
    return tuple(sorted(services, key=lambda service: (first.get(service, 99), service)))


@dataclass
class Calls:
    """The rows of some services, and the sets that formulas have asked for."""

    services: tuple[str, ...]
    literal: tuple[str, ...] = ()
    any_resource: bool = False
    only: frozenset[str] | None = None  # actions in lower case, where not all of the services are in question

    def __post_init__(self) -> None:
        self.rows: list[Row] = []
        for service in well_known_first(self.services):
            self.rows += rows_of(service, self.only)
        self.replace_rows([*self.rows, *_invented(self.literal)])

    def replace_rows(self, rows: list[Row]) -> None:
        """Work on these rows instead."""
        self.rows = rows
        self._sets: dict[str, int] = {}
        self._by_value: dict[str, dict[Any, int]] = {}
        self._actions_of: dict[str, list[tuple[str, int]]] = {}
        self._names: list[tuple[str, int]] = []

    @property
    def _by_action(self) -> Mapping[str, int]:
        return self._by("lowered")

    @property
    def _by_service(self) -> Mapping[str, int]:
        return self._by("service")

    def members(self, name: str) -> int:
        """The bit set called `name`."""
        if name not in self._sets:
            self._sets[name] = self._compute(name)
        return self._sets[name]

    def idle(self, element: Element) -> bool:
        """Whether an action element matches no row: then no statement of it can match a call of these rows.

        Sound as long as rows are only taken away later. A pattern for some services (X-25) or for all calls is never
        idle, nor is a NotAction, but one that names every call.
        """
        found = 0
        for text in element.values:
            service, _, name = text.lower().partition(":")
            if not service.strip() or "*" in service or "?" in service:
                if not element.negated:
                    return False
            elif name:
                found |= self.members(f"action ~ {service}:{name}")
        return found == (1 << len(self.rows)) - 1 if element.negated else not found

    def actions(self) -> Iterable[str]:
        """Every action that has a row, in lower case."""
        return self._by_action

    def define(self, name: str, services: Iterable[str]) -> None:
        """Name the rows of some services, so that formulas can speak of them together."""
        self._sets[name] = self._where(set(services))

    def define_rows(self, name: str, rows: int) -> None:
        """Name some rows, as a bit set."""
        self._sets[name] = rows

    def _where(self, test: frozenset[str] | set[str]) -> int:
        return union(bits for service, bits in self._by_service.items() if service in test)

    def _compute(self, name: str) -> int:
        head, _, tail = name.partition("=")
        if head == "action":
            return self._by_action.get(tail, 0)
        if head == "service":
            return self._by_service.get(tail, 0)
        if head == "type":  # one of several, by their names
            return union(self._by("type").get(kind, 0) for kind in tail.split())
        if name.startswith("action ~ "):
            return self._matching(name.removeprefix("action ~ "))
        if name.startswith("arn service ~ "):
            found = _regex(name.removeprefix("arn service ~ "))
            named = self._where_it("arn_service", lambda text: found.fullmatch(text) is not None)
            return named & ~self._where_it("type", lambda kind: kind is None)
        if name.startswith("lists "):
            return self._listing(name.removeprefix("lists "))
        match name:
            case "resource is star":
                return self._where_it("type", lambda kind: kind is None)
            case "arn has account":
                return self._where_it("has_account", bool)
            case "arn has region":
                return self._where_it("has_region", bool)
            case "reads":
                return self._where_it("level", lambda level: level in ("Read", "List", ""))
            case "needs its resource":
                needing = self.members("reads") & ~self._where_it("level", lambda level: level == "")
                needing |= self.members("action in existing-resource-actions")
                return needing & ~self.members("action in absent-resource-actions") & ~self.members("asked on stars")
            case "asked on stars":
                kinds = union(bits for kind, bits in self._by("type").items() if kind in actions.star_types())
                return _bits(i for i in places(kinds) if actions.of_stars(self.rows[i].service, self.rows[i].type))
            case "arn is of AWS":
                typed = ~self._where_it("type", lambda kind: kind is None) & (1 << len(self.rows)) - 1
                return _bits(
                    i for i in places(typed) if _account(self.rows[i].service, self.rows[i].type or "") == "aws"
                )
            case "name has a qualifier":
                return self._where_it("name", lambda name: _PLACEHOLDER.sub("${}", name) in _with_qualifiers())
            case "tags need abac":
                return self._by_service.get("s3", 0) & self._where_it("type", lambda kind: kind in _TAGGED_BY_BUCKET)
            case "through an access point":
                return self._by_service.get("s3", 0) & self._where_it("type", lambda kind: kind in _THROUGH_POINTS)
            case "first of its action":
                typed = ~self._where_it("type", lambda kind: kind is None)
                firsts = (bits & typed or bits for bits in self._by_action.values())
                return union(bits & -bits for bits in firsts)
            case "on a key":
                return self._by_service.get("kms", 0) & _bits(i for i, row in enumerate(self.rows) if _on_key(row))
            case "service is unlisted":
                return self._where(self._by_service.keys() - frozenset(actions.services()))
            case "service is global":
                return self._where(_GLOBAL)
            case "service in rcp-services-narrow":
                return self._where(support_list("rcp-services") & actions.rcp_services())
            case _ if name.startswith("service in "):
                return self._where(support_list(name.removeprefix("service in ")))
            case _ if name.startswith("action in "):
                return union(self._matching(p.lower()) for p in sorted(support_list(name.removeprefix("action in "))))
        raise KeyError(name)

    def _where_it(self, field: str, test: Callable[[Any], bool]) -> int:
        """The rows whose `field` passes a test; the test is asked once per value."""
        return union(bits for value, bits in self._by(field).items() if test(value))

    def _by(self, field: str) -> dict[Any, int]:
        """The rows that each value of a field is found in."""
        known = self._by_value.get(field)
        if known is None:
            known = self._by_value[field] = rows_by(map(attrgetter(field), self.rows))
        return known

    def _matching(self, pattern: str) -> int:
        service, _, name = pattern.partition(":")
        if not any(c in pattern for c in "*?"):
            return self._by_action.get(pattern, 0)
        if name.strip("*") == "" and "*" not in service and "?" not in service:
            return self._by_service.get(service, 0)
        if service == "*" and name.endswith("*") and not any(c in name[:-1] for c in "*?"):
            return self._beginning(name[:-1])
        found = _regex(pattern)
        if "*" in service or "?" in service:
            return union(bits for action, bits in self._by_action.items() if found.fullmatch(action))
        return union(bits for action, bits in self._named_in(service) if found.fullmatch(action))

    def _beginning(self, start: str) -> int:
        """The actions in which this stands behind a colon; tables have more than a hundred such patterns."""
        if not self._names:
            for action, bits in self._by_action.items():
                parts = action.split(":")
                self._names += ((":".join(parts[i:]), bits) for i in range(1, len(parts)))
            self._names.sort()
        first = bisect_left(self._names, (start,))
        return union(bits for _, bits in takewhile(lambda own: own[0].startswith(start), self._names[first:]))

    def _named_in(self, service: str) -> list[tuple[str, int]]:
        """The actions whose names begin with this service, with their rows."""
        if not self._actions_of:
            for action, bits in self._by_action.items():
                self._actions_of.setdefault(action.partition(":")[0], []).append((action, bits))
        return self._actions_of.get(service, [])

    def _listing(self, key: str) -> int:
        general = next((key[: i + 1] + "*" for i in (key.find("/"), key.rfind(":")) if i >= 0), key)
        cut = {key, general}
        if "/" in key:
            cut.add(key.split("/", 1)[0] + "/*")
        parts = key.split(":")
        if len(parts) > 2:
            cut.add(":".join(parts[:2]) + ":*")
        return self._where_it("keys", lambda keys: not cut.isdisjoint(keys) or "?" in keys)

    def catalogue(self, names: Iterable[str]) -> Catalogue:
        """The catalogue with the sets `names` and, per ARN format, what a row demands of the ARN's fields."""
        sets = {name: self.members(name) for name in sorted(set(names))}
        found = tuple(Group(rows, demands) for demands, rows in rows_by(self.demanded()).items())
        return Catalogue(len(self.rows), sets, found, "resource.name")

    def demanded(self) -> Iterable[tuple[Formula, ...]]:
        """What each row demands of the ARN's fields."""
        for row in self.rows:
            told = row.name or actions.of_stars(row.service, row.type)  # which may be a name of no letter
            yield demands(row) if told and not self.any_resource else ()


@lru_cache(maxsize=65536)
def _format(service: str, name: str, region: str, owner: str) -> tuple[Formula, ...]:
    parts: list[Text | Run] = []
    position = 0
    for found in _PLACEHOLDER.finditer(name):
        parts.append(Text(name[position : found.start()]))
        parts += open_part(service, found[1], name)
        position = found.end()
    parts.append(Text(name[position:]))
    out = [atom(Glob("resource.name", tuple(p for p in normal(tuple(parts)) if isinstance(p, Text | Run))))]
    if region:
        out.append(is_text("resource.region", region))
    if owner:
        out.append(is_text("resource.account", owner))
    return tuple(out)


@lru_cache(maxsize=16384)
def open_part(service: str, part: str, name: str) -> tuple[Text | Run, ...]:
    """What may stand in an open part of these names (W-12, W-40): anything where no page limits it."""
    limit = name_limit(service, part, name)
    if limit is None:
        return (Run(ANY, 1),)
    if limit.shape:
        return tuple(Run(DIGITS, 1, 1) if char == "#" else Text(char) for char in limit.shape)
    but = limit.characters.startswith("^")
    listed = limit.characters[but:]
    characters = _RANGE.sub(lambda found: "".join(map(chr, range(ord(found[1]), ord(found[2]) + 1))), listed)
    return (Run(CharSet(characters, but), 1, limit.most),)


def demands(row: Row) -> tuple[Formula, ...]:
    """What a row demands of the texts of its ARN: literals on the name, the Region and the owner."""
    return () if row.type is None else _shape_demands(row.service, row.type, row.name, row.region, row.has_account)


@lru_cache(maxsize=65536)
def _shape_demands(service: str, kind: str, name: str, region: str, has_account: bool) -> tuple[Formula, ...]:
    account = _account(service, kind)
    of_aws = account == "aws" or ("${" in account and not has_account)  # left empty for AWS's own resources alone
    return _format(service, name, region, "aws" if of_aws else "")


def _account(service: str, kind: str) -> str:
    """What stands in the account field of ARNs of a type, as the reference writes it; empty for an unknown type."""
    found = actions.resource_type(service, kind)
    return found.arn.split(":", 5)[4] if found and found.arn.count(":") >= 5 else ""


def _on_key(row: Row) -> bool:
    """A key policy governs the call: aliases have none, nor have calls that take no key (semantics 1.5.8, 3.4)."""
    if row.type is not None or row.service != "kms":
        return row.type != "alias"
    info = actions.action_info(row.lowered)
    return info is not None and any(use.type == "key" for use in info.resource_types)


def _invented(literal: Iterable[str]) -> list[Row]:
    """Rows for actions that a document names and the reference does not know: any resource, any key."""
    out = []
    for action in literal:
        service, _, name = action.lower().partition(":")
        for shape in ((False, False), (True, True), (True, False), (False, True)):
            out.append(Row(service, name, "any", service, *shape, "${Any}", "", frozenset("?")))
        out.append(Row(service, name, None, "", False, False, "", "", frozenset("?")))
    return out


@lru_cache(maxsize=65536)
def _regex(pattern: str) -> re.Pattern[str]:
    return re.compile("".join(".*" if c == "*" else "." if c == "?" else re.escape(c) for c in pattern), re.DOTALL)


def rows_by(values: Iterable[T]) -> dict[T, int]:
    """The places of each value, as a bit set; values in order of first appearance."""
    places: dict[T, list[int]] = {}
    for place, value in enumerate(values):
        places.setdefault(value, []).append(place)
    return {value: _bits(found) for value, found in places.items()}


def _bits(indexes: Iterable[int]) -> int:
    """The bit set of ascending indexes."""
    found = list(indexes)
    if len(found) < 8:
        out = 0
        for i in found:
            out |= 1 << i
        return out
    low = found[0] & ~7  # most sets lie close together
    array = bytearray((found[-1] - low >> 3) + 1)
    for i in found:
        i -= low
        array[i >> 3] |= 1 << (i & 7)
    return int.from_bytes(array, "little") << low


def places(found: int) -> Iterable[int]:
    """The indexes of a bit set, ascending."""
    while found:
        low = found & -found
        yield low.bit_length() - 1
        found ^= low


def union(sets: Iterable[int]) -> int:
    """The union of bit sets."""
    out = 0
    for bits in sets:
        out |= bits
    return out


__all__ = ["CALL", "Calls", "Row", "equal", "glob", "neg", "rows_of"]
