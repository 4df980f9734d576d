"""What a plugin is, and all that it may do: this page is the whole contract.

A plugin is an object with a name and a method `setup`, which is given one `Setup` for each scope that it is plugged
into, an application or a router, and registers there what it adds. Nothing is promised of what is not on `Setup`, in
the front door `velocipy`, or in the other stable modules (`docs/stability.md` lists them).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, final, get_origin

from velocipy.errors import PluginError
from velocipy.http.connection import HTTPConnection
from velocipy.http.finishing import Finishing, OnRequestFinished, RequestFinished
from velocipy.http.middleware import as_middleware
from velocipy.http.response import Response

if TYPE_CHECKING:
    from typing import Unpack

    from velocipy.application import VelociPy
    from velocipy.description import ApplicationDescription, RouteDescription, WebSocketDescription
    from velocipy.models import ModelAdapter
    from velocipy.routing.options import Route, RouteOptions, WebSocketOptions
    from velocipy.routing.plugged import Owner, Plugged, Plugins
    from velocipy.routing.router import Router
    from velocipy.types import ExceptionHandler, ExceptionKey, Handler

__all__ = [
    "ENTRY_POINTS",
    "INTERFACE_VERSION",
    "Check",
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


Check = Callable[["Sequence[Route]"], "Iterable[tuple[Route, str, str]]"]
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
        prefix: That of the router itself, without those around it; "" for an application.
        is_application: Whether the scope is the application itself.
        title, version, docs_url, openapi_url: Of the application.
        debug: Whether it is in development.
    """

    __slots__ = (
        "_describe",
        "_is_over",
        "_owner",
        "_plugged",
        "_plugins",
        "debug",
        "docs_url",
        "is_application",
        "openapi_url",
        "plugin",
        "prefix",
        "title",
        "version",
    )

    def __init__(
        self,
        owner: Owner,
        plugged: Plugged,
        plugins: Plugins,
        app: VelociPy,
        describe: Callable[[], ApplicationDescription],
    ) -> None:
        self.plugin = owner.name
        self._owner = owner
        self.prefix = plugged.router.prefix
        self.is_application = plugged.router is app
        self.title = app.title
        self.version = app.version
        self.docs_url = app.docs_url
        self.openapi_url = app.openapi_url
        self.debug = app.debug
        self._describe = describe
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
        """Have *dependency*, as `Depends(function)`, called before every handler in the scope.

        Raises:
            PluginError: If it is a function without `Depends`.
        """
        if callable(dependency):
            raise self._error(f"adds the dependency {_named(dependency)}", "Its authors may write Depends(function).")
        self._scope.added.dependencies += (dependency,)

    def add_exception_handler(self, key: ExceptionKey, handler: ExceptionHandler) -> None:
        """Do as `Router.add_exception_handler`, where the user has no handler for *key*."""
        self._scope.added.add_exception_handler(key, handler)

    # -- values of parameters ----------------------------------------------------------------------------------------

    def add_source(self, annotation: Any, dependency: Callable[..., Any]) -> None:
        """Have every parameter in the scope that is annotated with *annotation* made by *dependency*.

        It is what `Annotated[annotation, Depends(dependency)]` would say, for exactly that type. A marker on the
        parameter counts more.

        Args:
            annotation: A class that requests do not bring by themselves.
            dependency: A function, or what else `Depends` takes.

        Raises:
            PluginError: If it is no such class, or the scope has a source for it; if there is nothing to call.
        """
        from velocipy.background import BackgroundTasks
        from velocipy.conversion.scalars import TEXT
        from velocipy.conversion.table import DICTS, LISTS

        cls = get_origin(annotation) or annotation
        if not isinstance(cls, type) or cls in (*TEXT, *LISTS, *DICTS):
            raise self._error(
                f"makes itself the source of {_named(annotation)}", "Its authors may take a class of their own."
            )
        if issubclass(cls, (HTTPConnection, Response, BackgroundTasks)):
            problem = f"makes itself the source of {_named(annotation)}, which handlers are handed anyway"
            raise self._error(problem, "Its authors may take a class of their own.")
        if not callable(dependency):
            raise self._error(f"has the source {dependency!r}", "Its authors may give a function, without Depends().")
        self._own(annotation, f"the source of {_named(annotation)}")
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

        What the program provides itself, by `app.provide` or `router.provide`, counts more.

        Raises:
            PluginError: If another plugin has provided it in the scope, or *key* is no `Key`.
        """
        self._check_key(key)
        self._own(key, f"{key.name!r}")
        self._scope.provided[key] = value

    def find(self, key: Key[Value]) -> Value | None:
        """Return what was provided here or in a scope around, the innermost; None if nothing was.

        Plugins provide when they are set up: name those whose values are needed in `requires` or `after`.
        """
        self._check_key(key)
        value: Value | None = self._plugged.find(key)
        return value

    # -- descriptions ------------------------------------------------------------------------------------------------

    def describe(self) -> ApplicationDescription:
        """Return the description of the application, with the routes and WebSockets of the scope alone.

        For later, when the application has started; it is made anew for each call.

        Raises:
            PluginError: While plugins are set up, since not all routes are there.
        """
        if not self._is_over:
            raise self._error("asks for descriptions in its set-up", "Its authors may do that later.")
        return self._describe()

    def add_check(self, check: Check) -> None:
        """Have *check* look at the routes of the scope whenever the application freezes.

        It is given each route and WebSocket as it was declared, with its full path, and yields what is wrong with them:
        the route, the problem and the remedy, in sentences. That ends the start, with the place of the handler.
        """
        self._check_call("add_check", check, 1)
        self._scope.checks.append((self._owner, check))

    # -- hooks -------------------------------------------------------------------------------------------------------

    def add_lifespan(self, lifespan: Lifespan) -> None:
        """Have *lifespan* entered before the first request, and left after the last, by one task on every server.

        It is called without arguments and returns an async context manager, such as a function with
        `contextlib.asynccontextmanager`. A mapping that it yields is part of the state of every request. Lifespans are
        left in reverse; one that fails then does not keep the others from it.

        Raises:
            PluginError: If it cannot be called so.
        """
        if isinstance(lifespan, AbstractAsyncContextManager):
            raise self._error("adds a lifespan that was called already", "Its authors may give the function itself.")
        self._check_call("lifespan", lifespan, 0)
        if inspect.isasyncgenfunction(lifespan) or inspect.isgeneratorfunction(lifespan):
            remedy = "Its authors may put @asynccontextmanager above it."
            raise self._error(f"adds the lifespan {_named(lifespan)}, which is a generator", remedy)
        self._whole.lifespans.append((self._owner, lifespan))

    def on_route(self, hook: OnRoute) -> None:
        """Call *hook* with the description of each route and WebSocket in the scope, whenever the application freezes.

        That is when it starts, and again after a change, such as an override of a dependency in a test.
        """
        self._check_hook("on_route", hook, 1)
        self._scope.on_route.append((self._owner, hook))

    def on_freeze(self, hook: OnFreeze) -> None:
        """Call *hook* with the description of the application, after `on_route`, whenever it freezes.

        Raises:
            PluginError: If the scope is a router.
        """
        self._check_hook("on_freeze", hook, 1)
        self._of_application("on_freeze belongs").on_freeze.append((self._owner, hook))

    def on_exception(self, hook: OnException) -> None:
        """Call *hook* with each request or WebSocket in the scope that ends with an error which nobody expected.

        That is what the log gets as well. A plain function that does not block; what it raises is logged.
        """
        self._check_hook("on_exception", hook, 2)
        self._scope.on_exception.append((self._owner, hook))

    def on_request_finished(self, hook: OnRequestFinished) -> None:
        """Call *hook* when a request or WebSocket in the scope is over, and what its dependencies opened is closed.

        A plain function that does not block; what it raises is logged. Where no plugin asks for it, it costs nothing.
        """
        self._check_hook("on_request_finished", hook, 2)
        self._scope.added._middleware.insert(0, as_middleware(Finishing(self.plugin, hook), {}))

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

    def _check_hook(self, kind: str, hook: Any, arguments: int) -> None:
        self._check_call(kind, hook, arguments)
        if inspect.iscoroutinefunction(hook) or inspect.isasyncgenfunction(hook) or inspect.isgeneratorfunction(hook):
            remedy = "Its authors may give a plain function; work that waits belongs into a task."
            raise self._error(f"has the hook {_named(hook)} for {kind}, which is no plain function", remedy)

    def _check_call(self, kind: str, function: Any, arguments: int) -> None:
        """Refuse what cannot be called with that many arguments."""
        try:
            inspect.signature(function).bind(*range(arguments))
        except (TypeError, ValueError) as error:
            wanted = "without arguments" if not arguments else f"with {arguments} argument{'s' * (arguments > 1)}"
            problem = f"gives {_named(function)} for {kind}, which cannot be called {wanted}: {error}"
            raise self._error(problem, "Its authors may correct it.") from None

    def _check_key(self, key: object) -> None:
        if not isinstance(key, Key):
            raise self._error(f"has {key!r} in the place of a key", "Its authors may make one: Key[Type]('name').")

    def _own(self, what: Any, told: str) -> None:
        """Note that *what* is this plugin's, which it can be of one in a scope."""
        first = self._scope.owners.setdefault(what, self._owner)
        if what in self._scope.sources or what in self._scope.provided:
            where = f" at {first.place}" if first.place else ""
            problem = f"is the second that has {told} in its scope, after {first.name!r}{where}"
            raise self._error(problem, "Leave one of them out.")

    def _error(self, problem: str, remedy: str) -> PluginError:
        return PluginError(f"the plugin {self.plugin!r} {problem}.", remedy, plugin=self.plugin)


def _named(value: Any) -> str:
    return repr(value) if get_origin(value) else getattr(value, "__qualname__", None) or repr(value)
