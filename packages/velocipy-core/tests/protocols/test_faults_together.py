"""One 422 tells the faults of every source, each once; what a stranger may not know comes before it."""

from dataclasses import dataclass
from typing import Annotated, Any

import pytest
from httpx2 import Client

from velocipy import Cookie, Depends, Header, HTTPException, Query, VelociPy

app = VelociPy()

RAN: list[str] = []


@dataclass
class Item:
    name: str
    price: float


@app.post("/all/{id}")
async def everything(
    id: int,
    page: Annotated[int, Query(ge=1)],
    x_level: Annotated[int, Header()],
    theme: Annotated[str, Cookie(max_length=3)],
    item: Item,
) -> dict[str, Any]:
    return {"id": id, "page": page, "level": x_level, "theme": theme, "item": item}


def paging(page: int, size: int = 10) -> tuple[int, int]:
    RAN.append("paging")
    return page, size


async def priced(item: Item, factor: float = 1) -> float:
    RAN.append("priced")
    return item.price * factor


async def bounds(paging: Annotated[tuple[int, int], Depends(paging)]) -> int:
    RAN.append("bounds")
    return paging[0] * paging[1]


async def counter() -> str:
    RAN.append("counter")
    return "counted"


@app.post("/shared")
async def shared(
    page: int,
    item: Item,
    start: Annotated[int, Depends(bounds)],
    price: Annotated[float, Depends(priced)],
    counted: Annotated[str, Depends(counter)],
) -> list[Any]:
    RAN.append("handler")
    return [page, item.name, start, price]


def user(authorization: Annotated[str | None, Header()] = None) -> str:
    if authorization != "let me in":
        raise HTTPException(401, headers={"www-authenticate": "Bearer"})
    return "ada"


@app.post("/guarded/{id}")
async def guarded(id: int, item: Item, page: int, who: Annotated[str, Depends(user)]) -> str:
    return who


@app.get("/ran")
async def ran() -> list[str]:
    """Tell, and forget, what has run."""
    told = list(RAN)
    RAN.clear()
    return told


INT = "Input should be a valid integer, unable to parse string as an integer"


def test_the_faults_of_all_sources_come_together(client: Client) -> None:
    response = client.post("/all/x?page=0", json={"price": "free"}, headers={"X-Level": "high", "Cookie": "theme=dark"})
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/json"
    found = sorted(response.json()["detail"], key=lambda fault: str(fault["loc"]))
    assert found == [
        {"loc": ["body", "name"], "msg": "Field required", "type": "missing"},
        {"loc": ["body", "price"], "msg": "Input should be a valid number", "type": "float_type"},
        {"loc": ["cookie", "theme"], "msg": "String should have at most 3 characters", "type": "string_too_long"},
        {"loc": ["header", "x-level"], "msg": INT, "type": "int_parsing"},
        {"loc": ["path", "id"], "msg": INT, "type": "int_parsing"},
        {"loc": ["query", "page"], "msg": "Input should be greater than or equal to 1", "type": "greater_than_equal"},
    ]


def test_a_good_request_has_none(client: Client) -> None:
    headers = {"X-Level": "2", "Cookie": "theme=sun"}
    response = client.post("/all/5?page=1", json={"name": "a", "price": 1}, headers=headers)
    item = {"name": "a", "price": 1.0}
    assert response.json() == {"id": 5, "page": 1, "level": 2, "theme": "sun", "item": item}


def test_what_was_sent_is_not_repeated(client: Client) -> None:
    response = client.post("/all/secret1?page=secret2", json={"name": ["secret3"]}, headers={"X-Level": "secret4"})
    assert response.status_code == 422
    assert "secret" not in response.text


def test_a_fault_that_several_would_find_is_told_once(client: Client) -> None:
    response = client.post("/shared?page=x", json={"name": "a", "price": "x"})
    locs = [fault["loc"] for fault in response.json()["detail"]]
    assert sorted(locs) == [["body", "price"], ["query", "page"]]


def test_what_depends_on_a_faulty_value_does_not_run(client: Client) -> None:
    client.get("/ran")
    response = client.post("/shared?page=x", json={"name": "a", "price": 2})
    assert response.status_code == 422
    assert client.get("/ran").json() == ["counter", "priced"]
    client.post("/shared?page=1", json={"name": "a", "price": "x"})
    assert client.get("/ran").json() == ["paging", "bounds", "counter"]


def test_everything_runs_once_when_all_is_well(client: Client) -> None:
    client.get("/ran")
    assert client.post("/shared?page=3&factor=2", json={"name": "a", "price": 2}).json() == [3, "a", 30, 4.0]
    assert sorted(client.get("/ran").json()) == ["bounds", "counter", "handler", "paging", "priced"]


@pytest.mark.parametrize("content", [b"{", b'{"name": 5}', b""])
def test_401_comes_before_422(client: Client, content: bytes) -> None:
    response = client.post("/guarded/x?page=y", content=content, headers={"content-type": "application/json"})
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    assert response.json() == {"detail": "Unauthorized"}


def test_422_comes_after_401(client: Client) -> None:
    response = client.post("/guarded/x?page=y", json={}, headers={"authorization": "let me in"})
    locs = [fault["loc"] for fault in response.json()["detail"]]
    assert sorted(locs) == [["body", "name"], ["body", "price"], ["path", "id"], ["query", "page"]]
