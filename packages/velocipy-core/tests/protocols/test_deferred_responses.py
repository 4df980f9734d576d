"""`DeferredResponse`: what is made of the request that it answers."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated

import pytest

from velocipy import (
    APIRouter,
    Depends,
    FileResponse,
    HTMLResponse,
    HTTPConnection,
    HTTPException,
    JSONResponse,
    Request,
    Response,
    StartupErrorGroup,
    VelociPy,
)
from velocipy.http.response import DeferredResponse
from velocipy.middleware import HTTPApp
from velocipy.testing import TestClient


class Broken(Exception):
    pass


class Greeting(DeferredResponse):
    """Greets in the language that is asked for."""

    async def meet(self, request: HTTPConnection) -> Response:
        language = request.header("accept-language")
        if language == "tlh":
            raise HTTPException(406, "not spoken here")
        if language == "broken":
            raise Broken("told nobody")
        if language == "file":
            return FileResponse(Path(__file__), media_type="text/x-python")
        if language == "json":
            return JSONResponse(["hello"])
        response = HTMLResponse("hallo" if language == "de" else "hello", self.status_code)
        response.headers.update(self.headers)
        return response


app = VelociPy()
router = APIRouter(prefix="/router")
log: list[str] = []
_once = Greeting(headers={"x-kept": "1"})


async def opened() -> AsyncIterator[str]:
    yield "open"
    log.append("closed")


@router.middleware("http")
async def count(request: Request, call_next: HTTPApp) -> Response:
    response = await call_next(request)
    if isinstance(response.body, bytes):  # what is made, and no promise
        response.headers["x-length"] = str(len(response.body))
    return response


@app.get("/plain")
@router.get("/plain")
async def plain() -> Greeting:
    return _once


@app.get("/given")
async def given(response: Response, value: Annotated[str, Depends(opened)]) -> Greeting:
    response.headers["x-given"] = value
    return Greeting(status_code=203)


class Forgetful(Greeting):
    """Greets without a look at its own head."""

    async def meet(self, request: HTTPConnection) -> Response:
        if request.header("accept-language") == "file":
            return FileResponse(Path(__file__))
        return HTMLResponse("hello", headers={"x-own": "own", "vary": "accept-language"})


@app.get("/forgets")
async def forget_given(response: Response, status: int | None = None) -> Forgetful:
    response.headers["x-own"] = "given"
    response.headers["x-given"] = "given"
    response.headers["vary"] = "Cookie, Accept-Language"
    response.set_cookie("a", "1")
    response.set_cookie("b", "2")
    if status is not None:
        response.status_code = status
    return Forgetful()


@app.exception_handler(410)
async def gone(request: Request, error: HTTPException) -> Greeting:
    return Greeting(status_code=410)


@app.get("/gone")
async def raise_gone() -> None:
    raise HTTPException(410)


@router.get("/own")
def own() -> Greeting:
    return Greeting()


app.include_router(router)


@pytest.mark.parametrize("prefix", ["", "/router"])
def test_it_is_made_of_each_request_anew(client: TestClient, prefix: str) -> None:
    for language, text in (("de", "hallo"), ("en", "hello"), ("de", "hallo")):
        response = client.get(f"{prefix}/plain", headers={"accept-language": language})
        assert (response.text, response.headers["x-kept"]) == (text, "1")
        assert response.headers["content-type"] == "text/html; charset=utf-8"
        assert response.headers.get("x-length") == ("5" if prefix else None)


def test_it_joins_the_response_that_was_handed_in(client: TestClient) -> None:
    response = client.get("/given")
    assert (response.status_code, response.headers["x-given"], response.text) == (203, "open", "hello")


def test_what_was_handed_in_arrives_where_it_does_not_look_at_it(client: TestClient) -> None:
    response = client.get("/forgets")
    assert (response.status_code, response.headers["x-own"], response.headers["x-given"]) == (200, "own", "given")
    assert response.headers["vary"].lower() == "accept-language, cookie"
    assert [cookie[:4] for cookie in response.headers.get_list("set-cookie")] == ["a=1;", "b=2;"]
    assert client.get("/forgets?status=203").status_code == 203
    part = client.get("/forgets", headers={"accept-language": "file", "range": "bytes=0-2"})
    assert (part.status_code, part.text, part.headers["x-given"]) == (206, '"""', "given")


def test_an_exception_handler_may_return_one(client: TestClient) -> None:
    response = client.get("/gone", headers={"accept-language": "de"})
    assert (response.status_code, response.text) == (410, "hallo")


def test_a_plain_handler_may_return_one(client: TestClient) -> None:
    assert client.get("/router/own").text == "hello"


@pytest.mark.parametrize("prefix", ["", "/router"])
def test_it_may_become_another(client: TestClient, prefix: str) -> None:
    response = client.get(f"{prefix}/plain", headers={"accept-language": "file", "range": "bytes=0-2"})
    assert (response.status_code, response.text) == (206, '"""')


@pytest.mark.parametrize("path", ["/plain", "/router/plain", "/gone"])
def test_it_may_become_json(client: TestClient, path: str) -> None:
    assert client.get(path, headers={"accept-language": "json"}).json() == ["hello"]


@pytest.mark.parametrize("prefix", ["", "/router"])
def test_what_it_raises_is_as_if_the_handler_had_raised_it(client: TestClient, prefix: str) -> None:
    response = client.get(f"{prefix}/plain", headers={"accept-language": "tlh"})
    assert (response.status_code, response.json()) == (406, {"detail": "not spoken here"})
    response = client.get(f"{prefix}/plain", headers={"accept-language": "broken"})
    assert (response.status_code, response.json()) == (500, {"detail": "Internal Server Error"})


def test_head_has_the_length_of_what_would_be_made(client: TestClient) -> None:
    response = client.head("/plain")
    assert (response.headers["content-length"], response.content) == ("5", b"")


class Mistaken(Greeting):
    @classmethod
    def faults(cls) -> list[tuple[str, str]]:
        return [("nobody knows the words.", "Write them down."), ("nobody is there.", "Come.")]


def test_what_keeps_a_response_class_from_answering_ends_the_start() -> None:
    mistaken = VelociPy()

    @mistaken.get("/", response_class=Mistaken)
    async def greet() -> None: ...

    with pytest.raises(StartupErrorGroup) as failed:
        mistaken.freeze()
    told = [str(error) for error in failed.value.exceptions]
    assert [text.partition("in ")[2] for text in told] == [
        "greet(): nobody knows the words. Write them down.",
        "greet(): nobody is there. Come.",
    ]
    assert all("test_deferred_responses.py:" in text for text in told)
