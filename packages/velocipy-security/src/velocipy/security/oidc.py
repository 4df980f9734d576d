"""Logins by an OpenID provider: the authorisation code flow with PKCE, state and nonce, over a session.

What the provider says is believed when all of it fits: that this browser has begun the login (state), that the answer
is of this provider (`iss`), that nobody else could use the code (PKCE, RFC 7636), and that the ID token is signed by
the provider, for this application, for this login (nonce).
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import inspect
import json
import logging
import secrets
import time
from collections.abc import Iterable, MutableMapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_plus, urlencode, urlsplit
from weakref import WeakKeyDictionary

from velocipy import HTTPException, RedirectResponse, Request, Secret
from velocipy.security.api_keys import same_secret
from velocipy.security.fetching import BoundClient, FetchError, ProviderUnavailable, bound
from velocipy.security.jwks import JWKS
from velocipy.security.redirects import is_safe_url
from velocipy.security.refusals import InvalidCredentials, check_scope_names
from velocipy.security.tokens import ASYMMETRIC, JWTVerifier, import_jwt

Session = MutableMapping[str, Any]

_KEY = "velocipy.oidc"
_DISCOVERY = "/.well-known/openid-configuration"
_MAX_LOGINS = 5  # that a browser has begun and not ended, in several tabs
_MAX_TARGETS = 1024  # characters of where these lead, together: a session may be in a cookie, which holds 4 KiB
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint", "end_session_endpoint")
_REQUIRED = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_DISCOVERY_LIFETIME = 3600.0  # seconds
_DISCOVERY_PAUSE = 1.0  # seconds, after it has failed
_logger = logging.getLogger("velocipy")


class LoginError(HTTPException):
    """A login has failed: 400. To begin anew may help.

    Attributes:
        error: What the provider said (RFC 6749 section 4.1.2.1), such as "access_denied"; "" if it said nothing.
    """

    def __init__(self, detail: str = "The login has failed", error: str = "") -> None:
        super().__init__(400, detail)
        self.error = error


@dataclass(frozen=True, slots=True)
class OpenIDUser:
    """Who has logged in.

    Attributes:
        subject: What names the user at the provider, and does not change: the claim `sub`.
        claims: Those of the ID token.
        next_url: Where the user wanted to go.
        access_token, id_token, refresh_token: As they came; left out of the repr.
        expires_in: For how many seconds the access token is good, if that was said.
    """

    subject: str
    claims: dict[str, Any]
    next_url: str
    access_token: str = field(repr=False)
    id_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False, default=None)
    expires_in: float | None = None


class OpenIDLogin:
    """Logs users in by an OpenID provider.

    `start` sends the browser there, `finish` takes what it comes back with, in two handlers of the application. What is
    to be remembered between stands in `request.session`, or in the mapping that is given as `session`.

    Args:
        issuer: Of the provider, as its discovery document says; the document is below it.
        client_id: What the provider calls this application.
        client_secret: With which it says who it is; None for a public client.
        redirect_uri: The full URL of the handler that calls `finish`, as the provider knows it.
        scopes: What is asked for, besides "openid".
        algorithms: With which ID tokens may be signed.
        allowed_hosts: Where `next_url` may lead besides paths of this application; see `is_safe_url`.
        timeout: For how many seconds a login may take.
        leeway: For how many seconds clocks may differ.
        client: How the provider is asked; `BoundClient()` by default.

    Raises:
        ModuleNotFoundError: If PyJWT or httpx2 is not installed; the message tells the command.
        TypeError: If *client* is no `BoundClient`, or *scopes* or *allowed_hosts* is one text.
        ValueError: If a URL is none that may be asked, or an algorithm is not for public keys.
    """

    def __init__(
        self,
        issuer: str,
        *,
        client_id: str,
        client_secret: str | Secret[str] | None = None,
        redirect_uri: str,
        scopes: Iterable[str] = (),
        algorithms: Iterable[str] = ("RS256", "ES256", "PS256", "EdDSA"),
        allowed_hosts: Iterable[str] = (),
        timeout: float = 600,
        leeway: float = 10,
        client: BoundClient | None = None,
    ) -> None:
        import_jwt()
        if isinstance(scopes, str) or isinstance(allowed_hosts, str):
            raise TypeError("scopes and allowed_hosts take several: ['email', 'profile']")
        self._client = bound(client)
        self._issuer = self._client.check_url("issuer", issuer)
        if issuer.endswith(_DISCOVERY):
            raise ValueError(f"issuer is {issuer!r}, where its discovery document is; leave {_DISCOVERY!r} out")
        self._redirect_uri = self._client.check_url("redirect_uri", redirect_uri)
        if not client_id:
            raise ValueError("client_id is empty; the provider tells it where applications are registered")
        if not timeout > 0:
            raise ValueError(f"timeout is {timeout!r}; give seconds over 0")
        names = list(algorithms)
        if not set(names) <= ASYMMETRIC:
            raise ValueError(f"algorithms={names} has one that is not for public keys; there are {sorted(ASYMMETRIC)}")
        self._client_id = client_id
        self._secret = client_secret.get_secret_value() if isinstance(client_secret, Secret) else client_secret
        self._scope = " ".join(dict.fromkeys(("openid", *check_scope_names(dict.fromkeys(scopes, "")))))
        self._hosts = tuple(allowed_hosts)
        self._timeout = timeout
        self._metadata: dict[str, Any] | None = None
        self._discovered = self._failed = float("-inf")
        self._flights: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Task[None]] = WeakKeyDictionary()
        self._verifier = JWTVerifier(
            JWKS(self._jwks_url, client=self._client),
            algorithms=names,
            issuer=issuer,
            audience=client_id,
            required=("sub", "iat", "nonce"),
            leeway=leeway,
        )

    async def start(
        self, request: Request, next_url: str | None = "/", *, session: Session | None = None, **parameters: str
    ) -> RedirectResponse:
        """Return the redirect to the provider.

        Args:
            request: Of the user.
            next_url: Where the user wants to go afterwards. What is not safe (`is_safe_url`) becomes "/".
            session: Where the login is remembered; `request.session` by default.
            parameters: Further ones for the provider, such as `prompt="login"` or `login_hint=...`.

        Raises:
            ProviderUnavailable: If the provider cannot be asked.
        """
        kept = await _session_of(request, session)
        metadata = await self._discover()
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        target = next_url if next_url is not None and is_safe_url(next_url, self._hosts) else "/"
        logins: list[list[Any]] = [
            *self._logins(kept)[1 - _MAX_LOGINS :],
            [state, nonce, verifier, target, int(time.time())],
        ]
        while len(logins) > 1 and sum(len(item[3]) for item in logins) > _MAX_TARGETS:
            del logins[0]
        kept[_KEY] = logins
        query = {
            **parameters,
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": self._redirect_uri,
            "scope": self._scope,
            "state": state,
            "nonce": nonce,
            "code_challenge": _base64(hashlib.sha256(verifier.encode()).digest()),
            "code_challenge_method": "S256",
        }
        endpoint = metadata["authorization_endpoint"]
        joint = "&" if urlsplit(endpoint).query else "?"
        return RedirectResponse(f"{endpoint}{joint}{urlencode(query)}", status_code=303)

    async def finish(self, request: Request, *, session: Session | None = None) -> OpenIDUser:
        """Return who has logged in, of the request with which the browser comes back.

        If the session has a method `rotate()`, it is called: whoever knew the id of the session before knows it no
        more. The login is forgotten in any case, so that nobody can repeat it.

        Raises:
            LoginError: If the login was not begun by this browser, is too old, was refused, or something does not fit.
            ProviderUnavailable: If the provider cannot be asked.
        """
        kept = await _session_of(request, session)
        query = request.query_params
        names = ("state", "code", "error", "iss")
        sent = {name: query[name] for name in names if name in query}
        if any(len(query.getlist(name)) > 1 for name in sent):
            raise LoginError("The answer of the provider is ambiguous")
        nonce, verifier, next_url = self._take(kept, sent.get("state", ""))
        metadata = await self._discover()
        self._check_issuer(metadata, sent.get("iss"))
        if "error" in sent or "code" not in sent:
            told = sent.get("error", "")
            is_denied = told == "access_denied"
            raise LoginError("The login was refused" if is_denied else "The provider could not log in", told)
        tokens = await self._exchange(metadata, sent["code"], verifier)
        claims = await self._verify(tokens, nonce)
        rotate = getattr(kept, "rotate", None)
        if callable(rotate):
            rotated = rotate()
            if inspect.isawaitable(rotated):
                await rotated
        refresh, lifetime = tokens.get("refresh_token"), tokens.get("expires_in")
        return OpenIDUser(
            claims["sub"],
            claims,
            next_url,
            tokens["access_token"],
            tokens["id_token"],
            refresh if isinstance(refresh, str) else None,
            float(lifetime) if isinstance(lifetime, int | float) else None,
        )

    async def userinfo(self, user: OpenIDUser) -> dict[str, Any]:
        """Return what the provider tells of *user* besides (OpenID Connect Core section 5.3).

        Raises:
            LoginError: If it is about somebody else, or there is no such endpoint.
            ProviderUnavailable: If the provider cannot be asked.
        """
        endpoint = (await self._discover()).get("userinfo_endpoint")
        if endpoint is None:
            raise LoginError("The provider tells no more of its users")
        try:
            claims = await self._client.get(endpoint, token=user.access_token)
        except FetchError as error:
            raise self._unavailable("the user's claims", error) from None
        if claims.get("sub") != user.subject:
            raise LoginError("The provider tells of somebody else")
        return claims

    async def logout_url(self, *, id_token: str | None = None, next_url: str | None = None) -> str | None:
        """Return where the browser is sent to log out at the provider too; None if it has no such place.

        Args:
            id_token: Of the user, who may be asked otherwise.
            next_url: The full URL to come back to, as the provider knows it.
        """
        endpoint: str | None = (await self._discover()).get("end_session_endpoint")
        if endpoint is None:
            return None
        said = {"client_id": self._client_id, "id_token_hint": id_token, "post_logout_redirect_uri": next_url}
        query = urlencode({name: value for name, value in said.items() if value is not None})
        return f"{endpoint}{'&' if urlsplit(endpoint).query else '?'}{query}"

    # -- what was begun ----------------------------------------------------------------------------------------------

    def _logins(self, session: Session) -> list[list[Any]]:
        """Return what the session has of logins that are not too old."""
        kept = session.get(_KEY)
        if not isinstance(kept, list):
            return []
        oldest = time.time() - self._timeout
        return [item for item in kept if isinstance(item, list) and len(item) == 5 and item[4] >= oldest]

    def _take(self, session: Session, state: str) -> tuple[str, str, str]:
        """Return nonce, verifier and target of the login with this state, and forget it."""
        logins = self._logins(session)
        found = [item for item in logins if same_secret(item[0], state)]
        left = [item for item in logins if item not in found]
        if left:
            session[_KEY] = left
        else:
            session.pop(_KEY, None)
        if not found:
            raise LoginError("The login was not begun here, or took too long; begin it again")
        _, nonce, verifier, target, _ = found[0]
        return nonce, verifier, target

    # -- what the provider says --------------------------------------------------------------------------------------

    def _check_issuer(self, metadata: dict[str, Any], issuer: str | None) -> None:
        """Refuse the answer of another provider (RFC 9207 section 2.4)."""
        if issuer is None:
            if metadata.get("authorization_response_iss_parameter_supported") is True:
                raise LoginError("The provider has not said who it is")
        elif issuer != self._issuer:
            raise LoginError("The answer is of another provider")

    async def _exchange(self, metadata: dict[str, Any], code: str, verifier: str) -> dict[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._redirect_uri,
            "code_verifier": verifier,
        }
        basic = None
        methods = metadata.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        if self._secret is None:
            form["client_id"] = self._client_id
        elif "client_secret_basic" in methods:
            basic = (quote_plus(self._client_id), quote_plus(self._secret))  # RFC 6749 section 2.3.1
        else:
            form |= {"client_id": self._client_id, "client_secret": self._secret}
        try:
            status, answer = await self._client.post(metadata["token_endpoint"], form, basic=basic)
        except FetchError as error:
            raise self._unavailable("tokens", error) from None
        if status != 200:
            told = answer.get("error")
            _logger.warning("the identity provider gives no tokens: status %d, %r", status, told)
            raise LoginError("The provider does not take the login", told if isinstance(told, str) else "")
        if not all(isinstance(answer.get(name), str) for name in ("access_token", "id_token")):
            raise LoginError("The provider has not said who logged in")
        return answer

    async def _verify(self, tokens: dict[str, Any], nonce: str) -> dict[str, Any]:
        id_token = tokens["id_token"]
        try:
            claims = await self._verifier.verify(id_token)
        except InvalidCredentials as error:
            _logger.warning("an ID token is refused: %s", error.detail)
            raise LoginError("The provider's word cannot be trusted") from None
        audience, party = claims["aud"], claims.get("azp")
        is_ours = party == self._client_id if party is not None else isinstance(audience, str) or len(audience) == 1
        is_of_login = isinstance(claims["nonce"], str) and same_secret(claims["nonce"], nonce)
        if not is_ours or not is_of_login or not _is_of_token(id_token, claims, tokens["access_token"]):
            _logger.warning("an ID token is refused: it is of another application, login or access token")
            raise LoginError("The provider's word cannot be trusted")
        return claims

    async def _jwks_url(self) -> str:
        url: str = (await self._discover())["jwks_uri"]
        return url

    async def _discover(self) -> dict[str, Any]:
        """Return the discovery document (OpenID Connect Discovery section 4), kept for an hour.

        It is fetched once for all who wait, and after a failure not again at once: logins are begun by strangers.
        """
        if self._metadata is not None and time.monotonic() - self._discovered < _DISCOVERY_LIFETIME:
            return self._metadata
        loop = asyncio.get_running_loop()
        flight = self._flights.get(loop)
        if flight is None and time.monotonic() - self._failed >= _DISCOVERY_PAUSE:
            flight = self._flights[loop] = loop.create_task(self._fetch_metadata())
            flight.add_done_callback(lambda _: self._flights.pop(loop, None))
        if flight is not None:
            await asyncio.shield(flight)  # the fetch is not only for who is cancelled here
        if self._metadata is None:
            raise ProviderUnavailable
        return self._metadata

    async def _fetch_metadata(self) -> None:
        try:
            found = await self._client.get(f"{self._issuer.rstrip('/')}{_DISCOVERY}")
            if found.get("issuer") != self._issuer:
                raise FetchError(f"the document is of the issuer {found.get('issuer')!r}, not {self._issuer!r}")
            for name in _ENDPOINTS:
                if name in _REQUIRED or name in found:
                    self._client.check_url(name, found.get(name))
        except (FetchError, ValueError) as error:
            self._failed = time.monotonic()
            _logger.warning("the discovery document of the identity provider cannot be had: %s", error)
        else:
            self._metadata, self._discovered = found, time.monotonic()

    def _unavailable(self, what: str, error: Exception) -> ProviderUnavailable:
        _logger.warning("the identity provider has not given %s: %s", what, error)
        return ProviderUnavailable()


async def _session_of(request: Request, session: Session | None) -> Session:
    found: Any = request.session if session is None and request.has_session else session
    if not isinstance(found, MutableMapping):
        raise RuntimeError(
            "a login needs a session: app.add_middleware(SessionMiddleware, secret_key=...) of velocipy-sessions makes "
            "request.session; or give a mutable mapping as session="
        )
    load = getattr(found, "load", None)  # of one that is fetched from its store when it is asked for
    if inspect.iscoroutinefunction(load):
        await load()
    return found


def _is_of_token(id_token: str, claims: dict[str, Any], access_token: str) -> bool:
    """Tell whether the ID token was given with the access token, if it says so (Core section 3.1.3.8)."""
    said = claims.get("at_hash")
    if said is None:
        return True
    head = id_token.partition(".")[0]
    algorithm = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))["alg"]
    size = algorithm[2:] if algorithm[2:] in ("256", "384", "512") else "512"  # of EdDSA with Ed25519
    digest = hashlib.new(f"sha{size}", access_token.encode()).digest()
    return isinstance(said, str) and same_secret(said.rstrip("="), _base64(digest[: len(digest) // 2]))


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
