"""Classes as handlers: one method for each HTTP method, one instance for each request."""

from collections.abc import Iterator
from typing import Annotated, Any

import pytest
from httpx2 import Client

from velocipy import APIRouter, Depends, Query, Request, StartupError, VelociPy

app = VelociPy()
router = APIRouter("/routed")
closed: list[str] = []


@app.route("/items/{item}")
class Items:
    async def get(self, item: int, page: Annotated[int, Query(ge=1)] = 1) -> dict[str, Any]:
        return {"item": item, "page": page, "before": vars(self).setdefault("seen", 0)}

    def delete(self, item: int) -> str:  # runs in the worker pool
        vars(self)["seen"] = item
        return f"deleted {item}"


class Base:
    async def get(self) -> str:
        return f"get of {type(self).__name__}"

    @classmethod
    async def put(cls) -> str:
        return f"put of {cls.__name__}"

    @staticmethod
    async def patch(q: str = "none") -> str:
        return f"patch {q}"


@router.route("/derived")
class Derived(Base):
    async def query(self, data: dict[str, int]) -> int:
        return sum(data.values())


def connection() -> Iterator[str]:
    yield "connection"
    closed.append("connection")


@router.route("/needy/{name}")
class Needy:
    def __init__(self, name: str, connection: Annotated[str, Depends(connection)], verbose: bool = False) -> None:
        self.name = name
        self.connection = connection
        self.verbose = verbose

    async def get(self, name: str) -> list[Any]:
        return [self.name, name, self.connection, self.verbose]

    async def post(self, data: list[int]) -> list[Any]:
        return [self.name, data]


@app.get("/only-get")
class OnlyGet:
    async def get(self) -> str:
        return "got"

    async def post(self) -> str:
        return "never reached"


app.include_router(router)


def test_each_method_answers_its_own(client: Client) -> None:
    assert client.get("/items/5?page=2").json() == {"item": 5, "page": 2, "before": 0}
    assert client.delete("/items/7").text == "deleted 7"
    assert client.head("/items/5").status_code == 200
    answer = client.post("/items/5")
    assert (answer.status_code, answer.headers["allow"]) == (405, "DELETE, GET, HEAD, OPTIONS")


def test_requests_share_no_instance(client: Client) -> None:
    client.delete("/items/7")
    assert client.get("/items/5").json()["before"] == 0


def test_faults_are_those_of_a_function(client: Client) -> None:
    answer = client.get("/items/five?page=0")
    assert answer.status_code == 422
    assert [fault["loc"] for fault in answer.json()["detail"]] == [["path", "item"], ["query", "page"]]


def test_methods_may_be_inherited_and_of_the_class(client: Client) -> None:
    assert client.get("/routed/derived").text == "get of Derived"
    assert client.put("/routed/derived").text == "put of Derived"
    assert client.patch("/routed/derived?q=a").text == "patch a"
    assert client.request("QUERY", "/routed/derived", json={"a": 1, "b": 2}).json() == 3


def test_the_instance_is_made_as_a_dependency_is(client: Client) -> None:
    assert client.get("/routed/needy/a?verbose=1").json() == ["a", "a", "connection", True]
    assert client.post("/routed/needy/b", json=[1]).json() == ["b", [1]]
    answer = client.post("/routed/needy/b?verbose=x", json=["x"])
    assert [fault["loc"] for fault in answer.json()["detail"]] == [["query", "verbose"], ["body", 0]]


def test_a_decorator_for_one_method_takes_that_one(client: Client) -> None:
    assert client.get("/only-get").text == "got"
    assert client.post("/only-get").status_code == 405


@pytest.mark.in_process
def test_what_the_instance_opens_is_closed(client: Client) -> None:
    closed.clear()
    client.get("/routed/needy/a")
    assert closed == ["connection"]


@pytest.mark.in_process
def test_the_name_of_the_class_is_that_of_the_route() -> None:
    assert app.url_for("Items", item=5) == "/items/5"


@pytest.mark.in_process
def test_a_class_that_answers_nothing_is_refused_where_it_is_declared() -> None:
    class Nothing:
        async def fetch(self) -> None: ...

    with pytest.raises(ValueError, match=r"Nothing cannot answer without methods such as get\(\)"):
        VelociPy().add_route("/", Nothing)
    with pytest.raises(ValueError, match=r"Base cannot answer without post\(\) and delete\(\)"):
        VelociPy().add_route("/", Base, ["GET", "POST", "DELETE"])


@pytest.mark.in_process
def test_mistakes_in_methods_are_told_with_their_class() -> None:
    broken = VelociPy()

    @broken.route("/{item}")
    class Broken:
        def __init__(self, thing: complex) -> None: ...

        async def get(self, other: complex) -> None: ...

    with pytest.raises(ExceptionGroup) as caught:
        broken.freeze()
    told = {(error.handler, error.parameter) for error in caught.value.exceptions if isinstance(error, StartupError)}
    assert told == {("Broken.__init__", "thing"), ("Broken.get", "other"), ("Broken.get", "item")}


@pytest.mark.in_process
def test_an_instance_with_a_call_is_one_handler() -> None:
    class Greeter:
        async def __call__(self, request: Request) -> str:
            return "hello"

    greeting = VelociPy()
    greeting.add_route("/", Greeter())
    assert [route.name for route in greeting.routes] == ["Greeter"]
