"""Handlers for exceptions: which one is chosen, what it may return, and what happens when it fails itself."""

from typing import Annotated, Any

import pytest
from httpx2 import Client

from velocipy import Depends, HTTPException, Request, Response, ValidationError, VelociPy


class OutOfStock(Exception):
    def __init__(self, item: str) -> None:
        super().__init__(item)
        self.item = item


class SoldOut(OutOfStock):
    """Has no handler of its own."""


class Discontinued(OutOfStock):
    """Has one."""


class Chained(Exception):
    """Its handler raises an HTTPException."""


class Hopeless(Exception):
    """Its handler fails."""


async def by_constructor(request: Request, error: ZeroDivisionError) -> dict[str, str]:
    return {"handled": "by the constructor"}


app = VelociPy(exception_handlers={ZeroDivisionError: by_constructor})


@app.exception_handler(OutOfStock)
async def out_of_stock(request: Request, error: OutOfStock) -> Response:
    return Response(f"{request.method} {request.path}: no {error.item}", 409)


@app.exception_handler(Discontinued)
def discontinued(request: Request, error: Discontinued) -> dict[str, str]:
    return {"gone": error.item}


@app.exception_handler(404)
async def not_found(request: Request, error: HTTPException) -> Response:
    return Response(f"nothing at {request.path}: {error.detail}", 404)


@app.exception_handler(405)
def not_allowed(request: Request, error: HTTPException) -> Response:
    return Response("not so", 405, headers=error.headers)


@app.exception_handler(ValidationError)
async def invalid(request: Request, error: ValidationError) -> Response:
    return Response(", ".join(".".join(map(str, fault["loc"])) for fault in error.errors), 400)


@app.exception_handler(Chained)
async def chained(request: Request, error: Chained) -> None:
    raise HTTPException(410, "chained")


@app.exception_handler(Hopeless)
def hopeless(request: Request, error: Hopeless) -> None:
    raise RuntimeError("the handler is broken too") from error


RAISED: dict[str, Exception] = {
    "stock": OutOfStock("tea"),
    "sold": SoldOut("tea"),
    "discontinued": Discontinued("tea"),
    "zero": ZeroDivisionError(),
    "404": HTTPException(404, "by hand"),
    "403": HTTPException(403),
    "chained": Chained(),
    "hopeless": Hopeless(),
    "other": RuntimeError(),
}


@app.get("/raise/{name}")
async def raises(name: str) -> None:
    raise RAISED[name]


def raising(name: str) -> None:
    raise RAISED[name]


@app.get("/depend/{name}")
def depends(value: Annotated[None, Depends(raising)]) -> None: ...


@app.get("/number/{n}")
async def number(n: int) -> int:
    return n


catch_all = VelociPy()


@catch_all.exception_handler(Exception)
async def everything(request: Request, error: Exception) -> Response:
    return Response(type(error).__name__, 500)


catch_all.add_route("/raise/{name}", raises)
catch_all.add_route("/number/{n}", number)

CASES = [
    ("stock", 409, "no tea"),
    ("sold", 409, "no tea"),
    ("discontinued", 200, '{"gone":"tea"}'),
    ("zero", 200, '{"handled":"by the constructor"}'),
    ("403", 403, '{"detail":"Forbidden"}'),
    ("chained", 410, '{"detail":"chained"}'),
    ("hopeless", 500, '{"detail":"Internal Server Error"}'),
    ("other", 500, '{"detail":"Internal Server Error"}'),
]


@pytest.mark.parametrize(("name", "status", "text"), CASES)
@pytest.mark.parametrize("way", ["raise", "depend"])
def test_the_nearest_class_decides(client: Client, way: str, name: str, status: int, text: str) -> None:
    response = client.get(f"/{way}/{name}")
    assert response.status_code == status
    assert response.text.endswith(text)


def test_the_handler_sees_request_and_error(client: Client) -> None:
    assert client.get("/raise/stock").text == "GET /raise/stock: no tea"


def test_a_status_has_a_handler_whoever_raised_it(client: Client) -> None:
    response = client.get("/raise/404")
    assert (response.status_code, response.text) == (404, "nothing at /raise/404: by hand")
    response = client.get("/nowhere")
    assert (response.status_code, response.text) == (404, "nothing at /nowhere: Not Found")


def test_405_of_the_router_comes_to_its_handler_with_allow(client: Client) -> None:
    response = client.post("/number/1")
    assert (response.status_code, response.text) == (405, "not so")
    assert response.headers["allow"] == "GET, HEAD, OPTIONS"


def test_faults_of_the_request_come_to_the_handler_of_their_class(client: Client) -> None:
    response = client.get("/number/x")
    assert (response.status_code, response.text) == (400, "path.n")


@pytest.mark.velocipy_app("catch_all")
@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/raise/other", "RuntimeError"),
        ("/raise/403", "HTTPException"),
        ("/nowhere", "HTTPException"),
        ("/number/x", "ValidationError"),
    ],
)
def test_a_handler_of_exception_takes_everything(client: Client, path: str, name: str) -> None:
    response = client.get(path)
    assert (response.status_code, response.text) == (500, name)


@pytest.mark.velocipy_app("catch_all")
def test_head_has_the_answer_of_the_handler_without_its_body(client: Client) -> None:
    response = client.head("/nowhere")
    assert (response.status_code, response.content) == (500, b"")


@pytest.mark.in_process
def test_a_handler_that_fails_is_logged_with_both_errors(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    client.get("/raise/hopeless")
    assert "the handler is broken too" in caplog.text
    assert "Hopeless" in caplog.text


@pytest.mark.parametrize("key", ["404", 4.5, BaseException, object, None, KeyboardInterrupt, OutOfStock("a")])
def test_only_exception_classes_and_statuses_have_handlers(key: Any) -> None:
    with pytest.raises(TypeError):
        VelociPy().add_exception_handler(key, not_found)


@pytest.mark.parametrize("handler", [lambda error: None, lambda: None, lambda *, request, error: None, "text", None])
def test_a_handler_that_cannot_be_called_so_is_refused(handler: Any) -> None:
    for add in (
        lambda: VelociPy().add_exception_handler(404, handler),
        lambda: VelociPy().exception_handler(ValueError)(handler),
        lambda: VelociPy(exception_handlers={404: handler}),
    ):
        with pytest.raises(TypeError, match=r"cannot answer errors: give a function that takes \(request, error\)"):
            add()
