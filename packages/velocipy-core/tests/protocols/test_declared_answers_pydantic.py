"""Declared answers of pydantic, with its aliases and selections: the fields of the declared models leave alone."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypedDict, TypeVar

import pytest
from httpx2 import Client

from velocipy import JSONResponse, VelociPy
from velocipy.errors import ParameterError

pydantic = pytest.importorskip("pydantic", reason="its models are tested here")
from pydantic import BaseModel, ConfigDict, Field, SecretStr, computed_field  # noqa: E402

app = VelociPy()

SECRET = "hunter2"

Element = TypeVar("Element")


class Public(BaseModel):
    name: str
    age: int = 0


class Private(Public):
    password: str = SECRET


class Other(BaseModel):
    """Not of the family of `Public`, though it has its fields."""

    name: str = "Blue"
    age: int = 4
    password: str = SECRET


class Pack(BaseModel):
    lead: Public
    others: list[Public] = []


class Node(BaseModel):
    name: str
    children: list["Node"] = []


class PrivateNode(Node):
    password: str = SECRET


class Page(BaseModel, Generic[Element]):
    items: list[Element]


class Aliased(BaseModel):
    model_config = ConfigDict(populate_by_name=True)
    user_name: str = Field(alias="userName")
    home: str = Field("", serialization_alias="homeTown")


class Computed(BaseModel):
    name: str

    @computed_field  # type: ignore[prop-decorator]
    @property
    def length(self) -> int:
        return len(self.name)


class Hidden(BaseModel):
    name: str
    password: str = Field(SECRET, exclude=True)
    token: SecretStr = SecretStr(SECRET)


class Open(BaseModel):
    model_config = ConfigDict(extra="ignore")
    name: str


@dataclass
class Mixed:
    """A class of the standard library with pydantic's inside."""

    lead: Public
    others: list[Public]
    maybe: Public | None = None


class MixedTyped(TypedDict):
    lead: Public


class Row:
    def __init__(self, **columns: Any) -> None:
        vars(self).update(password=SECRET, **columns)


def assigned() -> Pack:
    pack = Pack(lead=Public(name="Blue", age=4))
    pack.lead = Other()  # type: ignore[assignment]
    return pack


BLUE: dict[str, Any] = {"name": "Blue", "age": 4}
DICT: dict[str, Any] = {**BLUE, "password": SECRET}
PRIVATE = Private(**BLUE)

CASES: dict[str, tuple[dict[str, Any], Any, Any]] = {
    "exact": ({"model": Public}, Public(**BLUE), BLUE),
    "subclass": ({"model": Public}, PRIVATE, BLUE),
    "dict": ({"model": Public}, DICT, BLUE),
    "row": ({"model": Public}, Row(**BLUE), BLUE),
    "other-model": ({"model": Public}, Other(), BLUE),
    "optional-none": ({"model": Public | None}, None, None),
    "optional": ({"model": Public | None}, PRIVATE, BLUE),
    "list": ({"model": list[Public]}, [PRIVATE, DICT, Row(**BLUE)], [BLUE] * 3),
    "tuple-for-a-list": ({"model": list[Public]}, (PRIVATE,), [BLUE]),
    "dict-of-models": ({"model": dict[str, Public]}, {"a": PRIVATE, "b": DICT}, {"a": BLUE, "b": BLUE}),
    "union": ({"model": Pack | Public}, PRIVATE, BLUE),
    "nested": ({"model": Pack}, Pack(lead=PRIVATE, others=[PRIVATE]), {"lead": BLUE, "others": [BLUE]}),
    "nested-dict": ({"model": Pack}, {"lead": DICT}, {"lead": BLUE, "others": []}),
    "assigned-later": ({"model": Pack}, assigned(), {"lead": BLUE, "others": []}),
    "recursive": (
        {"model": Node},
        Node(name="a", children=[PrivateNode(name="b")]),
        {"name": "a", "children": [{"name": "b", "children": []}]},
    ),
    "generic": ({"model": Page[Public]}, Page[Public](items=[PRIVATE]), {"items": [BLUE]}),
    "aliased": ({"model": Aliased}, Aliased.model_validate({"userName": "Blue"}), {"userName": "Blue", "homeTown": ""}),
    "by-name": (
        {"model": Aliased, "by_alias": False},
        Aliased.model_validate({"userName": "Blue"}),
        {"user_name": "Blue", "home": ""},
    ),
    "computed": ({"model": Computed}, {"name": "Blue", "length": 99}, {"name": "Blue", "length": 4}),
    "hidden": ({"model": Hidden}, Hidden.model_validate({"name": "Blue"}), {"name": "Blue", "token": "**********"}),
    "ignored": ({"model": Open}, DICT, {"name": "Blue"}),
    "exclude-unset": ({"model": Public, "exclude_unset": True}, Public(name="Blue"), {"name": "Blue"}),
    "exclude-defaults": ({"model": Public, "exclude_defaults": True}, Public(name="Blue", age=0), {"name": "Blue"}),
    "exclude-none": ({"model": Mixed, "exclude_none": True}, Mixed(PRIVATE, []), {"lead": BLUE, "others": []}),
    "exclude": ({"model": Private, "exclude": {"password"}}, PRIVATE, BLUE),
    "exclude-of-each-item": ({"model": list[Private], "exclude": {"password"}}, [PRIVATE], [BLUE]),
    "exclude-of-an-optional-list": ({"model": list[Private] | None, "exclude": {"password"}}, [PRIVATE], [BLUE]),
    "exclude-of-each-value": ({"model": dict[str, Private], "exclude": {"password"}}, {"a": PRIVATE}, {"a": BLUE}),
    "exclude-of-lists-in-a-dict": (
        {"model": dict[str, list[Private]], "exclude": {"password"}},
        {"a": [PRIVATE]},
        {"a": [BLUE]},
    ),
    "include-computed": ({"model": Computed, "include": {"length"}}, Computed(name="Blue"), {"length": 4}),
    "mixed": ({"model": Mixed}, Mixed(PRIVATE, [PRIVATE]), {"lead": BLUE, "others": [BLUE], "maybe": None}),
    "mixed-dict": ({"model": Mixed}, {"lead": DICT, "others": [DICT]}, {"lead": BLUE, "others": [BLUE]}),
    "mixed-list": (
        {"model": list[Mixed]},
        [Mixed(PRIVATE, [], PRIVATE)],
        [{"lead": BLUE, "others": [], "maybe": BLUE}],
    ),
    "mixed-typed": ({"model": MixedTyped}, {"lead": PRIVATE, "password": SECRET}, {"lead": BLUE}),
}


def declare(name: str, options: dict[str, Any], value: Any) -> None:
    said = {"response_model" if key == "model" else f"response_model_{key}": item for key, item in options.items()}

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
def test_what_leaves_has_the_fields_of_the_declared_type(client: Client, name: str, prefix: str) -> None:
    answer = client.get(f"{prefix}/{name}")
    assert (answer.status_code, answer.json()) == (200, CASES[name][2])


@app.get("/generator", response_model=list[Public])
def generator() -> Iterator[Public]:
    return (made for made in [PRIVATE, PRIVATE])


def test_a_generator_for_a_list_loses_none_of_it(client: Client) -> None:
    assert client.get("/generator").json() == [BLUE, BLUE]


# -- not of the type ------------------------------------------------------------------------------------


def with_a_dict() -> Pack:
    pack = Pack(lead=Public(**BLUE))
    pack.lead = DICT  # type: ignore[assignment]
    return pack


WRONG: dict[str, tuple[Any, Any]] = {
    "none": (Public, None),
    "str": (Public, SECRET),
    "absent": (Public, {"password": SECRET}),
    "not-converted": (Public, {"name": {"password": SECRET}}),
    "dict-assigned-later": (Pack, with_a_dict()),
    "constructed-without-a-check": (Public, Public.model_construct(name=Other())),
    "constructed-in-a-list": (list[Public], [Public.model_construct(name={"a": SECRET})]),
    "one-for-a-list": (list[Public], PRIVATE),
    "mixed": (Mixed, Mixed(None, [])),  # type: ignore[arg-type]
}


def declare_wrong(name: str, declared: Any, value: Any) -> None:
    @app.get(f"/wrong/{name}", response_model=declared)
    async def handler() -> Any:
        return value


for _name, _wrong in WRONG.items():
    declare_wrong(_name, *_wrong)


@pytest.mark.parametrize("name", WRONG)
def test_a_value_of_another_type_is_a_500_that_tells_nothing(client: Client, name: str) -> None:
    answer = client.get(f"/wrong/{name}")
    assert (answer.status_code, answer.json()) == (500, {"detail": "Internal Server Error"})


# -- mistakes end the start ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"response_model": Private, "response_model_exclude": {"pasword"}}, "no field 'pasword'"),
        ({"response_model": list[Private], "response_model_include": {"nmae"}}, "no field 'nmae'"),
        ({"response_model": Private | list[Private], "response_model_exclude": {"password"}}, "one model"),
        ({"response_model": Public | Row}, "no schema"),
    ],
)
def test_what_cannot_be_chosen_or_read_ends_the_start(options: dict[str, Any], said: str) -> None:
    program = VelociPy()

    async def handler() -> Any: ...

    program.add_route("/", handler, **options)
    with pytest.raises(ParameterError, match=said):
        program.freeze()
