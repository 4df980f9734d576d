"""The type of a body decides before a byte of it is believed: 415, and what is let in without a type."""

from typing import Annotated, Any

import pytest
from httpx2 import Client

from velocipy import Body, Depends, Form, HTTPException, VelociPy

app = VelociPy()


@app.post("/json")
async def json_body(data: dict[str, Any]) -> Any:
    return data


@app.post("/optional")
async def optional(data: dict[str, Any] | None = None) -> list[Any]:
    return [data]


@app.post("/keyed")
async def keyed(a: Annotated[int, Body()], b: Annotated[int, Body()]) -> int:
    return a + b


@app.post("/form")
async def form_body(a: Annotated[int, Form()]) -> int:
    return a


async def guard() -> None:
    raise HTTPException(401)


@app.post("/guarded")
async def guarded(data: dict[str, Any], user: Annotated[None, Depends(guard)]) -> Any:
    return data


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "APPLICATION/JSON",
        "application/json; charset=utf-8",
        "application/json;charset=UTF-8",
        "application/problem+json",
        "application/vnd.api+json; version=1",
    ],
)
def test_json_is_known_by_its_type(client: Client, content_type: str) -> None:
    response = client.post("/json", content=b'{"a": 1}', headers={"content-type": content_type})
    assert (response.status_code, response.json()) == (200, {"a": 1})


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "text/plain; application/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonp",
        "application/json-patch",
        "text/json",
        "application/xml",
        "json",
        "+json",
        "text/x+json",
        "application/json, text/plain",
        "",
    ],
)
@pytest.mark.parametrize("path", ["/json", "/optional", "/keyed"])
def test_anything_else_is_415(client: Client, path: str, content_type: str) -> None:
    response = client.post(path, content=b'{"a": 1, "b": 2}', headers={"content-type": content_type})
    assert response.status_code == 415
    assert response.json() == {"detail": "The body must be JSON, declared as application/json"}


def test_programs_may_leave_the_type_out(client: Client) -> None:
    response = client.post("/json", content=b'{"a": 1}')
    assert "content-type" not in response.request.headers
    assert response.json() == {"a": 1}


@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
def test_browsers_may_not_leave_the_type_out(client: Client, origin: str) -> None:
    response = client.post("/json", content=b'{"a": 1}', headers={"origin": origin})
    assert response.status_code == 415


def test_an_empty_body_needs_no_type(client: Client) -> None:
    response = client.post("/optional", headers={"origin": "https://a.example"})
    assert (response.status_code, response.json()) == (200, [None])


@pytest.mark.parametrize(
    "content_type", ["application/x-www-form-urlencoded", "Application/X-WWW-Form-Urlencoded; charset=utf-8"]
)
def test_a_form_is_known_by_its_type(client: Client, content_type: str) -> None:
    assert client.post("/form", content=b"a=1", headers={"content-type": content_type}).json() == 1


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "application/x-www-form"])
def test_json_never_fills_a_form(client: Client, content_type: str) -> None:
    response = client.post("/form", content=b'{"a": 1}', headers={"content-type": content_type})
    assert response.status_code == 415


def test_a_form_that_is_no_utf_8_is_the_clients_fault(client: Client) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    for content in (b"a=%FF", b"a=\xff"):
        response = client.post("/form", content=content, headers=headers)
        assert (response.status_code, response.json()) == (400, {"detail": "The form is not UTF-8"})


def test_who_may_not_enter_is_not_told_about_the_type(client: Client) -> None:
    response = client.post("/guarded", content=b"a", headers={"content-type": "text/plain"})
    assert response.status_code == 401
