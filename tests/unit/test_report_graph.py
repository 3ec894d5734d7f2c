"""Drawings of the HTML report: what stands in the tree of units and in the graph of trust."""

from __future__ import annotations

from typing import Any

from perimeter_smt.report.html import graph


def account(name: str, *scps: str) -> dict[str, Any]:
    return {"id": name, "name": "", "scps": list(scps), "rcps": []}


def unit(name: str, accounts: list[dict[str, Any]], units: list[dict[str, Any]], *rcps: str) -> dict[str, Any]:
    return {"id": name, "name": name, "accounts": accounts, "units": units, "scps": [], "rcps": list(rcps)}


def trusts(*pairs: tuple[str, str]) -> dict[str, Any]:
    return {"trust": [{"trusted": [who], "roles": [role], "count": 1} for who, role in pairs]}


ROLE = "arn:aws:iam::111122223333:role/"


def test_accounts_of_no_policy_are_one_box_and_units_say_what_is_attached() -> None:
    inner = unit("apps", [account("111122223333"), account("444455556666"), account("123456789012", "own")], [], "r")
    found = graph.units({"root": unit("root", [], [inner])})
    assert found is not None
    lines = {(node.first, node.second) for node in found.nodes}
    assert lines == {
        ("root", "root"), ("apps", "1 RCP"), ("2 accounts", "nothing of their own"), ("123456789012", "1 SCP"),
    }  # fmt: skip
    assert len(found.edges) == 3
    places = {node.first: node.x for node in found.nodes}
    assert places["root"] < places["apps"] < places["2 accounts"] == places["123456789012"]
    assert len({(node.x, node.y) for node in found.nodes}) == 4, "no box on another"


def test_a_role_that_is_trusted_and_trusts_is_one_box_between_two() -> None:
    found = graph.trust(trusts((ROLE + "a", ROLE + "b"), ("ec2.amazonaws.com under conditions", ROLE + "a")))
    assert found is not None
    places = {node.first: (node.x, node.kind) for node in found.nodes}
    assert places["ec2.amazonaws.com"][0] < places["role/a"][0] < places["role/b"][0]
    assert places["role/a"][1] == places["role/b"][1] == "role"
    assert [edge.narrowed for edge in found.edges].count(True) == 1


def test_roles_that_trust_each_other_and_themselves_are_drawn() -> None:
    found = graph.trust(trusts((ROLE + "a", ROLE + "b"), (ROLE + "b", ROLE + "a"), (ROLE + "a", ROLE + "a")))
    assert found is not None
    assert (len(found.nodes), len(found.edges)) == (2, 2)


def test_what_is_too_large_to_read_or_empty_is_left_to_the_list() -> None:
    assert graph.trust(trusts(*((f"{ROLE}a{i}", f"{ROLE}b{i}") for i in range(60)))) is None
    assert graph.trust({"trust": []}) is None
    assert graph.units({"root": unit("root", [], [])}) is None


def test_the_same_drawing_every_time_whatever_the_parts() -> None:
    pairs = [(f"{ROLE}a{i % 7}", f"{ROLE}b{i}") for i in range(25)]
    assert graph.trust(trusts(*pairs)) == graph.trust(trusts(*pairs))
