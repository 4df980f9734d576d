"""What can be a dependency: functions, classes, objects, partials, methods, each async or plain, however wrapped."""

import asyncio
import contextvars
import functools
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Annotated, Any

import pytest
from httpx2 import Client

from velocipy import Depends, HTTPException, Query, Request, VelociPy

app = VelociPy()

tenant: contextvars.ContextVar[str] = contextvars.ContextVar("tenant", default="nobody")


def plain(n: int = 1) -> list[Any]:
    return ["plain", n]


async def asynchronous(n: int = 1) -> list[Any]:
    return ["async", n]


class Paging:
    def __init__(self, n: int = 1, size: Annotated[int, Query(le=100)] = 10) -> None:
        self.value = ["class", n, size]


@dataclass
class Filters:
    n: int = 1


class AsyncCallable:
    async def __call__(self, n: int = 1) -> list[Any]:
        return ["async object", n]


@dataclass  # with ==, and so without a hash
class RoleChecker:
    role: str

    def __call__(self, n: int = 1) -> list[Any]:
        return [self.role, n]


class Service:
    def method(self, n: int = 1) -> list[Any]:
        return ["method", n]

    async def async_method(self, n: int = 1) -> list[Any]:
        return ["async method", n]

    @classmethod
    def of_the_class(cls, n: int = 1) -> list[Any]:
        return [cls.__name__, n]

    @staticmethod
    def static(n: int = 1) -> list[Any]:
        return ["static", n]


def scaled(factor: int, n: int = 1) -> list[Any]:
    return ["partial", factor * n]


async def async_scaled(factor: int, n: int = 1) -> list[Any]:
    return ["async partial", factor * n]


def logged(function: Callable[..., Any]) -> Callable[..., Any]:
    """A decorator as people write them: one plain wrapper for every kind of function."""

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return wrapper


def generator(n: int = 1) -> Iterator[list[Any]]:
    yield ["generator", n]


async def async_generator(n: int = 1) -> AsyncIterator[list[Any]]:
    yield ["async generator", n]


@contextmanager
def context(n: int = 1) -> Iterator[list[Any]]:
    yield ["context", n]


@asynccontextmanager
async def async_context(n: int = 1) -> AsyncIterator[list[Any]]:
    yield ["async context", n]


class Context:
    def __init__(self, n: int = 1) -> None:
        self.n = n

    def __enter__(self) -> list[Any]:
        return ["context class", self.n]

    def __exit__(self, *error: object) -> None: ...


class AsyncContext:
    def __init__(self, n: int = 1) -> None:
        self.n = n

    async def __aenter__(self) -> list[Any]:
        return ["async context class", self.n]

    async def __aexit__(self, *error: object) -> None: ...


def gives_context(n: int = 1) -> Context:
    return Context(n)


async def gives_async_context(n: int = 1) -> AsyncContext:
    return AsyncContext(n)


def shallow(n: int = 1, /, *, deep: bool = False) -> list[Any]:
    return ["positional", n, deep]


service = Service()
KINDS: dict[str, tuple[Callable[..., Any], list[Any]]] = {
    "plain": (plain, ["plain"]),
    "async": (asynchronous, ["async"]),
    "lambda": (lambda: ["lambda", 7], ["lambda"]),
    "async-object": (AsyncCallable(), ["async object"]),
    "object": (RoleChecker("admin"), ["admin"]),
    "method": (service.method, ["method"]),
    "async-method": (service.async_method, ["async method"]),
    "classmethod": (Service.of_the_class, ["Service"]),
    "static": (Service.static, ["static"]),
    "partial": (functools.partial(scaled, 1), ["partial"]),
    "partial-keyword": (functools.partial(scaled, factor=1), ["partial"]),
    "async-partial": (functools.partial(async_scaled, 1), ["async partial"]),
    "wrapped": (logged(plain), ["plain"]),
    "wrapped-async": (logged(asynchronous), ["async"]),
    "wrapped-generator": (logged(generator), ["generator"]),
    "wrapped-async-generator": (logged(async_generator), ["async generator"]),
    "generator": (generator, ["generator"]),
    "async-generator": (async_generator, ["async generator"]),
    "partial-generator": (functools.partial(generator), ["generator"]),
    "context": (context, ["context"]),
    "async-context": (async_context, ["async context"]),
    "context-class": (Context, ["context class"]),
    "async-context-class": (AsyncContext, ["async context class"]),
    "gives-context": (gives_context, ["context class"]),
    "gives-async-context": (gives_async_context, ["async context class"]),
    "positional": (shallow, ["positional"]),
}


def declare(name: str, dependency: Callable[..., Any]) -> None:
    @app.get(f"/annotated/{name}")
    async def annotated(value: Annotated[Any, Depends(dependency)]) -> Any:
        return value

    @app.get(f"/default/{name}")
    def default(value: Any = Depends(dependency)) -> Any:  # noqa: B008
        return value


for _name, (_dependency, _) in KINDS.items():
    declare(_name, _dependency)


@app.get("/class")
async def a_class(by_name: Annotated[Paging, Depends(Paging)], short: Annotated[Paging, Depends()]) -> list[Any]:
    return [by_name.value, by_name is short]


@app.get("/dataclass")
async def a_dataclass(filters: Annotated[Filters, Depends()], other: Filters = Depends()) -> list[Any]:  # noqa: B008
    return [filters.n, filters is other]


async def set_tenant(request: Request) -> None:
    tenant.set(request.header("x-tenant", "none") or "")


def where() -> dict[str, Any]:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return {"loop": False, "tenant": tenant.get()}
    return {"loop": True, "tenant": tenant.get()}


async def where_async() -> dict[str, Any]:
    return where()


@app.get("/where")
def told(
    set: Annotated[None, Depends(set_tenant)],
    sync: Annotated[dict[str, Any], Depends(where)],
    on_loop: Annotated[dict[str, Any], Depends(where_async)],
) -> list[Any]:
    return [sync, on_loop, where()]


def refuses() -> None:
    raise HTTPException(403, "not you")


@app.get("/refused")
async def refused(value: Annotated[None, Depends(refuses)]) -> str:
    return "never"


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, (_, value) in KINDS.items()])
@pytest.mark.parametrize("spelling", ["annotated", "default"])
def test_every_kind_gives_its_value(client: Client, spelling: str, name: str, value: list[Any]) -> None:
    response = client.get(f"/{spelling}/{name}?n=7&deep=true")
    assert response.status_code == 200
    assert response.json()[:2] == [*value, 7]


@pytest.mark.parametrize("name", [name for name in KINDS if name != "lambda"])
def test_the_inputs_of_every_kind_are_checked(client: Client, name: str) -> None:
    response = client.get(f"/annotated/{name}?n=x")
    assert response.status_code == 422
    assert [fault["loc"] for fault in response.json()["detail"]] == [["query", "n"]]


def test_a_class_is_made_of_the_request(client: Client) -> None:
    assert client.get("/class?n=3").json() == [["class", 3, 10], True]
    assert client.get("/class?size=101").json()["detail"][0]["loc"] == ["query", "size"]
    assert client.get("/dataclass?n=4").json() == [4, True]


def test_plain_ones_run_off_the_loop_with_the_context_of_the_request(client: Client) -> None:
    off, on = {"loop": False, "tenant": "acme"}, {"loop": True, "tenant": "acme"}
    assert client.get("/where", headers={"X-Tenant": "acme"}).json() == [off, on, off]


def test_a_context_variable_does_not_reach_the_next_request(client: Client) -> None:
    client.get("/where", headers={"X-Tenant": "acme"})
    assert client.get("/annotated/plain").status_code == 200
    assert client.get("/where").json()[0]["tenant"] == "none"


def test_an_http_exception_of_a_dependency_is_the_answer(client: Client) -> None:
    response = client.get("/refused")
    assert (response.status_code, response.json()) == (403, {"detail": "not you"})
