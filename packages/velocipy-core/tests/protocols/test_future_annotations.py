"""Annotations that are text: of the module, of the function around, of closures, behind aliases and decorators."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.util import find_spec
from types import ModuleType
from typing import TYPE_CHECKING, Annotated, Any

import pytest

from velocipy import Depends, Header, Query, Request, VelociPy
from velocipy.errors import ParameterError

if TYPE_CHECKING:
    from httpx2 import Client

    from velocipy import Response as OnlyForCheckers

Limit = Annotated[int, Query(ge=1, le=10)]


@dataclass
class Part:
    name: str
    inner: list[Part] = field(default_factory=list)


app = VelociPy()


@app.get("/module")
async def module(limit: Limit, tag: Annotated[str | None, Header()] = None) -> list[Any]:
    return [limit, tag]


@app.post("/body")
async def body(part: Part, request: Request) -> str:
    return f"{request.method} {part}"


class Paging:
    def __init__(self, limit: Limit = 5) -> None:
        self.limit = limit


class Inherited(Paging):
    """Has the `__init__` of its base."""


elsewhere = ModuleType("elsewhere")  # another module, whose names are not known here
exec(
    """from __future__ import annotations
from typing import Annotated
from velocipy import Query
Short = Annotated[int, Query(le=3)]
class Callable:
    async def __call__(self, short: Short = 1) -> Short:
        return short
""",
    vars(elsewhere),
)


class InheritedCall(elsewhere.Callable):  # type: ignore[misc, name-defined]
    """Has the `__call__` of its base, and of that the annotations."""


@app.get("/inherited-call")
async def inherited_call(value: Annotated[int, Depends(InheritedCall())]) -> int:
    return value


app.add_route("/inherited-handler", InheritedCall())


class Callable_:  # noqa: N801
    def __call__(self, limit: Limit = 5) -> int:
        return limit


@app.get("/class")
async def a_class(
    paging: Annotated[Paging, Depends()],
    inherited: Annotated[Inherited, Depends()],
    value: Annotated[int, Depends(Callable_())],
) -> list[int]:
    return [paging.limit, inherited.limit, value]


def logged(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        return await function(*args, **kwargs)

    return wrapper


@app.get("/wrapped")
@logged
async def wrapped(limit: Limit) -> list[int]:
    return [limit]


@app.get("/return", response_model=None)
async def with_unresolved_return(n: int = 1) -> OnlyForCheckers:
    return {"n": n}  # type: ignore[return-value]


def local_app() -> VelociPy:
    """Make an application whose types exist in this function alone."""
    local = VelociPy()
    Low = Annotated[int, Query(le=3)]  # noqa: N806

    @dataclass
    class Local:
        name: str

    def dependency(low: Low) -> int:  # pyright: ignore[reportInvalidTypeForm]
        return low

    @local.post("/local")
    async def handler(item: Local, low: Annotated[int, Depends(dependency)]) -> list[Any]:
        return [item.name, low]

    return local


def nested_local_app() -> VelociPy:
    """Make an application in which a type of this function names another in its fields."""
    local = VelociPy()

    @dataclass
    class Local:
        name: str

    @dataclass
    class Outer:
        inner: Local

    @local.post("/nested")
    async def nested(item: Outer) -> str:
        return item.inner.name

    return local


def local_struct_app() -> VelociPy:
    """Make an application in which a Struct of this function names another in its fields."""
    import msgspec

    local = VelociPy()

    class Local(msgspec.Struct):
        name: str

    class Outer(msgspec.Struct, kw_only=True, rename="upper"):
        more: list[Local] = []
        inner: Local

    @local.post("/nested")
    async def nested(item: Outer) -> Outer:
        return item

    return local


def test_types_of_the_module(client: Client) -> None:
    assert client.get("/module?limit=3", headers={"tag": "t"}).json() == [3, "t"]
    assert client.get("/module?limit=11").json()["detail"][0]["type"] == "less_than_equal"
    assert client.get("/wrapped?limit=2").json() == [2]


def test_types_that_name_themselves(client: Client) -> None:
    response = client.post("/body", json={"name": "a", "inner": [{"name": "b"}]})
    assert response.text == "POST Part(name='a', inner=[Part(name='b', inner=[])])"


def test_types_of_classes(client: Client) -> None:
    assert client.get("/class?limit=4").json() == [4, 4, 4]
    assert client.get("/class?limit=40").status_code == 422


def test_a_return_type_for_checkers_alone_hinders_nothing_where_it_is_not_asked(client: Client) -> None:
    assert client.get("/return?n=2").json() == {"n": 2}


def test_a_return_type_for_checkers_alone_is_a_mistake_where_it_says_what_may_leave() -> None:
    broken = VelociPy()

    @broken.get("/")
    async def handler() -> OnlyForCheckers:
        raise AssertionError

    with pytest.raises(ParameterError, match="OnlyForCheckers"):
        broken.freeze()


@pytest.mark.velocipy_app("local_app")
def test_types_of_the_function_around(client: Client) -> None:
    assert client.post("/local?low=2", json={"name": "a"}).json() == ["a", 2]
    assert client.post("/local?low=4", json={"name": 5}).status_code == 422


@pytest.mark.velocipy_app("nested_local_app")
def test_types_that_local_types_name(client: Client) -> None:
    assert client.post("/nested", json={"inner": {"name": "deep"}}).text == "deep"


@pytest.mark.skipif(find_spec("msgspec") is None, reason="its models are tested here")
@pytest.mark.velocipy_app("local_struct_app")
def test_types_that_local_structs_name(client: Client) -> None:
    response = client.post("/nested", json={"INNER": {"name": "deep"}})
    assert response.json() == {"MORE": [], "INNER": {"name": "deep"}}
    response = client.post("/nested", json={"MORE": [{}]})
    assert [fault["loc"] for fault in response.json()["detail"]] == [["body", "MORE", 0, "name"], ["body", "INNER"]]


def test_a_type_for_checkers_alone_is_a_mistake_that_says_so() -> None:
    broken = VelociPy()

    @broken.get("/")
    async def handler(value: OnlyForCheckers) -> None: ...

    with pytest.raises(ParameterError, match="OnlyForCheckers") as caught:
        broken.freeze()
    assert "TYPE_CHECKING" in caught.value.remedy


@pytest.mark.parametrize("path", ["/inherited-call", "/inherited-handler"])
def test_a_call_that_is_inherited_means_the_names_of_where_it_is_written(client: Client, path: str) -> None:
    assert client.get(path, params={"short": 3}).json() == 3
    assert client.get(path, params={"short": 4}).status_code == 422
