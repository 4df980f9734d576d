"""Keys of a provider, fetched from a real server that counts."""

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

pytest.importorskip("jwt", reason="the extra oidc")
pytest.importorskip("httpx2", reason="the extra oidc")

from velocipy.security import (
    JWKS,
    BoundClient,
    InvalidCredentials,
    JWTVerifier,
    ProviderUnavailable,
    TokenIntrospection,
)

from .providers import Answer, Call, Server, SigningKey, as_json, serving

CLIENT = BoundClient(allow_http=True, timeout=5)
ALGORITHMS = ["EdDSA", "RS256", "PS256", "ES256"]


class KeySet:
    """The keys that the server has."""

    def __init__(self, *keys: SigningKey) -> None:
        self.items: list[Any] = [key.jwk for key in keys]
        self.instead: Answer | None = None
        self.wait = threading.Event()
        self.wait.set()

    def __call__(self, call: Call) -> Answer:
        self.wait.wait(10)
        return self.instead or as_json({"keys": self.items})


ONE = SigningKey("one")


@pytest.fixture
def keys() -> KeySet:
    return KeySet(ONE)


@pytest.fixture
def server(keys: KeySet) -> Iterator[Server]:
    with serving(keys) as running:
        yield running


def verifier(server: Server, **options: Any) -> JWTVerifier[dict[str, Any]]:
    return JWTVerifier(JWKS(f"{server.url}/jwks", client=CLIENT, **options), algorithms=ALGORITHMS)


async def subject(verifier: JWTVerifier[dict[str, Any]], token: str) -> Any:
    return (await verifier.verify(token))["sub"]


async def is_refused(verifier: JWTVerifier[dict[str, Any]], token: str) -> bool:
    try:
        await verifier.verify(token)
    except InvalidCredentials:
        return True
    return False


def test_the_set_is_fetched_once_and_kept(server: Server) -> None:
    async def ask() -> None:
        verify = verifier(server)
        for _ in range(20):
            assert await subject(verify, ONE.sign()) == "ellie"

    asyncio.run(ask())
    assert len(server.calls) == 1
    assert server.calls[0].headers["accept-encoding"] == "identity"


def test_all_who_wait_wait_for_one_fetch(server: Server, keys: KeySet) -> None:
    async def ask() -> None:
        verify = verifier(server)
        keys.wait.clear()
        tasks = [asyncio.create_task(subject(verify, ONE.sign())) for _ in range(50)]
        await asyncio.wait(tasks, timeout=0.05)
        tasks[0].cancel()  # who leaves does not take the fetch along
        keys.wait.set()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert results[1:] == ["ellie"] * 49
        assert isinstance(results[0], asyncio.CancelledError)

    asyncio.run(ask())
    assert len(server.calls) == 1


def test_a_new_key_is_found_when_a_token_names_it(server: Server, keys: KeySet) -> None:
    two = SigningKey("two", "RS256")

    async def ask() -> None:
        verify = verifier(server, min_interval=0)
        assert await subject(verify, ONE.sign()) == "ellie"
        keys.items = [two.jwk, ONE.jwk]
        assert await subject(verify, two.sign()) == "ellie"
        assert await subject(verify, ONE.sign()) == "ellie"
        keys.items = [two.jwk]
        assert await subject(verify, two.sign()) == "ellie"

    asyncio.run(ask())
    assert len(server.calls) == 2


def test_a_key_that_is_gone_is_refused_when_the_set_is_old(server: Server, keys: KeySet) -> None:
    async def ask() -> None:
        verify = verifier(server, lifetime=1e-9, min_interval=0)
        assert await subject(verify, ONE.sign()) == "ellie"
        keys.items = [SigningKey("two").jwk]
        assert await is_refused(verify, ONE.sign())

    asyncio.run(ask())


def test_a_key_of_the_same_name_that_was_replaced(server: Server, keys: KeySet) -> None:
    other = SigningKey("one")

    async def ask() -> None:
        verify = verifier(server, lifetime=1e-9)
        assert await subject(verify, ONE.sign()) == "ellie"
        keys.items = [other.jwk]
        assert await subject(verify, other.sign()) == "ellie"
        assert await is_refused(verify, ONE.sign())

    asyncio.run(ask())


def test_a_thousand_unknown_keys_are_looked_up_once(server: Server) -> None:
    """A stranger can make up names as he likes."""
    stranger = SigningKey(None)

    async def ask() -> None:
        verify = verifier(server)
        assert await subject(verify, ONE.sign()) == "ellie"
        verify = verifier(server, min_interval=3600)
        for number in range(500):
            assert await is_refused(verify, stranger.sign({"kid": f"made-up-{number}"}))
        tokens = [stranger.sign({"kid": f"at-once-{number}"}) for number in range(500)]
        assert all(await asyncio.gather(*(is_refused(verify, token) for token in tokens)))

    asyncio.run(ask())
    assert len(server.calls) == 2  # one of each verifier


def test_an_unknown_key_is_looked_up_again_after_the_interval(server: Server, keys: KeySet) -> None:
    two = SigningKey("two")

    async def ask() -> None:
        verify = verifier(server, min_interval=0.2)
        assert await subject(verify, ONE.sign()) == "ellie"
        assert await is_refused(verify, two.sign())
        keys.items.append(two.jwk)
        async with asyncio.timeout(10):
            while await is_refused(verify, two.sign()):  # noqa: ASYNC110 - until the interval is over
                await asyncio.sleep(0.02)

    asyncio.run(ask())
    assert len(server.calls) == 2


@pytest.mark.parametrize(
    "answer",
    [
        as_json({"keys": []}, 500),
        as_json([]),
        as_json({}),
        as_json({"keys": {}}),
        (200, {}, b"no json"),
        (200, {}, b'{"keys": [' + b" " * 300_000 + b"]}"),
        (200, {"content-encoding": "gzip"}, b"\x1f\x8b"),
        (302, {"location": "/other"}, b""),
        (307, {"location": "http://127.0.0.1:1/"}, b""),
    ],
)
def test_a_server_that_fails_is_503_and_told_in_the_log_and_left_alone_for_a_while(
    server: Server, keys: KeySet, answer: Answer, caplog: pytest.LogCaptureFixture
) -> None:
    keys.instead = answer

    async def ask() -> None:
        verify = verifier(server, back_off=3600)
        for _ in range(20):
            with pytest.raises(ProviderUnavailable) as raised:
                await verify.verify(ONE.sign())
            assert (raised.value.status_code, raised.value.detail) == (503, "The identity provider cannot be reached")

    with caplog.at_level(logging.WARNING, "velocipy"):
        asyncio.run(ask())
    assert len(server.calls) == 1
    assert len(caplog.records) == 1


def test_it_is_asked_again_after_the_back_off(server: Server, keys: KeySet) -> None:
    keys.instead = as_json({}, 503)

    async def ask() -> None:
        verify = verifier(server, back_off=0.05)
        with pytest.raises(ProviderUnavailable):
            await verify.verify(ONE.sign())
        keys.instead = None
        await eventually(lambda: subject(verify, ONE.sign()))

    asyncio.run(ask())
    assert len(server.calls) == 2


async def is_available(verifier: JWTVerifier[dict[str, Any]]) -> bool:
    try:
        return bool(await subject(verifier, ONE.sign()))
    except ProviderUnavailable:
        return False


async def eventually(ask: Callable[[], Awaitable[Any]]) -> Any:
    async with asyncio.timeout(10):
        while True:
            try:
                return await ask()
            except ProviderUnavailable:
                await asyncio.sleep(0.01)


def test_while_it_fails_the_last_keys_are_good_for_a_time(server: Server, keys: KeySet) -> None:
    async def ask() -> None:
        long = verifier(server, lifetime=1e-9, max_age=3600, back_off=3600)
        short = verifier(server, lifetime=1e-9, max_age=0.2, back_off=3600)
        assert await subject(long, ONE.sign()) == await subject(short, ONE.sign()) == "ellie"
        keys.instead = as_json({}, 500)
        for _ in range(20):
            assert await subject(long, ONE.sign()) == "ellie"
        async with asyncio.timeout(10):
            while await is_available(short):  # noqa: ASYNC110 - until they are too old
                await asyncio.sleep(0.01)

    asyncio.run(ask())
    assert len(server.calls) == 4


def test_a_server_that_does_not_answer_is_waited_for_no_longer_than_said(server: Server, keys: KeySet) -> None:
    keys.wait.clear()

    async def ask() -> None:
        source = JWKS(f"{server.url}/jwks", client=BoundClient(allow_http=True, timeout=0.1))
        with pytest.raises(ProviderUnavailable):
            await JWTVerifier(source, algorithms=ALGORITHMS).verify(ONE.sign())

    asyncio.run(asyncio.wait_for(ask(), 5))
    keys.wait.set()


def test_what_is_no_key_that_verifies_is_left_out(server: Server, keys: KeySet) -> None:
    secret = {"kty": "oct", "k": "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0", "kid": "one", "alg": "HS256"}
    other = SigningKey("one")
    keys.items = [
        *(None, [], {}, "key", {"kty": "EC"}, {"kty": "RSA", "kid": "one", "n": "AQAB", "e": "AQAB"}, {"kty": ["RSA"]}),
        secret,
        {**other.jwk, "use": "enc"},
        {**other.jwk, "key_ops": ["sign"]},
        {**other.jwk, "kty": "RSA"},
        *({**SigningKey("rsa", "RS256").jwk, "alg": alg} for alg in ("none", "HS256", ["RS256"], 5)),
        {**other.jwk, "kid": 5, "x": "short"},
        ONE.jwk,
    ]

    async def ask() -> None:
        verify = verifier(server)
        assert await subject(verify, ONE.sign()) == "ellie"
        assert await is_refused(verify, other.sign())

    asyncio.run(ask())


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256", "EdDSA"])
@pytest.mark.parametrize("says_algorithm", [True, False])
@pytest.mark.parametrize("kid", ["named", None])
def test_keys_with_and_without_a_name_and_an_algorithm(
    server: Server, keys: KeySet, algorithm: str, says_algorithm: bool, kid: str | None
) -> None:
    key = SigningKey(kid, algorithm, says_algorithm=says_algorithm)
    keys.items = [ONE.jwk, key.jwk]

    async def ask() -> None:
        verify = verifier(server)
        assert await subject(verify, key.sign()) == "ellie"
        assert await is_refused(verify, SigningKey(kid, algorithm).sign())

    asyncio.run(ask())


def test_a_key_is_for_its_algorithm_alone(server: Server, keys: KeySet) -> None:
    key = SigningKey("a", "RS256")
    keys.items = [key.jwk]
    key.algorithm = "PS256"
    assert asyncio.run(is_refused(verifier(server), key.sign()))


def test_several_event_loops_share_the_set(server: Server) -> None:
    verify = verifier(server)
    for _ in range(3):
        assert asyncio.run(subject(verify, ONE.sign())) == "ellie"
    assert len(server.calls) == 1


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://id.example/jwks", "by http everybody on the way"),
        ("https://user:word@id.example/jwks", "no URL of a server"),
        ("https:///jwks", "no URL of a server"),
        ("ftp://id.example/jwks", "no URL of a server"),
        ("file:///etc/passwd", "no URL of a server"),
        ("/jwks", "no URL of a server"),
        ("https://id.example/#a", "no URL of a server"),
        ("https://id.example:port/", "no URL of a server"),
        ("https://id.example/\n", "no URL"),
        ("https://id.ex ample/", "no URL"),
        (None, "no URL"),
    ],
)
def test_what_may_not_be_asked(url: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        JWKS(url)


@pytest.mark.parametrize(
    "options", [{"lifetime": 0}, {"min_interval": -1}, {"max_age": 1}, {"back_off": 0}, {"max_age": -1}]
)
def test_numbers_that_mean_nothing(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="seconds|shorter"):
        JWKS("https://id.example/jwks", **options)


def test_public_keys_are_no_secrets() -> None:
    with pytest.raises(ValueError, match="keys of a JWKS are public"):
        JWTVerifier(JWKS("https://id.example/jwks"), algorithms=["HS256"])


@pytest.mark.parametrize("options", [{"timeout": 0}, {"max_bytes": 0}])
def test_a_client_without_bounds_is_none(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="give"):
        BoundClient(**options)


def test_another_client_is_refused_where_it_is_given() -> None:
    other: Any = object()
    with pytest.raises(TypeError, match="client is a object; give a BoundClient"):
        JWKS("https://id.example/keys", client=other)
    with pytest.raises(TypeError, match="give a BoundClient"):
        TokenIntrospection("https://id.example/introspect", client_id="a", client_secret="b", client=other)
