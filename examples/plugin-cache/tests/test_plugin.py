"""What the cache does: in process on ASGI and RSGI, and with --velocipy-server on real servers."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, Any

import pytest
from velocipy import APIRouter, Header, HTTPException, PluginError, Request, Response, VelociPy
from velocipy.storage import STORAGE, MemoryStorage, Storage, StorageError
from velocipy.testing import TestClient
from velocipy.testing.redis_servers import RedisServer

from velocipy_cache import Cache, CachePlugin, cached


def create_app() -> VelociPy:
    """Routes that count how often they are called: what comes from the cache has an old number."""
    app = VelociPy(plugins=[CachePlugin()])
    calls: Counter[str] = Counter()

    def called(name: str) -> str:
        calls[name] += 1
        return f"{name} {calls[name]}"

    @app.get("/prices", middleware=[cached(60)])
    async def prices() -> dict[str, str]:
        return {"price": called("prices")}

    @app.delete("/prices")
    async def drop_prices() -> str:
        return "dropped"

    @app.delete("/prices/refused")
    async def refuse() -> None:
        raise HTTPException(409)

    @app.delete("/forget")
    async def forget(cache: Cache, path: str) -> bool:
        return await cache.delete(path)

    @app.get("/uncached")
    async def uncached() -> str:
        return called("uncached")

    @app.get("/says", middleware=[cached(60)])
    async def says(request: Request) -> Response:
        """Answer with the headers that the query says."""
        return Response(called(request.url.query), headers=request.query_params.multi_items())

    @app.get("/status/{code}", middleware=[cached(60)])
    async def status(code: int) -> Response:
        return Response(called(f"status {code}"), code)

    @app.get("/language", middleware=[cached(60)])
    async def language(accept_language: Annotated[str, Header()] = "") -> Response:
        return Response(called(accept_language), headers={"vary": "Accept-Language"})

    @app.get("/key", middleware=[cached(60, vary=("X-Api-Key",))])
    async def by_key(x_api_key: Annotated[str, Header()]) -> str:
        return called(x_api_key)

    @app.get("/stream", middleware=[cached(60)])
    async def stream() -> AsyncIterator[str]:
        yield called("stream")

    @app.get("/large", middleware=[cached(60, max_size=10)])
    async def large() -> str:
        return called("large and larger")

    @app.get("/cookies", middleware=[cached(60, cookies=True)])
    async def cookies() -> str:
        return called("cookies")

    @app.get("/empty", middleware=[cached(60)])
    async def empty() -> Response:
        return Response(None, 204, headers={"x-call": called("empty")})

    @app.get("/slow", middleware=[cached(60)])
    async def slow() -> str:
        await asyncio.sleep(0.3)
        return called("slow")

    return app


Get = Callable[..., str]


@pytest.fixture
def get(client: TestClient) -> Get:
    """Ask, and return the text."""
    return lambda path, **headers: client.get(path, headers={k.replace("_", "-"): v for k, v in headers.items()}).text


# What may not be kept


@pytest.mark.parametrize(
    "query",
    [
        "cache-control=no-store",
        "cache-control=private",
        'cache-control=private="x-a, x-b"',
        "cache-control=no-cache",
        "cache-control=public&cache-control=no-store",
        "cache-control=max-age%3D0",
        "cache-control=max-age%3D60,s-maxage%3D0",
        "cache-control=max-age%3Dsoon",
        "expires=0",
        "expires=Thu, 01 Jan 1970 00:00:00 GMT",
        "set-cookie=session%3D1",
        "vary=*",
        "vary=Accept, *",
        "vary=a,b,c,d,e,f,g,h,i",
    ],
)
def test_an_answer_that_forbids_it_is_not_kept(get: Get, query: str) -> None:
    assert get(f"/says?{query}") != get(f"/says?{query}")


@pytest.mark.parametrize("code", [201, 206, 302, 404, 500])
def test_an_answer_of_another_status_is_not_kept(get: Get, code: int) -> None:
    assert get(f"/status/{code}") != get(f"/status/{code}")


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": "Basic eDp5"},
        {"cookie": "session=1"},
        {"cache_control": "no-store"},
        {"range": "bytes=0-1"},
        {"if_match": '"x"'},
    ],
)
def test_a_request_that_forbids_it_is_answered_by_the_handler(get: Get, headers: dict[str, str]) -> None:
    before = get("/prices")
    answer = get("/prices", **headers)
    assert answer != before
    assert get("/prices") == before


def test_streams_and_large_bodies_are_not_kept(get: Get) -> None:
    assert get("/stream") != get("/stream")
    assert get("/large") != get("/large")


def test_without_a_policy_nothing_is_kept(get: Get) -> None:
    assert get("/uncached") != get("/uncached")


def test_what_is_not_there_is_not_kept(client: TestClient) -> None:
    assert [client.get("/nothing").status_code for _ in range(2)] == [404, 404]


# What is kept


def test_an_answer_is_kept_with_its_status_and_headers(client: TestClient) -> None:
    client.delete("/prices")  # forgotten, whoever asked before
    first = client.get("/prices")
    second = client.get("/prices")
    assert second.content == first.content
    assert second.headers["content-type"] == "application/json"
    assert second.headers["etag"] == first.headers["etag"]
    assert int(second.headers["age"]) >= 0
    assert "age" not in first.headers


def test_an_answer_without_a_body_is_kept(client: TestClient) -> None:
    first, second = client.get("/empty"), client.get("/empty")
    assert (second.status_code, second.content) == (204, b"")
    assert first.headers["x-call"] == second.headers["x-call"]


def test_who_has_the_version_is_told_so(client: TestClient) -> None:
    etag = client.get("/prices").headers["etag"]
    response = client.get("/prices", headers={"if-none-match": f'"other", W/{etag}'})
    assert (response.status_code, response.content, response.headers["etag"]) == (304, b"", etag)
    assert client.get("/prices", headers={"if-none-match": '"other"'}).status_code == 200


def test_who_has_the_version_is_told_so_when_it_is_computed_anew(client: TestClient) -> None:
    etag = '"handmade"'
    response = client.get("/says?etag=%22handmade%22&x=unknown", headers={"if-none-match": etag})
    assert response.status_code == 304


def test_head_is_answered_from_what_get_left(client: TestClient) -> None:
    first = client.get("/prices")
    head = client.head("/prices")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["etag"] == first.headers["etag"]
    assert head.headers["content-length"] == str(len(first.content))


def test_each_query_has_its_answer(get: Get) -> None:
    assert get("/says?x=1") != get("/says?x=2")
    assert get("/says?x=1") != get("/says?x=%31")
    assert get("/says?x=1") == get("/says?x=1")


def test_each_host_has_its_answer(get: Get) -> None:
    assert get("/says?h", host="one.example") != get("/says?h", host="two.example")


def test_an_answer_is_given_to_those_with_the_same_headers(get: Get) -> None:
    german, english = get("/language", accept_language="de"), get("/language", accept_language="en")
    assert (german[:2], english[:2]) == ("de", "en")
    assert get("/language", accept_language="de") == german
    assert get("/language", accept_language="en") == english
    assert get("/language", accept_language="EN") != english


def test_a_policy_may_name_headers_itself(client: TestClient) -> None:
    first = client.get("/key", headers={"x-api-key": "a"})
    assert first.headers["vary"].lower() == "x-api-key"
    assert client.get("/key", headers={"x-api-key": "b"}).text != first.text
    assert client.get("/key", headers={"x-api-key": "a"}).text == first.text
    assert client.get("/key").status_code == 422


def test_requests_with_cookies_take_part_where_the_policy_says_so(get: Get) -> None:
    assert get("/cookies", cookie="tracking=1") == get("/cookies", cookie="tracking=2") == get("/cookies")


def test_who_asks_for_a_new_answer_gets_one_for_all(get: Get) -> None:
    old = get("/prices")
    assert old == get("/prices", cache_control="max-age=600")
    new = get("/prices", cache_control="no-cache")
    assert new != old
    assert get("/prices") == new
    assert get("/prices", pragma="no-cache") != new


def test_an_answer_may_say_how_long_it_is_fresh(get: Get) -> None:
    assert get("/says?cache-control=s-maxage%3D60,max-age%3D0") == get("/says?cache-control=s-maxage%3D60,max-age%3D0")


# What is forgotten


def test_a_change_makes_the_path_forgotten(client: TestClient, get: Get) -> None:
    old = get("/prices"), get("/prices?page=2")
    client.delete("/prices")
    assert get("/prices") != old[0]
    assert get("/prices?page=2") != old[1]


def test_a_change_that_was_refused_does_not(client: TestClient, get: Get) -> None:
    old = get("/prices")
    assert client.delete("/prices/refused").status_code == 409
    assert get("/prices") == old


def test_a_handler_can_have_a_path_forgotten(client: TestClient, get: Get) -> None:
    old, other = get("/prices"), get("/cookies")
    assert client.delete("/forget?path=/prices").json() is True
    assert get("/prices") != old
    assert get("/cookies") == other


# Many at once


def test_many_who_ask_at_once_have_it_computed_once(client: TestClient, get: Get) -> None:
    client.delete("/forget?path=/slow")
    with ThreadPoolExecutor(8) as pool:
        texts = set(pool.map(get, ["/slow"] * 8))
    assert len(texts) == 1


# The same in process alone: what is between


class Lost(MemoryStorage):
    """A storage that can be lost at a call, and knows under which keys answers were kept."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0
        self.lost_from = 10**9
        self.keys: set[str] = set()

    def _count(self) -> None:
        self.calls += 1
        if self.calls >= self.lost_from:
            raise StorageError("the storage is away")

    async def get(self, key: str) -> bytes | None:
        self._count()
        return await super().get(key)

    async def set(self, key: str, value: bytes, *, ttl: float | None = None) -> None:
        self._count()
        self.keys.add(key)
        await super().set(key, value, ttl=ttl)

    async def add(self, key: str, value: bytes, *, ttl: float | None = None) -> bool:
        self._count()
        return await super().add(key, value, ttl=ttl)

    async def replace(self, key: str, expected: bytes, value: bytes | None, *, ttl: float | None = None) -> bool:
        self._count()
        return await super().replace(key, expected, value, ttl=ttl)

    async def touch(self, key: str, ttl: float) -> bool:
        self._count()
        return await super().touch(key, ttl)

    async def delete(self, key: str) -> bool:
        self._count()
        return await super().delete(key)


class Served:
    """A route that says what it is told, counted, on an application with a storage."""

    def __init__(self, *, plugin: CachePlugin | None = None, storage: Storage | None = None, **policy: Any) -> None:
        self.app = VelociPy(plugins=[plugin or CachePlugin(storage=storage)])
        self.calls = 0
        self.status = 200
        self.entered = threading.Event()
        self.go_on = threading.Event()
        self.go_on.set()

        @self.app.get("/", middleware=[cached(**policy)] if policy else [])
        def index() -> Response:
            self.calls += 1
            number = self.calls
            self.entered.set()
            assert self.go_on.wait(10)
            return Response(str(number), self.status)

        @self.app.post("/")
        async def change() -> str:
            return "changed"


@pytest.mark.in_process
@pytest.mark.parametrize("lost_from", range(1, 12))
def test_a_storage_that_is_lost_at_any_call_costs_no_answer(lost_from: int, caplog: pytest.LogCaptureFixture) -> None:
    storage = Lost()
    served = Served(storage=storage, ttl=60)
    storage.lost_from = lost_from
    with TestClient(served.app) as client:
        answers = [client.get("/") for _ in range(4)]
        assert {answer.status_code for answer in answers} == {200}
        assert client.post("/").text == "changed"
    assert storage.calls >= lost_from
    assert len([record for record in caplog.records if "the storage is away" in record.message]) == 1


@pytest.mark.in_process
def test_what_somebody_else_left_under_the_keys_is_no_answer() -> None:
    class Foreign(MemoryStorage):
        async def get(self, key: str) -> bytes | None:
            return b'["x"]\nfeathers' if await super().get(key) is not None else None

    served = Served(storage=Foreign(), ttl=60, wait=0.2)
    with TestClient(served.app) as client:
        assert [client.get("/").text for _ in range(3)] == ["1", "2", "3"]


@pytest.mark.in_process
def test_a_stale_answer_is_given_while_the_next_is_computed() -> None:
    served = Served(ttl=0.05, stale=60)

    def ask_until_it_is_computed(client: TestClient) -> str:
        text = ""
        while not served.entered.is_set():  # the first answer is fresh for a moment
            text = client.get("/").text
        return text

    with TestClient(served.app) as client, ThreadPoolExecutor(1) as pool:
        assert client.get("/").text == "1"
        served.entered.clear()
        served.go_on.clear()
        slow = pool.submit(ask_until_it_is_computed, client)
        assert served.entered.wait(10)
        assert client.get("/").text == "1"
        served.go_on.set()
        assert slow.result() == "2"


@pytest.mark.in_process
def test_a_stale_answer_is_given_in_the_place_of_an_error() -> None:
    served = Served(ttl=0.05, stale=60)
    with TestClient(served.app, raise_server_exceptions=False) as client:
        assert client.get("/").text == "1"
        served.status = 503
        while served.calls < 2:
            assert client.get("/").text == "1"
        assert client.get("/").status_code == 200


@pytest.mark.in_process
def test_an_error_is_no_answer_for_others() -> None:
    served = Served(ttl=60)
    served.status = 503
    with TestClient(served.app, raise_server_exceptions=False) as client:
        assert client.get("/").status_code == 503
        served.status = 200
        assert [client.get("/").text for _ in range(2)] == ["2", "2"]


@pytest.mark.in_process
def test_what_was_begun_before_a_change_is_not_kept() -> None:
    served = Served(ttl=60)
    served.go_on.clear()
    with TestClient(served.app) as client, ThreadPoolExecutor(1) as pool:
        slow = pool.submit(client.get, "/")
        assert served.entered.wait(10)
        client.post("/")
        served.go_on.set()
        assert slow.result().text == "1"
        assert client.get("/").text == "2"


@pytest.mark.in_process
def test_who_waits_too_long_computes_it_too() -> None:
    served = Served(ttl=60, wait=0.2)
    served.go_on.clear()
    with TestClient(served.app) as client, ThreadPoolExecutor(2) as pool:
        slow = [pool.submit(client.get, "/") for _ in range(2)]
        while served.calls < 2:
            assert not any(future.done() for future in slow)
        served.go_on.set()
        assert {future.result().text for future in slow} == {"1", "2"}


@pytest.mark.in_process
def test_a_policy_that_is_changed_finds_nothing_of_the_old_one() -> None:
    storage = MemoryStorage()
    old, new = Served(storage=storage, ttl=60), Served(storage=storage, ttl=60, vary=("X-Api-Key",))
    with TestClient(old.app) as before, TestClient(new.app) as after:
        assert before.get("/").text == "1"
        assert [after.get("/", headers={"x-api-key": key}).text for key in "aabab"] == ["1", "1", "2", "1", "2"]


@pytest.mark.in_process
def test_variants_of_one_url_are_bounded() -> None:
    storage = Lost()
    app = create_app()
    app.provide(STORAGE, storage)
    with TestClient(app) as client:
        for number in range(300):
            client.get("/language", headers={"accept-language": str(number)})
    assert 50 < len(storage.keys) <= 64


# The scope


@pytest.mark.in_process
def test_a_plugin_with_a_ttl_caches_all_of_its_scope_and_no_more() -> None:
    app = VelociPy()
    router = APIRouter(prefix="/in", plugins=[CachePlugin(ttl=60)])
    calls: Counter[str] = Counter()

    @router.get("/a")
    async def inside() -> int:
        calls["in"] += 1
        return calls["in"]

    @router.get("/b", middleware=[cached(60)])
    async def with_a_policy_too() -> int:
        calls["b"] += 1
        return calls["b"]

    @app.get("/out")
    async def outside() -> int:
        calls["out"] += 1
        return calls["out"]

    app.include_router(router)
    with TestClient(app) as client:
        paths = ["/in/a", "/in/a", "/in/b", "/in/b", "/out", "/out"]
        assert [client.get(path).json() for path in paths] == [1, 1, 1, 1, 1, 2]


@pytest.mark.in_process
def test_two_applications_have_nothing_in_common_unless_they_are_given_a_storage() -> None:
    plugin = CachePlugin()
    shared = MemoryStorage()
    for storage, expected in ((None, ["1", "1"]), (shared, ["1", "1"])):
        one = Served(plugin=CachePlugin(storage=storage) if storage else plugin, ttl=60)
        other = Served(plugin=CachePlugin(storage=storage) if storage else plugin, ttl=60)
        with TestClient(one.app) as first, TestClient(other.app) as second:
            assert [first.get("/").text, second.get("/").text] == expected
        assert other.calls == (0 if storage else 1)


@pytest.mark.in_process
def test_processes_share_a_redis_and_do_without_it(tmp_path: Path) -> None:
    pytest.importorskip("redis", reason="velocipy-cache[redis] is not installed")
    if not RedisServer.is_installed():
        pytest.skip("there is no redis-server")
    with RedisServer(tmp_path) as redis:
        one, other = (Served(plugin=CachePlugin(redis=redis.url), ttl=60) for _ in range(2))
        with TestClient(one.app) as first, TestClient(other.app) as second:
            assert [first.get("/").text, second.get("/").text] == ["1", "1"]
            assert other.calls == 0
            redis.stop()
            assert [second.get("/").text for _ in range(2)] == ["1", "2"]


@pytest.mark.in_process
def test_it_finds_the_storage_that_is_provided() -> None:
    storage = Lost()
    served = Served(ttl=60)
    served.app.provide(STORAGE, storage)
    with TestClient(served.app) as client:
        client.get("/")
    assert storage.calls > 0


@pytest.mark.in_process
def test_a_policy_without_the_plugin_says_what_is_missing(caplog: pytest.LogCaptureFixture) -> None:
    app = VelociPy()

    @app.get("/", middleware=[cached(60)])
    async def index() -> str:
        return "never"

    with TestClient(app) as client:
        assert client.get("/").status_code == 500
    assert "plug CachePlugin() into the application" in caplog.text


@pytest.mark.in_process
def test_by_name_it_reads_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CACHE_TTL", "60")
    app = VelociPy(plugins=["cache"])
    calls: list[int] = []

    @app.get("/")
    async def index() -> int:
        calls.append(1)
        return len(calls)

    with TestClient(app) as client:
        assert [client.get("/").json() for _ in range(2)] == [1, 1]


@pytest.mark.in_process
@pytest.mark.parametrize("options", [{"ttl": 0}, {"tll": 5}, {"wait": -1}, {"stale": -1}, {"max_size": -1}])
def test_a_wrong_option_is_told_at_the_start(options: dict[str, Any]) -> None:
    app = VelociPy()
    app.plug("cache", **options)
    with pytest.raises(PluginError, match="|".join(options)):
        app.freeze()
