"""What every scheme is: a dependency that finds the credentials of a caller, and tells documents how to send them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar

from velocipy import HTTPConnection, SecurityScopes
from velocipy.description import Raised
from velocipy.security.refusals import INVALID_CREDENTIALS, AuthenticationError, InvalidCredentials
from velocipy.security_scheme import MutualTLSScheme, SchemeChoice, SecurityScheme

Credentials = TypeVar("Credentials")


class SecurityBase(Generic[Credentials]):
    """A scheme; derive one's own from it, and say in `read` where the credentials are.

    It is a dependency, `Depends(scheme)`, for requests and WebSockets, whose value are the credentials. It runs before
    the body is read. Who sends none is refused with 401.

    Args:
        scheme: What documents are told.
        challenge: How to do better, for the header `WWW-Authenticate` (RFC 9110 section 11.6.1).
        auto_error: Whether callers without credentials, or with unreadable ones, are refused; else the value is None.

    Attributes:
        alternatives: The ways to pass: schemes that have to hold together.
    """

    verifies = False
    """Whether it finds out if credentials are good: wrong ones are refused then, also without `auto_error`."""

    def __init__(self, scheme: SecurityScheme, *, challenge: str, auto_error: bool = True) -> None:
        if not isinstance(scheme, SecurityScheme):
            raise TypeError(f"a scheme is an object of velocipy.security_scheme, such as HTTPScheme, not {scheme!r}")
        self.auto_error = auto_error
        self.alternatives: tuple[tuple[SecurityScheme, ...], ...] = ((scheme,),)
        self._challenge = challenge

    @property
    def security_scheme(self) -> SecurityScheme | SchemeChoice:
        """What documents are told."""
        if not self.auto_error:
            return SchemeChoice((*self.alternatives, ()))
        if len(self.alternatives) == 1 == len(self.alternatives[0]):
            return self.alternatives[0][0]
        return SchemeChoice(self.alternatives)

    @property
    def raises(self) -> tuple[Raised, ...]:
        """What documents are told that it raises."""
        if not self.auto_error and not self.verifies:
            return ()
        return (Raised(401, "The credentials are missing or wrong", {"WWW-Authenticate": "How to authenticate"}),)

    def challenge(self, connection: HTTPConnection) -> str:
        """Return what is sent in `WWW-Authenticate` to who is refused."""
        return self._challenge

    def read(self, connection: HTTPConnection) -> Credentials | None:
        """Return the credentials, None if there are none.

        Raises:
            InvalidCredentials: If they cannot be read.
        """
        raise NotImplementedError(f"{type(self).__name__} does not say how credentials are read: define read()")

    async def authenticate(self, connection: HTTPConnection, scopes: SecurityScopes) -> Credentials | None:
        """Return the credentials when they are found good, None if there are none.

        Raises:
            InvalidCredentials: If they are not.
            InsufficientScope: If they are not for all *scopes*.
        """
        return self.read(connection)

    async def __call__(self, connection: HTTPConnection) -> Credentials | None:
        """Return the credentials of the caller; None only without `auto_error`.

        Raises:
            AuthenticationError: If there are none, or they cannot be read.
        """
        return await self._require(connection, SecurityScopes())

    async def _require(self, connection: HTTPConnection, scopes: SecurityScopes) -> Credentials | None:
        try:
            credentials = await self.authenticate(connection, scopes)
        except InvalidCredentials as error:
            if not self.auto_error and not self.verifies:
                return None
            raise AuthenticationError(self._challenge_of_invalid(connection, error), error.detail) from None
        if credentials is None and self.auto_error:
            raise AuthenticationError(self.challenge(connection))
        return credentials

    def _challenge_of_invalid(self, connection: HTTPConnection, error: InvalidCredentials) -> str:
        """Return the challenge for credentials that were sent and are wrong."""
        return self.challenge(connection)


class MutualTLS(SecurityBase[None]):
    """Tells documents that clients need a certificate, and checks nothing: the server, or the proxy before it, does.

    Args:
        scheme_name: In documents; the name of the class by default.
        description: For people.
    """

    def __init__(self, *, scheme_name: str | None = None, description: str | None = None) -> None:
        scheme = MutualTLSScheme(scheme_name=scheme_name or type(self).__name__, description=description)
        super().__init__(scheme, challenge="")

    @property
    def raises(self) -> tuple[Raised, ...]:
        """Nothing: who has no certificate does not come this far."""
        return ()

    async def __call__(self, connection: HTTPConnection) -> None:
        """Do nothing: who has no certificate does not come this far."""


def single(values: Sequence[str]) -> str | None:
    """Return the one value of *values* as it was sent, None if there is none or it is blank.

    As it was sent: a credential that could be written in several ways would be several to whoever counts its uses.

    Raises:
        InvalidCredentials: If there are several, of which each part of a system may believe another.
    """
    if len(values) > 1:
        raise InvalidCredentials(INVALID_CREDENTIALS)
    return values[0] if values and values[0].strip() else None


def single_field(values: Sequence[str]) -> str | None:
    """Return the same of a header, without the white space around it, which is not the value's (RFC 9110 section 5.5).

    Raises: as `single` does.
    """
    return single([value.strip(" \t") for value in values])
