"""Templates: what they mean, and what is wrong with those that mean nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from velocipy.errors import PathError
from velocipy.routing.path import Pattern, Segment, parse_path, split_path


def test_a_template_becomes_its_segments() -> None:
    assert parse_path("/items/{id:int}/parts/{part}/{rest*}") == [
        Segment("items"),
        Segment("{id:int}", "id", "int"),
        Segment("parts"),
        Segment("{part}", "part"),
        Segment("{rest*}", "rest", None, True),
    ]


def test_the_convertor_path_takes_the_rest() -> None:
    assert parse_path("/{rest:path}")[0].catches_all


@pytest.mark.parametrize("path", ["/", "//", "///"])
def test_a_path_of_slashes_has_no_segments(path: str) -> None:
    assert parse_path(path) == []


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("", "slash"),
        ("items", "slash"),
        ("/a?b=1", "?"),
        ("/a#b", "#"),
        ("/{a}/{a}", "twice"),
        ("/{a*}/b", "goes on"),
        ("/{a:path}/{b}", "goes on"),
        ("/{a", "braces"),
        ("/a}", "braces"),
        ("/{{a}}", "braces"),
        ("/{a:int:float}", "braces"),
        ("/{a}{b}", "nothing parts"),
        ("/x{a*}", "whole rest"),
        ("/{a:path}.txt", "whole rest"),
        ("/{a}-{a}", "twice"),
        ("/v{a:nothing}", "convertor"),
        ("/{}", "name"),
        ("/{1a}", "name"),
        ("/{a-b}", "name"),
        ("/{class}", "name"),
        ("/{a:nothing}", "convertor"),
        ("/{a:}", "convertor"),
    ],
)
def test_a_template_that_means_nothing_is_refused_with_its_text(path: str, problem: str) -> None:
    with pytest.raises(PathError) as refusal:
        parse_path(path)
    assert repr(path) in str(refusal.value)
    assert problem in refusal.value.problem
    assert refusal.value.remedy


@given(st.text(alphabet="/{}:*?#ab1é \0"))
def test_every_text_is_a_template_or_refused(text: str) -> None:
    try:
        segments = parse_path(text)
    except PathError:
        return
    assert all(segment.text for segment in segments)
    assert [segment.text for segment in segments] == split_path(text)


@pytest.mark.parametrize(
    ("template", "text", "values"),
    [
        ("{name}.{ext}", "a.b", ("a", "b")),
        ("{name}.{ext}", "a.tar.gz", ("a.tar", "gz")),
        ("{name}.{ext}", ".a", None),
        ("{name}.{ext}", "a.", None),
        ("{name}.{ext}", "a", None),
        ("v{major}-{minor}", "v1-2", ("1", "2")),
        ("v{major}-{minor}", "1-2", None),
        ("v{major}-{minor}", "v-2", None),
        ("x{a}x", "xx", None),
        ("x{a}x", "x", None),
        ("x{a}x", "xax", ("a",)),
        ("{a}--{b}--{c}", "1--2--3--4", ("1--2", "3", "4")),
    ],
)
def test_a_segment_of_several_parts(template: str, text: str, values: tuple[str, ...] | None) -> None:
    (segment,) = parse_path("/" + template)
    assert segment.pattern is not None
    assert segment.pattern.match(text) == values


@given(
    st.lists(st.sampled_from([".", "-", "--", "a"]), max_size=3),
    st.text("a.-", max_size=2),
    st.text("a.-", max_size=2),
    st.text("ab.-", max_size=12),
)
def test_values_and_literals_make_the_text_again(between: list[str], first: str, last: str, text: str) -> None:
    values = tuple((f"v{number}", None) for number in range(len(between) + 1))
    pattern = Pattern((first, *between, last), values)
    found = pattern.match(text)
    if found is not None:
        assert all(found)
        pieces = zip(pattern.literals, (*found, ""), strict=True)
        assert "".join(piece for pair in pieces for piece in pair) == text
