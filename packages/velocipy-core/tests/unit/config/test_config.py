"""What a class of Config and its instances are, without any source but the program."""

import copy
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final, Literal, TypedDict

import pytest

from velocipy import Config, ConfigError, Query, VelociPyException
from velocipy import config as package


class Color(Enum):
    RED = "red"


class Database(Config):
    host: str
    port: int = 5432


class Settings(Config):
    name: str
    size: int = 5
    tags: list[str] = []  # noqa: RUF012  # it is copied


class Inherited(Settings):
    color: Color = Color.RED
    size = 7


@dataclass
class Backend:
    url: str
    weight: int = 1


class Options(TypedDict):
    deep: bool


# -- what is wrong -----------------------------------------------------------------------------------------------------


def test_a_missing_value_is_a_type_error_as_of_any_call() -> None:
    with pytest.raises(TypeError) as raised:
        Settings()
    assert isinstance(raised.value, (ConfigError, VelociPyException, ValueError))
    assert str(raised.value) == "Settings cannot be made: name: it is missing. Give name= to Settings()."


def test_all_that_is_missing_or_wrong_is_told_at_once() -> None:
    with pytest.raises(ConfigError) as raised:
        Inherited(size="many", color="blue")
    assert [(problem.name, problem.place) for problem in raised.value.problems] == [
        ("name", ""),
        ("size", "the argument size"),
        ("color", "the argument color"),
    ]
    assert str(raised.value).splitlines() == [
        "Inherited cannot be made, for 3 reasons:",
        "  1. name: it is missing. Give name= to Inherited().",
        "  2. size: the argument size: Input should be a valid integer, unable to parse string as an integer.",
        "  3. color: the argument color: Input should be 'red'.",
    ]


@pytest.mark.parametrize("name", ["nmae", "unknown", "__init__", "_size"])
def test_an_unknown_keyword_is_a_type_error(name: str) -> None:
    with pytest.raises(TypeError, match=f"Settings has no field '{name}'") as raised:
        Settings(**{name: 1})
    assert not isinstance(raised.value, ConfigError)
    assert ("did you mean 'name'?" in str(raised.value)) == (name == "nmae")


def test_values_have_names() -> None:
    make: Any = Settings
    with pytest.raises(TypeError):
        make("name")


def test_instances_cannot_be_changed() -> None:
    settings: Any = Settings(name="a")
    with pytest.raises(AttributeError, match="replace"):
        settings.name = "b"
    with pytest.raises(AttributeError):
        settings.other = "b"
    with pytest.raises(AttributeError):
        del settings.name
    assert settings.name == "a"


def test_defaults_of_a_class_cannot_be_changed() -> None:
    cls: Any = Settings
    with pytest.raises(AttributeError, match="subclass"):
        cls.size = 77
    with pytest.raises(AttributeError):
        del cls.size
    inherited: Any = Inherited
    with pytest.raises(AttributeError):
        inherited.name = 77
    assert Settings.size == Settings(name="a").size == 5
    cls.other = 5  # is no field
    del cls.other


def test_no_instance_sees_what_another_did_to_a_default() -> None:
    first = Settings(name="a")
    first.tags.append("x")
    assert Settings(name="a").tags == []
    assert Settings.tags == []


@pytest.mark.parametrize("name", ["get", "register", "replace", "as_dict"])
def test_a_field_with_the_name_of_a_method_is_refused(name: str) -> None:
    with pytest.raises(TypeError, match=rf"Config\.{name}\(\)"):
        type("Wrong", (Config,), {"__annotations__": {name: int}})


def test_an_annotation_that_cannot_be_resolved_is_a_type_error_that_names_the_class() -> None:
    class Wrong(Config):
        size: "Missing"  # type: ignore[name-defined]  # noqa: F821

    with pytest.raises(TypeError, match=r"Wrong cannot be resolved: name 'Missing' is not defined"):
        Wrong(size=1)


def test_an_unknown_option_of_a_class_is_a_type_error() -> None:
    with pytest.raises(TypeError):
        type("Wrong", (Config,), {}, env_prefx="A_")


# -- fields ------------------------------------------------------------------------------------------------------------


def test_fields_of_bases_are_fields() -> None:
    inherited = Inherited(name="a", tags=["b"])
    assert (inherited.name, inherited.size, inherited.tags, inherited.color) == ("a", 7, ["b"], Color.RED)
    assert Settings(name="a").size == 5
    assert Inherited(name="a", size=1).size == 1


def test_what_is_no_field() -> None:
    class Odd(Config):
        kind: ClassVar[str] = "odd"
        named: "ClassVar[int]" = 1
        _hidden: int = 1
        plain = 5
        fixed: Final[int] = 3

        @property
        def double(self) -> int:
            return self.fixed * 2

    assert Odd().as_dict() == {"fixed": 3}
    assert (Odd().plain, Odd().kind, Odd(fixed=4).double) == (5, "odd", 8)
    for name in ("kind", "named", "_hidden", "plain", "double"):
        with pytest.raises(TypeError):
            Odd(**{name: 1})


def test_bases_that_are_no_config_add_methods_alone() -> None:
    class Mixin:
        label: str

        def shout(self) -> str:
            return self.label.upper()

    class Mixed(Mixin, Config):
        label: str = "a"

    assert Mixed().shout() == "A"


READ = [
    (int, "5", 5),
    (int, 5, 5),
    (float, 5, 5.0),
    (bool, "yes", True),
    (str, "5", "5"),
    (timedelta, "PT1M", timedelta(minutes=1)),
    (date, "2024-02-29", date(2024, 2, 29)),
    (date, date(2024, 2, 29), date(2024, 2, 29)),
    (Path, "/srv", Path("/srv")),
    (list[Path], "/a,/b", [Path("/a"), Path("/b")]),
    (Color, "red", Color.RED),
    (Color, Color.RED, Color.RED),
    (Literal["a", 2], "2", 2),
    (int | None, None, None),
    (int | None, "7", 7),
    (list[int], "1, 2", [1, 2]),
    (list[int], "[1, 2]", [1, 2]),
    (set[str], ["a", "a"], {"a"}),
    (tuple[int, ...], "", ()),
    (tuple[str, int], "a,5", ("a", 5)),
    (dict[str, int], '{"a": 1}', {"a": 1}),
    (dict[str, int], {"a": 1}, {"a": 1}),
    (Backend, '{"url": "/"}', Backend("/")),
    (Backend, {"url": "/", "weight": 2}, Backend("/", 2)),
    (list[Backend], '[{"url": "/"}]', [Backend("/")]),
    (Options, {"deep": True}, {"deep": True}),
    (Annotated[int, Query(ge=1)], "5", 5),
    (Callable[[], None], print, print),
    (Any, "x", "x"),
]
"""Types, values that are given, and what becomes of them."""


@pytest.mark.parametrize(("annotation", "given", "made"), READ, ids=str)
def test_a_value_becomes_what_its_field_says(annotation: Any, given: Any, made: Any) -> None:
    cls: Any = type("One", (Config,), {"__annotations__": {"value": annotation}})
    assert cls(value=given).value == made
    assert type(cls(value=given).value) is type(made)


WRONG = [
    (int, "1.5"),
    (int, 1.5),
    (int, True),
    (int, None),
    (str, 5),
    (bool, "maybe"),
    (Path, "a\0b"),
    (Color, "blue"),
    (Literal["a"], "b"),
    (list[int], "1,x"),
    (list[int], "[1"),
    (list[int], '{"a": 1}'),
    (dict[str, int], "a=1"),
    (dict[str, int], "[]"),
    (Backend, "{}"),
    (Options, {}),
    (Annotated[int, Query(ge=1)], "0"),
    (Annotated[int, Query(ge=1)], 0),
    (Annotated[list[str], Query(max_length=1)], "a,b"),
    (Callable[[], None], 5),
]


@pytest.mark.parametrize(("annotation", "given"), WRONG, ids=str)
def test_a_value_that_its_field_does_not_take_is_wrong(annotation: Any, given: Any) -> None:
    cls: Any = type("One", (Config,), {"__annotations__": {"value": annotation}})
    with pytest.raises(ConfigError) as raised:
        cls(value=given)
    (problem,) = raised.value.problems
    assert (problem.name, problem.place) == ("value", "the argument value")


def test_any_class_can_be_given_but_nothing_else_in_its_place() -> None:
    class Pool:
        pass

    class Holder(Config):
        pool: Pool

    pool = Pool()
    assert Holder(pool=pool).pool is pool
    with pytest.raises(ConfigError, match="Input should be a Pool"):
        Holder(pool="pool")


# -- sections ----------------------------------------------------------------------------------------------------------


class Whole(Config):
    database: Database = Database(host="a", port=1)
    replica: Database | None = None


def test_a_section_is_a_config_within_a_config() -> None:
    database = Database(host="b")
    assert Whole().database == Database(host="a", port=1)
    assert Whole(database=database).database is database
    assert Whole(database={"host": "c"}).database == Database(host="c", port=1)
    assert Whole().replica is None
    assert Whole(replica={"host": "d"}).replica == Database(host="d", port=5432)
    assert Whole(replica=None).replica is None


def test_a_fault_in_a_section_names_it() -> None:
    with pytest.raises(ConfigError) as raised:
        Whole(database={"prot": 5, "port": "x"}, replica={})
    assert [(problem.name, problem.problem.partition(";")[2]) for problem in raised.value.problems] == [
        ("database.prot", " did you mean 'port'?"),
        ("database.port", ""),
        ("replica.host", ""),
    ]


def test_a_value_in_the_place_of_a_section_is_wrong() -> None:
    with pytest.raises(ConfigError, match="database: the argument database: Input should be a section"):
        Whole(database=5)


def test_types_of_functions_are_found() -> None:
    class Inner(Config):
        size: int

    class Outer(Config):
        inner: "Inner"

    assert Outer(inner={"size": "5"}).inner.size == 5


# -- what an instance can do -------------------------------------------------------------------------------------------


def test_equal_are_instances_of_one_class_with_equal_values() -> None:
    assert Database(host="a") == Database(host="a", port="5432")
    assert Database(host="a") != Database(host="b")
    assert hash(Database(host="a")) == hash(Database(host="a"))
    assert len({Database(host="a"), Database(host="a"), Database(host="b")}) == 2

    class Other(Database):
        pass

    assert Other(host="a") != Database(host="a")
    with pytest.raises(TypeError, match="unhashable"):
        hash(Settings(name="a"))


def test_replace_returns_another() -> None:
    settings = Settings(name="a", tags=["x"])
    assert settings.replace(size="6") == Settings(name="a", size=6, tags=["x"])
    assert settings.size == 5
    with pytest.raises(TypeError, match="did you mean 'size'"):
        settings.replace(siez=6)
    with pytest.raises(ConfigError, match="size"):
        settings.replace(size="x")


def test_replace_reads_no_source_again(monkeypatch: pytest.MonkeyPatch) -> None:
    class Read(Config, env_prefix="VELOCIPY_TEST_"):
        size: int
        name: str = ""

    monkeypatch.setenv("VELOCIPY_TEST_SIZE", "1")
    read = Read()
    monkeypatch.setenv("VELOCIPY_TEST_SIZE", "2")
    assert read.replace(name="x") == Read(size=1, name="x")


def test_as_dict_has_dicts_for_sections() -> None:
    assert Whole().as_dict() == {"database": {"host": "a", "port": 1}, "replica": None}


@pytest.mark.parametrize(
    "remake",
    [copy.copy, copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))],
    ids=["copy", "deep", "pickle"],
)
def test_a_copy_is_equal_and_as_fixed(remake: Callable[[Any], Any]) -> None:
    settings = Settings(name="a", tags=["x"])
    assert remake(settings) == settings
    with pytest.raises(AttributeError):
        remake(settings).name = "b"


def test_the_package_offers_what_it_says() -> None:
    assert package.Config is Config
    assert set(package.__all__) == {"Config", "ConfigError", "ConfigProblem", "Secret"}
