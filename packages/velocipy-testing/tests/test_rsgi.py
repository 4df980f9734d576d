"""The RSGI side: what an application is given, and everything that Granian would lose or die of."""

import asyncio
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from velocipy.testing import ProtocolError, TestClient
from velocipy.testing.rsgi_errors import RSGIProtocolError

Connect = Callable[..., TestClient]


@pytest.fixture
def serve(connect: Connect) -> Callable[[Any], TestClient]:
    """A function that makes a client of a function of scope and protocol."""
    return lambda app, **options: connect(app, interface="rsgi", **options)


def responding(function: Callable[[Any], Any]) -> Any:
    async def app(scope: Any, protocol: Any) -> None:
        result = function(protocol)
        if result is not None:
            await result

    return app


async def stream(protocol: Any, *chunks: bytes, headers: Any = ()) -> None:
    transport = protocol.response_stream(200, list(headers))
    for chunk in chunks:
        await transport.send_bytes(chunk)


async def twice(protocol: Any) -> None:
    protocol.response_str(200, [], "one")
    protocol.response_str(200, [], "two")


async def stream_of(protocol: Any, method: str, data: Any) -> None:
    await getattr(protocol.response_stream(200, []), method)(data)


# What is refused

REFUSED: dict[str, tuple[Callable[[Any], Any], str]] = {
    "status 99": (lambda p: p.response_empty(99, []), "its worker dies"),
    "status 1000": (lambda p: p.response_empty(1000, []), "its worker dies"),
    "status -1": (lambda p: p.response_empty(-1, []), "its worker dies"),
    "status 101": (lambda p: p.response_empty(101, []), "answers 500 below 200"),
    "status as str": (lambda p: p.response_empty("200", []), "not an int"),
    "status 0 in a stream": (lambda p: p.response_stream(0, []), "its worker dies"),
    "headers as dict": (lambda p: p.response_empty(200, {"a": "b"}), "headers are a dict"),
    "headers as None": (lambda p: p.response_empty(200, None), "headers are a NoneType"),
    "headers as iterator": (lambda p: p.response_empty(200, iter([("a", "b")])), "a sequence of pairs"),
    "header as list": (lambda p: p.response_empty(200, [["a", "b"]]), "not a tuple"),
    "header of bytes": (lambda p: p.response_empty(200, [(b"a", b"b")]), "are str"),
    "header of int": (lambda p: p.response_empty(200, [("a", 1)]), "are str"),
    "header name with space": (lambda p: p.response_empty(200, [("a b", "c")]), "drops it without a word"),
    "header name empty": (lambda p: p.response_empty(200, [("", "c")]), "drops it without a word"),
    "header with newline": (lambda p: p.response_empty(200, [("a", "b\r\nc: d")]), "drops it without a word"),
    "header with control": (lambda p: p.response_empty(200, [("a", "\x01")]), "drops it without a word"),
    "str for bytes": (lambda p: p.response_bytes(200, [], "x"), "takes bytes"),
    "bytes for str": (lambda p: p.response_str(200, [], b"x"), "takes str, not bytes"),
    "path for str": (lambda p: p.response_file(200, [], Path("x")), "takes str"),
    "two responses": (twice, "sends the first response only"),
    "length too long": (lambda p: p.response_str(200, [("content-length", "3")], "ab"), "1 bytes before"),
    "length too short": (lambda p: p.response_str(200, [("Content-Length", "1")], "ab"), "longer than"),
    "stream too short": (lambda p: stream(p, b"ab", headers=[("content-length", "3")]), "1 bytes before"),
    "stream too long": (lambda p: stream(p, b"a", b"b", headers=[("content-length", "1")]), "longer than"),
    "204 with a body": (lambda p: p.response_str(204, [], "x"), "status 204 has no body"),
    "304 with a body": (lambda p: p.response_str(304, [], "x"), "status 304 has no body"),
    "send_bytes of str": (lambda p: stream_of(p, "send_bytes", "x"), "use send_str"),
    "send_str of bytes": (lambda p: stream_of(p, "send_str", b"x"), "use send_bytes"),
    "a directory": (lambda p: p.response_file(200, [], str(Path.cwd())), "is a directory"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_hurts_granian_is_refused(serve: Any, case: str) -> None:
    function, words = REFUSED[case]
    with pytest.raises(ProtocolError, match=re.escape(words)):
        serve(responding(function)).get("/")


def test_an_application_that_catches_everything_cannot_hide_a_refusal(serve: Any) -> None:
    async def app(scope: Any, protocol: Any) -> None:
        try:
            protocol.response_str(42, [], "x")
        except Exception:
            protocol.response_str(500, [], "sorry")

    with pytest.raises(ProtocolError, match="worker dies"):
        serve(app).get("/")


def test_an_application_that_sends_nothing_answers_500(serve: Any) -> None:
    response = serve(responding(lambda protocol: None)).get("/")
    assert (response.status_code, response.content) == (500, b"")


def test_the_body_can_be_read_once(serve: Any) -> None:
    async def app(scope: Any, protocol: Any) -> None:
        assert await protocol() == b"abc"
        with pytest.raises(RuntimeError, match="once"):
            await protocol()
        with pytest.raises(RuntimeError, match="once"):
            aiter(protocol)
        protocol.response_str(200, [], "ok")

    assert serve(app).post("/", content=b"abc").text == "ok"


def test_the_error_is_granians_own_where_it_is_imported(serve: Any) -> None:
    granian = pytest.importorskip("granian.rsgi")
    caught = []

    async def app(scope: Any, protocol: Any) -> None:
        await protocol()
        try:
            await protocol()
        except granian.ProtocolError as error:
            caught.append(error)
        protocol.response_empty(200, [])

    serve(app).get("/")
    assert len(caught) == 1
    assert not isinstance(caught[0], RSGIProtocolError)


# What is given


def test_the_scope_is_granians(serve: Any) -> None:
    scopes = []

    async def app(scope: Any, protocol: Any) -> None:
        scopes.append(scope)
        protocol.response_empty(200, [])

    serve(app).get("/a%2Fb/%C3%A9?x=%20&y")
    (scope,) = scopes
    assert {name: getattr(scope, name) for name in scope.__slots__ if name != "headers"} == {
        "proto": "http",
        "http_version": "1.1",
        "rsgi_version": "1.6",
        "server": "testserver:80",
        "client": "127.0.0.1:123",
        "scheme": "http",
        "method": "GET",
        "path": "/a/b/é",
        "query_string": "x=%20&y",
        "authority": None,
    }
    for name in ("path", "other"):
        with pytest.raises(AttributeError):
            setattr(scope, name, "x")


@pytest.mark.parametrize(("client", "text"), [(None, ""), (("::1", 7), "[::1]:7")])
def test_the_client_is_one_string(serve: Any, client: Any, text: str) -> None:
    async def app(scope: Any, protocol: Any) -> None:
        protocol.response_str(200, [], scope.client)

    assert serve(app, client=client).get("/").text == text


def test_headers_are_a_mapping_in_any_case_with_lists(serve: Any) -> None:
    seen: list[Any] = []

    async def app(scope: Any, protocol: Any) -> None:
        seen.append(scope.headers)
        protocol.response_empty(200, [])

    serve(app).get("/", headers=[("X-A", "1"), ("x-a", "2"), ("X-Latin", "é".encode("latin-1"))])
    (headers,) = seen
    assert headers.get("x-a") == headers.get("X-A") == headers["X-a"] == "1"
    assert headers.get_all("X-A") == ["1", "2"]
    assert headers.get_all("nothing") == []
    assert (headers.get("nothing"), headers.get("nothing", "else")) == (None, "else")
    assert "X-A" in headers
    assert "nothing" not in headers
    with pytest.raises(KeyError):
        headers["nothing"]
    with pytest.raises(TypeError):
        headers.get(b"x-a")
    # Granian hides the value of a header that is not ASCII, and shows its name
    assert "x-latin" in headers
    assert headers.get("x-latin") is None
    assert "x-latin" in list(headers)
    assert ("x-a", "2") in headers.items()
    assert len(headers) == len(headers.values()) + 1
    assert headers.keys().count("x-a") == 1


def test_the_body_comes_in_pieces_and_ends_with_an_empty_one(serve: Any) -> None:
    sizes = []

    async def app(scope: Any, protocol: Any) -> None:
        sizes.extend([len(piece) async for piece in protocol])
        protocol.response_empty(200, [])

    serve(app).post("/", content=b"x" * 70_000)
    assert sizes == [65536, 4464, 0]


# What is sent

RESPONSES: dict[str, tuple[Callable[[Any], Any], bytes, str | None]] = {
    "empty": (lambda p: p.response_empty(200, []), b"", "0"),
    "str": (lambda p: p.response_str(200, [], "é"), "é".encode(), "2"),
    "bytes": (lambda p: p.response_bytes(200, (), b"abc"), b"abc", "3"),
    "bytearray": (lambda p: p.response_bytes(200, [], bytearray(b"abc")), b"abc", "3"),
    "own length": (lambda p: p.response_str(200, [("Content-Length", "2")], "ab"), b"ab", "2"),
    "stream": (lambda p: stream(p, b"a", b"", b"b"), b"ab", None),
    "204": (lambda p: p.response_empty(204, []), b"", None),
    "304": (lambda p: p.response_empty(304, [("etag", '"x"')]), b"", None),
}


@pytest.mark.parametrize("case", RESPONSES)
def test_every_kind_of_response(serve: Any, case: str) -> None:
    function, content, length = RESPONSES[case]
    response = serve(responding(function)).get("/")
    assert (response.content, response.headers.get("content-length")) == (content, length)


@pytest.mark.parametrize("case", RESPONSES)
def test_head_has_no_body(serve: Any, case: str) -> None:
    assert serve(responding(RESPONSES[case][0])).head("/").content == b""


def test_header_values_are_utf8(serve: Any) -> None:
    response = serve(responding(lambda p: p.response_empty(200, [("X-Name", "é")]))).get("/")
    assert (b"x-name", "é".encode()) in response.headers.raw


def test_files_and_ranges(serve: Any, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(bytes(range(256)) * 1000)
    name = str(file)
    whole = serve(responding(lambda p: p.response_file(200, [("x-a", "b")], name))).get("/")
    assert (whole.content, whole.headers.get("x-a")) == (file.read_bytes(), "b")
    part = serve(responding(lambda p: p.response_file_range(206, [], name, 10, 13))).get("/")
    assert (part.status_code, part.content) == (206, bytes([10, 11, 12]))
    beyond = serve(responding(lambda p: p.response_file_range(206, [], name, 255_999, 300_000))).get("/")
    assert beyond.content == bytes([255])
    head = serve(responding(lambda p: p.response_file(200, [], name))).head("/")
    assert head.content == b""


def test_a_missing_file_is_a_plain_404_without_the_applications_headers(serve: Any, tmp_path: Path) -> None:
    response = serve(responding(lambda p: p.response_file(200, [("x-a", "b")], str(tmp_path / "no")))).get("/")
    assert (response.status_code, response.content) == (404, b"Not found")
    assert "x-a" not in response.headers


def test_a_range_that_ends_before_it_starts_is_a_value_error(serve: Any) -> None:
    with pytest.raises(ValueError, match="Invalid range"):
        serve(responding(lambda p: p.response_file_range(206, [], __file__, 5, 5))).get("/")


# Start and stop


class Application:
    def __init__(self) -> None:
        self.events: list[tuple[str, bool]] = []
        self.loop: Any = None

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.events.append(("init", loop.is_running()))
        self.loop = loop
        loop.run_until_complete(asyncio.sleep(0))

    def __rsgi_del__(self, loop: asyncio.AbstractEventLoop) -> None:
        assert loop is self.loop
        loop.run_until_complete(asyncio.sleep(0))
        self.events.append(("del", loop.is_running()))

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        self.events.append(("request", asyncio.get_running_loop() is self.loop))
        protocol.response_empty(200, [])


def test_init_and_del_are_called_while_the_loop_stands_still() -> None:
    app = Application()
    with TestClient(app, interface="rsgi") as client:
        client.get("/")
    assert app.events == [("init", False), ("request", True), ("del", False)]


def test_without_with_they_are_not_called(connect: Connect) -> None:
    app = Application()
    connect(app, interface="rsgi").get("/")
    assert app.events == [("request", False)]


def test_entering_after_requests_starts_the_application_then() -> None:
    app = Application()
    client = TestClient(app, interface="rsgi")
    with client:
        client.get("/")
    assert [name for name, _ in app.events] == ["init", "request", "del"]


def test_what_init_and_del_raise_is_raised() -> None:
    class Failing(Application):
        def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
            raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"), TestClient(Failing(), interface="rsgi"):
        pass

    class FailingLate(Application):
        def __rsgi_del__(self, loop: asyncio.AbstractEventLoop) -> None:
            raise ZeroDivisionError("late")

    with pytest.raises(ZeroDivisionError, match="late"), TestClient(FailingLate(), interface="rsgi"):
        pass


def test_what_is_no_rsgi_application_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="__rsgi__"):
        TestClient(object(), interface="rsgi")
