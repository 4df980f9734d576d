"""Reading a body: twice, in pieces, as JSON, as a form; and what is no JSON and no form."""

from collections.abc import Iterator
from typing import Any

import pytest

from velocipy import Request, VelociPy

app = VelociPy()


@app.post("/twice")
async def twice(request: Request) -> dict[str, Any]:
    first = await request.body()
    return {"same": first == await request.body(), "json": await request.json(), "length": len(first)}


@app.post("/body-then-stream")
async def body_then_stream(request: Request) -> bool:
    body = await request.body()
    return [chunk async for chunk in request.stream()] == ([body] if body else [])


@app.post("/stream-then/{how}")
async def stream_then(request: Request, how: str) -> str:
    received = b"".join([chunk async for chunk in request.stream()])
    try:
        again = b"".join([chunk async for chunk in request.stream()]) if how == "stream" else await request.body()
    except RuntimeError as error:
        return str(error)
    return f"{len(received)} {len(again)}"


@app.post("/chunks")
async def chunks(request: Request) -> list[int]:
    return [len(chunk) async for chunk in request.stream()]


@app.post("/json")
async def read_json(request: Request) -> dict[str, Any]:
    return {"value": await request.json()}


@app.post("/any")
async def any_json(data: dict[str, Any]) -> dict[str, Any]:
    return data


@app.post("/form")
async def read_form(request: Request) -> Any:
    return (await request.form()).multi_items()


@app.get("/body")
@app.post("/body")
async def read_body(request: Request) -> int:
    return len(await request.body())


JSON = {"content-type": "application/json"}
FORM = {"content-type": "application/x-www-form-urlencoded"}


def pieces(*parts: bytes) -> Iterator[bytes]:
    yield from parts


def test_a_body_can_be_asked_for_again(client: Any) -> None:
    assert client.post("/twice", content=b'{"a":1}').json() == {"same": True, "json": {"a": 1}, "length": 7}
    assert client.post("/twice", content=pieces(b'{"a"', b":1}")).json() == {
        "same": True,
        "json": {"a": 1},
        "length": 7,
    }


@pytest.mark.parametrize("content", [b"", b"abc"])
def test_a_body_that_was_read_can_still_be_streamed(client: Any, content: bytes) -> None:
    assert client.post("/body-then-stream", content=content).json() is True


@pytest.mark.parametrize("how", ["body", "stream"])
def test_a_body_that_was_streamed_is_gone_and_the_error_says_so(client: Any, how: str) -> None:
    assert "streamed" in client.post(f"/stream-then/{how}", content=b"abc").text


def test_no_chunk_is_empty_and_none_is_lost(client: Any) -> None:
    found = client.post("/chunks", content=pieces(b"a" * 10, b"b" * 70_000, b"c")).json()
    assert sum(found) == 70_011
    assert 0 not in found


def test_no_body_is_empty(client: Any) -> None:
    assert client.get("/body").json() == 0
    assert client.post("/chunks").json() == []
    assert client.post("/json").json() == {"value": None}


DEEP = 100_000
NO_JSON = {
    "text": b"hello",
    "half": b'{"a": ',
    "two": b"{} {}",
    "single-quotes": b"{'a': 1}",
    "trailing-comma": b'{"a": 1,}',
    "nan": b'{"a": NaN}',
    "infinity": b'{"a": -Infinity}',
    "no-utf8": b'{"a": "\xff"}',
    "utf16": '{"a": 1}'.encode("utf-16"),
    "overlong": b'{"a": "\xc0\xaf"}',
    "surrogate-bytes": b'{"a": "\xed\xa0\x80"}',
    "lone-surrogate": b'{"a": "\\ud800"}',
    "reversed-surrogates": b'{"a": "\\udc00\\ud800"}',
    "control-in-string": b'{"a": "\x01"}',
    "nul": b"\0",
    "leading-zero": b'{"a": 01}',
    "deep-lists": b'{"a": ' + b"[" * DEEP + b"]" * DEEP + b"}",
    "deep-objects": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "deep-and-open": b"[" * DEEP,
}


@pytest.mark.parametrize("path", ["/json", "/any"])
@pytest.mark.parametrize("name", NO_JSON)
def test_what_is_no_json_is_422(client: Any, path: str, name: str) -> None:
    response = client.post(path, content=NO_JSON[name], headers=JSON)
    assert response.status_code == 422
    (fault,) = response.json()["detail"]
    assert fault["loc"][:1] == ["body"]
    assert fault["type"]
    assert fault["msg"]
    assert client.get("/body").status_code == 200


@pytest.mark.parametrize("digits", [400, 5000, 200_000])
def test_a_huge_number_is_no_error_of_the_server(client: Any, digits: int) -> None:
    """CVE-2020-10735: int from long text is quadratic, and Python refuses it with a ValueError."""
    response = client.post("/json", content=b'{"a": ' + b"9" * digits + b"}", headers=JSON)
    assert response.status_code in (200, 422)
    assert client.post("/json", content=b'{"a": 1e999999}', headers=JSON).status_code in (200, 422)


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (b'"\\ud83d\\ude00"', "\U0001f600"),
        (b" 1 ", 1),
        (b"null", None),
        (b'{"a":1,"a":2}', {"a": 2}),
        (b'"\\u0000"', "\0"),
    ],
)
def test_odd_json_is_json(client: Any, content: bytes, value: object) -> None:
    assert client.post("/json", content=content, headers=JSON).json() == {"value": value}


@pytest.mark.parametrize(
    "kind",
    [
        "application/x-www-form-urlencoded",
        "Application/X-WWW-Form-Urlencoded; Charset=UTF-8",
        "application/x-www-form-urlencoded ;charset=utf-8",
    ],
)
def test_a_form_is_read(client: Any, kind: str) -> None:
    response = client.post("/form", content=b"a=1&b=%C3%A9+x&a=&c", headers={"content-type": kind})
    assert response.json() == [["a", "1"], ["a", ""], ["b", "\xe9 x"], ["c", ""]]


@pytest.mark.parametrize("kind", ["text/plain", "application/json", "multipart/mixed; boundary=x", "", "form"])
def test_another_content_type_is_415(client: Any, kind: str) -> None:
    assert client.post("/form", content=b"a=1", headers={"content-type": kind}).status_code == 415


@pytest.mark.parametrize("content", [b"a=%ff", b"a=\xff", b"%c3=1"])
def test_a_form_that_is_no_utf8_is_400(client: Any, content: bytes) -> None:
    response = client.post("/form", content=content, headers=FORM)
    assert response.status_code == 400
    assert "UTF-8" in response.json()["detail"]


def test_a_form_in_another_charset_is_refused_rather_than_guessed(client: Any) -> None:
    kind = {"content-type": "application/x-www-form-urlencoded; charset=iso-8859-1"}
    assert client.post("/form", content=b"a=%E9", headers=kind).status_code in (400, 415)


@pytest.mark.parametrize(("fields", "status"), [(1000, 200), (1001, 400), (200_000, 400)])
def test_a_form_has_at_most_a_thousand_fields(client: Any, fields: int, status: int) -> None:
    """GHSA-74m5-2c7w-9w3x, CVE-2026-54283."""
    response = client.post("/form", content=b"&".join([b"a=1"] * fields), headers=FORM)
    assert response.status_code == status


def test_a_semicolon_separates_nothing(client: Any) -> None:
    """CVE-2021-23336, CVE-2026-53538."""
    assert client.post("/form", content=b"a=1;b=2", headers=FORM).json() == [["a", "1;b=2"]]
