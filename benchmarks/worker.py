"""One process per back end, so that memory is its own and a solver that takes too long can be ended.

The limit is processor time, set by the operating system: solvers do not all keep a limit of their own.
"""

from __future__ import annotations

import json
import math
import os
import random
import resource
import selectors
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict

from benchmarks.harness import ROOT, SEED, Answer, Outcome, Suite, peak_memory

_PATIENCE = 20.0  # times the limit, in wall clock, after which a process is ended in any case
_START = 300.0  # seconds for loading the suite
Progress = Callable[[int, int], None]


def order(count: int, backend: str) -> list[int]:
    """The questions in the order they are asked: opponents get a sample, so theirs is shuffled, always alike."""
    numbers = list(range(count))
    if backend not in ("native",):
        random.Random(SEED).shuffle(numbers)
    return numbers


def run(suite: Suite, backend: str, *, quick: bool, seconds: float, budget: float, progress: Progress) -> Outcome:
    """Ask a back end the questions of a suite until all are asked or `budget` seconds of processor time are over."""
    answers: list[Answer] = []
    peak, spent, stopped = 0.0, 0.0, ""
    worker: _Worker | None = None
    numbers = order(len(suite.questions), backend)
    for number in numbers:
        if spent > budget:
            stopped = f"{budget:g} s were over"
            break
        worker = worker or _Worker(suite.name, backend, quick, seconds)
        said = worker.ask(number, seconds * _PATIENCE)
        if said is None:
            worker = None
            reason = {"reason": f"ended after {seconds:g} s"}
            answers.append(Answer(suite.questions[number], "unknown", seconds, seconds, reason))
        else:
            peak = max(peak, float(str(said.pop("peak"))))
            answers.append(Answer(**said))  # type: ignore[arg-type]
        spent += answers[-1].total
        progress(len(answers), len(numbers))
    if worker:
        worker.end()
    return Outcome(backend, tuple(answers), peak, len(numbers), stopped)


class _Worker:
    """The parent's side of a worker process."""

    def __init__(self, suite: str, backend: str, quick: bool, seconds: float) -> None:
        command = [
            sys.executable,
            "-m",
            "benchmarks.worker",
            suite,
            backend,
            "quick" if quick else "full",
            str(seconds),
        ]
        environment = {**os.environ, "PYTHONHASHSEED": "0"}
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment
        )
        self._selector = selectors.DefaultSelector()
        assert self._process.stdout is not None
        self._selector.register(self._process.stdout, selectors.EVENT_READ)
        if self._line(_START) is None:
            raise RuntimeError(f"the worker for {suite} and {backend} does not start")

    def ask(self, number: int, seconds: float) -> dict[str, object] | None:
        """The answer as its fields, None if the process had to be ended."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{number}\n")
        self._process.stdin.flush()
        return self._line(seconds)

    def end(self) -> None:
        """No more questions."""
        self._process.kill()
        self._process.wait()

    def _line(self, seconds: float) -> dict[str, object] | None:
        if not self._selector.select(seconds):
            self.end()
            return None
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self.end()
            return None
        found: dict[str, object] = json.loads(line)
        return found


def main() -> None:
    """The child's side: load the suite, then answer numbers from standard input with JSON lines."""
    from benchmarks.suites import load

    name, backend, size, limit = sys.argv[1:5]
    out, sys.stdout = sys.stdout, sys.stderr
    suite = load(name, quick=size == "quick")
    assert not isinstance(suite, str), suite
    print(json.dumps({"ready": True}), file=out, flush=True)
    for line in sys.stdin:
        used = math.ceil(time.process_time() + float(limit))
        resource.setrlimit(resource.RLIMIT_CPU, (used, resource.RLIM_INFINITY))
        answer = suite.ask(int(line), backend)
        print(json.dumps({**asdict(answer), "peak": peak_memory()}), file=out, flush=True)


if __name__ == "__main__":
    main()
