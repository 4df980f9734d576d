"""include, exclude and exclude_none: which fields of the declared type leave."""

from collections.abc import AsyncIterator, Generator
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, TypedDict

import pytest
from httpx2 import Client

from velocipy import HTMLResponse, JSONResponse, Response, StartupError, VelociPy
from velocipy.errors import ParameterError

app = VelociPy()

SECRET = "hunter2"


@dataclass
class User:
    name: str
    password: str = SECRET
    boss: "User | None" = None


@dataclass
class Group:
    members: list[User]
    owner: User | None = None


class Typed(TypedDict):
    name: str
    password: str


class Pair(NamedTuple):
    name: str
    password: str


BOSS = User("Owen")
BLUE = User("Blue", SECRET, BOSS)
BOSS_OUT: dict[str, Any] = {"name": "Owen", "password": SECRET, "boss": None}

CASES: dict[str, tuple[dict[str, Any], Any, Any]] = {
    "include": ({"response_model": User, "include": {"name"}}, BLUE, {"name": "Blue"}),
    "exclude": ({"response_model": User, "exclude": {"password", "boss"}}, BLUE, {"name": "Blue"}),
    "include-nothing": ({"response_model": User, "include": []}, BLUE, {}),
    "both": (
        {"response_model": User, "include": ["name", "password"], "exclude": ["password"]},
        BLUE,
        {"name": "Blue"},
    ),
    "the-outermost-alone": (
        {"response_model": User, "exclude": {"password"}},
        BLUE,
        {"name": "Blue", "boss": BOSS_OUT},
    ),
    "of-each-item": (
        {"response_model": list[User], "include": {"name"}},
        [BLUE, BOSS],
        [{"name": "Blue"}, {"name": "Owen"}],
    ),
    "of-each-value": ({"response_model": dict[str, User], "include": {"name"}}, {"a": BLUE}, {"a": {"name": "Blue"}}),
    "of-optional": ({"response_model": User | None, "include": {"name"}}, BLUE, {"name": "Blue"}),
    "also-where-the-class-was-met-inside-before": (
        {"response_model": tuple[Group, User], "exclude": {"password", "boss"}},
        (Group([BOSS]), BLUE),
        [{"members": [BOSS_OUT], "owner": None}, {"name": "Blue"}],
    ),
    "typed-dict": (
        {"response_model": Typed, "exclude": {"password"}},
        {"name": "a", "password": SECRET},
        {"name": "a"},
    ),
    "named-tuple": ({"response_model": Pair, "exclude": {"password"}}, Pair("a", SECRET), ["a"]),
    "exclude-none": (
        {"response_model": Group, "exclude_none": True},
        Group([BOSS]),
        {"members": [{"name": "Owen", "password": SECRET}]},
    ),
    "excluded-is-not-demanded": (
        {"response_model": User, "include": {"password"}},
        {"password": "x"},
        {"password": "x"},
    ),
}


def declare(name: str, options: dict[str, Any], value: Any) -> None:
    said = {key if key == "response_model" else f"response_model_{key}": item for key, item in options.items()}

    @app.get(f"/{name}", **said)
    async def handler() -> Any:
        return value

    @app.get(f"/class/{name}", response_class=JSONResponse, **said)
    def plain_handler() -> Any:
        return value


for _name, (_options, _value, _) in CASES.items():
    declare(_name, _options, _value)


@pytest.mark.parametrize("prefix", ["", "/class"])
@pytest.mark.parametrize("name", CASES)
def test_what_is_chosen_leaves_alone(client: Client, name: str, prefix: str) -> None:
    answer = client.get(f"{prefix}/{name}")
    assert (answer.status_code, answer.json()) == (200, CASES[name][2])


# -- response classes ------------------------------------------------------------------------------------


class Lines(Response):
    """Sees what it is given, and shows all of it."""

    media_type = "text/lines"

    def render(self, content: Any) -> bytes:
        return "\n".join(f"{key}={value}" for key, value in dict(content).items()).encode()


@app.get("/lines", response_class=Lines, response_model_include={"name"}, status_code=202)
async def lines() -> User:
    return BLUE


@app.get("/html", response_class=HTMLResponse)
async def html() -> str:
    return "<p>"


@app.get("/json-str", response_class=JSONResponse)
async def json_str() -> str:
    return "text"


@app.get("/json-none", response_class=JSONResponse)
async def json_none() -> None: ...


@app.get("/wrong", response_class=HTMLResponse)
async def wrong() -> User:
    return BLUE


@app.get("/own", response_class=HTMLResponse)
async def own() -> Any:
    return JSONResponse({"a": 1}, 201)


def test_a_response_class_of_the_user_is_given_what_may_leave(client: Client) -> None:
    answer = client.get("/lines")
    assert (answer.status_code, answer.headers["content-type"]) == (202, "text/lines; charset=utf-8")
    assert answer.text == "name=Blue"


def test_a_response_class_decides_the_type_of_the_answer(client: Client) -> None:
    assert client.get("/html").headers["content-type"] == "text/html; charset=utf-8"
    assert client.get("/json-str").json() == "text"
    assert client.get("/json-none").json() is None


def test_a_response_class_that_cannot_send_the_value_is_a_500_that_tells_nothing(client: Client) -> None:
    answer = client.get("/wrong")
    assert (answer.status_code, answer.json()) == (500, {"detail": "Internal Server Error"})


def test_a_response_of_the_handler_comes_before_the_response_class(client: Client) -> None:
    answer = client.get("/own")
    assert (answer.status_code, answer.json()) == (201, {"a": 1})


# -- mistakes end the start ------------------------------------------------------------------------------------


def fault_of(**options: Any) -> StartupError:
    app = VelociPy()

    async def handler() -> Any: ...

    app.add_route("/", handler, **options)
    with pytest.raises(ParameterError) as caught:
        app.freeze()
    assert caught.value.handler == "handler"
    return caught.value


@dataclass
class Unresolved:
    field: "Nowhere"  # type: ignore[name-defined]  # noqa: F821


class Named(Protocol):
    name: str


@dataclass
class Holder:
    inner: list[Unresolved] = field(default_factory=list)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"response_model": User, "response_model_exclude": {"pasword"}}, "no field 'pasword'"),
        ({"response_model": User, "response_model_include": {"name", "nmae"}}, "no field 'nmae'"),
        ({"response_model": list[User], "response_model_exclude": ["a", "b"]}, "no field 'a', 'b'"),
        ({"response_model": dict[str, Any], "response_model_exclude": {"password"}}, "no fields"),
        ({"response_model_exclude": {"password"}}, "no fields to choose from"),
        ({"response_model": None, "response_model_exclude_none": True}, "nothing is declared"),
        ({"response_model": User, "response_model_exclude_unset": True}, "only models of pydantic"),
        ({"response_model": User, "response_model_exclude_defaults": True}, "only models of pydantic"),
        ({"response_model": User, "response_model_by_alias": False}, "only models of pydantic"),
        ({"response_model": Unresolved}, "Nowhere"),
        ({"response_model": Named}, "protocol"),
        ({"response_model": list[Named]}, "protocol"),
        ({"response_model": dict[str, AsyncIterator[User]]}, "a stream is of bytes or str"),
        ({"response_model": dict[str, Generator[User, None, None]]}, "a stream is of bytes or str"),
        ({"response_model": Holder}, "Nowhere"),
        ({"response_model": list["User"]}, "name of a type"),
    ],
)
def test_what_cannot_be_chosen_or_read_ends_the_start(options: dict[str, Any], said: str) -> None:
    assert said in fault_of(**options).problem


def test_an_annotation_that_cannot_be_resolved_ends_the_start() -> None:
    app = VelociPy()

    @app.get("/")
    async def handler() -> "Nowhere": ...  # type: ignore[name-defined]  # noqa: F821

    with pytest.raises(StartupError, match="Nowhere"):
        app.freeze()
