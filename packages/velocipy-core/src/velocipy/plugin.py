"""What a plugin is, and all that it may do: this page is the whole contract.

A plugin is an object with a name and a method `setup`, which is given one `Setup` for each scope that it is plugged
into, an application or a router, and registers there what it adds. Nothing is promised of what is not on `Setup`, in
the front door `velocipy`, or in the other stable modules (`docs/stability.md` lists them).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, final

from velocipy.errors import PluginError
from velocipy.http.connection import HTTPConnection
from velocipy.http.finishing import Finishing, OnRequestFinished, RequestFinished
from velocipy.http.middleware import as_middleware

if TYPE_CHECKING:
    from typing import Unpack

    from velocipy.application import VelociPy
    from velocipy.description import ApplicationDescription, RouteDescription, WebSocketDescription
    from velocipy.models import ModelAdapter
    from velocipy.routing.options import RouteOptions, WebSocketOptions
    from velocipy.routing.plugged import Plugged, Plugins
    from velocipy.routing.router import Router
    from velocipy.types import ExceptionHandler, ExceptionKey, Handler

__all__ = [
    "ENTRY_POINTS",
    "INTERFACE_VERSION",
    "Key",
    "Lifespan",
    "OnException",
    "OnFreeze",
    "OnRequestFinished",
    "OnRoute",
    "Plugin",
    "RequestFinished",
    "Setup",
]

INTERFACE_VERSION = 1
"""Raised when plugins have to be changed. A plugin may say by an attribute `interface` for which it was written."""

ENTRY_POINTS = "velocipy.plugins"
"""The group of entry points: the name is that of the plugin, the value a callable that returns it."""

Value = TypeVar("Value")


class Plugin(Protocol):
    """What every plugin has.

    It may have besides, as attributes: `requires`, the names of plugins without which it cannot work; `after`, the
    names of those that it comes after if they are there; and `interface`, the `INTERFACE_VERSION` it was written for.
    """

    @property
    def name(self) -> str:
        """That of its entry point, if it has one."""
        ...

    def setup(self, setup: Setup) -> None:
        """Register what it adds to a scope. It runs when the application starts, once for each; it changes nothing
        but *setup*, opens nothing (`add_lifespan` does), and raises what the user has to know."""
        ...


@dataclass(frozen=True)
class Key(Generic[Value]):
    """Names what plugins hand to each other: `POOL = Key[Pool]("acme.pool")`. Keys of one name are equal."""

    name: str


Lifespan = Callable[[], AbstractAsyncContextManager[Mapping[str, Any] | None]]
OnException = Callable[[HTTPConnection, BaseException], object]
OnRoute = Callable[["RouteDescription | WebSocketDescription"], object]
OnFreeze = Callable[["ApplicationDescription"], object]


@final
class Setup:
    """What a plugin is given: one scope, to which it adds. The core makes it.

    A scope is an application with all its routers, or a router with all that it includes. What is added holds there and
    nowhere else. Of the same kind, what plugins add stands outside of what the user adds, in the order of set-up:
    middleware around the user's, dependencies before the user's, lifespans entered before the user's. Exception
    handlers of the user come first.

    Attributes:
        plugin: The name of the plugin.
        prefix: That of the router; "" for an application.
        is_application: Whether the scope is the application itself.
        title, version: Of the application.
        debug: Whether it is in development.
    """

    __slots__ = ("_is_over", "_plugged", "_plugins", "debug", "is_application", "plugin", "prefix", "title", "version")

    def __init__(self, plugin: str, plugged: Plugged, plugins: Plugins, app: VelociPy) -> None:
        self.plugin = plugin
        self.prefix = plugged.router.prefix
        self.is_application = plugged.router is app
        self.title = app.title
        self.version = app.version
        self.debug = app.debug
        self._plugged = plugged
        self._plugins = plugins
        self._is_over = False  # what came later would be seen by some requests

    # -- routes ------------------------------------------------------------------------------------------------------

    def add_route(
        self,
        path: str,
        endpoint: Handler,
        methods: str | Iterable[str] | None = None,
        **options: Unpack[RouteOptions],
    ) -> None:
        """Do as `Router.add_route`; the path is below the prefix of the scope."""
        self._scope.added.add_route(path, endpoint, methods, **options)

    def add_websocket_route(self, path: str, endpoint: Handler, **options: Unpack[WebSocketOptions]) -> None:
        """Do as `Router.add_websocket_route`."""
        self._scope.added.add_websocket_route(path, endpoint, **options)

    def add_routes(self, router: Router, prefix: str = "") -> None:
        """Include *router* under *prefix*; plugins that are plugged into it are set up in its scope."""
        self._scope.added.include_router(router, prefix)

    def mount(self, path: str, target: Handler, *, name: str | None = None) -> None:
        """Do as `Router.mount`."""
        self._scope.added.mount(path, target, name=name)

    # -- around routes -----------------------------------------------------------------------------------------------

    def add_middleware(self, middleware: Any, /, **options: Any) -> None:
        """Put *middleware* around all in the scope, within what plugins added before; see `Router.add_middleware`."""
        self._scope.added.add_middleware(middleware, **options)

    def add_dependency(self, dependency: Any) -> None:
        """Have *dependency*, as `Depends(function)`, called before every handler in the scope."""
        self._scope.added.dependencies += (dependency,)

    def add_exception_handler(self, key: ExceptionKey, handler: ExceptionHandler) -> None:
        """Do as `Router.add_exception_handler`, where the user has no handler for *key*."""
        self._scope.added.add_exception_handler(key, handler)

    # -- values of parameters ----------------------------------------------------------------------------------------

    def add_source(self, annotation: Any, dependency: Callable[..., Any]) -> None:
        """Have every parameter in the scope that is annotated with *annotation* made by *dependency*.

        It is what `Annotated[annotation, Depends(dependency)]` would say. A marker on the parameter counts more.

        Raises:
            PluginError: If the scope has a source for it, or requests bring values of that type themselves.
        """
        from velocipy.conversion.scalars import TEXT

        if annotation in TEXT:
            raise self._error(f"makes itself the source of {annotation!r}", "Take a class of its own instead.")
        if annotation in self._scope.sources:
            raise self._error(f"is the second source of {annotation!r} in its scope", "Plug one of them in.")
        self._scope.sources[annotation] = dependency

    def add_convertor(self, name: str, annotation: Any) -> None:
        """Have paths of the application use *name* for *annotation*, as in "/{id:name}"; the user's count more.

        Raises:
            PluginError: If the scope is a router.
        """
        self._of_application("convertors belong").convertors.setdefault(name, annotation)

    def add_model_adapter(self, adapter: ModelAdapter) -> None:
        """Have *adapter* asked for the types of a library, after those of the user.

        Raises:
            PluginError: If the scope is a router.
        """
        self._of_application("model adapters belong").model_adapters.append(adapter)

    # -- between plugins ---------------------------------------------------------------------------------------------

    def has(self, plugin: str) -> bool:
        """Tell whether *plugin* is set up already, here or in a scope around; name it in `after` to be sure of it."""
        return self._plugged.has(plugin)

    def provide(self, key: Key[Value], value: Value) -> None:
        """Hand *value* to the plugins that come after, here and in the scopes within.

        Raises:
            PluginError: If the scope has one already.
        """
        if key in self._scope.provided:
            raise self._error(f"provides {key.name!r} for a second time in its scope", "Plug one of them in.")
        self._scope.provided[key] = value

    def find(self, key: Key[Value]) -> Value | None:
        """Return what was provided here or in a scope around, the innermost; None if nothing was."""
        value: Value | None = self._plugged.find(key)
        return value

    # -- hooks -------------------------------------------------------------------------------------------------------

    def add_lifespan(self, lifespan: Lifespan) -> None:
        """Have *lifespan* entered before the first request, and left after the last, by one task on every server.

        It is called without arguments and returns an async context manager, such as a function with
        `contextlib.asynccontextmanager`. A mapping that it yields is part of the state of every request. Lifespans are
        left in reverse; one that fails then does not keep the others from it.
        """
        self._whole.lifespans.append((self.plugin, lifespan))

    def on_route(self, hook: OnRoute) -> None:
        """Call *hook* with the description of each route and WebSocket in the scope, whenever the application freezes.

        That is when it starts, and again after a change, such as an override of a dependency in a test.
        """
        self._scope.on_route.append((self.plugin, hook))

    def on_freeze(self, hook: OnFreeze) -> None:
        """Call *hook* with the description of the application, after `on_route`, whenever it freezes.

        Raises:
            PluginError: If the scope is a router.
        """
        self._of_application("on_freeze belongs").on_freeze.append((self.plugin, hook))

    def on_exception(self, hook: OnException) -> None:
        """Call *hook* with each request or WebSocket in the scope that ends with an error which nobody expected.

        That is what the log gets as well. A plain function that does not block; what it raises is logged.
        """
        self._scope.on_exception.append(hook)

    def on_request_finished(self, hook: OnRequestFinished) -> None:
        """Call *hook* when a request or WebSocket in the scope is over, and what its dependencies opened is closed.

        A plain function that does not block; what it raises is logged. Where no plugin asks for it, it costs nothing.
        """
        self._scope.added._middleware.insert(0, as_middleware(Finishing(hook), {}))

    # ----------------------------------------------------------------------------------------------------------------

    def _of_application(self, what: str) -> Plugins:
        if not self.is_application:
            router = f"the router {self.prefix!r}" if self.prefix else "a router"
            raise self._error(
                f"is plugged into {router}, but {what} to an application", "Plug it into the application."
            )
        return self._whole

    @property
    def _scope(self) -> Plugged:
        self._check_open()
        return self._plugged

    @property
    def _whole(self) -> Plugins:
        self._check_open()
        return self._plugins

    def _check_open(self) -> None:
        if self._is_over:
            raise self._error("registers something when its set-up is over", "Its authors may do that in setup().")

    def _error(self, problem: str, remedy: str) -> PluginError:
        return PluginError(f"the plugin {self.plugin!r} {problem}.", remedy, plugin=self.plugin)
