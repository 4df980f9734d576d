"""What callers are told who are refused: a status, a sentence, and how to do better (`WWW-Authenticate`)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from velocipy import HTTPException, SecurityScopes
from velocipy.description import Raised

NOT_AUTHENTICATED = "Not authenticated"
INVALID_CREDENTIALS = "Invalid authentication credentials"

_is_quotable = re.compile(r"[ -~]*").fullmatch
_is_description = re.compile(r"[ !#-\[\]-~]+").fullmatch
_is_scope = re.compile(r"[!#-\[\]-~]+").fullmatch  # RFC 6749 section 3.3


class AuthenticationError(HTTPException):
    """The caller is refused with 401 and challenges (RFC 9110 section 11.6.1).

    Args:
        challenge: The value of `WWW-Authenticate`: one challenge, or several with commas between.
        detail: For the caller; it must not tell what would help to guess.
    """

    def __init__(self, challenge: str, detail: str = NOT_AUTHENTICATED) -> None:
        super().__init__(401, detail, {"WWW-Authenticate": challenge})
        self.challenge = challenge


class InvalidCredentials(Exception):
    """What a function that verifies raises: these credentials are refused, with 401.

    Args:
        detail: For the caller, such as "The token has expired"; it must not tell what would help to guess. Challenges
            have it too, where a header can carry it.
    """

    def __init__(self, detail: str = INVALID_CREDENTIALS) -> None:
        super().__init__(detail)
        self.detail = detail


class InsufficientScope(HTTPException):
    """The caller is known, and may not do this: 403 (RFC 6750 section 3.1).

    Args:
        missing: The scopes that are missing.
        wanted: All that are needed, for the challenge; those that are missing by default.
        scheme: That of the challenge.
    """

    def __init__(
        self, missing: Iterable[str] = (), wanted: Iterable[str] | None = None, scheme: str = "Bearer"
    ) -> None:
        lacking = list(missing)
        scope = " ".join(lacking if wanted is None else wanted)
        told = challenge(scheme, {"error": "insufficient_scope", "scope": scope})
        super().__init__(403, f"Missing scope: {' '.join(lacking)}", {"WWW-Authenticate": told})
        self.missing = lacking


def check_scopes(wanted: SecurityScopes, granted: Iterable[str]) -> None:
    """Refuse a caller who has not every scope that was asked for on the way; in a dependency with `SecurityScopes`.

    Args:
        wanted: What `Security(..., scopes=[...])` asks for.
        granted: What the caller has: names, or the text of a token's claim `scope`, with spaces between.

    Raises:
        InsufficientScope: If one is missing.
    """
    has = set(granted.split() if isinstance(granted, str) else granted)
    missing = [scope for scope in wanted.scopes if scope not in has]
    if missing:
        raise InsufficientScope(missing, wanted.scopes)


def declared_by(function: object) -> tuple[Raised, ...]:
    """Return what *function* declares to raise, by `@raises` or an attribute of that name."""
    declared = getattr(function, "raises", ())
    return tuple(item for item in declared if isinstance(item, Raised)) if isinstance(declared, tuple) else ()


def challenge(scheme: str, parameters: Mapping[str, str | None]) -> str:
    """Return a challenge (RFC 9110 section 11.3); parameters that are None are left out.

    Raises:
        ValueError: If a value has a control, or a character beyond ASCII, which no header carries.
    """
    told = []
    for name, value in parameters.items():
        if value is None:
            continue
        if _is_quotable(value) is None:
            raise ValueError(f"{name}={value!r} has a control character or one beyond ASCII, which no header carries")
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        told.append(f'{name}="{escaped}"')
    return f"{scheme} {', '.join(told)}" if told else scheme


def described(detail: str) -> str | None:
    """Return *detail* for the challenge as `error_description`, None where that cannot have it (RFC 6750 section 3)."""
    return detail if _is_description(detail) else None


def check_scope_names(scopes: Mapping[str, str] | None) -> dict[str, str]:
    """Return *scopes*, from names to what they allow.

    Raises:
        TypeError: If it is no mapping.
        ValueError: If a name is none (RFC 6749 section 3.3).
    """
    if scopes is None:
        return {}
    if not isinstance(scopes, Mapping):
        raise TypeError(f"scopes maps names to what they allow, {{'items:read': 'Read items'}}, not {scopes!r}")
    for name in scopes:
        if not isinstance(name, str) or _is_scope(name) is None:
            raise ValueError(f"{name!r} names no scope; take visible ASCII characters, without spaces, quotes and \\")
    return dict(scopes)
