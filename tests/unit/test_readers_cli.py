"""Folders of AWS CLI answers: recognised by content, put together, and what is not known named."""

from __future__ import annotations

import json

import pytest

from perimeter_smt.cli.main import run
from perimeter_smt.errors import InputError
from perimeter_smt.organization.readers import SourceOptions, read_source
from perimeter_smt.questions.perimeter import prove
from tests.growth import growth

ORG, MANAGEMENT, ORDERS, DATA = "o-acme0000001", "999900001111", "111122223333", "444455556666"
ALL = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
ONLY_MINE = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "OnlyMine",
            "Effect": "Deny",
            "Action": "*",
            "Resource": "*",
            "Condition": {"StringNotEqualsIfExists": {"aws:ResourceOrgID": ORG}},
        }
    ],
}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
READ = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:ReceiveMessage", "Resource": "*"}]}


def organizations_arn(what):
    return f"arn:aws:organizations::{MANAGEMENT}:{what}"


def summary(own, name, kind="SERVICE_CONTROL_POLICY"):
    return {"Id": own, "Name": name, "Type": kind, "Arn": organizations_arn(f"policy/{ORG}/x/{own}")}


def answers():
    """What a small organization answers, by name of file."""
    role = {
        "Arn": f"arn:aws:iam::{ORDERS}:role/service/orders",
        "AssumeRolePolicyDocument": TRUST,
        "RolePolicyList": [{"PolicyName": "read", "PolicyDocument": READ}],
        "AttachedManagedPolicies": [{"PolicyArn": f"arn:aws:iam::{ORDERS}:policy/own", "PolicyName": "own"}],
        "Tags": [{"Key": "team", "Value": "orders"}],
    }
    user = {
        "Arn": f"arn:aws:iam::{ORDERS}:user/alice",
        "GroupList": ["staff"],
        "AttachedManagedPolicies": [],
        "PermissionsBoundary": {"PermissionsBoundaryArn": f"arn:aws:iam::{ORDERS}:policy/own"},
    }
    group = {
        "Arn": f"arn:aws:iam::{ORDERS}:group/people/staff",
        "GroupPolicyList": [{"PolicyName": "read", "PolicyDocument": READ}],
        "AttachedManagedPolicies": [{"PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}],
    }
    own = {
        "Arn": f"arn:aws:iam::{ORDERS}:policy/own",
        "PolicyName": "own",
        "DefaultVersionId": "v2",
        "PolicyVersionList": [
            {"VersionId": "v1", "IsDefaultVersion": False, "Document": ALL},
            {"VersionId": "v2", "IsDefaultVersion": True, "Document": READ},
        ],
    }
    return {
        "org": {"Organization": {"Id": ORG, "MasterAccountId": MANAGEMENT}},
        "roots": {
            "Roots": [
                {
                    "Id": "r-ac00",
                    "Name": "Root",
                    "Arn": organizations_arn(f"root/{ORG}/r-ac00"),
                    "PolicyTypes": [{"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"}],
                }
            ]
        },
        "units-r-ac00": {"OrganizationalUnits": [{"Id": "ou-ac00-workload1", "Name": "workloads"}]},
        "all-accounts": {"Accounts": [{"Id": a, "Name": a} for a in (MANAGEMENT, ORDERS, DATA)]},
        "in-ou-ac00-workload1": {"Accounts": [{"Id": ORDERS, "Name": "orders"}, {"Id": DATA}]},
        "in-r-ac00": {"Accounts": [{"Id": MANAGEMENT}]},
        "scp": {"Policy": {"PolicySummary": summary("p-onlymine1", "only-mine"), "Content": json.dumps(ONLY_MINE)}},
        "targets p-onlymine1": {"Targets": [{"TargetId": "ou-ac00-workload1", "Type": "ORGANIZATIONAL_UNIT"}]},
        "iam": {
            "UserDetailList": [user],
            "GroupDetailList": [group],
            "RoleDetailList": [role],
            "Policies": [own],
            "IsTruncated": False,
        },
        "queue": {
            "Attributes": {"QueueArn": f"arn:aws:sqs:eu-west-1:{ORDERS}:orders", "Policy": json.dumps(queue_policy())}
        },
        f"{DATA}/bucket": {
            "Policy": json.dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Principal": {"AWS": f"arn:aws:iam::{ORDERS}:role/service/orders"},
                            "Action": "s3:GetObject",
                            "Resource": "arn:aws:s3:::acme-reports/*",
                        }
                    ],
                }
            )
        },
        "endpoints": {
            "VpcEndpoints": [
                {
                    "VpcEndpointId": "vpce-0a000000000000001",
                    "VpcEndpointType": "Interface",
                    "VpcId": "vpc-0ac00000000000001",
                    "ServiceName": "com.amazonaws.eu-west-1.monitoring",
                    "PolicyDocument": json.dumps({"Statement": [{**ALL["Statement"][0], "Principal": "*"}]}),
                    "OwnerId": ORDERS,
                }
            ]
        },
    }


def queue_policy():
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": MANAGEMENT},
                "Action": "sqs:SendMessage",
                "Resource": f"arn:aws:sqs:eu-west-1:{ORDERS}:orders",
            }
        ],
    }


def write(folder, found):
    for name, value in found.items():
        path = folder / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(value))
    return folder


@pytest.fixture
def folder(tmp_path):
    return write(tmp_path / "answers", answers())


def account(workspace, own):
    return next(a for a, _ in workspace.organization.accounts() if a.id == own)


def test_the_tree_and_what_is_attached(folder):
    found = read_source(folder).organization
    assert (found.id, found.management_account, found.root.id) == (ORG, MANAGEMENT, "r-ac00")
    assert found.path(ORDERS) == f"{ORG}/r-ac00/ou-ac00-workload1/"
    (unit,) = found.root.units
    assert [d.name for d in unit.guardrails.scps] == ["only-mine"]
    assert unit.guardrails.full_access_scp
    assert not found.root.guardrails.scps


def test_principals_hold_everything_that_is_attached(folder):
    """Inline, managed (the default version), by group; the boundary; tags."""
    role, user = account(read_source(folder), ORDERS).principals[::-1]
    assert [s.action.values for d in role.policies for s in d.statements] == [("sqs:ReceiveMessage",)] * 2
    assert role.tags == {"team": "orders"}
    assert role.trust
    assert [d.name for d in user.policies] == ["read", "AdministratorAccess"]
    assert user.boundary
    assert user.boundary.kind == "boundary"


def test_resources_and_endpoints(folder):
    workspace = read_source(folder)
    assert [r.arn for r in account(workspace, DATA).resources] == ["arn:aws:s3:::acme-reports"]
    assert [r.arn for r in account(workspace, ORDERS).resources] == [f"arn:aws:sqs:eu-west-1:{ORDERS}:orders"]
    (endpoint,) = account(workspace, ORDERS).endpoints
    assert (endpoint.services, endpoint.region, endpoint.vpc_account) == (("cloudwatch",), "eu-west-1", ORDERS)
    assert not workspace.organization.endpoints_listed
    assert not workspace.unknowns
    assert not account(workspace, ORDERS).listed
    assert account(read_source(folder, SourceOptions(complete=True)), ORDERS).listed


def test_places_lead_into_the_file(folder):
    (policy, _) = account(read_source(folder), ORDERS).principals[1].policies
    assert policy.location.file.endswith("iam.json")
    assert policy.location.path == "$.RoleDetailList[0].RolePolicyList[0].PolicyDocument"


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("iam", lambda v: v["Policies"].clear(), "policy `arn:aws:iam::111122223333:policy/own` of"),
        ("iam", lambda v: v["GroupDetailList"].clear(), "group `arn:aws:iam::111122223333:group/staff` of"),
        ("iam", lambda v: v["RoleDetailList"][0].pop("AssumeRolePolicyDocument"), "trust policy of"),
        ("iam", lambda v: v.update(IsTruncated=True, Marker="x"), "users and roles of"),
        ("queue", lambda v: v["Attributes"].update(Policy="{}"), "policy of `arn:aws:sqs"),
    ],
)
def test_what_is_not_known_may_hold_anything(folder, name, change, said):
    """An unknown policy is never an empty one: with grants, its account may hold any policy, and the report says so."""
    value = answers()[name]
    change(value)
    (folder / f"{name}.json").write_text(json.dumps(value))
    workspace = read_source(folder, SourceOptions(complete=True))
    assert any(u.name.startswith(said) and u.affects == "grants" for u in workspace.unknowns)
    assert not account(workspace, ORDERS).listed
    report = prove(workspace, objectives=["O3"], services=["sqs"], mode="grants", availability=False)
    assert report.unknowns
    assert not prove(workspace, objectives=["O3"], services=["sqs"], availability=False).unknowns


@pytest.mark.parametrize("text", [None, "{", json.dumps({"Version": "2012-10-17"})])
def test_an_scp_that_is_not_known_stops_nothing_and_allows_everything(folder, text):
    """O3 is refuted without it, and the answer says that it may be stopped all the same."""
    scp = {"Policy": {"PolicySummary": summary("p-onlymine1", "only-mine")}}
    if text is not None:
        scp["Policy"]["Content"] = text
    (folder / "scp.json").write_text(json.dumps(scp))
    workspace = read_source(folder)
    (unit,) = workspace.organization.root.units
    assert unit.guardrails.full_access_scp
    report = prove(workspace, objectives=["O3"], services=["sqs"])
    assert {v.status for v in report.verdicts} == {"refuted"}
    assert "SCP `only-mine`" in report.verdicts[0].reason
    assert [v.status for v in report.availability] == ["conditional"]
    assert [u.name for u in report.unknowns] == ["SCP `only-mine`"]


def test_an_allow_list_counts_where_all_attachments_are_known(folder):
    """`list-policies-for-target` tells that FullAWSAccess is gone; without it nothing is taken for granted."""
    only_sqs = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}]}
    content = json.dumps(only_sqs)
    allow = {"Policy": {"PolicySummary": summary("p-onlysqs01", "only-sqs"), "Content": content}}
    write(folder, {"allow": allow, "targets p-onlysqs01": {"Targets": [{"TargetId": ORDERS, "Type": "ACCOUNT"}]}})
    assert account(read_source(folder), ORDERS).guardrails.full_access_scp
    write(folder, {f"policies-of {ORDERS}": {"Policies": [summary("p-onlysqs01", "only-sqs")]}})
    assert not account(read_source(folder), ORDERS).guardrails.full_access_scp


def test_without_a_management_account_nothing_is_proved(folder):
    (folder / "org.json").write_text(json.dumps({"Organization": {"Id": ORG}}))
    for name in ("roots", "scp"):
        (folder / f"{name}.json").write_text((folder / f"{name}.json").read_text().replace("organizations::", "x::"))
    accepted = {"accepted": ["management-account", "service-linked-roles"]}
    workspace = read_source(folder)
    workspace = workspace.model_copy(update={"perimeter": workspace.perimeter.model_copy(update=accepted)})
    report = prove(workspace, objectives=["O3"], services=["sqs"], availability=False)
    assert "management account" in [u.name for u in report.unknowns]
    assert "proved" not in {v.status for v in report.verdicts}


def test_an_account_in_two_units_is_an_error(folder):
    write(folder, {"in-ou-ac00-elsewhere": {"Accounts": [{"Id": ORDERS}]}})
    with pytest.raises(InputError, match=f"account `{ORDERS}` lies in"):
        read_source(folder)


def test_prove_takes_the_folder(folder, capsys):
    """From the answers to a verdict, and the unknowns below it."""
    (folder / "scp.json").unlink()
    assert run(["prove", str(folder), "--objective", "O3", "--service", "sqs", "--no-availability"]) == 1
    out = capsys.readouterr().out
    assert "counted as stopping nothing" in out
    assert run(["prove", str(folder), "--scp", "x.json"]) == 2
    assert "both a source and `--scp`" in capsys.readouterr().err


def test_a_folder_of_something_else_says_what_was_expected(tmp_path, capsys):
    (tmp_path / "x.json").write_text('{"a": 1}')
    assert run(["prove", str(tmp_path)]) == 2
    assert "of no form that is known: expected a workspace" in capsys.readouterr().err
    (tmp_path / "perimeter.yaml").write_text("orgs: [o-acme0000001]\n")
    assert run(["prove", str(tmp_path / "perimeter.yaml")]) == 2
    assert "a file of a workspace, expected the folder that holds it" in capsys.readouterr().err


def test_reading_is_linear(tmp_path):
    """Four times the roles, each with a policy of its own, take about four times as long."""

    def many(count):
        path = tmp_path / f"{count}.json"
        if not path.exists():
            roles = []
            for number in range(count):
                text = json.dumps(READ).replace('"*"', f'"arn:aws:sqs:eu-west-1:{ORDERS}:q{number}"')
                own = [{"PolicyName": "own", "PolicyDocument": json.loads(text)}]
                arn = f"arn:aws:iam::{ORDERS}:role/r{number}"
                roles.append({"Arn": arn, "AssumeRolePolicyDocument": TRUST, "RolePolicyList": own,
                              "AttachedManagedPolicies": []})  # fmt: skip
            path.write_text(json.dumps({"RoleDetailList": roles}))
        found = read_source(path, SourceOptions(organization_id=ORG))
        assert len(account(found, ORDERS).principals) == count

    many(250), many(1000)
    assert growth(many, 250) < 1.4


def test_the_perimeter_and_a_source_must_speak_of_the_same(tmp_path):
    """As in a workspace: an organization that is not the source's, a partner of mine, a denial of no statement."""
    folder = tmp_path / "answers"
    folder.mkdir()
    own = {"Id": "o-acme0000001", "MasterAccountId": "999900001111"}
    (folder / "a.json").write_text(json.dumps({"Organization": own}))
    (folder / "b.json").write_text(json.dumps({"Accounts": [{"Id": "111122223333", "Name": "orders"}]}))
    (folder / "c.json").write_text(json.dumps({"Roots": [{"Id": "r-ac00", "Name": "Root"}]}))
    wrong = {
        "orgs: [o-other0000001]": "the organization of the tree, `o-acme0000001`, is not among them",
        "orgs: [o-acme0000001]\nthird_principals: [{account: '111122223333'}]": "account `111122223333` is mine",
        "orgs: [o-acme0000001]\nintended_denials: [Nobody]": "no guardrail has a statement `Nobody`",
    }
    for text, message in wrong.items():
        (tmp_path / "perimeter.yaml").write_text(text)
        with pytest.raises(InputError) as error:
            read_source(folder, SourceOptions(perimeter_file=tmp_path / "perimeter.yaml"))
        assert message in str(error.value)
        assert "perimeter.yaml:" in str(error.value)


def test_examples_of_the_documentation_are_read(tmp_path):
    """The pages of the AWS CLI write one attached policy without a list; other versions are counted."""
    from perimeter_smt.organization.inventory import inventory

    admin = {"PolicyName": "AdministratorAccess", "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}
    own = f"arn:aws:iam::{ORDERS}:policy/own"
    versions = [{"VersionId": "v1", "IsDefaultVersion": False, "Document": ALL},
                {"VersionId": "v2", "IsDefaultVersion": True, "Document": READ}]  # fmt: skip
    write(tmp_path / "folder", {"iam": {
        "GroupDetailList": [{"Arn": f"arn:aws:iam::{ORDERS}:group/admins", "AttachedManagedPolicies": admin,
                             "GroupPolicyList": []}],
        "UserDetailList": [{"Arn": f"arn:aws:iam::{ORDERS}:user/alice", "GroupList": ["admins"],
                            "AttachedManagedPolicies": [],
                            "UserPolicyList": {"PolicyName": "read", "PolicyDocument": READ}}],
        "Policies": [{"Arn": own, "DefaultVersionId": "v2", "PolicyVersionList": versions}],
    }})  # fmt: skip
    found = read_source(tmp_path / "folder", SourceOptions(organization_id=ORG))
    (alice,) = account(found, ORDERS).principals
    assert sorted(d.statements[0].action.values for d in alice.policies) == [("*",), ("sqs:ReceiveMessage",)]
    assert found.versions == ((own, 1),)
    assert f"`{own}` has 1 version beside the default one, which alone counts" in {
        remark.text for remark in inventory(found).remarks
    }


@pytest.mark.parametrize("answer", [
    {"RoleDetailList": ["role"]},
    {"UserDetailList": [{"Arn": f"arn:aws:iam::{ORDERS}:user/a", "GroupList": [],
                         "AttachedManagedPolicies": [{"PolicyName": "x"}]}]},
    {"VpcEndpoints": "none"}, {"resourceShareAssociations": [{"status": "ASSOCIATED"}]},
])  # fmt: skip
def test_an_answer_of_another_form_is_bad_input(tmp_path, answer):
    """Whatever somebody cut or wrote: one line with the place, no internal error."""
    write(tmp_path / "folder", {"answer": answer})
    with pytest.raises(InputError, match=r"^[^\n]*answer\.json[^\n]*another form[^\n]*$"):
        read_source(tmp_path / "folder", SourceOptions(organization_id=ORG, account=ORDERS))
