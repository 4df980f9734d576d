"""What can be an exception handler, what it may return, and what an HTTPException may say."""

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import pytest
from httpx2 import Client

from velocipy import HTTPException, JSONResponse, PlainTextResponse, Request, ValidationError, VelociPy

app = VelociPy()


class Raised(Exception):
    """The base of what is raised here."""


def one(name: str) -> type[Raised]:
    return type(name, (Raised,), {})


@dataclass
class Problem:
    title: str


class Conflict(HTTPException):
    def __init__(self, what: str) -> None:
        super().__init__(HTTPStatus.CONFLICT, {"what": what}, {"X-What": what})


class Handlers:
    def __init__(self, word: str) -> None:
        self.word = word

    async def method(self, request: Request, error: Raised) -> dict[str, str]:
        return {self.word: type(error).__name__}

    def plain_method(self, request: Request, error: Raised) -> dict[str, str]:
        return {self.word: type(error).__name__}

    async def __call__(self, request: Request, error: Raised) -> dict[str, str]:
        return {self.word: type(error).__name__}

    @staticmethod
    def static(request: Request, error: Raised) -> dict[str, str]:
        return {"static": type(error).__name__}


class PlainHandler:
    def __call__(self, request: Request, error: Raised) -> dict[str, str]:
        return {"plain object": type(error).__name__}


async def partly(word: str, request: Request, error: Raised) -> dict[str, str]:
    return {word: type(error).__name__}


def logged(function: Any) -> Any:
    @functools.wraps(function)
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        return await function(*args, **kwargs)

    return wrapper


@logged
async def wrapped(request: Request, error: Raised) -> dict[str, str]:
    return {"wrapped": type(error).__name__}


async def streamed(request: Request, error: Raised) -> Any:
    def parts() -> Iterator[str]:
        yield "sorry "
        yield request.path

    return parts()


KINDS: dict[str, tuple[Any, int, Any]] = {
    "Method": (Handlers("method").method, 200, {"method": "Method"}),
    "PlainMethod": (Handlers("plain").plain_method, 200, {"plain": "PlainMethod"}),
    "Object": (Handlers("object"), 200, {"object": "Object"}),
    "PlainObject": (PlainHandler(), 200, {"plain object": "PlainObject"}),
    "Static": (Handlers.static, 200, {"static": "Static"}),
    "Partial": (functools.partial(partly, "partial"), 200, {"partial": "Partial"}),
    "Wrapped": (wrapped, 200, {"wrapped": "Wrapped"}),
    "Lambda": (lambda request, error: ["lambda"], 200, ["lambda"]),
    "Model": (lambda request, error: Problem("a"), 200, {"title": "a"}),
    "Text": (lambda request, error: "text", 200, "text"),
    "Nothing": (lambda request, error: None, 204, ""),
    "Stream": (streamed, 200, "sorry /raise/Stream"),
    "Answer": (lambda request, error: JSONResponse({"a": 1}, 418, {"X-A": "1"}), 418, {"a": 1}),
}
RAISED = {name: one(name) for name in KINDS}

for _name, (_handler, _, _) in KINDS.items():
    app.add_exception_handler(RAISED[_name], _handler)


@app.exception_handler(422)
async def invalid(request: Request, error: ValidationError) -> JSONResponse:
    return JSONResponse({"faults": len(error.errors), "same": error.errors is error.detail}, 400)


@app.exception_handler(403)
async def raised_again(request: Request, error: HTTPException) -> None:
    raise error


@app.exception_handler(ConnectionError)
def hidden(request: Request, error: ConnectionError) -> PlainTextResponse:
    raise LookupError("the database is at hunter2") from error


@app.get("/raise/{name}")
async def raises(name: str) -> None:
    raise RAISED[name]


@app.get("/connect")
async def connect() -> None:
    raise ConnectionResetError


@app.get("/conflict")
def conflict() -> None:
    raise Conflict("tea")


@app.get("/status/{status}")
async def status(status: int) -> None:
    raise HTTPException(HTTPStatus(status), headers={"X-A": "1", "Location": "/x"})


DETAILS: list[Any] = [0, False, {}, [], [1, {"a": None}], "grüße 💚", 1.5, {"loc": ["x"]}]


@app.get("/detail/{n}")
async def detail(n: int) -> None:
    raise HTTPException(400, DETAILS[n])


@app.get("/content-type")
async def content_type() -> None:
    raise HTTPException(400, "a", {"Content-Type": "application/vnd.error+json", "content-length": "1"})


@app.get("/number/{n}")
async def number(n: int) -> int:
    return n


def test_a_handler_that_fails_tells_nothing(client: Client) -> None:
    response = client.get("/connect")
    assert (response.status_code, response.json()) == (500, {"detail": "Internal Server Error"})


def test_faults_of_the_request_have_the_status_422(client: Client) -> None:
    response = client.get("/number/x")
    assert (response.status_code, response.json()) == (400, {"faults": 1, "same": True})


def test_a_handler_may_raise_the_error_again(client: Client) -> None:
    response = client.get("/status/403")
    assert (response.status_code, response.json()) == (403, {"detail": "Forbidden"})
    assert response.headers["x-a"] == "1"


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_answers_with_what_a_route_may_return(client: Client, name: str) -> None:
    _, code, answer = KINDS[name]
    response = client.get(f"/raise/{name}")
    assert response.status_code == code
    assert (response.text if isinstance(answer, str) else response.json()) == answer
    head = client.head(f"/raise/{name}")
    assert (head.status_code, head.content) == (code, b"")


def test_an_exception_of_ones_own_needs_no_handler(client: Client) -> None:
    response = client.get("/conflict")
    assert (response.status_code, response.json()) == (409, {"detail": {"what": "tea"}})
    assert response.headers["x-what"] == "tea"


@pytest.mark.parametrize("code", [204, 205, 304])
def test_a_status_without_a_body_has_none_though_it_was_raised(client: Client, code: int) -> None:
    response = client.get(f"/status/{code}")
    assert (response.status_code, response.content) == (code, b"")
    assert response.headers["x-a"] == "1"
    assert client.get("/number/5").json() == 5  # on the same connection


def test_a_redirect_may_be_raised(client: Client) -> None:
    response = client.get("/status/303", follow_redirects=False)
    assert (response.status_code, response.headers["location"]) == (303, "/x")


@pytest.mark.parametrize("n", range(len(DETAILS)))
def test_a_detail_is_told_as_it_is(client: Client, n: int) -> None:
    assert client.get(f"/detail/{n}").json() == {"detail": DETAILS[n]}


def test_headers_of_an_error_may_name_its_type_and_never_a_wrong_length(client: Client) -> None:
    response = client.get("/content-type")
    assert (response.headers["content-type"], response.json()) == ("application/vnd.error+json", {"detail": "a"})
    assert response.headers["content-length"] == str(len(response.content))
