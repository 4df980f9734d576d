"""How many Python frames lead from the server's call to the handler: three with both of them, on both protocols."""

import sys
from typing import Annotated, Any

import pytest

from velocipy import Depends, Query, Request, VelociPy

BUDGET = 3

app = VelociPy()


def frames() -> list[str]:
    """The functions from the application's entrance to the caller."""
    frame = sys._getframe(1)
    names = []
    while frame is not None:
        names.append(frame.f_code.co_name)
        if frame.f_code.co_name == "serve" and frame.f_globals["__name__"] in (
            "velocipy.servers.asgi",
            "velocipy.servers.rsgi",
        ):
            return names
        assert frame.f_back is not None, "the handler was not called by an adapter"
        frame = frame.f_back
    raise AssertionError


async def resource(page: Annotated[int, Query(ge=1)] = 1) -> list[str]:
    return frames()


@app.get("/static")
async def static() -> list[str]:
    return frames()


@app.get("/items/{number}")
async def with_values(number: int, size: int = 10, limit: Annotated[int, Query(le=100)] = 5) -> list[str]:
    return frames()


@app.get("/request")
async def with_request(request: Request) -> list[str]:
    return frames()


@app.get("/dependency")
async def with_dependency(found: Annotated[list[str], Depends(resource)]) -> dict[str, list[str]]:
    return {"handler": frames(), "dependency": found}


@app.post("/body")
async def with_body(data: dict[str, int]) -> list[str]:
    return frames()


@app.post("/everything/{number}")
async def with_everything(
    number: int, data: dict[str, int], found: Annotated[list[str], Depends(resource)], request: Request
) -> list[str]:
    return frames()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/static"),
        ("GET", "/items/5?size=2"),
        ("GET", "/request"),
        ("POST", "/body"),
        ("POST", "/everything/5?page=2"),
    ],
)
def test_three_frames_lead_to_the_handler(client: Any, method: str, path: str) -> None:
    found = client.request(method, path, json={"a": 1} if method == "POST" else None).json()
    assert len(found) <= BUDGET, found
    assert found[-1] == "serve"


def test_three_frames_lead_to_a_dependency_and_to_the_handler_after_it(client: Any) -> None:
    found = client.get("/dependency").json()
    assert len(found["handler"]) <= BUDGET, found
    assert len(found["dependency"]) <= BUDGET, found


def test_the_adapters_are_the_entrances_of_the_application() -> None:
    from velocipy.servers import asgi, rsgi

    assert VelociPy.__call__ is asgi.serve
    assert VelociPy.__rsgi__ is rsgi.serve
