"""ForwardedMiddleware: what proxies tell, and who is believed. The hostile ones first."""

import tracemalloc
from typing import Any

import pytest
from httpx2 import Client

from velocipy import Request, VelociPy
from velocipy.http.address import Address
from velocipy.middleware import ForwardedMiddleware, HTTPSRedirectMiddleware, TrustedHostMiddleware
from velocipy.testing import TestClient

ALL = ["X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Port", "X-Forwarded-Prefix"]

LEAVE_ALONE = {  # servers that would look at the headers before us
    "uvicorn": ["--no-proxy-headers"],
    "uvicorn-h11": ["--no-proxy-headers"],
    "gunicorn": ["--forwarded-allow-ips", "192.0.2.1"],
    "gunicorn-uvicorn": ["--forwarded-allow-ips", "192.0.2.1"],
}


def create(trusted: Any = ("127.0.0.1", "10.0.0.0/8", "2001:db8::/32"), **options: Any) -> VelociPy:
    application = VelociPy()
    application.add_middleware(ForwardedMiddleware, trusted=trusted, **options)

    @application.get("/")
    async def tell(request: Request) -> dict[str, Any]:
        client = request.client
        return {
            "client": None if client is None else client.host,
            "port": None if client is None else client.port,
            "url": request.url,
            "root_path": request.root_path,
            "here": request.url_for("tell"),
        }

    return application


app = create()
whole = create(headers=ALL)
standard = create(headers=["Forwarded"])
both = create(headers=["forwarded", "x-forwarded-port", "x-forwarded-prefix"])
elsewhere = create(trusted=["192.0.2.1", "unix"], headers=ALL)
over_unix = create(trusted=["unix"], headers=ALL)
everybody = create(trusted=["0.0.0.0/0", "::/0"])

in_order = VelociPy()
in_order.add_middleware(ForwardedMiddleware, trusted=["127.0.0.1"], headers=ALL)
in_order.add_middleware(TrustedHostMiddleware, allowed_hosts=["shop.example"])
in_order.add_middleware(HTTPSRedirectMiddleware)


@in_order.get("/")
async def reached() -> str:
    return "reached"


@pytest.fixture
def ask(client_factory: Any, velocipy_target: Any) -> Any:
    """A function that sends headers to an application, on a server that leaves them alone."""
    options: dict[str, Any] = {}
    if velocipy_target.name in LEAVE_ALONE:
        options["server_arguments"] = LEAVE_ALONE[velocipy_target.name]
    clients: dict[str, Client] = {}

    def send(application: str, *headers: tuple[str, str]) -> Any:
        if application not in clients:
            clients[application] = client_factory(application, **options)
        return clients[application].get("/", headers=[("host", "inner.example:8000"), *headers])

    return send


def client_told(answer: Any) -> Any:
    assert answer.status_code == 200
    return answer.json()["client"]


EVERYTHING = [
    ("x-forwarded-for", "1.2.3.4"),
    ("x-forwarded-proto", "https"),
    ("x-forwarded-host", "evil.example"),
    ("x-forwarded-port", "81"),
    ("x-forwarded-prefix", "/evil"),
    ("forwarded", "for=1.2.3.4;proto=https;host=evil.example"),
]


def test_who_is_no_trusted_proxy_is_not_believed(ask: Any) -> None:
    answer = ask("elsewhere", *EVERYTHING).json()
    assert answer["client"] == "127.0.0.1"
    assert answer["url"] == "http://inner.example:8000/"
    assert answer["root_path"] == ""


def test_headers_that_are_not_listed_are_not_believed(ask: Any) -> None:
    """A proxy that sets two of them lets the client's others through."""
    answer = ask("app", *EVERYTHING).json()
    assert answer["client"] == "1.2.3.4"
    assert answer["url"] == "https://inner.example:8000/"
    assert answer["root_path"] == ""
    assert client_told(ask("standard", ("x-forwarded-for", "1.2.3.4"))) == "127.0.0.1"


@pytest.mark.parametrize(
    ("told", "client"),
    [
        ("6.6.6.6, 1.2.3.4", "1.2.3.4"),  # CVE-2025-59152: what the client made up stands left
        ("127.0.0.1, 1.2.3.4", "1.2.3.4"),
        ("unknown, 1.2.3.4", "1.2.3.4"),
        ("6.6.6.6, 1.2.3.4, 10.0.0.7", "1.2.3.4"),
        ("6.6.6.6, 1.2.3.4, 10.0.0.7, 10.1.1.1", "1.2.3.4"),
        ("10.0.0.9, 10.0.0.7", "10.0.0.9"),
        ("1.2.3.4, ::ffff:10.0.0.7", "1.2.3.4"),
        ("1.2.3.4,\t2001:db8::7 ,", "1.2.3.4"),
        ("::ffff:1.2.3.4", "1.2.3.4"),
        ("2001:DB9:0::1", "2001:db9::1"),
        ("", "127.0.0.1"),
        (", ,", "127.0.0.1"),
    ],
)
def test_the_client_is_the_first_from_the_right_that_is_no_proxy(ask: Any, told: str, client: str) -> None:
    assert client_told(ask("app", ("x-forwarded-for", told))) == client


@pytest.mark.parametrize(
    "told",
    [
        "unknown",
        "_hidden",
        "localhost",
        "evil.example",
        "1.2.3",
        "1.2.3.4.5",
        "01.2.3.4",
        "1.2.3.4/8",
        "-",
        "' or 1=1 --",
        "<script>",
        "1.2.3.4 5.6.7.8",
        "6.6.6.6, unknown, 10.0.0.7",
        "x" * 5000,
    ],
)
def test_what_is_no_address_is_nobody_and_never_the_proxy(ask: Any, told: str) -> None:
    assert client_told(ask("app", ("x-forwarded-for", told))) is None


def test_several_fields_are_one_list(ask: Any) -> None:
    fields = [("x-forwarded-for", "6.6.6.6"), ("x-forwarded-for", "1.2.3.4"), ("x-forwarded-for", "10.0.0.7")]
    assert client_told(ask("app", *fields)) == "1.2.3.4"
    lines = [("forwarded", "for=6.6.6.6"), ("forwarded", "for=1.2.3.4")]
    assert client_told(ask("standard", *lines)) == "1.2.3.4"


def test_names_with_underscores_are_other_headers(ask: Any) -> None:
    """CVE-2026-3902, where X_User was read as X-User."""
    assert client_told(ask("app", ("x_forwarded_for", "1.2.3.4"))) == "127.0.0.1"


@pytest.mark.parametrize(
    ("told", "url"),
    [
        ("https", "https://inner.example:8000/"),
        ("HTTPS", "https://inner.example:8000/"),
        ("wss", "https://inner.example:8000/"),
        ("https, http", "http://inner.example:8000/"),
        ("javascript", "http://inner.example:8000/"),
        ("https://evil.example/", "http://inner.example:8000/"),
        ("", "http://inner.example:8000/"),
    ],
)
def test_the_scheme(ask: Any, told: str, url: str) -> None:
    assert ask("app", ("x-forwarded-proto", told)).json()["url"] == url


def test_of_several_proxies_the_one_at_the_client_knows(ask: Any) -> None:
    fields = [("x-forwarded-for", "6.6.6.6, 1.2.3.4, 10.0.0.7"), ("x-forwarded-proto", "http, https, http")]
    assert ask("app", *fields).json()["url"].startswith("https:")
    replaced = [("x-forwarded-for", "1.2.3.4, 10.0.0.7"), ("x-forwarded-proto", "https")]
    assert ask("app", *replaced).json()["url"].startswith("https:")
    elements = "for=6.6.6.6;proto=http;host=a, for=1.2.3.4;proto=https;host=b, for=10.0.0.7;proto=http;host=c"
    assert ask("standard", ("forwarded", elements)).json()["url"] == "https://b/"


@pytest.mark.parametrize(
    "host",
    [
        "evil.example/",
        "a@evil.example",
        "shop.example:evil",
        "a b",
        "shop.example\\",
        "shop.example?",
        "[::1",
        "",
    ],
)
def test_a_host_that_is_none_is_not_believed(ask: Any, host: str) -> None:
    """CVE-2026-48710."""
    assert ask("whole", ("x-forwarded-host", host)).json()["url"] == "http://inner.example:8000/"
    quoted = host.replace("\\", "\\\\")
    assert ask("standard", ("forwarded", f'for=1.2.3.4;host="{quoted}"')).json()["url"] == "http://inner.example:8000/"


@pytest.mark.parametrize(
    ("fields", "url"),
    [
        ({"host": "shop.example"}, "http://shop.example/"),
        ({"host": "shop.example:81"}, "http://shop.example:81/"),
        ({"host": "shop.example", "port": "443", "proto": "https"}, "https://shop.example/"),
        ({"host": "shop.example:81", "port": "443", "proto": "https"}, "https://shop.example/"),
        ({"host": "shop.example", "port": "8443", "proto": "https"}, "https://shop.example:8443/"),
        ({"host": "[::1]:1", "port": "2"}, "http://[::1]:2/"),
        ({"port": "443", "proto": "https"}, "https://inner.example/"),
        ({"port": "evil"}, "http://inner.example:8000/"),
        ({"port": "999999"}, "http://inner.example:8000/"),
        ({"port": "-1"}, "http://inner.example:8000/"),
        ({"port": "80 , 81"}, "http://inner.example:81/"),
    ],
)
def test_host_and_port(ask: Any, fields: dict[str, str], url: str) -> None:
    headers = [(f"x-forwarded-{name}", value) for name, value in fields.items()]
    assert ask("whole", *headers).json()["url"] == url


@pytest.mark.parametrize("prefix", ["/api", "/api/", "/a/b%20c"])
def test_the_prefix_is_the_root_path(ask: Any, prefix: str) -> None:
    answer = ask("whole", ("x-forwarded-prefix", prefix)).json()
    assert answer["root_path"] == prefix.rstrip("/")
    assert answer["here"] == f"http://inner.example:8000{prefix.rstrip('/')}/"


@pytest.mark.parametrize(
    "prefix",
    ["/", "//evil.example", "/a//b", "api", "@evil.example", "/..", "/a/../b", "/./a", "/a?b", "/a#b", "/a\\b", "/a b"],
)
def test_a_prefix_that_is_none_is_not_believed(ask: Any, prefix: str) -> None:
    assert ask("whole", ("x-forwarded-prefix", prefix)).json()["root_path"] == ""


# -- Forwarded (RFC 7239) ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told", "client", "port"),
    [
        ("for=1.2.3.4", "1.2.3.4", 0),
        ("For=1.2.3.4 ; Proto=https", "1.2.3.4", 0),
        ('for="1.2.3.4:5678"', "1.2.3.4", 5678),
        ("for=1.2.3.4:5678", "1.2.3.4", 5678),
        ('for="[2001:db9::1]:5678"', "2001:db9::1", 5678),
        ('for="[2001:db9::1]"', "2001:db9::1", 0),
        (r'for="1.2.3\.4"', "1.2.3.4", 0),
        ("for=6.6.6.6, for=1.2.3.4", "1.2.3.4", 0),
        ("for=6.6.6.6,for=1.2.3.4,for=10.0.0.7;by=10.0.0.8", "1.2.3.4", 0),
        ('for="6.6.6.6, for=7.7.7.7", for=1.2.3.4', "1.2.3.4", 0),
    ],
)
def test_the_client_of_the_standard_header(ask: Any, told: str, client: str, port: int) -> None:
    answer = ask("standard", ("forwarded", told)).json()
    assert (answer["client"], answer["port"]) == (client, port)


def test_a_proxy_that_tells_the_scheme_alone(ask: Any) -> None:
    answer = ask("standard", ("forwarded", "proto=https")).json()
    assert (answer["client"], answer["url"]) == ("127.0.0.1", "https://inner.example:8000/")


@pytest.mark.parametrize(
    "told",
    [
        "for=unknown",
        "for=_hidden",
        'for="_hidden:_port"',
        'for="',
        'for=", for=1.2.3.4',  # a quote of the client's swallows what the proxy has added
        'for=10.0.0.1;by=", for="[::1]"',
        'host="\\, for="1.2.3.4"',
        "for=6.6.6.6;for=1.2.3.4",
        "for",
        "for=",
        "for=1.2.3.4 5.6.7.8",
        "=1.2.3.4",
        '"for"=1.2.3.4',
        "for = 1.2.3.4",
        "proto=https;" * 2,
    ],
)
def test_a_standard_header_that_is_none_tells_nobody(ask: Any, told: str) -> None:
    answer = ask("standard", ("forwarded", told)).json()
    assert answer["client"] is None
    assert answer["url"] == "http://inner.example:8000/"


@pytest.mark.parametrize(
    "told",
    [
        "a=b" + " " * 6000 + "x",
        "for=1.2.3.4," + "\t" * 6000 + "x",
        'for="' + "\\" * 6001,
        "a=b;" * 1500 + '"',
        ",;" * 3000 + "=",
    ],
)
def test_no_header_takes_long(ask: Any, told: str) -> None:
    """Like CVE-2024-24762: it answers at all, and a quadratic reading would make the test slow."""
    assert client_told(ask("standard", ("forwarded", told))) is None


def test_the_standard_header_goes_with_what_it_lacks(ask: Any) -> None:
    fields = [
        ("forwarded", "for=1.2.3.4;host=shop.example;proto=https"),
        ("x-forwarded-port", "8443"),
        ("x-forwarded-prefix", "/api"),
    ]
    assert ask("both", *fields).json()["here"] == "https://shop.example:8443/api/"


# -- with others -------------------------------------------------------------------------------------------------------


def test_within_it_middleware_sees_what_was_forwarded(ask: Any) -> None:
    fields = [("x-forwarded-host", "shop.example"), ("x-forwarded-proto", "https")]
    assert ask("in_order", *fields).text == "reached"
    redirected = ask("in_order", fields[0])
    assert (redirected.status_code, redirected.headers["location"]) == (308, "https://shop.example/")
    assert ask("in_order", ("x-forwarded-host", "evil.example"), fields[1]).status_code == 400
    assert ask("in_order", fields[1]).status_code == 400


def test_who_trusts_everybody_believes_what_stands_leftmost(ask: Any) -> None:
    assert client_told(ask("everybody", ("x-forwarded-for", "6.6.6.6, 1.2.3.4"))) == "6.6.6.6"


@pytest.mark.in_process
def test_a_proxy_over_a_unix_socket(velocipy_target: Any) -> None:
    for application, believed in ((over_unix, True), (everybody, False)):
        with TestClient(application, interface=velocipy_target.interface, client=None) as client:
            answer = client.get("/", headers={"x-forwarded-for": "6.6.6.6, 1.2.3.4"})
            assert answer.json()["client"] == ("1.2.3.4" if believed else None)
            assert client.get("/").json()["client"] is None


@pytest.mark.in_process
def test_a_server_that_listens_on_both_kinds_of_addresses(velocipy_target: Any) -> None:
    for peer, believed in (("::ffff:10.0.0.1", True), ("2001:db8::1", True), ("::ffff:11.0.0.1", False), ("x", False)):
        with TestClient(app, interface=velocipy_target.interface, client=(peer, 1)) as client:
            answer = client.get("/", headers={"x-forwarded-for": "1.2.3.4"})
            assert (answer.json()["client"] == "1.2.3.4") == believed


def test_an_own_middleware_may_set_the_same(client_factory: Any) -> None:
    answer = client_factory("setting").get("/").json()
    assert answer == ["https://[::1]:8443/below/", "2001:db8::5", "no host"]


setting = VelociPy()


@setting.middleware("http")
async def set_everything(request: Request, call_next: Any) -> Any:
    request.client = Address("2001:db8::5", 1)
    request.scheme = "https"
    request.host = "[::1]:8443"
    request.root_path = "/below"
    try:
        request.host = "evil.example/"
    except ValueError:
        request.state.told = "no host"
    return await call_next(request)


@setting.get("/")
async def tell_what_was_set(request: Request) -> list[str]:
    assert request.client is not None
    return [request.url, request.client.host, request.state.told]


# -- mistakes ----------------------------------------------------------------------------------------------------------


@pytest.mark.in_process
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "trusted"),
        ({"trusted": []}, "empty"),
        ({"trusted": "127.0.0.1"}, "lists of str"),
        ({"trusted": ["*"]}, "no address"),
        ({"trusted": ["localhost"]}, "no address"),
        ({"trusted": ["10.0.0.1/8"]}, "host bits"),
        ({"trusted": ["10.0.0.0/33"]}, "no address"),
        ({"trusted": [2130706433]}, "no str"),
        ({"trusted": ["unix"], "headers": "forwarded"}, "lists of str"),
        ({"trusted": ["unix"], "headers": ["x-real-ip"]}, "not known"),
        ({"trusted": ["unix"], "headers": ["Forwarded", "X-Forwarded-For"]}, "the client's"),
    ],
)
def test_options_that_mean_nothing_are_told_at_start(options: Any, message: str) -> None:
    broken = VelociPy()
    broken.add_middleware(ForwardedMiddleware, **options)
    with pytest.raises(ValueError, match=message):
        broken.freeze()


@pytest.mark.in_process
def test_long_names_of_clients_are_not_kept(client: TestClient) -> None:
    """Addresses are kept when they were read, so that the next request of a connection has them."""
    tracemalloc.start()
    try:
        for number in range(300):
            told = client.get("/", headers={"x-forwarded-for": f"{number}".rjust(10_000, "x")}).json()
            assert told["client"] is None
        assert tracemalloc.get_traced_memory()[0] < 2_000_000
    finally:
        tracemalloc.stop()
