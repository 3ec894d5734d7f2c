"""Questions that several rules ask about a statement."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from perimeter_smt.policy.document import Condition, Element, Statement
from perimeter_smt.policy.json_positions import quoted
from perimeter_smt.policy.operators import Family, Quantifier
from perimeter_smt.policy.template import Wildcard, parse_template
from perimeter_smt.request.keys import key_info

VPC_KEYS = (
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:sourcevpcarn",
    "aws:vpcsourceip",
    "aws:vpceaccount",
    "aws:vpceorgid",
    "aws:vpceorgpaths",
)
NETWORK_KEYS = ("aws:sourceip", *VPC_KEYS)
ORGANIZATION_OF_CALLER = ("aws:principalorgid", "aws:principalorgpaths")
IDENTITY_KEYS = (*ORGANIZATION_OF_CALLER, "aws:principalaccount")
_OF_CALLERS = (*IDENTITY_KEYS, "aws:username")
RESOURCE_OWNER_KEYS = ("aws:resourceorgid", "aws:resourceorgpaths", "aws:resourceaccount")
SOURCE_KEYS = ("aws:sourceorgid", "aws:sourceorgpaths", "aws:sourceaccount")
_FORWARDED_KEYS = ("aws:viaawsservice", "aws:calledvia", "aws:calledviafirst", "aws:calledvialast", "kms:viaservice")


def on_keys(statement: Statement, names: Iterable[str]) -> Iterator[Condition]:
    """The conditions on these keys (lower case), but for Null."""
    wanted = frozenset(names)
    return (c for c in statement.conditions if c.name in wanted and c.operator.base.family is not Family.NULL)


def negated_on(statement: Statement, names: Iterable[str]) -> list[Condition]:
    """The conditions with a negated operator on these keys."""
    return [condition for condition in on_keys(statement, names) if condition.operator.base.negated]


def outside_network(statement: Statement) -> list[Condition]:
    """The conditions that hold for calls from elsewhere: a negated operator on a network key, or its absence."""
    absent = (
        condition
        for condition in statement.conditions
        if condition.name in NETWORK_KEYS
        and condition.operator.base.family is Family.NULL
        and {value.lower() for value in condition.values} == {"true"}
    )
    return [*negated_on(statement, NETWORK_KEYS), *absent]


def tests_any(statement: Statement, names: Iterable[str]) -> bool:
    """Whether any condition, Null included, stands on these keys."""
    wanted = frozenset(names)
    return any(condition.name in wanted for condition in statement.conditions)


def requires(statement: Statement, names: Iterable[str]) -> bool:
    """Whether the statement asks that one of these keys is present: `Null: {key: false}`, or any test that is false
    for an absent key, since all conditions of a statement must hold.
    """
    wanted = frozenset(names)
    return any(condition.name in wanted and _fails_when_absent(condition) for condition in statement.conditions)


def keys_of_callers_required(statement: Statement) -> Iterator[Condition]:
    """The conditions that only callers of an account meet: they want a key that says whose the caller is.

    Calls of service principals never carry one.
    """
    for condition in statement.conditions:
        known = condition.name in _OF_CALLERS or condition.name.startswith("aws:principaltag/")
        if known and _fails_when_absent(condition):
            yield condition


def _fails_when_absent(condition: Condition) -> bool:
    operator = condition.operator
    if operator.base.family is Family.NULL:
        return {value.lower() for value in condition.values} == {"false"}
    if operator.if_exists or operator.quantifier is Quantifier.FOR_ALL:
        return False
    return operator.quantifier is Quantifier.FOR_ANY or not operator.base.negated


def about_several_values(condition: Condition) -> bool:
    """Whether a set operator fits the key and its absence matters. Keys of one value are the business of PL045; a call
    without `aws:TagKeys` passes no tags, so that there is nothing to check.
    """
    info = key_info(condition.key)
    return (info.multivalued or not info.known) and not condition.name.endswith("tagkeys")


def exempts_forwarded(statement: Statement) -> bool:
    """Whether calls that a service makes with the caller's credentials are told apart."""
    return tests_any(statement, _FORWARDED_KEYS)


def has_wildcard(text: str, *, variables: bool) -> bool:
    """Whether `*` or `?` stands outside a variable."""
    return any(isinstance(part, Wildcard) for part in parse_template(text, wildcards=True, variables=variables))


def services_named(element: Element) -> frozenset[str] | None:
    """The service halves of the actions, lower case; None where every service is meant (`*`, NotAction)."""
    if element.negated or any(not value.strip("*:") for value in element.values):
        return None
    return frozenset(value.partition(":")[0].lower() for value in element.values if ":" in value)


def covers(element: Element, action: str) -> bool:
    """Whether the Action or NotAction element matches an action that is spelled in full."""
    return any(matches(pattern, action) for pattern in element.values) != element.negated


def matches(pattern: str, action: str) -> bool:
    """Whether an action pattern matches an action, without regard to case; linear in the action per star."""
    pattern, action = pattern.lower(), action.lower()
    if not pattern.strip("*:"):
        return bool(pattern.strip(":"))
    if sum(char != "*" for char in pattern) > len(action):
        return False
    at = start = 0
    star = -1
    position = 0
    while position < len(action):
        if at < len(pattern) and pattern[at] == "*":
            star, start = at, position
            at += 1
        elif at < len(pattern) and pattern[at] in ("?", action[position]):
            at, position = at + 1, position + 1
        elif star >= 0:
            start += 1
            at, position = star + 1, start
        else:
            return False
    return not pattern[at:].strip("*")


def listed(texts: Iterable[str], limit: int = 3) -> str:
    """A few texts in backticks, and how many more there are."""
    items = sorted(texts)
    shown = ", ".join(quoted(text) for text in items[:limit])
    return f"{shown} and {len(items) - limit} more" if len(items) > limit else shown
