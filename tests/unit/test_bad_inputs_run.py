"""How the program ends when its streams are closed, full or never end, and when it is interrupted while it loads."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pytest

PERIMETER = [sys.executable, "-c", "from perimeter_smt.cli.entry import main; main()"]


def shell(redirect: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", "-c", f'exec "$@" {redirect}', "sh", *PERIMETER, *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("command", [("--version",), ("lint", "--rules"), ("schema", "prove"), ("prove", "none")])
def test_standard_output_is_closed(command):
    """An answer that nobody can read is no answer: exit code 2, never 0 or 1."""
    done = shell(">&-", *command)
    assert done.returncode == 2
    assert done.stderr == "error: standard output is closed, expected a place for the answer\n"
    assert shell("<&- >&- 2>&-", *command).returncode == 2


def test_other_streams_may_be_closed():
    assert shell("2>&-", "--version").returncode == 0
    assert shell("<&-", "--version").returncode == 0
    assert shell("2>&-", "prove", "none").returncode == 2
    assert shell("<&-", "evaluate", "-").stderr == "error: standard input: is empty, expected a case\n"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="skipped: a device that is always full")  # noqa: PTH110
def test_standard_output_is_full():
    done = shell(">/dev/full", "lint", "--rules")
    assert (done.returncode, done.stderr) == (2, "error: output: no space left on device\n")


@pytest.mark.parametrize(
    "command", ["lint --type scp {}", "compare --type scp {} {}", "evaluate {}", "prove --org-id o-acme00000r --scp {}"]
)
def test_a_file_without_end(command):
    done = shell("", *command.format("/dev/zero", "/dev/zero").split())
    assert done.returncode == 2
    assert done.stderr.startswith("error: /dev/zero")
    assert done.stderr.count("\n") == 1


def test_an_interrupt_while_loading_ends_by_the_signal():
    """No traceback from the middle of an import."""
    script = (
        "import os, signal, sys, perimeter_smt.cli.entry as entry\n"
        "class Stop:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'perimeter_smt.cli.main': os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Stop())\n"
        "entry.main()\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (-signal.SIGINT, "")


@pytest.mark.parametrize("text", ["[" * 4000 + "]" * 4000, '{"id": ' + "7" * 4500 + "}"])
@pytest.mark.parametrize(
    "arguments", [["explain", "odd.json"], ["measure", "p.json", "--type", "scp", "--domain", "odd.json"]]
)
def test_deep_and_long_json(tmp_path, monkeypatch, capsys, text, arguments):
    """Nesting and numbers that no reader takes are bad input, not internal errors."""
    from perimeter_smt.cli.entry import status

    monkeypatch.chdir(tmp_path)
    (tmp_path / "odd.json").write_text(text)
    statement = {"Effect": "Deny", "Action": "sqs:*", "Resource": "*"}
    (tmp_path / "p.json").write_text(json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    monkeypatch.setattr("sys.argv", ["perimeter", *arguments])
    assert status() == 2
    assert capsys.readouterr().err.count("\n") == 1
