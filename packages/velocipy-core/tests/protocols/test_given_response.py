"""`response: Response` is handed in: its headers, cookies and status join the answer, whatever the handler returns."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Annotated, Any

import pytest
from httpx2 import Client

from velocipy import (
    Depends,
    HTMLResponse,
    HTTPException,
    JSONResponse,
    PlainTextResponse,
    Query,
    Response,
    StartupError,
    StreamingResponse,
    VelociPy,
    WebSocket,
)
from velocipy.testing import TestClient

app = VelociPy()


@dataclass
class Public:
    name: str


@dataclass
class Private(Public):
    password: str = "hunter2"


SHARED = PlainTextResponse("the same for everybody", 203, {"x-shared": "1"})


def visited(response: Response) -> None:
    response.headers["x-dependency"] = "seen"
    response.set_cookie("visited", "yes")


@app.get("/data", status_code=202)
async def data(response: Response) -> dict[str, int]:
    response.headers["x-one"] = "1"
    return {"a": 1}


@app.get("/plain")
def plain(response: Response, q: int = 0) -> dict[str, int]:
    response.status_code = 201
    return {"q": q}


@app.get("/model")
async def model(response: Response) -> Public:
    response.status_code = 203
    return Private("Blue")


@app.get("/none")
async def none(response: Response) -> None:
    response.headers["x-one"] = "1"


@app.get("/none-created")
async def none_created(response: Response) -> None:
    response.status_code = 201


@app.get("/text")
async def text(response: Response) -> str:
    response.headers["content-type"] = "text/markdown"
    return "# Blue"


@app.get("/stream")
async def stream(response: Response) -> Any:
    response.headers["x-one"] = "1"
    return StreamingResponse(iter(["a", "b"]), media_type="text/csv")


@app.get("/class", response_class=HTMLResponse)
async def by_class(response: Response) -> str:
    response.status_code = 404
    return "<p>"


@app.get("/dependency", dependencies=[Depends(visited)])
async def dependency() -> dict[str, int]:
    return {"a": 1}


@app.get("/both", dependencies=[Depends(visited)])
async def both(response: Response) -> dict[str, int]:
    response.headers["x-dependency"] = "overwritten"
    response.set_cookie("other", "too")
    return {"a": 1}


@app.get("/returned")
async def returned(response: Response) -> Response:
    response.headers["x-one"] = "1"
    return response


@app.get("/returned-created", status_code=201)
async def returned_created(response: Response) -> Response:
    return response


@app.get("/answer")
async def answer(response: Response) -> Response:
    response.headers["x-one"] = "of the given"
    response.set_cookie("given", "1")
    made = JSONResponse({"a": 1}, 418, {"x-one": "of the answer", "x-two": "2"})
    made.set_cookie("own", "1")
    return made


async def in_the_language(response: Response) -> None:
    response.headers["vary"] = "Accept-Language, Accept"


@app.get("/varying", dependencies=[Depends(in_the_language)])
async def varying() -> Response:
    return JSONResponse({}, headers={"vary": "accept, HX-Request"})


@app.get("/answer-status")
async def answer_status(response: Response) -> Response:
    response.status_code = 409
    return JSONResponse({"a": 1}, 418)


@app.get("/shared")
async def shared(response: Response, name: Annotated[str | None, Query()] = None) -> Response:
    if name is not None:
        response.set_cookie("session", name)
        response.headers["x-name"] = name
        response.status_code = 201
    return SHARED


@app.get("/repeated")
async def repeated(response: Response) -> dict[str, int]:
    response.headers.append("link", "</a>; rel=next")
    response.headers.append("link", "</b>; rel=prev")
    return {"a": 1}


@app.get("/no-body")
async def no_body(response: Response) -> dict[str, int]:
    response.status_code = 204
    return {"never": 1}


@app.get("/wrong-status")
async def wrong_status(response: Response) -> dict[str, int]:
    response.status_code = 99
    return {"a": 1}


@app.get("/wrong-length")
async def wrong_length(response: Response) -> dict[str, int]:
    response.headers["content-length"] = "1"
    return {"a": 1}


@app.get("/injected")
async def injected(response: Response, value: str) -> dict[str, int]:
    response.headers["x-value"] = value
    return {"a": 1}


@app.get("/refused", dependencies=[Depends(visited)])
async def refused(response: Response) -> None:
    response.status_code = 201
    raise HTTPException(403)


async def timed(response: Response) -> AsyncIterator[None]:
    yield
    response.headers["server-timing"] = "db;dur=1"


@app.get("/timed", dependencies=[Depends(timed, scope="handler")])
async def read_timed() -> dict[str, int]:
    return {"a": 1}


def late(response: Response) -> Iterator[None]:
    yield
    response.headers["x-late"] = "1"


@app.get("/late", dependencies=[Depends(late)])
async def read_late() -> dict[str, int]:
    return {"a": 1}


def cookies_of(client: Client, path: str) -> list[str]:
    answer = client.get(path)
    client.cookies.clear()
    return [value.partition(";")[0] for value in answer.headers.get_list("set-cookie")]


def test_headers_join_an_answer_of_data_which_keeps_its_status_and_type(client: Client) -> None:
    answer = client.get("/data")
    assert (answer.status_code, answer.json()) == (202, {"a": 1})
    assert (answer.headers["x-one"], answer.headers["content-type"]) == ("1", "application/json")
    assert answer.headers["content-length"] == str(len(answer.content))


def test_a_plain_handler_sets_the_status_too(client: Client) -> None:
    answer = client.get("/plain?q=3")
    assert (answer.status_code, answer.json()) == (201, {"q": 3})


def test_it_is_no_input_that_could_be_missing(client: Client) -> None:
    assert [fault["loc"] for fault in client.get("/plain?q=x").json()["detail"]] == [["query", "q"]]


def test_a_declared_type_holds_as_well(client: Client) -> None:
    answer = client.get("/model")
    assert (answer.status_code, answer.json()) == (203, {"name": "Blue"})


def test_nothing_to_send_is_still_204(client: Client) -> None:
    answer = client.get("/none")
    assert (answer.status_code, answer.content, answer.headers["x-one"]) == (204, b"", "1")


def test_nothing_to_send_takes_the_status_that_was_set(client: Client) -> None:
    answer = client.get("/none-created")
    assert (answer.status_code, answer.content) == (201, b"")


def test_a_content_type_replaces_that_of_the_answer(client: Client) -> None:
    assert client.get("/text").headers.get_list("content-type") == ["text/markdown"]


def test_a_stream_is_joined_too(client: Client) -> None:
    answer = client.get("/stream")
    assert (answer.text, answer.headers["x-one"]) == ("ab", "1")


def test_an_answer_of_a_response_class_is_joined_too(client: Client) -> None:
    answer = client.get("/class")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")


def test_a_dependency_adds_to_the_answer_of_a_handler_that_does_not_know(client: Client) -> None:
    assert client.get("/dependency").headers["x-dependency"] == "seen"
    assert cookies_of(client, "/dependency") == ["visited=yes"]


def test_all_are_handed_the_same_response(client: Client) -> None:
    assert client.get("/both").headers.get_list("x-dependency") == ["overwritten"]
    assert cookies_of(client, "/both") == ["visited=yes", "other=too"]


@pytest.mark.parametrize(("path", "status"), [("/returned", 200), ("/returned-created", 201)])
def test_the_given_response_may_be_returned(client: Client, path: str, status: int) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.content) == (status, b"")
    assert answer.headers.get_list("x-one") == (["1"] if path == "/returned" else [])


def test_headers_replace_those_of_a_returned_response_and_cookies_add_to_them(client: Client) -> None:
    answer = client.get("/answer")
    assert (answer.status_code, answer.json()) == (418, {"a": 1})
    assert (answer.headers.get_list("x-one"), answer.headers["x-two"]) == (["of the given"], "2")
    assert cookies_of(client, "/answer") == ["own=1", "given=1"]


def test_a_status_that_was_set_comes_before_that_of_a_returned_response(client: Client) -> None:
    assert client.get("/answer-status").status_code == 409


def test_a_response_that_everybody_gets_keeps_nothing_of_one_request(client: Client) -> None:
    """Else the session of one visitor is handed to the next."""
    first = client.get("/shared?name=robert")
    assert (first.status_code, first.headers["x-name"]) == (201, "robert")
    client.cookies.clear()
    second = client.get("/shared")
    assert (second.status_code, second.text) == (203, "the same for everybody")
    assert (second.headers["x-shared"], "x-name" in second.headers) == ("1", False)
    assert "set-cookie" not in second.headers


def test_repeated_headers_stay_repeated(client: Client) -> None:
    assert client.get("/repeated").headers.get_list("link") == ["</a>; rel=next", "</b>; rel=prev"]


def test_a_status_without_a_body_sends_none(client: Client) -> None:
    answer = client.get("/no-body")
    assert (answer.status_code, answer.content) == (204, b"")


def test_a_status_that_is_none_is_a_500(client: Client) -> None:
    answer = client.get("/wrong-status")
    assert (answer.status_code, answer.json()) == (500, {"detail": "Internal Server Error"})


def test_a_wrong_length_is_corrected(client: Client) -> None:
    answer = client.get("/wrong-length")
    assert (answer.headers["content-length"], answer.json()) == ("7", {"a": 1})


def test_a_line_break_in_a_header_is_a_500_and_no_header(client: Client) -> None:
    answer = client.get("/injected", params={"value": "a\r\nset-cookie: sid=1"})
    assert (answer.status_code, "set-cookie" in answer.headers) == (500, False)


def test_an_error_has_nothing_of_it(client: Client) -> None:
    answer = client.get("/refused")
    assert answer.status_code == 403
    assert not {"x-dependency", "set-cookie"} & set(answer.headers)


def test_what_closes_before_the_answer_may_still_add_to_it(client: Client) -> None:
    assert client.get("/timed").headers["server-timing"] == "db;dur=1"


def test_what_closes_after_the_answer_adds_nothing(client: Client) -> None:
    answer = client.get("/late")
    assert (answer.status_code, "x-late" in answer.headers) == (200, False)


def test_head_has_the_headers_and_the_status(client: Client) -> None:
    answer = client.head("/model")
    assert (answer.status_code, answer.content) == (203, b"")
    assert client.head("/data").headers["x-one"] == "1"


of_both = VelociPy()


async def tell_both(response: Response | None) -> str:
    if response is not None:
        response.headers["x-both"] = "yes"
    return "request" if response is not None else "websocket"


@of_both.get("/")
async def asked(kind: Annotated[str, Depends(tell_both)]) -> dict[str, str]:
    return {"kind": kind}


@of_both.websocket("/")
async def connected(websocket: WebSocket, kind: Annotated[str, Depends(tell_both)]) -> None:
    await websocket.accept()
    await websocket.send_text(kind)


@pytest.mark.velocipy_app("of_both")
def test_a_dependency_of_requests_and_websockets_is_handed_none_where_there_is_no_response(
    client: TestClient,
) -> None:
    answer = client.get("/")
    assert (answer.json(), answer.headers["x-both"]) == ({"kind": "request"}, "yes")
    with client.websocket_connect("/") as websocket:
        assert websocket.receive_text() == "websocket"


@pytest.mark.in_process
def test_a_websocket_that_asks_for_a_response_that_cannot_be_none_is_refused_at_the_start() -> None:
    app = VelociPy()

    @app.websocket("/")
    async def connected(websocket: WebSocket, response: Response) -> None: ...

    with pytest.raises(StartupError, match="Response"):
        app.freeze()


def test_what_the_answer_depends_on_is_what_both_say(client: Client) -> None:
    assert client.get("/varying").headers["vary"] == "accept, HX-Request, Accept-Language"
