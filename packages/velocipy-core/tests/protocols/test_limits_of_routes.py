"""Limits of routers and routes: the innermost counts, for every way to read a body; fields of queries and heads."""

from collections.abc import Iterator
from typing import Any

import pytest

from velocipy import Form, FormLimits, Request, Response, Router, VelociPy

app = VelociPy(max_content_length=100, form_limits=FormLimits(max_fields=3), max_query_fields=5, max_header_fields=20)
unlimited = VelociPy(max_query_fields=None, max_header_fields=None)
reads_first = VelociPy(max_content_length=100)
small = Router("/small", max_content_length=50, form_limits=FormLimits(max_fields=2))
inner = Router("/inner", max_content_length=70)
open_to_all = Router("/open", max_content_length=None)


async def read_body(request: Request) -> int:
    return len(await request.body())


async def read_stream(request: Request) -> int:
    return sum([len(chunk) async for chunk in request.stream()])


async def read_json(request: Request) -> int:
    return len(str(await request.json())) + 2


async def read_form(request: Request) -> int:
    return len(str((await request.form())["a"])) + 2


async def form_parameter(a: str = Form()) -> int:
    return len(a) + 2


async def bound(data: list[str]) -> int:
    return len(data[0]) + 4


HANDLERS: dict[str, Any] = {
    "body": read_body,
    "stream": read_stream,
    "json": read_json,
    "form": read_form,
    "form-parameter": form_parameter,
    "bound": bound,
}
for name, handler in HANDLERS.items():
    for router in (app, small, inner, open_to_all, reads_first):
        router.add_route(f"/{name}", handler, "POST")
    for router in (app, small, open_to_all, reads_first):
        router.add_route(f"/ten/{name}", handler, "POST", max_content_length=10)
    small.add_route(f"/open/{name}", handler, "POST", max_content_length=None)
small.include_router(inner)
app.include_router(small)
app.include_router(open_to_all)

LIMITS = {"": 100, "/small": 50, "/small/inner": 70, "/ten": 10, "/small/ten": 10, "/open/ten": 10}


@reads_first.middleware("http")
async def read_before_routing(request: Request, call_next: Any) -> Response:
    await request.body()
    answer: Response = await call_next(request)
    return answer


@app.post("/fields")
@small.post("/fields")
@small.post("/four-fields", form_limits=FormLimits(max_fields=4))
@small.post("/any-fields", form_limits=FormLimits(max_fields=None), max_content_length=None)
async def count_fields(request: Request) -> int:
    return len((await request.form()).multi_items())


@app.get("/query")
@unlimited.get("/query")
async def query(request: Request) -> int:
    return len(request.query_params.multi_items())


@app.get("/parameter")
async def parameter(a: str = "none") -> str:
    return a


@app.get("/headers")
@unlimited.get("/headers")
async def headers(request: Request) -> int:
    return len(request.headers.items())


@app.get("/no-headers")
async def no_headers() -> str:
    return "not asked for"


JSON = {"content-type": "application/json"}
FORM = {"content-type": "application/x-www-form-urlencoded"}


def body_of(kind: str, size: int) -> tuple[bytes, dict[str, str]]:
    if kind == "json":
        return b'"' + b"x" * (size - 2) + b'"', JSON
    if kind == "bound":
        return b'["' + b"x" * (size - 4) + b'"]', JSON
    if kind in ("form", "form-parameter"):
        return b"a=" + b"x" * (size - 2), FORM
    return b"x" * size, {}


def in_chunks(body: bytes, size: int = 7) -> Iterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


@pytest.mark.parametrize("chunked", [False, True], ids=["declared", "chunked"])
@pytest.mark.parametrize("kind", HANDLERS)
@pytest.mark.parametrize("prefix", LIMITS)
def test_one_byte_over_the_innermost_limit_is_413(client: Any, prefix: str, kind: str, chunked: bool) -> None:
    for size, status in ((LIMITS[prefix] + 1, 413), (LIMITS[prefix], 200)):
        body, fields = body_of(kind, size)
        response = client.post(f"{prefix}/{kind}", content=in_chunks(body) if chunked else body, headers=fields)
        assert response.status_code == status


@pytest.mark.parametrize("chunked", [False, True], ids=["declared", "chunked"])
@pytest.mark.parametrize("kind", HANDLERS)
@pytest.mark.parametrize("prefix", ["/open", "/small/open"])
def test_none_lifts_the_limit_of_what_is_around(client: Any, prefix: str, kind: str, chunked: bool) -> None:
    body, fields = body_of(kind, 3000)
    response = client.post(f"{prefix}/{kind}", content=in_chunks(body, 500) if chunked else body, headers=fields)
    assert (response.status_code, response.json()) == (200, 3000)


@pytest.mark.parametrize("kind", HANDLERS)
def test_what_middleware_has_read_is_over_the_limit_all_the_same(client_factory: Any, kind: str) -> None:
    client = client_factory("reads_first")
    for size, status in ((11, 413), (10, 200)):
        body, fields = body_of(kind, size)
        assert client.post(f"/ten/{kind}", content=body, headers=fields).status_code == status


def test_a_declared_length_over_the_limit_of_its_route_is_refused_before_a_byte_is_sent(wire: Any) -> None:
    with wire.open() as connection:
        connection.sendall(wire.head("POST", "/small/ten/body", "content-length: 11"))
        assert connection.recv(65536).split(b" ")[1] == b"413"


@pytest.mark.parametrize(("path", "most"), [("/fields", 3), ("/small/fields", 2), ("/small/four-fields", 4)])
def test_forms_have_the_innermost_limits(client: Any, path: str, most: int) -> None:
    def send(count: int) -> Any:
        return client.post(path, content="&".join(["a=1"] * count), headers=FORM)

    assert send(most + 1).status_code == 400
    assert send(most).json() == most


def test_a_route_may_take_any_number_of_fields(client: Any) -> None:
    assert client.post("/small/any-fields", content="&".join(["a=1"] * 1500), headers=FORM).json() == 1500


@pytest.mark.parametrize("path", ["/query", "/parameter"])
def test_a_query_of_too_many_fields_is_400(client: Any, path: str) -> None:
    response = client.get(f"{path}?{'&'.join(['b=1'] * 6)}")
    assert (response.status_code, response.json()) == (400, {"detail": "The query string has more than 5 fields"})
    assert client.get(f"{path}?{'&'.join(['a=1'] * 5)}").status_code in (200, 422)


def test_an_application_may_take_any_number_of_fields_in_a_query(client_factory: Any) -> None:
    assert client_factory("unlimited").get(f"/query?{'&'.join(['b'] * 1500)}").json() == 1500


def test_too_many_header_fields_are_431_where_they_are_read(client: Any) -> None:
    fields = {f"x-{number}": "1" for number in range(20)}
    response = client.get("/headers", headers=fields)
    assert (response.status_code, response.json()) == (431, {"detail": "The request has more than 20 header fields"})
    assert client.get("/headers").json() <= 20
    assert client.get("/no-headers", headers=fields).text == "not asked for"


def test_an_application_may_take_any_number_of_header_fields(client_factory: Any) -> None:
    fields = {f"x-{number}": "1" for number in range(60)}
    assert client_factory("unlimited").get("/headers", headers=fields).json() >= 60


@pytest.mark.parametrize(
    ("limit", "named"),
    [
        ({"max_content_length": -1}, "max_content_length is -1; give bytes from 0, or None"),
        ({"form_limits": FormLimits(max_fields=-1)}, "max_fields is -1"),
    ],
)
def test_a_negative_limit_is_refused_where_it_is_declared(limit: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        Router(**limit)
    with pytest.raises(ValueError, match=named):
        VelociPy().post("/", **limit)(no_headers)


@pytest.mark.parametrize("name", ["max_query_fields", "max_header_fields"])
def test_a_negative_number_of_fields_is_refused(name: str) -> None:
    limit: Any = {name: -1}
    with pytest.raises(ValueError, match=f"{name} is -1"):
        VelociPy(**limit)


def test_limits_of_forms_that_are_none_are_refused() -> None:
    limits: Any = {"max_fields": 3}
    with pytest.raises(TypeError, match="FormLimits"):
        Router(form_limits=limits)
