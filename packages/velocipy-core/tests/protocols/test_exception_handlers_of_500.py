"""A handler of the status 500 answers what nobody else handles; that it happened is logged all the same."""

import logging
from typing import Any

import pytest
from httpx2 import Client

from velocipy import (
    APIRouter,
    ClientDisconnect,
    HTTPException,
    JSONResponse,
    PlainTextResponse,
    Request,
    Response,
    ValidationError,
    VelociPy,
)


class Expected(Exception):
    pass


app = VelociPy()
router = APIRouter(prefix="/router")
inner = APIRouter(prefix="/inner", exception_handlers={KeyError: lambda request, error: PlainTextResponse("key", 400)})


@app.exception_handler(500)
async def sorry(request: Request, error: Exception) -> Response:
    return JSONResponse({"sorry": type(error).__name__, "path": request.path}, 500)


@app.exception_handler(Expected)
def on_expected(request: Request, error: Expected) -> Response:
    return PlainTextResponse("expected", 409)


@router.exception_handler(500)
def sorry_of_the_router(request: Request, error: Exception) -> Response:
    if isinstance(error, ZeroDivisionError):
        raise error
    if isinstance(error, OSError):
        raise HTTPException(503, "later")
    if isinstance(error, LookupError):
        raise TypeError("the handler itself is wrong")
    return PlainTextResponse("router", 500)


def declare(of: APIRouter) -> None:
    @of.get("/unexpected")
    async def unexpected() -> None:
        raise RuntimeError("the secret is hunter2")

    @of.get("/in-a-thread")
    def in_a_thread() -> None:
        raise RuntimeError("the secret is hunter2")

    @of.get("/key")
    async def key() -> None:
        raise KeyError("hunter2")

    @of.get("/expected")
    async def expected() -> None:
        raise Expected

    @of.get("/chosen")
    async def chosen() -> None:
        raise HTTPException(500, "chosen")

    @of.get("/other")
    async def other() -> None:
        raise HTTPException(503)

    @of.get("/number/{n}")
    async def number(n: int) -> int:
        return 10 // n

    @of.get("/disk")
    async def disk() -> None:
        raise OSError

    @of.get("/no-json")
    async def no_json() -> Any:
        return object()

    @of.get("/left")
    async def left() -> None:
        raise ClientDisconnect


declare(app)
declare(router)
declare(inner)
router.include_router(inner)
app.include_router(router)


def broken() -> VelociPy:
    app = VelociPy(exception_handlers={500: lambda request, error: 1 / 0})
    declare(app)
    return app


def problem() -> VelociPy:
    app = VelociPy(problem_details=True, debug=True, exception_handlers={500: sorry})
    declare(app)
    return app


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/unexpected", "RuntimeError"),
        ("/in-a-thread", "RuntimeError"),
        ("/key", "KeyError"),
        ("/number/0", "ZeroDivisionError"),
        ("/no-json", "TypeError"),
        ("/chosen", "HTTPException"),
    ],
)
def test_it_answers_what_nobody_handles_and_its_own_status(client: Client, path: str, name: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.json()) == (500, {"sorry": name, "path": path})


@pytest.mark.parametrize(
    ("path", "status", "content"),
    [
        ("/expected", 409, "expected"),
        ("/other", 503, '{"detail":"Service Unavailable"}'),
        ("/nowhere", 404, '{"detail":"Not Found"}'),
        ("/number/5", 200, "2"),
    ],
)
def test_everything_else_is_as_it_was(client: Client, path: str, status: int, content: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.text) == (status, content)


def test_faults_of_a_client_are_not_its_business(client: Client) -> None:
    assert client.get("/number/x").status_code == 422
    assert client.post("/unexpected").status_code == 405


@pytest.mark.in_process
def test_a_client_that_left_is_not_its_business_either(client: Client) -> None:
    assert client.get("/left").status_code == 400


@pytest.mark.parametrize(
    ("path", "status", "content"),
    [
        ("/router/unexpected", 500, "router"),
        ("/router/chosen", 500, "router"),
        ("/router/inner/unexpected", 500, "router"),
        ("/router/inner/key", 400, "key"),
        ("/router/expected", 409, "expected"),  # a class that is known farther out comes before a status
        ("/router/disk", 503, '{"detail":"later"}'),
        ("/router/number/0", 500, '{"detail":"Internal Server Error"}'),
        ("/router/key", 500, '{"detail":"Internal Server Error"}'),
    ],
)
def test_the_innermost_router_that_has_one_answers(client: Client, path: str, status: int, content: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.text) == (status, content)


@pytest.mark.velocipy_app("broken")
def test_one_that_fails_is_a_500_that_tells_nothing(client: Client) -> None:
    answer = client.get("/unexpected")
    assert (answer.status_code, answer.json()) == (500, {"detail": "Internal Server Error"})


@pytest.mark.velocipy_app("problem")
def test_it_comes_before_problem_details_and_the_page_of_debug(client: Client) -> None:
    assert client.get("/unexpected").json() == {"sorry": "RuntimeError", "path": "/unexpected"}
    assert client.get("/other").headers["content-type"] == "application/problem+json"


def errors_of(caplog: pytest.LogCaptureFixture) -> list[list[str]]:
    """Return the errors that were logged, each with those that it was raised for."""
    found = []
    for record in caplog.records:
        chain: list[str] = []
        error = record.exc_info[1] if record.exc_info else None
        while error is not None:
            chain.append(type(error).__name__)
            error = error.__context__
        found.append(chain)
    return found


@pytest.mark.in_process
@pytest.mark.parametrize(
    ("path", "logged"),
    [
        ("/unexpected", [["RuntimeError"]]),
        ("/router/unexpected", [["RuntimeError"]]),
        ("/router/number/0", [["ZeroDivisionError"]]),
        ("/router/key", [["TypeError", "KeyError"]]),
        ("/expected", []),
        ("/chosen", []),
        ("/other", []),
        ("/router/inner/key", []),
        ("/router/disk", []),  # it was the handler's choice
        ("/left", []),
    ],
)
def test_what_nobody_expected_is_logged_once(
    client: Client, caplog: pytest.LogCaptureFixture, path: str, logged: list[list[str]]
) -> None:
    with caplog.at_level(logging.ERROR, "velocipy"):
        client.get(path)
    assert errors_of(caplog) == logged


@pytest.mark.in_process
@pytest.mark.velocipy_app("broken")
def test_a_handler_that_fails_is_logged_with_what_it_was_called_for(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, "velocipy"):
        client.get("/unexpected")
    assert errors_of(caplog) == [["ZeroDivisionError", "RuntimeError"]]


def test_a_validation_error_is_no_unhandled_one(client_factory: Any) -> None:
    client = client_factory("broken")
    assert client.get("/number/x").status_code == ValidationError("").status_code
