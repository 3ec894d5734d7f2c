"""Searches that are ended: what was found until then is shown and true, and nothing is said to be all."""

from __future__ import annotations

import json
import os
import signal
from itertools import count

import pytest

from benchmarks.findings_sets import policy
from perimeter_smt.cli import stopping
from perimeter_smt.cli.main import run
from perimeter_smt.cli.progress import Bar
from perimeter_smt.evaluate import decide
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.questions.findings.answer import findings

ACCOUNT, ORG = "111122223333", "o-acme0000001"
INTERRUPTED = "not decided: interrupted"


def after(number):
    """A stop that comes after so many questions."""
    asked = count()
    return lambda: next(asked) >= number


def test_what_was_found_in_one_policy():
    """Each set is access; of a search that was ended nothing else is proved."""
    document = parse_object(policy(5, 5, 1), Kind.RESOURCE, file="set.json", name="set")
    counts = []
    for number in (0, 20, 40, 60):
        found = findings(document, account=ACCOUNT, stop=after(number))
        assert (found.status, found.reason, found.exit_code) == ("unknown", INTERRUPTED, 3)
        assert "restated" not in found.proved
        assert all(decide(one.example.case).allowed for one in found.findings)
        counts.append(len(found.findings))
    assert counts[0] == 0
    assert counts == sorted(counts)
    assert 0 < counts[-1] <= len(findings(document, account=ACCOUNT).findings)


@pytest.fixture
def estate(tmp_path, monkeypatch):
    """Two queues that the partner reads."""
    monkeypatch.chdir(tmp_path)
    partner = {"AWS": "444455556666"}
    statement = {"Effect": "Allow", "Principal": partner, "Action": "sqs:ReceiveMessage", "Resource": "*"}
    (tmp_path / "queue.json").write_text(json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    (tmp_path / "perimeter.yaml").write_text(f"orgs: [{ORG}]\n")
    queues = "".join(
        f"    - arn: arn:aws:sqs:eu-west-1:{ACCOUNT}:{name}\n      policy: queue.json\n" for name in ("in", "out")
    )
    (tmp_path / "organization.yaml").write_text(
        f'id: {ORG}\nmanagement_account: "999999999999"\nroot:\n  id: r-ab12\n  accounts:\n'
        f'  - id: "{ACCOUNT}"\n    principals: []\n    resources:\n{queues}'
    )
    return tmp_path


def test_ctrl_c_in_a_workspace(estate, monkeypatch, capsys):
    """The first queue was decided, the second was not."""
    shown = Bar.__call__

    def interrupt(self, label, done, total):
        shown(self, label, done, total)
        if (done, label[-3:]) == (1, "out"):
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(Bar, "__call__", interrupt)
    before = signal.getsignal(signal.SIGINT)
    assert run(["findings", ".", "--json"]) == 130
    assert signal.getsignal(signal.SIGINT) is before
    out, err = capsys.readouterr()
    told = json.loads(out)
    assert (told["status"], told["proved"]) == ("unknown", ["included"])
    assert told["reason"].endswith(INTERRUPTED)
    assert [one["resource"][-3:] for one in told["findings"]] == [":in"]
    assert err == "error: interrupted: what was decided until then is shown\n"


def test_the_second_ctrl_c_ends_the_program():
    """So does the first before anything was asked: there is nothing to show."""
    with stopping.Stopping() as stop:
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
        assert not stop()
        os.kill(os.getpid(), signal.SIGINT)
        assert stop()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert stop.exit_code(1) == 130
