"""What a template holds and no reader reads, although it may let somebody in: it is named."""

from __future__ import annotations

import re
from typing import Any

from perimeter_smt.organization.readers.cloudformation import below, nested
from perimeter_smt.organization.readers.cloudformation.stack import Item, Stack
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
    "AWS::EC2::VPCEndpointServicePermissions": "lets others make endpoints to a service",
    "AWS::RAM::PrincipalAssociation": "shares with a principal",
    "AWS::RAM::ResourceAssociation": "shares a resource",
    "AWS::Signer::ProfilePermission": "lets others sign with a profile",
    "AWS::QBusiness::Permission": "gives access to an application",
    "AWS::QBusiness::DataAccessor": "gives access to an application",
    "AWS::SecurityLake::Subscriber": "gives a subscriber access to a data lake",
    "AWS::CodeGuruProfiler::ProfilingGroup": "lets others write to it",
    "AWS::ImageBuilder::DistributionConfiguration": "lets others launch its images",
    "AWS::ServiceCatalog::PortfolioShare": "shares a portfolio",
    "AWS::Config::AggregationAuthorization": "lets another account collect what AWS Config records",
}
# Of these, only resources with this member somewhere in their properties.
_ONLY_WITH = {
    "AWS::CodeGuruProfiler::ProfilingGroup": "AgentPermissions",
    "AWS::ImageBuilder::DistributionConfiguration": "LaunchPermissionConfiguration",
}
# Types of SAM that make no roles and no policies beside those that stand in their properties.
_PLAIN = ("AWS::Serverless::Api", "AWS::Serverless::HttpApi", "AWS::Serverless::SimpleTable",
          "AWS::Serverless::LayerVersion")  # fmt: skip
_PROPERTIES = (
    "PolicyDocument", "ResourcePolicy", "Policy", "AccessPolicy", "AccessPolicies", "KeyPolicy", "FileSystemPolicy",
    "InlinePolicy", "PermissionsPolicyDocument", "RepositoryPolicyText", "RegistryPolicyText", "ResourcePolicyDocument",
    "AuthPolicy", "PolicyText", "RepositoryPolicy", "DestinationPolicy", "DeliveryDestinationPolicy",
    "ModelPackageGroupPolicy", "NamespaceResourcePolicy", "S3AccessPolicy", "ModelPolicy", "InvestigationGroupPolicy",
)  # fmt: skip
_TEXT = re.compile(r'\\*"Statement\\*"\s*:')  # also in the text of a text, as custom resources pass it on


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
            if what is not None and (kind not in _ONLY_WITH or _has(item.properties, _ONLY_WITH[kind])):
                reason = f"`{kind}` {what}, which is not read"
                stack.draft.unknown(f"what `{item.logical}` makes", reason, "facts", item.at)
            elif kind == "AWS::Serverless::Api" and below.defined_elsewhere(item.properties):
                reason = "its definition stands in another file, which may hold a policy"
                stack.draft.unknown(f"policy of `{item.logical}`", reason, "grants", item.at, account=stack.account)
            elif kind == "AWS::Serverless::Api" and _writes_policy(item):
                reason = "SAM makes its policy of `ResourcePolicy`, which is not read"
                stack.draft.unknown(f"policy of `{item.logical}`", reason, "grants", item.at, account=stack.account)
            elif not kind.startswith("AWS::IAM::") and _holds_policy(kind, item.properties):
                reason = f"`{kind}` is no type whose policies are read"
                stack.draft.unknown(f"policy of `{item.logical}`", reason, "grants", item.at, account=stack.account)


def _writes_policy(item: Item) -> bool:
    """Whether SAM writes a policy for an API, by its `Auth` or that of all (SAM guide, ResourcePolicyStatement)."""
    everywhere: Any = item.stack.template
    for step in ("Globals", "Api", "Auth"):
        everywhere = everywhere.value.get(step) if everywhere and isinstance(everywhere.value, dict) else None
    return any(
        isinstance(found.value, dict) and "ResourcePolicy" in found.value
        for node in (item.properties.get("Auth"), everywhere)
        for found in (node.walk() if node is not None else ())
    )


def _has(properties: dict[str, Node], name: str) -> bool:
    """Whether a member of this name stands somewhere in the properties."""
    below = (found.value for node in properties.values() for found in node.walk())
    return name in properties or any(isinstance(value, dict) and name in value for value in below)


def _holds_policy(kind: str, properties: dict[str, Node]) -> bool:
    """Whether a policy stands somewhere in the properties, as it is, as a text, or behind a function."""
    names = (*_PROPERTIES, "Content") if kind == "AWS::Organizations::ResourcePolicy" else _PROPERTIES
    for name, node in properties.items():
        if any(_is_policy(found) for found in node.walk()) or _is_statement(node):
            return True
        inside = (member for found in node.walk() if isinstance(found.value, dict) for member in found.value.items())
        if any(each in names and _is_function(found) for each, found in ((name, node), *inside)):
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
