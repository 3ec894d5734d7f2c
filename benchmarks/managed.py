"""Every managed policy of the corpus against three large ones.

The corpus holds ReadOnlyAccess and SecurityAudit. It does not hold PowerUserAccess, so a policy of the same shape
stands for it: everything but three services, and a few actions of those.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

from benchmarks.compared import compared
from benchmarks.harness import SEED, Answer, Judgement, Outcome, percentile
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import load_policy, parse_object

REFERENCES = ("ReadOnlyAccess", "SecurityAudit")
POWER_USER = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "NotAction": ["iam:*", "organizations:*", "account:*"], "Resource": "*"},
        {
            "Effect": "Allow",
            "Action": [
                "account:ListRegions",
                "iam:CreateServiceLinkedRole",
                "iam:ListRoles",
                "organizations:Describe*",
            ],
            "Resource": "*",
        },
    ],
}
QUICK = 60


class Managed:
    """`reference` against `policy`: does the policy allow anything that the reference does not, and the converse."""

    name = "managed"
    title = "AWS managed policies against ReadOnlyAccess, SecurityAudit, and the shape of PowerUserAccess"

    def __init__(self, corpus: Path, *, quick: bool = False) -> None:
        folder = corpus / "aws-managed-policies"
        paths = sorted(folder.glob("*.json"))
        self.references = {name: _load(folder / f"{name}.json") for name in REFERENCES}
        self.references["PowerUserAccess"] = parse_object(POWER_USER, Kind.IDENTITY, file="", name="PowerUserAccess")
        jobs = [(name, path) for path in paths for name in self.references]
        if quick:
            jobs = random.Random(SEED).sample(jobs, QUICK)
        self._jobs = jobs
        self.questions = tuple(f"{path.stem} against {name}" for name, path in jobs)

    def ask(self, number: int, backend: str) -> Answer:
        name, path = self._jobs[number]
        return compared(self.questions[number], self.references[name], _load(path), backend)

    def judge(self, outcomes: Sequence[Outcome]) -> Judgement:
        facts: dict[str, object] = {}
        lines: list[str] = []
        ok = True
        for outcome in outcomes:
            if outcome.backend != "native":
                continue
            unknown = [
                {"question": a.question, "reason": a.detail.get("reason", "")} for a in outcome.answers if not a.decided
            ]
            made = sum(isinstance(side, dict) for a in outcome.answers for side in a.detail.values())
            slow = sorted(outcome.answers, key=lambda a: -a.total)[:5]
            facts = {
                "unknown": unknown,
                "witnesses": made,
                "slowest": [{"question": a.question, "ms": round(1e3 * a.total, 1)} for a in slow],
            }
            ok = not unknown
            last = 1e3 * percentile([a.total for a in outcome.answers], 99)
            lines.append(f"native: {len(unknown)} unknown, p99 {last:.0f} ms with encoding")
            lines.append(f"{made} witnesses, all of them replayed by the evaluator")
        return Judgement(facts, tuple(lines), ok)


def _load(path: Path) -> Document:
    return load_policy(path, Kind.IDENTITY, strict=False)
