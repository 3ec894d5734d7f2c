"""Work done aside, by a copy of this process, while this one goes on: what takes seconds is too short for a pool.

A copy begins at once, with everything read and loaded. It can be made only of a process with one thread, where the
platform's libraries stand it; anywhere else the work is done here, later. What comes out is the same.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TypeVar

from perimeter_smt.stages import add, kept

_T = TypeVar("_T")


def possible() -> bool:
    """Whether a copy of this process can do anything."""
    return sys.platform == "linux" and threading.active_count() == 1


@contextmanager
def aside(work: Callable[[], _T], *, wanted: bool = True) -> Iterator[Callable[[], _T]]:
    """What gives the result of `work`, begun now if that is `wanted` and possible.

    Where the copy fails, however it does, the work is done here, where an error has its place. The copy ends at the
    latest when the block is left.
    """
    if not (wanted and possible()):
        yield work
        return
    child = _Copy(work)

    def result() -> _T:
        told = child.told()
        if told is None:
            return work()
        found: tuple[_T, dict[str, float]] = pickle.loads(told)  # written by a copy of this process
        add(found[1])
        return found[0]

    try:
        yield result
    finally:
        child.end()


class _Copy:
    """A copy of this process at work."""

    def __init__(self, work: Callable[[], object]) -> None:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()  # or both would write what is in the buffers
        self._from, into = os.pipe()
        self._number: int | None = os.fork()
        if self._number == 0:
            _work(work, self._from, into)
        os.close(into)

    def told(self) -> bytes | None:
        """What the copy wrote when it was done; None if it failed."""
        assert self._number is not None
        with open(self._from, "rb", closefd=False) as stream:
            found = stream.read()
        _, status = os.waitpid(self._number, 0)
        self._number = None
        return found if status == 0 else None

    def end(self) -> None:
        """End the copy if it still works."""
        os.close(self._from)
        if self._number is not None:
            with suppress(ProcessLookupError):
                os.kill(self._number, signal.SIGKILL)
            os.waitpid(self._number, 0)
            self._number = None


def _work(work: Callable[[], object], unused: int, into: int) -> None:
    """What the copy does. It never returns: nothing that this process began is its business."""
    code = 1
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the business of the process that asks
        os.close(unused)
        with kept() as times:
            found = work()
        with open(into, "wb") as stream:
            pickle.dump((found, times), stream, protocol=5)
        code = 0
    except BaseException:
        code = 1  # done again by the process that asks, which then tells
    finally:
        os._exit(code)
