"""Stack sets whose template stands in the template, with accounts that are listed: a stack in each account and Region.

CloudFormation guide, StackSets: `StackInstancesGroup` lists accounts and Regions, and values of parameters that
override those of the set.  A template behind a URL and targets that are units are not read here; they are named.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from perimeter_smt.errors import InputError
from perimeter_smt.organization.readers.cloudformation.functions import Resolver
from perimeter_smt.organization.readers.cloudformation.load import load_template
from perimeter_smt.organization.readers.cloudformation.names import Names
from perimeter_smt.organization.readers.cloudformation.nested import Nested
from perimeter_smt.organization.readers.cloudformation.stack import Item, Stack
from perimeter_smt.organization.readers.draft import Draft
from perimeter_smt.policy.json_positions import Node

TYPE = "AWS::CloudFormation::StackSet"
_ENDING = "1a2b3c4d-5e6f-7081-92a3-b4c5d6e7f809"  # what CloudFormation ends the name of each stack with
Parameters = Callable[[Node | None, Mapping[str, str], frozenset[str]], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Target:
    """An account and Region with the values of the parameters there, and the names of those that are not known."""

    account: str
    region: str
    given: dict[str, str]
    unknown: frozenset[str]


def stacks(item: Item, parameters: Parameters) -> list[Stack] | None:
    """The stacks of a stack set; None where its template or targets are not told here."""
    found, text = targets(item), item.get("TemplateBody")
    if found is None or not isinstance(text, str):
        return None
    name = item.get("StackSetName")
    called = f"stackset-{name if isinstance(name, str) else item.logical}-{_ENDING}".lower()
    out = []
    for target in found:
        file = f"{item.stack.file} ({item.logical}.TemplateBody)"
        inner = stack_of(item.stack.draft, text, file, target.account, target.region, called, target.given, parameters,
                         target.unknown, doubt=item.doubt)  # fmt: skip
        out += [inner] if inner is not None else []
    return out


def stack_of(
    draft: Draft, text: str, file: str, account: str, region: str, name: str, given: Mapping[str, str],
    parameters: Parameters, unknown: frozenset[str] = frozenset(), *, doubt: str | None = None,
) -> Stack | None:  # fmt: skip
    """A stack of a template that is a text; None where it is no template."""
    template = _template(text, file)
    if template is None:
        return None
    assert isinstance(template.value, dict)
    values = parameters(template.value.get("Parameters"), given, unknown)
    resolver = Resolver(template.value, values, Names(account, region, name))
    Nested(Path(file), resolver, parameters)
    return Stack(draft, resolver, account, region, file, template, doubt=doubt)


def targets(item: Item) -> list[Target] | None:
    """Where the stacks of a stack set lie; None where that, or its template, is not told here."""
    text, groups = item.get("TemplateBody"), item.get("StackInstancesGroup")
    if not isinstance(text, str) or _template(text, item.stack.file) is None or not isinstance(groups, list):
        return None
    given, unknown = _values(item.get("Parameters"))
    out = []
    for group in groups:
        chosen = group.get("DeploymentTargets") if isinstance(group, dict) else None
        if not isinstance(chosen, dict) or chosen.keys() - {"Accounts", "AccountFilterType"}:
            return None  # units, a list behind a URL
        accounts, regions = chosen.get("Accounts"), group.get("Regions")
        if not _texts(accounts) or not _texts(regions) or chosen.get("AccountFilterType", "NONE") != "NONE":
            return None
        assert isinstance(accounts, list)
        assert isinstance(regions, list)
        own, open_ = _values(group.get("ParameterOverrides"))
        for account in accounts:
            for region in regions:
                out.append(Target(str(account).zfill(12), region, {**given, **own}, (unknown - own.keys()) | open_))
    return out


def _values(found: Any) -> tuple[dict[str, str], frozenset[str]]:
    """Values of parameters, and the names of those that are not known."""
    out: dict[str, str] = {}
    unknown = set()
    for each in found if isinstance(found, list) else ():
        name, value = (each.get("ParameterKey"), each.get("ParameterValue")) if isinstance(each, dict) else (None, None)
        if isinstance(value, str | int):
            out[str(name)] = str(value)
        elif name is not None:
            unknown.add(str(name))
    return out, frozenset(unknown)


def _texts(found: Any) -> bool:
    return isinstance(found, list) and bool(found) and all(isinstance(each, str | int) for each in found)


def _template(text: str, file: str) -> Node | None:
    try:
        node = load_template(Path(file), text)
    except InputError:
        return None
    found = node.value.get("Resources") if isinstance(node.value, dict) else None
    return node if found is not None and isinstance(found.value, dict) else None
