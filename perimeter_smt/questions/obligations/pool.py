"""Where chains are worked on: processes of this machine, or a cluster, both behind `concurrent.futures.Executor`."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from functools import lru_cache
from importlib import import_module
from typing import Any

from perimeter_smt.errors import InputError
from perimeter_smt.questions.obligations.deciding import Decided, Encoded
from perimeter_smt.questions.obligations.task import Chain, Task


def processors() -> int:
    """The processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def packed(task: Task) -> bytes:
    """The task as bytes: `work` recognises the one it has encoded already."""
    return pickle.dumps(task, protocol=5)


def work(task: bytes, chain: Chain, keeping: bool = False) -> tuple[Decided, ...]:
    """What a worker does: the verdicts on the obligations of one chain. `keeping`: the process that asks keeps them."""
    return tuple(_encoded(task, keeping).decide(chain))


@lru_cache(maxsize=1)
def _encoded(task: bytes, keeping: bool) -> Encoded:
    found: Task = pickle.loads(task)  # made by `packed` of the process that asks
    return Encoded(found, keeping=keeping)


@contextmanager
def executor(jobs: int, scheduler: str | None) -> Iterator[Executor]:
    """Workers, ended at the latest when the block is left; at once if it is left by an error or Ctrl-C."""
    if scheduler is not None:
        with _cluster(scheduler) as found:
            yield found
        return
    method = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
    context = multiprocessing.get_context(method)
    if method == "forkserver":
        context.set_forkserver_preload([__name__])
    pool = ProcessPoolExecutor(jobs, context, _start)
    try:
        yield pool
    except BaseException:
        workers = list((getattr(pool, "_processes", None) or {}).values())
        pool.shutdown(wait=False, cancel_futures=True)
        for worker in workers:
            worker.terminate()
        raise
    pool.shutdown()


def _start() -> None:
    """Ctrl-C is the business of the process that asks."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def _cluster(address: str) -> Iterator[Executor]:
    """The executor of a Dask cluster; the workers need this package in the same version."""
    try:
        distributed: Any = import_module("distributed")
    except ImportError:
        raise InputError("`--scheduler` needs the extra `dask`: pip install 'perimeter-smt[dask]'") from None
    try:
        client = distributed.Client(address, timeout="10s", set_as_default=False)
    except (OSError, ValueError, ImportError) as error:
        first = str(error).strip().splitlines()[:1]
        raise InputError(f"`--scheduler {address}`: no answer, expected a Dask scheduler: {''.join(first)}") from None
    with client:
        _same_engine(client, address)
        yield client.get_executor(pure=False)


def _same_engine(client: Any, address: str) -> None:
    """Workers of another version could answer otherwise: InputError."""
    from perimeter_smt.questions.obligations.digest import engine

    try:
        told = set(client.run(engine).values())
    except Exception as error:  # whatever the workers raise for a package that is not there
        raise InputError(f"`--scheduler {address}`: the workers cannot load perimeter-smt: {error}") from None
    if told - {engine()}:
        raise InputError(f"`--scheduler {address}`: the workers have another version of perimeter-smt or its libraries")
