"""One small world for each open point that alone decides it: every question names the point.

Under the chosen readings nobody outside has access; read the other way at this point, somebody does.
"""

from __future__ import annotations

import json

import pytest

from perimeter_smt.encode.language.text import readings
from perimeter_smt.organization.model import Account, Guardrails, Organization, OwnedPrincipal, OwnedResource, Unit
from perimeter_smt.organization.perimeter import Perimeter, Workspace
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.questions.changes.ask import compare_workspaces
from perimeter_smt.questions.checks.access_not_granted import access_not_granted
from perimeter_smt.questions.checks.no_new_access import no_new_access
from perimeter_smt.questions.checks.public import no_public_access
from perimeter_smt.questions.checks.workspace import access_not_granted_in_workspace, public_in_workspace
from perimeter_smt.questions.compare import compare
from perimeter_smt.questions.findings.answer import findings, findings_of_workspace
from perimeter_smt.questions.findings.who import what_can, who_can
from perimeter_smt.questions.perimeter import prove
from perimeter_smt.report import access
from perimeter_smt.report.checks import render as render_checks

ORG, OWN, MANAGEMENT, STRANGER = "o-acme0000063", "131313131313", "999900001111", "141414141414"
QUEUE = f"arn:aws:sqs:eu-west-1:{OWN}:jobs"
ROLE = f"arn:aws:iam::{OWN}:role/app"
TAG, OTHER = "${aws:PrincipalTag/t}", "${aws:SourceIdentity}"


def allow(who="*", resource=QUEUE, **condition):
    more = {"Condition": condition} if condition else {}
    return {"Effect": "Allow", "Principal": who, "Action": "sqs:SendMessage", "Resource": resource, **more}


def deny(**parts):
    out = {"Effect": "Deny", "Action": "*", **parts}
    out |= {} if "NotPrincipal" in parts else {"Principal": parts.get("Principal", "*")}
    return out | ({} if {"Resource", "NotResource"} & {*parts} else {"Resource": "*"})


def unless(**condition):
    return deny(Condition=condition)


FROM_SNS = {"ArnLike": {"aws:SourceArn": "arn:aws:sns:eu-west-*:141414141414:a"}}
SNS = {"Service": "sns.amazonaws.com"}
# The policy of a queue for each point that a policy alone can hang on.
POLICIES = {
    "X-1": [allow(), deny(Resource="arn:aws:sqs:*:jobs")],
    "X-2": [allow(resource="arn:aws:sqs:eu-west-1")],
    "X-3": [
        allow(), deny(NotResource=f"arn:aws:sqs:*:*:{TAG}"), unless(Null={"aws:PrincipalTag/t": "false"}),
    ],
    "X-4": [allow(), deny(NotPrincipal={"AWS": f"arn:aws:iam::{STRANGER}:role/r"})],
    "X-5": [allow(), unless(**{"ForAnyValue:StringEqualsIfExists": {"aws:TagKeys": "a"}})],
    "X-6": [allow(StringNotEquals={"aws:PrincipalOrgPaths": "o-acme0000064/r-zz01/"})],
    "X-8": [allow(StringEquals={"aws:PrincipalTag/t": ""}), unless(Null={"aws:PrincipalTag/t": "true"})],
    "X-9": [
        allow(IpAddress={"aws:SourceIp": "2600:1f00::"}), unless(IpAddress={"aws:SourceIp": "2600:1f00::/128"}),
    ],
    "X-10": [allow(), unless(DateNotEquals={"aws:CurrentTime": "soon"})],
    "X-11": [allow(), deny(Resource=f"arn:aws:*:eu-west-1:{OWN}:*")],
    "X-12": [
        allow(ArnNotLike={"aws:PrincipalTag/t": "arn:aws:iam::*:role/x"}),
        unless(StringLike={"aws:PrincipalTag/t": "arn:*"}),
        unless(Null={"aws:PrincipalTag/t": "true"}),
    ],
    "X-13": [allow(ArnLike={"aws:PrincipalArn": "arn:aws:iam:*"})],
    "X-14": [allow(), unless(DateLessThan={"aws:CurrentTime": "2999"}),
             unless(DateGreaterThan={"aws:CurrentTime": "2998-01-01T00:00:00Z"})],
    "X-15": [allow(), unless(Bool={"aws:SecureTransport": "${aws:SecureTransport}"})],
    "X-16": [
        allow(), unless(StringNotEquals={"aws:PrincipalAccount": TAG}), unless(Null={"aws:PrincipalTag/t": "false"}),
    ],
    "X-27": [allow(SNS), deny(Principal={"AWS": "*"})],
    "X-30": [allow(), unless(**{"ForAnyValue:Null": {"aws:TagKeys": "true"}})],
    "X-38": [allow(SNS, **FROM_SNS), unless(StringLike={"aws:SourceArn": "arn:aws:sns:eu-west-?:141414141414:a"})],
    "X-42": [
        allow(StringLike={"aws:PrincipalTag/t": f"x{OTHER}"}), unless(StringEquals={"aws:PrincipalTag/t": f"x{OTHER}"}),
        unless(Null={"aws:SourceIdentity": "true"}),
    ],
}  # fmt: skip
# Why a point is in none of the tables of this file.
ELSEWHERE = {
    "X-19": "a list of services of older pages: closed but for services that have had RCPs since",
    "X-25": "policies with a wildcard in the service half are refused",
    "X-32": "grants of keys that no source tells are told by themselves, under `unknowns`",
    "X-39": "GetCallerIdentity gives no access to anything",
    "X-44": "asked of calls through access points: test_prove_multi_region",
}  # fmt: skip


def document(kind, *statements):
    value = {"Version": "2012-10-17", "Statement": list(statements)}
    return parse_object(value, kind, file="p.json", name="p", strict=False)


NOTHING = document(Kind.RESOURCE, {**allow({"AWS": OWN}), "Action": "sqs:GetQueueUrl"})


def workspace(*resources, principals=(), rcps=()):
    own = Account(id=OWN, listed=True, resources=resources, principals=principals)
    root = Unit(
        id="r-ac63", guardrails=Guardrails(rcps=rcps), accounts=(own, Account(id=MANAGEMENT, listed=True)),
    )  # fmt: skip
    organization = Organization(id=ORG, management_account=MANAGEMENT, root=root)
    return Workspace(organization=organization, perimeter=Perimeter(orgs=(ORG,)), name="w")


def queue(policy):
    return OwnedResource(arn=QUEUE, account=OWN, policy=policy)


def named(point, text):
    return f"{point}" in text.replace(",", " ").replace("(", " ").split() or f" {point}" in text


@pytest.mark.parametrize("point", POLICIES)
def test_questions_about_one_policy(point):
    policy = document(Kind.RESOURCE, *POLICIES[point])
    found = findings(policy)
    assert (found.status, found.findings, found.may_find) == ("complete", (), (point,))
    compared = compare(NOTHING, policy)
    assert compared.newly_allowed is None and compared.may_allow == (point,)
    for check in (
        access_not_granted(policy, actions=["sqs:SendMessage"], only_possible=True),
        no_new_access(NOTHING, policy, only_possible=True),
    ):
        assert check.result == "UNKNOWN" and point in check.message
        if point == "X-42":  # what such a wildcard matches is left open, so that no request is shown
            continue
        assert check.message.endswith(f"the other way at {point}")
        assert check.evidence.depends_on == (point,) and point in check.evidence.why


# Those of the policies that let in strangers whom they do not write out, read the other way.
PUBLIC = ("X-1", "X-2", "X-3", "X-5", "X-6", "X-8", "X-10", "X-11", "X-12", "X-13", "X-15", "X-16", "X-30")


@pytest.mark.parametrize("point", PUBLIC)
def test_public(point):
    policy = document(Kind.RESOURCE, *POLICIES[point])
    for check in (no_public_access(policy), *public_in_workspace(workspace(queue(policy)))):
        assert check.result == "UNKNOWN" and check.message.endswith(f"the other way at {point}")
        assert point in render_checks([check])


@pytest.mark.parametrize("point", POLICIES)
def test_questions_about_a_workspace(point):
    space = workspace(queue(document(Kind.RESOURCE, *POLICIES[point])))
    found = findings_of_workspace(space, services=["sqs"])
    assert (found.status, found.findings, found.may_find) == ("complete", (), (point,))
    text = access.render_findings(found)
    assert text.startswith("under the chosen readings no access") and point in text
    answer = who_can(space, "sqs:SendMessage", QUEUE)
    (outsiders,) = (one for one in answer.callers if one.name == "outsiders")
    assert (outsiders.status, outsiders.findings, outsiders.may_find) == ("complete", (), (point,))
    assert point in access.render_callers(answer) and json.dumps([point]) in json.dumps(access.callers_json(answer))
    (part,) = compare_workspaces(workspace(queue(NOTHING)), space, services=["sqs"], modes=["grants"]).parts
    assert part.opens.status == "conditional" and part.opens.reason.endswith(f"not without {point}")


def test_proofs_that_hang_on_wildcards_in_values_are_conditional():
    """No request can be shown, as nobody knows what the wildcard matches: that was an internal error."""
    space = workspace(queue(document(Kind.RESOURCE, *POLICIES["X-42"])))
    report = prove(space, objectives=["O1"], services=["sqs"], mode="grants", availability=False)
    (verdict,) = report.verdicts
    assert verdict.status == "conditional" and verdict.reason.endswith("not without X-42")


def test_what_the_perimeter_settles_is_not_open():
    space = workspace(queue(document(Kind.RESOURCE, *POLICIES["X-6"])))
    chosen = space.model_copy(update={"perimeter": Perimeter(orgs=(ORG,), readings={"X-6": "chosen"})})
    found = findings_of_workspace(chosen, services=["sqs"])
    assert (found.findings, found.may_find) == ((), ())
    rival = space.model_copy(update={"perimeter": Perimeter(orgs=(ORG,), readings={"X-6": "rival"})})
    found = findings_of_workspace(rival, services=["sqs"])
    assert found.findings and found.may_find == ()


def role(*statements, trust=None):
    return OwnedPrincipal(
        arn=ROLE, type="role", account=OWN, policies=(document(Kind.IDENTITY, *statements),) if statements else (),
        trust=document(Kind.TRUST, trust) if trust else None,
    )  # fmt: skip


def own(action, resource="*"):
    return {"Effect": "Allow", "Action": action, "Resource": resource}


RCP = document(Kind.RCP, {"Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Resource": "*", "Condition": {
    "StringEquals": {"aws:ResourceAccount": "${aws:ResourceAccount}"}}})  # fmt: skip
ANY_RCP = document(Kind.RCP, {"Effect": "Deny", "Principal": "*", "Action": "sqs:ListQueues", "Resource": "*"})
DOUBTFUL = {
    "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::acme-desk/*",
    "Condition": {"StringEquals": {"aws:VpceAccount": STRANGER}},
}  # fmt: skip
TRUST = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRoleWithWebIdentity"}
BUCKET = OwnedResource(
    arn="arn:aws:s3:::acme-desk", account=OWN, acls=False, block_public_access=True,
    policy=document(Kind.BUCKET, DOUBTFUL),
)  # fmt: skip
# Points that hang on more than a policy: the world, the action, and who gets in the other way.
WORLDS = {
    "X-17": (workspace(queue(document(Kind.RESOURCE, allow())), rcps=(RCP,)), "sqs:SendMessage", "outsiders"),
    "X-18": (workspace(principals=(role(own("sqs:ListQueues")),), rcps=(ANY_RCP,)), "sqs:ListQueues", ROLE),
    "X-41": (workspace(BUCKET), "s3:GetObject", "outsiders"),
    "X-45": (workspace(principals=(role(trust=TRUST),)), "sts:AssumeRoleWithWebIdentity", "outsiders"),
    "X-46": (
        workspace(principals=(role(own("kms:ListKeys", "arn:aws:kms:*:*:key/*")),)), "kms:ListKeys", ROLE,
    ),
}  # fmt: skip


@pytest.mark.parametrize("point", WORLDS)
def test_points_of_a_world(point):
    space, action, name = WORLDS[point]
    whole = "" if action in ("kms:ListKeys", "sqs:ListQueues") else f"arn:aws:*:*:{OWN}:*"
    whole = "arn:aws:s3:::acme-desk/*" if action.startswith("s3") else whole
    answer = who_can(space, action, whole)
    (one,) = (caller for caller in answer.callers if caller.name == name)
    assert (one.status, one.may_find) == ("complete", (point,))
    assert point in ("X-17", "X-41") or not one.findings  # service-linked roles, services
    if name == ROLE:
        (one,) = what_can(space, ROLE, services=[action.partition(":")[0]]).callers
        assert (one.findings, one.may_find) == ((), (point,))
        if point == "X-46":
            (check,) = access_not_granted_in_workspace(space, actions=[action])
            assert check.result == "UNKNOWN" and point in check.message
    else:
        found = findings_of_workspace(space, services=[action.partition(":")[0]])
        assert found.may_find == (point,)


def test_every_open_point_is_in_a_table_or_has_a_reason():
    assert {*readings()} == {*POLICIES, *WORLDS, *ELSEWHERE}
