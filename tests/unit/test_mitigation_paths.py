"""The graph of C2: shortest paths and ancestors, as networkx finds them."""

from __future__ import annotations

import random

import networkx as nx
import pytest

from perimeter_smt.questions.mitigations.paths import Graph


@pytest.mark.parametrize("seed", range(12))
def test_paths_and_ancestors_are_those_of_networkx(seed: int) -> None:
    """On random graphs, every shortest path has the length of theirs, over all edges and over the kept ones alone."""
    chance = random.Random(seed)
    nodes = [f"n{number}" for number in range(9)]
    ours = Graph[tuple[str, str, bool]]()
    theirs: nx.DiGraph[str] = nx.DiGraph()
    for _ in range(18):
        one, other = chance.sample(nodes, 2)
        value = (one, other, chance.random() < 0.6)
        ours.put(one, other, value)
        theirs.add_edge(one, other, sure=value[2])
        assert ours.ancestors(other) == set(nx.ancestors(theirs, other))  # asked between edges, too
    sure = nx.subgraph_view(theirs, filter_edge=lambda a, b: theirs[a][b]["sure"])
    for one in theirs:
        assert ours.ancestors(one) == set(nx.ancestors(theirs, one))
        for other in theirs:
            for found, graph in (
                (ours.shortest(one, other), theirs),
                (ours.shortest(one, other, lambda value: value[2]), sure),
            ):
                if not nx.has_path(graph, one, other):
                    assert found is None
                    continue
                assert found is not None
                assert len(found) == nx.shortest_path_length(graph, one, other)
                assert [edge[0] for edge in found] + [other] == [one, *(edge[1] for edge in found)]


def test_nodes_that_nobody_knows() -> None:
    """They have no paths and no ancestors."""
    assert Graph[int]().shortest("a", "a") is None
    assert Graph[int]().ancestors("a") == set()
