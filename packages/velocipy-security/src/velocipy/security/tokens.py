"""JSON Web Tokens (RFC 7519), by PyJWT: verified with the algorithms that were said, and issued.

What is decided before a token is looked at: which algorithms there are, and which key is for which (RFC 8725).
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from typing import Any, Generic, Protocol, TypeVar, cast, overload, runtime_checkable

from velocipy import Secret, ValidationError
from velocipy.decoders import make_decoder
from velocipy.description import Raised
from velocipy.security.refusals import InvalidCredentials, declared_by

Claims = TypeVar("Claims")

HMAC = frozenset({"HS256", "HS384", "HS512"})
ASYMMETRIC = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES256K", "ES384", "ES512", "EdDSA"}
)
MAX_LENGTH = 16 * 1024
"""Characters of a token. Longer ones are refused before they are read."""

_is_token = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+").fullmatch
MINIMUM_RSA = 2048
"""Bits of a key for RS256 and the like (RFC 7518 section 3.3)."""


@runtime_checkable
class KeySource(Protocol):
    """Where public keys come from that change; a `JWKS` is one."""

    async def keys_for(self, kid: str | None, algorithm: str) -> list[Any]:
        """Return the keys, of cryptography, that may have signed a token with these headers.

        Args:
            kid: Which key the token names; None if it names none.
            algorithm: One of those that the verifier takes.
        """
        ...


Key = str | bytes | Secret[str]


class JWTVerifier(Generic[Claims]):
    """Verifies tokens; `Verified(HTTPBearer(), verifier)` is the dependency, whose value are the claims.

    Args:
        key: A secret for HMAC; a public key in PEM; or a `JWKS`, which has the keys of a provider.
        algorithms: Which are taken. All of one kind: HMAC, or with public keys.
        issuer: What `iss` has to be, or one of several; None for whatever it is.
        audience: What `aud` has to have, or one of several; None if tokens have none. One that has it is refused then.
        required: Claims that a token must have, besides `exp`, and `iss` and `aud` where they are given.
        token_type: What the header `typ` has to be, such as "at+jwt" (RFC 9068), so that no ID token passes.
        leeway: For how many seconds clocks may differ.
        max_age: How many seconds ago a token may have been issued (`iat`), at most; None for any time.
        claims: The type of the value: a model, of which the claims are made; a dict by default.

    Raises:
        ModuleNotFoundError: If PyJWT is not installed; the message tells the command.
        ValueError, TypeError: If an algorithm is none, or not for the key; if a secret is too short.
    """

    not_a_dependency = "Depend on Verified(scheme, JWTVerifier(...)), which hands it the credentials."

    @overload
    def __init__(
        self: JWTVerifier[dict[str, Any]],
        key: Key | KeySource,
        *,
        algorithms: Iterable[str],
        issuer: str | Iterable[str] | None = None,
        audience: str | Iterable[str] | None = None,
        required: Iterable[str] = (),
        token_type: str | None = None,
        leeway: float = 10,
        max_age: float | None = None,
    ) -> None: ...

    @overload
    def __init__(
        self,
        key: Key | KeySource,
        *,
        algorithms: Iterable[str],
        issuer: str | Iterable[str] | None = None,
        audience: str | Iterable[str] | None = None,
        required: Iterable[str] = (),
        token_type: str | None = None,
        leeway: float = 10,
        max_age: float | None = None,
        claims: type[Claims],
    ) -> None: ...

    def __init__(
        self,
        key: Key | KeySource,
        *,
        algorithms: Iterable[str],
        issuer: str | Iterable[str] | None = None,
        audience: str | Iterable[str] | None = None,
        required: Iterable[str] = (),
        token_type: str | None = None,
        leeway: float = 10,
        max_age: float | None = None,
        claims: Any = dict,
    ) -> None:
        jwt = import_jwt()
        self._algorithms = _check_algorithms(algorithms)
        if isinstance(key, KeySource):
            if self._algorithms[0] in HMAC:
                raise ValueError("keys of a JWKS are public: with HMAC everybody could sign; name RS256 or the like")
            self._source: KeySource = key
        else:
            self._source = _Fixed(_check_key(jwt, key, self._algorithms))
        if not leeway >= 0 or leeway > 300:
            raise ValueError(f"leeway is {leeway!r}; give 0 to 300 seconds")
        if max_age is not None and not max_age > 0:
            raise ValueError(f"max_age is {max_age!r}; give seconds over 0, or None")
        self._issuers = _names("issuer", issuer)
        self._audiences = _names("audience", audience)
        wanted = {"exp", *(_names("required", required) or ())}
        wanted |= {name for name, values in (("iss", self._issuers), ("aud", self._audiences)) if values}
        wanted |= {"iat"} if max_age is not None else set()
        self._required = sorted(wanted)
        self._type = None if token_type is None else token_type.lower().removeprefix("application/")
        self._leeway = leeway
        self._max_age = max_age
        self._convert: Callable[[Any], Claims] | None = None if claims is dict else make_decoder(claims)
        self._jwt: Any = jwt

    @property
    def raises(self) -> tuple[Raised, ...]:
        """What documents are told that it raises, besides what is wrong with tokens: no keys can be had."""
        return declared_by(self._source.keys_for)

    async def __call__(self, token: str) -> Claims:
        """Return the claims of *token*; see `verify`."""
        return await self.verify(token)

    async def verify(self, token: str) -> Claims:
        """Return the claims of *token*.

        Raises:
            InvalidCredentials: If it is no token, not signed by the key, not valid now, or lacks a claim.
            VelociPyException: If the keys cannot be had; see `JWKS`.
        """
        if len(token) > MAX_LENGTH or _is_token(token) is None:
            raise InvalidCredentials("The token is malformed")
        try:
            header = self._jwt.get_unverified_header(token)
        except (self._jwt.PyJWTError, ValueError, RecursionError):
            raise InvalidCredentials("The token is malformed") from None
        # What no header may decide: the algorithm, and where keys are (RFC 8725 sections 3.1 and 3.10).
        if header.get("alg") not in self._algorithms or "crit" in header:
            raise InvalidCredentials("The token is signed in another way")
        if self._type is not None and str(header.get("typ", "")).lower().removeprefix("application/") != self._type:
            raise InvalidCredentials("The token is of another type")
        return self._read(token, await self._source.keys_for(header.get("kid"), header["alg"]))

    def _read(self, token: str, keys: list[Any]) -> Claims:
        jwt = self._jwt
        for key in keys:
            try:
                claims: dict[str, Any] = jwt.decode(
                    token,
                    key,
                    algorithms=self._algorithms,
                    audience=self._audiences,
                    issuer=self._issuers,
                    leeway=self._leeway,
                    options={"require": self._required},
                )
            except jwt.InvalidSignatureError:
                continue
            except jwt.PyJWTError as error:
                raise InvalidCredentials(_told(jwt, error)) from None
            except (ValueError, TypeError, OverflowError, RecursionError):
                raise InvalidCredentials("The token is malformed") from None
            if not all(type(claims.get(name, 0)) in (int, float) for name in ("exp", "nbf", "iat")):
                raise InvalidCredentials(
                    "The token is malformed"
                )  # PyJWT takes text too (RFC 7519 section 2: a number)
            return self._checked(claims)
        raise InvalidCredentials("The token is signed by nobody who is known")

    def _checked(self, claims: dict[str, Any]) -> Claims:
        if self._max_age is not None and time.time() - claims["iat"] > self._max_age + self._leeway:
            raise InvalidCredentials("The token is too old")
        if self._convert is None:
            return cast("Claims", claims)
        try:
            return self._convert(claims)
        except ValidationError:  # whose faults have values of the token
            raise InvalidCredentials("The token has other claims") from None


class JWTIssuer:
    """Issues tokens: each with `iat`, `exp`, and what it is given.

    Args:
        key: A secret for HMAC, or a private key in PEM.
        algorithm: With which it signs.
        issuer: The claim `iss`, if there is to be one.
        audience: The claim `aud`, likewise.
        lifetime: For how many seconds a token is good; 15 minutes by default, for it cannot be called back.
        key_id: The header `kid`, by which verifiers choose the key.
        token_type: The header `typ`.

    Raises: as `JWTVerifier` does.
    """

    def __init__(
        self,
        key: Key,
        *,
        algorithm: str = "HS256",
        issuer: str | None = None,
        audience: str | None = None,
        lifetime: float = 900,
        key_id: str | None = None,
        token_type: str = "JWT",
    ) -> None:
        self._jwt: Any = import_jwt()
        (self._algorithm,) = _check_algorithms([algorithm])
        if not lifetime > 0:
            raise ValueError(f"lifetime is {lifetime!r}; give seconds over 0")
        self._key = _plain(key)
        self._lifetime = lifetime
        self._fixed = {name: value for name, value in (("iss", issuer), ("aud", audience)) if value is not None}
        self._headers = {"typ": token_type, **({"kid": key_id} if key_id is not None else {})}
        if algorithm in HMAC:
            _check_secret(self._key, algorithm)
        try:
            self.issue("")
        except (self._jwt.PyJWTError, ValueError, TypeError, AttributeError):
            raise ValueError(f"the key cannot sign with {algorithm}; give a private key in PEM for it") from None

    @property
    def lifetime(self) -> float:
        """For how many seconds a token is good: `expires_in` of an answer (RFC 6749 section 5.1)."""
        return self._lifetime

    def issue(self, subject: str, **claims: Any) -> str:
        """Return a token.

        Args:
            subject: The claim `sub`: who it is about, by a name that does not change.
            claims: Further ones, such as `scope="items:read items:write"`. Everybody who has the token can read them.
        """
        now = int(time.time())
        payload = {"sub": subject, **self._fixed, "iat": now, "exp": now + int(self._lifetime), **claims}
        token: str = self._jwt.encode(payload, self._key, algorithm=self._algorithm, headers=self._headers)
        return token


class _Fixed:
    """One key, whatever `kid` a token has."""

    def __init__(self, key: Any) -> None:
        self._keys = [key]

    async def keys_for(self, kid: str | None, algorithm: str) -> list[Any]:
        return self._keys


def import_jwt() -> Any:
    """Return PyJWT.

    Raises:
        ModuleNotFoundError: If it is not installed.
    """
    try:
        import jwt
    except ImportError:
        raise ModuleNotFoundError('tokens need PyJWT: pip install "velocipy-security[jwt]"', name="jwt") from None
    return jwt


def _check_algorithms(algorithms: Iterable[str]) -> list[str]:
    names = _names("algorithms", algorithms)
    if isinstance(algorithms, str) or not names:
        raise TypeError(f"algorithms lists which are taken, such as ['RS256'], not {algorithms!r}")
    for name in names:
        if name.lower() == "none":
            raise ValueError("the algorithm none is no signature: anybody could write such a token")
        if name not in HMAC and name not in ASYMMETRIC:
            raise ValueError(f"there is no algorithm {name!r}; there are {', '.join(sorted(HMAC | ASYMMETRIC))}")
    if len({name in HMAC for name in names}) > 1:
        raise ValueError(
            f"algorithms={names} mixes HMAC with public keys: the public key would be a secret that everybody knows; "
            "take those of one kind"
        )
    return names


def _check_key(jwt: Any, key: Key, algorithms: list[str]) -> Any:
    plain = _plain(key)
    if algorithms[0] in HMAC:
        for algorithm in algorithms:
            _check_secret(plain, algorithm)
        return plain
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        public = load_pem_public_key(plain)
    except ValueError:
        raise ValueError(
            f"the key is no public key in PEM, which {', '.join(algorithms)} verify with; a private key stays with who "
            "signs"
        ) from None
    for algorithm in algorithms:
        try:
            jwt.get_algorithm_by_name(algorithm).prepare_key(public)
        except (jwt.PyJWTError, TypeError, ValueError):
            raise ValueError(f"the key is not of the kind that {algorithm} needs") from None
    if getattr(public, "curve", None) is None and getattr(public, "key_size", MINIMUM_RSA) < MINIMUM_RSA:
        raise ValueError(f"the key has less than {MINIMUM_RSA} bits (RFC 7518 section 3.3)")
    return public


def _check_secret(secret: bytes, algorithm: str) -> None:
    if b"-----BEGIN" in secret or secret.startswith((b"ssh-", b"ecdsa-")):
        raise ValueError(f"{algorithm} takes a secret, and this is a key in PEM; name RS256 or the like")
    size = int(algorithm[2:]) // 8
    if len(secret) < size:
        raise ValueError(
            f"the secret has {len(secret)} bytes; {algorithm} needs {size} random ones or more (RFC 7518 section 3.2)"
        )


def _plain(key: Any) -> bytes:
    value = key.get_secret_value() if isinstance(key, Secret) else key
    if not isinstance(value, str | bytes):
        raise TypeError(f"a key is text, bytes or a JWKS, not {type(value).__name__}")
    return value.encode() if isinstance(value, str) else value


def _names(option: str, value: str | Iterable[str] | None) -> list[str] | None:
    if value is None:
        return None
    names = [value] if isinstance(value, str) else list(value)
    if not all(isinstance(name, str) and name for name in names):
        raise TypeError(f"{option} is one text or several, not {value!r}")
    return names


def _told(jwt: Any, error: Exception) -> str:
    """Return what the caller is told: nothing of what it says in the token, or of what is wanted."""
    if isinstance(error, jwt.ExpiredSignatureError):
        return "The token has expired"
    if isinstance(error, jwt.ImmatureSignatureError):
        return "The token is not valid yet"
    if isinstance(error, jwt.InvalidAudienceError | jwt.InvalidIssuerError):
        return "The token is for somebody else"
    if isinstance(error, jwt.MissingRequiredClaimError):
        return "The token lacks a claim"
    return "The token is malformed"
