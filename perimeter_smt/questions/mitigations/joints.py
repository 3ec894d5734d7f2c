"""C2: whether the hops of a path fit each other: a session is the one that the hop before began.

What that hop cannot leave out goes on: a source identity that is demanded, tags that are demanded (as transitive), the
name of the session (IAM guide, pass session tags in AWS STS; monitor and control actions taken with assumed roles).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from perimeter_smt.logic.formula import Formula, conj, is_text, neg
from perimeter_smt.questions.mitigations.graph import Edge
from perimeter_smt.questions.mitigations.roles import Kind
from perimeter_smt.questions.mitigations.steps import Step, Steps, call_of, caller_of, end_of, target_of

UNLESS = "what a session must carry from the hop before, or its name, stops the next one"
Hop = tuple[Steps, Step]
_ASSUMES = ("sts:assumerole", "sts:assumerolewithsaml", "sts:assumerolewithwebidentity")
_SOURCE_IDENTITY, _SENT = "aws:sourceidentity", "sts:sourceidentity"
_TAG, _REQUEST, _TRANSITIVE, _NAME = (
    "aws:principaltag/",
    "aws:requesttag/",
    "sts:transitivetagkeys",
    "sts:rolesessionname",
)


def fit(path: Sequence[Edge], kinds: Sequence[Kind]) -> bool:
    """Whether each edge can be gone by the session that the edges before began."""
    by_end = {end_of(kind): kind for kind in kinds}
    entry: Hop | None = None
    inherited: dict[str, str] = {}
    for edge in path:
        hops = [(steps, step) for steps, step, _ in edge.steps if isinstance(steps, Steps)]
        takes = [hop for hop in hops if call_of(*hop) in _ASSUMES]
        goes_on: dict[str, str] = {}
        if entry is not None and hops and caller_of(hops[0][1]) == target_of(entry[1]) in by_end:
            onward = _fits(entry, hops[0], by_end, inherited)
            if onward is None:
                return False
            goes_on = onward
        if takes:
            entry, inherited = takes[-1], goes_on if takes[-1] is hops[0] else {}
    return True


def _fits(entry: Hop, after: Hop, by_end: Mapping[str, Kind], inherited: dict[str, str]) -> dict[str, str] | None:
    """What goes on to the session that the next hop begins; None where the session does not get through there."""
    steps, step = after
    asked, kind = steps.without_session(step), by_end[target_of(entry[1])]
    tags = sorted(name for name in steps.world.keys.known if name.startswith(_TAG))
    for sent, transitive in _begins(entry, tags):
        own, goes_on = inherited | sent, sorted({*transitive, *(name for name in inherited if name.startswith(_TAG))})
        session = [steps.session_with(kind.first, own), *(steps.without(_request(name)) for name in goes_on)]
        further = ["step.tags-session"] if goes_on else []
        if _SOURCE_IDENTITY in own:
            session.append(steps.has_value(_SENT, own[_SOURCE_IDENTITY]))
            further.append("step.sets-source-identity")
        beside = True
        if call_of(steps, step) in _ASSUMES and target_of(step) in by_end:
            here = (_same_caller(step), by_end[target_of(step)].here)
            beside = all(_as_sure(steps, step, steps.formula(name), *here, *session) for name in further)
        elif _SOURCE_IDENTITY in own:
            session.pop()
        if beside and _named(entry, after, (*asked, *session)):
            return {name: own[name] for name in (*goes_on, _SOURCE_IDENTITY) if name in own}
    return None


def _same_caller(step: Step) -> Formula:
    account, name = caller_of(step).split(":", 1)
    return conj((is_text("principal.account", account), is_text("principal.name", name)))


def _begins(entry: Hop, tags: Sequence[str]) -> list[tuple[dict[str, str], list[str]]]:
    """What the session carries, least first, with those of its tags that go on."""
    steps, step = entry
    asked = steps.without_session(step)
    plain = [steps.without(_SENT), steps.without(_SOURCE_IDENTITY)]
    filled = [neg(steps.has_value(_request(name), "")) for name in tags]  # an empty tag is an open point
    no_tags = [steps.without(_request(name)) for name in tags]
    out = []
    for without, transitive in (([*plain, *no_tags, steps.without(_TRANSITIVE)], False),
                                ([steps.without(_TRANSITIVE)], False), ([], True)):  # fmt: skip
        found = _as_sure(steps, step, *asked, *without, *filled) or _as_sure(steps, step, *asked, *without)
        if found is not None:
            sent = {name: value for name in tags if (value := steps.value(found, _request(name))) is not None}
            identity = steps.value(found, _SENT) or steps.value(found, _SOURCE_IDENTITY)
            out.append((sent | ({_SOURCE_IDENTITY: identity} if identity else {}), list(sent) if transitive else []))
            if not out[0][0]:
                break
    return out


def _named(entry: Hop, after: Hop, asked: tuple[Formula, ...]) -> bool:
    """Whether the session may be called as the next hop asks for."""
    found = _as_sure(*after, *asked)
    if found is None:
        return False
    steps, step = entry
    if _NAME not in steps.world.keys.known:
        return True
    before, name = steps.without_session(step), after[0].text(found, "principal.session")
    if (
        not name or _as_sure(*entry, *before, steps.has_value(_NAME, name)) is not None
    ):  # nothing looks at it, or it is free
        return True
    sent = steps.value(step, _NAME)
    return sent is not None and _as_sure(*after, *asked, is_text("principal.session", sent)) is not None


def _as_sure(steps: Steps, step: Step, *asked: Formula) -> Step | None:
    """A request that needs no rival reading where the step needs none."""
    found = steps.step(*asked)
    return found if found is not None and (found.sure or not step.sure) else None


def _request(name: str) -> str:
    return name.replace(_TAG, _REQUEST)
