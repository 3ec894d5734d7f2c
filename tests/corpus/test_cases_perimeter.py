"""The perimeter cases of the semantics through `prove`: each request class is an obligation of one's own (5.3, 6).

A case says in words who calls what over which wire, and whether its guardrails stop that. Here the class is a formula
over the formal text, and the obligation says that no such request gets through: proved means blocked. A block counts
only if the same request gets through without the guardrails.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from perimeter_smt.organization.model import (
    Account,
    Endpoint,
    Guardrails,
    Organization,
    OwnedPrincipal,
    OwnedResource,
    Unit,
)
from perimeter_smt.organization.perimeter import Perimeter, TrustedResource, Vpc, Workspace
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.questions.perimeter import prove

SHARED = Path(__file__).resolve().parents[3] / "shared"
FILE = SHARED / "semantics_cases.json"
CASES = json.loads(FILE.read_text(encoding="utf-8"))["cases"] if FILE.exists() else []
pytestmark = pytest.mark.skipif(not CASES, reason="the semantics cases lie in ../shared, which is absent")

ORG, MINE, MANAGEMENT, STRANGER = "o-myorg00001", "111111111111", "999999999999", "666666666666"
MY_ROLE = "(= caller role) principal.mine (not principal.management) (not principal.service-linked)"
OUTSIDER = f'(= caller role) (= principal.account "{STRANGER}") (not principal.service-linked)'
MY_MEMBER = "my-resource (not resource.management)"
TOPIC = f"arn:aws:sns:us-east-1:{MINE}:orders"


@dataclass(frozen=True)
class Class:
    """A class of requests: the service it is asked of, and what its requests have in common."""

    service: str
    facts: str
    grants: bool = False  # with the grants of the workspace instead of whatever anybody grants


CLASSES = {
    "O01": Class("s3", f"{MY_MEMBER} (= caller anonymous) (= wire public)"),
    "O02": Class("s3", f'{MY_MEMBER} (= caller aws-service) (= principal.service "cloudtrail.amazonaws.com") my-iam'),
    "O03": Class(
        "s3",
        f'{MY_MEMBER} (= caller aws-service) (= principal.service "cloudtrail.amazonaws.com") '
        f'(= behalf.account "{STRANGER}")',
    ),
    "O04": Class("ebs", f'{MY_ROLE} my-resource my-network (= action "ebs:GetSnapshotBlock")'),
    "O05": Class(
        "ssm",
        f'{MY_ROLE} my-network (= action "ssm:GetParameter") resource.of-service '
        '(str.prefixof "parameter/aws/service/" resource.name)',
    ),
    "O06": Class(
        "s3",
        f'{MY_ROLE} my-resource (= wire endpoint) (= endpoint.vpc "vpc-0a") (= endpoint.region "eu-west-1") '
        "(not my-network)",
    ),
    "O07": Class("s3", f"{MY_MEMBER} {OUTSIDER} (= wire public) (not forwarded)"),
    "O08": Class(
        "sns",
        f'{MY_ROLE} through-my-endpoint (= action "sns:Publish") (= resource.account "{MINE}") '
        '(= resource.region "us-east-1") (= resource.name "orders")',
        grants=True,
    ),
    "O09": Class("s3", f"{OUTSIDER} (not trusted-resource) (= wire public) address.mine"),
    "O10": Class("s3", f'{MY_MEMBER} {OUTSIDER} (= wire public) (= (org principal.account) "")'),
    "O11": Class("s3", f"resource.management {OUTSIDER} (= wire public)"),
    "O12": Class("s3", f"{MY_ROLE} my-resource principal.service-role (= wire aws-network) (not forwarded)"),
    "O13": Class(
        "s3", f'{MY_ROLE} my-resource (= wire public) address.mine (= request.region "eu-west-1") (not forwarded)'
    ),
    "O14": Class(
        "s3", '(= caller aws-service) (= principal.service "s3.amazonaws.com") behalf.mine (not trusted-resource)'
    ),
}


def policies(case, slot, kind):
    raw = case["guardrails"].get(slot) or []
    raw = raw if isinstance(raw, list) else [raw]
    return tuple(parse_object(p, kind, file="case", name=slot, strict=False) for p in raw)


def workspace(case):
    """The guardrails of a case on a small organization: one VPC, one office, one endpoint, one role, one topic."""
    endpoint = Endpoint(
        id="vpce-0a", account=MINE, vpc="vpc-0a", vpc_account=MINE, region="us-east-1",
        policy=next(iter(policies(case, "vpce", Kind.ENDPOINT)), None),
    )  # fmt: skip
    may_publish = {"Effect": "Allow", "Action": "sns:*", "Resource": "*"}
    role = OwnedPrincipal(
        arn=f"arn:aws:iam::{MINE}:role/Worker", type="role", account=MINE,
        policies=(
            parse_object(
                {"Version": "2012-10-17", "Statement": may_publish}, Kind.IDENTITY, file="role.json", name="role"
            ),
        ),
    )  # fmt: skip
    on_topic = next(iter(policies(case, "resource_policy", Kind.RESOURCE)), None)
    topic = OwnedResource(arn=TOPIC, account=MINE, policy=on_topic)
    member = Account(id=MINE, endpoints=(endpoint,), principals=(role,), resources=(topic,), listed=True)
    guardrails = Guardrails(scps=policies(case, "scp", Kind.SCP), rcps=policies(case, "rcp", Kind.RCP))
    root = Unit(id="r-root", guardrails=guardrails, accounts=(member, Account(id=MANAGEMENT)))
    perimeter = Perimeter(
        orgs=(ORG,),
        vpcs=(Vpc(id="vpc-0a", region="us-east-1"),),
        cidrs=("203.0.113.0/24",),
        service_resources=(TrustedResource(arns=("arn:aws:ssm:*::parameter/aws/*",)),),
    )
    organization = Organization(id=ORG, management_account=MANAGEMENT, root=root)
    return Workspace(organization=organization, perimeter=perimeter, name="case", grants_given=True)


def verdict(case, folder):
    """The answer to: no request of the class gets through."""
    asked = CLASSES[case["id"]]
    path = folder / "blocked.smt2"
    path.write_text(f'(assert (! (not (and {asked.facts})) :named blocked :strength hard :source "case"))\n', "utf-8")
    report = prove(
        workspace(case), objectives=[], services=[asked.service], mode="grants" if asked.grants else "guardrails",
        reading="exact", availability=False, assertions=[path],
    )  # fmt: skip
    return report.verdicts[0]


PERIMETER = [case for case in CASES if case["kind"] == "perimeter"]


@pytest.mark.parametrize("case", [pytest.param(case, id=case["id"]) for case in PERIMETER])
def test_class_is_blocked_or_not(case, tmp_path):
    """The class gets through or does not, as the case says; what is blocked is blocked by the guardrails."""
    found = verdict(case, tmp_path)
    if case["expected"].startswith("blocked"):
        assert found.status == "proved"
        free = verdict({**case, "guardrails": {}}, tmp_path)
        assert free.status == "refuted", "the class is empty even without guardrails"
    else:
        assert found.status == "refuted"
        assert found.counterexamples


def test_every_perimeter_case_has_its_class():
    """Fourteen cases, fourteen classes."""
    assert {case["id"] for case in PERIMETER} == set(CLASSES)


def test_exempting_tag_is_the_way_in(tmp_path):
    """O07: the outsider gets through by carrying the tag that exempts my own workloads."""
    case = next(case for case in PERIMETER if case["id"] == "O07")
    (found,) = verdict(case, tmp_path).counterexamples
    assert found.request.context["aws:PrincipalTag/dp:exclude:network"] == "true"
