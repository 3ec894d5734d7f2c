"""A few laws on AWS's published policies, read in place: `python -m tests.attack.laws.published CORPUS`."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from random import Random

from benchmarks.published import published_perimeter
from perimeter_smt.questions.perimeter import prove
from perimeter_smt.questions.verdicts import Report
from tests.attack.laws.run import LAWS
from tests.attack.laws.state import State, told

CHOSEN = (
    "order of everything", "policies in one", "IfExists of negated operators", "actions apart",
    "condition and its opposite", "case of actions and keys",
)  # fmt: skip


def _ask(state: State) -> Report:
    return prove(state.workspace, mode="guardrails", reading="exact", availability=False)


def _said(report: Report) -> dict[str, str]:
    """The verdict of each objective and group of services."""
    return {f"{one.objective} {service}": told(one) for one in report.verdicts for service in one.services}


def main(argv: list[str] | None = None) -> int:
    """Ask, print where verdicts differ; 1 if some do."""
    parser = argparse.ArgumentParser(description="laws between verdicts of AWS's published policies")
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--laws", nargs="*", default=CHOSEN)
    options = parser.parse_args(argv)
    state = State(published_perimeter(options.corpus), "s3", "guardrails", "exact")
    base, wrong = _said(_ask(state)), 0
    for law in options.laws:
        begun = time.monotonic()
        pair = LAWS[law](Random(law), state)
        if pair is None:
            print(f"{law}: does not apply")
            continue
        after = _said(_ask(pair.after))
        apart = {name: (base[name], after.get(name)) for name in base if base[name] != after.get(name)}
        wrong += len(apart)
        print(
            f"{law}: {len(base)} verdicts, {len(apart)} differ, {time.monotonic() - begun:.0f} s {apart or ''}",
            flush=True,
        )
    return int(wrong > 0)


if __name__ == "__main__":
    raise SystemExit(main())
