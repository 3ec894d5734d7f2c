"""Identity, boundary, resource and trust policies as definitions of the open symbols (semantics 3.4)."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from perimeter_smt.encode.language.keys import Key, KeySpace, sym_is
from perimeter_smt.encode.language.principal import IAM, Hits
from perimeter_smt.encode.language.statement import Policies
from perimeter_smt.encode.world.accounts import member_ids, one_of
from perimeter_smt.encode.world.public import is_public
from perimeter_smt.logic.atoms import STAR, Member, Text
from perimeter_smt.logic.compose import glob_on
from perimeter_smt.logic.formula import (
    FALSE,
    TRUE,
    Formula,
    atom,
    both,
    conj,
    disj,
    either,
    equal,
    glob,
    implies,
    is_text,
    neg,
    sym,
)
from perimeter_smt.logic.problem import Assertion
from perimeter_smt.organization.model import OwnedPrincipal, OwnedResource
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.policy.document import Document

_TAG = "aws:principaltag/"
_STS = atom(Member("call", "service=sts"))
_CLOSED = (
    "identity.denies", "identity.allows", "boundary.given", "boundary.denies", "boundary.allows", "session.given",
    "session.denies", "session.allows", "task-policy.allows", "resource-policy.denies", "hit.direct", "hit.role",
    "hit.user", "hit.account", "kms.grant",
)  # fmt: skip


def free() -> dict[str, Formula]:
    """Guardrails alone: everything may be granted, nothing is denied by a grant."""
    return dict.fromkeys(_CLOSED, FALSE) | {"grants.free": TRUE, "guards.pass": TRUE}


def definitions(workspace: Workspace, policies: Policies) -> dict[str, Formula]:
    """With current grants. Callers of other accounts may be granted anything on their side.

    In an account that is not `listed`, what is given holds what is given, and anything else may hold anything.

    Session policies and KMS grants are not part of a workspace: sessions may be unrestricted, and a grant
    may cover any call of a key (X-32).
    """
    accounts = [account for account, _ in workspace.organization.accounts()]
    principals = [p for account in accounts for p in account.principals]
    mine = one_of("principal.account", member_ids(workspace.organization))
    listed = one_of("principal.account", (a.id for a in accounts if a.listed))
    open_accounts = [a for a in accounts if not a.listed]
    given = disj(_is(p) for a in open_accounts for p in a.principals)
    stranger = either(neg(both(IAM, mine)), both(mine, neg(listed), neg(given)))
    resources = [r for account in accounts for r in account.resources]
    hits = _hits(policies, principals, resources)
    at_given = disj(
        (
            *(_at(r) for a in open_accounts for r in a.resources),
            *(both(_role_target(p), _STS) for a in open_accounts for p in a.principals if p.type == "role"),
        )
    )
    unlisted = both(neg(one_of("resource.account", (a.id for a in accounts if a.listed))), neg(at_given))
    return {
        "grants.free": FALSE,
        "identity.allows": either(stranger, disj(both(_is(p), policies.allows(p.policies)) for p in principals)),
        "identity.denies": disj(both(_is(p), policies.denies(p.policies)) for p in principals),
        "boundary.given": disj(_is(p) for p in principals if p.boundary),
        "boundary.allows": disj(both(_is(p), policies.allows((p.boundary,))) for p in principals if p.boundary),
        "boundary.denies": disj(both(_is(p), policies.denies((p.boundary,))) for p in principals if p.boundary),
        "session.given": sym_is("federated-user"),  # who may do nothing without one (3.4)
        "session.allows": TRUE,
        "session.denies": FALSE,
        "task-policy.allows": TRUE,
        "resource-policy.denies": disj(
            (
                *(both(_at(r), policies.denies((r.policy,))) for r in resources if r.policy),
                *(both(_role_target(p), policies.denies((p.trust,))) for p in principals if p.trust),
            )
        ),
        "hit.direct": either(hits.direct, unlisted),
        "hit.role": either(hits.role, unlisted),
        "hit.user": either(hits.user, unlisted),
        "hit.account": either(hits.account, unlisted),
        "kms.grant": both(atom(Member("call", "service=kms")), IAM, sym("open kms grant")),
        "guards.pass": conj(implies(_at(r), _unless_public(r.policy)) for r in resources if _restricted(r)),
    }


def _restricted(resource: OwnedResource) -> bool:
    return resource.block_public_access and resource.policy is not None


def _unless_public(policy: Document | None) -> Formula:
    """RestrictPublicBuckets: a public policy serves only the owner's account and AWS services (3.7, X-41)."""
    if policy is None or not is_public(policy):
        return TRUE
    inside = either(equal("principal.account", "resource.account"), sym_is("aws-service"))
    return inside if is_public(policy, wide=True) else either(inside, sym("X-41"))


def existence(workspace: Workspace, keys: KeySpace, tested: Iterable[str]) -> list[Assertion]:
    """In an account whose principals are listed no others call, but its root user and service-linked roles.

    Their tags are those of the file; session tags come on top for roles whose trust policy allows `sts:TagSession`.
    `tested` are the condition keys in use, lower case.
    """
    tags = sorted(name for name in tested if name.startswith(_TAG))
    out = []
    for account, _ in workspace.organization.accounts():
        if not account.listed:
            continue
        here = both(IAM, is_text("principal.account", account.id), neg(sym_is("root")))
        who = disj((*(_is(p) for p in account.principals), sym("principal.service-linked")))
        out.append(Assertion(f"organization.yaml lists every principal of {account.id}", implies(here, who)))
        for principal in account.principals if tags else ():
            facts = conj(_tag_fact(principal, keys.key(name), name) for name in tags)
            itself = both(_is(principal), neg(sym_is("federated-user")))  # whose tags come with the token
            out.append(Assertion(f"organization.yaml tags of {principal.arn}", implies(itself, facts)))
    return out


def _tag_fact(principal: OwnedPrincipal, key: Key, name: str) -> Formula:
    """What the file says of one tag of a principal."""
    given = {f"{_TAG}{tag.lower()}": value for tag, value in principal.tags.items()}
    value = given.get(name)
    if principal.type == "role" and _takes_session_tags(principal):
        return TRUE if value is None else key.has
    return neg(key.has) if value is None else both(key.has, glob_on(key.term, (Text(value),) if value else ()))


def _takes_session_tags(role: OwnedPrincipal) -> bool:
    """Whether the trust policy may let somebody set session tags; so it is taken where no policy is given."""
    if role.trust is None:
        return True
    allows = (s for s in role.trust.statements if s.effect == "Allow")
    return any(
        s.action.negated or any(fnmatchcase("sts:tagsession", a.lower()) for a in s.action.values) for s in allows
    )


def _is(principal: OwnedPrincipal) -> Formula:
    """The caller is this user, a session of this role, or a federated user made by this user."""
    name = principal.arn.split(":", 5)[5]
    here = is_text("principal.account", principal.account)
    if principal.type == "role":
        return both(sym_is("role"), here, is_text("principal.name", name))
    return both(
        here,
        either(
            both(sym_is("user"), is_text("principal.name", name)),
            both(sym_is("federated-user"), is_text("principal.user", name), neg(sym("principal.made-by-root"))),
        ),
    )


def _role_target(principal: OwnedPrincipal) -> Formula:
    return both(
        is_text("resource.account", principal.account), is_text("resource.name", principal.arn.split(":", 5)[5])
    )


def _at(resource: OwnedResource) -> Formula:
    """The request's resource is this one, or an object in this bucket."""
    _, _, service, _, _, name = resource.arn.split(":", 5)
    here = both(is_text("resource.account", resource.account), atom(Member("call", f"arn service ~ {service.lower()}")))
    if service == "s3":
        return both(here, either(is_text("resource.name", name), glob("resource.name", (Text(f"{name}/"), STAR))))
    return both(here, is_text("resource.name", name))


def _hits(policies: Policies, principals: list[OwnedPrincipal], resources: list[OwnedResource]) -> Hits:
    found = []
    for resource in resources:
        if resource.policy:
            found.append((_at(resource), policies.hits((resource.policy,))))
    for principal in principals:
        if principal.trust:
            found.append((_role_target(principal), policies.hits((principal.trust,))))
    return Hits(
        disj(both(here, h.direct) for here, h in found),
        disj(both(here, h.role) for here, h in found),
        disj(both(here, h.user) for here, h in found),
        disj(both(here, h.account) for here, h in found),
    )
