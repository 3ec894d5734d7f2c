"""Search for wrong verdicts with the grants of a workspace.

python -m tests.attack.estates --workspaces 50 --requests 1500 --seed 1
"""

from __future__ import annotations

import argparse
import json
import time
import traceback
from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import Any

from perimeter_smt.evaluate import decide
from perimeter_smt.evaluate.perimeter import breaks
from perimeter_smt.organization.model import OwnedResource
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.policy.render import to_json
from perimeter_smt.questions.perimeter import prove
from perimeter_smt.request.request import Facts, Request
from tests.attack.axioms import consistent
from tests.attack.cases import ENFORCED, limits
from tests.attack.estates.binding import absent, case_of, tags_differ
from tests.attack.estates.draw import Estate, estate
from tests.attack.estates.elsewhere import REGIONS, Move
from tests.attack.estates.kinds import is_open
from tests.attack.estates.requests import sample

_HELD = ("proved", "vacuous")
NAMES = tuple(sorted(ENFORCED))


@dataclass(frozen=True)
class Finding:
    """A verdict that this model of AWS contradicts."""

    seed: int
    what: str
    objective: str
    detail: str
    space: Workspace | None = None
    request: Request | None = None
    facts: Facts | None = None

    @property
    def label(self) -> tuple[str, ...]:
        action = self.request.action if self.request else ""
        return (self.what, self.objective, self.facts.kind if self.facts else "", action, self.detail[:90])

    def text(self) -> str:
        """Everything needed to look at it."""
        lines = [f"FINDING seed {self.seed} {self.what} {self.objective}: {self.detail}"]
        if self.space is not None:
            lines.append(json.dumps(describe(self.space, self.request, self.facts)))
        for part in (self.request, self.facts):
            if part is not None:
                lines.append("  " + part.model_dump_json(exclude_none=True, exclude_defaults=True))
        return "\n".join(lines)


def describe(space: Workspace, request: Request | None = None, facts: Facts | None = None) -> dict[str, Any]:
    """The workspace in few words, with the accounts that a request touches only, if one is given."""
    near = {facts.principal_account, facts.resource_account} if facts else None
    out: dict[str, Any] = {"perimeter": space.perimeter.model_dump(exclude_defaults=True, mode="json")}
    root = space.organization.root.guardrails
    out["scps"] = [to_json(d)["Statement"] for d in root.scps]
    out["rcps"] = [to_json(d)["Statement"] for d in root.rcps]
    for account, _ in space.organization.accounts():
        if near is not None and account.id not in near:
            continue
        out[account.id] = {
            "listed": account.listed,
            "principals": [
                [p.arn, p.tags, [to_json(d)["Statement"] for d in p.policies],
                 to_json(p.boundary)["Statement"] if p.boundary else None]
                for p in account.principals
            ],
            "resources": [
                [r.arn, r.tags, to_json(r.policy)["Statement"] if r.policy else None, *_lists(r)]
                for r in account.resources
            ],
        }  # fmt: skip
    return out


def _lists(resource: OwnedResource) -> list[Any]:
    """What is told of the access control lists of a bucket."""
    told = resource.model_dump(include={"acls", "acl", "ignore_public_acls"}, exclude_defaults=True, mode="json")
    return [told] if told else []


@dataclass
class Tally:
    """What a run saw."""

    verdicts: Counter[tuple[str, str]] = field(default_factory=Counter)
    tried: int = 0
    asked: int = 0
    breaches: Counter[str] = field(default_factory=Counter)
    refuted: Counter[str] = field(default_factory=Counter)
    hit: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)

    def add(self, found: Finding) -> None:
        if found.label not in {other.label for other in self.findings}:
            self.findings.append(found)

    def text(self) -> str:
        lines = [f"{self.tried} requests drawn, {self.asked} decided"]
        for name in ENFORCED:
            counts = {status: n for (o, status), n in sorted(self.verdicts.items()) if o == name}
            rate = f"{self.hit[name]}/{self.refuted[name]}"
            lines.append(f"{name} verdicts {counts}; breaches {self.breaches[name]}; in refuted workspaces {rate}")
        labels = Counter(f.label for f in self.findings)
        return "\n".join(lines + [f"{n:4} {' | '.join(label)}" for label, n in labels.most_common()])


def attack_one(
    seed: int,
    requests: int,
    tally: Tally,
    kinds: tuple[str, ...] = (),
    reading: str = "exact",
    objectives: tuple[str, ...] = NAMES,
    partition: str = "aws",
) -> None:
    """One estate and its requests, in a partition; findings go to the tally."""
    rng = Random(seed)
    world = estate(rng, kinds)
    there, back = Move("aws", partition), Move(partition, "aws")
    space = there.workspace(world.workspace)
    try:
        report = prove(
            space, objectives=objectives, services=world.services, mode="grants", availability=False,
            reading=reading,  # type: ignore[arg-type]
        )  # fmt: skip
    except Exception as error:  # every crash is a finding, of whatever type
        where = traceback.extract_tb(error.__traceback__)[-1]
        detail = f"{type(error).__name__}: {error} at {where.filename.rsplit('/', 1)[-1]}:{where.lineno}"
        tally.add(Finding(seed, "crash", "", detail, space))
        return
    verdicts = {(v.objective, service): v for v in report.verdicts for service in v.services}
    for verdict in report.verdicts:
        tally.verdicts[verdict.objective, verdict.status] += len(verdict.services)
        if verdict.status == "unknown":
            tally.add(Finding(seed, "unknown", verdict.objective, verdict.reason, space))
        for shown in verdict.counterexamples:
            if shown.kind == "hole" and not shown.depends_on:
                if shown.request.action.partition(":")[0] not in verdict.services:
                    continue  # the first hop of a forwarded call
                wrong = impossible(world, verdict.objective, back.value(shown.request), back.value(shown.facts))
                for text in wrong:
                    tally.add(
                        Finding(seed, "wrong refutation", verdict.objective, text, space, shown.request, shown.facts)
                    )
    seen: set[tuple[str, str]] = set()
    for _ in range(requests):
        tally.tried += 1
        drawn = sample(rng, world)
        if drawn.soft or absent(world.workspace, drawn.request, drawn.facts):
            continue
        request, facts = there.value(drawn.request), there.value(drawn.facts)
        would = [name for name in ENFORCED if breaks(name, space, request, facts)]
        if not would:
            continue
        tally.asked += 1
        if not decide(case_of(space, request, facts)).allowed:
            continue
        for name in would:
            verdict = verdicts.get((name, request.action.partition(":")[0]))  # type: ignore[assignment]
            if verdict is None or limits(space, name, drawn) or _assumed_away(name, facts):
                continue
            tally.breaches[name] += 1
            seen.add((name, request.action.partition(":")[0]))
            holes = [c for c in verdict.counterexamples if c.kind != "beyond"]
            if verdict.status in (*_HELD, "conditional") or (verdict.status == "refuted" and not holes):
                tally.add(Finding(seed, f"breach of {verdict.status}", name, verdict.reason, space, request, facts))
    for key, verdict in verdicts.items():
        if verdict.status == "refuted" and any(c.kind == "hole" for c in verdict.counterexamples):
            tally.refuted[key[0]] += 1
            tally.hit[key[0]] += key in seen


def _assumed_away(objective: str, facts: Facts) -> bool:
    """Services on endpoints for others and what they reach: assumptions P3 and P4 of the chosen readings."""
    if facts.kind != "service":
        return False
    return objective == "O4" or (facts.path == "vpce" and facts.behalf != facts.endpoint_account)


def impossible(world: Estate, objective: str, request: Request, facts: Facts) -> list[str]:
    """Why AWS would not let a shown request through, by this model; empty: it would."""
    space = world.workspace
    out = consistent(request, facts, space) + absent(space, request, facts) + tags_differ(space, request)
    if not is_open(request.resource) and not out and "s3:DataAccessPointArn" not in request.context:
        assumed = "aws:AssumedRoot" in request.context
        if not decide(case_of(space, request, facts, assumed_root=assumed)).allowed:
            out.append("denied by the policies that bind it")
        if not breaks(objective, space, request, facts):
            out.append("does not break the objective")
    return out


def main(argv: list[str] | None = None) -> int:
    """Run the search; exit code 1 if there are findings."""
    parser = argparse.ArgumentParser(description="search for wrong verdicts in mode grants")
    parser.add_argument("--workspaces", type=int, default=20)
    parser.add_argument("--requests", type=int, default=1500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kinds", default="", help="kinds of resources, separated by commas")
    parser.add_argument("--reading", choices=("exact", "over"), default="exact")
    parser.add_argument("--partition", choices=sorted(REGIONS), default="aws")
    parser.add_argument("--objectives", default=",".join(NAMES))
    parser.add_argument("--show", type=int, default=5)
    parser.add_argument("--what", default="", help="findings that begin with this text alone, and stop at the first")
    parser.add_argument("--only", default="", help="show findings with this text alone")
    options = parser.parse_args(argv)
    kinds = tuple(part for part in options.kinds.split(",") if part)
    objectives = tuple(options.objectives.split(","))
    tally, start = Tally(), time.monotonic()
    for seed in range(options.seed, options.seed + options.workspaces):
        attack_one(seed, options.requests, tally, kinds, options.reading, objectives, options.partition)
        if options.what:
            tally.findings = [found for found in tally.findings if found.what.startswith(options.what)]
            if tally.findings:
                break
    for found in [f for f in tally.findings if options.only in f.text()][: options.show]:
        print(found.text())
    print(tally.text())
    print(f"{len(tally.findings)} findings in {time.monotonic() - start:.0f} s")
    return 1 if tally.findings else 0
