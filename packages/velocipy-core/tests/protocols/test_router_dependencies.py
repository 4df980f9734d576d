"""Dependencies of applications, routers, inclusions and routes: they run before the handler's own, in that order."""

from collections.abc import Iterator
from typing import Annotated, Any

import pytest
from httpx2 import Client

from velocipy import APIRouter, Depends, Header, HTTPException, Path, Query, Request, Router, StartupError, VelociPy
from velocipy.errors import DependencyError
from velocipy.testing import TestClient

LOG: list[str] = []


def note(name: str) -> Any:
    async def dependency() -> str:
        LOG.append(name)
        return name

    return dependency


of_app, of_outer, of_inclusion, of_inner, of_route, own = map(
    note, ["app", "outer", "inclusion", "inner", "route", "own"]
)


async def token(x_token: Annotated[str, Header()] = "") -> str:
    LOG.append("token")
    if x_token != "claw":
        raise HTTPException(401, headers={"www-authenticate": "Token"})
    return x_token


def session() -> Iterator[str]:
    LOG.append("open")
    try:
        yield "session"
    except Exception as error:
        LOG.append(type(error).__name__)
        raise
    finally:
        LOG.append("close")


def of_path(item: Annotated[int, Path()], request: Request) -> None:
    LOG.append(f"item {item}")


def of_body(body: dict[str, int]) -> None:
    LOG.append("body")


def of_query(limit: Annotated[int, Query(ge=1)]) -> None:
    LOG.append("limit")


app = VelociPy(dependencies=[Depends(of_app)])
outer = Router("/outer", name="outer", dependencies=[Depends(of_outer)])
inner = APIRouter("/inner", name="inner", dependencies=(Depends(of_inner),))
secret = Router("/secret", dependencies=[Depends(token)])


@app.get("/plain")
async def plain() -> str:
    return "plain"


@inner.get("/", dependencies=[Depends(of_route)])
async def read_inner(own: Annotated[str, Depends(own)]) -> str:
    return own


@inner.get("/shared", dependencies=[Depends(of_route), Depends(of_route)])
async def shared(route: Annotated[str, Depends(of_route)], app: Annotated[str, Depends(of_app)]) -> str:
    return f"{route} {app}"


@inner.get("/fresh", dependencies=[Depends(of_route), Depends(of_route, use_cache=False)])
async def fresh(route: Annotated[str, Depends(of_route, use_cache=False)]) -> str:
    return route


@inner.get("/items/{item}", dependencies=[Depends(of_path)])
async def read_item() -> str:
    return "item"


@inner.post("/", dependencies=[Depends(of_body), Depends(of_query)])
async def write_inner(body: dict[str, int]) -> dict[str, int]:
    return body


@secret.post("/")
async def write_secret(own: Annotated[str, Depends(own)], body: dict[str, int], limit: int) -> dict[str, int]:
    LOG.append("handler")
    return body


@secret.get("/fails", dependencies=[Depends(session)])
def fails() -> None:
    raise HTTPException(409)


@secret.get("/value")
def value(token: Annotated[str, Depends(token)]) -> str:
    return token


outer.include_router(inner, "/in", dependencies=[Depends(of_inclusion)])
app.include_router(outer)
app.include_router(secret)
app.include_router(inner, "/again")

INNER = "/outer/in/inner"
TOKEN = {"x-token": "claw"}

pytestmark = pytest.mark.in_process  # the log is here


@pytest.fixture(autouse=True)
def empty_log() -> None:
    LOG.clear()


def test_that_of_the_application_runs_for_every_route(client: Client) -> None:
    assert client.get("/plain").text == "plain"
    assert LOG == ["app"]


def test_they_run_from_the_outside_in_and_the_handlers_own_last(client: Client) -> None:
    assert client.get(INNER).text == "own"
    assert LOG == ["app", "outer", "inclusion", "inner", "route", "own"]


def test_a_router_included_twice_has_those_of_each_place(client: Client) -> None:
    assert client.get("/again/inner").text == "own"
    assert LOG == ["app", "inner", "route", "own"]


def test_a_value_is_shared_with_the_handler_and_made_once(client: Client) -> None:
    assert client.get(f"{INNER}/shared").text == "route app"
    assert LOG == ["app", "outer", "inclusion", "inner", "route"]


def test_use_cache_false_makes_it_anew(client: Client) -> None:
    assert client.get(f"{INNER}/fresh").text == "route"
    assert LOG.count("route") == 3


def test_they_may_take_the_values_of_the_path(client: Client) -> None:
    assert client.get(f"{INNER}/items/7").text == "item"
    assert LOG[-1] == "item 7"


def test_a_faulty_value_keeps_them_and_the_handler_from_running(client: Client) -> None:
    answer = client.get(f"{INNER}/items/x")
    assert [fault["loc"] for fault in answer.json()["detail"]] == [["path", "item"]]
    assert "item x" not in LOG


def test_their_faults_and_those_of_the_handler_are_told_together(client: Client) -> None:
    answer = client.post(f"{INNER}?limit=0", json=[1])
    assert sorted(fault["loc"] for fault in answer.json()["detail"]) == [["body"], ["query", "limit"]]


def test_those_of_the_body_run_after_those_of_the_head(client: Client) -> None:
    assert client.post(f"{INNER}?limit=1", json={"a": 1}).json() == {"a": 1}
    assert LOG[-2:] == ["limit", "body"]


def test_a_refusal_ends_the_request_before_anything_else_is_judged(client: Client) -> None:
    answer = client.post("/secret?limit=x", content=b"{", headers={"content-type": "text/plain"})
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Token")
    assert LOG == ["app", "token"]


def test_head_and_options_of_a_guarded_path_tell_no_more_than_before(client: Client) -> None:
    assert client.head("/secret/value").status_code == 401
    assert client.head("/secret/value", headers=TOKEN).status_code == 200


def test_a_generator_sees_the_failure_of_the_handler(client: Client) -> None:
    assert client.get("/secret/fails", headers=TOKEN).status_code == 409
    assert LOG == ["app", "token", "open", "HTTPException", "close"]


def test_overrides_count_for_them_too() -> None:
    app.dependency_overrides[token] = lambda: "override"
    try:
        with TestClient(app) as client:
            assert client.get("/secret/value").text == "override"
    finally:
        app.dependency_overrides.clear()
    with TestClient(app) as client:
        assert client.get("/secret/value").status_code == 401


def test_an_included_router_keeps_its_own_to_itself() -> None:
    assert [len(route.dependencies) for route in inner.routes] == [2, 3, 3, 2, 3]


def test_a_route_declared_after_the_inclusion_is_guarded_too() -> None:
    router = Router("/late", dependencies=[Depends(token)])
    program = VelociPy()
    program.include_router(router)

    @router.get("/")
    async def late() -> str:
        return "late"

    with TestClient(program) as client:
        assert client.get("/late").status_code == 401
        assert client.get("/late", headers=TOKEN).text == "late"


# -- names ------------------------------------------------------------------------------------


def test_names_of_routers_stand_before_those_of_routes() -> None:
    names = {route.path: route.name for route in app.routes}
    assert names["/plain"] == "plain"
    assert names["/outer/in/inner/shared"] == "outer.inner.shared"
    assert names["/again/inner/shared"] == "inner.shared"
    assert names["/secret/value"] == "value"


# -- mistakes end the start ------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", [token, "token", None, Query(), 1])
@pytest.mark.parametrize("place", ["application", "router", "inclusion", "route"])
def test_what_is_no_depends_is_a_mistake(place: str, wrong: Any) -> None:
    said = {name: [wrong] if name == place else [] for name in ("application", "router", "inclusion", "route")}
    program = VelociPy(dependencies=said["application"])
    router = Router(dependencies=said["router"])

    @router.get("/", dependencies=said["route"])
    async def handler() -> None: ...

    program.include_router(router, dependencies=said["inclusion"])
    with pytest.raises(DependencyError, match=r"dependencies=\[Depends\(function\)\]") as caught:
        program.freeze()
    assert caught.value.handler == "handler"


@pytest.mark.parametrize("wrong", [Depends(), Depends("token"), Depends])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
def test_a_depends_that_names_nothing_to_call_is_a_mistake(wrong: Any) -> None:
    program = VelociPy(dependencies=[wrong])
    program.add_route("/", plain)
    with pytest.raises(DependencyError):
        program.freeze()


def test_what_no_request_can_fill_is_a_mistake_of_the_dependency() -> None:
    def needs(thing: Client) -> None: ...

    program = VelociPy(dependencies=[Depends(needs)])
    program.add_route("/", plain)
    with pytest.raises(StartupError) as caught:
        program.freeze()
    assert (caught.value.handler.rpartition(".")[2], caught.value.parameter) == ("needs", "thing")


def test_a_path_value_that_not_every_path_has_is_a_mistake() -> None:
    program = VelociPy(dependencies=[Depends(of_path)])
    program.add_route("/", plain)
    with pytest.raises(StartupError, match="item"):
        program.freeze()
