"""Verdicts on small perimeters: what a user relies on when a guardrail is edited."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from perimeter_smt.errors import InputError
from perimeter_smt.organization.model import Account, Endpoint, Guardrails, Organization, Unit
from perimeter_smt.organization.perimeter import Perimeter, Scope, TrustedPrincipal, Workspace
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_policy
from perimeter_smt.questions.perimeter import prove

ORG = "o-acme0000001"
IDENTITY = {
    "Sid": "OnlyMine",
    "Effect": "Deny",
    "Principal": "*",
    "Action": "sqs:*",
    "Resource": "*",
    "Condition": {
        "StringNotEqualsIfExists": {"aws:PrincipalOrgID": ORG},
        "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
    },
}
DEPUTY = {
    "Sid": "Deputies",
    "Effect": "Deny",
    "Principal": "*",
    "Action": "sqs:*",
    "Resource": "*",
    "Condition": {
        "StringNotEqualsIfExists": {"aws:SourceOrgID": ORG},
        "Null": {"aws:SourceAccount": "false"},
        "Bool": {"aws:PrincipalIsAWSService": "true"},
    },
}
ACCEPTED = ("management-account", "service-linked-roles", "services-outside-rcp", "service-principals")


def policy(kind, *statements):
    text = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    return parse_policy(text, kind, file=f"{kind.value}.json")


def workspace(*, scps=(), rcps=(), endpoints=(), **perimeter):
    account = Account(id="111122223333", endpoints=endpoints)
    root = Unit(id="r-0001", guardrails=Guardrails(scps=scps, rcps=rcps), accounts=(account,))
    organization = Organization(id=ORG, management_account="123456789012", root=root)
    return Workspace(
        organization=organization, perimeter=Perimeter(orgs=(ORG,), **perimeter), name="acme", grants_given=False
    )


def verdicts(space, objective, service="sqs", **options):
    report = prove(space, objectives=[objective], services=[service], availability=False, **options)
    return report.verdicts


def test_identity_perimeter_with_deputy_guard_is_proved():
    """The complete RCP holds once the limits of RCPs are accepted, and the proof names its statements."""
    space = workspace(rcps=(policy(Kind.RCP, IDENTITY, DEPUTY),), accepted=ACCEPTED)
    (verdict,) = verdicts(space, "O1")
    assert verdict.status == "proved"
    assert {blame.sid for blame in verdict.used} == {"OnlyMine", "Deputies"}


def test_forgotten_if_exists_lets_anonymous_callers_in():
    """`Bool` on a key that anonymous requests lack is a hole: the request shown is anonymous."""
    broken = json.loads(json.dumps(IDENTITY).replace("BoolIfExists", "Bool"))
    space = workspace(rcps=(policy(Kind.RCP, broken, DEPUTY),), accepted=ACCEPTED)
    (verdict,) = verdicts(space, "O1")
    assert verdict.status == "refuted"
    assert verdict.counterexamples[0].request.principal.type == "anonymous"


def test_forgotten_deputy_guard_lets_services_in_for_strangers():
    """Without the guard on aws:SourceOrgID a service acts on my queue for a foreign account."""
    space = workspace(rcps=(policy(Kind.RCP, IDENTITY),), accepted=ACCEPTED)
    (verdict,) = verdicts(space, "O1")
    found = verdict.counterexamples[0]
    assert verdict.status == "refuted"
    assert found.facts.kind == "service"
    assert found.facts.behalf == "999988887777"


def test_limits_of_the_guardrail_are_told_apart_from_holes():
    """An RCP without a hole is still refuted while the management account is not accepted, as its own class."""
    space = workspace(rcps=(policy(Kind.RCP, IDENTITY, DEPUTY),), accepted=ACCEPTED[1:])
    (verdict,) = verdicts(space, "O1")
    assert verdict.status == "refuted"
    assert [found.kind for found in verdict.counterexamples] == ["beyond"]
    assert "management-account" in verdict.reason


def test_silent_services_make_a_proof_conditional():
    """That a silent service acts for the resource's owner is an assumption: it must be accepted by name."""
    names = tuple(name for name in ACCEPTED if name != "service-principals")
    space = workspace(rcps=(policy(Kind.RCP, IDENTITY, DEPUTY),), accepted=names)
    (verdict,) = verdicts(space, "O1")
    assert verdict.status == "conditional"
    assert "P2.silent-service" in verdict.reason
    (exact,) = verdicts(space, "O1", reading="exact")
    assert exact.status == "proved"


def test_partner_account_must_be_declared():
    """A partner that the RCP lets in is a hole until perimeter.yaml trusts it; then it is listed as an exception."""
    open_to = json.loads(json.dumps(IDENTITY))
    open_to["Condition"]["StringNotEqualsIfExists"]["aws:PrincipalAccount"] = "444455556666"
    rcps = (policy(Kind.RCP, open_to, DEPUTY),)
    (verdict,) = verdicts(workspace(rcps=rcps, accepted=ACCEPTED), "O1")
    assert verdict.counterexamples[0].request.principal.account == "444455556666"
    partner = TrustedPrincipal(account="444455556666")
    (verdict,) = verdicts(workspace(rcps=rcps, accepted=ACCEPTED, third_principals=(partner,)), "O1")
    assert verdict.status == "proved"
    assert "444455556666" in verdict.exceptions[0]


def test_network_condition_split_over_two_statements_blocks_my_own_network():
    """Two negated network keys in two statements deny everybody: my endpoint has no source address."""

    def deny(condition):
        return {"Effect": "Deny", "Action": "sqs:*", "Resource": "*", "Condition": condition}

    scp = policy(
        Kind.SCP,
        deny({"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}),
        deny({"StringNotEquals": {"aws:VpceOrgID": ORG}}),
    )
    space = workspace(scps=(scp,), cidrs=("203.0.113.0/24",))
    report = prove(space, objectives=["O5"], services=["sqs"])
    assert {blame.index for found in report.availability[0].counterexamples for blame in found.through} == {0, 1}


def test_endpoint_policy_without_resource_condition():
    """O4 fails where the endpoint policy does not ask whose resource it is; O2 holds."""
    allow = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "*",
        "Resource": "*",
        "Condition": {"StringEquals": {"aws:PrincipalOrgID": ORG}},
    }
    endpoint = Endpoint(
        id="vpce-0a1b2c3d4e5f60001",
        account="111122223333",
        vpc="vpc-0a1b2c3d4e5f60001",
        vpc_account="111122223333",
        region="us-east-1",
        policy=policy(Kind.ENDPOINT, allow),
    )
    space = workspace(endpoints=(endpoint,))
    assert verdicts(space, "O2")[0].status == "proved"
    (verdict,) = verdicts(space, "O4")
    assert verdict.status == "refuted"
    assert verdict.counterexamples[0].facts.resource_account == "999988887777"


def test_scope_without_actions_of_the_service_is_not_answered():
    """An objective that claims other services says nothing about this one, and a run of nothing else is refused."""
    space = workspace(scopes={"O1": Scope(actions=("s3:*",))})
    with pytest.raises(InputError, match="nothing to ask: O1 claims no action of"):
        verdicts(space, "O1")


def test_unknown_names_are_input_errors():
    """A typo in an objective or a service is one clear line."""
    with pytest.raises(InputError, match="unknown objective `O7`"):
        prove(workspace(), objectives=["O7"])
    with pytest.raises(InputError, match="unknown service `s33`"):
        prove(workspace(), services=["s33"])


def test_enumeration_finds_kinds_and_tells_when_it_is_done():
    """Every kind of counterexample is found once; the verdict says whether there are more."""
    space = workspace(rcps=(policy(Kind.RCP, IDENTITY),), accepted=ACCEPTED)
    (verdict,) = verdicts(space, "O1", enumerate_all=True, limit=50)
    assert verdict.exhausted is True
    (verdict,) = verdicts(space, "O1", enumerate_all=True, limit=1)
    assert (verdict.exhausted, len(verdict.counterexamples)) == (False, 1)


def test_the_same_input_gives_the_same_request():
    """Two runs agree to the byte."""
    space = workspace(rcps=(policy(Kind.RCP, IDENTITY),))
    first, second = (verdicts(space, "O1")[0].counterexamples[0].request for _ in range(2))
    assert first.model_dump_json() == second.model_dump_json()


def test_readme_example_runs():
    """The example of the README answers."""
    text = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    scope: dict[str, object] = {}
    exec(code, scope)
    assert scope["report"].verdicts  # type: ignore[attr-defined]


EC2_ONLY_MINE = {
    "Sid": "OnlyMyVolumes",
    "Effect": "Deny",
    "Action": "ec2:*",
    "NotResource": ["arn:aws:ec2:*:111122223333:*", "arn:aws:ec2:*:123456789012:*"],
}


def ec2(**perimeter):
    return workspace(
        scps=(policy(Kind.SCP, EC2_ONLY_MINE),),
        accepted=ACCEPTED,
        scopes={"O3": Scope(actions=("ec2:*",))},
        **perimeter,
    )


def test_hole_under_one_reading_only_is_a_condition():
    """Whether the star of an ARN segment runs on is open (X-1): if it does, a foreign ARN that holds mine passes."""
    for reading in ("over", "under"):
        (verdict,) = verdicts(ec2(), "O3", "ec2", reading=reading)
        assert verdict.status == "conditional"
        assert verdict.counterexamples[0].rests_on == ("X-1",)
        assert "holds under the chosen" not in verdict.reason
    (verdict,) = verdicts(ec2(), "O3", "ec2", reading="exact")
    assert verdict.status == "refuted"


def test_open_point_settled_by_name():
    """The perimeter may settle an open point either way; the report says so."""
    (verdict,) = verdicts(ec2(readings={"X-1": "chosen"}), "O3", "ec2")
    assert verdict.status == "refuted"
    (verdict,) = verdicts(ec2(readings={"X-1": "rival"}), "O3", "ec2")
    assert verdict.status in ("proved", "conditional")
    assert "X-1" not in str(verdict.reason)
    if verdict.status == "proved":
        assert any(assumption.name == "X-1" and "rival" in assumption.text for assumption in verdict.assumptions)
    with pytest.raises(InputError, match="X-101"):
        verdicts(ec2(readings={"X-101": "rival"}), "O3", "ec2")


def test_limits_that_do_not_concern_a_service_are_not_listed():
    """kms:RetireGrant is no limit of sqs."""
    (verdict,) = verdicts(workspace(rcps=(policy(Kind.RCP, IDENTITY, DEPUTY),), accepted=ACCEPTED), "O1")
    assert "management-account" in {limit.reach for limit in verdict.limits}
    assert not {"kms-retire-grant", "aws-managed-keys"} & {limit.reach for limit in verdict.limits}
