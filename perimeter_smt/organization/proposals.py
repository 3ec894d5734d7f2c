"""What the policies of an organization say about its perimeter: proposals, each with the statements it was read from.

What guardrails exempt was decided by the organization: such proposals are `sure`. What single resources and roles let
in may be a decision or a mistake: such proposals are not.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass, field

from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.organization.readers.inferred import documents_of
from perimeter_smt.policy.document import Condition, Document, Statement
from perimeter_smt.policy.kinds import Kind

_NETWORK = ("aws:sourcevpc", "aws:sourcevpce", "aws:sourceip", "aws:vpceorgid", "aws:vpceaccount", "aws:vpceorgpaths")
_IDENTITY = ("aws:principalorgid", "aws:principalorgpaths", "aws:principalaccount", "aws:sourceorgid",
             "aws:sourceaccount")  # fmt: skip
_RESOURCE = ("aws:resourceorgid", "aws:resourceorgpaths", "aws:resourceaccount")
_TAGS = {"aws:principaltag/": "principal", "aws:resourcetag/": "resource"}
_CLAIM = {(Kind.SCP, "network"): "O5", (Kind.SCP, "resource"): "O3", (Kind.RCP, "network"): "O6",
          (Kind.RCP, "identity"): "O1"}  # fmt: skip


@dataclass
class Proposal:
    """One entry of a field of perimeter.yaml. `about` are the objectives that it is for, where there are such."""

    section: str
    value: str
    sure: bool
    places: dict[str, None] = field(default_factory=dict)
    about: dict[str, None] = field(default_factory=dict)


class Proposals:
    """Collected by section and value, so that what many statements say is proposed once."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], Proposal] = {}

    def add(self, section: str, value: str, *, sure: bool, place: str, about: str | None = None) -> None:
        """Note that a statement says this."""
        found = self._found.setdefault((section, value), Proposal(section, value, sure))
        found.sure |= sure
        found.places[place] = None
        if about:
            found.about[about] = None

    def of(self, section: str) -> list[Proposal]:
        """The proposals for one field, the sure ones first."""
        return sorted((p for p in self._found.values() if p.section == section), key=lambda p: (not p.sure, p.value))


def proposals(workspace: Workspace) -> Proposals:
    """Everything that the policies of a workspace propose."""
    organization = workspace.organization
    members = {account.id for account, _ in organization.accounts()} | {organization.management_account}
    regions = {door.vpc: door.region for account, _ in organization.accounts() for door in account.endpoints}
    out = Proposals()
    for document in documents_of(organization):
        for statement in document.statements:
            if document.kind in (Kind.SCP, Kind.RCP) and statement.effect == "Deny":
                _guardrail(out, document, statement, members, regions)
            elif document.kind.is_endpoint and statement.effect == "Allow":
                _endpoint(out, document, statement, members)
            elif document.kind.is_resource_type and statement.effect == "Allow":
                _grant(out, document, statement, members)
    return out


def _place(document: Document, statement: Statement) -> str:
    where = str(statement.location) if statement.location.line else statement.location.file
    return f"{document.name}, {statement.sid or f'statement {statement.index + 1}'} ({where})"


def _claims(document: Document, statement: Statement) -> list[str]:
    """The objectives that a guardrail statement serves."""
    names = {condition.name for condition in statement.conditions}
    out = []
    for what, keys in (("identity", _IDENTITY), ("network", _NETWORK), ("resource", _RESOURCE)):
        claim = _CLAIM.get((document.kind, what))
        if claim and names & set(keys):
            out.append(claim)
    return out


def _guardrail(
    out: Proposals, document: Document, statement: Statement, members: set[str], regions: dict[str, str]
) -> None:
    place, claims = _place(document, statement), _claims(document, statement)
    if not claims:
        return
    for condition in statement.conditions:
        if condition.operator.base.negated:
            _exemption(out, statement, condition, place, claims, members, regions)
        elif condition.operator.base.name == "StringEquals":
            for prefix, on in _TAGS.items():
                if condition.name.startswith(prefix) and on == "principal" and len(condition.values) == 1:
                    key, value = _quoted(condition.key[len(prefix) :]), _quoted(condition.values[0])
                    tag = f"on: {on}, key: {key}, value: {value}"
                    for claim in claims:
                        out.add("tags", f"{tag}, missing: true", sure=True, place=place, about=claim)
    for claim in claims:
        if statement.action.negated:
            for text in statement.action.values:
                out.add(f"except {claim}", _scope(text), sure=True, place=place)
        elif document.kind is Kind.RCP:
            for text in statement.action.values:
                if text != "*":
                    out.add(f"scope {claim}", _scope(text), sure=True, place=place)
    if document.kind is Kind.SCP and statement.resource and statement.resource.negated:
        for arn in statement.resource.values:
            out.add("service_resources", _quoted(arn), sure=_owned_by_aws(arn), place=place)


def _exemption(
    out: Proposals,
    statement: Statement,
    condition: Condition,
    place: str,
    claims: list[str],
    members: set[str],
    regions: dict[str, str],
) -> None:
    """A value that a Deny leaves out."""
    name, values = condition.name, condition.values
    for prefix, on in _TAGS.items():
        if name.startswith(prefix):
            for value in values:
                tag = f"on: {on}, key: {_quoted(condition.key[len(prefix) :])}, value: {_quoted(value)}"
                for claim in claims:
                    out.add("tags", tag, sure=True, place=place, about=claim)
    for value in values:
        if name == "aws:principalarn":
            account = value.split(":")[4] if value.count(":") >= 5 else ""
            if account.isdigit() and account not in members:  # an exception is for callers of my own accounts
                out.add("third_principals", f"account: {_quoted(account)}, arns: [{_quoted(value)}]", sure=True,
                        place=place)  # fmt: skip
                continue
            for claim in claims:
                out.add("roles", _quoted(value), sure=True, place=place, about=claim)
        elif name == "aws:sourceip":
            if _is_public(value):
                out.add("cidrs", value, sure=True, place=place)
        elif name == "aws:sourcevpc":
            region = regions.get(value)
            out.add("vpcs", f"id: {value}, region: {region or 'REGION'}", sure=region is not None, place=place)
        elif name == "aws:sourcevpce":
            out.add("endpoints", value, sure=True, place=place)
        elif name in ("aws:principalaccount", "aws:sourceaccount") and value not in members:
            out.add("third_principals", f"account: {_quoted(value)}", sure=True, place=place)
        elif name == "aws:resourceaccount" and value not in members:
            narrow = statement.resource is not None and not statement.resource.negated
            arns = [a for a in statement.resource.values if a != "*"] if narrow and statement.resource else []
            arn = f", arns: [{', '.join(map(_quoted, arns))}]" if arns else ""
            out.add("third_resources", f"account: {_quoted(value)}{arn}", sure=True, place=place)


def _endpoint(out: Proposals, document: Document, statement: Statement, members: set[str]) -> None:
    """Resources that an endpoint lets everybody reach, and accounts whose resources it lets through."""
    place = _place(document, statement)
    actions = ", ".join(_quoted(_scope(text)) for text in statement.action.values)
    narrowed = f", actions: [{actions}]" if not statement.action.negated and "*" not in statement.action.values else ""
    names = {condition.name for condition in statement.conditions}
    for condition in statement.conditions:
        if condition.name == "aws:resourceaccount" and not condition.operator.base.negated:
            for value in condition.values:
                if value not in members and value.isdigit():
                    text = f"account: {_quoted(value)}{narrowed}"
                    out.add("third_resources", text, sure=True, place=place)
    if names & set(_RESOURCE) or statement.resource is None or statement.resource.negated:
        return
    for arn in statement.resource.values:
        if arn.strip("*") and not any(f":{member}:" in arn for member in members):
            out.add("service_resources", _quoted(arn), sure=_owned_by_aws(arn), place=place)


def _grant(out: Proposals, document: Document, statement: Statement, members: set[str]) -> None:
    """Outsiders that a resource or role lets in: partners, identity providers."""
    place = _place(document, statement)
    for entry in statement.principal.entries if statement.principal and not statement.principal.negated else ():
        if entry.type == "AWS":
            fields = entry.value.split(":")
            account = fields[4] if len(fields) >= 6 else entry.value
            if account.isdigit() and len(account) == 12 and account not in members:
                out.add("third_principals", f"account: {_quoted(account)}", sure=False, place=place)
        elif entry.type == "Federated" and "/" in entry.value:
            provider = entry.value.split("oidc-provider/", 1)[-1]
            host = provider.lower()
            subjects = [v for c in statement.conditions if c.name == f"{host}:sub" for v in c.values]
            audiences = [v for c in statement.conditions if c.name in (f"{host}:aud", "saml:aud") for v in c.values]
            more = "".join(f", {name}: [{', '.join(map(_quoted, found))}]"
                           for name, found in (("subjects", subjects), ("audiences", audiences)) if found)  # fmt: skip
            out.add("third_principals", f"provider: {_quoted(provider)}{more}", sure=False, place=place)


def _owned_by_aws(arn: str) -> bool:
    """AWS's own resources have no account, or the account `aws`. ARNs of buckets never have one: they tell nothing."""
    fields = arn.split(":", 5)
    return len(fields) == 6 and fields[2] != "s3" and fields[4] in ("", "aws")


def _is_public(text: str) -> bool:
    try:
        found = ipaddress.ip_network(text)
    except ValueError:
        return False
    return not found.is_private or str(found).startswith(("192.0.2.", "198.51.100.", "203.0.113.", "2001:db8"))


def _scope(text: str) -> str:
    return text.removesuffix(":*") if text.endswith(":*") and "*" not in text[:-2] else text


def _quoted(text: str) -> str:
    """A YAML scalar in double quotes."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def sections(found: Proposals, *names: str) -> Iterator[tuple[str, list[Proposal]]]:
    """The sections that have proposals."""
    for name in names:
        if entries := found.of(name):
            yield name, entries
