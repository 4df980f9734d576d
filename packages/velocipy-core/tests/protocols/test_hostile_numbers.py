"""Numbers as attackers write them: each is a 422 with its place, never a 500, a hang or a guess."""

from datetime import timedelta
from decimal import Decimal
from typing import Annotated

import pytest
from httpx2 import Client

from velocipy import Header, Query, VelociPy

app = VelociPy()


@app.get("/int")
async def an_int(n: int) -> int:
    return n


@app.get("/bounded")
async def a_bounded_int(n: Annotated[int, Query(ge=-5, le=5)]) -> int:
    return n


@app.get("/path/{n}")
async def in_the_path(n: int) -> int:
    return n


@app.get("/convertor/{n:int}")
async def by_convertor(n: int) -> int:
    return n


@app.get("/header")
async def in_a_header(n: Annotated[int, Header()]) -> int:
    return n


@app.get("/list")
async def in_a_list(n: Annotated[list[int], Query()]) -> list[int]:
    return n


@app.get("/float")
async def a_float(n: float) -> float:
    return n


@app.get("/decimal")
async def a_decimal(n: Decimal) -> str:
    return str(n)


@app.get("/cents")
async def cents(n: Annotated[Decimal, Query(multiple_of=Decimal("0.01"))]) -> str:
    return str(n)


@app.get("/tenths")
async def tenths(n: Annotated[Decimal, Query(multiple_of=0.1)]) -> str:
    return str(n)


@app.get("/timedelta")
async def a_timedelta(n: timedelta) -> float:
    return n.total_seconds()


NO_INTS = [
    "1_0",
    " 5",
    "5 ",
    "\t5",
    "5\n",
    "\u00a05",
    "\u0665",
    "\uff15",
    "\u00b2",
    "\u2460",
    "1e3",
    "0x10",
    "1.0",
    "--1",
    "+",
    "-",
    "",
    "1,000",
    "\x00",
    "5\x00",
]


@pytest.mark.parametrize("text", NO_INTS)
@pytest.mark.parametrize("path", ["/int", "/bounded", "/list"])
def test_what_python_calls_an_int_and_others_do_not(client: Client, path: str, text: str) -> None:
    response = client.get(path, params={"n": text})
    assert response.status_code == 422
    (fault,) = response.json()["detail"]
    assert fault["type"] == "int_parsing"
    assert fault["loc"][:2] == ["query", "n"]


@pytest.mark.parametrize("text", ["1_0", "%205", "5%20", "%D9%A5", "%EF%BC%95", "1e3", "-", "5%0A"])
@pytest.mark.parametrize("path", ["/path", "/convertor"])
def test_a_path_value_is_as_strict(client: Client, path: str, text: str) -> None:
    response = client.get(f"{path}/{text}")
    assert response.status_code == 422
    (fault,) = response.json()["detail"]
    assert (fault["loc"], fault["type"]) == (["path", "n"], "int_parsing")


@pytest.mark.parametrize("text", ["1_0", "0x10", "1.0", "five"])
def test_a_header_is_as_strict(client: Client, text: str) -> None:
    (fault,) = client.get("/header", headers={"n": text}).json()["detail"]
    assert (fault["loc"], fault["type"]) == (["header", "n"], "int_parsing")


@pytest.mark.parametrize("sign", ["", "-", "+"])
@pytest.mark.parametrize("path", ["/int", "/bounded", "/list"])
def test_an_int_of_5000_digits_is_refused_for_its_size(client: Client, path: str, sign: str) -> None:
    response = client.get(path, params={"n": sign + "9" * 5000})
    if response.status_code == 414:
        pytest.skip("this server refuses so long a line by itself")
    assert response.status_code == 422
    (fault,) = response.json()["detail"]
    assert fault["type"] == "int_parsing_size"
    assert "sys." not in fault["msg"]


@pytest.mark.parametrize(
    ("text", "status"),
    [("-5", 200), ("5", 200), ("+5", 200), ("005", 200), ("-6", 422), ("6", 422), ("+6", 422), ("9" * 20, 422)],
)
def test_bounds_hold_however_the_number_is_written(client: Client, text: str, status: int) -> None:
    assert client.get("/bounded", params={"n": text}).status_code == status


@pytest.mark.parametrize("text", ["nan", "NaN", "-nan", "inf", "-inf", "Infinity", "1e999", "-1e999", "9" * 400])
def test_a_float_is_finite(client: Client, text: str) -> None:
    (fault,) = client.get("/float", params={"n": text}).json()["detail"]
    assert (fault["loc"], fault["type"]) == (["query", "n"], "finite_number")


@pytest.mark.parametrize(
    "text", ["1_0.5", " 1.5", "1.5 ", "\u0665.\u0665", "1,5", "0x1p3", ".", "e5", "1e", "1.5f", ""]
)
def test_a_float_is_written_in_ascii_digits(client: Client, text: str) -> None:
    (fault,) = client.get("/float", params={"n": text}).json()["detail"]
    assert fault["type"] == "float_parsing"


@pytest.mark.parametrize("path", ["/decimal", "/cents", "/tenths"])
@pytest.mark.parametrize("text", ["NaN", "sNaN", "Infinity", "1_0", " 1", "\u0665", "1e999999999999999999999"])
def test_a_decimal_is_a_finite_number_in_ascii_digits(client: Client, path: str, text: str) -> None:
    response = client.get(path, params={"n": text})
    assert response.status_code == 422
    assert [fault["loc"] for fault in response.json()["detail"]] == [["query", "n"]]


@pytest.mark.parametrize("text", ["1e999999999", "-1e99999", "1e-999999999"])
@pytest.mark.parametrize("path", ["/decimal", "/cents", "/tenths"])
def test_a_decimal_that_explodes_when_it_is_computed_with_is_refused(client: Client, path: str, text: str) -> None:
    assert client.get(path, params={"n": text}).status_code == 422


@pytest.mark.parametrize(
    ("path", "text", "status"),
    [
        ("/cents", "1.25", 200),
        ("/cents", "1.255", 422),
        ("/cents", "1" * 40, 200),
        ("/cents", "1" * 40 + ".001", 422),
        ("/tenths", "0.3", 200),
        ("/tenths", "0.35", 422),
    ],
)
def test_multiples_are_exact(client: Client, path: str, text: str, status: int) -> None:
    assert client.get(path, params={"n": text}).status_code == status


@pytest.mark.parametrize(
    "text", ["-P999999999DT1S", "P999999999W", "P9999999999D", "PT1e5S", "P1_0D", "PT\u0665S", "P1D ", "PT5", "PT.S"]
)
def test_a_duration_beyond_what_there_is_is_refused(client: Client, text: str) -> None:
    response = client.get("/timedelta", params={"n": text})
    assert response.status_code == 422
    (fault,) = response.json()["detail"]
    assert (fault["loc"], fault["type"]) == (["query", "n"], "time_delta_parsing")
