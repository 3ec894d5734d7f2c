"""The suites by name."""

from __future__ import annotations

from benchmarks.harness import Suite, corpus

SOLVED = ("perimeter", "pairs", "triples", "managed", "hard")  # asked of back ends
MEASURED = ("evaluator", "startup", "paths", "organization", "replay", "findings", "chains")  # of this package alone
NAMES = (*SOLVED, *MEASURED)


def load(name: str, *, quick: bool) -> Suite | str:
    """A suite of questions, or why it is skipped."""
    folder = corpus()
    if name == "hard":
        from benchmarks.hard import Hard

        return Hard(quick=quick)
    if folder is None:
        return "the public policy corpora are not at ../shared/corpus (PERIMETER_SHARED names another place)"
    match name:
        case "perimeter":
            from benchmarks.perimeter import Perimeter

            return Perimeter(folder, quick=quick)
        case "pairs":
            from benchmarks.pairs import Pairs

            return Pairs(folder, quick=quick)
        case "triples":
            from benchmarks.triples import Triples

            return Triples(folder, quick=quick)
        case "managed":
            from benchmarks.managed import Managed

            return Managed(folder, quick=quick)
    raise ValueError(f"unknown suite `{name}`, expected one of {', '.join(SOLVED)}")
