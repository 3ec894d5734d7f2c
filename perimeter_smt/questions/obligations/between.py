"""What less and more than is granted answer alike, the whole organization answers so, too (docs/scaling.md).

With many different policies the formulas of mode `grants` are large, and most verdicts do not hang on who holds what.
Both ends are small, and a change of one policy seldom changes them, so that verdicts in a cache stay.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from perimeter_smt.organization.classes import classes
from perimeter_smt.organization.model import OwnedPrincipal
from perimeter_smt.questions.encoded import asked_services
from perimeter_smt.questions.obligations.deciding import Decided
from perimeter_smt.questions.obligations.granted import TOGETHER, left_out, less, more
from perimeter_smt.questions.obligations.shown import requests, takes_left_out
from perimeter_smt.questions.obligations.task import AVAILABILITY, Task, weight
from perimeter_smt.questions.verdicts import Counterexample, Verdict

_LARGE = 1000  # statements, principals and resources of the merged organization, from which on the ends are asked
_RATIO = 4  # times as large as both ends together
_NAME = re.compile(r"arn:[^:'\"]*:iam::([0-9]{12}):([^'\"\\]*)")


def ends(task: Task, smaller: Task) -> tuple[Task, Task] | None:
    """Less and more than the organization of `task`, each with a few accounts of each class; None: not worth it.

    `smaller` is the task with a few accounts of each class.
    """
    if task.mode != "grants" or not task.merge or task.enumerate_all or task.assertions:
        return None
    heavy = weight(smaller.workspace, "grants")
    if heavy < _LARGE:
        return None
    services = asked_services(task.workspace, task.objectives, task.services)
    both = []
    for workspace in (less(task.workspace), more(task.workspace, services)):
        found = classes(workspace, "grants", services)
        both.append(replace(task, workspace=found.smaller))
    low, high = both
    if _RATIO * (weight(low.workspace, "grants") + weight(high.workspace, "grants")) > heavy:
        return None
    return low, high


def agreed(task: Task, lower: Task, low: Mapping[str, Decided], high: Mapping[str, Decided]) -> dict[str, Decided]:
    """The obligations that both ends answer alike, with requests of the lower end and proofs of the upper one.

    `lower` is the lower end of `task`.
    """
    taken = _Names(left_out(task.workspace))
    organization = task.workspace.organization
    removed = {a.id for a, _ in organization.accounts()} - {a.id for a, _ in lower.workspace.organization.accounts()}
    out = {}
    for name in low.keys() & high.keys():
        found = _agreed(name, low[name].verdicts, high[name].verdicts)
        shown = _shown(low[name].verdicts)
        if found is not None and not taken.among(shown) and not takes_left_out(shown, removed, organization.id):
            out[name] = Decided(name, found)
    return out


def _agreed(name: str, low: tuple[Verdict, ...], high: tuple[Verdict, ...]) -> tuple[Verdict, ...] | None:
    """The verdicts of the whole organization, None where the ends differ.

    What the lower end shows is there; what the upper end proves to be impossible is so.  Hence both have to agree in
    every service and every limit.
    """
    if _told(low) != _told(high) or any(verdict.status == "unknown" for verdict in low):
        return None
    if name == AVAILABILITY:
        return low if [len(v.counterexamples) for v in low] == [len(v.counterexamples) for v in high] else None
    proofs = {verdict.services: verdict for verdict in high if verdict.status == "proved"}
    out = []
    for verdict in low:
        if verdict.status == "proved":
            proof = proofs.get(verdict.services)
            if proof is None or any(blame.document == TOGETHER for blame in proof.used):
                return None
            verdict = replace(proof, limits=verdict.limits)
        out.append(verdict)
    return tuple(out)


def _told(verdicts: Iterable[Verdict]) -> dict[str, tuple[object, ...]]:
    """What is said of each service, and, under "", which limits are shown beside holes.

    Services with one hole share a verdict, and with it the limits of any of them: which services share one hangs on
    the hole that was found first, so that the limits beside holes are compared together.
    """
    beside: set[tuple[object, ...]] = set()
    out: dict[str, tuple[object, ...]] = {}
    for verdict in verdicts:
        limits = tuple((limit.reach, limit.accepted) for limit in verdict.limits)
        if verdict.status == "refuted":
            beside.update(limits)
            limits = ()
        out |= dict.fromkeys(verdict.services, (verdict.status, limits))
    return out | {"": tuple(sorted(beside, key=str))}


def _shown(verdicts: Iterable[Verdict]) -> list[Counterexample]:
    """All requests that verdicts show."""
    limits = [limit for verdict in verdicts for limit in verdict.limits]
    return [*requests(verdicts), *(limit.example for limit in limits if limit.example)]


class _Names:
    """The names of principals left out, which are taken all the same: nobody else of the account has one (W-12)."""

    def __init__(self, principals: Iterable[OwnedPrincipal]) -> None:
        self._taken: Collection[tuple[str, str]] = {_taken(p.account, p.arn.split(":", 5)[5]) for p in principals}

    def among(self, shown: Iterable[Counterexample]) -> bool:
        """Whether a request uses one, for somebody or something that the lower end does not know."""
        found = (match for c in shown for match in _NAME.findall(repr((c.request, c.facts))))
        return any(_taken(account, name) in self._taken for account, name in found)


def _taken(account: str, name: str) -> tuple[str, str]:
    """A name as it has to be unique in its account: without path and case."""
    return account, name.rpartition("/")[2].lower()
