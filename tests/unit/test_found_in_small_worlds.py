"""What small random worlds found, each as the smallest workspace that shows it."""

from __future__ import annotations

from perimeter_smt.organization.model import Account, Guardrails, Organization, OwnedPrincipal, Unit
from perimeter_smt.organization.perimeter import Perimeter, Scope, Workspace
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.questions.perimeter import prove

ORG, MINE, HEAD = "o-acme0000001", "111122223333", "999900001111"


def _document(kind, *statements):
    found = {"Version": "2012-10-17", "Statement": list(statements)}
    return parse_object(found, kind, file=f"{kind.value}.json", name=kind.value)


def _workspace(account, *, guardrails=None, scope=None):
    root = Unit(id="r-ab12", guardrails=guardrails or Guardrails(), accounts=(account,))
    organization = Organization(id=ORG, management_account=HEAD, root=root)
    claims = Perimeter(orgs=(ORG,), scopes=scope or {})
    return Workspace(organization=organization, perimeter=claims, name="small", grants_given=True)


def test_a_federated_user_of_an_account_without_complete_lists_is_made_by_a_user_whom_nobody_lists():
    """A user is listed, and may do nothing; what is shown is made by another."""
    user = OwnedPrincipal(arn=f"arn:aws:iam::{MINE}:user/alice", type="user", account=MINE)
    only_federated = _document(Kind.SCP, {
        "Effect": "Deny", "Action": "*", "Resource": "*",
        "Condition": {"StringNotLike": {"aws:PrincipalArn": f"arn:aws:sts::{MINE}:federated-user/*"}},
    })  # fmt: skip
    space = _workspace(
        Account(id=MINE, principals=(user,)),
        guardrails=Guardrails(scps=(only_federated,)),
        scope={"O3": Scope(actions=("sqs:SendMessage",))},
    )
    report = prove(space, objectives=["O3"], services=["sqs"], mode="grants", reading="exact", availability=False)
    (verdict,) = report.verdicts
    shown = [c.request.principal for c in verdict.counterexamples if c.kind == "hole" and not c.depends_on]
    assert [(who.type, who.user_arn != user.arn) for who in shown] == [("federated-user", True)]


def test_the_user_id_of_a_federated_user_ends_with_its_name():
    """IAM guide, policy variables: the id is the account and the name that the maker gave."""

    def only(key, value):
        return {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"StringNotLike": {key: value}}}

    def verdict(name):
        scp = _document(
            Kind.SCP,
            only("aws:PrincipalArn", f"arn:aws:sts::{MINE}:federated-user/alice"),
            only("aws:userid", f"*:{name}"),
        )
        space = _workspace(
            Account(id=MINE), guardrails=Guardrails(scps=(scp,)), scope={"O3": Scope(actions=("sqs:SendMessage",))}
        )
        report = prove(space, objectives=["O3"], services=["sqs"], reading="exact", availability=False)
        return report.verdicts[0]

    assert verdict("alice").status == "refuted"
    shown = verdict("alice").counterexamples[0].request.context
    assert shown["aws:userid"] == f"{MINE}:alice"
    assert verdict("bob").status in ("proved", "vacuous", "refuted")
    assert all(found.kind == "beyond" for found in verdict("bob").counterexamples)
