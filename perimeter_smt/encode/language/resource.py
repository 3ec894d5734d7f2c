"""Resource and NotResource as formulas over the fields of the request's ARN (semantics 1.5)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from perimeter_smt.encode.language import stars
from perimeter_smt.encode.language.keys import KeySpace
from perimeter_smt.encode.language.variables import Resolved, Value, loosened, pattern, resolve
from perimeter_smt.logic.atoms import ANY, NOT_COLON, Member, Ref, Run, Template, Text
from perimeter_smt.logic.compose import glob_on
from perimeter_smt.logic.formula import (
    FALSE,
    TRUE,
    Formula,
    atom,
    both,
    disj,
    either,
    glob,
    neg,
    normal,
    sym,
)
from perimeter_smt.logic.interpret import regex
from perimeter_smt.policy import template as policy
from perimeter_smt.policy.document import Document, Element
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.request import actions

IS_STAR = atom(Member("call", "resource is star"))
HAS_ACCOUNT = atom(Member("call", "arn has account"))
HAS_REGION = atom(Member("call", "arn has region"))
_ARN: Template = (
    Text("arn:"),
    Ref("aws.partition"),
    Text(":"),
    Ref("resource.arn-service"),
    Text(":"),
    Ref("resource.region"),
    Text(":"),
    Ref("resource.account"),
    Text(":"),
    Ref("resource.name"),
)
_OPTIONAL = {"resource.region": HAS_REGION, "resource.account": HAS_ACCOUNT}

Parts = tuple[policy.Literal | policy.Wildcard | Value, ...]
Leaf = Callable[[str, Template], Formula]  # one field of the ARN, named by its variable, against a piece of a pattern


@dataclass(frozen=True)
class Hit:
    """One entry: when it matches, and when a variable of it has no value."""

    matches: Formula
    unset: Formula


def encode_resource(keys: KeySpace, document: Document, element: Element | None, leaf: Leaf | None = None) -> Formula:
    """The resource is one of the element's (for NotResource: none of them). No element: the kind implies it.

    `leaf` looks at another resource than the one that the call names.
    """
    if element is None:
        return TRUE
    hits = [_entry(keys, document, text, leaf or _leaf) for text in element.values]
    found = disj(hit.matches for hit in hits)
    if not element.negated:
        return found
    return both(neg(found), *(neg(both(hit.unset, sym("X-3"))) for hit in hits))


def resource_matches(keys: KeySpace, text: str, *, kind: Kind = Kind.IDENTITY, leaf: Leaf | None = None) -> Formula:
    """The resource matches one pattern without variables, as in an identity policy but field by field.

    What a perimeter declares does not hang on how AWS reads policies: no star runs on past its field. `leaf` looks at
    another resource than the one that the call names.
    """
    parts = policy.parse_template(text, wildcards=True, variables=False)
    return _matches(keys, kind, parts, text, leaf or _leaf, declared=True).matches


def _entry(keys: KeySpace, document: Document, text: str, leaf: Leaf) -> Hit:
    plain = policy.parse_template(text, wildcards=True, variables=False)
    filled = policy.parse_template(text, wildcards=True, variables=document.has_variables)
    hit = _matches(keys, document.kind, filled, text, leaf)
    if document.kind is Kind.RCP and plain != filled:
        as_text = _matches(keys, document.kind, plain, text, leaf)
        rival = sym("X-17")
        return Hit(either(both(rival, as_text.matches), both(neg(rival), hit.matches)), both(neg(rival), hit.unset))
    return hit


def _matches(
    keys: KeySpace, kind: Kind, parts: policy.Template, text: str, leaf: Leaf, *, declared: bool = False
) -> Hit:
    if policy.is_full_star(text):
        return Hit(TRUE, FALSE)
    fields = list(policy.split_fields(parts))
    if fields[0] != (policy.Literal("arn"),):
        return Hit(FALSE, FALSE)
    allowed = TRUE
    written = len(fields)
    if written < 6:
        allowed = _padding(kind, text)
        if allowed is FALSE:
            return Hit(FALSE, FALSE)
        fields += [(policy.Wildcard("*"),)] * (6 - len(fields))
    resolved = [resolve(field, keys) for field in fields]
    matched = disj(
        both(guard, _fields(choice, written, leaf, declared=declared)) for guard, choice in _combine(resolved)
    )
    for number, part in enumerate(resolved):
        matched = loosened(keys, part, matched, (kind, text, leaf, declared, number))
    found = both(neg(IS_STAR), allowed, matched)
    if keys.stars is not None and leaf is _leaf and not declared:
        found = either(found, both(allowed, _on_stars(keys, resolved, written)))
    return Hit(found, disj(part.unset for part in resolved))


def _on_stars(keys: KeySpace, resolved: list[Resolved], written: int) -> Formula:
    """What AWS may write for a call on `*` (X-46) is matched."""
    ways: list[Formula] = []
    for guard, choice in _combine(resolved):
        pieces = [_piece(index, field) for index, field in enumerate(choice)]
        services = stars.may_match(*pieces[2:])
        if services:
            keys.stars.update(services)  # type: ignore[union-attr]
            ways.append(both(guard, _fields(choice, written, stars.leaf, declared=False)))
    return stars.here(disj(ways)) if ways else FALSE


def _padding(kind: Kind, text: str) -> Formula:
    """Whether an ARN with fewer than six fields is filled up with stars (1.5.4, X-2)."""
    star = "*" in text
    if kind in (Kind.IDENTITY, Kind.BOUNDARY) or (kind is Kind.SCP and text.endswith("*")):
        return TRUE
    if kind in (Kind.SCP, Kind.RCP, Kind.TRUST):  # refused on save
        return sym("X-2")
    if kind is not Kind.SESSION and star:
        return TRUE
    return sym("X-2")


def _combine(resolved: list[Resolved]) -> list[tuple[Formula, list[Parts]]]:
    out: list[tuple[Formula, list[Parts]]] = [(TRUE, [])]
    for field in resolved:
        out = [
            (both(guard, choice.guard), [*before, choice.parts]) for guard, before in out for choice in field.choices
        ]
    return out


def _fields(fields: list[Parts], written: int, leaf: Leaf, *, declared: bool) -> Formula:
    """Field by field, or with the stars that end a segment running on (1.5.2, X-1).

    `written` fields stand in the policy, the rest are padding: a star that runs on may make the padding needless.
    """
    pieces = [_piece(index, field) for index, field in enumerate(fields)]
    wild = any(isinstance(p, Run) for p in pieces[min(written - 1, 2)])  # of the service; `arn:*` stands for it, too
    wild = wild or _wild_type(pieces[2], pieces[5])
    whole = both(*(leaf(name, piece) for name, piece in zip(_names(), pieces[1:], strict=True)))
    if declared:
        return whole
    ends = [index for index in range(1, 5) if pieces[index] and pieces[index][-1] == Run(NOT_COLON)]
    if ends and not _all_stars(pieces[min(ends) :]):
        running = [(*piece[:-1], Run(ANY)) if index in ends else piece for index, piece in enumerate(pieces)]
        ways = [_running(running, leaf)]
        if written < 6 and min(ends) < written:
            ways.append(_running(running[:written], leaf))
        whole = either(whole, both(neg(sym("X-1")), disj(ways)))
    return both(whole, neg(sym("X-11"))) if wild else whole


def _running(pieces: list[Template], leaf: Leaf) -> Formula:
    """The fields as one text, against the ARN as one text."""
    out: list[Text | Run | Ref] = []
    for index, piece in enumerate(pieces):
        out += [*([Text(":")] if index else []), *piece]
    return glob_on(_ARN, tuple(out), leaf=leaf, cut_refs=False)


def _wild_type(service: Template, name: Template) -> bool:
    """Whether a wildcard stands in the resource type, before the slash or colon that ends it (W-29)."""
    if len(service) != 1 or not isinstance(service[0], Text) or not _typed(service[0].text.lower()):
        return False
    wild = False
    for part in name:
        if isinstance(part, Text) and any(c in part.text for c in "/:"):
            return wild
        wild = wild or not isinstance(part, Text)
    return False


@lru_cache(maxsize=1024)
def _typed(service: str) -> bool:
    """Whether every name of the service begins with its type."""
    names = [t.arn.split(":", 5)[5] for t in actions.resource_types(service) if t.arn.count(":") >= 5]
    return bool(names) and not any(name.startswith(("${", "*")) for name in names)


def _all_stars(pieces: list[Template]) -> bool:
    """Nothing but lone stars: whether they run on makes no difference."""
    return all(piece in ((Run(NOT_COLON),), (Run(ANY),)) for piece in pieces)


def _names() -> tuple[str, ...]:
    return tuple(part.var for part in _ARN if isinstance(part, Ref))


def _piece(index: int, field: Parts) -> Template:
    """Fields two to four compare without case; wildcards stay inside fields one to five."""
    return normal(pattern(field, ANY if index == 5 else NOT_COLON, fold=1 <= index <= 3))


def _leaf(name: str, piece: Template) -> Formula:
    """One field of the request's ARN against a piece of a pattern."""
    if piece in ((Run(NOT_COLON),), (Run(ANY),)):
        return TRUE
    if name == "resource.arn-service":
        if any(isinstance(p, Ref) for p in piece):
            return sym("open variable in a service field")
        return atom(Member("call", f"arn service ~ {_glob_text(piece)}"))
    found = glob(name, piece)
    present = _OPTIONAL.get(name)
    if present is None:
        return found
    if any(isinstance(p, Ref) for p in piece):
        empty: Formula = both(
            *(glob(p.var, ()) if isinstance(p, Ref) else (FALSE if isinstance(p, Text) else TRUE) for p in piece)
        )
    else:
        empty = TRUE if regex(piece).fullmatch("") else FALSE
    return either(both(present, found), both(neg(present), empty))


def _glob_text(piece: Template) -> str:
    out = []
    for part in piece:
        if isinstance(part, Text):
            out.append(part.text.lower())
        elif isinstance(part, Run):
            out.append("*" if part.high is None else "?" * part.low)
    return "".join(out)
