"""Policy variables: what a template says for one request (semantics 1.7, 2.9)."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from perimeter_smt.evaluate.view import View
from perimeter_smt.policy.template import Literal, Part, Template, Variable, parse_template
from perimeter_smt.request.keys import key_info

Values = tuple[tuple[str, bool], ...]
REMEMBERED = 256  # matchers kept per pattern, one for each combination of values


def names(templates: Iterable[Template]) -> tuple[Variable, ...]:
    """The variables of some templates, in the order written."""
    return tuple(part for template in templates for part in template if isinstance(part, Variable))


@lru_cache(maxsize=4096)
def _is_multivalued(name: str) -> bool:
    return key_info(name).multivalued


def values(variables: tuple[Variable, ...], view: View) -> Values | None:
    """The texts that stand for the variables; None if one is unset and has no default.

    The second member tells whether the text comes from the request and not from a default.
    A multivalued key is unset as a variable, a present empty text is not.
    """
    out: list[tuple[str, bool]] = []
    for variable in variables:
        found = view.context.get(variable.name)
        if isinstance(found, str) and not _is_multivalued(variable.name):
            out.append((found, True))
        elif variable.default is not None:
            out.append((variable.default, False))
        else:
            return None
    return tuple(out)


def substituted(templates: tuple[Template, ...], texts: Values, wildcards_act: bool) -> tuple[Template, ...]:
    """The templates with texts for their variables; with `wildcards_act` those of request values act (X-42)."""
    remaining = iter(texts)
    out: list[Template] = []
    for template in templates:
        parts: list[Part] = []
        for part in template:
            if not isinstance(part, Variable):
                parts.append(part)
                continue
            text, from_request = next(remaining)
            if wildcards_act and from_request:
                parts += parse_template(text, wildcards=True, variables=False)
            elif text:
                parts.append(Literal(text))
        out.append(tuple(parts))
    return tuple(out)
