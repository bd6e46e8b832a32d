"""Connected components, against reachability by repeated widening."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipeline.dedup.clusters import components

EDGES = st.lists(st.tuples(st.integers(0, 25), st.integers(0, 25)), max_size=40)


@given(EDGES)
def test_every_node_gets_the_smallest_node_it_reaches(edges: list[tuple[int, int]]) -> None:
    reach = {node: {node} for edge in edges for node in edge}
    for _ in reach:
        for a, b in edges:
            reach[a] = reach[b] = reach[a] | reach[b]
    assert components(edges) == {node: min(reached) for node, reached in reach.items()}


@given(EDGES, st.randoms())
def test_the_order_of_edges_does_not_matter(edges: list[tuple[int, int]], rng: object) -> None:
    shuffled = [(b, a) for a, b in edges]
    rng.shuffle(shuffled)  # type: ignore[attr-defined]
    assert components(shuffled) == components(edges)


def test_a_long_path_is_one_component() -> None:
    path = [(f"n{k:05d}", f"n{k + 1:05d}") for k in range(20_000)]
    assert set(components(reversed(path)).values()) == {"n00000"}
