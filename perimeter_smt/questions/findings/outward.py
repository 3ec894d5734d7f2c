"""Ways out: what the principals of a workspace can reach that is not its own, principal by principal.

The resource is outside the zone, and so is the account that its policy is in: what that policy says is not known, so
that access is what guardrails, grants, boundaries and endpoint policies of the caller's side let through.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from perimeter_smt.encode.language.principal import IAM
from perimeter_smt.encode.world.accounts import org_of
from perimeter_smt.encode.world.people import is_caller
from perimeter_smt.errors import InputError, did_you_mean
from perimeter_smt.logic.formula import TRUE, Formula, both, either, equal, is_text, neg
from perimeter_smt.organization.model import OwnedPrincipal
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.questions.distinct_calls import presumed_actions
from perimeter_smt.questions.findings.estate import Estate, Topic, Zone, distinct, guardrails
from perimeter_smt.questions.findings.literals import Literal, fact
from perimeter_smt.request import actions


def not_mine(estate: Estate, zone: Zone) -> Formula:
    """The resource lies outside the zone that the caller belongs to."""
    if zone == "everyone":
        return TRUE
    if zone == "perimeter":
        return neg(estate.world.formula("trusted-resource"))
    own = equal("resource.account", "principal.account")
    if zone == "account":
        return neg(own)
    return neg(either(own, is_text(org_of("resource.account"), estate.workspace.organization.id)))


def callers(estate: Estate, zone: Zone) -> Iterator[Topic]:
    """One topic for every listed principal, and one for whoever else is of each account (its root user, say)."""
    outside = not_mine(estate, zone)
    endpoints = estate.endpoint_documents()
    near = _own_resources(estate) if zone in ("account", "everyone") else ()
    facts = (*estate.wires(), *estate.targets(), *_owners(estate.workspace, zone))
    for account, path in estate.workspace.organization.accounts():
        scps = guardrails([*(unit.guardrails for unit in path), account.guardrails], Kind.SCP)
        for principal in account.principals:
            documents = distinct([*_policies(principal), *scps, *endpoints, *near])
            here = both(outside, is_caller(principal))
            yield Topic(principal.arn, Kind.IDENTITY, here, documents, facts)
        others = both(IAM, is_text("principal.account", account.id), *(neg(is_caller(p)) for p in account.principals))
        name = f"others of account {account.id}"
        yield Topic(name, Kind.IDENTITY, both(outside, others), distinct([*scps, *endpoints, *near]), facts)


def services_reached(policies: Iterable[Document]) -> list[str]:
    """The services that some policies can allow calls of, unknown ones as well; all, if a pattern reaches all."""
    policies = list(policies)
    known, out = set(actions.services()), set[str]()
    beyond = {name.partition(":")[0].lower() for name in presumed_actions(policies)} - known
    for document in policies:
        for statement in document.statements:
            if statement.effect == "Deny":
                continue
            for text in statement.action.values:
                service = text.lower().partition(":")[0]
                if statement.action.negated or any(c in service for c in "*?"):
                    return [*actions.services(), *sorted(beyond)]
                out.add(service)
    return sorted((out & known) | beyond)


def services_of_callers(workspace: Workspace) -> list[str]:
    """The services that some listed principal is granted calls of."""
    accounts = workspace.organization.accounts()
    return services_reached(d for account, _ in accounts for p in account.principals for d in p.policies)


def known_service(name: str) -> str:
    """The service of a prefix; InputError for what AWS does not have."""
    known = actions.services()
    if name.lower() not in known:
        raise InputError(f"unknown service `{name}`{did_you_mean(name, known)}: expected a prefix such as `s3`")
    return name.lower()


def _policies(principal: OwnedPrincipal) -> list[Document]:
    return [*principal.policies, *((principal.boundary,) if principal.boundary else ())]


def _own_resources(estate: Estate) -> tuple[Document, ...]:
    """What decides calls inside the organization besides: resource and trust policies, RCPs."""
    out: list[Document] = []
    for account, path in estate.workspace.organization.accounts():
        out += guardrails([*(unit.guardrails for unit in path), account.guardrails], Kind.RCP)
        out += [resource.policy for resource in account.resources if resource.policy]
        out += [principal.trust for principal in account.principals if principal.trust]
    return distinct(out)


def _owners(workspace: Workspace, zone: Zone) -> Iterator[Literal]:
    """Whose resource it is, where that may matter."""
    yield from fact("the resource is AWS's own", "the resource is not AWS's own", is_text("resource.account", "aws"))
    if zone in ("account", "everyone"):
        for account, _ in workspace.organization.accounts():
            words = f"the resource is of account {account.id}"
            here = is_text("resource.account", account.id)
            yield from fact(words, words.replace(" is ", " is not ", 1), here)
