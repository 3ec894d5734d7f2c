"""How the process of a command ends."""

import subprocess
import sys

import pytest

MAIN = "from perimeter_smt.cli.entry import main; "


def ended(before: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", f"{before}; {MAIN}main()", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize(
    "before", ["pass", "import sys; sys.setprofile(lambda *_: None)", "import sys; sys.settrace(lambda *_: None)"]
)
@pytest.mark.parametrize(("arguments", "code"), [(("--version",), 0), (("--nothing",), 2)])
def test_the_code_and_all_that_was_written(before, arguments, code):
    done = ended(before, *arguments)
    assert done.returncode == code
    assert (done.stdout if code == 0 else done.stderr).endswith("\n")


def test_what_was_registered_for_the_end_is_done():
    before = "import atexit, sys; atexit.register(sys.stdout.write, 'the end')"
    assert ended(before, "--version").stdout.endswith("the end")


def test_threads_are_waited_for():
    before = (
        "import threading, time; threading.Thread(target=lambda: (time.sleep(3), print('waited', flush=True))).start()"
    )
    assert ended(before, "--version").stdout.endswith("waited\n")
