"""A folder as routes: `StaticFiles`."""

from __future__ import annotations

import os
from collections.abc import Mapping

from velocipy.concurrency import run_in_thread
from velocipy.errors import HTTPException, StartupError
from velocipy.http.headers import MutableHeaders, check_header
from velocipy.http.request import Request
from velocipy.http.response import File, RedirectResponse, Response

_LONGEST = 4096  # what systems take for a path
_CODINGS = {"br": ".br", "zstd": ".zst", "gzip": ".gz"}  # what is taken first where the client has no preference


class StaticFiles:
    """Serves the files in a folder, and nothing outside of it: `app.mount("/static", StaticFiles("static"))`.

    Each request looks at the disk, in a worker thread: a file that is new, changed or gone is so for the next request.
    Answers have an ETag and a date; conditional requests and ranges are those of `FileResponse`. What is not to be had
    is 404 in every case: what does not exist, folders, what is no regular file, what may not be read, links out of the
    folder, names that start with a dot, and names that mean something else on Windows (`a:b`, `nul.txt`, `a\\b`).

    Args:
        directory: The folder. It must exist at start-up.
        html: Whether a path with a slash at its end is answered with the index.html of that folder, and one without
            is sent there.
        fallback: The file, such as "index.html", that answers where there is none and the path has no dot in its last
            part: for applications that have their routes in the browser. It must exist at start-up. None for 404.
        precompressed: Whether "app.js.br", "app.js.zst" or "app.js.gz" is sent instead of "app.js" to clients that
            take it, if it is not older.
        cache_control: The header for every file; or headers by pattern of the path in the folder, of which the first
            counts that fits. "*" stands for any text with slashes.
        dotfiles: Whether names that start with a dot are served.

    Raises:
        ValueError: If a header cannot be sent.
    """

    IMMUTABLE = "public, max-age=31536000, immutable"
    """The `cache-control` of files that never change under their name, since that has their hash (RFC 8246)."""

    def __init__(
        self,
        directory: str | os.PathLike[str],
        *,
        html: bool = False,
        fallback: str | None = None,
        precompressed: bool = False,
        cache_control: str | Mapping[str, str] | None = None,
        dotfiles: bool = False,
    ) -> None:
        from velocipy.files.folder import Folder

        self.directory = os.fspath(directory)
        self._folder = Folder(directory, dotfiles=dotfiles)
        self._html = html
        self._fallback = fallback.split("/") if fallback else None
        self._precompressed = precompressed
        rules = {"*": cache_control} if isinstance(cache_control, str) else cache_control or {}
        self._cache_control = {pattern: check_header("cache-control", value)[1] for pattern, value in rules.items()}

    def faults(self) -> list[StartupError]:
        """Return what keeps it from serving; asked for when the application starts."""
        from pathlib import Path

        path = Path(self._folder.path)
        if not path.is_dir():
            problem = "is no directory" if path.exists() else "does not exist"
            return [StartupError(f"the directory {path} of StaticFiles {problem}.", "Create it, or correct the path.")]
        if self._fallback and not self._is_file(self._fallback):
            problem = f"the fallback {'/'.join(self._fallback)!r} of StaticFiles is no file in {path}."
            return [StartupError(problem, "Create it, or correct its path in the directory.")]
        return []

    async def __call__(self, request: Request, path: str) -> Response:
        """Answer a GET or HEAD for the file at *path*, which is what follows the mount in the path of the request.

        Raises:
            HTTPException: 404, 412 or 416.
        """
        return await run_in_thread(self._answer, request, path)

    def _answer(self, request: Request, path: str) -> Response:
        names = path.split("/")
        if not names[-1]:
            names.pop()
        if len(path) > _LONGEST or not all(map(self._folder.allows, names)):
            raise HTTPException(404)
        file = None
        if not request.path.endswith("/"):
            try:
                file = self._folder.open(names)
            except IsADirectoryError:
                if self._html and self._is_file([*names, "index.html"]):
                    return _to_folder(request)
        elif self._html:
            names.append("index.html")
            file = self._open_file(names)
        if file is None and self._fallback and "." not in path.rstrip("/").rpartition("/")[2]:
            names = self._fallback
            file = self._open_file(names)
        if file is None:
            raise HTTPException(404)
        return self._send(request, file, names)

    def _open_file(self, names: list[str]) -> File | None:
        try:
            return self._folder.open(names)
        except IsADirectoryError:
            return None

    def _is_file(self, names: list[str]) -> bool:
        file = self._open_file(names)
        if file is not None:
            file.close()
        return file is not None

    def _send(self, request: Request, file: File, names: list[str]) -> Response:
        from fnmatch import fnmatchcase

        from velocipy.http.files import answer
        from velocipy.http.media_types import media_type_of

        headers = MutableHeaders({"content-type": media_type_of(names[-1])})
        path = "/".join(names)
        for pattern, value in self._cache_control.items():
            if fnmatchcase(path, pattern):
                headers.append("cache-control", value)
                break
        if self._precompressed:
            headers.append("vary", "accept-encoding")
            file = self._compressed(request, file, names, headers)
        return answer(request, file, headers)

    def _compressed(self, request: Request, file: File, names: list[str], headers: MutableHeaders) -> File:
        """Return what to send of *file* and its compressed forms, and say so in *headers*."""
        from velocipy.http.conditional import field
        from velocipy.http.files import etag_of
        from velocipy.http.negotiation import preferred_codings

        for coding in preferred_codings(field(request, "accept-encoding") or "", list(_CODINGS)):
            compressed = self._open_file([*names[:-1], names[-1] + _CODINGS[coding]])
            if compressed is None:
                continue
            if int(compressed.stat.st_mtime) >= int(file.stat.st_mtime):  # seconds: not every tool keeps more
                file.close()
                headers.append("content-encoding", coding)
                headers.append("etag", etag_of(compressed, coding))
                return compressed
            compressed.close()
        return file


def _to_folder(request: Request) -> Response:
    """Send the client to the same path with a slash, from which the links on the page of a folder lead on.

    The way is told from where the client is, so that it can lead to no other host, whatever the path begins with.
    """
    from urllib.parse import quote

    query = f"?{request.query_string}" if request.query_string else ""
    return RedirectResponse(f"./{quote(request.path.rpartition('/')[2], safe='')}/{query}")
