"""A counterexample as text: the request, why it counts, who let it through, what came closest."""

from __future__ import annotations

from collections.abc import Iterable

from perimeter_smt.questions import explain
from perimeter_smt.questions.verdicts import Blame, Counterexample
from perimeter_smt.report.page import Page
from perimeter_smt.report.words import caller, keys


def write_finding(page: Page, found: Counterexample, *, indent: int = 2) -> None:
    """Write the request with everything that a person needs to mend the hole."""
    request, facts = found.request, found.facts
    page.item("caller", [caller(found), explain.who(facts)], indent=indent)
    page.item("action", request.action, indent=indent, style="bold")
    page.item("resource", [request.resource, owner(found)], indent=indent)
    page.item("network", explain.wire(facts), indent=indent)
    page.item("keys", keys(found) or ["none that a policy tests"], indent=indent)
    page.item("intended" if found.kind == "blocked" else "outside", found.why, indent=indent, style="bold")
    page.item("blocked" if found.kind == "blocked" else "let by", blamed(found.through), indent=indent)
    if found.closest is None and found.kind == "hole" and found.case is not None:
        page.item("closest", "none: no Deny statement among the guardrails that enforce this", indent=indent)
    if found.closest:
        near = found.closest
        page.item("closest", [str(near.statement), *(f"failed: {text}" for text in near.failed)], indent=indent)
    page.item("beyond", found.reach or "", indent=indent)
    page.item("needs", ", ".join(needs(found)), indent=indent)
    if found.rests_on:
        page.item("reading", f"as chosen for {', '.join(found.rests_on)}; not under the rival one", indent=indent)


def needs(found: Counterexample) -> list[str]:
    """What a finding needs beside the chosen readings and axioms: departures from them, and chance."""
    return [*map(departure, found.depends_on), *filter(None, (found.chance,))]


def departure(name: str) -> str:
    """What a finding needs that is not so under the chosen readings and axioms."""
    return f"{name} read the other way" if name.startswith("X-") else f"{name} not to hold"


def owner(found: Counterexample) -> str:
    """Whose resource it is."""
    account = found.facts.resource_account
    if account is None:
        return ""
    if account == "aws":
        return "owned by AWS"
    org = found.facts.organizations.get(account)
    return f"account {account}" + (f" of organization {org}" if org else " of no organization")


def blamed(statements: Iterable[Blame]) -> list[str]:
    """Statements with their places, each once."""
    return list(dict.fromkeys(f"{blame} ({blame.kind}, {blame.effect})" for blame in statements))


def one_line(found: Counterexample) -> str:
    """The request in one line."""
    return f"{caller(found)} calls {found.request.action} on {found.request.resource}"
