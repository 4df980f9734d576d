"""HTTPSRedirectMiddleware: from http to https, of the same host and path. The hostile ones first."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from httpx2 import Client

from velocipy import Request, Response, VelociPy
from velocipy.middleware import HTTPSRedirectMiddleware

DO_NOT_TRUST = {  # that they believe forwarded headers of 127.0.0.1 by themselves is none of our doing
    "uvicorn": ["--no-proxy-headers"],
    "uvicorn-h11": ["--no-proxy-headers"],
    "gunicorn": ["--forwarded-allow-ips", "192.0.2.1"],
    "gunicorn-uvicorn": ["--forwarded-allow-ips", "192.0.2.1"],
}


async def told(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """Stand in for what knows that a client came over https."""
    if request.header("x-came-over") == "https":
        request.scheme = "https"
    return await call_next(request)


def create(**options: Any) -> VelociPy:
    application = VelociPy(middleware=[told])
    application.add_middleware(HTTPSRedirectMiddleware, **options)

    @application.get("/")
    async def index(request: Request) -> str:
        return request.url

    return application


app = create()
for_now = create(permanent=False)


@pytest.fixture
def doubtful(client_factory: Any, velocipy_target: Any) -> Any:
    """A client whose server believes nobody."""
    if velocipy_target.name in DO_NOT_TRUST:
        return client_factory(server_arguments=DO_NOT_TRUST[velocipy_target.name])
    return client_factory()


@pytest.mark.parametrize(
    "headers",
    [
        {"x-forwarded-proto": "https"},
        {"x-forwarded-proto": "https", "x-forwarded-for": "127.0.0.1"},
        {"forwarded": "proto=https"},
        {"x-forwarded-ssl": "on"},
        {"front-end-https": "on"},
        {"x-forwarded-host": "evil.example"},
        {"forwarded": "host=evil.example"},
    ],
)
def test_what_a_client_says_of_itself_is_not_believed(doubtful: Client, headers: dict[str, str]) -> None:
    answer = doubtful.get("/", headers={"host": "shop.example", **headers})
    assert (answer.status_code, answer.headers["location"]) == (308, "https://shop.example/")


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("//evil.example/a", "https://shop.example//evil.example/a"),
        ("///evil.example", "https://shop.example///evil.example"),
        ("/\\evil.example", "https://shop.example/%5Cevil.example"),
        ("/%5cevil.example", "https://shop.example/%5Cevil.example"),
        ("/@evil.example", "https://shop.example/@evil.example"),
        ("/:80@evil.example", "https://shop.example/:80@evil.example"),
        ("/%0d%0aset-cookie:%20a=b", "https://shop.example/%0D%0Aset-cookie:%20a=b"),
        ("/%3fa=b%23c", "https://shop.example/%3Fa=b%23c"),
        ("/..//evil.example", "https://shop.example/..//evil.example"),
    ],
)
def test_a_path_stays_a_path(wire: Any, path: str, location: str) -> None:
    """CVE-2018-14574, CVE-2021-21330, CVE-2023-28370: a path with two slashes was another host."""
    with wire.open() as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nhost: shop.example\r\nconnection: close\r\n\r\n".encode())
        answer = wire.read(connection)
    if answer.status == 308:
        assert answer.headers["location"] == location
    else:
        assert answer.status == 400  # the server would not have it


@pytest.mark.parametrize("target", ["@evil.example", "evil.example", ".evil.example", ":80@evil.example", "*"])
@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_a_target_without_a_slash_is_no_part_of_the_host(wire: Any, method: str, target: str) -> None:
    """CVE-2026-54282, where the path "@evil" moved the authority."""
    with wire.open() as connection:
        connection.sendall(f"{method} {target} HTTP/1.1\r\nhost: shop.example\r\nconnection: close\r\n\r\n".encode())
        answer = wire.read(connection)
    assert answer.closed
    assert answer.status < 500
    if answer.status == 308:
        assert answer.headers["location"].startswith("https://shop.example/")


@pytest.mark.parametrize(
    "host",
    [
        "shop.example@evil.example",
        "evil.example/",
        "evil.example?",
        "evil.example#",
        "evil.example\\",
        "shop.example:evil",
        "shop.example:80@evil.example",
        "a, b",
        "a b",
        "[::1",
        "",
    ],
)
def test_what_is_no_host_is_no_target(client: Client, host: str) -> None:
    """And neither is the address on which the server listens (CVE-2026-48710)."""
    answer = client.get("/", headers={"host": host})
    assert answer.status_code == 400
    assert "location" not in answer.headers


@pytest.mark.parametrize("fields", [[], ["host: shop.example", "host: evil.example"]])
def test_without_a_host_or_with_two_there_is_no_target(wire: Any, fields: list[str]) -> None:
    for version in ("1.0", "1.1"):
        with wire.open() as connection:
            connection.sendall("\r\n".join([f"GET / HTTP/{version}", "connection: close", *fields, "", ""]).encode())
            answer = wire.read(connection)
        assert answer.status == 400
        assert "location" not in answer.headers


@pytest.mark.parametrize(
    ("host", "location"),
    [
        ("shop.example", "https://shop.example/"),
        ("shop.example:80", "https://shop.example/"),
        ("shop.example:443", "https://shop.example/"),
        ("shop.example:8080", "https://shop.example:8080/"),
        ("[::1]:80", "https://[::1]/"),
        ("[::1]:8000", "https://[::1]:8000/"),
    ],
)
def test_the_host_is_the_one_that_was_asked_for(client: Client, host: str, location: str) -> None:
    answer = client.get("/", headers={"host": host})
    assert (answer.status_code, answer.headers["location"], answer.content) == (308, location, b"")


def test_path_and_query_are_kept(client: Client) -> None:
    answer = client.get("/a%20b/c%c3%a9?q=1&q=%2F&r", headers={"host": "shop.example"})
    assert answer.headers["location"] == "https://shop.example/a%20b/c%C3%A9?q=1&q=%2F&r"


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"])
def test_every_method_is_redirected_and_kept(client: Client, method: str) -> None:
    answer = client.request(method, "/nowhere", headers={"host": "shop.example"})
    assert (answer.status_code, answer.headers["location"]) == (308, "https://shop.example/nowhere")


@pytest.mark.velocipy_app("for_now")
def test_not_for_ever(client: Client) -> None:
    answer = client.get("/", headers={"host": "shop.example"})
    assert (answer.status_code, answer.headers["location"]) == (307, "https://shop.example/")


def test_what_came_over_https_passes(client: Client) -> None:
    answer = client.get("/", headers={"host": "shop.example", "x-came-over": "https"})
    assert (answer.status_code, answer.text) == (200, "https://shop.example/")


@pytest.mark.in_process
def test_a_server_that_speaks_https_says_so(client_factory: Any) -> None:
    assert client_factory(base_url="https://shop.example").get("/").text == "https://shop.example/"


@pytest.mark.in_process
def test_options_that_mean_nothing_are_told_at_start() -> None:
    with pytest.raises(ValueError, match="True or False"):
        create(permanent="no").freeze()
