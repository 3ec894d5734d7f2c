"""What a template holds and no reader reads, although it may let somebody in: it is named."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from perimeter_smt.organization.readers import access_types
from perimeter_smt.organization.readers.access_types import AccessType
from perimeter_smt.organization.readers.cloudformation import below, nested, stack_sets
from perimeter_smt.organization.readers.cloudformation.stack import Item, Stack
from perimeter_smt.organization.readers.draft import Place
from perimeter_smt.policy.json_positions import Node

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
    harmless = access_types.harmless("cloudformation")
    kinds = {str(node.value["Type"].value) for node in stack.resolver.resources.values()
             if isinstance(node.value, dict) and "Type" in node.value}  # fmt: skip
    for kind in sorted(kinds - known):
        row = access_types.named("cloudformation").get(kind)
        what = "makes what its module says" if kind.endswith("::MODULE") else ""
        if row is None and kind.startswith("AWS::Serverless::") and kind not in _PLAIN:
            what = "makes roles and policies"
        for item in stack.of(kind):
            if kind in nested.TYPES and stack.resolver.nested and stack.resolver.nested.of(item.logical):
                continue
            if kind == stack_sets.TYPE and stack_sets.targets(item) is not None:
                continue
            if what or (row is not None and row.affects == "facts" and _lets_in(item, row)):
                reason = f"`{kind}` {row.does if row else what}, which is not read"
                stack.draft.unknown(f"what `{item.logical}` makes", reason, "facts", item.at)
            elif row is not None and _lets_in(item, row):
                reason = f"`{kind}` {row.does}, which is not read"
                stack.draft.unknown(f"what `{item.logical}` gives", reason, "grants", item.at,
                                    account=stack.account, holds=row.holds)  # fmt: skip
            elif kind == "AWS::Serverless::Api" and below.defined_elsewhere(item.properties):
                reason = "its definition stands in another file, which may hold a policy"
                stack.draft.unknown(f"policy of `{item.logical}`", reason, "grants", item.at, account=stack.account)
            elif kind == "AWS::Serverless::Api" and _writes_policy(item):
                reason = "SAM makes its policy of `ResourcePolicy`, which is not read"
                stack.draft.unknown(f"policy of `{item.logical}`", reason, "grants", item.at, account=stack.account)
            elif not kind.startswith("AWS::IAM::") and kind not in harmless and _holds_policy(kind, item.properties):
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


def _lets_in(item: Item, row: AccessType) -> bool:
    """Whether a resource of a type that may give access gives some, or may where something of it is not known."""
    found = [item.plain(node) for node in _below(item.properties, row.members)]
    return not row.members or row.given(found)


def _below(properties: dict[str, Node], names: tuple[str, ...]) -> Iterator[Node]:
    """The members of these names, at any depth."""
    for name, node in properties.items():
        if name in names:
            yield node
            continue
        for found in node.walk():
            if isinstance(found.value, dict):
                yield from (inner for each, inner in found.value.items() if each in names)


def _holds_policy(kind: str, properties: dict[str, Node]) -> bool:
    """Whether a policy stands somewhere in the properties, as it is, as a text, or behind a function."""
    names = (*_PROPERTIES, access_types.holding("cloudformation").get(kind, ""))
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
