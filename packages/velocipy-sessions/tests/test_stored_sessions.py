"""Sessions in a store: ids, ends, users, and requests that overlap."""

import asyncio
import re
from typing import Any
from uuid import uuid4

import pytest

from velocipy import JSONResponse, MemoryStorage, Request
from velocipy.sessions import SessionStore
from velocipy.storage import StorageError

from . import shelf

stored = shelf.in_memory()
overwriting = shelf.in_memory(on_conflict="overwrite")
brief = shelf.in_memory(max_age=1)
living = shelf.in_memory(max_age=None, lifetime=2)
lazy = shelf.in_memory(lazy=True)

Client = Any


def unique(name: str) -> str:
    """Return a name that no other test has: an application serves many."""
    return f"{name}{uuid4().hex}"


@pytest.fixture
def client(client_factory: Any) -> Client:
    return client_factory("stored")


def test_the_cookie_is_a_random_id_and_nothing_else(client: Client) -> None:
    cookies = set()
    for _ in range(20):
        client.cookies.clear()
        cookies.add(shelf.cookie_of(client.post("/set", json={"name": "Blue"})))
    assert len(cookies) == 20
    assert all(re.fullmatch("[A-Za-z0-9_-]{43}", cookie) for cookie in cookies)  # 256 bits


def test_an_id_that_a_client_has_made_up_is_not_taken(client: Client) -> None:
    """Or whoever plants a cookie knows the id of the session that is begun with it (session fixation)."""
    planted = "A" * 43
    answer = client.post("/set", json={"name": "Blue"}, headers={"cookie": f"session={planted}"})
    assert shelf.cookie_of(answer) != planted
    assert shelf.all_of(client, planted) == {}


def test_a_replay_after_logout_fails(client: Client) -> None:
    cookie = shelf.cookie_of(client.post("/set", json={"name": "Blue"}))
    assert shelf.all_of(client, cookie) == {"name": "Blue"}
    client.post("/clear", headers={"cookie": f"session={cookie}"})
    assert shelf.all_of(client, cookie) == {}


def test_a_replay_after_the_last_key_was_removed_fails(client: Client) -> None:
    cookie = shelf.cookie_of(client.post("/set", json={"name": "Blue"}))
    client.post("/pop/name")
    assert shelf.all_of(client, cookie) == {}


def test_rotate_gives_another_id_and_the_old_one_opens_nothing(client: Client) -> None:
    cookie = shelf.cookie_of(client.post("/set", json={"name": "Blue"}))
    rotated = shelf.cookie_of(client.post("/rotate"))
    assert rotated != cookie
    assert client.get("/all").json() == {"name": "Blue"}
    assert shelf.all_of(client, cookie) == {}
    assert shelf.all_of(client, rotated) == {"name": "Blue"}


def test_rotate_of_a_new_session_says_whose_it_is(client: Client) -> None:
    ada = unique("ada")
    client.post("/rotate", params={"user": ada})
    user, is_new, key, _ = client.get("/facts").json()
    assert (user, is_new) == (ada, False)
    assert client.get(f"/keys-of/{ada}").json() == [key]
    client.post("/clear")
    assert client.get(f"/keys-of/{ada}").json() == []
    assert client.get("/facts").json()[0] is None


def test_a_user_who_logs_in_anew_has_no_session_under_the_old_name(client: Client) -> None:
    bob = unique("bob")
    eve = unique("eve")
    client.post("/rotate", params={"user": bob})
    client.post("/rotate", params={"user": eve})
    assert client.get(f"/keys-of/{bob}").json() == []
    assert len(client.get(f"/keys-of/{eve}").json()) == 1
    assert client.post(f"/end-all/{bob}").json() == 0
    assert client.get("/facts").json()[0] == eve


def test_one_session_is_ended_from_outside(client: Client) -> None:
    cookie = shelf.cookie_of(client.post("/set", json={"name": "Blue"}))
    key = client.get("/facts").json()[2]
    assert cookie not in key
    assert client.post(f"/end/{key}").json() is True
    assert client.post(f"/end/{key}").json() is False
    assert shelf.all_of(client, cookie) == {}


def test_all_sessions_of_a_user_are_ended_but_one(client: Client) -> None:
    owner = unique("max")
    cookies = []
    for number in range(4):
        client.cookies.clear()
        cookies.append(shelf.cookie_of(client.post("/rotate", params={"user": owner if number else "other"})))
        client.post("/set", json={"n": number})
    key = client.get("/facts").json()[2]
    assert client.post(f"/end-all/{owner}", params={"keep": key}).json() == 2
    assert [shelf.all_of(client, cookie) for cookie in cookies] == [{"n": 0}, {}, {}, {"n": 3}]
    assert client.post(f"/end-all/{owner}").json() == 1
    assert client.post(f"/end-all/{owner}").json() == 0
    assert [shelf.all_of(client, cookie) for cookie in cookies] == [{"n": 0}, {}, {}, {}]


def test_a_user_of_any_name_is_a_user(client: Client) -> None:
    for user in ("é|:,\x00\n", "", "a" * 3000):
        client.cookies.clear()
        client.post("/rotate", params={"user": user})
        assert client.get("/facts").json()[0] == user


# -- ends ------------------------------------------------------------------------------------------------------------


def test_a_session_ends_when_it_was_not_used(client_factory: Any) -> None:
    client = client_factory("brief")
    answer = client.post("/set", json={"name": "Blue"})
    assert "Max-Age=1;" in shelf.set_cookies(answer)["session"]
    cookie = shelf.cookie_of(answer)
    shelf.wait_until(lambda: shelf.all_of(client, cookie) == {})


def test_a_session_ends_after_its_lifetime_although_it_is_used(client_factory: Any) -> None:
    client = client_factory("living")
    answer = client.post("/set", json={"name": "Blue"})
    assert "Max-Age" not in shelf.set_cookies(answer)["session"]  # until the browser is closed
    cookie = shelf.cookie_of(answer)
    asked = {"cookie": f"session={cookie}"}

    def has_ended() -> bool:
        client.cookies.clear()
        client.post("/set", json={"more": 1}, headers=asked)
        return "name" not in shelf.all_of(client, cookie)

    shelf.wait_until(has_ended)


@pytest.mark.in_process
def test_what_is_used_lives_on(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    ida = unique("ida")
    now = 1_800_000_000.0
    for module in ("keeping", "session", "store", "stored"):
        monkeypatch.setattr(f"velocipy.sessions.{module}.time", lambda: now)
    cookie = shelf.cookie_of(client.post("/rotate", params={"user": ida}))
    now += 300
    assert "set-cookie" not in client.get("/all").headers  # not with each request
    for _ in range(30):
        now += 400
        answer = client.get("/all")
        assert shelf.cookie_of(answer) == cookie
        assert "Max-Age=3600" in shelf.set_cookies(answer)["session"]
        assert client.get(f"/keys-of/{ida}").json() == [client.get("/facts").json()[2]]
    assert client.get("/facts").json()[:2] == [ida, False]


@pytest.mark.in_process
@pytest.mark.parametrize("skew", [-7200.0, 7200.0])
def test_the_clock_of_another_machine_does_not_end_sessions(
    client: Client, monkeypatch: pytest.MonkeyPatch, skew: float
) -> None:
    now = 1_800_000_000.0
    for module in ("keeping", "session", "store", "stored"):
        monkeypatch.setattr(f"velocipy.sessions.{module}.time", lambda: now)
    cookie = shelf.cookie_of(client.post("/set", json={"name": "Blue"}))
    now += skew
    assert shelf.all_of(client, cookie) == {"name": "Blue"}


def test_a_rotated_session_that_is_empty_is_none(client: Client) -> None:
    cookie = shelf.cookie_of(client.post("/set", json={"name": "Blue"}))
    answer = client.post("/pop/name", params={"rotate": True})
    assert "Max-Age=0" in shelf.set_cookies(answer)["session"]
    assert shelf.all_of(client, cookie) == {}


@pytest.mark.in_process
def test_a_login_amid_the_end_of_all_sessions_can_be_ended_later(client_factory: Any) -> None:
    class Interfering(MemoryStorage):
        """Ends all sessions of a user just before a session is stored."""

        async def add(self, key: str, value: bytes, *, ttl: float | None = None) -> bool:
            if key.startswith("session:"):
                assert await store.invalidate_user("ada") == 0
            return await super().add(key, value, ttl=ttl)

    store = SessionStore(Interfering())
    app = shelf.make(store=store)
    shelf.add_endings(app, store)
    client = client_factory(app)
    client.post("/rotate", params={"user": "ada"})
    assert client.get("/facts").json()[0] == "ada"  # it counts as later
    assert client.post("/end-all/ada").json() == 1
    assert client.get("/facts").json()[0] is None


@pytest.mark.in_process
def test_the_sessions_of_a_user_are_known_however_often_they_change(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    uma = unique("uma")
    now = 1_800_000_000.0
    for module in ("keeping", "session", "store", "stored"):
        monkeypatch.setattr(f"velocipy.sessions.{module}.time", lambda: now)
    client.post("/rotate", params={"user": uma})
    for number in range(60):
        now += 250
        client.post("/set", json={"n": number})
    assert client.post(f"/end-all/{uma}").json() == 1
    assert client.get("/all").json() == {}


# -- requests that overlap -------------------------------------------------------------------------------------------


def together(async_client: Any, cookie: str, *paths: str) -> list[Any]:
    """Send POST requests that all read the session before one of them changes it; return the answers."""

    async def ask() -> list[Any]:
        headers = {"cookie": f"session={cookie}"}
        async with async_client:
            return await asyncio.gather(*(async_client.post(path, headers=headers) for path in paths))

    return asyncio.run(ask())


@pytest.mark.velocipy_app("stored")
def test_of_requests_that_change_several_keys_at_once_no_change_is_lost(async_client: Any, client: Client) -> None:
    cookie = shelf.cookie_of(client.post("/set", json={"name": "Blue"}))
    meet = unique("m")
    paths = [f"/slow/key{number}?value={number}&meet={meet}-8" for number in range(8)]
    answers = together(async_client, cookie, *paths)
    assert [answer.status_code for answer in answers] == [200] * 8
    kept = shelf.all_of(client, cookie)
    assert kept == {"name": "Blue"} | {f"key{number}": str(number) for number in range(8)}


@pytest.mark.velocipy_app("stored")
def test_of_requests_that_change_one_key_at_once_one_counts_and_the_others_are_told(
    async_client: Any, client: Client
) -> None:
    cookie = shelf.cookie_of(client.post("/set", json={"name": "Blue"}))
    meet = unique("m")
    paths = [f"/slow/n?value={number}&meet={meet}-3" for number in range(3)]
    answers = together(async_client, cookie, *paths)
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    (won,) = [answer.json() for answer in answers if answer.status_code == 200]
    refused = next(answer for answer in answers if answer.status_code == 409)
    assert refused.json() == {"detail": "Another request has changed the session at the same time; try again"}
    assert shelf.all_of(client, cookie) == won


@pytest.mark.velocipy_app("stored")
def test_what_changes_a_key_to_the_same_value_is_no_conflict(async_client: Any, client: Client) -> None:
    cookie = shelf.cookie_of(client.post("/set", json={"name": "Blue"}))
    answers = together(async_client, cookie, *[f"/slow/n?value=1&meet={unique('m')}-3"] * 3)
    assert [answer.status_code for answer in answers] == [200] * 3


@pytest.mark.velocipy_app("overwriting")
def test_where_it_is_asked_for_the_later_change_counts(async_client: Any, client_factory: Any) -> None:
    client = client_factory("overwriting")
    cookie = shelf.cookie_of(client.post("/set", json={"name": "Blue"}))
    meet = unique("m")
    paths = [f"/slow/n?value={number}&meet={meet}-3" for number in range(3)]
    answers = together(async_client, cookie, *paths)
    assert [answer.status_code for answer in answers] == [200] * 3
    assert shelf.all_of(client, cookie)["n"] in ("0", "1", "2")


def meanwhile(async_client: Any, headers: Any, path: str, how: str = "", **options: Any) -> tuple[Any, Any]:
    """Send a request that changes a session and waits, and another to *path* meanwhile; return both answers."""
    name = unique("w")

    async def ask() -> tuple[Any, Any]:
        late = asyncio.create_task(async_client.post(f"/wait/{name}?{how}", headers=headers))
        while not (await async_client.get(f"/is-waiting/{name}")).json():  # noqa: ASYNC110 - it may be another process
            await asyncio.sleep(0.01)
        other = await async_client.post(path, headers=headers, **options)
        await async_client.post(f"/release/{name}")
        return await late, other

    return asyncio.run(ask())


# -- fetched when it is needed ---------------------------------------------------------------------------------------


def test_a_lazy_session_is_fetched_for_who_takes_it(client_factory: Any) -> None:
    client = client_factory("lazy")
    client.post("/set", json={"name": "Blue"})
    assert client.get("/all").json() == {"name": "Blue"}
    assert client.get("/untouched").text == "untouched"
    assert client.get("/as-request").status_code == 500  # which is logged, with what to do


@pytest.mark.in_process
def test_a_lazy_session_that_is_not_fetched_says_what_to_do(
    client_factory: Any, caplog: pytest.LogCaptureFixture
) -> None:
    client = client_factory("lazy")
    client.post("/set", json={"name": "Blue"})
    client.get("/as-request")
    assert "take it as a parameter session: Session, or await session.load()" in caplog.text


class Stalling(MemoryStorage):
    """Answers its first reader never."""

    stalls = True

    async def get(self, key: str) -> bytes | None:
        if self.stalls:
            self.stalls = False
            await asyncio.Event().wait()
        await asyncio.sleep(0)
        return await super().get(key)


@pytest.mark.in_process
def test_a_lazy_session_whose_fetch_was_given_up_is_not_empty(client_factory: Any) -> None:
    storage = Stalling()
    app = shelf.make(store=SessionStore(storage), lazy=True)

    @app.get("/twice")
    async def twice(request: Request) -> dict[str, Any]:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(request.session.load(), 0.01)
        with pytest.raises(RuntimeError, match="not loaded"):
            request.session["late"] = True
        await asyncio.gather(request.session.load(), request.session.load())
        return dict(request.session)

    @app.get("/at-once")
    async def at_once(request: Request) -> list[dict[str, Any]]:
        async def read() -> dict[str, Any]:
            await request.session.load()
            return dict(request.session)

        return list(await asyncio.gather(read(), read()))

    client = client_factory(app)
    client.post("/set", json={"name": "Blue"})
    assert client.get("/twice").json() == {"name": "Blue"}
    assert client.get("/at-once").json() == [{"name": "Blue"}, {"name": "Blue"}]


class Failing(MemoryStorage):
    """Stores no session again."""

    async def replace(self, *args: Any, **options: Any) -> bool:
        raise StorageError("away")


@pytest.mark.in_process
def test_the_page_of_an_error_may_show_what_was_not_stored(client_factory: Any) -> None:
    app = shelf.make(store=SessionStore(Failing()))

    @app.exception_handler(503)
    async def show(request: Request, error: Exception) -> JSONResponse:
        return JSONResponse([dict(request.session), request.session.pop_flashes()], 503)

    client = client_factory(app)
    client.post("/flash?message=hello")
    answer = client.post("/set", json={"name": "Blue"})
    assert (answer.status_code, answer.json()) == (503, [{"name": "Blue"}, [["info", "hello"]]])


# -- what the storage is asked ---------------------------------------------------------------------------------------


class Counting(MemoryStorage):
    """Counts what it is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.seen: list[Any] = []

    async def get(self, key: str) -> bytes | None:
        self.asked.append("get")
        found = await super().get(key)
        self.seen += [key, found]
        return found

    async def replace(self, key: str, expected: bytes, value: bytes | None, *, ttl: float | None = None) -> bool:
        self.asked.append("replace")
        return await super().replace(key, expected, value, ttl=ttl)


@pytest.mark.in_process
def test_a_session_that_is_read_takes_one_call_and_one_that_is_not_takes_none(client_factory: Any) -> None:
    storage = Counting()
    client = client_factory(shelf.make(store=SessionStore(storage)))
    client.get("/all")
    assert storage.asked == []  # there is no cookie
    cookie = shelf.cookie_of(client.post("/set", json={"name": "Blue"}))
    client.get("/all")
    assert storage.asked == ["get"]
    client.post("/set", json={"name": "Delta"})
    assert storage.asked == ["get", "get", "replace"]
    assert cookie not in repr(storage.seen)  # who reads the storage can take nobody's session

    fetched_late = client_factory(shelf.make(store=SessionStore(storage), lazy=True))
    storage.asked.clear()
    for path in ("/untouched", "/nowhere"):
        fetched_late.get(path, headers={"cookie": f"session={cookie}"})
    assert storage.asked == []


@pytest.mark.velocipy_app("stored")
@pytest.mark.parametrize("end", ["/clear", "/rotate", "/pop/name"])
def test_a_session_that_is_ended_while_a_request_changes_it_stays_so(
    async_client: Any, client: Client, end: str
) -> None:
    """Who logs out relies on it: what is answered yet brings nothing back, and touches no cookie."""
    cookie = shelf.cookie_of(client.post("/set", json={"name": "Blue"}))
    headers = {"cookie": f"session={cookie}"}
    answer, ended = meanwhile(async_client, headers, end)
    assert answer.status_code == 200
    assert ended.status_code in (200, 204)
    assert "set-cookie" not in answer.headers
    assert shelf.all_of(client, cookie) == {}


@pytest.mark.velocipy_app("stored")
def test_flash_messages_of_requests_at_once_are_all_kept(async_client: Any, client: Client) -> None:
    cookie = shelf.cookie_of(client.post("/flash", params={"message": "first"}))
    headers = {"cookie": f"session={cookie}"}
    answer, _ = meanwhile(async_client, headers, "/flash?message=second")
    assert answer.status_code == 200
    messages = [message for _, message in client.get("/flashes").json()]
    assert messages == ["first", "second", answer.json()["waited"]]


@pytest.mark.velocipy_app("stored")
def test_what_is_changed_while_the_session_is_given_another_id_comes_along(async_client: Any, client: Client) -> None:
    cookie = shelf.cookie_of(client.post("/set", json={"name": "Blue"}))
    headers = {"cookie": f"session={cookie}"}
    answer, _ = meanwhile(async_client, headers, "/set", "rotate=yes", json={"other": 1})
    rotated = shelf.cookie_of(answer)
    assert rotated != cookie
    assert shelf.all_of(client, cookie) == {}
    assert shelf.all_of(client, rotated) == {"name": "Blue", "waited": answer.json()["waited"], "other": 1}


@pytest.mark.velocipy_app("stored")
def test_a_conflict_leaves_the_session_under_its_id(async_client: Any, client: Client) -> None:
    cookie = shelf.cookie_of(client.post("/set", json={"name": "Blue"}))
    headers = {"cookie": f"session={cookie}"}
    answer, _ = meanwhile(async_client, headers, "/set", "rotate=yes", json={"waited": "no"})
    assert answer.status_code == 409
    assert "set-cookie" not in answer.headers
    assert shelf.all_of(client, cookie) == {"name": "Blue", "waited": "no"}


@pytest.mark.velocipy_app("stored")
def test_two_logins_at_once_leave_one_session(async_client: Any, client: Client) -> None:
    cookie = shelf.cookie_of(client.post("/set", json={"name": "Blue"}))
    headers = {"cookie": f"session={cookie}"}
    answer, first = meanwhile(async_client, headers, "/rotate", "rotate=yes")
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers  # or it would take the place of the one that is there
    assert shelf.all_of(client, shelf.cookie_of(first)) == {"name": "Blue"}
