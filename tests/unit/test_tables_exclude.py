"""Every table is classified: what a row does to the requests that can be, what its absence does, what that stands on.

A row that excludes requests may make a proof: it needs AWS's page and the day on which it was read, or an axiom that
can be doubted or left out.
"""

from __future__ import annotations

import json

import pytest

from perimeter_smt.encode.language.text import formal_text
from perimeter_smt.evaluate import decide
from perimeter_smt.organization.model import OwnedPrincipal
from perimeter_smt.organization.perimeter import Scope
from perimeter_smt.organization.silence import silent_tables
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.questions.mitigations import carriers, compute, credentials, data_planes, elsewhere, unseen
from perimeter_smt.questions.verdicts import presumes
from perimeter_smt.resources import encodings
from tests.attack.tables.direction import directions
from tests.unit.test_prove_callers import MINE, OFFICE, asked, deny, policy, workspace
from tests.unit.test_prove_resources import NO_ROOT
from tests.unit.test_tables_of_services import BESIDE

SOURCES = json.loads(encodings().joinpath("axiom-sources.json").read_text("utf-8"))
TABLES = {row["table"]: row for row in SOURCES["tables"]}
FILES = {
    file.name.removesuffix(".json"): json.loads(file.read_text("utf-8"))
    for file in encodings().joinpath("keys").iterdir()
    if file.name.endswith(".json")
}
LIMITS = {
    "C1": credentials.LIMITS, "C2": unseen.LIMITS, "E2": carriers.LIMITS, "N1": compute.LIMITS, "N2": elsewhere.LIMITS,
    "S1": data_planes.LIMITS,
}  # fmt: skip


def has_page(row, table):
    """A page, in `page` or `source`, and a day: that of the row, or that of its file."""
    page, day = row.get("page") or row.get("source", ""), row.get("read") or table["date"]
    return page.startswith("https://") and len(day) == len("2026-01-01")


def is_weak(name):
    """Whether an axiom is soft or presumed: a proof that needs it says so, or does without."""
    text = formal_text()
    return any(one.name == name and one.strength != "hard" for one in (*text.axioms, *text.schemas))


def stands(by, name):
    """Whether what excludes requests stands on something."""
    table = FILES[name]
    match by:
        case "page":
            return all(
                isinstance(row, dict) and has_page(row, table) for row in table.get("rows", table.get("keys", [""]))
            )
        case "complete":
            return all(has_page(row, table) for row in table["rows"] if row.get("complete"))
        case "list":
            return table["source"].startswith("https://") and len(table["date"]) == len("2026-01-01")
        case "input":
            return True
        case _:
            return by in silent_tables() or is_weak(by)


def test_every_table_is_classified():
    assert set(TABLES) == set(FILES)
    for row in TABLES.values():
        assert row["row"] in ("adds", "excludes", "neither"), row
        assert row["silence"] in ("adds", "excludes", "neither"), row


@pytest.mark.parametrize("name", sorted(FILES))
@pytest.mark.parametrize("what", ["row", "silence"])
def test_what_excludes_requests_stands_on_something(name, what):
    entry = TABLES[name]
    by = entry.get(f"{what}_by", "")
    assert bool(by) is (entry[what] == "excludes"), entry
    if by:
        assert stands(by, name), entry


def test_a_row_without_its_page_is_found(monkeypatch):
    """The test above fails where a row that excludes requests loses its page or its day."""
    bare = {**FILES["name-characters"], "rows": [{"service": "sqs", "part": "QueueName", "characters": "a-z"}]}
    monkeypatch.setitem(FILES, "name-characters", bare)
    assert not stands("page", "name-characters")
    assert not stands("AP3.role", "existing-resource-actions")


@pytest.mark.parametrize(
    ("name", "does"),
    [("own-account-actions", "excludes"), ("unsigned-actions", "adds"), ("vpce-account-services", "excludes")],
)
def test_rows_do_what_their_table_is_said_to_do(name, does):
    """The program that checks this for every table (`python -m tests.attack.tables.direction`), on some."""
    found = directions(name, rows=2, seconds=5)
    assert found[does]
    assert set(found) == {"asked", does}
    assert TABLES[name]["row"] == does


def test_mitigations_say_what_tables_may_not_know():
    """In text and JSON: each table whose silence hides a path is named among what the mitigation does not see."""
    assert set(silent_tables()) == set(LIMITS)
    for name, tables in silent_tables().items():
        assert all(any(f"`{table}`" in limit for limit in LIMITS[name]) for table in tables), name


def test_names_say_what_their_page_says():
    for row in FILES["name-characters"]["rows"]:
        assert row["says"] and row["read"], row


@pytest.mark.parametrize("doubts", [(), ("AE12.needs",), ("AE12.built-in",)])
def test_that_a_call_needs_what_it_names_is_presumed(doubts):
    """A queue that is not there cannot be purged, by its verb; AWS lists nowhere which calls need what they name."""
    found = purged(doubts)
    if doubts == ("AE12.needs",):
        assert found.status == "conditional"
        (shown,) = found.counterexamples
        assert shown.depends_on == doubts
        assert decide(shown.case, rivals=shown.case.readings).allowed
    else:  # sqs is a complete row of built-in-resources: nothing is there by itself
        assert found.status == "proved"
        assert "AE12.needs" in presumes(found.assumptions)


def purged(doubts):
    """O5 on purging queues in an account that lists none, where nothing holds the network."""
    app = OwnedPrincipal(
        arn=f"arn:aws:iam::{MINE}:role/app", type="role", account=MINE,
        policies=(policy(Kind.IDENTITY, {"Effect": "Allow", "Action": "sqs:PurgeQueue", "Resource": "*"}),),
        trust=policy(Kind.TRUST, {"Effect": "Allow", "Principal": {"AWS": MINE}, "Action": "sts:AssumeRole"}),
    )  # fmt: skip
    own = deny({"StringNotEqualsIfExists": {"aws:ResourceAccount": MINE}})
    space = workspace(
        scps=(NO_ROOT, own), listed=True, principals=(app,), cidrs=(OFFICE,), assumptions=BESIDE,
        scopes={"O5": Scope(actions=("sqs:PurgeQueue",))}, doubts=doubts,
    )  # fmt: skip
    (found,) = asked("O5", "sqs", space, mode="grants").verdicts
    return found
