"""Error handlers of routers: the innermost first, the application's last."""

from typing import Any

import pytest
from httpx2 import Client

from velocipy import APIRouter, HTTPException, JSONResponse, Request, ValidationError, VelociPy


class NoStock(Exception): ...


class NoneLeft(NoStock): ...


async def by_inner(request: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"by": "inner", "error": type(error).__name__}, 409)


def by_outer(request: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"by": "outer", "error": type(error).__name__}, 410)


async def by_app(request: Request, error: Exception) -> dict[str, str]:
    return {"by": "app", "error": type(error).__name__}


app = VelociPy(exception_handlers={404: by_app, ValidationError: by_app})
outer = APIRouter("/outer", exception_handlers={KeyError: by_outer})
inner = APIRouter("/inner")
outer.exception_handler(HTTPException)(by_outer)
inner.add_exception_handler(NoStock, by_inner)
app.add_exception_handler(Exception, by_app)


@inner.get("/{kind}")
@outer.get("/{kind}")
@app.get("/{kind}")
async def fail(kind: str, number: int = 0) -> None:
    raise {"stock": NoneLeft(), "key": KeyError(kind), "404": HTTPException(404), "418": HTTPException(418)}[kind]


outer.include_router(inner)
app.include_router(outer)


@pytest.mark.parametrize(
    ("path", "status", "by"),
    [
        ("/outer/inner/stock", 409, "inner"),
        ("/outer/inner/key", 410, "outer"),
        ("/outer/inner/404", 410, "outer"),
        ("/outer/inner/418", 410, "outer"),
        ("/outer/stock", 200, "app"),
        ("/outer/key", 410, "outer"),
        ("/stock", 200, "app"),
        ("/404", 200, "app"),
        ("/418", 200, "app"),
        ("/outer/key?number=x", 410, "outer"),
        ("/key?number=x", 200, "app"),
        ("/outer/inner/none/at/all", 200, "app"),
    ],
)
def test_the_innermost_router_that_knows_the_error_answers(client: Client, path: str, status: int, by: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.json()["by"]) == (status, by)


@pytest.mark.in_process
def test_a_key_that_is_none_is_refused() -> None:
    key: Any = "404"
    with pytest.raises(TypeError, match="'404' is no exception class and no status code"):
        APIRouter(exception_handlers={key: by_app})
