"""The perimeter's definition: what is mine, what is trusted, what is claimed (semantics 5.1)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict

from perimeter_smt.organization.model import Organization, Unknown

OBJECTIVES = ("O1", "O2", "O3", "O4", "O5", "O6")
# Questions beside the objectives (docs/mitigations.md): credentials and chains, compute and credentials used elsewhere,
# Regions, carriers, data planes, least privilege.
MITIGATIONS = ("C1", "C2", "N1", "N2", "E1", "E2", "S1", "L1")
# Those that scopes and exceptions may speak of, as of an objective.
CLAIMED = ("N1", "N2", "E1", "E2")
Reach = Literal[
    "management-account",
    "service-linked-roles",
    "services-outside-rcp",
    "tasks-outside-scp",
    "services-without-endpoint-policy",
    "unsupported-actions",
    "no-endpoint",
    "service-principals",
    "service-networks",
    "kms-retire-grant",
    "aws-managed-keys",
    "always-allowed",
    "forward-access-sessions",
    "in-vpc-data-planes",
    "signin-console-authorization",
    "public-operations",
]

# What no guardrail holds back, in a few words (docs/workspace.md).
REACH_TEXTS: dict[Reach, str] = {
    "management-account": "SCPs and RCPs do not bind the management account",
    "service-linked-roles": "SCPs and RCPs do not bind service-linked roles",
    "kms-retire-grant": "RCPs do not bind kms:RetireGrant",
    "aws-managed-keys": "RCPs do not bind KMS keys that AWS manages",
    "services-outside-rcp": "RCPs do not support every service",
    "tasks-outside-scp": "SCPs do not restrict a few tasks, such as those of Mechanical Turk",
    "services-without-endpoint-policy": "endpoints of some services take no policy",
    "forward-access-sessions": "a service that acts for a caller is held to the check of the first call",
    "service-principals": "a service that does not say for whom it calls acts for the owner",
    "service-networks": "roles that services run call from addresses that are not mine",
}


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Vpc(_Frozen):
    """A VPC of mine. Ids are unique per Region only, so the Region is part of the name."""

    id: str
    region: str
    account: str | None = None


class TrustedPrincipal(_Frozen):
    """A third party that may touch my resources: its account, narrowed by role, resource and action patterns.

    `provider`, `subject` and `audience` describe a trusted SAML or OIDC provider instead of an account.
    """

    account: str | None = None
    arns: tuple[str, ...] = ()
    provider: str | None = None
    subjects: tuple[str, ...] = ()
    audiences: tuple[str, ...] = ()
    resources: tuple[str, ...] = ("*",)
    actions: tuple[str, ...] = ("*",)


class TrustedResource(_Frozen):
    """A foreign resource that my identities may touch: account or ARN patterns, narrowed by caller and action."""

    account: str | None = None
    arns: tuple[str, ...] = ("*",)
    callers: tuple[str, ...] = ("*",)
    actions: tuple[str, ...] = ("*",)


class Vendor(_Frozen):
    """A foreign account that may get credentials of mine, by roles of mine whose ARNs match `roles`.

    `arns` narrow who of the account; `external_id`: `required` (one that a policy spells out), `none`, or its values.
    """

    account: str
    arns: tuple[str, ...] = ()
    roles: tuple[str, ...] = ("*",)
    external_id: Literal["required", "none"] | tuple[str, ...] = "required"
    owner: str = ""
    expires: date | None = None
    ticket: str = ""


class _Exception(_Frozen):
    """`owner` answers for it, `ticket` is where it was granted; after the day `expires` it does not count any more.

    `held_by` says who may come to hold it (C2): ARN patterns of callers; None: nobody said.
    """

    objectives: tuple[str, ...] = OBJECTIVES
    reason: str = ""
    owner: str = ""
    expires: date | None = None
    ticket: str = ""
    held_by: tuple[str, ...] | None = None

    @property
    def shown(self) -> str:
        """The exception in words."""
        raise NotImplementedError


class TagException(_Exception):
    """Callers (or resources) that carry this tag are outside the claim of these objectives.

    `missing`: those of mine that do not carry it are.
    """

    on: Literal["principal", "resource"]
    key: str
    value: str
    missing: bool = False

    @property
    def shown(self) -> str:
        """The exception in words."""
        return f"{self.on}s {'not ' if self.missing else ''}tagged {self.key}={self.value}"


class RoleException(_Exception):
    """Callers whose role or user ARN matches are outside the claim of these objectives."""

    arn: str

    @property
    def shown(self) -> str:
        """The exception in words."""
        return f"callers {self.arn}"


class Scope(_Frozen):
    """The actions that an objective claims to cover, as action patterns (`s3:*`); `except_actions` are left out."""

    actions: tuple[str, ...] = ("*",)
    except_actions: tuple[str, ...] = ()


class Perimeter(_Frozen):
    """What is mine and trusted, what is claimed, and which limits of the guardrails are accepted.

    `readings` settles open points of AWS's documentation by name: as chosen here, or the rival way.
    `doubts` names presumed axioms that a proof may not use: they are soft.
    `regions` are where my identities are to call; `egress` says what leaves my network beside endpoints: nothing, what
    goes through `proxies`, or anything; None: nobody said.
    `intended_denials` are Sids of guardrail statements that stop calls of mine on purpose.
    `mitigations` are the questions beside the objectives that count: ids, or `all`. `administrators` are ARN patterns
    of those who may change guardrails and come to hold exceptions (C2).
    """

    orgs: tuple[str, ...]
    paths: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    third_principals: tuple[TrustedPrincipal, ...] = ()
    third_resources: tuple[TrustedResource, ...] = ()
    services: tuple[str, ...] = ("*",)
    service_accounts: tuple[TrustedPrincipal, ...] = ()
    service_resources: tuple[TrustedResource, ...] = ()
    vpcs: tuple[Vpc, ...] = ()
    endpoints: tuple[str, ...] = ()
    endpoints_of_my_accounts: bool = True
    cidrs: tuple[str, ...] = ()
    service_networks: bool = False
    regions: tuple[str, ...] = ()
    proxies: tuple[str, ...] = ()
    egress: Literal["blocked", "proxy", "open"] | None = None
    tag_exceptions: tuple[TagException, ...] = ()
    role_exceptions: tuple[RoleException, ...] = ()
    vendors: tuple[Vendor, ...] = ()
    mitigations: tuple[str, ...] = ()
    administrators: tuple[str, ...] = ()
    scopes: dict[str, Scope] = {}
    accepted: tuple[Reach, ...] = ()
    assumptions: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    intended_denials: tuple[str, ...] = ()
    readings: dict[str, Literal["chosen", "rival"]] = {}

    @property
    def rivals(self) -> frozenset[str]:
        """The open points that are read the rival way."""
        return frozenset(name for name, reading in self.readings.items() if reading == "rival")

    @property
    def settled(self) -> frozenset[str]:
        """The open points that the perimeter settles: those of `readings`, and those assumed as chosen."""
        return frozenset((*self.readings, *(name for name in self.assumptions if name.startswith("X-"))))

    @property
    def dated(self) -> bool:
        """Whether what counts depends on the day."""
        exceptions: list[_Exception] = [*self.tag_exceptions, *self.role_exceptions]
        return any(e.expires for e in exceptions) or any(e.expires for e in self.vendors)

    def on(self, today: date) -> tuple[Perimeter, tuple[str, ...]]:
        """The perimeter as it counts on a day, and what has expired, in words. The last day is `expires`."""

        def over(entry: _Exception | Vendor) -> bool:
            return entry.expires is not None and entry.expires < today

        exceptions: list[_Exception] = [*self.tag_exceptions, *self.role_exceptions]
        gone = [_expired(entry.shown, entry) for entry in exceptions if over(entry)]
        gone += [_expired(f"vendor {entry.account}", entry) for entry in self.vendors if over(entry)]
        left = {
            "tag_exceptions": tuple(e for e in self.tag_exceptions if not over(e)),
            "role_exceptions": tuple(e for e in self.role_exceptions if not over(e)),
            "vendors": tuple(e for e in self.vendors if not over(e)),
        }
        return self.model_copy(update=left), tuple(gone)

    def scope(self, objective: str) -> Scope:
        """The claim of `objective`; everything where nothing was said."""
        return self.scopes.get(objective, Scope())


def _expired(text: str, entry: _Exception | Vendor) -> str:
    kept = [f"owner {entry.owner}" if entry.owner else "", f"ticket {entry.ticket}" if entry.ticket else ""]
    more = ", ".join(part for part in kept if part)
    return f"{text}: expired on {entry.expires}" + (f" ({more})" if more else "")


class Collected(_Frozen):
    """The days on which a folder was collected, the first and the last, and a file of the first."""

    first: str
    last: str
    oldest: str

    @staticmethod
    def of(times: Mapping[str, str]) -> Collected | None:
        """From the record of a folder: when each file was collected, in UTC. None where it has none."""
        found = sorted((when[:10], file) for file, when in times.items())
        return Collected(first=found[0][0], last=found[-1][0], oldest=found[0][1]) if found else None

    def __str__(self) -> str:
        if self.first == self.last:
            return f"collected on {self.first}"
        return f"collected from {self.first} (`{self.oldest}`) to {self.last}"


class Workspace(_Frozen):
    """All input of one question: the organization and the perimeter around it.

    `grants_given`: the accounts of the organization are all there are. `unknowns`: what the source did not tell.
    `today`: the day from which on requests count; None: any day.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True, defer_build=True)

    organization: Organization
    perimeter: Perimeter
    name: str
    grants_given: bool = True
    today: date | None = None
    unknowns: tuple[Unknown, ...] = ()
    versions: tuple[tuple[str, int], ...] = ()  # managed policies, and how many versions beside the default they have
    others: tuple[tuple[str, int], ...] = ()  # what the source holds besides and no policy can hang on, by type
    taken: tuple[tuple[str, str], ...] = ()  # what a change deletes or replaces, and where that stands
    untagged: tuple[tuple[str, str], ...] = ()  # principals and resources whose tags nobody told, and where they stand
    collected: Collected | None = None  # of a folder of `perimeter collect`
    unread: tuple[str, ...] = ()  # files of the source that hold nothing that is known
