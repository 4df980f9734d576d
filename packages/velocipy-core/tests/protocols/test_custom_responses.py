"""Response classes of a user: returned as they are, or made of what a route returns."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from httpx2 import Client

from velocipy import HTMLResponse, JSONResponse, PlainTextResponse, Request, Response, StreamingResponse, VelociPy

app = VelociPy()


@dataclass
class Public:
    name: str


@dataclass
class Private(Public):
    password: str = "hunter2"


class Xml(Response):
    media_type = "application/xml"

    def render(self, content: Any) -> bytes:
        return f"<a>{content}</a>".encode()


class Envelope(JSONResponse):
    """Has its own way to be made."""

    def __init__(self, content: Any, status_code: int = 200) -> None:
        super().__init__({"data": content}, status_code, {"X-Envelope": "1"})


class Csv(StreamingResponse):
    media_type = "text/csv"

    def __init__(self, content: Any, status_code: int = 200) -> None:
        super().__init__((",".join(map(str, row)) + "\n" for row in content), status_code)


class Events(StreamingResponse):
    media_type = "text/event-stream"

    def __init__(self, content: AsyncIterator[Any], status_code: int = 200) -> None:
        async def frames() -> AsyncIterator[str]:
            async for item in content:
                yield f"data: {json.dumps(item)}\n\n"

        super().__init__(frames(), status_code, {"Cache-Control": "no-store"})


class Page(HTMLResponse):
    def render(self, content: Any) -> Any:
        return super().render(f"<!doctype html><p>{content}</p>")


class Refuses(Response):
    def render(self, content: Any) -> Any:
        raise ValueError("hunter2")


async def counted() -> AsyncIterator[int]:
    for number in range(2):
        yield number


ROWS: list[list[Any]] = [[1, "ü"], [2, "b"]]
CLASSES: dict[str, tuple[type[Response], Any, str, str]] = {
    "xml": (Xml, "ü", "application/xml", "<a>ü</a>"),
    "envelope": (Envelope, [1, Public("a")], "application/json", '{"data":[1,{"name":"a"}]}'),
    "csv": (Csv, ROWS, "text/csv; charset=utf-8", "1,ü\n2,b\n"),
    "page": (Page, "ü", "text/html; charset=utf-8", "<!doctype html><p>ü</p>"),
    "html": (HTMLResponse, "<p>", "text/html; charset=utf-8", "<p>"),
    "text": (PlainTextResponse, "ü", "text/plain; charset=utf-8", "ü"),
    "json": (JSONResponse, ["ü"], "application/json", '["ü"]'),
    "stream": (StreamingResponse, ["a", b"b"], "", "ab"),
}


def declare(name: str, cls: type[Response], value: Any) -> None:
    @app.get(f"/made/{name}", response_class=cls, status_code=201)
    async def made() -> Any:
        return value

    @app.get(f"/made-plain/{name}", response_class=cls, status_code=201)
    def made_plain() -> Any:
        return value

    @app.get(f"/returned/{name}", status_code=201)
    async def returned() -> Any:
        return cls(value)


for _name, (_class, _value, _, _) in CLASSES.items():
    declare(_name, _class, _value)


@app.get("/events", response_class=Events)
async def events() -> Any:
    return counted()


@app.get("/events/returned")
async def events_returned() -> Events:
    return Events(counted())


@app.get("/declared", response_class=Envelope)
async def declared() -> list[Public]:
    return [Private("a")]


@app.get("/other")
async def other(request: Request) -> Response:
    return Xml("a", 203, [("X-A", "1"), ("X-A", "2")], "text/xml")


@app.get("/refuses", response_class=Refuses)
async def refuses() -> str:
    return "a"


@app.get("/wrong-value", response_class=Csv)
async def wrong_value() -> int:
    return 5


@app.get("/wrong-content/{n}")
async def wrong_content(n: int) -> Response:
    wrong: list[Any] = [5, 1.5, {"a": 1}, object(), Public("a")]
    return Response(wrong[n])


@pytest.mark.parametrize("path", ["/refuses", "/wrong-value", *(f"/wrong-content/{n}" for n in range(5))])
def test_a_response_that_cannot_be_made_is_a_500_that_tells_nothing(client: Client, path: str) -> None:
    response = client.get(path)
    assert (response.status_code, response.json()) == (500, {"detail": "Internal Server Error"})
    assert client.get("/declared").status_code == 200


@pytest.mark.parametrize("way", ["made", "made-plain", "returned"])
@pytest.mark.parametrize("name", CLASSES)
def test_a_response_of_its_class(client: Client, way: str, name: str) -> None:
    _, _, content_type, text = CLASSES[name]
    response = client.get(f"/{way}/{name}")
    assert response.status_code == (200 if way == "returned" else 201)
    assert (response.headers.get("content-type", ""), response.content.decode()) == (content_type, text)
    if name not in ("csv", "stream"):
        assert response.headers["content-length"] == str(len(response.content))
    assert response.headers.get("x-envelope") == ("1" if name == "envelope" else None)


@pytest.mark.parametrize("path", ["/events", "/events/returned"])
def test_a_stream_of_events(client: Client, path: str) -> None:
    response = client.get(path)
    assert (response.headers["content-type"], response.text) == (
        "text/event-stream; charset=utf-8",
        "data: 0\n\ndata: 1\n\n",
    )
    assert response.headers["cache-control"] == "no-store"


def test_a_response_class_sees_the_declared_fields_alone(client: Client) -> None:
    assert client.get("/declared").json() == {"data": [{"name": "a"}]}


def test_a_response_says_its_status_headers_and_type_itself(client: Client) -> None:
    response = client.get("/other")
    assert (response.status_code, response.text, response.headers["content-type"]) == (
        203,
        "<a>a</a>",
        "text/xml; charset=utf-8",
    )
    assert response.headers.get_list("x-a") == ["1", "2"]


@pytest.mark.parametrize("name", CLASSES)
def test_head_has_the_head_of_get(client: Client, name: str) -> None:
    got, head = client.get(f"/made/{name}"), client.head(f"/made/{name}")
    assert (head.status_code, head.content) == (201, b"")
    assert head.headers.get("content-type") == got.headers.get("content-type")


class Keyword(Response):
    def __init__(self, content: Any, *, status_code: int = 200) -> None:
        super().__init__(content, status_code)


class HeadersFirst(Response):
    def __init__(self, content: Any, headers: Any = None, status_code: int = 200) -> None:
        super().__init__(content, status_code, headers)


@app.get("/keyword", response_class=Keyword, status_code=201)
@app.get("/headers-first", response_class=HeadersFirst, status_code=201)
async def keyword() -> str:
    return "a"


def test_a_response_class_is_given_the_status_by_name(client: Client) -> None:
    for path in ("/keyword", "/headers-first"):
        response = client.get(path)
        assert (response.status_code, response.text) == (201, "a")


# -- what does not work yet -----------------------------------------------------------------------------------------


class Indented(JSONResponse):
    def render(self, content: Any) -> bytes:
        return json.dumps(content, indent=1).encode()


@app.get("/indented")
async def indented() -> Indented:
    return Indented({"a": 1})


def test_a_json_response_may_render_its_json_itself(client: Client) -> None:
    assert client.get("/indented").text == '{\n "a": 1\n}'
