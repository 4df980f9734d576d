"""The names that values have in a request: aliases, underscores, Unicode, brackets, and what only looks alike."""

from typing import Annotated, Any

import pytest
from httpx2 import Client

from velocipy import Body, Cookie, Form, Header, Path, Query, VelociPy

app = VelociPy()

Deep = Annotated[Annotated[str, Header(alias="X-Deep", description="looked through")], "documented"]
Shared = Annotated[int, Query(alias="n", ge=1, description="the same on two routes")]


@app.get("/query")
async def query(
    from_: Annotated[str, Query(alias="from")] = "-",
    filter: Annotated[str, Query(alias="filter[name]")] = "-",
    ids: Annotated[list[int], Query(alias="ids[]")] = [],  # noqa: B006
    größe: int = 0,  # noqa: PLC2401
    _: str = "-",
    odd: Annotated[str, Query(alias="a b&c=d+ü%20")] = "-",
    request_: Annotated[str, Query(alias="request")] = "-",
) -> list[Any]:
    return [from_, filter, ids, größe, _, odd, request_]


DEFAULTS = ["-", "-", [], 0, "-", "-", "-"]


@app.get("/header")
async def header(
    x_request_id: Annotated[str, Header()] = "-",
    x__y: Annotated[str, Header()] = "-",
    _z: Annotated[str, Header()] = "-",
    alias: Annotated[str, Header(alias="X_Under")] = "-",
    tokens: Annotated[str, Header(alias="!#$%&'*+.^`|~1")] = "-",
    user_agent: str = Header("-"),
) -> list[str]:
    return [x_request_id, x__y, _z, alias, tokens, user_agent]


@app.get("/deep")
async def deep(value: Deep) -> str:
    return value


@app.get("/cookie")
async def cookie(
    a_b: Annotated[str, Cookie()] = "-",
    host: Annotated[str, Cookie(alias="__Host-id")] = "-",
    upper: Annotated[str, Cookie(alias="A")] = "-",
) -> list[str]:
    return [a_b, host, upper]


@app.post("/form")
async def form(
    größe: Annotated[str, Form()],  # noqa: PLC2401
    user: Annotated[str, Form(alias="user[name]")],
    a_b: str = Form("-"),
) -> list[str]:
    return [größe, user, a_b]


@app.post("/body")
async def body(
    größe: Annotated[int, Body()],  # noqa: PLC2401
    alias: Annotated[str, Body(alias="user name")],
) -> list[Any]:
    return [größe, alias]


@app.get("/path/{größe}/{id}")
async def path(
    größe: Annotated[int, Path(ge=1)],  # noqa: PLC2401
    id: Annotated[int, Path(description="of the item")],
) -> list[int]:
    return [größe, id]


@app.get("/shared/one")
@app.get("/shared/two")
async def shared(value: Shared) -> int:
    return value


@app.get("/shared/three")
async def shared_with_a_default(value: Shared = 7, other: Annotated[int, Query()] = 0) -> list[int]:
    return [value, other]


@pytest.mark.parametrize(
    "text",
    [
        "from_=x",
        "From=x",
        "FROM=x",
        " from=x",
        "from =x",
        "filter=x",
        "filter%5B%5D=x",
        "ids=1",
        "gr%C3%B6%C3%9Fe_=1",
        "=x",
    ],
)
def test_a_name_that_only_looks_alike_is_another(client: Client, text: str) -> None:
    assert client.get(f"/query?{text}").json() == DEFAULTS


@pytest.mark.parametrize(
    ("text", "place", "value"),
    [
        ("from=x", 0, "x"),
        ("%66rom=x", 0, "x"),
        ("filter[name]=x", 1, "x"),
        ("filter%5Bname%5D=x", 1, "x"),
        ("ids[]=1&ids%5b%5d=2", 2, [1, 2]),
        ("gr%C3%B6%C3%9Fe=5", 3, 5),
        ("gr%c3%b6%c3%9fe=5", 3, 5),
        ("_=x", 4, "x"),
        ("a+b%26c%3Dd%2B%C3%BC%2520=x", 5, "x"),
        ("request=x", 6, "x"),
    ],
)
def test_a_query_name_may_be_any_text(client: Client, text: str, place: int, value: Any) -> None:
    expected = [*DEFAULTS]
    expected[place] = value
    assert client.get(f"/query?{text}&unknown=1").json() == expected


def test_faults_have_the_name_of_the_request(client: Client) -> None:
    response = client.get("/query?ids[]=x&gr%C3%B6%C3%9Fe=y&from=1&from=2")
    assert [fault["loc"] for fault in response.json()["detail"]] == [
        ["query", "from"],
        ["query", "ids[]", 0],
        ["query", "größe"],
    ]
    response = client.post("/body", json={"größe": "x", "alias": "y"})
    assert [fault["loc"] for fault in response.json()["detail"]] == [["body", "größe"], ["body", "user name"]]
    response = client.get("/path/0/x")
    assert [fault["loc"] for fault in response.json()["detail"]] == [["path", "größe"], ["path", "id"]]


@pytest.mark.parametrize("name", ["X-Request-ID", "x-request-id", "X-REQUEST-ID", "x-Request-Id"])
def test_a_header_is_found_in_any_case_with_hyphens(client: Client, name: str) -> None:
    assert client.get("/header", headers={name: "a", "user-agent": "u"}).json() == ["a", "-", "-", "-", "-", "u"]


def test_every_underscore_is_a_hyphen_unless_an_alias_says_otherwise(client: Client) -> None:
    headers = {"x--y": "1", "-z": "2", "x-under": "3", "!#$%&'*+.^`|~1": "4", "user-agent": "u"}
    assert client.get("/header", headers=headers).json() == ["-", "1", "2", "-", "4", "u"]


def test_an_underscore_of_an_alias_stays(client: Client, velocipy_target: Any) -> None:
    found = client.get("/header", headers={"x_under": "3"}).json()[3]
    assert found == ("-" if velocipy_target.name == "gunicorn" else "3")  # Gunicorn leaves such headers out


def test_what_is_annotated_twice_is_looked_through(client: Client) -> None:
    assert client.get("/deep", headers={"x-deep": "a"}).text == "a"
    assert client.get("/deep?value=evil").json()["detail"][0]["loc"] == ["header", "X-Deep"]


def test_a_cookie_is_found_by_its_very_name(client: Client) -> None:
    assert client.get("/cookie", headers={"cookie": "a_b=1; __Host-id=2; A=3"}).json() == ["1", "2", "3"]
    for header in ("a-b=1; __host-id=2; a=3", "xa_b=1; __Host-id2=2; AA=3", "a_b; A;", "b=a_b=1; c=A=3"):
        assert client.get("/cookie", headers={"cookie": header}).json() == ["-", "-", "-"]


def test_names_of_a_form_and_of_a_body(client: Client) -> None:
    response = client.post("/form", data={"größe": "ü", "user[name]": "ada", "a_b": "c", "a-b": "d"})
    assert response.json() == ["ü", "ada", "c"]
    assert client.post("/body", json={"größe": 1, "user name": "ada"}).json() == [1, "ada"]
    assert client.get("/path/1/2").json() == [1, 2]


def test_a_marker_may_be_shared(client: Client) -> None:
    for route in ("one", "two"):
        assert client.get(f"/shared/{route}?n=3").json() == 3
        assert client.get(f"/shared/{route}?n=0").json()["detail"][0]["loc"] == ["query", "n"]
        assert client.get(f"/shared/{route}").status_code == 422  # the default of another route is not this one's
    assert client.get("/shared/three").json() == [7, 0]
