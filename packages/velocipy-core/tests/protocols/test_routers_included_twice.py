"""A router that is included twice under two prefixes: its routes answer at both, and its names lead to the first."""

from typing import Any

import pytest
from httpx2 import Client

from velocipy import APIRouter, Depends, Request, RouteConflictError, StartupError, VelociPy

app = VelociPy()
items = APIRouter(prefix="/items", name="items")
inner = APIRouter(prefix="/inner")


async def mark(request: Request) -> None:
    request.state.mark = "marked"


@items.get("/{item_id}", name="item")
async def read_item(item_id: int, request: Request) -> Any:
    return [item_id, request.url_for("items.item", item_id=7).path, request.state.get("mark")]


@items.get("/")
async def list_items(request: Request) -> Any:
    return [request.url_for("items.item", item_id=8).path, request.url_for("items.list_items").path]


@inner.get("/", name="inner")
async def read_inner(request: Request) -> str:
    return request.url_for("items.inner").path


items.include_router(inner)
app.include_router(items, "/v1")
app.include_router(items, "/v2", dependencies=[Depends(mark)])


class Herd:
    def __init__(self, kind: str) -> None:
        self.kind = kind

    async def get(self) -> str:
        return self.kind

    async def delete(self) -> None: ...


herds = APIRouter(name="herds")
herds.route("/herds/{kind}", name="herd")(Herd)
herds.mount("/sub", app, name="sub")
named = VelociPy()
named.include_router(herds, prefix="/first")
named.include_router(herds, prefix="/second")


@pytest.mark.parametrize(("prefix", "mark"), [("/v1", None), ("/v2", "marked")])
def test_it_answers_at_both(client: Client, prefix: str, mark: str | None) -> None:
    assert client.get(f"{prefix}/items/5").json() == [5, "/v1/items/7", mark]
    assert client.get(f"{prefix}/items").json() == ["/v1/items/8", "/v1/items"]
    assert client.get(f"{prefix}/items/inner").text == "/v1/items/inner"


def test_names_lead_to_the_first() -> None:
    assert app.url_for("items.item", item_id=1) == "/v1/items/1"
    assert app.url_for("items.inner") == "/v1/items/inner"


def test_classes_and_mounts_of_it_may_have_names(client_factory: Any) -> None:
    client = client_factory("named")
    assert named.url_for("herds.herd", kind="a") == "/first/herds/a"
    assert named.url_for("herds.sub", path="items") == "/first/sub/items"
    for prefix in ("/first", "/second"):
        assert client.get(f"{prefix}/herds/a").text == "a"
        assert client.get(f"{prefix}/sub/v1/items/inner").status_code == 200


async def handler() -> None: ...


def test_the_same_place_twice_is_a_conflict() -> None:
    wrong = VelociPy()
    router = APIRouter(prefix="/a")
    router.add_route("/b", handler, name="b")
    wrong.include_router(router)
    wrong.include_router(router)
    with pytest.raises(RouteConflictError):
        wrong.freeze()


def test_a_name_of_two_handlers_is_a_fault_of_the_program() -> None:
    async def other() -> None: ...

    wrong = VelociPy()
    first, second = APIRouter(prefix="/a"), APIRouter(prefix="/b")
    first.add_route("/", handler, name="same")
    second.add_route("/", other, name="same")
    wrong.include_router(first)
    wrong.include_router(second)
    with pytest.raises(StartupError, match="the name 'same' is that of handler"):
        wrong.freeze()


def test_a_name_that_was_not_given_may_be_there_twice() -> None:
    fine = VelociPy()
    for prefix in ("/a", "/b"):
        router = APIRouter(prefix=prefix)
        router.add_route("/", handler)
        fine.include_router(router)
    fine.freeze()
    assert fine.url_for("handler") == "/a"
