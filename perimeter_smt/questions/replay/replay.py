"""Replay of CloudTrail logs: what guardrails would have said to every event, grouped by role, action and statement."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from perimeter_smt.evaluate.statements import StatementRef
from perimeter_smt.organization.model import NONE_THERE, Unknown
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.questions.replay.calls import Happened, NotACall, Reader
from perimeter_smt.questions.replay.judge import ALLOW, Ask, Judge, Judged
from perimeter_smt.questions.replay.records import events_of
from perimeter_smt.questions.untold import MANAGEMENT

Kind = Literal["newly-blocked", "newly-depends", "newly-allowed", "blocked", "depends"]
_MOST_GROUPS = 20_000
_ORDER = ("newly-blocked", "newly-depends", "blocked", "depends", "newly-allowed")


@dataclass(frozen=True, slots=True)
class Example:
    """One event of a group."""

    id: str
    time: str
    resource: str | None


@dataclass(slots=True)
class Group:
    """Events of one caller, action and answer. `depends`: the keys that no event tells and that decide."""

    kind: Kind
    who: str
    action: str
    statements: tuple[StatementRef, ...]
    depends: tuple[str, ...]
    detail: str
    example: Example
    count: int = 0


@dataclass
class Replayed:
    """The answer for all logs. `skipped`: events that ask nothing of IAM, or whose action or caller is not known."""

    workspace: str
    change: str | None
    events: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    kinds: Counter[Kind] = field(default_factory=Counter)  # events by how they count, also those of no group
    groups: list[Group] = field(default_factory=list)
    skipped: Counter[tuple[str, str]] = field(default_factory=Counter)
    unlisted_endpoints: Counter[str] = field(default_factory=Counter)
    more_groups: int = 0
    interrupted: bool = False  # ended by Ctrl-C: what was judged until then
    undecided: tuple[Unknown, ...] = ()  # what the source did not tell and what may block more

    @property
    def exit_code(self) -> int:
        """1 if something that happened would newly be blocked, 3 if that may be, else 0; 130 where it was ended."""
        if self.interrupted:
            return 130
        if self.kinds["newly-blocked"]:
            return 1
        return 3 if self.kinds["newly-depends"] or (self.undecided and self.events) else 0


def replay(
    logs: Iterable[Path | str],
    workspace: Workspace,
    change: Workspace | None = None,
    *,
    solve: bool = True,
    progress: Callable[[str, int, int], None] | None = None,
) -> Replayed:
    """Judge every event of CloudTrail logs by the guardrails of a workspace, or of a change of it.

    An event that AWS let through and the guardrails in question deny is newly blocked. With `change`, only those
    count that the guardrails of `workspace` do not deny. `solve`: ask the solver about calls that three-valued
    evaluation leaves open.
    """
    return replay_events(events_of(logs), workspace, change, solve=solve, progress=progress)


def replay_events(
    events: Iterable[Mapping[str, Any]],
    workspace: Workspace,
    change: Workspace | None = None,
    *,
    solve: bool = True,
    progress: Callable[[str, int, int], None] | None = None,
) -> Replayed:
    """As `replay`, for events that are decoded already. Ctrl-C ends it with what was judged until then."""
    ask = _solver(workspace) if solve else None
    before = Judge(workspace, ask)
    after = Judge(change, ask) if change is not None else before
    others = before.named_organizations() | after.named_organizations()
    reader = Reader(workspace, others)
    found = Replayed(workspace.name, change.name if change is not None else None)
    found.undecided = _blocking(workspace, change)
    groups: dict[object, Group] = {}
    known = {e.id for account, _ in workspace.organization.accounts() for e in account.endpoints}

    def one(event: Mapping[str, Any]) -> None:
        try:
            happened = reader.happened(event)
        except NotACall as reason:
            source = f"{event.get('eventSource') or '?'}:{event.get('eventName') or '?'}"
            found.skipped[(str(reason), source)] += 1
            return
        now = _together(after, happened)
        was = _together(before, happened) if change is not None and now.outcome != "allow" else ALLOW
        found.outcomes[now.outcome] += 1
        if happened.endpoint and happened.endpoint not in known:
            found.unlisted_endpoints[happened.endpoint] += 1
        if change is not None and happened.refused and now.outcome == "allow":
            was = _together(before, happened)
        kind = _kind(was, now, happened, changed=change is not None)
        if kind is not None:
            found.kinds[kind] += 1
            _count(found, groups, kind, happened, now if kind != "newly-allowed" else was)

    try:
        for event in events:
            one(event)
            found.events += 1
            if progress is not None and not found.events % 1000:
                progress(f"{found.events:,} events", 0, 1)
    except KeyboardInterrupt:
        found.interrupted = True
    found.groups = sorted(groups.values(), key=lambda g: (_ORDER.index(g.kind), -g.count, g.who, g.action))
    return found


def _blocking(workspace: Workspace, change: Workspace | None) -> tuple[Unknown, ...]:
    """Guardrails and facts that are not known, which may block more; of a change those that are unknown in it alone."""
    passed_over = (*NONE_THERE, MANAGEMENT)  # guardrails bind the management account less than others
    asked = workspace if change is None else change
    before = () if change is None else workspace.unknowns
    bearing = (u for u in asked.unknowns if u.affects in ("guardrails", "facts") and u.name not in passed_over)
    return tuple(unknown for unknown in bearing if unknown not in before)


def _solver(workspace: Workspace) -> Ask:
    from perimeter_smt.questions.replay.leftovers import Solver

    return Solver(workspace.organization.partition)


def _together(judge: Judge, happened: Happened) -> Judged:
    """The answer to an event that asks for several things: one denial stops it.

    Several actions stand for one call whose parameters decide which of them it needs.
    """
    found = [judge.judge(call) for call in happened.calls]
    if len(found) == 1:
        return found[0]
    by_action: dict[str, Judged] = {}
    beside = ALLOW
    for call, judged in zip(happened.calls, found, strict=True):
        if call.beside:
            beside = max(beside, judged, key=lambda each: _RANK[each.outcome])
            continue
        worst = by_action.get(call.action, ALLOW)
        if _RANK[judged.outcome] > _RANK[worst.outcome]:
            worst = judged
        by_action[call.action] = worst
    answers = list(by_action.values())
    worst = max(answers, key=lambda judged: _RANK[judged.outcome])
    if worst.outcome == "deny" and any(judged.outcome != "deny" for judged in answers):
        worst = Judged("depends", worst.statements, ("action",), worst.detail)
    return max(worst, beside, key=lambda judged: _RANK[judged.outcome])


_RANK = {"allow": 0, "depends": 1, "deny": 2}


def _kind(was: Judged, now: Judged, happened: Happened, *, changed: bool) -> Kind | None:
    """How an event counts; None where the guardrails leave it as it was."""
    if now.outcome == "allow":
        return "newly-allowed" if changed and happened.refused and was.outcome == "deny" else None
    if happened.refused or (changed and was == now):
        return "blocked" if now.outcome == "deny" else "depends"
    if now.outcome == "deny":
        return "blocked" if changed and was.outcome == "deny" else "newly-blocked"
    if not changed:
        return "newly-depends"
    return "newly-depends" if was.outcome == "allow" else "depends"


def _count(found: Replayed, groups: dict[object, Group], kind: Kind, happened: Happened, judged: Judged) -> None:
    action = happened.calls[0].action
    key = (kind, happened.who, action, judged.statements, judged.depends, judged.detail)
    group = groups.get(key)
    if group is None:
        if len(groups) >= _MOST_GROUPS:
            found.more_groups += 1
            return
        example = Example(happened.id, happened.time, happened.calls[0].touched.arn)
        group = groups[key] = Group(
            kind, happened.who, action, judged.statements, judged.depends, judged.detail, example
        )
    group.count += 1
