"""The application: gathers routes and options, freezes them once, and is its own ASGI and RSGI callable."""

from __future__ import annotations

import asyncio
import os
from collections import UserDict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from velocipy.background import Background
from velocipy.concurrency import MAX_THREADS, WorkerPool
from velocipy.draining import Drain
from velocipy.errors import StartupError, StartupErrorGroup
from velocipy.http.forms import FormLimits
from velocipy.http.middleware import Middleware, as_middleware
from velocipy.routing.router import Declared, Router
from velocipy.serialization import JSONCodec, default_codec
from velocipy.servers import asgi, rsgi
from velocipy.types import ExceptionHandler, ExceptionKey, Handler, Lifespan, State

if TYPE_CHECKING:
    from velocipy.freezing import Frozen, Match
    from velocipy.http.response import Response
    from velocipy.lifespan import LifespanTask
    from velocipy.models import ModelAdapter
    from velocipy.plans.layers import Layers
    from velocipy.plans.misses import Slashes
    from velocipy.plans.plan import Plan
    from velocipy.plans.scope import Scope
    from velocipy.plugin import Plugin
    from velocipy.routing.mounts import Mount
    from velocipy.routing.options import OnDisconnect, Route
    from velocipy.routing.plugged import Plugins
    from velocipy.routing.versions import APIVersion
    from velocipy.servers.websockets import OpenWebSockets
    from velocipy.singletons import Lock, Singleton

MAX_CONTENT_LENGTH = 16 * 1024 * 1024
MULTIPART_MAX_MEMORY_SIZE = 1024 * 1024
MAX_QUERY_FIELDS = 1000
MAX_HEADER_FIELDS = 100
ROOT_PATH = "VELOCIPY_ROOT_PATH"
DEFAULT_FORM_LIMITS = FormLimits()


class VelociPy(Router):
    """A web application: the callable that RSGI and ASGI servers serve.

    Declaring routes only records them. The application freezes when the server starts it, or at the first request: then
    every plan is compiled, and every mistake in the program is reported at once.

    Args:
        title, version, summary, description, terms_of_service, contact, license_info, servers, openapi_tags, responses:
            For documents.
        debug: Whether the answer to an unhandled exception tells its traceback. Never in production.
        lifespan: Takes the application and returns an async context manager, entered before the first request and left
            after the last, by one task. A mapping that it yields is what every `request.state` starts with.
        docs_url: Where the documentation page is served, if `velocipy-openapi` is installed; None for nowhere.
        openapi_url: Where the OpenAPI document is served, likewise.
        max_content_length: How many bytes a body may have before it is refused with 413; 16 MiB by default, None for
            any number.
        multipart_max_memory_size: How many bytes of a multipart form are held in memory, 1 MiB by default: files beyond
            it go to disk, text beyond it is refused with 413.
        form_limits: How many parts a form may have, and how large they may be.
        timeout: Seconds after which a handler that has not answered is cancelled, and a 504 sent; None by default, for
            any number.
        on_disconnect: What becomes of a handler whose client leaves; see `RouteOptions`.
        max_query_fields: How many fields a query may have before it is refused with 400; 1000 by default, None for any
            number.
        max_header_fields: How many header fields `request.headers` gathers before it refuses them with 431; 100 by
            default, None for any number.
        json_encoder: The JSON codec; that of msgspec by default if it is installed, else the standard library's.
        model_adapters: Adapters for the models of further libraries, asked before the built-in ones.
        exception_handlers: What answers, by exception class or status code; see `add_exception_handler`.
        dependencies: Called before every handler, as `Depends(function)`.
        middleware: Around everything, the first outermost; see `add_middleware`.
        default_response_class: Made of what a handler returns, where its route has no `response_class`.
        problem_details: Whether errors are told as application/problem+json (RFC 9457) rather than `{"detail": ...}`.
        namespace: Names that annotations may mean besides those of their module, such as what is imported under
            TYPE_CHECKING alone.
        convertors: Types by the names that paths may use for them, as in "/{name:slug}".
        slashes: What a path is that has a slash more or fewer than its route: the same path ("merge"), another path
            ("strict"), or another path that redirects to the right one ("redirect").
        versioning: Where a request says which version of the API it asks for; in the path by default. See `Router`.
        validate_response: Whether answers are checked against their types before they leave; for development.
        root_path: The path below which a proxy serves the application, such as "/api"; else what the server says of it
            (`--root-path`, ASGI alone), else the environment variable VELOCIPY_ROOT_PATH.
        worker_pools: How many threads each pool has in which plain functions run, by its name; more calls wait. Routes
            choose one by `pool=`. "default" has 40 if nothing else is said.
        max_background_tasks: How many requests may have their `BackgroundTasks` run at once, and how many tasks of
            `add_task` may run.
        background_timeout: Seconds that all of them, handlers of WebSockets, singletons and what runs in worker pools
            are waited for when the application stops.
        plugins: Plugins, or their names, that add to the application; "installed" for all that are installed, in the
            order of their names. See `plug`.

    Attributes:
        state: What the application keeps for itself, such as a pool opened in the lifespan.
        worker_pools: The pools by name: each tells its `size`, how many functions are `busy` and `waiting`, and calls
            one more by `await pool.run(function, ...)`.

    Raises:
        ValueError: If a limit is negative, or a pool has no thread.
    """

    def __init__(
        self,
        title: str = "VelociPy",
        version: str = "0.1.0",
        *,
        summary: str | None = None,
        description: str | None = None,
        terms_of_service: str | None = None,
        contact: Mapping[str, Any] | None = None,
        license_info: Mapping[str, Any] | None = None,
        servers: Iterable[Mapping[str, Any]] | None = None,
        openapi_tags: Iterable[Mapping[str, Any]] | None = None,
        responses: Mapping[int | str, Any] | None = None,
        debug: bool = False,
        lifespan: Lifespan | None = None,
        docs_url: str | None = "/docs",
        openapi_url: str | None = "/openapi.json",
        max_content_length: int | None = MAX_CONTENT_LENGTH,
        multipart_max_memory_size: int = MULTIPART_MAX_MEMORY_SIZE,
        form_limits: FormLimits = DEFAULT_FORM_LIMITS,
        timeout: float | None = None,
        on_disconnect: OnDisconnect | None = None,
        max_query_fields: int | None = MAX_QUERY_FIELDS,
        max_header_fields: int | None = MAX_HEADER_FIELDS,
        json_encoder: JSONCodec | None = None,
        model_adapters: Sequence[ModelAdapter] = (),
        exception_handlers: Mapping[ExceptionKey, ExceptionHandler] | None = None,
        dependencies: Iterable[Any] | None = None,
        middleware: Iterable[Any] = (),
        default_response_class: type[Response] | None = None,
        problem_details: bool = False,
        namespace: Mapping[str, Any] | None = None,
        convertors: Mapping[str, Any] | None = None,
        slashes: Slashes = "merge",
        versioning: APIVersion | None = None,
        validate_response: bool = False,
        root_path: str = "",
        worker_pools: Mapping[str, int] | None = None,
        max_background_tasks: int = 100,
        background_timeout: float = 20.0,
        plugins: Iterable[Plugin | str] | Literal["installed"] = (),
    ) -> None:
        if slashes not in ("merge", "strict", "redirect"):
            raise ValueError(f"slashes is 'merge', 'strict' or 'redirect', not {slashes!r}")
        if versioning is not None and not hasattr(versioning, "asked"):
            raise TypeError("versioning is an APIVersion, such as APIVersion.from_header()")
        if multipart_max_memory_size < 0:
            raise ValueError(f"multipart_max_memory_size is {multipart_max_memory_size}; give bytes from 0")
        for name, limit in (("max_query_fields", max_query_fields), ("max_header_fields", max_header_fields)):
            if limit is not None and limit < 0:
                raise ValueError(f"{name} is {limit}; give a number from 0, or None for no limit")
        self.title = title
        self.version = version
        self.summary = summary
        self.description = description
        self.terms_of_service = terms_of_service
        self.contact = contact
        self.license_info = license_info
        self.servers = list(servers or ())
        self.openapi_tags = list(openapi_tags or ())
        self.debug = debug
        self.docs_url = docs_url
        self.openapi_url = openapi_url
        self.multipart_max_memory_size = multipart_max_memory_size
        self.max_query_fields = max_query_fields
        self.max_header_fields = max_header_fields
        self.state = State()
        if lifespan is not None and (not callable(lifespan) or hasattr(lifespan, "__aenter__")):
            if isinstance(lifespan, (list, tuple)):
                raise TypeError("lifespan is one function; have it enter the others, in a contextlib.AsyncExitStack")
            raise TypeError("lifespan is the function itself, which takes the application: do not call it")
        self._lifespan = lifespan
        self._codec = json_encoder or default_codec()
        self._model_adapters = tuple(model_adapters)
        self._overrides = _Overrides(self._changed)
        self._problem_details = problem_details
        self._namespace = dict(namespace or {})
        self._convertors = dict(convertors or {})
        self._slashes: Slashes = slashes
        self._versioning = versioning
        self._validate_response = validate_response
        self._layers: Layers | None = None
        self._asgi_middleware: list[Middleware] = []
        self._root_path = _checked_root_path("root_path", root_path)
        self._default_root_path = self._root_path or _checked_root_path(ROOT_PATH, os.environ.get(ROOT_PATH, ""))
        self._websockets: OpenWebSockets | None = None
        sizes = {"default": MAX_THREADS, **(worker_pools or {})}
        self.worker_pools: Mapping[str, WorkerPool] = MappingProxyType(
            {name: WorkerPool(name, size) for name, size in sizes.items()}
        )
        self._background = Background(max_background_tasks, self.worker_pools["default"])
        self._background_timeout = background_timeout
        self._drain = Drain()
        self._singletons: list[Singleton] = []
        self._called_alone: list[Callable[..., Any]] = []  # outside requests, and looked at at the start
        self._plugins: Plugins | None = None
        self._lifespan_state: dict[str, Any] = {}
        self._mounted_states: dict[int, dict[str, Any]] = {}
        self._lifespan_tasks: dict[asyncio.AbstractEventLoop, LifespanTask] = {}
        super().__init__(
            dependencies=dependencies,
            middleware=middleware,
            max_content_length=max_content_length,
            form_limits=form_limits,
            timeout=timeout,
            on_disconnect=on_disconnect,
            pool="default",
            exception_handlers=exception_handlers,
            default_response_class=default_response_class,
            responses=responses,
            plugins=[plugins] if isinstance(plugins, str) else plugins,
        )
        self._changed()

    __call__ = asgi.serve
    __rsgi__ = rsgi.serve

    # -- declaring ---------------------------------------------------------------------------------------------------

    @property
    def dependency_overrides(self) -> UserDict[Handler, Handler]:
        """What stands in for a dependency, by the original; for tests. Changes count from the next request on."""
        return self._overrides

    @dependency_overrides.setter
    def dependency_overrides(self, overrides: Mapping[Handler, Handler]) -> None:
        self._overrides = _Overrides(self._changed, overrides)
        self._changed()

    @property
    def routes(self) -> list[Route]:
        """Every route in the order of declaration, those of included routers last, with their full paths.

        Those that plugins add are there when the application has frozen.
        """
        from velocipy.routing.around import Around, Inclusion

        exact = self._slashes != "merge"
        around = Around(version_in_path=self._versioning is None, exact_slashes=exact, plugins=self._plugins)
        return list(self._collect(around, Inclusion(self)))

    def add_health(self, path: str = "/health") -> None:
        """Answer GET at *path* with 200 as long as the process answers at all. Not in documents."""
        from velocipy.health import answer_health

        self.add_route(path, answer_health, include_in_schema=False)

    def add_readiness(
        self, path: str = "/ready", checks: Iterable[Callable[..., Any]] = (), *, timeout: float = 5.0
    ) -> None:
        """Answer GET at *path* with 200 if the application may have requests, else with 503. Not in documents.

        It may not while it drains, nor when one of the *checks* fails. The answer tells what came of each by its name
        ("ok", "failed", "timeout"); why is in the log.

        Args:
            path: Where.
            checks: Functions that raise, or return False, when something is missing. They may depend on what a
                function called by `scope` may, run together, and each once at a time.
            timeout: Seconds that each of them may take.

        Raises:
            TypeError: If a check cannot be called.
            ValueError: If two have the same name, or the time is none. What they depend on is looked at when the
                application starts.
        """
        from velocipy.health import Readiness

        checks = list(checks)
        self.add_route(path, Readiness(self, checks, timeout).answer, include_in_schema=False)
        self._called_alone += checks

    def add_asgi_middleware(self, middleware: Callable[..., Any] | Middleware, /, **options: Any) -> None:
        """Put *middleware* of ASGI around the application, within what was added before.

        It stands outside of what `add_middleware` adds, sees requests, WebSockets and the lifespan, and works on RSGI
        as well, where it is given what ASGI servers would.

        Args:
            middleware: What makes an ASGI application around another: a class, or a function, that is called with the
                application and the options.
            **options: What else it is called with.

        Raises:
            TypeError: If it cannot be called. What else is wrong with it is told when the application starts.
        """
        if not callable(middleware) and not isinstance(middleware, Middleware):
            raise TypeError(f"{middleware!r} is no middleware of ASGI: give a class, or a function, that takes `app`")
        self._asgi_middleware.append(as_middleware(middleware, options))
        self._changed()

    def _check_not_started(self) -> None:
        if self._drain.is_in_lifespan:
            raise RuntimeError(
                "plugins are set up when the application starts, and it has started; plug them in before"
            )

    def _around_routes(self, added: Iterable[Router]) -> list[Middleware]:
        return []  # that of the application stands around routing itself

    # -- freezing ----------------------------------------------------------------------------------------------------

    def freeze(self) -> tuple[Plan, ...]:
        """Compile every route now, and return the plans; servers do it by themselves.

        Raises:
            StartupError: The one mistake in the program that was found.
            StartupErrorGroup: All mistakes, if there are several.
        """
        return self._freeze().plans

    def _freeze(self) -> Frozen:
        from velocipy.freezing import Settings, freeze
        from velocipy.plans.layers import Layers
        from velocipy.routing.plugged import Plugins

        self._layers = self._layers or Layers()
        faults: list[StartupError] = []
        plugins = self._plugins = self._plugins or Plugins(self)
        if self.docs_url or self.openapi_url:
            self._plug_documents()
        if any(router._plugs for router in (self, *self._all_included())):
            from velocipy.plugging import set_up

            set_up(self, plugins, faults)
        routes, plugged = self.routes, plugins.of_application
        if faults:
            self._plugins = None  # the next start begins anew
        elif plugins.checked:
            from velocipy.plugging import check

            check(plugins.checked, routes, faults)
        frozen = freeze(
            routes,
            Settings(
                self._codec,
                (*self._model_adapters, *plugins.model_adapters),
                self._overrides,
                {**plugged.added.exception_handlers, **self.exception_handlers},
                self.limits,
                self.debug,
                self._problem_details,
                self._namespace,
                {**plugins.convertors, **self._convertors},
                self._slashes,
                self._versioning,
                self._validate_response,
                super()._around_routes([plugged.added]),
                self._asgi_middleware,
                partial(asgi.serve_within, self),
                self._layers,
                self.worker_pools,
                plugged.on_exception,
            ),
            faults,
        )
        self._frozen: Frozen | None = frozen
        self._find: Callable[[str, str], Match] = frozen.find
        self._find_websocket: Callable[[str], Match] = frozen.find_websocket
        self._failures = frozen.failures
        if plugins.has_hooks:
            from velocipy.plugging import call_hooks

            try:
                call_hooks(self, plugins)
            except StartupError:
                self._changed()
                raise
        return frozen

    def _plug_documents(self) -> None:
        """Plug in the plugin of documents if it is installed, which alone is there without being named."""
        from importlib.util import find_spec

        is_there = any("openapi" in (plug.plugin, getattr(plug.plugin, "name", "")) for plug in self._plugs)
        spec = None if is_there else find_spec("velocipy.openapi")
        if spec is not None and spec.submodule_search_locations:  # else it is what stands in for it
            from importlib import import_module

            self.plug(import_module("velocipy.openapi").OpenAPIPlugin())

    def _ready(self) -> Frozen:
        return self._frozen or self._freeze()

    def _changed(self) -> None:
        self._frozen = None
        self._bridge: Match | None = None  # made of what is frozen, for RSGI
        self._find = self._freeze_and_find
        self._find_websocket = self._freeze_and_find_websocket

    def _freeze_and_find(self, method: str, path: str) -> Match:
        return self._freeze().find(method, path)

    def _freeze_and_find_websocket(self, path: str) -> Match:
        return self._freeze().find_websocket(path)

    def _bridged(self) -> Match:
        from velocipy.servers.bridge import bridged

        if self._bridge is None:
            frozen = self._ready()
            self._bridge = bridged(frozen.asgi, frozen.miss), ()
        return self._bridge

    def _pass_on(self, mount: Mount, connection: Any, path: str) -> Awaitable[Any]:
        """Have what is mounted answer *connection*, whose path ends with *path*."""
        from velocipy.servers.bridge import pass_on

        return pass_on(mount, connection, path)

    def _knows(self, path: str) -> bool:
        """Tell whether any route has *path*."""
        return self._ready().knows(path)

    def _is_websocket(self, name: str) -> bool:
        """Tell whether the route *name* is that of a WebSocket."""
        template = self._ready().names.get(name)
        return template is not None and template.is_websocket

    def url_for(self, name: str, /, **values: Any) -> str:
        """Return the path of the route *name*, with *values* in their places; further values become the query.

        Of a route that has a host it is "//host/path" (RFC 3986 section 4.2).

        Raises:
            KeyError: If there is no such route, or a value of its path is missing.
            ValueError: If a value of its path is empty.
        """
        from velocipy.routing.urls import build_path

        names = self._ready().names
        if name not in names:
            raise KeyError(f"no route is named {name!r}; there are {', '.join(sorted(names)) or 'none'}")
        return build_path(names[name], values)

    def scope(self) -> Scope:
        """Return a context in which functions are called with their dependencies, outside a request.

        `async with app.scope() as scope: await scope.call(function)`
        """
        from velocipy.plans.scope import Scope

        models = self._ready().models
        sources = self._plugins.of_application.sources if self._plugins else {}
        return Scope(models, self._overrides, self.worker_pools["default"], sources)

    def add_task(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> asyncio.Task[Any]:
        """Call *function* in a task that belongs to the application, and return the task, to await or to cancel.

        It begins at once, in a copy of this context, and is neither cancelled with its request nor when the client
        leaves. When the application stops, it has `background_timeout` seconds; one that goes on until then ends with
        `wait_for_drain`. Plain functions run in a worker thread. A failure is logged, with the id of the request if
        `RequestIDMiddleware` gave it one.

        Raises:
            HTTPException: 503, if `max_background_tasks` of them run already.
            TypeError: If *function* cannot be called, as the result of a call cannot.
            RuntimeError: Outside the event loop, such as in a plain handler; `BackgroundTasks` work there.
        """
        return self._background.detach(function, *args, **kwargs)

    def singleton(self, function: Declared) -> Declared:
        """Have the async *function* run in one of the workers at a time: a decorator that does `add_singleton`."""
        self.add_singleton(function)
        return function

    def add_singleton(self, function: Callable[..., Any], *, name: str | None = None, lock: Lock | None = None) -> None:
        """Have *function* run in one of the workers at a time, from the lifespan's start to its end.

        It goes on until it is cancelled; if it returns, it has done its work and is not called again. If it fails, that
        is logged, and it starts again, here or elsewhere, after 1 s and up to 60. If its worker dies, another takes
        over within 2 s. It may depend on what a function called by `scope` may. At the end it has `background_timeout`
        seconds for what follows its cancellation.

        Args:
            function: An async function.
            name: Which jobs are the same one; the file and the qualified name of the function by default.
            lock: Says which worker has it. By default a `velocipy.singletons.FileLock`, for the processes of one user
                on one machine.

        Raises:
            TypeError: If it is no async function.
        """
        from velocipy.singletons import Singleton

        self._singletons.append(Singleton(self, function, name, lock))
        self._called_alone.append(function)

    async def wait_for_background(self) -> None:
        """Wait until no request of this loop has left `BackgroundTasks` to do; for tests."""
        await self._background.wait()

    # -- the lifespan ------------------------------------------------------------------------------------------------

    @property
    def is_draining(self) -> bool:
        """Whether the application is to end: its process got SIGTERM or SIGINT, or `begin_drain` was called.

        Requests are still answered. When the lifespan has ended, it is False again.
        """
        return self._drain.has_begun

    async def wait_for_drain(self) -> None:
        """Wait until the application is to end; for loops and streams that have no end of their own."""
        await self._drain.wait()

    def begin_drain(self) -> None:
        """Note that the application is to end; for programs that run a server themselves. From any thread."""
        self._drain.begin()

    def _open_lifespan(self) -> AbstractAsyncContextManager[dict[str, Any]]:
        from velocipy.lifecycle import open_application

        return open_application(self)

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Start what the lifespan starts; RSGI servers call it before they serve, while *loop* stands still."""
        from velocipy.lifecycle import open_around_application
        from velocipy.lifespan import LifespanTask

        manager = open_around_application(self) if self._asgi_middleware else self._open_lifespan()
        task = self._lifespan_tasks[loop] = LifespanTask(manager)
        try:
            task.start(loop)
        except (StartupError, StartupErrorGroup) as error:
            raise error.with_traceback(None) from None  # it says itself where it is

    def __rsgi_del__(self, loop: asyncio.AbstractEventLoop) -> None:
        """End what the lifespan started; RSGI servers call it after the last request."""
        task = self._lifespan_tasks.pop(loop, None)
        if task is not None:
            task.stop(loop)


def _checked_root_path(name: str, root_path: str) -> str:
    if root_path.rstrip("/") and not root_path.startswith("/"):
        raise ValueError(f'{name} is {root_path!r}; it starts with a slash, such as "/api"')
    return root_path.rstrip("/")


class _Overrides(UserDict[Handler, Handler]):
    """A dict that has the plans made anew after each change."""

    def __init__(self, changed: Callable[[], None], initial: Mapping[Handler, Handler] | None = None) -> None:
        self._changed = changed
        super().__init__(initial or {})

    def __setitem__(self, original: Handler, replacement: Handler) -> None:
        super().__setitem__(original, replacement)
        self._changed()

    def __delitem__(self, original: Handler) -> None:
        super().__delitem__(original)
        self._changed()
