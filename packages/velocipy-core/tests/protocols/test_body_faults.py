"""Bodies that are no JSON, none at all, too deep or too wrong: a 422 that names the body, whatever the codec."""

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from httpx2 import Client

from velocipy import Request, VelociPy

app = VelociPy()

JSON = {"content-type": "application/json"}


@dataclass
class Node:
    children: list["Node"] = field(default_factory=list)
    value: int = 0


@app.post("/dict")
async def a_dict(data: dict[str, Any]) -> Any:
    return data


@app.post("/node")
async def a_node(node: Node) -> dict[str, bool]:
    return {"ok": True}


@app.post("/numbers")
async def numbers(data: list[int]) -> int:
    return len(data)


@app.post("/floats")
async def floats(data: list[float]) -> int:
    return len(data)


@app.post("/optional")
async def optional(node: Node | None = None) -> list[Any]:
    return [None if node is None else node.value]


@app.post("/required-or-null")
async def required_or_null(node: Node | None) -> list[Any]:
    return [None if node is None else node.value]


@app.post("/by-hand")
async def by_hand(request: Request) -> list[Any]:
    return [await request.json()]


NO_JSON = [
    b"{",
    b'{"a": 1,}',
    b"[1,]",
    b"'a'",
    b"nul",
    b"NaN",
    b"Infinity",
    b"-Infinity",
    b"01",
    b"1.",
    b"+1",
    b'{"a": 1} x',
    b"{a: 1}",
    b"/**/1",
    b'"\\x41"',
    b'"a\nb"',
    b'"a',
    b'"\xff"',
    b"\xff\xfe1\x00",
    b'"\\ud800"',
    b" ",
    b"\x00",
]


@pytest.mark.parametrize("content", NO_JSON)
@pytest.mark.parametrize("path", ["/dict", "/node", "/optional", "/by-hand"])
def test_what_is_no_json_is_a_fault_of_the_body(client: Client, path: str, content: bytes) -> None:
    response = client.post(path, content=content, headers=JSON)
    assert response.status_code == 422
    (fault,) = response.json()["detail"]
    assert (fault["loc"], fault["type"]) == (["body"], "json_invalid")
    assert fault["msg"].startswith("Invalid JSON: ")


@pytest.mark.parametrize("content", [b'{"a": 1e999}', b'{"a": -1e999}'])
def test_a_number_beyond_every_float_is_refused(client: Client, content: bytes) -> None:
    assert client.post("/dict", content=content, headers=JSON).status_code == 422
    assert client.post("/floats", content=b"[1e999]", headers=JSON).status_code == 422


@pytest.mark.parametrize("path", ["/dict", "/node", "/numbers"])
def test_an_int_of_5000_digits_is_refused_without_a_word_of_python(client: Client, path: str) -> None:
    digits = b"9" * 5000
    content = {"/dict": b'{"a":%b}', "/node": b'{"value":%b}', "/numbers": b"[%b]"}[path] % digits
    response = client.post(path, content=content, headers=JSON)
    assert response.status_code == 422
    assert "sys." not in response.text


@pytest.mark.parametrize("path", ["/dict", "/node", "/required-or-null"])
def test_an_empty_body_is_missing(client: Client, path: str) -> None:
    response = client.post(path, headers=JSON)
    assert response.status_code == 422
    assert response.json() == {"detail": [{"loc": ["body"], "msg": "Field required", "type": "missing"}]}


def test_an_empty_body_takes_the_default(client: Client) -> None:
    assert client.post("/optional", headers=JSON).json() == [None]
    assert client.post("/optional").json() == [None]


def test_null_is_a_value(client: Client) -> None:
    assert client.post("/optional", content=b"null", headers=JSON).json() == [None]
    assert client.post("/required-or-null", content=b"null", headers=JSON).json() == [None]
    assert client.post("/by-hand", content=b"null", headers=JSON).json() == [None]
    assert client.post("/by-hand").json() == [None]


def nested(depth: int, innermost: str) -> str:
    return '{"children":[' * depth + innermost + "]}" * depth


@pytest.mark.parametrize("innermost", ["{}", '{"value": "x"}', "5"])
@pytest.mark.parametrize("depth", [100, 300, 450, 490, 900, 2_000, 100_000])
def test_however_deep_a_body_is_it_is_answered(client: Client, depth: int, innermost: str) -> None:
    response = client.post("/node", content=nested(depth, innermost), headers=JSON)
    assert response.status_code in ((200, 422) if innermost == "{}" else (422,))
    if depth >= 100_000:
        assert response.json()["detail"] == [
            {"loc": ["body"], "msg": "Invalid JSON: it is nested too deeply", "type": "json_invalid"}
        ]


@pytest.mark.parametrize("content", ["[" * 100_000, '{"a":' * 100_000, "[" * 100_000 + "]" * 100_000])
@pytest.mark.parametrize("path", ["/dict", "/by-hand"])
def test_depth_without_a_model_is_a_fault_as_well(client: Client, path: str, content: str) -> None:
    response = client.post(path, content=content, headers=JSON)
    assert response.status_code == 422
    assert [fault["loc"] for fault in response.json()["detail"]] == [["body"]]


def test_the_answer_to_a_wrong_body_is_not_much_longer_than_the_body(client: Client) -> None:
    content = json.dumps([""] * 20_000).encode()
    response = client.post("/numbers", content=content, headers=JSON)
    assert response.status_code == 422
    assert len(response.content) <= len(content)
    assert response.json()["detail"][0]["loc"] == ["body", 0]


def test_a_name_that_repeats_takes_its_last_value(client: Client) -> None:
    assert client.post("/dict", content=b'{"a":1,"a":2}', headers=JSON).json() == {"a": 2}
