"""Routers: declaring routes, and including one router in another.

Declaring only records. What a route means, and whether it can work, is decided when the application freezes.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from inspect import signature
from typing import TYPE_CHECKING, Any, TypeVar

from velocipy.http.forms import FormLimits
from velocipy.http.middleware import Middleware, OnWebSockets, as_middleware
from velocipy.routing.options import Limits, OnDisconnect, Route, RouteOptions, WebSocketOptions, made_route, strings
from velocipy.types import UNSET, ExceptionHandler, ExceptionKey, Handler

if TYPE_CHECKING:
    from datetime import date
    from typing import Unpack

    from velocipy.http.response import Response
    from velocipy.plugin import Key, Plugin
    from velocipy.routing.around import Around, Inclusion
    from velocipy.routing.mounts import Kind
    from velocipy.routing.plugged import Plug

__all__ = ["Router"]

Declared = TypeVar("Declared", bound=Handler)
HandlerOfErrors = TypeVar("HandlerOfErrors", bound=ExceptionHandler)
DeclaredMiddleware = TypeVar("DeclaredMiddleware", bound=Callable[..., Any])


class Router:
    """A set of routes under a common prefix. `VelociPy` is one; others are included in it.

    What is said of a router holds for each of its routes that does not say otherwise.

    Args:
        prefix: Put before every path, such as "/items".
        name: Put before the name of every route, with a dot between.
        tags: Put before the tags of every route.
        dependencies: Called before the handler of every route, as `Depends(function)`.
        middleware: Around every route, the first outermost; see `add_middleware`.
        max_content_length: How many bytes a body may have before it is refused with 413, None for any number.
        form_limits: How many parts a form may have, and how large they may be.
        timeout: Seconds after which a handler that has not answered is cancelled, and a 504 sent; None for any number.
        on_disconnect: What becomes of a handler whose client leaves; see `RouteOptions`.
        pool: The name of the worker pool in which plain functions run; see `RouteOptions`.
        exception_handlers: What answers where a handler or dependency fails; see `add_exception_handler`.
        host: The host that the routes are for, such as "api.example.com" or "{tenant}.example.com".
        version: Of the API; a segment of the path after the prefix, unless the application has another `versioning`.
        deprecated: Since when the routes are not to be used any more, or that they are not.
        sunset: When they will be gone.
        default_response_class: Made of what a handler returns, where its route has no `response_class`.
        responses, include_in_schema: For documents.
        plugins: Plugged in for these routes alone; see `plug`.

    Attributes:
        limits: What was said of them here.

    Raises:
        ValueError: If a limit is none.
    """

    def __init__(
        self,
        prefix: str = "",
        *,
        name: str | None = None,
        tags: Iterable[str] | None = None,
        dependencies: Iterable[Any] | None = None,
        middleware: Iterable[Any] = (),
        max_content_length: int | None = UNSET,
        form_limits: FormLimits = UNSET,
        timeout: float | None = UNSET,
        on_disconnect: OnDisconnect | None = UNSET,
        pool: str = UNSET,
        exception_handlers: Mapping[ExceptionKey, ExceptionHandler] | None = None,
        host: str | None = None,
        version: str | None = None,
        deprecated: bool | date = False,
        sunset: date | None = None,
        default_response_class: type[Response] | None = None,
        responses: Mapping[int | str, Any] | None = None,
        include_in_schema: bool = True,
        plugins: Iterable[Plugin | str] = (),
    ) -> None:
        self.prefix = prefix.rstrip("/")
        self.name = name
        self.tags = strings("tags", tags)
        self.dependencies = tuple(dependencies or ())
        self._middleware = [as_middleware(item, {}) for item in middleware]
        self.limits = Limits(max_content_length, form_limits, timeout, on_disconnect, pool).check()
        self.exception_handlers: dict[ExceptionKey, ExceptionHandler] = {}
        self.host = host
        self.api_version = version
        self.deprecated = deprecated
        self.sunset = sunset
        self.default_response_class = default_response_class
        self.responses = dict(responses or {})
        self.include_in_schema = include_in_schema
        self._plugs: list[Plug] = []
        self._provided: dict[Any, Any] = {}
        self._routes: list[Route] = []
        self._included_in: list[Router] = []
        self._included: list[Inclusion] = []
        for key, handler in (exception_handlers or {}).items():
            self.add_exception_handler(key, handler)
        if isinstance(plugins, str) or hasattr(plugins, "setup"):
            raise TypeError(f"plugins takes several, such as [{plugins!r}]")
        for plugin in plugins:
            self.plug(plugin)

    @property
    def routes(self) -> list[Route]:
        """Every route in the order of declaration, those of included routers last, with their full paths."""
        from velocipy.routing.around import Around, Inclusion

        return list(self._collect(Around(), Inclusion(self)))

    def _collect(self, around: Around, included: Inclusion) -> Iterable[Route]:
        here = around.within(self, included)
        parts = (self, *here.added(self))
        for part in parts:
            for route in part._routes:
                yield here.complete(route)
        for part in parts:
            for inclusion in part._included:
                yield from inclusion.router._collect(here, inclusion)

    def include_router(
        self,
        router: Router,
        prefix: str = "",
        *,
        tags: Iterable[str] | None = None,
        dependencies: Iterable[Any] | None = None,
        host: str | None = None,
        version: str | None = None,
        deprecated: bool | date = False,
        sunset: date | None = None,
        responses: Mapping[int | str, Any] | None = None,
        include_in_schema: bool = True,
    ) -> None:
        """Add the routes of *router*, also those that it gets later, under *prefix*.

        What is said here comes before what the router says of itself; `Router` tells what it means.

        Raises:
            TypeError: If *router* is none.
            ValueError: If it already includes this one.
            RuntimeError: If it has plugins, and the application has started.
        """
        if not isinstance(router, Router):
            raise TypeError(f"include_router takes a Router, not a {type(router).__name__}; did you mean its .router?")
        if router is self or any(included is self for included in router._all_included()):
            raise ValueError("a router cannot include itself, not by way of others either")
        from velocipy.routing.around import Inclusion

        if any(included._plugs for included in (router, *router._all_included())):
            self._check_not_started()
        router._included_in.append(self)
        self._included.append(
            Inclusion(
                router,
                prefix.rstrip("/"),
                strings("tags", tags),
                tuple(dependencies or ()),
                host,
                version,
                deprecated,
                sunset,
                responses or {},
                include_in_schema,
            )
        )
        self._changed()

    def _around_routes(self, added: Iterable[Router]) -> list[Middleware]:
        """Return the middleware that belongs to the plans of the routes: what plugins *added* first, then its own."""
        return [*(item for part in added for item in part._middleware), *self._middleware]

    def _all_included(self) -> Iterable[Router]:
        for inclusion in self._included:
            yield inclusion.router
            yield from inclusion.router._all_included()

    def mount(
        self,
        path: str,
        target: Handler,
        *,
        name: str | None = None,
        kind: Kind | None = None,
        max_content_length: int | None = UNSET,
    ) -> None:
        """Have *target* answer at *path* and everywhere below, where no other route does.

        An application answers every method and WebSockets, has *path* at the end of its root path, and its lifespan
        runs within that of the application in which it is mounted. A handler answers GET and HEAD. Not in documents.

        Args:
            path: Such as "/static"; "/" for everything.
            target: A `VelociPy`; an application of ASGI, or of WSGI (with the extra `wsgi`); or a handler such as
                `StaticFiles`, called with the request, and with what follows the mount in its path.
            name: For `url_for(name, path=...)`.
            kind: Which of these it is ("asgi", "wsgi", "handler"), where its parameters do not tell.
            max_content_length: How many bytes a body may have. An application has its own limits, or none, by default.

        Raises:
            TypeError: If *path* is no str, the target cannot be called, or is of no kind.
            ValueError: If *kind* is another word.
        """
        _require_path(path)
        if not callable(target):
            raise TypeError(f"{path}: {target!r} cannot be called; give an application or a handler")
        from velocipy.routing.mounts import Mount, kind_of

        below = f"{path.rstrip('/')}/{{path*}}"
        kind = kind or kind_of(target)
        if kind == "handler":
            options: RouteOptions = {"name": name, "max_content_length": max_content_length, "include_in_schema": False}
            self.add_route(below, target, **options)
        else:
            limit = None if max_content_length is UNSET else max_content_length
            self._routes += Mount(target, kind).routes(below, name, limit)
            self._changed()

    def _changed(self) -> None:
        """Called after each change; an application freezes again then."""
        for router in self._included_in:
            router._changed()

    # -- middleware --------------------------------------------------------------------------------------------------

    def add_middleware(self, middleware: Any, /, **options: Any) -> None:
        """Put *middleware* around every route of the router, within what was added before.

        That of the application stands around everything: what it changes in the path of a request counts, and it sees
        the answers to what no route answers. That of a router sees its own routes alone.

        Args:
            middleware: A function `async (request, call_next)`; a class with such a method `dispatch`, which is called
                with the options, and with `app`, what it stands around, if it takes that; or a `Middleware`. A class
                stands around WebSockets by its method `dispatch_websocket(websocket, call_next)`, if it has one.
            **options: What the class is called with.

        Raises:
            TypeError: If it is none of these. What a class says of its options is told when the application starts.
        """
        self._middleware.append(as_middleware(middleware, options))
        self._changed()

    def middleware(self, kind: str = "http") -> Callable[[DeclaredMiddleware], DeclaredMiddleware]:
        """Return a decorator that does `add_middleware`: `@app.middleware("http")`.

        With "websocket" the function stands around WebSockets: `async (websocket, call_next) -> None`.

        Raises:
            ValueError: If *kind* is another word.
        """
        if kind not in ("http", "websocket"):
            raise ValueError(f'@middleware("http") is for requests, @middleware("websocket"); there is no {kind!r}')

        def decorate(function: DeclaredMiddleware) -> DeclaredMiddleware:
            self.add_middleware(function if kind == "http" else OnWebSockets(function))
            return function

        return decorate

    # -- plugins -----------------------------------------------------------------------------------------------------

    def plug(self, plugin: Plugin | str, /, *, export: bool = False, **options: Any) -> None:
        """Have *plugin* add to this router, and to all that it includes, when the application starts.

        What it adds holds here alone. In the order of `plug`, unless plugins say by `requires` and `after` that they
        come later; those of the routers around come first.

        Args:
            plugin: A `velocipy.plugin.Plugin`; or the name of one that is installed, which is loaded at the start.
            export: Whether it adds to where this router is included rather than to this router.
            **options: What a plugin is made with that is given by its name.

        Raises:
            TypeError: If it is neither, or has its options already. What else is wrong is told at the start.
            RuntimeError: If the application has started, since plugins are set up then.
        """
        from velocipy.routing.plugged import made_plug

        self._check_not_started()
        self._plugs.append(made_plug(plugin, options, export=export))
        self._changed()

    def _check_not_started(self) -> None:
        """Raise RuntimeError if an application that includes this router has started."""
        for router in self._included_in:
            router._check_not_started()

    def provide(self, key: Key[Any], value: Any) -> None:
        """Hand *value* to the plugins that are plugged in here and within, which look for it under *key*.

        It counts more than what a plugin provides here. The last counts.
        """
        self._provided[key] = value
        self._changed()

    # -- error handlers ----------------------------------------------------------------------------------------------

    def add_exception_handler(self, key: ExceptionKey, handler: ExceptionHandler) -> None:
        """Have *handler* answer where an exception of a class, or an `HTTPException` of a status, ends a request.

        It takes the request and the exception, and returns what a handler may. The handlers of the innermost router
        are asked first; in each, status codes come first, then the class of the exception and its bases. What no route
        answers (404, 405) comes to those of the application.

        Raises:
            TypeError: If *key* is neither, or *handler* cannot be called with a request and an exception.
        """
        if not isinstance(key, int) and not (isinstance(key, type) and issubclass(key, Exception)):
            raise TypeError(f"{key!r} is no exception class and no status code")
        try:
            signature(handler).bind(None, None)
        except TypeError:
            raise TypeError(f"{handler!r} cannot answer errors: give a function that takes (request, error)") from None
        except ValueError:  # it has no signature, as some builtins
            pass
        self.exception_handlers[key] = handler
        self._changed()

    def exception_handler(self, key: ExceptionKey) -> Callable[[HandlerOfErrors], HandlerOfErrors]:
        """Return a decorator that does `add_exception_handler`."""

        def decorate(handler: HandlerOfErrors) -> HandlerOfErrors:
            self.add_exception_handler(key, handler)
            return handler

        return decorate

    # -- routes ------------------------------------------------------------------------------------------------------

    def add_route(
        self,
        path: str,
        endpoint: Handler,
        methods: str | Iterable[str] | None = None,
        **options: Unpack[RouteOptions],
    ) -> None:
        """Have *endpoint* answer *methods* (GET by default) at *path*; `RouteOptions` says what can be said besides.

        A class answers with its methods `get`, `post` and so on, each request with an instance of its own, which is
        made as a dependency is: the parameters of `__init__` are filled like those of a handler.

        Raises:
            TypeError: If *path* is no str, *endpoint* cannot be called, or there is no such option.
            ValueError: If a method is no token (RFC 9110 section 9.1), or the class has none for it.
        """
        _require_path(path)
        if not callable(endpoint):
            raise TypeError(f"{path}: {endpoint!r} cannot be called; give it a function")
        given = [methods] if isinstance(methods, str) else methods
        names = tuple(dict.fromkeys(method.upper() for method in given or ()))
        for method in names:
            if not method.replace("-", "").isalnum() or not method.isascii():
                raise ValueError(f"{path}: {method!r} is no HTTP method")
        namespace = _caller_namespace()
        if isinstance(endpoint, type):
            from velocipy.routing.classes import methods_of

            for method, function, of_instance in methods_of(endpoint, names, path):
                owner = endpoint if of_instance else None
                self._routes.append(made_route(path, (method,), function, options, namespace, endpoint, owner))
        else:
            self._routes.append(made_route(path, names or ("GET",), endpoint, options, namespace, endpoint))
        self._changed()

    def route(
        self, path: str, methods: str | Iterable[str] | None = None, **options: Unpack[RouteOptions]
    ) -> Callable[[Declared], Declared]:
        """Return a decorator that does `add_route`."""
        _require_path(path)

        def decorate(handler: Declared) -> Declared:
            self.add_route(path, handler, methods, **options)
            return handler

        return decorate

    def add_websocket_route(self, path: str, endpoint: Handler, **options: Unpack[WebSocketOptions]) -> None:
        """Have *endpoint*, an async function, serve WebSockets at *path*; `WebSocketOptions` says what can be said.

        It takes the `WebSocket`, and parameters of the handshake and dependencies as a handler of requests does.

        Raises:
            TypeError: If *path* is no str, *endpoint* cannot be called, or there is no such option.
        """
        _require_path(path)
        if not callable(endpoint) or isinstance(endpoint, type):
            raise TypeError(f"{path}: {endpoint!r} cannot serve a WebSocket; give it an async function")
        self._routes.append(
            made_route(path, ("GET",), endpoint, options, _caller_namespace(), endpoint, is_websocket=True)
        )
        self._changed()

    def websocket(self, path: str, **options: Unpack[WebSocketOptions]) -> Callable[[Declared], Declared]:
        """Return a decorator that does `add_websocket_route`."""
        _require_path(path)

        def decorate(handler: Declared) -> Declared:
            self.add_websocket_route(path, handler, **options)
            return handler

        return decorate

    def get(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[Declared], Declared]:
        """Return a decorator: the function answers GET at *path*. Options are those of `add_route`."""
        return self.route(path, ("GET",), **options)

    def post(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[Declared], Declared]:
        """Return a decorator: the function answers POST at *path*. Options are those of `add_route`."""
        return self.route(path, ("POST",), **options)

    def put(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[Declared], Declared]:
        """Return a decorator: the function answers PUT at *path*. Options are those of `add_route`."""
        return self.route(path, ("PUT",), **options)

    def patch(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[Declared], Declared]:
        """Return a decorator: the function answers PATCH at *path*. Options are those of `add_route`."""
        return self.route(path, ("PATCH",), **options)

    def delete(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[Declared], Declared]:
        """Return a decorator: the function answers DELETE at *path*. Options are those of `add_route`."""
        return self.route(path, ("DELETE",), **options)

    def head(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[Declared], Declared]:
        """Return a decorator: the function answers HEAD at *path*. Options are those of `add_route`."""
        return self.route(path, ("HEAD",), **options)

    def options(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[Declared], Declared]:
        """Return a decorator: the function answers OPTIONS at *path*. Options are those of `add_route`."""
        return self.route(path, ("OPTIONS",), **options)

    def query(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[Declared], Declared]:
        """Return a decorator: the function answers QUERY, a safe method with a body, at *path*.

        Options are those of `add_route`.

        Source:
            draft-ietf-httpbis-safe-method-w-body.
        """
        return self.route(path, ("QUERY",), **options)


def _require_path(path: Any) -> None:
    if not isinstance(path, str):
        raise TypeError(f'a path comes first, such as @app.get("/items"), not {path!r}')


def _caller_namespace() -> dict[str, Any] | None:
    """Return the local names of the function that declares a route, None at the top of a module.

    Annotations that are text may name classes that are local there, and nothing else remembers those.
    """
    frame = sys._getframe(1)
    while frame.f_code.co_filename == __file__ and frame.f_back is not None:
        frame = frame.f_back
    return None if frame.f_locals is frame.f_globals else dict(frame.f_locals)
