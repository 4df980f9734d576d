"""Handlers behind decorators, descriptors and objects: the signature that can be read is the one that counts."""

import functools
import inspect
from collections.abc import Callable
from typing import Annotated, Any

import pytest
from httpx2 import Client

from velocipy import Header, Query, Request, VelociPy
from velocipy.errors import StartupError

app = VelociPy()

N = Annotated[int, Query(ge=0)]


async def asynchronous(n: N = 1) -> list[Any]:
    return ["async", n]


def plain(n: N = 1) -> list[Any]:
    return ["plain", n]


def passing_on(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return wrapper


def made_async(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return wrapper


def with_user(function: Callable[..., Any]) -> Callable[..., Any]:
    """Fill one parameter, and take another from the request in its place."""

    @functools.wraps(function)
    async def wrapper(*args: Any, x_user: str, **kwargs: Any) -> Any:
        return await function(*args, user=x_user.upper(), **kwargs)

    signature = inspect.signature(function)
    parameters = [parameter for parameter in signature.parameters.values() if parameter.name != "user"]
    user = inspect.Parameter("x_user", inspect.Parameter.KEYWORD_ONLY, annotation=Annotated[str, Header()])
    wrapper.__signature__ = signature.replace(parameters=[*parameters, user])  # type: ignore[attr-defined]
    return wrapper


@with_user
async def of_a_user(n: N = 1, *, user: str) -> list[Any]:
    return [user, n]


class Timed:
    """A decorator that is a class."""

    def __init__(self, function: Callable[..., Any]) -> None:
        functools.update_wrapper(self, function)
        self.function = function

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.function(*args, **kwargs)


class AsyncTimed(Timed):
    async def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return await self.function(*args, **kwargs)


class Controller:
    async def show(self, n: N = 1) -> list[Any]:
        return [type(self).__name__, n]

    @passing_on
    async def decorated(self, n: N = 1) -> list[Any]:
        return ["decorated", n]

    @functools.cached_property
    def made_once(self) -> Callable[..., Any]:
        return asynchronous

    partly = functools.partialmethod(show)


class Inherited(Controller):
    """Has the methods of its base."""


@functools.singledispatch
def dispatched(n: N = 1) -> list[Any]:
    return ["dispatched", n]


KINDS: dict[str, tuple[Any, str]] = {
    "passing-on": (passing_on(asynchronous), "async"),
    "made-async": (made_async(plain), "plain"),
    "twice": (passing_on(passing_on(asynchronous)), "async"),
    "object": (Timed(plain), "plain"),
    "object-of-async": (Timed(asynchronous), "async"),
    "async-object": (AsyncTimed(asynchronous), "async"),
    "cached": (functools.lru_cache(plain), "plain"),
    "dispatched": (dispatched, "dispatched"),
    "of-partial": (passing_on(functools.partial(asynchronous)), "async"),
    "partial-of": (functools.partial(passing_on(asynchronous)), "async"),
    "of-method": (passing_on(Controller().show), "Controller"),
    "decorated-method": (Controller().decorated, "decorated"),
    "inherited": (Inherited().show, "Inherited"),
    "property": (Controller().made_once, "async"),
    "partialmethod": (Controller().partly, "Controller"),
    "staticmethod": (staticmethod(asynchronous), "async"),
}

for _name, (_handler, _) in KINDS.items():
    app.add_route(f"/{_name}", _handler)

app.add_route("/user", of_a_user)


@app.get("/stacked")
@passing_on
@Timed
@passing_on
async def stacked(request: Request, n: N = 1) -> list[Any]:
    return [request.path, n]


def without_wraps(function: Callable[..., Any]) -> Callable[..., Any]:
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        return await function(*args, **kwargs)

    return wrapper


@pytest.mark.parametrize(
    ("handler", "said"),
    [
        (without_wraps(asynchronous), "functools.wraps"),
        (Controller.show, "'self'"),
        (len, "no annotation"),
        (functools.partial(pow, 2), "no annotation"),
        (functools.partial(without_wraps(asynchronous), 1), "functools.wraps"),
    ],
)
def test_a_handler_that_cannot_be_read_ends_the_start(handler: Any, said: str) -> None:
    broken = VelociPy()
    broken.add_route("/", handler)
    with pytest.raises((StartupError, ExceptionGroup), match=said):
        broken.freeze()


@pytest.mark.parametrize("name", KINDS)
def test_what_is_asked_of_a_parameter_is_asked_through_the_decorator(client: Client, name: str) -> None:
    for text, word in (("x", "int_parsing"), ("-1", "greater_than_equal"), ("", "int_parsing")):
        response = client.get(f"/{name}?n={text}")
        assert response.status_code == 422
        assert [(fault["loc"], fault["type"]) for fault in response.json()["detail"]] == [(["query", "n"], word)]


@pytest.mark.parametrize("name", KINDS)
def test_it_answers(client: Client, name: str) -> None:
    assert client.get(f"/{name}?n=7").json() == [KINDS[name][1], 7]
    assert client.get(f"/{name}").json() == [KINDS[name][1], 1]


def test_a_decorator_may_take_a_parameter_and_add_another(client: Client) -> None:
    assert client.get("/user?n=2", headers={"X-User": "ada"}).json() == ["ADA", 2]
    assert client.get("/user?user=evil").json()["detail"] == [
        {"loc": ["header", "x-user"], "msg": "Field required", "type": "missing"}
    ]


def test_several_decorators_are_seen_through(client: Client) -> None:
    assert client.get("/stacked?n=3").json() == ["/stacked", 3]
    assert client.get("/stacked?n=x").status_code == 422
