"""C2: what sessions carry over several hops: transitive tags, a source identity, the name of a session.

The answers follow the IAM guide: pass session tags in AWS STS; monitor and control actions taken with assumed roles.
"""

from __future__ import annotations

import pytest

from perimeter_smt.evaluate import decide
from perimeter_smt.organization.perimeter import RoleException, Vendor
from perimeter_smt.questions.mitigations import ask
from perimeter_smt.questions.mitigations.model import Asking
from tests.mitigation_worlds import MINE, OTHER, VENDOR, allow, arn, role, trusts, workspace

NOBODY = trusts({"AWS": arn("nobody")})
ASSUME, TAG, NAME = "sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"
ALL = (allow([ASSUME, TAG, NAME]),)
CARRIES, SENDS = "aws:PrincipalTag/shift", "aws:RequestTag/shift"
IS, SETS, TRANSITIVE, CALLED = (
    "aws:SourceIdentity",
    "sts:SourceIdentity",
    "sts:TransitiveTagKeys",
    "sts:RoleSessionName",
)
STATIC = "aws:PrincipalArn"
NIGHT = {"StringEquals": {CARRIES: "night"}}


def deny(action, **condition):
    return {"Effect": "Deny", "Action": action, "Resource": "*", "Condition": condition}


FIRST_ONLY = deny(TAG, Null={SENDS: "false"}, ArnNotEquals={STATIC: arn("first")})  # nobody else passes the tag
NO_NEW_NAME = deny(NAME, Null={IS: "true"}, ArnNotEquals={STATIC: arn("first")})


def hop(name, before, *actions, tags=(), may=ALL, **condition):
    return role(name, trusts({"AWS": arn(before)}, list(actions), **condition), may=may, tags=tags)


def glass(before, *actions, **condition):
    return hop("glass", before, *actions, may=(), **condition)


def rows(*principals, held_by=("one", "two", "three"), **more):
    first = role("first", NOBODY, may=ALL)
    meant = RoleException(arn=arn("glass"), held_by=tuple(map(arn, held_by)))
    found = ask(workspace(first, *principals, role_exceptions=(meant,), **more), ["C2"], Asking())[0]
    for line in found.lines:
        for one in line.hops:
            assert decide(one.case, rivals=frozenset(n for n in one.depends_on if n.startswith("X-"))).allowed
    return [line for line in found.lines if line.subject.startswith("exception")]


def statuses(*principals, **more):
    return [line.status for line in rows(*principals, **more)]


# Tags that go on


def over_two(*last, one=(ASSUME, TAG), two=(ASSUME, TAG), tags=(), **condition):
    """The first hop sets the tag, the second carries it on, the third asks for it."""
    middle = (hop("one", "first", *one, **condition), hop("two", "one", *two, tags=tags))
    return (*middle, glass("two", *(last or (ASSUME, TAG)), **NIGHT))


def test_a_transitive_tag_is_carried_over_two_hops():
    (line,) = rows(*over_two(), scps=(FIRST_ONLY,))
    assert line.status == "refuted"
    assert [one.request.action for one in line.hops] == [ASSUME, TAG] * 3
    sent = [one.request.context.get(SENDS) for one in line.hops if one.request.action == TAG]
    assert sent == ["night", None, None]
    assert "transitive" in line.hops[1].why
    assert "carries on" in line.hops[3].why


def test_a_transitive_tag_is_carried_over_three_hops():
    principals = (hop("one", "first", ASSUME, TAG), hop("two", "one", ASSUME, TAG), hop("three", "two", ASSUME, TAG))
    assert statuses(*principals, glass("three", ASSUME, TAG, **NIGHT), scps=(FIRST_ONLY,)) == ["refuted"]


@pytest.mark.parametrize(
    ("principals", "status"),
    [
        pytest.param(over_two(ASSUME), "proved", id="last hop without TagSession"),
        pytest.param(over_two(two=[ASSUME]), "proved", id="middle hop without TagSession"),
        pytest.param(over_two(one=[ASSUME]), "proved", id="nobody passes it"),
        pytest.param(over_two(Null={TRANSITIVE: "true"}), "proved", id="may not be transitive"),
        pytest.param(
            over_two(**{"ForAllValues:StringEquals": {TRANSITIVE: ["team"]}}), "proved", id="other key transitive"
        ),
        pytest.param(
            over_two(**{"ForAllValues:StringEquals": {TRANSITIVE: ["shift", "team"]}}), "refuted", id="key transitive"
        ),
        pytest.param(over_two(StringEquals={SENDS: "day"}), "proved", id="other value"),
        pytest.param(over_two(tags={"shift": "day"}), "refuted", id="inherited wins over the tag of the role"),
    ],
)
def test_what_a_tag_needs_to_go_on(principals, status):
    assert statuses(*principals, scps=(FIRST_ONLY,)) == [status]


def test_tags_of_roles_do_not_go_on():
    one = hop("one", "first", ASSUME, tags={"shift": "night"})
    principals = (one, hop("two", "one", ASSUME, TAG), glass("two", ASSUME, TAG, **NIGHT))
    assert statuses(*principals, scps=(FIRST_ONLY,)) == ["proved"]


def test_an_scp_asks_for_the_tag_at_the_last_hop():
    asks = deny(ASSUME, StringNotEquals={CARRIES: "night"}, ArnEquals={STATIC: arn("two")})
    middle = (hop("one", "first", ASSUME, TAG), hop("two", "one", ASSUME, TAG))
    assert statuses(*middle, glass("two", ASSUME, TAG), scps=(FIRST_ONLY, asks)) == ["refuted"]


def test_one_tag_is_inherited_and_one_is_set_anew():
    one = hop("one", "first", ASSUME, TAG, Null={"aws:RequestTag/team": "true"})
    both = {"StringEquals": {CARRIES: "night", "aws:PrincipalTag/team": "ops"}}
    principals = (one, hop("two", "one", ASSUME, TAG), glass("two", ASSUME, TAG, **both))
    assert statuses(*principals, scps=(FIRST_ONLY,)) == ["refuted"]


@pytest.mark.parametrize(
    ("forced", "status"),
    [({}, "refuted"), ({"ForAnyValue:StringEquals": {TRANSITIVE: ["shift"]}}, "conditional")],
)
def test_an_inherited_tag_cannot_be_passed_anew(forced, status):
    """A tag of the session alone is replaced at the next hop; with an inherited one the operation fails."""
    one = hop("one", "first", ASSUME, TAG, StringEquals={SENDS: "day"}, **forced)
    two = hop("two", "one", ASSUME, TAG, StringEquals={SENDS: "night"})
    assert statuses(one, two, glass("two", ASSUME, TAG, **NIGHT)) == [status]


def test_a_tag_and_a_source_identity_go_on_together():
    every = (ASSUME, TAG, NAME)
    asks = {"StringEquals": {CARRIES: "night", IS: "ann"}}
    principals = (hop("one", "first", *every), hop("two", "one", *every), glass("two", *every, **asks))
    assert statuses(*principals, scps=(FIRST_ONLY,)) == ["refuted"]


def test_either_of_two_tags_opens_a_hop_on_the_way():
    """The one that nobody may set hides nothing: the other one goes on."""
    only = (FIRST_ONLY, deny(TAG, Null={"aws:RequestTag/team": "false"}))
    asks = [{"StringEquals": {"aws:PrincipalTag/team": "ops"}}, NIGHT]
    for first, second in (asks, asks[::-1]):
        ways = (trusts({"AWS": arn("one")}, [ASSUME, TAG], **condition) for condition in (first, second))
        principals = (hop("one", "first", ASSUME, TAG), role("two", *ways, may=ALL), glass("two", ASSUME, TAG, **NIGHT))
        assert statuses(*principals, scps=only) == ["refuted"]


@pytest.mark.parametrize(
    ("value", "status"), [("night", "refuted"), ("day", "conditional")], ids=["the same", "under X-16 alone"]
)
def test_a_tag_is_passed_again_as_it_is(value, status):
    again = deny(TAG, StringNotEqualsIfExists={SENDS: "${aws:PrincipalTag/shift}"},
                 ArnNotEquals={STATIC: arn("first")})  # fmt: skip
    one = hop("one", "first", ASSUME, TAG, StringEquals={SENDS: value})
    (line,) = rows(one, hop("two", "one", ASSUME, TAG), glass("two", ASSUME, **NIGHT), scps=(again,))
    assert line.status == status
    assert ("X-16" in line.text) is (status == "conditional")


def test_spellings_of_a_key_are_one_key():
    one = hop("one", "first", ASSUME, TAG, **{"ForAllValues:StringEquals": {TRANSITIVE: ["Shift"]}})
    last = glass("two", ASSUME, TAG, StringEquals={"aws:principaltag/SHIFT": "night"})
    assert statuses(one, hop("two", "one", ASSUME, TAG), last, scps=(FIRST_ONLY,)) == ["refuted"]


@pytest.mark.parametrize(
    ("two", "last", "asks", "status"),
    [
        ([ASSUME, TAG], [ASSUME, TAG], {"Null": {CARRIES: "true"}}, "conditional"),
        ([ASSUME, TAG], [ASSUME, TAG], {}, "refuted"),
        ([ASSUME], [ASSUME], {}, "conditional"),
    ],
)
def test_what_a_session_cannot_leave_out_goes_on(two, last, asks, status):
    forced = {"StringLike": {SENDS: "?*"}, "ForAnyValue:StringEquals": {TRANSITIVE: ["shift"]}}
    principals = (hop("one", "first", ASSUME, TAG, **forced), hop("two", "one", *two), glass("two", *last, **asks))
    tested = deny("sts:GetFederationToken", StringEquals={CARRIES: "x"})
    assert statuses(*principals, scps=(tested,)) == [status]


# A source identity goes on by itself, and stays as it is


def named(*last, one=None, two=None, **asks):
    one = hop("one", "first", ASSUME, NAME, **({"StringEquals": one} if one else {}))
    two = hop("two", "one", ASSUME, NAME, **({"StringEquals": two} if two else {}))
    return (one, two, glass("two", *(last or (ASSUME, NAME)), **(asks or {"StringEquals": {IS: "ann"}})))


@pytest.mark.parametrize(
    ("principals", "scps", "status"),
    [
        pytest.param(named(), (), "refuted", id="set"),
        pytest.param(named(), (NO_NEW_NAME,), "refuted", id="set at the first hop only"),
        pytest.param(named(two={IS: "ann"}), (), "refuted", id="asked for on the way"),
        pytest.param(named(two={IS: "bob"}), (), "proved", id="asked for otherwise on the way"),
        pytest.param(named(ASSUME), (), "proved", id="cannot go on to the last role"),
        pytest.param(named(StringEquals={SETS: "ann"}), (NO_NEW_NAME,), "refuted", id="is in the request, too"),
        pytest.param(named(one={SETS: "bob"}, two={SETS: "ann"}), (), "conditional", id="cannot be changed"),
        pytest.param(named(one={SETS: "bob"}, Null={IS: "true"}), (), "conditional", id="cannot be dropped"),
        pytest.param(named(one={SETS: "bob"}, StringLike={IS: "*"}), (), "refuted", id="any one goes on"),
    ],
)
def test_a_source_identity_goes_on(principals, scps, status):
    assert statuses(*principals, scps=scps) == [status]


def test_a_source_identity_crosses_accounts_where_the_caller_may_set_it():
    one = hop("one", "first", ASSUME, NAME)
    last = role("glass", trusts({"AWS": arn("two", OTHER)}, [ASSUME, NAME], StringEquals={IS: "ann"}))
    for actions, status in (([ASSUME], "proved"), ([ASSUME, NAME], "refuted")):
        two = role("two", trusts({"AWS": arn("one")}, [ASSUME, NAME]), account=OTHER, may=(allow(actions),))
        held = RoleException(arn=arn("glass"), held_by=(arn("one"), arn("two", OTHER)))
        first = role("first", NOBODY, may=ALL)
        found = ask(workspace(first, one, two, last, role_exceptions=(held,)), ["C2"], Asking())[0]
        assert [line.status for line in found.lines if line.subject.startswith("exception")] == [status]


# Names of sessions


@pytest.mark.parametrize(("name", "status"), [("ann", "refuted"), ("bob", "conditional")])
@pytest.mark.parametrize("by", ["principal", "userid"])
def test_a_session_is_called_as_both_hops_ask_for(name, status, by):
    session = f"arn:aws:sts::{MINE}:assumed-role/two/ann"
    two = hop("two", "one", ASSUME, StringEquals={CALLED: name})
    last = role("glass", trusts({"AWS": session}))
    if by == "userid":
        last = glass("two", ASSUME, StringLike={"aws:userid": "*:ann"})
    assert statuses(hop("one", "first", ASSUME), two, last) == [status]


# From outside


def test_a_vendor_sets_a_transitive_tag():
    vendor = Vendor(account=VENDOR, roles=(arn("one"),), external_id="required")
    known = trusts({"AWS": VENDOR}, ASSUME, StringEquals={"sts:ExternalId": "x-17"})
    nobody = deny(TAG, Null={SENDS: "false"})  # SCPs do not bind the vendor
    principals = (hop("two", "one", ASSUME, TAG), glass("two", ASSUME, TAG, **NIGHT))
    for trust, status in (((known, trusts({"AWS": VENDOR}, TAG)), "refuted"), ((known,), "proved")):
        found = statuses(role("one", *trust, may=ALL), *principals, vendors=(vendor,), scps=(nobody,))
        assert found == [status]
