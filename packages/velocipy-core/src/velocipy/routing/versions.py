"""Which version of an API a request asks for, in a header or in the media type that it accepts."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import NamedTuple

from velocipy.errors import HTTPException
from velocipy.http.connection import HTTPConnection

is_version = re.compile(r"[A-Za-z0-9_.-]{1,64}").fullmatch

_QUALITY = re.compile(r"[ \t]*;[ \t]*q=([01](?:\.[0-9]{0,3})?)[ \t]*$", re.IGNORECASE)


class Asked(NamedTuple):
    """A version that a request asks for, and the media type in which it does."""

    version: str
    media_type: str | None = None


class APIVersion:
    """Tells which version of the API a request asks for; made by `from_header`, `from_accept` and `from_request`.

    Given to the application, it chooses among routes of one path: `VelociPy(versioning=APIVersion.from_header())` with
    `APIRouter(version="2")`. As a dependency it hands the version to a handler: `Depends(APIVersion.from_header())`.
    What names no version that there is, or none where there is no default, is answered with 406.

    A version is one to 64 letters, digits, dots, hyphens and underscores.
    """

    def __init__(
        self,
        find: Callable[[HTTPConnection], list[Asked]],
        vary: tuple[str, ...],
        default: str | None,
        allowed: Collection[str] | None,
    ) -> None:
        for version in (*([] if default is None else [default]), *(allowed or ())):
            if is_version(version) is None:
                raise ValueError(f"{version!r} is no version: give letters, digits, dots, hyphens and underscores")
        if default is not None and allowed is not None and default not in allowed:
            raise ValueError(f"the default {default!r} is not among the versions allowed: {sorted(allowed)}")
        self.vary = vary
        self.default = default
        self._find = find
        self._allowed = allowed

    @classmethod
    def from_header(
        cls, name: str = "X-API-Version", *, default: str | None = None, allowed: Collection[str] | None = None
    ) -> APIVersion:
        """Read the header *name*.

        Args:
            name: In any case.
            default: The version of a request that names none; None refuses it.
            allowed: The versions there are; any by default, or those of the routes.

        Raises:
            ValueError: If *default* or one of *allowed* is no version, or *default* is not allowed.
        """
        return cls(lambda request: _in_header(request, name), (name.lower(),), default, allowed)

    @classmethod
    def from_accept(
        cls,
        pattern: str = "application/vnd.example.{version}+json",
        *,
        default: str | None = None,
        allowed: Collection[str] | None = None,
    ) -> APIVersion:
        """Read the media types that the request accepts, the most wanted first (RFC 9110 section 12.5.1).

        Args:
            pattern: A media type with "{version}" in it, also in a parameter: "application/json; version={version}".
                JSON that a versioned route returns is sent as the type that was asked for.
            default, allowed: As in `from_header`.

        Raises:
            ValueError: If *pattern* has no "{version}"; further as `from_header` does.
        """
        match = _media_type_pattern(pattern)
        return cls(lambda request: _in_accept(request, match), ("accept",), default, allowed)

    @classmethod
    def from_request(
        cls,
        *,
        header_name: str = "X-API-Version",
        accept_pattern: str | None = None,
        default: str | None = None,
        allowed: Collection[str] | None = None,
    ) -> APIVersion:
        """Read the header, and where there is none, the media types that are accepted, if a pattern is given.

        Raises:
            ValueError: As `from_header` and `from_accept` do.
        """
        if accept_pattern is None:
            return cls.from_header(header_name, default=default, allowed=allowed)
        match = _media_type_pattern(accept_pattern)
        return cls(
            lambda request: _in_header(request, header_name) or _in_accept(request, match),
            (header_name.lower(), "accept"),
            default,
            allowed,
        )

    def asked(self, request: HTTPConnection) -> list[Asked]:
        """Return the versions that *request* would take, the most wanted first."""
        found = self._find(request)
        if not found and self.default is not None:
            found = [Asked(self.default)]
        return [item for item in found if self._allowed is None or item.version in self._allowed]

    async def __call__(self, request: HTTPConnection) -> str:
        """Return the version that *request* asks for.

        Raises:
            HTTPException: 406, if there is none.
        """
        for item in self.asked(request):
            if is_version(item.version):
                return item.version
        raise no_such_version(self._allowed or ())


def no_such_version(known: Collection[str]) -> HTTPException:
    """Return the answer to a request for a version that is not there."""
    there_are = f"; there are {', '.join(sorted(known))}" if known else ""
    return HTTPException(406, f"No version of the API that the request asks for{there_are}")


def _in_header(request: HTTPConnection, name: str) -> list[Asked]:
    value = request.header(name)
    return [Asked(value.strip())] if value and value.strip() else []


def _media_type_pattern(pattern: str) -> Callable[[str], re.Match[str] | None]:
    before, found, after = pattern.replace(" ", "").partition("{version}")
    if not found:
        raise ValueError(f'{pattern!r} has no "{{version}}", which says where the version stands')
    return re.compile(f"{re.escape(before)}([A-Za-z0-9_.-]{{1,64}}){re.escape(after)}", re.IGNORECASE).fullmatch


def _in_accept(request: HTTPConnection, match: Callable[[str], re.Match[str] | None]) -> list[Asked]:
    found: list[tuple[float, Asked]] = []
    for item in ",".join(request.headers.getlist("accept")).split(",")[:100]:
        quality = _QUALITY.search(item)
        media_type = "".join((item[: quality.start()] if quality else item).split())
        matched = match(media_type)
        weight = float(quality[1]) if quality else 1.0
        if matched and weight > 0:
            found.append((weight, Asked(matched[1], media_type)))
    found.sort(key=lambda pair: -pair[0])
    return [asked for _, asked in found]
