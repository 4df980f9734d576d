"""Cookies that only their maker can have made: signed, or encrypted too. Keys of their own for each use and cookie."""

from __future__ import annotations

import hmac
import logging
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Sequence
from os import urandom
from typing import Any, Protocol

from velocipy import Secret

SecretKey = str | bytes | Secret[Any]

_logger = logging.getLogger("velocipy.sessions")

SHORTEST = 32  # bytes of a key
_FEWEST = 8  # different ones among them
_NONCE = 12  # bytes (NIST SP 800-38D section 8.2.2)
_TAG = 16
MAKE_A_KEY = "python -c 'import secrets; print(secrets.token_urlsafe(48))'"


class Seal(Protocol):
    """Makes text of bytes that only who has the key could have made, and bytes of it again."""

    def close(self, payload: bytes) -> str: ...

    def open(self, text: str) -> bytes | None:
        """Return what was closed; None if a single character is not as it was."""
        ...


class SignedSeal:
    """base64url(payload) "." base64url(HMAC-SHA256 of that text): everybody can read it.

    Args:
        keys: The first closes, all open.
        name: Of the cookie: what is one cookie's passes for no other's.
    """

    def __init__(self, keys: Sequence[bytes], name: str) -> None:
        self._keys = [_derive(key, "signed", name) for key in keys]

    def close(self, payload: bytes) -> str:
        text = _encode(payload)
        return f"{text.decode()}.{_encode(_sign(self._keys[0], text)).decode()}"

    def open(self, text: str) -> bytes | None:
        if not text.isascii():
            return None
        payload, _, signature = text.encode().rpartition(b".")
        for key in self._keys:
            # Texts are compared, for several texts of base64 can mean the same bytes.
            if hmac.compare_digest(_encode(_sign(key, payload)), signature):
                return _decode(payload)
        return None


class EncryptedSeal:
    """base64url(nonce, AES-256-GCM of payload): nobody can read it. Needs the extra `encrypted`.

    Args:
        keys: The first closes, all open.
        name: Of the cookie.

    Raises:
        ImportError: If cryptography is not installed.
    """

    def __init__(self, keys: Sequence[bytes], name: str) -> None:
        try:
            from cryptography.exceptions import InvalidTag
            from cryptography.hazmat.primitives.ciphers.aead import AESGCM
        except ImportError:
            raise ImportError(
                'encrypted sessions need cryptography: pip install "velocipy-sessions[encrypted]"'
            ) from None
        self._ciphers = [AESGCM(_derive(key, "encrypted", name)) for key in keys]
        self._invalid = InvalidTag

    def close(self, payload: bytes) -> str:
        nonce = urandom(_NONCE)
        return _encode(nonce + self._ciphers[0].encrypt(nonce, payload, None)).decode()

    def open(self, text: str) -> bytes | None:
        if not text.isascii():
            return None
        sealed = _decode(text.encode())
        if sealed is None or len(sealed) < _NONCE + _TAG or _encode(sealed) != text.encode():
            return None
        for cipher in self._ciphers:
            try:
                return cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], None)
            except self._invalid:
                continue
        return None


def read_keys(given: SecretKey | Sequence[SecretKey]) -> list[bytes]:
    """Return the keys that were given, the newest first.

    One that is weak is warned of on the log; no message has it.

    Raises:
        ValueError: If there is none, or one is empty.
        TypeError: If one is neither text nor bytes.
    """
    several = [given] if isinstance(given, (str, bytes, Secret)) else given
    if not isinstance(several, Sequence) or isinstance(several, (bytearray, memoryview)):
        raise TypeError(f"secret_key is a str, or a list of them, not a {type(given).__name__}")
    if not several:
        raise ValueError(f"secret_key is empty; make one with {MAKE_A_KEY}, and keep it secret")
    return [_read_key(key, f" {number}" if len(several) > 1 else "") for number, key in enumerate(several, 1)]


def _read_key(given: Any, number: str) -> bytes:
    key = given.get_secret_value() if isinstance(given, Secret) else given
    if isinstance(key, str):
        key = key.encode("utf-8", "surrogatepass")
    if not isinstance(key, bytes):
        raise TypeError(f"secret_key{number} is a str, not a {type(key).__name__}")
    if not key.strip():
        raise ValueError(f"secret_key{number} is empty; make one with {MAKE_A_KEY}, and keep it secret")
    if len(key) < SHORTEST or len(set(key)) < _FEWEST:
        what = f"has {len(key)} bytes, and needs {SHORTEST}" if len(key) < SHORTEST else "is hardly random"
        _logger.warning(
            "secret_key%s of SessionMiddleware %s: who guesses it can be anybody. Make one with %s, and keep it secret",
            number,
            what,
            MAKE_A_KEY,
        )
    return key


def _derive(key: bytes, purpose: str, name: str) -> bytes:
    return hmac.digest(key, f"velocipy.sessions|1|{purpose}|{name}".encode(), "sha256")


def _sign(key: bytes, text: bytes) -> bytes:
    return hmac.digest(key, text, "sha256")


def _encode(content: bytes) -> bytes:
    return urlsafe_b64encode(content).rstrip(b"=")


def _decode(text: bytes) -> bytes | None:
    try:
        return urlsafe_b64decode(text + b"=" * (-len(text) % 4))
    except Base64Error:
        return None
