"""In pipelines: annotations, files and summaries by environment, the comment script, policies compared with HEAD."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from perimeter_smt import Kind, changed_documents, load_policy
from perimeter_smt.cli.ci import ELSEWHERE, GITHUB, GITLAB, told_by
from perimeter_smt.cli.main import run
from perimeter_smt.report.annotations import github, gitlab
from perimeter_smt.report.entries import Entry
from perimeter_smt.report.json import schema

ROOT = Path(__file__).resolve().parents[2]
ORG = "o-acme0000001"
needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="skipped: needs git")
needs_bash = pytest.mark.skipif(shutil.which("bash") is None, reason="skipped: needs bash")


def rcp(*actions: str) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{
        "Sid": "Ours", "Effect": "Deny", "Principal": "*", "Action": list(actions), "Resource": "*",
        "Condition": {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": ORG},
                      "Bool": {"aws:PrincipalIsAWSService": "false"}}}]}, indent=1)  # fmt: skip


@pytest.fixture
def call(tmp_path, monkeypatch, capsys):
    """A command beside a workspace with a hole, in no pipeline: code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)
    for name in ("GITHUB_ACTIONS", "GITLAB_CI", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(name, raising=False)
    Path("ws").mkdir()
    Path("ws/rcp.json").write_text(rcp("sqs:*"))
    Path("ws/perimeter.yaml").write_text(f"orgs: [{ORG}]\naccepted: [management-account, service-linked-roles]\n")
    Path("ws/organization.yaml").write_text(
        f"id: {ORG}\nmanagement_account: '333300001111'\n"
        "root:\n  id: r-0001\n  rcps: [rcp.json]\n  accounts: [{id: '222200001111'}]\n"
    )

    def call(*words: str) -> tuple[int, str, str]:
        code = run(list(words))
        return code, *capsys.readouterr()

    return call


CI = ("ci", "ws", "--service", "sqs", "--objective", "O1")


def test_the_environment_tells_the_system():
    assert told_by({}) is ELSEWHERE
    assert told_by({"GITHUB_ACTIONS": "false", "CI": "true"}) is ELSEWHERE
    assert told_by({"GITHUB_ACTIONS": "true"}) is GITHUB
    assert told_by({"GITLAB_CI": "true"}) is GITLAB


def test_github_gets_annotations_and_a_summary(call, monkeypatch):
    """Text is printed where no workflow command is read; files are written if a folder is named."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "summary.md")
    Path("summary.md").write_text("before\n")
    code, out, err = call(*CI, "--output", "files")
    assert (code, err) == (1, "")
    lines = out.splitlines()
    assert lines[0].startswith("::error file=ws/rcp.json,line=4,title=O1 only trusted identities")
    assert any(line.startswith("::warning file=ws/rcp.json,line=") and "title=PL031" in line for line in lines)
    stops = [at for at, line in enumerate(lines) if line.startswith("::stop-commands::")]
    assert len(stops) == 2
    for at in stops:
        token = lines[at].removeprefix("::stop-commands::")
        assert lines.index(f"::{token}::") > at + 1
    assert "NOT CLOSED" in lines[stops[0] + 1]
    assert {path.name for path in Path("files").iterdir()} == {
        f"{name}.{suffix}" for name in ("prove", "lint") for suffix in ("sarif", "xml", "json")
    }
    summary = Path("summary.md").read_text()
    assert summary.startswith("before\n## Data perimeter of `ws`")
    assert "## perimeter lint: 1 finding in 1 policy" in summary


def test_gitlab_gets_code_quality(call, monkeypatch):
    monkeypatch.setenv("GITLAB_CI", "true")
    code, out, _ = call(*CI)
    assert code == 1
    assert "::" not in out.partition(" ")[0]
    rows = json.loads(Path("perimeter-reports/prove.gitlab.json").read_text())
    assert rows
    for row in rows:
        assert set(row) == {"description", "check_name", "fingerprint", "severity", "location"}
        assert row["severity"] in ("info", "minor", "major", "critical", "blocker")
    assert rows[0]["location"] == {"path": "ws/rcp.json", "lines": {"begin": 4}}
    assert Path("perimeter-reports/lint.xml").is_file()
    assert call(*CI)[0] == 2, "nothing is overwritten"


def test_elsewhere_it_prints_text(call):
    code, out, _ = call(*CI)
    assert code == 1
    assert out.startswith("ws: NOT CLOSED")
    assert "1 finding in 1 policy" in out
    assert not Path("perimeter-reports").exists()
    assert call(*CI, "--no-lint", "--fail-on", "never")[0] == 0
    assert call(*CI, "--fail-on", "never")[0] == 1, "lint found something"
    assert call("ci", "none")[0] == 2


def test_quiet_lint(call):
    assert call("lint", "ws", "-q") == (1, "1 finding in 1 policy\n", "")


def test_a_baseline_counts_in_pipelines_too(call):
    words = ("prove", "ws", "--service", "sqs", "--objective", "O1", "--baseline", "known.json", "--update-baseline")
    assert call(*words)[0] == 0
    assert call(*CI, "--no-lint", "--baseline", "known.json")[0] == 0
    assert call(*CI, "--no-lint", "--baseline", "none.json")[0] == 2


def entry(**more: object) -> Entry:
    values = {"rule": "O1", "title": "a, b: c", "level": "error", "kind": "hole", "message": "100% of\n::x::",
              "file": "./a,b:c.json", "line": 3, "keys": ("k",)}  # fmt: skip
    return Entry(**(values | more))  # type: ignore[arg-type]


def test_annotations_are_escaped():
    """No name ends a property or begins a command of its own."""
    (line,) = github({"workspace": "ws"}, [entry()]).splitlines()
    assert line == "::error file=a%2Cb%3Ac.json,line=3,title=O1 a%2C b%3A c::100%25 of\\x0a::x::"
    assert github({"workspace": "ws"}, [entry(file="ws")]).startswith("::error title=O1")
    assert json.loads(gitlab({"workspace": "ws"}, [entry()]))[0]["description"] == "100% of\\x0a::x::"
    assert github({}, []) == ""


GH = """#!/bin/sh
# stands for gh: keeps one comment per file, tells what it was asked
echo "$*" >> "$STORE/calls"
case "$*" in
  *--paginate*) if [ -f "$STORE/body" ]; then echo 7; fi ;;
  *PATCH*|*" -f body="*)
    for word in "$@"; do case "$word" in body=*) printf '%s' "${word#body=}" > "$STORE/body" ;; esac; done ;;
  *comments/7*) cat "$STORE/body" ;;
esac
"""


@needs_bash
def test_the_comment_is_written_once_and_renewed_when_it_changes(tmp_path):
    """First a new comment, then nothing while the text is the same, then a change of that comment."""
    gh = tmp_path / "gh"
    gh.write_text(GH)
    gh.chmod(0o755)
    summary = tmp_path / "summary.md"
    env = os.environ | {
        "PATH": f"{tmp_path}:{os.environ['PATH']}", "STORE": str(tmp_path), "SUMMARY": str(summary), "NUMBER": "12",
        "GITHUB_REPOSITORY": "acme/guardrails",
    }  # fmt: skip

    def comment(text: str) -> list[str]:
        summary.write_text(text)
        (tmp_path / "calls").unlink(missing_ok=True)
        script = ["bash", str(ROOT / "ci/comment.sh")]
        done = subprocess.run(script, env=env, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        return [line for line in (tmp_path / "calls").read_text().splitlines() if line.startswith("api ")]

    calls = comment('## `$(touch harm)` "quoted"\n')
    assert calls[-1].startswith("api repos/acme/guardrails/issues/12/comments -f body=<!-- perimeter-smt -->")
    assert (tmp_path / "body").read_text() == '<!-- perimeter-smt -->\n## `$(touch harm)` "quoted"'
    assert not any("PATCH" in call or " -f " in call for call in comment('## `$(touch harm)` "quoted"\n'))
    assert any(call.startswith("api -X PATCH repos/acme/guardrails/issues/comments/7") for call in comment("other\n"))
    assert (tmp_path / "body").read_text() == "<!-- perimeter-smt -->\nother"
    comment("\N{DIVIDES}" * 50_000)
    body = (tmp_path / "body").read_bytes().decode("utf-8")  # no character is cut in two
    assert 10_000 < len(body) < 65_536, "what GitHub takes"


def git(*words: str) -> None:
    who = ("-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *who, *words], check=True, capture_output=True)


@pytest.fixture
def repository(call):
    """The same in a repository, everything committed."""
    Path("p/rcp").mkdir(parents=True)
    Path("p/rcp/base.json").write_text(rcp("sqs:*", "dynamodb:*"))
    Path("package.json").write_text('{"name": "app"}')
    git("init", "-q")
    git("add", ".")
    git("commit", "-q", "-m", "first")
    return call


@needs_git
def test_policies_are_compared_with_head(repository):
    """What is newly allowed fails, what is newly denied is told, what did not change is silent."""
    call, file = repository, Path("p/rcp/base.json")
    assert call("changed", str(file), "package.json") == (0, "", "")
    file.write_text(rcp("sqs:*"))
    code, out, _ = call("changed", str(file))
    assert code == 1
    assert out.startswith(f"{file}: more: the second allows requests that the first does not")
    assert "dynamodb:" in out
    assert call("changed", str(file), "--fail-on", "never")[0] == 0
    file.write_text(rcp("sqs:*", "dynamodb:*", "kms:*"))
    code, out, _ = call("changed", str(file))
    assert (code, out.startswith(f"{file}: less: ")) == (0, True)
    Path("p/rcp/new.json").write_text(rcp("sqs:*"))
    assert call("changed", "p/rcp/new.json") == (0, "p/rcp/new.json: new since HEAD, nothing to compare with\n", "")
    git("commit", "-q", "-a", "-m", "second")
    assert call("changed", str(file)) == (0, "", "")
    assert call("changed", str(file), "--since", "HEAD~1")[1].startswith(f"{file}: less: ")


@needs_git
def test_changed_as_json_and_as_a_function(repository):
    """The same as JSON by its schema, and in Python; a new file has nothing to be compared with."""
    call, file = repository, Path("p/rcp/base.json")
    file.write_text(rcp("sqs:*"))
    Path("p/rcp/new.json").write_text(rcp("sqs:*"))
    code, out, _ = call("changed", str(file), "p/rcp/new.json", "--json")
    told = json.loads(out)
    Draft202012Validator(json.loads(schema("changed"))).validate(told)
    assert code == 1
    assert [one["comparison"] and one["comparison"]["relation"] for one in told["files"]] == ["more", None]
    assert told["files"][0]["comparison"]["newly_allowed"]["action"].startswith("dynamodb:")
    document = load_policy(file, Kind.RCP)
    (found,) = changed_documents([document], "HEAD")
    assert found.comparison.relation == "more"
    code, out, _ = call("changed", "package.json", "--json")
    assert (code, json.loads(out)["files"]) == (0, [])


@needs_git
def test_bad_input_of_changed(repository):
    call, file = repository, "p/rcp/base.json"
    for since in ("nosuch", "--output=x", ""):
        code, out, err = call("changed", file, f"--since={since}")
        assert (code, out) == (2, "")
        assert err.startswith(f"error: --since: `{since}` is no commit here")
    Path(file).write_text('{"Version": "2012-10-17", "Statement": [}')
    code, _, err = call("changed", file)
    assert code == 2
    assert file in err
    assert call("changed", "none.json")[0] == 2
