"""C2: who may put the tag that exempts a resource on a resource of mine, or take away the one that holds it.

A tagging call tells the tag by `aws:RequestTag`, where the service authorization reference lists it for the call; of
those that list no such key, any tag may be what they set.
"""

from __future__ import annotations

from fnmatch import fnmatchcase

from perimeter_smt.logic.formula import FALSE, Formula, both, disj, either, neg, sym
from perimeter_smt.organization.perimeter import TagException, Workspace
from perimeter_smt.questions.mitigations.steps import Steps
from perimeter_smt.request import actions

_KEY = "aws:requesttag/"


def tagging_calls(workspace: Workspace, entry: TagException) -> dict[str, str]:
    """The calls that set tags on resources of the services that the exception's objectives claim, in lower case.

    The value tells what each does: `sets` a tag that it tells or not (`sets-silently`), `makes` a resource with the
    tags that it tells, puts all tags (`replaces`), or takes tags away (`removes`).
    """
    patterns = [p.lower() for name in entry.objectives for p in workspace.perimeter.scope(name).actions]
    claimed = {pattern.partition(":")[0] for pattern in patterns}
    out = {}
    for service in (s for s in actions.services() if any(fnmatchcase(s, name) for name in claimed)):
        for info in actions.actions(service):
            keys = {key.lower() for use in info.resource_types for key in use.condition_keys}
            keys |= {key.lower() for key in info.condition_keys}
            way = _way(info, tells=any(key.startswith(_KEY) for key in keys))
            if way:
                out[str(info).lower()] = way
    return out


def _way(info: actions.ActionInfo, *, tells: bool) -> str:
    """What a call does to tags that policies see as `aws:ResourceTag`; tags of S3 objects are none (S3 guide)."""
    name = info.name.lower()
    if "Tagging" not in info.access_level:
        return "makes" if tells else ""
    if name.startswith("list") or (info.service.startswith("s3") and ("object" in name or name == "replicatetags")):
        return ""
    if name.startswith(("un", "remove", "delete")):
        return "removes"
    if not tells:
        return "sets-silently"
    return "replaces" if name.startswith("put") else "sets"


def sets_tag(steps: Steps, calls: dict[str, str], entry: TagException) -> tuple[Formula, ...]:
    """A call of these puts the tag of the exception on a resource of mine, or may do so without telling.

    Where a missing tag exempts: takes it away, sets another value, or makes a resource without it.
    """
    does = {way: steps.calls(*(n for n, way_of in calls.items() if way_of == way)) for way in set(calls.values())}
    name = f"{_KEY}{entry.key}"
    same = steps.has_value(name, entry.value)
    if not entry.missing:
        told = disj(does.get(way, FALSE) for way in ("sets", "makes", "replaces"))
        ways = [both(told, same), does.get("sets-silently", FALSE)]
    else:
        ways = [
            both(does.get("sets", FALSE), both(steps.carries(name), neg(same))),
            both(either(does.get("makes", FALSE), does.get("replaces", FALSE)), neg(same)),
            both(does.get("removes", FALSE), steps.among("aws:TagKeys", entry.key)),
            does.get("sets-silently", FALSE),
        ]
    return steps.formula("step"), sym("resource.mine"), disj(ways)
