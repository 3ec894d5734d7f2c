"""AWS's published SCPs on deployments, sharing, URLs and Regions give the verdicts of N1, E2, N2 and E1.

Skipped where `../shared` is absent.
"""

from __future__ import annotations

import pytest

from perimeter_smt.organization.model import Account, Guardrails, Organization, Unit
from perimeter_smt.organization.perimeter import Perimeter, Scope, TagException, Vpc, Workspace
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import load_policy
from perimeter_smt.questions.mitigations import QUESTIONS
from perimeter_smt.questions.mitigations.model import Asking
from tests.mitigation_worlds import allow, arn, role, trusts, workspace

ORG, MINE, MANAGEMENT = "o-acme0000001", "111122223333", "123456789012"
PERIMETER = "data-perimeter-policy-examples/service_control_policies"
CONTROLS = f"{PERIMETER}/service_specific_controls"
SENSITIVE = "service-control-policy-examples/Sensitive-data-protection"
REGIONS = "service-control-policy-examples/Region-controls"


@pytest.fixture(scope="module")
def lines(shared):
    """The lines of a question under one published SCP."""

    def ask(name, file, exempt=(), fill=None, **claims):
        policy = load_policy(shared / "corpus" / file, Kind.SCP, fill=fill or {})
        root = Unit(
            id="r-root",
            guardrails=Guardrails(scps=(policy,)),
            accounts=(Account(id=MINE), Account(id=MANAGEMENT)),
        )
        tags = tuple(TagException(on="principal", key=key, value="true", objectives=(name,)) for key in exempt)
        space = Workspace(
            organization=Organization(id=ORG, management_account=MANAGEMENT, root=root, partition="aws"),
            perimeter=Perimeter(orgs=(ORG,), tag_exceptions=tags, **claims),
            name="published",
        )
        return {line.subject: line for line in QUESTIONS[name].ask(space, Asking()).lines}

    return ask


def test_deployments_outside_a_vpc(lines):
    """What the sample names is held; what came later (sessions of Glue, agents) is not."""
    file = f"{CONTROLS}/restrict_nonvpc_deployment_scp.json"
    found = lines("N1", file, exempt=("dp:exclude",), assumptions=("AC1",))
    held = {subject for subject, line in found.items() if line.status == "proved"}
    assert held == {
        "apprunner: services",
        "cloudshell: environments",
        "codebuild: projects and fleets",
        "codestar-connections: connections to repositories outside",
        "glue: jobs",
        "lambda: functions",
        "sagemaker: domains: where apps run",
        "sagemaker: jobs, models, clusters",
        "sagemaker: notebook instances: direct internet access",
        "sagemaker: notebook instances: subnet",
        "ssm: Automation runbooks with scripts",
    }
    assert found["glue: interactive sessions"].status == "refuted"
    without = lines("N1", file, assumptions=("AC1",))  # the exempting tag is not declared
    assert without["lambda: functions"].status == "refuted"
    assert without["lambda: functions"].counterexample.request.context["aws:PrincipalTag/dp:exclude"] == "true"


def test_sharing_with_others(lines):
    """The governance SCP denies what no key can hold; the flag of resource shares is tested by plain `Bool`."""
    file = f"{PERIMETER}/data_perimeter_governance_scp.json"
    exempt = ("dp:exclude:identity", "dp:exclude:resource")
    found = lines("E2", file, exempt=exempt)
    assert found["rds: database snapshots"].status == "proved"
    assert found["ec2: snapshots"].status == "proved"
    assert found["lakeformation: data permissions"].status == "proved"
    assert found["ram: resource shares"].status == "conditional"
    assert found["s3: access logs"].status == "not-guardable"
    accepted = lines("E2", file, exempt=exempt, assumptions=("AC2",))
    assert accepted["ram: resource shares"].status == "proved"
    assert accepted["kms: grants"].status == "proved"


def test_urls_that_services_sign(lines):
    found = lines("N2", f"{CONTROLS}/restrict_presignedURL_scp.json", exempt=("dp:exclude:network",),
                  scopes={f"O{n}": Scope(actions=("s3:*",)) for n in range(1, 7)})  # fmt: skip
    urls = {subject: line.status for subject, line in found.items() if subject.startswith(("ecr:", "lambda:", "lex:"))}
    assert urls
    beyond = {"lambda: code of layers", "lambda: tokens for MicroVMs"}  # later than the sample
    assert {subject for subject, status in urls.items() if status != "proved"} == beyond
    assert found["sts: tokens for services outside AWS"].status == "refuted"


def test_regions(lines):
    """The sample leaves out what it takes for global: the scope of E1 is to say so."""
    file = f"{REGIONS}/Deny-access-to-AWS-based-on-the-requested-AWS-region.json"
    scopes = {f"O{n}": Scope(actions=("sqs:*", "dynamodb:*", "kms:*")) for n in range(1, 7)}
    claims = {"regions": ("eu-central-1", "eu-west-1"), "fill": {"Account": MINE}}
    whole = lines("E1", file, scopes=scopes, **claims)["Region guardrail"]
    assert whole.status == "refuted"
    assert whole.counterexample.request.action.startswith("kms:")
    scopes["E1"] = Scope(except_actions=("kms:*",))
    assert lines("E1", file, scopes=scopes, **claims)["Region guardrail"].status == "proved"


NETWORK = {
    "my-corporate-cidr": "203.0.113.0/24", "my-vpc": "vpc-0a1b2c3d4e5f60001",
    "my-vpc-in-this-region": "vpc-0a1b2c3d4e5f60001", "my-vpc-region": "us-east-1",
}  # fmt: skip


def test_sessions_of_instances(lines):
    """The sample holds them to my network; to the VPC of their own instance it does not."""
    scopes = {name: Scope(actions=("s3:*", "sqs:*")) for name in ("N2", *(f"O{n}" for n in range(1, 7)))}
    found = lines("N2", f"{CONTROLS}/network_perimeter_ec2_scp.json", exempt=("dp:exclude:network",), fill=NETWORK,
                  cidrs=("203.0.113.0/24",), vpcs=(Vpc(id=NETWORK["my-vpc"], region="us-east-1"),),
                  scopes=scopes)  # fmt: skip
    assert found["sessions of EC2 instances, outside my network"].status in ("proved", "conditional")
    assert found["sessions of EC2 instances, away from the VPC of their instance"].status == "refuted"
    assert found["presigned URLs, outside my network"].status == "refuted"  # of who is no instance


def test_function_urls(lines):
    """The governance SCP denies URLs without authentication; permissions on layers are another matter.

    The other sample names `function/*`, where ARNs of functions have a colon (service authorization reference of
    Lambda, resource types): it denies nothing.
    """
    name = "lambda: function URLs without authentication"
    governance = f"{PERIMETER}/data_perimeter_governance_scp.json"
    found = lines("E2", governance, exempt=("dp:exclude:identity",), assumptions=("AC2",))
    assert found[name].status == "proved"
    assert found["lambda: permissions on layers"].status == "refuted"
    file = f"{SENSITIVE}/Deny-modification-to-Lambda-URL-Config.json"
    missed = lines("E2", file)[name]
    assert missed.status == "refuted"
    assert ":function:" in missed.counterexample.request.resource


def test_sharing_with_external_accounts(lines):
    """Shares that let in accounts outside; that principals are added to other shares is not denied."""
    file = f"{SENSITIVE}/Deny-RAM-from-sharing-resources-to-external-accounts.json"
    assert lines("E2", file)["ram: resource shares"].status == "conditional"
    found = lines("E2", file, assumptions=("AC2",))
    assert found["ram: resource shares"].status == "proved"
    assert found["ram: principals added to resource shares"].status == "refuted"


def test_credentials_of_single_services(lines):
    """The sample denies to make any; access keys are others."""
    folder = "service-control-policy-examples/Service-specific-controls/AWS-IAM"
    every = lines("N2", f"{folder}/deny-creating-any-service-specific-credentials.json")
    assert every["iam: passwords and keys of single services"].status == "proved"
    assert every["iam: access keys that do not end"].status == "refuted"


def test_who_sets_the_tags_of_the_perimeter(shared):
    """The statement ProtectDataPerimeterTags: only the administrators' team tags what exempts."""
    scp = load_policy(shared / "corpus" / f"{PERIMETER}/data_perimeter_governance_scp.json", Kind.SCP)
    may = (allow(["iam:TagRole", "iam:TagUser"]),)
    worker = role("worker", trusts({"AWS": arn("keeper")}), may=may)
    admin = role("admin", trusts({"AWS": arn("keeper")}), may=may, tags={"team": "admin"})
    tag = TagException(on="principal", key="dp:exclude:network", value="true", objectives=("O5",))

    def held(*guardrails, **claims):
        space = workspace(worker, admin, tag_exceptions=(tag,), administrators=(arn("admin"),), **claims)
        root = space.organization.root.model_copy(update={"guardrails": Guardrails(scps=guardrails)})
        space = space.model_copy(update={"organization": space.organization.model_copy(update={"root": root})})
        return [
            line.status for line in QUESTIONS["C2"].ask(space, Asking()).lines if line.subject.startswith("exception")
        ]

    assert "refuted" in held()
    assert held(scp) == ["conditional"]  # on AR10: that `aws:TagKeys` tells the tags of a request
    assert held(scp, assumptions=("AR10",)) == ["proved"]


def test_regions_with_inference_across_them(lines, shared, tmp_path):
    """The second sample lets one inference profile call elsewhere, and nothing else of Bedrock."""
    file = f"{REGIONS}/Deny-access-to-AWS-based-on-the-requested-AWS-region-with-Bedrock-CRIS.json"
    text = (shared / "corpus" / file).read_text()
    for name, value in (("region-1", "eu-central-1"), ("region-2", "eu-west-1"),
                        ("inference-profile-geographic-prefix", "eu.acme")):  # fmt: skip
        text = text.replace(f"{{example-{name}}}", value)
    file = tmp_path / "filled.json"
    file.write_text(text)
    fill = {"Account": MINE}
    scopes = {f"O{n}": Scope(actions=("sqs:*", "bedrock:*")) for n in range(1, 7)}
    claims = {"regions": ("eu-central-1", "eu-west-1"), "fill": fill}
    whole = lines("E1", file, scopes=scopes, **claims)["Region guardrail"]
    assert whole.status == "refuted"
    assert whole.counterexample.request.context["bedrock:InferenceProfileArn"].endswith(":inference-profile/eu.acme")
    invoke = ("bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream", "bedrock:CreateModelInvocationJob")
    scopes["E1"] = Scope(except_actions=invoke)
    assert lines("E1", file, scopes=scopes, **claims)["Region guardrail"].status == "proved"


def test_tokens_for_services_outside(shared):
    """The sample holds tokens to two audiences, one algorithm and five minutes: such tokens are still to be had."""
    file = "resource-control-policy-examples/Service-specific-controls/IAM-Restrict-outbound-federation.json"
    rcp = load_policy(shared / "corpus" / file, Kind.RCP, fill={"YOUR_SIGNING_ALGORITHM": "ES384"})
    space = workspace()
    root = space.organization.root.model_copy(update={"guardrails": Guardrails(rcps=(rcp,))})
    space = space.model_copy(update={"organization": space.organization.model_copy(update={"root": root})})
    found = {line.subject: line for line in QUESTIONS["N2"].ask(space, Asking()).lines}
    line = found["sts: tokens for services outside AWS"]
    assert line.status == "refuted"
    context = line.counterexample.request.context
    assert line.counterexample.request.action == "sts:GetWebIdentityToken"
    audiences = context.get("sts:IdentityTokenAudience", ())
    assert set(audiences) <= {"https://api1.example.com", "https://api2.example.com"}
    assert context["sts:SigningAlgorithm"] == "ES384"
