"""C2: where calls that change endpoints and sign-in pages count, and calls that may be tested on one resource alone."""

from __future__ import annotations

import pytest

from perimeter_smt.evaluate import decide
from perimeter_smt.organization.model import Endpoint, OwnedResource
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.questions.mitigations import ask
from perimeter_smt.questions.mitigations.model import Asking
from perimeter_smt.questions.mitigations.roles import each_account
from perimeter_smt.request.actions import action_info
from perimeter_smt.request.keys import table_rows
from tests.mitigation_worlds import MANAGEMENT, MINE, OTHER, allow, arn, policy, role, trusts, workspace

NOBODY = trusts({"AWS": arn("nobody")})
ADMINISTRATORS = (arn("administrator"),)
ORGANIZATIONS = f"arn:aws:organizations::{MANAGEMENT}"
SIGN_IN = {"Effect": "Deny", "Principal": "*", "Action": "signin:Authenticate", "Resource": "*"}
SIGN_IN |= {"Condition": {"NotIpAddressIfExists": {"aws:SourceIp": "198.51.100.0/24"}}}
DISABLE = "signin:DeleteConsoleAuthorizationConfiguration"


def editor(action, on="*", account=MINE):
    return role("editor", NOBODY, account=account, may=(allow(action, on),))


def lines(space, start):
    found = ask(space, ["C2"], Asking())[0]
    rows = [line for line in found.lines if line.subject.startswith(start)]
    assert all(decide(hop.case).allowed for line in rows for hop in line.hops)
    return rows


@pytest.mark.parametrize(
    ("action", "listed", "status"),
    [
        ("ec2:CreateVpcEndpoint", True, "refuted"),
        ("ec2:ModifyVpcEndpoint", True, "proved"),
        ("ec2:DeleteVpcEndpoints", True, "proved"),
        ("ec2:DeleteVpcEndpoints", False, "refuted"),
    ],
)
def test_endpoints_are_made_in_accounts_that_have_none(action, listed, status):
    """A new endpoint has no policy, wherever it stands; those that are there are changed where they are."""
    there = Endpoint(id="vpce-0a1", account=OTHER, vpc="vpc-0a1", vpc_account=OTHER, region="eu-west-1")
    space = workspace(editor(action), administrators=ADMINISTRATORS)
    space = each_account(space, lambda a: a.model_copy(update={"endpoints": (there,)}) if a.id == OTHER else a)
    organization = space.organization.model_copy(update={"endpoints_listed": listed})
    (row,) = lines(space.model_copy(update={"organization": organization}), "VPC endpoints")
    assert row.status == status


def test_endpoints_are_guarded_by_an_scp_on_all_of_the_calls():
    denied = {"Effect": "Deny", "Action": ["ec2:*VpcEndpoint*"], "Resource": "*"}
    (row,) = lines(workspace(editor("ec2:*"), scps=(allow("*"), denied), administrators=ADMINISTRATORS), "VPC")
    assert row.status == "proved"


@pytest.mark.parametrize(
    ("account", "rcps", "statuses"),
    [(MANAGEMENT, (SIGN_IN,), ["refuted"]), (MINE, (SIGN_IN,), ["conditional"]), (MINE, (), [])],
)
def test_console_authorization_is_switched_off(account, rcps, statuses):
    """RCPs on signing in count while it is on; what the organization switched on an account may not switch off."""
    rows = lines(workspace(editor(DISABLE, account=account), rcps=rcps, administrators=ADMINISTRATORS), "policies of")
    assert [row.status for row in rows] == statuses
    assert [hop.request.action for row in rows for hop in row.hops] == [DISABLE] * len(statuses)


@pytest.mark.parametrize(
    "action", ["signin:PutResourcePermissionStatement", "signin:DeleteResourcePermissionStatement"]
)
@pytest.mark.parametrize(("owner", "status"), [(MINE, "refuted"), (OTHER, "proved")])
def test_statements_on_signing_in_are_changed_where_there_are_some(action, owner, status):
    document = policy(Kind.RESOURCE, SIGN_IN, name="sign-in")
    resource = OwnedResource(arn=f"arn:aws:signin:us-east-1:{owner}:console", account=owner, policy=document)
    space = workspace(editor(action), administrators=ADMINISTRATORS)
    space = each_account(space, lambda a: a.model_copy(update={"resources": (resource,)}) if a.id == owner else a)
    (row,) = lines(space, "policies of AWS Sign-In")
    assert row.status == status


@pytest.mark.parametrize(
    ("on", "status"), [(["policy/*"], "conditional"), (["root/*"], "proved"), (["policy/*", "ou/*"], "refuted")]
)
def test_what_aws_may_not_test_is_a_condition(on, status):
    """A policy is detached by who may call on it; that AWS asks for its target, too, no page says."""
    may = [f"{ORGANIZATIONS}:{name}" for name in on]
    space = workspace(editor("organizations:DetachPolicy", may, MANAGEMENT), administrators=ADMINISTRATORS)
    (row,) = lines(space, "SCPs")
    assert row.status == status
    assert ("on which it is stopped" in row.text) is (status == "conditional")


def test_types_that_are_demanded_are_so_by_the_reference_or_a_page():
    """A group without a required type stands in `perhaps`, unless the page of the row says that it is demanded."""
    for row in table_rows("tested-resource-types"):
        info = action_info(row["action"])
        assert info is not None
        required = {use.type for use in info.resource_types if use.required}
        by_reference = all(required & set(group) for group in row["types"])
        assert by_reference or "service-authorization" not in row["source"], row["action"]
        assert not any(required & set(group) for group in row.get("perhaps", ())), row["action"]
