"""The tree, compared with a matcher that tries every route, and the work it does."""

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from velocipy.routing.path import Segment, parse_path, split_path
from velocipy.routing.tree import Node, Tree

Route = tuple[str, str]  # method and template
UNKNOWN = ("", "unknown")


def refused(method: str) -> Route:
    return (method, "refused")


def plant(routes: Iterable[Route]) -> Tree[Route]:
    tree = Tree(UNKNOWN, refused)
    for method, template in routes:
        tree.add(parse_path(template), method, (method, template))
    return tree


def rank(segments: list[Segment], path: str) -> tuple[tuple[int, ...], tuple[str, ...]] | None:
    """How literally *segments* match *path*, the smaller the more literal, and the values; None if they do not."""
    parts = split_path(path)
    steps: list[int] = []
    values: list[str] = []
    for depth, segment in enumerate(segments):
        if segment.catches_all:
            rest = parts[depth:]
            return (*steps, 2), (*values, "/".join(rest))
        if depth >= len(parts) or (segment.name is None and segment.text != parts[depth]):
            return None
        steps.append(0 if segment.name is None else 1)
        if segment.name is not None:
            values.append(parts[depth])
    return ((*steps, -1), tuple(values)) if len(segments) == len(parts) else None


def find_by_trying_all(routes: list[Route], method: str, path: str) -> tuple[Route, tuple[str, ...]]:
    matches = []
    for route in routes:
        matched = rank(parse_path(route[1]), path)
        if matched is not None:
            matches.append((*matched, route))
    matches.sort(key=lambda match: match[0])
    for _, values, route in matches:
        if route[0] == method:
            return route, values
    return (refused(method) if matches else UNKNOWN), ()


literals = st.sampled_from(["a", "b", "c", "a.b", "é"])
methods = st.sampled_from(["GET", "POST"])


@st.composite
def templates(draw: st.DrawFn) -> str:
    shape = draw(st.lists(st.sampled_from(["literal", "value"]), max_size=4))
    texts = [draw(literals) if kind == "literal" else f"{{x{index}}}" for index, kind in enumerate(shape)]
    if draw(st.integers(0, 4)) == 0:
        texts.append("{rest*}")
    return "/" + "/".join(texts)


paths = st.lists(st.one_of(literals, st.sampled_from(["z", "%", "{x0}", "a b"])), max_size=5).map(
    lambda parts: "/" + "/".join(parts)
)


@given(st.lists(st.tuples(methods, templates()), max_size=12, unique=True), methods, paths)
def test_it_finds_what_trying_every_route_finds(routes: list[Route], method: str, path: str) -> None:
    route, values = plant(routes).find(method, path)
    expected, expected_values = find_by_trying_all(routes, method, path)
    assert (route, tuple(values)) == (expected, expected_values)


@given(st.lists(st.tuples(methods, templates()), max_size=12, unique=True), methods, paths)
def test_slashes_at_the_end_or_in_a_row_change_no_route(routes: list[Route], method: str, path: str) -> None:
    tree = plant(routes)
    route, _ = tree.find(method, path)
    assert tree.find(method, path + "/")[0] == route
    assert tree.find(method, path.replace("/", "//"))[0] == route


def methods_at(tree: Tree[Route], path: str) -> set[str]:
    return {method for targets, _ in tree.matches(path) for method in targets}


@given(st.lists(st.tuples(methods, templates()), max_size=12, unique=True), paths)
def test_the_methods_at_a_path_are_those_that_are_found_there(routes: list[Route], path: str) -> None:
    tree = plant(routes)
    found = {method for method in ("GET", "POST") if tree.find(method, path)[0][1] not in ("unknown", "refused")}
    assert methods_at(tree, path) == found


def test_a_dead_end_is_left_for_the_next_best_way() -> None:
    tree = plant([("GET", "/a/b/c"), ("GET", "/a/{x}/d"), ("GET", "/{y}/b/e"), ("GET", "/{rest*}")])
    assert tree.find("GET", "/a/b/c") == (("GET", "/a/b/c"), ())
    for path, template, values in [
        ("/a/b/d", "/a/{x}/d", ["b"]),
        ("/a/b/e", "/{y}/b/e", ["a"]),
        ("/a/b/f", "/{rest*}", ["a/b/f"]),
    ]:
        route, found = tree.find("GET", path)
        assert (route, list(found)) == (("GET", template), values)


def test_another_method_on_a_less_literal_route_is_found() -> None:
    tree = plant([("GET", "/users/me"), ("DELETE", "/users/{name}")])
    assert tree.find("DELETE", "/users/me")[0] == ("DELETE", "/users/{name}")
    assert methods_at(tree, "/users/me") == {"GET", "DELETE"}


# -- the work ---------------------------------------------------------------------------------------------------------


class Counted(dict[str, Any]):
    """The literals of a node, which count how often they are asked: once or twice for each visit."""

    asked = 0

    def __contains__(self, key: object) -> bool:
        Counted.asked += 1
        return super().__contains__(key)


def count_visits(tree: Tree[Route], method: str, path: str) -> int:
    def wrap(node: Node[Route]) -> None:
        for child in [*node.literals.values(), node.value, node.rest]:
            if child is not None:
                wrap(child)
        node.literals = Counted(node.literals)

    wrap(tree._root)
    Counted.asked = 0
    tree.find(method, path)
    return Counted.asked


@pytest.mark.parametrize(
    "path", ["/items7/5/parts", "/items7/5/nothing", "/nothing/5/parts", "/items7", "//items7/5/parts"]
)
def test_the_work_does_not_grow_with_the_number_of_routes(path: str) -> None:
    def tree(size: int) -> Tree[Route]:
        return plant([("GET", f"/items{number}/{{x}}/parts") for number in range(size)])

    assert count_visits(tree(8), "GET", path) == count_visits(tree(2000), "GET", path) <= 12


def test_values_at_every_level_do_not_multiply_the_work() -> None:
    """`/{a}/{b}/.../{z}` and a path that fails at its last part: one way, not two to the power of the depth."""
    depth = 24
    template = "/" + "/".join(f"{{x{number}}}" for number in range(depth))
    tree = plant([("GET", template + "/end"), ("GET", "/a" * depth + "/end")])
    assert count_visits(tree, "GET", "/a" * depth + "/no") <= 6 * depth


def test_the_work_is_bounded_by_the_places_in_the_tree() -> None:
    """Every mixture of a literal and a value on ten levels is 1024 routes; no place is visited twice."""
    depth = 10
    mixtures = [
        "/".join("a" if number >> level & 1 else f"{{x{level}}}" for level in range(depth))
        for number in range(2**depth)
    ]
    tree = plant([("GET", f"/{mixture}") for mixture in mixtures])
    assert count_visits(tree, "GET", "/a" * depth + "/no") <= 2 ** (depth + 2)


def test_a_path_of_ten_thousand_parts_is_looked_up_once() -> None:
    tree = plant([("GET", "/a/{x}"), ("GET", "/{rest*}")])
    path = "/a" * 10_000
    assert count_visits(tree, "GET", path) <= 8
    assert tree.find("GET", path)[1][0] == path[1:]
