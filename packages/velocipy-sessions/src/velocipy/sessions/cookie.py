"""The cookie of a session: its name, its attributes, and how long it may be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from velocipy import Response
from velocipy.sessions.content import Content, sizes
from velocipy.sessions.errors import COOKIE_LIMIT, SessionTooLarge
from velocipy.sessions.keeping import logger

SameSite = Literal["lax", "strict", "none"]

WARNING_AT = 3584  # bytes, with the attributes
PREFIXES = ("__host-", "__secure-")  # which browsers know in any case
_HOST = "__Host-"


class SessionCookie:
    """A cookie with its attributes, for one scheme.

    Attributes:
        name: With its prefix.

    Raises:
        ValueError: If browsers would refuse it.
    """

    __slots__ = ("_attributes", "_deletion", "name")

    def __init__(
        self,
        name: str,
        *,
        max_age: int | None,
        path: str,
        domain: str | None,
        secure: bool,
        http_only: bool,
        same_site: SameSite | None,
        host_prefix: bool,
        partitioned: bool,
    ) -> None:
        if secure and host_prefix and path == "/" and domain is None and not name.lower().startswith(PREFIXES):
            name = _HOST + name
        self.name = name

        def written(max_age: int | None) -> str:
            response = Response()
            response.set_cookie(
                name,
                max_age=max_age,
                path=path,
                domain=domain,
                secure=secure,
                httponly=http_only,
                samesite=same_site,
                partitioned=partitioned,
            )
            return response.headers["set-cookie"]

        self._deletion = written(0)
        self._attributes = written(max_age).removeprefix(f"{name}=")

    def header(self, value: str | None, content: Callable[[], Content]) -> str:
        """Return the value of the `set-cookie` header.

        Args:
            value: Text that needs no quoting; None deletes the cookie.
            content: What is in it, to tell what makes it long.

        Raises:
            SessionTooLarge: If browsers would drop it.
        """
        if value is None:
            return self._deletion
        cookie = f"{self.name}={value}{self._attributes}"
        if len(cookie) > WARNING_AT:
            if len(cookie) > COOKIE_LIMIT:
                raise SessionTooLarge(len(cookie), sizes(content()))
            told = ", ".join(f"{key!r} {size}" for key, size in sizes(content()).items())
            logger.warning(
                "the cookie of a session takes %d bytes; over %d it is an error. Its keys have, in bytes of JSON: %s",
                len(cookie),
                COOKIE_LIMIT,
                told,
            )
        return cookie
