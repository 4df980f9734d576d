"""What has gone wrong with forms and uploads elsewhere, each by its advisory, and does not go wrong here."""

import logging
from typing import Annotated, Any

import pytest
from httpx2 import Client

from velocipy import File, Form, Request, UploadFile, VelociPy

pytest.importorskip("python_multipart")

app = VelociPy(max_content_length=40_000_000)


@app.post("/form")
async def read_form(request: Request) -> Any:
    found = (await request.form()).multi_items()
    return [[name, value.filename if isinstance(value, UploadFile) else value] for name, value in found]


@app.post("/file")
async def read_file(file: UploadFile) -> Any:
    content = await file.read()
    return {"name": file.filename, "type": file.content_type, "size": len(content), "sum": sum(content) % 1000}


@app.post("/text")
async def read_text(a: Annotated[str, Form()], f: Annotated[bytes | None, File()] = None) -> str:
    return a


TYPE = "multipart/form-data; boundary=b"
END = b"--b--\r\n"


def part(disposition: str, content: bytes = b"1", headers: str = "") -> bytes:
    return f"--b\r\nContent-Disposition: form-data; {disposition}\r\n{headers}\r\n".encode() + content + b"\r\n"


def send(client: Client, body: bytes, path: str = "/form", content_type: str = TYPE) -> Any:
    return client.post(path, content=body, headers={"content-type": content_type})


def answers(client: Client) -> bool:
    return bool(send(client, part('name="a"') + END).json() == [["a", "1"]])


# -- file names -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "filename"),
    [
        ("../../etc/passwd", "passwd"),
        ("/etc/passwd", "passwd"),
        (r"..\\..\\windows\\system.ini", "system.ini"),
        (r"..\..\windows\system.ini", "system.ini"),
        (r"C:\Users\me\photo.png", "photo.png"),
        ("C:photo.png", "photo.png"),
        ("C:D:photo.png", "photo.png"),
        (r"\\\\host\\share\\a.txt", "a.txt"),
        ("folder/", ""),
        ("..", ""),
        (".", ""),
        ("a/..", ""),
        ("C:..", ""),
        ("....//....//a", "a"),
        ("..%2fa", "..%2fa"),
        (".bashrc", ".bashrc"),
        ("a:b", "b"),
        ("12:30.png", "12:30.png"),
        ("\xe9\u4e2d\U0001f600.txt", "\xe9\u4e2d\U0001f600.txt"),
        ("a;b=c.txt", "a;b=c.txt"),
        (r"a\"b.txt", 'a"b.txt'),
        ("a%22b.txt", 'a"b.txt'),
        ("n" * 4000, "n" * 4000),
    ],
)
def test_a_file_name_is_no_path(client: Client, sent: str, filename: str) -> None:
    """CVE-2021-31542, CVE-2021-45452, CVE-2024-39330, CVE-2026-24486."""
    response = send(client, part(f'name="file"; filename="{sent}"', b"x") + END, "/file")
    assert (response.status_code, response.json()["name"]) == (200, filename)


@pytest.mark.parametrize(
    "disposition",
    [
        'name="file"; filename="good.txt"; filename*=utf-8\'\'evil.php',
        'name="file"; filename*=utf-8\'\'evil.php; filename="good.txt"',
        'name*=utf-8\'\'other; name="file"; filename="good.txt"',
        'name="file"; filename="good.txt"; filename*0="evil"; filename*1=".php"',
        'name="file"; filename="good.txt"; name*0="other"',
    ],
)
def test_extended_parameters_are_ignored(client: Client, disposition: str) -> None:
    """CVE-2026-53537: `filename*` took the place of `filename`, which others had checked."""
    assert send(client, part(disposition, b"x") + END, "/file").json()["name"] == "good.txt"


@pytest.mark.parametrize(
    "disposition",
    ['name="a"; name="file"; filename="x"', 'name="file"; filename="a"; FILENAME="b"', 'name="a"; Name="b"'],
)
def test_a_parameter_that_comes_twice_is_refused(client: Client, disposition: str) -> None:
    assert send(client, part(disposition, b"x") + END).status_code == 400


@pytest.mark.parametrize("control", ["\0", "\x01", "\x08", "\x0a", "\x0b", "\x1b", "\x1f", "\x7f"])
def test_no_control_comes_with_a_header_of_a_part(client: Client, control: str) -> None:
    """CVE-2026-34514, CVE-2026-34520, CVE-2026-50269: what a part was called went on into headers and logs."""
    for body in (
        part(f'name="file"; filename="a{control}b"'),
        part(f'name="fi{control}le"'),
        part('name="file"; filename="a"', headers=f"Content-Type: text/plain{control}X-Evil: 1\r\n"),
    ):
        assert send(client, body + END).status_code == 400
    assert answers(client)


# -- floods -----------------------------------------------------------------------------------------------------------

BIG = 4_000_000


@pytest.mark.parametrize("filling", [b"\r\n", b"\n", b"\r", b"\r\nx", b"x", b"-", b"--", b"\r\n--", b"\0"])
def test_a_flood_before_the_first_boundary(client: Client, filling: bytes) -> None:
    """CVE-2026-40347."""
    flood = filling * (BIG // len(filling))
    assert send(client, flood + b"\r\n" + part('name="a"') + END).status_code == 400
    assert answers(client)


@pytest.mark.parametrize("filling", [b"\r\n", b"x", b"-", b"\r\n--b", b"\r\n--b\r\n", b"\r\n--b--\r\n", b"\0"])
def test_a_flood_after_the_last_boundary(client: Client, filling: bytes) -> None:
    """CVE-2026-40347."""
    flood = filling * (BIG // len(filling))
    assert send(client, part('name="a"') + END + flood).status_code == 400
    few = filling * (1000 // len(filling))
    assert send(client, part('name="a"') + END + few).json() == [["a", "1"]]


@pytest.mark.parametrize(
    "filling",
    [b"\r\n", b"\n", b"\r", b"\0", b"-", b"\r\n--", b"\r\n--a", b"\r\n--bx", b"\r\n--b-x", b"\r\n--b\rx"],
)
def test_a_search_for_the_boundary_that_never_ends(client: Client, filling: bytes) -> None:
    """CVE-2023-46136, CVE-2025-69228: each false beginning of a boundary cost a search through the rest."""
    content = b"\r\n" + filling * (BIG // len(filling)) + b"."
    found = send(client, part('name="file"; filename="x"', content) + END, "/file").json()
    assert (found["size"], found["sum"]) == (len(content), sum(content) % 1000)


@pytest.mark.parametrize("unit", [part('name="a"'), part('name="a"', b""), part('name="f"; filename=""', b"")])
def test_very_many_parts(client: Client, unit: bytes) -> None:
    """GHSA-74m5-2c7w-9w3x, CVE-2023-25577, CVE-2024-52581, CVE-2023-24580, CVE-2026-31958."""
    response = send(client, unit * (BIG // len(unit)) + END)
    assert response.status_code == 400
    assert "more than" in response.json()["detail"]
    assert answers(client)


@pytest.mark.parametrize("unit", ["X: 1\r\n", "X: " + "x" * 4000 + "\r\n", "X" * 4000 + ": 1\r\n"])
def test_very_many_headers_of_a_part(client: Client, unit: str) -> None:
    """CVE-2026-42561, CVE-2026-22815."""
    assert send(client, part('name="a"', headers=unit * (BIG // len(unit))) + END).status_code == 400


@pytest.mark.parametrize("unit", [b"X", b" ", b":", b"X: ", b"\t", b"\xff"])
def test_a_very_long_header_of_a_part(client: Client, unit: bytes) -> None:
    """CVE-2026-34516: the limit held for a line, and not for what was continued."""
    assert send(client, b"--b\r\nX" + unit * (BIG // len(unit)) + b"\r\n\r\n1\r\n" + END).status_code == 400
    assert send(client, b"--b\r\nX: " + unit * (BIG // len(unit)) + b"\r\n\r\n1\r\n" + END).status_code == 400


def test_text_without_a_file_name_is_not_held_without_bound(client: Client) -> None:
    """CVE-2024-47874, CVE-2026-34517."""
    assert send(client, part('name="a"', b"x" * BIG) + END).status_code == 413
    assert send(client, part('name="a"', b"x" * BIG)[:-2]).status_code == 413


@pytest.mark.parametrize("unit", [b"a;", b"&", b"=", b"%", b"+", b"%41", b"&a=;", b"a&;"])
def test_a_flood_of_an_urlencoded_form(client: Client, unit: bytes) -> None:
    """CVE-2026-53539, CVE-2026-54283."""
    response = send(client, unit * (BIG // len(unit)), content_type="application/x-www-form-urlencoded")
    assert response.status_code in (400, 413)
    assert answers(client)


@pytest.mark.parametrize(
    "options",
    [
        '; !="' + "\\" * 7000,
        "; a=" + '"' * 7000,
        ";" * 7000,
        "; " * 3500,
        '; a="' + ";" * 7000,
        "; a=" + "=" * 7000,
        ";a" * 3500,
        "; boundary=" + " " * 7000 + "b",
        ";\t" * 3500,
    ],
    ids=range(9),
)
def test_options_of_the_content_type_that_never_end(client: Client, options: str) -> None:
    """CVE-2024-24762, CVE-2026-28356, CVE-2025-67726; see also the unit tests of the parser."""
    for kind in ("multipart/form-data", "application/x-www-form-urlencoded"):
        response = send(client, b"a=1", content_type=f"{kind}{options};a")
        assert response.status_code in (200, 400, 431), response.text
    body = part('name="a"', headers=f"Content-Type: text/plain{options}\r\n") + END
    assert send(client, body).status_code in (200, 400)
    assert answers(client)


# -- nonsense ---------------------------------------------------------------------------------------------------------

WHOLE = part('name="a"', b"1\r\n") + part('name="f"; filename="x"', b"--b", "Content-Type: text/plain\r\n") + END


def test_a_form_that_is_cut_anywhere_is_refused(client: Client) -> None:
    """CVE-2024-30251, CVE-2025-69227: what was cut was searched for for ever."""
    complete = len(WHOLE) - 2  # the last newline may be missing
    for length in range(complete):
        assert send(client, WHOLE[:length]).status_code == 400, WHOLE[:length]
    assert send(client, WHOLE[:complete]).status_code == 200


def test_a_form_with_any_byte_changed_is_never_an_error_of_the_server(client: Client) -> None:
    for position in range(len(WHOLE)):
        for byte in b"\r\n-b\0\xff":
            changed = WHOLE[:position] + bytes([byte]) + WHOLE[position + 1 :]
            assert send(client, changed).status_code in (200, 400), changed


@pytest.mark.parametrize("encoding", ["base64", "quoted-printable", "x-uuencode", "gzip"])
def test_no_part_is_decoded(client: Client, encoding: str) -> None:
    """CVE-2026-33033: white space in base64; RFC 7578 section 4.7 knows no such parts any more."""
    body = part('name="f"; filename="x"', b"=" * 1000, f"Content-Transfer-Encoding: {encoding}\r\n") + END
    assert send(client, body).status_code == 400


def test_a_compressed_form_is_not_opened(client: Client) -> None:
    """CVE-2025-69223, CVE-2026-49855, CVE-2026-54278: a bomb that unfolds in the server."""
    import gzip

    bomb = gzip.compress(part('name="a"', b"x" * 1_000_000) + END)
    headers = {"content-type": TYPE, "content-encoding": "gzip"}
    assert client.post("/form", content=bomb, headers=headers).status_code in (400, 415)


NOISY = [
    *(b"-" * 100_000, b"x" * 100_000, part('name="a"', headers="X : 1\r\n") * 10 + END, WHOLE[:50], b"\r\n\0"),
    *(b"--b\r\n" + b"\xff" * 1000, part('name="a"', headers="X: 1\r\n" * 1000), b"--b \r\n--b"),
]


@pytest.mark.in_process
def test_nonsense_fills_no_log(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    """CVE-2024-53981, CVE-2025-47287: a line for each byte."""
    caplog.set_level(logging.DEBUG)
    for body in NOISY:
        assert send(client, body).status_code == 400
    assert [
        record for record in caplog.records if record.name.partition(".")[0] in ("velocipy", "python_multipart")
    ] == []


def test_nonsense_fills_no_log_of_a_server(client: Client, live_server: Any) -> None:
    """CVE-2024-53981, CVE-2025-47287."""
    for body in NOISY:
        assert send(client, body).status_code == 400
    written = live_server.log.text(0)
    assert "Traceback" not in written
    assert "multipart" not in written.lower().replace("test_uploads", "")


@pytest.mark.parametrize("length", ["-1", "+5", "0x5", "9" * 30, "\xb2"])
def test_a_length_that_is_none_reads_no_form(wire: Any, length: str) -> None:
    """CVE-2026-53540, CVE-2026-33034."""
    body = part('name="a"') + END
    answer = wire.ask("POST", "/text", f"content-type: {TYPE}", f"content-length: {length}", body=body)
    assert answer.status in (0, 400, 413, 431)
    assert wire.ask("POST", "/text", f"content-type: {TYPE}", f"content-length: {len(body)}", body=body).body == b"1"
