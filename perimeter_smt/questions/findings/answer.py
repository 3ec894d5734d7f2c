"""Findings: all access of outsiders as coarsest sets of requests, each with its elements, an example and the blame."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from typing import get_args

from perimeter_smt.encode.world import clock
from perimeter_smt.encode.world.public import Public as Publicity
from perimeter_smt.encode.world.public import publicity
from perimeter_smt.encode.world.world import World
from perimeter_smt.errors import InputError, expect_one_of
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.policy.document import Document
from perimeter_smt.questions import explain, left_open
from perimeter_smt.questions.findings.actions import known, levels
from perimeter_smt.questions.findings.closed import closed_to, uncallable
from perimeter_smt.questions.findings.estate import Asked, Estate, Topic, Zone, services_of
from perimeter_smt.questions.findings.lists import publicity_of
from perimeter_smt.questions.findings.outward import callers, known_service, services_of_callers
from perimeter_smt.questions.findings.reading import read_back, restated, restated_document
from perimeter_smt.questions.findings.render import Elements, elements
from perimeter_smt.questions.findings.search import INTERRUPTED, Cover, Cube, Stop
from perimeter_smt.questions.findings.setting import allowing, of_document, replayed, wishes
from perimeter_smt.questions.findings.turned import turned, turned_in_workspace
from perimeter_smt.questions.findings.verdicts import Direction, Finding, Findings, Progress, Public
from perimeter_smt.questions.untold import MAY_LET_IN, hiding, things, with_known_part
from perimeter_smt.questions.verdicts import Counterexample
from perimeter_smt.solve.result import Limits, Result

_PUBLIC: dict[Publicity, Public] = {Publicity.NO: "no", Publicity.OPEN: "unsettled", Publicity.YES: "yes"}
Replay = Callable[[Asked, Cube, Result], Counterexample]


def findings(
    document: Document,
    *,
    zone: Zone = "account",
    account: str | None = None,
    organization: str | None = None,
    limits: Limits | None = None,
    stop: Stop | None = None,
    today: date | None = None,
) -> Findings:
    """The access that one resource, key or trust policy gives to those outside the zone of trust.

    `zone` is `account`, `organization` or `everyone` (all access, whoever calls). Without the id of the `account` or
    `organization`, who shares that of the resource is inside. Requests count that are made on `today` (default: the day
    of the call) or later. InputError for kinds of policy that grant nothing.
    """
    expect_one_of(zone, get_args(Zone), "zone")
    file = document.location.file
    if not document.kind.is_resource_type:
        raise InputError(f"findings are of policies on resources, not of kind `{document.kind.value}`", file=file)
    if zone == "perimeter":
        raise InputError("zone `perimeter` needs a workspace, expected `account` or `organization` for one policy")
    day = today or date.today()
    asked, world = of_document(
        document, zone=zone, account=account, organization=organization, limits=limits, today=day
    )
    asked.search.stop = stop or asked.search.stop
    cover = asked.search.cover()

    def replay(asked: Asked, cube: Cube, result: Result) -> Counterexample:
        return replayed(world, document, result, allowing(world, asked, cube))

    made = made_of(asked, cover, replay)
    reason = cover.reason or (INTERRUPTED if stop is not None and stop() else "")
    reason = reason or restated_document(document, made, asked, limits, day)
    may_find = () if reason else turned(world, asked, cover)
    return replace(answered(file, zone, [(made, cover, reason)]), today=counting(world), may_find=may_find)


def findings_of_workspace(
    workspace: Workspace,
    *,
    zone: Zone = "organization",
    direction: Direction = "in",
    services: Sequence[str] | None = None,
    limits: Limits | None = None,
    progress: Progress | None = None,
    stop: Stop | None = None,
    today: date | None = None,
) -> Findings:
    """All ways in, or all ways out, of a workspace, as AWS decides them.

    `in`: the access of outsiders to every resource and role whose policy the workspace lists. `out`: what its
    principals reach that is not of the zone. `zone`: `account` (of the resource, or of the caller), `organization`,
    `perimeter` (as perimeter.yaml defines what is trusted), or `everyone` (all access). `services` narrows the
    question. `stop` is asked between two questions: where it says so, the answer is what was decided until then.
    Requests count that are made on `today` (default: the day of the call) or later. InputError where there is nothing
    to ask: no policy of a resource or role, no listed principal.
    """
    expect_one_of(zone, get_args(Zone), "zone")
    expect_one_of(direction, get_args(Direction), "direction")
    chosen = sorted({known_service(s) for s in services}) if services else None
    workspace = workspace.model_copy(update={"today": today or date.today()})
    if direction == "in":
        undecided = hiding(workspace, "resource", chosen, idle=False)
        workspace = with_known_part(workspace)
        chosen = chosen or services_of(workspace)
        if not chosen:
            if undecided:
                untold = tuple(f"{one.name}: {one.reason}" for one in workspace.unknowns)
                reason = f"{MAY_LET_IN}: {things(undecided)}"
                return Findings(workspace.name, zone, "unknown", (), (), reason, untold, undecided=undecided)
            raise InputError("no resource or role of the source has a policy: there is nothing to find")
    elif not any(account.principals for account, _ in workspace.organization.accounts()):
        raise InputError("no principal of the source is listed: nobody whose ways out could be asked about")
    else:
        # Whoever else is of an account may hold anything, also those who are left out: of the services that are asked.
        facts = tuple(u for u in hiding(workspace, "caller") if u.affects == "facts")
        undecided = facts if chosen else hiding(workspace, "caller")
        chosen = chosen or services_of_callers(workspace)
        if not chosen:
            raise InputError("no listed principal is granted any call: name the services in question with `--service`")
    estate = Estate(workspace, chosen, limits)
    topics = estate.resources(zone) if direction == "in" else callers(estate, zone)
    parts = covered(estate, topics, progress, stop)
    reasons = read_again(estate, parts, stop)
    told = []
    may_find: dict[str, None] = {}
    for asked, cover, made in parts:
        reason = cover.reason or reasons.get(asked.topic.name, "")
        may_find |= dict.fromkeys(() if reason else may_find_in(estate, asked, cover))
        told.append((made, cover, f"{asked.topic.name}: {reason}" if reason else ""))
    found = answered(workspace.name, zone, told, estate.unknowns())
    if undecided:
        proved = tuple(name for name in found.proved if name != "complete")
        reason = found.reason or ("" if found.findings else f"{MAY_LET_IN}: {things(undecided)}")
        found = replace(found, status="unknown", proved=proved, reason=reason, undecided=undecided)
    return replace(
        found, direction=direction, services=estate.services, today=counting(estate.world), may_find=tuple(may_find)
    )


def may_find_in(estate: Estate, asked: Asked, cover: Cover) -> tuple[str, ...]:
    """Open points that, read the other way, give more access than the sets of a whole search."""
    return turned_in_workspace(estate.world, asked, map(asked.search.formula, cover.cubes))


def counting(world: World) -> str:
    """The day from which on requests count; nothing where no policy tests the moment of the request."""
    return clock.counting(world.workspace.today, world.keys)


def covered(
    estate: Estate, topics: Iterable[Topic], progress: Progress | None, stop: Stop | None
) -> list[tuple[Asked, Cover, list[Finding]]]:
    """The sets of every topic and the findings made of them; after a stop nothing of the topics that are left."""
    parts = []
    every = estate.ask(topics)
    for number, asked in enumerate(every):
        if progress is not None:
            progress(asked.topic.name, number, len(every))
            asked.search.seen = partial(_told, progress, asked.topic.name, number, len(every))
        asked.search.stop = stop or asked.search.stop
        cover = asked.search.cover()
        found = left_open.known(partial(made_of, asked, cover, partial(composed, estate)))
        made = found or []
        if found is None:
            cover = Cover((), cover.reason or left_open.LEFT_OPEN)
        if not cover.reason:
            cover = replace(cover, reason=estate.unsure(asked, [asked.search.formula(cube) for cube in cover.cubes]))
        parts.append((asked, cover, made))
    return parts


def _told(progress: Progress, name: str, done: int, total: int, sets: int) -> None:
    progress(f"{name}: {sets} found", done, total)


def read_again(
    estate: Estate, parts: Sequence[tuple[Asked, Cover, list[Finding]]], stop: Stop | None
) -> dict[str, str]:
    """The second look at findings that are whole: why it does not confirm them, by topic."""
    whole = [(asked, made) for asked, cover, made in parts if made and not cover.reason]
    if stop is not None and stop():
        return {asked.topic.name: INTERRUPTED for asked, _ in whole}
    return restated(estate, whole)


def answered(
    source: str, zone: str, parts: Sequence[tuple[list[Finding], Cover, str]], unknowns: tuple[str, ...] = ()
) -> Findings:
    """The findings of all parts, public ones first, and what was proved of them."""
    reason = next((reason for _, _, reason in parts if reason), "")
    proved = ["included"]
    if not any(cover.reason for _, cover, _ in parts):
        proved += ["complete", "apart"]
    if not reason:
        proved.append("restated")
    made = [one for found, _, _ in parts for one in sorted(found, key=_order)]
    made.sort(key=lambda one: one.public != "yes")
    return Findings(source, zone, "unknown" if reason else "complete", tuple(made), tuple(proved), reason, unknowns)


def _order(one: Finding) -> tuple[object, ...]:
    return one.public != "yes", one.elements.principals, one.elements.actions, repr(one.elements)


def made_of(asked: Asked, cover: Cover, replay: Replay) -> list[Finding]:
    """A finding for each cube."""
    out = []
    for cube in cover.cubes:
        # Where the search was ended, others may cover the set as a whole.
        others = [] if cover.reason else [other for other in cover.cubes if other is not cube]
        result = asked.search.example(cube, others, wishes())
        found = elements(cube, asked.search.literals, asked.actions, asked.topic.kind, uncallable(asked, cube))
        names = asked.actions.names(found.numbers)
        example = replay(asked, cube, result)
        public = _public(found, asked)
        out.append(
            Finding(
                asked.topic.name,
                found,
                levels(names),
                known(names),
                public,
                example.through,
                example,
                closed_to(asked, cube),
            )
        )
    return out


def _public(found: Elements, asked: Asked) -> Public:
    if asked.topic.kind.is_identity_type:
        return "no"  # callers that are named
    listed = publicity_of(found.other)
    if listed is not None:
        return listed
    if found.policy is None:
        return "unsettled"
    return _PUBLIC[publicity(_of_any_service(read_back(found, asked.topic.kind)))]


def _of_any_service(document: Document) -> Document:
    """The document with `*` for actions that are none of S3, of which the page says nothing.

    What it says of callers and conditions is asked of the policies of other services in the same way.
    """
    left = []
    for statement in document.statements:
        action = statement.action
        elsewhere = not action.negated and all(_names_no_s3(text) for text in action.values)
        left.append(replace(statement, action=replace(action, values=("*",))) if elsewhere else statement)
    return document.model_copy(update={"statements": tuple(left)})


def _names_no_s3(text: str) -> bool:
    service, colon, _ = text.lower().partition(":")
    return bool(colon) and service != "s3" and not any(c in service for c in "*?")


def composed(estate: Estate, asked: Asked, _: Cube, result: Result) -> Counterexample:
    """The request of a workspace, replayed with every policy that has a say."""
    found = explain.counterexample(estate.world, "findings", result, "hole")
    return replace(found, why=f"a request of the set, on {asked.topic.name}")
