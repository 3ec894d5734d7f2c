"""ARN patterns: Resource elements (semantics 1.5) and ARN condition operators (2.7).

The first five colons of a request ARN are written as separators. A colon of the pattern matches either kind, a colon
that comes from a variable only a plain one: so it never takes part in the cutting of fields.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from perimeter_smt.evaluate import variables
from perimeter_smt.evaluate.globs import SEPARATOR, Atom, Matcher, literal, matcher
from perimeter_smt.evaluate.view import Rivals, View
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.template import Literal, Template, Wildcard, is_full_star, parse_template, split_fields
from perimeter_smt.request.actions import resource_types

_TYPE = re.compile(r"([^/:]*)(.*)", re.DOTALL)
_FIXED = re.compile(r"[A-Za-z][A-Za-z0-9-]*[/:]")
_COLON = Atom(f":{SEPARATOR}")
_FREE_STAR = Atom(None, star=True)
_FIELDS = 6
_ANY_CASE = (1, 2, 3)  # partition, service, region


@dataclass(frozen=True, slots=True)
class Style:
    """How a pattern is read. `run_on`: a star that ends its segment crosses colons. `pad`: short patterns are
    completed with stars, otherwise they match nothing. `resource`: field 1 is literal, fields 2 to 4 ignore case."""

    run_on: bool
    pad: bool
    resource: bool


def _field_atoms(template: Template, index: int, style: Style) -> list[Atom]:
    atoms: list[Atom] = []
    inside = index < _FIELDS - 1
    for position, part in enumerate(template):
        if isinstance(part, Literal) or (index == 0 and style.resource):
            text = part.text if isinstance(part, Literal) else getattr(part, "char", "")
            atoms += literal(text, ignore_case=style.resource and index in _ANY_CASE)
        elif isinstance(part, Wildcard) and part.char == "*":
            ends = position == len(template) - 1
            atoms.append(Atom(None, star=True, inside=inside and not (ends and style.run_on)))
        else:
            atoms.append(Atom(None, inside=inside))
    return atoms


@lru_cache(maxsize=65536)
def _compiled(fields: tuple[Template, ...], style: Style) -> Matcher | None:
    """A matcher over ARNs with separators; None if the pattern matches nothing."""
    missing = _FIELDS - len(fields)
    if missing and not style.pad:
        return None
    atoms: list[Atom] = []
    for index, field in enumerate(fields):
        if index:
            atoms.append(_COLON)
        atoms += _field_atoms(field, index, style)
    if not missing:
        return matcher(atoms)
    padded = matcher([*atoms, *((_COLON, _FREE_STAR) * missing)])
    if not style.run_on:
        return padded
    raw = matcher(atoms)  # a star that runs on can make up for missing fields (R06)
    return lambda text: raw(text) or padded(text)


# True: matches, False: does not, None: a variable is unset.
ArnTest = Callable[[str, View], bool | None]


def arn_test(text: str, style: Style, *, has_variables: bool, rivals: Rivals) -> ArnTest:
    """A test of one pattern against an ARN with separators, for a view that supplies the variables."""
    template = parse_template(text, wildcards=True, variables=has_variables)
    fields = split_fields(template)
    used = variables.names(fields)
    if not used:
        fixed = _compiled(fields, style)
        return lambda marked, _: fixed is not None and fixed(marked)
    act = "X-42" in rivals
    seen: dict[variables.Values, Matcher | None] = {}

    def test(marked: str, view: View) -> bool | None:
        texts = variables.values(used, view)
        if texts is None:
            return None
        if texts not in seen:
            if len(seen) >= variables.REMEMBERED:
                seen.clear()
            seen[texts] = _compiled(variables.substituted(fields, texts, act), style)
        found = seen[texts]
        return found is not None and found(marked)

    return test


def is_short(text: str, *, has_variables: bool) -> bool:
    """Whether a pattern has fewer than six fields."""
    return len(split_fields(parse_template(text, wildcards=True, variables=has_variables))) < _FIELDS


def resource_test(text: str, kind: Kind, *, has_variables: bool, rivals: Rivals) -> Callable[[View], bool | None]:
    """A test of one entry of Resource or NotResource; None where a variable is unset (semantics 1.5)."""
    if is_full_star(text):
        return lambda _: True
    template = parse_template(text, wildcards=True, variables=has_variables)
    fields = split_fields(template)
    # The service; `arn:*` stands for it, too. One in the partition alone is accepted: AWS's own samples write it.
    service = fields[2] if len(fields) > 2 else fields[-1]
    if "X-11" in rivals and any(isinstance(part, Wildcard) for part in service):
        return lambda _: False
    if "X-11" in rivals and _wild_type(text):
        return lambda _: False
    style = Style("X-1" not in rivals, _padded(template, kind, rivals), resource=True)
    test = arn_test(text, style, has_variables=has_variables, rivals=rivals)
    used = variables.names(fields)
    written = "X-46" in rivals

    def matches(view: View) -> bool | None:
        marked = view.stands_for if written and view.marked is None else view.marked
        if marked is None:  # the token `*`: full stars only (1.5.5)
            return None if used and variables.values(used, view) is None else False
        return test(marked, view)

    return matches


def _wild_type(text: str) -> bool:
    """Whether a wildcard stands in the resource type, as in `arn:aws:ec2:us-east-1:111122223333:*/i-1` (W-29).

    Only services all of whose ARNs begin their sixth field with a fixed type have one.
    """
    fields = text.split(":", _FIELDS - 1)
    if len(fields) < _FIELDS or not _has_types(fields[2].lower()):
        return False
    kind, rest = _TYPE.match(fields[-1]).groups()  # type: ignore[union-attr]
    return bool(rest) and ("*" in kind or "?" in kind)


@lru_cache(maxsize=1024)
def _has_types(service: str) -> bool:
    names = [found.arn.split(":", _FIELDS - 1)[-1] for found in resource_types(service)]
    return bool(names) and all(_FIXED.match(name) for name in names)


def _padded(template: Template, kind: Kind, rivals: Rivals) -> bool:
    """Whether missing fields count as stars (semantics 1.5.4)."""
    if kind in (Kind.IDENTITY, Kind.BOUNDARY) or "X-2" in rivals:
        return True
    stars = [isinstance(part, Wildcard) and part.char == "*" for part in template]
    if kind is Kind.SCP:
        return bool(stars) and stars[-1]
    if kind in (Kind.SESSION, Kind.RCP, Kind.TRUST):
        return False
    return any(stars)
