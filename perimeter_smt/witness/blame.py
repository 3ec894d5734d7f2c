"""Statements of the input as findings name them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Blame:
    """A statement of an input document. `document` is its label, `file` and `line` where it stands."""

    kind: str
    document: str
    index: int
    sid: str | None
    effect: str
    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.place} {self.sid or f'statement {self.index + 1}'}"

    @property
    def place(self) -> str:
        """File and line; where it was not read from the text of a policy (line 0), the file and the document."""
        inside = f"{self.file} {self.document}" if self.file and self.document else self.file or self.document
        return f"{self.file}:{self.line}" if self.line else inside


@dataclass(frozen=True)
class NearMiss:
    """The Deny statement that came closest to stopping a request, and what of it failed, in words.

    Of a request that no guardrail allows: the Allow statement that came closest to letting it pass.
    """

    statement: Blame
    failed: tuple[str, ...]
