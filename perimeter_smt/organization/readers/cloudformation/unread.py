"""What a template holds and no reader reads, although it may let somebody in: it is named."""

from __future__ import annotations

import re

from perimeter_smt.organization.readers.cloudformation import nested
from perimeter_smt.organization.readers.cloudformation.stack import Stack
from perimeter_smt.organization.readers.draft import Place
from perimeter_smt.policy.json_positions import Node

# Types that make more than the template shows, or give access without a policy in a property.
_MAKING = {
    "AWS::CloudFormation::Stack": "makes what its template says",
    "AWS::CloudFormation::StackSet": "makes what its template says in other accounts and Regions",
    "AWS::Serverless::Application": "makes what its template says",
    "AWS::ServiceCatalog::CloudFormationProvisionedProduct": "makes what the template of a product says",
    "AWS::Organizations::Account": "makes an account, of which it is not known before who may do what there",
    "AWS::Lambda::LayerVersionPermission": "gives others a layer",
    "AWS::LakeFormation::Permissions": "gives access to data in Lake Formation",
    "AWS::LakeFormation::PrincipalPermissions": "gives access to data in Lake Formation",
    "AWS::Redshift::EndpointAuthorization": "lets another account make endpoints to a cluster",
}
# Types of SAM that make no roles and no policies beside those that stand in their properties.
_PLAIN = ("AWS::Serverless::Api", "AWS::Serverless::HttpApi", "AWS::Serverless::SimpleTable",
          "AWS::Serverless::LayerVersion")  # fmt: skip
_PROPERTIES = (
    "PolicyDocument", "ResourcePolicy", "Policy", "AccessPolicy", "AccessPolicies", "KeyPolicy", "FileSystemPolicy",
    "InlinePolicy", "PermissionsPolicyDocument", "RepositoryPolicyText", "RegistryPolicyText", "ResourcePolicyDocument",
    "AuthPolicy", "PolicyText",
)  # fmt: skip
_TEXT = re.compile(r'"Statement"\s*:')


def read(stack: Stack, known: frozenset[str]) -> None:
    """Name resources of types that are not `known` and hold a policy, or give access without one."""
    for logical, node in stack.resolver.resources.items():
        if logical.startswith("Fn::"):
            place = Place(stack.file, ("Resources", logical), node.line)
            stack.draft.unknown(f"what `{logical}` makes", "its resources are not in the template", "facts", place)
    kinds = {str(node.value["Type"].value) for node in stack.resolver.resources.values()
             if isinstance(node.value, dict) and "Type" in node.value}  # fmt: skip
    for kind in sorted(kinds - known):
        what = "makes what its module says" if kind.endswith("::MODULE") else _MAKING.get(kind)
        if what is None and kind.startswith("AWS::Serverless::") and kind not in _PLAIN:
            what = "makes roles and policies"
        for item in stack.of(kind):
            if kind in nested.TYPES and stack.resolver.nested and stack.resolver.nested.of(item.logical):
                continue
            if what is not None:
                reason = f"`{kind}` {what}, which is not read"
                stack.draft.unknown(f"what `{item.logical}` makes", reason, "facts", item.at)
            elif _defined_elsewhere(kind, item.properties):
                reason = "its definition stands in another file, which may hold a policy"
                stack.draft.unknown(f"policy of `{item.logical}`", reason, "grants", item.at, account=stack.account)
            elif kind.startswith("AWS::") and not kind.startswith("AWS::IAM::") and _holds_policy(item.properties):
                reason = f"`{kind}` is no type whose policies are read"
                stack.draft.unknown(f"policy of `{item.logical}`", reason, "grants", item.at, account=stack.account)


def _defined_elsewhere(kind: str, properties: dict[str, Node]) -> bool:
    """Whether a REST API is defined in a file; `x-amazon-apigateway-policy` there is its policy (API Gateway guide)."""
    if kind not in ("AWS::ApiGateway::RestApi", "AWS::Serverless::Api"):
        return False
    bodies = [properties[name] for name in ("Body", "DefinitionBody") if name in properties]
    included = (found.value for body in bodies for found in body.walk())
    return bool({"BodyS3Location", "DefinitionUri"} & properties.keys()) or any(
        isinstance(value, dict) and "Fn::Transform" in value for value in included
    )


def _holds_policy(properties: dict[str, Node]) -> bool:
    """Whether a policy stands somewhere in the properties, as it is, as a text, or behind a function."""
    for name, node in properties.items():
        if any(_is_policy(found) for found in node.walk()) or _is_statement(node):
            return True
        if name in _PROPERTIES and _is_function(node):
            return True
    return False


def _is_function(node: Node) -> bool:
    return isinstance(node.value, dict) and len(node.value) == 1 and next(iter(node.value)).startswith(("Ref", "Fn::"))


def _is_statement(node: Node) -> bool:
    return isinstance(node.value, dict) and {"Effect", "Action"} <= node.value.keys()


def _is_policy(node: Node) -> bool:
    """Whether a part of a template is a policy document, with its functions, or a text that holds one."""
    if isinstance(node.value, str):
        return bool(_TEXT.search(node.value))
    if not isinstance(node.value, dict):
        return False
    if "CustomStatements" in node.value:
        return True
    if "Statement" not in node.value:
        return False
    whole = node.value["Statement"]
    return any(isinstance(found.value, dict) and "Effect" in found.value for found in whole.walk())
