"""ARNs of what a template makes beside a named resource: aliases, versions, streams, consumers, identity providers.

Nothing of them is read by itself; policies name them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from perimeter_smt.policy.json_positions import Node

if TYPE_CHECKING:
    from perimeter_smt.organization.readers.cloudformation.functions import Resolver
    from perimeter_smt.organization.readers.cloudformation.names import Names

_ALIAS, _VERSION, _CONSUMER = "AWS::Lambda::Alias", "AWS::Lambda::Version", "AWS::Kinesis::StreamConsumer"
_OIDC, _SAML = "AWS::IAM::OIDCProvider", "AWS::IAM::SAMLProvider"
TYPES = frozenset([_ALIAS, _VERSION, _CONSUMER, _OIDC, _SAML])
TABLES = ("AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable")
_ARNS = ("Arn", "AliasArn", "FunctionArn", "ConsumerARN")


def stream(table: str) -> str:
    """The ARN of the stream of a table; AWS labels it with the moment at which it was made, any stands for it."""
    return f"{table}/stream/2026-01-01T00:00:00.000"


def function(names: Names, name: str) -> str:
    """The ARN of a function, alias or version by how a template names it."""
    if name.count(":") >= 6:
        return name
    made = name.rsplit("function:", maxsplit=1)[-1]
    return f"arn:{names.partition}:lambda:{names.region}:{names.account}:function:{made}"


def arn(names: Names, logical: str, resolver: Resolver) -> str | None:
    """What `Ref` gives for one of `TYPES`, which is its ARN; None where a name that it needs is not written."""
    node = resolver.resources[logical]
    kind, own = _type(node), _text(resolver, node, "Name")
    if kind == _OIDC:
        url = _text(resolver, node, "Url")
        return f"arn:{names.partition}:iam::{names.account}:oidc-provider/{url.split('://', 1)[-1]}" if url else None
    if kind == _SAML:
        return f"arn:{names.partition}:iam::{names.account}:saml-provider/{own or names.made_up(kind, logical)}"
    if kind == _CONSUMER:
        of, own = _text(resolver, node, "StreamARN"), _text(resolver, node, "ConsumerName")
        return f"{of}/consumer/{own}:1767225600" if of and own else None
    of = _text(resolver, node, "FunctionName")
    own = own if kind == _ALIAS else _number(logical, resolver)
    return f"{function(names, of)}:{own}" if of and own else None


def attribute(names: Names, logical: str, name: str, resolver: Resolver) -> str | None:
    """What `Fn::GetAtt` gives for one of `TYPES`; None for attributes that only AWS knows."""
    kind = _type(resolver.resources[logical])
    if kind == _VERSION and name == "Version":
        return _number(logical, resolver)
    if kind == _CONSUMER and name == "ConsumerName":
        return _text(resolver, resolver.resources[logical], name)
    return arn(names, logical, resolver) if name in _ARNS else None


def _number(logical: str, resolver: Resolver) -> str:
    """A number for a version, another one for each of the template; Lambda counts those of each function."""
    return str(1 + [name for name, node in resolver.resources.items() if _type(node) == _VERSION].index(logical))


def _type(node: Node) -> str:
    found = node.value.get("Type") if isinstance(node.value, dict) else None
    return str(found.value) if found is not None else ""


def _text(resolver: Resolver, node: Node, name: str) -> str | None:
    found = node.value.get("Properties") if isinstance(node.value, dict) else None
    return resolver.text(found.value.get(name)) if found is not None and isinstance(found.value, dict) else None
