"""The obligations of a task, from a cache, from workers, or decided here: the same verdicts whichever it is."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.questions.first_hop import asking, listed_may
from perimeter_smt.questions.obligations import between, digest
from perimeter_smt.questions.obligations.aside import aside, here_only
from perimeter_smt.questions.obligations.cache import Cache
from perimeter_smt.questions.obligations.deciding import Decided, Encoded, everybody, title
from perimeter_smt.questions.obligations.task import Chain, Task
from perimeter_smt.stages import stage

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Means:
    """How obligations are decided: so many worker processes, on a cluster, with verdicts kept in a folder."""

    jobs: int = 1
    scheduler: str | None = None
    cache: Path | None = None


HERE = Means()


class StoppedError(KeyboardInterrupt):
    """Ctrl-C: `each` is what was decided before of each task, `decided` that of the first."""

    def __init__(self, each: Sequence[dict[str, Decided]]) -> None:
        self.each, self.decided = each, each[0]
        super().__init__()


def decide(
    task: Task, means: Means = HERE, progress: Progress | None = None, only: Collection[str] | None = None
) -> dict[str, Decided]:
    """What was decided of every obligation, or of `only` these where each is a chain, by name.

    StoppedError on Ctrl-C.
    """
    (decided,) = _decide([_State(task, _kept(task, means), progress, only)], means)
    return decided


def decide_merged(
    task: Task, smaller: Task, means: Means = HERE, progress: Progress | None = None
) -> dict[str, Decided]:
    """As `decide` of `smaller`, the task with a few accounts of each class.

    A large organization with its grants is asked only what less and more than they are do not answer alike.
    """
    ends = between.ends(task, smaller)
    if ends is None:
        return decide(smaller, means, progress)
    count = len(task.obligations)

    def halves(done: int) -> Progress | None:
        return progress and (lambda label, of_this, _: progress(label, done + of_this, 2 * count))

    states = [_State(end, _kept(end, means), halves(count * i)) for i, end in enumerate(ends)]
    try:
        found = between.agreed(task, ends[0], *_decide(states, means))
    except StoppedError as stopped:
        raise StoppedError([between.agreed(task, ends[0], *stopped.each)]) from None
    left = [name for name in task.obligations if name not in found]
    if not left:
        return found
    try:
        return found | decide(smaller, means, progress, left)
    except StoppedError as stopped:
        raise StoppedError([found | stopped.decided]) from None


def _decide(states: Sequence[_State], means: Means) -> list[dict[str, Decided]]:
    try:
        for state in states:
            state.look()
        large = any(state.task.large for state in states)
        if means.scheduler is not None or (large and min(means.jobs, sum(len(state.todo) for state in states)) > 1):
            with stage("workers"):
                _elsewhere(states, means)
        for state in states:
            if state.todo:
                _here(state, second=means.jobs > 1)
    except KeyboardInterrupt:
        raise StoppedError([state.decided for state in states]) from None
    return [state.decided for state in states]


class _State:
    """What is decided and what is left."""

    def __init__(
        self, task: Task, kept: _Kept | None, progress: Progress | None, only: Collection[str] | None = None
    ) -> None:
        self.task, self._kept, self._progress = task, kept, progress
        self.decided: dict[str, Decided] = {}
        self.todo = [chain for chain in task.chains() if only is None or not set(only).isdisjoint(chain)]

    @property
    def keeping(self) -> bool:
        """Whether what is decided is kept."""
        return self._kept is not None

    def look(self) -> None:
        """Take from the cache the chains of which everything is there."""
        for chain in list(self.todo) if self._kept else ():
            assert self._kept
            found = [self._kept.get(chain, name) for name in chain]
            if all(found):
                self.decided |= {decided.obligation: decided for decided in found if decided}
                self.todo.remove(chain)

    def begin(self, name: str) -> None:
        """Tell what is asked next."""
        if self._progress:
            self._progress(name, len(self.decided), len(self.task.obligations))

    def take(self, chain: Chain, decided: Decided) -> None:
        """Keep what was decided."""
        self.decided[decided.obligation] = decided
        if self._kept:
            self._kept.put(chain, decided)


def _here(state: _State, *, second: bool) -> None:
    """Decide what is left in this process, and with a `second` processor all but the first chain in a copy of it."""
    encoded = Encoded(state.task, keeping=state.keeping)
    begin = here_only(state.begin)
    own = state.todo[:1] if second else state.todo[:]
    others = state.todo[len(own) :]

    def take(chain: Chain, found: Iterable[Decided]) -> None:
        for decided in found:
            state.take(chain, decided)
        state.todo.remove(chain)

    def apart(chain: Chain) -> tuple[Decided, ...]:
        return tuple(encoded.decide(chain, begin))

    with aside([partial(apart, chain) for chain in others], wanted=second) as answered:
        for chain in own:
            take(chain, encoded.decide(chain, begin))
        for chain, found in zip(others, answered(), strict=True):
            take(chain, found)


def _elsewhere(states: Sequence[_State], means: Means) -> None:
    """Let workers decide; what they fail at is left to be decided here, where an error has its place."""
    from perimeter_smt.questions.obligations.pool import executor, packed, work  # costs a little, and few need it

    todo = [(state, packed(state.task), chain) for state in states if state.todo for chain in state.todo]
    with executor(min(means.jobs, len(todo)), means.scheduler) as workers:
        asked = {workers.submit(work, task, chain, state.keeping): (state, chain) for state, task, chain in todo}
        for state, chain, found in _finished(asked):
            for decided in found:
                state.take(chain, decided)
            state.todo.remove(chain)


def _finished(
    asked: dict[Future[tuple[Decided, ...]], tuple[_State, Chain]],
) -> Iterator[tuple[_State, Chain, tuple[Decided, ...]]]:
    """The chains in the order in which they are done, without those that fail."""
    left = set(asked)
    while left:
        names = [title(name) for future, (_, chain) in asked.items() if future in left for name in chain]
        next(state for future, (state, _) in asked.items() if future in left).begin(
            names[0] + (f" and {len(names) - 1} more" if len(names) > 1 else "")
        )
        done, left = wait(left, return_when=FIRST_COMPLETED)
        for future in [future for future in asked if future in done]:
            if not future.cancelled() and future.exception() is None:
                yield *asked[future], future.result()


class _Kept:
    """The cache as seen from one task."""

    def __init__(self, task: Task, cache: Cache) -> None:
        self._task, self._cache = task, cache
        self._base = digest.base_key(task)
        self._whole = lru_cache(maxsize=1)(lambda: digest.digest(task.whole))
        self._answers: dict[tuple[str, tuple[str, ...]], bool] = {}

    def get(self, chain: Chain, name: str) -> Decided | None:
        """A verdict on the same question: of the same whole organization, or of one that answers alike."""
        key = digest.key(self._base, chain, name)
        asked = self._cache.beyond(key)
        if not asked:
            return self._right(name, key)
        whole = digest.whole_key(key, self._whole())
        found = self._right(name, whole)
        if found is None:
            found = self._right(name, digest.answered_key(key, [self._answer(*question) for question in asked]))
            if found is not None:
                self._cache.put(whole, found)
        return found

    def put(self, chain: Chain, decided: Decided) -> None:
        """Keep a verdict."""
        key = digest.key(self._base, chain, decided.obligation)
        for question, may in decided.said:
            self._cache.keep_answer(digest.said_key(question), may)
        if not decided.beyond:
            self._cache.put(key, decided)
            return
        self._cache.mark_beyond(key, tuple((objective, services) for objective, services, _ in decided.beyond))
        self._cache.put(digest.whole_key(key, self._whole()), decided)
        self._cache.put(digest.answered_key(key, [answer for *_, answer in decided.beyond]), decided)

    def _right(self, name: str, key: str) -> Decided | None:
        found = self._cache.get(key)
        return found if found and found.obligation == name else None

    def _answer(self, objective: str, services: tuple[str, ...]) -> bool:
        """Whether listed principals may make first hops: quickly asked, and most policies do not change it."""
        question = (objective, services)
        if question not in self._answers:
            whole = everybody(self._task, services)
            self._answers[question] = all(self._may(asking(each, objective), services) for each in whole)
        return self._answers[question]

    def _may(self, asked: Workspace, services: tuple[str, ...]) -> bool:
        """Whether one of these principals may, as kept of an organization that says the same."""
        task = self._task
        key = digest.said_key(digest.said(asked, services, task.reading, task.limits))
        found = self._cache.answer(key)
        if found is None:
            found = listed_may(asked, services, task.reading, task.limits)
            self._cache.keep_answer(key, found)
        return found


def _kept(task: Task, means: Means) -> _Kept | None:
    """No cache where a limit of time may have decided: the answer would be that of a slow moment."""
    if means.cache is None or task.limits.seconds is not None:
        return None
    return _Kept(task, Cache(means.cache))
