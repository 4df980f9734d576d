"""Conditional requests and ranges of files, compared with RFC 9110 as it reads."""

import os
import re
import time
from email import message_from_bytes
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from velocipy import FileResponse, StaticFiles, VelociPy

FOLDER = Path(os.environ["VELOCIPY_TEST_FOLDER"], "conditional")
MODIFIED = 1_700_000_000
CONTENT = bytes(range(97, 117))  # 20 letters
LARGE = b"".join(number.to_bytes(4, "big") for number in range(700_000))  # more than parts may have together
DATE = formatdate(MODIFIED, usegmt=True)
ETAG = f'"{len(CONTENT):x}-{MODIFIED * 10**9:x}"'

app = VelociPy()
app.mount("/static", StaticFiles(FOLDER))


@app.get("/file/{name}")
async def send(name: str) -> FileResponse:
    return FileResponse(FOLDER / name)


@pytest.fixture(autouse=True, scope="module")
def _files() -> None:
    FOLDER.mkdir()
    for name, content in {"letters": CONTENT, "empty": b"", "large": LARGE}.items():
        (FOLDER / name).write_bytes(content)
        os.utime(FOLDER / name, (MODIFIED, MODIFIED))


@pytest.fixture(params=["/file", "/static"])
def at(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def parts_of(response: Any) -> list[tuple[str, str, bytes]]:
    """The parts of a multipart answer: their types, their ranges, their bytes."""
    assert response.headers["content-type"].startswith("multipart/byteranges; boundary=")
    head = f"content-type: {response.headers['content-type']}\r\n\r\n".encode()
    parts: Any = message_from_bytes(head + response.content).get_payload()
    return [(part["content-type"], part["content-range"], part.get_payload(decode=True)) for part in parts]


def test_validators_are_those_of_the_file(client: Any, at: str) -> None:
    response = client.get(f"{at}/letters")
    assert (response.headers["etag"], response.headers["last-modified"]) == (ETAG, DATE)


# What RFC 9110 says, step by step


def split_list(value: str) -> list[str]:
    return [item.strip() for item in value.split(",")]


def naive_condition(headers: dict[str, str]) -> int:
    """Section 13.2.2."""
    dates = {formatdate(MODIFIED + days * 86400, usegmt=True): MODIFIED + days * 86400 for days in (-1, 0, 1)}
    if "if-match" in headers:
        if headers["if-match"] != "*" and ETAG not in split_list(headers["if-match"]):
            return 412
    elif headers.get("if-unmodified-since") in dates and dates[headers["if-unmodified-since"]] < MODIFIED:
        return 412
    if "if-none-match" in headers:
        tags = split_list(headers["if-none-match"])
        return 304 if headers["if-none-match"] == "*" or ETAG in tags or f"W/{ETAG}" in tags else 200
    if headers.get("if-modified-since") in dates and dates[headers["if-modified-since"]] >= MODIFIED:
        return 304
    return 200


def naive_ranges(value: str, size: int) -> list[int] | None:
    """Sections 14.1.1 and 14.1.2: the positions that are asked for; None if the header is to be ignored."""
    match = re.fullmatch(r"bytes=(.*)", value)
    if match is None or size == 0:
        return None
    wanted: set[int] = set()
    for spec in split_list(match[1]):
        if re.fullmatch(r"[0-9]+-[0-9]+", spec):
            first, last = map(int, spec.split("-"))
            if last < first:
                return None
            wanted |= {position for position in range(size) if first <= position <= last}
        elif re.fullmatch(r"[0-9]+-", spec):
            wanted |= {position for position in range(size) if position >= int(spec[:-1])}
        elif re.fullmatch(r"-[0-9]+", spec):
            wanted |= {position for position in range(size) if position >= size - int(spec[1:])}
        elif spec or match[1] == "":
            return None
    return sorted(wanted) if any(split_list(match[1])) else None


tags = st.lists(
    st.sampled_from([ETAG, f"W/{ETAG}", '"other"', 'W/"other"', '""', "garbage", ETAG.strip('"')]),
    min_size=1,
    max_size=3,
).map(", ".join)
dates = st.sampled_from(
    [*(formatdate(MODIFIED + days * 86400, usegmt=True) for days in (-1, 0, 1)), "yesterday", "0", f"{DATE}, {DATE}"]
)
numbers = st.integers(0, 25).map(str)
specs = st.one_of(
    st.tuples(numbers, numbers).map("-".join),
    numbers.map(lambda first: f"{first}-"),
    numbers.map(lambda count: f"-{count}"),
    st.sampled_from(["", " ", "-", "a-b", "1", "--1", "1-2-3", "+1-2", "0x1-2", "99999999999999999999999-"]),
)
ranges = st.tuples(
    st.sampled_from(["bytes=", "bytes=", "bytes=", "items=", "bytes ", ""]),
    st.lists(specs, max_size=4).map(", ".join),
).map(lambda parts: "".join(parts).strip())
conditions = st.fixed_dictionaries(
    {},
    optional={
        "if-match": tags | st.just("*"),
        "if-none-match": tags | st.just("*"),
        "if-modified-since": dates,
        "if-unmodified-since": dates,
    },
)
thorough = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@thorough
@given(headers=conditions, method=st.sampled_from(["GET", "HEAD"]))
def test_conditions_are_judged_as_the_rfc_says(client: Any, at: str, headers: dict[str, str], method: str) -> None:
    response = client.request(method, f"{at}/letters", headers=headers)
    assert response.status_code == naive_condition(headers)
    if response.status_code == 304:
        assert (response.headers["etag"], response.content) == (ETAG, b"")


@thorough
@given(value=ranges)
def test_ranges_are_the_positions_that_the_rfc_says(client: Any, at: str, value: str) -> None:
    response = client.get(f"{at}/letters", headers={"range": value})
    wanted = naive_ranges(value, len(CONTENT))
    if wanted is None:
        assert (response.status_code, response.content) == (200, CONTENT)
        assert "content-range" not in response.headers
    elif not wanted:
        assert response.status_code == 416
        assert response.headers["content-range"] == f"bytes */{len(CONTENT)}"
    else:
        assert response.status_code == 206
        runs = "".join(chr(CONTENT[at]) if at in wanted else " " for at in range(len(CONTENT))).split()
        if len(runs) == 1:
            first, last = wanted[0], wanted[-1]
            assert response.content == CONTENT[first : last + 1]
            assert response.headers["content-range"] == f"bytes {first}-{last}/{len(CONTENT)}"
        else:
            assert "content-range" not in response.headers
            assert [part[2].decode() for part in parts_of(response)] == runs
            for media_type, content_range, content in parts_of(response):
                first = CONTENT.index(content)
                assert media_type == "application/octet-stream"
                assert content_range == f"bytes {first}-{first + len(content) - 1}/{len(CONTENT)}"
    assert response.headers["content-length"] == str(len(response.content))


@thorough
@given(headers=conditions, value=ranges, if_range=tags | dates | st.just("*"))
def test_conditions_come_before_ranges(
    client: Any, at: str, headers: dict[str, str], value: str, if_range: str
) -> None:
    """Section 13.1.5: one strong tag, or the very date; else everything is sent."""
    headers = {**headers, "range": value, "if-range": if_range}
    status = naive_condition(headers)
    if status == 200 and if_range in (ETAG, DATE):
        wanted = naive_ranges(value, len(CONTENT))
        status = 200 if wanted is None else 206 if wanted else 416
    assert client.get(f"{at}/letters", headers=headers).status_code == status


def test_several_lines_of_a_condition_are_one_list(client: Any, at: str) -> None:
    lines = [("if-none-match", '"other"'), ("if-none-match", f"W/{ETAG}")]
    assert client.get(f"{at}/letters", headers=lines).status_code == 304


@pytest.mark.parametrize("form", ["%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %d %H:%M:%S %Y"])
def test_dates_in_old_forms_are_read(client: Any, at: str, form: str) -> None:
    date = time.strftime(form, time.gmtime(MODIFIED))
    assert client.get(f"{at}/letters", headers={"if-modified-since": date}).status_code == 304
    assert client.get(f"{at}/letters", headers={"range": "bytes=0-1", "if-range": date}).status_code == 206


def test_an_empty_file_has_no_parts(client: Any, at: str) -> None:
    """A client that asks for ranges every time gets an empty file rather than an error."""
    for value in ("bytes=0-", "bytes=-5", "bytes=0-0"):
        response = client.get(f"{at}/empty", headers={"range": value})
        assert (response.status_code, response.content) == (200, b"")


@pytest.mark.parametrize(("start", "end"), [(0, 2799999), (1, 2799999), (300_000, 900_000), (2_799_999, 9_999_999)])
def test_a_part_of_a_large_file_is_exact(client: Any, at: str, start: int, end: int) -> None:
    response = client.get(f"{at}/large", headers={"range": f"bytes={start}-{end}"})
    last = min(end, len(LARGE) - 1)
    assert (response.status_code, response.content) == (206, LARGE[start : last + 1])
    assert response.headers["content-range"] == f"bytes {start}-{last}/{len(LARGE)}"


def test_parts_that_are_large_together_are_the_whole_file(client: Any, at: str) -> None:
    response = client.get(f"{at}/large", headers={"range": "bytes=0-1,100-2000000"})
    assert (response.status_code, response.content) == (200, LARGE)
    few = client.get(f"{at}/large", headers={"range": "bytes=0-1,100-1000000"})
    assert [part[2] for part in parts_of(few)] == [LARGE[:2], LARGE[100:1000001]]


# What has gone wrong elsewhere


@pytest.mark.parametrize(
    "value",
    [
        "bytes=" + ",".join(f"{number}-" for number in range(1500)),
        "bytes=" + ",".join("0-" for _ in range(2000)),
        "bytes=" + ",".join(f"{number}-{number}" for number in range(0, 1500, 2)),
        "bytes=" + "," * 7000,
        "bytes=" + "-" * 7000,
        "bytes=" + " \t" * 3000 + "x",
        "bytes=" + "9" * 7000 + "-",
        "bytes=0-" + "9" * 7000,
        "bytes=-" + "9" * 7000,
        "bytes=\u0661-",
    ],
)
def test_cve_2025_62727_and_69225_floods_of_ranges_cost_no_more_than_the_file(client: Any, at: str, value: str) -> None:
    """Starlette merged ranges in quadratic time, aiohttp took them without end and digits that are not ASCII."""
    response = client.get(f"{at}/letters", headers={"range": value.encode("utf-8")})
    assert response.status_code in (200, 206, 416)
    assert response.status_code == 416 or len(response.content) <= len(CONTENT)


@pytest.mark.parametrize("field", ["if-match", "if-none-match", "if-range", "if-modified-since", "accept-encoding"])
@pytest.mark.parametrize("piece", ['"', '"a', "W/", '"a",', ",", " ", 'W/"', "9", "\\", "a;q=0.", "*,"])
def test_conditions_that_are_none_are_no_error(client: Any, at: str, field: str, piece: str) -> None:
    response = client.get(
        f"{at}/letters", headers={field: "x" + piece * (7000 // len(piece)) + "x", "range": "bytes=0-1"}
    )
    assert response.status_code in (200, 206, 412)
