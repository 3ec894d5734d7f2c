"""131 labelled questions of Access Analyzer's samples: does a candidate grant anything that the reference does not?"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from benchmarks.compared import compared
from benchmarks.harness import Answer, Judgement, Outcome, median, sorted_out
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object

FOLDER = "iam-access-analyzer-custom-policy-check-samples"
PASSES = {"equivalent": "PASS", "more": "FAIL"}  # asked one way: whether anything is newly allowed
RELATIONS = {label: relation for relation, label in PASSES.items()}


class Triples:
    """Reference, candidate and PASS or FAIL."""

    name = "triples"
    title = "131 labelled Access Analyzer triples"

    def __init__(self, corpus: Path, *, quick: bool = False) -> None:  # noqa: ARG002 - all of them are quick
        self.pairs: list[tuple[Document, Document]] = []
        names, labels = [], []
        for path in sorted((corpus / FOLDER).rglob("*.json")):
            page = json.loads(path.read_text(encoding="utf-8"))
            kind = _kind(page["policy_type"], path)
            reference = _document(page["reference"], kind, path)
            for index, candidate in enumerate(page["candidates"], 1):
                names.append(f"{path.stem} {index}")
                labels.append(candidate["expected"])
                self.pairs.append((reference, _document(candidate["policy"], kind, path)))
        self.questions, self.labels = tuple(names), tuple(labels)

    def ask(self, number: int, backend: str) -> Answer:
        before, after = self.pairs[number]
        return compared(self.questions[number], before, after, backend, one_way=True)

    def judge(self, outcomes: Sequence[Outcome]) -> Judgement:
        labels = dict(zip(self.questions, self.labels, strict=True))
        expected = {question: RELATIONS[label] for question, label in labels.items()}
        facts: dict[str, object] = {}
        lines = []
        ok = True
        for outcome in outcomes:
            met, missed = sorted_out(outcome, expected)
            decided = len(met) + len(missed)
            facts[outcome.backend] = {"decided": decided, "labels met": len(met)}
            if outcome.backend == "native":
                facts["labels missed"] = [
                    {"triple": a.question, "label": labels[a.question], **a.detail} for a in missed
                ]
                ok = decided == len(outcome.answers)
                middle = 1e3 * median([a.total for a in outcome.answers])
                lines.append(f"native: {len(met)} of {decided} labels met, median {middle:.1f} ms with encoding")
                lines += [f"label missed: {a.question} ({labels[a.question]})" for a in missed]
        return Judgement(facts, tuple(lines), ok)


def _kind(policy_type: str, path: Path) -> Kind:
    if policy_type == "IDENTITY_POLICY":
        return Kind.IDENTITY
    return Kind.TRUST if "trust" in str(path) else Kind.RESOURCE


def _document(policy: object, kind: Kind, path: Path) -> Document:
    return parse_object(policy, kind, file=path.name, name=path.stem, strict=False)
