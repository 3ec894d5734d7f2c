"""Who a resource is shared with, as sources tell it: by an attribute of the resource, or by a share of AWS RAM."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from perimeter_smt.organization.readers.draft.place import NotKnown, Place
from perimeter_smt.organization.sharing import actions_of, sharing_policy, with_sharing
from perimeter_smt.policy.document import Document

if TYPE_CHECKING:
    from perimeter_smt.organization.readers.draft.draft import Draft, Policy, Thing


@dataclass(slots=True)
class Share:
    """A share of AWS RAM: resources by ARN and principals as RAM writes them (None: one that is not known)."""

    arn: str
    at: Place
    resources: dict[str, None] = field(default_factory=dict)
    principals: dict[str, None] = field(default_factory=dict)
    not_known: str = ""  # why a principal or a resource of it is not known


def party_of(text: str) -> str:
    """A party as the sharing of a resource names it: an account, organization, path of a unit, `all`, or an ARN."""
    fields = text.split(":", 5)
    if len(fields) < 6:
        return text
    kind, _, rest = fields[5].partition("/")
    if fields[2] == "organizations" and kind == "organization":
        return rest
    if fields[2] == "organizations" and kind == "ou":  # o-.../ou-...: what lies between is not told
        organization, _, unit = rest.partition("/")
        return f"{organization}/*{unit}/"
    return fields[4] if fields[5] == "root" else text


def spread(draft: Draft) -> None:
    """Every share of AWS RAM onto the resources that it shares."""
    for share in draft.shares.values():
        for arn in share.resources:
            if arn.count(":") < 5:
                continue
            account = arn.split(":", 5)[4] or share.arn.split(":", 5)[4]
            if share.not_known:
                draft.unknown(
                    f"sharing of `{arn}`", share.not_known, "grants", share.at, account=account, holds="resource"
                )
            if share.principals:
                draft.share(arn, account, share.principals, share.at)
        if share.not_known and not share.resources:
            account = share.arn.split(":", 5)[4] if share.arn.count(":") >= 5 else "*"
            draft.unknown(
                f"share `{share.arn}`", share.not_known, "grants", share.at, account=account, holds="resource"
            )


def shared(thing: Thing, policy: Policy | None) -> Policy | None:
    """The policy of a resource with what its sharing says."""
    if not thing.shared or isinstance(policy, NotKnown):
        return policy
    actions = actions_of(thing.arn)
    if not actions:
        return NotKnown("it is shared, and which calls a share of this type is for is not known")
    sharing: Document = sharing_policy(thing.arn, thing.account, thing.shared, actions, file=thing.at.file)
    return with_sharing(policy, sharing)


def parties(found: Iterable[object]) -> list[str]:
    """Parties by how sources write them."""
    return [party_of(str(each)) for each in found if each]
