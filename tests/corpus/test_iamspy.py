"""The questions of IAMSpy's own tests over account snapshots, answered by the evaluator and by the encoding.

`can_i` asks for one caller, `who_can` for all callers of a snapshot. Without `strict` a question is open: condition
keys that it does not give may have any value, so the solver looks for one. docs/verification/iamspy.md explains every
answer that differs from IAMSpy's.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import pytest

from perimeter_smt.encode.world.case import Slots, decision_problem, exact_readings
from perimeter_smt.evaluate import decide
from perimeter_smt.logic.formula import conj
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.request.case import Case
from perimeter_smt.request.request import Request
from perimeter_smt.solve.engine import Engine

COUNT = 39
# Numbers of the questions on which this package answers otherwise, with what it answers (docs/verification/iamspy.md):
# none. What IAMSpy does differently is not among its questions.
DIFFERENT: dict[int, object] = {}


@dataclass(frozen=True)
class Snapshot:
    """The documents of the files that one question names."""

    accounts: tuple[dict, ...]
    resources: tuple[dict, ...]
    roots: tuple[dict, ...]

    def principals(self):
        """The callers of the account dumps, by ARN."""
        details = [d for a in self.accounts for d in (*a["UserDetailList"], *a["RoleDetailList"])]
        return {detail["Arn"]: detail for detail in details}


def document(raw, kind, name):
    """A policy of the snapshot. IAMSpy's resource policies write an ARN where AWS writes `{"AWS": ARN}`."""
    statements = raw["Statement"]
    if kind is Kind.RESOURCE:
        statements = [{**s, "Principal": {"AWS": s["Principal"]} if s["Principal"] != "*" else "*"} for s in statements]
    if not statements:
        return None
    return parse_object({**raw, "Statement": statements}, kind, file=name, name=name, strict=False)


def identity_of(snapshot, detail):
    """Inline and managed policies of a caller, of its groups too, and its boundary."""
    managed = {p["Arn"]: p for account in snapshot.accounts for p in account["Policies"]}

    def default(arn):
        versions = managed[arn]["PolicyVersionList"]
        return next(v["Document"] for v in versions if v["IsDefaultVersion"])

    groups = {g["GroupName"]: g for account in snapshot.accounts for g in account["GroupDetailList"]}
    holders = [detail, *(groups[name] for name in detail.get("GroupList", ()))]
    found = []
    for holder in holders:
        inline = [v for k in ("UserPolicyList", "RolePolicyList", "GroupPolicyList") for v in holder.get(k, ())]
        found += [(p["PolicyName"], p["PolicyDocument"]) for p in inline]
        found += [(p["PolicyName"], default(p["PolicyArn"])) for p in holder.get("AttachedManagedPolicies", ())]
    boundary = detail.get("PermissionsBoundary")
    policies = tuple(document(raw, Kind.IDENTITY, name) for name, raw in found)
    bound = document(default(boundary["PermissionsBoundaryArn"]), Kind.BOUNDARY, "boundary") if boundary else None
    return policies, bound


def scp_levels(root, account):
    """The SCPs from the root to an account; None if the tree does not hold the account."""
    if root.get("Type") == "Account" and root["Id"] == account:
        return (level(root),)
    for child in root.get("Children", ()):
        below = scp_levels(child, account)
        if below is not None:
            return (level(root), *below)
    return None


def level(node):
    return tuple(document(p["Content"], Kind.SCP, p["Name"]) for p in node["Policies"])


def owner_of(snapshot, arn):
    """The resource's account and its policy: a bucket's policy serves its objects too."""
    for found in snapshot.resources:
        if arn == found["Resource"] or arn.startswith(found["Resource"] + "/"):
            return found["Account"], document(found["Policy"], Kind.RESOURCE, found["Resource"])
    return arn.split(":")[4] or None, None


def caller_of(snapshot, arn):
    """Roles act through a session. The ARN of an organization's root tells its management account."""
    account, name = arn.split(":")[4], arn.split(":", 5)[5]
    manages = any(root["Arn"].split(":")[4] == account for root in snapshot.roots)
    caller = {"account": account, "management_account": manages}
    if name.startswith("user/"):
        return {**caller, "type": "user", "arn": arn}
    session = f"arn:aws:sts::{account}:assumed-role/{name.rsplit('/', 1)[1]}/session"
    return {**caller, "type": "role-session", "arn": session, "role_arn": arn}


def case_of(snapshot, arn, action, resource, context):
    """The call of one caller as a case."""
    identity, boundary = identity_of(snapshot, snapshot.principals()[arn])
    account, policy = owner_of(snapshot, resource)
    caller = caller_of(snapshot, arn)
    owner = account or caller["account"]
    trees = [found for root in snapshot.roots if (found := scp_levels(root, caller["account"]))]
    raw = {
        "principal": caller,
        "action": action,
        "resource": resource,
        "resource_account": owner,
        "context": context,
    }
    return Case(
        id=arn, identity=identity, resource=policy, boundary=boundary, session=None, scp=trees[0] if trees else None,
        rcp=None, endpoint=None, access_point=None, request=Request.model_validate(raw),
    )  # fmt: skip


def possible(case):
    """Whether some values of the condition keys that the question leaves open allow the call."""
    slots = Slots(identity=case.identity, resource=case.resource, boundary=case.boundary, scp=case.scp)
    problem, asked = decision_problem(slots, case.request)
    given = {name.lower() for name in case.request.context}
    open_keys = {name for name in problem.keys.known if name not in given}
    problem.pins = [pin for pin in problem.pins if not mentions(pin, open_keys)]
    return Engine(problem.problem(asked)).check([conj((asked, exact_readings()))]).status == "sat"


def mentions(pin, keys):
    """Whether a pin fixes the presence or the value of one of these keys."""
    inner = pin.args[0] if pin.op == "not" else pin
    name = inner.payload.removeprefix("has ") if inner.op == "sym" else getattr(inner.payload, "var", "")
    return name in keys


def allowed(snapshot, arn, action, resource, context, strict):
    """The answer for one caller: concrete if the question is strict, else whether some context allows it."""
    if arn not in snapshot.principals():  # a caller that nobody knows has no policies
        return False
    case = case_of(snapshot, arn, action, resource, context)
    concrete = decide(case).allowed
    some = possible(case)
    assert some or not concrete, "what the evaluator allows is possible for the encoding"
    return concrete if strict else some


def options(rest):
    """Context, condition file and strictness, as far as a question gives them."""
    context = dict(pair.split("=", 1) for pair in (rest[0] if rest else ()))
    assert len(rest) < 2 or rest[1] is None, "no question uses a condition file"
    return context, len(rest) > 2 and rest[2]


def answer(question, snapshot):
    """What this package answers to one question."""
    match question["question"], question["input"]:
        case "can_i", [arn, action, resource, *rest]:
            return allowed(snapshot, arn, action, resource, *options(rest))
        case "who_can", [action, resource, *rest]:
            return [p for p in snapshot.principals() if allowed(snapshot, p, action, resource, *options(rest))]
        case "who_can_batch_resource", [action, resources]:
            return [
                [p, resource]
                for p in snapshot.principals()
                for resource in resources
                if allowed(snapshot, p, action, resource, {}, False)
            ]
    raise AssertionError(question)


@pytest.fixture(scope="module")
def folder(shared):
    found = shared / "corpus" / "iamspy"
    if not found.is_dir():
        pytest.skip(f"skipped: IAMSpy's cases, which are not at {found}")
    return found


def read(folder, names):
    return tuple(json.loads((folder / name).read_text("utf-8")) for name in names)


@pytest.mark.parametrize("number", range(COUNT))
def test_question(folder, number):
    """IAMSpy's answer, or the one that docs/verification/iamspy.md gives a reason for."""
    question = json.loads((folder / "cases.json").read_text("utf-8"))["cases"][number]
    files = question["files"]
    resources = tuple(found for listed in read(folder, files.get("resources", ())) for found in listed)
    snapshot = Snapshot(read(folder, files["gaads"]), resources, read(folder, files.get("scps", ())))
    found, expected = answer(question, snapshot), question["expected"]
    if isinstance(expected, list):
        found, expected = sorted(found), sorted(expected)
    assert found == DIFFERENT.get(number, expected)
    assert (found != expected) == (number in DIFFERENT)


def test_every_question_is_asked(folder):
    """The file holds as many questions as are asked here."""
    assert len(json.loads((folder / "cases.json").read_text("utf-8"))["cases"]) == COUNT
