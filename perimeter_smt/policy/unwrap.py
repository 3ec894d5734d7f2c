"""Answers of the AWS command line that hold one policy: `describe-policy`, `get-bucket-policy` and their like.

The policy stands inside as an object, or as a string of JSON. Its places keep the path from the top of the answer.
"""

from __future__ import annotations

from perimeter_smt.errors import InputError
from perimeter_smt.policy.json_positions import Node, quoted, read_json

# Where a policy stands in answers, and commands that answer so (AWS CLI reference). `0`: the only element of a list.
PLACES: tuple[tuple[str | int, ...], ...] = (
    ("Policy", "Content"),  # organizations describe-policy
    ("ResourcePolicy", "Content"),  # organizations describe-resource-policy
    ("PolicyVersion", "Document"),  # iam get-policy-version
    ("PolicyDocument",),  # iam get-role-policy, get-user-policy, get-group-policy
    ("Role", "AssumeRolePolicyDocument"),  # iam get-role
    ("Attributes", "Policy"),  # sqs get-queue-attributes, sns get-topic-attributes
    ("VpcEndpoints", 0, "PolicyDocument"),  # ec2 describe-vpc-endpoints
    ("resourcePolicies", 0, "policyDocument"),  # logs describe-resource-policies
    ("policy", "document"),  # codeartifact get-repository-permissions-policy
    ("policy", "Policy"),  # glacier get-vault-access-policy
    ("PolicyInJson",),  # glue get-resource-policy
    ("policyText",),  # ecr get-repository-policy
    ("ResourcePolicy",),  # secretsmanager get-resource-policy
    ("resourcePolicy",),  # s3tables get-table-policy
    ("Policy",),  # s3api get-bucket-policy, kms get-key-policy, lambda get-policy, dynamodb get-resource-policy
    ("policy",),  # apigateway get-rest-api
)


def unwrapped(node: Node) -> Node:
    """The policy inside an answer of the command line, or the node itself if it is none.

    InputError where the answer holds several policies, or a text that is no JSON.
    """
    if not isinstance(node.value, dict) or "Statement" in node.value:
        return node
    for place in PLACES:
        inner = _at(node, place)
        if inner is not None and isinstance(inner.value, dict):
            return inner
        if inner is not None and type(inner.value) is str:
            return _decoded(inner, inner.value)
    return node


def _at(node: Node, place: tuple[str | int, ...]) -> Node | None:
    for step in place:
        value = node.value
        if isinstance(step, str):
            found = value.get(step) if isinstance(value, dict) else None
        elif isinstance(value, list) and len(value) > 1:
            raise node.error(f"{len(value)} policies in one answer, expected one")
        else:
            found = value[0] if isinstance(value, list) and value else None
        if found is None:
            return None
        node = found
    return node


def _decoded(node: Node, text: str) -> Node:
    """The policy that a string holds, in the place of the string."""
    try:
        inner = read_json(text, file=node.file)
    except InputError as error:
        raise node.error(f"the text {quoted(text)} is no policy: {error.message}") from None
    for found in inner.walk():
        found.line = node.line  # its own lines are those of a text inside a line
    inner.parent, inner.step = node.parent, node.step
    return inner
