"""What small random worlds found, each as the smallest workspace that shows it."""

from __future__ import annotations

import pytest

from perimeter_smt.assertions import check, on, resource_account, resource_name
from perimeter_smt.organization.model import Account, Guardrails, Organization, OwnedPrincipal, OwnedResource, Unit
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


KEY = f"arn:aws:kms:eu-west-1:{MINE}:key/0a1b2c3d-0000-1111-2222-333344445555"
ROOT = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{MINE}:root"}, "Resource": "*"}
THROUGH = {"StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com", "kms:CallerAccount": MINE}}


@pytest.mark.parametrize(
    ("tags", "statements", "status"),
    [
        ({}, [{**ROOT, "Action": "kms:*"}], "proved"),
        ({"team": "red"}, [{**ROOT, "Action": "kms:Decrypt"}], "proved"),
        # As AWS writes the policies of its keys.
        ({}, [{**ROOT, "Action": "kms:Decrypt", "Condition": THROUGH}, {**ROOT, "Action": "kms:Describe*"}], "refuted"),
    ],
)
def test_a_listed_key_that_is_tagged_or_whose_policy_can_be_changed_is_not_managed_by_aws(tags, statements, status):
    """RCPs bind the keys of customers; KMS API reference, TagResource and PutKeyPolicy."""
    key = OwnedResource(arn=KEY, account=MINE, tags=tags, policy=_document(Kind.KMS, *statements))
    nobody = {"Effect": "Deny", "Principal": "*", "Action": "kms:*", "Resource": "*"}
    space = _workspace(
        Account(id=MINE, listed=True, resources=(key,)),
        guardrails=Guardrails(rcps=(_document(Kind.RCP, nobody),)),
    )
    asked = on("kms:Decrypt") & (resource_name == KEY.split(":", 5)[5]) & (resource_account == MINE)
    verdict = check(space, ~asked, services=["kms"], mode="grants", reading="exact")
    assert (verdict.status, verdict.reason) == (status, "")


def test_event_sources_of_partners_are_activated_in_the_own_account():
    """EventBridge API reference, ActivateEventSource: it takes a name, and no account."""
    space = _workspace(Account(id=MINE, listed=True), scope={"O1": Scope(actions=("events:ActivateEventSource",))})
    report = prove(space, objectives=["O1"], services=["events"], mode="grants", reading="exact", availability=False)
    assert all(found.kind == "beyond" for v in report.verdicts for found in v.counterexamples)


@pytest.mark.parametrize("name", ["event-busv2/orders//", "event-busv2/a/b/c", "event-bus/orders/x", "subscriber/a/a"])
def test_odd_names_of_a_known_type_are_governed_by_no_policy_of_another_resource(name):
    """The lists are complete, and the only policy is that of a bus of another name."""
    everybody = _document(
        Kind.RESOURCE, {"Effect": "Allow", "Principal": "*", "Action": "events:PutEvents", "Resource": "*"}
    )
    bus = OwnedResource(arn=f"arn:aws:events:eu-west-1:{MINE}:event-bus/orders", account=MINE, policy=everybody)
    space = _workspace(Account(id=MINE, listed=True, resources=(bus,)))
    asked = on("events:PutEvents") & (resource_name == name) & (resource_account == MINE)
    assert check(space, ~asked, services=["events"], mode="grants", reading="exact").status == "proved"
    asked = on("events:PutEvents") & (resource_name == "event-bus/orders") & (resource_account == MINE)
    assert check(space, ~asked, services=["events"], mode="grants", reading="exact").status == "refuted"
