"""The header `Authorization` (RFC 9110 section 11.6.2): Basic (RFC 7617) and Bearer (RFC 6750)."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field
from typing import TypeVar

from velocipy import HTTPConnection
from velocipy.security.refusals import InvalidCredentials, challenge, described
from velocipy.security.schemes import SecurityBase, single_field
from velocipy.security_scheme import HTTPScheme, SecurityScheme

Credentials = TypeVar("Credentials")

_is_token68 = re.compile(r"[A-Za-z0-9._~+/-]+=*").fullmatch
_has_control = re.compile(r"[\x00-\x1f\x7f]").search


def read_authorization(connection: HTTPConnection, scheme: str) -> str | None:
    """Return what follows *scheme* in the header `Authorization`, None if there is no such header.

    Raises:
        InvalidCredentials: If there are several, it is of another scheme, or nothing follows.
    """
    value = single_field(connection.headers.getlist("authorization"))
    if value is None:
        return None
    name, _, rest = value.partition(" ")
    rest = rest.lstrip(" ")
    if name.lower() != scheme or not rest:
        raise InvalidCredentials
    return rest


class BearerBase(SecurityBase[str]):
    """What has a token in the header `Authorization`, whatever documents are told of it."""

    def __init__(self, scheme: SecurityScheme, *, auto_error: bool, realm: str | None = None) -> None:
        super().__init__(scheme, challenge=challenge("Bearer", {"realm": realm}), auto_error=auto_error)
        self._realm = realm

    def read(self, connection: HTTPConnection) -> str | None:
        """Return the token (RFC 6750 section 2.1)."""
        token = read_authorization(connection, "bearer")
        if token is not None and _is_token68(token) is None:
            raise InvalidCredentials
        return token

    def _challenge_of_invalid(self, connection: HTTPConnection, error: InvalidCredentials) -> str:
        told = {"realm": self._realm, "error": "invalid_token", "error_description": described(error.detail)}
        return challenge("Bearer", told)


class HTTPBearer(BearerBase):
    """A token in `Authorization: Bearer ...` (RFC 6750); the token is the value.

    Args:
        bearer_format: For documents: what the tokens are, such as "JWT".
        realm: What is protected, for the challenge.
        scheme_name: In documents; the name of the class by default.
        description: For people.
        auto_error: Whether who sends none, or what is none, is refused; else the value is None.
    """

    def __init__(
        self,
        *,
        bearer_format: str | None = None,
        realm: str | None = None,
        scheme_name: str | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        name = scheme_name or type(self).__name__
        scheme = HTTPScheme(scheme_name=name, description=description, scheme="bearer", bearer_format=bearer_format)
        super().__init__(scheme, auto_error=auto_error, realm=realm)


@dataclass(frozen=True, slots=True)
class HTTPBasicCredentials:
    """A name and a password, as they were sent.

    Attributes:
        username: Not empty.
        password: It is left out of the repr.
    """

    username: str
    password: str = field(repr=False)


class HTTPBasic(SecurityBase[HTTPBasicCredentials]):
    """A name and a password in `Authorization: Basic ...` (RFC 7617); the value is an `HTTPBasicCredentials`.

    Args:
        realm: What is protected; browsers show it where they ask for the password.
        scheme_name: In documents; the name of the class by default.
        description: For people.
        auto_error: Whether who sends none, or unreadable ones, is refused; else the value is None.
    """

    def __init__(
        self,
        *,
        realm: str = "Restricted",
        scheme_name: str | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        name = scheme_name or type(self).__name__
        scheme = HTTPScheme(scheme_name=name, description=description, scheme="basic")
        told = challenge("Basic", {"realm": realm, "charset": "UTF-8"})
        super().__init__(scheme, challenge=told, auto_error=auto_error)

    def read(self, connection: HTTPConnection) -> HTTPBasicCredentials | None:
        """Return what stands before and after the first colon, read as UTF-8."""
        encoded = read_authorization(connection, "basic")
        if encoded is None:
            return None
        try:
            text = base64.b64decode(encoded, validate=True).decode()
        except (binascii.Error, ValueError):
            raise InvalidCredentials from None
        username, colon, password = text.partition(":")
        if not colon or not username or _has_control(text):
            raise InvalidCredentials
        return HTTPBasicCredentials(username, password)
