"""Templates: what they mean, and what is wrong with those that mean nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from velocipy.errors import PathError
from velocipy.routing.path import Segment, parse_path, split_path


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
        ("/x{a}", "whole segment"),
        ("/{a}.json", "whole segment"),
        ("/{a", "whole segment"),
        ("/a}", "whole segment"),
        ("/{{a}}", "whole segment"),
        ("/{a:int:float}", "whole segment"),
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
