"""Opening files, and what becomes of an open file when it meets its request.

What is here reads the disk, and so runs in a worker thread. Where a file may be taken from is the business of
`velocipy.files`; how its bytes leave, that of the servers. Imported at first use.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import time
from urllib.parse import quote

from velocipy.errors import HTTPException
from velocipy.http.conditional import Validators, field
from velocipy.http.connection import HTTPConnection
from velocipy.http.dates import format_date, parse_date
from velocipy.http.headers import MutableHeaders
from velocipy.http.ranges import content_range, multipart, parse_ranges
from velocipy.http.response import File, Response

SMALL = 64 * 1024
"""Up to how many bytes are read at once, where the file was opened: one change of threads instead of several."""

MAX_PARTS_SIZE = 1024 * 1024
"""How many bytes the parts of an answer may have together; when more are asked for, the whole file is sent."""

# A name in the file system could be a pipe without a writer; opening one must not wait.
FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)

_NOT_OF_304 = ("accept-ranges", "content-disposition", "content-encoding", "content-language", "content-type")
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+").fullmatch
# What no file name should have: controls, separators, and marks that turn the direction of the text behind them.
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f/\\\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_NOT_PLAIN = re.compile(r"[^ !#$&'()+,\-.0-9=@A-Z\[\]^_`a-z{}~]")


def open_file(path: str, name: str | None = None, *, folder: int | None = None, flags: int = 0) -> File:
    """Open a regular file.

    Args:
        path: Its path.
        name: What to open, if that is not the path.
        folder: The descriptor of the folder in which the name is.
        flags: Further flags.

    Raises:
        OSError: If it cannot be opened; IsADirectoryError if it is a folder, ENXIO if it is no file at all.
    """
    file = File(path, os.open(name or path, FLAGS | flags, dir_fd=folder))
    mode = file.stat.st_mode
    if not stat.S_ISREG(mode):
        file.close()
        code = errno.EISDIR if stat.S_ISDIR(mode) else errno.ENXIO
        raise OSError(code, os.strerror(code), path)
    return file


def answer(request: HTTPConnection, file: File, headers: MutableHeaders, status: int = 200) -> Response:
    """Return the answer to *request* that an open file is; what is not sent is closed.

    Args:
        request: Decides with its method, its conditions and its ranges, where *status* is 200.
        file: The file, which belongs to the answer from here.
        headers: Those of the answer, to which this adds.
        status: Of an answer with the whole file.

    Raises:
        HTTPException: 412 if a condition does not hold, 416 if no range is in the file.
    """
    response = Response(file, status)
    response.headers = headers
    try:
        if status == 200:
            validators = _describe(file, headers)
            if request.method in ("GET", "HEAD"):
                _choose(request, file, response, validators)
        if response.body is file and file.count <= SMALL:  # for HEAD too: middleware shall see what it sees for GET
            response.body = file.read(file.offset, file.count)
    except BaseException:
        file.close()
        raise
    if response.body is not file:
        file.close()
    return response


def etag_of(file: File, coding: str = "") -> str:
    """Return the entity tag of a file: its size and the time of its last change, and the coding that it is in."""
    tag = f"{file.stat.st_size:x}-{file.stat.st_mtime_ns:x}"
    return f'"{tag}-{coding}"' if coding else f'"{tag}"'


def _describe(file: File, headers: MutableHeaders) -> Validators:
    etag = headers.get("etag")
    if etag is None:
        etag = etag_of(file)
        headers.append("etag", etag)
    headers["accept-ranges"] = "bytes"
    date = headers.get("last-modified")
    if date is not None:
        return Validators(etag, parse_date(date))
    modified = min(max(file.stat.st_mtime_ns // 10**9, 0), int(time.time()))  # never ahead (RFC 9110 section 8.8.2.1)
    headers.append("last-modified", format_date(modified))
    return Validators(etag, modified)


def _choose(request: HTTPConnection, file: File, response: Response, validators: Validators) -> None:
    """Make of the answer with the whole file the one that the request asks for."""
    headers = response.headers
    status = validators.precondition(request)
    if status == 412:
        raise HTTPException(412)
    if status == 304:
        response.status_code = 304
        response.body = None
        for name in _NOT_OF_304:
            headers.pop(name)
        return
    wanted = field(request, "range") if request.method == "GET" else None
    if wanted is None or not validators.allow_range(request):
        return
    size = file.stat.st_size
    ranges = parse_ranges(wanted, size)
    if ranges is None:
        return
    if not ranges:
        raise HTTPException(416, headers={"content-range": f"bytes */{size}"})
    if len(ranges) == 1:
        file.offset, file.count = ranges[0][0], ranges[0][1] - ranges[0][0]
        headers["content-range"] = content_range(ranges[0], size)
    elif sum(end - start for start, end in ranges) <= MAX_PARTS_SIZE:
        headers["content-type"], response.body = multipart(ranges, size, headers.get("content-type"), file.read)
    else:
        return
    response.status_code = 206


def content_disposition(kind: str, filename: str) -> str:
    """Return the header that names a file where it is saved: in ASCII, and as it is called where that differs.

    Raises:
        ValueError: If *kind* is no token, such as "attachment" or "inline".
    """
    if not _TOKEN(kind):
        raise ValueError(f'content_disposition_type is "attachment" or "inline", not {kind!r}')
    name = _UNSAFE.sub("_", filename)
    plain = _NOT_PLAIN.sub("_", name)
    if plain == name:
        return f'{kind}; filename="{plain}"'
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='!#$&+-.^_`|~', errors='replace')}"
