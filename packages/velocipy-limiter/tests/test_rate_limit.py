"""The dependency: what is refused, for whom, and what answers tell."""

from __future__ import annotations

import asyncio
import re
import socket
from itertools import count
from typing import Annotated, Any
from uuid import uuid4

import pytest

from velocipy import Depends, Header, HTTPException, Query, Request, Router, VelociPy, WebSocket
from velocipy.description import describe
from velocipy.limiter import (
    Limiter,
    RateLimitResult,
    RateLimitRule,
    StorageErrorAction,
    concurrency_limit,
    message_limit,
    rate_limit,
)
from velocipy.limiter.identifiers import api_key, client_address, combine, cookie, header, path, user
from velocipy.limiter.storage import MemoryStorage
from velocipy.middleware import ForwardedMiddleware, HTTPApp
from velocipy.testing import TestClient, WebSocketClosed, WebSocketDenied
from velocipy.testing.servers import RunningServer

limiter = Limiter(MemoryStorage())
telling = Limiter(MemoryStorage(), headers=["ratelimit", "x-ratelimit"])
tenant = header("X-Tenant")

app = VelociPy()
app.add_middleware(ForwardedMiddleware, trusted=["127.0.0.1"])


@app.middleware("http")
async def find_user(request: Request, call_next: HTTPApp) -> Any:
    request.state["user"] = request.header("x-user")
    return await call_next(request)


@app.get("/three", dependencies=[Depends(rate_limit(limiter, "three: 3/hour", tenant))])
async def three() -> None: ...


@app.post("/upload", dependencies=[Depends(rate_limit(limiter, "upload: 1/hour", tenant))])
async def upload(data: list[int]) -> int:
    return len(data)


both = [RateLimitRule("wide", 5, 3600), RateLimitRule("narrow", 2, 3600)]


@app.get("/both")
async def ask_both(result: Annotated[RateLimitResult, Depends(rate_limit(limiter, both, tenant))]) -> int:
    return result.remaining


@app.get("/wide", dependencies=[Depends(rate_limit(limiter, both[0], tenant))])
async def ask_wide() -> None: ...


once = rate_limit(telling, "once: 1/day", tenant)
router = Router("/once", dependencies=[Depends(once)])


@router.get("/", dependencies=[Depends(once)])
async def counted_once(result: Annotated[RateLimitResult | None, Depends(once)]) -> None: ...


app.include_router(router)


@app.get("/told", dependencies=[Depends(rate_limit(telling, ["10/hour", "slow: 2 per 1.5 hours"], tenant))])
async def told() -> dict[str, str]:
    return {}


@app.get("/told/error", dependencies=[Depends(rate_limit(telling, "10/hour", tenant))])
async def told_error() -> None:
    raise HTTPException(418)


shadow = RateLimitRule("shadow", 1, 3600, block=False)


@app.get("/shadow")
async def in_shadow(result: Annotated[RateLimitResult, Depends(rate_limit(telling, shadow, tenant))]) -> list[str]:
    return [rule.name for rule in result.refused_by]


async def is_friend(x_friend: Annotated[str | None, Header()] = None) -> bool:
    return x_friend == "yes"


async def plan_of(x_plan: Annotated[str, Header()] = "free") -> str:
    return "gold: 4/hour" if x_plan == "gold" else "free: 1/hour"


async def price(cost: Annotated[int, Query(ge=1)] = 1) -> int:
    return cost


def who(x_tenant: Annotated[str | None, Header()] = None) -> str | None:
    return x_tenant


@app.get(
    "/chosen", dependencies=[Depends(rate_limit(limiter, plan_of, Depends(who), exempt=is_friend, cost=Depends(price)))]
)
async def chosen() -> None: ...


@app.get("/address", dependencies=[Depends(rate_limit(limiter, "address: 2/hour"))])
async def by_address() -> None: ...


@app.get("/path/of", dependencies=[Depends(rate_limit(limiter, "path: 1/hour", combine(path(), tenant)))])
async def by_path() -> None: ...


for name, identifier in {
    "key": api_key(),
    "cookie": cookie("visitor"),
    "user": user(),
    "mixed": combine(header("X-Tenant"), header("X-User")),
    "path": combine(path(), tenant),
}.items():

    @app.get(f"/by/{name}/{{rest:path}}", dependencies=[Depends(rate_limit(limiter, f"by-{name}: 1/hour", identifier))])
    async def by(rest: str) -> None: ...


@app.websocket("/chat", dependencies=[Depends(rate_limit(telling, "chat: 1/hour", tenant))])
async def chat(websocket: WebSocket, messages: Annotated[Any, Depends(message_limit(telling, "talk: 2/hour"))]) -> None:
    await websocket.accept()
    while True:
        text = await websocket.receive_text()
        await messages.check()
        await websocket.send_text(text)


@pytest.fixture
def headers() -> dict[str, str]:
    """Return the headers of a tenant of whom nobody has heard."""
    return {"X-Tenant": uuid4().hex}


@pytest.fixture
def number() -> int:
    """Return one that no other test has."""
    return next(_numbers)


_numbers = count(1)


def test_one_too_many_is_refused_and_told_when_to_come_back(client: TestClient, headers: dict[str, str]) -> None:
    answers = [client.get("/three", headers=headers) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [204, 204, 204, 429]
    assert answers[3].json() == {"detail": "Too Many Requests"}
    assert 1195 <= int(answers[3].headers["retry-after"]) <= 1200
    assert not [name for answer in answers for name in answer.headers if "ratelimit" in name]
    assert client.get("/three", headers={"X-Tenant": uuid4().hex}).status_code == 204


def test_no_slashes_make_another_path_and_no_head(client: TestClient, headers: dict[str, str]) -> None:
    assert client.get("/path/of", headers=headers).status_code == 204
    for target in ("/path/of", "/path/of/", "/path/of///", "/path//of", "/%70ath/of", "/path/of/?a=b"):
        assert client.get(target, headers=headers).status_code == 429
        assert client.head(target, headers=headers).status_code == 429


@pytest.mark.in_process
def test_a_refused_body_is_never_read() -> None:
    tenant = uuid4().hex.encode()
    fields = [(b"x-tenant", tenant), (b"content-type", b"application/json"), (b"content-length", b"3")]
    fields.append((b"expect", b"100-continue"))  # who asks so sends nothing before somebody reads
    scope = {"type": "http", "http_version": "1.1", "method": "POST", "path": "/upload", "query_string": b""}
    seen = []

    async def receive() -> dict[str, Any]:
        seen.append("read")
        return {"type": "http.request", "body": b"[1]", "more_body": False}

    async def ask() -> int:
        sent: list[Any] = []

        async def send(message: Any) -> None:
            seen.append("sent")
            sent.append(message)

        asked = {**scope, "headers": fields, "client": ("127.0.0.1", 9), "scheme": "http", "asgi": {"version": "3.0"}}
        await app(asked, receive, send)
        return int(sent[0]["status"])

    assert asyncio.run(ask()) == 200
    assert seen[0] == "read"
    seen.clear()
    assert asyncio.run(ask()) == 429
    assert seen == ["sent", "sent"]


def test_who_is_refused_need_not_send_a_body(live_server: RunningServer, headers: dict[str, str]) -> None:
    """The body is told, and never sent: a server that waited for it would wait for ever."""
    head = f"POST /upload HTTP/1.1\r\nHost: a\r\nX-Tenant: {headers['X-Tenant']}\r\n"
    head += "Content-Type: application/json\r\nContent-Length: "
    with socket.create_connection((live_server.host, live_server.port), timeout=15) as connection:
        connection.sendall(f"{head}3\r\nConnection: close\r\n\r\n[1]".encode())
        assert b" 200 " in connection.recv(100)
    with socket.create_connection((live_server.host, live_server.port), timeout=15) as connection:
        connection.sendall(f"{head}1000000\r\n\r\n".encode())
        assert b" 429 " in connection.recv(100)


def test_all_rules_are_taken_from_or_none(client: TestClient, headers: dict[str, str]) -> None:
    assert [client.get("/both", headers=headers).status_code for _ in range(5)] == [200, 200, 429, 429, 429]
    wide = [client.get("/wide", headers=headers).status_code for _ in range(4)]
    assert wide == [204, 204, 204, 429]  # of 5 the refused have taken nothing


def test_the_value_is_the_result_of_the_rule_of_which_the_least_is_left(
    client: TestClient, headers: dict[str, str]
) -> None:
    assert [client.get("/both", headers=headers).json() for _ in range(2)] == [1, 0]


def test_one_object_counts_once_however_many_depend_on_it(client: TestClient, headers: dict[str, str]) -> None:
    assert client.get("/once", headers=headers).status_code == 204
    assert client.get("/once", headers=headers).status_code == 429


def test_headers_tell_how_it_stands_on_allowed_and_refused_answers(client: TestClient, headers: dict[str, str]) -> None:
    first, second, third = (client.get("/told", headers=headers) for _ in range(3))
    assert (first.status_code, third.status_code) == (200, 429)
    for answer in (first, second, third):
        assert answer.headers["ratelimit-policy"] == '"10/3600s";q=10;w=3600, "slow";q=2;w=5400'
        assert answer.headers["x-ratelimit-limit"] == "2"
    assert re.fullmatch(r'"10/3600s";r=9;t=360, "slow";r=1;t=2700', first.headers["ratelimit"])
    assert first.headers["x-ratelimit-remaining"] == "1"
    assert re.fullmatch(r'"10/3600s";r=8;t=\d+, "slow";r=0;t=\d+', third.headers["ratelimit"])
    assert third.headers["x-ratelimit-remaining"] == "0"
    assert int(third.headers["x-ratelimit-reset"]) > 1_700_000_000
    assert "retry-after" in third.headers
    assert "retry-after" not in first.headers


def test_an_exception_leaves_nothing_of_the_headers(client: TestClient, headers: dict[str, str]) -> None:
    answer = client.get("/told/error", headers=headers)
    assert answer.status_code == 418
    assert "ratelimit" not in answer.headers


def test_a_rule_that_does_not_block_counts_and_tells_only(client: TestClient, headers: dict[str, str]) -> None:
    answers = [client.get("/shadow", headers=headers) for _ in range(3)]
    assert [answer.json() for answer in answers] == [[], ["shadow"], ["shadow"]]
    assert answers[2].headers["ratelimit"].startswith('"shadow";r=0;t=')


def test_rules_costs_and_exemptions_are_chosen_by_the_request(client: TestClient, headers: dict[str, str]) -> None:
    def ask(query: str = "", **more: str) -> int:
        return client.get(f"/chosen{query}", headers=headers | more).status_code

    assert [ask(), ask(), ask()] == [204, 429, 429]
    assert [ask(**{"X-Friend": "yes"}) for _ in range(3)] == [204] * 3
    assert [ask("?cost=3", **{"X-Plan": "gold"}), ask("?cost=2", **{"X-Plan": "gold"})] == [204, 429]
    assert ask(**{"X-Plan": "gold"}) == 204
    too_dear = client.get("/chosen?cost=5", headers=headers | {"X-Plan": "gold"})
    assert (too_dear.status_code, "retry-after" in too_dear.headers) == (429, False)  # it would never pass
    assert ask("?cost=0") == 422


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("203.0.{}.7", "203.0.{}.8"),
        ("2001:db8:{}::1", "2001:db8:{}:1::1"),
    ],
)
def test_addresses_are_apart(client: TestClient, left: str, right: str, number: int) -> None:
    for address in (left.format(number), right.format(number)):
        codes = [client.get("/address", headers={"X-Forwarded-For": address}).status_code for _ in range(3)]
        assert codes == [204, 204, 429]


def test_a_client_of_ipv6_is_its_network_and_one_of_ipv4_is_the_same_if_it_is_mapped(
    client: TestClient, number: int
) -> None:
    def ask(address: str) -> int:
        return client.get("/address", headers={"X-Forwarded-For": address}).status_code

    assert [ask(f"2001:db8:7:{number}::{host}") for host in range(1, 4)] == [204, 204, 429]
    mapped = f"198.51.{number}.1"
    assert [ask(mapped), ask(f"::ffff:{mapped}"), ask(mapped)] == [204, 204, 429]


def test_what_a_client_writes_left_of_what_the_proxy_wrote_is_not_believed(client: TestClient, number: int) -> None:
    codes = [
        client.get("/address", headers={"X-Forwarded-For": f"10.9.8.{made_up}, 192.0.{number}.77"}).status_code
        for made_up in range(4)
    ]
    assert codes == [204, 204, 429, 429]


plain = VelociPy()


@plain.get("/", dependencies=[Depends(rate_limit(Limiter(MemoryStorage()), "2/hour"))])
async def plainly() -> None: ...


@pytest.mark.in_process  # Uvicorn and Gunicorn believe the headers of whoever comes from this machine
@pytest.mark.velocipy_app("plain")
def test_without_trusted_proxies_no_header_changes_who_is_counted(client: TestClient) -> None:
    made_up = [{"X-Forwarded-For": f"10.0.0.{number}", "Forwarded": f"for=10.0.0.{number}"} for number in range(4)]
    codes = [client.get("/", headers=headers).status_code for headers in made_up]
    assert codes.count(204) <= 2  # of an application that both protocols have
    assert codes[2:] == [429, 429]


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("key", {"X-API-Key": "one"}, {"X-API-Key": "two"}),
        ("cookie", {"Cookie": "visitor=one"}, {"Cookie": "visitor=two"}),
        ("user", {"X-User": "one"}, {"X-User": "two"}),
        ("mixed", {"X-Tenant": "a:1", "X-User": "b"}, {"X-Tenant": "a", "X-User": "1:b"}),
    ],
)
def test_identifiers_tell_apart(client: TestClient, kind: str, one: dict[str, str], other: dict[str, str]) -> None:
    suffix = uuid4().hex
    for headers in (one, other):
        headers = {name: value + suffix for name, value in headers.items()}
        codes = [client.get(f"/by/{kind}/x", headers=headers).status_code for _ in range(2)]
        assert codes == [204, 429], headers
    client.get(f"/by/{kind}/x")
    assert client.get(f"/by/{kind}/x").status_code == 429  # who is nobody in particular is counted too


def test_paths_are_apart(client: TestClient, headers: dict[str, str]) -> None:
    codes = [client.get(f"/by/path/{rest}", headers=headers).status_code for rest in ("a", "a", "b")]
    assert codes == [204, 429, 204]


def test_keys_of_any_length_are_told_apart_by_all_of_it(client: TestClient, headers: dict[str, str]) -> None:
    long = headers["X-Tenant"] * 60  # servers refuse longer ones; `check` is asked with those elsewhere
    for key in (long + "k", long + "l"):
        codes = [client.get("/three", headers={"X-Tenant": key}).status_code for _ in range(4)]
        assert codes == [204, 204, 204, 429]


def test_a_websocket_is_refused_before_it_is_accepted(client: TestClient, headers: dict[str, str]) -> None:
    with client.websocket_connect("/chat", headers=headers):
        pass
    with pytest.raises(WebSocketDenied) as denied, client.websocket_connect("/chat", headers=headers):
        pass
    assert denied.value.response.status_code in (429, 403)  # some servers know no other


def test_a_message_too_many_closes_the_websocket(client: TestClient, number: int) -> None:
    headers = {"X-Tenant": uuid4().hex, "X-Forwarded-For": f"198.18.{number}.1"}
    with client.websocket_connect("/chat", headers=headers) as websocket:
        for _ in range(2):
            websocket.send_text("hello")
            assert websocket.receive_text() == "hello"
        websocket.send_text("hello")
        with pytest.raises(WebSocketClosed) as closed:
            websocket.receive_text()
    assert closed.value.code in (1008, 1005, 1006)  # RSGI tells none


problems = VelociPy(problem_details=True)


@problems.get("/", dependencies=[Depends(rate_limit(Limiter(MemoryStorage()), "1/hour", tenant))])
async def problem() -> None: ...


@pytest.mark.velocipy_app("problems")
def test_a_refusal_is_a_problem_where_errors_are(client: TestClient, headers: dict[str, str]) -> None:
    client.get("/", headers=headers)
    answer = client.get("/", headers=headers)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {"type": "about:blank", "title": "Too Many Requests", "status": 429}
    assert "retry-after" in answer.headers


@pytest.mark.in_process
def test_documents_tell_the_refusal_and_its_headers() -> None:
    routes = {route.template: route for route in describe(app).routes}
    (error,) = (error for error in routes["/told"].errors if error.status == 429)
    assert list(error.headers) == [
        "Retry-After",
        "RateLimit-Policy",
        "RateLimit",
        "X-RateLimit-Limit",
        "X-RateLimit-Remaining",
        "X-RateLimit-Reset",
    ]
    assert 429 not in [error.status for error in routes["/shadow"].errors]
    assert [error.status for error in routes["/chosen"].errors] == [400, 422, 429, 503]
    assert [item.alias for item in routes["/chosen"].parameters] == ["x-plan", "x-tenant", "x-friend", "cost"]

    closed = VelociPy()
    denying = RateLimitRule("deny", 1, 1, on_storage_error=StorageErrorAction.DENY)

    @closed.get("/", dependencies=[Depends(rate_limit(limiter, denying))])
    async def read() -> None: ...

    assert [error.status for error in describe(closed).routes[0].errors] == [429, 503]


@pytest.mark.in_process
@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"limiter": MemoryStorage()}, "give a Limiter"),
        ({"rules": []}, "there is no rule"),
        ({"rules": "a lot"}, "cannot be read"),
        ({"rules": [5]}, "5 is no rule"),
        ({"rules": ["1/minute", "1/minute"]}, "two rules count the same"),
        ({"identifier": 5}, "give a function"),
        ({"exempt": True}, "exempt is True"),
        ({"cost": 0}, "cost is 0"),
        ({"cost": "1"}, "cost is '1'"),
    ],
)
def test_mistakes_are_told_where_they_are_made(options: dict[str, Any], told: str) -> None:
    given: dict[str, Any] = {"limiter": limiter, "rules": "1/minute"}
    with pytest.raises((TypeError, ValueError), match=told):
        rate_limit(**(given | options))


@pytest.mark.in_process
@pytest.mark.parametrize(
    "decorate",
    [rate_limit(limiter, "5/hour"), message_limit(limiter, "5/hour"), concurrency_limit(limiter, 5, name="five")],
)
def test_one_that_is_taken_for_a_decorator_raises_rather_than_limit_nothing(decorate: Any) -> None:
    async def handler() -> None: ...

    with pytest.raises(TypeError, match=r"takes 0 positional arguments"):
        decorate(handler)


def test_an_address_that_is_not_there_is_counted_with_its_like_and_told_once(caplog: pytest.LogCaptureFixture) -> None:
    class Nowhere:
        client = None

    find = client_address().find
    assert [find(Nowhere()), find(Nowhere())] == [None, None]  # type: ignore[arg-type]
    assert [record.message.partition(";")[0] for record in caplog.records] == [
        "clients without an address are counted together by a rate limit"
    ]


@pytest.mark.in_process
@pytest.mark.parametrize("prefix", [{"ipv4_prefix": 0}, {"ipv4_prefix": 33}, {"ipv6_prefix": 129}])
def test_a_prefix_that_no_address_has_is_refused(prefix: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="1 to 32 and 1 to 128"):
        client_address(**prefix)
