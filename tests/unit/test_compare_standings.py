"""Two versions of a document: by themselves, and beside others that allow what they do not."""

from __future__ import annotations

import itertools
import random

import pytest

from perimeter_smt import Kind
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.questions.compare import compare
from perimeter_smt.report import comparison

ACTIONS = ("sqs:SendMessage", "sqs:PurgeQueue", "sns:Publish")
OTHER = "kinesis:PutRecord"  # of a service that no document names
BUCKET = ["arn:aws:s3:::acme-ledger", "arn:aws:s3:::acme-ledger/*"]


def policy(kind, *statements):
    return parse_object({"Version": "2012-10-17", "Statement": list(statements)}, kind, file="p.json", name="p")


def says(effect, *actions, **more):
    return {"Effect": effect, "Action": list(actions), "Resource": "*", **more}


def places(found):
    return {one.stands: one.relation for one in found.standings}


def test_a_deny_that_goes_matters_beside_full_access():
    before = policy(Kind.SCP, says("Allow", "ecs:*"), says("Deny", "ecr:DeleteRepository", Sid="Keep"))
    after = policy(Kind.SCP, says("Allow", "ecs:*"))
    found = compare(before, after)
    assert found.relation == "more"
    assert places(found) == {"alone": "equivalent", "beside": "more"}
    assert found.newly_allowed.request.action == "ecr:DeleteRepository"
    assert "beside AWS's full access" in found.newly_allowed.why
    text = comparison.render(found)
    assert "asked: by itself: equivalent; beside AWS's full access: more" in text
    assert compare(after, before).relation == "less"


def test_a_longer_list_opens_something_by_itself_alone():
    found = compare(policy(Kind.SCP, says("Allow", "ecs:*")), policy(Kind.SCP, says("Allow", "ecs:*", "ecr:*")))
    assert found.relation == "more" and places(found) == {"alone": "more", "beside": "equivalent"}


def test_guardrails_without_allow_stand_at_one_place():
    scps = [policy(Kind.SCP, says("Deny", *actions)) for actions in (["ecr:*"], ["ecr:*", "ecs:*"])]
    found = compare(*scps)
    assert found.relation == "less" and places(found) == {"beside": "less"}
    assert "asked: beside AWS's full access: less" in comparison.render(found)
    rcps = [policy(Kind.RCP, says("Deny", *actions, Principal="*")) for actions in (["sqs:*"], ["sqs:*", "kms:*"])]
    assert "asked" not in comparison.render(compare(*rcps))  # what stands there is never detached


def test_a_list_replaces_full_access_and_what_if_not_is_told():
    denials, allowed = policy(Kind.SCP, says("Deny", "ecr:*")), policy(Kind.SCP, says("Allow", "ecs:*"))
    found = compare(denials, allowed)
    assert (found.relation, found.newly_allowed) == ("less", None)
    assert places(found) == {"alone": "less", "beside": "more"}
    text = comparison.render(found)
    assert "where an Allow replaces AWS's full access: less; beside AWS's full access: more" in text
    assert "newly allowed beside AWS's full access" in text


@pytest.mark.parametrize("kind", [Kind.IDENTITY, Kind.BOUNDARY, Kind.SESSION])
def test_a_deny_of_a_principal_matters_beside_what_allows(kind):
    before = policy(kind, says("Allow", "ecs:*"), says("Deny", "ecr:DeleteRepository"))
    assert compare(before, policy(kind, says("Allow", "ecs:*"))).relation == "more"


def test_bucket_policies_of_denials_differ_for_callers_of_the_account():
    def only_from(*endpoints):
        held = {"StringNotEquals": {"aws:SourceVpce": list(endpoints)}}
        return policy(Kind.RESOURCE, {
            "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": BUCKET, "Condition": held,
        })  # fmt: skip

    one, two = "vpce-0a1b2c3d4e5f60718", "vpce-0a1b2c3d4e5f60719"
    found = compare(only_from(one), only_from(one, two))
    assert found.relation == "more" and places(found) == {"alone": "equivalent", "beside": "more"}
    assert found.newly_allowed.request.principal.account == found.newly_allowed.facts.resource_account
    assert compare(only_from(one), only_from(one)).relation == "equivalent"


def test_denials_of_strangers_alone_open_nothing_in_a_resource_policy():
    """Callers of other accounts get in by an Allow of the policy itself: a Deny of them alone decides nothing."""
    held = {"StringNotEquals": {"aws:PrincipalAccount": "${aws:ResourceAccount}"}}
    who = {"Principal": "*", "Condition": held}
    queue = {**says("Deny", "sqs:*"), **who, "Resource": "arn:aws:sqs:eu-west-1:111122223333:jobs"}
    member = {"Principal": {"AWS": "arn:aws:iam::111122223333:role/worker"}, "Condition": {}}
    allow = {**says("Allow", "sqs:SendMessage"), **member, "Resource": "arn:aws:sqs:eu-west-1:111122223333:jobs"}
    found = compare(policy(Kind.RESOURCE, allow, queue), policy(Kind.RESOURCE, allow))
    assert found.relation == "equivalent"


@pytest.mark.parametrize("kind", [Kind.TRUST, Kind.ENDPOINT])
def test_some_kinds_stand_by_themselves(kind):
    named = {"Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"} | ({} if kind is Kind.TRUST else {"Resource": "*"})
    first = {"Effect": "Deny", **named, "Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-acme0000001"}}}
    second = {"Effect": "Deny", **named, "Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-acme0000002"}}}
    found = compare(policy(kind, first), policy(kind, second))
    assert (found.relation, places(found)) == ("equivalent", {"alone": "equivalent"})


def drawn(rng):
    """A document by its allowed and denied actions, not all empty."""
    allowed = frozenset(a for a in ACTIONS if rng.random() < 0.4)
    denied = frozenset(a for a in ACTIONS if rng.random() < 0.4)
    return (allowed, denied) if allowed or denied else drawn(rng)


def documents(kind, allowed, denied):
    some = ((("Allow", allowed)), (("Deny", denied)))
    return policy(kind, *(says(effect, *sorted(actions)) for effect, actions in some if actions))


def by_hand(before, after):
    """The relation over every set of actions that another policy beside the two allows."""
    gained = lost = False
    for action, besides in itertools.product((*ACTIONS, OTHER), (False, True)):
        old, new = ((besides or action in allowed) and action not in denied for allowed, denied in (before, after))
        gained |= new and not old
        lost |= old and not new
    return ("incomparable" if lost else "more") if gained else ("less" if lost else "equivalent")


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("kind", [Kind.SCP, Kind.IDENTITY])
def test_the_relation_is_that_over_all_that_may_stand_beside(kind, seed):
    rng = random.Random(seed)
    before, after = drawn(rng), drawn(rng)
    if kind is Kind.SCP and bool(before[0]) != bool(after[0]):
        before = (before[0] | {ACTIONS[0]}, before[1])
        after = (after[0] | {ACTIONS[0]}, after[1])
    if kind is Kind.SCP and not before[0]:  # both stand beside full access, and nowhere else
        before, after = (frozenset((*ACTIONS, OTHER)), before[1]), (frozenset((*ACTIONS, OTHER)), after[1])
    assert compare(documents(kind, *before), documents(kind, *after)).relation == by_hand(before, after)
