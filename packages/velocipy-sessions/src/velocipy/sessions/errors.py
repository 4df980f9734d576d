"""What can go wrong with a session."""

from collections.abc import Mapping

from velocipy import HTTPException, VelociPyException

COOKIE_LIMIT = 4096
"""Bytes of a cookie with its attributes; browsers drop what is longer (RFC 6265bis section 5.6)."""


class SessionUnavailable(HTTPException):
    """The store of the sessions cannot be reached; it answers 503."""

    def __init__(self) -> None:
        super().__init__(503, "The session is not available at the moment", {"retry-after": "5"})


class SessionConflict(HTTPException):
    """Another request has changed the same keys of the session meanwhile; it answers 409, and nothing is stored.

    Attributes:
        keys: Those that both have changed.
    """

    def __init__(self, keys: list[str]) -> None:
        super().__init__(409, "Another request has changed the session at the same time; try again")
        self.keys = keys


class SessionTooLarge(VelociPyException):
    """The cookie of a session would be longer than browsers keep; the message has the size of each key."""

    def __init__(self, size: int, sizes: Mapping[str, int]) -> None:
        told = ", ".join(f"{key!r} {bytes_}" for key, bytes_ in sizes.items())
        super().__init__(
            f"the cookie of the session takes {size} bytes; browsers drop those over {COOKIE_LIMIT}. Its keys have, in "
            f"bytes of JSON: {told}. Keep less in it, or keep it on the server: "
            "SessionMiddleware(store=SessionStore(...))"
        )
