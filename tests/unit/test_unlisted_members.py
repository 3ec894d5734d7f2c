"""Members of an organization of which a source does not list every account: what binds them."""

from __future__ import annotations

import pytest

from perimeter_smt.organization.model import Account, Guardrails, Organization, Unit
from perimeter_smt.organization.perimeter import Perimeter, Workspace
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.questions.changes.ask import compare_workspaces
from perimeter_smt.questions.perimeter import prove
from perimeter_smt.questions.verdicts import Verdict

ORG, HEAD, ONE = "o-acme0000001", "444455556666", "111122223333"
NETWORK = {"NotIpAddressIfExists": {"aws:SourceIp": "203.0.113.0/24"}, "BoolIfExists": {"aws:ViaAWSService": "false"}}
LIMITS = ("management-account", "service-linked-roles", "forward-access-sessions", "service-networks")


def _scp(name, effect="Deny", action="*", **condition):
    statement = {"Effect": effect, "Action": action, "Resource": "*", **({"Condition": condition} if condition else {})}
    return parse_object({"Version": "2012-10-17", "Statement": [statement]}, Kind.SCP, file=name, name=name)


def _asked(
    inner: Guardrails, *, root: Guardrails | None = None, paths: tuple[str, ...] = (), nested: bool = False
) -> Verdict:
    """The verdict on O5 of an organization with one unit; `nested`: the guardrails hang on a unit in it."""
    account = Account(id=ONE)
    work = Unit(id="ou-ac00-work0001", guardrails=Guardrails() if nested else inner, accounts=(account,))
    if nested:
        deep = Unit(id="ou-ac00-deep0001", guardrails=inner)
        work = work.model_copy(update={"units": (deep,)})
    tree = Unit(id="r-ac00", guardrails=root or Guardrails(), units=(work,))
    space = Workspace(
        organization=Organization(id=ORG, management_account=HEAD, root=tree),
        perimeter=Perimeter(
            orgs=(ORG,), paths=paths, cidrs=("203.0.113.0/24",), accepted=LIMITS, service_networks=True
        ),
        name="partly told", grants_given=False,
    )  # fmt: skip
    report = prove(space, objectives=["O5"], services=["sqs"], reading="exact", availability=False)
    return report.verdicts[0]


@pytest.mark.parametrize("nested", [False, True])
def test_units_bind_members_that_nobody_lists(nested):
    """They were taken to lie at the root: an account in the unit of the perimeter got past the SCP of the unit."""
    unit = "ou-ac00-work0001/ou-ac00-deep0001" if nested else "ou-ac00-work0001"
    guard = Guardrails(scps=(_scp("network", **NETWORK),))
    assert _asked(guard, paths=(f"{ORG}/r-ac00/{unit}/*",), nested=nested).status == "proved"


def test_members_elsewhere_are_not_bound_by_it():
    """Of an organization whose accounts are not all told, some may lie at the root."""
    found = _asked(Guardrails(scps=(_scp("network", **NETWORK),)))
    assert found.status == "refuted"
    outside = Guardrails(scps=(_scp("network", **NETWORK),))
    wider = _asked(outside, paths=(f"{ORG}/r-ac00/*",))
    assert wider.status == "refuted"
    assert "ou-ac00-work0001" not in str(wider.counterexamples[0].facts.paths)


def test_a_guardrail_of_the_root_may_leave_a_unit_to_its_own():
    """The root stops everybody outside of the unit, the unit its members: both together stop all."""
    elsewhere = {"ForAllValues:StringNotLike": {"aws:PrincipalOrgPaths": f"{ORG}/r-ac00/ou-ac00-work0001/*"}}
    root = Guardrails(scps=(_scp("root", **elsewhere, **NETWORK),))
    assert _asked(Guardrails(scps=(_scp("network", **NETWORK),)), root=root).status == "proved"
    shown = _asked(Guardrails(), root=root)
    assert shown.status == "refuted"


def test_an_allow_list_of_a_unit_binds_them():
    """A unit without full access lets its members do what its SCPs allow."""
    allow = Guardrails(scps=(_scp("few", "Allow", "sns:*"),), full_access_scp=False)
    found = _asked(allow, paths=(f"{ORG}/r-ac00/ou-ac00-work0001/*",))
    assert found.status in ("proved", "vacuous")


def test_the_case_of_a_member_holds_the_guardrails_of_its_units():
    """What replays a request of such a member has the levels on its path."""
    soft = Guardrails(scps=(_scp("plain", Bool={"aws:SecureTransport": "false"}),))
    found = _asked(soft, paths=(f"{ORG}/r-ac00/ou-ac00-work0001/*",))
    (shown, *_) = found.counterexamples
    assert shown.case is not None and shown.case.scp is not None
    if shown.facts.principal_account != ONE:
        assert [document.name for level in shown.case.scp for document in level if document.name == "plain"] == [
            "plain"
        ]


def test_states_of_which_one_looks_at_paths_are_compared():
    """An SCP of a unit and one of the root that asks for its path are one and the same, in either order."""
    guard = _scp("network", **NETWORK)
    above = _scp(
        "network above",
        **NETWORK,
        **{"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": f"{ORG}/r-ac00/ou-ac00-work0001/*"}},
    )
    units = [Unit(id="ou-ac00-work0001", guardrails=at) for at in (Guardrails(scps=(guard,)), Guardrails())]
    roots = [
        Unit(id="r-ac00", units=(units[0],)),
        Unit(id="r-ac00", units=(units[1],), guardrails=Guardrails(scps=(above,))),
    ]
    one, other = (
        Workspace(
            organization=Organization(id=ORG, management_account=HEAD, root=root),
            perimeter=Perimeter(orgs=(ORG,), cidrs=("203.0.113.0/24",), accepted=LIMITS),
            name="partly told",
            grants_given=False,
        )
        for root in roots
    )
    found = compare_workspaces(
        one, other, objectives=["O5"], services=["sqs"], modes=["guardrails"], reading="exact"
    ).parts[0]
    assert (found.opens.status, found.closes.status) == ("none", "none")
