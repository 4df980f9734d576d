"""The rate limit as middleware: of whatever is asked for, also of what is not there."""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature
from typing import Any

from velocipy import HTTPConnection, Request, Response, WebSocket
from velocipy.limiter.asking import check_identifier, is_marker, value_of
from velocipy.limiter.dependency import refusal
from velocipy.limiter.identifiers import Identifier, client_address
from velocipy.limiter.limiter import Limiter, check_limiter
from velocipy.limiter.results import RateLimitResult, tell
from velocipy.limiter.rules import Rules, as_rules
from velocipy.middleware import HTTPApp, WebSocketApp


def _check_option(told: str, option: Any) -> None:
    """Refuse what only a dependency could make."""
    if is_marker(option):
        raise TypeError(f"{told} is a Depends, which middleware has not; give a function, or use rate_limit")
    if callable(option):
        try:
            signature(option).bind("connection")
        except (TypeError, ValueError) as error:
            problem = f"{told} is {option!r}, which middleware calls with the connection alone: {error}"
            raise TypeError(f"{problem}; give another function, or use rate_limit") from None


class RateLimitMiddleware:
    """Refuses with 429 what the rules do not let pass, and tells in every answer how it stands, errors too.

    It stands before routing, and so has no dependencies: functions take the connection alone, async or plain ones that
    do not block. Add `ForwardedMiddleware` before it. Nothing closes the limiter: use ``async with limiter`` in the
    lifespan, unless a dependency has the same one.

    Args:
        limiter: Counts.
        rules: As in `rate_limit`, or a function.
        identifier: Who is counted, by the address of the client if it is left out.
        exempt: A function that returns True for who is not counted.
        cost: As in `rate_limit`, or a function.

    Raises:
        TypeError: If an option is none of its kind.
        ValueError: If a rule cannot be read, or there is none.
    """

    def __init__(
        self,
        limiter: Limiter,
        rules: Rules | Callable[[HTTPConnection], Any],
        identifier: Identifier | str | Callable[[HTTPConnection], Any] | None = None,
        *,
        exempt: Callable[[HTTPConnection], Any] | None = None,
        cost: int | Callable[[HTTPConnection], Any] | None = None,
    ) -> None:
        check_limiter(limiter)
        for told, option in (("identifier", identifier), ("exempt", exempt), ("rules", rules), ("cost", cost)):
            _check_option(told, option)
        self._limiter = limiter
        self._rules = rules if callable(rules) else as_rules(rules)
        self._identifier = client_address() if identifier is None else identifier
        check_identifier(self._identifier)
        self._exempt = exempt
        self._cost = cost

    async def dispatch(self, request: Request, call_next: HTTPApp) -> Response:
        """Refuse *request*, or have it answered."""
        result = await self._check(request)
        if result is not None and not result.allowed:
            raise refusal(self._limiter, result)
        response = await call_next(request)
        if result is not None:
            tell(response.headers, result, self._limiter.headers)
        return response

    async def dispatch_websocket(self, websocket: WebSocket, call_next: WebSocketApp) -> None:
        """Refuse the handshake of *websocket*, or have it served."""
        result = await self._check(websocket)
        if result is not None and not result.allowed:
            raise refusal(self._limiter, result)
        await call_next(websocket)

    async def _check(self, connection: HTTPConnection) -> RateLimitResult | None:
        if self._exempt is not None and await value_of(self._exempt, connection):
            return None
        rules = self._rules if isinstance(self._rules, tuple) else as_rules(await value_of(self._rules, connection))
        who = await value_of(self._identifier, connection)
        return await self._limiter.decide(who, rules, await value_of(self._cost, connection))
