"""Signatures: HMAC-SHA256 with keys of one purpose each, so that what is signed for one thing is nothing elsewhere."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable

from velocipy import Secret

MINIMUM = 32  # bytes: what SHA-256 has (RFC 2104 section 3)

SecretKey = str | bytes | Secret[str]


class Signer:
    """Signs text for one purpose, and knows its own signatures again.

    Args:
        secret_key: 32 bytes or more; several for rotation: the first signs, all verify.
        purpose: From which, with each key, the key is derived that signs (CVE-2026-6873).

    Raises:
        ValueError: If there is no key, or one is too short.
    """

    def __init__(self, secret_key: SecretKey | Iterable[SecretKey], purpose: str) -> None:
        given = [secret_key] if isinstance(secret_key, str | bytes | Secret) else list(secret_key)
        if not given:
            raise ValueError("secret_key has no key; give one, or several with the newest first")
        info = f"velocipy.security {purpose}".encode()
        self._keys = [hmac.digest(_key_bytes(key), info, hashlib.sha256) for key in given]

    def sign(self, text: str) -> str:
        """Return *text* with its signature after a dot."""
        return f"{text}.{self.signature(text)}"

    def unsign(self, signed: str) -> str | None:
        """Return the text of *signed*, None if no key has signed it."""
        text, dot, signature = signed.rpartition(".")
        return text if dot and self.has_signed(text, signature) else None

    def signature(self, text: str) -> str:
        """Return the signature of *text* by the newest key."""
        return _signature(self._keys[0], text)

    def has_signed(self, text: str, signature: str) -> bool:
        """Tell whether *signature* is that of *text*, by any key; all are tried, so that the time tells nothing."""
        sent = signature.encode("utf-8", "surrogatepass")
        matching = [hmac.compare_digest(_signature(key, text).encode(), sent) for key in self._keys]
        return any(matching)


def _key_bytes(key: SecretKey) -> bytes:
    value = key.get_secret_value() if isinstance(key, Secret) else key
    data = value.encode() if isinstance(value, str) else value
    if not isinstance(data, bytes):
        raise TypeError(f"a secret_key is str or bytes, not {type(data).__name__}")
    if len(data) < MINIMUM:
        raise ValueError(
            f"a secret_key has {len(data)} bytes; give {MINIMUM} random ones or more: "
            'python -c "import secrets; print(secrets.token_urlsafe(32))"'
        )
    return data


def _signature(key: bytes, text: str) -> str:
    digest = hmac.digest(key, text.encode("utf-8", "surrogatepass"), hashlib.sha256)
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
