"""How the time of something grows with its size: a ratio, since seconds say little about a machine that others use."""

from __future__ import annotations

import time
from collections.abc import Callable
from math import log


def growth(run: Callable[[int], object], size: int, times: int = 4) -> float:
    """How much longer `times` the size takes, as the power of it: about 1 if linear, 2 if quadratic.

    Processor time of this thread, the best of three runs each.
    """

    def best(count: int) -> float:
        spent = []
        for _ in range(3):
            start = time.thread_time()
            run(count)
            spent.append(time.thread_time() - start)
        return max(min(spent), 1e-4)

    return log(best(size * times) / best(size), times)
