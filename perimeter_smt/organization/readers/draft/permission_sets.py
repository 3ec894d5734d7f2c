"""Permission sets of IAM Identity Center as the roles that they make in the accounts to which they are assigned.

IAM Identity Center guide, permission sets.  Identity Center ends the names of its roles with letters that nobody knows
before: a made-up ending stands for them.  In Regions other than us-east-1 the path of the roles holds the Region.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from perimeter_smt.organization.model import Organization
from perimeter_smt.organization.readers.draft.draft import Draft, Holder, Policy
from perimeter_smt.organization.readers.draft.place import NotKnown, Place

ENDING = "0000000000000000"
_NO_REGION = "us-east-1"
_PATH, _NAME = ":role/aws-reserved/sso.amazonaws.com/", "AWSReservedSSO_"
INLINE = "AwsSSOInlinePolicy"  # the name that Identity Center gives inline policies


@dataclass(slots=True)
class PermissionSet:
    """A permission set: what its roles hold. Policies of customers are named as path and name, one in each account."""

    name: str
    at: Place
    own: list[Policy] = field(default_factory=list)
    attached: list[str] = field(default_factory=list)
    customer: list[tuple[str, str]] = field(default_factory=list)
    boundary: str | tuple[str, str] | NotKnown | None = None
    tags: dict[str, str] = field(default_factory=dict)
    stays: set[str] = field(default_factory=set)  # managed policies that it had before
    region: str = ""
    partition: str = "aws"

    def assign(self, draft: Draft, account: str, at: Place) -> Holder:
        """The role that it makes in an account."""
        known = role_in(draft.principals, self.partition, account, self.name)
        place = f"{self.region}/" if self.region not in ("", _NO_REGION) else ""
        arn = known or f"arn:{self.partition}:iam::{account}{_PATH}{place}{_NAME}{self.name}_{ENDING}"
        if known is not None:
            return draft.principals[known]
        boundary = self.boundary
        if isinstance(boundary, tuple):
            boundary = self._of_customer(account, boundary)
        holder = draft.principal(
            arn,
            at,
            attached=[*self.attached, *(self._of_customer(account, found) for found in self.customer)],
            boundary=boundary,
            trust=trust_of(self.partition, account),
            tags=self.tags,
        )
        holder.own += self.own
        holder.stays |= self.stays
        holder.whole = True
        return holder

    def _of_customer(self, account: str, found: tuple[str, str]) -> str:
        path, name = found
        return f"arn:{self.partition}:iam::{account}:policy{path or '/'}{name}"


def role_in(arns: Iterable[str], partition: str, account: str, name: str) -> str | None:
    """The role that a permission set made in an account, if it is among these ARNs."""
    beginning = f"arn:{partition}:iam::{account}{_PATH}"
    return next((arn for arn in arns if arn.startswith(beginning) and set_of(arn) == name), None)


def set_of(arn: str) -> str:
    """The permission set that made a role; empty where none did."""
    last = arn.rsplit("/", 1)[-1]
    return last.removeprefix(_NAME).rpartition("_")[0] if _PATH in arn and last.startswith(_NAME) else ""


def trust_of(partition: str, account: str) -> dict[str, Any]:
    """The trust policy that Identity Center gives its roles; the provider has an ending of its own, too."""
    provider = f"arn:{partition}:iam::{account}:saml-provider/AWSSSO_{ENDING}_DO_NOT_DELETE"
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": provider},
        "Action": ["sts:AssumeRoleWithSAML", "sts:TagSession"],
        "Condition": {"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}},
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def known_by_their_names(base: Organization, change: Draft) -> None:
    """Roles that a change makes under a made-up ending, and that the organization has, are those."""
    held = [p for account, _ in base.accounts() for p in account.principals]
    for arn, holder in list(change.principals.items()):
        if not arn.endswith(f"_{ENDING}") or not set_of(arn):
            continue
        _, partition, _, _, account, _ = arn.split(":", 5)
        own = role_in((p.arn for p in held if p.account == account), partition, account, set_of(arn))
        if own is not None and own not in change.principals:
            del change.principals[arn]
            holder.arn, holder.trust = own, None
            change.principals[own] = holder
