"""Two applications in one process share nothing, and a factory can be called twice."""

from typing import Any

import pytest

from velocipy import HTTPException, Request, Response, VelociPy

pytestmark = pytest.mark.in_process


def create_app(name: str = "one") -> VelociPy:
    app = VelociPy(title=name, max_content_length=10 if name == "one" else 20)
    app.state.name = name

    @app.get("/")
    async def index(request: Request) -> dict[str, Any]:
        return {"name": name, "state": dict(request.state), "app": request.app.title}

    @app.get(f"/only-{name}")
    async def only() -> str:
        return name

    @app.post("/size")
    async def size(request: Request) -> int:
        return len(await request.body())

    @app.exception_handler(404)
    async def missing(request: Request, error: HTTPException) -> Response:
        return Response(f"not in {name}", 404)

    return app


one, two = create_app("one"), create_app("two")
app = one


def test_routes_handlers_limits_and_state_are_each_ones_own(client_factory: Any) -> None:
    first, second = client_factory("one"), client_factory("two")
    assert first.get("/").json()["app"] == "one"
    assert second.get("/").json()["app"] == "two"
    assert first.get("/only-two").text == "not in one"
    assert second.get("/only-one").text == "not in two"
    assert first.post("/size", content=b"x" * 15).status_code == 413
    assert second.post("/size", content=b"x" * 15).status_code == 200
    assert (one.state, two.state) == ({"name": "one"}, {"name": "two"})


def test_a_factory_makes_a_fresh_application_each_time(client_factory: Any) -> None:
    again = create_app("one")

    @again.get("/late")
    async def late() -> str:
        return "late"

    assert client_factory(again).get("/late").text == "late"
    assert client_factory("two").get("/late").status_code == 404
    assert client_factory("one").get("/late").status_code == 404
