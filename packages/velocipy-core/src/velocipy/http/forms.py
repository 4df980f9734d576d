"""Forms: how they are sent, how much of one is read, and what it becomes.

PERF: without annotations as text, which are dear to import in a NamedTuple or TypedDict.
"""

from typing import TYPE_CHECKING, NamedTuple

from velocipy.errors import HTTPException, PayloadTooLargeException
from velocipy.http.exits import open_exits
from velocipy.http.query import parse_pairs

if TYPE_CHECKING:
    from velocipy.http.request import Request
    from velocipy.http.uploads import UploadFile, UploadStream

URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"

INSTALL_MULTIPART = 'pip install "velocipy-core[multipart]"'


class FormLimits(NamedTuple):
    """How many parts of a form are read, and how large, before it is refused: too many with 400, too large with 413.

    Where None is allowed it means any number. Beside them stand `max_content_length`, which limits the whole, and
    `multipart_max_memory_size`.

    Attributes:
        max_fields: How many text fields there may be.
        max_files: How many files there may be, empty ones counted.
        max_field_size: How many bytes a text field may have.
        max_file_size: How many bytes a file may have.
        max_part_headers: How many header fields a part of a multipart form may have.
        max_part_header_size: How many bytes they may have together.
    """

    max_fields: int | None = 1000
    max_files: int | None = 100
    max_field_size: int | None = 1_048_576
    max_file_size: int | None = None
    max_part_headers: int = 8
    max_part_header_size: int = 8192

    def _check(self) -> None:
        """Raise ValueError if a limit is none."""
        for name, limit in self._asdict().items():
            optional = not name.startswith("max_part")
            if not (limit is None and optional) and (not isinstance(limit, int) or limit < 0):
                raise ValueError(f"{name} is {limit!r}; give a number from 0{', or None for no limit' * optional}")


class FormData(NamedTuple):
    """A form: its text and its files by name, both in the order in which they came."""

    fields: dict[str, list[str]]
    files: dict[str, "list[UploadFile]"]


async def read_form(request: "Request") -> FormData:
    """Read the body of *request* as a form; `Request.form` tells what is raised."""
    if isinstance(request._body, FormData):
        return request._body
    content_type = request._header("content-type", b"content-type")
    if _media_type(content_type) != MULTIPART:
        return await _read_urlencoded(request, content_type)
    data, _ = await _read_multipart(request, content_type or "", None)
    if not isinstance(request._body, bytes):
        request._body = data
    return data


async def read_form_until(request: "Request", name: str) -> "tuple[FormData, UploadStream | None]":
    """Read a form up to the file *name*, and return what came before it, and the file as a stream."""
    content_type = request._header("content-type", b"content-type")
    if _media_type(content_type) != MULTIPART:
        return await _read_urlencoded(request, content_type), None
    return await _read_multipart(request, content_type or "", name)


def _media_type(content_type: str | None) -> str:
    return (content_type or "").partition(";")[0].strip().lower()


async def _read_urlencoded(request: "Request", content_type: str | None) -> FormData:
    if _media_type(content_type) != URLENCODED and (content_type is not None or await request.body()):
        raise HTTPException(415, f"A form is sent as {URLENCODED} or {MULTIPART}")
    limits = request._plan.limits.form_limits
    body = await request.body()
    try:
        fields = parse_pairs(body.decode("utf-8"), limits.max_fields)
    except ValueError as error:
        reason = "is not UTF-8" if isinstance(error, UnicodeError) else f"has {error}"
        raise HTTPException(400, f"The form {reason}") from None
    longest = limits.max_field_size
    if longest is not None and len(body) > longest:
        for name, values in fields.items():
            if any(len(text.encode("utf-8", "surrogatepass")) > longest for text in (name, *values)):
                raise PayloadTooLargeException(f"A field of the form has over {longest} bytes")
    return FormData(fields, {})


async def _read_multipart(
    request: "Request", content_type: str, streamed: str | None
) -> "tuple[FormData, UploadStream | None]":
    try:
        from velocipy.http.multipart import MultipartReader
    except ModuleNotFoundError as error:
        if error.name != "python_multipart":
            raise
        message = f"a {MULTIPART} body came, and python-multipart, which reads it, is not installed"
        raise RuntimeError(f"{message}: {INSTALL_MULTIPART}") from None
    limits, memory = request._plan.limits.form_limits, request.app.multipart_max_memory_size
    reader = MultipartReader(content_type, request.stream(), limits, memory, streamed)
    open_exits(request).push_async_callback(reader.close)
    return await reader.read()
