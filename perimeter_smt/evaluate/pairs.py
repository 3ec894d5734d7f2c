"""One request value against one policy value, for every family of operators (semantics 2.2, 2.6 to 2.9)."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from fractions import Fraction

from perimeter_smt.evaluate import operands, variables
from perimeter_smt.evaluate.arns import Style, arn_test, is_short
from perimeter_smt.evaluate.globs import SEPARATOR, Atom, Matcher, fold, literal, matcher
from perimeter_smt.evaluate.view import Rivals, View, cut
from perimeter_smt.policy.operators import BaseOperator, Family, Test
from perimeter_smt.policy.template import Literal, Template, Wildcard, is_full_star, parse_template

# What a pair comes to. A value that is no ARN fails a positive operator and a negated one alike.
FALSE, TRUE, NEITHER = 0, 1, 2
Pair = Callable[[str, View], int]

_ORDER: Mapping[Test, Callable[..., bool]] = {
    Test.EQUALS: operator.eq,
    Test.LESS: operator.lt,
    Test.LESS_EQUALS: operator.le,
    Test.GREATER: operator.gt,
    Test.GREATER_EQUALS: operator.ge,
}


def pair(base: BaseOperator, text: str, name: str, *, has_variables: bool, rivals: Rivals) -> Pair:
    """The comparison of a value of the key `name` with the policy value `text`; `has_variables`: variables count."""
    if base.family is Family.NUMERIC and name == "aws:epochtime":
        return _epoch_seconds(base, text, rivals)
    return _FAMILIES[base.family](base, text, has_variables and base.variables, rivals)


def _string(base: BaseOperator, text: str, has_variables: bool, rivals: Rivals) -> Pair:
    ignore_case = base.test is Test.EQUALS_IGNORE_CASE
    template = parse_template(text, wildcards=base.wildcards, variables=has_variables)
    used = variables.names([template])
    if not used:
        fixed = _text_matcher(template, ignore_case)
        return lambda value, _: fixed(value)
    act = base.wildcards and "X-42" in rivals
    unset = _unset(base, rivals)
    seen: dict[variables.Values, Matcher] = {}

    def compare(value: str, view: View) -> int:
        texts = variables.values(used, view)
        if texts is None:
            return unset
        if texts not in seen:
            if len(seen) >= variables.REMEMBERED:
                seen.clear()
            seen[texts] = _text_matcher(variables.substituted((template,), texts, act)[0], ignore_case)
        return seen[texts](value)

    return compare


def _unset(base: BaseOperator, rivals: Rivals) -> int:
    """A value with an unset variable equals nothing; the other reading fails negated operators too (X-16)."""
    return NEITHER if base.negated and "X-16" in rivals else FALSE


def _text_matcher(template: Template, ignore_case: bool) -> Matcher:
    if all(isinstance(part, Literal) for part in template):
        plain = "".join(part.text for part in template if isinstance(part, Literal))
        if not ignore_case:
            return plain.__eq__
        folded = fold(plain)
        return lambda value: fold(value) == folded
    atoms: list[Atom] = []
    for part in template:
        if isinstance(part, Literal):
            atoms += literal(part.text, ignore_case=ignore_case)
        elif isinstance(part, Wildcard):
            atoms.append(Atom(None, star=part.char == "*"))
    return matcher(atoms)


def _arn(base: BaseOperator, text: str, has_variables: bool, rivals: Rivals) -> Pair:
    no_arn = FALSE if "X-12" in rivals else NEITHER
    pad = "X-13" in rivals
    if is_full_star(text):
        return lambda value, _: no_arn if cut(value) is None else TRUE
    if is_short(text, has_variables=has_variables) and not pad:
        return lambda value, _: no_arn if cut(value) is None else FALSE
    style = Style(run_on="X-38" in rivals, pad=pad, resource=False)
    test = arn_test(text, style, has_variables=has_variables, rivals=rivals)
    unset = _unset(base, rivals)

    def compare(value: str, view: View) -> int:
        fields = cut(value)
        if fields is None:
            return no_arn
        found = test(SEPARATOR.join(fields), view)
        return unset if found is None else found

    return compare


def _parsed(
    read: Callable[[str], object], text: str, base: BaseOperator, rivals: Rivals, test: Callable[..., bool]
) -> Pair:
    """Both sides are read as values; where one does not parse, a negated operator is true (X-10)."""
    wanted = read(text)
    unread = NEITHER if base.negated and "X-10" in rivals else FALSE
    if wanted is None:
        return lambda _value, _view: unread

    def compare(value: str, _: View) -> int:
        found = read(value)
        return unread if found is None else test(found, wanted)

    return compare


def _numeric(base: BaseOperator, text: str, _: bool, rivals: Rivals) -> Pair:
    return _parsed(operands.number, text, base, rivals, _ORDER[base.test])


def _epoch_seconds(base: BaseOperator, text: str, rivals: Rivals) -> Pair:
    """`aws:EpochTime` under numeric operators: the seconds since 1970, however the request spells the moment.

    Source: global condition keys, aws:EpochTime, whose data type is Date, Numeric.
    """
    wanted = operands.number(text)
    unread = NEITHER if base.negated and "X-10" in rivals else FALSE
    seconds, holds = None if wanted is None else Fraction(wanted), _ORDER[base.test]

    def compare(value: str, _: View) -> int:
        found = operands.instant(value, four_digits_are_epoch=True)
        return unread if found is None or seconds is None else holds(found, seconds)

    return compare


def _date(base: BaseOperator, text: str, _: bool, rivals: Rivals) -> Pair:
    epoch = "X-14" in rivals
    return _parsed(lambda value: operands.instant(value, epoch), text, base, rivals, _ORDER[base.test])


def _binary(base: BaseOperator, text: str, _: bool, rivals: Rivals) -> Pair:
    return _parsed(operands.binary, text, base, rivals, operator.eq)


def _ip(base: BaseOperator, text: str, _: bool, rivals: Rivals) -> Pair:
    unread = NEITHER if base.negated and "X-10" in rivals else FALSE
    wanted = operands.network(text, 32 if "X-9" in rivals else 128)
    if wanted is None:
        return lambda _value, _view: unread
    version, low, high = wanted.version, int(wanted.network_address), int(wanted.broadcast_address)

    def compare(value: str, _: View) -> int:
        found = operands.address(value)
        if found is None:
            return unread
        return found.version == version and low <= int(found) <= high

    return compare


def _bool(base: BaseOperator, text: str, has_variables: bool, rivals: Rivals) -> Pair:
    if not has_variables or "X-15" in rivals:
        return _parsed(operands.boolean, text, base, rivals, operator.eq)
    template = parse_template(text, wildcards=False, variables=True)
    used = variables.names([template])

    def compare(value: str, view: View) -> int:
        texts = variables.values(used, view)
        if texts is None:
            return FALSE
        filled = variables.substituted((template,), texts, False)[0]
        wanted = operands.boolean("".join(part.text for part in filled if isinstance(part, Literal)))
        found = operands.boolean(value)
        return found is not None and found is wanted

    return compare


def _null(_base: BaseOperator, text: str, _: bool, _rivals: Rivals) -> Pair:
    """The value is `true` where the key is absent or null, `false` otherwise (conditions.py)."""
    wanted = text.lower()
    return lambda value, _: value == wanted


_FAMILIES: Mapping[Family, Callable[[BaseOperator, str, bool, Rivals], Pair]] = {
    Family.STRING: _string,
    Family.NUMERIC: _numeric,
    Family.DATE: _date,
    Family.BOOL: _bool,
    Family.BINARY: _binary,
    Family.IP: _ip,
    Family.ARN: _arn,
    Family.NULL: _null,
}
