"""The rate limit as a dependency: of handlers, routers, applications and WebSockets."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from inspect import Parameter
from typing import Any

from velocipy import HTTPConnection, HTTPException, Response, WebSocketException, raises
from velocipy.limiter.asking import check_identifier, finder_of, is_dependency, take
from velocipy.limiter.backend import Identity
from velocipy.limiter.identifiers import client_address
from velocipy.limiter.limiter import Limiter, check_limiter
from velocipy.limiter.results import RateLimitResult, documented_fields, fields_of, tell
from velocipy.limiter.rules import RateLimitRule, StorageErrorAction, as_rules

UNAVAILABLE = "Rate-limit storage unavailable"

Dependency = Callable[..., Awaitable[Any]]


def refusal(limiter: Limiter, result: RateLimitResult) -> HTTPException:
    """Return the answer to a request that was refused."""
    if result.storage_failed and not result.states:
        return HTTPException(503, UNAVAILABLE)
    return HTTPException(429, headers=fields_of(result, limiter.headers))


def rate_limit(
    limiter: Limiter,
    rules: Any,
    identifier: Any = None,
    *,
    exempt: Any = None,
    cost: Any = None,
) -> Dependency:
    """Return a dependency that refuses with 429 what the rules do not let pass, before the body is read.

    ``Depends(rate_limit(limiter, rules="100/minute"))`` on a handler, ``dependencies=[...]`` of a route, a router or an
    application; of a WebSocket it refuses the handshake. Its value is the `RateLimitResult`, None where it is exempt.
    The same object counts once in a request, however many depend on it.

    Each of the options is a value, or what makes it of each request: a function with the parameters of a dependency, or
    a `Depends`. Give async functions: plain ones run in worker threads.

    Args:
        limiter: Counts.
        rules: One, several, or text such as "10/second; 100/hour"; all let it pass, or none is taken from.
        identifier: Who is counted, by the address of the client if it is left out; text for everybody together.
        exempt: Makes True for who is not counted.
        cost: In the place of what the rules say.

    Raises:
        TypeError: If an option is none of its kind.
        ValueError: If a rule cannot be read, or there is none.
    """
    check_limiter(limiter)
    identifier = client_address() if identifier is None else identifier
    check_identifier(identifier)
    if exempt is not None and not is_dependency(exempt):
        raise TypeError(f"exempt is {exempt!r}; give a function, or Depends(function)")
    asked = {"rules": rules, "identifier": identifier, "exempt": exempt, "cost": cost}
    options = {name: option for name, option in asked.items() if is_dependency(option)}
    fixed = () if "rules" in options else as_rules(rules)
    if "cost" not in options and cost is not None and (isinstance(cost, bool) or not isinstance(cost, int) or cost < 1):
        raise ValueError(f"cost is {cost!r}; give a whole number from 1, a function, or Depends(function)")

    find = finder_of(identifier)

    async def limit(
        *, connection: HTTPConnection, response: Response | None = None, **values: Any
    ) -> RateLimitResult | None:
        if not values:
            result = await limiter.decide(find(connection), fixed, cost)
        elif values.get("exempt"):
            return None
        else:
            result = await limiter.decide(
                values["identifier"] if "identifier" in values else find(connection),
                fixed or as_rules(values["rules"]),
                values.get("cost", cost),
            )
        if not result.allowed:
            raise refusal(limiter, result)
        if response is not None:
            tell(response.headers, result, limiter.headers)
        return result

    given = (Parameter("response", Parameter.KEYWORD_ONLY, annotation=Response | None),)
    take(limit, options, *(given if limiter.headers else ()))
    return as_dependency(limit, limiter, _documented(limiter, fixed))


class MessageLimit:
    """Limits what one WebSocket sends; `message_limit` makes it."""

    def __init__(self, limiter: Limiter, rules: tuple[RateLimitRule, ...], identifier: Identity) -> None:
        self._limiter = limiter
        self._rules = rules
        self._identifier = identifier

    async def check(self, cost: int | None = None) -> RateLimitResult:
        """Count a message, and close the WebSocket with 1008 if it is one too many.

        Raises:
            WebSocketException: 1008 (RFC 6455 section 7.4.1) if it is refused; 1013 if the storage fails, and that
                refuses.
            ValueError: If the cost is less than 1.
        """
        result = await self.count(cost)
        if result.allowed:
            return result
        if result.storage_failed and not result.states:
            raise WebSocketException(1013, UNAVAILABLE)
        raise WebSocketException(1008, "Too Many Messages")

    async def count(self, cost: int | None = None) -> RateLimitResult:
        """Count a message, and return the result, whatever it is."""
        return await self._limiter.decide(self._identifier, self._rules, cost)


def message_limit(
    limiter: Limiter,
    rules: Any,
    identifier: Any = None,
) -> Dependency:
    """Return a dependency whose value is a `MessageLimit`: ``await messages.check()`` for each message.

    Args:
        limiter, rules, identifier: As in `rate_limit`; found out once, at the handshake.

    Raises: as `rate_limit` does.
    """
    check_limiter(limiter)
    identifier = client_address() if identifier is None else identifier
    check_identifier(identifier)
    asked = {"rules": rules, "identifier": identifier}
    options = {name: option for name, option in asked.items() if is_dependency(option)}
    fixed = () if "rules" in options else as_rules(rules)

    find = finder_of(identifier)

    async def messages(*, connection: HTTPConnection, **values: Any) -> MessageLimit:
        who = values["identifier"] if "identifier" in values else find(connection)
        return MessageLimit(limiter, fixed or as_rules(values["rules"]), who)

    take(messages, options)
    return as_dependency(messages, limiter, [])


def _documented(limiter: Limiter, rules: tuple[RateLimitRule, ...]) -> list[Callable[[Any], Any]]:
    """Return the decorators that tell documents how it refuses; rules that requests choose may do anything."""
    found = []
    if not rules or any(rule.on_storage_error is StorageErrorAction.DENY for rule in rules):
        found.append(raises(503, UNAVAILABLE))
    if not rules or any(rule.block for rule in rules):
        found.append(raises(429, "Too Many Requests", headers=documented_fields(limiter.headers)))
    return found


def as_dependency(function: Any, limiter: Limiter, declared: Iterable[Callable[[Any], Any]]) -> Dependency:
    """Return *function* as a dependency with which *limiter* is closed, and that raises what is *declared*."""
    for declare in declared:
        function = declare(function)
    function.lifespan = limiter.lifespan
    dependency: Dependency = function
    return dependency
