"""What stands around handlers, and answers in their place."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Awaitable, Callable

from velocipy import Middleware, Request, Response
from velocipy.middleware import HTTPApp
from velocipy.storage import StorageError

from velocipy_cache.cache import Cache, Place
from velocipy_cache.entries import Entry
from velocipy_cache.rules import SAFE, Policy, is_for_the_cache, knows, lifetime, oldest_age, staleness, varies_by

STATE = "velocipy_cache"  # of a request: the cache of its scope; None if a policy around is in force already
NOT_KEPT = 10.0  # seconds for which nobody waits for an answer that turned out not to be kept

_OF_304 = {"cache-control", "content-location", "date", "etag", "expires", "vary"}  # RFC 9110 section 15.4.5


def cached(
    ttl: float | None = None,
    *,
    stale: float = 0.0,
    vary: tuple[str, ...] = (),
    cookies: bool = False,
    max_size: int = 1024 * 1024,
    wait: float = 5.0,
) -> Middleware:
    """Return the middleware that caches a route or a router: `@app.get("/prices", middleware=[cached(60)])`.

    The plugin has to be plugged in around. If it caches all of its scope itself, this one does nothing. What the
    arguments mean, and what they raise, `Policy` says.
    """
    policy = Policy(ttl=ttl, stale=stale, vary=vary, cookies=cookies, max_size=max_size, wait=wait)
    return Middleware(CachedMiddleware, policy=policy)


class CachedMiddleware:
    """Caches what it stands around, in the cache of the scope."""

    def __init__(self, *, policy: Policy) -> None:
        self._policy = policy

    async def dispatch(self, request: Request, call_next: HTTPApp) -> Response:
        if STATE not in request.state:
            raise RuntimeError("cached() has no cache: plug CachePlugin() into the application, or a router around")
        cache: Cache | None = request.state[STATE]
        if cache is None:
            return await call_next(request)
        return await _answer(cache, self._policy, request, call_next)


class ScopeMiddleware:
    """Stands around a scope: caches all of it if there is a policy, and forgets what unsafe requests change."""

    def __init__(self, *, cache: Cache, policy: Policy | None) -> None:
        self._cache = cache
        self._policy = policy

    async def dispatch(self, request: Request, call_next: HTTPApp) -> Response:
        if self._policy is not None:
            request.state[STATE] = None
            response = await _answer(self._cache, self._policy, request, call_next)
        else:
            request.state[STATE] = self._cache
            response = await call_next(request)
        if request.method not in SAFE and response.status_code < 400:  # RFC 9111 section 4.4
            await self._cache.delete(request.path)
        return response


async def _answer(cache: Cache, policy: Policy, request: Request, call_next: HTTPApp) -> Response:
    if cache.is_paused or not is_for_the_cache(request, policy):
        return await call_next(request)
    answered: list[Response] = []

    async def call_once(request: Request) -> Response:
        answered.append(await call_next(request))
        return answered[0]

    try:
        return await _cached(cache, policy, request, call_once)
    except StorageError as error:
        cache.pause(error)
        return answered[0] if answered else await call_next(request)


async def _cached(
    cache: Cache, policy: Policy, request: Request, call: Callable[[Request], Awaitable[Response]]
) -> Response:
    """Return the answer, from the cache or to be kept.

    Raises:
        StorageError: At any point; the handler may have answered by then.
    """
    place = await cache.look_up(request, policy.vary)
    if (hit := _hit(request, place)) is not None:
        return hit
    if request.method == "HEAD" or _is_not_kept(place):
        return await call(request)
    if oldest_age(request) < 0:  # who insists waits for nobody
        return await _compute(cache, policy, request, call, place)
    async with cache.lock(place, policy.wait) as is_ours:
        if is_ours:
            place = await cache.look_up(request, policy.vary)  # another may have computed it since
            return _hit(request, place) or await _compute(cache, policy, request, call, place)
    if place.entry is not None and place.entry.stale_until > time.time():
        return _response(request, place.entry)
    place = await cache.wait(request, policy.vary, place, policy.wait)
    if (hit := _hit(request, place)) is not None:
        return hit
    return await (call(request) if _is_not_kept(place) else _compute(cache, policy, request, call, place))


def _hit(request: Request, place: Place) -> Response | None:
    entry = place.entry
    now = time.time()
    if entry is None or not entry.status or entry.fresh_until <= now or now - entry.stored > oldest_age(request):
        return None
    return _response(request, entry)


def _is_not_kept(place: Place) -> bool:
    return place.entry is not None and not place.entry.status


async def _compute(
    cache: Cache, policy: Policy, request: Request, call: Callable[[Request], Awaitable[Response]], place: Place
) -> Response:
    response = await call(request)
    now = time.time()
    if response.status_code >= 500:
        stale = place.entry
        return response if stale is None or stale.stale_until <= now else _response(request, stale)
    for name in policy.vary:
        response.headers.add_vary(name)
    fresh = lifetime(response, policy)
    body = response.body
    if fresh > 0 and (body is None or isinstance(body, bytes)):
        if body and "etag" not in response.headers:
            response.headers["etag"] = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        headers = response.headers.items()
        until = now + fresh
        entry = Entry(response.status_code, headers, body, [], now, until, until + staleness(response, policy))
        await cache.store(request, place, entry, varies_by(response))
        if knows(request, response.headers.get("etag")):
            return _not_modified(response.headers.items())
    elif response.status_code != 304:
        entry = Entry(0, [], None, [], now, now + NOT_KEPT, now + NOT_KEPT)
        await cache.store(request, place, entry, set())
    return response


def _response(request: Request, entry: Entry) -> Response:
    age = str(max(0, int(time.time() - entry.stored)))
    headers = [*((name, value) for name, value in entry.headers if name != "age"), ("age", age)]
    if knows(request, dict(entry.headers).get("etag")):
        return _not_modified(headers)
    return Response(entry.body, entry.status, headers)


def _not_modified(headers: list[tuple[str, str]]) -> Response:
    return Response(None, 304, [(name, value) for name, value in headers if name in _OF_304 or name == "age"])
