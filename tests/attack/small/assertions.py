"""Assertions of one's own, each with the same sentence on ground truth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from perimeter_smt.assertions import anonymous, forwarded, iam_identity, key, my_iam, my_network, my_resource
from perimeter_smt.assertions.formula import Formula
from perimeter_smt.evaluate.perimeter import Ground
from perimeter_smt.logic.sexpr import quote_symbol


@dataclass(frozen=True)
class Own:
    """An assertion as the engine takes it, and when a request breaks it."""

    name: str
    formula: Formula
    broken: Callable[[Ground], bool]

    @property
    def smtlib(self) -> str:
        """The commands."""
        return f"(assert (! {self.formula.text} :named {quote_symbol(self.name)}))\n"

    def __str__(self) -> str:
        return f"assertion `{self.name}`"


def _value(at: Ground, name: str) -> object:
    return at.context.get(name.lower())


ASSERTIONS = (
    Own("nobody without credentials", my_resource >> ~anonymous, lambda at: at.my_resource and at.facts.kind == "anon"),
    Own("mine from my network", (my_iam & my_resource) >> my_network,
        lambda at: at.my_iam and at.my_resource and not at.my_network),
    Own("identities on mine are mine", (my_resource & iam_identity) >> my_iam,
        lambda at: at.my_resource and at.is_iam and not at.my_iam),
    Own("forwarded for mine alone", (my_resource & forwarded) >> my_iam,
        lambda at: at.my_resource and at.facts.forwarded and not at.my_iam),
    Own("plain text for mine alone", (my_resource & (key("aws:SecureTransport") == "false")) >> my_iam,
        lambda at: at.my_resource and _value(at, "aws:SecureTransport") == "false" and not at.my_iam),
    Own("others over endpoints alone", (my_resource & ~my_iam & iam_identity) >> key("aws:SourceVpce").exists,
        lambda at: at.my_resource and at.is_iam and not at.my_iam and _value(at, "aws:SourceVpce") is None),
)  # fmt: skip

__all__ = ["ASSERTIONS", "Own"]
