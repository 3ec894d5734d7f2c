"""The example workspaces hold and fail as docs/examples/README.md says."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import pytest

from perimeter_smt.cli.main import run
from perimeter_smt.lint import lint
from perimeter_smt.organization.readers import load_workspace
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import load_policy
from perimeter_smt.questions.mitigations import ask
from perimeter_smt.questions.mitigations.model import Asking
from perimeter_smt.questions.perimeter import prove
from perimeter_smt.questions.verdicts import Report

EXAMPLES = Path(__file__).resolve().parents[2] / "docs/examples"
SERVICES = {"dynamodb", "kms", "s3", "secretsmanager", "sqs"}
BESIDE = ["C1", "C2", "N1", "N2", "E1", "E2", "L1"]
ALL = ["O1", "O2", "O3", "O4", "O5", "O6"]


@lru_cache
def report(name: str, mode: str = "guardrails") -> Report:
    # Mitigations look at grants, whatever the mode: they are asked once.
    asked = None if mode == "guardrails" else ()
    return prove(load_workspace(EXAMPLES / name), mode=mode, mitigations=asked)  # type: ignore[arg-type]


def folder_of(file: str) -> str:
    """The last two parts of a path."""
    return "/".join(Path(file).parts[-2:])


def test_acme_holds():
    """Every objective is proved, for every service that it claims, and nothing intended is blocked."""
    found = report("acme")
    assert {verdict.objective: verdict.status for verdict in found.verdicts} == dict.fromkeys(ALL, "proved")
    assert len(found.verdicts) == len(ALL)
    assert all(set(verdict.services) >= SERVICES for verdict in found.verdicts)
    assert [verdict.status for verdict in found.availability] == ["proved"]
    assert found.exit_code == 0


def test_acme_holds_with_the_grants_of_today():
    found = report("acme", "grants")
    assert [verdict.status for verdict in found.verdicts] == ["proved"] * len(ALL)


@pytest.mark.parametrize("objective", ALL)
def test_every_proof_of_acme_rests_on_its_own_policies(objective):
    """A proof that needs no statement would not be about the policies."""
    (verdict,) = [v for v in report("acme").verdicts if v.objective == objective]
    folders = {folder_of(blame.file).partition("/")[0] for blame in verdict.used}
    expected = {"O1": "rcp", "O2": "endpoint", "O3": "scp", "O4": "endpoint", "O5": "scp", "O6": "rcp"}[objective]
    assert expected in folders


def test_own_assertion_holds(capsys, monkeypatch):
    monkeypatch.chdir(EXAMPLES)
    args = ["prove", "acme", "--assertion", "acme/no-public-secrets.smt2", "--objective", "O1"]
    assert run([*args, "--service", "secretsmanager", "--no-availability"]) == 0
    assert "ok  own assertion `secrets-stay-inside`" in capsys.readouterr().out


def test_plain_bool_lets_anonymous_callers_in():
    """First mistake: `Bool` in place of `BoolIfExists`, in the statement on the exchange bucket."""
    (verdict,) = [v for v in report("acme-with-mistakes").verdicts if v.status != "proved"]
    assert (verdict.objective, verdict.status, verdict.services) == ("O1", "refuted", ("s3",))
    (found,) = verdict.counterexamples
    assert found.facts.kind == "anon"
    assert found.request.resource.startswith("arn:aws:s3:::acme-exchange")
    assert found.closest is not None
    assert folder_of(found.closest.statement.file) == "rcp/identity-perimeter.json"
    assert found.closest.statement.sid == "ExchangeAlsoForThePartner"
    assert any("aws:PrincipalIsAWSService" in reason and "absent" in reason for reason in found.closest.failed)


@pytest.mark.parametrize(
    ("file", "sid", "kind", "path"),
    [
        ("scp/network-perimeter.json", "OnlyFromTheOffices", "role", "vpce"),
        ("scp/network-perimeter.json", "OnlyThroughMyEndpoints", "role", "public"),
        ("rcp/network-perimeter.json", "OnlyFromExpectedNetworks", "service", "awsnet"),
    ],
)
def test_split_conditions_and_forgotten_services_block(file, sid, kind, path):
    """Second and third mistake: offices and endpoints in two statements; no exemption for AWS services."""
    (verdict,) = report("acme-with-mistakes").availability
    assert len(verdict.counterexamples) == 3
    (found,) = [f for f in verdict.counterexamples if f.through[0].sid == sid]
    assert folder_of(found.through[0].file) == file
    assert (found.facts.kind, found.facts.path) == (kind, path)


def test_grants_of_today_do_not_use_the_hole():
    """The hole is open, and no bucket policy of today leads through it."""
    found = report("acme-with-mistakes", "grants")
    assert {verdict.objective for verdict in found.verdicts if verdict.status == "proved"} == set(ALL)
    # The endpoint of sts lets nobody through who is granted anything: there is nothing to speak of.
    assert {verdict.status for verdict in found.verdicts} <= {"proved", "vacuous"}
    assert report("acme-with-mistakes").exit_code == 1


def test_lint_sees_what_one_document_shows():
    folder = EXAMPLES / "acme-with-mistakes"
    kinds = {"scp/network-perimeter.json": Kind.SCP, "rcp/identity-perimeter.json": Kind.RCP}
    rules = {file: [finding.rule for finding in lint(load_policy(folder / file, kind))] for file, kind in kinds.items()}
    assert rules == {"scp/network-perimeter.json": ["PL015"], "rcp/identity-perimeter.json": ["PL031"]}


def test_lint_finds_nothing_in_acme(capsys, monkeypatch):
    monkeypatch.chdir(EXAMPLES)
    assert run(["lint", "acme"]) == 0


def test_mitigations_of_acme_hold():
    found = report("acme").mitigations
    assert {mitigation.id: mitigation.status for mitigation in found}.items() >= dict.fromkeys(BESIDE, "proved").items()


@pytest.mark.parametrize(
    ("name", "file", "sid"),
    [
        ("C1", "trust/deploy.json", "OurRepositories"),
        ("C2", "identity/administrator.json", "Everything"),
        ("L1", "identity/administrator.json", "Everything"),
        ("N1", "scp/compute.json", "FunctionsInOurVpcs"),
        ("E1", "scp/elsewhere.json", "OnlyOurRegions"),
        ("E2", "scp/carriers.json", "SnapshotsForOurAccounts"),
    ],
)
def test_one_mistake_for_each_mitigation(name, file, sid):
    """A subject without its slash, a call left out of a list, an exception too wide, a call that changes what another
    made, a Region guardrail that leaves out S3, a key that says nothing of another one."""
    (found,) = [mitigation for mitigation in report("acme-with-mistakes").mitigations if mitigation.id == name]
    refuted = [line for line in found.lines if line.status == "refuted"]
    blamed = {(folder_of(line.statement.file), line.statement.sid) for line in refuted if line.statement}
    assert (file, sid) in blamed
    assert len(refuted) == 1 or name == "E2"  # the wide exception opens the way of a role that carries data, too


@pytest.mark.parametrize("name", BESIDE)
@pytest.mark.parametrize(("kind", "status"), [("held", "proved"), ("open", "refuted"), ("mistake", "refuted")])
def test_each_mitigation_by_itself(name, kind, status):
    """With the mitigation, without it, and with a subtle mistake."""
    space = load_workspace(EXAMPLES / "mitigations" / f"{name.lower()}-{kind}")
    (found,) = ask(space, [name], Asking())
    assert found.status == status


@pytest.mark.parametrize(("kind", "rows"), [("held", 0), ("open", 1), ("mistake", 1)])
def test_data_planes_by_themselves(kind, rows):
    """S1 proves nothing: databases that are claimed have a row, and so has one that is listed and not claimed."""
    (found,) = ask(load_workspace(EXAMPLES / "mitigations" / f"s1-{kind}"), ["S1"], Asking())
    assert found.status == "listed"
    assert {line.status for line in found.lines} == {"not-guardable" if rows else "listed"}
    databases = [line for line in found.lines if "rds" in line.subject.lower() or "database" in line.subject.lower()]
    assert bool(databases) is bool(rows)


def test_the_examples_differ_in_nine_places():
    """All else is the same, so that the findings come from the mistakes."""
    mine, theirs = EXAMPLES / "acme", EXAMPLES / "acme-with-mistakes"
    files = {p.relative_to(theirs).as_posix() for p in theirs.rglob("*") if p.is_file()}
    differ = {name for name in files if (mine / name).read_text() != (theirs / name).read_text()}
    assert differ == {
        "rcp/identity-perimeter.json", "rcp/network-perimeter.json", "scp/network-perimeter.json",
        "trust/deploy.json", "scp/protect-exceptions.json", "scp/resource-perimeter.json", "perimeter.yaml",
        "scp/compute.json", "scp/elsewhere.json", "scp/carriers.json",
    }  # fmt: skip
