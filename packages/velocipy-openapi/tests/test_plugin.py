"""The plugin as every plugin has to be."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from velocipy import APIRouter, Depends, RouteConflictError, Router, StartupError, VelociPy
from velocipy.openapi import Content, OpenAPIPlugin
from velocipy.security_scheme import OAuth2Flow, OAuth2Scheme
from velocipy.testing import TestClient
from velocipy.testing.plugins import PluginConformance
from velocipy.testing.websocket_clients import WebSocketClient

ASKS_FOR_NONE = """
import sys
from velocipy import VelociPy
VelociPy(docs_url=None, openapi_url=None).freeze()
raise SystemExit(", ".join(name for name in sys.modules if name.startswith("velocipy.openapi")) or 0)
"""


class TestOpenAPI(PluginConformance):
    distribution = "velocipy-openapi"
    first_party = True
    on_router = False  # on one without a prefix it would answer where that of the application does

    def make(self) -> OpenAPIPlugin:
        return OpenAPIPlugin()

    def test_it_is_not_loaded_where_it_is_not_plugged_in(self) -> None:
        """It alone is there without being named, unless the application wants no document."""
        done = subprocess.run([sys.executable, "-c", ASKS_FOR_NONE], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")

    def use(self, router: Router) -> None: ...

    def check(self, client: WebSocketClient) -> None:
        for path in ("/docs", "/redoc", "/scalar"):
            assert client.get(path).status_code == 200
        assert client.get("/openapi.json").json()["openapi"].startswith("3.1")


def test_an_application_has_documents_without_a_word() -> None:
    app = VelociPy("Nest", docs_url="/help")

    @app.get("/eggs")
    async def count_eggs() -> int:
        return 3

    for interface in ("asgi", "rsgi"):
        with TestClient(app, interface=interface) as client:
            assert client.get("/help").status_code == 200
            assert client.get("/docs").status_code == 404
            document = client.get("/openapi.json").json()
            assert (document["info"]["title"], [*document["paths"]]) == ("Nest", ["/eggs"])
            assert client.get("/openapi.yaml").text.startswith('openapi: "3.1.0"\ninfo:\n  title: Nest\n')


@pytest.mark.parametrize(
    ("options", "there"),
    [
        ({"docs_url": None}, ["/openapi.json", "/redoc"]),
        ({"openapi_url": None}, []),
        ({"docs_url": None, "openapi_url": None}, []),
    ],
)
def test_what_the_application_wants_nowhere_is_nowhere(options: dict[str, Any], there: list[str]) -> None:
    app = VelociPy(**options)
    with TestClient(app) as client:
        paths = ("/openapi.json", "/docs", "/redoc")
        assert [path for path in paths if client.get(path).status_code == 200] == there


@pytest.mark.parametrize("path", ["/docs", "/openapi.json", "/redoc"])
def test_a_route_of_the_application_there_is_a_mistake_that_is_told_with_its_remedy(path: str) -> None:
    app = VelociPy()

    @app.get(path)
    async def own() -> None: ...

    with pytest.raises(RouteConflictError, match=r"already answered by .*own\(\).*docs_url= and openapi_url="):
        app.freeze()


def test_a_document_is_unchanged_until_it_changes() -> None:
    with TestClient(VelociPy(root_path="/api")) as client:
        first = client.get("/api/openapi.json")
        assert first.json()["servers"] == [{"url": "/api"}]
        again = client.get("/api/openapi.json", headers={"if-none-match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


def test_tokens_that_an_application_gives_itself_are_given_below_its_root_path() -> None:
    """Pages take a path in a security scheme for one of the origin."""
    flow = OAuth2Flow(authorization_url="https://id.example/a", token_url="/token", refresh_url="refresh")
    other = OAuth2Flow(token_url="/of-somebody-else")

    class Bearer:
        security_scheme = OAuth2Scheme(scheme_name="Bearer", authorization_code=flow, client_credentials=other)

        async def __call__(self) -> None: ...

    shop = VelociPy()
    shop.add_route("/token", lambda: None, ["POST"], name="token")
    shop.add_route("/refresh", lambda: None, ["POST"], name="refresh", dependencies=[Depends(Bearer())])
    outer = VelociPy()
    outer.mount("/shop", shop)
    with TestClient(outer) as client:
        told = client.get("/shop/openapi.json").json()["components"]["securitySchemes"]["Bearer"]["flows"]
        assert told["authorizationCode"] == {
            "authorizationUrl": "https://id.example/a",
            "tokenUrl": "/shop/token",
            "refreshUrl": "/shop/refresh",
            "scopes": {},
        }
        assert told["clientCredentials"]["tokenUrl"] == "/of-somebody-else"
    with TestClient(shop) as client:
        told = client.get("/openapi.json").json()["components"]["securitySchemes"]["Bearer"]["flows"]
        assert told["authorizationCode"]["tokenUrl"] == "/token"


def test_further_documents_have_a_part_of_the_routes() -> None:
    plugin = OpenAPIPlugin(documents={"/v1.json": Content(title="One", select=lambda route: route.version == "1")})
    app = VelociPy(plugins=[plugin])
    for version in ("1", "2"):
        router = APIRouter(version=version)
        router.add_route("/eggs", lambda: None)
        app.include_router(router)
    with TestClient(app) as client:
        assert [*client.get("/openapi.json").json()["paths"]] == ["/1/eggs", "/2/eggs"]
        told = client.get("/v1.json").json()
        assert (told["info"]["title"], [*told["paths"]]) == ("One", ["/1/eggs"])


def test_a_router_has_a_document_of_its_own() -> None:
    app, router = VelociPy(), APIRouter(prefix="/inner")
    router.plug(OpenAPIPlugin())
    router.add_route("/eggs", lambda: None)
    app.add_route("/shells", lambda: None)
    app.include_router(router)
    with TestClient(app) as client:
        assert [*client.get("/inner/openapi.json").json()["paths"]] == ["/inner/eggs"]
        assert [*client.get("/openapi.json").json()["paths"]] == ["/shells", "/inner/eggs"]
        assert client.get("/inner/docs").status_code == 200


@pytest.mark.parametrize(
    ("option", "said", "told"),
    [
        (
            "openapi",
            {"sumary": "x"},
            "openapi of /a: an Operation Object has no field 'sumary'. Did you mean 'summary'?",
        ),
        ("openapi_extra", {"tags": {1}}, "openapi_extra of /a: it has no JSON: Object of type set is not JSON seria"),
        ("openapi", 5, "openapi of /a is a int. Give a mapping, or an OpenAPI."),
    ],
)
def test_a_mistake_in_what_is_said_of_an_operation_ends_the_start(option: str, said: Any, told: str) -> None:
    more: Any = {option: said}
    app = VelociPy()
    app.add_route("/a", test_a_router_has_a_document_of_its_own, **more)
    with pytest.raises(StartupError) as raised:
        app.freeze()
    place, _, rest = str(raised.value).partition(", in ")
    assert place.partition("test_plugin.py:")[2].isdigit()
    assert rest.partition(": ")[2].startswith(told)


def test_an_operation_id_is_that_of_one_operation() -> None:
    app = VelociPy()
    app.add_route("/a", lambda: None, operation_id="read")
    app.add_route("/b", lambda: None, operation_id="read")
    with pytest.raises(
        StartupError, match=r"the operation_id 'read' is that of /a as well\. Give each operation an id"
    ):
        app.freeze()
