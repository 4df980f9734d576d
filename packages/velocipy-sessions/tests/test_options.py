"""The options of the middleware, and what mistakes in them are told as."""

from typing import Annotated, Any

import pytest

from velocipy import Depends, MemoryStorage, Request, StartupError, VelociPy
from velocipy.sessions import Session, SessionMiddleware, SessionStore
from velocipy.testing import TestClient

from . import shelf

named = shelf.make(
    secret_key=shelf.KEY,
    session_cookie="sid",
    max_age=60,
    path="/",
    domain="example.com",
    http_only=False,
    same_site="Strict",
)
browser = shelf.make(secret_key=shelf.KEY, max_age=None)
secure = shelf.make(secret_key=shelf.KEY, secure=True, same_site="None", partitioned=True)
insecure = shelf.make(secret_key=shelf.KEY, secure=False)
plain = shelf.make(secret_key=shelf.KEY, host_prefix=False)
folder = shelf.make(secret_key=shelf.KEY, path="/shop")
prefixed = shelf.make(secret_key=shelf.KEY, session_cookie="__Secure-sid", secure=True, domain="example.com")
underlined = shelf.make(secret_key=shelf.KEY, session_cookie="__sid")
brief = shelf.make(secret_key=shelf.KEY, max_age=1)
living = shelf.make(secret_key=shelf.KEY, max_age=None, lifetime=1)
ring = shelf.make(secret_key=[shelf.KEY[::-1], shelf.KEY])
signed = shelf.make(secret_key=shelf.KEY)
stored = shelf.in_memory()


@pytest.mark.parametrize(
    ("kind", "name", "attributes"),
    [
        ("underlined", "__sid", "Max-Age=3600; Path=/; HttpOnly; SameSite=Lax"),
        ("named", "sid", "Max-Age=60; Domain=example.com; Path=/; SameSite=Strict"),
        ("browser", "session", "Path=/; HttpOnly; SameSite=Lax"),
        ("secure", "__Host-session", "Max-Age=3600; Path=/; Secure; HttpOnly; SameSite=None; Partitioned"),
        ("insecure", "session", "Max-Age=3600; Path=/; HttpOnly; SameSite=Lax"),
        ("folder", "session", "Max-Age=3600; Path=/shop; HttpOnly; SameSite=Lax"),
        ("prefixed", "__Secure-sid", "Max-Age=3600; Domain=example.com; Path=/; Secure; HttpOnly; SameSite=Lax"),
    ],
)
def test_the_cookie_is_as_the_options_say(client_factory: Any, kind: str, name: str, attributes: str) -> None:
    client = client_factory(kind)
    answer = client.post("/set", json={"name": "Blue"})
    ((set_name, rest),) = shelf.set_cookies(answer).items()
    assert (set_name, rest.partition("; ")[2]) == (name, attributes)
    cookie = f"{name}={rest.partition(';')[0]}"
    assert client.get("/all", headers={"cookie": cookie}).json() == {"name": "Blue"}
    deletion = shelf.set_cookies(client.post("/clear", headers={"cookie": cookie}))[name]
    expected = attributes.replace("Max-Age=60", "Max-Age=0").replace("Max-Age=3600", "Max-Age=0")
    assert deletion == f"; {expected if 'Max-Age' in expected else f'Max-Age=0; {expected}'}"


def test_the_prefix_may_be_left_out(client_factory: Any) -> None:
    answer = client_factory("plain").post("/set", json={"name": "Blue"}, headers=shelf.HTTPS)
    rest = shelf.set_cookies(answer)["session"]
    assert rest.endswith("; Max-Age=3600; Path=/; Secure; HttpOnly; SameSite=Lax")


def test_a_session_in_a_cookie_ends_after_its_last_change(client_factory: Any) -> None:
    client = client_factory("brief")
    cookie = shelf.cookie_of(client.post("/set", json={"name": "Blue"}))
    shelf.wait_until(lambda: shelf.all_of(client, cookie) == {})


def test_a_session_in_a_cookie_ends_after_its_lifetime(client_factory: Any) -> None:
    client = client_factory("living")
    cookie = shelf.cookie_of(client.post("/set", json={"name": "Blue"}))
    shelf.wait_until(lambda: shelf.all_of(client, cookie) == {})


def test_the_lifetime_counts_from_the_beginning(client_factory: Any) -> None:
    client = client_factory("living")
    cookies = [shelf.cookie_of(client.post("/set", json={"name": "Blue"}))]

    def has_ended() -> bool:
        client.cookies.clear()
        answer = client.post("/set", json={"more": len(cookies)}, headers={"cookie": f"session={cookies[-1]}"})
        cookies.append(shelf.cookie_of(answer))
        return "name" not in shelf.all_of(client, cookies[-1])

    shelf.wait_until(has_ended)


def test_a_ring_of_keys_reads_the_old_and_writes_the_new(client_factory: Any) -> None:
    old = shelf.cookie_of(client_factory("signed").post("/set", json={"name": "Blue"}))
    client = client_factory("ring")
    assert shelf.all_of(client, old) == {"name": "Blue"}
    answer = client.post("/set", json={"n": 1}, headers={"cookie": f"session={old}"})
    assert shelf.all_of(client, shelf.cookie_of(answer)) == {"name": "Blue", "n": 1}
    assert shelf.all_of(client_factory("signed"), shelf.cookie_of(answer)) == {}


def test_a_user_of_a_session_in_a_cookie_is_refused_since_nothing_could_end_it(client_factory: Any) -> None:
    assert client_factory("signed").post("/rotate", params={"user": "ada"}).status_code == 500


# -- size ------------------------------------------------------------------------------------------------------------


@pytest.mark.in_process
def test_a_cookie_that_is_large_is_warned_of(client_factory: Any, caplog: pytest.LogCaptureFixture) -> None:
    client = client_factory("signed")
    client.post("/set", json={"text": "x" * 2400})
    assert caplog.records == []
    client.post("/set", json={"text": "x" * 2700, "small": 1})
    (record,) = caplog.records
    assert "over 4096 it is an error. Its keys have, in bytes of JSON: 'text' 2711, 'small' 11" in record.getMessage()


@pytest.mark.in_process
def test_a_cookie_that_browsers_would_drop_is_an_error_with_the_size_of_each_key(
    client_factory: Any, caplog: pytest.LogCaptureFixture
) -> None:
    client = client_factory("signed")
    client.post("/set", json={"kept": 1})
    answer = client.post("/set", json={"large": "x" * 3000, "small": 1})
    assert (answer.status_code, answer.json()) == (500, {"detail": "Internal Server Error"})
    assert "set-cookie" not in answer.headers
    assert "browsers drop those over 4096. Its keys have, in bytes of JSON: 'large' 3012, 'small' 11" in caplog.text
    assert "SessionMiddleware(store=SessionStore(...))" in caplog.text
    assert client.get("/all").json() == {"kept": 1}


def test_what_is_almost_too_large_arrives(client_factory: Any) -> None:
    client = client_factory("signed")
    sizes = []
    for length in range(2850, 3050, 5):
        answer = client.post("/set", json={"text": "x" * length})
        if answer.status_code == 500:
            break
        sizes.append(len(answer.headers["set-cookie"]))
        assert len(client.get("/all").json()["text"]) == length
    assert 4080 < max(sizes) <= 4096


def test_a_store_takes_what_no_cookie_could(client_factory: Any) -> None:
    client = client_factory("stored")
    client.post("/set", json={"text": "x" * 100_000})
    assert len(client.get("/all").json()["text"]) == 100_000


# -- mistakes --------------------------------------------------------------------------------------------------------

STORE = SessionStore(MemoryStorage())


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({}, "give a secret_key, for sessions in signed cookies, or a store.*secrets.token_urlsafe"),
        ({"secret_key": shelf.KEY, "store": STORE}, "in cookies, with a secret_key, or in a store; leave one"),
        ({"store": STORE, "encrypt": True}, "leave one of them out"),
        ({"store": STORE, "max_age": None}, "when sessions end; give max_age or lifetime"),
        ({"store": STORE, "on_store_failure": "ignore"}, "on_store_failure is 'ignore'; give one of 'error', 'empty'"),
        ({"store": STORE, "on_conflict": "merge"}, "on_conflict is 'merge'; give one of 'error', 'overwrite'"),
        ({"secret_key": shelf.KEY, "lazy": True}, "are for sessions in a store; leave them out"),
        ({"secret_key": shelf.KEY, "max_age": 0}, "max_age is 0; give seconds, more than 0, or None"),
        ({"secret_key": shelf.KEY, "lifetime": -1}, "lifetime is -1"),
        ({"secret_key": shelf.KEY, "same_site": "none"}, "over http; say secure=True"),
        ({"secret_key": shelf.KEY, "same_site": "None"}, "over http; say secure=True"),
        ({"secret_key": shelf.KEY, "same_site": "nOnE", "secure": False}, "over http; say secure=True"),
        ({"secret_key": shelf.KEY, "same_site": "any"}, "same_site is 'any'; give 'lax', 'strict', 'none' or None"),
        ({"secret_key": shelf.KEY, "partitioned": True}, "over http; say secure=True"),
        ({"secret_key": shelf.KEY, "session_cookie": "__Host-a"}, "over http; say secure=True"),
        (
            {"secret_key": shelf.KEY, "session_cookie": "__Host-a", "secure": True, "domain": "a.example"},
            "the __Host- prefix demands path='/' and no domain",
        ),
        ({"secret_key": shelf.KEY, "session_cookie": "a b"}, "a b' is not a token"),
        ({"secret_key": shelf.KEY, "session_cookie": ""}, "session_cookie is empty"),
        ({"secret_key": shelf.KEY, "path": "/;Domain=evil.example"}, "path .* has a ';'"),
        ({"secret_key": shelf.KEY, "domain": "a.example; Secure"}, "domain .* has a ';'"),
    ],
)
def test_options_that_contradict_each_other_are_refused(options: Any, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        SessionMiddleware(**options)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"store": MemoryStorage()}, r"store is a MemoryStorage, no SessionStore; wrap it: SessionStore\(storage\)"),
        ({"secret_key": shelf.KEY, "max_age": "1h"}, "max_age is whole seconds or None, not '1h'"),
        ({"secret_key": shelf.KEY, "max_age": True}, "max_age is whole seconds or None, not True"),
        ({"secret_key": shelf.KEY, "maxage": 1}, "maxage"),
        ({"secret_key": shelf.KEY, "secure": "yes"}, "secure is True or False, not 'yes'"),
        ({"secret_key": shelf.KEY, "http_only": None}, "http_only is True or False, not None"),
    ],
)
def test_options_of_another_type_are_refused(options: Any, told: str) -> None:
    with pytest.raises(TypeError, match=told):
        SessionMiddleware(**options)


@pytest.mark.parametrize("storage", [None, "redis://localhost", object(), MemoryStorage])
def test_what_is_no_storage_is_refused(storage: Any) -> None:
    with pytest.raises(TypeError, match="is no storage; give a MemoryStorage"):
        SessionStore(storage)


def test_a_mistake_ends_the_start_and_is_told_without_the_key() -> None:
    app = VelociPy()
    app.add_middleware(SessionMiddleware, secret_key=shelf.KEY, same_site="none")
    with pytest.raises(StartupError, match="say secure=True") as raised, TestClient(app):
        pass
    assert shelf.KEY not in str(raised.value)


def test_a_handler_that_takes_a_session_needs_the_middleware() -> None:
    app = VelociPy()

    @app.get("/")
    async def index(session: Session) -> None: ...

    with pytest.raises(StartupError, match="no request can bring a Session.*the middleware that makes it"):
        app.freeze()


def test_a_session_that_would_be_made_of_the_body_ends_the_start() -> None:
    app = VelociPy()
    app.add_middleware(SessionMiddleware, secret_key=shelf.KEY)

    @app.get("/")
    async def index(session: Annotated[Session, Depends()]) -> None: ...

    with pytest.raises(StartupError, match="Take it as a parameter `session: Session`, without Depends"):
        app.freeze()


def test_a_handler_that_asks_its_request_is_told_what_to_add(caplog: pytest.LogCaptureFixture) -> None:
    app = VelociPy()

    @app.get("/")
    async def index(request: Request) -> int:
        return len(request.session)

    with TestClient(app) as client:
        assert client.get("/").status_code == 500
    assert "Add SessionMiddleware of velocipy.sessions (pip install velocipy-sessions)" in caplog.text
