"""Errors as application/problem+json (RFC 9457), and the debug page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from velocipy import HTTPException, VelociPy

if TYPE_CHECKING:
    from decimal import Decimal

app = VelociPy(problem_details=True)
debug = VelociPy(debug=True)


@app.get("/gone")
async def gone() -> None:
    raise HTTPException(410, "It was sold", headers={"x-more": "1"})


@app.get("/plain")
async def plain() -> None:
    raise HTTPException(403)


@app.get("/number")
async def number(n: int) -> int:
    return n


@app.get("/fails")
@debug.get("/fails")
async def fails() -> None:
    raise ZeroDivisionError("<script>alert(1)</script>")


def problem(response: Any) -> Any:
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["status"] == response.status_code
    return response.json()


def test_a_detail_is_told(client: Any) -> None:
    response = client.get("/gone")
    assert problem(response) == {"type": "about:blank", "title": "Gone", "status": 410, "detail": "It was sold"}
    assert response.headers["x-more"] == "1"


def test_no_detail_is_made_up(client: Any) -> None:
    assert problem(client.get("/plain")) == {"type": "about:blank", "title": "Forbidden", "status": 403}


def test_faults_are_told_as_errors(client: Any) -> None:
    told = problem(client.get("/number?n=x"))
    assert told["errors"] == [
        {
            "loc": ["query", "n"],
            "msg": "Input should be a valid integer, unable to parse string as an integer",
            "type": "int_parsing",
        }
    ]
    assert (told["status"], told["title"]) == (422, "Unprocessable Entity")


def test_what_the_router_refuses_is_a_problem_too(client: Any) -> None:
    assert problem(client.get("/nowhere"))["status"] == 404
    refused = client.post("/number")
    assert problem(refused)["status"] == 405
    assert refused.headers["allow"] == "GET, HEAD, OPTIONS"


def test_nothing_of_an_unhandled_error_is_told(client: Any) -> None:
    response = client.get("/fails")
    assert problem(response) == {"type": "about:blank", "title": "Internal Server Error", "status": 500}


@pytest.mark.velocipy_app("debug")
def test_the_debug_page_is_html_for_browsers_and_escapes(client: Any) -> None:
    response = client.get("/fails", headers={"accept": "text/html,*/*"})
    assert response.status_code == 500
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert "ZeroDivisionError" in response.text
    assert "<script>" not in response.text


@pytest.mark.velocipy_app("debug")
def test_the_debug_page_is_text_for_programs(client: Any) -> None:
    response = client.get("/fails")
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert response.text.startswith("Traceback")


def test_names_for_annotations_can_be_given() -> None:
    from decimal import Decimal as Real

    for namespace, works in (({"Decimal": Real}, True), (None, False)):
        given = VelociPy(namespace=namespace)

        @given.get("/")
        async def handler(price: Decimal) -> None: ...

        if works:
            given.freeze()
        else:
            with pytest.raises(ValueError, match="'Decimal' cannot be resolved"):
                given.freeze()
