"""What a change takes away from an organization or writes anew: policies known by what they say.

A plan tells what a policy was before.  An organization may name it otherwise, and may know neither the ids of SCPs nor
who is in a group: the text is what both have.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from perimeter_smt.organization.classes import statement_shape
from perimeter_smt.organization.readers.draft.place import NotKnown, Place
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.kinds import Kind

Shape = tuple[object, ...]


@dataclass(frozen=True)
class Rewrite:
    """A policy that is replaced by another, or gone (None).

    `target`: the unit or account that it is attached to, the account of IAM that it lies in; empty: everywhere.
    `holder`: the ARN of the only user or role that loses it, without path; empty: all that have it.
    """

    address: str
    at: Place
    kind: Kind
    before: Document
    after: Document | NotKnown | None = None
    target: str = ""
    holder: str = ""

    @property
    def shape(self) -> Shape:
        """What it said."""
        return shape_of(self.before)


def shape_of(document: Document) -> Shape:
    """What a document says, wherever it stands and whatever it is called."""
    return document.version, tuple(statement_shape(s) for s in document.statements)


class Rewrites:
    """All of a change; each remembers whether there was anything to rewrite."""

    def __init__(self, all_of: Iterable[Rewrite]) -> None:
        self._all: dict[tuple[Kind, Shape], list[Rewrite]] = {}
        for found in all_of:
            self._all.setdefault((found.kind, found.shape), []).append(found)
        self._used: set[int] = set()

    def of(self, document: Document, target: str, holder: str = "") -> Rewrite | None:
        """What becomes of a document that is attached to a unit or account, or of a user or role; None: it stays."""
        if not self._all:
            return None
        kind = Kind.IDENTITY if document.kind is Kind.BOUNDARY else document.kind
        for found in self._all.get((kind, shape_of(document)), ()):
            if found.target in ("", target) and found.holder in ("", nameless(holder)):
                self._used.add(id(found))
                return found
        return None

    def unused(self) -> list[Rewrite]:
        """Those for which the organization holds nothing."""
        return [found for several in self._all.values() for found in several if id(found) not in self._used]


def nameless(arn: str) -> str:
    """The ARN of a user or role without its path."""
    head, slash, rest = arn.partition("/")
    return f"{head}/{rest.rsplit('/', 1)[-1]}" if slash else arn
