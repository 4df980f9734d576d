"""Keys of programs: where they are sent, and how they are made, kept and compared."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from typing import Generic, Literal, TypeVar

from velocipy import HTTPConnection
from velocipy.security.refusals import InvalidCredentials, challenge
from velocipy.security.schemes import SecurityBase, single, single_field
from velocipy.security_scheme import APIKeyScheme

Owner = TypeVar("Owner")

_is_token = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+").fullmatch  # RFC 9110 section 5.6.2
_is_hash = re.compile(r"[0-9a-f]{64}").fullmatch


class _APIKey(SecurityBase[str]):
    place: Literal["header", "query", "cookie"]

    def __init__(
        self,
        name: str,
        *,
        scheme_name: str | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        if not isinstance(name, str) or not name or (self.place != "query" and _is_token(name) is None):
            raise ValueError(f"{name!r} names no {self.place} field; give a name such as 'X-API-Key'")
        scheme = APIKeyScheme(
            scheme_name=scheme_name or type(self).__name__, description=description, place=self.place, name=name
        )
        # No scheme is registered for these, but a 401 has a challenge in any case (RFC 9110 section 15.5.2).
        told = challenge("APIKey", {"in": self.place, "name": name if name.isascii() and name.isprintable() else None})
        super().__init__(scheme, challenge=told, auto_error=auto_error)
        self.name = name


class APIKeyHeader(_APIKey):
    """A key in a header; its value is the dependency's.

    Args:
        name: Of the header, in any case.
        scheme_name: In documents; the name of the class by default.
        description: For people.
        auto_error: Whether who sends none, or a blank one, or several, is refused; else the value is None.
    """

    place = "header"

    def read(self, connection: HTTPConnection) -> str | None:
        """Return the value of the header."""
        return single_field(connection.headers.getlist(self.name))


class APIKeyQuery(_APIKey):
    """A key in the query, and so in logs and histories: take another place where clients can; see `APIKeyHeader`."""

    place = "query"

    def read(self, connection: HTTPConnection) -> str | None:
        """Return the parameter of the query."""
        params = connection.query_params
        return single(params.getlist(self.name) if self.name in params else [])


class APIKeyCookie(_APIKey):
    """A key in a cookie, which browsers send with other sites' requests too (`CSRFMiddleware`); see `APIKeyHeader`."""

    place = "cookie"

    def read(self, connection: HTTPConnection) -> str | None:
        """Return the cookie."""
        value = connection.cookies.get(self.name)
        return single([] if value is None else [value])


def make_api_key(prefix: str = "") -> str:
    """Return a new key: *prefix*, by which people and scanners tell what it is, and 256 random bits."""
    return prefix + secrets.token_urlsafe(32)


def hash_api_key(key: str) -> str:
    """Return what is kept of a key: its SHA-256 in hexadecimal. A key is random: a slow hash would add nothing."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def same_secret(given: str | bytes, expected: str | bytes) -> bool:
    """Tell whether two secrets are equal, in a time that does not tell how much of them is.

    Nor does it tell how long the expected one is. Text is compared as UTF-8, so that any may be given.
    """
    digests = [
        hashlib.sha256(secret.encode("utf-8", "surrogatepass") if isinstance(secret, str) else secret).digest()
        for secret in (given, expected)
    ]
    return hmac.compare_digest(*digests)


class APIKeys(Generic[Owner]):
    """Keys that are known, by their hashes; it verifies them: `Verified(APIKeyHeader("X-API-Key"), keys)`.

    Args:
        owners: Whose key has which hash, as `hash_api_key` makes it.

    Raises:
        TypeError: If *owners* is no mapping.
        ValueError: If a hash is none; a key itself is not to be kept.
    """

    not_a_dependency = "Depend on Verified(scheme, APIKeys(...)), which hands it the credentials."

    def __init__(self, owners: Mapping[str, Owner]) -> None:
        if not isinstance(owners, Mapping):
            given = type(owners).__name__
            raise TypeError(f"APIKeys takes the owners by the hashes: {{hash_api_key(key): owner}}, not a {given}")
        for number, digest in enumerate(owners, 1):
            if not isinstance(digest, str) or _is_hash(digest) is None:
                raise ValueError(f"APIKeys: entry {number} is no hash; keep hash_api_key(key), and not the key")
        self._owners = {digest.encode(): owner for digest, owner in owners.items()}

    async def __call__(self, key: str) -> Owner:
        """Return the owner of *key*.

        Raises:
            InvalidCredentials: If nobody is.
        """
        digest, found = hash_api_key(key).encode(), []
        for known, owner in self._owners.items():  # all of them, so that the time is the same for each
            if hmac.compare_digest(known, digest):
                found.append(owner)
        if not found:
            raise InvalidCredentials
        return found[0]

    def __repr__(self) -> str:
        return f"APIKeys({len(self._owners)} keys)"
