"""The same perimeters drawn by organization id and by organization path: the second must cost little more."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from benchmarks.harness import Judgement, clock, median
from perimeter_smt.organization.model import Account, Endpoint, Guardrails, Organization, Unit
from perimeter_smt.organization.perimeter import Perimeter, Workspace
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_policy
from perimeter_smt.questions.perimeter import prove

ORG, ROOT, UNIT = "o-acme0000001", "r-ac01", "ou-ac01-workload1"
MOST = 4.0  # times the organization id
_ACCEPTED = ("management-account", "service-linked-roles", "services-outside-rcp", "service-principals")
_SERVICES = ("s3", "sqs", "secretsmanager", "dynamodb")


def measure(*, quick: bool) -> Judgement:
    """Processor time of each question in both forms, and the ratio."""
    facts: dict[str, Any] = {}
    lines = []
    unknown = 0
    for name, (objective, make) in QUESTIONS.items():
        ids, paths = (_time(make, objective, form, 1 if quick else 3) for form in ("ids", "paths"))
        ratio = paths[0] / ids[0]
        unknown += ids[1].count("unknown") + paths[1].count("unknown")
        facts[name] = {"ids": round(ids[0], 3), "paths": round(paths[0], 3), "ratio": round(ratio, 2), "said": paths[1]}
        lines.append(f"{name}: {ids[0]:.2f} s by id, {paths[0]:.2f} s by path ({', '.join(dict.fromkeys(paths[1]))})")
    worst = max(float(fact["ratio"]) for fact in facts.values())
    lines.append(f"at most {worst:.1f} times the organization id (target {MOST:g}); {unknown} undecided")
    return Judgement({**facts, "worst ratio": worst, "undecided": unknown}, tuple(lines), ok=not unknown)


def _time(make: Callable[[str], Workspace], objective: str, form: str, rounds: int) -> tuple[float, list[str]]:
    times, said = [], []
    for _ in range(rounds):
        workspace = make(form)
        start = clock()
        report = prove(workspace, objectives=[objective], services=_SERVICES, availability=False)
        times.append(clock() - start)
        said = [verdict.status for verdict in report.verdicts]
    return median(times), said


def _workspace(*, scp: object = None, rcp: object = None, endpoint: object = None, paths: bool = False) -> Workspace:
    door = Endpoint(
        id="vpce-0a0a0a0a0a0a0a0a1",
        account="333344445555",
        vpc="vpc-0a0a0a0a0a0a0a0a1",
        vpc_account="333344445555",
        region="eu-west-1",
        services=_SERVICES,
        policy=_document(Kind.ENDPOINT, endpoint),
    )
    levels = Guardrails(
        scps=tuple(d for d in [_document(Kind.SCP, scp)] if d), rcps=tuple(d for d in [_document(Kind.RCP, rcp)] if d)
    )
    own = (Account(id="111122223333"), Account(id="222233334444"), Account(id="333344445555", endpoints=(door,)))
    root = Unit(id=ROOT, guardrails=levels, units=(Unit(id=UNIT, accounts=own),))
    return Workspace(
        organization=Organization(id=ORG, management_account="999988887777", root=root),
        perimeter=Perimeter(orgs=(ORG,), paths=(f"{ORG}/{ROOT}/{UNIT}/*",) if paths else (), accepted=_ACCEPTED),
        name="paths",
        grants_given=False,
    )


def _document(kind: Kind, statements: object) -> Document | None:
    if statements is None:
        return None
    text = json.dumps({"Version": "2012-10-17", "Statement": statements})
    return parse_policy(text, kind, file=f"{kind.value}.json")


def _test(key: str, form: str, *, allow: bool = False) -> dict[str, object]:
    """The condition that a key shows my organization (allow), or does not."""
    if form == "ids":
        return {"StringEquals" if allow else "StringNotEqualsIfExists": {f"aws:{key}OrgID": ORG}}
    pattern = {f"aws:{key}OrgPaths": f"{ORG}/{ROOT}/{UNIT}/*"}
    return {"ForAnyValue:StringLike" if allow else "ForAllValues:StringNotLike": pattern}


def _resources(form: str) -> Workspace:
    deny = {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": _test("Resource", form)}
    return _workspace(scp=[deny], paths=form == "paths")


def _callers(form: str) -> Workspace:
    actions = [f"{service}:*" for service in _SERVICES]
    person = {**_test("Principal", form), "BoolIfExists": {"aws:PrincipalIsAWSService": "false"}}
    service = {
        **_test("Source", form),
        "Bool": {"aws:PrincipalIsAWSService": "true"},
        "Null": {"aws:SourceAccount": "false"},
    }
    deny = {"Effect": "Deny", "Principal": "*", "Action": actions, "Resource": "*"}
    return _workspace(rcp=[{**deny, "Condition": person}, {**deny, "Condition": service}], paths=form == "paths")


def _through(form: str) -> Workspace:
    condition = {
        operator: {**keys, **_test("Resource", form, allow=True)[operator]}  # type: ignore[dict-item]
        for operator, keys in _test("Principal", form, allow=True).items()
    }
    allow = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*", "Condition": condition}
    return _workspace(endpoint=[allow], paths=form == "paths")


def _variable(form: str) -> Workspace:
    if form == "ids":
        test: dict[str, object] = {"StringNotEqualsIfExists": {"aws:ResourceOrgID": "${aws:PrincipalOrgID}"}}
    else:
        test = {"ForAllValues:StringNotLike": {"aws:ResourceOrgPaths": "${aws:PrincipalOrgID}/*"}}
    return _workspace(scp=[{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": test}])


QUESTIONS: dict[str, tuple[str, Callable[[str], Workspace]]] = {
    "O1, callers by RCP": ("O1", _callers),
    "O2, callers by endpoint policy": ("O2", _through),
    "O3, resources by SCP": ("O3", _resources),
    "O3, a variable": ("O3", _variable),
    "O4, resources by endpoint policy": ("O4", _through),
    "O6, no network guardrail": ("O6", _callers),
}
