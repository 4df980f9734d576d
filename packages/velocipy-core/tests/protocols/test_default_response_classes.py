"""The response class of an application or a router: for each route that has none, and never for errors."""

from typing import Any

import pytest
from httpx2 import Client

from velocipy import (
    APIRouter,
    HTMLResponse,
    HTTPException,
    JSONResponse,
    PlainTextResponse,
    Response,
    VelociPy,
)


class Teapot(PlainTextResponse):
    """Marks what it made."""

    def __init__(self, content: Any = None, status_code: int = 418, headers: Any = None) -> None:
        super().__init__(f"teapot {content}", status_code, headers)


def declare(router: APIRouter) -> None:
    @router.get("/text")
    async def text() -> str:
        return "<p>"

    @router.post("/created", status_code=201)
    def created() -> str:
        return "<p>"

    @router.get("/own", response_class=JSONResponse)
    async def own() -> Any:
        return {"a": 1}

    @router.get("/response")
    async def response() -> Response:
        return PlainTextResponse("plain", 202)

    @router.get("/refused")
    async def refused() -> str:
        raise HTTPException(409, "refused")

    @router.get("/handed-in")
    async def handed_in(response: Response) -> str:
        response.headers["X-A"] = "1"
        return "<p>"


def with_default() -> VelociPy:
    app = VelociPy(default_response_class=Teapot)
    declare(app)
    pages = APIRouter(prefix="/pages", default_response_class=HTMLResponse)
    declare(pages)
    inner = APIRouter(prefix="/inner")
    declare(inner)
    api = APIRouter(prefix="/api", default_response_class=JSONResponse)
    declare(api)
    pages.include_router(inner)
    pages.include_router(api)
    plain = APIRouter(prefix="/plain")
    declare(plain)
    app.include_router(pages)
    app.include_router(plain)
    return app


app = with_default()


def of_json() -> VelociPy:
    app = VelociPy(default_response_class=JSONResponse)

    @app.get("/text")
    async def text() -> str:
        return "a"

    @app.get("/nothing")
    async def nothing() -> None:
        return None

    @app.get("/data")
    async def data() -> Any:
        return {"a": [1, 2.5, None]}

    @app.delete("/gone", status_code=204)
    async def gone() -> None:
        return None

    return app


@pytest.mark.parametrize(
    ("prefix", "status", "kind", "content"),
    [
        ("", 418, "text/plain; charset=utf-8", "teapot <p>"),
        ("/plain", 418, "text/plain; charset=utf-8", "teapot <p>"),
        ("/pages", 200, "text/html; charset=utf-8", "<p>"),
        ("/pages/inner", 200, "text/html; charset=utf-8", "<p>"),
        ("/pages/api", 200, "application/json", '"<p>"'),
    ],
)
def test_the_nearest_counts(client: Client, prefix: str, status: int, kind: str, content: str) -> None:
    answer = client.get(f"{prefix}/text")
    assert (answer.status_code, answer.headers["content-type"], answer.text) == (status, kind, content)
    answer = client.post(f"{prefix}/created")
    assert (answer.status_code, answer.text) == (201, content)
    answer = client.get(f"{prefix}/handed-in")
    assert (answer.headers["x-a"], answer.text) == ("1", content)


@pytest.mark.parametrize("prefix", ["", "/plain", "/pages", "/pages/inner", "/pages/api"])
def test_what_a_route_says_counts_more(client: Client, prefix: str) -> None:
    assert client.get(f"{prefix}/own").json() == {"a": 1}
    answer = client.get(f"{prefix}/response")
    assert (answer.status_code, answer.text) == (202, "plain")


@pytest.mark.parametrize("prefix", ["", "/plain", "/pages", "/pages/inner", "/pages/api"])
def test_errors_are_what_they_were(client: Client, prefix: str) -> None:
    answer = client.get(f"{prefix}/refused")
    assert (answer.status_code, answer.json()) == (409, {"detail": "refused"})
    assert client.get(f"{prefix}/nowhere").json() == {"detail": "Not Found"}
    assert client.post(f"{prefix}/text").json() == {"detail": "Method Not Allowed"}


def test_a_head_has_what_a_get_has(client: Client) -> None:
    got, head = client.get("/pages/text"), client.head("/pages/text")
    assert (head.status_code, head.headers["content-type"]) == (got.status_code, got.headers["content-type"])
    assert head.content == b""


@pytest.mark.velocipy_app("of_json")
def test_json_for_everything(client: Client) -> None:
    assert client.get("/text").json() == "a"
    answer = client.get("/nothing")
    assert (answer.status_code, answer.text) == (200, "null")
    assert client.get("/data").json() == {"a": [1, 2.5, None]}
    answer = client.delete("/gone")
    assert (answer.status_code, answer.content) == (204, b"")
