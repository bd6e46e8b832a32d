"""Connected components of small graphs: whose members are linked, directly or through others."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, Self, TypeVar


class Ordered(Protocol):
    """Anything with a total order and a hash: ids, or positions of ids that are sorted."""

    def __lt__(self, other: Self, /) -> bool:
        """Whether this comes first."""

    def __hash__(self) -> int:
        """Equal nodes have equal hashes."""


Node = TypeVar("Node", bound=Ordered)


def components(edges: Iterable[tuple[Node, Node]]) -> dict[Node, Node]:
    """For every node of an edge, the smallest node of its component.

    Union-find with path halving, the smaller root winning; the result does not depend on the order of the edges.
    """
    parent: dict[Node, Node] = {}
    for left, right in edges:
        a, b = _root(parent, left), _root(parent, right)
        if a < b:
            parent[b] = a
        elif b < a:
            parent[a] = b
    return {node: _root(parent, node) for node in parent}


def _root(parent: dict[Node, Node], node: Node) -> Node:
    parent.setdefault(node, node)
    while parent[node] != node:
        parent[node] = parent[parent[node]]
        node = parent[node]
    return node
