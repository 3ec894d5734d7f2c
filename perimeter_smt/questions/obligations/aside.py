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
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import NoReturn, ParamSpec, TypeVar, overload

from perimeter_smt.stages import add, kept

_T = TypeVar("_T")
_P = ParamSpec("_P")


def possible() -> bool:
    """Whether a copy of this process can do anything."""
    return sys.platform == "linux" and threading.active_count() == 1


@overload
def here_only(tell: None) -> None: ...
@overload
def here_only(tell: Callable[_P, None]) -> Callable[_P, None]: ...
def here_only(tell: Callable[_P, None] | None) -> Callable[_P, None] | None:
    """What tells of progress, silent in a copy of this process: two would write over each other."""
    if tell is None:
        return None
    own, here = os.getpid(), tell

    def silent(*args: _P.args, **named: _P.kwargs) -> None:
        if os.getpid() == own:
            here(*args, **named)

    return silent


@contextmanager
def aside(parts: Sequence[Callable[[], _T]], *, wanted: bool = True) -> Iterator[Callable[[], list[_T]]]:
    """What gives the results of the `parts`, in their order, begun now if that is `wanted` and possible.

    The copy does one part after the other; this process, when it asks for the results, does what is not begun yet.
    Where the copy fails, however it does, its parts are done here, where an error has its place. The copy ends at the
    latest when the block is left.
    """
    if not (wanted and parts and possible()):
        yield lambda: [part() for part in parts]
        return
    child = _Copy(parts)

    def results() -> list[_T]:
        found: dict[int, _T] = {}
        while (number := child.next()) is not None:
            found[number] = parts[number]()
        told = child.told()
        if told is not None:
            others, times = pickle.loads(told)  # written by a copy of this process
            found |= others
            add(times)
        return [found[number] if number in found else part() for number, part in enumerate(parts)]

    try:
        yield results
    finally:
        child.end()


class _Copy:
    """A copy of this process at work."""

    def __init__(self, parts: Sequence[Callable[[], object]]) -> None:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()  # or both would write what is in the buffers
        self._left, numbers = os.pipe()  # of the parts that nobody has begun: whoever reads one does that part
        os.write(numbers, bytes(range(len(parts))))
        os.close(numbers)
        self._from, into = os.pipe()
        self._number: int | None = os.fork()
        if self._number == 0:
            os.close(self._from)
            self._work(parts, into)
        os.close(into)

    def next(self) -> int | None:
        """The number of a part to do now; None if all are begun."""
        found = os.read(self._left, 1)
        return found[0] if found else None

    def told(self) -> bytes | None:
        """What the copy wrote when it was done; None if it failed."""
        assert self._number is not None
        with open(self._from, "rb", closefd=False) as stream:
            found = stream.read()
        _, status = os.waitpid(self._number, 0)
        self._number = None
        return found if found and status == 0 else None

    def end(self) -> None:
        """End the copy if it still works."""
        os.close(self._from)
        os.close(self._left)
        if self._number is not None:
            with suppress(ProcessLookupError):
                os.kill(self._number, signal.SIGKILL)
            os.waitpid(self._number, 0)
            self._number = None

    def _work(self, parts: Sequence[Callable[[], object]], into: int) -> NoReturn:
        """What the copy does. It never returns: nothing that the process before it began is its business."""
        code = 1  # what fails is done again by the process that asks, which then tells
        try:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the business of the process that asks
            found = {}
            with kept() as times:
                while (number := self.next()) is not None:
                    found[number] = parts[number]()
            with open(into, "wb") as stream:
                pickle.dump((found, times), stream, protocol=5)
            code = 0
        finally:
            os._exit(code)
