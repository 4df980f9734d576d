"""The start and the end of an application: what is opened before the first request, and ended after the last."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from velocipy.draining import Drain
from velocipy.errors import StartupError
from velocipy.lifespan import open_lifespan
from velocipy.servers.asgi_lifespan import open_asgi_lifespan, open_mounted
from velocipy.singletons import start, stop

if TYPE_CHECKING:
    from velocipy.application import VelociPy
    from velocipy.plans.plan import Call
    from velocipy.routing.options import Route


@asynccontextmanager
async def open_application(app: VelociPy) -> AsyncIterator[dict[str, Any]]:
    """Start *app*, and yield its lifespan state: plugins and dependencies first, then its own lifespan, then what is
    mounted, then jobs.

    The end is the other way round, and begins with what still runs.
    """
    frozen = app._freeze()
    called = [*(plan.call for plan in frozen.plans if plan.call is not None), *map(app.scope().read, app._called_alone)]
    app._drain.within = [*_drains_of(frozen.mounts)]
    with app._drain.lifespan() as ending:
        async with (
            _open_plugins(app) as of_plugins,
            _open_dependencies(called),
            open_lifespan(app._lifespan, app) as own,
        ):
            state = {**of_plugins, **own}
            before, app._lifespan_state = app._lifespan_state, state
            try:
                async with open_mounted(frozen.mounts) as app._mounted_states:
                    singletons = start(app._singletons)
                    try:
                        yield state
                    finally:
                        ending()
                        await _wind_down(app, singletons)
            finally:
                app._lifespan_state = before


def _drains_of(mounts: Iterable[Route]) -> Iterator[Drain]:
    for route in mounts:
        mount: Any = route.handler
        drain = getattr(mount.target, "_drain", None)
        if isinstance(drain, Drain):
            yield drain


def _open_plugins(app: VelociPy) -> AbstractAsyncContextManager[dict[str, Any]]:
    if app._plugins is None or not app._plugins.lifespans:
        return nullcontext({})
    from velocipy.plugging import open_lifespans

    return open_lifespans(app._plugins)


@asynccontextmanager
async def _open_dependencies(called: Iterable[Call]) -> AsyncIterator[None]:
    """Enter what has a `lifespan` of all that is *called*, and that this depends on, each once."""
    found: dict[Callable[[], object], None] = {}
    seen: set[Call] = set()
    left = [*called]
    while left:
        call = left.pop()
        if call in seen:
            continue
        seen.add(call)
        left += call.calls()
        lifespan = None if isinstance(call.call, type) else getattr(call.call, "lifespan", None)
        if callable(lifespan):
            found[lifespan] = None
    async with AsyncExitStack() as stack:
        for lifespan in found:
            manager = lifespan()
            if not isinstance(manager, AbstractAsyncContextManager):
                raise StartupError(
                    f"the lifespan of a dependency, {lifespan!r}, returned a {type(manager).__name__}, which is no "
                    "async context manager.",
                    "Decorate it with contextlib.asynccontextmanager, or give the attribute another name.",
                )
            await stack.enter_async_context(manager)
        yield


async def _wind_down(app: VelociPy, singletons: set[asyncio.Task[None]]) -> None:
    """End what runs, all of it within `background_timeout`."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + app._background_timeout

    def left() -> float:
        return max(deadline - loop.time(), 0.0)

    if app._websockets is not None:  # whose handlers may leave something to do
        await app._websockets.drain(left())
    await asyncio.gather(stop(singletons, left()), app._background.drain(left()))
    if app.is_draining:  # else another lifespan of the application goes on
        await asyncio.gather(*(pool.close(left()) for pool in app.worker_pools.values()))


@asynccontextmanager
async def open_around_application(app: VelociPy) -> AsyncIterator[None]:
    """Do as `open_application`, by way of the middleware of ASGI."""
    async with open_asgi_lifespan(app._freeze().asgi, "the application", is_optional=False) as state:
        app._lifespan_state = state
        yield
