"""Roles of pods (EKS Pod Identity): session tags that the service sets, and session policies of associations."""

from __future__ import annotations

import json

import pytest

from perimeter_smt.organization.readers import SourceOptions, read_source
from perimeter_smt.questions.perimeter import prove

ORG, MANAGEMENT, OWN = "o-acme0000001", "999900001111", "111122223333"
ROLE = f"arn:aws:iam::{OWN}:role/pods"
PODS, PERSON = {"Service": "pods.eks.amazonaws.com"}, {"AWS": f"arn:aws:iam::{OWN}:user/alice"}
ONLY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}]}
CLUSTER = f"arn:aws:eks:eu-west-1:{OWN}:cluster/shop"


def guard(key):
    condition = {"StringNotEqualsIfExists": {"aws:ResourceOrgID": ORG, f"aws:PrincipalTag/{key}": "yes"}}
    statement = {"Sid": "Mine", "Effect": "Deny", "Action": "*", "Resource": "*", "Condition": condition}
    return {"Version": "2012-10-17", "Statement": [statement]}


def trust(*principals):
    return {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": each, "Action": ["sts:AssumeRole", "sts:TagSession"]}
        for each in principals]}  # fmt: skip


def association(own="a-1", role=ROLE, **more):
    return {"association": {"associationId": own, "clusterName": "shop", "namespace": "pay", "serviceAccount": "api",
                            "roleArn": role, **more}}  # fmt: skip


def item(own="a-1", **more):
    return {"resourceType": "AWS::EKS::PodIdentityAssociation", "resourceId": own, "accountId": OWN, "tags": {},
            "configuration": {"AssociationId": own, "RoleArn": ROLE, **more}}  # fmt: skip


def read(tmp_path, *answers, key="team", trusted=(PODS,), complete=True):
    allow = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}]}
    role = {"Arn": ROLE, "AssumeRolePolicyDocument": trust(*trusted), "AttachedManagedPolicies": [], "Tags": [],
            "RolePolicyList": [{"PolicyName": "all", "PolicyDocument": allow}]}  # fmt: skip
    summary = {"Id": "p-aaaa1111", "Name": "mine", "Type": "SERVICE_CONTROL_POLICY"}
    tree = ({"Organization": {"Id": ORG, "MasterAccountId": MANAGEMENT}}, {"Accounts": [{"Id": OWN}]},
            {"Roots": [{"Id": "r-ac00", "PolicyTypes": []}]},
            {"Policy": {"PolicySummary": summary, "Content": json.dumps(guard(key))}},
            {"PolicyId": "p-aaaa1111", "Targets": [{"TargetId": "r-ac00"}]})  # fmt: skip
    for number, value in enumerate((*tree, {"RoleDetailList": [role]}, *answers)):
        (tmp_path / f"{number}.json").write_text(json.dumps(value))
    return read_source(tmp_path, SourceOptions(complete=complete))


def callers(found):
    """Who of the account reaches resources of strangers."""
    report = prove(found, objectives=["O3"], services=["sqs"], mode="grants", availability=False, enumerate_all=True)
    arns = [c.request.principal.arn or "" for v in report.verdicts for c in v.counterexamples if c.kind == "hole"]
    return [arn for arn in arns if "/pods" in arn]


@pytest.mark.parametrize(("key", "trusted", "reached"), [
    ("team", (PODS,), False), ("team", (PERSON,), True), ("team", (PODS, PERSON), True),
    ("kubernetes-namespace", (PODS,), True),
])  # fmt: skip
def test_pods_carry_the_tags_of_their_role_and_those_that_eks_sets(tmp_path, key, trusted, reached):
    """A guardrail exempted a tag, and was refuted by a pod with that tag, which EKS cannot add."""
    assert bool(callers(read(tmp_path, key=key, trusted=trusted))) == reached


TEXT = json.dumps(ONLY)


@pytest.mark.parametrize(("answers", "complete", "reason"), [
    ((association(policy=TEXT),), True, None),
    ((association(policy=TEXT), association("a-2", policy=json.dumps(ONLY, indent=1))), True, None),
    (({"configurationItems": [item(Policy=TEXT)]},), True, None),
    ((association(policy=TEXT),), False, "may have other associations"),
    ((association(policy=TEXT), association("a-2")), True, "different session policies, or none"),
    ((association(policy=TEXT, targetRoleArn="arn:aws:iam::444455556666:role/x"),), True, "its pods get another one"),
    ((association(policy=TEXT), {"association": {"associationId": "a-3", "NotKnown": "not allowed"}}), True,
     "the role of another association is not known"),
    ((association(policy="{"),), True, "is not known"),
])  # fmt: skip
def test_session_policies_of_associations(tmp_path, answers, complete, reason):
    """They restrict all sessions of the role, or count for nothing and are named."""
    found = read(tmp_path, *answers, complete=complete)
    (role,) = [p for a, _ in found.organization.accounts() for p in a.principals]
    about = [u.reason for u in found.unknowns if "session policies" in u.name]
    if reason is None:
        assert [[d.statements[0].action.values for d in s.policies] for s in role.sessions] == [[("sqs:SendMessage",)]]
        assert not about
    else:
        assert not role.sessions
        assert len(about) == 1
        assert reason in about[0]


def test_somebody_else_takes_the_role_too(tmp_path):
    found = read(tmp_path, association(policy=TEXT), trusted=(PODS, PERSON))
    assert any("others than EKS Pod Identity" in u.reason for u in found.unknowns)
