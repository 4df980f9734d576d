"""The limit of bodies: exactly the limit passes, one byte more is 413, however the body comes and is read."""

from collections.abc import Iterator
from typing import Any

import pytest

from velocipy import Form, Request, VelociPy

LIMIT = 100

app = VelociPy(max_content_length=LIMIT)
unlimited = VelociPy(max_content_length=None)
megabytes = VelociPy(max_content_length=3_000_000)
nothing_allowed = VelociPy(max_content_length=0)
handled: list[str] = []


@app.post("/body")
@megabytes.post("/body")
@unlimited.post("/body")
@nothing_allowed.post("/body")
async def read_body(request: Request) -> int:
    return len(await request.body())


@app.post("/stream")
@unlimited.post("/stream")
@nothing_allowed.post("/stream")
async def read_stream(request: Request) -> int:
    return sum([len(chunk) async for chunk in request.stream()])


@app.post("/json")
async def read_json(request: Request) -> int:
    return len(str(await request.json())) + 2


@app.post("/form")
async def read_form(request: Request) -> int:
    return len(str((await request.form())["a"])) + 2


@app.post("/form-parameter")
async def form_parameter(a: str = Form()) -> int:
    return len(a) + 2


@app.post("/model")
@megabytes.post("/model")
async def read_model(data: list[str]) -> int:
    return len(data[0]) + 4


@app.post("/faulty/{number}")
async def faulty(number: int, data: dict[str, int]) -> None: ...


@app.post("/unread")
@megabytes.post("/unread")
async def leave_unread() -> str:
    return "unread"


JSON = {"content-type": "application/json"}
FORM = {"content-type": "application/x-www-form-urlencoded"}


def body_of(path: str, size: int) -> tuple[bytes, dict[str, str]]:
    if path == "/json":
        return b'"' + b"x" * (size - 2) + b'"', JSON
    if path == "/model":
        return b'["' + b"x" * (size - 4) + b'"]', JSON
    if path in ("/form", "/form-parameter"):
        return b"a=" + b"x" * (size - 2), FORM
    return b"x" * size, {}


def in_chunks(body: bytes, size: int = 7) -> Iterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


PATHS = ["/body", "/stream", "/json", "/form", "/form-parameter", "/model"]
declared_or_chunked = pytest.mark.parametrize("chunked", [False, True], ids=["declared", "chunked"])


@declared_or_chunked
@pytest.mark.parametrize("path", PATHS)
def test_exactly_the_limit_passes(client: Any, path: str, chunked: bool) -> None:
    body, headers = body_of(path, LIMIT)
    response = client.post(path, content=in_chunks(body) if chunked else body, headers=headers)
    assert (response.status_code, response.json()) == (200, LIMIT)


@declared_or_chunked
@pytest.mark.parametrize("path", PATHS)
def test_one_byte_more_is_413(client: Any, path: str, chunked: bool) -> None:
    body, headers = body_of(path, LIMIT + 1)
    response = client.post(path, content=in_chunks(body) if chunked else body, headers=headers)
    assert response.status_code == 413
    assert response.json()["detail"]
    assert client.post("/body", content=b"next").json() == 4


@declared_or_chunked
def test_413_comes_before_422(client: Any, chunked: bool) -> None:
    body = b'{"a": "no number", "b": "' + b"x" * LIMIT + b'"}'
    response = client.post("/faulty/none", content=in_chunks(body) if chunked else body, headers=JSON)
    assert response.status_code == 413


def test_a_body_that_nobody_reads_is_not_judged(client: Any) -> None:
    assert client.post("/unread", content=b"x" * (LIMIT + 1)).text == "unread"
    assert client.post("/body", content=b"next").json() == 4


@declared_or_chunked
@pytest.mark.parametrize(
    ("path", "status"), [("/body", 413), ("/model", 413), ("/unread", 200), ("/nowhere", 404)], ids=str
)
def test_what_is_sent_of_a_large_body_that_nobody_reads_does_not_cost_the_answer(
    client_factory: Any, path: str, status: int, chunked: bool
) -> None:
    client = client_factory("megabytes")
    body = b"x" * 3_100_000
    for _ in range(5):
        response = client.post(path, content=in_chunks(body, 60_000) if chunked else body, headers=JSON)
        assert response.status_code == status


@declared_or_chunked
@pytest.mark.parametrize("path", ["/body", "/stream"])
def test_without_a_limit_any_length_passes(client_factory: Any, path: str, chunked: bool) -> None:
    size = 300_000
    content = in_chunks(b"x" * size, 5000) if chunked else b"x" * size
    assert client_factory("unlimited").post(path, content=content).json() == size


@pytest.mark.parametrize("path", ["/body", "/stream"])
def test_a_limit_of_nothing_lets_only_nothing_pass(client_factory: Any, path: str) -> None:
    client = client_factory("nothing_allowed")
    assert client.post(path).json() == 0
    assert client.post(path, content=b"x").status_code == 413
    assert client.post(path, content=iter([b"x"])).status_code == 413


def test_a_declared_length_over_the_limit_is_refused_before_a_byte_is_sent(wire: Any) -> None:
    with wire.open() as connection:
        connection.sendall(wire.head("POST", "/body", f"content-length: {LIMIT + 1}"))
        assert connection.recv(65536).split(b" ")[1] == b"413"


@pytest.mark.parametrize("path", ["/body", "/model"])
def test_who_waits_to_be_told_to_send_a_body_over_the_limit_is_told_that_it_is(wire: Any, path: str) -> None:
    with wire.open() as connection:
        connection.sendall(wire.head("POST", path, f"content-length: {LIMIT + 1}", "expect: 100-continue"))
        answer = wire.read(connection)
    assert answer.status == 413 or answer.body.startswith(b"HTTP/1.1 413 ")  # Hypercorn tells everybody to send


def test_a_chunked_body_over_the_limit_is_refused_before_its_end(wire: Any) -> None:
    with wire.open() as connection:
        connection.sendall(wire.head("POST", "/body", "transfer-encoding: chunked") + b"ff\r\n" + b"x" * 255 + b"\r\n")
        assert connection.recv(65536).split(b" ")[1] == b"413"


@pytest.mark.parametrize(
    "length", ["-1", "+5", "5, 5", "0x5", "5.0", "abc", "", " ", "9" * 30, "1" + "0" * 5000, "5 5", "\xb2"]
)
def test_a_length_that_is_none_never_reaches_a_handler(wire: Any, length: str) -> None:
    """CVE-2026-33034, CVE-2026-53540: a negative or false length went past the limit."""
    answer = wire.ask("POST", "/body", f"content-length: {length}", body=b"hello")
    if answer.status == 200:  # h11 joins equal lengths (RFC 9110 section 8.6); a blank one counts as none
        assert length in ("5, 5", "", " ")
        assert answer.body in (b"0", b"5")
    else:
        assert answer.status in (0, 400, 413, 431)
    assert wire.ask("POST", "/body", "content-length: 5", body=b"hello").body == b"5"


def test_two_lengths_that_differ_are_refused(wire: Any) -> None:
    answer = wire.ask("POST", "/body", "content-length: 5", "content-length: 200", body=b"hello")
    assert answer.status in (0, 400, 413)


def test_a_length_beside_chunks_does_not_lift_the_limit(wire: Any) -> None:
    body = b"ff\r\n" + b"x" * 255 + b"\r\n0\r\n\r\n"
    answer = wire.ask("POST", "/body", "content-length: 5", "transfer-encoding: chunked", body=body)
    assert answer.status in (0, 400, 413) or len(answer.body) < 3


def test_a_negative_limit_is_refused_when_the_application_is_made() -> None:
    with pytest.raises(ValueError, match="max_content_length"):
        VelociPy(max_content_length=-1)
