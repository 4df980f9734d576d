"""Forged requests: which are refused, which tokens are good, and what a page has of them."""

import base64
import html
import re
from collections.abc import AsyncIterator
from http.cookies import SimpleCookie
from typing import Annotated, Any

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from velocipy import (
    Form,
    HTMLResponse,
    HTTPConnection,
    Middleware,
    Request,
    Router,
    StreamingResponse,
    UploadFile,
    VelociPy,
    WebSocket,
)
from velocipy.security import CSRFMiddleware, csrf_field, csrf_token
from velocipy.security.signing import Signer
from velocipy.testing import TestClient, WebSocketDenied

KEY, NEWER = "k" * 32, "n" * 32
REFUSED = {"detail": "The request comes from another site, or has no CSRF token"}


def user_of(connection: HTTPConnection) -> str:
    return connection.cookies.get("user", "")


app = VelociPy()
app.add_middleware(
    CSRFMiddleware,
    secret_key=[NEWER, KEY],
    trusted_origins=["https://App.example", "https://other.example:8443"],
    exempt=["/hooks/{name}", "/api/*", "/exact.path"],
    bound_to=user_of,
)


@app.get("/")
async def page(request: Request) -> HTMLResponse:
    return HTMLResponse(f"<form method=post>{csrf_field(request)}</form>")


@app.get("/token")
async def token(request: Request) -> list[str]:
    return [csrf_token(request), csrf_token(request)]


@app.get("/kept/{said}")
async def kept(request: Request, said: str) -> HTMLResponse:
    return HTMLResponse(csrf_field(request), headers={"cache-control": said})


@app.get("/plain")
async def plain() -> str:
    return "plain"


@app.post("/")
@app.put("/")
@app.patch("/")
@app.delete("/")
async def change(request: Request) -> str:
    return request.method


@app.post("/form")
async def form(name: Annotated[str, Form()]) -> str:
    return name


@app.post("/upload")
async def upload(request: Request) -> tuple[str, int]:
    form = await request.form()
    name, file = form["name"], form["file"]
    assert isinstance(name, str)
    assert isinstance(file, UploadFile)
    return name, len(await file.read())


@app.post("/json")
async def with_json(data: dict[str, str]) -> dict[str, str]:
    return data


@app.post("/{name:path}")
async def everything_else(name: str) -> str:
    return name


@app.get("/stream")
async def stream(request: Request) -> StreamingResponse:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"page: "
        try:
            yield csrf_token(request).encode()
        except RuntimeError as error:
            yield str(error).encode()

    return StreamingResponse(chunks(), media_type="text/plain")


@app.websocket("/ws")
async def talk(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text("hello")


@app.websocket("/ws/form")
async def push(websocket: WebSocket) -> None:
    await websocket.accept()
    try:
        await websocket.send_text(csrf_field(websocket))
    except RuntimeError as error:
        await websocket.send_text(str(error))


bare = VelociPy()


@bare.get("/")
async def without(request: Request) -> str:
    try:
        return csrf_token(request)
    except RuntimeError as error:
        return str(error)


inner = Router("/inner", middleware=[Middleware(CSRFMiddleware, secret_key=KEY, field_name='a"><b')])


@inner.get("/")
async def inner_page(request: Request) -> str:
    return csrf_field(request)


@inner.post("/")
async def inner_change() -> bool:
    return True


@bare.post("/")
async def unguarded() -> bool:
    return True


bare.include_router(inner)


def token_of(client: TestClient) -> str:
    found: str = client.get("/token").json()[0]
    return found


# -- what browsers say ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    ("headers", "passes"),
    [
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "none"}, True),
        ({"sec-fetch-site": "cross-site"}, False),
        ({"sec-fetch-site": "same-site"}, False),
        ({"sec-fetch-site": "Same-Origin"}, False),
        ({"sec-fetch-site": ""}, False),
        ({"sec-fetch-site": "cross-site", "origin": "https://evil.example"}, False),
        ({"sec-fetch-site": "cross-site", "origin": "https://app.example"}, True),
        ({"sec-fetch-site": "same-site", "origin": "https://other.example:8443"}, True),
        ({"origin": "https://app.example"}, True),
        ({"origin": "https://app.example:8443"}, False),
        ({"origin": "http://app.example"}, False),
        ({"origin": "https://app.example.evil.example"}, False),
        ({"origin": "https://evil.example"}, False),
        ({"origin": "null"}, False),
        ({"origin": ""}, False),
        ({}, False),
    ],
)
def test_where_a_request_comes_from_decides(
    client: TestClient, method: str, headers: dict[str, str], passes: bool
) -> None:
    answer = client.request(method, "/", headers=headers)
    assert answer.status_code == (200 if passes else 403)
    assert passes or answer.json() == REFUSED


def test_the_origin_of_the_application_itself(client: TestClient) -> None:
    host = str(client.get("/plain").request.headers["host"])
    assert client.post("/", headers={"origin": f"http://{host}"}).status_code == 200
    assert client.post("/", headers={"origin": f"https://{host}"}).status_code == 403
    assert client.post("/", headers={"host": "park.example:80", "origin": "http://park.example"}).status_code == 200
    assert client.post("/", headers={"host": "Park.example", "origin": "http://park.example"}).status_code == 200


def test_cve_2026_48710_a_host_that_is_none_is_no_origin(client: TestClient) -> None:
    for host in ("evil.example/", "a@evil.example", "evil.example?"):
        try:
            answer = client.post("/", headers={"host": host, "origin": f"http://{host}"})
        except httpx2.HTTPError:  # a server may close the connection
            continue
        assert answer.status_code in (400, 403)


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_what_changes_nothing_passes(client: TestClient, method: str) -> None:
    answer = client.request(method, "/plain", headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code in (200, 204)


@pytest.mark.parametrize("path", ["/hooks/github", "/hooks/a%20b", "/api/", "/api/v1/items", "/exact.path"])
def test_what_is_exempt_passes(client: TestClient, path: str) -> None:
    assert client.post(path, headers={"sec-fetch-site": "cross-site"}).status_code == 200


@pytest.mark.parametrize("path", ["/hooks/", "/hooks/a/b", "/hooks", "/api", "/apis/a", "/exactXpath", "/exact.path/a"])
def test_what_is_not_exempt_does_not(client: TestClient, path: str) -> None:
    assert client.post(path, headers={"sec-fetch-site": "cross-site"}).status_code == 403


def test_a_form_that_a_websocket_sends_has_the_token_of_the_page(client: TestClient) -> None:
    with client.websocket_connect("/ws/form") as websocket:
        assert "can take no cookie" in websocket.receive_text()
    client.get("/")
    with client.websocket_connect("/ws/form") as websocket:
        [sent] = re.findall(r'value="([\w-]+)"', websocket.receive_text())
    assert client.post("/", data={"csrf_token": sent}).text == "POST"


def test_a_websocket_of_another_site_is_refused(client: TestClient) -> None:
    for headers in ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}, {"origin": "null"}):
        with pytest.raises(WebSocketDenied) as denied, client.websocket_connect("/ws", headers=headers):
            pass
        assert denied.value.response.status_code == 403
    for headers in ({"origin": "https://app.example"}, {"sec-fetch-site": "same-origin"}, {}):
        with client.websocket_connect("/ws", headers=headers) as websocket:
            assert websocket.receive_text() == "hello"


# -- tokens -----------------------------------------------------------------------------------------------------------


def test_a_token_in_the_header(client: TestClient) -> None:
    """As scripts and HTMX send it: hx-headers='{"X-CSRF-Token": "..."}'."""
    found = token_of(client)
    assert client.post("/", headers={"x-csrf-token": found}).status_code == 200
    assert client.post("/json", json={"a": "b"}, headers={"X-CSRF-Token": found}).json() == {"a": "b"}
    assert client.put("/", headers={"x-csrf-token": client.get("/token").json()[1]}).status_code == 200


def test_a_token_in_a_form(client: TestClient) -> None:
    field = re.search(r'name="(.*?)" value="(.*?)"', client.get("/").text)
    assert field is not None
    assert client.post("/form", data={field[1]: field[2], "name": "Blüe"}).text == "Blüe"
    assert client.post("/form", data={"name": "Blue"}).json() == REFUSED
    assert client.post("/form", data={field[1]: [field[2], field[2]], "name": "Blue"}).json() == REFUSED


def test_a_token_in_a_form_with_files(client: TestClient) -> None:
    found = token_of(client)
    files = {"file": ("a.txt", b"\r\n\r\ntext\r\n" * 2000)}
    assert client.post("/upload", data={"name": "Blue"}, files=files).json() == REFUSED
    for tokens in ([found, found], [f"{found[:-4]}AAAA"], [""]):
        assert client.post("/upload", data={"csrf_token": tokens, "name": "Blue"}, files=files).json() == REFUSED
    pytest.importorskip("python_multipart", reason="it reads such forms")
    assert client.post("/upload", data={"csrf_token": found, "name": "Blue"}, files=files).json() == ["Blue", 20_000]
    assert client.post("/upload", data={"name": "Blue", "csrf_token": found}, files=files).json() == ["Blue", 20_000]


def test_of_a_large_form_with_files_the_token_comes_in_the_header(client: TestClient) -> None:
    """A stranger's files are not read to find out that he is one."""
    found = token_of(client)
    files = {"file": ("a.txt", b"x" * 1_100_000)}
    assert client.post("/upload", data={"csrf_token": found, "name": "Blue"}, files=files).json() == REFUSED
    pytest.importorskip("python_multipart", reason="it reads such forms")
    answer = client.post("/upload", data={"name": "Blue"}, files=files, headers={"x-csrf-token": found})
    assert answer.json() == ["Blue", 1_100_000]


@pytest.mark.parametrize("kind", ["multipart/form-data", "multipart/form-data; boundary=x", "MULTIPART/Form-Data;"])
@pytest.mark.parametrize("body", ['name="csrf_token"', 'name="csrf_token"\r\n\r\n', '"' * 100_000, "", "--x--"])
def test_a_form_with_files_that_is_none_has_no_token(client: TestClient, kind: str, body: str) -> None:
    token_of(client)
    assert client.post("/upload", content=body, headers={"content-type": kind}).json() == REFUSED


@pytest.mark.parametrize("content_type", ["text/plain", "application/json", "", "application/x-www-form-urlencodedx"])
def test_cve_2021_32677_a_body_of_another_type_has_no_token(client: TestClient, content_type: str) -> None:
    body = f"csrf_token={token_of(client)}&name=Blue"
    assert client.post("/form", content=body, headers={"content-type": content_type}).json() == REFUSED


@pytest.mark.parametrize("body", ["csrf_token=%FF", "%", "&" * 2000 + "csrf_token=a", "a" * 2_000_000, "csrf_token=a;"])
def test_a_form_that_is_odd_has_no_token(client: TestClient, body: str) -> None:
    token_of(client)
    headers = {"content-type": "application/x-www-form-urlencoded"}
    assert client.post("/form", content=body, headers=headers).json() == REFUSED


def test_a_token_without_its_cookie_is_none(client: TestClient) -> None:
    found = token_of(client)
    client.cookies.clear()
    assert client.post("/", headers={"x-csrf-token": found}).json() == REFUSED


def test_a_token_of_another_cookie_is_none(client: TestClient) -> None:
    found = token_of(client)
    client.cookies.clear()
    token_of(client)
    assert client.post("/", headers={"x-csrf-token": found}).json() == REFUSED


def test_the_cookie_itself_is_no_token(client: TestClient) -> None:
    token_of(client)
    value = client.cookies["csrf"]
    for sent in (value, value.partition(".")[0], value.partition(".")[2]):
        assert client.post("/", headers={"x-csrf-token": sent}).json() == REFUSED


def test_a_token_is_bound_to_who_asked_for_it(client: TestClient) -> None:
    client.cookies.set("user", "ellie")
    found = token_of(client)
    assert client.post("/", headers={"x-csrf-token": found}).status_code == 200
    cookie = client.cookies["csrf"]
    client.cookies.clear()
    headers = {"x-csrf-token": found, "cookie": f"csrf={cookie}; user=muldoon"}
    assert client.post("/", headers=headers).json() == REFUSED


def test_a_token_looks_different_each_time_and_stays_good(client: TestClient) -> None:
    """Or compression would tell it (BREACH)."""
    tokens = [found for _ in range(3) for found in client.get("/token").json()]
    assert len(set(tokens)) == 6
    for found in tokens:
        assert client.post("/", headers={"x-csrf-token": found}).status_code == 200


def test_the_cookie_is_sent_once_and_kept(client: TestClient) -> None:
    first = client.get("/token")
    cookie = first.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/" in cookie
    assert "Secure" not in cookie  # over http no browser would keep it
    assert "set-cookie" not in client.get("/token").headers


@pytest.mark.in_process
def test_over_https_the_name_has_the_prefix_that_binds_it_to_the_host(client_factory: Any) -> None:
    client = client_factory(base_url="https://park.example")
    answer = client.get("/token")
    assert answer.headers["set-cookie"].startswith("__Host-csrf=")
    assert "Secure" in answer.headers["set-cookie"]
    assert client.post("/", headers={"x-csrf-token": answer.json()[0]}).status_code == 200
    assert client.post("/", headers={"origin": "https://park.example"}).status_code == 200
    assert client.post("/", headers={"origin": "https://park.example:443"}).status_code == 403


def test_cve_2023_30861_a_page_with_a_token_is_in_no_cache(client: TestClient) -> None:
    for _ in range(2):
        answer = client.get("/token")
        assert (answer.headers["vary"], answer.headers["cache-control"]) == ("Cookie", "no-store")
    assert "cache-control" not in client.get("/plain").headers
    assert "set-cookie" not in client.get("/plain").headers


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("public, max-age=60", "no-store"),
        ("max-age=60", "no-store"),
        ("no-store", "no-store"),
        ("Private, max-age=60", "Private, max-age=60"),
        ('private="x-other"', "no-store"),
    ],
)
def test_cve_2026_35192_not_even_where_the_handler_says_so(client: TestClient, said: str, told: str) -> None:
    for _ in range(2):  # with a new cookie, and with the one that was sent
        assert client.get(f"/kept/{said}").headers["cache-control"] == told


def test_cve_2025_47278_a_cookie_of_the_key_before_is_good_and_the_newest_signs(client: TestClient) -> None:
    secret = b"t" * 32
    text = base64.urlsafe_b64encode(secret).decode()
    signature = Signer(KEY, "csrf-token-1").signature(f"{text}:")
    masked = base64.urlsafe_b64encode(bytes(32) + secret).decode()
    headers = {"x-csrf-token": masked, "cookie": f"csrf={text}.{signature}"}
    assert client.post("/", headers=headers).status_code == 200
    client.get("/token")
    text, _, signature = client.cookies["csrf"].partition(".")
    assert signature == Signer(NEWER, "csrf-token-1").signature(f"{text}:")


def test_cve_2026_6873_what_is_signed_for_something_else_is_no_cookie(client: TestClient) -> None:
    secret = b"t" * 32
    text = base64.urlsafe_b64encode(secret).decode()
    masked = base64.urlsafe_b64encode(bytes(32) + secret).decode()
    for purpose in ("csrf-token", "csrf-token-2", "digest-nonce-1", "session"):
        signature = Signer(KEY, purpose).signature(f"{text}:")
        headers = {"x-csrf-token": masked, "cookie": f"csrf={text}.{signature}"}
        assert client.post("/", headers=headers).json() == REFUSED


@pytest.mark.parametrize(
    "cookie", ['"><script>alert(1)</script>', "a.b", ".", "", "é", "a" * 5000, "AAAA.AAAA", "dGVzdA==.x", "\x7f"]
)
def test_cve_2026_48060_what_a_cookie_says_is_in_no_page(client: TestClient, cookie: str) -> None:
    """Litestar put the cookie into the form, unescaped."""
    answer = client.get("/", headers={b"cookie": b"csrf=" + cookie.encode()})
    if answer.status_code in (400, 431):  # a server that takes no such header
        return
    found = re.fullmatch(
        r'<form method=post><input type="hidden" name="csrf_token" value="([\w-]{86})"></form>', answer.text
    )
    assert found is not None
    jar = SimpleCookie(answer.headers["set-cookie"])
    headers = {"x-csrf-token": found[1], "cookie": f"csrf={jar['csrf'].value}"}
    assert client.post("/", headers=headers).status_code == 200


@pytest.mark.velocipy_app("bare")
def test_cve_2026_48060_the_name_of_the_field_is_escaped(client: TestClient) -> None:
    text = client.get("/inner").text
    assert html.escape('a"><b') in text
    assert '"><b' not in text


@pytest.mark.velocipy_app("bare")
def test_a_router_may_have_it_alone(client: TestClient) -> None:
    assert client.post("/").status_code == 200
    assert client.post("/inner").json() == REFUSED
    assert client.post("/inner", headers={"sec-fetch-site": "same-origin"}).json() is True
    assert "add_middleware(CSRFMiddleware" in client.get("/").text


def test_a_stream_asks_too_late_unless_there_is_a_cookie(client: TestClient) -> None:
    assert (
        client.get("/stream").text
        == "page: the answer is on its way, and can take no cookie; ask for the CSRF token before"
    )
    token_of(client)
    found = client.get("/stream").text.removeprefix("page: ")
    assert client.post("/", headers={"x-csrf-token": found}).status_code == 200


def test_engines_do_not_escape_the_field_again() -> None:
    jinja2 = pytest.importorskip("jinja2", reason="an engine that escapes")
    request: Any = type("Asked", (), {"cookies": {}, "scheme": "http", "state": {}})()

    async def ask() -> str:
        async def call_next(request: Any) -> Any:
            from velocipy import Response

            engine = jinja2.Environment(autoescape=True).from_string("{{ field(request) }}")
            return Response(engine.render(field=csrf_field, request=request))

        request.method, request.path = "GET", "/"
        response = await CSRFMiddleware(secret_key=KEY).dispatch(request, call_next)
        return str(response.body)

    import asyncio

    assert '<input type="hidden" name="csrf_token"' in asyncio.run(ask())


# -- tampering --------------------------------------------------------------------------------------------------------

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/"


def changes(value: str) -> st.SearchStrategy[str]:
    """Text that is nearly *value*."""
    at = st.integers(0, len(value) - 1)
    replaced = st.builds(lambda i, new: value[:i] + new + value[i + 1 :], at, st.sampled_from(LETTERS))
    inserted = st.builds(lambda i, new: value[:i] + new + value[i:], at, st.text(LETTERS, min_size=1, max_size=4))
    deleted = st.builds(lambda i, n: value[:i] + value[i + n :], at, st.integers(1, 9))
    other = st.binary(min_size=32, max_size=32).map(lambda raw: base64.urlsafe_b64encode(raw).decode())
    signed = other.map(lambda text: f"{text}.{value.partition('.')[2]}")
    return replaced | inserted | deleted | signed | st.text(LETTERS, max_size=100)


def same(one: str, other: str) -> bool:
    """Whether they are the same bytes: the last character has bits that mean nothing."""
    try:
        decoded = [
            base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True) for text in (one, other)
        ]
    except ValueError:
        return False
    return decoded[0] == decoded[1]


@pytest.mark.timeout(900)
@pytest.mark.in_process
@pytest.mark.parametrize("what", ["cookie", "token"])
def test_what_was_tampered_with_is_never_accepted(client: TestClient, what: str, tampering: settings) -> None:
    found, cookie = token_of(client), client.cookies["csrf"]
    client.cookies.clear()
    accepted: list[str] = []

    @settings(tampering)
    @given(changes(cookie if what == "cookie" else found))
    def forge(forged: str) -> None:
        sent = (forged, found) if what == "cookie" else (cookie, forged)
        answer = client.post("/", headers={"cookie": f"csrf={sent[0]}", "x-csrf-token": sent[1]})
        if answer.status_code != 403:
            accepted.append(forged)

    forge()
    good = cookie if what == "cookie" else found
    assert [forged for forged in accepted if forged != good and not same(forged, good)] == []


# -- what is wrong with the program -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"secret_key": ""}, ValueError, "0 bytes"),
        ({"secret_key": "short"}, ValueError, "5 bytes"),
        ({"secret_key": []}, ValueError, "no key"),
        ({"trusted_origins": "https://a.example"}, TypeError, "list of str"),
        ({"trusted_origins": ["a.example"]}, ValueError, "no origin"),
        ({"trusted_origins": ["https://a.example/"]}, ValueError, "no origin"),
        ({"trusted_origins": ["null"]}, ValueError, "no origin"),
        ({"trusted_origins": ["*"]}, ValueError, "no origin"),
        ({"trusted_origins": [None]}, ValueError, "no origin"),
        ({"exempt": "/api/*"}, TypeError, "list of str"),
        ({"exempt": ["api"]}, ValueError, "no path"),
        ({"exempt": ["/api/*/a"]}, ValueError, "no path"),
        ({"exempt": ["/api*"]}, ValueError, "no path"),
        ({"cookie_name": "a b"}, ValueError, "cookie_name"),
        ({"header_name": "x:y"}, ValueError, "header_name"),
    ],
)
def test_mistakes_are_told_when_it_is_made(options: dict[str, Any], error: type[Exception], message: str) -> None:
    said: dict[str, Any] = {"secret_key": KEY, **options}
    with pytest.raises(error, match=message):
        CSRFMiddleware(**said)
