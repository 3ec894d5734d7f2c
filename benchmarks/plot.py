"""Plots: how large a share of its questions a back end decides within how much time each; how cost grows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.harness import Outcome

_COLORS = {"native": "#0b6e4f", "portfolio": "#8d99ae", "cvc5": "#c1440e", "z3-strings": "#3d5a80"}


def curve(outcome: Outcome) -> tuple[list[float], list[float]]:
    """Percent of the questions asked, and the milliseconds within which so many are decided."""
    times = sorted(answer.solve * 1e3 for answer in outcome.answers if answer.decided)
    asked = max(len(outcome.answers), 1)
    return [100 * (number + 1) / asked for number in range(len(times))], times


def cactus(title: str, outcomes: Sequence[Outcome], path: Path) -> bool:
    """Draw the plot; False where matplotlib is not installed."""
    try:
        import matplotlib
    except ImportError:
        return False
    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(6.4, 3.6), dpi=90)
    for outcome in outcomes:
        percent, times = curve(outcome)
        asked = "" if len(outcome.answers) == outcome.offered else f", sample of {len(outcome.answers)}"
        axes.step(percent, times, where="post", label=f"{outcome.backend}{asked}", color=_COLORS.get(outcome.backend))
    axes.set_yscale("log")
    axes.set_xlim(0, 100)
    axes.set_xlabel("questions decided, percent of those asked")
    axes.set_ylabel("milliseconds each, once encoded")
    axes.set_title(title, fontsize=9, loc="left")
    axes.grid(visible=True, which="both", linewidth=0.3)
    axes.legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(path, metadata={"Software": None})
    pyplot.close(figure)
    return True


def lines(title: str, panels: Mapping[str, Sequence[tuple[float, float, float]]], path: Path) -> bool:
    """Seconds (left axis) and MB (right axis, dashed) against a number, one panel each; False without matplotlib."""
    try:
        import matplotlib
    except ImportError:
        return False
    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, every = pyplot.subplots(1, len(panels), figsize=(3.4 * len(panels), 3.2), dpi=90, squeeze=False)
    for axes, (label, points) in zip(every[0], panels.items(), strict=True):
        numbers = [point[0] for point in points]
        axes.plot(numbers, [point[1] for point in points], marker="o", color="#0b6e4f")
        memory = axes.twinx()
        memory.plot(numbers, [point[2] for point in points], marker="s", linestyle="--", color="#c1440e")
        if max(numbers) >= 10 * min(numbers):
            axes.set_xscale("log")
        else:
            axes.set_xticks(numbers)
        axes.set_ylim(0, 1.1 * max(point[1] for point in points))
        memory.set_ylim(0, 1.1 * max(point[2] for point in points))
        axes.set_xlabel(label, fontsize=8)
        axes.set_ylabel("seconds", color="#0b6e4f", fontsize=8)
        memory.set_ylabel("MB", color="#c1440e", fontsize=8)
        axes.grid(visible=True, linewidth=0.3)
    figure.suptitle(title, fontsize=9, x=0.02, ha="left")
    figure.tight_layout()
    figure.savefig(path, metadata={"Software": None})
    pyplot.close(figure)
    return True


def times(title: str, label: str, curves: Mapping[str, Sequence[tuple[float, float]]], path: Path) -> bool:
    """Seconds of processor time against a number, a curve each; False without matplotlib."""
    try:
        import matplotlib
    except ImportError:
        return False
    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(6.4, 3.6), dpi=90)
    for name, points in curves.items():
        axes.plot([x for x, _ in points], [y for _, y in points], marker="o", label=name)
    axes.set_yscale("log")
    axes.set_xlabel(label)
    axes.set_ylabel("seconds of processor time")
    axes.set_title(title, fontsize=9, loc="left")
    axes.grid(visible=True, which="both", linewidth=0.3)
    axes.legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(path, metadata={"Software": None})
    pyplot.close(figure)
    return True
