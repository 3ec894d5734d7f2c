"""A short run of the small worlds, and what the long run does with worlds that do not end well."""

from __future__ import annotations

import argparse
import json
import os
import time

import pytest

from perimeter_smt.encode.language.principal import Hits
from perimeter_smt.evaluate import decide
from tests.attack.cases import case_of
from tests.attack.cast import APP, STRANGER
from tests.attack.small import run as small_run
from tests.attack.small.draw import small
from tests.attack.small.judge import judge
from tests.attack.small.run import Run, judged
from tests.attack.theme_worlds import BASE, guarded_by, owner_keys, role_of, sample_of


@pytest.mark.parametrize("first", range(21, 41, 5))
def test_small_worlds_are_plainly_right(first):
    """No crash, nothing undecided, no breach of a proof, no request shown that is not AWS's."""
    found = [judge(seed, 100) for seed in range(first, first + 5)]
    assert [record for one in found for record in one.records] == []
    assert sum(one.decided for one in found) > 0


def test_a_call_through_an_access_point_is_asked_about_a_bucket_as_well():
    """Guardrails alone: an RCP on buckets stops the call on a point of their owner (semantics 3.7, X-44 as chosen)."""
    point = f"arn:aws:s3:eu-west-1:{APP}:accesspoint/inner/object/report.csv"
    principal, keys = role_of(STRANGER)
    drawn = sample_of(principal, {**BASE, **keys, **owner_keys(APP)}, "s3:GetObject", point, APP, kind="role")
    for resource, allowed in (("arn:aws:s3:::*", False), (f"{point}x", True), (point, False)):
        deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": resource}
        assert decide(case_of(guarded_by([], [deny], "O1", "s3:GetObject", "aws"), drawn)).allowed is allowed


def test_a_planted_defect_is_found(monkeypatch):
    """Accounts without users have federated users of the root user: a world of that theme tells."""
    seeds = [seed for seed in range(1, 4000) if small(seed).part == "root-federation"]
    assert [record for seed in seeds[:2] for record in judge(seed, 50).records] == []
    monkeypatch.setattr("perimeter_smt.encode.world.existence.makes_federated_users", lambda *_: False)
    assert any(record["what"] == "breach of proved" for seed in seeds for record in judge(seed, 50).records)


def _options(out, **more):
    given = {
        "seed": 1,
        "worlds": 4,
        "requests": 10,
        "seconds": None,
        "patience": 60.0,
        "jobs": 1,
        "show": False,
        "kind": "",
    }
    return argparse.Namespace(out=str(out), **{**given, **more})


def test_a_run_goes_on_where_its_file_ends(tmp_path, monkeypatch):
    """Whole chunks stay, what was begun after them is drawn again."""
    monkeypatch.setattr(small_run, "CHUNK", 2)
    asked = []

    def fake(seeds, *_):
        asked.extend(seeds)
        for seed in seeds:
            yield small_run.Judged(seed, "proved", records=[{"seed": seed, "what": "unknown"}] if seed == 3 else [])

    monkeypatch.setattr(small_run, "judged", fake)
    file = tmp_path / "worlds.jsonl"
    done = {"from": 1, "worlds": 2, "counts": {"worlds": 2, "refuted": 2}}
    file.write_text(json.dumps(done) + "\n" + json.dumps({"seed": 3, "what": "crash"}) + '\n{"cut', encoding="utf-8")
    assert Run(_options(file)).all() == 1
    assert asked == [3, 4]
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert [line.get("what") for line in lines] == [None, "unknown", None]
    assert lines[-1]["counts"]["worlds"] == 2


def _work(pipe, seeds, *_):
    for seed in seeds:
        if seed == 2:
            os._exit(9)
        if seed == 3:
            time.sleep(600)
        pipe.send(small_run.Judged(seed, "proved"))
    pipe.close()


def test_a_world_that_kills_its_process_or_has_no_end_is_a_record(monkeypatch):
    """The worlds after it are asked all the same."""
    monkeypatch.setattr(small_run, "work", _work)
    monkeypatch.setattr(small_run, "START", 5.0)
    found = list(judged(range(1, 5), 10, 2.0))
    assert [(one.seed, one.verdict) for one in found] == [(1, "proved"), (2, "crash"), (3, "no end"), (4, "proved")]


def test_lists_of_buckets_that_nobody_reads_are_found(monkeypatch):
    """Worlds of buckets with access control lists are plainly right, and tell where an entry counts for nothing."""
    seeds = (*range(1, 9), 165, 180)
    assert [record for seed in seeds for record in judge(seed, 60, "bucket").records] == []
    monkeypatch.setattr("perimeter_smt.encode.world.acl.hits", lambda *_: Hits())
    found = {record["what"] for seed in seeds[-2:] for record in judge(seed, 60, "bucket").records}
    assert found == {"breach of proved"}
