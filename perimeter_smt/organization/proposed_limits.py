"""Limits of guardrails and axioms about AWS that the policies of an organization build on, with the reason for each.

What a guardrail leaves out in so many words was decided: it is `sure`. What no SCP, RCP or endpoint policy could ever
hold back is `sure` only where the source holds no grants: with grants, `prove` names the calls that they really admit,
and somebody has to look at those. Every verdict lists which of these it needed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from perimeter_smt.organization.guardrail_statements import NETWORK, narrows, place_of
from perimeter_smt.organization.perimeter import REACH_TEXTS, Workspace
from perimeter_smt.policy.document import Condition, Document, Statement
from perimeter_smt.policy.kinds import Kind

if TYPE_CHECKING:
    from perimeter_smt.organization.proposals import Proposals

_BOUND = (Kind.SCP, Kind.RCP)
# What AWS documents of itself without a promise that it stays (docs/axioms.md); by the objectives that need it.
FACTS = {
    "AE2.service": "service principals call only services with resource policies",
    "AE3.cross-account": "strangers call only services whose resources can be shared",
    "AE8.aws-owned": "AWS owns resources for its customers in the services that its table names, not in others",
    "P4.service-resources": "what an AWS service reaches for from an endpoint of mine is trusted",
    "AN9": "an endpoint serves its own Region, unless the service offers endpoints across Regions",
    "AN12.console": "no console with Private Access, whose calls name the VPC alone, in my VPCs",
    "AK1.listed": "a call carries the keys of services that AWS lists for its action",
}


def propose_limits(out: Proposals, workspace: Workspace, documents: Iterable[Document]) -> None:
    """Add `accepted` and `assumptions` to the proposals."""
    alone = not any(a.principals or a.resources for a, _ in workspace.organization.accounts())
    for document in documents:
        for statement in document.statements:
            place = place_of(document, statement)
            if document.kind in _BOUND and statement.effect == "Deny":
                for name, said in _of_guardrail(document, statement):
                    section = "accepted" if name in REACH_TEXTS else "assumptions"
                    out.add(section, name, sure=said or alone, place=place)
            elif document.kind.is_endpoint and statement.effect == "Allow" and _lets_services(statement):
                out.add("accepted", "service-principals", sure=True, place=place)
                out.add("assumptions", "P4.service-resources", sure=True, place=place)


def _of_guardrail(document: Document, statement: Statement) -> Iterator[tuple[str, bool]]:
    """What a Deny builds on, and whether it says so itself."""
    tests = {condition.name: condition for condition in statement.conditions}
    network = any(name in tests and tests[name].operator.base.negated for name in NETWORK)
    owner = any(name.startswith("aws:resourceorg") for name in tests)
    identity = any(name.startswith(("aws:principalorg", "aws:sourceorg")) for name in tests)
    if not (network or owner or identity) or any(narrows(condition) for condition in statement.conditions):
        return
    yield from (("management-account", False), ("service-linked-roles", False))
    if _holds(tests.get("aws:viaawsservice"), "false"):
        yield "forward-access-sessions", True
    if _holds(tests.get("aws:principalisawsservice"), "false") or _holds(tests.get("aws:sourceaccount"), "false"):
        yield "service-principals", True
    if document.kind is Kind.RCP:
        yield "services-outside-rcp", False
        if any(text.lower().startswith(("kms:", "*")) for text in statement.action.values):
            yield from (("kms-retire-grant", False), ("aws-managed-keys", False))
        yield from (("AE2.service", False), ("AE3.cross-account", False)) if identity else ()
    elif owner:
        yield from (("AE3.cross-account", False), ("AE8.aws-owned", False))
    if network:
        yield "AN9", False
        if "aws:sourcevpc" in tests:
            yield "AN12.console", False
        if any(name.startswith("aws:principaltag/") and not test.operator.base.negated
               for name, test in tests.items()):  # fmt: skip
            yield "service-networks", True
    if any(not name.startswith("aws:") for name in tests):
        yield "AK1.listed", False


def _lets_services(statement: Statement) -> bool:
    """Whether an endpoint lets AWS services through, whatever they reach for."""
    tests = {condition.name: condition for condition in statement.conditions}
    return _holds(tests.get("aws:principalisawsservice"), "true") and len(tests) == 1


def _holds(condition: Condition | None, value: str) -> bool:
    """Whether a Bool or Null condition asks for this."""
    return (
        condition is not None
        and condition.operator.base.name in ("Bool", "Null")
        and [text.lower() for text in condition.values] == [value]
    )
