"""TrustedHostMiddleware: which hosts a request may ask for. The hostile ones first."""

from typing import Any

import pytest
from httpx2 import Client, HTTPTransport

from velocipy import Request, VelociPy
from velocipy.middleware import TrustedHostMiddleware

ALLOWED = ["example.com", "*.example.org", "127.0.0.1", "[::1]", "Mixed.Example.NET", "dotted.example."]


def create(*allowed: str) -> VelociPy:
    application = VelociPy()
    application.add_middleware(TrustedHostMiddleware, allowed_hosts=list(allowed))

    @application.get("/")
    async def host(request: Request) -> str:
        return request.host

    return application


app = create(*ALLOWED)
open_to_all = VelociPy(middleware=[TrustedHostMiddleware])


@open_to_all.get("/")
async def anybody() -> str:
    return "anybody"


def ask(client: Client, host: str) -> Any:
    return client.get("/", headers={"host": host})


@pytest.mark.parametrize(
    "host",
    [
        "evil.org",
        "example.com.evil.org",
        "evil-example.com",
        "notexample.org",
        "example.org",  # not below itself
        "www.example.com",
        "127.0.0.11",
        "[::2]",
        "[::1:2]",
        "exampleXcom",  # CVE-2026-25479: no dot is any character
        "wwwXexample.org",
    ],
)
def test_foreign_hosts_are_refused(client: Client, host: str) -> None:
    answer = ask(client, host)
    assert (answer.status_code, answer.text) == (400, "Invalid host header")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize(
    "host",
    [
        ".example.com",
        ".example.org",
        "a..example.org",
        "example.com:evil",
        "example.com:",
        "example.com:123456",
        "example.com:65536",
        "example.com:80:80",
        "example.com@evil.org",
        "evil.org/.example.org",
        "evil.org,.example.org",
        "evil.org, example.com",
        "evil.org?.example.org",
        "evil.org#.example.org",
        "evil.org\\.example.org",
        "example.com..",
        "[::1].",
        "[::1]example.com",
        "[::1",
        "::1",
        "%65xample.com",
        "a" * 5000,
        "a." * 2500,
    ],
)
def test_what_is_no_host_is_refused(client: Client, host: str) -> None:
    """CVE-2026-48710, where such a host changed the path of URLs. Some servers refuse it before we see it."""
    assert ask(client, host).status_code in (400, 404)


@pytest.mark.parametrize("host", ["example.com\xa0", "e\xadxample.com", "example.\u212aom", "w\u017fw.example.org"])
def test_characters_beyond_ascii_are_no_letters_of_hosts(client: Client, host: str) -> None:
    answer = client.get("/", headers=[(b"host", host.encode("utf-8"))])
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "fields",
    [
        [],
        ["host:"],
        ["host: example.com", "host: evil.org"],  # CVE-2026-34525
        ["host: evil.org", "host: example.com"],
        ["x-forwarded-host: example.com"],  # CVE-2026-48061: nothing stands in for a host that is missing
        ["forwarded: host=example.com"],
    ],
)
def test_none_or_two_are_refused(wire: Any, fields: list[str]) -> None:
    with wire.open() as connection:
        connection.sendall("\r\n".join(["GET / HTTP/1.1", "connection: close", *fields, "", ""]).encode())
        answer = wire.read(connection)
    assert answer.status == 400
    assert answer.closed


@pytest.mark.parametrize("fields", [[], ["host: evil.org"]])
def test_older_clients_must_name_it_too(wire: Any, fields: list[str]) -> None:
    with wire.open() as connection:
        connection.sendall("\r\n".join(["GET / HTTP/1.0", *fields, "", ""]).encode())
        answer = wire.read(connection)
    assert answer.status == 400


def test_headers_of_proxies_do_not_make_a_host_trusted(client: Client) -> None:
    headers = {"host": "evil.org", "x-forwarded-host": "example.com", "forwarded": "host=example.com"}
    assert client.get("/", headers=headers).status_code == 400


@pytest.mark.parametrize(
    "host",
    [
        "example.com",
        "EXAMPLE.com",
        "example.com:80",
        "example.com:65535",
        "example.com.",
        "a.example.org",
        "A.b-c.d_e.Example.org:8000",
        "127.0.0.1:8000",
        "[::1]",
        "[::1]:8000",
        "mixed.example.net",
        "dotted.example",
    ],
)
def test_allowed_hosts_in_any_case_and_with_any_port(client: Client, host: str) -> None:
    answer = ask(client, host)
    assert (answer.status_code, answer.text) == (200, host)


def test_misses_are_refused_too(client: Client) -> None:
    assert client.post("/nowhere", headers={"host": "evil.org"}).status_code == 400


@pytest.mark.velocipy_app("open_to_all")
def test_everything_is_allowed_by_default(client: Client) -> None:
    assert ask(client, "evil.org").text == "anybody"


@pytest.mark.parametrize(
    ("authority", "status"), [("example.com", 200), ("a.example.org:81", 200), ("evil.org", 400), (".example.org", 400)]
)
def test_the_authority_of_http_2(live_server: Any, velocipy_target: Any, authority: str, status: int) -> None:
    if not velocipy_target.name.startswith(("granian", "hypercorn")):
        pytest.skip("this server speaks no HTTP/2 with prior knowledge")
    with Client(transport=HTTPTransport(http1=False, http2=True), base_url=live_server.base_url) as client:
        answer = ask(client, authority)
    assert answer.http_version == "HTTP/2"
    assert answer.status_code == status


@pytest.mark.in_process
@pytest.mark.parametrize(
    ("allowed", "message"),
    [
        ([], "empty"),
        ("example.com", r"\['example.com'\]"),
        ([5], "no str"),
        ([""], "never be a host"),
        ([".example.com"], r"\*\.example\.com"),
        (["*example.com"], r"\*"),
        (["a.*.example.com"], r"\*"),
        (["*."], r"\*"),
        (["https://example.com"], "scheme"),
        (["example.com/"], "path"),
        (["example.com:443"], "port"),
        (["::1"], r"\[::1\]"),
        (["a..b"], "never be a host"),
        (["b\u00fccher.example"], "xn--"),
        (["*", "not a host"], "never be a host"),
    ],
)
def test_patterns_that_are_none_are_told_at_start(allowed: Any, message: str) -> None:
    broken = VelociPy()
    broken.add_middleware(TrustedHostMiddleware, allowed_hosts=allowed)
    with pytest.raises(ValueError, match=message):
        broken.freeze()
