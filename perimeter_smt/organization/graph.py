"""The organization as graphs: which unit holds what, which guardrails bind an account, who may assume which role."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

from perimeter_smt.organization.model import Account, Guardrails, Organization, OwnedPrincipal, Unit
from perimeter_smt.policy.document import PrincipalEntry, Statement

if TYPE_CHECKING:
    import networkx as nx

_ASSUMING = ("sts:assumerole", "sts:assumerolewithsaml", "sts:assumerolewithwebidentity")


def cycle_of(parents: Mapping[str, str]) -> list[str] | None:
    """A cycle of child-to-parent steps, each element's parent behind it; None for a forest."""
    # The standard library's sorter: loading networkx would take a tenth of a second of every run.
    try:
        TopologicalSorter({child: (parent,) for child, parent in parents.items()}).prepare()
    except CycleError as error:
        return list(reversed(error.args[1][1:]))
    return None


def unit_tree(organization: Organization) -> nx.DiGraph[str]:
    """Root, units and accounts by id, edges from holder to held; node attribute `item` is the object."""
    import networkx as nx

    graph: nx.DiGraph[str] = nx.DiGraph()
    stack: list[Unit] = [organization.root]
    while stack:
        unit = stack.pop()
        graph.add_node(unit.id, item=unit)
        held: tuple[Unit | Account, ...] = (*unit.accounts, *unit.units)
        for item in held:
            graph.add_node(item.id, item=item)
            graph.add_edge(unit.id, item.id)
        stack.extend(reversed(unit.units))
    return graph


def levels_by_account(organization: Organization) -> dict[str, tuple[Guardrails, ...]]:
    """The guardrails of every account, root first, in one pass. They do not bind the management account."""
    return {
        account.id: (*(unit.guardrails for unit in path), account.guardrails)
        for account, path in organization.accounts()
    }


def accounts_by_guardrails(organization: Organization) -> list[tuple[tuple[str, ...], tuple[Guardrails, ...]]]:
    """Member accounts that no guardrail tells apart, with their levels; the management account is in none."""
    groups: dict[tuple[object, ...], tuple[list[str], tuple[Guardrails, ...]]] = {}
    for account, levels in levels_by_account(organization).items():
        if account == organization.management_account:
            continue
        attached = frozenset(id(document) for level in levels for document in (*level.scps, *level.rcps))
        closed = tuple(tuple(id(d) for d in level.scps) for level in levels if not level.full_access_scp)
        groups.setdefault((attached, closed), ([], levels))[0].append(account)
    return [(tuple(accounts), levels) for accounts, levels in groups.values()]


def trust_graph(organization: Organization) -> nx.DiGraph[str]:
    """Who may assume which role, as trust policies say; identity policies and guardrails are not looked at.

    Nodes are ARNs of principals, account ids, `*`, service principals and providers. A listed principal has an edge
    to its account (edge attribute `way` is `member`), since it may use what trusts the account. Edges to a role
    (`way` is `trust`) carry `statements`, and `conditional`: each of them has conditions.
    """
    import networkx as nx

    graph: nx.DiGraph[str] = nx.DiGraph()
    principals = [p for account, _ in organization.accounts() for p in account.principals]
    for principal in principals:
        graph.add_node(principal.arn, item=principal)
        graph.add_edge(principal.arn, principal.account, way="member")
    for role in principals:
        for statement in role.trust.statements if role.trust else ():
            _add_trust(graph, role, statement)
    return graph


def may_assume(graph: nx.DiGraph[str], role: str) -> frozenset[str]:
    """Every node of a trust graph from which a chain of assumptions leads to `role`."""
    import networkx as nx

    return frozenset(nx.ancestors(graph, role)) if role in graph else frozenset()


def _add_trust(graph: nx.DiGraph[str], role: OwnedPrincipal, statement: Statement) -> None:
    if statement.effect != "Allow" or statement.principal is None or statement.principal.negated:
        return
    if not any(fnmatchcase(name, action.lower()) for name in _ASSUMING for action in statement.action.values):
        return
    for entry in statement.principal.entries:
        who = _node(entry)
        known = graph.edges[who, role.arn] if graph.has_edge(who, role.arn) else {}
        graph.add_edge(
            who,
            role.arn,
            way="trust",
            statements=(*known.get("statements", ()), statement),
            conditional=bool(statement.conditions) and known.get("conditional", True),
        )


def _node(entry: PrincipalEntry) -> str:
    """The account id for the account or its root, the role for a session of it, otherwise the text itself."""
    parts = entry.value.split(":", 5)
    if entry.type != "AWS" or len(parts) != 6:
        return entry.value
    if parts[5] == "root":
        return parts[4]
    if parts[2] == "sts" and parts[5].startswith("assumed-role/"):
        return f"{parts[0]}:{parts[1]}:iam::{parts[4]}:role/{parts[5].split('/')[1]}"
    return entry.value
