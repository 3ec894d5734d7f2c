"""Resources that are shared with accounts by an attribute (AMIs, snapshots) or by AWS RAM, as the policy that this is.

The account that shares says yes on the resource's side; whoever calls needs a yes of their own account as well, as for
any resource of another account.  Which calls a share is for, says the table `sharing`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

from perimeter_smt.policy.document import Document
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.request.keys import support_list, table_rows

EVERYBODY = "all"


def actions_of(arn: str) -> tuple[str, ...]:
    """The calls that sharing a resource of this type is for; none where the table does not know it."""
    _, _, service, _, _, name = arn.split(":", 5)
    for row in table_rows("sharing"):
        if row["service"] == service and any(fnmatchcase(name, pattern) for pattern in row["names"]):
            return tuple(row["actions"])
    return ()


def why_without_actions(arn: str) -> str:
    """What to say of a type that `actions_of` knows no calls for, and how to tell them."""
    service = arn.split(":", 3)[2]
    if service in support_list("shared-resources-services"):
        return f"which calls a share of this type of `{service}` is for is not known, expected them in its `policy`"
    return f"resources of `{service}` are not shared by an attribute or by AWS RAM, expected a `policy`"


def sharing_policy(arn: str, owner: str, parties: Sequence[str], actions: Sequence[str], *, file: str) -> Document:
    """The policy that sharing with `parties` amounts to: accounts, organizations, paths of units, or `all`."""
    partition = arn.split(":", 2)[1]
    statements = [
        {"Effect": "Allow", "Action": list(actions), "Resource": "*", **_who(party, owner, partition)}
        for party in dict.fromkeys(parties)
    ]
    policy = {"Version": "2012-10-17", "Statement": statements}
    return parse_object(policy, Kind.RESOURCE, file=file, name=f"sharing of {arn}", strict=False)


def _who(party: str, owner: str, partition: str) -> dict[str, Any]:
    if party.isdigit():
        return {"Principal": {"AWS": f"arn:{partition}:iam::{party}:root"}}
    if party.startswith("arn:"):  # a role or user
        return {"Principal": {"AWS": party}}
    if party.endswith((".amazonaws.com", ".amazonaws.com.cn")):
        return {"Principal": {"Service": party}}
    # Identities of other accounts: the owner's own need no share, and services call by themselves.
    condition: dict[str, Any] = {
        "StringNotEquals": {"aws:PrincipalAccount": owner},
        "Null": {"aws:PrincipalArn": "false"},
    }
    if party.startswith("o-") and "/" in party:
        condition["ForAnyValue:StringLike"] = {"aws:PrincipalOrgPaths": f"{party.rstrip('*')}*"}
    elif party != EVERYBODY:
        condition["StringEquals"] = {"aws:PrincipalOrgID": party}
    return {"Principal": "*", "Condition": condition}


def with_sharing(policy: Document | None, sharing: Document) -> Document:
    """The policy of a resource with that of its sharing behind it."""
    if policy is None:
        return sharing
    more = (replace(s, index=len(policy.statements) + s.index) for s in sharing.statements)
    return policy.model_copy(update={"statements": (*policy.statements, *more)})
