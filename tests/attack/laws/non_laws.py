"""What reads like a law and is none: pairs of workspaces whose verdicts differ, with the reason.

They show that the laws are not empty, and where they end.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from perimeter_smt.organization.model import Account, Guardrails, Organization, Unit
from perimeter_smt.organization.perimeter import Perimeter, Scope, Workspace
from perimeter_smt.policy.kinds import Kind
from tests.attack.laws.documents import Statement
from tests.attack.laws.state import Pair, Relation, State
from tests.attack.policies import ALL_LIMITS, document

ORG, HEAD, ONE, TWO = "o-acme0000001", "999988887777", "111122223333", "444455556666"


def _state(
    objective: str, action: str, *, root: Guardrails | None = None, inner: Guardrails | None = None, **perimeter: Any
) -> State:  # fmt: skip
    """An organization with one unit, of which not every account is told."""
    unit = Unit(id="ou-ac00-work0001", guardrails=inner or Guardrails(), accounts=(Account(id=ONE), Account(id=HEAD)))
    tree = Unit(id="r-ac00", guardrails=root or Guardrails(), units=(unit,))
    claims = {"orgs": (ORG,), "cidrs": ("203.0.113.0/24",), "accepted": ALL_LIMITS, "service_networks": True,
              "scopes": {objective: Scope(actions=(action,))}, **perimeter}  # fmt: skip
    organization = Organization(id=ORG, management_account=HEAD, root=tree)
    space = Workspace(organization=organization, perimeter=Perimeter(**claims), name="no law", grants_given=False)
    return State(space, action.partition(":")[0], "guardrails", "exact")


def _scp(*statements: Statement) -> Guardrails:
    return Guardrails(scps=(document(Kind.SCP, "scp", list(statements)),))


def _rcp(*statements: Statement) -> Guardrails:
    return Guardrails(rcps=(document(Kind.RCP, "rcp", [{"Principal": "*", **st} for st in statements]),))


def _deny(action: str = "*", **condition: Any) -> Statement:
    out: Statement = {"Effect": "Deny", "Action": action, "Resource": "*"}
    return {**out, "Condition": condition} if condition else out


def _pair(law: str, objective: str, one: State, other: State, relation: Relation = "=") -> Pair:
    return Pair(law, one, other, {objective: relation})


def missing_key() -> Pair:
    """A positive operator fails where the key is absent, with IfExists it holds."""
    make = lambda op: _state("O1", "s3:GetObject", root=_rcp(  # noqa: E731
        _deny("s3:*", **{op: {"aws:PrincipalIsAWSService": "false"}}),
        _deny("s3:*", Bool={"aws:PrincipalIsAWSService": "true"})))  # fmt: skip
    return _pair("IfExists of a positive operator", "O1", make("Bool"), make("BoolIfExists"))


def all_values() -> Pair:
    """ForAllValues holds without values, ForAnyValue does not."""
    path = {"aws:PrincipalOrgPaths": f"{ORG}/*"}
    services = {"Bool": {"aws:PrincipalIsAWSService": "true"}}
    make = lambda op: _state("O1", "s3:GetObject", root=_rcp(  # noqa: E731
        _deny("s3:*", **{op: path, "BoolIfExists": {"aws:PrincipalIsAWSService": "false"}}),
        {**_deny("s3:*"), "Condition": services}))  # fmt: skip
    return _pair("ForAnyValue for ForAllValues", "O1", make("ForAllValues:StringNotLike"),
                 make("ForAnyValue:StringNotLike"))  # fmt: skip


def below_the_root() -> Pair:
    """Accounts that nobody lists may lie at the root, beside every unit."""
    return _pair("guardrails of the root at every unit", "O5", _state("O5", "sqs:SendMessage", root=_scp(_deny())),
                 _state("O5", "sqs:SendMessage", inner=_scp(_deny())))  # fmt: skip


def owner_told() -> Pair:
    """An RCP is asked for every call on what is mine; some calls do not carry the key that names the owner."""
    call = "dynamodb:ListTables"
    one = _state("O6", call, root=_rcp(_deny("dynamodb:*")))
    other = _state("O6", call, root=_rcp(_deny("dynamodb:*", StringEquals={"aws:ResourceOrgID": "o-other0000001"})))
    return _pair("an RCP under a condition on the owner", "O6", one, other)


def more_of_mine() -> Pair:
    """What is mine is both where O1 starts and where it ends: a partner's account among mine needs guardrails."""
    rcp = _rcp(_deny("s3:*", StringNotEqualsIfExists={"aws:PrincipalOrgID": ORG}))
    return _pair("an account more is mine", "O1", _state("O1", "s3:GetObject", root=rcp),
                 _state("O1", "s3:GetObject", root=rcp, accounts=(TWO,)), "<=")  # fmt: skip


def less() -> Pair:
    """A guardrail less lets through more."""
    stop = _scp(_deny())
    return _pair("a guardrail less", "O3", _state("O3", "s3:GetObject", root=stop), _state("O3", "s3:GetObject"))


NON_LAWS: dict[str, Callable[[], Pair]] = {
    "IfExists of a positive operator": missing_key,
    "ForAnyValue for ForAllValues": all_values,
    "guardrails of the root at every unit": below_the_root,
    "an RCP under a condition on the owner": owner_told,
    "an account more is mine": more_of_mine,
    "a guardrail less": less,
}
