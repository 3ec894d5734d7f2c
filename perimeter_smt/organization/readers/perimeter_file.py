"""`perimeter.yaml`: what is mine, what is trusted, what is claimed, what is accepted (semantics 5.1)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from fnmatch import fnmatchcase
from typing import Any, Literal, TypeVar, cast

from perimeter_smt.errors import did_you_mean
from perimeter_smt.organization.assumable import why_not_settled
from perimeter_smt.organization.perimeter import (
    CLAIMED,
    OBJECTIVES,
    Perimeter,
    Reach,
    RoleException,
    Scope,
    TagException,
    TrustedPrincipal,
    TrustedResource,
    Vendor,
    Vpc,
)
from perimeter_smt.organization.published import published_resources
from perimeter_smt.organization.readers import values
from perimeter_smt.organization.readers.fields import (
    Check,
    Gather,
    flag,
    items,
    members,
    required,
    some_texts,
    text,
    texts,
)
from perimeter_smt.organization.readers.yaml import Node
from perimeter_smt.policy.json_positions import quoted

_T = TypeVar("_T")
_PERIMETER = (
    "orgs",
    "paths",
    "accounts",
    "third_principals",
    "third_resources",
    "services",
    "service_accounts",
    "service_resources",
    "vpcs",
    "endpoints",
    "endpoints_of_my_accounts",
    "cidrs",
    "service_networks",
    "regions",
    "proxies",
    "egress",
    "exceptions",
    "vendors",
    "mitigations",
    "administrators",
    "scopes",
    "accepted",
    "assumptions",
    "doubts",
    "intended_denials",
    "source",  # where the organization is read from: sources.py
    "readings",
)

_EXCEPTION = ("objectives", "reason", "owner", "expires", "ticket", "held_by")


def read_perimeter(node: Node) -> Perimeter:
    """The perimeter; InputError for anything that is unknown, of another form, or says nothing at all."""
    found = members(node, _PERIMETER, "a perimeter")
    gather = Gather()

    def listed(name: str, check: Check, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        return gather(lambda: texts(found.get(name), check, default), default)

    def each(name: str, read: Callable[[Node], _T]) -> tuple[_T, ...]:
        return gather.each(gather(lambda: items(found.get(name)), []), read)

    orgs = listed("orgs", values.organization_id)
    accounts = listed("accounts", values.account_id)
    if not orgs and not accounts:
        gather.done()
        raise node.error("an empty perimeter: nothing is mine, expected `orgs` or `accounts`")
    no_scopes: dict[str, Scope] = {}
    no_resources: tuple[TrustedResource, ...] = ()
    no_readings: dict[str, Literal["chosen", "rival"]] = {}
    no_exceptions: tuple[tuple[TagException, ...], tuple[RoleException, ...]] = ((), ())
    no_mitigations: tuple[str, ...] = ()
    no_assumptions: tuple[str, ...] = ()
    exceptions = gather(lambda: _exceptions(found.get("exceptions")), no_exceptions)
    read = Perimeter(
        orgs=orgs,
        paths=listed("paths", values.organization_path),
        accounts=accounts,
        third_principals=each("third_principals", lambda item: _trusted_principal(item, True)),
        third_resources=each("third_resources", _trusted_resource),
        services=listed("services", values.service_principal, ("*",)),
        service_accounts=each("service_accounts", lambda item: _trusted_principal(item, False)),
        service_resources=gather(lambda: _service_resources(found), no_resources),
        vpcs=each("vpcs", _vpc),
        endpoints=listed("endpoints", values.endpoint_id),
        endpoints_of_my_accounts=gather(lambda: flag(found.get("endpoints_of_my_accounts"), True), True),
        cidrs=listed("cidrs", values.cidr),
        service_networks=gather(lambda: flag(found.get("service_networks"), False), False),
        regions=listed("regions", values.region),
        proxies=listed("proxies", values.cidr),
        egress=gather(lambda: _egress(found.get("egress")), None),
        tag_exceptions=exceptions[0],
        role_exceptions=exceptions[1],
        vendors=each("vendors", _vendor),
        administrators=listed("administrators", values.caller_pattern),
        mitigations=gather(lambda: _mitigations(found.get("mitigations")), no_mitigations),
        scopes=gather(lambda: _scopes(found.get("scopes")), no_scopes),
        accepted=cast(tuple[Reach, ...], listed("accepted", values.reach)),
        assumptions=gather(lambda: _assumptions(found), no_assumptions),
        doubts=listed("doubts", values.presumed_axiom),
        intended_denials=listed("intended_denials", values.any_text),
        readings=gather(lambda: _readings(found.get("readings")), no_readings),
    )
    gather.done()
    return read


def _assumptions(found: dict[str, Node]) -> tuple[str, ...]:
    """Soft axioms, and open points taken as chosen: none of them read the rival way beside."""
    names = texts(found.get("assumptions"), values.assumption)
    readings = found.get("readings")
    rival = readings.value if readings is not None and isinstance(readings.value, dict) else {}
    for item in items(found.get("assumptions")):
        other = rival.get(str(item.value))
        if other is not None and other.value == "rival":
            raise item.error(f"{item.shown} is assumed as chosen, and `readings` says `rival` on line {other.line}")
    return names


def _egress(node: Node | None) -> Literal["blocked", "proxy", "open"] | None:
    if node is None:
        return None
    if node.value not in ("blocked", "proxy", "open"):
        near = did_you_mean(str(node.value), ("blocked", "proxy", "open"))
        raise node.error(f"found {node.shown}{near}, expected `blocked`, `proxy` or `open`")
    return cast(Literal["blocked", "proxy", "open"], node.value)


def _readings(node: Node | None) -> dict[str, Literal["chosen", "rival"]]:
    """Open points by name, and how each is read."""
    if node is None:
        return {}
    if not isinstance(node.value, dict):
        raise node.error(f"found {node.shown}, expected a mapping such as `X-1: chosen`")
    out: dict[str, Literal["chosen", "rival"]] = {}
    for name, member in node.value.items():
        if wrong := why_not_settled(name):
            raise member.key_error(wrong)
        if member.value not in ("chosen", "rival"):
            raise member.error(f"found {member.shown}, expected `chosen` or `rival`")
        out[name] = cast(Literal["chosen", "rival"], member.value)
    return out


def _trusted_principal(node: Node, provider_allowed: bool) -> TrustedPrincipal:
    what = "a trusted identity"
    names = ("account", "arns", "resources", "actions")
    found = members(node, (*names, "provider", "subjects", "audiences") if provider_allowed else names, what)
    account, provider = found.get("account"), found.get("provider")
    if account is None and provider is None:
        raise node.error(f"{what} has no `account`" + (" and no `provider`" if provider_allowed else ""))
    if account is not None and provider is not None:
        raise node.error(f"{what} has both `account` and `provider`, expected one of them")
    for name in ("subjects", "audiences") if provider is None else ("arns",):
        if name in found:
            raise found[name].key_error(f"`{name}` needs a `{'provider' if provider is None else 'account'}`")
    _same_account(account, found.get("arns"))
    return TrustedPrincipal(
        account=text(account, values.trusted_account) if account else None,
        arns=some_texts(found.get("arns"), values.caller_pattern, ()),
        provider=text(provider, values.any_text) if provider else None,
        subjects=some_texts(found.get("subjects"), values.any_text, ()),
        audiences=some_texts(found.get("audiences"), values.any_text, ()),
        resources=some_texts(found.get("resources"), values.arn_pattern, ("*",)),
        actions=some_texts(found.get("actions"), values.scope_pattern, ("*",)),
    )


def _trusted_resource(node: Node) -> TrustedResource:
    what = "a trusted resource"
    found = members(node, ("account", "arns", "callers", "actions"), what)
    if "account" not in found and "arns" not in found:
        raise node.error(f"{what} has no `account` and no `arns`")
    _same_account(found.get("account"), found.get("arns"))
    return TrustedResource(
        account=text(found["account"], values.account_id) if "account" in found else None,
        arns=some_texts(found.get("arns"), values.arn_pattern, ("*",)),
        callers=some_texts(found.get("callers"), values.caller_pattern, ("*",)),
        actions=some_texts(found.get("actions"), values.scope_pattern, ("*",)),
    )


def _service_resources(found: dict[str, Node]) -> tuple[TrustedResource, ...]:
    """Resources of AWS; `published` stands for those that AWS documents, in the Regions of my VPCs."""
    out: list[TrustedResource] = []
    for node in items(found.get("service_resources")):
        if node.value == "published":
            out += published_resources({vpc.region for vpc in map(_vpc, items(found.get("vpcs")))})
        else:
            out.append(_trusted_resource(node))
    return tuple(out)


def _same_account(account: Node | None, arns: Node | None) -> None:
    """ARNs beside an account are of that account, or name none: else nothing matches."""
    if account is None or not isinstance(account.value, str):
        return
    for item in items(arns):
        named = values.account_of(item.value) if isinstance(item.value, str) else ""
        if named and not fnmatchcase(account.value, named):
            raise item.error(
                f"{item.shown} is of account {quoted(named)}: beside account `{account.value}` it matches nothing"
            )


def _vpc(node: Node) -> Vpc:
    found = members(node, ("id", "region", "account"), "a VPC")
    return Vpc(
        id=text(required(found, "id", node, "a VPC"), values.vpc_id),
        region=text(required(found, "region", node, "a VPC"), values.region),
        account=text(found["account"], values.account_id) if "account" in found else None,
    )


def _exceptions(node: Node | None) -> tuple[tuple[TagException, ...], tuple[RoleException, ...]]:
    if node is None:
        return (), ()
    found = members(node, ("tags", "roles"), "the exceptions")
    tags = tuple(_tag_exception(item) for item in items(found.get("tags")))
    return tags, tuple(_role_exception(item) for item in items(found.get("roles")))


def _tag_exception(node: Node) -> TagException:
    what = "a tag exception"
    found = members(node, ("on", "key", "value", "missing", *_EXCEPTION), what)
    on = required(found, "on", node, what)
    if on.value not in ("principal", "resource"):
        raise on.error(f"found {on.shown}, expected `principal` or `resource`")
    return TagException(
        on=cast(Literal["principal", "resource"], on.value),
        key=text(required(found, "key", node, what), values.any_text),
        value=text(required(found, "value", node, what), values.any_text),
        missing=flag(found.get("missing"), False),
        **_exception(found),
    )


def _role_exception(node: Node) -> RoleException:
    what = "a role exception"
    found = members(node, ("arn", *_EXCEPTION), what)
    return RoleException(arn=text(required(found, "arn", node, what), values.caller_pattern), **_exception(found))


def _exception(found: dict[str, Node]) -> dict[str, Any]:
    """What exceptions of all kinds say."""
    return {
        "objectives": some_texts(found.get("objectives"), values.objective, OBJECTIVES),
        "reason": text(found["reason"], values.any_text) if "reason" in found else "",
        "held_by": texts(found["held_by"], values.caller_pattern) if "held_by" in found else None,
        **_kept(found),
    }


def _kept(found: dict[str, Node]) -> dict[str, Any]:
    """Who answers for an entry, until when it counts, where it was granted."""
    return {
        "owner": text(found["owner"], values.any_text) if "owner" in found else "",
        "ticket": text(found["ticket"], values.any_text) if "ticket" in found else "",
        "expires": date.fromisoformat(text(found["expires"], values.day)) if "expires" in found else None,
    }


def _vendor(node: Node) -> Vendor:
    what = "a vendor"
    found = members(node, ("account", "arns", "roles", "external_id", "owner", "expires", "ticket"), what)
    account = required(found, "account", node, what)
    _same_account(account, found.get("arns"))
    given = found.get("external_id")
    external: Any = "required"
    if given is not None and isinstance(given.value, list):
        external = some_texts(given, values.any_text, ())
    elif given is not None:
        external = text(given, values.any_text)
        if external not in ("required", "none"):
            raise given.error(f"found {given.shown}, expected `required`, `none` or a list of values")
    return Vendor(
        account=text(account, values.trusted_account),
        arns=some_texts(found.get("arns"), values.caller_pattern, ()),
        roles=some_texts(found.get("roles"), values.arn_pattern, ("*",)),
        external_id=external,
        **_kept(found),
    )


def _mitigations(node: Node | None) -> tuple[str, ...]:
    """Ids of questions beside the objectives; `all` for every one, alone or in a list."""
    if node is None:
        return ()
    if isinstance(node.value, str):
        return (text(node, values.mitigation),)
    return some_texts(node, values.mitigation, ())


def _scopes(node: Node | None) -> dict[str, Scope]:
    out: dict[str, Scope] = {}
    if node is None:
        return out
    for name, member in members(node, (*OBJECTIVES, *CLAIMED), "the scopes").items():
        if isinstance(member.value, list):
            out[name] = Scope(actions=some_texts(member, values.scope_pattern, ()))
            continue
        found = members(member, ("actions", "except"), f"the scope of {quoted(name)}")
        scope = Scope(
            actions=some_texts(found.get("actions"), values.scope_pattern, ("*",)),
            except_actions=texts(found.get("except"), values.scope_pattern),
        )
        if values.claims_nothing(scope.actions, scope.except_actions):
            raise found["except"].key_error(
                f"the scope of {quoted(name)} claims nothing: `except` takes every action away"
            )
        out[name] = scope
    return out
