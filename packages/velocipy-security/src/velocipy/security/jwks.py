"""The keys of a provider (RFC 7517): fetched, kept, and fetched again when it signs with another."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from velocipy import raises
from velocipy.security.fetching import BoundClient, FetchError, ProviderUnavailable, bound
from velocipy.security.tokens import MINIMUM_RSA, import_jwt

_KIND = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}
_MAX_KEYS = 64
_MAX_BACK_OFF = 60.0  # seconds
_logger = logging.getLogger("velocipy")


class PublicKey(NamedTuple):
    """A key of a set, as cryptography has it; `algorithm` is the only one that it is for, None for all of its kind."""

    kid: str | None
    kind: str
    algorithm: str | None
    key: Any


class JWKS:
    """The set of keys at a URL, for `JWTVerifier`.

    It is fetched when it is first needed, once for all who wait; again when it is old; and when a token names a key
    that is not in it, for the provider may have a new one: not more often than `min_interval`, however many tokens
    name keys that there are not. While the provider fails, it is asked less and less often, and the keys that were
    fetched last are good for `max_age`.

    Args:
        url: Where it is; or an async function that returns the URL.
        client: How it is fetched; `BoundClient()` by default.
        lifetime: For how many seconds it is kept before it is fetched again.
        min_interval: How many seconds are between two fetches, at least.
        max_age: For how many seconds it may be used while it cannot be fetched again.
        back_off: After how many seconds it is tried again when it has failed; twice as many each time, up to a minute.

    Raises:
        ModuleNotFoundError: If PyJWT or httpx2 is not installed; the message tells the command.
        ValueError: If the URL is none that may be asked, or a number is none.
    """

    def __init__(
        self,
        url: str | Callable[[], Awaitable[str]],
        *,
        client: BoundClient | None = None,
        lifetime: float = 300,
        min_interval: float = 30,
        max_age: float = 86400,
        back_off: float = 1,
    ) -> None:
        self._jwt = import_jwt()
        self._client = bound(client)
        self._url = url if callable(url) else self._client.check_url("the URL of a JWKS", url)
        for name, value in (("lifetime", lifetime), ("max_age", max_age), ("back_off", back_off)):
            if not value > 0:
                raise ValueError(f"{name} is {value!r}; give seconds over 0")
        if min_interval < 0:
            raise ValueError(f"min_interval is {min_interval!r}; give seconds from 0")
        if max_age < lifetime:
            raise ValueError(f"max_age={max_age} is shorter than lifetime={lifetime}; keys are used that long anyway")
        self._lifetime = lifetime
        self._min_interval = min_interval
        self._max_age = max_age
        self._back_off = back_off
        self._keys: list[PublicKey] = []
        self._fetched = self._tried = float("-inf")
        self._failures = 0
        self._flights: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Task[None]] = WeakKeyDictionary()

    @raises(ProviderUnavailable, headers={"Retry-After": "Seconds to wait"})
    async def keys_for(self, kid: str | None, algorithm: str) -> list[Any]:
        """Return the keys that may have signed a token with these headers.

        Raises:
            ProviderUnavailable: If the set cannot be fetched, and there is none that may still be used.
        """
        if time.monotonic() - self._fetched >= self._lifetime:
            await self._refresh()
        if time.monotonic() - self._fetched >= self._max_age:
            raise ProviderUnavailable
        found = self._find(kid, algorithm)
        if not found and kid is not None and time.monotonic() - self._tried >= self._min_interval:
            await self._refresh()
            found = self._find(kid, algorithm)
        return found

    def _find(self, kid: str | None, algorithm: str) -> list[Any]:
        return [
            item.key
            for item in self._keys
            if (kid is None or item.kid is None or item.kid == kid)
            and item.kind == _KIND.get(algorithm[:2])
            and item.algorithm in (None, algorithm)
        ]

    async def _refresh(self) -> None:
        """Fetch the set, unless it is too soon after a failure; whoever asks meanwhile waits for the same fetch."""
        loop = asyncio.get_running_loop()
        flight = self._flights.get(loop)
        if flight is None:
            pause = min(self._back_off * 2 ** min(self._failures - 1, 16), _MAX_BACK_OFF) if self._failures else 0.0
            if time.monotonic() - self._tried < pause:
                return
            self._tried = time.monotonic()
            flight = self._flights[loop] = loop.create_task(self._fetch())
            flight.add_done_callback(lambda _: self._flights.pop(loop, None))
        await asyncio.shield(flight)  # the fetch is not only for who is cancelled here

    async def _fetch(self) -> None:
        try:
            url = await self._url() if callable(self._url) else self._url
            keys = (await self._client.get(url)).get("keys")
            if not isinstance(keys, list):
                raise FetchError("the answer is no set of keys")
        except (FetchError, ProviderUnavailable) as error:
            self._failures += 1
            _logger.warning("the keys of the identity provider cannot be fetched: %s", error)
        except BaseException:
            self._failures += 1
            raise
        else:
            self._keys = [key for item in keys[:_MAX_KEYS] if (key := self._read(item)) is not None]
            self._fetched = time.monotonic()
            self._failures = 0

    def _read(self, item: Any) -> PublicKey | None:
        """Return a key; None for what is none that verifies signatures: another may be there for something else."""
        if not isinstance(item, dict) or item.get("kty") not in _KIND.values() or item.get("use", "sig") != "sig":
            return None
        operations = item.get("key_ops")
        if isinstance(operations, list) and "verify" not in operations:
            return None
        public = {name: value for name, value in item.items() if name not in ("d", "p", "q", "dp", "dq", "qi", "oth")}
        try:
            read = self._jwt.PyJWK(public)
        except (
            Exception
        ):  # whatever stands there, the other keys are good: so UnsupportedAlgorithm, NotImplementedError
            return None
        if item["kty"] == "RSA":
            if read.key.key_size < MINIMUM_RSA:
                return None
            algorithm = item.get("alg")
        else:  # a curve is for one algorithm
            algorithm = read.algorithm_name
        kid = item.get("kid")
        return PublicKey(kid if isinstance(kid, str) else None, item["kty"], algorithm, read.key)
