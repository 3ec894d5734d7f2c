"""Work done aside by a copy of the process: the same results, whatever happens to the copy."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from perimeter_smt.organization.readers import load_workspace
from perimeter_smt.questions import mitigations
from perimeter_smt.questions.obligations import aside as module
from perimeter_smt.questions.obligations.aside import aside, here_only
from perimeter_smt.questions.obligations.decide import HERE, Means
from perimeter_smt.questions.perimeter import prove

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"
linux = pytest.mark.skipif(sys.platform != "linux", reason="skipped: copies of processes are made on Linux only")

BEGIN = """
import os, signal, sys, time
from perimeter_smt.questions.obligations.aside import aside, here_only
own = os.getpid()
def children():
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return 0
    return 1
"""


def script(text: str) -> str:
    """What a process of its own prints: the one that runs the tests may have several threads."""
    done = subprocess.run(
        [sys.executable, "-c", BEGIN + text], capture_output=True, text=True, check=True, timeout=120, cwd=EXAMPLES
    )
    assert not done.stderr
    return done.stdout


@linux
def test_a_copy_works_while_this_process_does_something_else():
    text = """
    def part(): return os.getpid() != own
    with aside([part, part]) as results:
        time.sleep(3)
        assert results() == [True, True]
    print(children())
    """
    assert script(_plain(text)) == "0\n"


@linux
def test_this_process_takes_what_the_copy_has_not_begun():
    text = """
    def slow(): time.sleep(3); return "slow"
    def part(): return os.getpid() == own
    with aside([slow, part, part]) as results:
        time.sleep(1)
        assert results() == ["slow", True, True]
    print(children())
    """
    assert script(_plain(text)) == "0\n"


@linux
@pytest.mark.parametrize("fault", ["raise ValueError", "os.kill(os.getpid(), signal.SIGKILL)", "os._exit(0)"])
def test_what_a_copy_fails_at_is_done_here(fault):
    text = f"""
    def part():
        if os.getpid() != own: {fault}
        return "here"
    with aside([part, part]) as results:
        time.sleep(1)
        assert results() == ["here", "here"]
    print(children())
    """
    assert script(_plain(text)) == "0\n"


@linux
def test_an_error_has_its_place_here_and_no_copy_stays():
    text = """
    def part(): raise KeyError("mine")
    def endless(): time.sleep(1000)
    try:
        with aside([part]) as results:
            results()
    except KeyError as error:
        print(error)
    try:
        with aside([endless]) as results:
            raise KeyboardInterrupt
    except KeyboardInterrupt:
        print(children())
    """
    assert script(_plain(text)) == "'mine'\n0\n"


@linux
def test_a_copy_writes_nothing_and_is_not_interrupted():
    text = """
    tell = here_only(lambda label, done, total: print(label))
    def part():
        os.kill(os.getpid(), signal.SIGINT) if os.getpid() != own else None
        tell("there", 0, 1)
        return 7
    sys.stdout.write("once ")
    with aside([part]) as results:
        time.sleep(1)
        print(*results())
    tell("here", 0, 1)
    """
    assert script(_plain(text)) == "once 7\nhere\n"


def test_a_process_with_threads_is_not_copied(monkeypatch):
    monkeypatch.setattr(os, "fork", lambda: pytest.fail("copied"))
    done = threading.Event()
    thread = threading.Thread(target=done.wait)
    thread.start()
    try:
        with aside([os.getpid]) as results:
            assert results() == [os.getpid()]
    finally:
        done.set()
        thread.join()
    with aside([os.getpid], wanted=False) as results:
        assert results() == [os.getpid()]
    assert here_only(None) is None


def test_every_question_is_in_one_group():
    groups = mitigations.apart(mitigations.QUESTIONS)
    assert sorted(name for group in groups for name in group) == sorted(mitigations.QUESTIONS)
    assert mitigations.apart(["L1", "E2"]) == [("E2",), ("L1",)]


@linux
def test_the_same_report_with_and_without_a_copy(monkeypatch):
    monkeypatch.setattr(module, "possible", lambda: threading.active_count() == 1)
    workspace = load_workspace(EXAMPLES / "mitigations" / "n1-mistake")
    asked = {"objectives": ("O1",), "mitigations": ("C1", "N1", "L1"), "without_exceptions": True}
    assert prove(workspace, **asked, means=Means(2)) == prove(workspace, **asked, means=HERE)


@linux
def test_a_second_processor_takes_the_second_chain():
    """Two chains: what the copy decides is in the report, byte for byte as if one process did it all."""
    text = """
    from pathlib import Path
    from perimeter_smt.organization.readers import load_workspace
    from perimeter_smt.questions.obligations import task
    from perimeter_smt.questions.obligations.decide import Means
    from perimeter_smt.questions.perimeter import prove
    from perimeter_smt.report.json import dumps, report_json
    task._TWO_CHAINS = 0
    workspace = load_workspace(Path("acme-with-mistakes"))
    begun = []
    def report(jobs):
        begun.clear()
        tell = lambda label, done, total: begun.append(label.split()[0])
        asked = {"services": ["s3"], "mitigations": (), "progress": tell, "means": Means(jobs)}
        return dumps(report_json(prove(workspace, **asked)))
    alone = report(1)
    print(*begun)
    assert report(2) == alone
    print(*begun, children())
    """
    assert script(_plain(text)) == "O1 O2 O3 O4 O5 O6 availability done\nO1 O2 O3 done 0\n"


def _plain(text: str) -> str:
    return "\n".join(line.removeprefix("    ") for line in text.splitlines())
