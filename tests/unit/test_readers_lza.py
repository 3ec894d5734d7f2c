"""Configuration folders of the Landing Zone Accelerator."""

from __future__ import annotations

import json

import pytest

from perimeter_smt.errors import InputError
from perimeter_smt.organization.readers import SourceOptions, read_source
from perimeter_smt.questions.perimeter import prove

ORG = "o-acme0000001"
DENY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Deny",
            "Action": "*",
            "Resource": "*",
            "Condition": {"StringNotEqualsIfExists": {"aws:ResourceOrgID": "${ORG_ID}"}},
        }
    ],
}
FILES = {
    "organization-config.yaml": """
enable: true
organizationalUnits:
  - {name: Infrastructure}
  - {name: Infrastructure/Network}
  - {name: Workloads}
serviceControlPolicies:
  - name: only-mine
    policy: service-control-policies/only-mine.json
    type: customerManaged
    strategy: deny-list
    deploymentTargets: {organizationalUnits: [Workloads, Infrastructure]}
  - name: only-sqs
    policy: service-control-policies/only-sqs.json
    strategy: allow-list
    deploymentTargets: {accounts: [Orders]}
resourceControlPolicies: []
""",
    "accounts-config.yaml": """
mandatoryAccounts:
  - {name: Management, email: m@acme.example, organizationalUnit: Root}
workloadAccounts:
  - {name: Orders, email: o@acme.example, organizationalUnit: Workloads}
  - {name: Network, email: n@acme.example, organizationalUnit: Infrastructure/Network}
accountIds:
  - {email: m@acme.example, accountId: "999900001111"}
  - {email: O@acme.example, accountId: "111122223333"}
""",
    "network-config.yaml": """
endpointPolicies:
  - {name: Default, document: vpc-endpoint-policies/default.json}
vpcs:
  - name: main
    account: Network
    region: eu-west-1
    gatewayEndpoints: {defaultPolicy: Default, endpoints: [{service: s3}]}
    interfaceEndpoints: {defaultPolicy: Default, endpoints: [{service: sqs}]}
""",
    "service-control-policies/only-mine.json": json.dumps(DENY),
    "service-control-policies/only-sqs.json": json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}]}
    ),
    "vpc-endpoint-policies/default.json": json.dumps(
        {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]}
    ),
}
GIVEN = {"ORG_ID": ORG, "Network": "777788889999"}


@pytest.fixture
def folder(tmp_path):
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_an_organization_at_once(folder):
    found = read_source(folder, SourceOptions(fill=GIVEN, organization_id=ORG))
    organization = found.organization
    assert organization.management_account == "999900001111"
    assert [a.id for a, _ in organization.accounts()] == ["999900001111", "777788889999", "111122223333"]
    orders = next(a for a, _ in organization.accounts() if a.name == "Orders")
    assert not orders.guardrails.full_access_scp
    (_, workloads), network = organization.root.units, organization.root.units[0].units[0]
    assert [d.name for d in workloads.guardrails.scps] == ["only-mine"]
    assert workloads.guardrails.full_access_scp
    assert [e.services for e in network.accounts[0].endpoints] == [("s3",), ("sqs",)]
    assert not found.unknowns
    report = prove(found, objectives=["O3"], services=["sqs"], availability=False)
    assert {c.kind for v in report.verdicts for c in v.counterexamples} <= {"beyond"}


def test_what_is_not_filled_is_named(folder):
    """A guardrail with an open placeholder stops nothing; an account without an id gets one that proofs lean on."""
    found = read_source(folder, SourceOptions(organization_id=ORG))
    names = {u.name: u for u in found.unknowns}
    assert "say `--set ORG_ID=VALUE`" in names["SCP `only-mine`"].reason
    assert names["id of account `Network`"].affects == "facts"
    assert {v.status for v in prove(found, objectives=["O3"], services=["sqs"]).verdicts} == {"refuted"}


def test_targets_and_files_that_are_not_there(folder):
    path = folder / "organization-config.yaml"
    text = path.read_text()
    path.write_text(text.replace("accounts: [Orders]", "accounts: [Nobody]"))
    with pytest.raises(InputError, match="policy `only-sqs` is for `Nobody`"):
        read_source(folder, SourceOptions(fill=GIVEN, organization_id=ORG))
    path.write_text(text.replace("only-mine.json", "gone.json"))
    found = read_source(folder, SourceOptions(fill=GIVEN, organization_id=ORG))
    assert any("no file" in u.reason for u in found.unknowns)


def test_policy_variables_are_no_placeholders(folder):
    path = folder / "service-control-policies/only-mine.json"
    path.write_text(path.read_text().replace("${ORG_ID}", "${aws:PrincipalOrgID}"))
    assert not read_source(folder, SourceOptions(fill=GIVEN, organization_id=ORG)).unknowns


def test_units_with_excluded_accounts_are_not_taken_to_be_guarded(folder):
    path = folder / "organization-config.yaml"
    text = path.read_text()
    path.write_text(text.replace("[Workloads, Infrastructure]}", "[Workloads], excludedAccounts: [Orders]}"))
    found = read_source(folder, SourceOptions(fill=GIVEN, organization_id=ORG))
    assert not found.organization.root.units[1].guardrails.scps
    assert [u.affects for u in found.unknowns] == ["guardrails"]


def test_words_in_place_of_an_account_id_are_refused(folder):
    """Samples leave a note beside the id, which is no id of an account."""
    path = folder / "accounts-config.yaml"
    path.write_text(path.read_text().replace('"111122223333"', '"111122223333 <- UPDATE"'))
    with pytest.raises(InputError, match=r"accountIds\[1\].*`111122223333 <- UPDATE` is "):
        read_source(folder, SourceOptions(organization_id=ORG))


def test_what_the_accelerator_fills_in_by_itself(folder):
    """Partition, home Region and the role of the management account, as `global-config.yaml` tells them."""
    role = "arn:${PARTITION}:iam::*:role/${MANAGEMENT_ACCOUNT_ACCESS_ROLE}"
    tests = {"ArnNotLike": {"aws:PrincipalArn": role}, "StringNotEquals": {"aws:RequestedRegion": "${HOME_REGION}"}}
    deny = {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": tests}
    policy = {"Version": "2012-10-17", "Statement": [deny]}
    (folder / "service-control-policies" / "only-mine.json").write_text(json.dumps(policy))
    (folder / "global-config.yaml").write_text(
        "homeRegion: &HOME_REGION us-gov-west-1\nenabledRegions:\n  - *HOME_REGION\n"
        "managementAccountAccessRole: OrganizationAccountAccessRole\n"
    )
    found = read_source(folder, SourceOptions(organization_id=ORG))
    (document,) = {id(d): d for d in found.organization.documents() if d.name == "only-mine"}.values()
    values = {value for condition in document.statements[0].conditions for value in condition.values}
    assert values == {"arn:aws-us-gov:iam::*:role/OrganizationAccountAccessRole", "us-gov-west-1"}


def edited(folder, name, old, new):
    text = (folder / name).read_text()
    assert old in text
    (folder / name).write_text(text.replace(old, new))
    return read_source(folder, SourceOptions(fill=GIVEN, organization_id=ORG))


def test_units_that_the_accelerator_ignores(folder):
    """A policy for one was taken to stand there."""
    found = edited(folder, "organization-config.yaml", "{name: Workloads}", "{name: Workloads, ignore: true}")
    workloads = next(u for u in found.organization.root.units if u.name == "Workloads")
    assert not workloads.guardrails.scps
    assert [u.name for u in found.unknowns] == ["targets of SCP `only-mine`"]


def test_an_rcp_with_the_name_of_an_scp(folder):
    """It was passed over."""
    rcp = {**DENY, "Statement": [{**DENY["Statement"][0], "Principal": "*", "Action": "sqs:*", "Condition": {}}]}
    (folder / "rcp.json").write_text(json.dumps(rcp))
    new = "resourceControlPolicies: [{name: only-mine, policy: rcp.json, deploymentTargets: {accounts: [Orders]}}]"
    found = edited(folder, "organization-config.yaml", "resourceControlPolicies: []", new)
    orders = next(a for a, _ in found.organization.accounts() if a.name == "Orders")
    assert [d.kind.value for d in orders.guardrails.rcps] == ["rcp"]


def test_lists_among_the_replacements(folder):
    """The text that Python makes of a list stood in the condition."""
    (folder / "replacements-config.yaml").write_text("globalReplacements: [{key: ORG_ID, value: [o-a, o-b]}]\n")
    found = read_source(folder, SourceOptions(fill={"Network": "777788889999"}, organization_id=ORG))
    assert any("ORG_ID" in u.reason for u in found.unknowns)


def test_an_organization_that_is_not_enabled(folder):
    found = edited(folder, "organization-config.yaml", "enable: true", "enable: false")
    assert not any(u.guardrails.scps for u in found.organization.root.units)
    assert "`enable` of the configuration" in {u.name for u in found.unknowns}


def test_vpcs_of_accounts_and_policies_that_are_not_there(folder):
    found = edited(folder, "network-config.yaml", "account: Network", "account: Nobody")
    assert [u.affects for u in found.unknowns] == ["facts"]
    (folder / "network-config.yaml").write_text(FILES["network-config.yaml"])
    found = edited(folder, "network-config.yaml", "{defaultPolicy: Default, endpoints: [{service: sqs}]}",
                   "{defaultPolicy: Strict, endpoints: [{service: sqs}]}")  # fmt: skip
    assert [u.reason for u in found.unknowns] == ["no `Strict` among the `endpointPolicies` of the configuration"]


@pytest.mark.parametrize(("old", "new", "words"), [
    ("name: only-mine", "title: only-mine", "something without `name`"),
    ("{name: Infrastructure}", "Infrastructure", "of another form"),
])  # fmt: skip
def test_what_a_configuration_lacks_is_bad_input(folder, old, new, words):
    """It ended in a traceback."""
    with pytest.raises(InputError, match=words):
        edited(folder, "organization-config.yaml", old, new)


def test_policies_that_aws_would_not_save(folder):
    many = {**DENY, "Statement": DENY["Statement"] * 90}
    (folder / "service-control-policies" / "only-mine.json").write_text(json.dumps(many))
    with pytest.raises(InputError, match="characters without white space"):
        read_source(folder, SourceOptions(fill=GIVEN, organization_id=ORG))


@pytest.mark.parametrize(("file", "text", "name"), [
    ("iam-config.yaml", """
roleSets:
  - deploymentTargets: {organizationalUnits: [Root]}
    roles: [{name: Vendor, assumedBy: [{type: account, principal: "888877776666"}]}]
""", "what `roleSets` makes"),
    ("security-config.yaml", "keyManagementService: {keySets: [{name: till, policy: keys/till.json}]}\n",
     "what `keyManagementService.keySets` makes"),
    ("customizations-config.yaml", "customizations: {cloudFormationStackSets: [{name: till, template: t.yaml}]}\n",
     "what `customizations.cloudFormationStackSets` makes"),
    ("iam-config.yaml", "roleSets: {{ Roles }}: [\n", "what `iam-config.yaml` makes"),
])  # fmt: skip
def test_what_the_accelerator_makes_besides_is_named(folder, file, text, name):
    """Roles for outsiders were passed over, and with `--complete` did not exist."""
    (folder / file).write_text(text)
    found = read_source(folder, SourceOptions(organization_id="o-acme0000001", complete=True))
    assert name in [u.name for u in found.unknowns if u.affects == "grants"]
    assert not any(account.listed for account, _ in found.organization.accounts())


def test_an_empty_part_is_not_named(folder):
    (folder / "iam-config.yaml").write_text("roleSets: []\npolicySets: []\n")
    found = read_source(folder, SourceOptions(organization_id="o-acme0000001", complete=True))
    assert not [u for u in found.unknowns if u.affects == "grants"]
