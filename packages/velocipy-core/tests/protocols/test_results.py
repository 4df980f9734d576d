"""What a handler returns, and the answer that it becomes: type, status, body."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum, IntEnum
from pathlib import PurePosixPath
from typing import Any, ClassVar, NamedTuple
from uuid import UUID

import pytest
from httpx2 import Client

from velocipy import HTMLResponse, HTTPException, JSONResponse, PlainTextResponse, Response, VelociPy, status

app = VelociPy()

JSON = "application/json"
TEXT = "text/plain; charset=utf-8"
BYTES = "application/octet-stream"


class Color(str, Enum):  # noqa: UP042
    RED = "red"


class Level(IntEnum):
    LOW = 1


class Point(NamedTuple):
    x: int
    y: int


@dataclass
class Item:
    kind: ClassVar[str] = "item"
    name: str
    tags: set[str] = field(default_factory=set)
    _private: int = 1


class Text(str):
    __slots__ = ()


class Mapping(dict[str, int]):
    pass


RESULTS: dict[str, tuple[Any, str, Any]] = {
    "dict": ({"a": 1}, JSON, {"a": 1}),
    "empty-dict": ({}, JSON, {}),
    "list": ([1, "a", None], JSON, [1, "a", None]),
    "empty-list": ([], JSON, []),
    "tuple": ((1, 2), JSON, [1, 2]),
    "set": ({1}, JSON, [1]),
    "int": (7, JSON, 7),
    "zero": (0, JSON, 0),
    "big-int": (2**70, JSON, 2**70),
    "true": (True, JSON, True),
    "false": (False, JSON, False),
    "float": (1.5, JSON, 1.5),
    "nan": ({"a": [float("nan"), float("inf")]}, JSON, {"a": [None, None]}),
    "str": ("grüße", TEXT, "grüße"),
    "empty-str": ("", TEXT, ""),
    "own-str": (Text("a"), TEXT, "a"),
    "own-dict": (Mapping(a=1), JSON, {"a": 1}),
    "bytes": (b"\x00\xff", BYTES, b"\x00\xff"),
    "bytearray": (bytearray(b"ab"), BYTES, b"ab"),
    "memoryview": (memoryview(b"ab"), BYTES, b"ab"),
    "dataclass": (Item("a", {"x"}), JSON, {"name": "a", "tags": ["x"], "_private": 1}),
    "dataclasses": ([Item("a")], JSON, [{"name": "a", "tags": [], "_private": 1}]),
    "named-tuple": (Point(1, 2), JSON, [1, 2]),
    "int-enum": (Level.LOW, JSON, 1),
    "enum-inside": ({"c": Color.RED}, JSON, {"c": "red"}),
    "date": (date(2024, 1, 2), JSON, "2024-01-02"),
    "datetime": (datetime(2024, 1, 2, tzinfo=UTC), JSON, "2024-01-02T00:00:00Z"),
    "timedelta": (timedelta(days=1, seconds=1.5), JSON, "P1DT1.5S"),
    "decimal": (Decimal("1.10"), JSON, "1.10"),
    "uuid": (UUID(int=1), JSON, "00000000-0000-0000-0000-000000000001"),
    "path": (PurePosixPath("/a/b"), JSON, "/a/b"),
    "bytes-inside": ({"b": b"\xff"}, JSON, {"b": "/w=="}),
    "keys": ({1: "a", date(2024, 1, 2): "b", Color.RED: "c"}, JSON, {"1": "a", "2024-01-02": "b", "red": "c"}),
    "control": ({"a": "\x00\u2028</script>"}, JSON, {"a": "\x00\u2028</script>"}),
    "response": (Response(b"a", media_type="image/png"), "image/png", b"a"),
    "html": (HTMLResponse("<p>ü</p>"), "text/html; charset=utf-8", "<p>ü</p>"),
    "plain": (PlainTextResponse("ü"), TEXT, "ü"),
    "json-response": (JSONResponse({"a": Item("b")}), JSON, {"a": {"name": "b", "tags": [], "_private": 1}}),
}


def declare(name: str, value: Any) -> None:
    @app.get(f"/async/{name}")
    async def asynchronous() -> Any:
        return value

    @app.get(f"/plain/{name}", status_code=201)
    def plain() -> Any:
        return value


for _name, (_value, _, _) in RESULTS.items():
    declare(_name, _value)


@app.get("/none")
async def none() -> None: ...


@app.get("/none-200", status_code=200)
async def none_200() -> None: ...


@app.get("/none-201", status_code=status.HTTP_201_CREATED)
async def none_201() -> None: ...


for _status in (204, 205, 304):

    @app.get(f"/bodyless/{_status}", status_code=_status)
    async def bodyless() -> dict[str, str]:
        return {"never": "sent"}


@app.get("/response-204")
async def response_204() -> Response:
    return Response(b"never sent", 204)


@app.get("/response-wins", status_code=201)
async def response_wins() -> Response:
    return JSONResponse({"a": 1}, 202)


@app.get("/str-enum")
async def str_enum() -> Color:
    return Color.RED


@app.get("/generator")
def generator() -> Any:
    return (part for part in ("a", "b"))


@app.get("/async-generator")
async def async_generator() -> AsyncIterator[bytes]:
    async def parts() -> AsyncIterator[bytes]:
        yield b"a"
        yield b"b"

    return parts()


def counted() -> Iterator[int]:
    number = 0
    while True:
        number += 1
        yield number


count = counted()


@app.get("/count")
async def counting() -> dict[str, int]:
    return {"count": next(count)}


@app.get("/no-json")
async def no_json() -> Any:
    return {"a": object()}


@app.get("/no-json-response")
async def no_json_response() -> Any:
    return JSONResponse({"a": object()})


@app.get("/surrogate")
async def surrogate() -> str:
    return "\ud800"


@app.get("/json-surrogate")
async def json_surrogate() -> Any:
    return {"a": "\ud800"}


@app.get("/bad-detail")
async def bad_detail() -> None:
    raise HTTPException(400, object())


def body_of(response: Any, expected: Any) -> Any:
    if isinstance(expected, bytes):
        return response.content
    return response.json() if response.headers["content-type"] == JSON else response.text


@pytest.mark.parametrize("name", RESULTS)
def test_a_result_becomes_an_answer(client: Client, name: str) -> None:
    _, content_type, body = RESULTS[name]
    response = client.get(f"/async/{name}")
    assert (response.status_code, response.headers["content-type"]) == (200, content_type)
    assert body_of(response, body) == body
    assert response.headers["content-length"] == str(len(response.content))


@pytest.mark.parametrize("name", RESULTS)
def test_the_status_of_the_route_is_that_of_data_alone(client: Client, name: str) -> None:
    value, content_type, body = RESULTS[name]
    response = client.get(f"/plain/{name}")
    assert response.status_code == (200 if isinstance(value, Response) else 201)
    assert response.headers["content-type"] == content_type
    assert body_of(response, body) == body


@pytest.mark.parametrize(("path", "code"), [("/none", 204), ("/none-200", 200), ("/none-201", 201)])
def test_none_is_an_empty_answer(client: Client, path: str, code: int) -> None:
    response = client.get(path)
    assert (response.status_code, response.content) == (code, b"")
    assert "content-type" not in response.headers


@pytest.mark.parametrize(
    ("path", "code"),
    [("/bodyless/204", 204), ("/bodyless/205", 205), ("/bodyless/304", 304), ("/response-204", 204)],
)
def test_a_status_that_has_no_body_gets_none(client: Client, path: str, code: int) -> None:
    response = client.get(path)
    assert (response.status_code, response.content) == (code, b"")
    assert client.get("/async/int").json() == 7  # on the same connection


def test_the_status_of_a_response_wins(client: Client) -> None:
    assert client.get("/response-wins").status_code == 202


def test_an_enum_is_sent_as_its_value(client: Client) -> None:
    assert client.get("/str-enum").text.strip('"') == "red"


@pytest.mark.parametrize("path", ["/generator", "/async-generator"])
def test_a_generator_is_streamed_as_text(client: Client, path: str) -> None:
    response = client.get(path)
    assert (response.text, response.headers["content-type"]) == ("ab", TEXT)


def test_an_answer_is_made_anew_for_each_request(client: Client) -> None:
    first, second = (client.get("/count").json()["count"] for _ in range(2))
    assert second > first


@pytest.mark.parametrize("path", ["/no-json", "/no-json-response", "/surrogate", "/json-surrogate", "/bad-detail"])
def test_what_cannot_be_sent_is_an_error_of_the_server(client: Client, path: str) -> None:
    response = client.get(path)
    assert (response.status_code, response.json()) == (500, {"detail": "Internal Server Error"})
