"""C2: whether the hops of a path fit each other: a session is the one that the hop before began.

What that hop cannot leave out goes on: a source identity that is demanded, tags that are demanded (as transitive), the
name of the session (IAM guide, pass session tags in AWS STS; monitor and control actions taken with assumed roles).
"""

from __future__ import annotations

from collections.abc import Sequence

from perimeter_smt.logic.formula import Formula, conj, is_text
from perimeter_smt.questions.mitigations.graph import Edge
from perimeter_smt.questions.mitigations.roles import Kind
from perimeter_smt.questions.mitigations.steps import Step, Steps, call_of, caller_of, end_of, target_of

UNLESS = "what a session must carry from the hop before, or its name, stops the next one"
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
    entry: tuple[Steps, Step] | None = None
    for edge in path:
        hops = [(steps, step) for steps, step, _ in edge.steps if isinstance(steps, Steps)]
        if entry is not None and hops and caller_of(hops[0][1]) == target_of(entry[1]):
            kind = by_end.get(target_of(entry[1]))
            if kind is not None and not _fits(entry, hops[0], kind):
                return False
        takes = [hop for hop in hops if call_of(*hop) in _ASSUMES]
        entry = takes[-1] if takes else entry
    return True


def _fits(entry: tuple[Steps, Step], after: tuple[Steps, Step], kind: Kind) -> bool:
    steps, step = after
    asked = steps.without_session(step)
    tags = sorted(name for name in steps.world.keys.known if name.startswith(_TAG))
    for sent, goes_on in _begins(entry, tags):
        session = [steps.session_with(kind.first, sent), *(steps.without(_request(name)) for name in goes_on)]
        if call_of(steps, step) in _ASSUMES and _SOURCE_IDENTITY in sent:
            session.append(steps.has_value(_SENT, sent[_SOURCE_IDENTITY]))
            target = is_text("resource.account", target_of(step).split(":", 1)[0])
            name = is_text("resource.name", target_of(step).split(":", 1)[1])
            sets = (steps.formula("step.sets-source-identity"), _same_caller(step), target, name)
            if steps.step(*sets, *session) is None:
                continue
        if _named(entry, after, (*asked, *session)):
            return True
    return False


def _same_caller(step: Step) -> Formula:
    account, name = caller_of(step).split(":", 1)
    return conj((is_text("principal.account", account), is_text("principal.name", name)))


def _begins(entry: tuple[Steps, Step], tags: Sequence[str]) -> list[tuple[dict[str, str], list[str]]]:
    """What the session carries, least first, with those of its tags that go on."""
    steps, step = entry
    asked = steps.without_session(step)
    plain = [steps.without(_SENT), steps.without(_SOURCE_IDENTITY)]
    no_tags = [steps.without(_request(name)) for name in tags]
    out = []
    for without, transitive in (([*plain, *no_tags, steps.without(_TRANSITIVE)], False),
                                ([steps.without(_TRANSITIVE)], False), ([], True)):  # fmt: skip
        found = steps.step(*asked, *without)
        if found is not None:
            sent = {name: value for name in tags if (value := steps.value(found, _request(name))) is not None}
            identity = steps.value(found, _SENT) or steps.value(found, _SOURCE_IDENTITY)
            out.append((sent | ({_SOURCE_IDENTITY: identity} if identity else {}), list(sent) if transitive else []))
            if not out[0][0]:
                break
    return out


def _named(entry: tuple[Steps, Step], after: tuple[Steps, Step], asked: tuple[Formula, ...]) -> bool:
    """Whether the session may be called as the next hop asks for."""
    found = after[0].step(*asked)
    if found is None:
        return False
    steps, step = entry
    if _NAME not in steps.world.keys.known:
        return True
    before, name = steps.without_session(step), after[0].text(found, "principal.session")
    if name and steps.step(*before, steps.has_value(_NAME, name)) is not None:
        return True
    sent = steps.value(step, _NAME)
    return sent is not None and after[0].step(*asked, is_text("principal.session", sent)) is not None


def _request(name: str) -> str:
    return name.replace(_TAG, _REQUEST)
