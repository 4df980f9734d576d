"""Redirects: made by a handler, or of what it returns where the route says response_class=RedirectResponse."""

from typing import Any

import pytest
from httpx2 import Client

from velocipy import APIRouter, HTTPException, RedirectResponse, Request, Response, VelociPy
from velocipy.http.url import URL

app = VelociPy()
router = APIRouter(prefix="/moved", default_response_class=RedirectResponse)


class Link:
    """A URL as some library has it."""

    host = "example.com"

    def __str__(self) -> str:
        return "https://example.com/ü"


@app.get("/plain", response_class=RedirectResponse)
async def plain() -> str:
    return "/there"


@app.get("/unannotated", response_class=RedirectResponse)
async def unannotated():  # type: ignore[no-untyped-def]
    return "/there"


@app.get("/in-a-thread", response_class=RedirectResponse)
def in_a_thread() -> str:
    return "/there"


@app.post("/with-status", response_class=RedirectResponse, status_code=303)
async def with_status() -> str:
    return "/there"


@app.get("/route", response_class=RedirectResponse)
async def to_a_route(request: Request) -> URL:
    return request.url_for("plain").include_query_params(next="/a b")


@app.get("/handed-in", response_class=RedirectResponse)
async def handed_in(response: Response) -> str:
    response.set_cookie("seen", "yes")
    response.headers["X-Why"] = "moved"
    return "/there"


@app.get("/handed-in-status", response_class=RedirectResponse)
async def handed_in_status(response: Response) -> str:
    response.status_code = 302
    return "/there"


@app.get("/explicit", response_class=RedirectResponse)
async def explicit() -> Response:
    return RedirectResponse("/elsewhere", 301)


@app.get("/link", response_class=RedirectResponse)
async def link() -> Any:
    return Link()


@app.get("/made-of-a-link")
async def made_of_a_link() -> Response:
    return RedirectResponse(Link(), 308, {"X-A": "1"})


@app.get("/hostile", response_class=RedirectResponse)
async def hostile(to: str) -> str:
    return to


@app.get("/nothing", response_class=RedirectResponse)
async def nothing() -> None:
    return None


@app.get("/number", response_class=RedirectResponse)
async def number() -> int:
    return 5


@app.get("/refused", response_class=RedirectResponse)
async def refused() -> str:
    raise HTTPException(404, "no such link")


@router.get("/a")
async def moved() -> str:
    return "/there"


app.include_router(router)


def told(answer: Any) -> tuple[int, str, bytes]:
    return answer.status_code, answer.headers.get("location", ""), answer.content


@pytest.mark.parametrize("path", ["/plain", "/unannotated", "/in-a-thread", "/moved/a"])
def test_the_status_is_that_of_the_class(client: Client, path: str) -> None:
    assert told(client.get(path)) == (307, "/there", b"")
    assert told(client.head(path)) == (307, "/there", b"")


def test_another_status_is_that_of_the_route_or_of_the_response_that_is_handed_in(client: Client) -> None:
    assert told(client.post("/with-status")) == (303, "/there", b"")
    assert told(client.get("/handed-in-status")) == (302, "/there", b"")


def test_what_is_handed_in_joins_it(client: Client) -> None:
    answer = client.get("/handed-in")
    assert told(answer) == (307, "/there", b"")
    assert answer.headers["x-why"] == "moved"
    assert answer.headers["set-cookie"].startswith("seen=yes;")


def test_a_response_goes_as_it_is(client: Client) -> None:
    assert told(client.get("/explicit")) == (301, "/elsewhere", b"")


def test_urls_of_routes_and_of_libraries(client: Client) -> None:
    assert client.get("/route", headers={"host": "h"}).headers["location"] == "http://h/plain?next=%2Fa+b"
    assert told(client.get("/link")) == (307, "https://example.com/%C3%BC", b"")
    assert told(client.get("/made-of-a-link")) == (308, "https://example.com/%C3%BC", b"")


def test_a_stranger_adds_no_header(client: Client) -> None:
    answer = client.get("/hostile", params={"to": "/x\r\nSet-Cookie: a=b\r\n\r\n<script>"})
    assert told(answer) == (307, "/x%0D%0ASet-Cookie:%20a=b%0D%0A%0D%0A%3Cscript%3E", b"")
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("path", ["/nothing", "/number"])
def test_what_is_no_url_is_a_logged_500(client: Client, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, "location" in answer.headers) == (500, False)


def test_errors_are_no_redirects(client: Client) -> None:
    answer = client.get("/refused")
    assert (answer.status_code, answer.json()) == (404, {"detail": "no such link"})
