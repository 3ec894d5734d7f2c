"""How the cost of an organization grows: with accounts, principals, policies and workers, and what a cache saves.

Every case is a process of its own, so that its memory is its own. Processor time and memory are those of this process:
with several jobs, look at the seconds.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from benchmarks.harness import ROOT, Judgement
from benchmarks.organization import SERVICES, Size, generate
from benchmarks.plot import lines

_HOLDS = {"O1", "O3", "O5"}  # unless a hole is planted


@dataclass(frozen=True)
class Case:
    """One question, all objectives and availability: of five services, or of all that there are."""

    name: str
    size: Size
    mode: str
    everything: bool = False
    jobs: int = 1
    cache: str = ""
    chart: str = ""
    x: int = 0


def cases(*, quick: bool) -> list[Case]:
    """What is measured; `cache` is filled in by `measure`."""
    out = []
    for accounts in (10, 100) if quick else (10, 100, 1000, 10_000):
        size = Size(accounts, principals=10 if accounts == 10_000 else 5)
        name = f"{accounts:,} accounts, {accounts * size.principals:,} principals, 20 policies"
        out.append(Case(f"{name}, guardrails", size, "guardrails", chart="accounts (guardrails)", x=accounts))
        if accounts <= 1000:
            out.append(Case(f"{name}, grants", size, "grants", chart="accounts (grants)", x=accounts))
    for principals in (1, 5) if quick else (1, 10, 100):
        size = Size(100, principals=principals, policies=20)
        chart = "principals of each account (grants)"
        out.append(
            Case(f"100 accounts, {principals} principals each, grants", size, "grants", chart=chart, x=principals)
        )
    for policies in (5, 20) if quick else (5, 20, 100, 500):
        size = Size(100, principals=5 if quick else 50, policies=policies)
        chart = "distinct identity policies (grants)"
        out.append(Case(f"100 accounts, {policies} policies, grants", size, "grants", chart=chart, x=policies))
    out.append(Case("100 accounts, holes in O1 and O3", Size(100, holes=("O1", "O3")), "guardrails"))
    if quick:
        return out
    for accounts in (100, 1000):
        name = f"{accounts:,} accounts, {accounts * 5:,} principals, 20 policies, every service"
        out.append(Case(f"{name}, guardrails", Size(accounts), "guardrails", True))
        out.append(Case(f"{name}, grants", Size(accounts), "grants", True))
    size = Size(10_000, principals=10)
    out.append(
        Case("10,000 accounts, 100,000 principals, 20 policies, every service, guardrails", size, "guardrails", True)
    )
    many = Size(1000, principals=50, policies=500)
    for jobs in (1, 2):
        name = f"1,000 accounts, 50,000 principals, 500 policies, every service, grants, {jobs} jobs"
        out.append(Case(name, many, "grants", True, jobs=jobs, chart="jobs", x=jobs))
    return out


def measure(*, quick: bool) -> Judgement:
    """Seconds of processor and of wall clock, and memory, of every case; planted holes are found, and no others."""
    facts: dict[str, Any] = {}
    out = []
    right = True
    with tempfile.TemporaryDirectory() as folder:
        size = Size(20 if quick else 1000, policies=20 if quick else 500)
        changed = Size(size.accounts, policies=size.policies, changed=True)
        kept = [
            Case(f"{size.accounts:,} accounts, {size.policies} policies, {mode}, {what}", each, mode, not quick,
                 cache=f"{folder}/{mode}")
            for mode in ("guardrails", "grants")
            for what, each in (("empty cache", size), ("full cache", size), ("one policy changed", changed))
        ]  # fmt: skip
        answers: dict[Size, str] = {}
        for case in [*cases(quick=quick), *kept]:
            found = _apart(case)
            if found is None:
                right = False
                out.append(f"{case.name}: FAILED")
                continue
            holes = _HOLDS & set(case.size.holes)
            wrong = _HOLDS & set(found["refuted"]) != holes and not case.everything
            if case.chart == "jobs" and answers.setdefault(case.size, found["answer"]) != found["answer"]:
                wrong = True  # the answer hangs on the number of workers
            right = right and not wrong
            facts[case.name] = {**found, "chart": case.chart, "x": case.x}
            out.append(
                f"{case.name}: {found['processor']:.2f} s of processor, {found['seconds']:.2f} s, {found['MB']} MB, "
                f"refuted {', '.join(found['refuted']) or 'none'}{', WRONG' if wrong else ''}"
            )
    return Judgement(facts, tuple(out), right)


def charts(facts: dict[str, Any], folder: Path) -> bool:
    """One panel for each thing that grows; False without matplotlib."""
    panels: dict[str, list[tuple[float, float, float]]] = {}
    load = max((found["load"] for found in facts.values() if found["chart"] == "jobs"), default=0.0)
    for found in facts.values():
        if found["chart"]:
            jobs = found["chart"] == "jobs"
            # On a machine under load more processes of one session get no larger share of it: say so.
            label = f"jobs (the machine's load: {load:.0f})" if jobs else found["chart"]
            shown = "seconds" if jobs else "processor"
            panels.setdefault(label, []).append((found["x"], found[shown], found["MB"]))
    title = "all objectives and availability: processor time (jobs: wall clock) and, dashed, memory"
    return lines(title, panels, folder / "organization.png")


def _apart(case: Case) -> dict[str, Any] | None:
    command = [sys.executable, "-m", "benchmarks.growth", json.dumps(asdict(case))]
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:  # the others are measured all the same
        return None
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    """One case in this process."""
    from perimeter_smt.cli.entry import COLLECT
    from perimeter_smt.questions.obligations.decide import Means
    from perimeter_smt.questions.perimeter import prove

    gc.set_threshold(*COLLECT)  # as the command does
    told = json.loads(sys.argv[1])
    size = Size(**{**told["size"], "holes": tuple(told["size"]["holes"])})
    workspace = generate(size)
    start, used = time.perf_counter(), _processor()
    means = Means(told["jobs"], cache=Path(told["cache"]) if told["cache"] else None)
    services = None if told["everything"] else SERVICES
    report = prove(workspace, services=services, mode=told["mode"], means=means)
    found = {
        "seconds": round(time.perf_counter() - start, 2),
        "processor": round(_processor() - used, 2),
        "MB": round(_memory()),
        "refuted": sorted({v.objective for v in report.verdicts if v.status == "refuted"}),
        "answer": sha256(repr(report).encode()).hexdigest()[:16],
        "load": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else 0.0,
        "kinds": asdict(report.kinds) if report.kinds else None,
    }
    print(json.dumps(found))


def _processor() -> float:
    return sum(used.ru_utime + used.ru_stime for used in _usage())


def _memory() -> float:
    """The process, in MB."""
    return max(used.ru_maxrss for used in _usage()) / (1024 * 1024 if sys.platform == "darwin" else 1024)


def _usage() -> list[resource.struct_rusage]:
    return [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]


if __name__ == "__main__":
    main()
