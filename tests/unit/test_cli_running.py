"""What a run tells while and after it runs: times, logs, the file to send, what was decided before Ctrl-C; watching."""

from __future__ import annotations

import json
import os
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from perimeter_smt.cli.main import run
from perimeter_smt.cli.watch import follow, look
from perimeter_smt.errors import InputError
from perimeter_smt.stages import kept, stage

ORG = "o-acme0000001"
ACCOUNT, MANAGEMENT = "222200001111", "333300001111"
MAIN = [sys.executable, "-c", "from perimeter_smt.cli.entry import main; main()"]


def policy(*, closed: bool) -> str:
    condition = {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": ORG}}
    if not closed:
        condition["Bool"] = {"aws:PrincipalIsAWSService": "false"}
    return json.dumps({"Version": "2012-10-17", "Statement": [{
        "Sid": "VerySecretName", "Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Resource": "*",
        "Condition": condition}]}, indent=1)  # fmt: skip


@pytest.fixture
def estate(tmp_path, monkeypatch) -> Path:
    """A workspace with an RCP that unsigned callers escape."""
    monkeypatch.chdir(tmp_path)
    folder = Path("hush")
    folder.mkdir()
    (folder / "rcp.json").write_text(policy(closed=False))
    (folder / "perimeter.yaml").write_text(
        f"orgs: [{ORG}]\naccepted: [management-account, service-linked-roles, service-principals]\n"
    )
    (folder / "organization.yaml").write_text(
        f"id: {ORG}\nmanagement_account: '{MANAGEMENT}'\n"
        f"root:\n  id: r-0001\n  rcps: [rcp.json]\n  accounts: [{{id: '{ACCOUNT}'}}]\n"
    )
    return folder


ASKED = ("--service", "sqs", "--no-availability")


def test_stages_add_up_and_end_with_errors():
    with kept() as times:
        for _ in range(2):
            with pytest.raises(KeyError), stage("a"), stage("b"):
                raise KeyError
    assert list(times) == ["a", "b"]
    assert times["a"] >= times["b"] > 0
    with stage("nobody keeps it"):
        pass


def test_times_and_logs_go_to_stderr(estate, capsys):
    words = ["prove", "hush", *ASKED, "--objective", "O1"]
    run(words)
    plain, err = capsys.readouterr()
    assert err == ""
    run([*words, "--timings", "-v"])
    out, err = capsys.readouterr()
    assert out == plain
    lines = err.splitlines()
    for name in ("read", "encode", "prepare", "O1", "report"):
        assert sum(line.startswith(f"{name} ") for line in lines) == 1
        assert any(re.fullmatch(rf" *[0-9]+ ms  {name} took [0-9.]+ s", line) for line in lines)
    assert re.fullmatch(r"total +[0-9.]+ s  100%", lines[-1])
    assert "begins" not in err
    run([*words, "-vv"])
    assert "O1 begins" in capsys.readouterr().err
    run(words)
    assert capsys.readouterr().err == "", "logs end with the command"


def test_the_file_to_send_holds_no_secrets(estate, capsys):
    """No id, account, name, path or value of the user's own; what it holds is said."""
    Path("own.smt2").write_text("(assert (! (=> iam principal.mine) :named mole-hunt))")
    Path("hush", "README.md").write_text("A policy may say <key>.")
    words = ["prove", "hush", "--service", "sqs", "--no-availability", "--set", "key=hidden", "--assertion", "own.smt2"]
    code = run([*words, "--debug", "send.json"])
    assert code == 1
    _, err = capsys.readouterr()
    assert err.startswith("send.json holds versions")
    text = Path("send.json").read_text()
    for secret in (ORG, ACCOUNT, MANAGEMENT, "VerySecretName", "hush", "hidden", "mole", "rcp.json", "arn:", "sqs",
                   str(Path.cwd()), os.uname().nodename):  # fmt: skip
        assert secret not in text, secret
    found = json.loads(text)
    assert found["counts"]["counts"]["accounts"] == 1
    assert {row["objective"] for row in found["verdicts"]} == {*(f"O{n}" for n in range(1, 7)), "own assertion"}
    assert found["command"]["options"]["--set"] == "(left out)"
    assert run([*words, "--debug", "send.json"]) == 2, "nothing is overwritten"


def test_the_file_to_send_is_written_after_errors_too(estate, capsys):
    (estate / "rcp.json").write_text("{")
    assert run(["prove", "hush", "--debug", "send.json"]) == 2
    error = json.loads(Path("send.json").read_text())["error"]
    assert error["type"].endswith("InputError")
    assert error["frames"]
    assert "hush" not in Path("send.json").read_text()


def test_what_was_decided_is_shown_after_ctrl_c(estate, capsys, monkeypatch):
    """The objectives that were decided, never called closed; the rest is named as not decided."""
    from perimeter_smt.questions.obligations import deciding

    answer = deciding.answer

    def interrupted(run, objective, groups):
        if objective.id == "O3":
            raise KeyboardInterrupt
        return answer(run, objective, groups)

    monkeypatch.setattr(deciding, "answer", interrupted)
    (estate / "rcp.json").write_text(policy(closed=True))
    words = ["prove", "hush", *ASKED, "--jobs", "1"]
    assert run([*words, "--objective", "O1", "--objective", "O3"]) == 130
    out, err = capsys.readouterr()
    assert out.startswith("hush: NOT DECIDED. No hole in 2 checks, 1 not decided")
    assert "UNKNOWN  O3 sqs: not decided: interrupted" in out
    assert err == "error: interrupted: 1 of 2 obligations were decided\n"
    assert run([*words, "--objective", "O1", "--objective", "O3", "--case", "1"]) == 130
    assert capsys.readouterr().out == ""


class Clock:
    """Time that passes when somebody waits, with things that happen then."""

    def __init__(self, *events) -> None:
        self.events, self.waits = list(events), 0

    def wait(self) -> None:
        self.waits += 1
        if self.events:
            self.events.pop(0)()


def test_following_asks_again_when_something_changed():
    state, shown = {"a": (1, 1)}, []

    def stop() -> None:
        raise KeyboardInterrupt

    def change() -> None:
        state["a"] = (2, 1)

    clock = Clock(lambda: None, lambda: None, change, lambda: None, stop)
    with pytest.raises(KeyboardInterrupt):
        follow(lambda: f"answer {state['a'][0]}", lambda: dict(state), lambda text, files: shown.append((text, files)),
               wait=clock.wait)  # fmt: skip
    assert shown == [("answer 1", 1), ("answer 2", 1)]


def test_following_shows_errors_and_goes_on():
    """A file that is being written is no reason to end; a change during the work is asked about next."""
    state, shown, asked = {"a": (1, 1)}, [], []

    def ask() -> str:
        asked.append(1)
        if len(asked) == 1:
            state["a"] = (2, 2)  # while the first answer is worked out
            raise InputError("not JSON\x1b", file="a")
        return "fine"

    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        follow(ask, lambda: dict(state), lambda text, _: shown.append(text), wait=Clock(lambda: None, stop).wait)
    assert shown == ["error: a: not JSON\\x1b\n", "fine"]


def test_files_that_are_looked_at(tmp_path):
    for name in ("a.json", "sub/b.yaml", ".git/c", "sub/.hidden", "#lock"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    before = look([tmp_path, tmp_path / "none"])
    assert sorted(Path(name).name for name in before) == ["a.json", "b.yaml"]
    (tmp_path / "a.json").write_text("longer")
    assert look([tmp_path]) != before


def read_until(stream: int, words: str, seconds: float = 30) -> str:
    """What a terminal shows, until it shows these words."""
    out, end = "", time.monotonic() + seconds
    while words not in out:
        ready, _, _ = select.select([stream], [], [], max(0, end - time.monotonic()))
        assert ready, out
        out += os.read(stream, 65536).decode(errors="replace")
    return out


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="skipped: no pseudo-terminals here")
def test_watching_on_a_terminal_repaints_and_ends_cleanly(estate):
    """The hole is mended while it is watched; Ctrl-C ends it with 130 and nothing on stderr."""
    primary, secondary = os.openpty()
    env = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "80"}
    env.pop("NO_COLOR", None)
    words = [*MAIN, "watch", "hush", *ASKED, "--objective", "O1", "--interval", "0.05"]
    with subprocess.Popen(words, stdin=secondary, stdout=secondary, stderr=subprocess.PIPE, env=env) as process:
        try:
            os.close(secondary)
            first = read_until(primary, "Ctrl-C ends")
            assert "NOT CLOSED" in first
            assert "\x1b[2J" in first
            (estate / "rcp.json").write_text(policy(closed=True))
            read_until(primary, "PROVED for O1 only")  # perhaps after the error of a file that is half written
            process.send_signal(signal.SIGINT)
            assert process.wait(20) == 130
            assert process.stderr is not None
            assert process.stderr.read() == b""
        finally:  # or leaving the block would wait for it
            process.kill()
    os.close(primary)


def test_watching_nothing_is_an_error(estate, capsys):
    assert run(["watch", "none"]) == 2
    assert capsys.readouterr().err == "error: none: no such file or folder\n"
