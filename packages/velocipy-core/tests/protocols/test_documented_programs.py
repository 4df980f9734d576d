"""The programs that the documentation opens with, piece by piece: nothing in them may need to be changed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import pytest
from httpx2 import Client

from velocipy import Depends, Header, Query, Request, VelociPy

pydantic = pytest.importorskip("pydantic", reason="the models of the first page are pydantic's")

events: list[str] = []


@asynccontextmanager
async def lifespan(app: VelociPy) -> AsyncIterator[None]:
    events.append(f"start {app.title}")
    yield
    events.append("stop")


app = VelociPy(title="Nests", version="2.0", lifespan=lifespan)


class Egg(pydantic.BaseModel):  # type: ignore[misc, name-defined]
    name: str
    weight: float


async def page_params(page: Annotated[int, Query(ge=1)] = 1, size: Annotated[int, Query(le=100)] = 20) -> Any:
    return {"page": page, "size": size}


async def limited(request: Request) -> None:
    if request.header("x-greedy"):
        from velocipy import HTTPException

        raise HTTPException(429)


@app.get("/")
async def hello():  # type: ignore[no-untyped-def]  # as a newcomer writes it
    return {"message": "Hello"}


@app.get("/eggs", response_model=list[Egg], tags=["eggs"])
async def list_eggs(
    params: Annotated[dict, Depends(page_params)],  # type: ignore[type-arg]
    _: None = Depends(limited),
    x_request_id: Annotated[str | None, Header()] = None,
) -> Any:
    return [
        {"name": f"{params['page']} {params['size']} {x_request_id}", "weight": 0.4, "laid_by": "nobody's business"}
    ]


@app.get("/health")
async def health() -> dict[str, str]:
    return {"status": "ok"}


@app.get("/ready")
async def ready():  # type: ignore[no-untyped-def]
    return {"ready": True, "events": events}


def test_faults_of_a_dependency_are_told_together_before_the_handler_runs(client: Client) -> None:
    response = client.get("/eggs?page=0&size=101")
    assert response.status_code == 422
    assert response.json() == {
        "detail": [
            {
                "loc": ["query", "page"],
                "msg": "Input should be greater than or equal to 1",
                "type": "greater_than_equal",
            },
            {"loc": ["query", "size"], "msg": "Input should be less than or equal to 100", "type": "less_than_equal"},
        ]
    }
    assert client.get("/eggs?page=first").json()["detail"][0]["type"] == "int_parsing"


def test_a_dependency_whose_value_nobody_wants_still_ends_the_request(client: Client) -> None:
    response = client.get("/eggs?page=0", headers={"X-Greedy": "1"})
    assert (response.status_code, response.json()) == (429, {"detail": "Too Many Requests"})


@pytest.mark.parametrize(
    ("path", "headers", "name"),
    [
        ("/eggs", {}, "1 20 None"),
        ("/eggs?page=3&size=100", {}, "3 100 None"),
        ("/eggs?size=-5", {"X-Request-ID": "a1"}, "1 -5 a1"),
        ("/eggs", {"x-request-id": ""}, "1 20 "),
    ],
)
def test_every_default_counts_and_what_is_not_declared_stays_here(
    client: Client, path: str, headers: dict[str, str], name: str
) -> None:
    response = client.get(path, headers=headers)
    assert (response.status_code, response.json()) == (200, [{"name": name, "weight": 0.4}])


def test_a_handler_without_any_annotation_answers_json(client: Client) -> None:
    response = client.get("/")
    assert (response.headers["content-type"], response.json()) == ("application/json", {"message": "Hello"})


def test_the_lifespan_ran_once_before_the_first_health_check(client: Client) -> None:
    assert client.get("/health").json() == {"status": "ok"}
    told = client.get("/ready").json()
    assert told["ready"] is True
    assert told["events"][-1] == "start Nests"
    assert client.get("/ready").json()["events"] == told["events"]


@pytest.mark.in_process
@pytest.mark.parametrize("interface", ["asgi", "rsgi"])
def test_a_test_client_needs_no_with(interface: str) -> None:
    from velocipy.testing import TestClient

    client = TestClient(app, interface=interface)
    assert client.get("/eggs?page=1").status_code == 200
    client.close()
