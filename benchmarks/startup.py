"""Wall clock and memory of whole processes: help, import, and the proof of two perimeters."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

from benchmarks.harness import ROOT, Judgement, corpus, median

EXAMPLE = ROOT / "docs" / "examples" / "acme"
_MAIN = "from perimeter_smt.cli.entry import main; main()"
_PUBLISHED = """
from pathlib import Path
import sys
from benchmarks.published import published_perimeter
from perimeter_smt.questions.obligations.decide import Means
from perimeter_smt.questions.obligations.pool import processors
from perimeter_smt.questions.perimeter import prove
report = prove(published_perimeter(Path(sys.argv[1])), means=Means(processors()))  # as the command does
print(len(report.verdicts), sum(verdict.status == "unknown" for verdict in report.verdicts))
"""


@dataclass(frozen=True)
class Task:
    """A process to time: `seconds` and `memory` (MB) are the targets, 0 if there is none."""

    name: str
    arguments: tuple[str, ...]
    seconds: float = 0.0
    memory: float = 0.0
    rounds: int = 5


def tasks() -> list[Task]:
    """What can be run here."""
    out = [
        Task("perimeter --help", ("-c", _MAIN, "--help")),
        Task("import perimeter_smt", ("-c", "import perimeter_smt")),
    ]
    if EXAMPLE.is_dir():
        out.append(
            Task("prove docs/examples/acme", ("-c", _MAIN, "prove", str(EXAMPLE.relative_to(ROOT))), 2.0, rounds=3)
        )
    folder = corpus()
    if folder:
        out.append(Task("prove the published perimeter", ("-c", _PUBLISHED, str(folder)), 10.0, 500.0, rounds=2))
    return out


def measure(*, quick: bool) -> Judgement:
    """Median wall clock and largest memory of each task."""
    facts: dict[str, Any] = {}
    lines = []
    if not EXAMPLE.is_dir():
        lines.append("skipped: docs/examples/acme, which is not there")
    for task in tasks():
        runs = [_run(task) for _ in range(1 if quick else task.rounds)]
        seconds, memory = median([run[0] for run in runs]), max(run[1] for run in runs)
        target = {"seconds": task.seconds, "MB": task.memory}
        facts[task.name] = {"seconds": round(seconds, 3), "MB": round(memory), "target": target, "output": runs[-1][2]}
        wanted = f" (target {task.seconds:g} s{f', {task.memory:g} MB' if task.memory else ''})" if task.seconds else ""
        lines.append(f"{task.name}: {seconds:.2f} s, {memory:.0f} MB{wanted}")
    return Judgement(facts, tuple(lines))


# A process takes the largest size of whoever started it for its own, so a small one starts the task and measures it.
_MEASURE = """
import json, os, subprocess, sys, time
start = time.perf_counter()
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE, text=True)
printed = process.stdout.read()
_, status, usage = os.wait4(process.pid, 0)
seconds = time.perf_counter() - start
code = os.waitstatus_to_exitcode(status)
last = (printed.strip().splitlines() or [""])[-1][:120]
print(json.dumps({"seconds": seconds, "size": usage.ru_maxrss, "code": code, "last": last}))
"""


def _run(task: Task) -> tuple[float, float, str]:
    """Seconds, memory in MB, and the last line printed."""
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    command = [sys.executable, "-I", "-S", "-c", _MEASURE, sys.executable, *task.arguments]
    done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    found = json.loads(done.stdout)
    if found["code"] not in (0, 1, 3):
        raise RuntimeError(f"{task.name} ends with exit code {found['code']}")
    return found["seconds"], found["size"] / (1024 * 1024 if sys.platform == "darwin" else 1024), found["last"]
