"""Address and VPC denied in two statements."""

from __future__ import annotations

from collections.abc import Iterator

from perimeter_smt.lint.facts import VPC_KEYS, negated_on, requires, services_named, tests_any
from perimeter_smt.lint.rule import IAM_GUIDE, Finding, Rule
from perimeter_smt.policy.document import Document, Statement
from perimeter_smt.policy.json_positions import quoted

ADDRESS = ("aws:sourceip",)


def _overlap(one: Statement, other: Statement) -> bool:
    first, second = services_named(one.action), services_named(other.action)
    return first is None or second is None or bool(first & second)


def _named(statement: Statement) -> str:
    return quoted(statement.sid) if statement.sid else f"statement {statement.index + 1}"


class SplitNetworkDenies(Rule):
    """Rule PL015."""

    id = "PL015"
    title = "address and VPC denied in two statements"
    text = (
        "A call carries `aws:SourceIp` or the keys of a VPC endpoint, never both, and a negated operator is true "
        "for the absent one. Two Deny statements, one on each, together deny every call. Put both conditions into "
        "one statement."
    )
    source = f"{IAM_GUIDE}access_policies_data-perimeters.html"

    def check(self, document: Document) -> Iterator[Finding]:
        """The findings in one document."""
        by_address: Statement | None = None
        by_vpc: Statement | None = None
        for statement in document.statements:
            if statement.effect != "Deny":
                continue
            if (
                negated_on(statement, ADDRESS)
                and not tests_any(statement, VPC_KEYS)
                and not requires(statement, ADDRESS)
            ):
                by_address = by_address or statement
            if (
                negated_on(statement, VPC_KEYS)
                and not tests_any(statement, ADDRESS)
                and not requires(statement, VPC_KEYS)
            ):
                by_vpc = by_vpc or statement
        if by_address and by_vpc and _overlap(by_address, by_vpc):
            first, second = sorted((by_address, by_vpc), key=lambda item: item.index)
            message = f"together with {_named(first)} this denies every call: one asks for an address, one for a VPC"
            yield self.found(message, second.location)
