"""Identity, boundary, resource and trust policies as definitions of the open symbols (semantics 3.4)."""

from __future__ import annotations

from perimeter_smt.encode.language.principal import IAM, Hits, principal_named
from perimeter_smt.encode.language.statement import Policies
from perimeter_smt.encode.world import acl, sessions
from perimeter_smt.encode.world.access_points import behind_points
from perimeter_smt.encode.world.accounts import member_ids, one_of
from perimeter_smt.encode.world.buckets import guards
from perimeter_smt.encode.world.governs import reach
from perimeter_smt.encode.world.people import by_documents, callers, targets
from perimeter_smt.logic.atoms import Member
from perimeter_smt.logic.formula import FALSE, TRUE, Formula, atom, both, disj, either, neg
from perimeter_smt.organization.model import KeyGrant, OwnedResource
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.policy.document import Document

_STS = atom(Member("call", "service=sts"))
_CLOSED = (
    "identity.denies", "identity.allows", "boundary.given", "boundary.denies", "boundary.allows", "session.given",
    "session.denies", "session.allows", "task-policy.allows", "resource-policy.denies", "hit.direct", "hit.role",
    "hit.user", "hit.account", "kms.listed-grant", "acl.at-bucket", "acl.enabled", "acl.not-told", "acl.public-ignored",
)  # fmt: skip


def free(workspace: Workspace, policies: Policies) -> dict[str, Formula]:
    """Guardrails alone: everything may be granted, nothing is denied by a grant."""
    passes = behind_points(workspace, policies)
    return dict.fromkeys(_CLOSED, FALSE) | {"grants.free": TRUE, "guards.pass": passes, "kms.grants-known": TRUE}


def definitions(workspace: Workspace, policies: Policies) -> dict[str, Formula]:
    """With current grants. Callers of other accounts may be granted anything on their side.

    In an account that is not `listed`, what is given holds what is given, and anything else may hold anything.
    Sessions that the workspace does not tell may be unrestricted.
    """
    accounts = [account for account, _ in workspace.organization.accounts()]
    principals = [p for account in accounts for p in account.principals]
    mine = one_of("principal.account", member_ids(workspace.organization))
    listed = one_of("principal.account", (a.id for a in accounts if a.listed))
    open_accounts = [a for a in accounts if not a.listed]
    given = callers(p for a in open_accounts for p in a.principals)
    stranger = either(neg(both(IAM, mine)), both(mine, neg(listed), neg(given)))
    resources = [r for account in accounts for r in account.resources]
    at_given = disj(
        (
            *(reach(r).surely for a in open_accounts for r in a.resources),
            both(targets(p for a in open_accounts for p in a.principals if p.type == "role"), _STS),
        )
    )
    unlisted = both(neg(one_of("resource.account", (a.id for a in accounts if a.listed))), neg(at_given))
    keys = [(r, r.grants) for r in resources if r.grants is not None]
    held = [(callers(own), documents) for own, documents in by_documents(principals, lambda p: p.policies)]
    bounded = [p for p in principals if p.boundary]
    bounds = [(callers(own), documents) for own, documents in by_documents(bounded, lambda p: (p.boundary,))]
    trusted = [(targets(own), documents) for own, documents in by_documents(principals, lambda p: (p.trust,))]
    ignored = acl.ignoring(accounts)
    lists = [(reach(r).surely, acl.hits(r, ignored)) for r in resources if r.acl]
    hits = _hits(policies, trusted, resources, lists)
    allowed = either(stranger, disj(both(who, policies.allows(documents)) for who, documents in held))
    return _administrators(workspace) | {
        "grants.free": FALSE,
        "identity.allows": allowed,
        "identity.denies": disj(both(who, policies.denies(documents)) for who, documents in held),
        "boundary.given": callers(bounded),
        "boundary.allows": disj(both(who, policies.allows(documents)) for who, documents in bounds),
        "boundary.denies": disj(both(who, policies.denies(documents)) for who, documents in bounds),
        **sessions.definitions(principals, policies),
        "task-policy.allows": TRUE,
        "resource-policy.denies": disj(
            (
                *(both(reach(r).surely, policies.denies((r.policy,))) for r in resources if r.policy),
                *(both(target, policies.denies(documents)) for target, documents in trusted),
            )
        ),
        "hit.direct": either(hits.direct, unlisted),
        "hit.role": either(hits.role, unlisted),
        "hit.user": either(hits.user, unlisted),
        "hit.account": either(hits.account, unlisted),
        "kms.listed-grant": disj(both(reach(r).surely, _granted(g, allowed)) for r, grants in keys for g in grants),
        "kms.grants-known": disj(reach(r).surely for r, _ in keys),
        "guards.pass": guards(workspace, policies),
        **acl.definitions(accounts),
    }


def _administrators(workspace: Workspace) -> dict[str, Formula]:
    """Who may call AssumeRoot besides the management account, where the workspace tells the delegated administrators.

    IAM guide, centralize root access: the delegated administrator of IAM.
    """
    told = workspace.organization.all_delegated_administrators
    if told is None:
        return {}
    ids = dict.fromkeys(account for account, service in told if service == "iam.amazonaws.com")
    return {"principal.delegated-administrator": one_of("principal.account", ids)}


def _granted(grant: KeyGrant, identity_allows: Formula) -> Formula:
    """A KMS grant covers the call; to an account it only delegates. Its constraints may be met (3.7)."""
    ways = [both(_operation(name), _named(grant.grantee, identity_allows)) for name in grant.operations]
    if grant.retiring is not None:
        ways.append(both(_operation("RetireGrant"), _named(grant.retiring, identity_allows)))
    return disj(ways)


def _operation(name: str) -> Formula:
    return atom(Member("call", f"action=kms:{name.lower().removeprefix('kms:')}"))


def _named(principal: str, identity_allows: Formula) -> Formula:
    hits = principal_named(principal)
    return either(hits.direct, hits.role, hits.user, both(hits.account, identity_allows))


def _allows_at(resource: OwnedResource, policies: Policies) -> Formula:
    """Where an Allow of the policy counts: where it may govern, and if it does its own Deny counts as well."""
    at, documents = reach(resource), (resource.policy,) if resource.policy else ()
    return both(at.perhaps, either(at.surely, neg(policies.denies(documents))))


def _hits(
    policies: Policies,
    trusted: list[tuple[Formula, list[Document]]],
    resources: list[OwnedResource],
    lists: list[tuple[Formula, Hits]],
) -> Hits:
    found = [*lists]
    found += [(_allows_at(r, policies), policies.hits((r.policy,))) for r in resources if r.policy]
    found += [(target, policies.hits(documents)) for target, documents in trusted]
    return Hits(
        disj(both(here, h.direct) for here, h in found),
        disj(both(here, h.role) for here, h in found),
        disj(both(here, h.user) for here, h in found),
        disj(both(here, h.account) for here, h in found),
    )
