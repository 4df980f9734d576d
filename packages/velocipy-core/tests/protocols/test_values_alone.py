"""Handlers that take nothing but values of the path, which run without a request: one is there when they need it."""

import logging
from typing import Any

import pytest
from httpx2 import Client

from velocipy import JSONResponse, Request, Response, VelociPy

app = VelociPy()


class Refused(Exception):
    pass


@app.exception_handler(Refused)
async def refused(request: Request, error: Refused) -> dict[str, Any]:
    return {
        "method": request.method,
        "path": request.path,
        "values": request.path_params,
        "query": request.query_params.getlist("q"),
        "header": request.header("x-given"),
        "body": (await request.body()).decode(),
    }


@app.route("/refused/{number}/{name}", methods=["GET", "POST"])
async def refuse(number: int, name: str) -> None:
    raise Refused


@app.get("/broken/{name}")
async def broken(name: str) -> None:
    raise LookupError


@app.post("/unread/{number}")
async def unread(number: int) -> dict[str, int]:
    return {"number": number}


@app.get("/response/{number}")
async def response(number: int) -> Response:
    return JSONResponse({"number": number}, 202, {"x-number": str(number)})


@app.get("/plain/{number}")
def plain(number: int) -> dict[str, int]:
    return {"number": number}


@pytest.mark.parametrize(("method", "body"), [("GET", ""), ("POST", "abc")])
def test_an_exception_handler_is_given_the_whole_request(client: Client, method: str, body: str) -> None:
    answer = client.request(
        method, "/refused/5/a%20b?q=1&q=2", headers={"x-given": "yes"}, content=body.encode() or None
    )
    assert answer.json() == {
        "method": method,
        "path": "/refused/5/a b",
        "values": {"number": "5", "name": "a b"},
        "query": ["1", "2"],
        "header": "yes",
        "body": body,
    }


@pytest.mark.in_process
def test_what_is_logged_names_the_request(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, "velocipy"):
        assert client.get("/broken/x").status_code == 500
    (record,) = [record for record in caplog.records if record.name == "velocipy"]
    assert "GET" in record.getMessage()
    assert "/broken/x" in record.getMessage()


def test_a_value_that_does_not_fit_is_refused(client: Client) -> None:
    answer = client.get("/plain/x")
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["path", "number"]


def test_a_body_that_nobody_reads_is_no_hindrance(client: Client) -> None:
    for number in range(3):
        answer = client.post(f"/unread/{number}", content=b"x" * 5_000)
        assert (answer.status_code, answer.json()) == (200, {"number": number})


def test_a_response_goes_as_it_is(client: Client) -> None:
    answer = client.get("/response/7")
    assert (answer.status_code, answer.headers["x-number"], answer.json()) == (202, "7", {"number": 7})


@pytest.mark.parametrize("path", ["/plain/7", "/response/7", "/nowhere"])
def test_the_head_is_that_of_get(client: Client, path: str) -> None:
    head, whole = client.head(path), client.get(path)
    assert (head.status_code, head.content) == (whole.status_code, b"")
    assert head.headers["content-length"] == str(len(whole.content))
    assert head.headers["content-type"] == whole.headers["content-type"]
