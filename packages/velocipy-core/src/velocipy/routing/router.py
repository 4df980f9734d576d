"""Routers: declaring routes, and including one router in another.

Declaring only records. What a route means, and whether it can work, is decided when the application freezes.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict, TypeVar

from velocipy.http.response import Response
from velocipy.types import UNSET, Handler, Selection

if TYPE_CHECKING:
    from typing import Unpack

Decorated = TypeVar("Decorated", bound=Handler)


class RouteOptions(TypedDict, total=False):
    """What can be said of a route besides its path and methods; `Route` tells what it means."""

    name: str | None
    status_code: int | None
    response_model: Any
    response_class: type[Response] | None
    response_model_include: Iterable[str] | None
    response_model_exclude: Iterable[str]
    response_model_exclude_none: bool
    response_model_exclude_unset: bool
    response_model_exclude_defaults: bool
    response_model_by_alias: bool
    dependencies: Iterable[Any]
    tags: Iterable[str]
    summary: str | None
    description: str | None
    operation_id: str | None
    deprecated: bool


class Route(NamedTuple):
    """A route as it was declared.

    Attributes:
        path: The template, with the prefixes of its routers.
        methods: In upper case.
        handler: What answers.
        name: For `url_for`; the name of the handler by default.
        status_code: Of an answer that is no Response; None for 200, or 204 when there is nothing to send.
        response_model: The type of what leaves, which has no field more; UNSET for the return annotation, None for
            whatever the handler returns.
        response_class: Made of what the handler returns, as `response_class(result, status_code)`.
        selection: Which fields of the response model leave.
        dependencies: What `Depends` says; called before the handler, the router's first, without being handed in.
        tags, summary, description, operation_id, deprecated: For documents.
        namespace: The local names around the handler, where its annotations are text and could mean them.
        is_named: Whether the name was given, and so must be the only one.
    """

    path: str
    methods: tuple[str, ...]
    handler: Handler
    name: str
    status_code: int | None = None
    response_model: Any = UNSET
    response_class: type[Response] | None = None
    selection: Selection = Selection()
    dependencies: tuple[Any, ...] = ()
    tags: tuple[str, ...] = ()
    summary: str | None = None
    description: str | None = None
    operation_id: str | None = None
    deprecated: bool = False
    namespace: dict[str, Any] | None = None
    is_named: bool = False


class Router:
    """A set of routes under a common prefix. `VelociPy` is one; others are included in it.

    Args:
        prefix: Put before every path, such as "/items".
        name: Put before the name of every route, with a dot between.
        tags: Put before the tags of every route.
        dependencies: Called before the handler of every route, as `Depends(function)`.
    """

    def __init__(
        self,
        prefix: str = "",
        *,
        name: str | None = None,
        tags: Iterable[str] = (),
        dependencies: Iterable[Any] = (),
    ) -> None:
        self.prefix = prefix.rstrip("/")
        self.name = name
        self.tags = tuple(tags)
        self.dependencies = tuple(dependencies)
        self._routes: list[Route] = []
        self._included_in: list[Router] = []
        self._included: list[tuple[str, tuple[str, ...], tuple[Any, ...], Router]] = []

    @property
    def routes(self) -> list[Route]:
        """Every route in the order of declaration, those of included routers last, with their full paths."""
        return list(self._collect("", "", (), ()))

    def _collect(
        self, prefix: str, names: str, tags: tuple[str, ...], dependencies: tuple[Any, ...]
    ) -> Iterable[Route]:
        prefix += self.prefix
        names += f"{self.name}." if self.name else ""
        tags += self.tags
        dependencies += self.dependencies
        for route in self._routes:
            yield route._replace(
                path=prefix + route.path if route.path != "/" or not prefix else prefix,
                name=names + route.name,
                tags=(*tags, *route.tags),
                dependencies=(*dependencies, *route.dependencies),
            )
        for more_prefix, more_tags, more, router in self._included:
            yield from router._collect(prefix + more_prefix, names, (*tags, *more_tags), (*dependencies, *more))

    def include_router(
        self, router: Router, prefix: str = "", *, tags: Iterable[str] = (), dependencies: Iterable[Any] = ()
    ) -> None:
        """Add the routes of *router*, also those that it gets later, under *prefix*.

        Raises:
            TypeError: If *router* is none.
            ValueError: If it already includes this one.
        """
        if not isinstance(router, Router):
            raise TypeError(f"include_router takes a Router, not a {type(router).__name__}; did you mean its .router?")
        if router is self or any(included is self for included in router._all_included()):
            raise ValueError("a router cannot include itself, not by way of others either")
        router._included_in.append(self)
        self._included.append((prefix.rstrip("/"), tuple(tags), tuple(dependencies), router))
        self._changed()

    def _all_included(self) -> Iterable[Router]:
        for *_, router in self._included:
            yield router
            yield from router._all_included()

    def add_route(
        self,
        path: str,
        endpoint: Handler,
        methods: str | Iterable[str] | None = None,
        *,
        name: str | None = None,
        status_code: int | None = None,
        response_model: Any = UNSET,
        response_class: type[Response] | None = None,
        response_model_include: Iterable[str] | None = None,
        response_model_exclude: Iterable[str] = (),
        response_model_exclude_none: bool = False,
        response_model_exclude_unset: bool = False,
        response_model_exclude_defaults: bool = False,
        response_model_by_alias: bool = True,
        dependencies: Iterable[Any] = (),
        tags: Iterable[str] = (),
        summary: str | None = None,
        description: str | None = None,
        operation_id: str | None = None,
        deprecated: bool = False,
    ) -> None:
        """Have *endpoint* answer *methods* (GET by default) at *path*; `Route` says what the rest means.

        Raises:
            TypeError: If *path* is no str or *endpoint* cannot be called.
            ValueError: If a method is no token (RFC 9110 section 9.1).
        """
        if not isinstance(path, str):
            raise TypeError(f'a path comes first, such as @app.get("/items"), not {path!r}')
        if not callable(endpoint):
            raise TypeError(f"{path}: {endpoint!r} cannot be called; give it a function")
        given = [methods] if isinstance(methods, str) else methods or ("GET",)
        names = tuple(dict.fromkeys(method.upper() for method in given))
        for method in names:
            if not method.replace("-", "").isalnum() or not method.isascii():
                raise ValueError(f"{path}: {method!r} is no HTTP method")
        self._routes.append(
            Route(
                path,
                names,
                endpoint,
                name or getattr(endpoint, "__name__", None) or type(endpoint).__name__,
                status_code,
                response_model,
                response_class,
                Selection(
                    None if response_model_include is None else frozenset(response_model_include),
                    frozenset(response_model_exclude or ()),
                    response_model_exclude_none,
                    response_model_by_alias,
                    response_model_exclude_unset,
                    response_model_exclude_defaults,
                ),
                tuple(dependencies),
                tuple(tags),
                summary,
                description,
                operation_id,
                deprecated,
                _caller_namespace(),
                name is not None,
            )
        )
        self._changed()

    def _changed(self) -> None:
        """Called after each change; an application freezes again then."""
        for router in self._included_in:
            router._changed()

    def route(
        self, path: str, methods: str | Iterable[str] | None = None, **options: Unpack[RouteOptions]
    ) -> Callable[[Decorated], Decorated]:
        """Return a decorator that does `add_route`."""
        if not isinstance(path, str):
            raise TypeError(f'a path comes first, such as @app.get("/items"), not {path!r}')

        def decorate(handler: Decorated) -> Decorated:
            self.add_route(path, handler, methods, **options)
            return handler

        return decorate

    def get(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[Decorated], Decorated]:
        """Return a decorator: the function answers GET at *path*. Options are those of `add_route`."""
        return self.route(path, ("GET",), **options)

    def post(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[Decorated], Decorated]:
        """Return a decorator: the function answers POST at *path*. Options are those of `add_route`."""
        return self.route(path, ("POST",), **options)

    def put(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[Decorated], Decorated]:
        """Return a decorator: the function answers PUT at *path*. Options are those of `add_route`."""
        return self.route(path, ("PUT",), **options)

    def patch(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[Decorated], Decorated]:
        """Return a decorator: the function answers PATCH at *path*. Options are those of `add_route`."""
        return self.route(path, ("PATCH",), **options)

    def delete(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[Decorated], Decorated]:
        """Return a decorator: the function answers DELETE at *path*. Options are those of `add_route`."""
        return self.route(path, ("DELETE",), **options)

    def head(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[Decorated], Decorated]:
        """Return a decorator: the function answers HEAD at *path*. Options are those of `add_route`."""
        return self.route(path, ("HEAD",), **options)

    def options(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[Decorated], Decorated]:
        """Return a decorator: the function answers OPTIONS at *path*. Options are those of `add_route`."""
        return self.route(path, ("OPTIONS",), **options)

    def query(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[Decorated], Decorated]:
        """Return a decorator: the function answers QUERY, a safe method with a body, at *path*.

        Options are those of `add_route`.

        Source:
            draft-ietf-httpbis-safe-method-w-body.
        """
        return self.route(path, ("QUERY",), **options)


def _caller_namespace() -> dict[str, Any] | None:
    """Return the local names of the function that declares a route, None at the top of a module.

    Annotations that are text may name classes that are local there, and nothing else remembers those.
    """
    frame = sys._getframe(1)
    while frame.f_code.co_filename == __file__ and frame.f_back is not None:
        frame = frame.f_back
    return None if frame.f_locals is frame.f_globals else dict(frame.f_locals)
