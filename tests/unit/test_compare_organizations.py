"""Two states of one organization: what opens and closes, by objective and caller, proved or replayed in both."""

from __future__ import annotations

from pathlib import Path

import pytest

from perimeter_smt.errors import InputError
from perimeter_smt.evaluate import decide
from perimeter_smt.organization.model import (
    Account,
    Endpoint,
    Guardrails,
    Organization,
    OwnedPrincipal,
    OwnedResource,
    Unit,
    Unknown,
)
from perimeter_smt.organization.perimeter import Perimeter, Workspace
from perimeter_smt.organization.readers import read_source
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.questions.changes.ask import compare_workspaces

ORG, OWN, OTHER, MANAGEMENT = "o-acme0000001", "111122223333", "444455556666", "999900001111"
PERIMETER = Perimeter(
    orgs=(ORG,),
    cidrs=("203.0.113.0/24",),
    accepted=("management-account", "service-linked-roles", "service-principals"),
)
QUEUE = f"arn:aws:sqs:eu-west-1:{OWN}:orders"
ONLY_MINE = {"Sid": "OnlyMine", "Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Resource": "*",
             "Condition": {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": ORG},
                           "BoolIfExists": {"aws:PrincipalIsAWSService": "false"}}}  # fmt: skip
ONE = f"{ORG}/r-0000/ou-0000-0000000one/*"
NO_DELETE = {"Sid": "NoDelete", "Effect": "Deny", "Action": "sqs:DeleteQueue", "Resource": "*"}
EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"


def policy(kind, *statements, name="p"):
    found = [{"Effect": "Allow", "Action": "sqs:*", **({} if kind is Kind.TRUST else {"Resource": "*"}), **s}
             for s in statements]  # fmt: skip
    return parse_object({"Version": "2012-10-17", "Statement": found}, kind, file=f"{name}.json", name=name)


TRUST = policy(Kind.TRUST, {"Principal": {"AWS": OWN}, "Action": ["sts:AssumeRole", "sts:TagSession"]})
ONLY_ASSUMED = policy(Kind.TRUST, {"Principal": {"AWS": OWN}, "Action": "sts:AssumeRole"})


def role(*policies, name="app", tags=(), trust=ONLY_ASSUMED):
    return OwnedPrincipal(arn=f"arn:aws:iam::{OWN}:role/{name}", type="role", account=OWN, trust=trust,
                          policies=tuple(policies), tags=dict(tags))  # fmt: skip


def queue(*statements, tags=(), name="orders"):
    found = policy(Kind.RESOURCE, *statements) if statements else None
    return OwnedResource(arn=f"arn:aws:sqs:eu-west-1:{OWN}:{name}", account=OWN, policy=found, tags=dict(tags))


def state(*, scps=(), rcps=(), principals=(), resources=(), unit="one", endpoints=(), listed=True, other=True,
          perimeter=PERIMETER, name="state", unknowns=(), own_scps=()):  # fmt: skip
    account = Account(id=OWN, principals=tuple(principals), resources=tuple(resources), endpoints=tuple(endpoints),
                      listed=listed)  # fmt: skip
    neighbours = (Account(id=OTHER, listed=True),) if other else ()
    units = {"one": [*neighbours], "two": []}
    units[unit].append(account)
    first, second = (Unit(id=f"ou-0000-0000000{own}", accounts=tuple(units[own]),
                          guardrails=Guardrails(scps=tuple(own_scps) if own == "two" else ()))
                     for own in ("one", "two"))  # fmt: skip
    root = Unit(
        id="r-0000",
        guardrails=Guardrails(scps=tuple(policy(Kind.SCP, s) for s in scps),
                              rcps=tuple(policy(Kind.RCP, s) for s in rcps)),
        units=(first, second),
        accounts=(Account(id=MANAGEMENT, listed=True),),
    )  # fmt: skip
    return Workspace(organization=Organization(id=ORG, management_account=MANAGEMENT, root=root), perimeter=perimeter,
                     name=name, unknowns=tuple(unknowns))  # fmt: skip


def differ(before, after, *modes, services=("sqs",)):
    """The parts of the comparison by mode; every request shown is decided again."""
    found = compare_workspaces(before, after, modes=modes or ("grants",), services=services)
    for part in found.parts:
        for side in (part.opens, part.closes):
            for change in side.changes:
                assert decide(change.request.case).allowed
                assert not change.denied.exists or not decide(change.denied.case).allowed
    parts = {part.mode: part for part in found.parts}
    return parts[modes[0]] if len(modes) == 1 else parts["grants"] if not modes else parts


def kinds(difference):
    return {(change.objective, change.callers) for change in difference.changes}


def sids(difference):
    return {blame.sid for change in difference.changes for blame in change.because}


def test_the_same_opens_nothing():
    found = differ(state(rcps=[ONLY_MINE]), state(rcps=[ONLY_MINE], name="again"), "guardrails", "grants")
    assert {(p.opens.status, p.closes.status) for p in found.values()} == {("none", "none")}


def test_written_otherwise_and_meaning_the_same():
    """Verdicts look at what is said, not at how: two actions in one statement, or in two."""
    one = {**ONLY_MINE, "Action": ["sqs:SendMessage", "sqs:ReceiveMessage"]}
    two = [{**ONLY_MINE, "Action": "sqs:SendMessage"}, {**ONLY_MINE, "Action": "sqs:ReceiveMessage"}]
    found = differ(state(rcps=[one]), state(rcps=two), "guardrails")
    assert (found.opens.status, found.closes.status) == ("none", "none")


def test_a_guardrail_that_is_gone_opens_for_those_it_stopped():
    found = differ(state(rcps=[ONLY_MINE]), state(), "guardrails")
    assert found.closes.status == "none"
    assert {("O1", "strangers"), ("O1", "anonymous callers")} <= kinds(found.opens)
    assert "my identities" not in {callers for _, callers in kinds(found.opens)}
    assert sids(found.opens) == {"OnlyMine"}


def test_a_guardrail_that_comes_closes_and_blocks():
    found = differ(state(), state(scps=[NO_DELETE]), "guardrails")
    assert found.opens.status == "none"
    assert ("availability", "my identities") in kinds(found.closes)
    assert sids(found.closes) == {"NoDelete"}


def test_a_weaker_guardrail_under_the_same_verdicts():
    """Open before and after: the verdicts are the same, and yet more is open."""
    weak = {**ONLY_MINE, "Action": ["sqs:SendMessage", "sqs:ReceiveMessage"]}
    found = differ(state(rcps=[weak]), state(rcps=[{**weak, "Action": "sqs:SendMessage"}]), "guardrails")
    assert found.opens.status == "found"
    assert {c.request.request.action for c in found.opens.changes} == {"sqs:ReceiveMessage"}


def test_grants_open_what_guardrails_do_not_stop():
    public = {"Sid": "Public", "Principal": "*", "Action": "sqs:SendMessage"}
    parts = differ(state(resources=[queue()]), state(resources=[queue(public)]), "guardrails", "grants")
    assert parts["guardrails"].opens.status == "none"
    assert ("O1", "anonymous callers") in kinds(parts["grants"].opens)
    assert sids(parts["grants"].opens) == {"Public"}


def test_a_public_grant_behind_a_guardrail_opens_nothing_to_strangers():
    public = {"Principal": "*", "Action": "sqs:SendMessage"}
    guarded = {"rcps": [ONLY_MINE]}
    found = differ(state(resources=[queue()], **guarded), state(resources=[queue(public)], **guarded))
    assert {("O1", "strangers"), ("O1", "anonymous callers")}.isdisjoint(kinds(found.opens))


def test_a_resource_that_is_new_is_not_taken_for_open_before():
    """The account is not listed: what stands in it may hold anything, but what is new was not there."""
    public = {"Sid": "Public", "Principal": "*", "Action": "sqs:SendMessage"}
    found = differ(state(listed=False), state(listed=False, resources=[queue(public)]))
    assert ("O1", "anonymous callers") in kinds(found.opens)
    assert not any(change.denied.exists for change in found.opens.changes)
    gone = differ(state(listed=False, resources=[queue(public)]), state(listed=False))
    assert gone.opens.status == "none"
    assert gone.closes.status == "found"


def test_a_role_that_is_new():
    app = role(policy(Kind.IDENTITY, {"Action": "sqs:SendMessage"}))
    found = differ(state(resources=[queue()]), state(resources=[queue()], principals=[app]))
    assert {c.request.request.principal.role_arn for c in found.opens.changes} == {app.arn}
    assert all("is not there" in c.denied.why for c in found.opens.changes)


EXEMPT = {"Effect": "Deny", "Action": "sqs:*", "Resource": "*",
          "Condition": {"StringNotEquals": {"aws:PrincipalTag/exempt": "yes"}}}  # fmt: skip


@pytest.mark.parametrize(("before", "after", "opens", "closes"), [
    ({}, {"exempt": "yes"}, "found", "none"),
    ({"exempt": "no"}, {"exempt": "yes"}, "found", "none"),
    ({"exempt": "yes"}, {"exempt": "no"}, "none", "found"),
    ({"exempt": "no"}, {"exempt": "never"}, "none", "none"),
    ({"exempt": "yes"}, {"exempt": "yes", "team": "orders"}, "none", "none"),
])  # fmt: skip
def test_tags_of_callers(before, after, opens, closes):
    """A tag is what differs: the same call by the same role, with the tag of each state."""
    grant = policy(Kind.IDENTITY, {"Action": "sqs:SendMessage"})
    both = {"scps": [EXEMPT], "resources": [queue()]}
    found = differ(state(principals=[role(grant, tags=before)], **both),
                   state(principals=[role(grant, tags=after)], **both))  # fmt: skip
    mine = [{c for _, c in kinds(side)} for side in (found.opens, found.closes)]
    assert [found.opens.status, found.closes.status] == [opens, closes], mine
    for side in (found.opens, found.closes):
        assert all(change.denied.exists for change in side.changes)


def test_session_tags_may_say_it_anyway():
    """Whoever may set session tags could do so before."""
    grant = policy(Kind.IDENTITY, {"Action": "sqs:SendMessage"})
    both = {"scps": [EXEMPT], "resources": [queue()]}
    found = differ(state(principals=[role(grant, trust=TRUST)], **both),
                   state(principals=[role(grant, trust=TRUST, tags={"exempt": "yes"})], **both))  # fmt: skip
    assert found.opens.status == "none"


@pytest.mark.parametrize(("before", "after", "opens", "closes"), [
    ({"level": "secret"}, {"level": "public"}, "found", "none"),
    ({"level": "public"}, {"level": "secret"}, "none", "found"),
    ({"level": "public"}, {"level": "open"}, "none", "none"),
])  # fmt: skip
def test_tags_of_resources(before, after, opens, closes):
    secret = {"Effect": "Deny", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*",
              "Condition": {"StringEquals": {"aws:ResourceTag/level": "secret"}}}  # fmt: skip
    app = role(policy(Kind.IDENTITY, {"Action": "sqs:SendMessage"}))
    found = differ(state(rcps=[secret], principals=[app], resources=[queue(tags=before)]),
                   state(rcps=[secret], principals=[app], resources=[queue(tags=after)]))  # fmt: skip
    assert [found.opens.status, found.closes.status] == [opens, closes]


@pytest.mark.parametrize("key", ["aws:ResourceTag/level", "iam:ResourceTag/level"])
@pytest.mark.parametrize(("before", "after", "opens", "closes"), [
    ({"level": "secret"}, {"level": "public"}, "found", "none"),
    ({}, {"level": "public"}, "found", "none"),
    ({"level": "public"}, {}, "none", "found"),
    ({"level": "public"}, {"level": "public", "team": "orders"}, "none", "none"),
    ({"level": "secret"}, {"level": "hidden"}, "none", "none"),
])  # fmt: skip
def test_tags_of_roles_that_are_called(key, before, after, opens, closes):
    """The role that is taken has the tags of each state; another without tags stays as it is."""
    public = {"Action": "sts:AssumeRole", "Condition": {"StringEquals": {key: "public"}}}
    app = role(policy(Kind.IDENTITY, public))
    found = differ(
        state(principals=[app, role(name="target", tags=before), role(name="other")]),
        state(principals=[app, role(name="target", tags=after), role(name="other")]), services=("sts",),
    )  # fmt: skip
    assert [found.opens.status, found.closes.status] == [opens, closes]
    for side in (found.opens, found.closes):
        assert {change.request.request.resource for change in side.changes} <= {f"arn:aws:iam::{OWN}:role/target"}


@pytest.mark.parametrize(("tags", "status"), [({"team": "red"}, "conditional"), ({}, "found")])
def test_a_tag_that_one_state_alone_looks_at(tags, status):
    """Regression: where a policy that goes was the only one to look at a tag of resources, the comparison broke off."""
    deny = {"Sid": "OnlyRed", "Effect": "Deny", "Principal": "*",
            "Condition": {"StringNotEquals": {"aws:ResourceTag/team": "red"}}}  # fmt: skip
    allow = {"Principal": {"AWS": "777788889999"}}
    found = differ(state(resources=[queue(allow, deny, tags=tags)]), state(resources=[queue(allow, tags=tags)]))
    assert (found.opens.status, found.closes.status) == (status, "none")
    back = differ(state(resources=[queue(allow, tags=tags)]), state(resources=[queue(allow, deny, tags=tags)]))
    assert (back.opens.status, back.closes.status) == ("none", status)


def test_an_account_that_moves_takes_its_path_along():
    """Below another unit other SCPs bind it, and policies that test paths answer otherwise; the rest stays."""
    by_path = {"Effect": "Deny", "Action": "sqs:DeleteQueue", "Resource": "*",
               "Condition": {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": ONE}}}  # fmt: skip
    found = differ(state(scps=[by_path]), state(scps=[by_path], unit="two"), "guardrails")
    assert {c.request.request.action for c in found.opens.changes} == {"sqs:DeleteQueue"}
    assert all(change.denied.exists for change in found.opens.changes)
    assert found.closes.status == "none"
    strict = [policy(Kind.SCP, NO_DELETE)]
    found = differ(state(own_scps=strict), state(own_scps=strict, unit="two"), "guardrails")
    assert (found.opens.status, found.closes.status) == ("none", "found")


def test_an_account_that_leaves_and_one_that_comes():
    found = differ(state(), state(other=False), "guardrails")
    assert found.opens.status == "none"
    assert found.closes.status == "found"
    assert differ(state(other=False), state(), "guardrails").opens.status == "found"


def test_an_endpoint_that_is_new():
    old, new = (Endpoint(id=f"vpce-0a00000000000000{n}", account=OWN, vpc="vpc-0ac00000000000001", vpc_account=OWN,
                         region="eu-west-1", services=("sqs",)) for n in (1, 2))  # fmt: skip
    found = differ(state(endpoints=[old]), state(endpoints=[old, new]), "guardrails")
    assert {c.request.facts.endpoint for c in found.opens.changes} == {new.id}
    assert differ(state(endpoints=[old, new]), state(endpoints=[old]), "guardrails").opens.status == "none"


def test_what_is_not_known_may_hide_what_opens():
    unknown = Unknown(name="SCP `x`", reason="not readable", affects="guardrails")
    assert differ(state(unknowns=[unknown]), state(), "guardrails").opens.status == "conditional"
    same = differ(state(unknowns=[unknown]), state(unknowns=[unknown]), "guardrails")
    assert same.opens.status == "none"  # stopped by it or not, in both
    found = differ(state(scps=[NO_DELETE]), state(unknowns=[unknown]), "guardrails")
    assert "may be stopped by what is not known" in found.opens.reason


def test_organizations_must_be_one():
    other = state().model_copy(update={"organization": state().organization.model_copy(update={"id": "o-other00001"})})
    with pytest.raises(InputError, match="expected two states of one"):
        compare_workspaces(state(), other, services=("sqs",))


def test_the_examples():
    """The mistakes of the second example: what opens is the partner's exception, what is blocked the networks."""
    before, after = (read_source(EXAMPLES / name) for name in ("acme", "acme-with-mistakes"))
    found = compare_workspaces(before, after, modes=("guardrails",), services=("s3", "sqs"))
    (part,) = found.parts
    assert "ExchangeAlsoForThePartner" in sids(part.opens)
    assert {"OnlyThroughMyEndpoints", "OnlyFromTheOffices", "OnlyFromExpectedNetworks"} <= sids(part.closes)
    assert {edit.what for edit in found.edits} == {"added", "removed"}
    assert "r-ac00" in {edit.where for edit in found.edits}
