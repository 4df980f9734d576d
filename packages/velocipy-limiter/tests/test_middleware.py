"""The middleware: of what is there and what is not, of WebSockets, and of errors."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest

from velocipy import Depends, HTTPConnection, HTTPException, VelociPy, WebSocket
from velocipy.limiter import Limiter, RateLimitMiddleware, rate_limit
from velocipy.limiter.identifiers import header
from velocipy.limiter.storage import MemoryStorage
from velocipy.testing import TestClient, WebSocketDenied


async def plan(connection: HTTPConnection) -> str:
    return "5/hour" if connection.header("x-plan") == "gold" else "3/hour"


def create_app() -> VelociPy:
    app = VelociPy()
    app.add_middleware(
        RateLimitMiddleware,
        limiter=Limiter(MemoryStorage(), headers=["ratelimit", "x-ratelimit"]),
        rules=plan,
        identifier=header("X-Tenant"),
        exempt=lambda connection: connection.path == "/health",
    )

    @app.get("/health")
    async def health() -> None: ...

    @app.get("/error")
    async def error() -> None:
        raise HTTPException(418)

    tight = rate_limit(
        Limiter(MemoryStorage(), headers=["ratelimit", "x-ratelimit"]), "tight: 2/hour", header("X-Tenant")
    )

    @app.get("/tight", dependencies=[Depends(tight)])
    async def tightly() -> None: ...

    @app.websocket("/chat")
    async def chat(websocket: WebSocket) -> None:
        await websocket.accept()

    return app


tenants = count()


@pytest.fixture
def headers() -> dict[str, str]:
    return {"X-Tenant": f"tenant{next(tenants)}"}


def test_what_is_not_there_counts_and_every_answer_tells(client: TestClient, headers: dict[str, str]) -> None:
    answers = [client.get(path, headers=headers) for path in ("/error", "/nowhere", "/nowhere", "/error")]
    assert [answer.status_code for answer in answers] == [418, 404, 404, 429]
    assert [answer.headers["ratelimit"].partition(";t")[0] for answer in answers] == [
        f'"3/3600s";r={left}' for left in (2, 1, 0, 0)
    ]
    assert answers[3].json() == {"detail": "Too Many Requests"}
    assert "retry-after" in answers[3].headers


def test_limits_around_each_other_are_all_told_and_numbers_are_of_the_tightest(
    client: TestClient, headers: dict[str, str]
) -> None:
    answers = [client.get("/tight", headers=headers | {"X-Plan": "gold"}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [204, 204, 429]
    for answer, left, around in zip(answers, (1, 0, 0), (4, 3, 2), strict=True):
        told = [item.strip().partition(";t")[0] for item in answer.headers["ratelimit"].split(",")]
        assert told == [f'"tight";r={left}', f'"5/3600s";r={around}']
        assert answer.headers["ratelimit-policy"] == '"tight";q=2;w=3600, "5/3600s";q=5;w=3600'
        assert (answer.headers["x-ratelimit-limit"], answer.headers["x-ratelimit-remaining"]) == ("2", str(left))


def test_rules_are_chosen_and_some_are_exempt(client: TestClient, headers: dict[str, str]) -> None:
    gold = headers | {"X-Plan": "gold"}
    assert [client.get("/nowhere", headers=gold).status_code for _ in range(6)] == [404] * 5 + [429]
    answer = client.get("/health", headers=gold)
    assert (answer.status_code, "ratelimit" in answer.headers) == (204, False)


def test_websockets_count_and_are_refused(client: TestClient, headers: dict[str, str]) -> None:
    for _ in range(3):
        with client.websocket_connect("/chat", headers=headers):
            pass
    with pytest.raises(WebSocketDenied), client.websocket_connect("/chat", headers=headers):
        pass


@pytest.mark.in_process
@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"limiter": None}, "give a Limiter"),
        ({"rules": []}, "there is no rule"),
        ({"identifier": Depends(plan)}, "middleware has not"),
        ({"exempt": Depends(plan)}, "middleware has not"),
        ({"rules": Depends(plan)}, "middleware has not"),
        (
            {"identifier": lambda connection, user: user},
            "alone: missing .* 'user'; .* use rate_limit",
        ),
        ({"cost": lambda: 1}, "with the connection alone"),
        ({"identifier": 5}, "give a function"),
    ],
)
def test_mistakes_are_told_at_once(options: dict[str, Any], told: str) -> None:
    given: dict[str, Any] = {"limiter": Limiter(MemoryStorage()), "rules": "1/minute"}
    with pytest.raises((TypeError, ValueError), match=told):
        RateLimitMiddleware(**(given | options))
