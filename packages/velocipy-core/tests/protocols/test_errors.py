"""What ends a request early: HTTPException, faults of one's own, unhandled errors and what they may tell."""

import logging
from typing import Annotated, Any

import pytest
from httpx2 import Client

from velocipy import Depends, HTTPException, PayloadTooLargeException, Request, Response, ValidationError, VelociPy

SECRET = "hunter2"


def with_errors(app: VelociPy) -> VelociPy:
    """Add the routes that fail."""

    @app.get("/named/{number}")
    async def named(number: int, request: Request) -> None:
        request.state.request_id = f"of {number}"
        raise RuntimeError(SECRET)

    @app.get("/http/{status}")
    async def http(status: int, detail: str | None = None) -> None:
        raise HTTPException(status, detail)

    @app.get("/detail")
    def detail() -> None:
        raise HTTPException(409, {"why": ["a", 1], "who": None}, headers={"X-Why": "because", "Retry-After": "5"})

    @app.get("/too-large")
    async def too_large() -> None:
        raise PayloadTooLargeException

    @app.get("/one-fault")
    async def one_fault() -> None:
        raise ValidationError("the dates overlap")

    @app.get("/faults")
    async def faults() -> None:
        raise ValidationError([{"loc": ["query", "a"], "msg": "no", "type": "mine"}], headers={"X-A": "1"})

    @app.get("/unhandled")
    async def unhandled() -> None:
        raise RuntimeError(SECRET)

    @app.get("/unhandled-plain")
    def unhandled_plain() -> None:
        raise RuntimeError(SECRET)

    @app.get("/unhandled/{name*}")
    async def unhandled_below(name: str) -> None:
        raise RuntimeError(SECRET)

    def broken() -> None:
        raise KeyError(SECRET)

    @app.get("/dependency")
    async def dependency(value: Annotated[None, Depends(broken)]) -> None: ...

    @app.get("/group")
    async def group() -> None:
        raise ExceptionGroup(SECRET, [RuntimeError(SECRET)])

    @app.get("/status/{code}")
    async def impossible(code: int) -> Response:
        return Response("a", code)

    return app


app = with_errors(VelociPy())
in_debug = with_errors(VelociPy(debug=True))

UNHANDLED = ["/unhandled", "/unhandled-plain", "/dependency", "/group"]


@pytest.mark.parametrize(
    ("status", "detail"),
    [
        (400, "Bad Request"),
        (401, "Unauthorized"),
        (404, "Not Found"),
        (418, "I'm a Teapot"),
        (503, "Service Unavailable"),
    ],
)
def test_the_detail_falls_back_to_the_phrase_of_the_status(client: Client, status: int, detail: str) -> None:
    for query in ("", "?detail="):
        response = client.get(f"/http/{status}{query}")
        assert response.status_code == status
        assert response.json()["detail"].lower() == detail.lower()
        assert response.headers["content-type"] == "application/json"


def test_the_detail_may_be_any_json(client: Client) -> None:
    assert client.get("/http/400?detail=why").json() == {"detail": "why"}
    response = client.get("/detail")
    assert (response.status_code, response.json()) == (409, {"detail": {"why": ["a", 1], "who": None}})
    assert (response.headers["x-why"], response.headers["retry-after"]) == ("because", "5")


def test_the_exceptions_of_their_own_status(client: Client) -> None:
    assert client.get("/too-large").status_code == 413
    response = client.get("/one-fault")
    assert response.status_code == 422
    assert response.json() == {"detail": [{"loc": [], "msg": "the dates overlap", "type": "value_error"}]}
    response = client.get("/faults")
    assert response.json() == {"detail": [{"loc": ["query", "a"], "msg": "no", "type": "mine"}]}
    assert response.headers["x-a"] == "1"


@pytest.mark.parametrize("path", UNHANDLED)
def test_an_unhandled_error_tells_nothing(client: Client, path: str) -> None:
    response = client.get(path)
    assert (response.status_code, response.json()) == (500, {"detail": "Internal Server Error"})
    assert SECRET not in response.text + str(response.headers)
    assert client.get("/http/404").status_code == 404  # and the server goes on


@pytest.mark.parametrize("path", UNHANDLED)
@pytest.mark.velocipy_app("in_debug")
def test_in_debug_an_unhandled_error_tells_its_traceback(client: Client, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 500
    assert SECRET in response.text
    assert "Traceback" in response.text
    assert "test_errors.py" in response.text
    assert response.headers["content-type"].startswith("text/plain")


@pytest.mark.velocipy_app("in_debug")
def test_in_debug_a_chosen_answer_stays_as_it_is(client: Client) -> None:
    assert client.get("/http/404").json() == {"detail": "Not Found"}
    assert client.get("/nowhere").json() == {"detail": "Not Found"}


@pytest.mark.parametrize("code", [0, 99, 100, 101, 199, 600, 1000, 65536, -1])
def test_a_status_that_is_none_is_an_error_of_the_server(client: Client, code: int) -> None:
    assert client.get(f"/status/{code}").status_code == 500
    assert client.get(f"/http/{code}").status_code == 500
    assert client.get("/status/299").status_code == 299  # and the server goes on


@pytest.mark.in_process
@pytest.mark.parametrize("path", UNHANDLED)
def test_an_unhandled_error_is_logged_with_its_request(
    client: Client, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, "velocipy"):
        client.get(path)
    (record,) = [record for record in caplog.records if record.name == "velocipy"]
    assert record.levelno == logging.ERROR
    assert "GET" in record.getMessage()
    assert path in record.getMessage()
    assert record.exc_info
    assert SECRET in caplog.text
    assert "test_errors.py" in caplog.text


@pytest.mark.in_process
def test_the_log_of_an_unhandled_error_has_the_route_and_the_id_as_data(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, "velocipy"):
        client.get("/named/5")
        client.get("/named/6")
    first, second = (record.request for record in caplog.records if record.name == "velocipy")  # type: ignore[attr-defined]
    assert (first["method"], first["path"], first["route"]) == ("GET", "/named/5", "/named/{number}")
    assert first["request_id"] == "of 5"
    assert second["request_id"] == "of 6"
    assert "route '/named/{number}', request of 5" in caplog.text


@pytest.mark.in_process
@pytest.mark.parametrize("path", ["/http/500", "/http/404", "/one-fault", "/nowhere", "/http/x"])
def test_an_answer_that_was_chosen_is_not_logged_as_an_error(
    client: Client, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "velocipy"):
        client.get(path)
    assert caplog.records == []


@pytest.mark.in_process
def test_a_path_forges_no_line_of_the_log(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    client.get("/unhandled/a%0AERROR forged%0D%1B[31m")
    (record,) = [record for record in caplog.records if record.name == "velocipy"]
    assert not set("\n\r\x1b") & set(record.getMessage())


def test_the_text_of_an_exception_is_its_status_and_detail() -> None:
    error: Any = HTTPException(404)
    assert str(error) == "404: Not Found"
    assert (error.status_code, error.detail, error.headers) == (404, "Not Found", None)
