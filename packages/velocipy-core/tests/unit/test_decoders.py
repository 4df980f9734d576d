"""Values made of JSON data that does not come with a request."""

from dataclasses import dataclass
from typing import Any

import pytest

from velocipy import ValidationError
from velocipy.decoders import make_decoder
from velocipy.model_adapters import UnsupportedType


@dataclass
class Track:
    number: int
    names: list[str]


def pydantic_track() -> Any:
    pydantic = pytest.importorskip("pydantic", reason="a model of a library")
    return pydantic.create_model("PydanticTrack", number=(int, ...), names=(list[str], ...))


def test_a_model_is_made() -> None:
    assert make_decoder(Track)({"number": 1, "names": ["a"]}) == Track(1, ["a"])


def test_a_model_of_a_library_is_made() -> None:
    model = pydantic_track()
    assert make_decoder(model)({"number": 1, "names": ["a"]}) == model(number=1, names=["a"])


def test_other_types_are_made() -> None:
    assert make_decoder(list[int] | None)([1, 2]) == [1, 2]


@pytest.mark.parametrize("make_model", [lambda: Track, pydantic_track])
def test_all_faults_are_told_and_lead_into_the_data(make_model: Any) -> None:
    with pytest.raises(ValidationError) as raised:
        make_decoder(make_model())({"number": "one", "names": ["a", 2]})
    assert [fault["loc"] for fault in raised.value.errors] == [["number"], ["names", 1]]


def test_a_type_without_conversion_is_refused_at_once() -> None:
    with pytest.raises(UnsupportedType):
        make_decoder(object())
