"""Who can, and what can: callers of a workspace and outsiders, under the composed decision."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from perimeter_smt.cli.main import cli, run
from perimeter_smt.cli.progress import Bar
from perimeter_smt.errors import InputError
from perimeter_smt.evaluate import decide
from perimeter_smt.organization.readers import SourceOptions, read_source
from perimeter_smt.questions.findings.who import what_can, who_can
from perimeter_smt.report.access import render_callers
from perimeter_smt.report.json import schema

ACME = Path(__file__).resolve().parents[2] / "docs/examples/acme"
READER = "arn:aws:iam::444455556666:role/report-reader"
REPORTS = "arn:aws:s3:::acme-reports/*"
PROVED = ("included", "complete", "apart", "restated")


@pytest.fixture(scope="module")
def acme():
    return read_source(ACME, SourceOptions())


def test_readers_of_a_bucket(acme):
    """The role that reads, from three places; roles without a grant and outsiders cannot."""
    found = who_can(acme, "s3:GetObject", REPORTS)
    assert found.proved == PROVED
    assert found.exit_code == 1
    by_name = {one.name: one for one in found.callers}
    assert [one.elements.condition for one in by_name[READER].findings]
    networks = {key for one in by_name[READER].findings for keys in one.elements.condition.values() for key in keys}
    assert {"aws:SourceIp", "aws:SourceVpce"} <= networks
    for name in ("outsiders", "arn:aws:iam::111122223333:role/orders-service", "others of account 777788889999"):
        assert not by_name[name].findings, name
    for one in by_name[READER].findings:
        assert decide(one.example.case).allowed
        assert one.example.request.principal.role_arn == READER
    text = render_callers(found, width=80)
    assert text.startswith("2 callers can: s3:GetObject on")
    assert all(len(line) <= 80 or "arn:" in line or ".json" in line for line in text.splitlines())


def test_outsiders_who_list_their_own_are_not_public(acme):
    """Calls of outsiders on what is of their own accounts were called public."""
    found = who_can(acme, "s3:ListAllMyBuckets")
    (outsiders,) = (one for one in found.callers if one.kind == "outsiders")
    assert [one.public for one in outsiders.findings] == ["no"]


def test_nobody_can(acme):
    """An action that no listed resource or role is granted."""
    found = who_can(acme, "sqs:ReceiveMessage", "arn:aws:sqs:eu-west-1:111122223333:nothing")
    assert not any(one.findings for one in found.callers if one.kind == "principal" and "break-glass" not in one.name
                   and "administrator" not in one.name)  # fmt: skip


def test_what_a_role_can_do(acme):
    """The role's own policies, as the resources' policies, SCPs and endpoint policies let them."""
    found = what_can(acme, READER)
    assert found.proved == PROVED
    (caller,) = found.callers
    actions = {action for one in caller.findings for action in one.elements.actions}
    assert {"s3:GetObject", "s3:ListBucket", "kms:Decrypt", "secretsmanager:GetSecretValue"} <= actions
    assert "s3:PutObject" not in actions


SMALL = """
id: o-acme0000001
management_account: "999999999999"
root:
  id: r-ab12
  scps: [FullAWSAccess]
  accounts:
    - {id: "999999999999", principals: [], resources: []}
    - id: "111122223333"
      principals:
        - {arn: "arn:aws:iam::111122223333:role/reader", policies: [read.json], trust: trust.json}
        - {arn: "arn:aws:iam::111122223333:user/ann", policies: []}
      resources:
        - {arn: "arn:aws:s3:::acme-a", policy: bucket.json}
        - {arn: "arn:aws:s3:::acme-b"}
"""


@pytest.fixture
def small(tmp_path):
    """An organization where root users reach what no policy names."""

    def policy(**statement) -> str:
        return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})

    ann = {"AWS": "arn:aws:iam::111122223333:user/ann"}
    (tmp_path / "read.json").write_text(policy(Action="s3:GetObject", Resource="arn:aws:s3:::acme-*/*"))
    (tmp_path / "bucket.json").write_text(policy(Principal=ann, Action="s3:*", Resource="arn:aws:s3:::acme-a/*"))
    trust = {"AWS": "arn:aws:iam::111122223333:root"}
    (tmp_path / "trust.json").write_text(policy(Principal=trust, Action="sts:AssumeRole"))
    (tmp_path / "perimeter.yaml").write_text("orgs: [o-acme0000001]\n")
    (tmp_path / "organization.yaml").write_text(SMALL)
    return read_source(tmp_path, SourceOptions())


def test_on_any_resource(small):
    """Without a resource the owner of it tells what root users reach: their own, and what nobody knows."""
    found = who_can(small, "s3:GetObject")
    assert found.proved == PROVED
    by_name = {one.name: one for one in found.callers}
    others = [words for one in by_name["others of account 999999999999"].findings for words in one.elements.other]
    assert "the resource is not of account 111122223333" in others


OPEN_TWICE = """
id: o-acme0000001
management_account: "999999999999"
root:
  id: r-ab12
  scps: [FullAWSAccess]
  accounts:
    - id: "111122223333"
      principals:
        - {arn: "arn:aws:iam::111122223333:role/one", policies: [], trust: trust-one.json}
        - {arn: "arn:aws:iam::111122223333:role/two", policies: [], trust: trust-two.json}
      resources:
        - {arn: "arn:aws:sqs:eu-west-1:111122223333:one", policy: one.json}
        - {arn: "arn:aws:sqs:eu-west-1:111122223333:two", policy: two.json}
"""


@pytest.fixture
def open_twice(tmp_path):
    """Two queues and two roles, each open to another account, by policies that do not name what they stand on."""
    for name, who in (("one", "444455556666"), ("two", "777788889999")):
        allow = {"Effect": "Allow", "Principal": {"AWS": who}}
        statements = [{**allow, "Action": "sqs:SendMessage", "Resource": "*"}]
        (tmp_path / f"{name}.json").write_text(json.dumps({"Version": "2012-10-17", "Statement": statements}))
        trusted = {"Version": "2012-10-17", "Statement": [{**allow, "Action": "sts:AssumeRole"}]}
        (tmp_path / f"trust-{name}.json").write_text(json.dumps(trusted))
    (tmp_path / "perimeter.yaml").write_text("orgs: [o-acme0000001]\n")
    (tmp_path / "organization.yaml").write_text(OPEN_TWICE)
    return read_source(tmp_path, SourceOptions())


@pytest.mark.parametrize(("action", "kind"), [("sqs:SendMessage", "sqs:eu-west-1:"), ("sts:AssumeRole", "iam::")])
def test_outsiders_where_the_policy_does_not_say_on_what_it_stands(open_twice, action, kind):
    """Regression: queue policies on `*` and trust policies, of which there was more than one, were not decided."""
    found = who_can(open_twice, action)
    assert found.proved == PROVED
    (outsiders,) = (one for one in found.callers if one.kind == "outsiders")
    on = {(one.elements.principals, one.elements.other) for one in outsiders.findings if "is on" in str(one.elements)}
    name = "role/" if kind == "iam::" else ""
    assert on == {
        ((("AWS", who),), (f"the call is on arn:aws:{kind}111122223333:{name}{queue}",))
        for queue, who in (("one", "444455556666"), ("two", "777788889999"))
    }


def test_callers_of_a_management_account_that_the_tree_leaves_out(open_twice):
    """Regression: they were no outsiders, and of no account that was asked about."""
    found = who_can(open_twice, "sqs:ListQueues")
    assert found.proved == PROVED
    names = [one.name for one in found.callers if one.findings]
    assert "others of account 999999999999" in names


@pytest.mark.parametrize(("action", "known"), [("s3:CreateBucket", 1), ("s3:CreateB*", 2)])
def test_an_action_that_no_policy_names(small, action, known):
    """The answer is about what was asked, not about all that policies treat like it."""
    found = who_can(small, action)
    assert found.proved == PROVED
    access = [one for caller in found.callers for one in caller.findings]
    assert access
    assert {(one.elements.actions, one.count) for one in access} == {((action,), known)}


def test_what_an_account_can_do(small):
    """Principal by principal, and whoever else is of it; federated users that the root user made among them."""
    found = what_can(small, "111122223333", services=["s3"])
    assert found.proved == PROVED
    names = ["arn:aws:iam::111122223333:role/reader", "arn:aws:iam::111122223333:user/ann"]
    assert [one.name for one in found.callers] == [*names, "others of account 111122223333"]
    reads, whole, rest = ({a for f in one.findings for a in f.elements.actions} for one in found.callers)
    assert reads == {"s3:GetObject"}
    assert whole
    assert "s3:*" in rest
    text = render_callers(what_can(small, names[0], services=["s3"]))
    assert text.startswith(f"{names[0]} can: ")


def test_what_was_decided_before_a_stop(small):
    """The callers that were decided, the sets that were found, and who was left."""
    asked = []

    def stop() -> bool:
        asked.append(None)
        return len(asked) > 40

    found = who_can(small, "s3:GetObject", stop=stop)
    assert found.exit_code == 3
    assert "complete" not in found.proved
    assert found.callers[-1].reason == "not decided: interrupted"
    for one in found.callers:
        assert all(decide(each.example.case).allowed for each in one.findings)
    whole = who_can(small, "s3:GetObject")
    assert sum(len(one.findings) for one in found.callers) < sum(len(one.findings) for one in whole.callers)


@pytest.mark.parametrize("words", [["who-can", "s3:GetObject"], ["what-can", "111122223333", "--service", "s3"]])
def test_ctrl_c(small, tmp_path, monkeypatch, capsys, words):
    """What was decided is shown, standard error says that it is not all, and the exit code is 130."""
    shown, places = Bar.__call__, []

    def interrupt(self, label, done, total):
        shown(self, label, done, total)
        places.append(done)
        if places.count(1) == 1 and done == 1:  # once: the second Ctrl-C would end the program
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(Bar, "__call__", interrupt)
    assert run([*words, "--source", str(tmp_path)]) == 130
    out, err = capsys.readouterr()
    assert "not decided: interrupted" in out
    assert "not decided for others of account 111122223333" in out
    assert err == "error: interrupted: what was decided until then is shown\n"


def test_what_strangers_can_do(acme):
    """The partner's role fetches; anonymous callers can do nothing with buckets."""
    found = what_can(acme, "arn:aws:iam::210987654321:role/acme-import", services=["s3"])
    assert found.exit_code != 0
    (nobody,) = what_can(acme, "anonymous", services=["s3"]).callers
    assert all("acme-" not in resource for one in nobody.findings for resource in one.elements.resources)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["who-can", "s3:GetObjekt"], "GetObject"),
        (["who-can", "s4:GetObject"], "unknown service"),
        (["who-can", "GetObject"], "no action"),
        (["who-can", "s3:GetObject", "--resource", "acme"], "no ARN"),
        (["what-can", "bob"], "no caller"),
        (["what-can", "arn:aws:sts::111122223333:assumed-role/deploy/x"], "arn:aws:iam::111122223333:role/deploy"),
        (["what-can", "anonymous", "--service", "s4"], "unknown service"),
    ],
)
def test_bad_words(words, said):
    """One line names what is wrong."""
    result = CliRunner().invoke(cli, [*words, "--source", str(ACME)], standalone_mode=False)
    assert isinstance(result.exception, InputError)
    assert said in str(result.exception)


def test_json():
    """As the schema says."""
    words = ["who-can", "s3:GetObject", "--resource", REPORTS, "--source", str(ACME), "--json"]
    result = CliRunner().invoke(cli, words, standalone_mode=False)
    assert result.exception is None
    Draft202012Validator(json.loads(schema("callers"))).validate(json.loads(result.output))
