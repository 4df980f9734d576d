"""Declaring routes: every decorator of an application and of a router, with every documented word about a route."""

from typing import Any

import pytest
from httpx2 import Client

from velocipy import APIRouter, HTTPException, VelociPy
from velocipy.errors import StartupError

METHODS = ["get", "post", "put", "patch", "delete", "head", "options", "query"]
SAID: dict[str, Any] = {
    "tags": ["eggs"],
    "summary": "Says how",
    "description": "At length.",
    "operation_id": "say_how",
    "status_code": 202,
    "response_model": dict[str, str],
}

app = VelociPy(title="Eggs", version="2.1", docs_url=None, openapi_url=None, max_content_length=10)
router = APIRouter(prefix="/router", tags=["of the router"])


def declare(target: Any, method: str) -> None:
    @target.route(f"/plain/{method}", {method}, name=f"{target.prefix}-{method}", **SAID)  # type: ignore[untyped-decorator]
    def by_route() -> dict[str, str]:
        return {"how": method}

    @getattr(target, method)(f"/short/{method}", **SAID)  # type: ignore[untyped-decorator]
    async def by_method() -> dict[str, str]:
        return {"how": method}

    target.add_route(f"/added/{method}", by_method, [method.upper()], **SAID)


for _method in METHODS:
    declare(app, _method)
    declare(router, _method)


async def told() -> str:
    return "told"


app.route("/default")(told)
app.add_route("/default/added", told)
app.add_route("/generator", told, (method for method in ("get", "put")))
app.add_route("/frozen", told, frozenset({"POST"}))
app.add_route("/twice", told, ["GET", "get", "Get"])
router.route("/default")(told)


@router.get("")
async def of_the_prefix_itself() -> str:
    return "prefix"


@app.post("/read")
async def read(data: list[int]) -> list[int]:
    return data


@app.get("/raised", status_code=201)
async def raised() -> None:
    raise HTTPException(409)


app.include_router(router)


@pytest.mark.parametrize(
    ("path", "method", "said"),
    [
        (None, ["GET"], "a path comes first"),
        (told, ["GET"], "a path comes first"),
        ("/", ["G T"], "is no HTTP method"),
        ("/", [""], "is no HTTP method"),
        ("/{a:number}", ["GET"], "'number'"),
        ("/{a", ["GET"], "braces"),
        ("/a}", ["GET"], "braces"),
        ("a", ["GET"], "slash"),
    ],
)
def test_a_route_that_cannot_be_is_told_of(path: Any, method: list[str], said: str) -> None:
    broken = VelociPy()

    def start() -> None:
        broken.add_route(path, told, method)
        broken.freeze()

    with pytest.raises((TypeError, ValueError, ExceptionGroup), match=said):
        start()


@pytest.mark.parametrize("endpoint", [None, 5, "told", [told], {"get": told}])
def test_what_cannot_be_called_is_no_handler(endpoint: Any) -> None:
    with pytest.raises(TypeError, match="/eggs"):
        VelociPy().add_route("/eggs", endpoint)


@pytest.mark.parametrize("status", [0, 99, 100, 199, 600, "201", 200.5])
def test_a_status_that_no_answer_has_ends_the_start(status: Any) -> None:
    broken = VelociPy()
    broken.add_route("/", told, status_code=status)
    with pytest.raises(StartupError, match="status_code"):
        broken.freeze()


@pytest.mark.parametrize("prefix", ["", "/router"])
@pytest.mark.parametrize("method", METHODS)
def test_every_decorator_declares_its_method(client: Client, prefix: str, method: str) -> None:
    for way in ("plain", "short", "added"):
        response = client.request(method.upper(), f"{prefix}/{way}/{method}")
        assert (way, response.status_code) == (way, 202)
        assert response.content == (b"" if method == "head" else b'{"how":"%b"}' % method.encode())
        other = client.request("PATCH" if method != "patch" else "PUT", f"{prefix}/{way}/{method}")
        assert other.status_code == 405


def test_without_methods_a_route_answers_get(client: Client) -> None:
    for path in ("/default", "/default/added", "/router/default"):
        assert client.get(path).text == "told"
        assert client.post(path).headers["allow"] == "GET, HEAD, OPTIONS"


def test_methods_may_be_any_iterable(client: Client) -> None:
    assert client.get("/generator").text == client.put("/generator").text == "told"
    assert client.get("/frozen").headers["allow"] == "OPTIONS, POST"
    assert client.get("/twice").text == "told"


def test_a_prefix_is_a_path_by_itself(client: Client) -> None:
    assert client.get("/router").text == "prefix"


def test_the_status_of_a_route_is_not_that_of_an_error(client: Client) -> None:
    assert client.get("/raised").status_code == 409


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_over_the_limit_of_the_application_is_413(client: Client, chunked: bool) -> None:
    body = b"[1,2,3,4,5]"
    response = client.post("/read", content=iter([body[:5], body[5:]]) if chunked else body)
    assert (response.status_code, response.json()) == (413, {"detail": "Payload Too Large"})
    assert client.post("/read", content=body[1:] + b" ").status_code == 413
    assert client.post("/read", content=b"[1,2,3,45]").json() == [1, 2, 3, 45]


def test_no_documents_are_served_where_none_are_wanted(client: Client) -> None:
    assert client.get("/docs").status_code == client.get("/openapi.json").status_code == 404


def test_what_was_said_is_kept_with_the_route() -> None:
    routes = {route.path: route for route in app.routes}
    for path, tags in (("/short/get", ("eggs",)), ("/router/added/query", ("of the router", "eggs"))):
        route = routes[path]
        assert (route.tags, route.summary, route.description) == (tags, "Says how", "At length.")
        assert (route.operation_id, route.status_code, route.methods) == (
            "say_how",
            202,
            (path.split("/")[-1].upper(),),
        )
        assert route.response_model == dict[str, str]
    assert (app.title, app.version, app.limits.max_content_length) == ("Eggs", "2.1", 10)
    assert app.url_for("/router-put") == "/router/plain/put"


def test_paths_that_cannot_be_read_do_not_conflict() -> None:
    broken = VelociPy()
    broken.add_route("eggs", told)
    broken.add_route("nests", told)
    with pytest.raises(ExceptionGroup) as caught:
        broken.freeze()
    assert len(caught.value.exceptions) == 2
