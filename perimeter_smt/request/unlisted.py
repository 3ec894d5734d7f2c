"""Actions that stand for what a pattern reaches beyond the service reference.

The reference is of a day; services and actions come every week. A pattern that reaches none of its actions was written
for something, and IAM matches it with whatever is called ("Action" in the IAM guide's elements reference: wildcards
match any action, also one that AWS adds later).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from perimeter_smt.request import actions

_FRESH = "xqzjvkwyuhbfgpmdlcrnsatoie0123456789"


def unlisted(patterns: Iterable[str]) -> tuple[str, ...]:
    """An action for each pattern that reaches no known one, and one for each two that meet without one in the other.

    What a `*` or `?` stands for has a letter that no pattern has, so that a pattern holds the action of another just
    if it covers it.
    """
    told = [low for low in dict.fromkeys(text.lower() for text in patterns) if _is_pattern(low)]
    alone = [low for low in told if _reaches_nothing(low)]
    if not alone:
        return ()
    letters = set("".join(told))
    fresh = next((letter for letter in _FRESH if letter not in letters), _FRESH[0])
    own = {low: _of(low, fresh) for low in told}
    out = dict.fromkeys(own[low] for low in alone)
    for low in alone:
        for other in told:
            if other != low and not _matches(other, own[low]) and not _matches(low, own[other]):
                both = _common(low, other, fresh)
                if both is not None:
                    out.setdefault(both)
    return tuple(out)


def of_service(service: str) -> str:
    """An action of a service that the reference does not know: what patterns for every service reach of it."""
    return f"{service}:{_FRESH[0] * 2}"


def is_beyond(text: str) -> bool:
    """Whether an action or a pattern of actions reaches none that the reference knows."""
    low = text.lower()
    if _is_pattern(low):
        return _reaches_nothing(low)
    return ":" in low and not any(c in low for c in "*?") and actions.action_info(low) is None


@lru_cache(maxsize=4096)
def is_unlisted(arn_service: str) -> bool:
    """Whether no ARN of the reference has this service in it."""
    return arn_service not in actions.services() and arn_service not in _arn_services()


@lru_cache(maxsize=1)
def _arn_services() -> frozenset[str]:
    types = (kind for service in actions.services() for kind in actions.resource_types(service))
    return frozenset(kind.arn.split(":", 3)[2] for kind in types if kind.arn.count(":") > 2)


def _is_pattern(text: str) -> bool:
    service, colon, _ = text.partition(":")
    return bool(colon and service.strip("*")) and any(c in text for c in "*?")


@lru_cache(maxsize=16384)
def _reaches_nothing(pattern: str) -> bool:
    service, _, name = pattern.partition(":")
    if any(c in service for c in "*?"):
        found, own = _regex(service), _regex(name)
        services = [prefix for prefix in actions.services() if found.fullmatch(prefix)]
    else:
        services, own = [service], _regex(name)
    return not any(own.fullmatch(info.name.lower()) for prefix in services for info in actions.actions(prefix))


def glob_matches(pattern: str, text: str) -> bool:
    """Whether a pattern of actions matches; both in lower case."""
    return _matches(pattern, text)


def _of(pattern: str, fresh: str) -> str:
    return re.sub(r"\*+", "*", pattern).replace("*", fresh * 2).replace("?", fresh)


def _matches(pattern: str, text: str) -> bool:
    return _regex(pattern).fullmatch(text) is not None


@lru_cache(maxsize=16384)
def _regex(pattern: str) -> re.Pattern[str]:
    return re.compile("".join({"*": ".*", "?": "."}.get(c) or re.escape(c) for c in pattern), re.DOTALL)


@lru_cache(maxsize=65536)
def _common(one: str, other: str, fresh: str) -> str | None:
    """A text that both patterns match; None where there is none."""
    if not one or not other:
        return None if (one or other).strip("*") else ""
    for first, second in ((one, other), (other, one)):
        if first[0] != "*":
            continue
        rest = _common(first[1:], second, fresh)
        if rest is None and second[0] != "*":
            rest = _common(first, second[1:], fresh)
            return None if rest is None else (fresh if second[0] == "?" else second[0]) + rest
        if rest is not None:
            return rest
        # both begin with a star: the other one may end first
    if one[0] == "*" or other[0] == "*":
        return None
    if one[0] != other[0] and "?" not in (one[0], other[0]):
        return None
    rest = _common(one[1:], other[1:], fresh)
    letter = one[0] if one[0] != "?" else other[0]
    return None if rest is None else (fresh if letter == "?" else letter) + rest
