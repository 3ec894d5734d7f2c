"""C2: who may put the tag that exempts a resource on a resource of mine.

A tagging call tells the tag by `aws:RequestTag`, where the service authorization reference lists it for the call; of
those that list no such key, any tag may be what they set.
"""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from perimeter_smt.logic.formula import Formula, both, either, sym
from perimeter_smt.organization.perimeter import TagException, Workspace
from perimeter_smt.questions.mitigations.steps import Steps
from perimeter_smt.request import actions

_KEY = "aws:requesttag/"


def tagging_calls(workspace: Workspace, entry: TagException) -> dict[str, bool]:
    """The calls that set tags on resources of the services that the exception's objectives claim, in lower case.

    The value tells whether the call tells the tag that it sets.
    """
    patterns = [p.lower() for name in entry.objectives for p in workspace.perimeter.scope(name).actions]
    claimed = {pattern.partition(":")[0] for pattern in patterns}
    out = {}
    for service in (s for s in actions.services() if any(fnmatchcase(s, name) for name in claimed)):
        for info in actions.actions(service):
            keys = {key.lower() for use in info.resource_types for key in use.condition_keys}
            keys |= {key.lower() for key in info.condition_keys}
            tells = any(key.startswith(_KEY) for key in keys)
            takes_away = info.name.lower().startswith(("untag", "remove", "delete"))
            if tells or (info.access_level == "Tagging" and not takes_away):
                out[str(info).lower()] = tells
    return out


def sets_tag(steps: Steps, calls: dict[str, bool], entry: TagException) -> tuple[Formula, ...]:
    """A call of these puts the tag of the exception on a resource of mine, or may do so without telling."""
    telling = steps.calls(*_named(calls, tells=True))
    silent = steps.calls(*_named(calls, tells=False))
    sets = steps.has_value(f"{_KEY}{entry.key}", entry.value)
    return steps.formula("step"), sym("resource.mine"), either(both(telling, sets), silent)


def _named(calls: dict[str, bool], *, tells: bool) -> Iterable[str]:
    return [name for name, told in calls.items() if told is tells]
