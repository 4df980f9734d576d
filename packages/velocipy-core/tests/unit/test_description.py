"""What applications tell of themselves: everything, as it really is, and as data that nobody can change."""

import inspect
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import FrozenInstanceError, dataclass, fields, is_dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal

import pytest

from velocipy import (
    APIRouter,
    APIVersion,
    BackgroundTasks,
    BaseMiddleware,
    Body,
    Cookie,
    Depends,
    EventSourceResponse,
    File,
    FileResponse,
    Form,
    FormLimits,
    Header,
    HTMLResponse,
    HTTPException,
    Middleware,
    Path,
    PayloadTooLargeException,
    PlainTextResponse,
    Query,
    RedirectResponse,
    Request,
    Response,
    Security,
    SecurityScopes,
    ServerSentEvent,
    StartupError,
    UploadFile,
    UploadStream,
    VelociPy,
    WebSocket,
    raises,
)
from velocipy.description import (
    ApplicationDescription,
    ErrorBody,
    HTTPValidationError,
    ParameterDescription,
    Problem,
    Raised,
    RouteDescription,
    ValidationProblem,
    WebSocketDescription,
    describe,
)
from velocipy.plans.plan import Call, Input, Plan
from velocipy.plugin import Setup
from velocipy.routing.options import Route, RouteOptions, WebSocketOptions
from velocipy.security_scheme import (
    APIKeyScheme,
    DescribesSecurity,
    HTTPScheme,
    MutualTLSScheme,
    OAuth2Flow,
    OAuth2Scheme,
    OpenIDConnectScheme,
    SchemeChoice,
)
from velocipy.serialization import StdlibCodec
from velocipy.types import UNSET, Selection


@dataclass
class Item:
    name: str
    price: float = 0.0


@dataclass
class Paging:
    skip: int = 0
    take: Annotated[int, Query(le=100)] = 10


class Adapter:
    """A model adapter that supports nothing."""

    name = "none"

    def supports(self, annotation: Any) -> bool:
        return False

    def is_model(self, annotation: Any) -> bool:
        return False


class Around(BaseMiddleware):
    pass


class Plain:
    """A middleware that is an object."""

    async def dispatch(self, request: Request, call_next: Any) -> Any:
        return await call_next(request)


def only(app: VelociPy) -> RouteDescription:
    (route,) = describe(app).routes
    return route


def described(handler: Any, path: str = "/", method: str = "POST", **options: Any) -> RouteDescription:
    app = VelociPy()
    app.add_route(path, handler, [method], **options)
    return only(app)


def parameter(annotation: Any, path: str = "/", default: Any = inspect.Parameter.empty) -> ParameterDescription:
    """Return the description of a parameter `value`."""

    async def handler(value: Any) -> None: ...

    handler.__annotations__["value"] = annotation
    if default is not inspect.Parameter.empty:
        handler.__defaults__ = (default,)
    route = described(handler, path)
    return (*route.parameters, *(route.body.fields if route.body else ()))[0]


# -- applications -----------------------------------------------------------------------------------------------------


def test_an_application_tells_what_was_said_of_it() -> None:
    contact = {"name": "Robert", "urls": ["https://a"]}
    app = VelociPy(
        "Park",
        "2.1",
        summary="Dinosaurs",
        description="Of all kinds",
        terms_of_service="https://example.com/terms",
        contact=contact,
        license_info={"name": "MIT"},
        servers=[{"url": "https://a"}],
        openapi_tags=[{"name": "raptors"}],
        docs_url=None,
        openapi_url="/schema.json",
        root_path="/api",
        problem_details=True,
        slashes="strict",
        debug=True,
        max_query_fields=7,
        max_header_fields=None,
        middleware=[Middleware(Around)],
        json_encoder=StdlibCodec(),
        versioning=APIVersion.from_header("X-Version"),
    )
    told = describe(app)
    assert (told.title, told.version, told.summary, told.description) == ("Park", "2.1", "Dinosaurs", "Of all kinds")
    assert told.terms_of_service == "https://example.com/terms"
    assert told.contact == {"name": "Robert", "urls": ("https://a",)}
    assert (told.license_info, told.servers, told.openapi_tags) == (
        {"name": "MIT"},
        ({"url": "https://a"},),
        ({"name": "raptors"},),
    )
    assert (told.docs_url, told.openapi_url, told.root_path) == (None, "/schema.json", "/api")
    assert (told.problem_details, told.slashes, told.debug) == (True, "strict", True)
    assert (told.max_query_fields, told.max_header_fields) == (7, None)
    assert told.middleware == (f"{__name__}.Around",)
    assert told.json_encoder == "velocipy.serialization.StdlibCodec"
    assert told.versioned_by == ("x-version",)
    contact["name"] = "another"
    assert (told.contact or {})["name"] == "Robert"


def test_an_application_of_which_nothing_was_said() -> None:
    told = describe(VelociPy())
    assert (told.contact, told.servers, told.routes, told.websockets, told.mounts) == (None, (), (), (), ())
    assert (told.docs_url, told.openapi_url, told.versioned_by) == ("/docs", "/openapi.json", ())


def test_what_plugins_add_is_told() -> None:
    class Adds:
        name = "adds"

        def setup(self, setup: Setup) -> None:
            setup.add_middleware(Around)
            setup.add_convertor("size", Annotated[int, Path(ge=1)])
            setup.add_model_adapter(Adapter())  # type: ignore[arg-type]
            setup.add_route("/{value:size}", a_number)

    told = describe(VelociPy(plugins=[Adds()], middleware=[Plain()]))
    assert told.middleware == (f"{__name__}.Around", f"{__name__}.Plain")
    assert [item.name for item in told.model_adapters][:1] == ["none"]  # and pydantic's, if that is imported
    assert told.routes[0].model_adapters == told.model_adapters
    assert told.routes[0].segments[0].values == (("value", "size"),)


def test_mistakes_in_the_program_are_raised_as_by_freezing() -> None:
    app = VelociPy()

    async def handler(value: "Nowhere") -> None: ...  # type: ignore[name-defined]  # noqa: F821

    app.add_route("/", handler)
    with pytest.raises(StartupError, match="Nowhere"):
        describe(app)


def test_what_is_declared_later_is_told_when_asked_again() -> None:
    app = VelociPy()
    before = describe(app)

    async def handler() -> None: ...

    app.add_route("/late", handler)
    assert before.routes == ()
    assert [route.path for route in describe(app).routes] == ["/late"]


def test_nothing_of_it_is_loaded_unless_somebody_asks() -> None:
    script = (
        "import sys, velocipy\n"
        "app = velocipy.VelociPy(docs_url=None, openapi_url=None)\n"
        "app.add_route('/', lambda: None)\n"
        "app.freeze()\n"
        "print([name for name in sys.modules if name.startswith(('velocipy.desc', 'velocipy.security_'))])"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


# -- routes -----------------------------------------------------------------------------------------------------------


def test_where_a_route_is() -> None:
    app = VelociPy()
    router = APIRouter("/v", name="files", host="{tenant}.example.com", tags=["a"], deprecated=date(2026, 1, 2))

    @router.get("/{folder:int}/{name}.{ext}/{rest*}", tags=["b"], name="read", operation_id="read_it")
    async def read(folder: int, name: str, ext: str, rest: str, tenant: str) -> None:
        """Read a file.

        The whole of it.
        """

    app.include_router(router, "/p")
    route = only(app)
    assert route.path == "/p/v/{folder:int}/{name}.{ext}/{rest*}"
    assert route.template == "/p/v/{folder}/{name}.{ext}/{rest}"
    assert [segment.literals for segment in route.segments] == [("p",), ("v",), ("", ""), ("", ".", ""), ("", "")]
    assert route.segments[2].values == (("folder", "int"),)
    assert [segment.catches_all for segment in route.segments] == [False] * 4 + [True]
    assert (route.host, route.host_segments[0].values) == ("{tenant}.example.com", (("tenant", None),))
    assert {item.name: item.place for item in route.parameters} == {
        **dict.fromkeys(("folder", "name", "ext", "rest"), "path"),
        "tenant": "host",
    }
    assert (route.name, route.is_named, route.operation_id, route.tags) == ("files.read", True, "read_it", ("a", "b"))
    assert (route.summary, route.description) == ("Read a file.", "The whole of it.")
    assert dict(route.headers) == {"deprecation": "@1767312000"}
    assert (route.deprecated, route.methods) == (date(2026, 1, 2), ("GET",))


def test_the_root_has_no_segments() -> None:
    async def handler() -> None: ...

    route = described(handler)
    assert (route.template, route.segments, route.summary, route.description) == ("/", (), None, None)


def test_the_handler_is_told_with_its_place() -> None:
    class Controller:
        async def read(self) -> None:
            """Read."""

    def decorated() -> None: ...

    handler = described(Controller().read).handler
    line = inspect.getsourcelines(Controller.read)[1]
    assert (handler.name, handler.module) == ("Controller.read", __name__)
    assert handler.place.endswith(f"test_description.py:{line}")
    assert handler.documentation == "Read."
    assert described(decorated).handler.call is decorated


def test_values_of_the_path_that_the_handler_asks_the_request_for_are_told() -> None:
    async def handler(request: Request) -> None: ...

    route = described(handler, "/{number:int}/{name}")
    assert [(item.alias, item.annotation) for item in route.parameters] == [("number", int), ("name", str)]
    assert route.takes == ("request",)


def test_classes_tell_their_methods() -> None:
    class Items:
        """All items."""

        def __init__(self, page: int) -> None: ...

        async def get(self) -> list[int]:
            """List them."""
            return []

    app = VelociPy()
    app.add_route("/items", Items)
    route = only(app)
    assert (route.methods, route.owner, route.summary, route.name) == (("GET",), Items, "List them.", "Items")
    assert [item.name for item in route.parameters] == ["page"]
    assert [(item.parameter, item.function.call) for item in route.dependencies] == [("self", Items)]


def test_what_is_said_of_a_route_comes_before_its_docstring() -> None:
    async def handler() -> None:
        """One.

        Two.
        """

    assert described(handler, summary="S").summary == "S"
    assert described(handler, summary="S").description == "Two."
    assert described(handler, description="D").summary == "One."
    assert described(handler, description="D").description == "D"


# -- parameters -------------------------------------------------------------------------------------------------------


def test_a_parameter_tells_all_that_its_marker_says() -> None:
    """By introspection: an argument that is added to markers has to arrive somewhere, and be told here."""
    said: Any = {
        "alias": "the-value",
        "title": "T",
        "description": "D",
        "examples": ["a", ["b"]],
        "openapi_examples": {"one": {"value": ["x"]}},
        "json_schema_extra": {"x-more": {"y": [1]}},
        "deprecated": True,
        "include_in_schema": False,
        "convert_underscores": False,
    }
    told = parameter(Annotated[str, Header(**said)])
    assert told.examples == ("a", ("b",))
    assert told.openapi_examples == {"one": {"value": ("x",)}}
    assert told.json_schema_extra == {"x-more": {"y": (1,)}}
    for name in ("alias", "title", "description", "deprecated", "include_in_schema", "convert_underscores"):
        assert getattr(told, name) == said[name]
    constraints: Any = {"gt": 0, "ge": 1, "lt": 9, "le": 8, "multiple_of": 2}
    assert dict(parameter(Annotated[int, Query(**constraints)]).constraints) == constraints
    lengths: Any = {"min_length": 1, "max_length": 5, "pattern": "^a"}
    assert dict(parameter(Annotated[str, Query(**lengths)]).constraints) == lengths
    digits: Any = {"max_digits": 5, "decimal_places": 2}
    assert dict(parameter(Annotated[Decimal, Query(**digits)]).constraints) == digits
    assert parameter(Annotated[float, Query(allow_inf_nan=True)]).allow_inf_nan
    assert parameter(Annotated[int, Query(default=3)]).default == 3
    assert parameter(Annotated[list[int], Query(default_factory=list)]).default_factory is list
    assert parameter(Annotated[int, Body(embed=True)]).embed
    tried = {*said, *constraints, *lengths, *digits, "allow_inf_nan", "default", "default_factory", "embed"}
    arguments = set(inspect.signature(type(Query).__call__).parameters) - {"self"}
    assert tried == arguments


@pytest.mark.parametrize(
    ("annotation", "place", "alias"),
    [
        (Annotated[int, Query()], "query", "value"),
        (int, "query", "value"),
        (Annotated[int, Header(alias="X-Size")], "header", "X-Size"),
        (Annotated[int, Cookie()], "cookie", "value"),
        (Annotated[int, Form()], "form", "value"),
        (UploadFile, "file", "value"),
        (Annotated[bytes, File()], "file", "value"),
        (Item, "body", "value"),
    ],
)
def test_a_parameter_tells_its_place_and_name(annotation: Any, place: str, alias: str) -> None:
    if place == "file":
        pytest.importorskip("python_multipart", reason="it reads multipart forms")
    told = parameter(annotation)
    assert (told.place, told.alias, told.required, told.default) == (place, alias, True, UNSET)


def test_a_default_is_told_and_makes_the_value_optional() -> None:
    told = parameter(list[int], default=Query([1, 2]))
    assert (told.required, told.default, told.many) == (False, (1, 2), True)
    assert parameter(int | None, default=None).default is None
    assert not parameter(Annotated[list[int], Query(default_factory=list)]).required


def test_the_annotation_stays_one_with_what_is_not_a_marker() -> None:
    annotated_types = pytest.importorskip("annotated_types", reason="constraints of others than markers")
    annotation = Annotated[int, annotated_types.Ge(3)]
    told = parameter(Annotated[annotation, Query(le=9)])
    assert told.annotation == annotation
    assert told.constraints == (("ge", 3), ("le", 9))
    assert parameter(Annotated[bytes, annotated_types.Len(1, 4), File()]).constraints == (
        ("min_length", 1),
        ("max_length", 4),
    )


def test_the_model_of_a_place_tells_its_fields() -> None:
    told = parameter(Annotated[Paging, Query()])
    assert (told.annotation, told.many) == (Paging, False)
    assert [(item.alias, item.place, item.required) for item in told.fields] == [
        ("skip", "query", False),
        ("take", "query", False),
    ]
    assert told.fields[1].constraints == (("le", 100),)
    assert [item.alias for item in parameter(Annotated[Agent, Header()]).fields] == ["user-agent"]


def test_the_model_of_a_form_tells_its_files() -> None:
    pytest.importorskip("python_multipart", reason="it reads multipart forms")
    told = parameter(Annotated[Upload, Form()]).fields
    assert [(item.alias, item.place) for item in told] == [("file_name", "form"), ("data", "file")]


@dataclass
class Upload:
    file_name: str
    data: UploadFile


@dataclass
class Agent:
    user_agent: str


def test_parameters_of_dependencies_are_those_of_the_route_each_once() -> None:
    async def page(number: Annotated[int, Query(ge=1)] = 1) -> int:
        return number

    async def handler(
        page: Annotated[int, Depends(page)], number: Annotated[int, Query(le=9)], token: Annotated[str, Header()]
    ) -> None: ...

    route = described(handler, method="GET")
    assert [item.alias for item in route.parameters] == ["number", "token"]
    assert (route.parameters[0].constraints, route.parameters[0].required) == ((("ge", 1), ("le", 9)), True)
    assert [item.required for item in route.dependencies[0].parameters] == [False]


# -- dependencies -----------------------------------------------------------------------------------------------------


def test_dependencies_are_a_tree() -> None:
    async def settings() -> str:
        return ""

    def connection(settings: Annotated[str, Depends(settings)], tenant: Annotated[str, Header()]) -> Iterator[int]:
        yield 1

    async def log(request: Request, response: Response, tasks: BackgroundTasks) -> None: ...

    async def handler(
        connection: Annotated[int, Depends(connection, scope="handler")],
        again: Annotated[str, Depends(settings, use_cache=False)],
    ) -> None: ...

    app = VelociPy(dependencies=[Depends(log)])
    app.add_route("/", handler)
    first, second, third = only(app).dependencies
    assert (first.parameter, first.function.call, first.takes) == (None, log, ("request", "response", "background"))
    assert (second.parameter, second.scope, second.cached) == ("connection", "handler", True)
    assert [item.alias for item in second.parameters] == ["tenant"]
    assert [(item.parameter, item.function.call) for item in second.dependencies] == [("settings", settings)]
    assert second.function.name.endswith("connection")
    assert (third.parameter, third.cached, third.scope, third.dependencies) == ("again", False, "request", ())


def test_what_stands_in_for_a_dependency_is_told() -> None:
    async def original(x: int) -> int:
        return x

    async def handler(value: Annotated[int, Depends(original)]) -> None: ...

    app = VelociPy()
    app.add_route("/", handler)
    app.dependency_overrides[original] = lambda: 1
    assert only(app).parameters == ()


# -- bodies -----------------------------------------------------------------------------------------------------------


def test_without_a_body_none_is_told() -> None:
    async def handler(request: Request) -> bytes:
        return await request.body()

    assert described(handler).body is None


def test_a_body_of_one_value() -> None:
    async def handler(item: Annotated[Item, Body(description="An item")]) -> None: ...

    body = described(handler, max_content_length=9).body
    assert body is not None
    assert (body.media_types, body.annotation, body.embedded, body.required) == (
        ("application/json",),
        Item,
        False,
        True,
    )
    assert (body.max_content_length, body.fields[0].description, body.is_form) == (9, "An item", False)


def test_a_body_that_may_be_left_out() -> None:
    async def handler(item: Item | None = None) -> None: ...

    body = described(handler).body
    assert body is not None
    assert (body.annotation, body.required) == (Item | None, False)


def test_a_body_of_several_values() -> None:
    async def user(user: Annotated[str, Body()]) -> str:
        return user

    async def handler(item: Item, user: Annotated[str, Depends(user)]) -> None: ...

    body = described(handler).body
    assert body is not None
    assert (body.annotation, body.embedded) == (UNSET, True)
    assert {item.alias: item.annotation for item in body.fields} == {"item": Item, "user": str}


def test_a_form_and_its_limits() -> None:
    async def handler(name: Annotated[str, Form()], age: Annotated[int, Form()] = 0) -> None: ...

    body = described(handler, form_limits=FormLimits(max_fields=3)).body
    assert body is not None
    assert body.media_types[0] == "application/x-www-form-urlencoded"
    assert (body.is_form, body.required, [item.alias for item in body.fields]) == (True, True, ["name", "age"])
    assert body.form_limits == FormLimits(max_fields=3)
    assert body.max_memory_size == 1024 * 1024


def test_files_take_a_multipart_form() -> None:
    pytest.importorskip("python_multipart", reason="files need it")

    async def several(files: list[UploadFile], title: Annotated[str, Form()] = "") -> None: ...
    async def perhaps(file: UploadFile | None = None) -> None: ...
    async def stream(file: UploadStream) -> None: ...

    body = described(several).body
    assert body is not None
    assert (body.media_types, body.required, body.is_streamed) == (("multipart/form-data",), True, False)
    assert [(item.place, item.many) for item in body.fields] == [("file", True), ("form", False)]
    body = described(perhaps).body
    assert body is not None
    assert (body.required, len(body.media_types)) == (False, 2)
    body = described(stream).body
    assert body is not None
    assert body.is_streamed


# -- responses --------------------------------------------------------------------------------------------------------


class Colour(StrEnum):
    RED = "red"


Told = list[tuple[int | str, list[tuple[str | None, Any]]]]
JSON, TEXT = "application/json", "text/plain"


@pytest.mark.parametrize(
    ("annotation", "told"),
    [
        (Item, [(200, [(JSON, Item)])]),
        (list[Item] | None, [(200, [(JSON, list[Item] | None)])]),
        (dict[str, int], [(200, [(JSON, dict[str, int])])]),
        (None, [(204, [])]),
        (dict[str, int] | None, [(204, []), (200, [(JSON, dict[str, int])])]),
        (str, [(200, [(TEXT, str)])]),
        (Literal["a", "b"], [(200, [(TEXT, Literal["a", "b"])])]),
        (Colour, [(200, [(JSON, Colour)])]),
        (bytes, [(200, [("application/octet-stream", bytes)])]),
        (str | int, [(200, [(TEXT, str), (JSON, int)])]),
        (Any, [(200, [(None, Any)])]),
        (HTMLResponse, [(200, [("text/html", UNSET)])]),
        (FileResponse, [(200, [(None, UNSET)])]),
        (RedirectResponse, [(307, [])]),
        (Item | RedirectResponse, [(307, []), (200, [(JSON, Item)])]),
        (Item | PlainTextResponse, [(200, [(TEXT, UNSET), (JSON, Item)])]),
    ],
)
def test_the_answer_is_told_by_the_return_annotation(annotation: Any, told: Told) -> None:
    async def handler() -> Any: ...

    handler.__annotations__["return"] = annotation
    responses = described(handler).responses
    assert [
        (response.status, [(item.media_type, item.annotation) for item in response.content]) for response in responses
    ] == told


def test_the_status_of_the_route_is_told_of_the_one_response_that_is_annotated() -> None:
    async def log_in() -> RedirectResponse: ...  # type: ignore[empty-body]

    async def either() -> Item | RedirectResponse: ...  # type: ignore[empty-body]

    assert [item.status for item in described(log_in, status_code=303).responses] == [303]
    assert [item.status for item in described(either, status_code=201).responses] == [307, 201]


def test_without_an_annotation_nothing_is_known_of_the_answer() -> None:
    async def handler(): ...  # type: ignore[no-untyped-def]

    (response,) = described(handler).responses
    assert (response.status, response.content[0].media_type, response.content[0].annotation) == (200, None, UNSET)


def test_what_is_said_of_the_answer() -> None:
    async def handler() -> Any: ...

    route = described(
        handler,
        status_code=201,
        response_model=Item,
        response_model_exclude=["price"],
        response_model_exclude_none=True,
        response_description="A new one",
        validate_response=True,
    )
    (response,) = route.responses
    assert (response.status, response.description, response.is_declared) == (201, "A new one", False)
    assert (route.response_model, route.validate_response) == (Item, True)
    assert route.selection == Selection(exclude=frozenset({"price"}), exclude_none=True)
    assert described(handler, status_code=204).responses[0].content == ()
    html = described(handler, response_class=HTMLResponse)
    assert (html.response_class, html.responses[0].content[0].media_type) == (HTMLResponse, "text/html")
    assert described(handler, response_class=RedirectResponse).responses[0].status == 307


def test_what_responses_says_is_joined_with_what_is_known() -> None:
    async def handler() -> Item: ...  # type: ignore[empty-body]

    said = {
        200: {"description": "Here it is", "headers": {"X-Next": {"schema": {}}}, "links": {"next": {}}},
        404: Item,
        409: {"model": ErrorBody, "description": "Taken"},
        "410": "Gone",
        "5XX": {"content": {"text/plain": {}}},
    }
    responses = {response.status: response for response in described(handler, responses=said).responses}
    assert responses[200].description == "Here it is"
    assert responses[200].content[0].annotation is Item
    assert responses[200].headers == {"X-Next": {"schema": {}}}
    assert responses[200].extra == {"links": {"next": {}}}
    assert responses[404].content[0].annotation is Item
    assert (responses[409].description, responses[409].content[0].annotation) == ("Taken", ErrorBody)
    assert (responses[410].description, responses[410].content) == ("Gone", ())
    assert responses["5XX"].extra == {"content": {"text/plain": {}}}
    assert all(response.is_declared for response in responses.values())


def test_streams_tell_the_type_of_their_items() -> None:
    async def lines() -> AsyncIterator[Item]:
        yield Item("a")

    async def text() -> AsyncIterator[str]:
        yield "a"

    async def events() -> AsyncIterator[ServerSentEvent]:
        yield ServerSentEvent("a")

    def told(route: RouteDescription) -> list[Any]:
        return [(item.media_type, item.annotation, item.item) for item in route.responses[0].content]

    assert told(described(lines)) == [("application/jsonl", UNSET, Item)]
    assert told(described(text)) == [(TEXT, UNSET, str)]
    assert told(described(events, response_class=EventSourceResponse)) == [
        ("text/event-stream", UNSET, ServerSentEvent)
    ]


# -- errors -----------------------------------------------------------------------------------------------------------


def errors_of(route: RouteDescription | WebSocketDescription) -> dict[int, Any]:
    return {error.status: error for error in route.errors}


async def nothing() -> None: ...
async def a_path(value: str) -> None: ...
async def a_number(value: Annotated[int, Path()]) -> None: ...
async def a_query(value: str = "") -> None: ...
async def a_header(value: Annotated[str, Header()] = "") -> None: ...
async def a_needed_header(value: Annotated[str, Header()]) -> None: ...
async def an_item(value: Item) -> None: ...
async def a_form(value: Annotated[str, Form()]) -> None: ...


@pytest.mark.parametrize(
    ("handler", "path", "options", "statuses"),
    [
        (nothing, "/", {}, []),
        (nothing, "/", {"timeout": 2.5}, [504]),
        (a_path, "/{value}", {}, []),
        (a_number, "/{value}", {}, [422]),
        (a_query, "/", {}, [400, 422]),
        (a_header, "/", {}, []),
        (a_needed_header, "/", {}, [422]),
        (an_item, "/", {}, [413, 415, 422]),
        (an_item, "/", {"max_content_length": None}, [415, 422]),
        (a_form, "/", {}, [400, 413, 415, 422]),
    ],
)
def test_errors_are_those_that_can_happen(
    handler: Any, path: str, options: dict[str, Any], statuses: list[int]
) -> None:
    assert list(errors_of(described(handler, path, **options))) == statuses


def test_a_query_without_a_limit_is_never_too_long_and_a_version_may_be_missing() -> None:
    app = VelociPy(max_query_fields=None, versioning=APIVersion.from_header())
    app.add_route("/", a_query, version="2")
    assert list(errors_of(only(app))) == [406, 422]


class NoSuchItem(HTTPException):
    def __init__(self, number: int = 0) -> None:
        super().__init__(404, f"there is no item {number}")


class Guard:
    """An object as a dependency, which declares by an attribute."""

    raises = (Raised(403, "Not yours"),)

    async def __call__(self) -> None: ...


def test_what_is_declared_to_be_raised_is_told_of_every_route_below() -> None:
    @raises(401, "Who is it?", headers={"WWW-Authenticate": "How to say"})
    @raises(NoSuchItem, "No such user")
    async def user() -> str:
        return ""

    async def indirect(user: Annotated[str, Depends(user)]) -> str:
        return user

    @raises(404, "No such item", model=Item)
    @raises(PayloadTooLargeException)
    async def handler(user: Annotated[str, Depends(indirect)]) -> None: ...

    route = described(handler, dependencies=[Depends(Guard())])
    errors = errors_of(route)
    assert list(errors) == [401, 403, 404, 413]
    assert (errors[401].description, errors[401].headers) == ("Who is it?", {"WWW-Authenticate": "How to say"})
    assert errors[404].description == "No such user; No such item"
    assert errors[404].exceptions == (NoSuchItem,)
    assert errors[404].raised_by == (user.__qualname__.rpartition("<locals>.")[2], "handler")
    assert [item.annotation for item in errors[404].content] == [ErrorBody, Item]
    assert errors[413].description == "Payload Too Large"
    assert errors[403].raised_by == ("Guard.__call__",)
    tree = route.dependencies[1].dependencies[0]
    assert tree.raises == (401, 404)


class Verifier:
    raises = (Raised(401), Raised(403, only_with_scopes=True))

    async def __call__(self) -> None: ...


def test_what_only_scopes_can_raise_is_told_where_they_are_asked_for() -> None:
    verifier = Verifier()

    async def user(found: Annotated[None, Depends(verifier)]) -> None: ...

    async def handler() -> None: ...

    without = described(handler, dependencies=[Depends(user)])
    assert (list(errors_of(without)), without.dependencies[0].dependencies[0].raises) == ([401], (401,))
    asking = described(handler, dependencies=[Security(user, scopes=["read"])])
    assert (list(errors_of(asking)), asking.dependencies[0].dependencies[0].raises) == ([401, 403], (401, 403))


def test_raises_changes_nothing_of_a_function() -> None:
    def function(a: int) -> int:
        return a

    assert raises(404)(function) is function
    assert function(2) == 2


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        ("404", TypeError, "'404'"),
        (ValueError, TypeError, "ValueError"),
        (HTTPException, TypeError, "does not tell its status"),
        (99, ValueError, "99"),
    ],
)
def test_what_raises_does_not_take(wrong: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        raises(wrong)


def test_the_body_of_an_error_is_told_as_it_is() -> None:
    def bodies(app: VelociPy) -> dict[int, Any]:
        app.add_route("/", raises(404)(an_item_again), ["POST"])
        return {
            status: (error.content[0].media_type, error.content[0].annotation)
            for status, error in errors_of(only(app)).items()
            if status in (404, 422)
        }

    async def an_item_again(value: Item) -> None: ...

    plain = {404: (JSON, ErrorBody), 422: (JSON, HTTPValidationError)}
    problem = "application/problem+json"
    assert bodies(VelociPy()) == plain
    assert bodies(VelociPy(problem_details=True)) == {404: (problem, Problem), 422: (problem, ValidationProblem)}
    own = VelociPy(exception_handlers={422: lambda request, error: {"own": True}})
    assert bodies(own) == plain | {422: (None, UNSET)}


# -- security ---------------------------------------------------------------------------------------------------------

bearer = HTTPScheme(scheme_name="Bearer", scheme="bearer", bearer_format="JWT")
key = APIKeyScheme(scheme_name="Key", place="header", name="X-Key")
oauth2 = OAuth2Scheme(scheme_name="OAuth", password=OAuth2Flow(token_url="/token", scopes={"me": "Yourself"}))


class Scheme:
    def __init__(self, security_scheme: Any) -> None:
        self.security_scheme = security_scheme

    async def __call__(self) -> str:
        return ""


def test_requirements_of_all_dependencies_hold_with_the_scopes_of_all_ways() -> None:
    token, api_key = Scheme(oauth2), Scheme(key)
    assert isinstance(token, DescribesSecurity)

    async def user(token: Annotated[str, Depends(token)]) -> str:
        return token

    async def scoped(wanted: SecurityScopes, token: Annotated[str, Depends(token)]) -> str:
        return token

    async def handler(
        first: Annotated[str, Security(user, scopes=["a"])],
        second: Annotated[str, Security(user, scopes=["b", "a"])],
        third: Annotated[str, Security(scoped, scopes=["c"])],
    ) -> None: ...

    route = described(handler, dependencies=[Depends(api_key)])
    assert [(item.alternatives, item.scopes) for item in route.security] == [
        (((key,),), ()),
        (((oauth2,),), ("a", "b", "c")),
    ]
    assert route.dependencies[3].takes == ("scopes",)
    assert route.dependencies[3].security_scopes == ("c",)
    assert route.dependencies[3].dependencies[0].security is not None


def test_one_of_several_schemes_may_be_enough_and_none_as_well() -> None:
    choice = SchemeChoice(((bearer,), (key, MutualTLSScheme(scheme_name="TLS")), ()))

    async def handler(who: Annotated[str, Depends(Scheme(choice))]) -> None: ...

    (requirement,) = described(handler).security
    assert requirement.alternatives == choice.alternatives


def test_an_attribute_that_is_no_scheme_says_nothing() -> None:
    async def handler(who: Annotated[str, Depends(Scheme("bearer"))]) -> None: ...

    assert described(handler).security == ()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: HTTPScheme(scheme_name="a b", scheme="bearer"), "'a b' names no scheme"),
        (lambda: OAuth2Scheme(scheme_name="a"), "has no flow"),
        (lambda: OAuth2Scheme(scheme_name="a", password=OAuth2Flow()), "password .* needs its token_url"),
        (
            lambda: OAuth2Scheme(scheme_name="a", authorization_code=OAuth2Flow(token_url="/t")),
            "authorization_code .* needs its authorization_url",
        ),
        (lambda: OAuth2Scheme(scheme_name="-", implicit=OAuth2Flow(token_url="/t")), "implicit"),
    ],
)
def test_a_scheme_that_no_document_could_tell_is_refused(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_scopes_are_several_and_no_text() -> None:
    with pytest.raises(TypeError, match="scopes takes several strings"):
        Security(nothing, scopes="me")


# -- WebSockets and mounts --------------------------------------------------------------------------------------------


def test_a_websocket_tells_its_handshake() -> None:
    app = VelociPy()

    @app.websocket("/rooms/{room:int}", allowed_origins=["same-origin"], tags=["a"], max_content_length=10)
    async def talk(websocket: WebSocket, room: int, who: Annotated[str, Depends(Scheme(bearer))], page: int) -> None:
        """Talk."""

    told = describe(app)
    (websocket,) = told.websockets
    assert told.routes == ()
    assert (websocket.template, websocket.summary, websocket.tags) == ("/rooms/{room}", "Talk.", ("a",))
    assert [item.alias for item in websocket.parameters] == ["room", "page"]
    assert (websocket.allowed_origins, websocket.takes) == (("same-origin",), ("request",))
    assert websocket.security[0].alternatives == ((bearer,),)
    assert websocket.max_content_length == 10
    assert list(errors_of(websocket)) == [400, 403, 422]


async def foreign(scope: Any, receive: Any, send: Any) -> None: ...


def foreign_wsgi(environ: Any, start_response: Any) -> Any: ...


def test_mounts_tell_what_is_mounted() -> None:
    inner, app = VelociPy("Inner"), VelociPy()
    inner.add_route("/a", nothing)
    app.mount("/inner", inner, name="in")
    app.mount("/foreign", foreign, max_content_length=5)
    app.mount("/", foreign)
    told = describe(app)
    assert (told.routes, told.websockets) == ((), ())
    first, second, third = told.mounts
    assert (first.path, first.name, first.kind, first.target) == ("/inner", "in", "velocipy", None)
    assert first.application is not None
    assert (first.application.title, first.application.routes[0].path) == ("Inner", "/a")
    assert (second.path, second.kind, second.application, second.max_content_length) == ("/foreign", "asgi", None, 5)
    assert second.target is not None
    assert second.target.call is foreign
    assert (third.path, third.serves_websockets) == ("", True)


def test_a_wsgi_application_serves_no_websockets() -> None:
    pytest.importorskip("a2wsgi", reason="WSGI applications need it")
    app = VelociPy()
    app.mount("/old", foreign_wsgi)
    (mount,) = describe(app).mounts
    assert (mount.kind, mount.serves_websockets) == ("wsgi", False)


# -- the whole --------------------------------------------------------------------------------------------------------


def everything() -> VelociPy:
    """An application with something of each kind, whose options are mutable where they can be."""
    app = VelociPy(contact={"a": [{"b": set()}]}, servers=[{"url": "/"}], dependencies=[Depends(Guard())])
    inner = VelociPy()
    inner.add_route("/{value}", a_number)

    @app.post("/all/{number}", **OPTIONS)
    @raises(404, headers={"X-A": "b"})
    async def handler(
        number: int,
        request: Request,
        paging: Annotated[Paging, Query()],
        item: Annotated[Item, Body(examples=[{"a": [1]}], json_schema_extra={"x": {"y": []}})],
        wanted: SecurityScopes,
        who: Annotated[str, Security(Scheme(oauth2), scopes=["me"])],
        tags: Annotated[list[str], Query(openapi_examples={"a": {"value": []}})] = [],  # noqa: B006
    ) -> Item:
        return item

    @app.websocket("/ws", **SOCKET_OPTIONS)
    async def talk(websocket: WebSocket, paging: Annotated[Paging, Query()]) -> None: ...

    app.mount("/inner", inner)
    app.mount("/foreign", foreign)
    return app


COMMON: dict[str, Any] = {
    "name": "the-name",
    "dependencies": [Depends(nothing)],
    "middleware": [Around],
    "max_content_length": 1234,
    "on_disconnect": "finish",
    "pool": "default",
    "json_encoder": StdlibCodec(),
    "model_adapters": [Adapter()],
    "host": "h.example.com",
    "version": "v7",
    "deprecated": True,
    "sunset": date(2030, 1, 1),
    "tags": ["t"],
    "summary": "S",
    "description": "D",
    "include_in_schema": False,
}
SOCKET_OPTIONS: Any = COMMON | {"name": "other", "allowed_origins": ["https://example.com"]}
OPTIONS: Any = COMMON | {
    "status_code": 202,
    "response_model": Item,
    "response_class": None,
    "response_model_include": ["name", "price"],
    "response_model_exclude": ["price"],
    "response_model_exclude_none": True,
    "response_model_exclude_unset": False,
    "response_model_exclude_defaults": False,
    "response_model_by_alias": True,
    "validate_response": True,
    "form_limits": FormLimits(max_fields=2),
    "timeout": 3.5,
    "response_description": "R",
    "responses": {404: {"description": "gone", "content": {"text/plain": {"examples": []}}}},
    "operation_id": "op",
    "openapi": {"x-more": 1},
    "openapi_extra": {"x-list": [1, {"a": []}]},
}


def test_every_option_of_a_route_is_told() -> None:
    """By introspection: an option that is added has to arrive in the description, and be told here."""
    assert {*OPTIONS} == {*RouteOptions.__annotations__}
    assert {*SOCKET_OPTIONS} == {*WebSocketOptions.__annotations__}
    told = describe(everything())
    for one, options in ((told.routes[0], OPTIONS), (told.websockets[0], SOCKET_OPTIONS)):
        assert one.name == options["name"]
        assert one.is_named
        assert one.middleware == (f"{__name__}.Around",)
        assert [item.function.call for item in one.dependencies[1:2]] == [nothing]
        assert one.json_encoder == "velocipy.serialization.StdlibCodec"
        assert one.model_adapters[:1] == tuple(options["model_adapters"])
        for name in (
            "max_content_length",
            "on_disconnect",
            "pool",
            "host",
            "version",
            "deprecated",
            "sunset",
            "summary",
        ):
            assert getattr(one, name) == options[name]
        assert (one.summary, one.description, one.tags, one.include_in_schema) == ("S", "D", ("t",), False)
    route, websocket = told.routes[0], told.websockets[0]
    assert websocket.allowed_origins == ("https://example.com",)
    assert (route.timeout, route.operation_id) == (3.5, "op")
    assert route.selection == Selection(frozenset({"name", "price"}), frozenset({"price"}), True)
    assert (route.response_model, route.response_class, route.validate_response) == (Item, None, True)
    assert (route.responses[0].status, route.responses[0].description) == (202, "R")
    assert route.responses[1].extra == {"content": {"text/plain": {"examples": ()}}}
    assert route.openapi == {"x-more": 1}
    assert route.openapi_extra == {"x-list": (1, {"a": ()})}
    a_form_route = described(a_form, form_limits=OPTIONS["form_limits"])
    assert a_form_route.body is not None
    assert a_form_route.body.form_limits == OPTIONS["form_limits"]


def reached(value: Any, seen: dict[int, Any]) -> dict[int, Any]:
    """Return all objects that descriptions hold; what was given (functions, types, adapters) ends the way."""
    if id(value) in seen:
        return seen
    seen[id(value)] = value
    inner: list[Any] = []
    if is_dataclass(value) and not isinstance(value, type):
        inner = [getattr(value, field.name) for field in fields(value)]
    elif isinstance(value, Mapping):
        inner = [*value.keys(), *value.values()]
    elif isinstance(value, (tuple, list, set, frozenset)):
        inner = [*value]
    for item in inner:
        reached(item, seen)
    return seen


def test_nothing_live_and_nothing_mutable_is_reached() -> None:
    found = reached(describe(everything()), {}).values()
    assert len(found) > 200
    live = (VelociPy, Plan, Route, Call, Input, Request, dict, list, set)
    assert [item for item in found if isinstance(item, live)] == []


def test_descriptions_cannot_be_changed() -> None:
    told = describe(everything())
    with pytest.raises(FrozenInstanceError):
        told.title = "another"  # type: ignore[misc]
    with pytest.raises(TypeError):
        told.routes[0].openapi_extra["a"] = 1  # type: ignore[index]
    with pytest.raises((AttributeError, TypeError)):
        told.routes[0].more = 1  # type: ignore[attr-defined]


def test_the_same_application_tells_the_same_again() -> None:
    app = everything()
    assert describe(app) == describe(app)


def test_every_field_is_documented() -> None:
    import velocipy.description
    import velocipy.security_scheme

    classes = [velocipy.description.describe.__globals__[name] for name in velocipy.description.__all__]
    for cls in (item for item in classes if isinstance(item, type) and is_dataclass(item)):
        documentation = "".join(inspect.getdoc(base) or "" for base in cls.__mro__[:-1])
        assert [field.name for field in fields(cls) if field.name not in documentation] == []


def test_an_openid_scheme_tells_its_url() -> None:
    scheme = OpenIDConnectScheme(scheme_name="OpenID", url="https://example.com/.well-known/openid-configuration")

    async def handler(who: Annotated[str, Depends(Scheme(scheme))]) -> None: ...

    assert described(handler).security[0].alternatives == ((scheme,),)


def test_the_description_of_an_application_is_told_by_its_type() -> None:
    assert isinstance(describe(VelociPy()), ApplicationDescription)
