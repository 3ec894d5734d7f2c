"""Everyday questions begin on a day, as `prove` does: access that has ended is no finding."""

from __future__ import annotations

import json
from datetime import date

from perimeter_smt import Kind
from perimeter_smt.cli.main import run
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.questions.checks.access_not_granted import access_not_granted
from perimeter_smt.questions.checks.no_new_access import no_new_access
from perimeter_smt.questions.checks.public import no_public_access
from perimeter_smt.questions.compare import compare
from perimeter_smt.questions.findings.answer import findings

ENDED = {
    "Effect": "Allow",
    "Principal": "*",
    "Action": "s3:GetObject",
    "Resource": "arn:aws:s3:::acme-old/*",
    "Condition": {"DateLessThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}},
}
LASTING = {key: value for key, value in ENDED.items() if key != "Condition"}
NOTHING = {**ENDED, "Condition": {"DateLessThan": {"aws:CurrentTime": "2018-01-01T00:00:00Z"}}}
BEFORE, AFTER = date(2019, 5, 5), date(2020, 5, 5)


def policy(statement):
    value = {"Version": "2012-10-17", "Statement": [statement]}
    return parse_object(value, Kind.RESOURCE, file="p.json", name="p")


def test_access_that_has_ended_is_no_finding():
    found = findings(policy(ENDED))
    assert found.findings == () and found.status == "complete" and found.today == date.today().isoformat()
    assert findings(policy(ENDED), today=AFTER).findings == ()
    (one,) = findings(policy(ENDED), today=BEFORE).findings
    assert one.example.request.context["aws:CurrentTime"].startswith("2019-")


def test_a_day_is_told_only_where_a_policy_tests_the_moment():
    assert findings(policy(LASTING)).today == ""


def test_what_has_ended_makes_no_difference():
    found = compare(policy(NOTHING), policy(ENDED))
    assert (found.relation, found.today) == ("equivalent", date.today().isoformat())
    assert compare(policy(NOTHING), policy(ENDED), today=BEFORE).relation == "more"


def answer(capsys, *words):
    code = run([str(word) for word in words])
    return code, capsys.readouterr().out


def workspace(folder, trust):
    folder.mkdir()
    (folder / "perimeter.yaml").write_text("orgs: [o-acme0000001]\n")
    (folder / "trust.json").write_text(json.dumps({"Version": "2012-10-17", "Statement": [trust]}))
    (folder / "organization.yaml").write_text("""
id: o-acme0000001
management_account: "999900001111"
root:
  id: r-0000
  accounts:
    - id: "999900001111"
      principals:
        - {arn: "arn:aws:iam::999900001111:role/a", policies: [], trust: trust.json}
""")
    return folder


def test_every_question_takes_the_day(tmp_path, capsys):
    trust = {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::777766665555:role/partner"},
        "Action": "sts:AssumeRole",
        "Condition": {"DateLessThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}},
    }
    open_, shut = workspace(tmp_path / "open", trust), workspace(tmp_path / "shut", {**trust, "Effect": "Deny"})
    role = "arn:aws:iam::999900001111:role/a"
    questions = {
        ("findings", open_): (1, 0),
        ("who-can", "sts:AssumeRole", "--source", open_, "--resource", role): (1, 0),
        ("compare", shut, open_, "--mode", "grants", "--service", "sts"): (1, 0),
    }
    for words, codes in questions.items():
        asked = [answer(capsys, *words, "--today", day) for day in ("2019-05-05", "2020-05-05")]
        assert tuple(code for code, _ in asked) == codes, asked
    assert (
        "asked: requests made on 2020-05-05 or later" in answer(capsys, "findings", open_, "--today", "2020-05-05")[1]
    )
    assert answer(capsys, "findings", open_, "--today", "tomorrow")[0] == 2


def test_a_policy_file_says_the_day(tmp_path, capsys):
    file = tmp_path / "old.json"
    file.write_text(json.dumps({"Version": "2012-10-17", "Statement": [ENDED]}))
    assert answer(capsys, "findings", file)[0] == 0
    code, found = answer(capsys, "findings", file, "--today", "2019-05-05", "--json")
    assert code == 1 and json.loads(found)["today"] == "2019-05-05"


BEGINS = {**LASTING, "Condition": {"DateGreaterThan": {"aws:CurrentTime": "2031-01-01T00:00:00Z"}}}


def checks(statement, **options):
    document = policy(statement)
    yield no_public_access(document, **options)
    yield access_not_granted(document, actions=["s3:GetObject"], only_possible=True, **options)
    yield no_new_access(policy(NOTHING), document, only_possible=True, **options)


def test_checks_ask_about_the_day_and_later():
    for check in checks(ENDED):
        assert (check.result, check.today) == ("PASS", date.today().isoformat())
    for check in checks(ENDED, today=BEFORE):
        assert (check.result, check.today) == ("FAIL", "2019-05-05")
        assert check.evidence.request.context["aws:CurrentTime"].startswith("2019-")
    for check in checks(BEGINS, today=BEFORE):
        assert check.result == "FAIL", "what opens later is open"


def test_checks_name_no_day_where_none_matters():
    for check in (no_public_access(policy(LASTING)), access_not_granted(policy(LASTING), actions=["sqs:SendMessage"])):
        assert check.today == ""


def test_keys_that_may_have_any_value_have_any_moment():
    for check in (
        access_not_granted(policy(ENDED), actions=["s3:GetObject"]), no_new_access(policy(NOTHING), policy(ENDED)),
    ):  # fmt: skip
        assert (check.result, check.today) == ("FAIL", "")
    found = compare(policy(NOTHING), policy(ENDED), free_context=True)
    assert (found.relation, found.today) == ("more", "")


def test_checks_take_a_day_on_the_command_line(tmp_path, capsys):
    file = tmp_path / "p.json"
    file.write_text(json.dumps({"Version": "2012-10-17", "Statement": [ENDED]}))
    code, text = answer(capsys, "public", file, "--today", "2020-05-05")
    assert code == 0 and "asked: requests made on 2020-05-05 or later" in text
    code, text = answer(capsys, "public", file, "--today", "2019-05-05", "--json")
    assert code == 1 and json.loads(text)["checks"][0]["today"] == "2019-05-05"
    asking = ("access-not-granted", file, "--actions", "s3:GetObject", "--today", "2020-05-05")
    assert answer(capsys, *asking, "--only-possible")[0] == 0
    assert answer(capsys, *asking)[0] == 2
    assert answer(capsys, "no-new-access", file, file, "--today", "2020-05-05")[0] == 2


def test_checks_of_workspaces_take_a_day(tmp_path, capsys):
    trust = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole", "Condition": ENDED["Condition"]}
    folder = workspace(tmp_path / "w", trust)
    code, text = answer(capsys, "public", folder, "--today", "2020-05-05")
    assert code == 0 and "2020-05-05 or later" in text
    assert answer(capsys, "public", folder, "--today", "2019-05-05")[0] == 1
