"""SCPs, RCPs and endpoint policies of an organization as definitions of the open symbols (semantics 3.3)."""

from __future__ import annotations

from collections.abc import Callable

from perimeter_smt.encode.language.statement import Policies
from perimeter_smt.encode.world.accounts import endpoints_of, one_of, org_of, within
from perimeter_smt.logic.formula import FALSE, TRUE, Formula, both, conj, disj, implies, is_text, neg
from perimeter_smt.organization.model import Guardrails
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.policy.document import Document


def definitions(workspace: Workspace, policies: Policies) -> dict[str, Formula]:
    """The symbols of authorization.smt2 that the guardrails define."""
    organization = workspace.organization
    scp = by_levels(workspace, "principal.account")
    rcp = by_levels(workspace, "resource.account")
    out = {
        "principal.member": _is_member(workspace, "principal.account"),
        "resource.member": _is_member(workspace, "resource.account"),
        "principal.management": is_text("principal.account", organization.management_account),
        "resource.management": is_text("resource.account", organization.management_account),
        "scp.denies": joined(scp, lambda levels: policies.denies(_scps(levels))),
        "scp.allows": joined(scp, lambda levels: conj(level_allows(policies, level) for level in levels)),
        "rcp.denies": joined(rcp, lambda levels: policies.denies(_rcps(levels))),
        "rcp.allows": TRUE,  # RCPFullAWSAccess is attached everywhere and cannot be detached
    }
    return out | _endpoints(workspace, policies)


def _is_member(workspace: Workspace, var: str) -> Formula:
    organization = workspace.organization
    return both(is_text(org_of(var), organization.id), neg(is_text(var, organization.management_account)))


def _scps(levels: tuple[Guardrails, ...]) -> list[Document]:
    return _distinct([document for level in levels for document in level.scps])


def _rcps(levels: tuple[Guardrails, ...]) -> list[Document]:
    return _distinct([document for level in levels for document in level.rcps])


def _distinct(documents: list[Document]) -> list[Document]:
    return list({id(document): document for document in documents}.values())


def level_allows(policies: Policies, level: Guardrails) -> Formula:
    """The SCPs of one level let the call through."""
    return TRUE if level.full_access_scp else policies.allows(level.scps)


def by_levels(workspace: Workspace, var: str) -> list[tuple[Formula, tuple[Guardrails, ...]]]:
    """Accounts under the same guardrails share one case; accounts that the file does not list get those of the units
    in their path, the root's at least.
    """
    organization = workspace.organization
    classes: dict[tuple[object, ...], tuple[list[str], tuple[Guardrails, ...]]] = {}
    for account, _ in organization.accounts():
        if account.id == organization.management_account:
            continue
        levels = organization.levels(account.id)
        key = tuple((tuple(map(id, at.scps)), tuple(map(id, at.rcps)), at.full_access_scp) for at in levels)
        classes.setdefault(key, ([], levels))[0].append(account.id)
    if not classes:
        return _unlisted(workspace, var)
    if len(classes) == 1 and workspace.grants_given:
        return [(TRUE, levels) for _, levels in classes.values()]
    out = [(one_of(var, ids), levels) for ids, levels in classes.values()]
    if not workspace.grants_given:
        listed = disj(guard for guard, _ in out)
        out += [(both(neg(listed), guard), levels) for guard, levels in _unlisted(workspace, var)]
    return out


def _unlisted(workspace: Workspace, var: str) -> list[tuple[Formula, tuple[Guardrails, ...]]]:
    """The guardrails of accounts that no file lists: those of the units that their path leads through.

    Every level from the root down to the account counts (AWS Organizations guide, SCP evaluation).
    """
    organization = workspace.organization
    guarded = list(organization.guarded_units()) if not workspace.grants_given else []
    inside = {path: within(var, path) for path, _ in guarded}
    out: list[tuple[Formula, tuple[Guardrails, ...]]] = [(neg(disj(inside.values())), (organization.root.guardrails,))]
    for path, levels in guarded:
        deeper = disj(formula for other, formula in inside.items() if other != path and other.startswith(path))
        out.append((both(inside[path], neg(deeper)), levels))
    return out


def joined(
    cases: list[tuple[Formula, tuple[Guardrails, ...]]], build: Callable[[tuple[Guardrails, ...]], Formula]
) -> Formula:
    """What is built of the guardrails of an account, whichever it is."""
    return disj(both(guard, build(levels)) for guard, levels in cases)


def _endpoints(workspace: Workspace, policies: Policies) -> dict[str, Formula]:
    """An endpoint that is not listed, or has no policy, lets everything through."""
    denies, allows = [], []
    for endpoint in endpoints_of(workspace.organization):
        if endpoint.policy is None:
            continue
        here = is_text("endpoint.id", endpoint.id)
        denies.append(both(here, policies.denies((endpoint.policy,))))
        allows.append(implies(here, policies.allows((endpoint.policy,))))
    return {"endpoint.denies": disj(denies) if denies else FALSE, "endpoint.allows": conj(allows)}
