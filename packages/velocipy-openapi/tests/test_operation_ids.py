"""Ids of operations: unique, and as the policy wants them."""

import pytest

from velocipy import VelociPy
from velocipy.openapi.document import Content
from velocipy.openapi.operation_ids import (
    DuplicateOperationId,
    OperationId,
    by_handler,
    by_path,
    by_route_name,
)

from .documents import document_of


def shop() -> VelociPy:
    app = VelociPy()

    @app.get("/items/{item_id}", name="item.read")
    async def read(item_id: int) -> None: ...

    @app.route("/items", methods=["GET", "POST"])
    async def items() -> None: ...

    @app.get("/", operation_id="home")
    async def index() -> None: ...

    return app


@pytest.mark.parametrize(
    ("policy", "ids"),
    [
        (by_handler, ["read", "items_get_items", "items_post_items", "home"]),
        (by_route_name, ["item_read", "items_get_items", "items_post_items", "home"]),
        (by_path, ["get_items_item_id", "get_items", "post_items", "home"]),
    ],
)
def test_policies(policy: OperationId, ids: list[str]) -> None:
    document = document_of(shop(), Content(operation_ids=policy))
    assert [operation["operationId"] for item in document["paths"].values() for operation in item.values()] == ids


def test_an_id_of_a_route_with_several_methods() -> None:
    app = VelociPy()

    @app.route("/", methods=["GET", "POST"], operation_id="all")
    async def index() -> None: ...

    item = document_of(app)["paths"]["/"]
    assert {method: told["operationId"] for method, told in item.items()} == {"get": "all_get", "post": "all_post"}


def test_handlers_of_one_name_and_a_given_id_of_that_name() -> None:
    app = VelociPy()
    for path, operation_id in (("/a", None), ("/b", None), ("/c", "index")):

        async def index() -> None: ...

        app.get(path, operation_id=operation_id)(index)
    ids = [item["get"]["operationId"] for item in document_of(app)["paths"].values()]
    assert ids == ["index_get_a", "index_get_b", "index"]


def test_one_id_for_two_routes() -> None:
    app = VelociPy(docs_url=None, openapi_url=None)  # else it does not start
    for path in ("/a", "/b"):

        async def index() -> None: ...

        app.get(path, operation_id="same")(index)
    with pytest.raises(DuplicateOperationId, match=r"'same' is that of index\(\) at .*:\d+ and of index\(\) at .*:\d+"):
        document_of(app)
