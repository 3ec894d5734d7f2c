"""C2: who edits guardrails by the policy that delegates the organization, and by sessions of root users."""

from __future__ import annotations

import pytest

from perimeter_smt.evaluate import decide
from perimeter_smt.organization.model import OwnedResource
from perimeter_smt.organization.perimeter import RoleException
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.questions.mitigations import ask
from perimeter_smt.questions.mitigations.model import Asking
from perimeter_smt.questions.mitigations.roles import each_account
from perimeter_smt.request.actions import action_info
from perimeter_smt.request.keys import table_rows
from tests.mitigation_worlds import MANAGEMENT, MINE, ORG, OTHER, allow, arn, policy, role, trusts, workspace

NOBODY = trusts({"AWS": arn("nobody")})
ADMINISTRATORS = (arn("administrator"),)
POLICIES = f"arn:aws:organizations::{MANAGEMENT}:policy/{ORG}"


def lines(space, start):
    found = ask(space, ["C2"], Asking())[0]
    rows = [line for line in found.lines if line.subject.startswith(start)]
    assert all(decide(hop.case).allowed for line in rows for hop in line.hops)
    return rows, found.limits


def delegated(*statements, may="organizations:*Policy"):
    """An organization that delegates its administration, and a role of a member account."""
    space = workspace(role("editor", NOBODY, may=(allow(may),)), administrators=ADMINISTRATORS)
    document = policy(Kind.RESOURCE, *statements, name="delegation")
    arn_of_it = f"arn:aws:organizations::{MANAGEMENT}:organization/{ORG}"
    resource = OwnedResource(arn=arn_of_it, account=MANAGEMENT, policy=document)
    return each_account(space, lambda a: a.model_copy(update={"resources": (resource,)}) if a.id == MANAGEMENT else a)


def to(account=MINE, action="organizations:UpdatePolicy", resource="*", **condition):
    out = {"Effect": "Allow", "Principal": {"AWS": account}, "Action": action, "Resource": resource}
    return {**out, "Condition": condition} if condition else out


@pytest.mark.parametrize(
    ("statement", "status"),
    [
        (to(), "refuted"),
        (to(OTHER), "proved"),
        (to(action="organizations:DescribePolicy"), "proved"),
        (to(StringEquals={"organizations:PolicyType": "SERVICE_CONTROL_POLICY"}), "refuted"),
        (to(StringEquals={"organizations:PolicyType": "BACKUP_POLICY"}), "proved"),
        (to(resource=f"{POLICIES}/resource_control_policy/*"), "refuted"),
        (to(resource=f"{POLICIES}/tag_policy/*"), "proved"),
    ],
)
def test_delegated_administrators_edit_guardrails(statement, status):
    """The policy of the organization decides calls of member accounts on its policies."""
    ((line,), limits) = lines(delegated(statement), "SCPs")
    assert line.status == status
    assert status == "proved" or line.hops[0].request.resource.startswith(f"{POLICIES}/")
    assert not any("AWS Organizations act by" in limit for limit in limits)


def test_a_delegation_is_for_who_is_allowed_himself_and_not_denied():
    assert lines(delegated(to(), may="s3:GetObject"), "SCPs")[0][0].status == "proved"
    deny = {"Effect": "Deny", "Principal": "*", "Action": "organizations:UpdatePolicy", "Resource": "*"}
    assert lines(delegated(to(), deny), "SCPs")[0][0].status == "proved"


def roots(caller_account, told, action="sts:AssumeRoot", **condition):
    exempt = role("glass", trusts({"AWS": arn("keeper")}))
    caller = role("caller", NOBODY, account=caller_account, may=(allow(action, "*", **condition),))
    exceptions = (RoleException(arn=arn("glass"), held_by=(arn("keeper"),)),)
    space = workspace(exempt, caller, role_exceptions=exceptions, administrators=ADMINISTRATORS)
    organization = space.organization.model_copy(update={"delegated_administrators": told})
    return space.model_copy(update={"organization": organization})


@pytest.mark.parametrize(
    ("account", "told", "status"),
    [
        (MANAGEMENT, (), "conditional"),
        (OTHER, (), "proved"),
        (OTHER, ((OTHER, "iam.amazonaws.com"),), "conditional"),
        (OTHER, ((OTHER, "sso.amazonaws.com"),), "proved"),
        (OTHER, None, "conditional"),
    ],
)
def test_who_takes_sessions_of_root_users(account, told, status):
    """Who makes a password for the root user, and reads its mail, is the root user."""
    (rows, _) = lines(roots(account, told), "exception")
    assert rows[0].status == status
    if status == "conditional":
        (line,) = rows
        assert [hop.request.action for hop in line.hops] == ["sts:AssumeRoot", "iam:UpdateAssumeRolePolicy"]
        assert ("does not administer IAM" in line.text) is (told is None)


def test_a_session_of_a_root_user_for_another_task():
    audit = {"sts:TaskPolicyArn": "arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials"}
    (rows, _) = lines(roots(MANAGEMENT, (), ArnEquals=audit), "exception")
    assert [line.status for line in rows] == ["proved"]


def escalation_calls():
    names = {row["action"] for name in ("escalation-actions", "guardrail-actions") for row in table_rows(name)}
    return sorted(names | {call for row in table_rows("pass-role-paths") for call in row["calls"]})


def test_tables_name_actions_that_are_there_and_services_that_are_passed_roles():
    """A misspelled action would be a path that is never found; a service in one table belongs into the other."""
    assert [name for name in escalation_calls() if action_info(name) is None] == []
    passed = {row["principal"] for row in table_rows("passed-role-services")}
    assert {row["principal"] for row in table_rows("pass-role-paths")} <= passed


def paths():
    rows = table_rows("pass-role-paths")
    return [pytest.param(row, id=f"{row['principal']} {row['calls'][-1]}") for row in rows]


@pytest.mark.parametrize("row", paths()[::4])
def test_paths_of_passed_roles(row):
    """With all calls of a row and iam:PassRole the role is taken; a row with `unless` is a condition."""
    exempt = role("glass", trusts({"Service": row["principal"]}))
    may = allow(["iam:PassRole", *row["calls"]])
    exceptions = (RoleException(arn=arn("glass"), held_by=(arn("keeper"),)),)
    more = {"role_exceptions": exceptions, "assumptions": ("AE9.passed-role",)}
    ((line,), _) = lines(workspace(exempt, role("worker", NOBODY, may=(may,)), **more), "exception")
    assert line.status == ("conditional" if "unless" in row else "refuted")
    fewer = allow(["iam:PassRole", *row["calls"][:-1]])
    ((line, *_), _) = lines(workspace(exempt, role("worker", NOBODY, may=(fewer,)), **more), "exception")
    assert line.status in ("proved", "conditional")


MAILBOX = ["account:StartPrimaryEmailUpdate", "account:AcceptPrimaryEmailUpdate"]


@pytest.mark.parametrize(
    ("account", "told", "status"),
    [
        (MANAGEMENT, (), "conditional"),
        (OTHER, (), "proved"),
        (OTHER, ((OTHER, "account.amazonaws.com"),), "conditional"),
        (OTHER, ((OTHER, "iam.amazonaws.com"),), "proved"),
        (OTHER, None, "conditional"),
    ],
)
def test_who_sets_the_mailbox_of_a_root_user(account, told, status):
    """A new address, and a code that is sent to it: then a password is asked for there."""
    (rows, _) = lines(roots(account, told, MAILBOX), "exception")
    assert rows[0].status == status
    if status == "conditional":
        (line,) = rows
        assert [hop.request.action for hop in line.hops] == [*MAILBOX, "iam:UpdateAssumeRolePolicy"]
        wanted = f"arn:aws:account::{MANAGEMENT}:account/{ORG}/{MINE}"
        assert [hop.request.resource for hop in line.hops[:2]] == [wanted, wanted]
        assert ("does not administer Account Management" in line.text) is (told is None)


@pytest.mark.parametrize(
    ("action", "condition"),
    [
        (MAILBOX[0], {}),
        (MAILBOX[1], {}),
        ("account:PutAlternateContact", {}),
        (MAILBOX, {"StringEquals": {"account:EmailTargetDomain": "example.com", "aws:ResourceAccount": OTHER}}),
    ],
)
def test_a_mailbox_needs_both_calls(action, condition):
    (rows, _) = lines(roots(MANAGEMENT, (), action, **condition), "exception")
    assert [line.status for line in rows] == ["proved"]


def test_a_guardrail_holds_who_administers_accounts_and_not_the_management_account():
    deny = {"Effect": "Deny", "Action": MAILBOX[1], "Resource": "*"}
    for account, status in ((OTHER, "proved"), (MANAGEMENT, "conditional")):
        space = roots(account, ((OTHER, "account.amazonaws.com"),), MAILBOX)
        guardrails = space.organization.root.guardrails.model_copy(update={"scps": (policy(Kind.SCP, deny),)})
        root = space.organization.root.model_copy(update={"guardrails": guardrails})
        organization = space.organization.model_copy(update={"root": root})
        (rows, _) = lines(space.model_copy(update={"organization": organization}), "exception")
        assert [line.status for line in rows] == [status]


@pytest.mark.parametrize(
    ("action", "service", "status"),
    [
        ("lambda:AddPermission", "lambda.amazonaws.com", "conditional"),
        ("ecr:SetRepositoryPolicy", "ecs-tasks.amazonaws.com", "conditional"),
        ("ecr:PutImage", "ec2.amazonaws.com", "proved"),
        ("s3:PutBucketPolicy", "lambda.amazonaws.com", "proved"),
    ],
)
def test_policies_of_what_runs_with_a_role(action, service, status):
    """Who writes them lets himself change the code."""
    glass = role("glass", trusts({"Service": service}))
    exceptions = (RoleException(arn=arn("glass"), held_by=(arn("keeper"),)),)
    writer = role("writer", NOBODY, may=(allow(action),))
    more = {"role_exceptions": exceptions, "assumptions": ("AE9.passed-role",)}
    ((line,), _) = lines(workspace(glass, writer, **more), "exception")
    assert line.status == status
    assert [hop.request.action for hop in line.hops] == ([action] if status == "conditional" else [])
