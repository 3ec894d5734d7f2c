"""The perimeter's definition as formulas over ground truth (semantics 5.1, 5.2)."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from typing import Literal

from perimeter_smt.encode.language.action import action_matches
from perimeter_smt.encode.language.keys import KeySpace, sym_is
from perimeter_smt.encode.language.principal import IAM, named, of_host
from perimeter_smt.encode.language.resource import Leaf, resource_matches
from perimeter_smt.encode.language.variables import matches, pattern, plain_parts
from perimeter_smt.encode.world.accounts import ON_ENDPOINT, is_my_account, is_my_endpoint, known_vpcs
from perimeter_smt.encode.world.governs import is_bucket, itself, split_arn
from perimeter_smt.encode.world.tags import BY_BUCKET, hidden_tag
from perimeter_smt.logic.atoms import Template, Text, Within
from perimeter_smt.logic.compose import glob_on
from perimeter_smt.logic.formula import FALSE, TRUE, Formula, atom, boolean, both, conj, disj, either, is_text, neg, sym
from perimeter_smt.logic.reader import Script
from perimeter_smt.organization.model import OwnedResource
from perimeter_smt.organization.perimeter import (
    Perimeter,
    RoleException,
    Scope,
    TagException,
    TrustedPrincipal,
    TrustedResource,
    Vendor,
    Workspace,
)
from perimeter_smt.request.keys import table_rows

TAKES_ROLE = ("sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity", "sts:SetContext")


def definitions(workspace: Workspace, keys: KeySpace, script: Script) -> dict[str, Formula]:
    """The symbols that perimeter.smt2 leaves open."""
    perimeter = workspace.perimeter
    caller = script.texts["aws:PrincipalArn"]
    return {
        "principal.mine": is_my_account(perimeter, workspace, "principal.account"),
        "resource.mine": is_my_account(perimeter, workspace, "resource.account"),
        "behalf.mine": is_my_account(perimeter, workspace, "behalf.account"),
        "endpoint.mine": is_my_endpoint(perimeter, workspace),
        "address.mine": disj(in_range(cidr) for cidr in perimeter.cidrs),
        "service.trusted": _service(perimeter.services),
        "service-networks.mine": boolean(perimeter.service_networks),
        "vpc.of-known-id": both(ON_ENDPOINT, _known_vpc(workspace, "request.region")),
        "vpc.known": _known_vpc(workspace, "endpoint.region"),
        "principal.third-party": disj(
            _third_principal(keys, caller, entry)
            for entry in (*perimeter.third_principals, *perimeter.service_accounts)
        ),
        "principal.vendor": disj(is_vendor(keys, caller, entry) for entry in perimeter.vendors),
        "resource.third-party": disj(_third_resource(keys, caller, e) for e in perimeter.third_resources),
        "resource.of-service": disj(_third_resource(keys, caller, e) for e in perimeter.service_resources),
        "region.elsewhere": _elsewhere(workspace),
    }


def in_my_regions(perimeter: Perimeter) -> Formula:
    """The Region that is called is one of `regions`."""
    return disj(is_text("request.region", region) for region in perimeter.regions)


def of_one_region(workspace: Workspace) -> Formula:
    """The service has one control plane in this partition, so that nobody chooses the Region (W-17)."""
    partition = workspace.organization.partition
    own = [row["service"] for row in table_rows("global-regions") if row["partition"] == partition]
    return disj(action_matches(f"{service}:*") for service in own)


def _elsewhere(workspace: Workspace) -> Formula:
    perimeter = workspace.perimeter
    passed = action_matches("iam:PassRole")  # in the Region of the call that the role is passed in (W-17)
    if not perimeter.regions:
        partition = workspace.organization.partition
        own = [
            row["region"]
            for row in table_rows("global-regions")
            if (row["service"], row["partition"]) == ("iam", partition)
        ]
        return both(passed, *(neg(is_text("request.region", region)) for region in own))
    chosen = either(neg(of_one_region(workspace)), passed)
    return both(in_scope(perimeter.scope("E1")), neg(in_my_regions(perimeter)), chosen)


def _known_vpc(workspace: Workspace, region: str) -> Formula:
    """The VPC bears the id of one that the workspace tells, and `region` is where that one lies (AN15)."""
    vpcs = known_vpcs(workspace)
    return disj(both(is_text("endpoint.vpc", own), is_text(region, where)) for own, where in vpcs)


def declared(workspace: Workspace, keys: KeySpace, script: Script, part: str) -> list[tuple[str, Formula]]:
    """What `perimeter.yaml` trusts, one by one, in words and as a formula, for a part of availability (W-35)."""
    perimeter, caller = workspace.perimeter, script.texts["aws:PrincipalArn"]
    if part == "intended.trusted-resource":
        resources = (*perimeter.third_resources, *perimeter.service_resources)
        return [
            (text if text != "*" else f"account {entry.account}", _third_resource(keys, caller, alone))
            for entry in resources
            for text in entry.arns
            for alone in [entry.model_copy(update={"arns": (text,)})]
        ]
    if part == "intended.trusted-party":
        parties = (*perimeter.third_principals, *perimeter.service_accounts)
        return [(e.provider or f"account {e.account}", _third_principal(keys, caller, e)) for e in parties]
    return []


def in_scope(scope: Scope) -> Formula:
    """The action is one that the objective claims to cover."""
    return both(
        disj(action_matches(text) for text in scope.actions),
        neg(disj(action_matches(text) for text in scope.except_actions)),
    )


def excepted(
    perimeter: Perimeter, keys: KeySpace, script: Script, objective: str, listed: Iterable[OwnedResource] = ()
) -> Formula:
    """The request is outside the claim of `objective` by a declared exception.

    A tag counts only where my administrators set it: on callers of my accounts and on my resources. `listed` are
    resources whose tags are known, so that they have them whether or not a call carries the key (W-7).
    """
    caller = script.texts["aws:PrincipalArn"]
    tags = [_tag(keys, e, tuple(listed)) for e in perimeter.tag_exceptions if objective in e.objectives]
    roles = [_role(keys, caller, e) for e in perimeter.role_exceptions if objective in e.objectives]
    return disj((*tags, *roles))


def _tag(keys: KeySpace, entry: TagException, listed: Sequence[OwnedResource]) -> Formula:
    kind = "PrincipalTag" if entry.on == "principal" else "ResourceTag"
    key = keys.key(f"aws:{kind}/{entry.key}".lower())
    mine = both(IAM, sym("principal.mine")) if entry.on == "principal" else sym("resource.mine")
    has = key.has
    if entry.on == "resource":  # tags of buckets are there also where policies do not see them (W-9)
        has = either(has, both(BY_BUCKET, neg(sym("bucket.abac")), sym(hidden_tag(entry.key))))
    tagged = both(has, glob_on(key.term, (Text(entry.value),) if entry.value else ()))
    if entry.on == "resource":
        tagged = either(tagged, disj(itself(one) for one in listed if _carries(one, entry)))
    return both(mine, neg(tagged) if entry.missing else tagged)


def _carries(resource: OwnedResource, entry: TagException) -> bool:
    tags = {name.lower(): value for name, value in resource.tags.items()}
    return not is_bucket(split_arn(resource.arn)) and tags.get(entry.key.lower()) == entry.value


def _role(keys: KeySpace, caller: Template, entry: RoleException) -> Formula:
    return both(IAM, sym("principal.mine"), is_caller(keys, caller, entry.arn))


def is_caller(keys: KeySpace, caller: Template, text: str) -> Formula:
    """The caller is whom an ARN names as principals of policies do (W-13), or matches a pattern of ARNs."""
    found = named(text)
    return arn_matches(keys, caller, text) if found is None else found


def arn_matches(keys: KeySpace, term: Template, text: str) -> Formula:
    """An ARN term matches a pattern in which stars cross everything."""
    return matches(keys, term, pattern(plain_parts(text)))


def in_range(cidr: str) -> Formula:
    """The source address lies in a range."""
    network = ipaddress.ip_network(cidr, strict=False)
    family: Literal[4, 6] = 4 if network.version == 4 else 6
    return atom(Within("source.address", family, int(network.network_address), network.prefixlen))


def _service(patterns: tuple[str, ...]) -> Formula:
    if "*" in patterns:
        return TRUE
    return disj(is_text("principal.service", name) for name in patterns)


def _call(keys: KeySpace, actions: tuple[str, ...], resources: tuple[str, ...]) -> Formula:
    return both(
        disj(action_matches(text) for text in actions), disj(resource_matches(keys, text) for text in resources)
    )


def _third_principal(keys: KeySpace, caller: Template, entry: TrustedPrincipal) -> Formula:
    call = _call(keys, entry.actions, entry.resources)
    if entry.provider:
        return both(call, _provider(keys, entry))
    who = both(IAM, is_text("principal.account", entry.account or ""))
    if entry.arns:
        who = both(who, disj(is_caller(keys, caller, text) for text in entry.arns))
    return both(call, who)


def is_vendor(keys: KeySpace, caller: Template, entry: Vendor) -> Formula:
    """A declared vendor takes a role of mine that is meant for it, whatever ExternalId it sends."""
    who = both(IAM, is_text("principal.account", entry.account))
    if entry.arns:
        who = both(who, disj(is_caller(keys, caller, text) for text in entry.arns))
    return both(who, _call(keys, TAKES_ROLE, entry.roles))


def is_provider(keys: KeySpace, caller: Template, entry: TrustedPrincipal) -> Formula:
    """A declared identity provider signs somebody in to what its entry names."""
    return _third_principal(keys, caller, entry) if entry.provider else FALSE


def _provider(keys: KeySpace, entry: TrustedPrincipal) -> Formula:
    provider = entry.provider or ""
    host = provider.rsplit("oidc-provider/", 1)[-1].lower()
    # An ARN is one provider of several that a host may have in my accounts (W-23).
    same = is_text("principal.provider", provider) if provider.startswith("arn:") else of_host(host)
    if ":saml-provider/" in provider:
        host = "saml"
    claims = []
    for claim, values in (("sub", entry.subjects), ("aud", entry.audiences)):
        if values:
            key = keys.key(f"{host}:{claim}".lower())
            claims.append(both(key.has, disj(arn_matches(keys, key.term, value) for value in values)))
    return both(sym_is("federated-sts"), same, conj(claims))


def _third_resource(keys: KeySpace, caller: Template, entry: TrustedResource) -> Formula:
    owner = is_text("resource.account", entry.account) if entry.account else TRUE
    who = TRUE if "*" in entry.callers else disj(is_caller(keys, caller, text) for text in entry.callers)
    return both(owner, who, _call(keys, entry.actions, entry.arns), neg(_nothing()))


def declared_behind(
    perimeter: Perimeter, keys: KeySpace, script: Script, leaf: Leaf, owner: str | None = None
) -> Formula:
    """The perimeter declares the bucket or object that `leaf` looks at, of the account `owner`.

    Without an owner it is that of an account which nobody declares: entries that name one do not speak of it.
    """
    caller = script.texts["aws:PrincipalArn"]
    out = []
    for entry in (*perimeter.third_resources, *perimeter.service_resources):
        if entry.account in (None, owner):
            who = TRUE if "*" in entry.callers else disj(is_caller(keys, caller, text) for text in entry.callers)
            what = disj(resource_matches(keys, text, leaf=leaf) for text in entry.arns)
            out.append(both(who, disj(action_matches(text) for text in entry.actions), what))
    return disj(out)


def _nothing() -> Formula:
    """An action without resource types touches no foreign resource."""
    from perimeter_smt.encode.language.resource import IS_STAR

    return IS_STAR
