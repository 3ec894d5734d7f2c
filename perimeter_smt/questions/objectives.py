"""The six objectives and the limits of the guardrails that enforce them (semantics 5.3, 5.5)."""

from __future__ import annotations

from dataclasses import dataclass

from perimeter_smt.encode.world.accounts import ON_CONSOLE, uses_console
from perimeter_smt.encode.world.world import World
from perimeter_smt.logic.formula import FALSE, TRUE, Formula, both, disj, neg, sym


@dataclass(frozen=True)
class Objective:
    """An objective: its name in AWS's guidance, the guardrail that enforces it, the limits of that guardrail."""

    id: str
    title: str
    enforced_by: str
    limits: tuple[str, ...]

    @property
    def about(self) -> tuple[str, ...]:
        """The beginnings of the condition keys, in lower case, that its guardrails look at."""
        return _ABOUT[self.id]


OBJECTIVES: dict[str, Objective] = {
    "O1": Objective("O1", "only trusted identities reach my resources", "rcp",
                    ("management-account", "service-linked-roles", "kms-retire-grant", "aws-managed-keys",
                     "services-outside-rcp", "public-operations")),
    "O2": Objective("O2", "only trusted identities use my network", "endpoint", ()),
    "O3": Objective("O3", "my identities reach only trusted resources", "scp",
                    ("management-account", "service-linked-roles")),
    "O4": Objective("O4", "only trusted resources are reached from my network", "endpoint", ()),
    "O5": Objective("O5", "my identities call only from expected networks", "scp",
                    ("management-account", "service-linked-roles", "in-vpc-data-planes")),
    "O6": Objective("O6", "my resources are reached only from expected networks", "rcp",
                    ("management-account", "service-linked-roles", "kms-retire-grant", "aws-managed-keys",
                     "services-outside-rcp", "in-vpc-data-planes", "public-operations")),
}  # fmt: skip

_IDENTITY = ("aws:principalorg", "aws:principalaccount", "aws:principalarn", "aws:sourceorg", "aws:sourceaccount")
_RESOURCE = ("aws:resourceorg", "aws:resourceaccount", "s3:resourceaccount")
_NETWORK = ("aws:sourceip", "aws:sourcevp", "aws:vpc")
_ABOUT = {"O1": _IDENTITY, "O2": _IDENTITY, "O3": _RESOURCE, "O4": _RESOURCE, "O5": _NETWORK, "O6": _NETWORK}

LIMIT_TEXTS = {
    "management-account": "SCPs and RCPs do not bind the management account",
    "service-linked-roles": "SCPs and RCPs do not bind service-linked roles",
    "kms-retire-grant": "RCPs do not bind kms:RetireGrant",
    "aws-managed-keys": "RCPs do not bind KMS keys that AWS manages",
    "services-outside-rcp": "RCPs do not support this service",
    "always-allowed": "sts:GetCallerIdentity needs no permission and cannot be denied",
    "no-endpoint": "endpoint policies do not see traffic that uses no endpoint (internet, NAT gateways)",
    "service-principals": "SCPs do not bind AWS service principals that my roles configure",
    "forward-access-sessions": "a forward access session is held to the check of its first hop",
    "service-networks": "roles run by services call from the service's own network",
    "in-vpc-data-planes": "connections to data planes inside a VPC carry no network key: security groups and subnets "
    "guard them",
    "public-operations": "public operations of Cognito user pools need no authorization: no policy is asked",
    "signin-console-authorization": "policies on signing in have no effect until console authorization is enabled",
    "unsupported-actions": "some actions carry no resource owner",
}

# What accepting a limit by name in perimeter.yaml lets a proof assume.
ACCEPTED_ASSUMPTIONS = {
    "forward-access-sessions": ("P1.first-hop", "AN6.address"),
    "service-principals": ("P2.silent-service", "P3.service-on-endpoint"),
    "service-networks": ("AN8", "AN8.address"),
    "signin-console-authorization": ("P5.console-authorization",),
}


def limit_formula(world: World, objective: str, limit: str) -> Formula:
    """The requests that the guardrail of this objective cannot hold back for this reason."""
    if limit == "management-account":
        return world.formula(f"reach.management-account.{OBJECTIVES[objective].enforced_by}")
    return world.formula(f"reach.{limit}")


def accepted_limits(world: World, objective: str) -> Formula:
    """The requests beyond the guardrail of this objective that the perimeter accepts."""
    accepted = world.workspace.perimeter.accepted
    names = [name for name in OBJECTIVES[objective].limits if name in accepted]
    return disj(limit_formula(world, objective, name) for name in names)


def proof_mode(world: World, leave_out: tuple[str, ...] = ()) -> Formula:
    """What counts as proved: every reading free, and no soft axiom but those that the perimeter accepts.

    `leave_out` are accepted ones that are not to be used.
    """
    perimeter = world.workspace.perimeter
    names = [assumed for name in perimeter.accepted for assumed in ACCEPTED_ASSUMPTIONS.get(name, ())]
    return world.over(name for name in (*names, *perimeter.assumptions) if name not in leave_out)


def breach(world: World, objective: str) -> Formula:
    """A request that gets through although the objective forbids it, within scope and without exception."""
    return both(claimed(world, objective), neg(world.formula(f"{objective}.conclusion")))


def claimed(world: World, objective: str) -> Formula:
    """A request that gets through and that the objective speaks about: its premise (semantics 5.3)."""
    return both(
        world.formula("access"),
        neg(world.formula("always-allowed")),
        neg(world.formula("beside-another-call")),
        world.formula(f"{objective}.premise"),
        sym(f"{objective}.scope"),
        neg(sym(f"{objective}.excepted")),
    )


def hole(world: World, objective: str) -> Formula:
    """A breach that a policy of the enforcing type could have stopped."""
    limits = disj(limit_formula(world, objective, limit) for limit in OBJECTIVES[objective].limits)
    return both(breach(world, objective), neg(limits))


# What availability asks about, by the name of the formal text, and the title of what was found (W-35).
INTENDED = {
    "intended.mine": "identity, resource and network are mine",
    "intended.trusted-resource": "my identity calls from my network what the perimeter trusts",
    "intended.trusted-party": "the perimeter trusts the caller on this resource of mine",
}


def intended_parts(world: World) -> tuple[str, ...]:
    """The parts of availability that the perimeter speaks of: mine always, trusted ones where any are declared."""
    perimeter = world.workspace.perimeter
    out = ["intended.mine"]
    if perimeter.third_resources or perimeter.service_resources:
        out.append("intended.trusted-resource")
    if perimeter.third_principals or perimeter.service_accounts:
        out.append("intended.trusted-party")
    return tuple(out)


def blocked(world: World, part: str | None = None) -> Formula:
    """What is meant to get through, granted, and stopped by a guardrail (semantics 5.3)."""
    return both(intended(world, part), world.formula("blocked"), neg(world.formula("always-allowed")))


def intended(world: World, part: str | None = None) -> Formula:
    """What the perimeter means to let through, or one part of it, granted.

    Calls of the console with Private Access count where the workspace lists an endpoint of the console (W-19).
    """
    parts = [part] if part else intended_parts(world)
    console = TRUE if uses_console(world.workspace.organization) else neg(ON_CONSOLE)
    return both(disj(world.formula(name) for name in parts), world.formula("base"), console)


__all__ = [
    "FALSE", "INTENDED", "OBJECTIVES", "blocked", "breach", "claimed", "hole", "intended", "intended_parts",
    "limit_formula",
]  # fmt: skip
