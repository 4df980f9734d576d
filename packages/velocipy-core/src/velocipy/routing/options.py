"""What can be said of a route, and the route that comes of it.

PERF: without annotations as text, each of which costs as much to import as a small function.
"""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypedDict, get_args

from velocipy.http.forms import FormLimits
from velocipy.http.middleware import Middleware, as_middleware
from velocipy.http.response import Response
from velocipy.serialization import JSONCodec
from velocipy.types import UNSET, ExceptionHandler, ExceptionKey, Handler, Selection

if TYPE_CHECKING:
    from datetime import date

    from velocipy.models import ModelAdapter
    from velocipy.routing.plugged import Plugged


__all__ = ["OnDisconnect", "Route", "RouteOptions", "WebSocketOptions"]

OnDisconnect = Literal["cancel", "finish", "notify"]
"""What becomes of a handler whose client leaves: it is cancelled where it waits, it runs to its end in any case, or it
can ask `request.is_disconnected()`."""


class Limits(NamedTuple):
    """What a request may cost; what is UNSET, the routers around it say.

    Attributes:
        max_content_length: How many bytes a body may have, None for any number.
        form_limits: How many parts a form may have, and how large they may be.
        timeout: Seconds after which a handler that has not answered is cancelled; None for any number.
        on_disconnect: What becomes of a handler whose client leaves; None for what the server does.
        pool: The name of the worker pool in which plain functions run.
    """

    max_content_length: int | None = UNSET
    form_limits: FormLimits = UNSET
    timeout: float | None = UNSET
    on_disconnect: OnDisconnect | None = UNSET
    pool: str = UNSET

    def check(self) -> "Limits":
        """Return it.

        Raises:
            TypeError, ValueError: If a limit is none.
        """
        length = self.max_content_length
        if length is not UNSET and length is not None and length < 0:
            raise ValueError(f"max_content_length is {length}; give bytes from 0, or None for no limit")
        if self.form_limits is not UNSET:
            if not isinstance(self.form_limits, FormLimits):
                raise TypeError(f"form_limits is a FormLimits, not {self.form_limits!r}")
            self.form_limits._check()
        if self.timeout is not UNSET and self.timeout is not None and not self.timeout > 0:
            raise ValueError(f"timeout is {self.timeout}; give seconds over 0, or None for any number")
        if self.on_disconnect not in (UNSET, None, *get_args(OnDisconnect)):
            raise ValueError(f"on_disconnect is 'cancel', 'finish', 'notify' or None, not {self.on_disconnect!r}")
        return self

    def within(self, outer: "Limits") -> "Limits":
        """Return these limits, with those of *outer* where there are none."""
        return self._replace(**{name: limit for name, limit in outer._asdict().items() if getattr(self, name) is UNSET})


class _Options(TypedDict, total=False):
    """What can be said of the route of a request and of a WebSocket alike; `RouteOptions` tells what it means."""

    name: str | None
    dependencies: Iterable[Any] | None
    middleware: Iterable[Any]
    max_content_length: int | None
    on_disconnect: OnDisconnect | None
    pool: str
    json_encoder: JSONCodec | None
    model_adapters: Sequence["ModelAdapter"]
    host: str | None
    version: str | None
    deprecated: "bool | date"
    sunset: "date | None"
    tags: Iterable[str] | None
    summary: str | None
    description: str | None
    include_in_schema: bool


class RouteOptions(_Options, total=False):
    """What can be said of a route besides its path and methods.

    Attributes:
        name: For `url_for`; the name of the handler by default, that of a class for all its methods.
        status_code: Of an answer that is no Response; 200 by default, or 204 when there is nothing to send.
        response_model: The type of what leaves, which has no field more; the return annotation by default, None for
            whatever the handler returns.
        response_class: Made of what the handler returns, as `response_class(result, status_code=...)`.
        response_model_include, response_model_exclude: Names of the fields that leave, or that do not.
        response_model_exclude_none, response_model_exclude_unset, response_model_exclude_defaults: Whether fields
            leave that are None, were never set, or are what they would be anyway; the last two for models of pydantic.
        response_model_by_alias: Whether fields leave under their aliases, as by default; for models of pydantic.
        validate_response: Whether the answer is checked against its type before it leaves; what does not fit is logged
            and answered with 500.
        dependencies: What `Depends` says; called before the handler, the router's first, without being handed in.
        middleware: Around the handler alone, the first outermost, within that of the router.
        max_content_length: How many bytes a body may have before it is refused with 413, None for any number.
        form_limits: How many parts a form may have, and how large they may be.
        timeout: Seconds after which a handler that has not answered is cancelled, and a 504 sent; None for any number.
        on_disconnect: What becomes of a handler whose client leaves: "cancel" cancels it where it waits, "finish" has
            it run to its end in any case, "notify" watches for the client from the start; None: as the server does.
        pool: The name of the worker pool where the handler runs if it is no async function, where what it yields is
            made, and where its plain dependencies run: one of the application's `worker_pools`, "default" by default.
        json_encoder: The JSON codec, in place of the application's.
        model_adapters: Adapters for models, asked before the application's.
        host: The host that the route is for; see `Router`.
        version: Of the API; see `Router`.
        deprecated: True, or since when the route is not to be used any more, which is told in the header `Deprecation`
            (RFC 9745).
        sunset: When the route will be gone, which is told in the header `Sunset` (RFC 8594).
        tags, summary, description, response_description, responses, operation_id, include_in_schema: For documents.
        openapi, openapi_extra: What documents say besides, in the words of OpenAPI; the first may be an `OpenAPI` of
            velocipy-openapi.
    """

    status_code: int | None
    response_model: Any
    response_class: type[Response] | None
    response_model_include: Iterable[str] | None
    response_model_exclude: Iterable[str] | None
    response_model_exclude_none: bool
    response_model_exclude_unset: bool
    response_model_exclude_defaults: bool
    response_model_by_alias: bool
    validate_response: bool
    form_limits: FormLimits
    timeout: float | None
    response_description: str
    responses: Mapping[int | str, Any] | None
    operation_id: str | None
    openapi_extra: Mapping[str, Any] | None
    openapi: Any


class WebSocketOptions(_Options, total=False):
    """What can be said of the route of a WebSocket besides its path; what is not told here, `RouteOptions` tells.

    Attributes:
        allowed_origins: Where pages may connect from: "https://example.com", or "same-origin" for the host that is
            asked itself. Others, and clients that name no origin, are refused with 403. By default all may: browsers
            send cookies with any page's connection, so say it wherever cookies tell who is asking (RFC 6455 section
            10.2).
        max_content_length: How many bytes a message may have; one that has more closes the WebSocket with 1009.
        on_disconnect: What becomes of a handler when the WebSocket is closed, unless it receives or sends, and so meets
            that: "cancel" cancels it where it waits, "notify" has `websocket.closed` tell it at once, "finish" has it
            run to its end in any case; None: as the server does.
    """

    allowed_origins: Iterable[str] | None


class Route(NamedTuple):
    """A route as it was declared; what is not told here, `RouteOptions` tells.

    Attributes:
        path: The template, with the prefixes of its routers.
        methods: In upper case; "*" for all, where an application is mounted.
        handler: What answers.
        owner: The class whose method the handler is; an instance is made for each request.
        selection: Which fields of the response model leave.
        limits: What a request may cost.
        exception_handlers: Of the routers around it, the innermost first, the application's last.
        namespace: The local names around the handler, where its annotations are text and could mean them.
        is_named: Whether the name was given, and so must be the only one.
        is_websocket: Whether it is for WebSockets; its method is GET then, that of the handshake.
    """

    path: str
    methods: tuple[str, ...]
    handler: Handler
    name: str
    owner: type | None = None
    status_code: int | None = None
    response_model: Any = UNSET
    response_class: type[Response] | None = None
    selection: Selection = Selection()
    validate_response: bool | None = None
    dependencies: tuple[Any, ...] = ()
    middleware: tuple[Middleware, ...] = ()
    limits: Limits = Limits()
    json_encoder: JSONCodec | None = None
    model_adapters: tuple["ModelAdapter", ...] = ()
    host: str | None = None
    version: str | None = None
    deprecated: "bool | date" = False
    sunset: "date | None" = None
    exception_handlers: tuple[Mapping[ExceptionKey, ExceptionHandler], ...] = ()
    plugged: tuple["Plugged", ...] = ()
    tags: tuple[str, ...] = ()
    summary: str | None = None
    description: str | None = None
    response_description: str = "Successful Response"
    responses: Mapping[int | str, Any] = MappingProxyType({})
    operation_id: str | None = None
    include_in_schema: bool = True
    openapi_extra: Mapping[str, Any] | None = None
    openapi: Any = None
    namespace: dict[str, Any] | None = None
    is_named: bool = False
    is_websocket: bool = False
    allowed_origins: tuple[str, ...] | None = None


def made_route(
    path: str,
    methods: tuple[str, ...],
    handler: Handler,
    options: RouteOptions | WebSocketOptions,
    namespace: dict[str, Any] | None,
    named: Any,
    owner: type | None = None,
    *,
    is_websocket: bool = False,
) -> Route:
    """Return the route that *options* describe; it has the name of *named* if they have none.

    Raises:
        TypeError: If there is no such option, or it is text where several names are wanted.
        ValueError: If a limit is none.
    """
    known = (WebSocketOptions if is_websocket else RouteOptions).__annotations__
    for option in options:
        if option not in known:
            from difflib import get_close_matches  # for mistakes alone

            similar = get_close_matches(option, known, 1)
            hint = f"; did you mean {similar[0]}?" if similar else ""
            raise TypeError(f"{path}: a {'WebSocket' if is_websocket else 'route'} has no option {option!r}{hint}")
    given: dict[str, Any] = dict(options)
    include = given.pop("response_model_include", None)
    selection = Selection(
        None if include is None else frozenset(strings("response_model_include", include)),
        frozenset(strings("response_model_exclude", given.pop("response_model_exclude", None))),
        given.pop("response_model_exclude_none", False),
        given.pop("response_model_by_alias", True),
        given.pop("response_model_exclude_unset", False),
        given.pop("response_model_exclude_defaults", False),
    )
    limits = Limits(**{option: given.pop(option) for option in Limits._fields if option in given}).check()
    if is_websocket:
        limits = limits._replace(timeout=None)  # of those around, too, which mean the answer to a request
    name = given.pop("name", None)
    given["responses"] = given.get("responses") or {}
    for option in ("dependencies", "model_adapters"):
        given[option] = tuple(given.get(option) or ())
    given["middleware"] = tuple(as_middleware(item, {}) for item in given.get("middleware") or ())
    given["tags"] = strings("tags", given.get("tags"))
    if given.get("allowed_origins") is not None:
        given["allowed_origins"] = strings("allowed_origins", given["allowed_origins"])
    return Route(
        path,
        methods,
        handler,
        name or getattr(named, "__name__", None) or type(named).__name__,
        owner,
        selection=selection,
        limits=limits,
        namespace=namespace,
        is_named=name is not None,
        is_websocket=is_websocket,
        **given,
    )


def strings(option: str, value: Iterable[str] | None) -> tuple[str, ...]:
    """Return the strings of *value*, none for None.

    Raises:
        TypeError: If it is one string, the letters of which nobody means, or says more than names.
    """
    if isinstance(value, (str, Mapping)):
        raise TypeError(f"{option} takes several strings, such as ['a', 'b'], not {value!r}")
    return tuple(value or ())
