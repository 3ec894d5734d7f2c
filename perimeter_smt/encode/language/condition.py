"""Conditions as formulas (semantics 2). One builder per operator family, registered below."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from typing import Literal

from perimeter_smt.encode.language.keys import Key, KeySpace, Slot
from perimeter_smt.encode.language.variables import Value, loosened, matches, pattern, resolve
from perimeter_smt.logic.atoms import ANY, DIGITS, NOT_COLON, CharSet, Compare, Parses, Ref, Run, Template, Text, Within
from perimeter_smt.logic.compose import glob_on
from perimeter_smt.logic.formula import (
    FALSE,
    TRUE,
    Formula,
    atom,
    boolean,
    both,
    conj,
    disj,
    either,
    glob,
    implies,
    ite,
    neg,
    sym,
)
from perimeter_smt.logic.interpret import instant, number
from perimeter_smt.policy import template as policy
from perimeter_smt.policy.document import Condition, Document
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.operators import BaseOperator, Family, Operator, Quantifier, Test

_CIDR = re.compile(r"[0-9a-fA-F:.]+(?:/[0-9]{1,3})?", re.ASCII)
# A date and a number at once: seconds since 1970 (global condition keys, aws:EpochTime: Date, Numeric).
_EPOCH_TIME = "aws:EpochTime"
_BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_RELATION: dict[Test, Literal["<", "<=", "=", ">", ">="]] = {
    Test.EQUALS: "=",
    Test.LESS: "<",
    Test.LESS_EQUALS: "<=",
    Test.GREATER: ">",
    Test.GREATER_EQUALS: ">=",
}


@dataclass(frozen=True)
class Pair:
    """One request value against one policy value: when the base test holds, and when its negation counts."""

    holds: Formula
    fails: Formula


@dataclass(frozen=True)
class Site:
    """Where a condition stands: the keys, whether variables are replaced, the key under test."""

    keys: KeySpace
    key: Key
    variables: Formula


Builder = Callable[[Site, Template, BaseOperator, str], Pair]
BUILDERS: dict[Family, Builder] = {}


def _handles(*families: Family) -> Callable[[Builder], Builder]:
    def register(builder: Builder) -> Builder:
        for family in families:
            BUILDERS[family] = builder
        return builder

    return register


def encode_condition(keys: KeySpace, document: Document, condition: Condition) -> Formula:
    """The condition holds (semantics 2.3 to 2.5). Unknown families raise KeyError: the table is complete by test."""
    key = keys.key(condition.name)
    operator = condition.operator
    if operator.base.family is Family.NULL:
        held = _null(key, condition.values)
        return held if operator.quantifier is None else both(held, neg(sym("X-30")))
    site = Site(keys, key, _variables(document))
    base = operator.base

    def element(term: Template) -> Formula:
        pairs = [_pair(site, term, base, value) for value in condition.values]
        return conj(p.fails for p in pairs) if base.negated else disj(p.holds for p in pairs)

    absent = boolean(base.negated or operator.if_exists)
    if operator.quantifier is None:
        if not key.info.multivalued:
            return ite(key.has, element(key.term), absent)
        if not key.info.known:  # a set operator elsewhere made it multivalued; one value is compared as ever
            one = conj(neg(slot.has) for slot in key.slots[1:])
            return ite(key.has, both(one, element(key.slots[0].term)), absent)
        # Nothing matches without a set operator; under X-6 any value does, and absence as of any other key.
        there = both(key.has, disj(slot.has for slot in key.slots))
        return both(sym("X-6"), ite(there, disj(both(s.has, element(s.term)) for s in key.slots), absent))
    slots = key.slots if key.info.multivalued else (Slot(key.has, key.term),)
    if operator.quantifier is Quantifier.FOR_ALL:
        return either(neg(key.has), conj(implies(s.has, either(_ignored(s), element(s.term))) for s in slots))
    return _some(operator, key.has, slots, element)


def _some(operator: Operator, has: Formula, slots: Sequence[Slot], element: Callable[[Template], Formula]) -> Formula:
    """ForAnyValue (2.4)."""
    some = both(has, disj(both(s.has, element(s.term)) for s in slots))
    if operator.if_exists:
        nothing = either(neg(has), conj(neg(s.has) for s in slots))
        return either(some, both(nothing, neg(sym("X-5"))))
    return some


def _variables(document: Document) -> Formula:
    """Variables are replaced under version 2012; in RCPs that is an open point (X-17)."""
    if not document.has_variables:
        return FALSE
    return neg(sym("X-17")) if document.kind is Kind.RCP else TRUE


def _ignored(slot: Slot) -> Formula:
    """ForAllValues passes over empty texts (X-8)."""
    return both(glob_on(slot.term, ()), neg(sym("X-8")))


def _null(key: Key, values: tuple[str, ...]) -> Formula:
    if key.info.multivalued:
        empty = conj(implies(s.has, both(glob_on(s.term, ()), neg(sym("X-8")))) for s in key.slots)
    else:
        empty = both(glob_on(key.term, ()), neg(sym("X-8")))
    null = either(neg(key.has), empty)
    wanted = {value.lower() for value in values}
    return either(both(boolean("true" in wanted), null), both(boolean("false" in wanted), neg(null)))


def _pair(site: Site, term: Template, base: BaseOperator, value: str) -> Pair:
    return BUILDERS[base.family](site, term, base, value)


def _both_ways(site: Site, base: BaseOperator, value: str, build: Callable[[policy.Template], Pair]) -> Pair:
    """The value read with variables and, where that is open or off, as plain text."""
    plain = policy.parse_template(value, wildcards=base.wildcards, variables=False)
    filled = policy.parse_template(value, wildcards=base.wildcards, variables=True)
    on = site.variables
    if base.family is Family.BOOL:
        on = both(on, neg(sym("X-15")))
    if plain == filled or on is FALSE:
        return build(plain)
    a = build(filled)
    if on is TRUE:
        return a
    b = build(plain)
    return Pair(ite(on, a.holds, b.holds), ite(on, a.fails, b.fails))


@_handles(Family.STRING)
def _string(site: Site, term: Template, base: BaseOperator, value: str) -> Pair:
    fold = base.test is Test.EQUALS_IGNORE_CASE
    return _both_ways(site, base, value, lambda parts: _glob_pair(site, term, parts, fold=fold, act=base.wildcards))


@_handles(Family.BOOL)
def _bool(site: Site, term: Template, base: BaseOperator, value: str) -> Pair:
    def build(parts: policy.Template) -> Pair:
        if all(isinstance(p, policy.Literal) for p in parts):
            text = "".join(p.text for p in parts if isinstance(p, policy.Literal)).lower()
            held = glob_on(term, (Text(text, True),)) if text in ("true", "false") else FALSE
            return Pair(held, neg(held))
        found = _glob_pair(site, term, parts, fold=True, act=False)
        proper = either(glob_on(term, (Text("true", True),)), glob_on(term, (Text("false", True),)))
        return Pair(both(found.holds, proper), neg(both(found.holds, proper)))

    return _both_ways(site, base, value, build)


def _glob_pair(site: Site, term: Template, parts: policy.Template, *, fold: bool, act: bool) -> Pair:
    """`act`: the operator knows wildcards, so that those inside a value might act as well (X-42)."""
    resolved = resolve(parts, site.keys)
    held = disj(
        both(choice.guard, matches(site.keys, term, pattern(choice.parts, fold=fold))) for choice in resolved.choices
    )
    if act:
        held = loosened(site.keys, resolved, held, (term, parts, fold))
    return Pair(held, ite(resolved.unset, neg(sym("X-16")), neg(held)))


@_handles(Family.NUMERIC)
def _numeric(site: Site, term: Template, base: BaseOperator, value: str) -> Pair:
    bound = number(value)
    if bound is not None and site.key.info.key == _EPOCH_TIME:
        return _epoch_first(site, term, base, bound)
    if bound is not None and site.keys.holds_whole_numbers(site.key.info.key):
        return _whole(site, term, base, bound)
    return _typed(site, term, base, "number", bound)


def _whole(site: Site, term: Template, base: BaseOperator, bound: Fraction) -> Pair:
    """Comparison of a key that holds whole numbers: by the halves between them (W-12).

    What lies below a half and what lies above it leave nothing between: at most it, or above it.
    """
    var = site.keys.text_variable(term)
    low, high = floor(bound), ceil(bound)
    half = Fraction(1, 2)
    below = {"<": high - half, "<=": low + half, "=": low + half}.get(_RELATION[base.test])
    above = {">": low + half, ">=": high - half, "=": high - half}.get(_RELATION[base.test])
    held = both(
        TRUE if below is None else atom(Compare(var, "number", "<=", below)),
        TRUE if above is None else atom(Compare(var, "number", ">", above)),
    )
    return Pair(held, _unless_unparsed(site, var, "number", held))


@_handles(Family.DATE)
def _date(site: Site, term: Template, base: BaseOperator, value: str) -> Pair:
    chosen = _typed(site, term, base, "instant", instant(value))
    rival = _epoch_first(site, term, base, instant(value, year_first=False))
    if rival != chosen:
        epoch = sym("X-14")
        return Pair(ite(epoch, rival.holds, chosen.holds), ite(epoch, rival.fails, chosen.fails))
    return chosen


def _epoch_first(site: Site, term: Template, base: BaseOperator, bound: Fraction | None) -> Pair:
    """Dates with four digits read as epoch seconds, on either side (X-14)."""
    rival = _typed(site, term, base, "instant", bound)
    if bound is None or (site.key.parses and site.key.info.type == "Date"):  # AWS sends whole dates
        return rival
    four = glob_on(term, (Run(DIGITS, 4, 4),))
    number_of = atom(Compare(site.keys.text_variable(term), "number", _RELATION[base.test], bound))
    return Pair(ite(four, number_of, rival.holds), ite(four, neg(number_of), rival.fails))


def _typed(
    site: Site, term: Template, base: BaseOperator, view: Literal["number", "instant"], bound: Fraction | None
) -> Pair:
    if bound is None:  # the policy's own value does not parse (2.8)
        return Pair(FALSE, neg(sym("X-10")))
    var = site.keys.text_variable(term)
    held = atom(Compare(var, view, _RELATION[base.test], bound))
    return Pair(held, _unless_unparsed(site, var, view, held))


def _unless_unparsed(site: Site, var: str, view: Literal["number", "instant", "address"], held: Formula) -> Formula:
    """The negation; of a value that does not parse it is true, or false under X-10."""
    expected = {"number": "Numeric", "instant": "Date", "address": "IPAddress"}[view]
    if site.key.parses and site.key.info.type == expected:
        return neg(held)
    return both(neg(held), either(atom(Parses(var, view)), neg(sym("X-10"))))


@_handles(Family.IP)
def _ip(site: Site, term: Template, base: BaseOperator, value: str) -> Pair:  # noqa: ARG001
    if not _CIDR.fullmatch(value):  # no masks, no zones: standard CIDR or a bare address (2.6)
        return Pair(FALSE, neg(sym("X-10")))
    try:
        network = ipaddress.ip_network(value, strict=False)
    except ValueError:
        return Pair(FALSE, neg(sym("X-10")))
    var = site.keys.text_variable(term)
    family: Literal[4, 6] = 4 if network.version == 4 else 6
    held = atom(Within(var, family, int(network.network_address), network.prefixlen))
    if family == 6 and "/" not in value:
        wide = ipaddress.ip_network(f"{value}/32", strict=False)
        held = ite(sym("X-9"), atom(Within(var, 6, int(wide.network_address), 32)), held)
    return Pair(held, _unless_unparsed(site, var, "address", held))


@_handles(Family.BINARY)
def _binary(site: Site, term: Template, base: BaseOperator, value: str) -> Pair:  # noqa: ARG001
    try:
        canonical = base64.b64encode(base64.b64decode(value, validate=True)).decode("ascii")
    except (binascii.Error, ValueError):
        return Pair(FALSE, TRUE)
    held = glob_on(term, _spellings(canonical))
    return Pair(held, neg(held))


def _spellings(canonical: str) -> Template:
    """Every text that decodes to the same bytes: the spare bits of the last character do not count."""
    padding = len(canonical) - len(canonical.rstrip("="))
    if not padding:
        return (Text(canonical),) if canonical else ()
    last = canonical[-padding - 1]
    first = _BASE64.index(last)
    spare = 16 if padding == 2 else 4
    same = CharSet(_BASE64[first : first + spare])
    return (Text(canonical[: -padding - 1]), Run(same, 1, 1), Text("=" * padding))


@_handles(Family.ARN)
def _arn(site: Site, term: Template, base: BaseOperator, value: str) -> Pair:
    return _both_ways(site, base, value, lambda parts: _arn_pair(site, term, parts))


def _arn_pair(site: Site, term: Template, parts: policy.Template) -> Pair:
    proper = _is_arn(site, term)
    wrong = sym("X-12")  # the request value is no ARN: both false, or the negation true
    if parts and all(p == policy.Wildcard("*") for p in parts):
        return Pair(proper, both(neg(proper), wrong))
    resolved = resolve(parts, site.keys)
    fields = policy.split_fields(parts)
    short = len(fields) < 6
    held = disj(
        both(
            choice.guard,
            either(
                _arn_match(site, term, choice.parts, runs_on=False),
                both(sym("X-38"), _arn_match(site, term, choice.parts, runs_on=True)),
            ),
        )
        for choice in resolved.choices
    )
    held = loosened(site.keys, resolved, held, ("arn", term, parts))
    if short:
        held = both(sym("X-13"), held)
    fails = ite(resolved.unset, neg(sym("X-16")), neg(held))
    if short:
        fails = ite(sym("X-13"), fails, TRUE)
    fails = ite(proper, fails, wrong)
    return Pair(both(proper, held), fails)


def _is_arn(site: Site, term: Template) -> Formula:
    if (isinstance(term[0], Text) and term[0].text.startswith("arn:")) or (
        site.key.parses and site.key.info.type == "ARN"
    ):
        return TRUE
    return atom(Parses(site.keys.text_variable(term), "arn"))


def _arn_match(
    site: Site, term: Template, parts: tuple[policy.Literal | policy.Wildcard | Value, ...], *, runs_on: bool
) -> Formula:
    """Field by field: wildcards stay inside fields one to five; a missing field is any text."""
    fields = _split(parts)
    fields += [(policy.Wildcard("*"),)] * (6 - len(fields))
    out: list[Text | Run | Ref] = []
    guards = []
    for index, part in enumerate(fields):
        chars = ANY if index == 5 else NOT_COLON
        piece = list(pattern(part, chars))
        if runs_on and index < 5 and piece and piece[-1] == Run(NOT_COLON):
            piece[-1] = Run(ANY)
        if index < 5:
            guards += [glob(p.var, (Run(NOT_COLON),)) for p in piece if isinstance(p, Ref)]
        out += [*([Text(":")] if index else []), *piece]
    return both(*guards, matches(site.keys, term, tuple(out)))


def _split(
    parts: tuple[policy.Literal | policy.Wildcard | Value, ...],
) -> list[tuple[policy.Literal | policy.Wildcard | Value, ...]]:
    """Cut at the first five colons of literal text; the values of variables never cut (2.7)."""
    fields: list[list[policy.Literal | policy.Wildcard | Value]] = [[]]
    for part in parts:
        if not isinstance(part, policy.Literal):
            fields[-1].append(part)
            continue
        pieces = part.text.split(":", 6 - len(fields))
        if pieces[0]:
            fields[-1].append(policy.Literal(pieces[0]))
        fields += [[policy.Literal(piece)] if piece else [] for piece in pieces[1:]]
    return [tuple(field) for field in fields]
