"""Session policies of known sessions: they decide with grants, as AWS's page on session policies says."""

from __future__ import annotations

import json

import pytest

from perimeter_smt.errors import InputError
from perimeter_smt.evaluate import decide
from perimeter_smt.organization.readers import load_workspace
from perimeter_smt.questions.perimeter import prove
from perimeter_smt.request.case import read_case
from perimeter_smt.witness.case import case_to_json

ORG, OWN, MANAGEMENT = "o-acme0000001", "111122223333", "999900001111"
ROLE, USER = f"arn:aws:iam::{OWN}:role/broker/deploy", f"arn:aws:iam::{OWN}:user/broker"
ASSUMED = f"arn:aws:sts::{OWN}:assumed-role/deploy"
QUEUE = f"arn:aws:sqs:eu-west-1:{OWN}:orders"
READ, SEND, ALL = "sqs:ReceiveMessage", "sqs:SendMessage", "sqs:*"


def policy(action, principal=None, effect="Allow"):
    statement = {"Effect": effect, "Action": action, "Resource": "*"}
    if principal:
        statement["Principal"] = principal
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def workspace(tmp_path, principal, *, queue=None, **policies):
    files = {"all": policy(ALL), "read": policy(READ), "send": policy(SEND), "trust": json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"},
                                                 "Action": "sts:AssumeRole"}]})} | policies  # fmt: skip
    if queue:
        files["queue"] = queue
    no_root = json.loads(policy("*", effect="Deny"))
    no_root["Statement"][0]["Condition"] = {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:root"}}
    files["no-root"] = json.dumps(no_root)
    for name, text in files.items():
        (tmp_path / f"{name}.json").write_text(text)
    (tmp_path / "perimeter.yaml").write_text(
        f"orgs: [{ORG}]\ncidrs: [203.0.113.0/24]\nscopes: {{O5: ['{SEND}']}}\n"
        "accepted: [management-account, service-linked-roles, service-networks, service-principals]\n"
    )
    held = f'{{arn: "{QUEUE}"{", policy: queue.json" if queue else ""}}}'
    (tmp_path / "organization.yaml").write_text(
        f"""
id: {ORG}
management_account: "{MANAGEMENT}"
root:
  id: r-ac00
  accounts:
    - id: "{OWN}"
      scps: [FullAWSAccess, no-root.json]
      principals:
        - {principal}
      resources: [{held}]
    - {{id: "{MANAGEMENT}", principals: [], resources: []}}
"""
    )
    return load_workspace(tmp_path)


def calls(space):
    """The callers that send messages from a network that is not mine, and whether nobody does."""
    report = prove(space, objectives=["O5"], services=["sqs"], mode="grants", reading="exact", availability=False,
                   enumerate_all=True, limit=8)  # fmt: skip
    (verdict,) = report.verdicts
    for found in verdict.counterexamples:  # the case that a report shows replays by itself
        assert decide(read_case(case_to_json(found.case), file="case.json", default_id="case"))
    return verdict, {(p.type, p.arn.rsplit("/", 1)[-1]) for p in (c.request.principal for c in verdict.counterexamples)}


def role(more=""):
    return f'{{arn: "{ROLE}", policies: [all.json], trust: trust.json{more}}}'


EVERY = "sessions: [{name: '*', policies: [read.json]}]"


@pytest.mark.parametrize(("sessions", "open_"), [
    ("", True), (", " + EVERY, False),
    (", sessions: [{name: '*', policies: [send.json]}]", True),
    (", sessions: [{name: '*', policies: [read.json, send.json]}]", True),
    (", sessions: [{name: '*', policies: [all.json, denied.json]}]", False),
    (", sessions: [{name: ci, policies: [read.json]}]", True),
    (", sessions: [{name: ci, policies: [read.json]}], sessions_listed: true", False),
    (", sessions: [{name: ci, policies: [read.json]}, {name: by-hand}], sessions_listed: true", True),
    (", sessions: [{name: 'ci-*', policies: [read.json]}, {name: '*', policies: [send.json]}]", True),
])  # fmt: skip
def test_a_session_policy_decides(tmp_path, sessions, open_):
    """The role may send messages; its sessions may where their policies allow it, too, or where they have none."""
    verdict, callers = calls(workspace(tmp_path, role(sessions), denied=policy(SEND, effect="Deny")))
    assert any(kind == "role-session" for kind, _ in callers) is open_
    assert ("sessions" in {a.name for a in verdict.assumptions}) is (bool(sessions) and verdict.status == "proved")
    if "ci-*" in sessions:
        assert not any(name.startswith("ci-") for _, name in callers)
    if "by-hand" in sessions:
        assert {name for kind, name in callers if kind == "role-session"} == {"by-hand"}


@pytest.mark.parametrize(("named", "open_"), [(ROLE, False), (f"{ASSUMED}/ci", True), (f"{ASSUMED}/other", False)])
def test_a_resource_policy_that_names_the_session_is_not_limited(tmp_path, named, open_):
    """IAM guide, session policies: what names the role is limited by them, what names the session is not."""
    queue = policy(ALL, {"AWS": named})
    more = ", sessions: [{name: ci, policies: [read.json]}], sessions_listed: true"
    space = workspace(tmp_path, role(more).replace("all.json", "read.json"), queue=queue)
    _, callers = calls(space)
    assert ({name for kind, name in callers if kind == "role-session"} == {"ci"}) is open_


@pytest.mark.parametrize(("sessions", "found"), [
    ("", {"user", "federated-user"}), (", " + EVERY, {"user"}),
    (", sessions: [{name: kiosk, policies: [read.json]}]", {"user", "federated-user"}),
    (", sessions: [{name: kiosk, policies: [read.json]}], sessions_listed: true", {"user"}),
])  # fmt: skip
def test_federated_users_of_a_user(tmp_path, sessions, found):
    """Session policies of a user are those of the federated users that it makes; its own calls carry none."""
    tokens = policy([ALL, "sts:GetFederationToken"])  # without it there are none (W-6)
    _, callers = calls(workspace(tmp_path, f'{{arn: "{USER}", policies: [all.json]{sessions}}}', all=tokens))
    assert {kind for kind, _ in callers} == found


def test_who_can_tells_sessions_apart(tmp_path):
    from perimeter_smt.questions.findings.who import who_can

    space = workspace(tmp_path, role(", sessions: [{name: ci, policies: [read.json]}], sessions_listed: true"))
    answer = who_can(space, SEND, QUEUE)
    (found,) = [caller for caller in answer.callers if caller.name == ROLE]
    assert found.status == "complete"
    assert not found.findings


@pytest.mark.parametrize(("more", "message"), [
    (", sessions_listed: true", "`sessions_listed` without `sessions`"),
    (", sessions: [{name: 'a b'}]", "is not the name of a session"),
    (", sessions: [{policies: [read.json]}]", "`name`"),
    (", sessions: [{name: ci, policy: read.json}]", "unknown"),
    (f", sessions: [{{name: ci, policies: [{', '.join(['read.json'] * 12)}]}}]", "12 session policies"),
])  # fmt: skip
def test_sessions_that_are_not_as_they_should_be(tmp_path, more, message):
    with pytest.raises(InputError, match=message):
        workspace(tmp_path, role(more))


def test_a_plan_leaves_sessions_as_they_are(tmp_path):
    """A change of the role's policies does not say which sessions there are."""
    from perimeter_smt.organization.readers.draft.draft import Draft
    from perimeter_smt.organization.readers.draft.overlay import overlay
    from perimeter_smt.organization.readers.draft.place import Place

    space = workspace(tmp_path, role(", " + EVERY))
    change, at = Draft(), Place("plan.json")
    change.principal(ROLE, at, own=[("more", json.loads(policy(SEND)), at)])
    after = overlay(space.organization, change)
    (changed,) = [p for account, _ in after.accounts() for p in account.principals]
    assert [s.name for s in changed.sessions] == ["*"]
    assert "more" in {p.name for p in changed.policies}
