"""What a path is that has other slashes than its route: the same, another, or one that leads to the right one."""

from typing import Any

import pytest
from httpx2 import Client

from velocipy import APIRouter, VelociPy


def application(**options: Any) -> VelociPy:
    app = VelociPy(**options)
    router = APIRouter("/items")

    @app.get("/")
    async def home() -> str:
        return "home"

    @router.get("/")
    async def items(q: str = "") -> str:
        return f"items{q}"

    @router.post("/{item}")
    async def item(item: str) -> str:
        return f"item {item}"

    @app.get("/plain")
    async def plain() -> str:
        return "plain"

    @app.get("/files/{path*}")
    async def files(path: str) -> str:
        return f"file {path}"

    app.include_router(router)
    return app


merging = application()
strict = application(slashes="strict")
redirecting = application(slashes="redirect")


@pytest.mark.velocipy_app("merging")
@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/items", "items"),
        ("/items/", "items"),
        ("/items//", "items"),
        ("//items", "items"),
        ("/plain/", "plain"),
        ("/files", "file "),
        ("/files/", "file "),
        ("/files/a/", "file a/"),
    ],
)
def test_by_default_slashes_at_the_end_or_in_a_row_do_not_count(client: Client, path: str, answer: str) -> None:
    assert client.get(f"http://x.test{path}".replace("http://x.test", str(client.base_url).rstrip("/"))).text == answer


@pytest.mark.velocipy_app("strict")
@pytest.mark.parametrize("path", ["/items", "/items//", "/plain/", "/files", "/x"])
def test_strictly_another_slash_is_another_path(client: Client, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.json()) == (404, {"detail": "Not Found"})


@pytest.mark.velocipy_app("strict")
@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/", "home"),
        ("/items/", "items"),
        ("/plain", "plain"),
        ("/files/", "file "),
        ("/files/a//b/", "file a//b/"),
    ],
)
def test_strictly_the_right_slash_is_answered(client: Client, path: str, answer: str) -> None:
    assert client.get(path).text == answer


@pytest.mark.velocipy_app("strict")
def test_strictly_a_value_is_never_empty(client: Client) -> None:
    assert client.post("/items/").status_code == 405
    assert client.post("/items/a").text == "item a"
    assert client.post("/items/a/").status_code == 404


@pytest.mark.velocipy_app("redirecting")
@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("/items", "/items/"),
        ("/items?q=a%20b&c", "/items/?q=a%20b&c"),
        ("/items//", "/items/"),
        ("/plain/", "/plain"),
        ("/plain//", "/plain"),
        ("/files", "/files/"),
    ],
)
def test_the_other_spelling_leads_to_the_right_one(client: Client, path: str, location: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.headers["location"], answer.content) == (307, location, b"")


@pytest.mark.velocipy_app("redirecting")
def test_a_redirect_keeps_the_method_and_what_is_right_is_answered(client: Client) -> None:
    answer = client.post("/items/a/")
    assert (answer.status_code, answer.headers["location"]) == (307, "/items/a")
    assert client.post("/items/a/", follow_redirects=True).text == "item a"
    assert client.get("/items/").text == "items"
    assert client.get("/").text == "home"


@pytest.mark.velocipy_app("redirecting")
@pytest.mark.parametrize("path", ["/nowhere", "/nowhere/", "/plain/x/"])
def test_what_no_spelling_answers_is_not_found(client: Client, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.velocipy_app("redirecting")
@pytest.mark.in_process  # clients and servers rewrite such paths, each in its way
@pytest.mark.parametrize("path", ["//evil.example/..//plain/", "//plain", "///plain/", "/%5Cevil.example//plain/"])
def test_no_redirect_leads_to_another_host(client: Client, path: str) -> None:
    answer = client.get(str(client.base_url).rstrip("/") + path)
    if answer.status_code == 307:
        location = answer.headers["location"]
        assert location[0] == "/"
        assert location[1] not in "/\\"
    else:
        assert answer.status_code == 404


@pytest.mark.in_process
def test_a_policy_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="'merge', 'strict' or 'redirect'"):
        VelociPy(slashes="append")  # type: ignore[arg-type]


@pytest.mark.in_process
def test_urls_have_the_slashes_of_their_routes() -> None:
    assert strict.url_for("items") == redirecting.url_for("items") == "/items/"
    assert merging.url_for("items") == "/items"
