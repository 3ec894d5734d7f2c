"""Search for concrete breaches that the program calls proved.

    python -m tests.attack --workspaces 200 --requests 2000 --seed 1

Random perimeters are proved or refuted, then random requests of an independent model of the environment are put to
the concrete evaluator. A request that gets through and breaks a `proved` objective is a finding.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from collections import Counter
from dataclasses import dataclass, field
from random import Random

from perimeter_smt.evaluate import decide
from perimeter_smt.evaluate.perimeter import breaks
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.policy.render import to_json
from perimeter_smt.questions.perimeter import prove
from perimeter_smt.questions.verdicts import Report, Verdict
from perimeter_smt.request.actions import asked_on_stars
from perimeter_smt.request.case import Case
from tests.attack.cases import ENFORCED, case_of, limits
from tests.attack.cast import ENDPOINTS, SERVICES
from tests.attack.policies import workspace as random_workspace
from tests.attack.worlds import Sample, sample

# What accepting a limit lets a proof assume, by the names of the soft axioms here.
ASSUMED = {
    "forward-access-sessions": {"P1.first-hop", "AN6.address"},
    "service-principals": {"P2.silent-service", "P3.service-on-endpoint"},
    "service-networks": {"AN8.address"},
}
_RIVALS = tuple(f"X-{n}" for n in (1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 25, 27, 30, 38, 42))
_DOUBTS = ("AE1.no-resource", "AE7.acl", "AE9.service-linked", "AK1.tags", "AN14", "AR15.mine")
_HELD = ("proved", "vacuous")
# Calls whose breaches are reported and open (worlds_reports.OPEN).
KNOWN: tuple[str, ...] = ()
# Assumptions on services that the formal text makes and the semantics does not.
_P3, _P4 = {"P3.service-on-endpoint"}, {"P4.service-resources"}
# What a service principal asks of STS (IAM guide, service roles).
_OF_SERVICES = ("sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity", "sts:SetContext")
_POINT = re.compile(r"X-[0-9]+")
_BESIDE = ("sts:GetCallerIdentity", "sts:TagSession", "sts:SetSourceIdentity", "sts:SetContext")


def _can_be_called(drawn: Sample) -> bool:
    """Whether such a caller can make this call at all, whatever is granted (STS API reference; X-40)."""
    action, facts = drawn.request.action, drawn.facts
    if asked_on_stars(action, drawn.request.resource):  # no resource is named: who has an account touches that one
        return facts.principal_account == facts.resource_account
    if action in ("sts:GetFederationToken", "sts:GetSessionToken") and facts.kind not in ("user", "root"):
        return False
    if action == "sts:GetFederationToken" and facts.principal_account != facts.resource_account:
        return False
    if action == "sts:AssumeRoot":
        homes = [facts.organizations.get(who or "") for who in (facts.principal_account, facts.resource_account)]
        return homes[0] is not None and homes[0] == homes[1]
    return facts.kind != "service" or not action.startswith("sts:") or action in _OF_SERVICES


@dataclass(frozen=True)
class Finding:
    """A request that gets through and breaks an objective that the verdict says it cannot."""

    seed: int
    reading: str
    objective: str
    why: str
    verdict: Verdict
    workspace: Workspace
    drawn: Sample
    rivals: tuple[str, ...] = ()

    @property
    def label(self) -> tuple[str, ...]:
        """Findings of one label are likely one cause."""
        facts, request = self.drawn.facts, self.drawn.request
        return (self.objective, self.why, self.reading, facts.kind, facts.path, request.action)

    def text(self) -> str:
        """Everything needed to look at it."""
        organization = self.workspace.organization
        levels = {
            (unit.id, kind, document.name): to_json(document)["Statement"]
            for _, path in organization.accounts()
            for unit in path
            for kind in ("scps", "rcps")
            for document in getattr(unit.guardrails, kind)
        }
        levels |= {
            (account.id, kind, document.name): to_json(document)["Statement"]
            for account, _ in organization.accounts()
            for kind in ("scps", "rcps")
            for document in getattr(account.guardrails, kind)
        }
        ends = {
            end.id: to_json(end.policy)["Statement"] if end.policy else None
            for account, _ in organization.accounts()
            for end in account.endpoints
        }
        lines = [
            f"FINDING seed {self.seed} {self.reading} {self.objective} {self.why}: verdict {self.verdict.status}"
            f" {self.verdict.reason} {self.rivals}",
            *(f"  {' '.join(place)}: {json.dumps(found)}" for place, found in levels.items()),
            *(f"  endpoint {name}: {json.dumps(found)}" for name, found in ends.items()),
            f"  perimeter {self.workspace.perimeter.model_dump_json(exclude_defaults=True)}",
            f"  request {self.drawn.request.model_dump_json(exclude_none=True, exclude_defaults=True)}",
            f"  facts {self.drawn.facts.model_dump_json(exclude_none=True, exclude_defaults=True)}",
            f"  departs from {sorted(self.drawn.soft)}; managed key {self.drawn.aws_managed_key}",
        ]
        return "\n".join(lines)


@dataclass
class Tally:
    """What a run saw."""

    verdicts: Counter[tuple[str, str]] = field(default_factory=Counter)
    breaches: Counter[str] = field(default_factory=Counter)
    tried: int = 0
    refuted: Counter[str] = field(default_factory=Counter)
    hit: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)
    known: int = 0

    def text(self) -> str:
        """A table by objective, then the findings by label."""
        lines = [f"{self.tried} requests; {self.known} breaches of open reports"]
        for name in ENFORCED:
            counts = {status: n for (o, status), n in sorted(self.verdicts.items()) if o == name}
            rate = f"{self.hit[name]}/{self.refuted[name]}"
            lines.append(f"{name} verdicts {counts}; breaches seen {self.breaches[name]}; in refuted workspaces {rate}")
        labels = Counter(found.label for found in self.findings)
        lines += [f"{n:5} {' '.join(map(str, label))}" for label, n in labels.most_common()]
        return "\n".join(lines)


def settled(space: Workspace, seed: int) -> Workspace:
    """The workspace with some open points settled, as chosen or the rival way, and a doubt (`docs/workspace.md`)."""
    rng = Random(f"settled {seed}")
    readings = {name: rng.choice(("chosen", "rival", "rival")) for name in rng.sample(_RIVALS, rng.choice((1, 2, 4)))}
    doubts = tuple(rng.sample(_DOUBTS, rng.choice((0, 0, 1))))
    claims = space.perimeter.model_copy(update={"readings": readings, "doubts": doubts})
    return space.model_copy(update={"perimeter": claims})


def attack_one(seed: int, requests: int, tally: Tally, *, reading: str | None = None, settle: bool = False) -> None:
    """One workspace and its requests; findings go to the tally. `settle`: the perimeter settles open points."""
    rng = Random(seed)
    services = tuple(sorted(rng.sample(SERVICES, rng.choice((2, 3, 4)))))
    if "s3" not in services and rng.random() < 0.4:
        services = (*services, "s3")
    space = random_workspace(rng, services)
    if settle:
        space = settled(space, seed)
    always = space.perimeter.rivals
    open_points = [name for name in _RIVALS if name not in space.perimeter.readings]
    if reading is None:
        reading = "over" if rng.random() < 0.25 else "exact"
    report = prove(space, services=services, reading=reading, availability=False)  # type: ignore[arg-type]
    verdicts = {(v.objective, service): v for v in report.verdicts for service in v.services}
    for verdict in report.verdicts:
        tally.verdicts[verdict.objective, verdict.status] += len(verdict.services)
    ends = _endpoints(space)
    accepted = set(space.perimeter.assumptions)
    for name in space.perimeter.accepted:
        accepted |= ASSUMED.get(name, set())
    exact = _P3 | _P4 if reading == "exact" else set()
    seen: set[tuple[str, str]] = set()
    told: set[tuple[str, ...]] = set()
    for _ in range(requests):
        tally.tried += 1
        drawn = sample(rng, services, endpoints=ends, departures=0.15 if reading == "exact" else 0.4)
        would = [name for name in ENFORCED if breaks(name, space, drawn.request, drawn.facts)]
        if not would or drawn.request.action in _BESIDE or not _can_be_called(drawn):  # outside the claims
            continue
        if reading == "exact" and drawn.soft:
            continue
        if drawn.soft & accepted or (_deputy_from_elsewhere(space, drawn) and _P3 & (accepted | exact)):
            continue  # the proof assumes that there is no such request
        case = case_of(space, drawn)
        rivals: tuple[str, ...] = ()
        plain = decide(case, rivals=always).allowed
        if not plain and reading == "over" and rng.random() < 0.5:
            rivals = tuple(rng.sample(open_points, rng.choice((1, 1, 2, 4))))
        if not plain and not (rivals and decide(case, rivals=always | frozenset(rivals)).allowed):
            continue
        for name in would:
            if name == "O4" and drawn.facts.kind == "service" and _P4 & (accepted | exact):
                continue
            service = drawn.request.action.partition(":")[0]
            verdict = verdicts.get((name, service))
            if verdict is None:
                continue
            bounds = limits(space, name, drawn)
            why = _contradicts(verdict, bounds, space, drawn, rivals)
            if why and verdict.status == "conditional" and _rests(space, drawn, case, verdict):
                continue
            if not rivals and not drawn.soft and not bounds:
                tally.breaches[name] += 1
                seen.add((name, service))
            if why:
                found = Finding(seed, reading, name, why, verdict, space, drawn, rivals)
                if drawn.request.action.startswith(KNOWN):
                    tally.known += 1
                elif found.label not in told:
                    told.add(found.label)
                    tally.findings.append(found)
    for (name, service), verdict in verdicts.items():
        if verdict.status == "refuted" and any(c.kind == "hole" for c in verdict.counterexamples):
            tally.refuted[name] += 1
            tally.hit[name] += (name, service) in seen


def _contradicts(
    verdict: Verdict, bounds: set[str], space: Workspace, drawn: Sample, rivals: tuple[str, ...]
) -> str | None:
    """Why a breach contradicts a verdict, None if it does not."""
    if verdict.status in _HELD and not bounds & set(space.perimeter.accepted):
        return f"a breach of what is {verdict.status}"
    plain = not rivals and not drawn.soft and not bounds
    if verdict.status == "conditional" and plain:
        return "a plain breach of what is conditional"
    if verdict.status == "refuted" and plain and all(c.kind == "beyond" for c in verdict.counterexamples):
        return "a plain breach where only limits were found"
    return None


def _rests(space: Workspace, drawn: Sample, case: Case, verdict: Verdict) -> bool:
    """Whether the request is what the verdict is conditional on.

    That is a first hop, a service on an endpoint (P3, P4), or an open point that, read the other way, stops it.
    """
    if drawn.facts.forwarded and "first hop" in verdict.reason:
        return True
    if "P3.service-on-endpoint" in verdict.reason and _deputy_from_elsewhere(space, drawn):
        return True
    if "P4.service-resources" in verdict.reason and drawn.facts.kind == "service" and drawn.facts.path == "vpce":
        return True
    always = space.perimeter.rivals
    return any(not decide(case, rivals=always ^ {point}).allowed for point in _POINT.findall(verdict.reason))


def _deputy_from_elsewhere(space: Workspace, drawn: Sample) -> bool:
    """A service on a customer's endpoint that may act for another customer (P3 and X-37)."""
    facts = drawn.facts
    if space.perimeter.accounts and facts.kind == "service":
        return True  # P2 speaks of what is mine, which these samples take for my organization
    return facts.kind == "service" and facts.path == "vpce" and facts.behalf != facts.endpoint_account


def _endpoints(space: Workspace) -> tuple[str, ...]:
    """The endpoints of the world that can exist beside this workspace: a list of mine is complete."""
    listed = any(account.endpoints for account, _ in space.organization.accounts())
    return tuple(name for name in ENDPOINTS if not listed or name != "unlisted")


def main(argv: list[str] | None = None) -> int:
    """Run the attack; exit code 1 if there are findings."""
    parser = argparse.ArgumentParser(description="search for breaches of what the program calls proved")
    parser.add_argument("--workspaces", type=int, default=20)
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--reading", choices=("exact", "over"))
    parser.add_argument("--settle", action="store_true", help="perimeters settle some open points, and doubt an axiom")
    parser.add_argument("--show", type=int, default=5, help="findings to print in full")
    options = parser.parse_args(argv)
    tally, start = Tally(), time.monotonic()
    for seed in range(options.seed, options.seed + options.workspaces):
        attack_one(seed, options.requests, tally, reading=options.reading, settle=options.settle)
    shown: set[tuple[str, ...]] = set()
    for found in tally.findings:
        if found.label not in shown and len(shown) < options.show:
            shown.add(found.label)
            print(found.text())
    print(tally.text())
    print(f"{len(tally.findings)} findings in {time.monotonic() - start:.0f} s")
    return 1 if tally.findings else 0


def consulted(report: Report) -> dict[str, int]:
    """Verdicts by status, for tests."""
    return dict(Counter(verdict.status for verdict in report.verdicts))
