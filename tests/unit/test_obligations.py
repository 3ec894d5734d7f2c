"""Obligations as units of work: the same answer from workers, a cluster and a cache, whatever happens to them."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import time
import warnings
from datetime import date

import pytest

from perimeter_smt.organization.model import Account, Guardrails, Organization, OwnedPrincipal, Unit
from perimeter_smt.organization.perimeter import Perimeter, RoleException, Workspace
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_policy
from perimeter_smt.questions.obligations import between, digest, granted, pool, task
from perimeter_smt.questions.obligations.cache import Cache, prune
from perimeter_smt.questions.obligations.decide import Means
from perimeter_smt.questions.perimeter import StoppedProofError, prove
from perimeter_smt.questions.verdicts import Limit, Verdict
from perimeter_smt.report.json import dumps, report_json
from perimeter_smt.solve.result import Limits

ORG, MANAGEMENT, MEMBER = "o-acme0000001", "123456789012", "111122223333"


def document(kind, statement):
    return parse_policy(
        json.dumps({"Version": "2012-10-17", "Statement": [statement]}), kind, file=f"{kind.value}.json"
    )


def space(granted="s3:GetObject", organization=ORG):
    scp = document(
        Kind.SCP,
        {"Effect": "Deny", "Action": "s3:*", "Resource": "*",
         "Condition": {"StringNotEqualsIfExists": {"aws:ResourceOrgID": organization}}},
    )  # fmt: skip
    grant = document(Kind.IDENTITY, {"Effect": "Allow", "Action": granted, "Resource": "*"})
    role = OwnedPrincipal(arn=f"arn:aws:iam::{MEMBER}:role/App", type="role", account=MEMBER, policies=(grant,))
    accounts = (Account(id=MEMBER, principals=(role,), listed=True), Account(id=MANAGEMENT, listed=True))
    root = Unit(id="r-ac01", guardrails=Guardrails(scps=(scp,)), accounts=accounts)
    return Workspace(
        organization=Organization(id=ORG, management_account=MANAGEMENT, root=root),
        perimeter=Perimeter(orgs=(ORG,), cidrs=("203.0.113.0/24",)),
        name="acme",
    )


def asked(means=Means(), workspace=None, **options):
    options.setdefault("objectives", ("O1", "O3", "O5"))
    return dumps(report_json(prove(workspace or space(), services=["s3"], means=means, **options)))


@pytest.fixture
def apart(monkeypatch):
    """Every obligation is a chain of its own, as it is in a large organization."""
    monkeypatch.setattr(task, "_LARGE", 0)


@pytest.fixture
def nothing_encoded(monkeypatch):
    """Nothing may be decided in this process."""

    def refuse(*_, **__):
        raise AssertionError("something was encoded")

    return lambda: monkeypatch.setattr("perimeter_smt.questions.obligations.decide.Encoded", refuse)


def entries(folder):
    return sorted(folder.rglob("*.json"))


@pytest.mark.usefixtures("apart")
def test_workers_give_the_same_bytes(tmp_path, nothing_encoded):
    """As many as there are, whatever is in the cache."""
    here = asked()
    nothing_encoded()
    assert asked(Means(jobs=2)) == here
    assert asked(Means(jobs=2, cache=tmp_path)) == here
    assert asked(Means(cache=tmp_path)) == here


@pytest.mark.usefixtures("apart")
def test_what_killed_workers_leave_is_decided_here():
    here = asked()
    killed = []

    def kill(label, done, total):
        workers = multiprocessing.active_children()
        if workers and not killed:
            killed.extend(worker.pid for worker in workers)
            for pid in killed:
                os.kill(pid, signal.SIGKILL)

    assert asked(Means(jobs=2), progress=kill) == here
    assert killed


def test_a_cache_answers_alone(tmp_path, nothing_encoded):
    here = asked(Means(cache=tmp_path))
    assert len(entries(tmp_path)) == 4
    nothing_encoded()
    assert asked(Means(cache=tmp_path)) == here


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text[:-20],
        lambda text: text.replace('"proved"', '"refuted"').replace('"unknown"', '"proved"') + " ",
        lambda _: "",
        lambda _: '{"key": 1}\n{}',
        lambda _: "[" * 100_000,
    ],
)
def test_damaged_entries_are_decided_again(tmp_path, change):
    here = asked(Means(cache=tmp_path))
    before = [path.read_bytes() for path in entries(tmp_path)]
    for path in entries(tmp_path):
        path.write_text(change(path.read_text("utf-8")), "utf-8")
    assert asked(Means(cache=tmp_path)) == here
    assert [path.read_bytes() for path in entries(tmp_path)] == before


def test_an_entry_of_another_key_is_none(tmp_path):
    """Entries that were moved, and whole ones whose content is that of another obligation."""
    here = asked(Means(cache=tmp_path))
    one, other, *_ = entries(tmp_path)
    other.write_bytes(one.read_bytes())
    assert Cache(tmp_path).get(other.stem) is None
    assert asked(Means(cache=tmp_path)) == here


def test_what_guardrails_do_not_look_at_is_not_asked_again(tmp_path, nothing_encoded):
    """Another grant leaves the verdicts on guardrails alone as they are; another guardrail does not."""
    here = asked(Means(cache=tmp_path))
    other = asked(workspace=space(organization="o-acme0000002"))
    assert asked(Means(cache=tmp_path), space(organization="o-acme0000002")) == other
    nothing_encoded()
    assert asked(Means(cache=tmp_path), space(granted="s3:*")) == here
    with pytest.raises(AssertionError, match="encoded"):
        asked(Means(cache=tmp_path), space(granted="s3:*"), mode="grants")


def many(changed=""):
    """Roles that hold different policies, one of which may be changed."""
    grants = [document(Kind.IDENTITY, {"Effect": "Allow", "Action": "s3:Get*", "Resource": f"arn:aws:s3:::team-{n}/*"})
              for n in range(6)]  # fmt: skip
    grants.append(document(Kind.IDENTITY, {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}))
    if changed:
        grants[1] = document(Kind.IDENTITY, {"Effect": "Allow", "Action": changed, "Resource": "arn:aws:s3:::other/*"})
    found = space()
    roles = [OwnedPrincipal(arn=f"arn:aws:iam::{MEMBER}:role/App{n}", type="role", account=MEMBER, policies=(grant,))
             for n, grant in enumerate(grants)]  # fmt: skip
    root = found.organization.root
    accounts = (root.accounts[0].model_copy(update={"principals": tuple(roles)}), root.accounts[1])
    root = root.model_copy(update={"accounts": accounts})
    return found.model_copy(update={"organization": found.organization.model_copy(update={"root": root})})


def test_a_changed_grant_asks_only_what_it_touches(tmp_path, monkeypatch, nothing_encoded):
    """The ends of an organization hold no policy by itself: what all may do together, and what nobody listed needs."""
    monkeypatch.setattr(between, "_LARGE", 0)
    monkeypatch.setattr(between, "_RATIO", 0)
    here = asked(Means(cache=tmp_path), many(), mode="grants")
    each = json.loads(asked(workspace=many(), mode="grants", merge=False))["verdicts"]
    assert [v["status"] for v in each] == [v["status"] for v in json.loads(here)["verdicts"]]
    new = asked(workspace=many("s3:GetObject"), mode="grants")
    wider = asked(workspace=many("s3:Put*"), mode="grants")
    nothing_encoded()
    assert asked(Means(cache=tmp_path), many("s3:GetObject"), mode="grants") == new
    with pytest.raises(AssertionError, match="encoded"):
        assert asked(Means(cache=tmp_path), many("s3:Put*"), mode="grants") == wider


def told(status, services, *limits):
    shown = tuple(Limit(reach=name, text=name, accepted=False) for name in limits)
    return Verdict(objective="O4", title="", services=tuple(services), status=status, limits=shown)


@pytest.mark.parametrize(
    ("low", "high", "agree"),
    [
        # Which services share a hole, and with it the limits of any of them, hangs on the hole that is found first.
        ([told("refuted", "ab"), told("refuted", "c", "L")], [told("refuted", "a"), told("refuted", "bc", "L")], True),
        ([told("refuted", "ab"), told("refuted", "c", "L")], [told("refuted", "abc")], False),
        ([told("refuted", "ab"), told("refuted", "c", "L")], [told("refuted", "a"), told("proved", "bc", "L")], False),
        ([told("conditional", "ab"), told("conditional", "c", "L")], [told("conditional", "abc", "L")], False),
    ],
)
def test_ends_with_services_in_other_groups(low, high, agree):
    found = between._agreed("O4", tuple(low), tuple(high))
    assert (found is not None) is agree


def test_a_question_of_the_whole_is_kept_by_what_documents_say(tmp_path):
    """Where documents stand does not count, what they say does; answers are not taken for verdicts."""
    first, moved = space(), space()
    role = moved.organization.root.accounts[0].principals[0]
    policy = role.policies[0]
    location = policy.location.__class__(file="moved.json", path="$", line=7)
    moved = granted.mapped(moved, lambda a: a.model_copy(update={"principals": tuple(
        p.model_copy(update={"policies": (policy.model_copy(update={"location": location}),)}) for p in a.principals
    )}))  # fmt: skip
    key = digest.said_key(digest.said(first, "O5"))
    assert digest.said_key(digest.said(moved, "O5")) == key
    assert digest.said_key(digest.said(space(granted="s3:Put*"), "O5")) != key
    assert digest.digest(moved) != digest.digest(first)
    kept = Cache(tmp_path)
    assert kept.answer(key) is None
    kept.keep_answer(key, False)
    assert kept.answer(key) is False
    assert kept.get(key) is None


@pytest.mark.parametrize(
    "options", [{"reading": "exact"}, {"enumerate_all": True}, {"limit": 2}, {"objectives": ("O1",)}]
)
def test_another_question_has_another_key(tmp_path, nothing_encoded, options):
    asked(Means(cache=tmp_path))
    nothing_encoded()
    with pytest.raises(AssertionError, match="encoded"):
        asked(Means(cache=tmp_path), **options)


def test_another_engine_has_another_key(tmp_path, nothing_encoded, monkeypatch):
    asked(Means(cache=tmp_path))
    monkeypatch.setattr("perimeter_smt.questions.obligations.digest.engine", lambda: "another")
    nothing_encoded()
    with pytest.raises(AssertionError, match="encoded"):
        asked(Means(cache=tmp_path))


def test_interrupted(tmp_path, nothing_encoded):
    """What was decided is told and kept."""
    whole = json.loads(asked())["verdicts"]

    def stop(label, done, total):
        assert total == 4
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(StoppedProofError) as stopped:
        asked(Means(cache=tmp_path), progress=stop)
    told = report_json(stopped.value.report)
    assert (stopped.value.decided, stopped.value.asked) == (2, 4)
    assert [v for v in told["verdicts"] if "interrupted" not in v["reason"]] == [
        v for v in whole if v["objective"] in ("O1", "O3")
    ]
    assert {v["objective"] for v in told["verdicts"] if v["status"] == "unknown"} == {"O5"}
    assert len(entries(tmp_path)) == 2


@pytest.mark.usefixtures("apart")
def test_interrupted_workers_end():
    def stop(label, done, total):
        raise KeyboardInterrupt

    with pytest.raises(StoppedProofError):
        asked(Means(jobs=2), progress=stop)


def test_prune_removes_old_entries_only(tmp_path):
    asked(Means(cache=tmp_path))
    first = entries(tmp_path)[0]
    old = time.time() - 90 * 86_400
    os.utime(first, (old, old))
    (first.parent / "notes.txt").write_text("mine")
    os.utime(first.parent / "notes.txt", (old, old))
    assert prune(tmp_path, 30) == (1, 3)
    assert not first.exists()
    assert (first.parent / "notes.txt").exists()


def test_a_task_travels():
    """Everything in it, and it is recognised when it comes again."""
    asks = (("O1",), ("s3",), "guardrails", "over", False, 20, False, (), Limits())
    found = task.Task(space(), None, True, *asks)
    assert pool.work(pool.packed(found), ("O1",)) == pool.work(pool.packed(found), ("O1",))


@pytest.mark.usefixtures("apart")
def test_a_cluster_with_a_worker_killed(nothing_encoded):
    """A real scheduler with workers of its own; one is killed while it works."""
    distributed = pytest.importorskip("distributed")
    here = asked()
    nothing_encoded()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None, "host": "127.0.0.1"}
        with distributed.LocalCluster(**options, processes=True, silence_logs=50) as cluster:
            assert asked(Means(scheduler=cluster.scheduler_address)) == here
            killed = []

            def kill(label, done, total):
                if not killed:
                    worker = next(iter(cluster.workers.values()))
                    killed.append(worker.process.process._process.pid)
                    os.kill(killed[0], signal.SIGKILL)

            assert asked(Means(scheduler=cluster.scheduler_address), progress=kill) == here
            assert killed


def test_a_cache_of_exceptions_that_end(tmp_path):
    """An exception with a last day is part of the question, day and all."""

    for day in (None, date(2031, 5, 1), date(2031, 6, 1)):
        entry = RoleException(arn="arn:aws:iam::*:role/Ended", objectives=("O3",), expires=day)
        one = space()
        one = one.model_copy(update={"perimeter": one.perimeter.model_copy(update={"role_exceptions": (entry,)})})
        assert asked(Means(cache=tmp_path), one) == asked(workspace=one)
