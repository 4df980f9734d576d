"""Where credentials are, what they are, and what is told to who sends none or unreadable ones."""

import asyncio
import base64
from typing import Annotated, Any

import pytest

from velocipy import Depends, StartupError, VelociPy
from velocipy.security import (
    APIKeyCookie,
    APIKeyHeader,
    HTTPBasic,
    HTTPBearer,
    OAuth2PasswordBearer,
    OpenIdConnect,
    SecurityBase,
)
from velocipy.testing import TestClient, WebSocketDenied
from velocipy.testing.servers import RunningServer

from . import schemes_app

app = schemes_app.app


def basic(text: str | bytes) -> str:
    return "Basic " + base64.b64encode(text if isinstance(text, bytes) else text.encode()).decode()


GOOD: dict[str, tuple[str, dict[str, str], str]] = {  # the query, the headers, and what is found
    "header": ("", {"x-key": "claw"}, "claw"),
    "query": ("?key=claw%20s", {}, "claw s"),
    "cookie": ("", {"cookie": "a=b; key=claw"}, "claw"),
    "basic": ("", {"authorization": basic("Ellie:dig:deep")}, "Ellie"),
    "bearer": ("", {"authorization": "bEaReR  abc.d-e_f~+/=="}, "abc.d-e_f~+/=="),
    "realm": ("", {"authorization": "Bearer abc"}, "abc"),
    "password": ("", {"authorization": "Bearer abc"}, "abc"),
    "code": ("", {"authorization": "Bearer abc"}, "abc"),
    "client": ("", {"authorization": "Bearer abc"}, "abc"),
    "openid": ("", {"authorization": "Bearer abc"}, "abc"),
    "own": ("", {"authorization": "Negotiate abc"}, "Negotiate abc"),
}
CHALLENGES = {
    "header": 'APIKey in="header", name="X-Key"',
    "query": 'APIKey in="query", name="key"',
    "cookie": 'APIKey in="cookie", name="key"',
    "basic": 'Basic realm="the \\"park\\"", charset="UTF-8"',
    "bearer": "Bearer",
    "realm": 'Bearer realm="park"',
    "password": "Bearer",
    "code": "Bearer",
    "client": "Bearer",
    "openid": "Bearer",
    "own": "Negotiate",
}
INVALID = "Invalid authentication credentials"
BEARERS = ["bearer", "password", "code", "client", "openid"]


@pytest.mark.parametrize("name", GOOD)
def test_credentials_are_found(client: TestClient, name: str) -> None:
    query, headers, found = GOOD[name]
    for path in (f"/{name}", f"/optional/{name}"):
        answer = client.get(path + query, headers=headers)
        assert (answer.status_code, answer.json()) == (200, {"found": found})


@pytest.mark.parametrize("name", GOOD)
def test_on_websockets_they_are_found_alike(client: TestClient, name: str) -> None:
    query, headers, found = GOOD[name]
    with client.websocket_connect(f"/ws/{name}{query}", headers=headers) as websocket:
        assert websocket.receive_text() == found


@pytest.mark.parametrize("name", CHALLENGES)
def test_who_sends_none_is_challenged(client: TestClient, name: str) -> None:
    answer = client.get(f"/{name}")
    assert (answer.status_code, answer.json()) == (401, {"detail": "Not authenticated"})
    assert answer.headers["www-authenticate"] == CHALLENGES[name]


@pytest.mark.parametrize("name", CHALLENGES)
def test_a_websocket_without_is_refused(client: TestClient, velocipy_target: Any, name: str) -> None:
    with pytest.raises(WebSocketDenied) as denied, client.websocket_connect(f"/ws/{name}"):
        pass
    assert denied.value.response.status_code == (403 if velocipy_target.name == "gunicorn" else 401)


@pytest.mark.parametrize("name", CHALLENGES)
def test_without_auto_error_who_sends_none_is_none(client: TestClient, name: str) -> None:
    answer = client.get(f"/optional/{name}")
    assert (answer.status_code, answer.json()) == (200, {"found": None})


@pytest.mark.parametrize(
    ("name", "query", "headers"),
    [
        ("header", "", {"x-key": ""}),
        ("query", "?key=", {}),
        ("query", "?key=%20", {}),
        ("cookie", "", {"cookie": "key="}),
        ("cookie", "", {"cookie": "=key=claw"}),
        ("bearer", "", {"authorization": ""}),
    ],
)
def test_what_is_blank_is_missing(client: TestClient, name: str, query: str, headers: dict[str, str]) -> None:
    answer = client.get(f"/{name}{query}", headers=headers)
    assert (answer.status_code, answer.json()) == (401, {"detail": "Not authenticated"})


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/header", {b"x-key": b"claw\xa0"}),
        ("/header", {b"x-key": b"\x85claw"}),
        ("/query?key=claw%20", {}),
        ("/query?key=%C2%A0claw", {}),
        ("/cookie", {b"cookie": b'key="claw "'}),
        ("/cookie", {b"cookie": b'key="\\012claw"'}),
    ],
)
def test_a_credential_is_written_in_one_way(client: TestClient, path: str, headers: dict[bytes, bytes]) -> None:
    """Else who counts by it, as a rate limit does, would know one caller by as many names as there are."""
    answer = client.get(path, headers=headers)
    assert answer.json().get("found") != "claw"


@pytest.mark.parametrize("name", BEARERS)
@pytest.mark.parametrize(
    "value", ["Basic abc", "Bearer", "Bearer a b", "Bearer a,b", "Bearer a\u00e9", "Bearerabc", "abc"]
)
def test_what_is_no_token_is_refused(client: TestClient, name: str, value: str) -> None:
    headers = {b"authorization": value.encode("latin-1")}
    answer = client.get(f"/{name}", headers=headers)
    if answer.status_code == 401 and answer.json() == {"detail": "Not authenticated"}:
        assert not value.isascii()  # Granian drops such headers
        return
    assert (answer.status_code, answer.json()) == (401, {"detail": INVALID})
    assert answer.headers["www-authenticate"] == f'Bearer error="invalid_token", error_description="{INVALID}"'
    assert client.get(f"/optional/{name}", headers=headers).json() == {"found": None}


@pytest.mark.parametrize(
    "value",
    [
        "Bearer abc",
        "Basic",
        "Basic !!!!",
        "Basic YWI=YWI=",
        "Basic YTpi\u00e9",
        basic("no colon"),
        basic(":nobody"),
        basic(b"\xff:\xff"),
        basic("a\nb:c"),
        basic("a:b\x00"),
        basic("a:b")[:-1],
    ],
)
def test_what_is_no_name_and_password_is_refused(client: TestClient, value: str) -> None:
    answer = client.get("/basic", headers={b"authorization": value.encode("latin-1")})
    details = ({"detail": INVALID}, {"detail": "Not authenticated"})[: 1 if value.isascii() else 2]
    assert answer.status_code == 401
    assert answer.json() in details
    assert answer.headers["www-authenticate"] == CHALLENGES["basic"]


def test_the_first_colon_splits_and_the_password_is_in_no_repr(client: TestClient) -> None:
    answer = client.get("/secret", headers={"authorization": basic("Zoë:p:ä")})
    assert answer.json() == ["Zoë", "p:ä", "HTTPBasicCredentials(username='Zoë')"]


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/header", [("x-key", "a"), ("X-Key", "a")]),
        ("/bearer", [("authorization", "Bearer a"), ("authorization", "Bearer b")]),
        ("/query?key=a&key=b", []),
    ],
)
def test_of_two_credentials_none_is_believed(client: TestClient, path: str, headers: list[tuple[str, str]]) -> None:
    """A proxy may have looked at the other one."""
    answer = client.get(path, headers=headers)
    assert (answer.status_code, answer.json()) == (401, {"detail": INVALID})


def test_cve_2026_3902_an_underscore_is_no_hyphen(client: TestClient) -> None:
    assert client.get("/header", headers={"x_key": "claw"}).status_code == 401


def test_several_parameters_have_to_hold_together(client: TestClient) -> None:
    key, token = {"x-key": "claw"}, {"authorization": "Bearer abc"}
    assert client.get("/both", headers={**key, **token}).json() == ["claw", "abc"]
    assert client.get("/both", headers=key).headers["www-authenticate"] == "Bearer"
    assert client.get("/both", headers=token).headers["www-authenticate"] == CHALLENGES["header"]


def test_a_certificate_is_the_servers_business(client: TestClient) -> None:
    assert client.get("/certificate").json() is True


@pytest.mark.parametrize("name", GOOD)
def test_who_is_refused_has_the_body_not_judged(client: TestClient, name: str) -> None:
    query, headers, _ = GOOD[name]
    bad = {"content": b"{", "headers": {"content-type": "application/json", **headers}}
    assert client.post(f"/{name}{query}", **bad).status_code == 422  # type: ignore[arg-type]
    assert client.post(f"/{name}", content=b"{").status_code == 401


@pytest.mark.parametrize("name", GOOD)
def test_who_is_refused_has_the_body_not_read(name: str) -> None:
    """The server that waits for it would wait for ever."""
    sent: list[Any] = []

    async def receive() -> Any:
        raise AssertionError("the body was asked for")

    async def send(message: Any) -> None:
        sent.append(message)

    head: list[tuple[bytes, bytes]] = [
        (b"host", b"x"),
        (b"content-type", b"application/json"),
        (b"content-length", b"9"),
    ]
    head.append((b"expect", b"100-continue"))  # or what is on its way would be thrown away by the core
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
    }
    scope |= {"path": f"/{name}", "raw_path": b"", "query_string": b"", "root_path": "", "headers": head}
    asyncio.run(app({**scope, "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 2)}, receive, send))
    assert sent[0]["status"] == 401


@pytest.mark.parametrize("name", ["header", "basic", "bearer", "own"])
def test_who_is_refused_is_answered_before_the_body_comes(live_server: RunningServer, name: str) -> None:
    import socket

    head = f"POST /{name} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 5000\r\n\r\n"
    with socket.create_connection((live_server.host, live_server.port), timeout=10) as connection:
        connection.sendall(head.encode())
        assert connection.recv(65536).split(b" ")[1] == b"401"


# -- what is wrong with the program -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: APIKeyHeader(""), ValueError, "names no header field"),
        (lambda: APIKeyHeader("X Key"), ValueError, "names no header field"),
        (lambda: APIKeyCookie("a=b"), ValueError, "names no cookie field"),
        (lambda: APIKeyHeader("X", scheme_name="my key"), ValueError, "letters, digits"),
        (lambda: HTTPBasic(realm="caf\u00e9"), ValueError, "beyond ASCII"),
        (lambda: HTTPBearer(realm="a\r\nb"), ValueError, "control"),
        (lambda: OAuth2PasswordBearer(""), ValueError, "token_url"),
        (lambda: OAuth2PasswordBearer("/t", scopes=["me"]), TypeError, "maps names"),  # type: ignore[arg-type]
        (lambda: OAuth2PasswordBearer("/t", scopes={"a b": ""}), ValueError, "names no scope"),
        (lambda: OpenIdConnect(""), ValueError, "discovery document"),
        (lambda: SecurityBase({"type": "http"}, challenge="X"), TypeError, "HTTPScheme"),  # type: ignore[arg-type]
    ],
)
def test_mistakes_are_told_where_they_are_made(make: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make()


def test_a_scheme_that_does_not_say_how_it_reads() -> None:
    class Forgetful(SecurityBase[str]): ...

    scheme: SecurityBase[str] = Forgetful(HTTPBearer().security_scheme, challenge="X")  # type: ignore[arg-type]
    with pytest.raises(NotImplementedError, match="define read"):
        scheme.read(None)  # type: ignore[arg-type]


@pytest.mark.parametrize("scheme", [APIKeyHeader, HTTPBearer, HTTPBasic, OAuth2PasswordBearer])
def test_a_class_in_the_place_of_a_scheme_ends_the_start(scheme: Any) -> None:
    """Else it would be made of the query, and nothing asked of anybody."""
    wrong = VelociPy()

    @wrong.get("/")
    async def index(key: Annotated[Any, Depends(scheme)]) -> None: ...

    with pytest.raises(StartupError, match=rf"Give Depends\(\) an object: {scheme.__name__}"):
        wrong.freeze()
