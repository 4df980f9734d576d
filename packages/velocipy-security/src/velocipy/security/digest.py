"""Digest authentication (RFC 7616): a proof of the password instead of the password, for clients that know no better.

The nonce is signed and has its time, so that any worker knows it again and nothing is stored. What it does not do is to
count the uses of a nonce: who can listen can repeat the same request until the nonce is old. Use it over https.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import time
from dataclasses import dataclass, field
from urllib.parse import unquote

from velocipy import HTTPConnection, Secret
from velocipy.security.api_keys import same_secret
from velocipy.security.authorization import read_authorization
from velocipy.security.refusals import InvalidCredentials, challenge
from velocipy.security.schemes import SecurityBase
from velocipy.security.signing import Signer
from velocipy.security_scheme import HTTPScheme

_PARAMETER = re.compile(r'\s*([A-Za-z*]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",]+))\s*(?:,|$)')
_REQUIRED = ("username", "realm", "nonce", "uri", "response", "qop", "nc", "cnonce")
_is_count = re.compile(r"[0-9a-fA-F]{8}").fullmatch


@dataclass(frozen=True, slots=True)
class HTTPDigestCredentials:
    """Who somebody says to be, and a proof, which is to be verified by `matches`.

    Attributes:
        username: As it was sent.
        realm: The scheme's.
    """

    username: str
    realm: str
    _method: str = field(repr=False)
    _parameters: dict[str, str] = field(repr=False)

    def matches(self, password: str) -> bool:
        """Tell whether the proof was made with *password*."""
        return self.matches_hash(digest_hash(self.username, self.realm, password))

    def matches_hash(self, digest: str) -> bool:
        """Tell whether the proof was made with the password of which `digest_hash` made *digest*."""
        sent = self._parameters
        request = _sha256(f"{self._method}:{sent['uri']}")
        expected = _sha256(f"{digest}:{sent['nonce']}:{sent['nc']}:{sent['cnonce']}:{sent['qop']}:{request}")
        return same_secret(sent["response"].lower(), expected)


def digest_hash(username: str, realm: str, password: str) -> str:
    """Return what may be kept in the place of the password; it is as good as the password within the realm."""
    return _sha256(f"{username}:{realm}:{password}")


class HTTPDigest(SecurityBase[HTTPDigestCredentials]):
    """A proof of a password in `Authorization: Digest ...` (RFC 7616); the value is an `HTTPDigestCredentials`.

    The algorithm is SHA-256, and `qop` is "auth". The proof is good for this method and this URL alone. Whether it is
    that of the password is not known yet: ask `credentials.matches(password)`.

    Args:
        secret_key: Signs nonces; the same for all workers. Several for rotation, the newest first.
        realm: What is protected; browsers show it where they ask for the password.
        nonce_lifetime: For how many seconds a nonce is good; then clients are told a new one, without asking people.
        scheme_name: In documents; the name of the class by default.
        description: For people.
        auto_error: Whether who sends none, or unreadable ones, is refused; else the value is None.
    """

    def __init__(
        self,
        *,
        secret_key: str | bytes | Secret[str] | list[str | bytes | Secret[str]],
        realm: str = "Restricted",
        nonce_lifetime: float = 300,
        scheme_name: str | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        if not nonce_lifetime > 0:
            raise ValueError(f"nonce_lifetime is {nonce_lifetime!r}; give seconds over 0")
        scheme = HTTPScheme(scheme_name=scheme_name or type(self).__name__, description=description, scheme="digest")
        super().__init__(scheme, challenge=challenge("Digest", {"realm": realm}), auto_error=auto_error)
        self._realm = realm
        self._lifetime = nonce_lifetime
        self._signer = Signer(secret_key, "digest-nonce-1")

    def challenge(self, connection: HTTPConnection) -> str:
        """Return a challenge with a new nonce."""
        return self._with_nonce()

    def read(self, connection: HTTPConnection) -> HTTPDigestCredentials | None:
        """Return the proof."""
        text = read_authorization(connection, "digest")
        if text is None:
            return None
        sent = _parse(text)
        if sent["realm"] != self._realm or sent["qop"] != "auth" or sent.get("algorithm", "MD5").upper() != "SHA-256":
            raise InvalidCredentials
        if not sent["username"] or _is_count(sent["nc"]) is None or not _is_target(connection, sent["uri"]):
            raise InvalidCredentials
        made = self._signer.unsign(sent["nonce"])
        if made is None:
            raise InvalidCredentials
        if not 0 <= time.time() - int(made.partition(".")[0]) <= self._lifetime:
            raise _Stale
        return HTTPDigestCredentials(sent["username"], self._realm, connection.method, sent)

    def _challenge_of_invalid(self, connection: HTTPConnection, error: InvalidCredentials) -> str:
        return self._with_nonce(is_stale=isinstance(error, _Stale))

    def _with_nonce(self, *, is_stale: bool = False) -> str:
        nonce = self._signer.sign(f"{int(time.time())}.{secrets.token_urlsafe(12)}")
        told = challenge("Digest", {"realm": self._realm, "nonce": nonce})
        return f'{told}, qop="auth", algorithm=SHA-256, charset=UTF-8{", stale=true" if is_stale else ""}'


class _Stale(InvalidCredentials):
    """The proof may be right, but its nonce is old."""


def _parse(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    position = 0
    while position < len(text):
        match = _PARAMETER.match(text, position)
        if match is None or match[1].lower() in found:
            raise InvalidCredentials
        found[match[1].lower()] = match[3] if match[2] is None else re.sub(r"\\(.)", r"\1", match[2])
        position = match.end()
    if not all(name in found for name in _REQUIRED):
        raise InvalidCredentials
    return found


def _is_target(connection: HTTPConnection, uri: str) -> bool:
    """Tell whether *uri* is what was asked for; decoded, because not every server tells it as it was sent."""
    path, _, query = uri.partition("?")
    return unquote(path) == connection.root_path + connection.path and query == connection.query_string


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
