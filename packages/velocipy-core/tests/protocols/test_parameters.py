"""Where a parameter's value comes from: markers in Annotated, markers as defaults, bare hints, aliases, defaults."""

from typing import Annotated, Any

import pytest
from httpx2 import Client

from velocipy import Body, Cookie, Form, Header, Path, Query, Request, VelociPy

app = VelociPy()


@app.get("/annotated/{id}")
async def annotated(
    id: Annotated[int, Path()],
    q: Annotated[str, Query()],
    x_token: Annotated[str, Header()],
    session: Annotated[str, Cookie()],
) -> dict[str, Any]:
    return {"id": id, "q": q, "x_token": x_token, "session": session}


@app.get("/defaults/{id}")
async def marker_as_default(
    id: int = Path(),
    q: str = Query(),
    x_token: str = Header(...),
    session: str = Cookie("none"),
) -> dict[str, Any]:
    return {"id": id, "q": q, "x_token": x_token, "session": session}


@app.get("/uncalled")
async def uncalled(q: Annotated[str, Query], x_token: Annotated[str, Header] = "none") -> list[str]:
    return [q, x_token]


@app.get("/bare/{name}")
async def bare(name: str, size: int, tail: str = "end", flag: bool = False) -> list[Any]:
    return [name, size, tail, flag]


@app.get("/untyped/{name}")
async def untyped(name) -> list[Any]:  # type: ignore[no-untyped-def]
    return [name]


@app.get("/spellings")
async def spellings(
    python: Annotated[int, Query()] = 1,
    marker: Annotated[int, Query(2)] = ...,  # type: ignore[assignment]
    only_marker: int = Query(3),
    bare: int = 4,
    none: int | None = None,
    text: Annotated[str | None, Query()] = None,
) -> list[Any]:
    return [python, marker, only_marker, bare, none, text]


@app.get("/aliases")
async def aliases(
    page_size: Annotated[int, Query(alias="page-size")],
    token: Annotated[str, Header(alias="X-ApiKey")],
    kind: Annotated[str, Cookie(alias="my-kind")] = "plain",
) -> list[Any]:
    return [page_size, token, kind]


@app.post("/form")
async def form(
    name: Annotated[str, Form()],
    age: Annotated[int, Form(alias="years")] = 18,
    tags: list[str] = Form([]),  # noqa: B008
) -> list[Any]:
    return [name, age, tags]


@app.post("/body")
async def body(total: Annotated[int, Body(ge=0)]) -> int:
    return total


@app.get("/request")
async def by_type(r: Request, request) -> list[Any]:  # type: ignore[no-untyped-def]
    return [r.method, r is request]


@app.get("/same/{name}")
async def same_name(name: Annotated[str, Query()], request: Request) -> list[str]:
    return [name, request.path_params["name"]]


@app.get("/mutable")
async def mutable(items: Annotated[list[int], Query()] = []) -> list[int]:  # noqa: B006
    items.append(1)
    return items


@pytest.mark.parametrize("path", ["/annotated/5", "/defaults/5"])
def test_each_source_is_read_by_its_marker(client: Client, path: str) -> None:
    response = client.get(path, params={"q": "a b"}, headers={"X-Token": "t", "Cookie": "session=s"})
    assert response.json() == {"id": 5, "q": "a b", "x_token": "t", "session": "s"}


@pytest.mark.parametrize("path", ["/annotated/5", "/defaults/5"])
def test_what_is_missing_is_named_by_source_and_public_name(client: Client, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 422
    missing = [
        {"loc": loc, "msg": "Field required", "type": "missing"} for loc in (["query", "q"], ["header", "x-token"])
    ]
    optional = [{"loc": ["cookie", "session"], "msg": "Field required", "type": "missing"}]
    assert response.json() == {"detail": missing + (optional if "annotated" in path else [])}


def test_a_marker_without_a_call_says_the_source_alone(client: Client) -> None:
    assert client.get("/uncalled?q=a").json() == ["a", "none"]
    assert client.get("/uncalled?q=a", headers={"x-token": "t"}).json() == ["a", "t"]


def test_bare_hints_bind_path_names_and_query_scalars(client: Client) -> None:
    assert client.get("/bare/ada?size=3").json() == ["ada", 3, "end", False]
    assert client.get("/bare/ada?size=3&tail=t&flag=true").json() == ["ada", 3, "t", True]


def test_a_path_value_without_a_hint_is_a_str(client: Client) -> None:
    assert client.get("/untyped/12").json() == ["12"]


def test_a_path_value_is_decoded_once(client: Client) -> None:
    assert client.get("/untyped/a%20b%C3%A9%2525").json() == ["a bé%25"]


def test_every_spelling_of_a_default_counts(client: Client) -> None:
    assert client.get("/spellings").json() == [1, 2, 3, 4, None, None]


def test_every_spelling_of_a_default_gives_way_to_a_value(client: Client) -> None:
    query = "python=10&marker=20&only_marker=30&bare=40&none=50&text=60"
    assert client.get(f"/spellings?{query}").json() == [10, 20, 30, 40, 50, "60"]


def test_a_blank_value_is_a_value(client: Client) -> None:
    assert client.get("/spellings?text=").json()[-1] == ""
    assert client.get("/spellings?text").json()[-1] == ""


@pytest.mark.parametrize("name", ["python", "marker", "only_marker", "bare", "none"])
def test_a_blank_value_is_no_number(client: Client, name: str) -> None:
    response = client.get(f"/spellings?{name}=")
    assert response.status_code == 422
    assert [fault["loc"] for fault in response.json()["detail"]] == [["query", name]]


def test_an_alias_is_the_name_in_the_request(client: Client) -> None:
    headers = {"x-apikey": "k", "cookie": "my-kind=fancy"}
    assert client.get("/aliases?page-size=3", headers=headers).json() == [3, "k", "fancy"]


def test_an_alias_is_the_name_in_the_faults(client: Client) -> None:
    response = client.get("/aliases?page_size=3", headers={"token": "k"})
    assert [fault["loc"] for fault in response.json()["detail"]] == [["query", "page-size"], ["header", "X-ApiKey"]]


@pytest.mark.parametrize("name", ["X-TOKEN", "x-token", "X-Token"])
def test_header_names_have_no_case(client: Client, name: str) -> None:
    assert client.get("/uncalled?q=a", headers={name: "t"}).json() == ["a", "t"]


def test_query_names_have_case(client: Client) -> None:
    assert client.get("/bare/ada?SIZE=3").status_code == 422


def test_form_fields(client: Client) -> None:
    response = client.post("/form", data={"name": "Ada ü", "years": "36", "tags": ["a", "b"]})
    assert response.json() == ["Ada ü", 36, ["a", "b"]]
    assert client.post("/form", data={"name": "Ada"}).json() == ["Ada", 18, []]


def test_faults_of_a_form(client: Client) -> None:
    response = client.post("/form", data={"years": "old"})
    assert response.status_code == 422
    assert response.json()["detail"] == [
        {"loc": ["form", "name"], "msg": "Field required", "type": "missing"},
        {
            "loc": ["form", "years"],
            "msg": "Input should be a valid integer, unable to parse string as an integer",
            "type": "int_parsing",
        },
    ]


def test_a_scalar_body_is_the_whole_body(client: Client) -> None:
    assert client.post("/body", json=7).json() == 7
    assert client.post("/body", json=-7).json()["detail"][0]["loc"] == ["body"]
    assert client.post("/body", json="7").json()["detail"] == [
        {"loc": ["body"], "msg": "Input should be a valid integer", "type": "int_type"}
    ]


def test_the_request_is_found_by_its_type_and_by_its_name(client: Client) -> None:
    assert client.get("/request").json() == ["GET", True]


def test_a_marker_wins_over_the_name_of_a_path_value(client: Client) -> None:
    assert client.get("/same/path?name=query").json() == ["query", "path"]


def test_a_mutable_default_is_new_for_each_request(client: Client) -> None:
    assert [client.get("/mutable").json() for _ in range(3)] == [[1], [1], [1]]


def test_a_repeated_scalar_is_a_fault(client: Client) -> None:
    response = client.get("/bare/ada?size=1&size=2")
    assert response.status_code == 422
    assert response.json()["detail"] == [
        {
            "loc": ["query", "size"],
            "msg": "Input should be a single value, but there are several",
            "type": "multiple_values",
        }
    ]
    assert client.post("/form", data={"name": ["a", "b"]}).json()["detail"][0]["type"] == "multiple_values"


def test_query_bytes_that_are_no_utf_8_are_the_clients_fault(client: Client) -> None:
    response = client.get("/bare/ada?size=1&tail=%FF")
    assert response.status_code == 400
    assert response.json() == {"detail": "The query string is not UTF-8"}


def test_an_unknown_query_name_is_ignored(client: Client) -> None:
    assert client.get("/bare/ada?size=3&whatever=1").status_code == 200
