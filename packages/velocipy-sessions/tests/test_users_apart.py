"""Two users over a thousand interleaved requests: neither ever sees what is the other's."""

import asyncio
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from random import Random
from typing import Any

import pytest
from httpx2 import TransportError

from velocipy import Request, Response
from velocipy.middleware import HTTPApp
from velocipy.routing.static import StaticFiles

from . import shelf


async def remember_misses(request: Request, call_next: HTTPApp) -> Response:
    """Change the session of who gets a 404, so that the answer sets its cookie."""
    response = await call_next(request)
    if response.status_code == 404:
        request.session["missed"] = request.path
    return response


signed = shelf.make(secret_key=shelf.KEY)
stored = shelf.in_memory(on_conflict="overwrite")
for app in (signed, stored):
    app.add_middleware(remember_misses)
    app.mount("/static", StaticFiles(Path(__file__).parent))

REQUESTS = 1000
AT_ONCE = 20


class User:
    """A client that keeps its cookies, and checks that all it gets is its own."""

    def __init__(self, client: Any, name: str) -> None:
        self.client = client
        self.name = name
        self.cookies = {"session": ""}
        self.begun = False

    async def ask(self, method: str, path: str, **options: Any) -> Any:
        header = "; ".join(f"{name}={value}" for name, value in self.cookies.items() if value)
        headers = {"x-user": self.name} | ({"cookie": header} if header else {})
        while True:
            try:
                answer = await self.client.request(method, path, headers=headers, **options)
                break
            except TransportError:  # Hypercorn ends connections over HTTP/2 after 1,000 requests, amid others
                continue
        for name, rest in shelf.set_cookies(answer).items():
            assert name != "missed" or rest.startswith(f"{self.name};")
            self.cookies[name] = rest.partition(";")[0]
        return answer

    async def begin(self) -> None:
        await self.ask("POST", "/set", json={"owner": self.name})

    async def miss(self, number: int) -> None:
        answer = await self.ask("GET", ("/nowhere", "/static/nowhere", f"/nowhere/{number}")[number % 3])
        assert (answer.status_code, answer.headers["x-missed"]) == (404, self.name)
        assert set(shelf.set_cookies(answer)) == {"missed", "session"}

    async def read(self, number: int) -> None:
        answer = await self.ask("GET", "/all")
        assert answer.json()["owner"] == self.name, f"after {number} requests"

    async def write(self, number: int) -> None:
        answer = await self.ask("POST", "/set", json={f"k{number % 5}": f"{self.name} {number}"})
        assert answer.status_code in (200, 204)

    async def fail(self, number: int) -> None:
        assert (await self.ask("POST", "/nonsense")).status_code == 500


@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=pytest.mark.velocipy_app(kind)) for kind in ("signed", "stored")]
)
def test_no_user_sees_what_is_anothers(async_client: Any, kind: str) -> None:
    async def interleave() -> None:
        async_client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))  # each user keeps its own
        async with async_client:
            random = Random(kind)
            users = [User(async_client, "ada"), User(async_client, "bob")]
            for user in users:
                await user.begin()
            for begin in range(0, REQUESTS, AT_ONCE):
                calls = []
                for number in range(begin, begin + AT_ONCE):
                    user = random.choice(users)
                    calls.append(random.choice([user.miss, user.miss, user.read, user.read, user.fail])(number))
                await asyncio.gather(*calls)
                for user in users:
                    await user.write(begin)
            for user in users:
                kept = (await user.ask("GET", "/all")).json()
                assert kept.pop("owner") == user.name
                assert "nowhere" in kept.pop("missed")
                assert {value.partition(" ")[0] for value in kept.values()} == {user.name}

    asyncio.run(interleave())
