"""Managed policies of an account in `organization.yaml`, with their versions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from perimeter_smt.errors import did_you_mean
from perimeter_smt.organization.model import ManagedPolicy, OwnedPrincipal, PolicyVersion
from perimeter_smt.organization.readers import values
from perimeter_smt.organization.readers.fields import flag, items, members, required, text
from perimeter_smt.organization.readers.policy_files import PolicyFiles
from perimeter_smt.organization.readers.yaml import Node
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.json_positions import quoted
from perimeter_smt.policy.kinds import Kind

MANAGED_MEMBERS, VERSION_MEMBERS = ("arn", "versions"), ("id", "policy", "default")
MAX_VERSIONS = 5  # IAM guide, versioning of IAM policies


@dataclass
class Managed:
    """The managed policies that an account lists (None: it does not say which it has), and who names them."""

    listed: dict[str, tuple[PolicyVersion, ...]] | None = None
    holders: dict[str, dict[str, None]] = field(default_factory=dict)

    def default(self, node: Node, kind: Kind, policies: PolicyFiles) -> Document:
        """What an entry of `policies` or `boundary` says: a file, or the default version of a listed policy by ARN."""
        if not (isinstance(node.value, str) and node.value.startswith("arn:")):
            return policies.load(node, kind)
        if node.value not in (self.listed or {}):
            known = list(self.listed or ())
            hint = did_you_mean(node.value, known) or ", expected a file, or the ARN of one of `managed_policies`"
            raise node.error(f"unknown managed policy {quoted(node.value)}{hint}")
        assert self.listed is not None
        found = next(version.document for version in self.listed[node.value] if version.default)
        return found if kind is Kind.IDENTITY else found.model_copy(update={"kind": kind})

    def names(self, nodes: Iterable[Node]) -> set[str]:
        """The managed policies that entries name by ARN."""
        return {str(node.value) for node in nodes if str(node.value) in (self.listed or {})}

    def hold(self, principal: OwnedPrincipal, names: Iterable[str]) -> None:
        """Note that a principal has these managed policies."""
        for name in names:
            self.holders.setdefault(name, {})[principal.arn] = None

    def all(self) -> tuple[ManagedPolicy, ...] | None:
        """As the account holds them."""
        if self.listed is None:
            return None
        return tuple(
            ManagedPolicy(arn=arn, versions=versions, attached_to=tuple(self.holders.get(arn, ())))
            for arn, versions in self.listed.items()
        )


def read_managed(found: Mapping[str, Node], account: str, policies: PolicyFiles) -> Managed:
    """`managed_policies`: each with its versions, of which one is the default."""
    if "managed_policies" not in found:
        return Managed()
    out: dict[str, tuple[PolicyVersion, ...]] = {}
    what = "a managed policy"
    for item in items(found["managed_policies"]):
        given = members(item, MANAGED_MEMBERS, what)
        arn = text(required(given, "arn", item, what), values.managed_policy_arn)
        if arn.split(":", 5)[4] not in (account, "aws"):
            raise given["arn"].error(f"managed policy {quoted(arn)} is listed under account `{account}`, "
                                     "expected that account, or `aws`")  # fmt: skip
        if arn in out:
            raise given["arn"].error(f"duplicate managed policy {quoted(arn)}")
        out[arn] = _versions(required(given, "versions", item, what), policies)
    return Managed(out)


def _versions(node: Node, policies: PolicyFiles) -> tuple[PolicyVersion, ...]:
    what = "a version"
    out: list[PolicyVersion] = []
    listed = items(node)
    if not 1 <= len(listed) <= MAX_VERSIONS:
        raise node.error(f"{len(listed)} versions, expected 1 to {MAX_VERSIONS}")
    for number, item in enumerate(listed):
        found = members(item, VERSION_MEMBERS, what)
        own = text(found["id"], values.any_text) if "id" in found else f"v{len(listed) - number}"
        if any(version.id == own for version in out):
            raise item.error(f"duplicate version {quoted(own)}")
        document = policies.load(required(found, "policy", item, what), Kind.IDENTITY)
        default = flag(found.get("default"), len(listed) == 1)
        out.append(PolicyVersion(id=own, document=document, default=default))
    defaults = sum(version.default for version in out)
    if defaults != 1:
        raise node.error(
            f"{defaults or 'no'} default version{'s' if defaults > 1 else ''}, expected one `default: true`"
        )
    return tuple(out)
