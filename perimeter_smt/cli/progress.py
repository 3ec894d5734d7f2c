"""A progress bar on stderr, for people only, and only if the work takes more than a second."""

from __future__ import annotations

import os
import sys
from threading import Lock, Timer
from types import TracebackType
from typing import TYPE_CHECKING

from perimeter_smt.cli.output import colors, is_terminal

if TYPE_CHECKING:
    from rich.progress import Progress

_DELAY = 1.0


class Bar:
    """A context manager; call it with a label, the number done and the total, as `prove` does."""

    def __init__(self, *, no_color: bool = False, quiet: bool = False, delay: float = _DELAY) -> None:
        self._no_color = no_color
        self._lock = Lock()
        self._state: tuple[str, int, int | None] = ("reading", 0, None)
        self._bar: Progress | None = None
        self._closed = False
        self._delay = delay
        self._timer: Timer | None = None
        self._wanted = not quiet and is_terminal(sys.stderr) and os.environ.get("TERM") != "dumb"

    def __enter__(self) -> Bar:
        self._start()
        return self

    def _start(self) -> None:
        """Show it after a while, unless something else is said before."""
        if self._wanted:
            self._timer = Timer(self._delay, self._show)
            self._timer.daemon = True
            self._timer.start()

    def rest(self) -> None:
        """Run no thread until the bar is called, unless it is shown: a process with one thread can be copied."""
        if self._timer is not None and self._bar is None:
            self._timer.cancel()
            self._timer.join()
            self._timer = None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def stop(self) -> None:
        """Take the bar away."""
        if self._timer is not None:
            self._timer.cancel()
        with self._lock:
            self._closed = True
            if self._bar is not None:
                self._bar.stop()

    def __call__(self, label: str, done: int, total: int) -> None:
        """Show where the work stands."""
        if self._timer is None:
            self._start()
        with self._lock:
            self._state = (label, done, total)
            self._update()

    def _show(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        console = Console(stderr=True, no_color=not colors(sys.stderr, no_color=self._no_color))
        room = max(8, console.width - 28)
        columns = (BarColumn(12), TimeElapsedColumn(), TextColumn("{task.description}", markup=False))
        with self._lock:
            if self._closed:
                return
            self._bar = Progress(*columns, console=console, transient=True)
            self._bar.add_task("")
            self._room = room
            self._bar.start()
            self._update()

    def _update(self) -> None:
        if self._bar is not None:
            label, done, total = self._state
            task = self._bar.task_ids[0]
            self._bar.update(task, description=label[: self._room], completed=done, total=total)
