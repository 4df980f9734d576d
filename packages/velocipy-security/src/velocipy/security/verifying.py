"""Schemes made of schemes: credentials that are verified, and several ways of which one is enough, or all are."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, TypeVar, cast, overload

from velocipy import HTTPConnection, SecurityScopes
from velocipy.description import Raised
from velocipy.security.refusals import InsufficientScope, InvalidCredentials, check_scopes, declared_by
from velocipy.security.schemes import Credentials, MutualTLS, SecurityBase

Identity = TypeVar("Identity")


class _Composed(SecurityBase[Identity]):
    """What is made of other schemes; scopes are asked of it."""

    def __init__(self, schemes: Iterable[SecurityBase[Any]], *, auto_error: bool, verifies: bool) -> None:
        self._schemes = tuple(schemes)
        self.auto_error = auto_error
        self.verifies = verifies

    @property
    def raises(self) -> tuple[Raised, ...]:
        """What documents are told that it raises."""
        if not self.verifies:
            return super().raises
        headers = {"WWW-Authenticate": "Which scopes are needed"}
        return (*super().raises, Raised(403, "A scope is missing", headers, only_with_scopes=True), *self._declared())

    def _declared(self) -> tuple[Raised, ...]:
        """Return what the functions that verify declare to raise."""
        composed = (scheme for scheme in self._schemes if isinstance(scheme, _Composed))
        return tuple(error for scheme in composed for error in scheme._declared())

    def challenge(self, connection: HTTPConnection) -> str:
        """Return the challenges of all, each once."""
        return ", ".join(dict.fromkeys(scheme.challenge(connection) for scheme in self._schemes))

    async def __call__(self, connection: HTTPConnection, scopes: SecurityScopes) -> Identity | None:  # type: ignore[override]
        """Return what became of the credentials; None only without `auto_error`.

        Raises:
            AuthenticationError: If there are none, or they are wrong.
            InsufficientScope: If they are not for all that `Security(..., scopes=[...])` asks for.
        """
        return await self._require(connection, scopes)


class Verified(_Composed[Identity]):
    """Credentials that are verified, as a dependency; the value is who sends them.

    Args:
        scheme: Where the credentials are. If it has `auto_error=False`, who sends none passes, with None; who sends
            wrong ones is refused all the same.
        verify: Takes the credentials, and returns who that is; None or False refuses with 401, and so does to raise
            `InvalidCredentials`. Async, or plain, which runs in a thread. A `JWTVerifier`, `TokenIntrospection` and
            `APIKeys` are such.
        scopes: What the scopes are of what *verify* returned: names, or one text. By default what it has as `scopes`,
            `scope` or `scp`, by key or attribute.
    """

    @overload
    def __init__(
        self,
        scheme: SecurityBase[Credentials],
        verify: Callable[[Credentials], Awaitable[Identity | None]],
        *,
        scopes: Callable[[Identity], Iterable[str]] | None = None,
    ) -> None: ...

    @overload
    def __init__(
        self,
        scheme: SecurityBase[Credentials],
        verify: Callable[[Credentials], Identity | None],
        *,
        scopes: Callable[[Identity], Iterable[str]] | None = None,
    ) -> None: ...

    def __init__(
        self,
        scheme: SecurityBase[Credentials],
        verify: Callable[[Any], Any],
        *,
        scopes: Callable[[Identity], Iterable[str]] | None = None,
    ) -> None:
        if not isinstance(scheme, SecurityBase):
            raise TypeError(f"Verified verifies the credentials of a scheme, such as HTTPBearer(), not {scheme!r}")
        if isinstance(scheme, MutualTLS):
            raise TypeError("Verified: MutualTLS has no credentials; the server, or the proxy before it, checks them")
        if not callable(verify) or inspect.isclass(verify):
            raise TypeError(f"Verified: verify={verify!r} is no function of the credentials")
        super().__init__((scheme,), auto_error=scheme.auto_error, verifies=True)
        self.alternatives = scheme.alternatives
        self._scheme = scheme
        self._verify = verify
        self._scopes_of = scopes or _said_scopes
        self._in_thread = not any(map(inspect.iscoroutinefunction, (verify, type(verify).__call__)))

    async def authenticate(self, connection: HTTPConnection, scopes: SecurityScopes) -> Identity | None:
        """Return who sends the credentials, None if nobody sends any."""
        credentials = await self._scheme.authenticate(connection, scopes)
        if credentials is None:
            return None
        if self._in_thread:
            found: Any = await asyncio.to_thread(self._verify, credentials)
            identity = await found if inspect.isawaitable(found) else found
        else:
            identity = await self._verify(credentials)
        if identity is None or identity is False:  # who writes a function that tells yes or no means no
            raise InvalidCredentials
        if scopes.scopes:
            check_scopes(scopes, self._scopes_of(identity))
        return cast("Identity", identity)

    def _declared(self) -> tuple[Raised, ...]:
        return (*super()._declared(), *declared_by(self._verify), *declared_by(type(self._verify).__call__))

    def _challenge_of_invalid(self, connection: HTTPConnection, error: InvalidCredentials) -> str:
        return self._scheme._challenge_of_invalid(connection, error)


class _AnyOf(_Composed[Any]):
    def __init__(self, schemes: tuple[SecurityBase[Any], ...], auto_error: bool) -> None:
        if len({scheme.verifies for scheme in schemes}) > 1:
            raise ValueError("any_of: some credentials would be verified, and others not; put each in Verified")
        super().__init__(schemes, auto_error=auto_error, verifies=schemes[0].verifies)
        self.alternatives = tuple(way for scheme in self._schemes for way in scheme.alternatives)

    async def authenticate(self, connection: HTTPConnection, scopes: SecurityScopes) -> Any:
        invalid: InvalidCredentials | None = None
        insufficient: InsufficientScope | None = None
        for scheme in self._schemes:
            try:
                found = await scheme.authenticate(connection, scopes)
            except InvalidCredentials as error:
                invalid = invalid or error
            except InsufficientScope as error:
                insufficient = insufficient or error
            else:
                if found is not None:
                    return found
        if insufficient is not None:
            raise insufficient
        if invalid is not None:
            raise invalid
        return None


class _AllOf(_Composed[tuple[Any, ...]]):
    def __init__(self, schemes: tuple[SecurityBase[Any], ...], auto_error: bool) -> None:
        super().__init__(schemes, auto_error=auto_error, verifies=any(scheme.verifies for scheme in schemes))
        ways: tuple[Any, ...] = ((),)
        for scheme in self._schemes:
            ways = tuple((*way, *more) for way in ways for more in scheme.alternatives)
        self.alternatives = ways

    async def authenticate(self, connection: HTTPConnection, scopes: SecurityScopes) -> tuple[Any, ...] | None:
        found = []
        for scheme in self._schemes:
            credentials = await scheme.authenticate(connection, scopes)
            if credentials is None:
                return None
            found.append(credentials)
        return tuple(found)


def any_of(*schemes: SecurityBase[Any], auto_error: bool = True) -> SecurityBase[Any]:
    """Return a dependency that lets pass who satisfies one of *schemes*; the value is that of the first.

    Who satisfies none is told the challenges of all. Make the values alike by `Verified`, so that the handler need not
    know which it was: `any_of(Verified(bearer, user_of_token), Verified(key, user_of_key))`.

    Args:
        schemes: Two or more.
        auto_error: Whether who sends nothing is refused; else the value is None.

    Raises:
        TypeError: If one is no scheme.
        ValueError: If there are not two at least; if one has `auto_error=False`, which is to be said here; if some are
            verified and others are not; if one checks nothing, so that all would pass.
    """
    return _AnyOf(_checked("any_of", schemes), auto_error)


def all_of(*schemes: SecurityBase[Any], auto_error: bool = True) -> SecurityBase[Any]:
    """Return a dependency that lets pass who satisfies each of *schemes*; the value is a tuple of theirs.

    It is for `any_of(bearer, all_of(key, user))`; where nothing stands beside it, give the handler several parameters.

    Args, raises: as `any_of` does.
    """
    return _AllOf(_checked("all_of", schemes), auto_error)


def _checked(name: str, schemes: tuple[SecurityBase[Any], ...]) -> tuple[SecurityBase[Any], ...]:
    for scheme in schemes:
        if not isinstance(scheme, SecurityBase):
            raise TypeError(f"{name} takes schemes, such as HTTPBearer(), not {scheme!r}")
        if isinstance(scheme, MutualTLS):
            raise ValueError(f"{name}: MutualTLS checks nothing here, so that everybody would pass; leave it out")
        if not scheme.auto_error:
            raise ValueError(f"{name}: {type(scheme).__name__} has auto_error=False; say it of {name} itself")
    if len(schemes) < 2:
        raise ValueError(f"{name} takes two schemes or more")
    return schemes


def _said_scopes(identity: Any) -> Iterable[str]:
    for name in ("scopes", "scope", "scp"):
        found = identity.get(name) if isinstance(identity, Mapping) else getattr(identity, name, None)
        if found is not None:
            return cast("Iterable[str]", found)
    return ()
