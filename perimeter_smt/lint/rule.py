"""What a rule is: its description, the kinds of policy it speaks about, and a check that yields findings."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from perimeter_smt.lint.severity import Severity
from perimeter_smt.policy.document import Condition, Document, Location, Statement
from perimeter_smt.policy.kinds import Kind

ALL_KINDS = frozenset(Kind)
ENDPOINTS = frozenset((Kind.ENDPOINT, Kind.ENDPOINT_GATEWAY))
CALLER_SIDE = frozenset((Kind.IDENTITY, Kind.BOUNDARY, Kind.SESSION, Kind.SCP))
RESOURCE_SIDE = frozenset((Kind.RCP, Kind.RESOURCE, Kind.TRUST, Kind.KMS, Kind.BUCKET, Kind.ACCESS_POINT))

IAM_GUIDE = "https://docs.aws.amazon.com/IAM/latest/UserGuide/"
ORGANIZATIONS_GUIDE = "https://docs.aws.amazon.com/organizations/latest/userguide/"
PRIVATELINK_GUIDE = "https://docs.aws.amazon.com/vpc/latest/privatelink/"


@dataclass(frozen=True, slots=True)
class Finding:
    """A place where a rule speaks: what is wrong there, in one line."""

    rule: str
    message: str
    location: Location


class Rule(ABC):
    """One known mistake.

    `title` names it in a few words, `text` says what happens and what to write instead, `source` is the AWS page.
    `severity`: an error opens what was meant to be closed or never works, a note is about taste and care.
    `of_absence`: the mistake shows in requests that do not carry the key of the condition, and in no others.
    `loosens`: what it says to write lets more through a Deny; `narrows`: it makes what a condition names fewer.
    The last sentence of `text` says what to write.
    """

    id: ClassVar[str]
    title: ClassVar[str]
    text: ClassVar[str]
    source: ClassVar[str]
    kinds: ClassVar[frozenset[Kind]] = ALL_KINDS
    severity: ClassVar[Severity] = Severity.WARNING
    of_absence: ClassVar[bool] = False
    loosens: ClassVar[bool] = False
    narrows: ClassVar[bool] = False

    @abstractmethod
    def check(self, document: Document) -> Iterator[Finding]:
        """The findings in one document of these kinds, in its order."""

    def found(self, message: str, location: Location) -> Finding:
        """A finding of this rule."""
        return Finding(self.id, message, location)


class StatementRule(Rule):
    """A rule that looks at one statement at a time."""

    def check(self, document: Document) -> Iterator[Finding]:
        """The findings of every statement."""
        for statement in document.statements:
            yield from self.statement(statement)

    @abstractmethod
    def statement(self, statement: Statement) -> Iterator[Finding]:
        """The findings in one statement."""


@dataclass(frozen=True, slots=True)
class Place:
    """A condition and what it stands in."""

    condition: Condition
    statement: Statement
    document: Document


class ConditionRule(Rule):
    """A rule that looks at one condition at a time."""

    def check(self, document: Document) -> Iterator[Finding]:
        """The findings of every condition."""
        for statement in document.statements:
            for condition in statement.conditions:
                yield from self.condition(Place(condition, statement, document))

    @abstractmethod
    def condition(self, at: Place) -> Iterator[Finding]:
        """The findings in one condition."""
