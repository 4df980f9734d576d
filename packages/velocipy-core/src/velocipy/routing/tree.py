"""The lookup: from a path and a method to what was registered for them.

A tree of segments; at each level literal text is tried before a pattern of several parts, that before a value, and a
value before the whole rest, with a way back from dead ends. Paths without values also stand in one table. Cost grows
with the depth of the path alone. The tree stores and returns whatever it was given, and knows no plan.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from velocipy.routing.path import Pattern, Segment, split_path

Target = TypeVar("Target")

ANY = "*"
"""Stands for every method for which there is nothing else at a path."""


class Node(Generic[Target]):
    """A place in the tree: where a path may go on, and what answers each method if it ends here.

    `plain` is `value` where no pattern has to be tried before.
    """

    __slots__ = ("literals", "patterns", "plain", "rest", "targets", "value")

    def __init__(self) -> None:
        self.plain: Node[Target] | None = None
        self.patterns: dict[tuple[str, ...], tuple[Pattern, Node[Target]]] = {}
        self.literals: dict[str, Node[Target]] = {}
        self.value: Node[Target] | None = None
        self.rest: Node[Target] | None = None
        self.targets: dict[str, Target] = {}


class Tree(Generic[Target]):
    """Paths with what answers them, by method.

    Args:
        unknown: What answers a path that is unknown.
        refused: Takes a method that is not answered at a path, and returns what answers it instead.
        exact: Whether the empty parts count that slashes at the end or in a row make.
    """

    __slots__ = ("_exact", "_has_choices", "_refused", "_root", "_start", "_table", "_unknown")

    def __init__(self, unknown: Target, refused: Callable[[str], Target], *, exact: bool = False) -> None:
        self._exact = exact
        self._has_choices = False  # whether a path may go on in more than one way anywhere
        self._unknown = unknown
        self._refused = refused
        self._root: Node[Target] = Node()
        self._start: Node[Target] = Node()  # before the first slash
        self._start.literals[""] = self._root
        self._table: dict[str, dict[str, tuple[Target, Sequence[str]]]] = {}  # what `find` returns

    def add(self, segments: Sequence[Segment], method: str, target: Target) -> None:
        """Have *target* answer *method* at the path of *segments*."""
        node = self._root
        for segment in segments:
            before = node
            if segment.pattern is not None:
                _, node = node.patterns.setdefault(segment.pattern.literals, (segment.pattern, Node()))
            elif segment.name is None:
                node = node.literals.setdefault(segment.text, Node())
            elif segment.catches_all:
                node.rest = node = node.rest or Node()
            else:
                node.value = node = node.value or Node()
            before.plain = None if before.patterns else before.value
            if before.patterns or before.rest or (before.literals and before.value):
                self._has_choices = True
        node.targets[method] = target
        if not any(segment.values for segment in segments):
            path = "/" + "/".join(segment.text for segment in segments)
            self._table.setdefault(path, {})[method] = target, ()

    def find(self, method: str, path: str) -> tuple[Target, Sequence[str]]:
        """Return what answers *method* at *path*, and the values in the path."""
        table = self._table
        if path in table:
            answers = table[path]
            if method in answers:
                return answers[method]
        # PERF: straight down while there is no choice to take back; nearly every request ends here.
        node = self._start
        values: list[str] = []
        for part in path.split("/"):
            if part in node.literals:
                node = node.literals[part]
            elif part and node.plain is not None:
                node = node.plain
                values.append(part)
            else:
                if part and not self._has_choices:
                    return self._unknown, ()
                break
        else:
            if method in node.targets:
                return node.targets[method], values
        matches = self.matches(path)
        for targets, found in matches:
            if method in targets:
                return targets[method], found
            if ANY in targets:
                return targets[ANY], found
        return (self._refused(method) if matches else self._unknown), ()

    def matches(self, path: str) -> list[tuple[dict[str, Target], tuple[str, ...]]]:
        """Return every end in the tree that *path* leads to, the most literal first: targets by method, and values."""
        parts = split_path(path, exact=self._exact)
        matches = []
        ways: list[tuple[Node[Target], int, tuple[str, ...]]] = [(self._root, 0, ())]
        while ways:
            node, depth, values = ways.pop()
            if depth < 0:  # the whole rest was taken
                matches.append((node.targets, values))
                continue
            if node.rest is not None and not (self._exact and depth == len(parts)):
                rest = "/".join(parts[depth:]) if self._exact else _rest(path, depth)
                ways.append((node.rest, -1, (*values, rest)))
            if depth == len(parts):
                if node.targets:
                    matches.append((node.targets, values))
                continue
            part = parts[depth]
            if node.value is not None and part:
                ways.append((node.value, depth + 1, (*values, part)))
            for pattern, child in reversed(node.patterns.values()):
                found = pattern.match(part)
                if found is not None:
                    ways.append((child, depth + 1, (*values, *found)))
            if part in node.literals:
                ways.append((node.literals[part], depth + 1, values))
        return matches


def _rest(path: str, depth: int) -> str:
    """Return what follows the first *depth* parts of *path* and one slash, as it is written."""
    at = 0
    for _ in range(depth):
        while path[at : at + 1] == "/":
            at += 1
        at = path.find("/", at)
        if at < 0:
            return ""
    return path[at + 1 :]
