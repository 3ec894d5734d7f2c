"""How the time of something grows with its size: a ratio, since seconds say little about a machine that others use."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from math import log


def growth(run: Callable[[int], object], size: int, times: int = 4) -> float:
    """How much longer `times` the size takes, as the power of it: about 1 if linear, 2 if quadratic.

    Processor time of this thread, the best of four runs each, taken in turns; without garbage collection, whose time
    depends on what all other tests have left behind.
    """
    spent: dict[int, list[float]] = {size: [], size * times: []}
    gc.collect()
    gc.disable()
    try:
        for _ in range(4):
            for count, found in spent.items():
                start = time.thread_time()
                run(count)
                found.append(time.thread_time() - start)
    finally:
        gc.enable()
    small, large = (max(min(found), 1e-4) for found in spent.values())
    return log(large / small, times)
