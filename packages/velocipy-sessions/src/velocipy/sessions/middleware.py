"""The middleware that gives requests and WebSockets their session, and stores it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any, ClassVar, get_args

from velocipy import HTTPConnection, Request, Response, WebSocket
from velocipy.http.headers import MutableHeaders
from velocipy.middleware import HTTPApp, WebSocketApp
from velocipy.sessions.cookie import PREFIXES, SameSite, SessionCookie
from velocipy.sessions.keeping import CookieKeeper, Keeper, Limits
from velocipy.sessions.sealing import MAKE_A_KEY, EncryptedSeal, SecretKey, SignedSeal, read_keys
from velocipy.sessions.session import Session
from velocipy.sessions.store import SessionStore
from velocipy.sessions.stored import OnConflict, OnStoreFailure, StoreKeeper

_TOO_LATE = (
    "the answer has begun to be sent, and could not tell caches any more that it depends on the session: take it as a "
    "parameter session: Session, or read it ahead of the first byte"
)
_ACCEPTED = "the handshake was answered, and the session was stored then: change it before accept()"
_UNSHARED = frozenset({"no-store", "private"})


async def session_of(connection: HTTPConnection) -> Session:
    """Return the session of a request or WebSocket, loaded; what has `Session` as a parameter is given this.

    Raises:
        SessionUnavailable: If its store cannot be reached.
        RuntimeError: If no `SessionMiddleware` stands around.
    """
    session: Session = connection.session
    await session.load()
    session._open()
    return session


class SessionMiddleware:
    """Gives requests and WebSockets a `Session`, which outlives them.

    It is in a signed cookie, which the client can read and nobody can end before its time; in an encrypted one; or in a
    store, where the cookie has a random id alone. Who asks for the session has an answer that no cache keeps.

    Args:
        secret_key: Signs cookies, or encrypts them: 32 random bytes or more, as text or bytes, or a list of such keys.
            The first is used, and what the others have signed is taken: put a new one ahead.
        store: Keeps sessions; instead of a key.
        encrypt: Whether cookies are encrypted, so that clients cannot read them. Needs the extra `encrypted`.
        session_cookie: The name of the cookie. Over https "__Host-" stands before it: see *host_prefix*.
        max_age: Seconds after which a session ends: since it was last used, or last changed if it is in its cookie.
            None has the browser keep it until it is closed.
        lifetime: Seconds after which it ends in any case; None for no such end.
        path: Where the cookie is sent.
        domain: For hosts below this one too; None for this host alone.
        secure: Whether the cookie is sent over https alone; None for where it was asked for over https.
        http_only: Whether the cookie is hidden from scripts.
        same_site: "lax", "strict" or "none", in any case; None leaves it to the browser.
        host_prefix: Whether a secure cookie with the path "/" and without a domain is called "__Host-...", so that no
            other host can plant one.
        partitioned: Whether the cookie is kept apart for each top-level site (CHIPS).
        lazy: Whether a store is asked when something takes `Session` as a parameter or awaits `session.load()`, rather
            than for every request that has the cookie.
        on_store_failure: What a session is whose store cannot be reached: "error", a SessionUnavailable (503) for who
            asks for it, or "empty", one that nobody can change.
        on_conflict: What two requests are that change the same key of a stored session at once: "error", a
            SessionConflict (409) for the later, or "overwrite", where the later counts, and a warning is logged.

    Raises:
        ValueError: If a key is empty, an option contradicts another, or browsers would refuse the cookie.
        TypeError: If an option is of another type.
        ImportError: If *encrypt* lacks cryptography.
    """

    parameter_sources: ClassVar[Mapping[type, Any]] = MappingProxyType({Session: session_of})

    def __init__(
        self,
        *,
        secret_key: SecretKey | Sequence[SecretKey] | None = None,
        store: SessionStore | None = None,
        encrypt: bool = False,
        session_cookie: str = "session",
        max_age: int | None = 3600,
        lifetime: int | None = None,
        path: str = "/",
        domain: str | None = None,
        secure: bool | None = None,
        http_only: bool = True,
        same_site: SameSite | None = "lax",
        host_prefix: bool = True,
        partitioned: bool = False,
        lazy: bool = False,
        on_store_failure: OnStoreFailure = "error",
        on_conflict: OnConflict = "error",
    ) -> None:
        for option, value in (("secure", secure), ("http_only", http_only), ("encrypt", encrypt), ("lazy", lazy)):
            if not isinstance(value, bool) and (option, value) != ("secure", None):
                raise TypeError(f"{option} is True or False, not {value!r}")
        limits = Limits(_seconds("max_age", max_age), _seconds("lifetime", lifetime))
        same_site = _same_site(same_site)
        if not session_cookie:
            raise ValueError("session_cookie is empty; give the cookie a name, such as 'session'")
        if secure is not True and (same_site == "none" or partitioned or session_cookie.lower().startswith(PREFIXES)):
            raise ValueError(
                "browsers refuse same_site='none', partitioned, and the prefixes __Host- and __Secure- over http; say "
                "secure=True, or leave them out"
            )

        def cookie(*, secure: bool) -> SessionCookie:
            return SessionCookie(
                session_cookie,
                max_age=max_age,
                path=path,
                domain=domain,
                secure=secure,
                http_only=http_only,
                same_site=same_site,
                host_prefix=host_prefix,
                partitioned=partitioned,
            )

        self._over_https = cookie(secure=secure is not False)
        self._over_http = cookie(secure=secure is True)
        self._lazy = lazy
        self._keeper: Keeper
        if store is not None:
            if secret_key is not None or encrypt:
                raise ValueError("sessions are in cookies, with a secret_key, or in a store; leave one of them out")
            if not isinstance(store, SessionStore):
                raise TypeError(f"store is a {type(store).__name__}, no SessionStore; wrap it: SessionStore(storage)")
            if max_age is None and lifetime is None:
                raise ValueError("a store has to know when sessions end; give max_age or lifetime, in seconds")
            _check_choice("on_store_failure", on_store_failure, OnStoreFailure)
            _check_choice("on_conflict", on_conflict, OnConflict)
            self._keeper = StoreKeeper(store, limits, on_store_failure, on_conflict)
            return
        if secret_key is None:
            raise ValueError(
                "give a secret_key, for sessions in signed cookies, or a store, for sessions on the server. To make a "
                f"key: {MAKE_A_KEY}"
            )
        if lazy or on_store_failure != "error" or on_conflict != "error":
            raise ValueError("lazy, on_store_failure and on_conflict are for sessions in a store; leave them out")
        keys = read_keys(secret_key)
        seal = EncryptedSeal if encrypt else SignedSeal
        names = {self._over_https.name, self._over_http.name}
        self._keeper = CookieKeeper({name: seal(keys, name) for name in names}, limits)

    async def dispatch(self, request: Request, call_next: HTTPApp) -> Response:
        """Answer *request* with its session, and store that ahead of the answer."""
        session, cookie, value = await self._begin(request)
        response = await call_next(request)
        if session._content is None:
            session._unreadable = _TOO_LATE
            return response
        told = await self._keeper.keep(session, value, cookie.name)
        session._close()  # unless that fails: the page of the error may show, and take, what is in it
        headers = response.headers
        headers.add_vary("Cookie")
        if told is not None:
            headers.append("set-cookie", cookie.header(told.value, session._open))
        _forbid_caching(headers, sets_cookie=told is not None)
        return response

    async def dispatch_websocket(self, websocket: WebSocket, call_next: WebSocketApp) -> None:
        """Serve *websocket* with its session, and store that when the handshake is answered."""
        session, cookie, value = await self._begin(websocket)

        async def store(headers: MutableHeaders) -> None:
            try:
                told = None if session._content is None else await self._keeper.keep(session, value, cookie.name)
            finally:
                session._close(_ACCEPTED)
            if told is not None and told.is_needed:  # RSGI would refuse an acceptance that has it
                headers.append("set-cookie", cookie.header(told.value, session._open))

        websocket.on_handshake(store)
        await call_next(websocket)

    async def _begin(self, connection: HTTPConnection) -> tuple[Session, SessionCookie, str | None]:
        cookie = self._over_https if connection.scheme in ("https", "wss") else self._over_http
        value = connection.cookies.get(cookie.name)
        session = connection.session = Session()
        session._can_be_ended = self._keeper.can_end
        if value is not None:
            if self._lazy:
                session._fetch = partial(self._keeper.load, cookie=value, name=cookie.name)
            else:
                await self._keeper.load(session, value, cookie.name)
        return session, cookie, value


def _forbid_caching(headers: MutableHeaders, *, sets_cookie: bool) -> None:
    """Keep the answer from caches, unless the handler knows better; with a cookie of one client nobody does."""
    said = headers.getlist("cache-control")
    if said and not sets_cookie:
        return
    if not said or _UNSHARED.isdisjoint(part.strip().lower() for value in said for part in value.split(",")):
        headers["cache-control"] = "no-store"


def _seconds(option: str, value: int | None) -> int | None:
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{option} is whole seconds or None, not {value!r}")
    if value <= 0:
        raise ValueError(f"{option} is {value}; give seconds, more than 0, or None")
    return value


def _check_choice(option: str, value: str, choices: Any) -> None:
    if value not in get_args(choices):
        raise ValueError(f"{option} is {value!r}; give one of {', '.join(map(repr, get_args(choices)))}")


def _same_site(value: SameSite | None) -> SameSite | None:
    if value is not None and (not isinstance(value, str) or value.lower() not in get_args(SameSite)):
        raise ValueError(f"same_site is {value!r}; give 'lax', 'strict', 'none' or None")
    return None if value is None else value.lower()  # type: ignore[return-value]
