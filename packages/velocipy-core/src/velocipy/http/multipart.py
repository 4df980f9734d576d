"""Multipart forms (RFC 7578, RFC 2046 section 5.1), by the push parser of python-multipart.

Only this module knows that parser. It gets the body in blocks, and every limit is checked here, where its events come
in, so that nothing is kept which is then found to be too much.
"""

from __future__ import annotations

import logging
import re
from asyncio import sleep
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import TYPE_CHECKING

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError

from velocipy.concurrency import finish_in_thread
from velocipy.errors import HTTPException, PayloadTooLargeException, ValidationError
from velocipy.http.forms import FormData, FormLimits
from velocipy.http.headers import Headers
from velocipy.http.uploads import BLOCK, Spool, UploadFile, UploadStream, base_name, close_files

if TYPE_CHECKING:
    from collections.abc import Iterable

_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]").fullmatch  # RFC 2046 section 5.1.1
_PARAMETER = re.compile(
    r"""[ \t]*;[ \t]*(?:([!#$%&'*+\-.^_`|~0-9A-Za-z]+)[ \t]*=[ \t]*("(?:[^"\\]|\\.)*"|[^\s;"]*)[ \t]*)?"""
).match
_ESCAPE = re.compile(r'\\(["\\])')
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]").search
_MARGIN = BLOCK  # bytes that may stand before the first boundary, and after the last, where they mean nothing

# Whoever sends nonsense fills no log with it (CVE-2024-53981, CVE-2025-47287).
_SILENT = logging.Logger("velocipy.multipart", logging.CRITICAL + 1)  # noqa: LOG001


def parse_parameters(text: str) -> tuple[str, dict[str, str]]:
    r"""Return what stands before the first ";" in lower case, and the parameters by name, in lower case as well.

    In quotes `\"` and `\\` are escapes, another `\` is not (browsers wrote paths so); `%22` is a quote (WHATWG HTML,
    multipart/form-data encoding). What ends in `*` is another parameter, and none of ours (RFC 7578 section 4.2).

    Raises:
        ValueError: If it is malformed, or has a parameter twice.
    """
    start, _, _ = text.partition(";")
    position = len(start)
    parameters: dict[str, str] = {}
    while position < len(text):
        match = _PARAMETER(text, position)
        if match is None:
            raise ValueError(f"malformed after {position} characters")
        position = match.end()
        name, value = match[1], match[2]
        if name is None:
            continue
        if name.lower() in parameters:
            raise ValueError(f"{name!r} stands there twice")
        if value.startswith('"'):
            value = _ESCAPE.sub(r"\1", value[1:-1])
        parameters[name.lower()] = value.replace("%22", '"')
    return start.strip(" \t").lower(), parameters


class _Text:
    """A text field while it comes."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.value = bytearray()


class _File:
    """A file while it comes."""

    def __init__(self, name: str, filename: str, headers: Headers) -> None:
        self.name = name
        self.filename = filename
        self.headers = headers
        self.spool = Spool()


class _Streamed:
    """The file that is handed on while it comes."""

    def __init__(self, filename: str, headers: Headers) -> None:
        self.filename = filename
        self.headers = headers
        self.size = 0
        self.chunks: deque[bytes] = deque()
        self.complete = False


class MultipartReader:
    """Reads one form.

    Args:
        content_type: That of the request.
        body: The chunks of its body, counted.
        limits: Of the application.
        max_memory: How many bytes may be held in memory: files beyond go to disk, text beyond is refused.
        streamed: The name of the file that is handed on as it comes; None if there is none.

    Raises:
        HTTPException: 400, if the content type has no boundary.
    """

    def __init__(
        self,
        content_type: str,
        body: AsyncGenerator[bytes],
        limits: FormLimits,
        max_memory: int,
        streamed: str | None = None,
    ) -> None:
        try:
            boundary = parse_parameters(content_type)[1].get("boundary", "")
        except ValueError:
            boundary = ""
        if _BOUNDARY(boundary) is None:
            raise HTTPException(400, "The content-type of the form has no boundary, or one that is invalid")
        self._parser = MultipartParser(
            boundary.encode("ascii"),
            {
                "on_part_begin": self._on_part_begin,
                "on_header_field": self._on_header_field,
                "on_header_value": self._on_header_value,
                "on_header_end": self._on_header_end,
                "on_headers_finished": self._on_headers_finished,
                "on_part_data": self._on_part_data,
                "on_part_end": self._on_part_end,
                "on_end": self._on_end,
            },
            max_header_count=limits.max_part_headers,
            max_header_size=limits.max_part_header_size,
        )
        self._parser.logger = _SILENT
        self._blocks = _in_blocks(body)
        self._limits = limits
        self._max_memory = max_memory
        self._streamed_name = streamed
        # The part that is being read
        self._header_name = bytearray()
        self._header_value = bytearray()
        self._headers: list[tuple[str, str]] = []
        self._header_size = 0
        self._part: _Text | _File | _Streamed | None = None
        # What came of those before
        self._begun = self._ended = self._finished = False
        self._margin = 0
        self._fields: dict[str, list[str]] = {}
        self._files: list[_File] = []
        self._streamed: _Streamed | None = None
        self._number_of_fields = 0
        self._number_of_files = 0
        self._text_size = 0

    async def read(self) -> tuple[FormData, UploadStream | None]:
        """Read to the end, or to the first bytes of the file that is handed on; return what came, and that file.

        Raises:
            HTTPException: 400 if the form is malformed or has too many parts, 413 if a part is too large or the body
                is, 422 if something comes after the file that is handed on.
            ClientDisconnect: If the client leaves before its end.
        """
        while not self._finished and not self._has_begun_to_stream():
            await self._advance()
        files: dict[str, list[UploadFile]] = {}
        for part in self._files:
            if part.filename or part.spool.size:  # without, the user of a browser has chosen no file
                upload = UploadFile(part.spool.finish(), part.filename, headers=part.headers, size=part.spool.size)
                files.setdefault(part.name, []).append(upload)
        streamed = self._streamed
        if streamed is None or not self._has_begun_to_stream():
            return FormData(self._fields, files), None
        chunks = self._hand_on(streamed.chunks)
        return FormData(self._fields, files), UploadStream(chunks, streamed.filename, headers=streamed.headers)

    async def close(self) -> None:
        """Close every file, and read no further."""
        self._parser.callbacks = {}  # or the two would hold each other
        await close_files(file for part in self._files for file in part.spool.files())
        await self._blocks.aclose()

    def _has_begun_to_stream(self) -> bool:
        """Tell whether the file that is handed on is there; a browser sends an empty one if the user chose none."""
        part = self._streamed
        return part is not None and (part.size > 0 or (part.complete and part.filename != ""))

    async def _hand_on(self, chunks: deque[bytes]) -> AsyncIterator[bytes]:
        while True:
            while chunks:
                yield chunks.popleft()
            if self._finished:
                return
            await self._advance()

    async def _advance(self) -> None:
        """Read one block, and have done on disk what it needs."""
        block = await anext(self._blocks, None)
        if block is None:
            if not self._ended:
                raise HTTPException(400, "The form ends before its last boundary")
            self._finished = True
            return
        if self._ended or not self._begun:
            self._margin += len(block)
        if not self._ended:
            try:
                self._parser.write(block)
            except FormParserError as error:
                raise HTTPException(400, f"The form is malformed: {error}") from None
        if self._begun and not self._ended:
            self._margin = 0
        if self._margin > _MARGIN:
            raise HTTPException(400, f"The form has over {_MARGIN} bytes before its first boundary, or after its last")
        await self._relieve_memory()

    async def _relieve_memory(self) -> None:
        """Write out what is ready for the disk, and move files there, the last first, until the rest has room."""
        spools = [part.spool for part in self._files]
        to_disk = [spool for spool in spools if spool.wants_disk]
        in_memory = [spool for spool in spools if spool.held and not spool.on_disk]
        held = self._text_size + sum(spool.held for spool in in_memory)
        while in_memory and held > self._max_memory:
            spool = in_memory.pop()
            held -= spool.held
            to_disk.append(spool)
        if to_disk:
            await finish_in_thread(_to_disk, to_disk)

    # -- what the parser tells ----------------------------------------------------------------------------------------

    def _on_part_begin(self) -> None:
        self._begun = True
        self._headers = []
        self._header_size = 0

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._count_header(end - start)
        self._header_name += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._count_header(end - start)
        self._header_value += data[start:end]

    def _count_header(self, size: int) -> None:
        self._header_size += size
        if self._header_size > self._limits.max_part_header_size:
            raise HTTPException(400, f"A part of the form has over {self._limits.max_part_header_size} bytes of header")

    def _on_header_end(self) -> None:
        name, value = self._decode(self._header_name), self._decode(self._header_value).strip(" \t")
        if _CONTROL(value) is not None:
            raise HTTPException(400, "A header of a part has a control character")
        self._headers.append((name, value))
        self._header_name.clear()
        self._header_value.clear()

    def _on_headers_finished(self) -> None:
        headers = Headers(self._headers)
        name, filename = _read_disposition(headers)
        if self._streamed is not None:
            place = "form" if filename is None else "body"
            message = f"Should come before the file {self._streamed_name!r}, which is the last part of the form"
            raise ValidationError([{"loc": [place, name], "msg": message, "type": "after_last_part"}])
        if filename is None:
            _check_text(headers)
            self._number_of_fields += 1
            self._check_number(self._number_of_fields, self._limits.max_fields, "fields")
            self._part = _Text(name)
            return
        self._number_of_files += 1
        self._check_number(self._number_of_files, self._limits.max_files, "files")
        if name == self._streamed_name:
            self._part = self._streamed = _Streamed(base_name(filename), headers)
        else:
            self._part = _File(name, base_name(filename), headers)
            self._files.append(self._part)

    def _check_number(self, number: int, limit: int | None, what: str) -> None:
        if limit is not None and number > limit:
            raise HTTPException(400, f"The form has more than {limit} {what}")

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        part = self._part
        chunk = data[start:end]
        if isinstance(part, _Text):
            part.value += chunk
            self._text_size += len(chunk)
            self._check_size(len(part.value), self._limits.max_field_size, "A field")
            self._check_size(self._text_size, self._max_memory, "The text")
        elif isinstance(part, _File):
            part.spool.write(chunk)
            self._check_size(part.spool.size, self._limits.max_file_size, "A file")
        elif part is not None:
            part.chunks.append(chunk)
            part.size += len(chunk)
            self._check_size(part.size, self._limits.max_file_size, "A file")

    def _check_size(self, size: int, limit: int | None, what: str) -> None:
        if limit is not None and size > limit:
            raise PayloadTooLargeException(f"{what} of the form has over {limit} bytes")

    def _on_part_end(self) -> None:
        part, self._part = self._part, None
        if isinstance(part, _Text):
            self._fields.setdefault(part.name, []).append(self._decode(part.value))
        elif isinstance(part, _File):
            part.spool.complete = True
        elif part is not None:
            part.complete = True

    def _on_end(self) -> None:
        self._ended = True

    def _decode(self, data: bytearray) -> str:
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError:
            raise HTTPException(400, "The form is not UTF-8") from None


def _read_disposition(headers: Headers) -> tuple[str, str | None]:
    """Return the name of a part and the file name, None if it has none and is text."""
    dispositions = headers.getlist("content-disposition")
    if len(dispositions) != 1:
        raise HTTPException(400, "A part of the form must have one Content-Disposition")
    try:
        kind, parameters = parse_parameters(dispositions[0])
    except ValueError as error:
        raise HTTPException(400, f"The Content-Disposition of a part is malformed: {error}") from None
    if kind != "form-data" or "name" not in parameters:
        raise HTTPException(400, "The Content-Disposition of a part must be form-data with a name")
    if headers.get("content-transfer-encoding", "binary").lower() not in ("7bit", "8bit", "binary"):
        raise HTTPException(400, "A part of the form has a Content-Transfer-Encoding (see RFC 7578 section 4.7)")
    return parameters["name"], parameters.get("filename")


def _check_text(headers: Headers) -> None:
    """Refuse text that is declared in another charset than UTF-8, rather than guess."""
    try:
        charset = parse_parameters(headers.get("content-type", ""))[1].get("charset", "utf-8")
    except ValueError:
        charset = "utf-8"
    if charset.lower() not in ("utf-8", "utf8", "us-ascii"):
        raise HTTPException(400, "The form is not UTF-8")


def _to_disk(spools: Iterable[Spool]) -> None:
    for spool in spools:
        spool.to_disk()


async def _in_blocks(body: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    """Yield what *body* yields in pieces of at most BLOCK bytes, and give others a turn between them."""
    async with aclosing(body) as chunks:
        async for chunk in chunks:
            for start in range(0, len(chunk), BLOCK):
                if start:
                    await sleep(0)
                yield chunk[start : start + BLOCK]
