"""Enums and Literals of every sort: by value and never by name, from every place, as body, as keys, and as answers."""

from dataclasses import dataclass
from enum import Enum, Flag, IntEnum, IntFlag, StrEnum
from typing import Annotated, Any, Literal, NewType, Optional, Union

import pytest
from httpx2 import Client

from velocipy import Body, Cookie, Form, Header, Query, VelociPy

app = VelociPy()


class Color(Enum):
    RED = "red"
    CRIMSON = "red"  # an alias  # noqa: PIE796
    GREEN = "green"


class Word(StrEnum):
    A = "a"


class Level(IntEnum):
    LOW = 1
    HIGH = 10


class Size(float, Enum):
    HALF = 0.5


class Mixed(Enum):
    TEXT = "text"
    NUMBER = 7


class Wide(str, Enum):  # noqa: UP042
    GRUESSE = "grüße 💚"
    BLANK = ""


class Access(Flag):
    READ = 1
    WRITE = 2


Shade = Literal["light", "dark"]
Choice = NewType("Choice", Color)

TYPES: dict[str, Any] = {
    "enum": Color,
    "str-enum": Word,
    "int-enum": Level,
    "float-enum": Size,
    "mixed": Mixed,
    "wide": Wide,
    "flag": Access,
    "literal": Shade,
    "nested-literal": Literal[Shade, Literal["none", 0]],  # noqa: RUF041
    "literal-of-members": Literal[Color.RED, Level.HIGH],
    "negative": Literal[-1, 0],
    "optional": Optional[Color],  # noqa: UP045
    "union": Union[Level, Color, None],  # noqa: UP007
    "new-type": Choice,
    "or-int": Literal["all"] | int,
}


def declare(name: str, annotation: Any) -> None:
    def marked(annotation: Any, path: str, method: str = "GET") -> None:
        async def handler(value: Any) -> str:
            return repr(value)

        handler.__annotations__["value"] = annotation
        app.add_route(path, handler, [method])

    marked(annotation, f"/path/{name}/{{value}}")
    marked(annotation, f"/query/{name}")
    marked(Annotated[annotation, Header()], f"/header/{name}")
    marked(Annotated[annotation, Cookie()], f"/cookie/{name}")
    marked(Annotated[annotation, Form()], f"/form/{name}", "POST")
    marked(Annotated[annotation, Body()], f"/body/{name}", "POST")
    marked(dict[annotation, int], f"/keys/{name}", "POST")
    marked(Annotated[list[annotation], Query()], f"/list/{name}")


for _name, _annotation in TYPES.items():
    declare(_name, _annotation)


@app.get("/answer/{n}")
async def answer(n: int) -> Any:
    return [Color.CRIMSON, Word.A, Level.HIGH, Size.HALF, {Mixed.NUMBER: Wide.GRUESSE, Color.RED: Access.WRITE}][n]


@app.get("/default")
async def default(color: Color = Color.GREEN, shade: Shade = "dark", level: Level | None = None) -> list[Any]:
    return [color, shade, level]


def ask(client: Client, place: str, name: str, text: str) -> Any:
    if place == "path":
        return client.get(f"/path/{name}/{text}")
    if place == "form":
        return client.post(f"/form/{name}", data={"value": text})
    if place == "header":
        return client.get(f"/header/{name}", headers={"value": text})
    if place == "cookie":
        return client.get(f"/cookie/{name}", headers={"cookie": f"value={text}"})
    return client.get(f"/query/{name}", params={"value": text})


TEXT_PLACES = ["path", "query", "header", "cookie", "form"]


@pytest.mark.parametrize(
    ("name", "text", "type"),
    [
        ("enum", "RED", "enum"),
        ("enum", "Red", "enum"),
        ("enum", "Color.RED", "enum"),
        ("enum", "CRIMSON", "enum"),
        ("enum", "__class__", "enum"),
        ("enum", "", "enum"),
        ("str-enum", "A", "enum"),
        ("int-enum", "LOW", "enum"),
        ("int-enum", "01", "enum"),
        ("int-enum", "1.0", "enum"),
        ("int-enum", "11", "enum"),
        ("float-enum", ".5", "enum"),
        ("mixed", "NUMBER", "enum"),
        ("flag", "3", "enum"),
        ("literal", "Light", "literal_error"),
        ("literal", "lightdark", "literal_error"),
        ("literal", "", "literal_error"),
        ("nested-literal", "00", "literal_error"),
        ("literal-of-members", "green", "literal_error"),
        ("literal-of-members", "1", "literal_error"),
        ("negative", "-0", "literal_error"),
        ("optional", "null", "enum"),
        ("new-type", "blue", "enum"),
    ],
)
def test_what_is_no_choice_is_refused_and_the_choices_are_told(client: Client, name: str, text: str, type: str) -> None:
    for place in TEXT_PLACES if text else ["query", "header", "cookie"]:  # no value of a path is empty
        response = ask(client, place, name, text)
        assert (place, response.status_code) == (place, 422)
        (fault,) = response.json()["detail"]
        assert (fault["loc"], fault["type"]) == ([place, "value"], type)
        assert fault["msg"].startswith("Input should be ")


@pytest.mark.parametrize("name", ["enum", "literal"])
def test_an_empty_field_of_a_form_is_no_choice_but_left_out(client: Client, name: str) -> None:
    (fault,) = ask(client, "form", name, "").json()["detail"]
    assert (fault["loc"], fault["type"]) == (["form", "value"], "missing")


def test_every_member_of_a_union_tells_its_choices(client: Client) -> None:
    faults = client.get("/query/union?value=x").json()["detail"]
    assert [(fault["loc"], fault["type"]) for fault in faults] == [
        (["query", "value", "Level"], "enum"),
        (["query", "value", "Color"], "enum"),
    ]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("enum", "RED"),
        ("enum", ["red"]),
        ("enum", {"red": 1}),
        ("enum", 1),
        ("int-enum", "1"),
        ("int-enum", 1.0),
        ("int-enum", True),
        ("float-enum", "0.5"),
        ("mixed", "7"),
        ("literal", ["light"]),
        ("nested-literal", False),
        ("nested-literal", 0.0),
        ("negative", "0"),
        ("optional", ""),
    ],
)
def test_json_of_another_type_is_no_choice(client: Client, name: str, data: Any) -> None:
    response = client.post(f"/body/{name}", json=data)
    assert response.status_code == 422
    assert {fault["type"] for fault in response.json()["detail"]} <= {"enum", "literal_error"}
    assert response.json()["detail"][0]["loc"] == ["body"]


@pytest.mark.parametrize(
    ("name", "text", "data", "shown"),
    [
        ("enum", "red", "red", "<Color.RED: 'red'>"),
        ("str-enum", "a", "a", "<Word.A: 'a'>"),
        ("int-enum", "10", 10, "<Level.HIGH: 10>"),
        ("float-enum", "0.5", 0.5, "<Size.HALF: 0.5>"),
        ("mixed", "text", "text", "<Mixed.TEXT: 'text'>"),
        ("mixed", "7", 7, "<Mixed.NUMBER: 7>"),
        ("flag", "2", 2, "<Access.WRITE: 2>"),
        ("literal", "dark", "dark", "'dark'"),
        ("nested-literal", "light", "light", "'light'"),
        ("nested-literal", "0", 0, "0"),
        ("literal-of-members", "red", "red", "<Color.RED: 'red'>"),
        ("literal-of-members", "10", 10, "<Level.HIGH: 10>"),
        ("negative", "-1", -1, "-1"),
        ("optional", "green", "green", "<Color.GREEN: 'green'>"),
        ("union", "1", 1, "<Level.LOW: 1>"),
        ("union", "red", "red", "<Color.RED: 'red'>"),
        ("new-type", "red", "red", "<Color.RED: 'red'>"),
        ("or-int", "all", "all", "'all'"),
        ("or-int", "7", 7, "7"),
    ],
)
def test_a_value_is_a_choice_wherever_it_comes_from(
    client: Client, name: str, text: str, data: Any, shown: str
) -> None:
    for place in TEXT_PLACES:
        assert (place, ask(client, place, name, text).text) == (place, shown)
    assert client.post(f"/body/{name}", json=data).text == shown
    assert client.post(f"/keys/{name}", json={text: 1}).text == f"{{{shown}: 1}}"
    assert client.get(f"/list/{name}?value={text}&value={text}").text == f"[{shown}, {shown}]"


def test_any_text_may_be_a_value(client: Client) -> None:
    assert client.get("/query/wide", params={"value": "grüße 💚"}).text == "<Wide.GRUESSE: 'grüße 💚'>"
    assert client.get("/path/wide/gr%C3%BC%C3%9Fe%20%F0%9F%92%9A").text == "<Wide.GRUESSE: 'grüße 💚'>"
    assert client.get("/query/wide?value=").text == "<Wide.BLANK: ''>"


def test_none_is_a_choice_of_an_optional_body(client: Client) -> None:
    headers = {"content-type": "application/json"}
    assert client.post("/body/optional", content=b"null", headers=headers).text == "None"
    assert client.post("/body/union", content=b"null", headers=headers).text == "None"
    assert client.post("/body/enum", content=b"null", headers=headers).status_code == 422


def test_a_default_is_a_choice(client: Client) -> None:
    assert client.get("/default").json() == ["green", "dark", None]
    assert client.get("/default?color=red&shade=light&level=10").json() == ["red", "light", 10]


@pytest.mark.parametrize(("n", "value"), [(0, "red"), (1, "a"), (2, 10), (3, 0.5), (4, {"7": "grüße 💚", "red": 2})])
def test_a_choice_is_answered_by_its_value(client: Client, n: int, value: Any) -> None:
    response = client.get(f"/answer/{n}")
    assert response.status_code == 200
    assert (response.text if isinstance(value, str) else response.json()) in (value, f'"{value}"')


class Lenient(Enum):
    YES = "yes"
    NO = "no"

    @classmethod
    def _missing_(cls, value: object) -> "Lenient":
        return cls[str(value).upper()]


class Rounded(IntEnum):
    TEN = 10
    TWENTY = 20

    @classmethod
    def _missing_(cls, value: object) -> "Rounded | None":
        assert isinstance(value, int)
        return {1: cls.TEN, 2: cls.TWENTY}.get(value // 10)


class Rights(IntFlag):
    READ = 1
    WRITE = 2


def lenient() -> VelociPy:
    app = VelociPy()

    @app.get("/query")
    async def query(
        word: Lenient = Lenient.YES, number: Rounded = Rounded.TEN, rights: Rights = Rights.READ
    ) -> dict[str, Any]:
        return {"word": word, "number": number, "rights": rights}

    @dataclass
    class All:
        word: Lenient = Lenient.YES
        number: Rounded = Rounded.TEN
        rights: Rights = Rights.READ

    @app.post("/body")
    async def body(value: All) -> All:
        return value

    @app.post("/word")
    async def word(value: Annotated[Lenient, Body()]) -> Any:
        return value

    @app.post("/number")
    async def number(value: Annotated[Rounded, Body()]) -> Any:
        return value

    @app.post("/rights")
    async def rights(value: Annotated[Rights, Body()]) -> Any:
        return value

    return app


@pytest.mark.parametrize(
    ("name", "value", "member"), [("word", "Yes", "yes"), ("number", 29, 20), ("number", 10, 10), ("rights", 2, 2)]
)
def test_an_enum_that_knows_what_is_missing_is_asked(client_factory: Any, name: str, value: Any, member: Any) -> None:
    client = client_factory("lenient")
    assert client.get("/query", params={name: value}).json()[name] == member
    assert client.post("/body", json={name: value}).json()[name] == member
    response = client.post(f"/{name}", json=value)
    assert (response.status_code, response.text.strip('"')) == (200, str(member))


@pytest.mark.parametrize(
    ("name", "value"), [("word", "maybe"), ("word", ""), ("number", 30), ("number", 5), ("number", "x"), ("rights", 3)]
)
def test_what_is_missing_for_the_enum_too_is_refused(client_factory: Any, name: str, value: Any) -> None:
    client = client_factory("lenient")
    for response, loc in (
        (client.get("/query", params={name: value}), ["query", name]),
        (client.post("/body", json={name: value}), ["body", name]),
        (client.post(f"/{name}", json=value), ["body"]),
    ):
        assert response.status_code == 422
        assert [(fault["loc"], fault["type"]) for fault in response.json()["detail"]] == [(loc, "enum")]


@pytest.mark.parametrize(("name", "value"), [("word", 5), ("word", True), ("word", []), ("number", 10.0)])
def test_an_enum_is_asked_about_values_of_its_type_alone(client_factory: Any, name: str, value: Any) -> None:
    client = client_factory("lenient")
    assert client.post("/body", json={name: value}).json()["detail"][0]["type"] == "enum"
    assert client.post(f"/{name}", json=value).json()["detail"][0]["type"] == "enum"
