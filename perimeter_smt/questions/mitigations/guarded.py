"""C2: what holds the perimeter itself, and where a call of table `guardrail-actions` changes something of it."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from perimeter_smt.encode.world.accounts import one_of
from perimeter_smt.logic.atoms import STAR, Text
from perimeter_smt.logic.formula import Formula, both, disj, either, glob, is_text, neg, sym
from perimeter_smt.organization.model import OwnedResource, Unit
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.policy.document import Document, Statement
from perimeter_smt.questions.mitigations.roles import Kind
from perimeter_smt.questions.mitigations.steps import Step, Steps, call_of
from perimeter_smt.request.keys import support_list, table_rows

_WORDS = {
    "guardrails": "SCPs, RCPs and the organization itself",
    "endpoints": "VPC endpoints and their policies",
    "trail": "the record of CloudTrail",
    "permission-sets": "permission sets of IAM Identity Center, and who gets them",
    "sign-in": "policies of AWS Sign-In, and whether they count",
}
_SSO = "sso.amazonaws.com"
_MAKES = "ec2:CreateVpcEndpoint"
_DISABLES = "signin:DeleteConsoleAuthorizationConfiguration"
_FOR_ALL = "console authorization is enabled for the organization as a whole"


def guarded_by(workspace: Workspace) -> dict[str, str]:
    """What is guarded in a workspace, in words, by the effect of the table: sign-in where policies restrict it."""
    return {effect: words for effect, words in _WORDS.items() if effect != "sign-in" or _restricts_sign_in(workspace)}


def calls_of(effect: str) -> list[str]:
    """The calls that change it."""
    return [row["action"] for row in table_rows("guardrail-actions") if row["effect"] == effect]


def where(workspace: Workspace, effect: str, steps: Steps) -> Formula:
    """Where such a call changes something: the organization in its management account, endpoints where some are."""
    organization = workspace.organization
    mine = sym("resource.mine")
    if effect == "guardrails":
        management = is_text("resource.account", organization.management_account)
        return either(
            both(management, _on_guardrails(steps, organization.id)), steps.calls("organizations:LeaveOrganization")
        )
    if effect == "permission-sets":  # in the management account, or where it delegated them to
        told = organization.all_delegated_administrators
        delegated = [account for account, service in told if service == _SSO] if told is not None else [
            account.id for account, _ in organization.accounts()
        ]  # fmt: skip
        return one_of("resource.account", dict.fromkeys((organization.management_account, *delegated)))
    if effect == "endpoints":  # a new one stands anywhere, and has no policy
        owners = [a.id for a, _ in organization.accounts() if a.endpoints or not organization.endpoints_listed]
        there = one_of("resource.account", owners) if owners else mine
        return both(mine, either(steps.calls(_MAKES), there))
    if effect == "sign-in":  # statements where an account has some, the switch in every account
        owners = [a.id for a, _ in organization.accounts() if _sign_in_policies(a.resources)]
        return both(mine, either(steps.calls(_DISABLES), one_of("resource.account", owners)))
    return mine


def unless(workspace: Workspace, steps: Steps, caller: Kind, step: Step) -> str:
    """What such a call needs besides: what the organization switched on, or whom it made an administrator."""
    call = call_of(steps, step)
    if any(call == action.lower() for action in calls_of("permission-sets")):
        return undelegated(workspace, caller.first.account, _SSO, "IAM Identity Center")
    member = caller.first.account != workspace.organization.management_account
    return _FOR_ALL if member and call == _DISABLES.lower() else ""


def undelegated(workspace: Workspace, account: str, service: str, words: str) -> str:
    """That a member account may be no administrator of a service, where not all administrators are told."""
    organization = workspace.organization
    sure = (account, service) in (organization.delegated_administrators or ())
    if account == organization.management_account or sure or organization.all_delegated_administrators is not None:
        return ""
    return f"account {account} does not administer {words} for the organization"


def _restricts_sign_in(workspace: Workspace) -> bool:
    """Whether an RCP denies signing in, or an account has a policy of AWS Sign-In."""
    documents = list(_rcps(workspace.organization.root))
    actions = support_list("sign-in-actions")
    denies = any(s.effect == "Deny" and any(_names(s, a) for a in actions) for d in documents for s in d.statements)
    return denies or any(_sign_in_policies(account.resources) for account, _ in workspace.organization.accounts())


def _rcps(unit: Unit) -> Iterator[Document]:
    yield from unit.guardrails.rcps
    for account in unit.accounts:
        yield from account.guardrails.rcps
    for below in unit.units:
        yield from _rcps(below)


def _names(statement: Statement, action: str) -> bool:
    matched = any(fnmatchcase(action.lower(), pattern.lower()) for pattern in statement.action.values)
    return matched is not statement.action.negated


def _sign_in_policies(resources: tuple[OwnedResource, ...]) -> list[OwnedResource]:
    return [r for r in resources if r.arn.split(":")[2] == "signin" and r.policy is not None]


def _on_guardrails(steps: Steps, organization: str) -> Formula:
    """A call on a policy is on an SCP or RCP, not on one of tags or backups: delegation policies tell them apart."""
    on_policy = steps.calls(*(f"organizations:{verb}Policy" for verb in ("Attach", "Delete", "Detach", "Update")))
    kinds = ("service_control_policy", "resource_control_policy")
    names = disj(glob("resource.name", (Text(f"policy/{organization}/{kind}/"), STAR)) for kind in kinds)
    told = disj(steps.has_value("organizations:PolicyType", kind.upper()) for kind in kinds)
    by_type = either(on_policy, steps.calls("organizations:DisablePolicyType"))
    return both(either(neg(on_policy), names), either(neg(by_type), told))
