"""Routers in routers: prefixes, order, values in prefixes, inclusion at any time."""

from typing import Any

import pytest
from httpx2 import Client

from velocipy import APIRouter, Router, VelociPy

app = VelociPy()
users = APIRouter("/users")
posts = Router("/posts/")
comments = Router()
plain = Router()


@users.get("")
async def all_users() -> str:
    return "users"


@users.get("/{user}")
async def one_user(user: int) -> list[Any]:
    return ["user", user]


@posts.get("/")
async def all_posts(user: int) -> list[Any]:
    return ["posts", user]


@posts.get("/{post}")
async def one_post(user: int, post: str) -> list[Any]:
    return ["post", user, post]


@comments.get("/{comment}")
async def one_comment(user: int, post: str, comment: str) -> list[Any]:
    return ["comment", user, post, comment]


@plain.get("/ping")
async def ping() -> str:
    return "pong"


posts.include_router(comments, prefix="/{post}/comments")
users.include_router(posts, prefix="/{user}")
app.include_router(users, prefix="/v1/")
app.include_router(plain)
app.include_router(plain, prefix="/again")


@comments.get("/{comment}/late")
async def declared_late(user: int, post: str, comment: str) -> str:
    return "late"


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/v1/users", "users"),
        ("/v1/users/", "users"),
        ("/v1/users/5", ["user", 5]),
        ("/v1/users/5/posts", ["posts", 5]),
        ("/v1/users/5/posts/a", ["post", 5, "a"]),
        ("/v1/users/5/posts/a/comments/b", ["comment", 5, "a", "b"]),
        ("/v1/users/5/posts/a/comments/b/late", "late"),
        ("/ping", "pong"),
        ("/again/ping", "pong"),
    ],
)
def test_prefixes_add_up(client: Client, path: str, answer: Any) -> None:
    response = client.get(path)
    assert response.status_code == 200
    assert (response.text if isinstance(answer, str) else response.json()) == answer


@pytest.mark.parametrize("path", ["/users", "/v1", "/v1/ping", "/posts", "/again"])
def test_nothing_answers_without_its_prefix(client: Client, path: str) -> None:
    assert client.get(path).status_code == 404


def test_a_value_of_a_prefix_is_named_in_faults(client: Client) -> None:
    response = client.get("/v1/users/x/posts/a/comments/b")
    assert [fault["loc"] for fault in response.json()["detail"]] == [["path", "user"]]


def test_405_reaches_into_routers(client: Client) -> None:
    assert client.delete("/v1/users/5/posts/a").headers["allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.in_process
@pytest.mark.parametrize("interface", ["asgi", "rsgi"])
def test_a_route_that_is_added_while_the_application_runs_answers(interface: str) -> None:
    from velocipy.testing import TestClient

    running, router = VelociPy(), Router("/inner")
    running.include_router(router)
    with TestClient(running, interface=interface) as client:
        assert client.get("/inner/a").status_code == 404
        router.add_route("/a", ping)
        running.add_route("/b", ping)
        assert client.get("/b").text == "pong"
        assert client.get("/inner/a").text == "pong"


def test_a_router_cannot_hold_itself() -> None:
    one, two, three = Router(), Router(), Router()
    with pytest.raises(ValueError, match="itself"):
        one.include_router(one)
    one.include_router(two)
    two.include_router(three)
    with pytest.raises(ValueError, match="itself"):
        three.include_router(one)


def test_tags_add_up_from_the_outside() -> None:
    outer, inner = Router(tags=["outer"]), Router(tags=["inner"])
    inner.add_route("/", ping, tags=["own"])
    outer.include_router(inner, tags=["at inclusion"])
    (route,) = outer.routes
    assert route.tags == ("outer", "at inclusion", "inner", "own")
