"""Convertors and annotations of values in a path: what each takes, and what of a stranger's path is refused."""

from datetime import date
from enum import IntEnum
from typing import Annotated, Any, Literal

import pytest
from httpx2 import Client

from velocipy import Path, Request, VelociPy, WebSocket
from velocipy.testing import WebSocketDenied

app = VelociPy()


class Level(IntEnum):
    LOW = 1


@app.get("/int/{value:int}")
@app.get("/int-by-annotation/{value}")
async def an_int(value: int) -> str:
    return repr(value)


@app.get("/float/{value:float}")
@app.get("/float-by-annotation/{value}")
async def a_float(value: float) -> str:
    return repr(value)


@app.get("/bool/{value:bool}")
@app.get("/bool-by-annotation/{value}")
async def a_bool(value: bool) -> str:
    return repr(value)


@app.get("/str/{value:str}")
@app.get("/str-by-annotation/{value}")
async def a_str(value: str) -> str:
    return repr(value)


@app.get("/untyped/{value:int}")
async def untyped(value) -> str:  # type: ignore[no-untyped-def]
    return repr(value)


@app.get("/narrower/{value:int}")
async def narrower(value: Level) -> str:
    return repr(value)


@app.get("/literal/{value:int}")
async def literal(value: Literal[1, 2]) -> str:
    return repr(value)


@app.get("/bounded/{value:int}")
async def bounded(value: Annotated[int, Path(ge=1, le=5)]) -> str:
    return repr(value)


@app.get("/optional/{value:int}")
async def optional(value: int | None = None) -> str:
    return repr(value)


@app.get("/rest/{value:int*}")
async def rest(value: int) -> str:
    return repr(value)


@app.get("/raw/{value:int}")
async def raw(request: Request) -> dict[str, str]:
    return request.path_params


@app.get("/same/{value:int}")
async def same(value: int, request: Request) -> list[Any]:
    return [value, request.path_params["value"], request.path]


park = VelociPy()


@park.get("/pen")
async def pen(request: Request) -> str:
    return request.path


app.mount("/parks/{number:int}/{name}/{fence:float}", park)


@app.websocket("/live/{number:int}")
async def live(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text(websocket.path_params["number"])


@app.get("/tenant/{day:date}", host="{tenant:int}.example.com")
async def tenant(request: Request, day: date) -> dict[str, str]:
    return request.path_params


INT, FLOAT, BOOL = "int_parsing", "float_parsing", "bool_parsing"
REFUSED = [
    *(("int", text, INT) for text in ("x", "1.0", "1e3", "0x1", "1_0", "%201", "1%20", "+", "-", "--1", "null")),
    *(("int", text, INT) for text in ("%D9%A3", "%EF%BC%95", "%C2%B2", "1%00", "%E2%88%921", "1%0A", "%F0%9F%92%9A")),
    *(("float", text, FLOAT) for text in ("x", "1_0.0", "1,5", "0x1p3", "%201.5", "1e", "..5", "%D9%A3.5")),
    *(("float", text, "finite_number") for text in ("nan", "NaN", "inf", "-Infinity", "1e999")),
    *(("bool", text, BOOL) for text in ("2", "t", "y", "tru", "00", "null", "none", "%20true", "%C4%B1", "True%00")),
]
TAKEN = [
    ("int", "5", "5"),
    ("int", "-5", "-5"),
    ("int", "+5", "5"),
    ("int", "%2B5", "5"),
    ("int", "%35", "5"),
    ("int", "007", "7"),
    ("int", "9" * 40, "9" * 40),
    ("float", "5", "5.0"),
    ("float", "-1.5e-3", "-0.0015"),
    ("float", ".5", "0.5"),
    ("float", "5.", "5.0"),
    *(("bool", text, "True") for text in ("true", "TRUE", "1", "yes", "On")),
    *(("bool", text, "False") for text in ("false", "False", "0", "NO", "off")),
    ("str", "5", "'5'"),
    ("str", "a%20b+c", "'a b+c'"),
    ("str", "%C3%BC%F0%9F%92%9A", "'ü💚'"),
    ("str", "%2525", "'%25'"),
    ("str", "a;v=1,2@!$&'()*=:~", '"a;v=1,2@!$&\'()*=:~"'),
]


@pytest.mark.parametrize(("kind", "text", "type"), REFUSED)
def test_what_is_no_value_is_422_and_not_404(client: Client, kind: str, text: str, type: str) -> None:
    for route in (kind, f"{kind}-by-annotation"):
        response = client.get(f"/{route}/{text}")
        if response.status_code == 400 and "%00" in text:
            continue  # refused by the server
        assert (route, response.status_code) == (route, 422)
        (fault,) = response.json()["detail"]
        assert (fault["loc"], fault["type"]) == (["path", "value"], type)


@pytest.mark.parametrize(("kind", "text", "shown"), TAKEN)
def test_a_value_is_the_same_by_convertor_and_by_annotation(client: Client, kind: str, text: str, shown: str) -> None:
    for route in (kind, f"{kind}-by-annotation"):
        assert (route, client.get(f"/{route}/{text}").text) == (route, shown)


def test_a_convertor_is_enough(client: Client) -> None:
    assert client.get("/untyped/7").text == "7"
    assert client.get("/untyped/x").json()["detail"][0]["loc"] == ["path", "value"]
    assert client.get("/raw/7").json() == {"value": "7"}


def test_a_convertor_holds_where_the_request_is_asked_for_the_value(client: Client) -> None:
    assert client.get("/raw/x").json()["detail"][0]["loc"] == ["path", "value"]
    assert client.get("/parks/1/north/2.5/pen").text == "/pen"
    faults = client.get("/parks/x/north/y/pen").json()["detail"]
    assert [fault["loc"] for fault in faults] == [["path", "number"], ["path", "fence"]]
    host = {"host": "7.example.com"}
    assert client.get("/tenant/2026-11-21", headers=host).json() == {"day": "2026-11-21", "tenant": "7"}
    faults = client.get("/tenant/today", headers={"host": "x.example.com"}).json()["detail"]
    assert sorted(fault["loc"][1] for fault in faults) == ["day", "tenant"]


def test_a_convertor_holds_for_websockets(client: Any) -> None:
    with client.websocket_connect("/live/7") as websocket:
        assert websocket.receive_text() == "7"
    with pytest.raises(WebSocketDenied) as denied, client.websocket_connect("/live/x"):
        pass
    assert denied.value.response.status_code in (422, 403)  # Gunicorn answers 403 to all


def test_an_annotation_may_ask_for_more_than_the_convertor(client: Client) -> None:
    assert client.get("/narrower/1").text == "<Level.LOW: 1>"
    assert client.get("/narrower/2").json()["detail"][0]["type"] == "enum"
    assert client.get("/literal/2").text == "2"
    assert client.get("/literal/3").json()["detail"][0]["type"] == "literal_error"
    assert client.get("/bounded/5").text == "5"
    assert client.get("/bounded/6").json()["detail"][0]["type"] == "less_than_equal"


def test_a_value_of_a_path_is_never_its_default(client: Client) -> None:
    assert client.get("/optional/7").text == "7"
    assert client.get("/optional/null").json()["detail"][0]["type"] == INT
    assert client.get("/optional").status_code == 404


def test_the_rest_may_have_a_type(client: Client) -> None:
    assert client.get("/rest/7").text == "7"
    for path in ("/rest", "/rest/", "/rest/7/8", "/rest/x"):
        assert client.get(path).json()["detail"][0]["loc"] == ["path", "value"]


def test_the_request_has_the_value_as_it_was_written(client: Client) -> None:
    assert client.get("/same/007").json() == [7, "007", "/same/007"]
