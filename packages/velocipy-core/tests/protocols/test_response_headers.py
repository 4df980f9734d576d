"""Headers, cookies and redirects of a response: what is sent, and what is refused before it could do harm."""

from datetime import UTC, datetime
from typing import Annotated, Any

import pytest
from httpx2 import Client

from velocipy import Cookie, HTTPException, RedirectResponse, Request, Response, VelociPy

app = VelociPy()


@app.get("/headers")
async def headers() -> Response:
    response = Response("a", headers=[("X-Many", "1"), ("x-many", "2"), ("X-One", " padded ")])
    response.headers["X-Set"] = "old"
    response.headers["x-set"] = "new"
    response.headers.append("Link", "</a>; rel=next")
    response.headers.append("Link", "</b>; rel=prev")
    response.headers.add_vary("Cookie")
    response.headers.add_vary("cookie")
    return response


@app.post("/header")
async def header(request: Request) -> Response:
    name, value = await request.json()
    return Response("sent", headers={name: value})


@app.post("/raised")
async def raised(request: Request) -> Response:
    name, value = await request.json()
    raise HTTPException(401, headers={name: value})


@app.get("/cookies")
async def cookies() -> Response:
    response = Response("a")
    response.set_cookie("plain", "1")
    response.set_cookie(
        "all", "2", max_age=60, path="/a", domain="example.com", secure=True, httponly=True, samesite="strict"
    )
    response.set_cookie("__Host-id", "3", secure=True, samesite="none", partitioned=True)
    response.set_cookie("until", "4", expires=datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC), path=None, samesite=None)
    response.delete_cookie("gone")
    return response


@app.post("/cookie")
async def cookie(request: Request) -> Response:
    response = Response("a")
    response.set_cookie(**await request.json())
    return response


@app.get("/echo")
async def echo(value: Annotated[str, Cookie()]) -> list[str]:
    return [value]


@app.post("/redirect")
async def redirect(request: Request) -> Response:
    return RedirectResponse(**await request.json())


def test_a_header_may_have_many_values(client: Client) -> None:
    response = client.get("/headers")
    assert response.headers.get_list("x-many") == ["1", "2"]
    assert response.headers.get_list("link") == ["</a>; rel=next", "</b>; rel=prev"]


def test_setting_a_header_replaces_it(client: Client) -> None:
    response = client.get("/headers")
    assert response.headers.get_list("x-set") == ["new"]
    assert response.headers["x-one"] == "padded"
    assert response.headers.get_list("vary") == ["Cookie"]


INJECTIONS = [
    ["X-A", "a\r\nX-B: b"],
    ["X-A", "a\nX-B: b"],
    ["X-A", "a\rb"],
    ["X-A", "a\x00b"],
    ["X-A", "a\x7fb"],
    ["X-A", "ü"],
    ["X-A", "\u010aX-B: b"],
    ["X-A\r\nX-B", "b"],
    ["X A", "b"],
    ["X-A:", "b"],
    ["", "b"],
    ["X-Ä", "b"],
    ["X-A", 5],
]


@pytest.mark.parametrize("field", INJECTIONS)
@pytest.mark.parametrize("path", ["/header", "/raised"])
def test_a_header_that_would_break_out_is_never_sent(client: Client, path: str, field: list[Any]) -> None:
    response = client.post(path, json=field)
    assert response.status_code == 500
    assert not {"x-a", "x-b"} & set(response.headers)
    assert response.json() == {"detail": "Internal Server Error"}


@pytest.mark.parametrize("path", ["/header", "/raised"])
def test_a_tame_header_is_sent(client: Client, path: str) -> None:
    response = client.post(path, json=["X-A", 'a\tb; c="d"'])
    assert response.headers["x-a"] == 'a\tb; c="d"'


def test_each_cookie_has_a_header_of_its_own(client: Client) -> None:
    assert client.get("/cookies").headers.get_list("set-cookie") == [
        "plain=1; Path=/; SameSite=Lax",
        "all=2; Max-Age=60; Domain=example.com; Path=/a; Secure; HttpOnly; SameSite=Strict",
        "__Host-id=3; Path=/; Secure; SameSite=None; Partitioned",
        "until=4; Expires=Wed, 02 Jan 2030 03:04:05 GMT",
        "gone=; Max-Age=0; Path=/; SameSite=Lax",
    ]


@pytest.mark.parametrize(
    "value",
    ["simple", "", "two words", "a;b", "a,b", 'say "hi"', "back\\slash", "grüße 💚", "a=b", "\r\n", "\x00", '"'],
)
def test_any_text_comes_back_from_a_cookie(client: Client, value: str) -> None:
    (sent,) = client.post("/cookie", json={"key": "value", "value": value}).headers.get_list("set-cookie")
    pair = sent.partition("; ")[0]
    client.cookies.clear()
    assert client.get("/echo", headers={"cookie": pair}).json() == [value]


@pytest.mark.parametrize(
    "arguments",
    [
        {"key": "a;b"},
        {"key": "a b"},
        {"key": ""},
        {"key": "a=b"},
        {"key": "ä"},
        {"key": "a\r\nb"},
        {"key": "a", "path": "/; Domain=evil.example"},
        {"key": "a", "domain": "example.com; Secure"},
        {"key": "a", "path": "/\r\nX-B: b"},
        {"key": "a", "samesite": "lax; Secure"},
        {"key": "a", "samesite": "none"},
        {"key": "a", "samesite": "NONE"},
        {"key": "a", "partitioned": True},
        {"key": "__Host-a"},
        {"key": "__Secure-a"},
        {"key": "__Host-a", "secure": True, "path": "/a"},
        {"key": "__Host-a", "secure": True, "domain": "example.com"},
        {"key": "__host-a"},
        {"key": "__SECURE-a"},
        {"key": "a", "value": "x" * 5000},
        {"key": "a", "max_age": "1; Secure"},
    ],
)
def test_a_cookie_that_browsers_would_refuse_or_misread_is_never_sent(
    client: Client, arguments: dict[str, Any]
) -> None:
    response = client.post("/cookie", json=arguments)
    assert response.status_code == 500
    assert "set-cookie" not in response.headers


@pytest.mark.parametrize(
    ("url", "location"),
    [
        ("/a/b?c=d&e=%20#f", "/a/b?c=d&e=%20#f"),
        ("https://a.example:8000/x", "https://a.example:8000/x"),
        ("/a b", "/a%20b"),
        ("/grüße", "/gr%C3%BC%C3%9Fe"),
        ("/a\r\nX-B: b", "/a%0D%0AX-B:%20b"),
        ("/\\evil.example", "/%5Cevil.example"),
        ("/a\x00", "/a%00"),
    ],
)
def test_a_redirect_goes_where_it_says(client: Client, url: str, location: str) -> None:
    response = client.post("/redirect", json={"url": url}, follow_redirects=False)
    assert (response.status_code, response.headers["location"], response.content) == (307, location, b"")
    assert "x-b" not in response.headers


@pytest.mark.parametrize("status_code", [301, 302, 303, 307, 308])
def test_a_redirect_has_the_status_that_was_asked_for(client: Client, status_code: int) -> None:
    response = client.post("/redirect", json={"url": "/", "status_code": status_code}, follow_redirects=False)
    assert response.status_code == status_code
