"""What is known of an axiom before anything is asked: its keys, and the services whose calls it tells apart.

Nothing is written down per axiom, so that a new one is covered by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from perimeter_smt.encode.language.text import formal_text
from perimeter_smt.errors import PerimeterError
from perimeter_smt.logic.atoms import Glob, Member, Ref, Template
from perimeter_smt.logic.formula import Formula, walk
from perimeter_smt.logic.schemas import Schema
from perimeter_smt.logic.vocabulary import Vocabulary
from perimeter_smt.request.keys import support_list

_SOME = {
    "service-key": ("sts:ExternalId", "s3:prefix"), "provider-claim": ("idp.example.com:sub",),
    "provider-id": ("idp.example.com:sub", "idp.example.com:aud"),
}  # fmt: skip
_SERVICES = ("s3", "sts", "sqs", "kms", "iam", "signin", "events", "cognito-identity")


@dataclass(frozen=True)
class Axiom:
    """An axiom: its name, the keys and the services it speaks of; `neighbours` are keys that stand beside its own.

    `near` are axioms that speak of the same ground truth or keys. `of_buckets`: it speaks of listed buckets.
    """

    name: str
    keys: tuple[str, ...]
    services: tuple[tuple[str, ...], ...]
    neighbours: tuple[str, ...] = ()
    near: tuple[str, ...] = ()
    of_buckets: bool = False


def axioms() -> list[Axiom]:
    """Every axiom of the formal text, those on families of keys included."""
    script = formal_text("aws")
    formulas = {axiom.name: axiom.formula for axiom in script.axioms}
    parts = {name: _ground(formula) for name, formula in formulas.items()}
    out = {}
    for name, formula in formulas.items():
        keys = tuple(dict.fromkeys((*_keys_of(formula), *_keys_made_of(parts[name], script.texts))))
        out[name] = Axiom(name, keys, _services_of(formula))
    for schema in script.schemas:
        keys = _keys_of_schema(schema)
        out[schema.name] = Axiom(schema.name, keys, _of_keys(keys))
    words = {axiom.name: {*axiom.keys, *parts.get(axiom.name, ())} for axiom in out.values()}
    return [_with_neighbours(out[name], words, out, parts.get(name, set())) for name in sorted(out)]


def _with_neighbours(axiom: Axiom, words: Mapping[str, set[str]], known: Mapping[str, Axiom], own: set[str]) -> Axiom:
    """The axiom with those that speak of its keys and of its ground truth, and a few keys of them."""
    near = [name for name in sorted(words) if name != axiom.name and words[name] & words[axiom.name]]
    keys = dict.fromkeys(key for name in near for key in known[name].keys if key not in axiom.keys)
    of_buckets = "bucket.abac" in own
    tags = ("aws:ResourceTag/team",) if of_buckets else ()
    return replace(axiom, neighbours=(*tags, *keys)[:8], near=tuple(near), of_buckets=of_buckets)


def _ground(formula: Formula) -> set[str]:
    """Variables and facts of ground truth in a formula."""
    found = Vocabulary.of(formula)
    names = [n for n in (*found.texts, *found.symbols) if "." in n and ":" not in n and not n.startswith("has ")]
    return {name for name in names if "(" not in name or name.startswith(("units(", "org("))}


def _keys_made_of(parts: set[str], texts: Mapping[str, Template]) -> tuple[str, ...]:
    """The keys whose value is made of these variables, such as aws:SourceVpce of `endpoint.id`: first those that are
    nothing else.
    """
    made: dict[str, int] = {}
    for name, term in texts.items():
        if ":" in name and any(isinstance(part, Ref) and part.var in parts for part in term):
            made[name.rstrip("0123456789").strip()] = len(term)
    return tuple(sorted(made, key=lambda name: (made[name], name)))[:6]


def _keys_of(formula: Formula) -> tuple[str, ...]:
    found = Vocabulary.of(formula)
    names = {name.removeprefix("has ") for name in found.symbols if name.startswith("has ")}
    names |= {name for name in found.texts if ":" in name and "(" not in name}
    return tuple(sorted({name.rstrip("0123456789").strip() for name in names}))


def _keys_of_schema(schema: Schema) -> tuple[str, ...]:
    out: list[str] = []
    for pattern in schema.each:
        out += _SOME.get(pattern, (pattern.replace("*", "team"),) if ":" in pattern else ())
    return tuple(dict.fromkeys((*out[:6], *([schema.beside] if schema.beside else []))))


def _services_of(formula: Formula) -> tuple[tuple[str, ...], ...]:
    """Services whose calls the formula tells apart, first; then a few that everybody knows."""
    out: dict[tuple[str, ...], None] = {}
    for node in walk(formula):
        if node.op != "atom" or not isinstance(node.payload, Member | Glob):
            continue
        if isinstance(node.payload, Member):
            for service in _named(node.payload.name):
                out[service,] = None
    for service in _of_keys(_keys_of(formula)):
        out[service] = None
    return tuple(out)


def _named(name: str) -> Iterator[str]:
    head, _, tail = name.partition("=")
    if head == "service" and tail:
        yield tail
    elif head == "action" and tail:
        yield tail.partition(":")[0]
    elif name.startswith(("action ~ ", "arn service ~ ")):
        yield name.split(" ~ ")[1].partition(":")[0]
    elif name.startswith("service in "):
        members = _list(name.removeprefix("service in "))
        yield from [s for s in ("sqs", "s3", "athena") if s not in members][:1]
        yield from [s for s in (*_SERVICES, "lambda", "athena", "dynamodb") if s in members][:2]
    elif name.startswith("action in "):
        yield from list(dict.fromkeys(m.partition(":")[0] for m in sorted(_list(name.removeprefix("action in ")))))[:2]


def _list(name: str) -> frozenset[str]:
    try:
        return support_list(name)
    except PerimeterError:
        return frozenset()


def _of_keys(keys: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    known = (key.partition(":")[0] for key in keys)
    return tuple(dict.fromkeys((s,) for s in (*(k for k in known if k not in ("aws", "saml") and "." not in k),
                                              *_SERVICES)))  # fmt: skip
