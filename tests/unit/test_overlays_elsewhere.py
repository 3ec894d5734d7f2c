"""Changes of what stands partly elsewhere: groups, statements, grants, endpoints, targets, accounts of nobody."""

from __future__ import annotations

import json

import pytest

from perimeter_smt.organization.readers import SourceOptions, read_source
from perimeter_smt.questions.changes.ask import compare_workspaces

ORG, OWN, OTHER, PARTNER = "o-acme0000003", "111122223333", "444455556666", "210987654321"
ROLE, USER = f"arn:aws:iam::{OWN}:role/clerk", f"arn:aws:iam::{OWN}:user/eve"
FUNCTION = f"arn:aws:lambda:eu-west-1:{OWN}:function:bills"
KEY = f"arn:aws:kms:eu-west-1:{OWN}:key/0b1b2b3b-1111-2222-3333-444455556666"
UNKNOWN_KEY = KEY.replace("0b1b", "0c1c")
DOOR, VPC = "vpce-0b000000000000001", "vpc-0b000000000000001"
UNIT = "ou-0000-0000000abc"


def says(sid, effect="Allow", action="sqs:*", **more):
    return {"Version": "2012-10-17", "Statement": [{"Sid": sid, "Effect": effect, "Action": action, **more}]}


FILES = {
    "edge.json": says("Scp", "Deny", "*", Resource="*",
                      Condition={"StringNotEqualsIfExists": {"aws:ResourceOrgID": ORG}}),
    "rcp/edge.json": says("Rcp", "Deny", "sqs:*", Principal="*", Resource="*",
                          Condition={"StringNotEqualsIfExists": {"aws:PrincipalOrgID": ORG}}),
    "work.json": says("Work", Resource="*"),
    "trust.json": says("Trust", "Allow", "sts:AssumeRole", Principal={"Service": "ec2.amazonaws.com"}),
    "door.json": says("Door", "Allow", "*", Principal="*", Resource="*",
                      Condition={"StringEquals": {"aws:PrincipalOrgID": ORG}}),
    "function.json": says("Partner", "Allow", "lambda:InvokeFunction", Resource=FUNCTION,
                          Principal={"AWS": f"arn:aws:iam::{PARTNER}:root"}),
}  # fmt: skip
YAML = f"""
id: {ORG}
management_account: "999900001111"
root:
  id: r-0000
  units:
    - {{id: {UNIT}, name: one, scps: [FullAWSAccess, edge.json], rcps: [rcp/edge.json], accounts: [
        {{id: "{OWN}", principals: [{{arn: "{ROLE}", policies: [work.json], trust: trust.json}}, {{arn: "{USER}"}}],
          resources: [{{arn: "{FUNCTION}", policy: function.json}}, {{arn: "{KEY}", grants: []}},
                      {{arn: "{UNKNOWN_KEY}"}}],
          endpoints: [{{id: {DOOR}, vpc: {VPC}, region: eu-west-1, type: gateway, services: [s3],
                        policy: door.json}}]}}]}}
    - {{id: ou-0000-0000000two, name: two, accounts: [{{id: "{OTHER}", principals: [], resources: []}}]}}
"""


@pytest.fixture
def base(tmp_path):
    folder = tmp_path / "acme"
    (folder / "rcp").mkdir(parents=True)
    for name, value in FILES.items():
        (folder / name).write_text(json.dumps(value))
    (folder / "perimeter.yaml").write_text(f"orgs: [{ORG}]\n")
    (folder / "organization.yaml").write_text(YAML)
    return folder


def change(kind, before, after, actions=("create",), *, unknown=None):
    found = {"actions": list(actions), "before": before, "after": after, "after_unknown": unknown or {}}
    return {"address": f"{kind}.x", "mode": "managed", "type": kind, "change": found}


def laid_over(base, *changes, text=None, **options):
    path = base.parent / ("plan.json" if text is None else "template.yaml")
    planned = [{"address": c["address"], "mode": "managed", "type": c["type"], "values": c["change"]["after"]}
               for c in changes if c["change"]["after"]]  # fmt: skip
    path.write_text(text or json.dumps({"format_version": "1.2", "resource_changes": list(changes),
                                        "planned_values": {"root_module": {"resources": planned}}}))  # fmt: skip
    return read_source(path, SourceOptions(**{"organization": base, "account": OWN, "region": "eu-west-1", **options}))


def template(base, resources):
    return laid_over(base, text=json.dumps({"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources}))


def account(found, own=OWN):
    return next(a for a, _ in found.organization.accounts() if a.id == own)


def resource(found, arn):
    return next(r for r in account(found).resources if r.arn == arn)


def unit(found):
    return found.organization.root.units[0].guardrails


def sids(documents):
    return [s.sid for d in documents for s in d.statements]


def facts(found):
    return [u.name for u in found.unknowns if u.affects == "facts"]


def opens(base, after, services, mode="guardrails"):
    found = compare_workspaces(read_source(base), after, services=services, modes=[mode])
    return found.parts[0].opens.status


INVOKE = {"function_name": "bills", "action": "lambda:InvokeFunction", "principal": "sns.amazonaws.com"}
PERMITTED = {"function_name": FUNCTION, "action": "lambda:InvokeFunction", "principal": f"arn:aws:iam::{PARTNER}:root"}


def test_a_permission_comes_on_top(base):
    """It took the place of the whole policy, so that what the organization allowed was gone."""
    found = laid_over(base, change("aws_lambda_permission", None, INVOKE))
    assert sids([resource(found, FUNCTION).policy]) == ["Partner", None]
    found = template(base, {"P": {"Type": "AWS::Lambda::Permission", "Properties": {
        "FunctionName": "bills", "Action": "lambda:InvokeFunction", "Principal": "sns.amazonaws.com"}}})  # fmt: skip
    assert sids([resource(found, FUNCTION).policy]) == ["Partner", None]


def test_a_permission_that_goes(base):
    found = laid_over(base, change("aws_lambda_permission", PERMITTED, None, ["delete"]))
    assert resource(found, FUNCTION).policy is None


def test_one_of_two_permissions_that_say_the_same_goes(base):
    """The other one still lets the partner in."""
    (partner,) = FILES["function.json"]["Statement"]
    twice = {"Version": "2012-10-17", "Statement": [partner, {**partner, "Sid": "Again"}]}
    (base / "function.json").write_text(json.dumps(twice))
    found = laid_over(base, change("aws_lambda_permission", PERMITTED, None, ["delete"]))
    assert sids([resource(found, FUNCTION).policy]) == ["Again"]


def test_grants_of_keys(base):
    """They were passed over in silence, also where the organization lists all of a key."""
    grant = {"key_id": KEY, "grantee_principal": f"arn:aws:iam::{OTHER}:root", "operations": ["Decrypt"]}
    found = laid_over(base, change("aws_kms_grant", None, grant))
    assert [g.grantee for g in resource(found, KEY).grants] == [f"arn:aws:iam::{OTHER}:root"]
    assert opens(base, found, ["kms"], "grants") == "found"
    found = laid_over(base, change("aws_kms_grant", None, {**grant, "key_id": UNKNOWN_KEY}))
    assert f"grants of `{UNKNOWN_KEY}`" in facts(found)


@pytest.mark.parametrize(("kind", "values"), [
    ("aws_iam_user_group_membership", {"user": "eve", "groups": ["admins"]}),
    ("aws_iam_group_membership", {"group": "admins", "users": ["eve"]}),
])  # fmt: skip
def test_a_user_who_comes_into_a_group_of_the_organization(base, kind, values):
    """What the group has stands elsewhere; the user was taken to get nothing."""
    found = laid_over(base, change(kind, None, values))
    assert not account(found).listed
    assert USER not in {p.arn for p in account(found).principals}


def test_the_same_by_a_template(base):
    found = template(base, {"A": {"Type": "AWS::IAM::UserToGroupAddition",
                                  "Properties": {"GroupName": "admins", "Users": ["eve"]}}})  # fmt: skip
    assert not account(found).listed


def test_a_policy_of_a_group_beside_another_group(base):
    """Members of one group hid that those of another are not told."""
    policy = json.dumps(says("More", "Allow", "*", Resource="*"))
    changes = [change("aws_iam_group", None, {"name": "a", "path": "/"}),
               change("aws_iam_user", None, {"name": "u", "path": "/"}),
               change("aws_iam_user_group_membership", None, {"user": "u", "groups": ["a"]}),
               change("aws_iam_group_policy", None, {"name": "p", "group": "others", "policy": policy})]  # fmt: skip
    assert f"members of `arn:aws:iam::{OWN}:group/others`" in facts(laid_over(base, *changes))


def test_an_scp_with_the_name_of_an_rcp(base):
    new = {"name": "edge", "type": "SERVICE_CONTROL_POLICY", "content": json.dumps(says("New", "Deny", Resource="*"))}
    found = laid_over(base, change("aws_organizations_policy", None, new, unknown={"id": True}))
    assert (sids(unit(found).scps), sids(unit(found).rcps)) == (["New"], ["Rcp"])


def test_a_type_of_policies_that_is_disabled(base):
    before = {"id": ORG, "enabled_policy_types": ["SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"]}
    after = {**before, "enabled_policy_types": ["SERVICE_CONTROL_POLICY"]}
    found = laid_over(base, change("aws_organizations_organization", before, after, ["update"]))
    assert (sids(unit(found).scps), sids(unit(found).rcps)) == (["Scp"], [])
    assert opens(base, found, ["sqs"]) == "found"
    found = laid_over(base, change("aws_organizations_organization", before, None, ["delete"]))
    assert "what `aws_organizations_organization.x` ends" in facts(found)


def test_an_attachment_that_terraform_forgets(base):
    policy = {"id": "p-1", "name": "edge", "type": "SERVICE_CONTROL_POLICY", "content": json.dumps(FILES["edge.json"])}
    kept = change("aws_organizations_policy", policy, policy, ["no-op"])
    attached = {"policy_id": "p-1", "target_id": UNIT, "skip_destroy": True}
    found = laid_over(base, kept, change("aws_organizations_policy_attachment", attached, None, ["delete"]))
    assert sids(unit(found).scps) == ["Scp"]
    attached = {"policy_id": "p-1", "target_id": "ou-9999-00000000"}
    found = laid_over(base, kept, change("aws_organizations_policy_attachment", None, attached))
    assert any("ou-9999-00000000" in u.name for u in found.unknowns)


def test_an_account_that_the_organization_does_not_hold(base):
    found = laid_over(base, change("aws_sqs_queue", None, {"name": "q"}), account="777788889999")
    assert facts(found) == ["account `777788889999`"]


def test_the_policy_of_an_endpoint_that_goes(base):
    """The endpoint of the plan showed its policy as it was."""
    door = {"id": DOOR, "vpc_id": VPC, "service_name": "com.amazonaws.eu-west-1.s3", "vpc_endpoint_type": "Gateway",
            "policy": json.dumps(FILES["door.json"])}  # fmt: skip
    policy = {"vpc_endpoint_id": DOOR, "policy": json.dumps(FILES["door.json"])}
    found = laid_over(base, change("aws_vpc_endpoint", door, door, ["no-op"]),
                      change("aws_vpc_endpoint_policy", policy, None, ["delete"]))  # fmt: skip
    assert [e.policy for e in account(found).endpoints] == [None]


def endpoint(vpc, **more):
    return {"E": {"Type": "AWS::EC2::VPCEndpoint", "Properties": {
        "VpcId": vpc, "ServiceName": "com.amazonaws.eu-west-1.s3", **more}}}  # fmt: skip


def test_an_endpoint_of_a_template_is_the_one_of_its_vpc_and_service(base):
    """It stood beside the one that it replaces, whose policy still counted."""
    found = template(base, endpoint(VPC, PolicyDocument=says("New", "Allow", "*", Principal="*", Resource="*")))
    (door,) = account(found).endpoints
    assert (door.id, sids([door.policy])) == (DOOR, ["New"])
    assert facts(found) == ["id of endpoint `E`"]
    assert opens(base, found, ["s3"]) == "found"
    assert len(account(template(base, endpoint("vpc-0c000000000000001"))).endpoints) == 2


def control(targets, **more):
    return {"S": {"Type": "AWS::Organizations::Policy", "Properties": {
        "Name": "edge", "Type": "SERVICE_CONTROL_POLICY", "Content": FILES["edge.json"], "TargetIds": targets,
        **more}}}  # fmt: skip


def test_a_template_lists_every_target_of_an_scp(base):
    """One that it no longer lists kept the policy."""
    assert sids(unit(template(base, control([UNIT]))).scps) == ["Scp"]
    found = template(base, control(["ou-0000-0000000two"]))
    assert sids(unit(found).scps) == []
    assert [u.name for u in found.unknowns if u.affects == "guardrails"] == ["SCP `edge`"]
    found = template(base, control(["ou-0000-0000000two", {"Ref": "Nothing"}]))
    assert sids(found.organization.root.units[1].guardrails.scps) == ["Scp"]


def test_a_role_that_goes_opens_nothing(base):
    """Its name was free for others in other spellings, which counted as a new way."""
    role = {"arn": ROLE, "name": "clerk", "path": "/"}
    found = laid_over(base, change("aws_iam_role", role, None, ["delete"]))
    assert opens(base, found, ["sqs"]) == "none"


@pytest.mark.parametrize("closes", [True, False])
def test_an_account_that_ends(base, closes):
    before = {"id": OTHER, "name": "other", "parent_id": "ou-0000-0000000two", "close_on_deletion": closes}
    found = laid_over(base, change("aws_organizations_account", before, None, ["delete"]))
    assert OTHER not in {a.id for a, _ in found.organization.accounts()}
    assert facts(found) == ([] if closes else ["what `aws_organizations_account.x` ends"])


def test_a_policy_that_is_not_known_is_not_decided(base):
    """It was shown as opening something, with requests to resources that nobody lists."""
    unknown = {"policy": True}
    after = {"queue_url": f"https://sqs.eu-west-1.amazonaws.com/{OWN}/q"}
    found = laid_over(base, change("aws_sqs_queue_policy", None, after, unknown=unknown))
    part = compare_workspaces(read_source(base), found, services=["sqs"], modes=["grants"]).parts[0].opens
    assert (part.status, len(part.changes)) == ("conditional", 1)
    assert part.reason.startswith("what is not known may let calls through: policy of `arn:aws:sqs")
    public = json.dumps(says("Open", "Allow", "sns:*", Principal="*", Resource="*"))
    both = [
        change("aws_sqs_queue_policy", None, after, unknown=unknown),
        {**change("aws_sns_topic_policy", None, {"arn": f"arn:aws:sns:eu-west-1:{OWN}:t", "policy": public})},
    ]
    found = laid_over(base, *both)
    part = compare_workspaces(read_source(base), found, services=["sns"], modes=["grants"]).parts[0].opens
    assert part.status == "found"  # what is known opens something, too
    assert all(change.because for change in part.changes)
