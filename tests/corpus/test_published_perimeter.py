"""AWS's published data perimeter: every question answered, every counterexample replayed, the case study's verdicts.

`docs/case-studies/aws-samples.md` explains the verdicts. Skipped where `../shared` is absent.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from perimeter_smt import decide, prove_perimeter, read_case, workspace_from_options
from perimeter_smt.cli.main import run
from perimeter_smt.organization.proposals import proposals
from perimeter_smt.organization.readers import read_source
from perimeter_smt.report.json import dumps, report_json
from perimeter_smt.report.perimeter_file import perimeter_yaml
from perimeter_smt.witness.case import case_to_json

PERIMETER = Path(__file__).resolve().parents[2] / "docs" / "case-studies" / "aws-samples" / "perimeter.yaml"
SAMPLES = "data-perimeter-policy-examples"
OBJECTIVES = ("O1", "O2", "O3", "O4", "O5", "O6")
SERVICES = ("dynamodb", "ecr", "logs", "s3", "secretsmanager", "sqs")

REGION_SIDS = ("SourceVPCRegion", "SourceVPCRegion2")

# Part two of the case study: both statements on the Region of a VPC name the Region of the one VPC.
ONE_REGION = {"<my-vpc-region-2>": "us-east-1"}
# No partners: the placeholders hold an account of one's own.
NO_PARTNERS = ONE_REGION | {"<third-party-account-a>": "111122223333", "<third-party-account-b>": "111122223333"}


@pytest.fixture(scope="module")
def published(shared):
    """Builds the workspace of all published samples, filled as in the case study."""
    folder = shared / "corpus" / SAMPLES
    values = json.loads((shared / "corpus" / "placeholders.json").read_text(encoding="utf-8"))["substitutions"]
    filled = {name: row["example"] for name, row in values.items() if SAMPLES in row["sources"]}

    def files(name):
        return sorted((folder / name).glob("*.json"))

    def build(fill=(), perimeter_file=None):
        return workspace_from_options(
            "o-a1b2c3d4e5",
            files("service_control_policies"),
            files("resource_control_policies"),
            files("vpc_endpoint_policies"),
            filled | dict(fill),
            cidrs=["203.0.113.0/24"],
            vpcs=["vpc-0a1b2c3d4e5f60001"],
            perimeter_file=perimeter_file,
        )

    return build


@pytest.fixture(scope="module")
def strict(published):
    """The strict claim over every service."""
    return prove_perimeter(published())


def by_service(report, objective):
    """The status of each service."""
    return {s: v.status for v in report.verdicts if v.objective == objective for s in v.services}


def stated(report, services=SERVICES):
    """The services for which each objective is proved; it is refuted, or conditional, for the others."""
    out = {}
    for objective in OBJECTIVES:
        found = by_service(report, objective)
        assert set(found.values()) <= {"proved", "refuted", "conditional"}
        out[objective] = {s for s in services if found.get(s) == "proved"}
    return out


def allowed(found):
    """Whether the evaluator lets a counterexample through, replayed from its JSON form."""
    case = read_case(json.loads(json.dumps(case_to_json(found.case))), file="case", default_id="case")
    rivals = frozenset(name for name in found.depends_on if name.startswith("X-"))
    return decide(case, rivals=rivals).allowed


def test_every_objective_is_answered_for_every_service(strict):
    assert {v.objective for v in strict.verdicts} == set(OBJECTIVES)
    assert "unknown" not in {v.status for v in (*strict.verdicts, *strict.availability)}
    services = {s for v in strict.verdicts for s in v.services}
    for objective in OBJECTIVES:
        assert set(by_service(strict, objective)) == services
    assert len(services) > 400


def test_no_objective_holds_for_s3_without_exceptions(strict):
    assert {o: by_service(strict, o)["s3"] for o in OBJECTIVES} == dict.fromkeys(OBJECTIVES, "refuted")


def test_every_counterexample_gets_through(strict):
    found = [c for v in strict.verdicts for c in v.counterexamples]
    found += [limit.example for v in strict.verdicts for limit in v.limits if limit.example]

    assert len(found) > 10
    assert [c.request for c in found if not allowed(c)] == []


def test_every_call_that_is_blocked_is_denied(strict):
    found = [c for v in strict.availability for c in v.counterexamples]

    assert set(REGION_SIDS) <= {b.sid for c in found for b in c.through}
    assert [c.request for c in found if allowed(c)] == []


def test_the_claim_as_it_is_meant(published):
    """For these services partners' deputies and partners' networks are what remains."""
    workspace = published(ONE_REGION, PERIMETER)
    report = prove_perimeter(workspace, services=SERVICES, availability=False)

    assert stated(report) == {
        "O1": set(),
        "O2": set(SERVICES),
        "O3": set(SERVICES),
        "O4": set(SERVICES),
        "O5": set(SERVICES) - {"ecr", "s3"},
        "O6": set(),
    }
    found = [v for v in report.verdicts if v.objective == "O5" and v.status != "proved"]
    assert {s: v.status for v in found for s in v.services} == {"ecr": "conditional", "s3": "conditional"}
    assert {c.depends_on for v in found for c in v.counterexamples} == {("AN15",)}


def test_the_claim_without_partners(published):
    workspace = published(NO_PARTNERS, PERIMETER)
    report = prove_perimeter(workspace, services=SERVICES, availability=False)

    assert stated(report) == {o: set(SERVICES) for o in OBJECTIVES}


@pytest.mark.parametrize("fill", [ONE_REGION, NO_PARTNERS], ids=["partners", "no partners"])
def test_the_inferred_claim_leads_to_the_same_verdicts(published, tmp_path, fill):
    """What `perimeter init` reads from the samples decides as the file that was written by hand."""
    services = (*SERVICES, "ec2", "iam", "kms", "lambda", "ssm", "sts")
    workspace = published(fill)
    inferred = tmp_path / "perimeter.yaml"
    inferred.write_text(perimeter_yaml(workspace, proposals(workspace), {}), "utf-8")

    def statuses(file):
        report = prove_perimeter(published(fill, file), services=services, availability=False)
        return {o: by_service(report, o) for o in OBJECTIVES}

    found = statuses(inferred)
    assert found == statuses(PERIMETER)
    assert {s for s in SERVICES if found["O3"][s] == "proved"} == set(SERVICES)


def test_answers_of_the_aws_cli_lead_there_without_a_line_by_hand(shared, tmp_path):
    """From what `describe-policy` and its like print: `init`, then `prove`."""
    source, mine = tmp_path / "answers", tmp_path / "mine"
    source.mkdir()
    for name, value in answers(shared).items():
        (source / f"{name}.json").write_text(json.dumps(value), "utf-8")
    assert run(["init", str(mine), "--from", str(source), "--complete"]) == 0

    found = stated(prove_perimeter(read_source(mine), services=("s3", "sqs"), availability=False), ("s3", "sqs"))
    assert found == {
        "O1": set(),
        "O2": {"s3", "sqs"},
        "O3": {"s3", "sqs"},
        "O4": {"s3", "sqs"},
        "O5": {"sqs"},
        "O6": set(),
    }


def answers(shared):
    """The samples as the AWS CLI prints the policies of an organization that has them at its root."""
    folder = shared / "corpus" / SAMPLES
    values = json.loads((shared / "corpus" / "placeholders.json").read_text(encoding="utf-8"))["substitutions"]
    filled = {name: row["example"] for name, row in values.items() if SAMPLES in row["sources"]} | ONE_REGION

    def text(file):
        out = file.read_text("utf-8")
        for name, value in filled.items():
            out = out.replace(name, value)
        return out

    found = {
        "organization": {"Organization": {"Id": "o-a1b2c3d4e5", "MasterAccountId": "999999999999"}},
        "roots": {"Roots": [{"Id": "r-ab12", "Name": "Root"}]},
        "accounts": {"Accounts": [{"Id": "111122223333", "Name": "a"}, {"Id": "999999999999", "Name": "m"}]},
    }
    kinds = {
        "service_control_policies": "SERVICE_CONTROL_POLICY",
        "resource_control_policies": "RESOURCE_CONTROL_POLICY",
    }
    for where, kind in kinds.items():
        for file in sorted((folder / where).glob("*.json")):
            own = f"p-{len(found):08d}"
            summary = {"Id": own, "Name": file.stem, "Type": kind}
            found[own] = {"Policy": {"PolicySummary": summary, "Content": text(file)}}
            found[f"targets-{own}"] = {"Targets": [{"TargetId": "r-ab12", "Type": "ROOT"}]}
    endpoints = []
    for number, service in enumerate(("s3", "sqs", "ecr.api")):
        named = folder / "vpc_endpoint_policies" / f"{service}_endpoint_policy.json"
        file = named if named.exists() else named.with_name("default_endpoint_policy.json")
        endpoints.append({"VpcEndpointId": f"vpce-0{number:016x}", "VpcId": "vpc-0a1b2c3d4e5f60001",
                          "OwnerId": "111122223333", "ServiceName": f"com.amazonaws.us-east-1.{service}",
                          "VpcEndpointType": "Interface", "PolicyDocument": text(file)})  # fmt: skip
    return {**found, "endpoints": {"VpcEndpoints": endpoints}}


def test_names_that_hold_a_pattern(published):
    """What is left of O3 and O4: resources of outsiders whose names match patterns that are meant for AWS's."""
    workspace = published(NO_PARTNERS, PERIMETER)
    services = ("cloudformation", "ec2", "lambda", "ssm")
    report = prove_perimeter(workspace, objectives=["O3", "O4"], services=services, availability=False)

    assert by_service(report, "O4")["ec2"] == by_service(report, "O3")["ssm"] == "conditional"
    found = [c for v in report.verdicts if v.status == "conditional" for c in v.counterexamples]
    assert {c.rests_on for c in found} == {("X-1",)}
    found = [c for v in report.verdicts for c in v.counterexamples]
    assert [c.request for c in found if not allowed(c)] == []


def test_networks_of_services_with_endpoints_across_regions(published):
    """Without partners IAM is left: no statement on aws:VpceOrgID names it. A twin VPC takes a chance id."""
    services = ("ecr", "iam", "kms", "lambda", "route53", "s3")

    def told(fill):
        report = prove_perimeter(published(fill, PERIMETER), objectives=["O5"], services=services, availability=False)
        twins = {s for v in report.verdicts if v.reason.endswith("not without AN15") for s in v.services}
        return {s for s, status in by_service(report, "O5").items() if status != "proved"}, twins

    assert told(ONE_REGION) == (set(services), set(services))
    assert told(NO_PARTNERS) == ({"iam", "kms"}, {"iam"})  # kms: the first hop of a file system's clients


def test_what_is_blocked_on_purpose_is_left_out(published):
    services = ("events", "kms", "lambda", "ram", "route53", "s3")
    report = prove_perimeter(published(ONE_REGION, PERIMETER), objectives=["O2"], services=services)
    found = [c for v in report.availability for c in v.counterexamples]

    assert {b.sid for c in found for b in c.through} == {
        *REGION_SIDS,
        "EnforceResourcePerimeterAWSResources",
        "EnforceResourcePerimeterThirdPartyResources",
        "EnforceResourcePerimeterAWSResourcesS3",  # trusted buckets, actions not named
        "EnforceNetworkPerimeterVpceOrgID",  # partners on my keys
    }
    assert [c.request for c in found if allowed(c)] == []


def test_the_values_of_the_samples_shut_the_vpc(published):
    """Two statements that demand two Regions of one VPC: O5 holds, since nothing leaves the VPC."""
    workspace = published({}, PERIMETER)
    report = prove_perimeter(workspace, objectives=["O5"], services=["s3"])

    assert by_service(report, "O5") == {"s3": "proved"}
    blocked = [c for v in report.availability for c in v.counterexamples if c.facts.path == "vpce"]
    regions = {sid: {c.facts.region for c in blocked if sid in {b.sid for b in c.through}} for sid in REGION_SIDS}
    assert "us-east-1" not in regions["SourceVPCRegion"]
    assert "eu-west-1" not in regions["SourceVPCRegion2"]
    assert all(regions.values())


def test_the_same_answer_twice(published):
    def answer():
        workspace = published(ONE_REGION, PERIMETER)
        return dumps(report_json(prove_perimeter(workspace, services=["s3", "sqs"])))

    assert answer() == answer()
