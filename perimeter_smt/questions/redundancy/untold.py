"""What statements that could go are worth where the source did not tell everything.

A statement goes only where every place of its document agrees. Where a guardrail or its attachment is not known, a
document may stand elsewhere, or beside others than those that were seen; a managed policy may be all that somebody has
whose other policies are not known. What holds of the document by itself holds wherever it stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.questions.redundancy.redundant import Judged
from perimeter_smt.questions.unknowns import named

_GUARDRAILS = ("scp", "rcp")
_NONE_THERE = ("SCPs", "RCPs", "SCPs and RCPs")  # kinds of which no document is judged
_ELSEWHERE = ("endpoint", "Block Public Access")  # guardrails that no statement of an SCP or RCP stands beside


def doubted(found: Sequence[Judged], workspace: Workspace) -> list[Judged]:
    """The statements, `unknown` those that could go only if what is not known does not need them."""
    guardrails = [
        u for u in workspace.unknowns
        if u.affects == "guardrails" and u.name not in _NONE_THERE and not any(word in u.name for word in _ELSEWHERE)
    ]  # fmt: skip
    holders = {u.subject: u for u in workspace.unknowns if u.known is not None}
    shared = {
        version.document.name: [holders[arn] for arn in policy.attached_to if arn in holders]
        for account, _ in workspace.organization.accounts()
        for policy in account.managed or ()
        for version in policy.versions
        if version.default
    }

    def one(judged: Judged) -> Judged:
        kind, name = judged.statement.kind, judged.statement.document
        leaning = guardrails if kind in _GUARDRAILS else shared.get(name, []) if kind == "identity" else []
        if not judged.redundant or not leaning or _by_itself(judged):
            return judged
        return replace(judged, status="unknown", by=(), removable=False, reason=f"not known: {named(leaning)}")

    return [one(judged) for judged in found]


def _by_itself(judged: Judged) -> bool:
    """Whether no request matches it, or statements of its own document stand for it."""
    own = (judged.statement.kind, judged.statement.document, judged.statement.file)
    inside = all((by.kind, by.document, by.file) == own for by in judged.by)
    return judged.status == "unreachable" or (bool(judged.by) and inside)
