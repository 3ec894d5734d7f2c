"""A call through an access point is one decision about the point and the bucket behind it, guardrails alone, too."""

from __future__ import annotations

import json

import pytest

from perimeter_smt.evaluate import decide
from perimeter_smt.organization.model import Account, Guardrails, Organization, OwnedPrincipal, OwnedResource, Unit
from perimeter_smt.organization.perimeter import Perimeter, Scope, Workspace
from perimeter_smt.organization.readers import load_workspace
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.questions.perimeter import prove

ORG, OWN, MANAGEMENT = "o-acme0000001", "111122223333", "999900001111"
INSIDE = {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": ORG}}
SETTLED = "readings: {X-44: RIVAL}\n"


def statement(effect, resource, condition=None, **more):
    out = {"Effect": effect, "Action": "s3:GetObject", "Resource": resource, **more}
    return out if condition is None else {**out, "Condition": condition}


def workspace(tmp_path, *, rcp=(), scp=(), endpoint=None, perimeter=""):
    named = {"rcp": rcp, "scp": scp, "endpoint": endpoint or ()}
    for name, statements in named.items():
        if name == "rcp":
            statements = [{**s, "Principal": "*"} for s in statements]
        (tmp_path / f"{name}.json").write_text(json.dumps({"Version": "2012-10-17", "Statement": list(statements)}))
    (tmp_path / "perimeter.yaml").write_text(
        f"orgs: [{ORG}]\ncidrs: [203.0.113.0/24]\nscopes: {{O1: ['s3:GetObject'], O4: ['s3:GetObject'], "
        "O6: ['s3:GetObject']}\naccepted: [management-account, service-linked-roles, service-principals]\n" + perimeter
    )
    door = """
      endpoints:
        - {id: vpce-0a000000000000001, vpc: vpc-0ac00000000000001, region: eu-west-1, policy: endpoint.json}"""
    (tmp_path / "organization.yaml").write_text(
        f"""
id: {ORG}
management_account: "{MANAGEMENT}"
root:
  id: r-ac00
  scps: [FullAWSAccess{", scp.json" if scp else ""}]
  rcps: [{"rcp.json" if rcp else ""}]
  accounts:
    - id: "{OWN}"{door if endpoint else ""}
    - {{id: "{MANAGEMENT}"}}
"""
    )
    return load_workspace(tmp_path)


def asked(space, objective):
    report = prove(space, objectives=[objective], services=["s3"], mode="guardrails", reading="exact",
                   availability=False, enumerate_all=True, limit=8)  # fmt: skip
    (verdict,) = report.verdicts
    for found in verdict.counterexamples:
        assert decide(found.case, rivals=space.perimeter.rivals).allowed
    shown = {
        ":accesspoint/" in (c.case.flags.via_access_point or c.request.resource) for c in verdict.counterexamples
    }  # a call on a bucket through somebody's point is one through a point
    return verdict.status, shown


@pytest.mark.parametrize(("resource", "settled", "status", "points"), [
    (["*"], "chosen", "proved", set()),
    (["arn:aws:s3:::*"], "chosen", "proved", set()),
    (["arn:aws:s3:::*"], "rival", "refuted", {True}),
    (["arn:aws:s3:::orders*"], "chosen", "refuted", {False}),
    (["arn:aws:s3:*:*:accesspoint/*"], "chosen", "refuted", {False}),
])  # fmt: skip
def test_an_rcp_on_buckets_stops_what_comes_through_access_points(tmp_path, resource, settled, status, points):
    """X-44 as chosen: guardrails are asked about the bucket as well; the rival asks about the point alone."""
    rcp = [statement("Deny", resource, INSIDE)]
    space = workspace(tmp_path, rcp=rcp, perimeter=SETTLED.replace("RIVAL", settled))
    found, shown = asked(space, "O1")
    assert found == status
    assert shown == points


def test_an_object_behind_an_access_point(tmp_path):
    """The key of the object is the same behind the point: what is denied in every bucket is denied through a point."""
    rcp = [statement("Deny", ["arn:aws:s3:::*/public/*", "arn:aws:s3:*:*:accesspoint/*/object/public/*"], INSIDE)]
    status, shown = asked(workspace(tmp_path, rcp=rcp), "O1")
    assert status == "refuted"
    assert False in shown
    rcp = [statement("Deny", ["arn:aws:s3:::*/*"], INSIDE)]
    assert asked(workspace(tmp_path, rcp=rcp), "O1")[0] == "proved"


def test_an_endpoint_policy_must_let_both_through(tmp_path):
    """S3 guide, access points restricted to a VPC: the endpoint policy must allow the point and the bucket."""
    allows = [statement("Allow", ["arn:aws:s3:eu-west-1:*:accesspoint/*"], Principal="*")]
    one = workspace(tmp_path, endpoint=allows, perimeter="vpcs: [{id: vpc-0ac00000000000001, region: eu-west-1}]\n")
    assert asked(one, "O4") == ("vacuous", set())  # no call passes at all
    both = [statement("Allow", ["arn:aws:s3:eu-west-1:*:accesspoint/*", "arn:aws:s3:::theirs/*"], Principal="*")]
    two = workspace(tmp_path, endpoint=both, perimeter="vpcs: [{id: vpc-0ac00000000000001, region: eu-west-1}]\n")
    status, shown = asked(two, "O4")
    assert status == "refuted"
    assert False in shown


@pytest.mark.parametrize("denied", [True, False])
def test_a_policy_of_the_caller_that_denies_the_bucket_stops_calls_through_its_point(denied):
    """With grants, and a point whose bucket is listed: what the caller's own policy denies, no point gives."""

    def document(kind, *statements):
        found = {"Version": "2012-10-17", "Statement": list(statements)}
        return parse_object(found, kind, file=f"{kind.value}.json", name=kind.value)

    point = f"arn:aws:s3:eu-west-1:{OWN}:accesspoint/p"
    both_arns = ["arn:aws:s3:::orders", "arn:aws:s3:::orders/*"]
    delegated = {"StringEquals": {"s3:DataAccessPointAccount": OWN}}
    resources = (
        OwnedResource(
            arn="arn:aws:s3:::orders", account=OWN,
            policy=document(Kind.BUCKET, statement("Allow", both_arns, delegated, Principal="*")),
        ),
        OwnedResource(arn=point, account=OWN, bucket="orders", origin="internet"),
    )  # fmt: skip
    own = [statement("Allow", f"{point}/object/*"), *([statement("Deny", "arn:aws:s3:::orders/*")] if denied else ())]
    role = OwnedPrincipal(
        arn=f"arn:aws:iam::{OWN}:role/app", type="role", account=OWN, policies=(document(Kind.IDENTITY, *own),)
    )
    nobody_else = statement("Deny", "*", {"ArnNotLike": {"aws:PrincipalArn": role.arn}})
    accounts = (
        Account(id=OWN, listed=True, resources=resources, principals=(role,)),
        Account(id=MANAGEMENT, listed=True),
    )
    root = Unit(id="r-ac00", guardrails=Guardrails(scps=(document(Kind.SCP, nobody_else),)), accounts=accounts)
    space = Workspace(
        organization=Organization(id=ORG, management_account=MANAGEMENT, root=root), name="points",
        perimeter=Perimeter(
            orgs=(ORG,), cidrs=("203.0.113.0/24",), scopes={"O5": Scope(actions=("s3:GetObject",))},
            accepted=("management-account", "service-linked-roles", "service-principals"),
        ),
    )  # fmt: skip
    report = prove(space, objectives=["O5"], services=["s3"], mode="grants", reading="exact", availability=False)
    assert report.verdicts[0].status == ("proved" if denied else "refuted")
