"""Action and NotAction (semantics 1.4)."""

from __future__ import annotations

from collections.abc import Callable

from perimeter_smt.evaluate.globs import Matcher, fold, glob
from perimeter_smt.evaluate.view import Rivals, View
from perimeter_smt.policy.document import Element
from perimeter_smt.policy.template import is_full_star

_REMEMBERED = 4096


def action_test(element: Element, rivals: Rivals) -> Callable[[View], bool]:
    """Whether the action of a request is among those of a statement."""
    tests = tuple(test for text in element.values if (test := _entry(text, rivals)) is not None)
    seen: dict[str, bool] = {}

    def matches(view: View) -> bool:
        found = seen.get(view.action)
        if found is None:
            if len(seen) >= _REMEMBERED:
                seen.clear()
            found = seen[view.action] = any(test(view) for test in tests) is not element.negated
        return found

    return matches


def _entry(text: str, rivals: Rivals) -> Callable[[View], bool] | None:
    """A test of one text; None if it matches nothing: it is malformed, or its service half holds a wildcard (X-25)."""
    if is_full_star(text):
        return lambda _: True
    service, colon, name = text.partition(":")
    if not colon:
        return None
    names = glob(name, ignore_case=True)
    if "*" not in service and "?" not in service:
        return _test(fold(service).__eq__, names)
    if "X-25" in rivals:
        return _test(glob(service, ignore_case=True), names)
    if is_full_star(service) and is_full_star(name):
        return lambda _: True
    return None


def _test(services: Matcher, names: Matcher) -> Callable[[View], bool]:
    return lambda view: services(view.service) and names(view.name)
