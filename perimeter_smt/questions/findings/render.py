"""A cube as elements of IAM: principals, actions, resources, a condition block, and a policy of just these requests."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from perimeter_smt.policy.kinds import Kind
from perimeter_smt.questions.findings.actions import Actions
from perimeter_smt.questions.findings.literals import Literal
from perimeter_smt.questions.findings.search import Cube

Block = dict[str, dict[str, list[str]]]
Named = tuple[str, str]  # type and value of a principal


@dataclass(frozen=True)
class Elements:
    """The requests of a finding: all elements hold; `except_` ones are left out; `other` is what no element says.

    `policy` allows what the elements say and no more, None where no policy can say it.
    """

    principals: tuple[Named, ...]
    except_principals: tuple[Named, ...]
    actions: tuple[str, ...]
    except_actions: tuple[str, ...]
    resources: tuple[str, ...]
    except_resources: tuple[str, ...]
    within: tuple[tuple[str, ...], ...]  # further lists of resources that must match as well
    condition: Block
    words: tuple[str, ...]
    other: tuple[str, ...]
    policy: dict[str, Any] | None
    numbers: tuple[int, ...]  # of the classes of actions


def elements(
    cube: Cube, literals: Sequence[Literal], actions: Actions, kind: Kind, without: frozenset[int] = frozenset()
) -> Elements:
    """What a cube says, as IAM writes it; `without`: classes of actions of which it holds no request."""
    listed: dict[str, list[list[Literal]]] = {"principal": [], "resource": [], "action": [], "other": []}
    left_out: dict[str, list[Literal]] = {"principal": [], "resource": []}
    condition: Block = {}
    tests: list[Said] = []
    exact = True
    for clause in cube:
        found = [literals[i] for i in clause if i >= 0]
        absent = any(i < 0 for i in clause)
        first = found[0]
        if first.field == "condition":
            exact = _add(condition, found, absent=absent) and exact
            tests.append(Said(first.operator, first.key, _values(found), absent))
        elif first.positive or first.field == "other":
            listed[first.field].append(found)
        else:
            left_out[first.field] += found
    numbers = [x.number for found in listed["action"] for x in found]
    classes = tuple(dict.fromkeys(numbers)) or tuple(one.number for one in actions.classes)
    classes = tuple(number for number in classes if number not in without) or classes
    patterns, but = actions.written(classes)
    principals = tuple(_entries(found) for found in listed["principal"])
    resources = [_values(found) for found in listed["resource"]]
    other = tuple(one.words for found in listed["other"] for one in found)
    out = Elements(
        principals[0] if principals else (("*", "*"),),
        _entries(left_out["principal"]),
        patterns,
        but,
        resources[0] if resources else ("*",),
        _values(left_out["resource"]),
        tuple(resources[1:]),
        condition,
        phrases(tests),
        other,
        None,
        classes,
    )
    if not exact or len(principals) > 1:
        return out
    return Elements(**{**vars(out), "policy": _policy(out, kind)})


def _policy(found: Elements, kind: Kind) -> dict[str, Any]:
    """An Allow of what is in, and a Deny for each part that is left out.

    What a caller may do because of its name alone, as where a resource policy names one session of a role, no policy of
    its own can say: it is said as a resource policy.
    """
    if kind.is_identity_type and (found.principals != (("*", "*"),) or found.except_principals):
        kind = Kind.RESOURCE
    everywhere: dict[str, Any] = {} if kind is Kind.TRUST else {"Resource": "*"}
    everybody: dict[str, Any] = {} if kind.is_identity_type else {"Principal": "*"}
    allow: dict[str, Any] = {"Effect": "Allow"}
    if everybody:
        allow["Principal"] = principal_json(found.principals)
    allow["Action"] = _short(found.actions)
    if everywhere:
        allow["Resource"] = _short(found.resources)
    if found.condition:
        allow["Condition"] = {
            operator: {key: _short(values) for key, values in keys.items()}
            for operator, keys in found.condition.items()
        }
    out = [allow]
    if found.except_principals:
        named = {"Principal": principal_json(found.except_principals)}
        out.append({"Effect": "Deny", **named, "Action": "*", **everywhere})
    if found.except_actions:
        out.append({"Effect": "Deny", **everybody, "Action": _short(found.except_actions), **everywhere})
    if found.except_resources:
        out.append({"Effect": "Deny", **everybody, "Action": "*", "Resource": _short(found.except_resources)})
    for values in found.within:
        out.append({"Effect": "Deny", **everybody, "Action": "*", "NotResource": _short(values)})
    return {"Version": "2012-10-17", "Statement": out}


def principal_json(entries: Iterable[Named]) -> Any:
    """The Principal element."""
    found = list(entries)
    if found == [("*", "*")]:
        return "*"
    out: dict[str, list[str]] = {}
    for kind, value in found:
        out.setdefault(kind, []).append(value)
    return {kind: _short(values) for kind, values in out.items()}


def _short(values: Sequence[str]) -> Any:
    return values[0] if len(values) == 1 else list(values)


def _entries(found: Iterable[Literal]) -> tuple[Named, ...]:
    return tuple((one.type, one.values[0]) for one in found)


def _values(found: Iterable[Literal]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for one in found for value in one.values))


def _add(block: Block, found: Sequence[Literal], *, absent: bool) -> bool:
    """Add a clause to a condition block; False if IAM has no way left to write it."""
    first, values = found[0], list(_values(found))
    for operator in _spellings(first.operator, absent=absent):
        keys = block.setdefault(operator, {})
        key = next((k for k in keys if k.lower() == first.key.lower()), None)
        if key is None:
            keys[first.key] = values
            return True
        if not first.positive:
            keys[key] += [value for value in values if value not in keys[key]]
            return True
    return False


def _spellings(operator: str, *, absent: bool) -> tuple[str, ...]:
    """Ways to write one condition: a block holds each operator once for a key, so that a second list needs another.

    With IfExists, and with a set operator on a key of one value, it says the same wherever the key is present.
    """
    if operator == "Null" or ":" in operator or operator.endswith("IfExists"):
        return (operator,)
    if absent:
        return f"{operator}IfExists", f"ForAllValues:{operator}"
    return operator, f"{operator}IfExists", f"ForAnyValue:{operator}", f"ForAllValues:{operator}"


_VERBS = {
    "StringEquals": "is",
    "StringEqualsIgnoreCase": "is, whatever its case,",
    "StringLike": "looks like",
    "ArnEquals": "looks like",
    "ArnLike": "looks like",
    "IpAddress": "lies in",
    "Bool": "is",
    "BinaryEquals": "is",
    "NumericEquals": "is",
    "NumericLessThan": "is less than",
    "NumericLessThanEquals": "is at most",
    "NumericGreaterThan": "is more than",
    "NumericGreaterThanEquals": "is at least",
    "DateEquals": "is",
    "DateLessThan": "is before",
    "DateLessThanEquals": "is not after",
    "DateGreaterThan": "is after",
    "DateGreaterThanEquals": "is not before",
}
_NOT = {
    "StringNotEquals": "is not",
    "StringNotEqualsIgnoreCase": "is not, whatever its case,",
    "StringNotLike": "does not look like",
    "ArnNotEquals": "does not look like",
    "ArnNotLike": "does not look like",
    "NotIpAddress": "does not lie in",
    "NumericNotEquals": "is not",
    "DateNotEquals": "is not",
}


@dataclass(frozen=True)
class Said:
    """One condition to be said in words; `absent`: a request without the key fits as well."""

    operator: str
    key: str
    values: Sequence[str]
    absent: bool

    @property
    def sent(self) -> bool:
        """Whether it says that the key is sent, and nothing else."""
        return self.operator == "Null" and self.values[0] == "false"

    @property
    def demands(self) -> bool:
        """Whether no request without the key fits."""
        if self.operator == "Null" or self.absent or self.operator.endswith("IfExists"):
            return self.sent
        prefix, _, base = self.operator.rpartition(":")
        return prefix == "ForAnyValue" or (not prefix and base in _VERBS)


def phrases(tests: Sequence[Said]) -> tuple[str, ...]:
    """Conditions that hold together, as phrases.

    Each leaves open by itself whether the key is sent; where another one says that it is, that goes without saying.
    """
    demanded = {one.key.lower() for one in tests if one.demands}
    told = {one.key.lower() for one in tests if _says_sent(one, demanded)}
    out = []
    for one in tests:
        key = one.key.lower()
        if not (one.sent and key in told):
            out.append(in_words(one.operator, one.key, one.values, absent=one.absent, sent=key in demanded))
    return tuple(dict.fromkeys(out))


def _says_sent(one: Said, demanded: set[str]) -> bool:
    """Whether the phrase tells a value, so that the key is sent: an exclusion does not, nor does a set of values."""
    prefix, _, base = one.operator.removesuffix("IfExists").rpartition(":")
    return one.key.lower() in demanded and base in _VERBS and prefix != "ForAllValues"


def in_words(operator: str, key: str, values: Sequence[str], *, absent: bool = False, sent: bool = False) -> str:
    """One condition as a phrase. `sent`: another one says that the key is sent."""
    if operator == "Null":
        return f"{key} is not sent" if values[0] == "true" else f"{key} is sent"
    base = operator.removesuffix("IfExists")
    absent = absent or base != operator
    prefix, _, base = base.rpartition(":")
    subject = {"ForAnyValue": f"some value of {key}", "ForAllValues": f"every value of {key}"}.get(prefix, key)
    verb = _VERBS.get(base) or _NOT[base]
    text = f"{subject} {verb} {_either(values)}"
    if sent:
        return text
    if base in _NOT and not prefix:
        return f"{text} (or is not sent)"
    return f"{text}, or is not sent" if absent else text


def _either(values: Sequence[str]) -> str:
    said = [value or "empty" for value in sorted(values, key=lambda value: not value)]
    return said[0] if len(said) == 1 else f"{', '.join(said[:-1])} or {said[-1]}"
