"""What is not plainly right about the verdict on a small world."""

from __future__ import annotations

import ipaddress
import json
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any
from unittest.mock import patch

from perimeter_smt.evaluate import decide
from perimeter_smt.questions.objectives import OBJECTIVES
from perimeter_smt.questions.perimeter import prove
from perimeter_smt.questions.run import Run
from perimeter_smt.questions.verdicts import Counterexample, Verdict
from perimeter_smt.request.case import Case
from perimeter_smt.request.request import Facts, Request
from tests.attack.axioms import consistent
from tests.attack.cases import limits
from tests.attack.chance import with_chance
from tests.attack.estates import lists
from tests.attack.estates.binding import absent, account_of, governing
from tests.attack.estates.search import describe, impossible
from tests.attack.search import _BESIDE, _RIVALS, ASSUMED, _can_be_called
from tests.attack.small.draw import Small, small
from tests.attack.worlds import Sample

_HELD = ("proved", "vacuous")
_THOROUGH = 0.1  # the share of worlds that are asked for plain requests and for limits, as people are answered


@dataclass
class Judged:
    """The verdict on one world. `records` are breaches, impossible requests, crashes and what is not decided."""

    seed: int
    verdict: str = ""
    tried: int = 0
    decided: int = 0
    through: int = 0
    seconds: float = 0.0
    records: list[dict[str, Any]] = field(default_factory=list)

    def add(
        self, world: Small, what: str, detail: str, request: Request | None = None, facts: Facts | None = None
    ) -> None:
        """One record of each kind: the first tells enough."""
        if any(record["what"] == what for record in self.records):
            return
        record: dict[str, Any] = {
            "seed": self.seed, "what": what, "objective": world.objective, "service": world.service,
            "part": world.part, "reading": world.reading, "detail": detail,
        }  # fmt: skip
        if world.own is not None:
            record["assertion"] = world.own.name
        if request is not None and facts is not None:
            record["request"] = request.model_dump(exclude_none=True, exclude_defaults=True, mode="json")
            record["facts"] = facts.model_dump(exclude_none=True, exclude_defaults=True, mode="json")
        self.records.append(record)


@contextmanager
def _hasty() -> Iterator[None]:
    """Without the search for the plainest request and for what lies beyond the guardrail: the answer stays the same."""
    first = patch.object(Run, "plain", lambda _run, _services, _formulas, first, **_kinds: first)
    with first, patch("perimeter_smt.questions.answer.reaches", lambda *_: []):
        yield


def judge(seed: int, requests: int, kind: str = "") -> Judged:
    """Ask about the world of a seed, and compare the answer with what the evaluator says of drawn requests.

    `kind`: of the resources of worlds with grants alone.
    """
    start, out = time.process_time(), Judged(seed)
    world = small(seed, kind)
    try:
        verdict = _verdict(world, Random(f"thorough {seed}").random() < _THOROUGH)
        out.verdict = verdict.status
        _shown(out, world, verdict)
        _drawn(out, world, verdict, requests)
    except Exception as error:  # every crash is a finding, of whatever type
        where = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{where.filename.rsplit('/', 1)[-1]}:{where.lineno}"
        out.verdict = out.verdict or "crash"
        out.add(world, "crash", f"{type(error).__name__}: {error} at {place}")
    out.seconds = time.process_time() - start
    return out


def _verdict(world: Small, thorough: bool) -> Verdict:
    accepted = set(world.workspace.perimeter.accepted)
    accepts_all = world.own is not None or accepted.issuperset(OBJECTIVES[world.objective].limits)

    def ask() -> Verdict:
        report = prove(
            world.workspace, objectives=() if world.own else (world.objective,), services=(world.service,),
            mode=world.mode, reading=world.reading, availability=False,  # type: ignore[arg-type]
            assertions=(world.own,) if world.own else (),
        )  # fmt: skip
        return report.verdicts[0]

    if thorough or not accepts_all:
        return ask()
    with _hasty():
        return ask()


def _shown(out: Judged, world: Small, verdict: Verdict) -> None:
    """Requests that are shown are AWS's."""
    if verdict.status == "unknown":
        out.add(world, "unknown", verdict.reason)
    for found in verdict.counterexamples:
        first_hop = found.request.action.partition(":")[0] not in verdict.services
        first_hop = first_hop or (verdict.status == "conditional" and "first hop" in verdict.reason)
        if found.kind != "hole" or found.depends_on or first_hop or world.part not in ("grants", "guardrails"):
            continue
        wrong = _impossible(world, found)
        if wrong:
            out.add(world, "impossible", "; ".join(wrong), found.request, found.facts)


def _impossible(world: Small, found: Counterexample) -> list[str]:
    request, facts = found.request, found.facts
    if world.estate is not None and world.own is None:
        return impossible(world.estate, world.objective, request, facts)
    out = consistent(request, facts, world.workspace)
    if world.estate is not None:
        out += absent(world.workspace, request, facts)
    if not world.broken(request, facts):
        out.append("does not break what is asked")
    return out


def _drawn(out: Judged, world: Small, verdict: Verdict, requests: int) -> None:
    """Requests that get through and break what the verdict says of them."""
    rng, claims = Random(f"rivals {out.seed}"), world.workspace.perimeter
    accepted = set(claims.assumptions).union(*(ASSUMED.get(name, set()) for name in claims.accepted))
    for drawn in world.requests(requests):
        out.tried += 1
        request, facts = drawn.request, drawn.facts
        if request.action in _BESIDE or not _can_be_called(drawn) or _assumed_away(world, drawn, accepted):
            continue
        if _unlisted(world, drawn) or (world.estate is not None and absent(world.workspace, request, facts)):
            continue
        if not world.broken(request, facts):
            continue
        drawn = with_chance(world.workspace, drawn)
        if _assumed_away(world, drawn, accepted):
            continue
        out.decided += 1
        case = world.case(drawn)
        _lists(out, world, verdict, drawn, case)
        rivals: tuple[str, ...] = ()
        if not decide(case).allowed:
            if world.reading == "exact" or rng.random() < 0.5:
                continue
            rivals = tuple(rng.sample(_RIVALS, rng.choice((1, 1, 2))))
            if not decide(case, rivals=frozenset(rivals)).allowed:
                continue
        out.through += 1
        bounds = set() if world.own else limits(world.workspace, world.objective, drawn)
        why = _contradicts(verdict, bounds, world, drawn, rivals)
        if why == "breach of conditional" and not all(decide(case, rivals=frozenset((r,))).allowed for r in _RIVALS):
            continue  # the request itself depends on how an open point is read, which is what `conditional` says
        if why:
            out.add(world, why, f"{verdict.reason} {rivals}".strip(), request, facts)


def _lists(out: Judged, world: Small, verdict: Verdict, drawn: Sample, case: Case) -> None:
    """Access control lists: the evaluator reads those that are told as this model does, the verdict names the rest."""
    request, facts = drawn.request, drawn.facts
    if world.service != "s3" or not world.workspace.grants_given:
        return
    bucket, owner = governing(world.workspace, request), account_of(world.workspace, facts.resource_account)
    ignored = bool((bucket and bucket.ignore_public_acls) or (owner and owner.ignore_public_acls))
    got = decide(case).allowed
    if case.access_point is None and got != lists.allowed(bucket, ignored, case, facts):
        out.add(world, "list read otherwise", f"evaluator {got}", request, facts)
    if got or bucket is None or not lists.may_be_granted(bucket, request.action) or verdict.status not in _HELD:
        return
    bounds = set() if world.own else limits(world.workspace, world.objective, drawn)
    if bounds & set(world.workspace.perimeter.accepted) or not decide(world.case(drawn, untold=True)).allowed:
        return
    told = {assumed.name for assumed in verdict.assumptions}
    if ("AE7.acl-entry" if bucket.acls else "AE7.acl") not in told:
        out.add(world, "silent about lists", f"acls {bucket.acls}, assumed {sorted(told)}", request, facts)


def _unlisted(world: Small, drawn: Sample) -> bool:
    """Whether the call comes over an endpoint of mine that is missing from a list: such a list is complete."""
    listed = {end.id for account, _ in world.workspace.organization.accounts() for end in account.endpoints}
    facts = drawn.facts
    mine = facts.organizations.get(facts.endpoint_account or "") == world.workspace.organization.id
    return bool(listed) and mine and facts.endpoint not in listed


def _assumed_away(world: Small, drawn: Sample, accepted: set[str]) -> bool:
    """Whether the proof assumes that there is no such request (the assumptions P2 to P4, soft axioms)."""
    facts, exact = drawn.facts, world.reading == "exact"
    if (exact and drawn.soft) or drawn.soft & accepted:
        return True
    if (exact or "AN6.address" in accepted) and facts.forwarded and facts.source_address:
        ranges = map(ipaddress.ip_network, world.workspace.perimeter.cidrs)
        mine = any(ipaddress.ip_address(facts.source_address) in each for each in ranges)
        if mine is not facts.first_hop_trusted:  # the first hop's address is not of my network, or is
            return True
    if facts.kind != "service":
        return False
    elsewhere = facts.path == "vpce" and facts.behalf != facts.endpoint_account
    if (elsewhere or bool(world.workspace.perimeter.accounts)) and (exact or "P3.service-on-endpoint" in accepted):
        return True
    return world.objective == "O4" and (exact or "P4.service-resources" in accepted)


def _contradicts(
    verdict: Verdict, bounds: set[str], world: Small, drawn: Sample, rivals: tuple[str, ...]
) -> str | None:
    plain = not rivals and not drawn.soft and not bounds and world.part in ("grants", "guardrails")
    if verdict.status in _HELD and not bounds & set(world.workspace.perimeter.accepted):
        return f"breach of {verdict.status}"
    facts = drawn.facts
    elsewhere = facts.kind == "service" and facts.path == "vpce" and facts.behalf != facts.endpoint_account
    named = elsewhere and "P3.service-on-endpoint" in verdict.reason  # such a request is what it is conditional on
    named = named or (facts.kind == "service" and "P4.service-resources" in verdict.reason)
    if verdict.status == "conditional" and plain and not named:
        return "breach of conditional"
    beyond = bool(verdict.counterexamples) and all(found.kind == "beyond" for found in verdict.counterexamples)
    return "breach where only limits were found" if verdict.status == "refuted" and plain and beyond else None


def shown(judged: Judged, kind: str = "") -> str:
    """Everything needed to look at a world."""
    world = small(judged.seed, kind)
    lines = [
        f"world {judged.seed}: {world.part} {world.mode} {world.reading} {world.objective} {world.service}:"
        f" {judged.verdict}; {judged.tried} drawn, {judged.decided} decided, {judged.through} through"
    ]
    lines += [f"FINDING {record['what']}: {json.dumps(record)}" for record in judged.records]
    return "\n".join([*lines, json.dumps(describe(world.workspace))])
