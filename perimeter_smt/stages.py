"""Where the time goes: named stages of the work, kept for `--timings` and told to the log."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from time import perf_counter

_LOG = logging.getLogger("perimeter_smt")
_KEPT: ContextVar[dict[str, float] | None] = ContextVar("stages", default=None)


@contextmanager
def kept() -> Iterator[dict[str, float]]:
    """Seconds by stage, in the order of their beginnings, of all that runs inside."""
    times: dict[str, float] = {}
    token = _KEPT.set(times)
    try:
        yield times
    finally:
        _KEPT.reset(token)


def add(times: Mapping[str, float]) -> None:
    """Stages of work that another process did."""
    own = _KEPT.get()
    if own is not None:
        for name, spent in times.items():
            own[name] = own.get(name, 0.0) + spent


@contextmanager
def stage(name: str) -> Iterator[None]:
    """A stage of the work; stages of the same name add up, one inside another counts for both."""
    times = _KEPT.get()
    if times is not None:
        times.setdefault(name, 0.0)
    _LOG.debug("%s begins", name)
    start = perf_counter()
    try:
        yield
    finally:
        spent = perf_counter() - start
        if times is not None:
            times[name] += spent
        _LOG.info("%s took %.2f s", name, spent)
