"""AWS's published SCPs on deployments, sharing, URLs and Regions give the verdicts of N1, E2, N2 and E1.

Skipped where `../shared` is absent.
"""

from __future__ import annotations

import pytest

from perimeter_smt.organization.model import Account, Guardrails, Organization, Unit
from perimeter_smt.organization.perimeter import Perimeter, Scope, TagException, Workspace
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import load_policy
from perimeter_smt.questions.mitigations import QUESTIONS
from perimeter_smt.questions.mitigations.model import Asking

ORG, MINE, MANAGEMENT = "o-acme0000001", "111122223333", "123456789012"
PERIMETER = "data-perimeter-policy-examples/service_control_policies"
CONTROLS = f"{PERIMETER}/service_specific_controls"
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
