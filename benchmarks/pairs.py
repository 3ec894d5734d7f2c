"""362 policies and mutants whose difference another tool has decided in both directions (corpus, quacky)."""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Sequence
from pathlib import Path

from benchmarks.compared import compared
from benchmarks.harness import SEED, Answer, Judgement, Outcome, sorted_out
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import load_policy

QUICK = 60
ARCHIVED = {
    ("unsat", "unsat"): "equivalent",
    ("unsat", "sat"): "more",
    ("sat", "unsat"): "less",
    ("sat", "sat"): "incomparable",
}


class Pairs:
    """`policy` against `mutant`: the mutant is what comes after."""

    name = "pairs"
    title = "362 policies and their mutants, both directions"

    def __init__(self, corpus: Path, *, quick: bool = False, sample: int = QUICK) -> None:
        self.folder = corpus / "quacky"
        with (self.folder / "archived-pairs.csv").open(encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        if quick:
            rows = random.Random(SEED).sample(rows, sample)
        self.rows = rows
        self.questions = tuple(row["mutant"].removeprefix("mutations/") for row in rows)
        self.archived = tuple(ARCHIVED[row["policy_minus_mutant"], row["mutant_minus_policy"]] for row in rows)
        self._read: dict[str, Document] = {}

    def documents(self, number: int) -> tuple[Document, Document]:
        """The policy and its mutant."""
        row = self.rows[number]
        return self._document(row["policy"]), self._document(row["mutant"])

    def _document(self, name: str) -> Document:
        if name not in self._read:
            self._read[name] = load(self.folder / name)
        return self._read[name]

    def ask(self, number: int, backend: str) -> Answer:
        before, after = self.documents(number)
        return compared(self.questions[number], before, after, backend)

    def judge(self, outcomes: Sequence[Outcome]) -> Judgement:
        expected = dict(zip(self.questions, self.archived, strict=True))
        facts: dict[str, object] = {}
        lines = []
        ok = True
        for outcome in outcomes:
            same, other = sorted_out(outcome, expected)
            decided = [*same, *other]
            facts[outcome.backend] = {"decided": len(decided), "as archived": len(same)}
            if outcome.backend == "native":
                facts["disagreements"] = [
                    {"pair": a.question, "archived": expected[a.question], "here": a.status, **a.detail} for a in other
                ]
                made = sum(isinstance(side, dict) for a in decided for side in a.detail.values())
                facts["witnesses"] = made
                facts["unknown"] = {a.question: a.detail.get("reason", "") for a in outcome.answers if not a.decided}
                ok = not facts["unknown"]
                total = sum(a.total for a in outcome.answers)
                facts["native total"] = round(total, 3)
                lines.append(f"native: {len(same)} of {len(decided)} as archived, all pairs in {total:.1f} s together")
                lines.append(f"{made} witnesses, all of them replayed by the evaluator")
        return Judgement(facts, tuple(lines), ok)


def load(path: Path) -> Document:
    """A document of the archive: with principals a resource policy, else an identity policy."""
    statements = json.loads(path.read_text(encoding="utf-8"))["Statement"]
    items = statements if isinstance(statements, list) else [statements]
    has_principal = any("Principal" in item or "NotPrincipal" in item for item in items)
    return load_policy(path, Kind.RESOURCE if has_principal else Kind.IDENTITY, strict=False)
