"""First hops of forwarded calls, asked of what principals are granted, of all that the organization holds."""

from __future__ import annotations

import pytest

from perimeter_smt.organization.model import Account, Guardrails, Organization, OwnedPrincipal, Unit
from perimeter_smt.organization.perimeter import Perimeter, Scope, Workspace
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.questions.obligations import task
from perimeter_smt.questions.obligations.decide import Means
from perimeter_smt.questions.obligations.in_question import in_question
from perimeter_smt.questions.perimeter import prove

ORG, MANAGEMENT = "o-acme0000001", "123456789012"
IDS = [f"11112222{number:04d}" for number in range(3330, 3338)]
LIMITS = ("management-account", "service-linked-roles", "service-principals", "kms-retire-grant", "aws-managed-keys",
          "forward-access-sessions", "service-networks")  # fmt: skip
NETWORK = {
    "NotIpAddressIfExists": {"aws:SourceIp": "203.0.113.0/24"},
    "StringNotEqualsIfExists": {"aws:SourceVpce": "vpce-0a000000000000001"},
    "BoolIfExists": {"aws:ViaAWSService": "false"},
}


def policy(kind, statement):
    return parse_object({"Version": "2012-10-17", "Statement": [statement]}, kind, file="p.json", name=kind.value)


QUIET = policy(Kind.IDENTITY, {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"})
FORWARDING = policy(Kind.IDENTITY, {"Effect": "Allow", "Action": "athena:*", "Resource": "*"})


def space(able, quiet=None, network=NETWORK):
    """One role in each account; those of the accounts `able` may make calls that a service carries on to S3."""
    scp = policy(Kind.SCP, {"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Condition": network})
    accounts = []
    for name in IDS:
        grants = (FORWARDING,) if name in able else quiet or (QUIET,)
        role = OwnedPrincipal(arn=f"arn:aws:iam::{name}:role/App", type="role", account=name, policies=grants)
        accounts.append(Account(id=name, listed=True, principals=(role,)))
    guardrails = Guardrails(scps=(scp,))
    root = Unit(id="r-ac01", guardrails=guardrails, accounts=(*accounts, Account(id=MANAGEMENT, listed=True)))
    return Workspace(
        organization=Organization(id=ORG, management_account=MANAGEMENT, root=root),
        perimeter=Perimeter(orgs=(ORG,), accepted=LIMITS, cidrs=("203.0.113.0/24",),
                            endpoints=("vpce-0a000000000000001",), assumptions=("AN8.address",),
                            scopes={"O5": Scope(actions=("s3:*",))}),
        name="first hops",
    )  # fmt: skip


@pytest.mark.parametrize(("able", "expected"), [((), "proved"), (IDS[:1], "conditional"), (IDS[-1:], "conditional")])
def test_a_role_of_any_account_may_make_the_first_hop(able, expected):
    """Whichever account it stands in: accounts that guardrails alone do not tell apart differ in their roles."""
    (verdict,) = prove(space(able), objectives=["O5"], services=["s3"], availability=False).verdicts
    assert verdict.status == expected


@pytest.mark.parametrize(("able", "expected"), [((), "proved"), (IDS[:1], "conditional"), (IDS[-1:], "conditional")])
def test_a_large_organization_is_asked_of_more_than_is_granted_first(able, expected, monkeypatch):
    """More than is granted proves that no role may; where it does not, what is granted decides."""
    monkeypatch.setattr(task, "_LARGE", 0)
    only = {"Effect": "Allow", "Action": "athena:*", "Resource": "arn:aws:athena:*:*:nothing/*",
            "Condition": {"StringEquals": {"aws:SourceIp": "203.0.113.9"}}}  # fmt: skip
    for grants in ([QUIET], [QUIET, policy(Kind.IDENTITY, only)]):
        found = space(able, quiet=tuple(grants))
        (verdict,) = prove(found, objectives=["O5"], services=["s3"], availability=False).verdicts
        assert verdict.status == expected


def test_what_other_calls_are_granted_is_left_out():
    """Calls of other services are left out; more than is granted leaves out where and under which conditions, too."""
    grants = [
        policy(
            Kind.IDENTITY, {"Effect": "Allow", "Action": ["athena:Get*", "sqs:*"], "Resource": "arn:aws:athena:*:*:a"}
        ),
        policy(
            Kind.IDENTITY, {"Effect": "Allow", "Action": ["athena:Get*", "sqs:*"], "Resource": "arn:aws:athena:*:*:b"}
        ),
        policy(Kind.IDENTITY, {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}),
        policy(Kind.IDENTITY, {"Effect": "Deny", "Action": "athena:*", "Resource": "*"}),
    ]
    given = space((), quiet=tuple(grants))
    (exact,) = {p.policies for a, _ in in_question(given, ["athena"]).organization.accounts() for p in a.principals}
    assert [(s.effect, s.resource.values) for d in exact for s in d.statements] == [
        ("Allow", ("arn:aws:athena:*:*:a",)), ("Allow", ("arn:aws:athena:*:*:b",)), ("Deny", ("*",)),
    ]  # fmt: skip
    generous = in_question(given, ["athena"], generous=True)
    (more,) = {p.policies for a, _ in generous.organization.accounts() for p in a.principals}
    assert [(s.effect, s.action.values, s.resource.values) for d in more for s in d.statements] == [
        ("Allow", ("athena:Get*", "sqs:*"), ("*",))
    ]


def test_a_cached_proof_ends_with_the_grants_that_it_rests_on(tmp_path):
    """Guardrails alone are asked, but the proof rests on what no role may do: another grant is another question."""
    for able, expected in (((), "proved"), (IDS[-1:], "conditional"), ((), "proved")):
        report = prove(space(able), objectives=["O5"], services=["s3"], availability=False, means=Means(cache=tmp_path))
        assert [verdict.status for verdict in report.verdicts] == [expected]


def test_a_cached_proof_stays_while_no_role_may_make_the_first_hop(tmp_path, monkeypatch):
    """Another policy that answers all that was asked of the roles alike leaves the verdict as it is."""
    means = Means(cache=tmp_path)
    options = {"objectives": ["O5"], "services": ["s3"], "availability": False, "means": means}
    before = prove(space(()), **options)
    other = policy(Kind.IDENTITY, {"Effect": "Allow", "Action": "s3:*", "Resource": "*"})
    monkeypatch.setitem(globals(), "QUIET", other)

    def refuse(*_, **__):
        raise AssertionError("something was encoded")

    monkeypatch.setattr("perimeter_smt.questions.obligations.decide.Encoded", refuse)
    assert prove(space(()), **options) == before
    with pytest.raises(AssertionError, match="encoded"):
        prove(space(IDS[-1:]), **options)


def test_a_first_hop_counts_for_the_services_that_it_is_carried_on_to():
    """Amazon EFS carries calls on to KMS alone: that its clients are left out says nothing of calls to SQS."""
    held = {"Effect": "Deny", "NotAction": ["elasticfilesystem:Client*"], "Resource": "*", "Condition": NETWORK}
    guardrails = Guardrails(scps=(policy(Kind.SCP, held),))
    root = Unit(id="r-ac01", guardrails=guardrails, accounts=tuple(Account(id=own) for own in (*IDS[:1], MANAGEMENT)))
    workspace = Workspace(
        organization=Organization(id=ORG, management_account=MANAGEMENT, root=root),
        perimeter=Perimeter(orgs=(ORG,), accepted=LIMITS, cidrs=("203.0.113.0/24",),
                            endpoints=("vpce-0a000000000000001",), assumptions=("AN8.address",)),
        name="first hops", grants_given=False,
    )  # fmt: skip
    report = prove(workspace, objectives=["O5"], services=["kms", "sqs"], availability=False)
    found = {service: verdict.status for verdict in report.verdicts for service in verdict.services}
    assert found == {"kms": "conditional", "sqs": "proved"}


def test_guardrails_that_stop_forwarded_calls_need_no_first_hop():
    """Without an exemption for forwarded calls only those with an address of mine get through (AN6.address)."""
    network = {name: keys for name, keys in NETWORK.items() if name != "BoolIfExists"}
    for reading in ("over", "exact"):
        report = prove(
            space(IDS, network=network), objectives=["O5"], services=["s3"], availability=False, reading=reading
        )
        (verdict,) = report.verdicts
        assert verdict.status == "proved"
        assert "first-hops" not in {each.name for each in verdict.assumptions}
