"""The lookup: from a path and a method to what was registered for them.

A tree of segments; at each level literal text is tried before a value, and a value before the whole rest, with a way
back from dead ends. Paths without values also stand in one table. Cost grows with the depth of the path alone.
The tree stores and returns whatever it was given, and knows no plan.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Generic, TypeVar

from velocipy.routing.path import Segment, split_path

Target = TypeVar("Target")


class Node(Generic[Target]):
    """A place in the tree: where a path may go on, and what answers each method if it ends here."""

    __slots__ = ("literals", "rest", "targets", "value")

    def __init__(self) -> None:
        self.literals: dict[str, Node[Target]] = {}
        self.value: Node[Target] | None = None
        self.rest: Node[Target] | None = None
        self.targets: dict[str, Target] = {}


class Tree(Generic[Target]):
    """Paths with what answers them, by method.

    Args:
        miss: Takes a method and a path that nothing answers, and returns what `find` returns then.
    """

    __slots__ = ("_miss", "_root", "_table")

    def __init__(self, miss: Callable[[str, str], tuple[Target, tuple[str, ...]]]) -> None:
        self._miss = miss
        self._root: Node[Target] = Node()
        self._table: dict[str, dict[str, Target]] = {}

    def add(self, segments: Sequence[Segment], method: str, target: Target) -> Target | None:
        """Register *target*; if the path and method are taken, change nothing and return who has them."""
        node = self._root
        for segment in segments:
            if segment.name is None:
                node = node.literals.setdefault(segment.text, Node())
            elif segment.catches_all:
                node.rest = node.rest or Node()
                node = node.rest
            else:
                node.value = node.value or Node()
                node = node.value
        taken = node.targets.setdefault(method, target)
        if taken is not target:
            return taken
        if all(segment.name is None for segment in segments):
            self._table["/" + "/".join(segment.text for segment in segments)] = node.targets
        return None

    def find(self, method: str, path: str) -> tuple[Target, tuple[str, ...]]:
        """Return what answers *method* at *path*, and the values in the path."""
        targets = self._table.get(path)
        if targets is not None and method in targets:
            return targets[method], ()
        # PERF: straight down while there is no choice to take back; nearly every request ends here.
        node = self._root
        values: tuple[str, ...] = ()
        for part in path.split("/")[1:]:
            child = node.literals.get(part)
            if child is None:
                child = node.value
                if child is None or not part:
                    break
                values = (*values, part)
            node = child
        else:
            if method in node.targets:
                return node.targets[method], values
        for targets, found in self._search(self._root, split_path(path), 0, ()):
            if method in targets:
                return targets[method], found
        return self._miss(method, path)

    def methods(self, path: str) -> list[str]:
        """Return the methods that are answered at *path*, sorted; [] if the path is unknown."""
        return sorted({method for targets, _ in self._search(self._root, split_path(path), 0, ()) for method in targets})

    def _search(
        self, node: Node[Target], parts: list[str], depth: int, values: tuple[str, ...]
    ) -> Iterator[tuple[dict[str, Target], tuple[str, ...]]]:
        """Yield every match below *node*, the most literal first."""
        if depth == len(parts):
            if node.targets:
                yield node.targets, values
        else:
            child = node.literals.get(parts[depth])
            if child is not None:
                yield from self._search(child, parts, depth + 1, values)
            if node.value is not None:
                yield from self._search(node.value, parts, depth + 1, (*values, parts[depth]))
        if node.rest is not None and node.rest.targets:
            yield node.rest.targets, (*values, "/".join(parts[depth:]))
