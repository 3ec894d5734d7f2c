"""What less and more than is granted answer alike is the answer; a cache gives after any change what is found anew."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from perimeter_smt.organization.model import Account, Guardrails, Organization, OwnedPrincipal, OwnedResource, Unit
from perimeter_smt.organization.perimeter import Perimeter, Workspace
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_policy
from perimeter_smt.questions.obligations import between, task
from perimeter_smt.questions.obligations.decide import Means
from perimeter_smt.questions.perimeter import prove
from perimeter_smt.report.json import dumps, report_json

ORG, MANAGEMENT = "o-acme0000001", "999988887777"
IDS = ["111122223333", "222233334444", "333344445555"]
SERVICES = ["s3", "sqs", "iam"]


def document(kind, name, *statements):
    text = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    return parse_policy(text, kind, file=f"{name}.json")


def deny(action, condition, **more):
    return {"Effect": "Deny", "Action": action, "Resource": "*", "Condition": condition, **more}


SCPS = [
    document(Kind.SCP, f"scp-{number}", deny(action, condition))
    for number, (action, condition) in enumerate(
        [
            (["s3:*", "sqs:*", "iam:*"], {"StringNotEqualsIfExists": {"aws:ResourceOrgID": ORG}}),
            (["sqs:*"], {"StringNotEqualsIfExists": {"aws:ResourceOrgID": ORG}}),
            (["s3:*"], {"StringNotEquals": {"aws:PrincipalTag/team": "orders"}}),
            (["s3:*"], {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/ops/*"}}),
        ]
    )
]
RCPS = [
    document(Kind.RCP, "rcp", deny(["s3:*", "sqs:*"], {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": ORG},
             "BoolIfExists": {"aws:PrincipalIsAWSService": "false"}}, Principal="*")),
]  # fmt: skip
GRANTS = [
    document(Kind.IDENTITY, f"grant-{number}", *statements)
    for number, statements in enumerate(
        [
            ({"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"},),
            ({"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::orders/*"},),
            ({"Effect": "Allow", "Action": ["sqs:SendMessage", "iam:GetRole"], "Resource": "*"},),
            ({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"},
             {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}),
            ({"Effect": "Allow", "Action": "*", "Resource": "*",
              "Condition": {"StringEquals": {"aws:ResourceAccount": "${aws:PrincipalAccount}"}}},),
            ({"Effect": "Deny", "Action": "*", "Resource": "*"},),
        ]
    )
]  # fmt: skip
POLICIES = [
    document(Kind.BUCKET, "open", {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
             "Resource": "arn:aws:s3:::orders/*"}),
    document(Kind.BUCKET, "role", {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{IDS[0]}:root"},
             "Action": "s3:*", "Resource": "arn:aws:s3:::orders/*"}),
]  # fmt: skip
TRUST = [
    None,
    document(Kind.TRUST, "trust", {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}),
]


@st.composite
def principals(draw, account):
    names = draw(st.lists(st.sampled_from(["role/App", "role/ops/Run", "user/ann"]), max_size=3, unique=True))
    return tuple(
        OwnedPrincipal(
            arn=f"arn:aws:iam::{account}:{name}",
            type=name.partition("/")[0],
            account=account,
            policies=tuple(draw(st.lists(st.sampled_from(GRANTS), max_size=2, unique_by=id))),
            boundary=draw(st.sampled_from([None, None, GRANTS[0]])),
            trust=draw(st.sampled_from(TRUST)) if name.startswith("role") else None,
            tags=draw(st.sampled_from([{}, {"team": "orders"}])),
        )
        for name in names
    )


@st.composite
def organizations(draw):
    accounts = []
    for number, account in enumerate(IDS):
        bucket = ()
        if not number and draw(st.booleans()):
            policy = draw(st.sampled_from([None, *POLICIES]))
            bucket = (OwnedResource(arn="arn:aws:s3:::orders", account=account, policy=policy),)
        listed = draw(st.sampled_from([True, True, True, False]))
        accounts.append(Account(id=account, principals=draw(principals(account)), resources=bucket, listed=listed))
    scps = tuple(draw(st.lists(st.sampled_from(SCPS), max_size=2, unique_by=id)))
    rcps = tuple(draw(st.lists(st.sampled_from(RCPS), max_size=1)))
    unit = Unit(id="ou-ac01-00000000", guardrails=Guardrails(scps=scps, rcps=rcps), accounts=tuple(accounts))
    root = Unit(id="r-ac01", units=(unit,), accounts=(Account(id=MANAGEMENT, listed=True),))
    return Workspace(
        organization=Organization(id=ORG, management_account=MANAGEMENT, root=root),
        perimeter=Perimeter(
            orgs=(ORG,), accepted=("management-account", "service-linked-roles"), cidrs=("203.0.113.0/24",)
        ),
        name="acme",
    )


@pytest.fixture
def always(monkeypatch):
    """Both ends are asked however small the organization is, and every obligation is a chain of its own."""
    monkeypatch.setattr(between, "_LARGE", 0)
    monkeypatch.setattr(between, "_RATIO", 0)
    monkeypatch.setattr(task, "_LARGE", 0)


def ask(space, **options):
    return prove(space, objectives=["O1", "O3"], services=SERVICES, mode="grants", **options)


def statuses(report):
    found = {(v.objective, service): v.status for v in report.verdicts for service in v.services}
    blocked = {len(v.counterexamples) for v in report.availability}
    return found, {v.status for v in report.availability}, blocked


SEEN = Counter()


@pytest.mark.usefixtures("always")
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(space=organizations())
def test_verdicts_stay(space):
    """With both ends asked first, and with every account by itself."""
    agreed = between.agreed

    def counted(*told):
        found = agreed(*told)
        SEEN.update(list(found))
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(between, "agreed", counted)
        with_ends = ask(space)
    assert statuses(with_ends) == statuses(ask(space, merge=False))


def test_ends_agree_often():
    """The test above compares something."""
    assert not SEEN or len(SEEN) == 3, SEEN


@pytest.mark.parametrize("ends", [True, False])
@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
@given(changes=st.lists(organizations(), min_size=2, max_size=3))
def test_a_cache_after_changes(ends, tmp_path_factory, changes):
    """The same bytes as without one, whatever was asked before."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("_LARGE", "_RATIO") if ends else ():
            patch.setattr(between, name, 0)
        for space in (*changes, changes[0]):
            found = dumps(report_json(ask(space, means=Means(cache=folder))))
            assert found == dumps(report_json(ask(space)))
