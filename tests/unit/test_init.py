"""`perimeter init`: a perimeter.yaml inferred from policies, each entry with the statements it was read from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from perimeter_smt import workspace_from_options
from perimeter_smt.cli.main import run
from perimeter_smt.organization.proposals import proposals
from perimeter_smt.organization.published import is_published_bucket, published_resources
from perimeter_smt.organization.readers import SourceOptions, read_source

ACME = Path(__file__).resolve().parents[2] / "docs" / "examples" / "acme"
ORG, OWN, MANAGEMENT = "o-acme0000001", "111122223333", "999900001111"


@pytest.fixture
def written(tmp_path):
    assert run(["init", str(tmp_path / "mine"), "--from", str(ACME)]) == 0
    return tmp_path / "mine"


def test_the_example_is_found_again(written):
    """What guardrails exempt is taken in; what single resources let in is a comment."""
    found = read_source(written).perimeter
    assert found.orgs == (ORG,)
    assert found.cidrs == ("203.0.113.0/24",)
    assert [(r.arn, r.objectives) for r in found.role_exceptions] == [
        ("arn:aws:iam::*:role/break-glass", ("O5", "O6"))]  # fmt: skip
    assert [(p.account, p.arns) for p in found.third_principals] == [
        ("210987654321", ("arn:aws:iam::210987654321:role/acme-import",))]  # fmt: skip
    assert "210987654321" in {r.account for r in found.third_resources}
    assert set(found.scope("O1").actions) == {f"{s}:*" for s in ("dynamodb", "kms", "s3", "secretsmanager", "sqs")} | {
        "sts:AssumeRole"}  # fmt: skip
    assert found.accepted == ("forward-access-sessions", "service-principals")  # what guardrails say in so many words
    assert not found.assumptions
    assert len(found.endpoints) == 6


def test_every_entry_says_where_it_comes_from(written):
    lines = (written / "perimeter.yaml").read_text().splitlines()
    for number, line in enumerate(lines):
        if line.lstrip("# ").startswith("- {") or line.startswith("  - vpce-"):
            assert lines[number - 1].strip().startswith("# from "), line
    assert '# - {account: "210987654321"}' in lines


def test_nothing_is_overwritten(written, capsys):
    assert run(["init", str(written), "--from", str(ACME)]) == 2
    assert "exists already" in capsys.readouterr().err


def test_a_folder_is_not_its_own_source(tmp_path, capsys):
    """It was written there, and then read round and round until Python gave up."""
    (tmp_path / "org.json").write_text('{"Organization": {"Id": "o-acme0000001", "MasterAccountId": "999900001111"}}')
    assert run(["init", str(tmp_path), "--from", str(tmp_path)]) == 2
    assert "is the source itself" in capsys.readouterr().err
    for name, source in (("a", "../b"), ("b", "../a"), ("c", ".")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "perimeter.yaml").write_text(f"source: {source}\norgs: [{ORG}]\n")
    for name in ("a", "c"):
        assert run(["inventory", str(tmp_path / name)]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert "leads back to a `perimeter.yaml` that was read" in line
        assert "perimeter.yaml:1" in line


def test_a_source_is_read_in_place_with_what_was_said(tmp_path):
    """The organization and management account of the command line stand in the file, and are used from there."""
    vpcs = ["vpc-0ac00000000000001", "vpc-0ac00000000000002"]
    scp = {"Version": "2012-10-17", "Statement": [
        {"Sid": "Net", "Effect": "Deny", "NotAction": ["dax:*", "rds-db:connect"], "Resource": "*",
         "Condition": {"StringNotEqualsIfExists": {"aws:SourceVpc": vpcs, "aws:PrincipalTag/Exempt": "yes"},
                       "StringEquals": {"aws:PrincipalTag/Bound": "yes"}}}]}  # fmt: skip
    summary = {"Id": "p-network01", "Name": "network", "Type": "SERVICE_CONTROL_POLICY"}
    trust = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
         "Principal": {"Federated": f"arn:aws:iam::{OWN}:oidc-provider/token.build.example"},
         "Condition": {"StringLike": {"token.build.example:sub": "repo:acme/*"}}}]}  # fmt: skip
    role = {"Arn": f"arn:aws:iam::{OWN}:role/ci", "AssumeRolePolicyDocument": trust, "RolePolicyList": [],
            "AttachedManagedPolicies": [], "Tags": []}  # fmt: skip
    endpoint = {"VpcEndpointId": "vpce-0a000000000000001", "VpcId": "vpc-0ac00000000000001", "OwnerId": OWN,
                "ServiceName": "com.amazonaws.eu-west-1.sqs"}  # fmt: skip
    folder = tmp_path / "answers"
    folder.mkdir()
    for name, value in {
        "scp": {"Policy": {"PolicySummary": summary, "Content": json.dumps(scp)}},
        "targets-p-network01": {"Targets": [{"TargetId": OWN, "Type": "ACCOUNT"}]},
        "roles": {"RoleDetailList": [role]},
        "endpoints": {"VpcEndpoints": [endpoint]},
    }.items():
        (folder / f"{name}.json").write_text(json.dumps(value))
    said = ["--org-id", ORG, "--management-account", MANAGEMENT]
    assert run(["init", str(tmp_path / "mine"), "--from", str(folder), *said]) == 0
    text = (tmp_path / "mine" / "perimeter.yaml").read_text()
    assert '# - {provider: "token.build.example", subjects: ["repo:acme/*"]}' in text
    assert "# - {id: vpc-0ac00000000000002, region: REGION}" in text
    found = read_source(tmp_path / "mine")
    assert (found.organization.id, found.organization.management_account) == (ORG, MANAGEMENT)
    assert [(v.id, v.region) for v in found.perimeter.vpcs] == [("vpc-0ac00000000000001", "eu-west-1")]
    assert {(t.key, t.missing) for t in found.perimeter.tag_exceptions} == {("Exempt", False), ("Bound", True)}
    assert found.perimeter.scope("O5").except_actions == ("dax:*", "rds-db:connect")
    assert not [u for u in found.unknowns if u.affects == "facts"]


@pytest.fixture
def template_over_policies(tmp_path):
    """A queue in a template over a folder of policies, with a parameter and a placeholder that nothing else tells."""
    open_to = {"Effect": "Allow", "Principal": {"AWS": {"Ref": "Partner"}}, "Action": "sqs:SendMessage"}
    queue = {"Type": "AWS::SQS::QueuePolicy", "Properties": {
        "Queues": ["https://sqs.eu-south-2.amazonaws.com/111122223333/parcels"],
        "PolicyDocument": {"Version": "2012-10-17", "Statement": [{**open_to, "Resource": "*"}]}}}  # fmt: skip
    (tmp_path / "parcels.json").write_text(
        json.dumps({"Parameters": {"Partner": {"Type": "String"}}, "Resources": {"Policy": queue}})
    )
    denied = {"Sid": "Ours", "Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Resource": "*",
              "Condition": {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "<ORG>"}}}  # fmt: skip
    (tmp_path / "policies" / "rcps").mkdir(parents=True)
    (tmp_path / "policies" / "rcps" / "ours.json").write_text(
        json.dumps({"Version": "2012-10-17", "Statement": [denied]})
    )
    return tmp_path


def test_what_was_needed_to_read_the_source_is_kept(template_over_policies, capsys):
    """Parameters, placeholders and the organization below were lost: `prove` of the folder read something else."""
    folder = template_over_policies
    said = ["--org", str(folder / "policies"), "--org-account", "444455556666", "--org-id", ORG, "--account", OWN,
            "--management-account", MANAGEMENT, "--region", "eu-south-2",
            "--parameter", "Partner=777788889999", "--set", f"ORG={ORG}", "--set", 'UNUSED=a "b" \\']  # fmt: skip
    (folder / "policies" / "README.md").write_text("Where a policy says <UNUSED>, say so.")
    assert run(["inventory", str(folder / "parcels.json"), *said, "--json"]) == 0
    expected = json.loads(capsys.readouterr().out)
    assert run(["init", str(folder / "mine"), "--from", str(folder / "parcels.json"), *said]) == 0
    capsys.readouterr()
    assert run(["inventory", str(folder / "mine"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {**found, "name": ""} == {**expected, "name": ""}
    assert "777788889999" in str(read_source(folder / "mine").organization)
    # what the command line says counts before what the file says
    assert run(["inventory", str(folder / "mine"), "--json", "--parameter", "Partner=222233334444"]) == 0
    again = read_source(folder / "mine", SourceOptions(parameters={"Partner": "222233334444"}))
    assert "222233334444" in str(again.organization)
    assert "777788889999" not in str(again.organization)


def test_an_organization_below_that_leads_back(template_over_policies, capsys):
    (template_over_policies / "mine").mkdir()
    file = template_over_policies / "mine" / "perimeter.yaml"
    file.write_text(f"orgs: [{ORG}]\nsource:\n  path: ../parcels.json\n  org: ../mine\n")
    assert run(["inventory", str(file.parent)]) == 2
    assert "perimeter.yaml:4: $.source.org: `../mine` leads back to" in capsys.readouterr().err
    file.write_text(f"orgs: [{ORG}]\nsource:\n  path: ../parcels.json\n  org_account: '{OWN}'\n")
    assert run(["inventory", str(file.parent)]) == 2
    assert "says nothing without `org`" in capsys.readouterr().err


def test_published_resources_have_whole_names():
    """A pattern in the name of a bucket would trust whoever takes such a name."""
    for entry in published_resources(["eu-west-1"]):
        for arn in entry.arns:
            assert "{" not in arn
            assert ":s3:::" not in arn or "*" not in arn.split(":::")[1].split("/")[0]
    everywhere = {arn for entry in published_resources([]) for arn in entry.arns}
    assert "arn:aws:s3:::amazonlinux.sa-east-1.amazonaws.com/*" in everywhere
    assert "arn:aws-cn:iam::aws:policy/*" in {a for e in published_resources(["cn-north-1"]) for a in e.arns}


def test_published_can_be_named(tmp_path):
    path = tmp_path / "perimeter.yaml"
    path.write_text(f"orgs: [{ORG}]\nvpcs: [{{id: vpc-0ac00000000000001, region: eu-west-1}}]\n"
                    "service_resources: [published]\n")  # fmt: skip
    from perimeter_smt.organization.readers.perimeter_file import read_perimeter
    from perimeter_smt.organization.readers.yaml import read_yaml

    found = read_perimeter(read_yaml(path))
    assert any("arn:aws:s3:::prod-eu-west-1-starport-layer-bucket/*" in r.arns for r in found.service_resources)


@pytest.fixture
def policies_alone(tmp_path):
    """Proposals from guardrails without grants."""
    partner, service, org = "444455556666", "777788889999", {"aws:PrincipalOrgID": ORG}
    deny = {"Effect": "Deny", "Principal": "*", "Action": ["kms:*", "s3:*"], "Resource": "*"}
    rcp = [
        {**deny, "Sid": "Identity", "Condition": {
            "StringNotEqualsIfExists": {**org, "aws:PrincipalAccount": [partner, service]},
            "BoolIfExists": {"aws:PrincipalIsAWSService": "false"}}},
        {**deny, "Sid": "Deputy", "Condition": {
            "StringNotEqualsIfExists": {"aws:SourceOrgID": ORG, "aws:SourceAccount": partner},
            "Null": {"aws:SourceAccount": "false"}, "Bool": {"aws:PrincipalIsAWSService": "true"}}},
        {**deny, "Sid": "Network", "Condition": {
            "NotIpAddressIfExists": {"aws:SourceIp": "203.0.113.0/24"},
            "StringNotEqualsIfExists": {"aws:PrincipalTag/Roams": "yes", "aws:PrincipalAccount": service}}},
        {**deny, "Sid": "Tagging", "Action": "sts:TagSession", "Condition": {
            "StringNotEqualsIfExists": {**org, "aws:PrincipalTag/Admin": "yes"},
            "ForAnyValue:StringLike": {"aws:TagKeys": "acme:*"}}},
    ]  # fmt: skip
    allow = {"Effect": "Allow", "Principal": "*"}
    endpoint = [
        {**allow, "Sid": "All", "Action": "*", "Resource": "*"},
        {**allow, "Sid": "Packages", "Action": "s3:GetObject",
         "Resource": "arn:aws:s3:::amazonlinux.eu-west-1.amazonaws.com/*"},
        {**allow, "Sid": "Whose", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::packages.example/*"},
        {**allow, "Sid": "Pattern", "Action": "*", "Resource": "arn:aws:s3:::packages-*/*",
         "Condition": {"StringEquals": org}},
        {**allow, "Sid": "Services", "Action": "*", "Resource": "*",
         "Condition": {"Bool": {"aws:PrincipalIsAWSService": "true"}}},
    ]  # fmt: skip
    for name, statements in (("rcp", rcp), ("s3_endpoint_policy", endpoint)):
        (tmp_path / f"{name}.json").write_text(json.dumps({"Version": "2012-10-17", "Statement": statements}))
    return proposals(workspace_from_options(ORG, (), [tmp_path / "rcp.json"], [tmp_path / "s3_endpoint_policy.json"]))


def test_limits_are_read_where_nothing_shows_the_calls(policies_alone):
    accepted = {p.value for p in policies_alone.of("accepted") if p.sure}
    assert accepted == {"aws-managed-keys", "kms-retire-grant", "management-account", "service-linked-roles",
                        "service-principals", "services-outside-rcp"}  # fmt: skip
    assumed = {p.value: next(iter(p.places)) for p in policies_alone.of("assumptions")}
    assert set(assumed) == {"AE2.service", "AE3.cross-account", "AN9", "P4.service-resources"}
    assert "Services" in assumed["P4.service-resources"]


def test_exemptions_count_where_they_were_made(policies_alone):
    """A tag of the network statement is none for identities; a statement on tagging is no perimeter."""
    assert [(p.value.split(",")[1], list(p.about)) for p in policies_alone.of("tags")] == [(' key: "Roams"', ["O6"])]
    assert [p.value for p in policies_alone.of("third_principals")] == ['account: "444455556666"']
    assert [p.value for p in policies_alone.of("service_accounts")] == ['account: "777788889999"']
    assert {p.value for p in policies_alone.of("scope O1")} == {"kms", "s3"}


def test_endpoints_that_let_everything_through_except_nothing(policies_alone):
    """What everybody may call on named buckets is left out of O2; what everybody may call anywhere is a hole."""
    assert [p.value for p in policies_alone.of("except O2")] == ["s3:GetObject"]
    buckets = {p.value.split('"')[1].split(":::")[1]: p.sure for p in policies_alone.of("service_resources")}
    assert buckets == {
        "amazonlinux.eu-west-1.amazonaws.com/*": True,
        "packages.example/*": False,
        "packages-*/*": False,
    }


@pytest.mark.parametrize(("name", "published"), [
    ("redshift-downloads", True), ("elasticbeanstalk-samples-eu-west-1", True), ("aws-cli", True),
    ("aws-glue-studio-transforms-111122223333-prod-us-east-1", True), ("elasticbeanstalk-samples-acme", False),
    ("redshift-downloads-acme", False), ("acme-redshift-downloads", False), ("sc-prod-x/y-eu-west-1", False),
])  # fmt: skip
def test_names_that_aws_publishes(name, published):
    """The whole name, with a Region where AWS has one: a name that only looks like one is somebody's."""
    assert is_published_bucket(name) is published
