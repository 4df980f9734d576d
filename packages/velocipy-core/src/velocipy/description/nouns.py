"""The descriptions themselves: frozen dataclasses, from the smallest to the application."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Any, Literal, NotRequired, TypedDict

from velocipy.errors import Fault
from velocipy.http.forms import FormLimits
from velocipy.http.response import Response
from velocipy.model_adapters import ModelAdapter
from velocipy.security_scheme import SecurityScheme
from velocipy.types import UNSET, Selection

Place = Literal["path", "host", "query", "header", "cookie", "form", "file", "body"]

EVERYTHING = Selection()
NOTHING: Mapping[str, Any] = MappingProxyType({})


def _nothing() -> Mapping[str, Any]:
    return NOTHING


# -- the bodies of errors ---------------------------------------------------------------------------------------------


class ErrorBody(TypedDict):
    """What is sent with an error."""

    detail: str


class HTTPValidationError(TypedDict):
    """What is sent with a 422: everything that is wrong with the request."""

    detail: list[Fault]


class Problem(TypedDict):
    """What is sent with an error where the application has `problem_details` (RFC 9457 section 3.1)."""

    type: str
    title: str
    status: int
    detail: NotRequired[str]


class ValidationProblem(TypedDict):
    """What is sent with a 422 where the application has `problem_details`."""

    type: str
    title: str
    status: int
    errors: list[Fault]


# -- what a route takes -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class CallableDescription:
    """A handler or dependency.

    Attributes:
        call: Itself.
        name: Its qualified name, without the functions around it.
        module: Where it is defined.
        place: "file:line", from the working directory where the file is below it; "" if nobody knows.
        documentation: Its docstring.
    """

    call: Callable[..., Any]
    name: str
    module: str = ""
    place: str = ""
    documentation: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterDescription:
    """A value that a request brings.

    Attributes:
        name: Of the parameter of the function, or of the field of the model.
        alias: Its name in the request.
        more_aliases: Further names that it may have there, each only looked at where those before have no value.
        place: Where it is; "host" in a part of the host.
        annotation: What it becomes, with all that it was annotated with besides markers.
        constraints: Names and limits, of the annotation and of the marker: ("ge", 1), ("max_length", 10). The names are
            those of annotated-types, further `tz`, `max_digits`, `decimal_places` and `predicate`.
        default: What it is when the request has none; `UNSET` where it is required, and where a factory makes it.
        default_factory: Makes the default.
        required: Whether the request must have it.
        many: Whether all values of the name are taken.
        fields: Of a model that is made of many values of the place, each of which has a name of its own there.
        forbids_extra: Of such a model: whether the place may have no other values than those that somebody takes.
        title, description, examples, openapi_examples, json_schema_extra, deprecated, include_in_schema: As was said.
        allow_inf_nan: Whether "nan" and "inf" are numbers.
        embed: Of a body: whether it was asked to stand in an object, under its name.
        convert_underscores: Of a header: whether the underscores of the name became hyphens.
    """

    name: str
    alias: str
    place: Place
    annotation: Any
    more_aliases: tuple[str, ...] = ()
    constraints: tuple[tuple[str, Any], ...] = ()
    default: Any = UNSET
    default_factory: Callable[[], Any] | None = None
    required: bool = True
    many: bool = False
    fields: tuple[ParameterDescription, ...] = ()
    forbids_extra: bool = False
    title: str | None = None
    description: str | None = None
    examples: tuple[Any, ...] = ()
    openapi_examples: Mapping[str, Any] = field(default_factory=_nothing)
    json_schema_extra: Mapping[str, Any] = field(default_factory=_nothing)
    deprecated: bool = False
    include_in_schema: bool = True
    allow_inf_nan: bool = False
    embed: bool = False
    convert_underscores: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyDescription:
    """The body that a route reads. Of one that takes it from the request itself, nobody knows.

    Attributes:
        media_types: That it may have, the usual one first. JSON may be any "application/...+json" as well.
        annotation: What the whole body becomes; `UNSET` where it is an object, or a form, of `fields`.
        fields: Its values by name; of a body that is one value, that value, as its parameter.
        embedded: Whether the body is a JSON object that has the fields under their names.
        required: Whether there must be one.
        is_form: Whether it is a form, with values in the places "form" and "file".
        is_streamed: Whether its last file is handed to the handler as it arrives.
        max_content_length: Bytes; None for any number.
        form_limits: Of a form.
        max_memory_size: Bytes of a multipart form that are held in memory; text beyond them is refused.
    """

    media_types: tuple[str, ...]
    annotation: Any = UNSET
    fields: tuple[ParameterDescription, ...] = ()
    embedded: bool = False
    required: bool = True
    is_form: bool = False
    is_streamed: bool = False
    max_content_length: int | None = None
    form_limits: FormLimits | None = None
    max_memory_size: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DependencyDescription:
    """A dependency, and what it depends on itself.

    Attributes:
        function: What is called.
        parameter: Which parameter it fills; None where the route or a router asks for it.
        parameters: What it takes from the request by itself, of the body too.
        dependencies: What it depends on.
        takes: What it is handed besides: "request" (or the WebSocket), "response", "background", "scopes".
        cached: Whether others that depend on the same function share its value.
        scope: Until when what it opens stays open; see `Depends`.
        security_scopes: What `Security` asks for on the ways to it.
        security: What it asks of who is asking, if it stands for a security scheme.
        raises: The statuses that it declares to raise.
    """

    function: CallableDescription
    parameter: str | None = None
    parameters: tuple[ParameterDescription, ...] = ()
    dependencies: tuple[DependencyDescription, ...] = ()
    takes: tuple[str, ...] = ()
    cached: bool = True
    scope: Literal["request", "handler"] = "request"
    security_scopes: tuple[str, ...] = ()
    security: SecurityRequirement | None = None
    raises: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityRequirement:
    """What has to hold before a handler is called, along with the other requirements of its route.

    Attributes:
        alternatives: Ways to pass, of which one is enough; each lists schemes which have to hold together, one without
            any lets everybody pass.
        scopes: What is asked for; of the schemes that know scopes.
    """

    alternatives: tuple[tuple[SecurityScheme, ...], ...]
    scopes: tuple[str, ...] = ()


# -- what a route gives -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentDescription:
    """A body that is sent.

    Attributes:
        media_type: None where it is not known before.
        annotation: The type; `UNSET` where nothing tells it.
        item: Of a stream: the type of each item, which is a line of "application/jsonl", the data of an event of
            "text/event-stream" unless it is a `ServerSentEvent`, or a piece of text or bytes. Else `UNSET`.
    """

    media_type: str | None
    annotation: Any = UNSET
    item: Any = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseDescription:
    """An answer that the handler gives, or that was told by `responses=`.

    Attributes:
        status: A status, or what OpenAPI calls several: "4XX", "default".
        description: When, or what it is.
        content: The bodies that it may have; none for an empty one.
        headers: What was said of its header fields.
        extra: What was said besides, in the words of OpenAPI: its Response Object without these.
        is_declared: Whether it was told by `responses=`.
    """

    status: int | str
    description: str
    content: tuple[ContentDescription, ...] = ()
    headers: Mapping[str, Any] = field(default_factory=_nothing)
    extra: Mapping[str, Any] = field(default_factory=_nothing)
    is_declared: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorDescription:
    """An error that can end a request before or in the handler.

    Attributes:
        status: Of the answer.
        description: When.
        content: Its body; the application's own exception handler for it may send anything.
        headers: What its header fields tell.
        exceptions: The classes that were declared.
        raised_by: The qualified names of who declares it; none where the framework answers.
    """

    status: int
    description: str
    content: tuple[ContentDescription, ...] = ()
    headers: Mapping[str, str] = field(default_factory=_nothing)
    exceptions: tuple[type[Exception], ...] = ()
    raised_by: tuple[str, ...] = ()


# -- where ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentDescription:
    """A part of a path between slashes, or of a host between dots.

    Attributes:
        text: As it is written: "{id:int}".
        values: The names of the values in it, each with its convertor or None.
        literals: What stands before, between and after the values: one more than these.
        catches_all: Whether its value is the whole rest of the path.
    """

    text: str
    values: tuple[tuple[str, str | None], ...] = ()
    literals: tuple[str, ...] = ()
    catches_all: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointDescription:
    """What routes and WebSockets have in common.

    Attributes:
        path: As it is written, with the prefixes of the routers.
        template: The same without convertors, as OpenAPI has it: "/items/{id}".
        segments: Its parts.
        host: The host that it is for, as it is written; None for any.
        host_segments: Its labels.
        name: For `url_for`.
        is_named: Whether the name was given.
        handler: What answers.
        owner: The class whose method the handler is, with one instance for each request.
        parameters: What is taken from the head of the request, by the handler and by all that it depends on, each place
            and name once. Values of the path that no parameter takes are there too.
        dependencies: What is called before the handler, as a tree.
        takes: What the handler is handed besides; see `DependencyDescription`.
        security: Requirements, all of which have to hold.
        errors: What can end the request before or in the handler, by status.
        headers: What every answer carries, names in lower case.
        middleware: Qualified names of what stands around it besides that of the application, the outermost first.
        version: Of the API.
        deprecated: Whether, or since when.
        sunset: When it will be gone.
        tags, include_in_schema: As was said.
        summary: As was said, else the first line of the docstring of the handler.
        description: As was said, else the rest of that docstring.
        max_content_length: Bytes of a body, or of a message of a WebSocket; None for any number.
        on_disconnect: What becomes of the handler when the client leaves; None for what the server does.
        pool: Where plain functions run.
        json_encoder: The name of the class of the JSON codec.
        model_adapters: Those of the route, before those of the application.
    """

    path: str
    template: str
    name: str
    handler: CallableDescription
    segments: tuple[SegmentDescription, ...] = ()
    host: str | None = None
    host_segments: tuple[SegmentDescription, ...] = ()
    is_named: bool = False
    owner: type | None = None
    parameters: tuple[ParameterDescription, ...] = ()
    dependencies: tuple[DependencyDescription, ...] = ()
    takes: tuple[str, ...] = ()
    security: tuple[SecurityRequirement, ...] = ()
    errors: tuple[ErrorDescription, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    middleware: tuple[str, ...] = ()
    version: str | None = None
    deprecated: bool | date = False
    sunset: date | None = None
    tags: tuple[str, ...] = ()
    summary: str | None = None
    description: str | None = None
    include_in_schema: bool = True
    max_content_length: int | None = None
    on_disconnect: str | None = None
    pool: str = "default"
    json_encoder: str = ""
    model_adapters: tuple[ModelAdapter, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteDescription(EndpointDescription):
    """What answers requests at a path.

    Attributes:
        methods: In upper case. Of GET the framework answers HEAD as well, where no other route does.
        body: None where none is read.
        responses: What the handler gives, by status, with what `responses=` tells.
        response_model: The type of what leaves, None where anything may.
        selection: Which of its fields leave.
        response_class: Made of what the handler returns.
        validate_response: Whether what leaves is checked.
        timeout: Seconds; None for any number.
        operation_id, openapi_extra, openapi: As was said.
    """

    methods: tuple[str, ...] = ("GET",)
    body: BodyDescription | None = None
    responses: tuple[ResponseDescription, ...] = ()
    response_model: Any = None
    selection: Selection = EVERYTHING
    response_class: type[Response] | None = None
    validate_response: bool = False
    timeout: float | None = None
    operation_id: str | None = None
    openapi_extra: Mapping[str, Any] = field(default_factory=_nothing)
    openapi: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSocketDescription(EndpointDescription):
    """What serves WebSockets at a path; the errors are those of the handshake.

    Attributes:
        allowed_origins: Where pages may connect from; None for anywhere.
    """

    allowed_origins: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MountDescription:
    """An application that answers everything at and below a path.

    Attributes:
        path: As it is written, with the prefixes of the routers; "" at the root.
        name: For `url_for`.
        kind: What it is.
        target: What was mounted; of a `VelociPy` `application` tells it instead.
        application: Of a `VelociPy`: its description.
        serves_websockets: Whether WebSockets are passed on.
        max_content_length: Bytes of a body; None for what it says itself.
        host: The host that it is for; None for any.
        middleware: Qualified names of what stands around it here, besides that of the application.
    """

    path: str
    name: str
    kind: Literal["velocipy", "asgi", "wsgi"]
    target: CallableDescription | None = None
    application: ApplicationDescription | None = None
    serves_websockets: bool = False
    max_content_length: int | None = None
    host: str | None = None
    middleware: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationDescription:
    """An application.

    Attributes:
        title, version, summary, description, terms_of_service, contact, license_info, servers, openapi_tags: As was
            said, for documents.
        docs_url, openapi_url: Where documents are served; None for nowhere.
        root_path: What was said of the path below which a proxy serves it; "" if nothing was.
        problem_details: Whether errors are told as application/problem+json (RFC 9457).
        slashes: What a path is that has a slash more or fewer.
        versioned_by: The names of the header fields that choose among versions of a route; none where the path does.
        debug: Whether answers tell of unhandled exceptions.
        max_query_fields, max_header_fields: How many a request may have; None for any number.
        middleware: Qualified names of what stands around everything, the outermost first; that of ASGI stands before.
        json_encoder: The name of the class of the JSON codec.
        model_adapters: Of models that others than the core know.
        routes, websockets, mounts: In the order of declaration, those of included routers last.
    """

    title: str
    version: str
    summary: str | None = None
    description: str | None = None
    terms_of_service: str | None = None
    contact: Mapping[str, Any] | None = None
    license_info: Mapping[str, Any] | None = None
    servers: tuple[Mapping[str, Any], ...] = ()
    openapi_tags: tuple[Mapping[str, Any], ...] = ()
    docs_url: str | None = None
    openapi_url: str | None = None
    root_path: str = ""
    problem_details: bool = False
    slashes: Literal["merge", "strict", "redirect"] = "merge"
    versioned_by: tuple[str, ...] = ()
    debug: bool = False
    max_query_fields: int | None = None
    max_header_fields: int | None = None
    middleware: tuple[str, ...] = ()
    json_encoder: str = ""
    model_adapters: tuple[ModelAdapter, ...] = ()
    routes: tuple[RouteDescription, ...] = ()
    websockets: tuple[WebSocketDescription, ...] = ()
    mounts: tuple[MountDescription, ...] = ()
