"""Versions of an API: in the path, in a header, in the media type; and routes that will not be there for ever."""

from datetime import UTC, date, datetime
from typing import Annotated, Any

import pytest
from httpx2 import Client

from velocipy import (
    APIRouter,
    APIVersion,
    Depends,
    HTTPException,
    JSONResponse,
    Request,
    Response,
    StartupError,
    VelociPy,
)
from velocipy.middleware import HTTPApp


def application(versioning: APIVersion | None = None) -> VelociPy:
    app = VelociPy(versioning=versioning)
    first = APIRouter("/items", version="1", deprecated=datetime(2024, 5, 1, tzinfo=UTC), sunset=date(2030, 1, 1))
    second = APIRouter("/items", version="2")

    @first.get("/{item}")
    async def item_1(item: int) -> dict[str, Any]:
        return {"version": 1, "item": item}

    @second.get("/{item}", status_code=203)
    async def item_2(item: int) -> dict[str, Any]:
        return {"version": 2, "item": item}

    @first.get("/only/1")
    async def only() -> JSONResponse:
        return JSONResponse({"only": 1}, headers={"vary": "cookie", "sunset": "its own"})

    @first.delete("/{item}")
    async def remove(item: int) -> None:
        raise HTTPException(409)

    @app.get("/health")
    async def health() -> str:
        return "well"

    @app.get("/mixed", version="2")
    async def mixed_2() -> str:
        return "second"

    @app.get("/mixed", version=None)
    async def mixed() -> str:
        return "any"

    app.include_router(first)
    app.include_router(second)
    return app


in_path = application()
in_header = application(APIVersion.from_header("X-API-Version"))
in_header_or_first = application(APIVersion.from_header(default="1"))
in_accept = application(APIVersion.from_accept("application/vnd.shop.{version}+json", default="2"))
in_parameter = application(APIVersion.from_accept("application/json; version={version}"))
in_either = application(APIVersion.from_request(accept_pattern="application/vnd.shop.{version}+json", default="1"))

asking = VelociPy()


@asking.get("/")
async def asked(
    version: Annotated[str, Depends(APIVersion.from_header("Api-Version", default="3", allowed=["3", "4-beta"]))],
) -> str:
    return version


@pytest.mark.velocipy_app("in_path")
def test_a_version_is_a_segment_of_the_path(client: Client) -> None:
    assert client.get("/items/1/5").json() == {"version": 1, "item": 5}
    assert client.get("/items/2/5").json() == {"version": 2, "item": 5}
    assert client.get("/items/3/5").status_code == 404
    assert client.get("/2/mixed").text == "second"
    assert client.get("/mixed").text == "any"


@pytest.mark.velocipy_app("in_header")
@pytest.mark.parametrize("version", ["", "3", "1.0", "1,2", "../1", "1" * 65, "é".encode().decode("latin-1")])
def test_a_version_that_is_not_there_is_not_acceptable(client: Client, version: str) -> None:
    answer = client.get("/items/5", headers=[(b"x-api-version", version.encode("latin-1"))])
    assert answer.status_code == 406
    assert answer.json()["detail"].endswith("there are 1, 2")
    assert answer.headers["vary"] == "x-api-version"


@pytest.mark.velocipy_app("in_header")
def test_a_header_chooses_among_routes_of_one_path(client: Client) -> None:
    for version, status in (("1", 200), ("2", 203)):
        answer = client.get("/items/5", headers={"x-api-version": version})
        assert (answer.status_code, answer.json()) == (status, {"version": int(version), "item": 5})
        assert answer.headers["vary"] == "x-api-version"
        assert answer.headers["content-type"] == "application/json"


@pytest.mark.velocipy_app("in_header")
def test_a_version_that_the_path_has_not_leads_on(client: Client) -> None:
    assert client.get("/items/only/1", headers={"x-api-version": "1"}).json() == {"only": 1}
    assert client.get("/items/only/1", headers={"x-api-version": "2"}).status_code == 406


@pytest.mark.velocipy_app("in_header")
def test_routes_without_a_version_answer_all(client: Client) -> None:
    for headers in ({}, {"x-api-version": "9"}):
        assert client.get("/health", headers=headers).text == "well"
        assert client.get("/mixed", headers=headers).text == "any"
    answer = client.get("/mixed", headers={"x-api-version": "2"})
    assert (answer.text, answer.headers["vary"]) == ("second", "x-api-version")


@pytest.mark.velocipy_app("in_header_or_first")
def test_the_default_answers_who_asks_for_none(client: Client) -> None:
    assert client.get("/items/5").json()["version"] == 1
    assert client.get("/items/5", headers={"x-api-version": "2"}).json()["version"] == 2
    assert client.get("/items/5", headers={"x-api-version": "9"}).status_code == 406


@pytest.mark.velocipy_app("in_accept")
@pytest.mark.parametrize(
    ("accept", "version", "media_type"),
    [
        ("application/vnd.shop.1+json", 1, "application/vnd.shop.1+json"),
        ("Application/VND.shop.1+JSON", 1, "Application/VND.shop.1+JSON"),
        ("application/vnd.shop.1+json;q=0.4, application/vnd.shop.2+json;q=0.5", 2, "application/vnd.shop.2+json"),
        ("application/vnd.shop.9+json, application/vnd.shop.1+json;q=0.1", 1, "application/vnd.shop.1+json"),
        ("text/html, application/vnd.shop.2+json ; q=0", 2, "application/json"),
        ("*/*", 2, "application/json"),
        ("application/json", 2, "application/json"),
    ],
)
def test_a_media_type_chooses_the_most_wanted(client: Client, accept: str, version: int, media_type: str) -> None:
    answer = client.get("/items/5", headers={"accept": accept})
    assert answer.json()["version"] == version
    assert (answer.headers["content-type"], answer.headers["vary"]) == (media_type, "accept")


async def pass_on(request: Request, call_next: HTTPApp) -> Response:
    return await call_next(request)


async def with_head(response: Response) -> list[int]:
    response.headers["x-head"] = "yes"
    return [1]


async def own() -> JSONResponse:
    return JSONResponse([1])


of_shop = APIVersion.from_accept("application/vnd.shop.{version}+json")
in_accept_within = VelociPy(versioning=of_shop)
in_accept_around = VelociPy(versioning=of_shop, middleware=[pass_on])
for around in (in_accept_within, in_accept_around):
    around.add_route("/route", with_head, version="1", middleware=[pass_on])
    around.add_route("/head", with_head, version="1")
    around.add_route("/own", own, version="1")


@pytest.mark.parametrize("application", ["in_accept_within", "in_accept_around"])
def test_data_has_the_type_that_was_asked_for_within_middleware_too(client_factory: Any, application: str) -> None:
    client, accept = client_factory(application), "application/vnd.shop.1+json"
    for path, media_type in (("/route", accept), ("/head", accept), ("/own", "application/json")):
        answer = client.get(path, headers={"accept": accept})
        assert (answer.json(), answer.headers["content-type"]) == ([1], media_type)


@pytest.mark.velocipy_app("in_parameter")
def test_a_media_type_may_have_the_version_in_a_parameter(client: Client) -> None:
    assert client.get("/items/5", headers={"accept": "application/json; version=1"}).json()["version"] == 1
    assert client.get("/items/5", headers={"accept": "application/json;version=2;q=0.9"}).json()["version"] == 2
    assert client.get("/items/5", headers={"accept": "application/json"}).status_code == 406


@pytest.mark.velocipy_app("in_either")
def test_the_header_counts_before_the_media_type(client: Client) -> None:
    accept = {"accept": "application/vnd.shop.2+json"}
    answer = client.get("/items/5", headers=accept)
    assert (answer.json()["version"], answer.headers.get_list("vary")) == (2, ["x-api-version", "accept"])
    assert client.get("/items/5", headers={**accept, "x-api-version": "1"}).json()["version"] == 1


@pytest.mark.velocipy_app("asking")
def test_a_handler_is_handed_the_version(client: Client) -> None:
    assert client.get("/").text == "3"
    assert client.get("/", headers={"api-version": "4-beta"}).text == "4-beta"
    answer = client.get("/", headers={"api-version": "5"})
    assert answer.status_code == 406
    assert answer.json()["detail"].endswith("there are 3, 4-beta")


# -- what will not be there for ever -----------------------------------------------------------------------------------


@pytest.mark.velocipy_app("in_path")
def test_what_is_deprecated_says_so_in_every_answer(client: Client) -> None:
    for answer in (
        client.get("/items/1/5"),
        client.head("/items/1/5"),
        client.get("/items/1/five"),
        client.delete("/items/1/5"),
    ):
        assert answer.headers["deprecation"] == "@1714521600"
        assert answer.headers["sunset"] == "Tue, 01 Jan 2030 00:00:00 GMT"
    for path in ("/items/2/5", "/health", "/nowhere"):
        answer = client.get(path)
        assert "deprecation" not in answer.headers
        assert "sunset" not in answer.headers


@pytest.mark.velocipy_app("in_path")
def test_a_response_that_says_it_itself_is_left_alone(client: Client) -> None:
    answer = client.get("/items/1/only/1")
    assert answer.headers.get_list("sunset") == ["its own"]
    assert answer.headers["deprecation"] == "@1714521600"


deprecated = VelociPy()


@deprecated.get("/", deprecated=True)
async def old() -> str:
    return "old"


@pytest.mark.velocipy_app("deprecated")
def test_deprecated_without_a_date_is_told_as_the_beginning_of_time(client: Client) -> None:
    answer = client.get("/")
    assert answer.headers["deprecation"] == "@0"
    assert "sunset" not in answer.headers


@pytest.mark.in_process
@pytest.mark.parametrize(
    "options",
    [{"deprecated": datetime(2024, 1, 1)}, {"sunset": datetime(2024, 1, 1)}, {"sunset": "2024-01-01"}],  # noqa: DTZ001
)
def test_a_time_without_a_zone_is_refused_at_start(options: Any) -> None:
    app = VelociPy()

    @app.get("/", **options)
    async def handler(request: Request) -> None: ...

    with pytest.raises(StartupError, match=r"handler\(\)"):
        app.freeze()


@pytest.mark.in_process
@pytest.mark.parametrize("version", ["", "a/b", "v 1", "é", "1" * 65])
def test_a_version_that_is_none_is_refused_at_start(version: str) -> None:
    app = VelociPy(versioning=APIVersion.from_header())

    @app.get("/", version=version)
    async def handler(request: Request) -> None: ...

    with pytest.raises(StartupError, match="version"):
        app.freeze()


@pytest.mark.in_process
def test_mistakes_in_the_options_of_a_version() -> None:
    with pytest.raises(ValueError, match="{version}"):
        APIVersion.from_accept("application/json")
    with pytest.raises(ValueError, match="not among"):
        APIVersion.from_header(default="1", allowed=["2"])
    with pytest.raises(ValueError, match="no version"):
        APIVersion.from_header(default="a b")
    with pytest.raises(TypeError, match="APIVersion"):
        VelociPy(versioning="header")  # type: ignore[arg-type]


@pytest.mark.in_process
def test_two_routes_of_one_version_conflict() -> None:
    app = VelociPy(versioning=APIVersion.from_header())

    async def handler(request: Request) -> None: ...

    app.add_route("/", handler, version="1")
    app.add_route("/", handler, version="1")
    with pytest.raises(StartupError, match="already answered"):
        app.freeze()
