"""N1: my identities start compute only inside my VPCs (table `compute-settings`; docs/mitigations.md)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from perimeter_smt.evaluate.configured import starts_outside
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.questions.mitigations import worlds
from perimeter_smt.questions.mitigations.asked import SCP_LIMITS, Agrees, Asked, excepted
from perimeter_smt.questions.mitigations.model import Asking, Line, Mitigation, MitigationStatus, worst
from perimeter_smt.questions.mitigations.of_tables import claimed_rows, obligations
from perimeter_smt.questions.verdicts import Assumption

ID, TITLE = "N1", "my identities start compute only inside my VPCs"
LIMITS = (
    *SCP_LIMITS,
    "compute that was made before the guardrail was attached keeps its network",
    "EC2, EKS and their kind always run in a VPC of the account: which VPC is a question of routes, not of IAM",
    "services that the table `compute-settings` does not know may run code outside my VPCs, too",
)
Row = Mapping[str, Any]


def ask(workspace: Workspace, asking: Asking) -> Mitigation:
    """A row for every entry of the table that the scope of N1 claims."""
    rows = claimed_rows(workspace, ID)
    if not rows:
        return Mitigation(ID, TITLE, "not-asked")
    encoded = worlds.tables(workspace, asking)

    def agrees(row: Row) -> Agrees:
        return lambda request, facts, departs: starts_outside(workspace, request, facts, row, told="AC1" not in departs)

    question = Asked(encoded, "AC1")
    found = question.lines(obligations(encoded, workspace, ID, ID, _words, agrees))
    lines = [_subnets(workspace, row, line) for row, line in zip(rows, found, strict=True)]
    stated = question.stated
    if not workspace.perimeter.vpcs and any(row.get("names") == "vpc" for row in rows):
        text = "perimeter.yaml declares no `vpcs`: every VPC that a call can name counts as mine"
        stated = (*stated, Assumption("vpcs", text, "VPC guide, share your VPC subnets: within an organization only"))
    return Mitigation(ID, TITLE, worst(lines), tuple(lines), stated, (*LIMITS, *excepted(workspace, ID)))


def _words(row: Row) -> tuple[MitigationStatus, str]:
    if "key" in row:
        return "refuted", f"compute outside my VPCs can be made; {row['key']} would hold it"
    return "not-guardable", row["why"]


def _subnets(workspace: Workspace, row: Row, line: Line) -> Line:
    """A subnet or a connector tells no VPC: where `vpcs` are declared, a proof that one is named says less."""
    if line.status != "proved" or not workspace.perimeter.vpcs or row.get("names") not in ("subnet", "connector"):
        return line
    text = f"a VPC is named, by a {row['names']}: the key does not tell whether it is one of `vpcs`"
    return Line(line.subject, "conditional", text, line.statement)
