"""What the policies of an organization say about its perimeter: proposals, each with the statements it was read from.

What guardrails exempt was decided by the organization: such proposals are `sure`. What single resources and roles let
in may be a decision or a mistake: such proposals are not.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass, field

from perimeter_smt.organization.guardrail_statements import NETWORK, narrows, place_of
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.organization.proposed_limits import propose_limits
from perimeter_smt.organization.published import is_published_bucket
from perimeter_smt.organization.readers.inferred import documents_of
from perimeter_smt.policy.document import Condition, Document, Statement
from perimeter_smt.policy.kinds import Kind

_IDENTITY = ("aws:principalorgid", "aws:principalorgpaths", "aws:sourceorgid", "aws:sourceorgpaths")
# Beside a key of a network these say who may come from elsewhere; alone they say who may come at all.
_ACCOUNTS = ("aws:principalaccount", "aws:sourceaccount")
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

    def move(self, section: str, other: str, value: str) -> None:
        """Propose it for another field."""
        if found := self._found.pop((section, value), None):
            found.section = other
            self._found[other, value] = found

    def of(self, section: str) -> list[Proposal]:
        """The proposals for one field, the sure ones first."""
        return sorted((p for p in self._found.values() if p.section == section), key=lambda p: (not p.sure, p.value))


def proposals(workspace: Workspace) -> Proposals:
    """Everything that the policies of a workspace propose."""
    organization = workspace.organization
    members = {account.id for account, _ in organization.accounts()} | {organization.management_account}
    endpoints = [door for account, _ in organization.accounts() for door in account.endpoints]
    regions = {door.vpc: door.region for door in endpoints}
    serves: dict[int, set[str]] = {}
    for door in endpoints:
        if door.policy:
            serves.setdefault(id(door.policy), set()).update(door.services or ("*",))
    out = Proposals()
    documents = list(documents_of(organization))
    partners = _partners(documents)
    for document in documents:
        for statement in document.statements:
            if document.kind in (Kind.SCP, Kind.RCP) and statement.effect == "Deny":
                _guardrail(out, document, statement, members, regions, partners)
            elif document.kind.is_endpoint and statement.effect == "Allow":
                _endpoint(out, document, statement, members, serves.get(id(document), {"*"}))
            elif document.kind.is_resource_type and statement.effect == "Allow":
                _grant(out, document, statement, members)
    _shared_beyond(out)
    _service_accounts(out, documents)
    propose_limits(out, workspace, documents)
    return out


def _partners(documents: list[Document]) -> set[str]:
    """ARNs that a guardrail holds to the accounts of partners: exempt elsewhere, they are theirs, not AWS's."""
    out: set[str] = set()
    for document in documents:
        for statement in document.statements:
            tested = {c.name for c in statement.conditions if c.operator.base.negated}
            if document.kind is Kind.SCP and statement.effect == "Deny" and "aws:resourceaccount" in tested:
                if statement.resource and not statement.resource.negated:
                    out.update(arn for arn in statement.resource.values if arn.strip("*"))
    return out


def _service_accounts(out: Proposals, documents: list[Document]) -> None:
    """Accounts that guardrails exempt as callers alone, though partners are exempt in more: those of AWS services.

    Some services call by an account of their own. What acts for a partner and its networks carry other keys.
    """
    tested: dict[str, set[str]] = {}
    for document in documents:
        for statement in document.statements if document.kind in (Kind.SCP, Kind.RCP) else ():
            for condition in statement.conditions:
                if condition.operator.base.negated:
                    tested.setdefault(condition.name, set()).update(condition.values)
    beyond = [tested[name] for name in ("aws:sourceaccount", "aws:vpceaccount") if name in tested]
    theirs = set().union(*beyond, tested.get("aws:resourceaccount", set()))
    for account in tested.get("aws:principalaccount", set()) - theirs if beyond else ():
        out.move("third_principals", "service_accounts", f"account: {_quoted(account)}")


def _shared_beyond(out: Proposals) -> None:
    """Resources that outsiders may use, for O6 as well where the network perimeter binds tagged callers only.

    Outsiders do not carry the tag, so that they come from anywhere.
    """
    if not any("missing: true" in entry.value and "O6" in entry.about for entry in out.of("tags")):
        return
    for entry in out.of("tags"):
        if entry.value.startswith("on: resource") and "O1" in entry.about:
            entry.about["O6"] = None


def _claims(document: Document, statement: Statement) -> list[str]:
    """The objectives that a guardrail statement serves: none where it stops only requests of a particular kind.

    A statement on those who set tags, or on calls from one VPC, guards that and no perimeter.
    """
    names = {condition.name for condition in statement.conditions if condition.operator.base.negated}
    if any(narrows(condition) for condition in statement.conditions):
        return []
    identity = names & set(_IDENTITY) or (names & set(_ACCOUNTS) and not names & set(NETWORK))
    found = {"identity": identity, "network": names & set(NETWORK), "resource": names & set(_RESOURCE)}
    return [claim for what, claim in ((what, _CLAIM.get((document.kind, what))) for what in found)
            if claim and found[what]]  # fmt: skip


def _guardrail(
    out: Proposals,
    document: Document,
    statement: Statement,
    members: set[str],
    regions: dict[str, str],
    partners: set[str],
) -> None:
    place, claims = place_of(document, statement), _claims(document, statement)
    if not claims:
        return
    for_services = any(c.name == "aws:principalisawsservice" and "true" in c.values for c in statement.conditions)
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
        elif document.kind is Kind.RCP and not for_services:
            for text in statement.action.values:
                if text != "*":
                    out.add(f"scope {claim}", _scope(text), sure=True, place=place)
    if document.kind is Kind.SCP and statement.resource and statement.resource.negated:
        for arn in statement.resource.values:
            if arn not in partners:
                out.add("service_resources", _quoted(arn), sure=_named(arn), place=place)


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


def _endpoint(out: Proposals, document: Document, statement: Statement, members: set[str], services: set[str]) -> None:
    """What an endpoint lets through beside mine: resources, accounts of owners, tagged callers, everybody."""
    place = place_of(document, statement)
    named = not statement.action.negated and "*" not in statement.action.values
    actions = [_scope(text) for text in statement.action.values] if named else sorted(services - {"*"})
    narrowed = f", actions: [{', '.join(map(_quoted, actions))}]" if actions else ""
    asked = {condition.name for condition in statement.conditions if not condition.operator.base.negated}
    resources = statement.resource.values if statement.resource and not statement.resource.negated else ()
    arns = [arn for arn in resources if arn.strip("*")]
    for condition in statement.conditions:
        if condition.name == "aws:resourceaccount" and not condition.operator.base.negated:
            for value in condition.values:
                if value not in members and value.isdigit():
                    only = f", arns: [{', '.join(map(_quoted, arns))}]" if arns else ""
                    out.add("third_resources", f"account: {_quoted(value)}{only}{narrowed}", sure=True, place=place)
        elif condition.name.startswith("aws:principaltag/") and condition.operator.base.name == "StringEquals":
            if not asked & set(_RESOURCE) and not arns:
                key = _quoted(condition.key[len("aws:principaltag/") :])
                for value in condition.values:
                    out.add("tags", f"on: principal, key: {key}, value: {_quoted(value)}", sure=True, place=place,
                            about="O4")  # fmt: skip
    if asked & set(_RESOURCE) or not arns:
        return
    for arn in arns:
        if not any(f":{member}:" in arn for member in members):
            out.add("service_resources", f"{_quoted(arn)}{narrowed}", sure=_named(arn), place=place)
    if named and len(arns) == len(resources) and all(map(_named, arns)) and not statement.conditions:
        for text in statement.action.values:
            out.add("except O2", _scope(text), sure=True, place=place)


def _grant(out: Proposals, document: Document, statement: Statement, members: set[str]) -> None:
    """Outsiders that a resource or role lets in: partners, identity providers."""
    place = place_of(document, statement)
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


def _named(arn: str) -> bool:
    """Whether the name says whose it is: AWS's resources have no account, or `aws`, or one that the ARN spells out.

    ARNs of buckets never have an account: of those, the names that AWS publishes. Of another bucket an allow-list says
    that it is let through, not whose it is, and nothing else does.
    """
    fields = arn.split(":", 5)
    if len(fields) != 6:
        return False
    if fields[2] == "s3":
        return is_published_bucket(fields[5].split("/", 1)[0])
    return fields[4] in ("", "aws") or fields[4].isdigit()


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
