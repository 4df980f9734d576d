"""Opaque tokens (RFC 7662), of a real server that counts."""

import asyncio
import base64
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

pytest.importorskip("httpx2", reason="the extra oidc")

from velocipy.security import BoundClient, InvalidCredentials, ProviderUnavailable, TokenIntrospection

from .providers import Answer, Call, Server, as_json, serving

CLIENT = BoundClient(allow_http=True)


class Issued:
    """What the server knows of tokens."""

    def __init__(self) -> None:
        self.tokens: dict[str, dict[str, Any]] = {"good": {"sub": "ellie", "scope": "a"}}
        self.instead: Answer | None = None

    def __call__(self, call: Call) -> Answer:
        assert call.method == "POST"
        said = base64.b64decode(call.headers["authorization"].removeprefix("Basic ")).decode()
        if said != "park:gate":
            return as_json({"error": "invalid_client"}, 401)
        if self.instead is not None:
            return self.instead
        claims = self.tokens.get(call.form["token"])
        return as_json({"active": False} if claims is None else {"active": True, **claims})


@pytest.fixture
def issued() -> Issued:
    return Issued()


@pytest.fixture
def server(issued: Issued) -> Iterator[Server]:
    with serving(issued) as running:
        yield running


def made(server: Server, **options: Any) -> TokenIntrospection[Any]:
    said: dict[str, Any] = {"client_id": "park", "client_secret": "gate", "client": CLIENT, **options}
    return TokenIntrospection(f"{server.url}/introspect", **said)


def test_a_good_token_gives_what_is_told_and_is_kept(server: Server) -> None:
    verify = made(server)

    async def ask() -> None:
        for _ in range(5):
            assert await verify.verify("good") == {"active": True, "sub": "ellie", "scope": "a"}

    asyncio.run(ask())
    assert len(server.calls) == 1
    assert server.calls[0].form == {"token": "good", "token_type_hint": "access_token"}


def test_what_is_told_is_nobody_elses_to_change(server: Server, issued: Issued) -> None:
    issued.tokens["good"]["roles"] = ["keeper"]
    verify = made(server)

    async def ask() -> None:
        told = await verify.verify("good")
        told["sub"] = "muldoon"
        told["roles"].append("owner")
        again = await verify.verify("good")
        assert (again["sub"], again["roles"]) == ("ellie", ["keeper"])

    asyncio.run(ask())


def test_all_who_wait_wait_for_one_answer(server: Server) -> None:
    verify = made(server)

    async def ask() -> None:
        assert len(await asyncio.gather(*(verify.verify("good") for _ in range(20)))) == 20

    asyncio.run(ask())
    assert len(server.calls) == 1


def test_a_token_that_is_not_active_is_refused_and_that_is_kept(server: Server, issued: Issued) -> None:
    verify = made(server)

    async def ask() -> None:
        for _ in range(5):
            with pytest.raises(InvalidCredentials, match="not active"):
                await verify.verify("bad")

    asyncio.run(ask())
    assert len(server.calls) == 1


def test_with_no_lifetime_a_token_that_is_revoked_is_refused_at_once(server: Server, issued: Issued) -> None:
    verify = made(server, lifetime=0, invalid_lifetime=0)

    async def ask() -> None:
        await verify.verify("good")
        issued.tokens.clear()
        with pytest.raises(InvalidCredentials):
            await verify.verify("good")
        issued.tokens["good"] = {}
        await verify.verify("good")

    asyncio.run(ask())
    assert len(server.calls) == 3


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": time.time() - 1},
        {"exp": "tomorrow"},
        {"exp": [1]},
        {"nbf": time.time() + 60},
        {"iss": "https://evil.example"},
        {"iss": None},
        {"aud": "zoo"},
        {"aud": ["zoo"]},
        {"aud": None},
    ],
)
def test_claims_that_are_wrong(server: Server, issued: Issued, claims: dict[str, Any]) -> None:
    issued.tokens["good"] = {"iss": "https://id.example", "aud": ["park"], "exp": time.time() + 60}
    verify = made(server, issuer="https://id.example", audience="park", lifetime=0)
    asyncio.run(verify.verify("good"))
    issued.tokens["good"] |= claims
    with pytest.raises(InvalidCredentials):
        asyncio.run(verify.verify("good"))


def test_what_expires_while_it_is_kept_is_refused(server: Server, issued: Issued) -> None:
    issued.tokens["good"]["exp"] = time.time() + 0.3
    verify = made(server)

    async def ask() -> None:
        await verify.verify("good")
        async with asyncio.timeout(10):
            while True:
                try:
                    await verify.verify("good")
                except InvalidCredentials:
                    return
                await asyncio.sleep(0.02)

    asyncio.run(ask())
    assert len(server.calls) == 1


@pytest.mark.parametrize(
    "answer",
    [
        *(as_json({"active": True}, 500), as_json({}, 404), as_json({}), as_json({"active": "true"}), as_json([True])),
        *((200, {}, b"{"), (302, {"location": "/"}, b"")),
    ],
)
def test_a_server_that_fails_is_503_and_asked_again(server: Server, issued: Issued, answer: Answer) -> None:
    verify = made(server)
    issued.instead = answer
    for _ in range(2):
        with pytest.raises(ProviderUnavailable):
            asyncio.run(verify.verify("good"))
    issued.instead = None
    assert asyncio.run(verify.verify("good"))["sub"] == "ellie"
    assert len(server.calls) == 3


def test_a_wrong_secret_is_a_failure_and_no_refusal(server: Server) -> None:
    with pytest.raises(ProviderUnavailable):
        asyncio.run(made(server, client_secret="wrong").verify("good"))


def test_no_more_are_kept_than_was_said(server: Server) -> None:
    verify = made(server, max_tokens=2)

    async def ask() -> None:
        for token in ("good", "a", "b", "good"):
            try:
                await verify.verify(token)
            except InvalidCredentials:
                continue

    asyncio.run(ask())
    assert len(server.calls) == 4


@dataclass
class Who:
    sub: str


def test_claims_are_a_model(server: Server, issued: Issued) -> None:
    verify = made(server, claims=Who, lifetime=0)
    assert asyncio.run(verify.verify("good")) == Who("ellie")
    issued.tokens["good"] = {"sub": 5}
    with pytest.raises(InvalidCredentials):
        asyncio.run(verify.verify("good"))


def test_a_token_of_a_megabyte_is_not_sent(server: Server) -> None:
    with pytest.raises(InvalidCredentials):
        asyncio.run(made(server).verify("a" * 1_000_000))
    assert server.calls == []


def test_mistakes_are_told() -> None:
    said: dict[str, Any] = {"client_id": "a", "client_secret": "b"}
    with pytest.raises(ValueError, match="by http everybody"):
        TokenIntrospection("http://id.example/introspect", **said)
    for option in ("lifetime", "invalid_lifetime", "max_tokens"):
        wrong: dict[str, Any] = {**said, option: -1}
        with pytest.raises(ValueError, match=option):
            TokenIntrospection("https://id.example/introspect", **wrong)
