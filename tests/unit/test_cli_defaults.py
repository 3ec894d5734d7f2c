"""Defaults from perimeter.toml and pyproject.toml, completion, hyperlinks, names that reports show."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from perimeter_smt.cli import output
from perimeter_smt.cli.main import run
from perimeter_smt.report.page import Page

SCP = '{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "s3:Nosuch", "Resource": "*"}}'


@pytest.fixture
def call(tmp_path, monkeypatch, capsys):
    """A command in a folder of a project: code, stdout, stderr."""
    (tmp_path / "project/deep").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "project/deep")
    Path("p_scp.json").write_text(SCP)

    def call(*words: str) -> tuple[int, str, str]:
        code = run(list(words))
        return code, *capsys.readouterr()

    return call


def test_the_nearest_file_upwards_gives_defaults(call):
    Path("../perimeter.toml").write_text('[lint]\nignore = ["PL016", "PL002"]\n')
    assert call("lint", "p_scp.json")[0] == 0
    assert call("--isolated", "lint", "p_scp.json")[0] == 1
    assert call("lint", "p_scp.json", "--ignore", "PL002")[0] == 1, "the command line wins"
    Path("pyproject.toml").write_text("[tool.ruff]\nline-length = 100\n")
    assert call("lint", "p_scp.json")[0] == 0, "a file without the table is passed over"
    Path("pyproject.toml").write_text('[tool.perimeter.lint]\nselect = "PL016"\nformat = ["json"]\n')
    code, out, _ = call("lint", "p_scp.json")
    assert (code, json.loads(out)["findings"][0]["id"]) == (1, "PL016")
    Path("perimeter.toml").write_text("no-color = true\n")
    assert "PL016" in call("lint", "p_scp.json")[1]


def test_a_file_can_be_named(call):
    Path("other.toml").write_text('[lint]\nfail-on = "error"\n')
    assert call("--config", "other.toml", "lint", "p_scp.json")[0] == 0
    assert call("--config", "none.toml", "lint", "p_scp.json") == (
        2, "", "error: none.toml: cannot be read: no such file or directory\n"
    )  # fmt: skip
    assert call("--config", "other.toml", "--isolated", "lint", "p_scp.json")[0] == 2


def test_paths_are_relative_to_the_file(call):
    Path("../perimeter.toml").write_text('[prove]\nworkspace = "ws"\n')
    code, _, err = call("prove")
    assert code == 2
    assert f"{Path('..').resolve() / 'ws'}" in err


WRONG = {
    "unknown command": ("[prof]\nmode = 1", "$.prof: unknown key `prof`, did you mean `prove`?"),
    "unknown option": ('[prove]\nmod = "grants"', "$.prove.mod: unknown key `mod`, did you mean `mode`?"),
    "unknown at the top": ("no-colour = true", "$.no-colour: unknown key `no-colour`, did you mean `no-color`?"),
    "unknown choice": ('[prove]\nmode = "grant"', "did you mean `grants`?"),
    "text for a flag": ('[prove]\ndetails = "yes"', "$.prove.details: `yes`: expected true or false"),
    "a flag for text": ("[prove]\nmode = true", "$.prove.mode: `True`: expected text or a number"),
    "two values": ('[prove]\nmode = ["a", "b"]', "$.prove.mode"),
    "no number": ('[prove]\nlimit = "many"', "$.prove.limit"),
    "no TOML": ("[prove", "not TOML"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_option_is_an_error(call, name):
    text, words = WRONG[name]
    Path("perimeter.toml").write_text(text)
    code, out, err = call("lint", "p_scp.json")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert words in err
    assert "perimeter.toml" in err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_are_accepted_by_their_shells(call, shell):
    code, out, _ = call("completion", shell)
    assert code == 0
    assert "_PERIMETER_COMPLETE" in out
    if shutil.which(shell):
        done = subprocess.run([shell, "-n"], input=out, text=True, capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")


def test_completion_of_an_unknown_shell(call):
    assert "did you mean `fish`?" in call("completion", "fsh")[2]


def completed(*words: str) -> list[str]:
    env = os.environ | {
        "_PERIMETER_COMPLETE": "bash_complete", "COMP_WORDS": " ".join(["perimeter", *words]),
        "COMP_CWORD": str(len(words)),
    }  # fmt: skip
    main = "from perimeter_smt.cli.entry import main; main()"
    done = subprocess.run([sys.executable, "-c", main], env=env, capture_output=True, text=True, check=True)
    return [line.partition(",")[2] for line in done.stdout.splitlines()]


def test_names_are_completed():
    """Commands, options, choices, and names that come from tables."""
    assert completed("comp") == ["compare", "completion"]
    assert "--fail-on" in completed("prove", "--fail")
    assert completed("prove", "--mode", "gr") == ["grants"]
    assert completed("prove", "--service", "sqs") == ["sqs"]
    assert completed("prove", "--objective", "o1") == ["O1"]
    assert "PL031" in completed("lint", "--select", "PL03")
    assert "management-account" in completed("why", "manag")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def plain(monkeypatch):
    for name in ("NO_COLOR", "TERM_PROGRAM", "VTE_VERSION", "FORCE_HYPERLINK", *output._LINKING_BY):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    return monkeypatch


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [("TERM", "linux", False), ("TERM_PROGRAM", "vscode", True), ("VTE_VERSION", "7003", True),
     ("VTE_VERSION", "4002", False), ("KITTY_WINDOW_ID", "1", True), ("FORCE_HYPERLINK", "1", True),
     ("FORCE_HYPERLINK", "0", False)],
)  # fmt: skip
def test_hyperlinks_are_for_terminals_that_can(plain, name, value, shown):
    plain.setenv(name, value)
    assert (output.links(Terminal(), no_color=False) is not None) is shown
    assert output.links(io.StringIO(), no_color=False) is None
    assert output.links(Terminal(), no_color=True) is None
    plain.setenv("NO_COLOR", "1")
    assert output.links(Terminal(), no_color=False) is None


def test_hyperlinks_leave_the_text_as_it_is():
    lines = "see https://docs.aws.amazon.com/IAM/x_y.html#z (PL031), PL999."
    pages = [Page(80, links=links) for links in (None, {"PL031": "https://example.com/rule"})]
    for page in pages:
        page.text(lines)
    plain, linked = map(str, pages)
    assert re.sub("\x1b]8;;[^\x1b]*\x1b\\\\", "", linked) == plain
    assert "\x1b]8;;https://docs.aws.amazon.com/IAM/x_y.html#z\x1b\\https" in linked
    assert "\x1b]8;;https://example.com/rule\x1b\\PL031\x1b]8;;\x1b\\)" in linked


@pytest.mark.parametrize(
    "name",
    ["O1", "HOLE", "LIMIT", "COND.", "UNKNOWN", "VACUOUS", "BLOCKED", "ok", "closed", "NOT CLOSED", "NOT PROVED",
     "NOT DECIDED", "NOT ACCEPTED", "fix", "try", "closest", "except", "check", "soft axioms", "accepted limits",
     "stated facts", "documented axioms", "endpoint-policies", "organization", "environment", "names", "PL031", "over",
     "AE1.own-account", "management-account", "X-12", "rcp-services", "P2"],
)  # fmt: skip
def test_every_word_of_a_report_is_explained_in_few_lines(call, name):
    code, out, _ = call("why", name)
    assert code == 0
    assert 3 <= len(out.strip().split("\n\n")[0].splitlines()) <= 4
    assert "  source    " in out


def test_axioms_are_explained_in_words(call):
    """The sentence stands first, the formula after it."""
    out = call("why", "AP5")[1]
    assert out.startswith('AP5 (axiom): "This key is included in the request context only if')
    assert "\n  formula   (= |has aws:PrincipalOrgID|" in out
    assert call("why", "P2.silent-service")[1].startswith("P2.silent-service (axiom): a service that does not say")
