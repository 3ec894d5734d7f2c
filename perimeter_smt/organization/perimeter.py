"""The perimeter's definition: what is mine, what is trusted, what is claimed (semantics 5.1)."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from perimeter_smt.organization.model import Organization, Unknown

OBJECTIVES = ("O1", "O2", "O3", "O4", "O5", "O6")
Reach = Literal[
    "management-account",
    "service-linked-roles",
    "services-outside-rcp",
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


class TagException(_Frozen):
    """Callers (or resources) that carry this tag are outside the claim of these objectives.

    `missing`: those of mine that do not carry it are.
    """

    on: Literal["principal", "resource"]
    key: str
    value: str
    missing: bool = False
    objectives: tuple[str, ...] = OBJECTIVES
    reason: str = ""


class RoleException(_Frozen):
    """Callers whose role or user ARN matches are outside the claim of these objectives."""

    arn: str
    objectives: tuple[str, ...] = OBJECTIVES
    reason: str = ""


class Scope(_Frozen):
    """The actions that an objective claims to cover, as action patterns (`s3:*`); `except_actions` are left out."""

    actions: tuple[str, ...] = ("*",)
    except_actions: tuple[str, ...] = ()


class Perimeter(_Frozen):
    """What is mine and trusted, what is claimed, and which limits of the guardrails are accepted.

    `readings` settles open points of AWS's documentation by name: as chosen here, or the rival way.
    `intended_denials` are Sids of guardrail statements that stop calls of mine on purpose.
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
    tag_exceptions: tuple[TagException, ...] = ()
    role_exceptions: tuple[RoleException, ...] = ()
    scopes: dict[str, Scope] = {}
    accepted: tuple[Reach, ...] = ()
    assumptions: tuple[str, ...] = ()
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

    def scope(self, objective: str) -> Scope:
        """The claim of `objective`; everything where nothing was said."""
        return self.scopes.get(objective, Scope())


class Workspace(_Frozen):
    """All input of one question: the organization and the perimeter around it.

    `grants_given`: the accounts of the organization are all there are. `unknowns`: what the source did not tell.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True, defer_build=True)

    organization: Organization
    perimeter: Perimeter
    name: str
    grants_given: bool = True
    unknowns: tuple[Unknown, ...] = ()
