"""Routes of one host alone: `host=` of routes, routers and inclusions."""

from typing import Any

import pytest
from httpx2 import Client

from velocipy import APIRouter, Request, StartupError, VelociPy

app = VelociPy()
api = APIRouter(host="api.example.com")
tenants = APIRouter(host="{tenant}.example.com")
numbered = APIRouter("/numbered", host="shop-{number:int}.example.org")


@app.get("/")
async def anywhere() -> str:
    return "anywhere"


@api.get("/")
async def of_the_api() -> str:
    return "api"


@tenants.get("/")
async def of_a_tenant(tenant: str) -> str:
    return f"tenant {tenant}"


@tenants.get("/users/{user}", status_code=202)
async def user(tenant: str, user: int, request: Request) -> dict[str, Any]:
    return {"tenant": tenant, "user": user, "params": request.path_params}


@api.get("/users/me")
async def me() -> str:
    return "me at the api"


@api.post("/posted")
async def posted() -> str:
    return "posted"


@app.get("/posted/{more*}")
async def more(more: str) -> str:
    return f"more {more}"


@numbered.get("")
async def shop(number: int) -> int:
    return number


@app.get("/urls")
async def urls(request: Request) -> list[str]:
    return [request.url_for("user", tenant="b c", user=5), request.url_for("of_the_api", q=1)]


for router in (api, tenants, numbered):
    app.include_router(router)


def get(client: Client, host: str, path: str = "/") -> Any:
    return client.get(path, headers={"host": host})


@pytest.mark.parametrize(
    ("host", "answer"),
    [
        ("api.example.com", "api"),
        ("API.Example.Com", "api"),
        ("api.example.com:8443", "api"),
        ("acme.example.com", "tenant acme"),
        ("ACME.example.com", "tenant acme"),
        ("example.com", "anywhere"),
        ("a.b.example.com", "anywhere"),
        ("api.example.com.evil.org", "anywhere"),
        ("127.0.0.1", "anywhere"),
        ("[::1]:8000", "anywhere"),
    ],
)
def test_the_most_exact_host_answers_and_then_who_has_none(client: Client, host: str, answer: str) -> None:
    assert get(client, host).text == answer


def test_values_of_the_host_are_parameters_like_those_of_the_path(client: Client) -> None:
    answer = get(client, "acme.example.com", "/users/7")
    assert answer.status_code == 202
    assert answer.json() == {"tenant": "acme", "user": 7, "params": {"user": "7", "tenant": "acme"}}


def test_faults_of_host_and_path_are_told_together(client: Client) -> None:
    answer = get(client, "shop-x.example.org", "/numbered")
    assert answer.status_code == 422
    assert [fault["loc"] for fault in answer.json()["detail"]] == [["path", "number"]]
    assert get(client, "shop-12.example.org", "/numbered").json() == 12


def test_a_more_literal_path_of_another_host_is_no_dead_end(client: Client) -> None:
    assert get(client, "api.example.com", "/users/me").text == "me at the api"
    answer = get(client, "acme.example.com", "/users/me")
    assert answer.json()["detail"][0]["loc"] == ["path", "user"]


def test_what_another_host_answers_is_not_found_here(client: Client) -> None:
    answer = get(client, "other.org", "/users/me")
    assert (answer.status_code, answer.json()) == (404, {"detail": "Not Found"})
    assert client.request("DELETE", "/users/me", headers={"host": "other.org"}).status_code == 404
    assert client.options("/users/me", headers={"host": "other.org"}).status_code == 404


redirecting = VelociPy(slashes="redirect")
redirecting.add_route("/me", me, host="api.example.com")
redirecting.add_route("/more/{more*}", more, host="api.example.com")


def test_no_redirect_leads_to_what_another_host_answers(client_factory: Any) -> None:
    client = client_factory("redirecting")
    assert get(client, "api.example.com", "/me/").headers["location"] == "/me"
    for path in ("/me/", "/more/a", "/more/a/"):  # the last two would lead to each other
        assert get(client, "example.org", path).status_code == 404


def test_allow_tells_the_methods_of_this_host(client: Client) -> None:
    here = client.put("/posted", headers={"host": "api.example.com"})
    assert (here.status_code, here.headers["allow"]) == (405, "GET, HEAD, OPTIONS, POST")
    elsewhere = client.post("/posted", headers={"host": "other.org"})
    assert (elsewhere.status_code, elsewhere.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
    assert client.options("/posted", headers={"host": "other.org"}).headers["allow"] == "GET, HEAD, OPTIONS"


def test_head_goes_to_the_host_as_get_does(client: Client) -> None:
    answer = client.head("/users/me", headers={"host": "api.example.com"})
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == str(len("me at the api"))
    assert client.head("/users/me", headers={"host": "other.org"}).status_code == 404


def test_urls_lead_to_the_host(client: Client) -> None:
    answer = get(client, "www.example.net:8080", "/urls").json()
    assert answer == ["http://b%20c.example.com:8080/users/5", "http://api.example.com:8080/?q=1"]


@pytest.mark.in_process
def test_the_path_of_a_route_with_a_host_names_it() -> None:
    assert app.url_for("user", tenant="acme", user=5) == "//acme.example.com/users/5"


@pytest.mark.in_process
@pytest.mark.parametrize(
    ("host", "word"),
    [
        ("api.example.com:80", "port"),
        ("*.example.com", "'*'"),
        ("api.example.com/v1", "'/'"),
        ("a..b", "empty"),
        ("{a", "braces"),
        ("{tenant:nothing}.example.com", "'nothing'"),
        ("{rest:path}.example.com", "rest of a path"),
        ("{item}.example.com", "both name 'item'"),
    ],
)
def test_a_host_that_cannot_be_read(host: str, word: str) -> None:
    broken = VelociPy()

    @broken.get("/{item}", host=host)
    async def handler(request: Request) -> None: ...

    with pytest.raises(StartupError, match="host") as caught:
        broken.freeze()
    assert word in str(caught.value)
    assert caught.value.handler == "handler"


@pytest.mark.in_process
@pytest.mark.parametrize(("first", "second"), [("a.example", "A.EXAMPLE"), ("{x}.example", "{y}.example")])
def test_two_routes_of_one_host_conflict(first: str, second: str) -> None:
    broken = VelociPy()

    async def handler(request: Request) -> None: ...

    broken.add_route("/", handler, host=first)
    broken.add_route("/", handler, host=second)
    with pytest.raises(StartupError, match="already answered"):
        broken.freeze()
