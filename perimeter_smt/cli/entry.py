"""The console entry point: what must be in order before anything else is loaded, signals and streams.

Until `main` takes over, Ctrl-C ends the process by its signal, as it ends any other program that is still loading.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import os
import signal
import sys
import threading
from typing import NoReturn, TextIO

_INTERRUPT = signal.getsignal(signal.SIGINT)
if _INTERRUPT is signal.default_int_handler:  # not where Ctrl-C is ignored, as for jobs in the background
    signal.signal(signal.SIGINT, signal.SIG_DFL)

BAD_INPUT, INTERRUPTED, CLOSED_PIPE = 2, 130, 141
# Modules, tables and formulas stay until the end, and nothing large refers back to itself: looking for dead cycles
# among them as often as Python does by default takes a tenth of a run, and a small one needs no look at all.
COLLECT = (1_500_000, 20, 20)


def main() -> NoReturn:
    """Run the command of `sys.argv` and end the process with its code."""
    _end(status())


def status() -> int:
    """Run the command of `sys.argv`; the exit code, with everything written."""
    missing = _stand_in()
    gc.set_threshold(*COLLECT)
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # it would look through all installed packages
    from perimeter_smt.cli.main import run

    if _INTERRUPT is signal.default_int_handler:
        signal.signal(signal.SIGINT, _INTERRUPT)
    try:
        code = _closed() if missing else run()
    except KeyboardInterrupt:
        code = INTERRUPTED
    if not _flushed(sys.stdout, 1) and code != BAD_INPUT:
        code = CLOSED_PIPE
    if not _flushed(sys.stderr, 2):
        code = CLOSED_PIPE
    return code


def _end(code: int) -> NoReturn:
    """End the process at once: Python would free its objects one by one first, which takes a tenth of a small run.

    What was registered for the end is done. With threads left, a profiler or a debugger it ends as usual.
    """
    if threading.active_count() > 1 or sys.getprofile() is not None or sys.gettrace() is not None:
        sys.exit(code)
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def _flushed(stream: TextIO, number: int) -> bool:
    """Whether everything was written; what cannot be goes nowhere, so that the interpreter does not try it again."""
    try:
        stream.flush()
    except (OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), number)
        return False
    return True


def _stand_in() -> bool:
    """Open /dev/null for streams that are closed, so that no file takes their number; whether stdout was one."""
    missing = sys.stdout is None
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is None:
            while (opened := os.open(os.devnull, os.O_RDWR)) < number:
                pass  # a lower number was free, too
            if opened != number:
                os.dup2(opened, number)
                os.close(opened)
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    return missing


def _closed() -> int:
    print("error: standard output is closed, expected a place for the answer", file=sys.stderr)
    return BAD_INPUT
