"""Guardrails written shorter, so that they fit AWS's limits: proved to decide every request as before, or refused.

The steps: statements that can go, go; statements that differ in one list alone become one; patterns that another of the
list covers go; the rest is put into as few documents as hold it. None of this is trusted: the result is compared with
the input by the engine, under every open reading and without soft axioms.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from perimeter_smt.encode.language.statement import Policies
from perimeter_smt.errors import InputError
from perimeter_smt.logic.formula import TRUE, Formula, both, neg
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.policy.render import to_json
from perimeter_smt.policy.sizes import quotas
from perimeter_smt.questions.documents import pose
from perimeter_smt.questions.redundancy.places import standings
from perimeter_smt.questions.redundancy.redundant import redundant
from perimeter_smt.solve.engine import Engine
from perimeter_smt.solve.result import Limits
from perimeter_smt.witness.blame import Blame

# Of one root, unit or account, AWS's own full access among them (Organizations guide, five SCPs until May 2026).
MOST_ATTACHED = {Kind.SCP: 10, Kind.RCP: 5}


@dataclass(frozen=True)
class Packed:
    """The documents that came of it as JSON objects, and what was done.

    `characters` of each without white space; `dropped` are statements that decided nothing; `fits` whether number and
    sizes keep to the limits; `proved` that the documents decide every request as those given, else `reason`.
    """

    documents: tuple[dict[str, Any], ...]
    characters: tuple[int, ...]
    before: tuple[int, ...]
    dropped: tuple[Blame, ...]
    merged: int
    fits: bool
    proved: bool
    reason: str = ""


def pack(
    documents: Sequence[Document],
    *,
    size: int | None = None,
    count: int | None = None,
    keep_sids: bool = True,
    limits: Limits | None = None,
) -> Packed:
    """Write guardrails of one kind that are attached at the same place as few and short documents.

    `size`: characters that a document may have (default: AWS's quota of the kind), `count`: documents that may be
    attached (default: AWS's ten SCPs or five RCPs, less one for full access that stands beside them). InputError for
    kinds that are not attached in sets and for a statement that is larger than a document may be.
    """
    kind = documents[0].kind
    if kind not in (Kind.SCP, Kind.RCP):
        raise InputError(f"policies of kind {kind} are not attached in sets: expected SCPs or RCPs")
    if any(document.kind is not kind for document in documents):
        raise InputError("SCPs and RCPs together: expected policies of one kind")
    size = size or quotas()[kind].characters
    stands = standings(documents)
    beside = kind is Kind.RCP or stands[0].levels[0].open
    count = count or MOST_ATTACHED[kind] - int(beside)
    judged = [one for one in redundant(stands, covers=False, limits=limits) if one.removable]
    gone = {(one.statement.file, one.statement.document, one.statement.index) for one in judged}
    every = [
        ((document.location.file, document.name, number), statement)
        for document in documents
        for number, statement in enumerate(to_json(document)["Statement"])
    ]
    # AWS saves no policy without statements, and policies without an Allow would be read as beside full access.
    if not beside and not any(statement["Effect"] == "Allow" for key, statement in every if key not in gone):
        gone.discard(next(key for key, statement in every if statement["Effect"] == "Allow"))
    elif all(key in gone for key, _ in every):
        gone.discard(every[0][0])
    kept = [statement for key, statement in every if key not in gone]
    judged = [one for one in judged if (one.statement.file, one.statement.document, one.statement.index) in gone]
    total = len(kept)
    statements = _merged([_plain(statement, keep_sids=keep_sids) for statement in kept])
    version = documents[0].version
    whole = [part for statement in statements for part in _parts(statement, size - _empty(version))]
    filled = _fill(whole, version, size)
    texts = tuple(_length(document) for document in filled)
    reason = _differs(documents, filled, kind, limits)
    return Packed(
        tuple(filled), texts, tuple(_length(to_json(document)) for document in documents),
        tuple(one.statement for one in judged), max(0, total - len(whole)),
        len(filled) <= count and all(length <= size for length in texts), not reason, reason,
    )  # fmt: skip


def _plain(statement: dict[str, Any], *, keep_sids: bool) -> dict[str, Any]:
    """The statement with sorted lists in which no pattern covers another."""
    out = dict(statement)
    if not keep_sids:
        out.pop("Sid", None)
    for name in ("Action", "NotAction", "Resource", "NotResource"):
        if name in out:
            out[name] = _shortest(_list(out[name]), fold="Action" in name)
    return out


def _shortest(patterns: list[str], *, fold: bool) -> Any:
    """The patterns that no other covers, in order; a single one by itself."""
    seen = list(dict.fromkeys(patterns))
    plain = [p.lower() if fold else p for p in seen]

    def covered(number: int) -> bool:
        here = plain[number]
        return any(_covers(wide, here) and (wide != here or other < number)
                   for other, wide in enumerate(plain) if other != number)  # fmt: skip

    kept = [text for number, text in enumerate(seen) if not covered(number)]
    return kept[0] if len(kept) == 1 else sorted(kept)


@lru_cache(maxsize=65536)
def _covers(wide: str, narrow: str) -> bool:
    """Whether every text of one pattern is one of the other; False where a variable may stand for anything."""
    if "$" in wide or "$" in narrow:
        return wide == narrow
    if not wide:
        return not narrow
    if wide[0] == "*":
        return _covers(wide[1:], narrow) or (bool(narrow) and _covers(wide, narrow[1:]))
    if not narrow or narrow[0] == "*":
        return False
    return (wide[0] == "?" or wide[0] == narrow[0]) and _covers(wide[1:], narrow[1:])


def _merged(statements: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Statements that differ in their actions alone, or in their resources alone, as one, until none do."""
    for name in ("Action", "Resource") * 2:
        groups: dict[str, list[dict[str, Any]]] = {}
        for statement in statements:
            rest = {key: value for key, value in statement.items() if key not in (name, "Sid")}
            key = json.dumps(rest, sort_keys=True) if name in statement else json.dumps(statement, sort_keys=True)
            groups.setdefault(key, []).append(statement)
        statements = [_one(group, name) for group in groups.values()]
    return statements


def _one(group: list[dict[str, Any]], name: str) -> dict[str, Any]:
    first = dict(group[0])
    if len(group) > 1 and name in first:
        values = [value for statement in group for value in _list(statement[name])]
        first[name] = _shortest(values, fold=name == "Action")
    return first


def _parts(statement: dict[str, Any], room: int) -> list[dict[str, Any]]:
    """A statement that is larger than a document may be as several, cut in its longer list; itself where none helps."""
    lists = {name: statement[name] for name in ("Action", "Resource") if isinstance(statement.get(name), list)}
    if _length(statement) <= room or not lists:
        return [statement]
    name = max(lists, key=lambda one: _length(lists[one]))
    rest = room - _length({**statement, name: []})
    cuts: list[list[str]] = [[]]
    for value in lists[name]:
        if cuts[-1] and _length([*cuts[-1], value]) - 2 > rest:
            cuts.append([])
        cuts[-1].append(value)
    if len(cuts) == 1:
        return [statement]
    out = [{**statement, name: values if len(values) > 1 else values[0]} for values in cuts]
    for later in out[1:]:
        later.pop("Sid", None)  # one document may hold both
    return [part for one in out for part in _parts(one, room)]


def _empty(version: str) -> int:
    """The characters of a document without statements."""
    return _length({"Version": version, "Statement": []})


def _fill(statements: list[dict[str, Any]], version: str, size: int) -> list[dict[str, Any]]:
    """The largest statement first, each into the first document with room for it."""
    bins: list[list[tuple[int, dict[str, Any]]]] = []
    empty = _empty(version)
    for number, statement in sorted(enumerate(statements), key=lambda item: (-_length(item[1]), item[0])):
        length = _length(statement)
        if empty + length > size:
            name = statement.get("Sid") or number + 1
            raise InputError(f"statement `{name}` has {length} characters, more than the {size} of a document")
        for bin_ in bins:
            if empty + sum(_length(s) + 1 for _, s in bin_) + length <= size:
                bin_.append((number, statement))
                break
        else:
            bins.append([(number, statement)])
    return [{"Version": version, "Statement": _once([s for _, s in sorted(b, key=lambda item: item[0])])} for b in bins]


def _once(statements: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Statements of which none has the id of one before it: ids are unique within a policy."""
    seen: set[str] = set()
    out = []
    for statement in statements:
        own = statement.get("Sid", "")
        out.append({name: value for name, value in statement.items() if name != "Sid" or own not in seen})
        seen.add(own)
    return out


def _differs(before: Sequence[Document], after: list[dict[str, Any]], kind: Kind, limits: Limits | None) -> str:
    """Why the new documents are not known to decide as the old ones; empty where that is proved."""
    new = [parse_object(value, kind, file=f"packed {n}", name=f"packed {n}")
           for n, value in enumerate(after, 1)]  # fmt: skip

    def ask(policies: Policies) -> list[Formula]:
        out = []
        for full in (False, True):  # a Deny that their own Allow leaves nothing to decides beside AWS's full access
            old_allows, new_allows = (_allows(policies, documents, full=full) for documents in (before, new))
            out += [both(new_allows, neg(old_allows)), both(old_allows, neg(new_allows))]
        return out

    posed = pose([*before, *new], ask)
    engine = Engine(posed.problem, limits or Limits())
    for question, what in zip(posed.formulas, ("allow something new", "deny something new") * 2, strict=True):
        found = engine.check([question])
        if found.status != "unsat":
            return f"the documents {what}" if found.status == "sat" else found.reason
    return ""


def _allows(policies: Policies, documents: Sequence[Document], *, full: bool) -> Formula:
    beside = full or all(document.stands_beside_full_access for document in documents)
    return both(TRUE if beside else policies.allows(documents), neg(policies.denies(documents)))


def _list(value: Any) -> list[str]:
    return list(value) if isinstance(value, list) else [value]


def _length(value: Any) -> int:
    return len(json.dumps(value, separators=(",", ":"), ensure_ascii=False))
