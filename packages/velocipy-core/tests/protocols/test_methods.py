"""Methods: each its route, HEAD of GET, OPTIONS by itself, 405 that says what is allowed."""

import pytest
from httpx2 import Client

from velocipy import Response, VelociPy
from velocipy.errors import StartupError

app = VelociPy()

METHODS = ["get", "post", "put", "patch", "delete", "options", "query"]

for _method in METHODS:

    @getattr(app, _method)("/each")  # type: ignore[untyped-decorator]
    async def each(method: str = _method) -> str:
        return method


@app.get("/get")
async def only_get() -> dict[str, int]:
    return {"a": 1}


@app.route("/several", methods={"post", "Put"})
async def several() -> str:
    return "several"


@app.get("/head")
async def get_with_head() -> str:
    return "get"


@app.head("/head")
async def head() -> Response:
    return Response(headers={"X-Head": "own", "Content-Length": "1234"})


@app.head("/only-head")
async def only_head() -> Response:
    return Response(headers={"X-Head": "own"})


@app.get("/mixed/special")
async def special() -> str:
    return "special"


@app.delete("/mixed/{name}")
async def delete(name: str) -> str:
    return f"deleted {name}"


@app.route("/custom", methods=["PURGE"])
async def purge() -> str:
    return "purged"


@app.get("/text")
def text() -> str:
    return "grüße"


@app.get("/stream")
async def stream() -> Response:
    return Response(part for part in ("a", "b"))


@app.get("/items/{n}")
async def item(n: int) -> int:
    return n


@pytest.mark.parametrize("method", METHODS)
def test_each_method_has_its_route(client: Client, method: str) -> None:
    assert client.request(method.upper(), "/each").text == method


def test_one_route_may_answer_several_methods_in_any_case(client: Client) -> None:
    assert client.post("/several").text == client.put("/several").text == "several"
    assert client.get("/several").headers["allow"] == "OPTIONS, POST, PUT"


def test_a_method_of_nobodys_list(client: Client) -> None:
    assert client.request("PURGE", "/custom").text == "purged"


@pytest.mark.parametrize(
    ("path", "allow"),
    [
        ("/get", "GET, HEAD, OPTIONS"),
        ("/several", "OPTIONS, POST, PUT"),
        ("/mixed/special", "DELETE, GET, HEAD, OPTIONS"),
        ("/mixed/x", "DELETE, OPTIONS"),
    ],
)
def test_another_method_is_405_with_allow(client: Client, path: str, allow: str) -> None:
    response = client.patch(path)
    assert (response.status_code, response.json()) == (405, {"detail": "Method Not Allowed"})
    assert response.headers["allow"] == allow


@pytest.mark.parametrize("method", ["GETT", "FOO", "get"])
def test_a_method_that_nobody_knows_is_405(client: Client, method: str) -> None:
    assert client.request(method, "/several").status_code in (400, 405)


def test_405_comes_before_the_values_are_judged(client: Client) -> None:
    assert client.delete("/items/x").status_code == 405


def test_options_is_answered_by_itself(client: Client) -> None:
    response = client.options("/get")
    assert (response.status_code, response.content) == (200, b"")
    assert response.headers["allow"] == "GET, HEAD, OPTIONS"
    assert client.options("/nowhere").status_code == 404


@pytest.mark.parametrize("path", ["/get", "/text", "/items/5", "/items/x", "/nowhere", "/mixed/special"])
def test_head_is_get_without_the_body(client: Client, path: str) -> None:
    get, head = client.get(path), client.head(path)
    assert (head.status_code, head.content) == (get.status_code, b"")
    for name in ("content-type", "content-length"):
        assert head.headers.get(name) == get.headers.get(name)
    assert client.get("/get").json() == {"a": 1}  # on the same connection


def test_head_of_a_stream_sends_nothing(client: Client) -> None:
    response = client.head("/stream")
    assert (response.status_code, response.content) == (200, b"")


def test_a_head_route_of_its_own_answers_head(client: Client) -> None:
    response = client.head("/head")
    assert (response.headers["x-head"], response.headers["content-length"], response.content) == ("own", "1234", b"")
    assert client.get("/head").text == "get"


def test_head_without_get(client: Client) -> None:
    assert client.head("/only-head").headers["x-head"] == "own"
    response = client.get("/only-head")
    assert (response.status_code, response.headers["allow"]) == (405, "HEAD, OPTIONS")
    assert client.head("/several").status_code == 405


def test_a_more_literal_path_does_not_hide_the_method_of_a_value(client: Client) -> None:
    assert client.delete("/mixed/special").text == "deleted special"
    assert client.get("/mixed/special").text == "special"


def test_a_method_given_as_text_is_one_method() -> None:
    app = VelociPy()
    try:
        app.add_route("/", only_get, methods="POST")
    except TypeError:
        return
    assert app.routes[0].methods == ("POST",)


@pytest.mark.parametrize("method", ["GE T", "", "GÉT", "GET\r\n", "GET,POST"])
def test_what_is_no_method_is_a_mistake(method: str) -> None:
    app = VelociPy()

    def start() -> None:
        app.add_route("/", only_get, methods=[method])
        app.freeze()

    with pytest.raises((StartupError, ValueError)):
        start()
