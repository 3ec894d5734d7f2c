"""Whatever changes of a small organization: with a cache of how it was, the answer is the same, byte for byte.

Every place of the input is changed, not only those that somebody thought of: keys have to cover them all.
"""

from __future__ import annotations

import copy
import dataclasses
import json
from enum import Enum
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from perimeter_smt.organization.model import Account, Guardrails, Organization, OwnedPrincipal, OwnedResource, Unit
from perimeter_smt.organization.perimeter import Perimeter, RoleException, Scope, Workspace
from perimeter_smt.policy.document import Location
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_policy
from perimeter_smt.questions.obligations import digest, task
from perimeter_smt.questions.obligations.decide import Means
from perimeter_smt.questions.perimeter import prove
from perimeter_smt.report.json import dumps, report_json

ORG, OTHER, MANAGEMENT = "o-acme0000001", "o-acme0000002", "123456789012"
IDS = ("111122223331", "111122223332", "111122223333")
LIMITS = ("management-account", "service-linked-roles", "service-principals", "kms-retire-grant", "aws-managed-keys",
          "forward-access-sessions", "service-networks")  # fmt: skip
NETWORK = {
    "NotIpAddressIfExists": {"aws:SourceIp": "203.0.113.0/24"},
    "BoolIfExists": {"aws:ViaAWSService": "false"},
}
GRANTS = [
    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"},
    {"Effect": "Allow", "Action": "athena:*", "Resource": "*"},
    {"Effect": "Allow", "Action": ["athena:Get*", "s3:*"], "Resource": "arn:aws:s3:::reports/*"},
    {"Effect": "Deny", "Action": "athena:*", "Resource": "*"},
    {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.9"}}},
]
SCPS = [
    {"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Condition": NETWORK},
    {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": NETWORK},
    {"Effect": "Deny", "Action": "s3:*", "Resource": "*",
     "Condition": {"StringNotEqualsIfExists": {"aws:ResourceOrgID": ORG}}},
]  # fmt: skip

QUICKLY = {  # what fails is small enough to be read as it is
    "deadline": None,
    "suppress_health_check": list(HealthCheck),
    "phases": (Phase.explicit, Phase.reuse, Phase.generate),
}


def document(kind, *statements):
    text = json.dumps({"Version": "2012-10-17", "Statement": list(statements)}, indent=1)
    return parse_policy(text, kind, file=f"{kind.value}.json")


@st.composite
def organizations(draw):
    """A few accounts with roles, under guardrails that hold the network or do not."""
    accounts = []
    for name in IDS:
        roles = []
        for number in range(draw(st.integers(0, 2))):
            held = document(Kind.IDENTITY, *draw(st.lists(st.sampled_from(GRANTS), min_size=1, max_size=2)))
            arn = f"arn:aws:iam::{name}:role/App{number}"
            roles.append(OwnedPrincipal(arn=arn, type="role", account=name, policies=(held,), tags={"team": "a"}))
        queue = OwnedResource(arn=f"arn:aws:sqs:eu-west-1:{name}:orders", account=name)
        accounts.append(Account(id=name, principals=tuple(roles), resources=(queue,), listed=draw(st.booleans())))
    scps = tuple(document(Kind.SCP, each) for each in draw(st.lists(st.sampled_from(SCPS), max_size=2)))
    root = Unit(id="r-ac01", guardrails=Guardrails(scps=scps), accounts=(*accounts, Account(id=MANAGEMENT)))
    exceptions = (RoleException(arn="arn:aws:iam::*:role/App1", objectives=draw(st.sampled_from([("O3",), ("O5",)]))),)
    return Workspace(
        organization=Organization(id=ORG, management_account=MANAGEMENT, root=root),
        perimeter=Perimeter(orgs=(ORG,), accepted=LIMITS, cidrs=("203.0.113.0/24",), assumptions=("AN8.address",),
                            scopes={"O5": Scope(actions=("s3:*",))}, role_exceptions=exceptions),
        name="acme",
    )  # fmt: skip


def places(value, path=()):
    """Every text, number, choice and list inside nested data, by the way to it, with something else to put there."""
    if isinstance(value, Enum):
        return
    if isinstance(value, bool):
        yield path, not value
    elif isinstance(value, int):
        yield path, value + 1
    elif isinstance(value, str):
        yield path, _another(value)
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from places(getattr(value, name), (*path, name))
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from places(getattr(value, field.name), (*path, field.name))
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from places(inner, (*path, name))
            yield path, {other: kept for other, kept in value.items() if other != name}
    elif isinstance(value, tuple):
        for index, inner in enumerate(value):
            yield path, value[:index] + value[index + 1 :]
            yield from places(inner, (*path, index))
        if value[::-1] != value:
            yield path, value[::-1]


def _another(text):
    """A text of the same form, which policies may tell apart from the first."""
    pairs = {ORG: OTHER, "s3:*": "s3:Get*", "*": "arn:aws:s3:::orders/*", "Allow": "Deny", "Deny": "Allow",
             IDS[0]: "111122223339", "203.0.113.0/24": "203.0.113.0/25", "false": "true",
             "athena:*": "athena:Start*"}  # fmt: skip
    return pairs.get(text, text[:-1] + ("x" if text[-1:] != "x" else "y"))


def put(value, path, new):
    """Nested data with something else in one place; what was changed is a new object, the rest is the same."""
    if not path:
        return new
    name, *rest = path
    if isinstance(value, tuple):
        return (*value[:name], put(value[name], rest, new), *value[name + 1 :])
    if isinstance(value, dict):
        return {**value, name: put(value[name], rest, new)}
    inner = put(getattr(value, name), rest, new)
    return value.model_copy(update={name: inner}) if isinstance(value, BaseModel) else _replaced(value, name, inner)


def _replaced(value, name, inner):
    out = copy.copy(value)
    object.__setattr__(out, name, inner)
    return out


def of_a_location(space, path):
    """Whether a place only says where something stands."""
    for name in path:
        space = space[name] if isinstance(space, tuple | dict) else getattr(space, name)
        if isinstance(space, Location):
            return True
    return False


@settings(max_examples=5, **QUICKLY)
@given(space=organizations())
def test_every_place_has_a_part_in_the_key(space):
    """Of the organization in the key of a verdict, and, but for places in files, in that of a question."""
    every = list(places(space))
    assert len(every) > 50
    known, said = digest.digest(space), digest.said(space, ("s3",))
    for path, new in every:
        changed = put(space, path, new)
        assert digest.digest(changed) != known, path
        assert (digest.said(changed, ("s3",)) != said) is not of_a_location(space, path), path


def answer(space, means, mode):
    """The report as it is written, or what was wrong with the input."""
    try:
        found = prove(space, objectives=["O3", "O5"], services=["s3"], mode=mode, availability=False, means=means)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return dumps(report_json(found))


@pytest.mark.parametrize(("mode", "large"), [("guardrails", True), ("guardrails", False), ("grants", False)])
@settings(max_examples=5, **QUICKLY)
@given(space=organizations(), data=st.data())
def test_a_cache_of_how_it_was_changes_nothing(mode, large, space, data):
    """Changed and changed back, decided in one chain or in chains of their own."""
    every = [(path, new) for path, new in places(space) if not of_a_location(space, path)]
    path, new = data.draw(st.sampled_from(every), label="change")
    changed = put(space, path, new)
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        if large:
            patch.setattr(task, "_LARGE", 0)
        kept = Means(cache=Path(folder))
        before = answer(space, kept, mode)
        assert answer(changed, kept, mode) == answer(changed, Means(), mode)
        assert answer(space, kept, mode) == before


def test_answers_to_questions_are_kept_when_the_verdict_is(tmp_path, monkeypatch):
    """A change that leaves what all may do together asks nothing anew, not even who may make a first hop."""
    monkeypatch.setattr(task, "_LARGE", 0)

    def space(*more):
        roles = [
            OwnedPrincipal(arn=f"arn:aws:iam::{IDS[0]}:role/App{n}", type="role", account=IDS[0],
                           policies=(document(Kind.IDENTITY, *each),))
            for n, each in enumerate([(GRANTS[0],), (GRANTS[0], *more)])
        ]  # fmt: skip
        found = Account(id=IDS[0], listed=True, principals=tuple(roles))
        scps = (document(Kind.SCP, SCPS[0]),)
        root = Unit(id="r-ac01", guardrails=Guardrails(scps=scps), accounts=(found, Account(id=MANAGEMENT)))
        return Workspace(
            organization=Organization(id=ORG, management_account=MANAGEMENT, root=root),
            perimeter=Perimeter(orgs=(ORG,), accepted=LIMITS, cidrs=("203.0.113.0/24",), assumptions=("AN8.address",),
                                scopes={"O5": Scope(actions=("s3:*",))}),
            name="acme",
        )  # fmt: skip

    def refuse(*_):
        raise AssertionError("asked anew")

    kept = Means(cache=tmp_path)
    first = answer(space(), kept, "guardrails")
    assert '"proved"' in first
    changed = space({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::orders/*"})
    monkeypatch.setattr("perimeter_smt.questions.obligations.decide.listed_may", refuse)
    assert answer(changed, kept, "guardrails") == first
    wider = space({"Effect": "Allow", "Action": "athena:*", "Resource": "*"})
    assert "asked anew" in answer(wider, kept, "guardrails")
