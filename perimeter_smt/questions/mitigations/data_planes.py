"""S1: services whose data planes no policy sees (table `data-planes`; docs/mitigations.md).

A list and no proof: nobody is to take a green matrix for what security groups, subnets and users of databases hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.questions.mitigations.model import Asking, Line, Mitigation
from perimeter_smt.questions.mitigations.worlds import claimed_services
from perimeter_smt.request.keys import table_rows

ID, TITLE = "S1", "services whose data planes no policy sees"
LIMITS = ("services that the table `data-planes` does not know",)


def ask(workspace: Workspace, asking: Asking) -> Mitigation:  # noqa: ARG001
    """A row for each data plane of a service that the scopes claim or that the workspace lists resources of."""
    here = _services(workspace)
    lines = [_line(row) for row in table_rows("data-planes") if not here.isdisjoint(row["namespaces"])]
    if not lines:
        lines = [Line("data planes", "listed", "no service of the workspace has a data plane that policies do not see")]
    return Mitigation(ID, TITLE, "listed", tuple(lines), (), LIMITS)


def _line(row: Mapping[str, Any]) -> Line:
    seen = "IAM is asked, without network keys" if row["iam"] == "yes" else "no policy is asked"
    return Line(f"{row['service']}: {row['what']}", "not-guardable", f"{seen}; held by {row['held_by']}")


def _services(workspace: Workspace) -> set[str]:
    """The services of listed resources and endpoints, and those that the scopes claim."""
    out: set[str] = set()
    for account, _ in workspace.organization.accounts():
        out |= {resource.arn.split(":")[2] for resource in account.resources}
        out |= {service for endpoint in account.endpoints for service in endpoint.services}
    asked = {namespace for row in table_rows("data-planes") for namespace in row["namespaces"]}
    return out | (asked & set(claimed_services(workspace)))
