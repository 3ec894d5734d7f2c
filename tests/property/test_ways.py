"""All ways through: whoever closes what `--all` shows has closed the objective."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from perimeter_smt.organization.model import Account, Endpoint, Guardrails, Organization, Unit
from perimeter_smt.organization.perimeter import Perimeter, Scope, Workspace
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_policy
from perimeter_smt.questions.perimeter import prove

ORG, MINE = "o-acme0000001", "111122223333"
EXEMPT = {
    "tag": ("StringNotEqualsIfExists", {"aws:PrincipalTag/exempt": "yes"}),
    "role": ("ArnNotLikeIfExists", {"aws:PrincipalArn": f"arn:aws:iam::{MINE}:role/breakglass"}),
    "service": ("BoolIfExists", {"aws:ViaAWSService": "false"}),
    "address": ("NotIpAddressIfExists", {"aws:SourceIp": ["203.0.113.0/24", "198.51.100.0/24"]}),
    "region": ("StringNotEqualsIfExists", {"aws:RequestedRegion": "eu-west-1"}),
}
OPEN = {
    "packages": {"Action": "sqs:ReceiveMessage", "Resource": "arn:aws:sqs:*:999988887777:packages"},
    "tools": {"Action": "sqs:SendMessage", "Resource": "*"},
    "role": {"Action": "sqs:*", "Resource": "*", "Condition": {"StringEquals": {"aws:PrincipalType": "AssumedRole"}}},
    "inside": {"Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:*:999988887777:*"},
}


def policy(kind, statements):
    text = json.dumps({"Version": "2012-10-17", "Statement": statements})
    return parse_policy(text, kind, file=f"{kind.value}.json")


def answer(*, scps=(), endpoints=(), objective):
    account = Account(id=MINE, endpoints=endpoints)
    root = Unit(id="r-0001", guardrails=Guardrails(scps=scps), accounts=(account,))
    space = Workspace(
        organization=Organization(id=ORG, management_account="123456789012", root=root),
        perimeter=Perimeter(
            orgs=(ORG,),
            cidrs=("203.0.113.0/24",),
            accepted=("management-account", "service-linked-roles", "forward-access-sessions", "service-networks"),
            assumptions=("AN8.address", "AR6"),
            scopes={objective: Scope(actions=("sqs:*",))},
        ),
        name="acme",
        grants_given=False,
    )
    return prove(space, objectives=[objective], availability=False, enumerate_all=True, limit=60).verdicts


def shown(verdicts):
    return [example for verdict in verdicts for example in verdict.counterexamples]


def network_deny(sid, exemptions):
    condition = {}
    for name in exemptions:
        operator, keys = EXEMPT[name]
        condition.setdefault(operator, {}).update(keys)
    return {"Sid": sid, "Effect": "Deny", "Action": "sqs:*", "Resource": "*", "Condition": condition}


@settings(max_examples=12, deadline=None)
@given(exemptions=st.sets(st.sampled_from(sorted(EXEMPT)), min_size=2, max_size=5))
def test_every_exemption_is_shown(exemptions):
    """Without the exemptions that were named no hole is left; with any one of them kept, its way was named."""
    verdicts = answer(scps=(policy(Kind.SCP, [network_deny("Network", sorted(exemptions))]),), objective="O5")
    assert all(verdict.exhausted in (True, None) for verdict in verdicts)
    failed = " ".join(text for example in shown(verdicts) if example.closest for text in example.closest.failed)
    named = {name for name in exemptions if next(iter(EXEMPT[name][1])) in failed}
    left = sorted(set(exemptions) - named)
    mended = policy(Kind.SCP, [network_deny("Network", left) if left else network_deny("Network", ["service"])])
    after = answer(scps=(mended,), objective="O5")
    assert all(verdict.status != "refuted" for verdict in after)


@settings(max_examples=12, deadline=None)
@given(names=st.sets(st.sampled_from(sorted(OPEN)), min_size=1, max_size=4), gateway=st.booleans())
def test_every_open_statement_is_shown(names, gateway):
    """Without the statements that were named the endpoint lets no stranger through."""
    mine = {"Action": "*", "Resource": "*", "Condition": {"StringEquals": {"aws:PrincipalOrgID": ORG}}}

    def endpoint(chosen):
        statements = [{"Sid": n, "Effect": "Allow", "Principal": "*", **({**OPEN, "mine": mine}[n])} for n in chosen]
        return Endpoint(
            id="vpce-0a000000000000001",
            account=MINE,
            vpc="vpc-0ac00000000000001",
            vpc_account=MINE,
            region="eu-west-1",
            gateway=gateway,
            policy=policy(Kind.ENDPOINT_GATEWAY if gateway else Kind.ENDPOINT, statements),
        )

    chosen = [*sorted(names), "mine"]
    verdicts = answer(endpoints=(endpoint(chosen),), objective="O2")
    named = {blame.sid for example in shown(verdicts) for blame in example.through} - {"mine"}
    assert named
    left = [name for name in chosen if name not in named]
    assert all(verdict.status != "refuted" for verdict in answer(endpoints=(endpoint(left),), objective="O2"))
