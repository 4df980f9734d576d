"""Text fields and form models in multipart forms; what is malformed is 400, and what is another type 415."""

from dataclasses import dataclass
from typing import Annotated, Any

import pytest
from httpx2 import Client

from velocipy import Depends, Form, HTTPException, Request, UploadFile, VelociPy

pytest.importorskip("python_multipart")
pytest.importorskip("msgspec", reason="a model that forbids other fields is one of its own")
from msgspec import Struct

app = VelociPy()


@dataclass
class Page:
    limit: int
    tags: list[str]
    title: str = "none"


@app.post("/fields")
async def fields(a: Annotated[int, Form()], b: Annotated[str, Form(alias="b-b")] = "none") -> Any:
    return [a, b]


@app.post("/model")
async def model(page: Annotated[Page, Form()], cover: UploadFile | None = None) -> Any:
    return [page.limit, page.tags, page.title, None if cover is None else cover.size]


class Strict(Struct, forbid_unknown_fields=True):
    limit: int


@app.post("/strict")
async def strict(page: Annotated[Strict, Form()], cover: UploadFile | None = None) -> Any:
    return [page.limit, cover is not None]


@app.post("/form")
async def form(request: Request) -> Any:
    found = (await request.form()).multi_items()
    return [[name, value.filename if isinstance(value, UploadFile) else value] for name, value in found]


async def guard() -> None:
    raise HTTPException(401)


@app.post("/guarded")
async def guarded(file: UploadFile, user: Annotated[None, Depends(guard)]) -> None: ...


TYPE = "multipart/form-data; boundary=b"


def part(name: str, content: bytes = b"1", more: str = "", headers: str = "") -> bytes:
    return f'--b\r\nContent-Disposition: form-data; name="{name}"{more}\r\n{headers}\r\n'.encode() + content + b"\r\n"


def send(client: Client, body: bytes, content_type: str = TYPE, path: str = "/form") -> Any:
    return client.post(path, content=body, headers={"content-type": content_type})


def faults_of(response: Any) -> list[tuple[Any, ...]]:
    assert response.status_code == 422, response.text
    return [(*fault["loc"], fault["type"]) for fault in response.json()["detail"]]


def test_fields_are_read_as_in_the_other_type(client: Client) -> None:
    body = part("a", b"5") + part("b-b", "\xe9\U0001f600 +&=%41\r\n--".encode()) + b"--b--\r\n"
    assert send(client, body, path="/fields").json() == [5, "\xe9\U0001f600 +&=%41\r\n--"]
    assert faults_of(send(client, part("a", b"x") + b"--b--", path="/fields")) == [("form", "a", "int_parsing")]
    assert faults_of(send(client, part("b-b") + b"--b--", path="/fields")) == [("form", "a", "missing")]
    twice = send(client, part("a") + part("a") + b"--b--", path="/fields")
    assert faults_of(twice) == [("form", "a", "multiple_values")]


def test_a_model_is_filled_from_text(client: Client) -> None:
    body = part("limit", b"5") + part("tags", b"a") + part("tags", b"b") + part("cover", b"xx", '; filename="c"')
    assert send(client, body + b"--b--", path="/model").json() == [5, ["a", "b"], "none", 2]
    response = send(client, part("limit", b"x") + b"--b--", path="/model")
    assert faults_of(response) == [("form", "limit", "int_parsing"), ("form", "tags", "missing")]


def test_a_model_that_forbids_others_allows_the_files_of_the_handler_alone(client: Client) -> None:
    body = part("limit", b"5") + part("cover", b"x", '; filename="c"')
    assert send(client, body + b"--b--", path="/strict").json() == [5, True]
    for more in (part("other"), part("other", b"x", '; filename="o"')):
        response = send(client, body + more + b"--b--", path="/strict")
        assert faults_of(response) == [("form", "other", "extra_forbidden")]


def test_a_file_where_a_model_wants_text_is_a_fault(client: Client) -> None:
    body = part("limit", b"5", '; filename="l"') + part("title", b"5", '; filename="l"') + b"--b--"
    assert set(faults_of(send(client, body, path="/model"))) == {
        ("form", "limit", "string_type"),
        ("form", "title", "string_type"),
        ("form", "tags", "missing"),
    }


@pytest.mark.parametrize(
    "content_type",
    [
        TYPE,
        'multipart/form-data; boundary="b"',
        "Multipart/Form-Data; Boundary=b",
        "multipart/form-data;charset=utf-8;boundary=b",
        "multipart/form-data ; boundary=b ;",
        'multipart/form-data; note="a;boundary=c"; boundary=b',
    ],
)
def test_the_content_type_is_read_in_any_case(client: Client, content_type: str) -> None:
    assert send(client, part("a") + b"--b--\r\n", content_type).json() == [["a", "1"]]


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/form-data",
        "multipart/form-data;",
        "multipart/form-data; boundary",
        "multipart/form-data; boundary=",
        'multipart/form-data; boundary=""',
        'multipart/form-data; boundary="b',
        'multipart/form-data; boundary="b "',
        'multipart/form-data; boundary="b\\"c"',
        "multipart/form-data; boundary=b; boundary=c",
        "multipart/form-data; boundary=b\xe9",
        "multipart/form-data; boundary=<b>",
        "multipart/form-data; boundary*=utf-8''b",
        "multipart/form-data; boundary=" + "b" * 71,
        "multipart/form-data; boundary=" + "b" * 5000,
        "multipart/form-data, boundary=b",
    ],
)
def test_a_boundary_that_is_missing_or_invalid_is_refused(client: Client, content_type: str) -> None:
    response = send(client, part("a") + b"--b--\r\n", content_type.encode("latin-1"))  # type: ignore[arg-type]
    assert response.status_code == 415 if "," in content_type else 400
    assert client.post("/form", data={"a": "1"}).status_code == 200


def test_the_longest_boundary_is_read(client: Client) -> None:
    long = "b" * 70
    body = part("a").replace(b"--b", b"--" + long.encode()) + f"--{long}--".encode()
    assert send(client, body, f"multipart/form-data; boundary={long}").json() == [["a", "1"]]


@pytest.mark.parametrize(
    "content_type", ["multipart/mixed; boundary=b", "multipart/form-datas; boundary=b", "multipart", "form-data"]
)
def test_another_type_is_415(client: Client, content_type: str) -> None:
    assert send(client, part("a") + b"--b--\r\n", content_type).status_code == 415


MALFORMED = {
    "nothing": b"",
    "only-a-newline": b"\r\n",
    "no-boundary": b"hello",
    "another-boundary": part("a").replace(b"--b", b"--c") + b"--c--",
    "boundary-cut": b"--",
    "no-end": part("a"),
    "end-cut": part("a") + b"--b-",
    "headers-cut": b'--b\r\nContent-Disposition: form-data; name="a"',
    "data-cut": part("a")[:-2],
    "no-disposition": b"--b\r\nContent-Type: text/plain\r\n\r\n1\r\n--b--",
    "no-headers": b"--b\r\n\r\n1\r\n--b--",
    "two-dispositions": part("a", headers='Content-Disposition: form-data; name="b"\r\n') + b"--b--",
    "attachment": b'--b\r\nContent-Disposition: attachment; name="a"\r\n\r\n1\r\n--b--',
    "no-name": b"--b\r\nContent-Disposition: form-data\r\n\r\n1\r\n--b--",
    "name-twice": part("a", more='; name="b"') + b"--b--",
    "filename-twice": part("a", more='; filename="b"; filename="c"') + b"--b--",
    "name-open": b'--b\r\nContent-Disposition: form-data; name="a\r\n\r\n1\r\n--b--',
    "no-colon": b"--b\r\nContent-Disposition\r\n\r\n1\r\n--b--",
    "empty-header-name": b'--b\r\n: form-data; name="a"\r\n\r\n1\r\n--b--',
    "header-name-with-a-space": b'--b\r\nContent Disposition: form-data; name="a"\r\n\r\n1\r\n--b--',
    "bare-newlines": part("a").replace(b"\r\n", b"\n") + b"--b--",
    "nul-in-a-header": part("a", headers="X-A: \0\r\n") + b"--b--",
    "control-in-a-name": part("a\x1b") + b"--b--",
    "newline-in-a-name": part("a\nb") + b"--b--",
    "name-no-utf-8": b'--b\r\nContent-Disposition: form-data; name="\xff"\r\n\r\n1\r\n--b--',
    "text-no-utf-8": part("a", b"\xff") + b"--b--",
    "text-in-another-charset": part("a", headers="Content-Type: text/plain; charset=utf-16\r\n") + b"--b--",
    "base64": part("a", b"MQ==", headers="Content-Transfer-Encoding: base64\r\n") + b"--b--",
    "quoted-printable": part("a", headers="Content-Transfer-Encoding: Quoted-Printable\r\n") + b"--b--",
}


@pytest.mark.parametrize("name", MALFORMED)
def test_what_is_malformed_is_400(client: Client, name: str) -> None:
    response = send(client, MALFORMED[name])
    assert response.status_code == 400, response.text
    assert response.json()["detail"]
    assert send(client, part("a") + b"--b--\r\n").json() == [["a", "1"]]


ODD = {
    "no-parts": (b"--b--\r\n", []),
    "no-newline-at-the-end": (part("a") + b"--b--", [["a", "1"]]),
    "newline-before": (b"\r\n" + part("a") + b"--b--", [["a", "1"]]),
    "epilogue": (part("a") + b"--b--\r\nthe end\r\n--b\r\n", [["a", "1"]]),
    "empty": (part("a", b"") + b"--b--", [["a", ""]]),
    "empty-name": (part("") + b"--b--", [["", "1"]]),
    "boundary-within": (part("a", b"--b\r\n--bc--b--") + b"--b--", [["a", "--b\r\n--bc--b--"]]),
    "boundary-begun": (part("a", b"\r\n--\r\n-\r\r\n--c") + b"--b--", [["a", "\r\n--\r\n-\r\r\n--c"]]),
    "begins-with-newlines": (part("a", b"\r\n\r\nx") + b"--b--", [["a", "\r\n\r\nx"]]),
    "header-in-lower-case": (
        part("a").replace(b"Content-Disposition", b"content-disposition") + b"--b--",
        [["a", "1"]],
    ),
    "disposition-in-upper-case": (part("a").replace(b"form-data", b"FORM-DATA") + b"--b--", [["a", "1"]]),
    "no-quotes": (part("a").replace(b'"a"', b"a") + b"--b--", [["a", "1"]]),
    "no-space": (part("a").replace(b"; name", b";name") + b"--b--", [["a", "1"]]),
    "semicolon-in-a-name": (part("a; filename=x") + b"--b--", [["a; filename=x", "1"]]),
    "quote-in-a-name": (part("a%22b") + part(r"a\"b") + b"--b--", [['a"b', "1"], ['a"b', "1"]]),
    "binary": (part("a", headers="Content-Transfer-Encoding: Binary\r\n") + b"--b--", [["a", "1"]]),
    "charset": (
        part("a", "\xe9".encode(), headers="Content-Type: text/plain; charset=UTF-8\r\n") + b"--b--",
        [["a", "\xe9"]],
    ),
    "type-of-text": (part("a", headers="Content-Type: application/json\r\n") + b"--b--", [["a", "1"]]),
    "mixed": (part("a", headers="Content-Type: multipart/mixed; boundary=c\r\n") + b"--b--", [["a", "1"]]),
}


@pytest.mark.parametrize("name", ODD)
def test_what_is_odd_is_read(client: Client, name: str) -> None:
    body, expected = ODD[name]
    response = send(client, body)
    assert (response.status_code, response.json()) == (200, expected)


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_a_form_may_come_in_any_pieces(client: Client, size: int) -> None:
    body = part("a", b"\r\n--") + part("f", b"\r\n--b\r\r", '; filename="x"') + part("b", b"2") + b"--b--\r\n"
    pieces = (body[start : start + size] for start in range(0, len(body), size))
    response = client.post("/form", content=pieces, headers={"content-type": TYPE})
    assert response.json() == [["a", "\r\n--"], ["b", "2"], ["f", "x"]]


def test_who_may_not_enter_is_not_told_what_is_malformed(client: Client) -> None:
    assert send(client, b"nonsense", path="/guarded").status_code == 401
    assert send(client, b"nonsense", "multipart/form-data", path="/guarded").status_code == 401
