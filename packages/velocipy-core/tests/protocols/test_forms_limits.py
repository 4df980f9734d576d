"""The limits of forms: exactly the limit passes, one more is refused, in both types of form, while it is read."""

from collections.abc import Iterator
from typing import Annotated, Any

import pytest
from httpx2 import Client

from velocipy import File, Form, FormLimits, Request, UploadFile, VelociPy

pytest.importorskip("python_multipart")

LIMITS = FormLimits(
    max_fields=5, max_files=3, max_field_size=100, max_file_size=5000, max_part_headers=3, max_part_header_size=200
)
app = VelociPy(form_limits=LIMITS, multipart_max_memory_size=250)
by_default = VelociPy()
whole = VelociPy(max_content_length=2000)
without = VelociPy(
    max_content_length=None,
    form_limits=FormLimits(max_fields=None, max_files=None, max_field_size=None, max_file_size=None),
)
no_memory = VelociPy(multipart_max_memory_size=0)
nothing = VelociPy(form_limits=FormLimits(0, 0, 0, 0, 0, 0))


@app.post("/form")
@by_default.post("/form")
@whole.post("/form")
@without.post("/form")
@no_memory.post("/form")
@nothing.post("/form")
async def read_form(request: Request) -> list[int]:
    form = await request.form()
    sizes = []
    for _, value in form.multi_items():
        if isinstance(value, UploadFile):
            assert len(await value.read()) == value.size
        sizes.append(value.size if isinstance(value, UploadFile) else len(value.encode()))
    return sizes


@app.post("/parameters")
async def parameters(a: Annotated[str, Form()] = "", f: Annotated[bytes, File()] = b"") -> list[int]:
    return [len(a.encode()), len(f)]


URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=b"
END = b"--b--\r\n"


def part(name: str, content: bytes, more: str = "", headers: str = "") -> bytes:
    return f'--b\r\nContent-Disposition: form-data; name="{name}"{more}\r\n{headers}\r\n'.encode() + content + b"\r\n"


def file(content: bytes, name: str = "f") -> bytes:
    return part(name, content, '; filename="f"')


def in_chunks(body: bytes, size: int = 4096) -> Iterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


def send(client: Client, body: bytes, content_type: str = MULTIPART, path: str = "/form", chunked: bool = False) -> Any:
    content = in_chunks(body) if chunked else body
    return client.post(path, content=content, headers={"content-type": content_type})


declared_or_chunked = pytest.mark.parametrize("chunked", [False, True], ids=["declared", "chunked"])


@declared_or_chunked
@pytest.mark.parametrize("path", ["/form", "/parameters"])
def test_the_size_of_a_field(client: Client, path: str, chunked: bool) -> None:
    for size, status in ((100, 200), (101, 413), (5000, 413)):
        for text in (b"x" * size, "\xe9".encode() * (size // 2) + b"x" * (size % 2)):
            assert send(client, part("a", text) + END, path=path, chunked=chunked).status_code == status
            assert send(client, b"a=" + text, URLENCODED, path, chunked).status_code == status
    escaped = b"a=" + b"%41" * 100
    assert send(client, escaped, URLENCODED, path, chunked).status_code == 200
    assert send(client, escaped + b"x", URLENCODED, path, chunked).status_code == 413


def test_the_size_of_a_name(client: Client) -> None:
    assert send(client, b"n" * 100 + b"=1", URLENCODED).status_code == 200
    assert send(client, b"n" * 101 + b"=1", URLENCODED).status_code == 413
    assert send(client, part("n" * 1000, b"1") + END).status_code == 400


def test_the_number_of_fields(client: Client) -> None:
    for number, status in ((5, 200), (6, 400), (2000, 400)):
        assert send(client, part("a", b"1") * number + END).status_code == status
        assert send(client, b"&".join([b"a=1"] * number), URLENCODED).status_code == status


def test_the_number_of_files(client: Client) -> None:
    for number, status in ((3, 200), (4, 400), (2000, 400)):
        for content in (b"x", b""):
            assert send(client, file(content) * number + END).status_code == status
            assert send(client, part("f", content, '; filename=""') * number + END).status_code == status


@declared_or_chunked
@pytest.mark.parametrize("path", ["/form", "/parameters"])
def test_the_size_of_a_file(client: Client, path: str, chunked: bool) -> None:
    for size, status in ((5000, 200), (5001, 413), (50_000, 413)):
        assert send(client, file(b"x" * size) + END, path=path, chunked=chunked).status_code == status


def test_the_number_of_headers(client: Client) -> None:
    for number, status in ((2, 200), (3, 400), (500, 400)):
        body = part("a", b"1", headers="A: 1\r\n" * number) + END
        assert send(client, body).status_code == status


def test_the_size_of_headers(client: Client) -> None:
    used = len('Content-Dispositionform-data; name="a"' + "X")
    for size, status in ((200 - used, 200), (201 - used, 400), (100_000, 400)):
        assert send(client, part("a", b"1", headers="X: " + "x" * size + "\r\n") + END).status_code == status
        name = part("a", b"1", headers="X" + "x" * size + ":\r\n") + END
        assert send(client, name).status_code == status
    halves = "X: " + "x" * 90 + "\r\n"
    assert send(client, part("a", b"1", headers=halves * 2) + END).status_code == 400


@declared_or_chunked
def test_text_beyond_the_memory_is_refused(client: Client, chunked: bool) -> None:
    """CVE-2024-49767: text that each alone was within its limit filled the memory."""
    two = part("a", b"x" * 100) * 2
    assert send(client, two + part("a", b"x" * 50) + END, chunked=chunked).status_code == 200
    assert send(client, two + part("a", b"x" * 51) + END, chunked=chunked).status_code == 413


@declared_or_chunked
def test_files_beyond_the_memory_are_read_all_the_same(client: Client, client_factory: Any, chunked: bool) -> None:
    sizes = [100, 5000, 1]
    body = b"".join(file(b"x" * size) for size in sizes) + part("a", b"x" * 100) + END
    assert sorted(send(client, body, chunked=chunked).json()) == sorted([*sizes, 100])
    none = client_factory("no_memory")
    sizes = [0, 1, 200_000, 65_536, 65_535]
    assert send(none, b"".join(file(b"x" * size) for size in sizes) + END, chunked=chunked).json() == sizes
    assert send(none, part("a", b"x") + END).status_code == 413


@declared_or_chunked
def test_the_whole_form(client_factory: Any, chunked: bool) -> None:
    """CVE-2026-33034, CVE-2026-5766: without a length, or with a false one, there was no limit."""
    client = client_factory("whole")
    around = len(file(b"") + END)
    assert send(client, file(b"x" * (2000 - around)) + END, chunked=chunked).status_code == 200
    assert send(client, file(b"x" * (2001 - around)) + END, chunked=chunked).status_code == 413
    assert send(client, file(b"") + END + b"x" * 2000, chunked=chunked).status_code == 413
    assert send(client, b"a=" + b"x" * 1999, URLENCODED, chunked=chunked).status_code == 413


@pytest.mark.parametrize("content_type", [MULTIPART, URLENCODED])
def test_the_limits_by_default(client_factory: Any, content_type: str) -> None:
    """GHSA-74m5-2c7w-9w3x, CVE-2023-25577, CVE-2024-52581, CVE-2024-47874, CVE-2026-54283."""
    client = client_factory("by_default")

    def form(number: int, size: int) -> bytes:
        if content_type == URLENCODED:
            return b"&".join([b"a=" + b"x" * size] * number)
        return part("a", b"x" * size) * number + END

    for number, size, status in ((1000, 1, 200), (1001, 1, 400), (1, 1_048_576, 200), (1, 1_048_577, 413)):
        assert send(client, form(number, size), content_type).status_code == status


def test_the_number_of_files_by_default(client_factory: Any) -> None:
    client = client_factory("by_default")
    assert send(client, file(b"x") * 100 + END).status_code == 200
    assert send(client, file(b"x") * 101 + END).status_code == 400


def test_without_limits_any_number_and_size_passes(client_factory: Any) -> None:
    client = client_factory("without")
    assert send(client, part("a", b"1") * 1500 + file(b"x") * 150 + END).json() == [1] * 1650
    assert send(client, b"&".join([b"a=1"] * 1500), URLENCODED).json() == [1] * 1500
    assert send(client, b"a=" + b"x" * 2_000_000, URLENCODED).json() == [2_000_000]
    assert send(client, part("a", b"x" * 1_000_000) + END).json() == [1_000_000]


def test_limits_of_nothing_let_only_nothing_pass(client_factory: Any) -> None:
    client = client_factory("nothing")
    assert send(client, END).json() == []
    assert send(client, b"", URLENCODED).json() == []
    assert send(client, part("a", b"") + END).status_code == 400
    assert send(client, b"a=", URLENCODED).status_code == 400


@pytest.mark.parametrize(
    "limits",
    [
        {"max_fields": -1},
        {"max_files": -1},
        {"max_field_size": 1.5},
        {"max_file_size": "1"},
        {"max_part_headers": None},
        {"max_part_header_size": None},
    ],
)
def test_a_limit_that_is_none_is_refused_when_the_application_is_made(limits: Any) -> None:
    with pytest.raises(ValueError, match=next(iter(limits))):
        VelociPy(form_limits=FormLimits(**limits))


def test_a_negative_memory_is_refused_when_the_application_is_made() -> None:
    with pytest.raises(ValueError, match="multipart_max_memory_size"):
        VelociPy(multipart_max_memory_size=-1)


# -- while it is read: the answer comes although the client has not sent the rest -------------------------------------


def ask_without_the_end(wire: Any, body: bytes, *, length: int | None = None) -> int:
    framing = "transfer-encoding: chunked" if length is None else f"content-length: {length}"
    sent = b"%x\r\n%s\r\n" % (len(body), body) if length is None else body
    with wire.open() as connection:
        connection.sendall(wire.head("POST", "/form", f"content-type: {MULTIPART}", framing) + sent)
        received = connection.recv(65536)
    return int(received.split(b" ")[1]) if received else 0


@pytest.mark.parametrize("length", [None, 1_000_000], ids=["chunked", "declared"])
@pytest.mark.parametrize(
    ("body", "status"),
    [
        (part("a", b"x" * 101), 413),
        (part("a", b"x" * 90) * 3, 413),
        (part("a", b"1") * 6, 400),
        (file(b"x") * 4, 400),
        (file(b"x" * 5001), 413),
        (b"--b\r\nX: " + b"x" * 300, 400),
        (b"--b\r\n" + b"X: x\r\n" * 5, 400),
        (b"nonsense", 400),
    ],
    ids=["field-size", "text-size", "fields", "files", "file-size", "header-size", "headers", "malformed"],
)
def test_it_is_refused_before_its_end(wire: Any, body: bytes, status: int, length: int | None) -> None:
    """CVE-2026-34517, CVE-2026-31958, GHSA-8423-8fgw-73vq: the limit came when all had been read."""
    assert ask_without_the_end(wire, body[:-2] if body.endswith(b"\r\n") else body, length=length) == status


def test_a_client_that_goes_on_sending_gets_the_answer(client: Client) -> None:
    rest = b"x" * 5_000_000
    for body, status in ((b"nonsense" + rest, 400), (file(rest), 413), (part("a", b"\xff") + file(rest[:100]), 400)):
        assert send(client, body).status_code == status
        assert send(client, body, chunked=True).status_code == status
        assert send(client, file(b"x") + END).json() == [1]
