"""The tree, compared with a matcher that tries every route, and the work it does."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from velocipy.routing.path import parse_path
from velocipy.routing.tree import Node, Tree

Route = tuple[str, str]  # method and template
UNKNOWN = ("", "unknown")


def refused(method: str) -> Route:
    return (method, "refused")


def plant(routes: Iterable[Route], *, exact: bool = False) -> Tree[Route]:
    tree = Tree(UNKNOWN, refused, exact=exact)
    for method, template in routes:
        tree.add(parse_path(template, exact=exact), method, (method, template))
    return tree


# -- by hand ----------------------------------------------------------------------------------------------------------

END, LITERAL, PATTERN, VALUE, REST = range(5)  # the most literal first


def split(path: str, *, exact: bool) -> list[str]:
    return [part for part in path[1:].split("/") if part or exact]


def cuts(literals: list[str], text: str) -> Iterator[tuple[str, ...]]:
    """Every way to cut *text* into values that stand between *literals*, empty ones too."""
    first, *others = literals
    if others and text.startswith(first):
        for end in range(len(first), len(text) + 1):
            yield from ((text[len(first) : end], *values) for values in cuts(others, text[end:]))
    elif text == first:
        yield ()


def match_part(wanted: str, part: str) -> tuple[int, tuple[str, ...]] | None:
    """How literally a segment of a template matches a part of a path, and the values; None if it does not."""
    if "{" not in wanted:
        return (LITERAL, ()) if wanted == part else None
    literals = re.split(r"\{\w+\}", wanted)
    if literals == ["", ""]:
        return (VALUE, (part,)) if part else None
    found = min(cuts(literals, part), key=lambda values: [len(value) for value in reversed(values)], default=("",))
    return (PATTERN, found) if all(found) else None


def match(template: str, path: str, *, exact: bool) -> tuple[list[int], tuple[str, ...]] | None:
    """How literally *template* matches *path*, and the values; None if it does not."""
    wanted, parts = split(template, exact=exact), split(path, exact=exact)
    steps: list[int] = []
    values: tuple[str, ...] = ()
    for depth, segment in enumerate(wanted):
        if segment.endswith("*}"):
            before = r"/[^/]*" if exact else r"/+[^/]+"
            rest = re.fullmatch(f"(?:{before}){{{depth}}}({'/' if exact else '/?'})(.*)", path, re.DOTALL)
            return None if rest is None else ([*steps, REST], (*values, rest[2]))
        matched = match_part(segment, parts[depth]) if depth < len(parts) else None
        if matched is None:
            return None
        steps.append(matched[0])
        values += matched[1]
    return ([*steps, END], values) if len(wanted) == len(parts) else None


def find_by_trying_all(routes: list[Route], method: str, path: str, *, exact: bool) -> tuple[Route, tuple[str, ...]]:
    matches = [(*found, route) for route in routes if (found := match(route[1], path, exact=exact)) is not None]
    for _, values, route in sorted(matches, key=lambda found: found[0]):
        if route[0] == method:
            return route, values
    return (refused(method) if matches else UNKNOWN), ()


def two_patterns_match(routes: list[Route], path: str, *, exact: bool) -> bool:
    """Whether two different patterns match one part of *path*: which of them goes first is not documented."""
    for depth, part in enumerate(split(path, exact=exact)):
        wanted = {segment for _, template in routes for segment in split(template, exact=exact)[depth : depth + 1]}
        if sum(found[0] == PATTERN for segment in wanted if (found := match_part(segment, part)) is not None) > 1:
            return True
    return False


# -- whatever routes and paths there are ------------------------------------------------------------------------------

literals = st.sampled_from(["a", "b", "é"])
methods = st.sampled_from(["GET", "POST"])
segments = st.one_of(literals, st.just("{x}"), st.sampled_from(["{x}.{y}", "v{x}", "a{x}-{y}a"]))
fillings = st.sampled_from(["a", "b", "v", "a-a", "a.b.c", ".", "-a", "é", "💚", "%2F", "a b", "..", "{x0}"])


@st.composite
def templates(draw: st.DrawFn, *, exact: bool) -> str:
    shape = draw(st.lists(segments, max_size=3))
    # A name may stand once in a template; the same place has the same name in all, so that equal ones are equal.
    texts = [segment.replace("x}", f"x{index}}}").replace("y}", f"y{index}}}") for index, segment in enumerate(shape)]
    if draw(st.integers(0, 4)) == 0:
        texts.append("{rest*}")
    elif exact and texts and draw(st.booleans()):
        texts.append("")
    return "/" + "/".join(texts)


def routes(*, exact: bool = False) -> st.SearchStrategy[list[Route]]:
    return st.lists(st.tuples(methods, templates(exact=exact)), min_size=1, max_size=12, unique=True)


@st.composite
def paths(draw: st.DrawFn, routes: list[Route]) -> str:
    """Paths of which most are nearly what some template says."""
    _, template = draw(st.sampled_from(routes))
    parts = template[1:].split("/")
    if parts[-1] == "{rest*}":
        parts[-1:] = draw(st.lists(fillings, max_size=3))
    parts = [re.sub(r"\{\w+\}", lambda value: draw(fillings), part) for part in parts]
    for _ in range(draw(st.integers(0, 2))):
        at = draw(st.integers(0, len(parts)))
        parts[at : at + draw(st.integers(0, 1))] = draw(st.lists(fillings | literals | st.just(""), max_size=2))
    return "/" + "/".join(parts)


@st.composite
def cases(draw: st.DrawFn, *, exact: bool = False) -> tuple[list[Route], str]:
    drawn = draw(routes(exact=exact))
    return drawn, draw(paths(drawn))


either = pytest.mark.parametrize("exact", [False, True])


@either
@settings(max_examples=300)
@given(st.data(), methods)
def test_it_finds_what_trying_every_route_finds(exact: bool, data: st.DataObject, method: str) -> None:
    routes, path = data.draw(cases(exact=exact))
    assume(not two_patterns_match(routes, path, exact=exact))
    route, values = plant(routes, exact=exact).find(method, path)
    assert (route, tuple(values)) == find_by_trying_all(routes, method, path, exact=exact)


@either
@given(st.data(), methods)
def test_the_order_of_declaration_does_not_matter(exact: bool, data: st.DataObject, method: str) -> None:
    routes, path = data.draw(cases(exact=exact))
    assume(not two_patterns_match(routes, path, exact=exact))
    found, *others = [plant(order, exact=exact).find(method, path) for order in (routes, routes[::-1], sorted(routes))]
    assert others == [found] * 2


@given(cases(), methods)
def test_slashes_at_the_end_or_in_a_row_change_no_route(case: tuple[list[Route], str], method: str) -> None:
    routes, path = case
    tree = plant(routes)
    route, _ = tree.find(method, path)
    assert tree.find(method, path + "/")[0] == route
    assert tree.find(method, path.replace("/", "//"))[0] == route


def methods_at(tree: Tree[Route], path: str) -> set[str]:
    return {method for targets, _ in tree.matches(path) for method in targets}


@given(cases())
def test_the_methods_at_a_path_are_those_that_are_found_there(case: tuple[list[Route], str]) -> None:
    routes, path = case
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
