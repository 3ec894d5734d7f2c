"""What statements that could go are worth where the source did not tell everything.

A statement goes only where every place of its document agrees. Where a guardrail or its attachment is not known, a
document may stand elsewhere, or beside others than those that were seen; a managed policy may be all that somebody has
whose other policies are not known. What holds of the document by itself holds wherever it stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from perimeter_smt.organization.model import NONE_THERE, Unknown, named
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.questions.redundancy.redundant import Judged

_GUARDRAILS = ("scp", "rcp")
_ELSEWHERE = ("endpoint", "Block Public Access")  # guardrails that no statement of an SCP or RCP stands beside


def doubted(found: Sequence[Judged], workspace: Workspace) -> list[Judged]:
    """The statements, `unknown` those that could go only if what is not known does not need them."""
    guardrails = [
        u for u in workspace.unknowns
        if u.affects == "guardrails" and u.name not in NONE_THERE and not any(word in u.name for word in _ELSEWHERE)
    ]  # fmt: skip
    shared = _shared(workspace)

    def one(judged: Judged) -> Judged:
        kind, name = judged.statement.kind, judged.statement.document
        of_others = [*shared.get(name, ()), *shared.get("", ())] if kind == "identity" else []
        leaning = guardrails if kind in _GUARDRAILS else of_others
        if not judged.redundant or not leaning or _by_itself(judged):
            return judged
        return replace(judged, status="unknown", by=(), removable=False, reason=f"not known: {named(leaning)}")

    return [one(judged) for judged in found]


def _shared(workspace: Workspace) -> dict[str, list[Unknown]]:
    """Who was left out and has a managed policy, by the name of its document; by none where that is not known."""
    holders = {u.subject: u for u in workspace.unknowns if u.known is not None}
    out: dict[str, list[Unknown]] = {}
    for account, _ in workspace.organization.accounts():
        for policy in account.managed or ():
            left_out = [holders[arn] for arn in policy.attached_to if arn in holders]
            if left_out and len(policy.attached_to) > len(left_out):
                names = [version.document.name for version in policy.versions if version.default] or [""]
                for name in names:
                    out.setdefault(name, []).extend(left_out)
    return out


def _by_itself(judged: Judged) -> bool:
    """Whether no request matches it, or statements of its own document stand for it."""
    own = (judged.statement.kind, judged.statement.document, judged.statement.file)
    inside = all((by.kind, by.document, by.file) == own for by in judged.by)
    return judged.status == "unreachable" or (bool(judged.by) and inside)
