"""What is said for documents is kept: of applications, routers, inclusions and routes."""

import http
from typing import Any

import pytest

from velocipy import APIRouter, VelociPy, status
from velocipy.routing.options import Route


async def handler() -> None: ...


def routes_of(app: VelociPy) -> dict[str, Route]:
    return {route.path: route for route in app.routes}


def test_words_of_an_application() -> None:
    app = VelociPy(
        title="Park",
        version="2.1",
        summary="Dinosaurs",
        description="Of all kinds",
        terms_of_service="https://example.com/terms",
        contact={"name": "Robert"},
        license_info={"name": "MIT"},
        servers=({"url": url} for url in ("https://a", "https://b")),
        openapi_tags=[{"name": "raptors"}],
        responses={500: {"description": "escaped"}},
    )
    assert (app.title, app.version, app.summary, app.description) == ("Park", "2.1", "Dinosaurs", "Of all kinds")
    assert app.terms_of_service == "https://example.com/terms"
    assert (app.contact, app.license_info) == ({"name": "Robert"}, {"name": "MIT"})
    assert app.servers == [{"url": "https://a"}, {"url": "https://b"}]
    assert app.openapi_tags == [{"name": "raptors"}]


def test_the_version_of_an_application_is_no_part_of_its_paths() -> None:
    app = VelociPy(version="2.1")
    app.add_route("/a", handler)
    assert [(route.path, route.version) for route in app.routes] == [("/a", None)]


def test_nothing_is_said_by_default() -> None:
    app = VelociPy()
    assert (app.summary, app.description, app.terms_of_service, app.contact, app.license_info) == (None,) * 5
    assert (app.servers, app.openapi_tags, app.responses) == ([], [], {})


def test_applications_share_nothing() -> None:
    first, second = VelociPy(), VelociPy()
    first.servers.append({"url": "https://a"})
    first.responses[500] = {}
    assert (second.servers, second.responses) == ([], {})


def test_responses_are_gathered_and_the_nearest_counts() -> None:
    app = VelociPy(responses={500: "app", 401: "app"})
    router = APIRouter(prefix="/r", responses={401: "router", 404: "router", "4XX": "router"})
    router.add_route("/a", handler, responses={404: "route"})
    router.add_route("/b", handler)
    app.include_router(router, responses={403: "inclusion"})
    app.include_router(router, "/again")
    app.add_route("/c", handler, responses=None)
    routes = routes_of(app)
    assert routes["/r/a"].responses == {500: "app", 401: "router", 403: "inclusion", 404: "route", "4XX": "router"}
    assert routes["/r/b"].responses == {500: "app", 401: "router", 403: "inclusion", 404: "router", "4XX": "router"}
    assert routes["/again/r/b"].responses == {500: "app", 401: "router", 404: "router", "4XX": "router"}
    assert routes["/c"].responses == {500: "app", 401: "app"}


def test_what_is_hidden_anywhere_is_hidden() -> None:
    app = VelociPy()
    shown, hidden = APIRouter(prefix="/shown"), APIRouter(prefix="/hidden", include_in_schema=False)
    for router in (shown, hidden):
        router.add_route("/a", handler)
        router.add_route("/b", handler, include_in_schema=False)
        app.include_router(router)
        app.include_router(router, "/not", include_in_schema=False)
        app.include_router(router, "/again", include_in_schema=True)
    assert [path for path, route in routes_of(app).items() if route.include_in_schema] == ["/shown/a", "/again/shown/a"]


def test_words_of_a_route() -> None:
    app = VelociPy()
    extra = {"x-code": 1, "requestBody": {}}
    app.add_route(
        "/a",
        handler,
        openapi_extra=extra,
        summary="A",
        description="of a",
        response_description="an a",
        operation_id="read_a",
        tags=["a"],
        deprecated=True,
    )
    (route,) = app.routes
    assert (route.openapi_extra, route.summary, route.description) == (extra, "A", "of a")
    assert (route.response_description, route.operation_id, route.tags) == ("an a", "read_a", ("a",))


def test_what_routes_say_by_default_cannot_be_changed_for_all() -> None:
    app = VelociPy()
    app.add_route("/a", handler)
    (route,) = app.routes
    assert route.openapi_extra is None
    with pytest.raises(TypeError):
        Route("/b", ("GET",), handler, "b").responses[500] = {}  # type: ignore[index]


@pytest.mark.parametrize("option", ["response_model_include", "response_model_exclude", "tags"])
@pytest.mark.parametrize("names", ["password", {"password": True}, {"password": {"hash"}}, {}])
def test_several_names_are_no_text_and_no_dict(option: str, names: Any) -> None:
    """A dict says more than names: to take its keys alone would let out what it meant to hide."""
    app = VelociPy()
    with pytest.raises(TypeError, match=f"{option} takes several strings"):
        app.add_route("/a", handler, **{option: names})
    assert app.routes == []


def test_every_status_has_a_name_of_the_newest_rfc() -> None:
    newest = {
        413: "CONTENT_TOO_LARGE",
        414: "URI_TOO_LONG",
        416: "RANGE_NOT_SATISFIABLE",
        422: "UNPROCESSABLE_CONTENT",
    }
    for code in http.HTTPStatus:
        assert getattr(status, f"HTTP_{code.value}_{newest.get(code, code.name)}") == code.value


def test_the_names_that_were_before_are_still_there() -> None:
    assert status.HTTP_413_REQUEST_ENTITY_TOO_LARGE == 413
    assert status.HTTP_414_REQUEST_URI_TOO_LONG == 414
    assert status.HTTP_416_REQUESTED_RANGE_NOT_SATISFIABLE == 416
    assert status.HTTP_422_UNPROCESSABLE_ENTITY == 422
