"""The short report: the answer first, holes by how practical they are, in few lines, with what mends them."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from pathlib import Path

import pytest

from perimeter_smt.cli.main import run
from perimeter_smt.errors import InputError
from perimeter_smt.questions.mitigations.model import Line, Mitigation
from perimeter_smt.questions.verdicts import (
    Advice,
    Assumption,
    Blame,
    Counterexample,
    Limit,
    NearMiss,
    Report,
    Verdict,
)
from perimeter_smt.report.answer import answer, next_step
from perimeter_smt.report.exit_codes import of_report
from perimeter_smt.report.numbers import case_of, numbered
from perimeter_smt.report.short import MOST_LINES
from perimeter_smt.report.text import render
from perimeter_smt.request.request import Facts, Principal, Request

RCP = Blame("rcp", "guard", 2, "Guard", "Deny", "estate/guards/rcp/guard.json", 31)
SCP = Blame("scp", "nets", 0, "Nets", "Deny", "estate/guards/scp/nets.json", 7)
KEY = "condition `Bool aws:PrincipalIsAWSService`: key `aws:PrincipalIsAWSService` is absent"


def asks(kind: str = "anon", finding: str = "hole", path: str = "public", **more: object) -> Counterexample:
    arn = None if kind == "anon" else "arn:aws:iam::444433332222:user/mallory"
    principal = Principal(type="anonymous" if arn is None else "user", arn=arn)
    request = Request(principal=principal, action="sns:Publish", resource="arn:aws:sns:eu-central-1:111122223333:bell")
    facts = Facts(kind=kind, principal_account="444433332222", path=path, source_address="198.51.100.9",
                  resource_account="111122223333", organizations={})  # fmt: skip
    more.setdefault("closest", NearMiss(RCP, (KEY,)))
    return Counterexample(finding, request, facts, "the caller is not trusted", **more)  # type: ignore[arg-type]


def report(*verdicts: Verdict, **more: object) -> Report:
    return Report("estate", "guardrails", "over", verdicts, **more)  # type: ignore[arg-type]


def verdict(objective: str, status: str, *found: Counterexample, services: tuple[str, ...] = ("sns",), **more: object):
    return Verdict(objective, f"title of {objective}", services, status, found, **more)  # type: ignore[arg-type]


ALL = tuple(verdict(f"O{n}", "proved") for n in range(1, 7))
LIMIT = (Limit("service-linked-roles", "a text", False, asks("user", "beyond")),)
ANSWERS = {
    "CLOSED. All 6 checks proved": report(*ALL),
    "PROVED for O1, O3 only. All 2 checks proved": report(ALL[0], ALL[2]),
    "NOT CLOSED. 2 holes in 7 checks": report(verdict("O1", "refuted", asks(), asks("user")), *ALL),
    "NOT CLOSED. No hole in 7 checks, but 1 limit of the guardrails not accepted": report(
        verdict("O1", "refuted", asks("user", "beyond"), limits=LIMIT), *ALL
    ),
    "NOT PROVED. No hole in 8 checks, 2 conditional": report(
        verdict("O2", "conditional", asks(depends_on=("X-3",)), services=("a", "b")), *ALL
    ),
    "NOT DECIDED. No hole in 7 checks, 1 not decided": report(verdict("O2", "unknown", reason="why"), *ALL),
    "NOT DECIDED. No hole in 7 checks, 1 with nothing to prove": report(verdict("O2", "vacuous"), *ALL),
    "NOTHING WAS ASKED.": report(),
}


@pytest.mark.parametrize("words", ANSWERS)
def test_the_first_line_is_the_answer(words):
    assert render(ANSWERS[words]).splitlines()[0].startswith(f"estate: {words}")


def test_closed_is_said_of_all_six_only():
    """Nobody reads CLOSED where an objective was not asked or is not proved."""
    for words, value in ANSWERS.items():
        assert ("CLOSED." in answer(value).replace("NOT CLOSED.", "")) == words.startswith("CLOSED")


def test_blocked_calls_stand_in_the_first_line():
    blocked = verdict("availability", "refuted", asks("user", "blocked", through=(SCP,)))
    assert ", 1 way to block intended calls." in answer(report(*ALL, availability=(blocked,)))
    fine = verdict("availability", "proved")
    assert ", no intended call is blocked." in answer(report(*ALL, availability=(fine,)))
    assert "block" not in answer(report(*ALL))


def test_holes_come_most_practical_first():
    """Unsigned before signed, from anywhere before from a network of AWS, certain before reserved."""
    order = [asks(rests_on=("X-2",)), asks("service", path="awsnet"), asks("user"), asks()]
    value = report(verdict("O1", "refuted", *order))
    assert [row.found for row in numbered(value)] == list(reversed(order))
    assert [row.number for row in numbered(value)] == [1, 2, 3, 4]


def test_numbers_are_those_of_the_json():
    value = report(verdict("O1", "refuted", asks("user"), asks()), verdict("O2", "conditional", asks()))
    result = {"verdicts": [{"counterexamples": [{"case": {"id": f"{v}{c}"}} for c in range(2)]} for v in range(2)]}
    assert [case_of(value, result, number)["id"] for number in (1, 2, 3)] == ["01", "00", "10"]
    with pytest.raises(InputError, match="expected 1 to 3"):
        case_of(value, result, 4)


def test_the_statement_the_reason_and_the_fix():
    advice = Advice(RCP, "PL031", "anonymous callers have no key", "Use BoolIfExists", 40, True)
    value = report(verdict("O1", "refuted", asks(), asks("user", closest=NearMiss(SCP, ("other",)))), advice=(advice,))
    text = render(value)
    assert text.splitlines()[1] == "next: mend estate/guards/rcp/guard.json:31 Guard: Use BoolIfExists (PL031)"
    assert "HOLE 1  O1 sns: anyone on the internet can call sns:Publish" in text
    assert "  closest   rcp/guard.json:31 Guard\n" in text
    assert f"            failed: {KEY}\n" in text
    assert "  fix       Use BoolIfExists (PL031, line 40)\n" in text
    assert "files     below estate/guards/\n" in text


@pytest.mark.parametrize(
    ("objective", "closest", "words"),
    [("O1", None, "write a Deny into an RCP: none comes near HOLE 1"),
     ("O1", NearMiss(RCP, ("action `sns:Publish` is none of `s3:*`",)),
      "no Deny of an RCP covers `sns:Publish`: add it to estate/guards/rcp/guard.json:31 Guard, or write one (HOLE 1)"),
     ("O5", NearMiss(SCP, ("condition `StringNotEquals aws:ResourceOrgID`: value `o-a` equals `o-a`",)),
      "write a Deny into an SCP that asks from which network: none stops HOLE 1"),
     ("O5", NearMiss(SCP, ("condition `NotIpAddress aws:SourceIp`: key `aws:SourceIp` is absent",)),
      "mend estate/guards/scp/nets.json:7 Nets, see HOLE 1")],
)  # fmt: skip
def test_the_next_step_where_no_rule_knows_it(objective, closest, words):
    """A statement that is about something else is not the one to mend."""
    value = report(verdict(objective, "refuted", asks("user", closest=closest)))
    assert next_step(value, numbered(value)) == words


def test_advice_on_another_condition_mends_no_hole():
    """What a rule says of a statement is no fix unless it is about what failed."""
    other = Advice(RCP, "PL009", "something else", "Do that", 40, False)
    value = report(verdict("O1", "refuted", asks()), advice=(other,))
    assert "PL009" not in render(value)
    blocked = verdict("availability", "refuted", asks("user", "blocked", through=(RCP,), closest=None))
    value = report(*ALL, availability=(blocked,), advice=(other,))
    assert "try       Do that (PL009, line 40)" in render(value)
    assert "Do that (PL009)" in next_step(value, numbered(value))


@pytest.mark.parametrize(
    "failed",
    [
        "action `kms:Decrypt` is none of `s3:*`",
        "condition `Bool aws:PrincipalIsAWSService`: value `true` is none of `false`",
    ],
)
def test_advice_for_one_hole_is_none_for_another_of_the_same_statement(failed):
    """`Use BoolIfExists` stood under holes that the same statement left open for another reason: an action it does not
    list, a service.
    """
    mends = "aws:principalisawsservice` is absent"
    advice = Advice(RCP, "PL031", "anonymous callers have no key", "Use BoolIfExists", 40, True, mends)
    other = asks("user", closest=NearMiss(RCP, (failed,)))
    text = render(report(verdict("O1", "refuted", asks()), verdict("O6", "refuted", other), advice=(advice,)))
    assert text.count("Use BoolIfExists (PL031, line 40)") == 1


def test_for_whom_a_service_acts_stands_in_the_title():
    service = asks("service", closest=None)
    facts = service.facts.model_copy(update={"service": "s3.amazonaws.com", "behalf": "444433332222"})
    text = render(report(verdict("O1", "refuted", replace(service, facts=facts))))
    assert "the AWS service s3.amazonaws.com on behalf of account 444433332222 can call sns:Publish" in text


def test_a_call_that_no_guardrail_allows_names_the_nearest_allow():
    allow = Blame("endpoint", "s3", 0, "Mine", "Allow", "estate/endpoint/s3.json", 4)
    failed = "condition `StringEquals aws:PrincipalOrgID`: value `o-acme0000001` is none of `o-acme*`"
    blocked = asks("user", "blocked", closest=NearMiss(allow, (failed,)))
    advice = Advice(allow, "PL004", "literally", "Use StringLike", 6, True, "aws:principalorgid`")
    value = report(*ALL, availability=(verdict("availability", "refuted", blocked),), advice=(advice,))
    text = render(value)
    assert "closest   estate/endpoint/s3.json:4 Mine" in text
    assert f"failed: {failed}" in " ".join(text.split())
    assert next_step(value, numbered(value)) == "mend estate/endpoint/s3.json:4 Mine: Use StringLike (PL004)"


def test_nothing_through_an_endpoint_is_no_matter_of_scopes():
    vacuous = report(
        verdict("O2", "vacuous", reason="no endpoint of mine lets such a call through: nothing was proved")
    )
    assert "`endpoints` in organization.yaml" in next_step(vacuous, [])
    assert "`scopes`" in next_step(report(verdict("O3", "vacuous")), [])


def test_the_service_of_a_hole_is_never_hidden():
    names = (*(f"a{n:03}" for n in range(300)), "sns")
    for width in (None, 80, 200):
        text = render(report(verdict("O1", "refuted", asks(), services=names), *ALL), width=width)
        assert "HOLE 1  O1 sns, a000" in text
        assert any(line.startswith("sns") and "HOLE 1" in line for line in text.splitlines())


def test_a_hole_takes_few_lines():
    """However many conditions failed and however long the reasons."""
    failed = tuple(f"condition `StringNotEquals aws:PrincipalTag/team-{n}`: {'word ' * 12}" for n in range(9))
    found = asks(
        "user", through=(SCP, RCP), closest=NearMiss(RCP, failed), depends_on=("X-1", "AP5"), rests_on=("X-2",)
    )
    lines = render(report(verdict("O3", "refuted", found)), width=80).splitlines()
    start = next(at for at, line in enumerate(lines) if line.startswith("HOLE 1"))
    assert lines.index("", start) - start <= MOST_LINES
    assert any("and 7 more of its conditions" in line for line in lines)


def test_assumptions_are_names_and_counts():
    assumed = tuple(Assumption(f"soft-{n}", "soft axiom, accepted by name") for n in range(9))
    value = report(verdict("O1", "proved", assumptions=(*assumed, Assumption("environment", "axioms AN1, AN2")),
                           exceptions=("callers x",)), verdict("O2", "proved", exceptions=("callers x",)))  # fmt: skip
    text = render(value)
    assert "9 soft axioms: soft-0, soft-1, soft-2, soft-3, soft-4, soft-5 and 3 more" in text
    assert "2 documented axioms  (`perimeter why NAME` explains any)" in text
    assert text.count("callers x") == 1
    assert "callers x (O1 O2)" in text


def test_mitigations_that_must_hold_are_told():
    lines = (Line("role deploy", "refuted", "strangers get credentials", RCP), Line("role app", "proved", "nobody"))
    found = Mitigation("C1", "only who is trusted", "refuted", lines)
    value = report(*ALL, mitigations=(found,), demanded=("C1",))
    text = render(value)
    assert "1 mitigation refuted (C1)" in text.splitlines()[0]
    assert "HOLE  C1 only who is trusted\n  found     role deploy: strangers get credentials, by " in text
    assert "role app" not in text
    assert of_report(value) == value.exit_code == 1
    assert of_report(value, "never") == 0
    beside = report(*ALL, mitigations=(found,))
    assert "role deploy" not in render(beside)
    assert of_report(beside) == 0


def test_fail_on_moves_the_line():
    states = {
        "hole": report(verdict("O1", "refuted", asks())),
        "limit": report(verdict("O1", "refuted", asks("user", "beyond"))),
        "unknown": report(verdict("O1", "vacuous")),
        "conditional": report(verdict("O1", "conditional")),
        "blocked": report(ALL[0], availability=(verdict("availability", "refuted", asks("user", "blocked")),)),
    }
    names = ["never", *states]
    for number, (state, value) in enumerate(states.items(), 1):
        code = 3 if state in ("unknown", "conditional") else 1
        assert [of_report(value, name) for name in names] == [0] * number + [code] * (len(names) - number)
        assert of_report(value) == value.exit_code


ORG = "o-acme0000001"
OPEN = {
    "Version": "2012-10-17",
    "Statement": [{
        "Sid": "OnlyOurs", "Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Resource": "*",
        "Condition": {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": ORG},
                      "Bool": {"aws:PrincipalIsAWSService": "false"}},
    }],
}  # fmt: skip


@pytest.fixture
def asked(tmp_path, monkeypatch, capsys):
    """A command in a folder with an RCP that unsigned callers escape: code and stdout."""
    monkeypatch.chdir(tmp_path)
    Path("a file rcp.json").write_text(json.dumps(OPEN, indent=1))

    def call(*words: str) -> tuple[int, str]:
        code = run(list(words))
        out, err = capsys.readouterr()
        assert err == ""
        return code, out

    return call


PROVE = ("prove", "--org-id", ORG, "--rcp", "a file rcp.json", "--service", "sqs", "--objective", "O1",
         "--no-availability")  # fmt: skip


def test_the_replay_line_runs_as_it_stands(asked):
    """Both halves of the line, with the arguments that it shows."""
    code, text = asked(*PROVE)
    assert code == 1
    assert "fix       Use BoolIfExists (PL031, line 15)" in text
    line = next(line for line in text.splitlines() if line.startswith("replay"))
    first, second = (shlex.split(half) for half in line.removeprefix("replay").split(" | "))
    assert (first[0], second) == ("perimeter", ["perimeter", "evaluate", "--explain", "-"])
    code, case = asked(*first[1:])
    assert code == 0
    Path("case.json").write_text(case)
    code, explained = asked("evaluate", "--explain", "case.json")
    assert code == 0
    assert ": allow (grant)" in explained
    assert "Deny OnlyOurs" in explained
    details = next(line for line in text.splitlines() if line.startswith("details"))
    code, full = asked(*shlex.split(details.removeprefix("details"))[1:])
    assert code == 1
    assert "aws:PrincipalOrgID (absent)" in full


def test_saved_results_replay_too(asked):
    _, out = asked(*PROVE, "--json")
    Path("saved.json").write_text(out)
    _, text = asked("report", "saved.json")
    assert "perimeter report saved.json --case 1 | perimeter evaluate --explain -" in text
    assert asked("report", "saved.json", "--case", "1") == asked(*PROVE, "--case", "1")
    assert run(["report", "saved.json", "--case", "99"]) == 2


def test_quiet_and_fail_on(asked):
    code, out = asked(*PROVE, "--quiet", "--fail-on", "never")
    assert (code, out.count("\n")) == (0, 1)
    assert out.startswith(f"{ORG}: NOT CLOSED. 1 hole in 1 check.")
    assert asked(*PROVE, "-q", "--fail-on", "hole")[0] == 1


def test_wrong_names_are_told_the_nearest(asked, capsys):
    for words, near in (
        (("--fail-on", "conditionel"), "did you mean `conditional`?"),
        (("--mode", "guardrail"), "did you mean `guardrails`?"),
        (("--reading", "exakt"), "did you mean `exact`?"),
        (("--format", "sariff"), "did you mean `sarif`?"),
    ):
        assert run([*PROVE, *words]) == 2
        assert near in capsys.readouterr().err


def test_policies_cannot_steer_the_short_report():
    evil = replace(asks(), request=asks().request.model_copy(update={"resource": "arn:aws:s3:::x\x1b[2J\r"}))
    text = render(report(verdict("O1", "refuted", evil)), command="perimeter prove 'a\x1b'")
    assert "\x1b" not in text
    assert "\r" not in text
    assert "x\\x1b[2J\\x0d" in text
