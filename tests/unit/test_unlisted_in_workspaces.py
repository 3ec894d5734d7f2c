"""Actions and services that the service reference does not know, in the policies of workspaces: asked, or named."""

from __future__ import annotations

import pytest

from perimeter_smt import findings_of_workspace, prove_perimeter, public_in_workspace, who_can
from perimeter_smt.errors import InputError
from perimeter_smt.organization.model import OwnedResource
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.questions.checks.public import no_public_access
from perimeter_smt.questions.findings.answer import findings
from perimeter_smt.questions.findings.who import what_can
from tests.mitigation_worlds import MINE, allow, arn, policy, role, workspace

QUEUE = f"arn:aws:sqs:eu-west-1:{MINE}:jobs"
THING = f"arn:aws:orbitals:eu-west-1:{MINE}:thing/a"


def everybody(actions, resource="*"):
    return policy(Kind.RESOURCE, {"Effect": "Allow", "Principal": "*", "Action": actions, "Resource": resource})


def holding(resource_arn, document, *principals):
    """The two accounts, with a resource of mine that has this policy."""
    given = workspace(*principals)
    resource = OwnedResource(arn=resource_arn, account=MINE, policy=document)
    root = given.organization.root
    accounts = (a.model_copy(update={"resources": (resource,)}) if a.id == MINE else a for a in root.accounts)
    organization = given.organization.model_copy(update={"root": root.model_copy(update={"accounts": tuple(accounts)})})
    return given.model_copy(update={"organization": organization})


OPEN = [
    (THING, everybody("orbitals:Launch")),
    (THING, everybody("orbitals:*")),
    (THING, everybody("*", THING)),
    (THING, everybody("*")),
    (QUEUE, everybody("sqs:Teleport")),
    (QUEUE, everybody("sqs:Tele*")),
]


@pytest.mark.parametrize(("where", "document"), OPEN)
def test_findings_of_a_workspace_ask_what_no_table_knows(where, document):
    """`no access` was said, and that it was all of it: only known actions were asked about."""
    found = findings_of_workspace(holding(where, document))
    assert (found.status, found.exit_code) == ("complete", 1)
    assert {one.resource for one in found.findings} == {where}
    assert findings_of_workspace(holding(where, document), zone="account").exit_code != 0


@pytest.mark.parametrize(("where", "document"), OPEN)
def test_one_policy_of_an_unknown_service_admits_strangers(where, document):
    """No table lists the service as one with resource policies, so that nobody of another account reached it."""
    if document.statements[0].resource.values == ("*",) and document.statements[0].action.values == ("*",):
        pytest.skip("the document does not tell the service")
    assert findings(document).findings
    assert no_public_access(document).result == "FAIL"
    checks = {check.subject: check.result for check in public_in_workspace(holding(where, document))}
    assert checks[where] != "PASS"


def test_a_closed_policy_of_an_unknown_service_stays_closed():
    inside = {"StringEquals": {"aws:PrincipalOrgID": "o-acme0000001"}}
    statement = {"Effect": "Allow", "Principal": "*", "Action": "orbitals:*", "Resource": "*", "Condition": inside}
    found = findings_of_workspace(holding(THING, policy(Kind.RESOURCE, statement)))
    assert (found.status, found.findings) == ("complete", ())


def test_who_can_and_what_can_ask_what_policies_name():
    app = role("app", may=(allow(["orbitals:*", "sqs:Teleport"]),))
    given = holding(QUEUE, None, app)
    for action in ("orbitals:Launch", "sqs:Teleport"):
        found = who_can(given, action)
        assert found.exit_code == 1, found
        assert arn("app") in {one.name for one in found.callers if one.findings}
    with pytest.raises(InputError, match="unknown action `sqs:Other`"):
        who_can(given, "sqs:Other")
    with pytest.raises(InputError, match="unknown service `comets`"):
        who_can(given, "comets:Launch")
    (caller,) = what_can(given, arn("app")).callers
    names = {text for one in caller.findings for text in one.elements.actions}
    assert {"orbitals:*", "sqs:Teleport"} <= names


def test_a_proof_names_what_it_did_not_ask():
    app = role("app", may=(allow(["orbitals:*", "sqs:SendMessage"]),))
    given = holding(THING, everybody("sqs:Teleport"), app)
    report = prove_perimeter(given, objectives=["O1"], services=["sqs"], mode="grants", availability=False)
    named = {unknown.name: unknown for unknown in report.unknowns if unknown.affects == "actions"}
    assert set(named) == {"orbitals:*", "sqs:Teleport", THING}
    assert "app.json statement 1" in named["orbitals:*"].place
    alone = prove_perimeter(given, objectives=["O1"], services=["sqs"], mitigations=(), availability=False)
    assert not [unknown for unknown in alone.unknowns if unknown.affects == "actions"]


def test_an_exemption_beyond_the_reference_is_named():
    """A Deny that names what is not known yet holds back more; its NotAction lets it through."""
    deny = {"Effect": "Deny", "Resource": "*"}
    scps = ({**deny, "NotAction": ["orbitals:*", "s3:*"]}, {**deny, "Action": "comets:*"})
    report = prove_perimeter(workspace(scps=scps), objectives=["O3"], services=["sqs"], availability=False)
    assert [unknown.name for unknown in report.unknowns] == ["orbitals:*"]
