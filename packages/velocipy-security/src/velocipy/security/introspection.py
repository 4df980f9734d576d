"""Tokens that mean nothing by themselves: the server that has issued them is asked (RFC 7662)."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from copy import deepcopy
from typing import Any, Generic, TypeVar, cast, overload
from weakref import WeakKeyDictionary

from velocipy import Secret, ValidationError, raises
from velocipy.decoders import make_decoder
from velocipy.security.fetching import BoundClient, FetchError, ProviderUnavailable, bound
from velocipy.security.refusals import InvalidCredentials
from velocipy.security.tokens import MAX_LENGTH

Claims = TypeVar("Claims")

_logger = logging.getLogger("velocipy")
_Flights = dict[bytes, "asyncio.Task[dict[str, Any] | None]"]


class TokenIntrospection(Generic[Claims]):
    """Verifies opaque tokens; `Verified(HTTPBearer(), TokenIntrospection(...))` is the dependency.

    What was answered is kept for a while, under a hash of the token: a token that is revoked passes for as long.

    Args:
        url: Of the introspection endpoint.
        client_id, client_secret: With which this application says who it is.
        issuer: What `iss` has to be, if the server tells it; None for whatever it is.
        audience: What `aud` has to have; None for whatever it is.
        lifetime: For how many seconds a good token is kept, at most until it expires; 0 to ask each time.
        invalid_lifetime: For how many seconds it is kept that a token is not good.
        max_tokens: How many are kept.
        client: How the server is asked; `BoundClient()` by default.
        claims: The type of the value: a model, of which the claims are made; a dict by default.

    Raises:
        ModuleNotFoundError: If httpx2 is not installed; the message tells the command.
        ValueError: If the URL is none that may be asked, or a number is none.
    """

    not_a_dependency = "Depend on Verified(scheme, TokenIntrospection(...)), which hands it the credentials."

    @overload
    def __init__(
        self: TokenIntrospection[dict[str, Any]],
        url: str,
        *,
        client_id: str,
        client_secret: str | Secret[str],
        issuer: str | None = None,
        audience: str | None = None,
        lifetime: float = 60,
        invalid_lifetime: float = 10,
        max_tokens: int = 10_000,
        client: BoundClient | None = None,
    ) -> None: ...

    @overload
    def __init__(
        self,
        url: str,
        *,
        client_id: str,
        client_secret: str | Secret[str],
        issuer: str | None = None,
        audience: str | None = None,
        lifetime: float = 60,
        invalid_lifetime: float = 10,
        max_tokens: int = 10_000,
        client: BoundClient | None = None,
        claims: type[Claims],
    ) -> None: ...

    def __init__(
        self,
        url: str,
        *,
        client_id: str,
        client_secret: str | Secret[str],
        issuer: str | None = None,
        audience: str | None = None,
        lifetime: float = 60,
        invalid_lifetime: float = 10,
        max_tokens: int = 10_000,
        client: BoundClient | None = None,
        claims: Any = dict,
    ) -> None:
        self._client = bound(client)
        self._url = self._client.check_url("the URL of introspection", url)
        for name, value in (("lifetime", lifetime), ("invalid_lifetime", invalid_lifetime), ("max_tokens", max_tokens)):
            if value < 0:
                raise ValueError(f"{name} is {value!r}; give a number from 0")
        secret = client_secret.get_secret_value() if isinstance(client_secret, Secret) else client_secret
        self._basic = (client_id, secret)
        self._issuer = issuer
        self._audience = audience
        self._lifetime = lifetime
        self._invalid_lifetime = invalid_lifetime
        self._max_tokens = max_tokens
        self._convert: Callable[[Any], Claims] | None = None if claims is dict else make_decoder(claims)
        self._kept: OrderedDict[bytes, tuple[float, dict[str, Any] | None]] = OrderedDict()
        self._flights: WeakKeyDictionary[asyncio.AbstractEventLoop, _Flights] = WeakKeyDictionary()

    @raises(ProviderUnavailable, headers={"Retry-After": "Seconds to wait"})
    async def __call__(self, token: str) -> Claims:
        """Return what the server tells of *token*; see `verify`."""
        return await self.verify(token)

    async def verify(self, token: str) -> Claims:
        """Return what the server tells of *token*.

        Raises:
            InvalidCredentials: If it is not active, or for somebody else.
            ProviderUnavailable: If the server does not answer as it should.
        """
        if len(token) > MAX_LENGTH:
            raise InvalidCredentials("The token is malformed")
        key = hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
        kept = self._kept.get(key)
        claims = kept[1] if kept is not None and time.monotonic() < kept[0] else await self._ask_once(key, token)
        if claims is None or not self._is_valid(claims):
            raise InvalidCredentials("The token is not active")
        claims = deepcopy(claims)  # of which a handler may change what it likes
        if self._convert is None:
            return cast("Claims", claims)
        try:
            return self._convert(claims)
        except ValidationError:
            raise InvalidCredentials("The token has other claims") from None

    def _is_valid(self, claims: dict[str, Any]) -> bool:
        now = time.time()
        expires, begins = claims.get("exp", now + 1), claims.get("nbf", now)
        if not isinstance(expires, int | float) or not isinstance(begins, int | float) or not begins <= now < expires:
            return False
        if self._issuer is not None and claims.get("iss") != self._issuer:
            return False
        audience = claims.get("aud")
        return self._audience is None or self._audience in (audience if isinstance(audience, list) else [audience])

    async def _ask_once(self, key: bytes, token: str) -> dict[str, Any] | None:
        loop = asyncio.get_running_loop()
        flights = self._flights.setdefault(loop, {})
        flight = flights.get(key)
        if flight is None:
            flight = flights[key] = loop.create_task(self._ask(key, token))
            flight.add_done_callback(lambda task: (flights.pop(key, None), task.cancelled() or task.exception()))
        return await asyncio.shield(flight)

    async def _ask(self, key: bytes, token: str) -> dict[str, Any] | None:
        form = {"token": token, "token_type_hint": "access_token"}
        try:
            status, answer = await self._client.post(self._url, form, basic=self._basic)
            if status != 200 or not isinstance(answer.get("active"), bool):
                raise FetchError(f"the answer has the status {status}, or does not tell whether the token is active")
        except FetchError as error:
            _logger.warning("a token cannot be introspected: %s", error)
            raise ProviderUnavailable from None
        claims = answer if answer["active"] else None
        self._keep(key, claims)
        return claims

    def _keep(self, key: bytes, claims: dict[str, Any] | None) -> None:
        lifetime = self._invalid_lifetime if claims is None else self._lifetime
        self._kept[key] = (time.monotonic() + lifetime, claims)
        self._kept.move_to_end(key)
        while len(self._kept) > self._max_tokens:
            self._kept.popitem(last=False)
