"""What each exception opens: the requests that break an objective and are excused by this exception alone.

Asked with `prove --without-exceptions`. A row that opens something is `conditional`: the perimeter holds but for it;
one that opens nothing is `proved`, and can go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any, Literal

from perimeter_smt.encode.language.keys import KeySpace
from perimeter_smt.encode.world import perimeter as encoded
from perimeter_smt.encode.world.world import build
from perimeter_smt.logic.formula import Formula, neg, sym
from perimeter_smt.logic.reader import Script
from perimeter_smt.organization.perimeter import OBJECTIVES, Perimeter, RoleException, TagException, Vendor, Workspace
from perimeter_smt.questions import explain
from perimeter_smt.questions import objectives as questions
from perimeter_smt.questions.left_open import known
from perimeter_smt.questions.mitigations import QUESTIONS
from perimeter_smt.questions.mitigations.model import Asking, Granted, Line, Mitigation, worst
from perimeter_smt.questions.prepare import prepare
from perimeter_smt.request import actions

ID, TITLE = "exceptions", "what each exception opens"
Holds = Callable[[KeySpace, Script], Formula]
_OPEN = ("refuted", "conditional", "unknown")
_ROWS = 3  # rows of a mitigation that are named


def ask(workspace: Workspace, asking: Asking, mode: Literal["guardrails", "grants"] = "guardrails") -> Mitigation:
    """A row for every exception and vendor of the perimeter."""
    lines = []
    for shown, objectives, holds, left, granted in _each(workspace.perimeter):
        without = workspace.model_copy(update={"perimeter": left})
        of_matrix = tuple(name for name in objectives if name in OBJECTIVES)
        line = _line(without, shown, of_matrix, holds, asking, mode) if of_matrix else None
        of_mitigations = tuple(name for name in objectives if name not in OBJECTIVES)
        found = _beside(workspace, without, shown, of_mitigations, asking, line)
        lines.append(replace(found, granted=granted))
    if not lines:
        lines = [Line("perimeter.yaml", "proved", "declares no exception")]
    return Mitigation(ID, TITLE, worst(lines), tuple(lines))


def _each(perimeter: Perimeter) -> Iterator[tuple[str, tuple[str, ...], Holds, Perimeter, Granted]]:
    """Every exception in words, its objectives, the formula that it holds, the perimeter without it, who granted it."""

    def without(name: str, entry: object) -> Perimeter:
        left = tuple(other for other in getattr(perimeter, name) if other is not entry)
        return perimeter.model_copy(update={name: left})

    for role in perimeter.role_exceptions:
        alone: Any = Perimeter(orgs=perimeter.orgs, role_exceptions=(role,))
        holds = _holds(alone, role.objectives[0])
        yield role.shown, role.objectives, holds, without("role_exceptions", role), _granted(role)
    for tag in perimeter.tag_exceptions:
        alone = Perimeter(orgs=perimeter.orgs, tag_exceptions=(tag,))
        holds = _holds(alone, tag.objectives[0])
        yield tag.shown, tag.objectives, holds, without("tag_exceptions", tag), _granted(tag)
    for vendor in perimeter.vendors:

        def is_vendor(keys: KeySpace, script: Script, entry: Any = vendor) -> Formula:
            return encoded.is_vendor(keys, script.texts["aws:PrincipalArn"], entry)

        yield f"vendor {vendor.account}", ("O1", "O2", "O6"), is_vendor, without("vendors", vendor), _granted(vendor)


def _granted(entry: RoleException | TagException | Vendor) -> Granted:
    return Granted(entry.owner, entry.ticket, entry.expires.isoformat() if entry.expires else "")


def _beside(
    workspace: Workspace, without: Workspace, shown: str, names: tuple[str, ...], asking: Asking, line: Line | None
) -> Line:
    """The row with what the exception opens in these mitigations: rows that are no longer proved without it."""

    opened: list[str] = []
    asked: list[str] = []
    first = None
    for name in names:
        before = {one.subject: one for one in QUESTIONS[name].ask(workspace, asking).lines}
        lines = QUESTIONS[name].ask(without, asking).lines
        now = [one for one in lines if one.status in _OPEN]
        asked += [name] if any(one.status != "not-asked" for one in lines) else []
        lost = [one for one in now if one.subject not in before or before[one.subject].status not in _OPEN]
        if lost:
            opened.append(f"{name} ({', '.join(one.subject for one in lost[:_ROWS])}{', ...' if lost[_ROWS:] else ''})")
            first = first or next((one.counterexample for one in lost if one.counterexample), None)
        elif now:
            opened.append(f"{name}, where {_rows(len(now))} not held with it either")
    if line is None and not asked:
        return Line(shown, "not-asked", f"{', '.join(names)}: the input does not say enough to ask")
    if line is None:
        line = Line(shown, "proved", f"opens nothing: {', '.join(asked)} would hold without it")
    elif line.status == "unknown":
        return line
    if not opened:
        return line
    already = f"{line.text}, " if line.status == "conditional" else "opens "
    return replace(line, status="conditional", text=already + ", ".join(opened),
                   counterexample=line.counterexample or first)  # fmt: skip


def _rows(number: int) -> str:
    return "1 row is" if number == 1 else f"{number} rows are"


def _holds(alone: Perimeter, objective: str) -> Holds:
    return lambda keys, script: encoded.excepted(alone, keys, script, objective)


def _line(
    workspace: Workspace,
    shown: str,
    objectives: tuple[str, ...],
    holds: Holds,
    asking: Asking,
    mode: Literal["guardrails", "grants"],
) -> Line:
    """What gets through once the exception is gone, of what it excuses."""
    world = build(
        workspace,
        _services(workspace, objectives),
        free_grants=mode == "guardrails",
        objectives=objectives,
        also_defined=lambda _, keys, script: {"exception.holds": holds(keys, script)},
    )
    run = prepare(world, objectives, asking.reading, False, 1, asking.limits, (), also=(sym("exception.holds"),))
    opened, first = [], None
    for name in (name for name in OBJECTIVES if name in objectives):
        beyond = neg(questions.accepted_limits(world, name))
        excused = (questions.breach(world, name), beyond, sym("exception.holds"))
        asked = (*excused, run.exact)
        result = run.ask(*asked)
        if result.status == "unsat" and run.reading != "exact" and run.ask(*excused, run.over).status != "unsat":
            opened.append(f"{name} under a rival reading")
        if result.status == "unknown":
            return Line(shown, "unknown", f"{name}: {result.reason}")
        if result.status == "sat":
            opened.append(name)
            if first is None:
                services = run.group_of(result, run.groups).services
                plain = run.plain(services, asked, result)
                first = known(partial(explain.counterexample, world, name, plain, "hole"))
    if not opened:
        return Line(shown, "proved", f"opens nothing: {', '.join(objectives)} would hold without it")
    through = next((blame for blame in first.through if blame.effect == "Allow"), None) if first else None
    return Line(shown, "conditional", f"opens {', '.join(opened)}", through, first)


def _services(workspace: Workspace, objectives: tuple[str, ...]) -> tuple[str, ...]:
    """The services that these objectives claim."""
    patterns = [p for name in objectives for p in workspace.perimeter.scope(name).actions]
    claimed = {pattern.partition(":")[0].lower() for pattern in patterns}
    known = actions.services()
    return known if any("*" in c or "?" in c for c in claimed) else tuple(s for s in known if s in claimed)
