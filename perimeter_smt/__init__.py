"""perimeter-smt: proves or refutes that an AWS data perimeter holds.

The names below are the public interface; everything else may change without notice. They are loaded when first used,
so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from perimeter_smt.errors import InputError, InternalError, PerimeterError
    from perimeter_smt.evaluate import Decision, decide, explain
    from perimeter_smt.organization.perimeter import Workspace
    from perimeter_smt.organization.readers import (
        SourceOptions,
        load_workspace,
        read_source,
        workspace_from_options,
    )
    from perimeter_smt.policy.document import Document
    from perimeter_smt.policy.kinds import Kind
    from perimeter_smt.policy.parse import load_policy, parse_policy
    from perimeter_smt.questions.changes.answer import Changes
    from perimeter_smt.questions.changes.ask import compare_workspaces
    from perimeter_smt.questions.changes.since import Changed, changed_documents
    from perimeter_smt.questions.checks.access_not_granted import access_not_granted
    from perimeter_smt.questions.checks.no_new_access import no_new_access
    from perimeter_smt.questions.checks.public import no_public_access
    from perimeter_smt.questions.checks.workspace import access_not_granted_in_workspace, public_in_workspace
    from perimeter_smt.questions.compare import compare as compare_documents
    from perimeter_smt.questions.findings.answer import findings as findings_of_document
    from perimeter_smt.questions.findings.answer import findings_of_workspace
    from perimeter_smt.questions.findings.measure import Measure, measure
    from perimeter_smt.questions.findings.verdicts import Callers, Finding, Findings
    from perimeter_smt.questions.findings.who import what_can, who_can
    from perimeter_smt.questions.mitigations.model import Mitigation
    from perimeter_smt.questions.perimeter import prove as prove_perimeter
    from perimeter_smt.questions.replay.replay import replay
    from perimeter_smt.questions.requests.told import explain_event, explain_message
    from perimeter_smt.questions.requests.why import explain_case
    from perimeter_smt.questions.verdicts import Comparison, Counterexample, Report, Verdict
    from perimeter_smt.request.case import Case, read_case
    from perimeter_smt.request.request import Facts, Request

__version__ = "0.1.0"

_WHERE = {
    "Callers": "questions.findings.verdicts",
    "Case": "request.case",
    "Changed": "questions.changes.since",
    "Changes": "questions.changes.answer",
    "Comparison": "questions.verdicts",
    "Counterexample": "questions.verdicts",
    "Decision": "evaluate",
    "Document": "policy.document",
    "Facts": "request.request",
    "Finding": "questions.findings.verdicts",
    "Findings": "questions.findings.verdicts",
    "InputError": "errors",
    "InternalError": "errors",
    "Kind": "policy.kinds",
    "Measure": "questions.findings.measure",
    "Mitigation": "questions.mitigations.model",
    "PerimeterError": "errors",
    "Report": "questions.verdicts",
    "Request": "request.request",
    "SourceOptions": "organization.readers",
    "Verdict": "questions.verdicts",
    "Workspace": "organization.perimeter",
    "access_not_granted": "questions.checks.access_not_granted",
    "access_not_granted_in_workspace": "questions.checks.workspace",
    "changed_documents": "questions.changes.since",
    "compare_documents": "questions.compare:compare",
    "compare_workspaces": "questions.changes.ask",
    "decide": "evaluate",
    "explain": "evaluate",
    "explain_case": "questions.requests.why",
    "explain_event": "questions.requests.told",
    "explain_message": "questions.requests.told",
    "findings_of_document": "questions.findings.answer:findings",
    "findings_of_workspace": "questions.findings.answer",
    "load_policy": "policy.parse",
    "load_workspace": "organization.readers",
    "measure": "questions.findings.measure",
    "no_new_access": "questions.checks.no_new_access",
    "no_public_access": "questions.checks.public",
    "parse_policy": "policy.parse",
    "prove_perimeter": "questions.perimeter:prove",
    "public_in_workspace": "questions.checks.workspace",
    "read_case": "request.case",
    "read_source": "organization.readers",
    "replay": "questions.replay.replay",
    "what_can": "questions.findings.who",
    "who_can": "questions.findings.who",
    "workspace_from_options": "organization.readers",
}

__all__ = [
    "Callers",
    "Case",
    "Changed",
    "Changes",
    "Comparison",
    "Counterexample",
    "Decision",
    "Document",
    "Facts",
    "Finding",
    "Findings",
    "InputError",
    "InternalError",
    "Kind",
    "Measure",
    "Mitigation",
    "PerimeterError",
    "Report",
    "Request",
    "SourceOptions",
    "Verdict",
    "Workspace",
    "access_not_granted",
    "access_not_granted_in_workspace",
    "changed_documents",
    "compare_documents",
    "compare_workspaces",
    "decide",
    "explain",
    "explain_case",
    "explain_event",
    "explain_message",
    "findings_of_document",
    "findings_of_workspace",
    "load_policy",
    "load_workspace",
    "measure",
    "no_new_access",
    "no_public_access",
    "parse_policy",
    "prove_perimeter",
    "public_in_workspace",
    "read_case",
    "read_source",
    "replay",
    "what_can",
    "who_can",
    "workspace_from_options",
]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module `perimeter_smt` has no attribute `{name}`")
    module, _, attribute = _WHERE[name].partition(":")
    return getattr(import_module(f"perimeter_smt.{module}"), attribute or name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
