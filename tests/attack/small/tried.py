"""The commands that judge small worlds one by one: what is not right is printed, and how much was tried."""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

_COUNTED = ("asked", "unread", "refused")  # with what they say; of everything else how often

Judge = Callable[[int, Any], Iterator[tuple[str, str]]]  # of a seed and a size: what was seen, and the words


def tried(argv: list[str] | None, about: str, judge: Judge, *, size: str, default: float) -> int:
    """Judge worlds from `--seed` on; `size` names the option that is handed on. 1 if something is in capitals."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--worlds", type=int, default=20)
    parser.add_argument(f"--{size}", type=type(default), default=default)
    parser.add_argument("--seconds", type=float, default=1e9)
    options = parser.parse_args(argv)
    counts: Counter[str] = Counter()
    begun, shown = time.monotonic(), set()
    for seed in range(options.seed, options.seed + options.worlds):
        if time.monotonic() - begun > options.seconds:
            break
        counts["worlds"] += 1
        for what, text in judge(seed, getattr(options, size)):
            counts[f"{what} {text}".strip() if what in _COUNTED else what] += 1
            if what.split()[0].isupper() and (what, seed) not in shown:
                shown.add((what, seed))
                print(what, text[:1800], flush=True)
    print(dict(counts))
    return int(any(name.split()[0].isupper() for name in counts))
