"""What a dependency may take: all that a handler may, at any depth, beside what the handler takes itself."""

from dataclasses import dataclass
from typing import Annotated, Any

import pytest
from httpx2 import Client

from velocipy import Body, Cookie, Depends, Form, Header, Query, Request, Response, VelociPy

app = VelociPy()


@dataclass
class Item:
    name: str
    n: int = 1


@dataclass
class Paging:
    page: Annotated[int, Query(ge=1)] = 1


def head(
    request: Request,
    response: Response,
    id: int,
    q: Annotated[list[int], Query()],
    x_token: Annotated[str, Header()],
    theme: Annotated[str, Cookie()] = "light",
    flag: bool = False,
) -> list[Any]:
    response.headers["X-Seen"] = request.method
    return [id, q, x_token, theme, flag]


async def above(value: Annotated[list[Any], Depends(head)], paging: Annotated[Paging, Query()]) -> list[Any]:
    return [value, paging.page]


@app.get("/head/{id}")
async def of_the_head(value: Annotated[list[Any], Depends(above)], id: str) -> list[Any]:
    return [value, id]


def form_fields(name: Annotated[str, Form(min_length=2)], tags: Annotated[set[str], Form()] = set()) -> Any:  # noqa: B006
    return [name, sorted(tags)]


async def form_above(value: Annotated[Any, Depends(form_fields)], size: Annotated[int, Form(alias="s")] = 0) -> Any:
    return [value, size]


@app.post("/form")
async def of_a_form(value: Annotated[Any, Depends(form_above)], name: str = Form()) -> Any:
    return [value, name]


@app.post("/form-and-request")
async def form_and_request(value: Annotated[Any, Depends(form_fields)], request: Request) -> Any:
    return [value, (await request.form()).multi_items(), (await request.body()).decode()]


def model(item: Item) -> str:
    return item.name


async def number(total: Annotated[int, Body(ge=0)]) -> int:
    return total


@app.post("/body")
async def of_a_body(name: Annotated[str, Depends(model)]) -> str:
    return name


@app.post("/same-body")
async def of_the_same_body(name: Annotated[str, Depends(model)], item: Item) -> list[Any]:
    return [name, item.n]


@app.post("/keyed-body")
async def of_a_keyed_body(
    name: Annotated[str, Depends(model)], total: Annotated[int, Depends(number)], other: Item
) -> list[Any]:
    return [name, total, other.name]


@app.post("/body-and-request")
async def body_and_request(name: Annotated[str, Depends(model)], request: Request) -> list[Any]:
    read = b"".join([chunk async for chunk in request.stream()])
    return [name, read.decode(), await request.json()]


async def reads_it_all(request: Request) -> int:
    return len(await request.body())


@app.post("/read-before")
async def read_before(length: Annotated[int, Depends(reads_it_all)], item: Item) -> list[Any]:
    return [length, item.name]


@app.post("/twice")
async def twice(
    a: Annotated[str, Depends(model)], b: Annotated[str, Depends(model, use_cache=False)], item: Item
) -> list[Any]:
    return [a, b, item.name]


def test_faults_of_a_dependency_name_the_place_and_not_the_dependency(client: Client) -> None:
    response = client.get("/head/x?q=1&q=y&flag=perhaps&page=0")
    assert response.status_code == 422
    assert [(fault["loc"], fault["type"]) for fault in response.json()["detail"]] == [
        (["path", "id"], "int_parsing"),
        (["query", "q", 1], "int_parsing"),
        (["header", "x-token"], "missing"),
        (["query", "flag"], "bool_parsing"),
        (["query", "page"], "greater_than_equal"),
    ]
    assert "x-seen" not in response.headers


def test_everything_of_the_head(client: Client) -> None:
    response = client.get("/head/5?q=1&q=2&page=3&flag=on", headers={"X-Token": "t", "Cookie": "theme=dark"})
    assert response.json() == [[[5, [1, 2], "t", "dark", True], 3], "5"]
    assert response.headers["x-seen"] == "GET"


def test_faults_of_a_form(client: Client) -> None:
    response = client.post("/form", data={"name": "a", "s": "x"})
    assert [(fault["loc"], fault["type"]) for fault in response.json()["detail"]] == [
        (["form", "name"], "string_too_short"),
        (["form", "s"], "int_parsing"),
    ]
    (fault,) = client.post("/form").json()["detail"]  # asked for twice, told once
    assert (fault["loc"], fault["type"]) == (["form", "name"], "missing")
    assert client.post("/form", json={"name": "ada"}).status_code == 415


def test_fields_of_a_form(client: Client) -> None:
    response = client.post("/form", data={"name": "ada", "tags": ["b", "a", "b"], "s": "3"})
    assert response.json() == [[["ada", ["a", "b"]], 3], "ada"]
    response = client.post("/form-and-request", data={"name": "ada"})
    assert response.json() == [["ada", []], [["name", "ada"]], "name=ada"]


@pytest.mark.parametrize("path", ["/body", "/same-body", "/twice", "/body-and-request", "/read-before"])
def test_faults_of_a_body(client: Client, path: str) -> None:
    for data, loc, word in (({"n": 1}, ["body", "name"], "missing"), ([], ["body"], "model_type")):
        response = client.post(path, json=data)
        assert response.status_code == 422
        assert [(fault["loc"], fault["type"]) for fault in response.json()["detail"]] == [(loc, word)]


def test_faults_of_several_bodies(client: Client) -> None:
    response = client.post("/keyed-body", json={"item": {"name": 5}, "total": -1})
    assert [fault["loc"] for fault in response.json()["detail"]] == [
        ["body", "item", "name"],
        ["body", "total"],
        ["body", "other"],
    ]


def test_one_body_for_all_who_ask(client: Client) -> None:
    assert client.post("/body", json={"name": "a"}).text == "a"
    assert client.post("/same-body", json={"name": "a", "n": 2}).json() == ["a", 2]
    assert client.post("/twice", json={"name": "a"}).json() == ["a", "a", "a"]
    body = {"item": {"name": "a"}, "total": 2, "other": {"name": "b"}}
    assert client.post("/keyed-body", json=body).json() == ["a", 2, "b"]


@pytest.mark.parametrize("content", [b'{"name": "a"}', b' {"name":"a","n":2} '])
def test_the_body_can_still_be_read_by_the_handler(client: Client, content: bytes) -> None:
    headers = {"content-type": "application/json"}
    for body in (content, iter([content[:3], content[3:]])):
        name, text, data = client.post("/body-and-request", content=body, headers=headers).json()
        assert (name, text, data["name"]) == ("a", content.decode(), "a")
    assert client.post("/read-before", content=content, headers=headers).json() == [len(content), "a"]
