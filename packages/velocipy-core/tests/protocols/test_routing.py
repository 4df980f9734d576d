"""Which route answers: static text, values, convertors, slashes, and the way back from dead ends."""

from typing import Any

import pytest
from httpx2 import Client

from velocipy import Request, VelociPy

app = VelociPy()

PATHS = [
    "/",
    "/items",
    "/items/{id}",
    "/items/special",
    "/items/{id}/parts",
    "/items/{id}/parts/{part}",
    "/items/special/only",
    "/{section}/index",
    "/a/b/{c}/d",
    "/a/{b}/c/e",
    "/{a}/b/c/f",
    "/files/{rest*}",
    "/files/readme",
    "/files/{name}/info",
    "/with space",
    "/grüße/{name}",
    "/dots/..a",
    "/-._~!$&'()*+,;=:@",
]


def declare(path: str) -> None:
    async def handler(request: Request) -> Any:
        return [path, request.path_params]

    app.add_route(path, handler)


for _path in PATHS:
    declare(_path)


@app.get("/typed/{i:int}/{f:float}/{b:bool}")
async def typed(i: int, f: float, b: bool) -> list[str]:
    return [repr(i), repr(f), repr(b)]


@app.get("/typed/uuid/{u:uuid}/{d:date}/{s:str}")
async def more_typed(u: Any, d: Any, s: Any) -> list[str]:
    return [repr(u), repr(d), repr(s)]


@pytest.mark.parametrize(
    ("path", "route", "values"),
    [
        ("/", "/", {}),
        ("/items", "/items", {}),
        ("/items/5", "/items/{id}", {"id": "5"}),
        ("/items/special", "/items/special", {}),
        ("/items/specials", "/items/{id}", {"id": "specials"}),
        ("/items/special/only", "/items/special/only", {}),
        ("/items/special/parts", "/items/{id}/parts", {"id": "special"}),
        ("/items/special/parts/7", "/items/{id}/parts/{part}", {"id": "special", "part": "7"}),
        ("/items/index", "/items/{id}", {"id": "index"}),
        ("/news/index", "/{section}/index", {"section": "news"}),
        ("/a/index", "/{section}/index", {"section": "a"}),
        ("/a/b/c/d", "/a/b/{c}/d", {"c": "c"}),
        ("/a/b/c/e", "/a/{b}/c/e", {"b": "b"}),
        ("/a/b/c/f", "/{a}/b/c/f", {"a": "a"}),
        ("/files/readme", "/files/readme", {}),
        ("/files/x/info", "/files/{name}/info", {"name": "x"}),
        ("/files/readme/info", "/files/{name}/info", {"name": "readme"}),
        ("/files/x/other", "/files/{rest*}", {"rest": "x/other"}),
        ("/files/index", "/files/{rest*}", {"rest": "index"}),
        ("/with%20space", "/with space", {}),
        ("/gr%C3%BC%C3%9Fe/a", "/grüße/{name}", {"name": "a"}),
        ("/items/a%20b", "/items/{id}", {"id": "a b"}),
        ("/items/%7Bid%7D", "/items/{id}", {"id": "{id}"}),
        ("/items/a;b=c,d", "/items/{id}", {"id": "a;b=c,d"}),
        ("/items/100%25", "/items/{id}", {"id": "100%"}),
        ("/items/%C3%A9", "/items/{id}", {"id": "é"}),
        ("/dots/..a", "/dots/..a", {}),
        ("/-._~!$&'()*+,;=:@", "/-._~!$&'()*+,;=:@", {}),
    ],
)
def test_the_most_literal_route_answers(client: Client, path: str, route: str, values: dict[str, str]) -> None:
    assert client.get(path).json() == [route, values]


@pytest.mark.parametrize("path", ["/items/5/", "//items/5", "/items//5", "//items///5//", "/items/5//"])
def test_slashes_at_the_end_and_in_a_row_do_not_matter(client: Client, path: str) -> None:
    response = client.get(f"{str(client.base_url).rstrip('/')}{path}")
    assert response.json() == ["/items/{id}", {"id": "5"}]


@pytest.mark.parametrize(
    "path", ["/nowhere", "/Items", "/items/5/other", "/items/5/parts/6/7", "/a/b", "/x/y/z", "/items/special/only/more"]
)
def test_what_no_route_answers_is_404(client: Client, path: str) -> None:
    response = client.get(path)
    assert (response.status_code, response.json()) == (404, {"detail": "Not Found"})
    assert response.headers["content-type"] == "application/json"


def test_a_value_is_never_empty(client: Client) -> None:
    assert client.get("/items/").json() == ["/items", {}]
    assert client.get("/items//parts").status_code == 200  # which is /items/parts
    assert client.get("/items//parts").json() == ["/items/{id}", {"id": "parts"}]


def test_convertors_give_values_of_their_types(client: Client) -> None:
    assert client.get("/typed/5/1.5/yes").json() == ["5", "1.5", "True"]
    path = "/typed/uuid/12345678-1234-5678-1234-567812345678/2024-01-02/x"
    assert client.get(path).json() == [
        "UUID('12345678-1234-5678-1234-567812345678')",
        "datetime.date(2024, 1, 2)",
        "'x'",
    ]


def test_a_value_that_its_convertor_refuses_is_422_with_its_name(client: Client) -> None:
    response = client.get("/typed/a/b/c")
    assert response.status_code == 422
    assert [fault["loc"] for fault in response.json()["detail"]] == [["path", "i"], ["path", "f"], ["path", "b"]]
    response = client.get("/typed/uuid/a/b/c")
    assert [fault["loc"] for fault in response.json()["detail"]] == [["path", "u"], ["path", "d"]]


def test_the_query_is_no_part_of_the_path(client: Client) -> None:
    assert client.get("/items/5?x=/other").json() == ["/items/{id}", {"id": "5"}]


def test_a_very_long_path_is_answered(client: Client) -> None:
    assert client.get("/x" * 2000).status_code == 404
    assert client.get("/files" + "/x" * 2000).json() == ["/files/{rest*}", {"rest": "/".join(["x"] * 2000)}]
