"""The reader of multipart forms against a naive model that has the whole form before it."""

import asyncio
import re
from collections.abc import AsyncGenerator, Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from velocipy import FormLimits, HTTPException, UploadFile

pytest.importorskip("python_multipart")

from velocipy.http.multipart import MultipartReader, parse_parameters

TYPE = "multipart/form-data; boundary=b"


def read(
    chunks: Sequence[bytes],
    content_type: str = TYPE,
    max_memory: int = 1_048_576,
    limits: FormLimits = FormLimits(),  # noqa: B008
) -> Any:
    """Return the fields and files as pairs, or the status with which the form is refused."""

    async def body() -> AsyncGenerator[bytes]:
        for chunk in chunks:
            yield chunk

    async def run() -> Any:
        reader = MultipartReader(content_type, body(), limits, max_memory)
        try:
            (fields, files), _ = await reader.read()
            texts = [(name, value) for name, values in fields.items() for value in values]
            return texts, [(name, file.filename, await file.read()) for name, found in files.items() for file in found]
        except HTTPException as error:
            return error.status_code
        finally:
            await reader.close()

    return asyncio.run(run())


def cut(body: bytes, cuts: list[int]) -> list[bytes]:
    """Return *body* in pieces, some of them empty."""
    places = sorted({0, len(body), *(place % (len(body) + 1) for place in cuts)})
    return [body[start:end] for start, end in pairwise(places)]


cuts = st.lists(st.integers(min_value=0, max_value=10_000), max_size=12)

# -- forms that are well ----------------------------------------------------------------------------------------------

names = st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters='"\\%'), max_size=12)
contents = st.lists(st.sampled_from([b"\r\n", b"\r", b"\n", b"--", b"-", b"b", b"c", b"\0", b"x" * 500])).map(b"".join)
parts = st.tuples(names, st.none() | names, contents | st.binary(max_size=200))


def encode(form: Sequence[tuple[str, str | None, bytes]], boundary: bytes) -> bytes:
    body = b""
    for name, filename, content in form:
        more = "" if filename is None else f'; filename="{filename}"'
        head = f'Content-Disposition: form-data; name="{name}"{more}\r\n\r\n'.encode()
        body += b"--" + boundary + b"\r\n" + head + content + b"\r\n"
    return body + b"--" + boundary + b"--\r\n"


@given(form=st.lists(parts, max_size=6), cuts=cuts, max_memory=st.integers(min_value=0, max_value=1500))
def test_what_was_written_is_read(form: list[tuple[str, str | None, bytes]], cuts: list[int], max_memory: int) -> None:
    boundary = b"boundary"
    form = [(name, filename, content.replace(b"boundary", b"")) for name, filename, content in form]
    texts: dict[str, list[str]] = {}
    files: dict[str, list[tuple[str, bytes]]] = {}
    expected: Any = None
    for name, filename, content in form:
        if filename is None:
            try:
                texts.setdefault(name, []).append(content.decode())
            except UnicodeDecodeError:
                expected = 400
        else:
            shown = re.sub(r"^([A-Za-z]:)+", "", re.split(r"[/\\]", filename)[-1])
            shown = "" if shown in (".", "..") else shown
            if shown or content:
                files.setdefault(name, []).append((shown, content))
    if sum(len(content) for _, filename, content in form if filename is None) > max_memory:
        expected = (400, 413)  # whichever comes first
    found = read(cut(encode(form, boundary), cuts), "multipart/form-data; boundary=boundary", max_memory)
    if expected is None:
        assert found == (
            [(name, value) for name, values in texts.items() for value in values],
            [(name, *file) for name, several in files.items() for file in several],
        )
    else:
        assert found == expected or (isinstance(expected, tuple) and found in expected)


# -- forms that are anything ------------------------------------------------------------------------------------------

HEAD = b"Content-Disposition: form-data; name=a; filename=f\r\n\r\n"
tokens = st.lists(
    st.sampled_from([b"\r\n--b", b"\r\n--b\r\n", b"\r\n--b--", HEAD, b"\r\n", b"--b", b"--", b"-", b"\r", b"\n", b"x"]),
    max_size=25,
).map(b"".join)


def model(body: bytes) -> Any:
    """The files of *body*, of which all is there; 400 where it is malformed."""
    found = []
    position = 0
    while body.startswith(HEAD, position):
        position += len(HEAD)
        boundary = re.compile(rb"\r\n--b(\r\n|--)").search(body, position)
        if boundary is None:
            return 400
        found.append(("a", "f", body[position : boundary.start()]))
        if boundary[1] == b"--":
            return [], found
        position = boundary.end()
    return 400


@settings(max_examples=500)
@given(body=tokens, cuts=cuts)
@example(body=HEAD + b"\r\n--b-x\r\n--b\r\r\n--b\r\n" + HEAD + b"\r\n--b--", cuts=list(range(200)))
def test_anything_is_read_as_the_model_reads_it(body: bytes, cuts: list[int]) -> None:
    body = HEAD + body
    assert read(cut(b"--b\r\n" + body, cuts)) == model(body)


@given(body=st.binary(max_size=300) | tokens, cuts=cuts)
def test_how_it_is_cut_makes_no_difference(body: bytes, cuts: list[int]) -> None:
    whole = read([body])
    assert read(cut(body, cuts)) == whole
    assert whole == 400 or isinstance(whole, tuple)


@pytest.mark.parametrize("limit", ["max_fields", "max_files", "max_field_size", "max_file_size"])
@given(cuts=cuts)
def test_a_limit_holds_however_it_is_cut(limit: str, cuts: list[int]) -> None:
    form = [("a", None, b"x" * 20), ("f", "f", b"x" * 20)] * 3
    allowed = 20 if limit.endswith("size") else 3
    chunks = cut(encode(form, b"b"), cuts)
    assert isinstance(read(chunks, limits=FormLimits()._replace(**{limit: allowed})), tuple)
    assert read(chunks, limits=FormLimits()._replace(**{limit: allowed - 1})) in (400, 413)


# -- parameters of a header -------------------------------------------------------------------------------------------


@given(name=names, filename=names)
def test_parameters_are_read_as_they_were_written(name: str, filename: str) -> None:
    kind, parameters = parse_parameters(f'Form-Data; name="{name}"; filename="{filename}"')
    assert (kind, parameters) == ("form-data", {"name": name, "filename": filename})


@given(text=st.text(st.sampled_from(';="\\ \ta*%2é'), max_size=40) | st.text(max_size=40))
def test_no_text_is_an_error_of_another_kind(text: str) -> None:
    try:
        kind, parameters = parse_parameters(text)
    except ValueError:
        return
    assert kind == text.partition(";")[0].strip(" \t").lower()
    assert all(name == name.lower() for name in parameters)


@pytest.mark.parametrize("unit", ["\\", '"', ";", "; ", ";a", "; a=", "=", "a", " ", '\\"', '";', ';a="', '"\\', "%22"])
@pytest.mark.parametrize("start", ["", ";", "; a=", '; a="', '; !="', "; a=b "])
def test_parameters_that_never_end_take_no_time(start: str, unit: str) -> None:
    """CVE-2024-24762, CVE-2025-67726, CVE-2026-28356: a second for a few thousand characters; here a million."""
    try:
        parse_parameters(f"form-data{start}{unit * (1_000_000 // len(unit))}")
    except ValueError:
        return


@pytest.mark.parametrize(
    ("text", "parameters"),
    [
        ("", {}),
        ("a;", {}),
        ("a ;; b=c;", {"b": "c"}),
        ('a; b=""', {"b": ""}),
        ("a; b=", {"b": ""}),
        ('a; b="c;d"', {"b": "c;d"}),
        (r'a; b="C:\d\e"', {"b": r"C:\d\e"}),
        (r'a; b="c\\\"d"', {"b": r"c\"d"}),
        ("a; B=C; b*=x; c*0=y", {"b": "C", "b*": "x", "c*0": "y"}),
    ],
)
def test_odd_parameters(text: str, parameters: dict[str, str]) -> None:
    assert parse_parameters(text)[1] == parameters


@pytest.mark.parametrize("text", ['a; b="c', "a; b", "a; b=c d", 'a; b="c"d', "a; b=c; b=d", "a; b=c; B=d", "a; =c"])
def test_malformed_parameters(text: str) -> None:
    with pytest.raises(ValueError, match="malformed|twice"):
        parse_parameters(text)


def test_files_are_uploads() -> None:
    async def body() -> AsyncGenerator[bytes]:
        yield encode([("f", "n", b"x")], b"b")

    async def run() -> None:
        reader = MultipartReader(TYPE, body(), FormLimits(), 0)
        (_, files), stream = await reader.read()
        assert stream is None
        assert isinstance(files["f"][0], UploadFile)
        await reader.close()

    asyncio.run(run())
