"""The perimeter on ground truth, for one request: inside or outside (semantics 5.2, 5.3).

A second reading of what `encodings/perimeter.smt2` says: no condition key is looked at but tags and claims that the
perimeter itself names.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable, Mapping

from perimeter_smt.evaluate.globs import fold, glob
from perimeter_smt.evaluate.principals import spelled
from perimeter_smt.evaluate.view import cut
from perimeter_smt.organization.perimeter import (
    TagException,
    TrustedPrincipal,
    TrustedResource,
    Vendor,
    Workspace,
)
from perimeter_smt.policy.template import is_full_star
from perimeter_smt.request.keys import table_rows
from perimeter_smt.request.request import Facts, Request

_IAM = ("user", "role", "feduser", "root")
_COLONS = 5
_TAKES_ROLE = ("sts:assumerole", "sts:tagsession", "sts:setsourceidentity", "sts:setcontext")
_ROLE = re.compile(r"(arn:[^:]*:iam::[^:]*):role/(?:.*/)?([^/]*)", re.DOTALL)


def breaks(objective: str, workspace: Workspace, request: Request, facts: Facts) -> bool:
    """Whether the request, if it gets through, is a breach of `objective` (`O1` to `O6`) within its claim."""
    at = Ground(workspace, request, facts)
    return _PREMISES[objective](at) and not _CONCLUSIONS[objective](at) and at.claimed(objective)


def reaches_outside(workspace: Workspace, request: Request, facts: Facts) -> bool:
    """Whether an identity of mine calls something within the scope of O3 that is neither mine nor trusted (L1)."""
    at = Ground(workspace, request, facts)
    scope = workspace.perimeter.scope("O3")
    in_scope = names(scope.actions, request.action) and not names(scope.except_actions, request.action)
    return in_scope and _PREMISES["O3"](at) and not at.trusted_resource


def intended(workspace: Workspace, request: Request, facts: Facts, part: str = "intended.mine") -> bool:
    """Whether the perimeter means to let the request through, for one of the reasons of W-35."""
    at = Ground(workspace, request, facts)
    if part != "intended.trusted-party" and at.is_iam:
        if goes_elsewhere(workspace, request, facts) or _passed_elsewhere(workspace, request, facts):
            return False
    if part == "intended.trusted-resource":
        mine = at.is_iam and at.mine(facts.principal_account)
        return mine and not at.my_resource and at.trusted_resource and at.my_network
    if part == "intended.trusted-party":
        by_itself = not at.through_my_endpoint and not facts.forwarded
        return at.third_party and not at.my_iam and at.my_resource and by_itself
    return at.my_iam and at.my_resource and at.my_network


def _passed_elsewhere(workspace: Workspace, request: Request, facts: Facts) -> bool:
    """A role is passed in a Region that IAM does not answer in, and no `regions` say where calls go (W-17)."""
    if request.action.lower() != "iam:passrole" or workspace.perimeter.regions:
        return False
    partition = workspace.organization.partition
    rows = [row for row in table_rows("global-regions") if (row["service"], row["partition"]) == ("iam", partition)]
    return all(row["region"] != facts.region for row in rows)


def goes_elsewhere(workspace: Workspace, request: Request, facts: Facts) -> bool:
    """Whether `regions` leaves out the Region of the call, of a service that has more than one."""
    perimeter = workspace.perimeter
    if not perimeter.regions or facts.region in perimeter.regions:
        return False
    scope = perimeter.scope("E1")
    if not names(scope.actions, request.action) or names(scope.except_actions, request.action):
        return False
    if request.action.lower() == "iam:passrole":  # in the Region of the call that the role is passed in (W-17)
        return True
    service, partition = request.action.partition(":")[0].lower(), workspace.organization.partition
    return not any(row["service"] == service and row["partition"] == partition for row in table_rows("global-regions"))


class Ground:
    """The predicates of semantics 5.2 for one request."""

    def __init__(self, workspace: Workspace, request: Request, facts: Facts) -> None:
        self.workspace, self.perimeter = workspace, workspace.perimeter
        self.request, self.facts = request, facts
        self.context = {name.lower(): value for name, value in request.context.items()}
        self.arn = request.principal.role_arn or request.principal.arn or ""

    def mine(self, account: str | None) -> bool:
        """MyAccount."""
        perimeter, organization = self.perimeter, self.workspace.organization
        if account is None:
            return False
        if account in perimeter.accounts:
            return True
        if not perimeter.paths and account == organization.management_account and organization.id in perimeter.orgs:
            return True
        if self.facts.organizations.get(account) not in perimeter.orgs:
            return False
        path = self.facts.paths.get(account, "")
        return not perimeter.paths or any(glob(f"{pattern.rstrip('*')}*")(path) for pattern in perimeter.paths)

    @property
    def is_iam(self) -> bool:
        """The caller has an account."""
        return self.facts.kind in _IAM

    @property
    def for_me(self) -> bool:
        """A service principal that acts for one of my accounts."""
        services = self.perimeter.services
        trusted = "*" in services or self.facts.service in services
        return self.facts.kind == "service" and trusted and self.mine(self.facts.behalf)

    @property
    def my_iam(self) -> bool:
        """An identity of mine, or a service that acts for me."""
        return (self.is_iam and self.mine(self.facts.principal_account)) or self.for_me

    @property
    def third_party(self) -> bool:
        """A declared partner, for this resource and action."""
        entries = (*self.perimeter.third_principals, *self.perimeter.service_accounts)
        return any(self._third_principal(entry) for entry in entries)

    @property
    def vendor(self) -> bool:
        """A declared vendor takes a role of mine that is meant for it, whatever ExternalId it sends."""
        return any(self.is_vendor(entry) for entry in self.perimeter.vendors)

    def is_vendor(self, entry: Vendor) -> bool:
        """Whether the caller is this vendor, at a role that is meant for it."""
        if not self.is_iam or self.facts.principal_account != entry.account:
            return False
        if fold(self.request.action) not in _TAKES_ROLE or not _covers(entry.roles, self.request.resource):
            return False
        return not entry.arns or any(is_named(pattern, self.arn) for pattern in entry.arns)

    @property
    def my_resource(self) -> bool:
        """The resource is mine."""
        return self.mine(self.facts.resource_account)

    @property
    def trusted_resource(self) -> bool:
        """The resource is mine, or declared; an access point of mine counts only with the bucket that it stands on."""
        mine = self.my_resource and not self.behind_foreign
        return mine or self._declared(self.request.resource, self.facts.resource_account)

    @property
    def behind_foreign(self) -> bool:
        """The bucket behind the access point that is called is neither mine nor declared (semantics 5.2, AR15)."""
        behind, owner = self.facts.behind, self.facts.behind_account
        return behind is not None and not self.mine(owner) and not self._declared(behind, owner)

    @property
    def through_my_endpoint(self) -> bool:
        """The call uses an endpoint of mine."""
        facts, perimeter = self.facts, self.perimeter
        if facts.path != "vpce":
            return False
        vpcs = {(vpc.id, vpc.region) for vpc in perimeter.vpcs}
        owned = perimeter.endpoints_of_my_accounts and self.mine(facts.endpoint_account)
        return facts.endpoint in perimeter.endpoints or (facts.vpc, facts.vpc_region) in vpcs or owned

    @property
    def my_network(self) -> bool:
        """The call comes from an expected network."""
        facts = self.facts
        if self.through_my_endpoint or (facts.forwarded and bool(facts.first_hop_trusted)):
            return True
        if facts.path == "public" and _in_ranges(facts.source_address, self.perimeter.cidrs):
            return True
        if facts.kind == "service" and self.mine(facts.behalf):
            return True
        own = facts.service_role and self.mine(facts.principal_account)
        return own and facts.path == "awsnet" and self.perimeter.service_networks

    def claimed(self, objective: str) -> bool:
        """The action is in scope, and no declared exception holds."""
        scope = self.perimeter.scope(objective)
        if not names(scope.actions, self.request.action) or names(scope.except_actions, self.request.action):
            return False
        tags = (entry for entry in self.perimeter.tag_exceptions if objective in entry.objectives)
        roles = (entry for entry in self.perimeter.role_exceptions if objective in entry.objectives)
        excused = any(self._tagged(entry) for entry in tags) or any(
            self.is_iam and self.mine(self.facts.principal_account) and is_named(entry.arn, self.arn) for entry in roles
        )
        return not excused

    def _tagged(self, entry: TagException) -> bool:
        on_principal = entry.on == "principal"
        mine = self.is_iam and self.mine(self.facts.principal_account) if on_principal else self.my_resource
        key = f"aws:{'PrincipalTag' if on_principal else 'ResourceTag'}/{entry.key}".lower()
        hidden = None if on_principal else self.facts.hidden_tags.get(entry.key)
        return mine and (self.context.get(key, hidden) == entry.value) is not entry.missing

    def is_provider(self, entry: TrustedPrincipal) -> bool:
        """Whether this identity provider signs somebody in to what its entry names."""
        return bool(entry.provider) and self._third_principal(entry)

    def _third_principal(self, entry: TrustedPrincipal) -> bool:
        if not names(entry.actions, self.request.action) or not _covers(entry.resources, self.request.resource):
            return False
        if entry.provider:
            return self._provider(entry)
        if not self.is_iam or self.facts.principal_account != entry.account:
            return False
        return not entry.arns or any(is_named(pattern, self.arn) for pattern in entry.arns)

    def _provider(self, entry: TrustedPrincipal) -> bool:
        provider, called = spelled(entry.provider or ""), spelled(self.request.principal.provider or "")
        host = provider.rsplit("oidc-provider/", 1)[-1]
        # A host is every provider of that host; an ARN is the provider of one account, and not the host (W-23).
        same = called == provider or (not provider.startswith("arn:") and called.endswith(f":oidc-provider/{host}"))
        claims = (("sub", entry.subjects), ("aud", entry.audiences))
        return self.facts.kind == "fedsts" and same and all(self._claim(f"{host}:{c}", v) for c, v in claims if v)

    def _claim(self, key: str, patterns: Iterable[str]) -> bool:
        value = self.context.get(key.lower())
        return isinstance(value, str) and any(glob(pattern)(value) for pattern in patterns)

    def _declared(self, resource: str, owner: str | None) -> bool:
        declared = (*self.perimeter.third_resources, *self.perimeter.service_resources)
        return any(self._third_resource(entry, resource, owner) for entry in declared)

    def _third_resource(self, entry: TrustedResource, resource: str, owner: str | None) -> bool:
        if resource == "*" or (entry.account and owner != entry.account):
            return False
        if "*" not in entry.callers and not any(is_named(pattern, self.arn) for pattern in entry.callers):
            return False
        return names(entry.actions, self.request.action) and _covers(entry.arns, resource)


def is_named(pattern: str, arn: str) -> bool:
    """Whether a trusted ARN means the caller. A role ARN means that one role, whatever path and case (W-13)."""
    named, role = _ROLE.fullmatch(pattern), _ROLE.fullmatch(arn)
    if named is None or role is None or any(mark in pattern for mark in "*?"):
        return glob(pattern)(arn)
    return named.group(1) == role.group(1) and fold(named.group(2)) == fold(role.group(2))


def names(patterns: Iterable[str], action: str) -> bool:
    """Whether some pattern of actions names the action."""
    return any(is_full_star(p) or p == "*:*" or glob(p, ignore_case=True)(fold(action)) for p in patterns)


def _covers(patterns: Iterable[str], resource: str) -> bool:
    """Field by field; only a full star covers `*`, the resource of actions without resource types."""
    return any(is_full_star(pattern) or _field_wise(pattern, resource) for pattern in patterns)


def _field_wise(pattern: str, resource: str) -> bool:
    fields, wanted = cut(resource), pattern.split(":", _COLONS)
    if fields is None or wanted[0] != "arn":
        return False
    wanted += ["*"] * (_COLONS + 1 - len(wanted))
    folded = (1, 2, 3)
    return all(
        glob(want, ignore_case=True)(fold(have)) if index in folded else glob(want)(have)
        for index, (want, have) in enumerate(zip(wanted, fields, strict=True))
    )


def _in_ranges(address: str | None, cidrs: Iterable[str]) -> bool:
    if address is None:
        return False
    found = ipaddress.ip_address(address)
    return any(found in ipaddress.ip_network(cidr, strict=False) for cidr in cidrs)


_PREMISES: Mapping[str, Callable[[Ground], bool]] = {
    "O1": lambda at: at.my_resource,
    "O2": lambda at: at.through_my_endpoint,
    "O3": lambda at: at.is_iam and at.mine(at.facts.principal_account),
    "O4": lambda at: at.through_my_endpoint,
    "O5": lambda at: at.is_iam and at.mine(at.facts.principal_account),
    "O6": lambda at: at.my_resource,
}
_CONCLUSIONS: Mapping[str, Callable[[Ground], bool]] = {
    "O1": lambda at: at.my_iam or at.third_party or at.vendor,
    "O2": lambda at: at.my_iam or at.third_party or at.vendor,
    "O3": lambda at: at.trusted_resource,
    "O4": lambda at: at.trusted_resource,
    "O5": lambda at: at.my_network,
    "O6": lambda at: at.my_network or at.third_party or at.vendor or at.for_me,
}
