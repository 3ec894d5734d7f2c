"""How much a policy admits: actions, source addresses, accounts and resource names, counted.

Exact where what is counted is a finite list or falls into parts that the policy treats alike: actions are rows of the
catalogue, addresses intervals between the ranges that policies and axioms name, accounts the ids that are named and
all others. Names of resources are texts up to a length that the patterns match, not resources that exist.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from typing import Any

from perimeter_smt.encode.language.principal import IAM
from perimeter_smt.encode.world.catalogue import CALL, Calls, rows_by
from perimeter_smt.encode.world.world import World
from perimeter_smt.errors import InputError
from perimeter_smt.logic.atoms import Member, Within
from perimeter_smt.logic.formula import Formula, atom, both, is_text, neg, walk
from perimeter_smt.logic.interpret import truth
from perimeter_smt.policy.document import Document
from perimeter_smt.questions import documents as posed
from perimeter_smt.questions.distinct_calls import services_named, unknown_actions
from perimeter_smt.questions.findings.literals import Literal, literals_of, separate
from perimeter_smt.questions.findings.texts import count_texts
from perimeter_smt.request.request import Principal, Request
from perimeter_smt.solve.engine import Engine
from perimeter_smt.solve.result import Limits
from perimeter_smt.witness.replay import allows

_ACCOUNT = re.compile(r"(?<![0-9])[0-9]{12}(?![0-9])")
_FIELDS = ("aws:principalaccount", "aws:principalarn", "kms:calleraccount", "aws:userid")
ACCOUNTS = 10**12


@dataclass(frozen=True)
class Count:
    """A number, exact or with bounds: at least `low`, at most `high`."""

    low: int
    high: int
    note: str = ""

    @property
    def exact(self) -> bool:
        """Whether the number is known."""
        return self.low == self.high

    @property
    def undecided(self) -> bool:
        """Whether bounds are all there is, without a reason that the policy gives."""
        return not self.exact and not self.note


@dataclass(frozen=True)
class Measure:
    """What a policy admits. `resources` counts texts of ARNs of up to `length` characters; None: no resources."""

    source: str
    actions: Count
    ipv4: Count
    ipv6: Count
    accounts: Count
    resources: Count | None
    length: int

    @property
    def counts(self) -> dict[str, Count]:
        """Every number by name."""
        found = {"actions": self.actions, "ipv4": self.ipv4, "ipv6": self.ipv6, "accounts": self.accounts}
        return found | ({"resources": self.resources} if self.resources else {})


class _Counted(Calls):
    """A catalogue with further sets, named by their number."""

    def add(self, name: str, rows: int) -> None:
        """Name a set of rows."""
        self._sets[name] = rows


def measure(document: Document, *, length: int = 64, limits: Limits | None = None) -> Measure:
    """Count what the policy by itself allows, for some caller, over some network. InputError for a length under 1."""
    if length < 1:
        raise InputError(f"length {length}: expected at least 1", path="--length")
    world = posed.world_of([document, *separate([document])], free_context=False)
    access = posed.allows_alone(world.policies, document)
    sent = world.keys.key("aws:sourceip").has
    literals = [one for one in literals_of(world.keys, [document], ()) if one.field == "resource"]
    posed.assemble(world, [access, sent, *(one.formula for one in literals)], [document], free_context=False)
    allow = document.model_copy(update={"statements": tuple(s for s in document.statements if s.effect == "Allow")})
    calls = _Counted(services_named([allow]), unknown_actions([allow]))
    world.calls = calls
    groups = _groups(world, [access, *(one.formula for one in literals)], calls)
    cuts = _cuts(world)
    regions = {family: list(_regions(cuts[family], family)) for family in (4, 6)}
    accounts = {i: is_text("principal.account", i) for i in _named_accounts(document)}
    nobody = both(IAM, *(neg(fact) for fact in accounts.values()))
    mode = posed.mode_of(world, "exact")
    asked = [access, mode, sent, nobody, *accounts.values(), *(one.formula for one in literals), *groups.values()]
    asked += [region for found in regions.values() for region, _ in found]
    engine = Engine(world.problem(asked), limits or Limits())

    def some(*facts: Formula) -> bool | None:
        status = engine.check([access, mode, *facts]).status
        return None if status == "unknown" else status == "sat"

    return Measure(
        document.location.file,
        _actions(calls, groups, engine, (access, mode)),
        _addresses(regions[4], sent, some),
        _addresses(regions[6], sent, some),
        _accounts(document, accounts, nobody, some),
        _resources(document, literals, engine, (access, mode), length),
        length,
    )


def _groups(world: World, asked: Sequence[Formula], calls: _Counted) -> dict[int, Formula]:
    """Rows that no formula tells apart, as a bit set with the formula that the call is one of them."""
    sets = [calls.members(name) for name in world.sets(asked)]
    marks = [0] * len(calls.rows)
    for number, rows in enumerate(sets):
        while rows:
            low = rows & -rows
            marks[low.bit_length() - 1] |= 1 << number
            rows ^= low
    out: dict[int, Formula] = {}
    for number, rows in enumerate(rows_by(zip(marks, map(tuple, calls.demanded()), strict=True)).values()):
        calls.add(f"group {number}", rows)
        out[rows] = atom(Member(CALL, f"group {number}"))
    return out


def _actions(calls: Calls, groups: Mapping[int, Formula], engine: Engine, given: tuple[Formula, ...]) -> Count:
    """Actions that some request calls. A request found is carried over to every row that it fits as well."""
    sure: set[str] = set()
    unsure: set[str] = set()
    for rows, here in groups.items():
        names = {calls.rows[i].lowered for i in _places(rows)}
        if names <= sure:
            continue
        result = engine.check([*given, here])
        if result.status == "sat":
            sure |= names | {calls.rows[i].lowered for i in _places(engine.spread(result, given).rows)}
        elif result.status == "unknown":
            unsure |= names
    return Count(len(sure), len(sure | unsure))


def _places(rows: int) -> Iterator[int]:
    while rows:
        low = rows & -rows
        yield low.bit_length() - 1
        rows ^= low


def _cuts(world: World) -> dict[int, list[int]]:
    """The first and following addresses of every range that formulas test on the source address, by family."""
    out: dict[int, set[int]] = {4: {0, 1 << 32}, 6: {0, 1 << 128}}
    for assertion in world.assertions:
        for node in walk(assertion.formula):
            fact = node.payload
            if node.op == "atom" and isinstance(fact, Within) and fact.var == "source.address":
                size = 1 << (32 if fact.family == 4 else 128) - fact.prefix
                start = fact.network // size * size
                out[fact.family] |= {start, start + size}
    return {family: sorted(found) for family, found in out.items()}


def _regions(cuts: Sequence[int], family: int) -> Iterator[tuple[Formula, int]]:
    """Between two cuts all addresses are alike: one of them, and how many there are."""
    for start, end in pairwise(cuts):
        bits = 32 if family == 4 else 128
        yield atom(Within("source.address", 4 if family == 4 else 6, start, bits)), end - start


def _addresses(regions: Iterable[tuple[Formula, int]], sent: Formula, some: Any) -> Count:
    """Addresses that a call over the internet may come from."""
    low = high = 0
    for here, size in regions:
        answer = some(here, sent)
        low += size if answer else 0
        high += size if answer is not False else 0
    return Count(low, high)


def _accounts(document: Document, named: Mapping[str, Formula], nobody: Formula, some: Any) -> Count:
    found = [some(fact, IAM) for fact in named.values()]
    others = some(nobody)
    rest = ACCOUNTS - len(named)
    low, high = sum(1 for a in found if a), sum(1 for a in found if a is not False)
    if others is False:
        return Count(low, high)
    if _looks_at_accounts(document):
        return Count(low + 1, high + rest, "patterns tell accounts apart that no id names")
    return Count(low + (rest if others else 0), high + rest)


def _named_accounts(document: Document) -> list[str]:
    return sorted({found for text in _texts(document) for found in _ACCOUNT.findall(text)})


def _texts(document: Document) -> Iterator[str]:
    for statement in document.statements:
        if statement.principal is not None:
            yield from (entry.value for entry in statement.principal.entries)
        for condition in statement.conditions:
            yield from condition.values


def _looks_at_accounts(document: Document) -> bool:
    """Whether some condition compares the caller's account with a pattern or a variable."""
    for statement in document.statements:
        for condition in statement.conditions:
            if condition.name in _FIELDS and any(c in v for v in condition.values for c in "*?$"):
                if condition.name != "aws:principalarn" or any(_open_account(v) for v in condition.values):
                    return True
    return False


def _open_account(arn: str) -> bool:
    fields = arn.split(":", 5)
    return len(fields) < 6 or (any(c in fields[4] for c in "*?$") and fields[4] != "*")


def _resources(
    document: Document, literals: Sequence[Literal], engine: Engine, given: tuple[Formula, ...], length: int
) -> Count | None:
    """Texts that resource patterns admit: part by part, as the patterns cut them, each asked for access."""
    plain = [one for one in literals if one.positive]
    if not plain or all(s.resource is None for s in document.statements):
        return None
    if any("$" in one.values[0] for one in plain):
        return Count(0, count_texts([], [], length), "a pattern holds a variable")
    if any(c in field for one in plain for field in one.values[0].split(":", 5)[:5] for c in "*?"):
        return Count(0, count_texts([], [], length), "a wildcard stands before the name, where it ends with its field")
    parts: list[list[bool]] = []
    blocked: list[Formula] = []
    while (result := engine.check([*given, *blocked])).status == "sat":
        assert result.model is not None
        signs = [truth(one.formula, result.model) for one in plain]
        parts.append(signs)
        here = both(*(one.formula if sign else neg(one.formula) for one, sign in zip(plain, signs, strict=True)))
        blocked.append(neg(here))
    total = 0
    for signs in parts:
        inside = [one.values[0] for one, sign in zip(plain, signs, strict=True) if sign]
        outside = [one.values[0] for one, sign in zip(plain, signs, strict=True) if not sign]
        total += count_texts(inside, outside, length)
    high = total if result.status == "unsat" else count_texts([], [], length)
    return Count(total, high, "ARNs that patterns match, whether there could be such a resource or not")


def count_in_domain(
    document: Document, domain: Mapping[str, Sequence[str]], keys: Mapping[str, Sequence[str]] | None = None
) -> int:
    """How many requests of a finite domain the policy allows, one by one through the evaluator.

    `domain` lists `actions`, `resources` and, if need be, `principals` (ARNs of users, or account ids); `keys` the
    values of condition keys.
    """
    principals = domain.get("principals") or ("",)
    values = keys or {}
    return sum(
        allows(document, _request(action, resource, principal, dict(zip(values, chosen, strict=True))))
        for action, resource, principal, *chosen in product(
            domain["actions"], domain["resources"], principals, *values.values()
        )
    )


def _request(action: str, resource: str, principal: str, context: dict[str, str]) -> Request:
    arn = principal if principal.startswith("arn:") else f"arn:aws:iam::{principal or '111122223333'}:user/alice"
    account = arn.split(":")[4]
    return Request(
        principal=Principal(type="user", arn=arn, account=account),
        action=action,
        resource=resource,
        context={**context},
    )
