"""In how many random worlds each axiom, table and operator changes an answer: `python -m tests.attack.coverage`.

An axiom counts in a world where a proof needed it (proofs name what they needed; without it, the proof falls). An
operator counts where the answer to some drawn request changes when the conditions under it are dropped. Worlds made
toward axioms and toward the rows of tables are runs of their own (`tests.attack.directed`, `tests.attack.tables`),
whose counts go onto the page (`tests.attack.coverage_page`). Of `encodings/` the names are read, nothing else.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from random import Random

from perimeter_smt.evaluate import decide
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.operators import OPERATORS
from perimeter_smt.questions.perimeter import prove
from perimeter_smt.questions.verdicts import Report
from perimeter_smt.request.case import Case, read_case
from tests.attack.cases import case_of
from tests.attack.cast import SERVICES
from tests.attack.estates.binding import absent
from tests.attack.estates.binding import case_of as estate_case
from tests.attack.estates.draw import estate
from tests.attack.estates.requests import sample as estate_sample
from tests.attack.policies import workspace as random_workspace
from tests.attack.records import FOLDER, ROOT, today
from tests.attack.themes import OF_OBJECTIVES
from tests.attack.worlds import sample

_NAMED = re.compile(r":named\s+([A-Za-z0-9.-]+)")
_KINDS = ("bucket", "table", "bus", "function", "key", "queue", "secret", "domain")


@dataclasses.dataclass
class World:
    """One world: its verdicts, and requests in it with what binds them."""

    name: str
    report: Report | None
    cases: list[Case]


def axioms() -> list[str]:
    """The names of all axioms of the formal text."""
    texts = sorted((ROOT / "encodings").rglob("*.smt2"))
    return sorted({name for text in texts for name in _NAMED.findall(text.read_text(encoding="utf-8"))})


def tables() -> list[str]:
    """The names of all tables."""
    return sorted(path.stem for path in (ROOT / "encodings" / "keys").glob("*.json"))


def _asked(space: Workspace, **options: object) -> Report | None:
    try:
        return prove(space, availability=False, **options)  # type: ignore[arg-type]
    except Exception as error:  # counted by the searches, not here
        print(f"crash: {error}", file=sys.stderr)
        return None


def worlds(count: int, requests: int) -> Iterator[World]:
    """Worlds of every theme, with grants, and (where requests are drawn) of guardrails alone; `count` of each."""
    for name, theme in OF_OBJECTIVES.items():
        for seed in range(1, count + 1):
            world = theme(Random(seed))
            report = _asked(
                world.workspace, services=[world.service], objectives=[world.objective], reading=world.reading,
                mode=world.mode,
            )  # fmt: skip
            yield World(f"{name} {seed}", report, [world.case(drawn) for drawn in world.requests])
    for seed in range(1, count + 1):
        rng = Random(seed)
        own = estate(rng, (_KINDS[seed % len(_KINDS)],))
        drawn_here = [estate_sample(rng, own) for _ in range(requests)]
        there = [d for d in drawn_here if not absent(own.workspace, d.request, d.facts)]
        report = _asked(own.workspace, services=own.services, mode="grants", reading="exact")
        yield World(f"grants {seed}", report, [estate_case(own.workspace, d.request, d.facts) for d in there])
    for seed in range(1, count + 1 if requests else 1):
        rng = Random(seed)
        services = tuple(sorted(rng.sample(SERVICES, 2)))
        space = random_workspace(rng, services)
        cases = [case_of(space, sample(rng, services, departures=0.0)) for _ in range(requests)]
        yield World(f"guardrails {seed}", _asked(space, services=services, reading="exact"), cases)


def needed(report: Report) -> set[str]:
    """The axioms that some proof of a report needed."""
    out: set[str] = set()
    for verdict in report.verdicts:
        for assumption in verdict.assumptions:
            out |= {assumption.name, *re.findall(r"[A-Z][A-Za-z0-9.-]+", assumption.text)}
    return out


@lru_cache(maxsize=4096)
def _without(document: Document, operator: str) -> Document:
    kept = tuple(
        dataclasses.replace(st, conditions=tuple(c for c in st.conditions if str(c.operator) != operator))
        for st in document.statements
    )
    return document.model_copy(update={"statements": kept})


def _operators(document: Document) -> set[str]:
    return {str(c.operator) for st in document.statements for c in st.conditions}


def _documents(case: Case) -> Iterator[Document]:
    for level in (*(case.scp or ()), *(case.rcp or ())):
        yield from level
    yield from case.identity
    yield from (d for d in (case.resource, case.boundary, case.endpoint) if d is not None)


def _changed(case: Case, operator: str) -> Case:
    def one(document: Document | None) -> Document | None:
        return None if document is None else _without(document, operator)

    def levels(found: tuple[tuple[Document, ...], ...] | None) -> tuple[tuple[Document, ...], ...] | None:
        return None if found is None else tuple(tuple(_without(d, operator) for d in level) for level in found)

    return dataclasses.replace(
        case, identity=tuple(_without(d, operator) for d in case.identity), resource=one(case.resource),
        boundary=one(case.boundary), endpoint=one(case.endpoint), scp=levels(case.scp), rcp=levels(case.rcp),
    )  # fmt: skip


def flipped(cases: list[Case]) -> set[str]:
    """The operators without which some request gets another answer."""
    out: set[str] = set()
    for case in cases:
        names = {name for document in _documents(case) for name in _operators(document)} - out
        if names:
            plain = decide(case).allowed
            out |= {name for name in names if decide(_changed(case, name)).allowed is not plain}
    return out


# One pair of a key's value and a policy's value for each kind of operator: the value passes, or it does not.
_PAIRS = {
    "String": ("aws:PrincipalAccount", "111122223333", "444455556666"),
    "Arn": ("aws:PrincipalArn", "arn:aws:iam::111122223333:user/a", "arn:aws:iam::111122223333:user/b"),
    "Numeric": ("s3:max-keys", "10", "20"),
    "Date": ("aws:CurrentTime", "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"),
    "Bool": ("aws:SecureTransport", "true", "false"),
    "Binary": ("acme:blob", "QUJD", "REVG"),
    "IpAddress": ("aws:SourceIp", "203.0.113.7", "198.51.100.0/24"),
    "NotIpAddress": ("aws:SourceIp", "203.0.113.7", "198.51.100.0/24"),
    "Null": ("aws:SourceVpce", "true", "false"),
}


def told_by_operators(bases: Iterable[str]) -> dict[str, int]:
    """In how many small cases the answer of a policy with each operator changes when its condition is dropped."""
    out: dict[str, int] = {}
    for base in bases:
        kind = next(k for k in sorted(_PAIRS, key=len, reverse=True) if base.startswith(k))
        for prefix, suffix in (("", ""), ("", "IfExists"), ("ForAllValues:", ""), ("ForAnyValue:", "")):
            if base == "Null" and (prefix or suffix):
                continue
            name = f"{prefix}{base}{suffix}"
            key, one, other = _PAIRS[kind]
            pairs = ((one, other), (one, one), *([] if "Ip" in kind else [(other, one)]))
            cases = [_one_condition(name, key, *pair, effect) for pair in pairs for effect in ("Allow", "Deny")]
            out[name] = sum(name in flipped([case]) for case in cases)
    return out


def _one_condition(operator: str, key: str, there: str, written: str, effect: str) -> Case:
    body: list[dict[str, object]] = [
        {"Effect": effect, "Action": "*", "Resource": "*", "Condition": {operator: {key: written}}}
    ]
    if effect == "Deny":
        body.append({"Effect": "Allow", "Action": "*", "Resource": "*"})
    caller = {"type": "user", "arn": "arn:aws:iam::111122223333:user/a", "account": "111122223333"}
    request = {"principal": caller, "action": "s3:ListBucket", "resource": "arn:aws:s3:::acme-data",
               "resource_account": "111122223333", "context": {} if operator == "Null" else {key: there}}  # fmt: skip
    raw = {"id": operator, "policies": {"identity": [{"Version": "2012-10-17", "Statement": body}]}, "request": request}
    return read_case(raw, file="case.json", default_id=operator)


def main(argv: list[str] | None = None) -> int:
    """Count, and keep the counts in tests/attack/counts/random.json."""
    parser = argparse.ArgumentParser(description="random worlds in which axioms and operators change an answer")
    parser.add_argument("--worlds", type=int, default=20, help="of each of eleven families")
    parser.add_argument("--requests", type=int, default=150, help="drawn in each world")
    parser.add_argument("--counts", type=Path, default=FOLDER / "random.json", help="written at the end")
    options = parser.parse_args(argv)
    used: Counter[str] = Counter()
    operators: Counter[str] = Counter()
    total = 0
    for world in worlds(options.worlds, options.requests):
        total += 1
        used.update(needed(world.report) if world.report else ())
        operators.update(flipped(world.cases))
    counts = {
        "date": today(), "sizes": f"--worlds {options.worlds} --requests {options.requests}", "worlds": total,
        "axioms": {name: used[name] for name in axioms() if used[name]}, "operators": dict(sorted(operators.items())),
        "small cases": told_by_operators(operator.name for operator in OPERATORS),
    }  # fmt: skip
    options.counts.write_text(json.dumps(counts, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
