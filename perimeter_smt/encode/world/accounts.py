"""Facts about accounts and endpoints that the organization file fixes (semantics 3.3, 4.8 AP18, AN4)."""

from __future__ import annotations

from collections.abc import Iterable

from perimeter_smt.encode.language.principal import canonical_user, canonical_users
from perimeter_smt.logic.atoms import STAR, Is, Member, Ref, Run, Template, Text
from perimeter_smt.logic.compose import glob_on
from perimeter_smt.logic.formula import (
    TRUE,
    Formula,
    atom,
    boolean,
    both,
    conj,
    disj,
    either,
    glob,
    iff,
    implies,
    is_text,
    neg,
)
from perimeter_smt.logic.problem import Assertion
from perimeter_smt.organization.model import Endpoint, Organization
from perimeter_smt.organization.perimeter import Perimeter, Workspace
from perimeter_smt.policy.document import Document

ACCOUNT_TERMS = ("principal.account", "resource.account", "endpoint.account", "vpc.account", "behalf.account")
ON_CONSOLE = atom(Is("wire", "console"))
ON_ENDPOINT = either(atom(Is("wire", "endpoint")), ON_CONSOLE)
CONSOLE = "console"  # what the endpoint of the console serves, in `services` of an endpoint


def org_of(account: str) -> str:
    """The variable that holds the organization of an account variable."""
    return f"org({account})"


def units_of(account: str) -> str:
    """The variable that holds the way from the root of the organization to the unit of an account variable."""
    return f"units({account})"


def path_of(account: str) -> Template:
    """The organization path of an account variable, as the formal text composes it."""
    return (Ref(org_of(account)), Text("/"), Ref(units_of(account)))


def member_ids(organization: Organization) -> tuple[str, ...]:
    """Every account id of the tree, the management account included, in file order."""
    ids = [account.id for account, _ in organization.accounts()]
    return tuple(dict.fromkeys((*ids, organization.management_account)))


def one_of(var: str, values: Iterable[str]) -> Formula:
    """`var` is one of the values."""
    return disj(is_text(var, value) for value in values)


def is_my_account(perimeter: Perimeter, workspace: Workspace, var: str) -> Formula:
    """MyAccount (semantics 5.2): a listed account, or one of my organizations, narrowed to paths if given."""
    in_org = one_of(org_of(var), perimeter.orgs)
    if perimeter.paths:
        in_org = both(in_org, disj(_path(path_of(var), path) for path in perimeter.paths))
    management = () if perimeter.paths else (workspace.organization.management_account,)
    mine = organization_is_mine(perimeter, workspace)
    listed = (*perimeter.accounts, *(management if mine else ()))
    return either(in_org, one_of(var, listed))


def account_is_mine(perimeter: Perimeter, workspace: Workspace, account: str) -> Formula:
    """MyAccount of an account that the organization lists: true or false."""
    in_org = boolean(organization_is_mine(perimeter, workspace))
    if perimeter.paths:
        path = (Text(workspace.organization.path(account)),)
        in_org = both(in_org, disj(_path(path, pattern) for pattern in perimeter.paths))
    return either(in_org, boolean(account in perimeter.accounts))


def organization_is_mine(perimeter: Perimeter, workspace: Workspace) -> bool:
    """Whether the organization of the file is one of the perimeter's."""
    return workspace.organization.id in perimeter.orgs


def _path(path: Template, pattern: str) -> Formula:
    """An organization path pattern; it covers the units below it."""
    pieces = pattern.rstrip("*").split("*")
    parts: list[Text | Run] = []
    for i, piece in enumerate(pieces):
        if i:
            parts.append(STAR)
        parts.append(Text(piece))
    return glob_on(path, (*parts, STAR))


def within(var: str, units: str) -> Formula:
    """An account lies in a unit, given by its way from the root (`r-.../ou-.../`), or below it."""
    return glob_on((Ref(units_of(var)),), (Text(units), STAR))


def account_facts(workspace: Workspace, *, paths_used: bool) -> list[Assertion]:
    """Organization and path of every account of the file; a complete file lists every account there is."""
    organization = workspace.organization
    out = []
    ids = member_ids(organization)
    for var in ACCOUNT_TERMS:
        for account in ids:
            facts = [is_text(org_of(var), organization.id)]
            if paths_used:
                facts.append(is_text(units_of(var), units_text(organization, account)))
            out.append(Assertion(f"organization.yaml {account}", implies(is_text(var, account), conj(facts))))
        if workspace.grants_given:
            out.append(
                Assertion(
                    "organization.yaml lists every account",
                    implies(is_text(org_of(var), organization.id), one_of(var, ids)),
                )
            )
    return out


def units_text(organization: Organization, account: str) -> str:
    """The units of an account from the root down; the management account may be left out of the tree."""
    try:
        return organization.path(account).split("/", 1)[1]
    except KeyError:
        return f"{organization.root.id}/"


def endpoints_of(organization: Organization) -> tuple[Endpoint, ...]:
    """Every endpoint of the file."""
    return tuple(endpoint for account, _ in organization.accounts() for endpoint in account.endpoints)


def known_vpcs(workspace: Workspace) -> tuple[tuple[str, str], ...]:
    """Id and Region of every VPC that the workspace tells: those of the perimeter, and of endpoints of the file."""
    found = [(vpc.id, vpc.region) for vpc in workspace.perimeter.vpcs]
    found += [(endpoint.vpc, endpoint.region) for endpoint in endpoints_of(workspace.organization)]
    return tuple(dict.fromkeys(found))


def uses_console(organization: Organization) -> bool:
    """Whether an endpoint of the console is listed."""
    return any(CONSOLE in endpoint.services for endpoint in endpoints_of(organization))


def endpoint_facts(workspace: Workspace) -> list[Assertion]:
    """A known endpoint fixes its owner, VPC and Region (AN4); a complete file lists every endpoint of mine."""
    out = []
    endpoints = endpoints_of(workspace.organization)
    for endpoint in endpoints:
        facts = both(
            is_text("endpoint.account", endpoint.account),
            is_text("endpoint.vpc", endpoint.vpc),
            is_text("endpoint.region", endpoint.region),
            is_text("vpc.account", endpoint.vpc_account),
        )
        facts = both(facts, _serves(endpoint))
        out.append(Assertion(f"organization.yaml {endpoint.id}", implies(is_text("endpoint.id", endpoint.id), facts)))
    for vpc in {(e.vpc, e.region): e for e in endpoints}.values():
        here = both(is_text("endpoint.vpc", vpc.vpc), is_text("endpoint.region", vpc.region))
        out.append(Assertion(f"organization.yaml {vpc.vpc}", implies(here, is_text("vpc.account", vpc.vpc_account))))
    if endpoints and workspace.organization.endpoints_listed:
        ids = member_ids(workspace.organization)
        in_org = is_text(org_of("endpoint.account"), workspace.organization.id)
        out.append(
            Assertion(
                "organization.yaml lists every endpoint",
                implies(
                    both(ON_ENDPOINT, either(one_of("endpoint.account", ids), in_org)),
                    one_of("endpoint.id", (e.id for e in endpoints)),
                ),
            )
        )
    return out


def _serves(endpoint: Endpoint) -> Formula:
    """The calls that an endpoint can serve: those of its services, or those that the console makes (W-19)."""
    console = neg(ON_CONSOLE)
    if CONSOLE in endpoint.services or (not endpoint.services and CONSOLE not in endpoint.except_services):
        console = TRUE
    services = [s for s in endpoint.services if s != CONSOLE]
    direct = _of_services(services) if endpoint.services else neg(_of_services(endpoint.except_services))
    return both(console, either(ON_CONSOLE, direct))


def bucket_facts(workspace: Workspace) -> list[Assertion]:
    """The owner of every bucket of the file: names of buckets are unique (AR9)."""
    out = []
    buckets = [r for account, _ in workspace.organization.accounts() for r in account.resources if _is_bucket(r.arn)]
    for bucket in buckets:
        name = bucket.arn.split(":", 5)[5]
        named = either(is_text("resource.name", name), glob("resource.name", (Text(f"{name}/"), STAR)))
        here = both(atom(Member("call", "arn service ~ s3")), neg(atom(Member("call", "arn has account"))), named)
        owner = is_text("resource.account", bucket.account)
        out.append(Assertion(f"organization.yaml {bucket.arn}", implies(here, owner)))
    return out


def canonical_facts(workspace: Workspace, documents: Iterable[Document]) -> list[Assertion]:
    """Whom canonical ids of policies stand for: the account that has it, else none whose id is known (W-14)."""
    known = {a.canonical_id: a.id for a, _ in workspace.organization.accounts() if a.canonical_id}
    out = []
    resources = (resource for account, _ in workspace.organization.accounts() for resource in account.resources)
    listed = (entry.grantee for resource in resources for entry in resource.acl or () if len(entry.grantee) >= 64)
    for value in dict.fromkeys((*canonical_users(documents), *listed)):
        owner = known.get(value)
        if owner is not None:
            fact = iff(canonical_user(value), is_text("principal.account", owner))
        else:
            fact = implies(canonical_user(value), neg(one_of("principal.account", known.values())))
        out.append(Assertion(f"organization.yaml canonical id {value}", fact))
    return out


def _is_bucket(arn: str) -> bool:
    fields = arn.split(":", 5)
    return len(fields) == 6 and fields[2] == "s3" and not fields[4] and "/" not in fields[5]


def vpc_facts(workspace: Workspace) -> list[Assertion]:
    """A VPC that the perimeter declares belongs to the account it names, or to one of mine."""
    out = []
    for vpc in workspace.perimeter.vpcs:
        here = both(is_text("endpoint.vpc", vpc.id), is_text("endpoint.region", vpc.region))
        owner = is_text("vpc.account", vpc.account) if vpc.account else _mine(workspace)
        out.append(Assertion(f"perimeter.yaml {vpc.id}", implies(both(ON_ENDPOINT, here), owner)))
    return out


def _mine(workspace: Workspace) -> Formula:
    return is_my_account(workspace.perimeter, workspace, "vpc.account")


def _of_services(services: Iterable[str]) -> Formula:
    return disj(atom(Member("call", f"service={service}")) for service in services)


def is_my_endpoint(perimeter: Perimeter, workspace: Workspace) -> Formula:
    """The endpoint or its VPC is declared, or its owner is mine where the perimeter says so (semantics 5.2)."""
    ways = [one_of("endpoint.id", perimeter.endpoints)]
    ways += [both(is_text("endpoint.vpc", vpc.id), is_text("endpoint.region", vpc.region)) for vpc in perimeter.vpcs]
    if perimeter.endpoints_of_my_accounts:
        ways.append(is_my_account(perimeter, workspace, "endpoint.account"))
    return both(ON_ENDPOINT, disj(ways))
