"""`python -m benchmarks`: run suites, print tables, write JSON and plots."""

from __future__ import annotations

import json
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from benchmarks import chains, evaluator, findings, growth, paths, replay, startup
from benchmarks.harness import LIMIT, ROOT, SEED, Judgement, Outcome, machine
from benchmarks.plot import cactus
from benchmarks.solvers import BACKENDS
from benchmarks.suites import MEASURED, NAMES, load
from benchmarks.table import render, rows
from benchmarks.worker import run

_BUDGETS = {False: 30.0, True: 12.0}  # seconds of processor time per opponent and suite
_NATIVE = {False: 600.0, True: 120.0}
_PATIENT = 60.0  # seconds per question for the engine of this package

_MEASURED: dict[str, Any] = {
    "evaluator": evaluator,
    "startup": startup,
    "paths": paths,
    "organization": growth,
    "findings": findings,
    "chains": chains,
    "replay": replay,
}


@click.command()
@click.argument("suites", nargs=-1, type=click.Choice(NAMES))
@click.option("--quick", is_flag=True, help="A sample of every suite, in a few minutes.")
@click.option("--backend", "backends", multiple=True, type=click.Choice(BACKENDS), help="Default: all of them.")
@click.option("--seconds", default=LIMIT, show_default=True, help="Limit per question, of processor time.")
@click.option("--budget", type=float, help="Seconds per opponent and suite  [default: 30, with --quick 12]")
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    default=ROOT / "benchmarks" / "results",
    help="Where the JSON files and plots go  [default: benchmarks/results]",
)
def main(
    suites: tuple[str, ...], quick: bool, backends: tuple[str, ...], seconds: float, budget: float | None, output: Path
) -> None:
    """Measure SUITES (default: all)."""
    console = Console(width=200 if not Console().is_terminal else None)
    output.mkdir(parents=True, exist_ok=True)
    right = True
    backends = backends or _installed(console)
    for name in suites or NAMES:
        began = time.perf_counter()
        if name in MEASURED:
            judged = _MEASURED[name].measure(quick=quick)
            found: dict[str, Any] = {}
        else:
            judged, found = _solved(name, quick, backends, seconds, budget, output, console)
        if isinstance(judged, str):
            console.print(f"{name}: skipped: {judged}")
            continue
        right = right and judged.ok
        if name == "organization" and not growth.charts(judged.facts, output):
            console.print("  no charts: matplotlib is not installed (extra `bench`)")
        for line in judged.lines:
            console.print(f"  {line}", highlight=False)
        taken = time.perf_counter() - began
        console.print(f"  {name}: {taken:.0f} s\n", highlight=False)
        head = {"suite": name, "quick": quick, "seed": SEED, "seconds per question": seconds, "machine": machine()}
        body = {**head, **found, "ok": judged.ok, "facts": judged.facts, "notes": judged.lines, "took": round(taken, 1)}
        (output / f"{name}.json").write_text(json.dumps(body, indent=1) + "\n", encoding="utf-8")
    raise SystemExit(0 if right else 1)


def _installed(console: Console) -> tuple[str, ...]:
    """The back ends that can be asked here."""
    if find_spec("cvc5"):
        return BACKENDS
    console.print("cvc5 is not installed (extra `bench`): it and the portfolio are left out", highlight=False)
    return tuple(name for name in BACKENDS if name not in ("cvc5", "portfolio"))


def _solved(
    name: str,
    quick: bool,
    backends: tuple[str, ...],
    seconds: float,
    budget: float | None,
    output: Path,
    console: Console,
) -> tuple[Judgement | str, dict[str, Any]]:
    suite = load(name, quick=quick)
    if isinstance(suite, str):
        return suite, {}
    outcomes: list[Outcome] = []
    for backend in backends:
        with console.status(f"{name}, {backend}") as status:

            def progress(done: int, count: int, backend: str = backend) -> None:
                status.update(f"{name}, {backend}: {done} of {count}")

            own = _NATIVE[quick] if backend == "native" else (budget or _BUDGETS[quick])
            limit = _PATIENT if backend == "native" else seconds
            outcomes.append(run(suite, backend, quick=quick, seconds=limit, budget=own, progress=progress))
    figures = rows(outcomes)
    console.print(render(f"{name}: {suite.title}", figures))
    if not cactus(f"{name}: {suite.title}", outcomes, output / f"{name}.png"):
        console.print("  no plot: matplotlib is not installed (extra `bench`)")
    return suite.judge(outcomes), {"title": suite.title, "rows": figures}


if __name__ == "__main__":
    main()
