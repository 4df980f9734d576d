"""The digits of decimals are counted as pydantic counts them; but zero has none, which fits everywhere."""

from decimal import Decimal
from typing import Annotated, Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from velocipy import Query
from velocipy.conversion.table import Table
from velocipy.errors import Fault

pydantic = pytest.importorskip("pydantic", reason="the table is compared with it")

NUMBERS = st.from_regex(r"-?[012]{1,7}(\.[012]{1,6})?(e-?[0-5])?", fullmatch=True)
LIMITS = st.fixed_dictionaries(
    {}, optional={"max_digits": st.integers(0, 8), "decimal_places": st.integers(0, 5)}
).filter(bool)


@given(NUMBERS, LIMITS)
def test_it_agrees_with_pydantic(text: str, limits: dict[str, Any]) -> None:
    assume(Decimal(text) != 0)
    faults: list[Fault] = []
    Table(text=True).conversion(Annotated[Decimal, Query(**limits)])(text, (), faults)
    expected = []
    try:
        pydantic.TypeAdapter(Annotated[Decimal, pydantic.Field(**limits)]).validate_python(text)
    except pydantic.ValidationError as error:
        expected = [(fault["type"], fault["msg"]) for fault in error.errors()]
    assert [(fault["type"], fault["msg"]) for fault in faults] == expected


@given(st.integers(-400, 400), LIMITS)
def test_zero_fits(exponent: int, limits: dict[str, Any]) -> None:
    faults: list[Fault] = []
    Table(text=True).conversion(Annotated[Decimal, Query(**limits)])(f"0e{exponent}", (), faults)
    assert faults == []
