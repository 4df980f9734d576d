"""JSON Schemas of types: they take what requests may bring and nothing else, and definitions have stable names."""

import enum
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from types import new_class
from typing import Annotated, Any, Generic, Literal, NamedTuple, Optional, TypedDict, TypeVar
from uuid import UUID

import pytest

from velocipy import Body, Query, ValidationError
from velocipy.json_schema import Schemas
from velocipy.models import Models
from velocipy.serialization import StdlibCodec

jsonschema = pytest.importorskip("jsonschema", reason="the schemas are compared with what jsonschema takes")

Item = TypeVar("Item")


class Color(enum.Enum):
    """What is seen."""

    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


@dataclass
class Node:
    """A node of a tree."""

    name: Annotated[str, Body(min_length=1, max_length=5, description="what it is called")]
    weight: float = 1.5
    children: "list[Node]" = field(default_factory=list)
    parent: Optional["Node"] = None


@dataclass
class Page(Generic[Item]):
    items: list[Item]
    next: str | None = None


class Point(NamedTuple):
    x: int
    y: int = 0


class Options(TypedDict, total=False):
    color: Color
    level: Level


@dataclass
class Made:
    given: int
    computed: str = field(init=False, default="c")


ADDRESS = UUID("12345678-1234-5678-1234-567812345678")
CASES: dict[str, tuple[Any, list[Any], list[Any]]] = {
    # What is taken, and what is not.
    "str": (str, ["", "é"], [1, None, [], {}]),
    "int": (int, [0, -5, 10**20], ["1", 1.5, None, True]),
    "float": (float, [0, 1.5, -1e10], ["1", None]),
    "bool": (bool, [True, False], [1, "true", None]),
    "None": (None, [None], [0, "", "null"]),
    "Any": (Any, [None, 1, "x", [1], {"a": 1}], []),
    "Decimal": (Decimal, [1, 1.5, "1.50", "-3e5"], ["x", "", None, [], "1,5"]),
    "date": (date, ["2026-11-20"], ["20.11.2026", 5, None]),
    "datetime": (datetime, ["2026-11-20T10:00:00Z", "2026-11-20T10:00:00+02:00"], ["2026-11-20 x", 5]),
    "time": (time, ["10:00:00"], ["ten", 5]),
    "timedelta": (timedelta, ["P1DT2S", "PT1H"], ["1 day", 5]),
    "UUID": (UUID, [str(ADDRESS)], ["x", 5]),
    "Path": (Path, ["/a/b"], [5, None]),
    "list": (list[int], [[], [1, 2]], [["a"], "x", {}, None]),
    "bare list": (list, [[], [1, "x"]], [{}, None]),
    "set": (set[int], [[], [1, 2]], [["a"], {}]),
    "tuple": (tuple[int, str], [[1, "a"]], [[1], [1, "a", 2], ["a", 1], {}]),
    "tuple of any length": (tuple[int, ...], [[], [1, 2]], [["a"]]),
    "empty tuple": (tuple[()], [[]], [[1]]),
    "sequence": (Sequence[str], [["a"]], [[1], "a"]),
    "dict": (dict[str, int], [{}, {"a": 1}], [{"a": "x"}, []]),
    "dict by UUID": (dict[UUID, int], [{str(ADDRESS): 1}], [{"x": 1}]),
    "dict by enum": (Mapping[Color, int], [{"red": 1}], [{"green": 1}]),
    "optional": (int | None, [1, None], ["x"]),
    "union": (int | str, [1, "x"], [1.5, None, []]),
    "literal": (Literal["a", 1] | None, ["a", 1, None], ["b", 2]),
    "one literal": (Literal["a"], ["a"], ["b", None]),
    "enum": (Color, ["red"], ["green", None, 1]),
    "int enum": (Level, [1, 2], [3, "1"]),
    "bounds": (Annotated[int, Body(ge=1, lt=5, multiple_of=2)], [2, 4], [0, 5, 3, 6]),
    "bounds of an optional": (Annotated[int | None, Body(gt=0, le=5)], [None, 5], [0, 6]),
    "lengths": (Annotated[str, Body(min_length=2, max_length=3, pattern="^a")], ["ab", "abc"], ["a", "abcd", "bb"]),
    "lengths of a list": (Annotated[list[int], Body(min_length=1, max_length=2)], [[1], [1, 2]], [[], [1, 2, 3]]),
    "lengths of a dict": (Annotated[dict[str, int], Body(max_length=1)], [{}, {"a": 1}], [{"a": 1, "b": 2}]),
    "dataclass": (
        Node,
        [{"name": "a"}, {"name": "a", "children": [{"name": "b"}]}],
        [{}, {"name": ""}, [], {"name": 1}],
    ),
    "generic": (Page[Node], [{"items": [{"name": "a"}]}], [{"items": [{}]}, {"items": [1]}, {}]),
    "NamedTuple": (Point, [{"x": 1}, [1], [1, 2]], [{}, [], ["a"], [1, 2, 3], {"y": 1}]),
    "TypedDict": (Options, [{}, {"color": "red"}], [{"color": "x"}, []]),
}


def taken(annotation: Any, value: Any) -> bool:
    try:
        Models((), StdlibCodec()).decode(annotation, json.dumps(value).encode(), ("body",))
    except ValidationError:
        return False
    return True


def valid(annotation: Any, value: Any) -> bool:
    schemas = Schemas(reference="#/$defs/{name}")
    schema = schemas.add(annotation, "input")
    definitions = schemas.finish()
    whole = {**schema, "$defs": definitions}
    jsonschema.Draft202012Validator.check_schema(whole)
    validator = jsonschema.Draft202012Validator(whole, format_checker=jsonschema.FormatChecker())
    return bool(validator.is_valid(value))


@pytest.mark.parametrize("name", CASES)
def test_a_schema_takes_what_a_request_may_bring(name: str) -> None:
    annotation, good, bad = CASES[name]
    assert [value for value in good if not taken(annotation, value)] == []
    assert [value for value in good if not valid(annotation, value)] == []
    assert [value for value in bad if taken(annotation, value)] == []
    loose = {"date", "datetime", "time", "timedelta"}  # of which jsonschema judges a format only with further packages
    assert name in loose or [value for value in bad if valid(annotation, value)] == []


def finished(*wanted: tuple[Any, Any]) -> tuple[list[Any], dict[str, Any]]:
    schemas = Schemas()
    made = [schemas.add(annotation, mode) for annotation, mode in wanted]
    return made, schemas.finish()


def test_a_class_is_one_definition_with_all_that_is_said_of_it() -> None:
    (schema,), definitions = finished((Node, "input"))
    assert schema == {"$ref": "#/components/schemas/Node"}
    assert definitions == {
        "Node": {
            "title": "Node",
            "type": "object",
            "description": "A node of a tree.",
            "properties": {
                "name": {"type": "string", "minLength": 1, "maxLength": 5, "description": "what it is called"},
                "weight": {"type": "number", "default": 1.5},
                "children": {"type": "array", "items": {"$ref": "#/components/schemas/Node"}},
                "parent": {"anyOf": [{"$ref": "#/components/schemas/Node"}, {"type": "null"}], "default": None},
            },
            "required": ["name"],
        }
    }


def test_requests_and_answers_are_apart_only_where_they_differ() -> None:
    schemas, definitions = finished((Node, "input"), (Node, "output"), (Page[Made], "input"), (Page[Made], "output"))
    assert [schema["$ref"].rpartition("/")[2] for schema in schemas] == [
        "Node",
        "Node",
        "Page_Made-Input",
        "Page_Made-Output",
    ]
    assert set(definitions) == {"Made-Input", "Made-Output", "Node", "Page_Made-Input", "Page_Made-Output"}
    assert set(definitions["Made-Input"]["properties"]) == {"given"}
    assert set(definitions["Made-Output"]["properties"]) == {"given", "computed"}


def twin(module: str, number: int) -> type:
    cls = new_class(
        "Twin", exec_body=lambda names: names.update(__annotations__={f"n{number}": int}, __module__=module)
    )
    return dataclass(cls)


def test_classes_of_one_name_are_told_apart_by_their_modules() -> None:
    twins = [twin("shop.models", 1), twin("admin.models", 2), twin("models", 3)]
    _, definitions = finished(*((cls, "input") for cls in twins))
    assert {name: [*schema["properties"]] for name, schema in definitions.items()} == {
        "shop_models_Twin": ["n1"],
        "admin_models_Twin": ["n2"],
        "models_Twin": ["n3"],
    }


def test_classes_that_nothing_tells_apart_are_numbered() -> None:
    _, definitions = finished(*((twin("here", number), "input") for number in range(3)))
    assert {name: [*schema["properties"]] for name, schema in definitions.items()} == {
        "Twin": ["n0"],
        "Twin_2": ["n1"],
        "Twin_3": ["n2"],
    }


def test_names_do_not_depend_on_the_order_of_definitions() -> None:
    one, other = (twin(module, 1) for module in ("a", "b"))
    assert finished((one, "input"), (other, "input"))[1] == finished((other, "input"), (one, "input"))[1]


def test_tagged_structs_have_a_discriminator() -> None:
    msgspec = pytest.importorskip("msgspec", reason="its structs have tags")
    cat = msgspec.defstruct("Cat", [("lives", int, 9)], tag="cat")
    dog = msgspec.defstruct("Dog", [("age", Annotated[int, msgspec.Meta(ge=0)])], tag="dog", forbid_unknown_fields=True)
    (schema,), definitions = finished((cat | dog | None, "input"))
    assert schema == {
        "anyOf": [
            {
                "oneOf": [{"$ref": "#/components/schemas/Cat"}, {"$ref": "#/components/schemas/Dog"}],
                "discriminator": {
                    "propertyName": "type",
                    "mapping": {"cat": "#/components/schemas/Cat", "dog": "#/components/schemas/Dog"},
                },
            },
            {"type": "null"},
        ]
    }
    assert definitions["Dog"] == {
        "title": "Dog",
        "type": "object",
        "properties": {"type": {"const": "dog"}, "age": {"type": "integer", "minimum": 0}},
        "required": ["type", "age"],
        "additionalProperties": False,
    }


def test_attrs_have_their_aliases_in_requests_and_their_names_in_answers() -> None:
    attrs = pytest.importorskip("attrs", reason="its classes have aliases")
    fields = {"kind": attrs.field(type=str, alias="species"), "size": attrs.field(type=int, default=3)}
    cls = attrs.make_class("Egg", fields)
    _, definitions = finished((cls, "input"), (cls, "output"))
    assert [*definitions["Egg-Input"]["properties"]] == ["species", "size"]
    assert [*definitions["Egg-Output"]["properties"]] == ["kind", "size"]


def test_models_of_pydantic_join_the_definitions() -> None:
    pydantic = pytest.importorskip("pydantic", reason="it is about its models")
    from velocipy.pydantic_models import PydanticAdapter

    model = pydantic.create_model("Egg", size=(int, pydantic.Field(ge=1)))

    @dataclass
    class Nest:
        eggs: list[model]  # type: ignore[valid-type]

    schemas = Schemas([PydanticAdapter(StdlibCodec())])
    nest = schemas.add(Nest, "input")
    short = schemas.add(Annotated[list[model], Query(max_length=3)], "input", [Query(description="a few")])  # type: ignore[valid-type]
    definitions = schemas.finish()
    assert nest == {"$ref": "#/components/schemas/Nest"}
    assert definitions["Nest"]["properties"]["eggs"]["items"] == {"$ref": "#/components/schemas/Egg"}
    assert definitions["Egg"]["properties"]["size"]["minimum"] == 1
    assert short["description"] == "a few"


def test_what_has_no_json_is_named() -> None:
    @dataclass
    class Holder:
        thing: Schemas

    with pytest.raises(TypeError, match=r"Holder\.thing: Schemas has no JSON Schema"):
        finished((Holder, "input"))


def test_a_marker_says_more_of_a_type() -> None:
    marker = Query(title="Page", description="which", examples=[1], json_schema_extra={"x-unit": "pages"})
    assert Schemas().add(int, "input", [marker]) == {
        "type": "integer",
        "title": "Page",
        "description": "which",
        "examples": [1],
        "x-unit": "pages",
    }
