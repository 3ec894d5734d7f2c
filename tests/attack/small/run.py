"""Very many small worlds, in processes that are renewed, so that a crash or a world without end is a record.

    python -m tests.attack.small --seed 1 --worlds 100000 --out worlds.jsonl

The file has a line for each world that is not plainly right and one for each 500 worlds; the same command goes on
where the file ends.
"""

from __future__ import annotations

import argparse
import gc
import json
import multiprocessing
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Event
from typing import Any

from tests.attack.small.judge import Judged, judge, shown

CHUNK = 500
START = 60.0  # seconds to start a process and read the tables


def work(pipe: Connection, seeds: range, requests: int, kind: str) -> None:
    """One process: the worlds of some seeds, in order."""
    gc.set_threshold(50_000, 20, 50)  # a process ends before its memory matters
    for seed in seeds:
        pipe.send(judge(seed, requests, kind))
    pipe.close()


def judged(seeds: range, requests: int, patience: float, stop: Event | None = None, kind: str = "") -> Iterator[Judged]:
    """The worlds of some seeds from a process of their own; what kills the process or has no end is a record."""
    context = multiprocessing.get_context("spawn")
    left = seeds
    while left and not (stop and stop.is_set()):
        mine, theirs = context.Pipe(duplex=False)
        process = context.Process(target=work, args=(theirs, left, requests, kind), daemon=True)
        process.start()
        theirs.close()
        begins: float | None = START
        try:
            while left:
                begun = time.monotonic()
                if not mine.poll(patience if begins is None else patience + begins):
                    yield _lost(left[0], "no end", f"not decided within {time.monotonic() - begun:.0f} s")
                    left = left[1:]
                    break
                try:
                    found = mine.recv()
                except EOFError:
                    process.join(5)
                    yield _lost(left[0], "crash", f"the process ended with {process.exitcode}")
                    left = left[1:]
                    break
                left, begins = left[1:], None
                yield found
                if stop and stop.is_set():
                    return
        finally:
            if process.is_alive():
                process.kill() if left else process.join(10)
            process.join(5)
            mine.close()


def _lost(seed: int, what: str, detail: str) -> Judged:
    return Judged(seed, what, records=[{"seed": seed, "what": what, "detail": detail}])


class Run:
    """The chunks of one run, and the file that tells which are done."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options, self.begun = options, time.monotonic()
        self.stop = Event()
        self.counts: Counter[str] = Counter()
        self.done: set[int] = set()
        self.file = Path(options.out) if options.out else None
        if self.file is not None and self.file.exists():
            self._resume(self.file)

    def _resume(self, file: Path) -> None:
        """Keep the chunks that are whole; what was begun after them is drawn again."""
        kept, open_lines = [], []
        for line in file.read_text(encoding="utf-8").splitlines():
            try:
                entry = json.loads(line)
            except ValueError:  # cut off in the middle of a line
                continue
            open_lines.append(line)
            if "worlds" in entry:
                kept += open_lines
                open_lines = []
                self.done.add(entry["from"])
                self.counts.update(entry["counts"])
        file.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")

    def chunk(self, seeds: range) -> None:
        """One chunk: its records, then its line of progress, written together."""
        counts: Counter[str] = Counter()
        records: list[dict[str, Any]] = []
        seconds = 0.0
        kind = self.options.kind
        for one in judged(seeds, self.options.requests, self.options.patience, self.stop, kind):
            counts.update({"worlds": 1, one.verdict: 1, "drawn": one.tried, "decided": one.decided})
            counts.update({f"* {record['what']}": 1 for record in one.records})
            counts["through"] += one.through
            seconds += one.seconds
            records += one.records
            if self.options.show and one.records:
                print(shown(one, kind), flush=True)
        if counts["worlds"] < len(seeds):
            return
        self.counts.update(counts)
        self.counts["milliseconds"] += round(seconds * 1000)
        counts["milliseconds"] = round(seconds * 1000)
        progress = {"from": seeds.start, "worlds": len(seeds), "counts": dict(sorted(counts.items()))}
        self.write([*records, progress])
        print(f"{time.monotonic() - self.begun:.0f} s: {self.text()}", flush=True)

    def write(self, entries: list[dict[str, Any]]) -> None:
        """Append lines to the file."""
        if self.file is not None:
            with self.file.open("a", encoding="utf-8") as file:
                file.write("".join(json.dumps(entry, sort_keys=True) + "\n" for entry in entries))

    def text(self) -> str:
        """The counts."""
        worlds = self.counts["worlds"] or 1
        told = {name: n for name, n in sorted(self.counts.items()) if name not in ("worlds", "milliseconds")}
        each = self.counts["milliseconds"] / worlds
        seconds = self.counts["milliseconds"] / 1000
        return f"{self.counts['worlds']} worlds, {seconds:.0f} s of processor, {each:.0f} ms each; {told}"

    def all(self) -> int:
        """Every chunk that is left; 1 if there is a record."""
        first, last = self.options.seed, self.options.seed + self.options.worlds
        chunks = [range(at, min(at + CHUNK, last)) for at in range(first, last, CHUNK) if at not in self.done]
        with ThreadPoolExecutor(self.options.jobs) as pool:
            waiting = [pool.submit(self.chunk, seeds) for seeds in chunks]
            try:
                for task in waiting:
                    left = None
                    if self.options.seconds:
                        left = max(0.0, self.options.seconds - (time.monotonic() - self.begun))
                    task.result(left)
            except TimeoutError:
                print(f"stopped after {self.options.seconds} s; the same command goes on", flush=True)
            except KeyboardInterrupt:
                print("interrupted; the same command goes on", flush=True)
            finally:
                self.stop.set()
                for task in waiting:
                    task.cancel()
        print(self.text())
        return int(any(name.startswith("* ") for name in self.counts))


def main(argv: list[str] | None = None) -> int:
    """Run the worlds; exit code 1 if one of them is not plainly right."""
    parser = argparse.ArgumentParser(description="very many small worlds, each with one question")
    parser.add_argument("--seed", type=int, default=1, help="the first world; each has the next number")
    parser.add_argument("--worlds", type=int, default=500)
    parser.add_argument("--requests", type=int, default=120, help="requests to draw in each")
    parser.add_argument("--seconds", type=float, help="stop after this time on the wall")
    parser.add_argument("--patience", type=float, default=120.0, help="seconds on the wall for one world")
    parser.add_argument("--kind", default="", help="worlds with grants of resources of this kind alone: `bucket`")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--out", help="file of records, JSON Lines; a run goes on where it ends")
    parser.add_argument("--show", action="store_true", help="print the worlds that are not plainly right")
    return Run(parser.parse_args(argv)).all()
