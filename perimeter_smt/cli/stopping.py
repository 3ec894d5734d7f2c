"""Ctrl-C that ends a search between two questions, so that what was decided until then can be shown."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType

from perimeter_smt.cli import output

INTERRUPTED = 130


class Stopping:
    """A context manager; once a search asks it, the first Ctrl-C is remembered, and the second ends the program.

    Before anything was asked, Ctrl-C ends the program as elsewhere: there is nothing to show.
    """

    def __init__(self) -> None:
        self.asked = False
        self.hit = False
        self._before: Callable[[int, FrameType | None], object] | int | None = None

    def __call__(self) -> bool:
        """Whether to stop."""
        self.asked = True
        return self.hit

    def __enter__(self) -> Stopping:
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._interrupted)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def _interrupted(self, _number: int, _frame: FrameType | None) -> None:
        if self.hit or not self.asked:
            raise KeyboardInterrupt
        self.hit = True

    def exit_code(self, code: int) -> int:
        """The exit code of the command, 130 if it was interrupted, which standard error says."""
        if not self.hit:
            return code
        output.complain("interrupted: what was decided until then is shown")
        return INTERRUPTED
