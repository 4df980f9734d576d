"""The session as handlers have it: a dict of what JSON has, which is read when it is asked for."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, MutableMapping
from secrets import token_hex
from time import time
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from velocipy.sessions.content import Content, text_of_data
from velocipy.sessions.errors import SessionUnavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

_logger = logging.getLogger("velocipy.sessions")
_KEPT = (str, int, float, type(None), dict, list, tuple)
_UNCHANGEABLE = frozenset({str, int, float, bool, type(None)})
_HEAD_IS_SENT = "the answer has begun to be sent, and the session was stored before: change it ahead of the first byte"


class Flash(NamedTuple):
    """A message for the next page."""

    category: str
    message: str


class Session(MutableMapping[str, Any]):
    """What is kept between the requests of one client: a dict of text to what JSON has.

    Handlers take it by this annotation, or as `request.session` and `websocket.session`. It is stored when the handler
    has returned, whatever the answer, before the answer is sent; on a WebSocket when the handshake is answered. What is
    changed within its values is seen too. One that was made by itself, for tests, is stored nowhere.

    Args:
        data: What is in it.

    Raises:
        TypeError: By what changes it, if a key is no str or a value has no JSON.
        RuntimeError: By what changes it, when the answer has begun to be sent.
        SessionUnavailable: If the store cannot be reached.
    """

    not_a_dependency = "Take it as a parameter `session: Session`, without Depends()."

    __slots__ = (
        "_base",
        "_can_be_ended",
        "_content",
        "_fetch",
        "_is_changed",
        "_is_cleared",
        "_is_lent",
        "_is_renewed",
        "_is_unavailable",
        "_key",
        "_read",
        "_sent",
        "_text_when_sent",
        "_unreadable",
    )

    def __init__(self, data: Mapping[str, Any] | None = None) -> None:
        self._base: bytes | None = None  # what was stored
        self._can_be_ended = True  # from outside, as those of a user are
        self._content: Content | None = None  # None: not asked for
        self._fetch: Callable[[Session], Awaitable[None]] | None = None  # what `load` has to do first
        self._is_changed = False
        self._is_cleared = False
        self._is_lent = False  # a value that can be changed from within has been handed out
        self._is_renewed = False  # what is stored shall have another id
        self._is_unavailable = False  # nothing can be changed, for nothing is known
        self._key: str | None = None
        self._read: Callable[[Session], Content] = _read_nothing
        self._sent = ""  # why nothing can be changed any more
        self._text_when_sent = ""
        self._unreadable = ""  # why it cannot be read for the first time any more
        if data is not None:
            self.update(data)

    # -- what it tells -----------------------------------------------------------------------------------------------

    @property
    def key(self) -> str | None:
        """What names it in its store, for `SessionStore.invalidate` and for logs; it opens nothing.

        None for one that is not stored yet, and for those that are in their cookies.
        """
        self._open()
        return self._key

    @property
    def user(self) -> str | None:
        """Whose session it is, as `rotate` was told."""
        return self._open().user

    @property
    def is_new(self) -> bool:
        """Whether nothing was stored before."""
        self._open()
        return self._base is None

    @property
    def is_read_only(self) -> bool:
        """Whether it is empty since the store cannot be reached; to change it is a SessionUnavailable."""
        self._open()
        return self._is_unavailable

    # -- what it does ------------------------------------------------------------------------------------------------

    async def load(self) -> None:
        """Fetch it from its store, if that has not been done; what takes a `Session` as a parameter need not.

        Only with `SessionMiddleware(lazy=True)` there is something to do.
        """
        fetch = self._fetch
        if fetch is not None:
            await fetch(self)
            self._fetch = None  # and not before: one that is not fetched, since that was cancelled, is not an empty one

    def rotate(self, user: str | None = None) -> None:
        """Go on under another id, and have the old one name nothing; do so whenever rights change, as at a login.

        Nothing else could keep somebody who has planted or seen the id of before from being logged in as well.

        Args:
            user: Whose it is from now on, so that `SessionStore.invalidate_user` finds it; as it is by default.

        Raises:
            RuntimeError: If a user is given, and sessions are in their cookies, where nothing can end them.
            TypeError: If the user is no str.
        """
        if not isinstance(user, str | None):
            raise TypeError(f"the user of a session is a str, not {type(user).__name__}; give str(user)")
        if user is not None and not self._can_be_ended:
            raise RuntimeError(
                "sessions in cookies cannot be ended, and so are nobody's: call rotate() without a user, and keep who "
                "it is in session['user'], or keep sessions in a SessionStore"
            )
        content = self._change()
        self._is_renewed = True
        if user is not None:
            content.user = user

    def flash(self, message: str, category: str = "info") -> None:
        """Keep *message* for the next page that asks for `pop_flashes`."""
        if not isinstance(message, str) or not isinstance(category, str):
            raise TypeError("a flash message and its category are str")
        self._change().flashes[token_hex(4)] = [category, message]

    def pop_flashes(self) -> list[Flash]:
        """Return the messages that wait, the oldest first; they are gone then."""
        if not self._open().flashes:
            return []
        content = self._change()
        waiting = [Flash(*pair) for pair in content.flashes.values()]
        content.flashes = {}
        return waiting

    def clear(self) -> None:
        """End the session: it is empty, of nobody, its cookie is deleted, and its id names nothing any more.

        What is put into it afterwards is another session.
        """
        content = self._change()
        now = int(time())
        content.data, content.flashes, content.user, content.created = {}, {}, None, now
        self._is_cleared = self._is_renewed = True

    # -- a dict ------------------------------------------------------------------------------------------------------

    def __getitem__(self, key: str) -> Any:
        value = self._open().data[key]
        if type(value) not in _UNCHANGEABLE and not self._is_lent:
            self._lend()
        return value

    def __setitem__(self, key: str, value: Any) -> None:
        if not isinstance(key, str):
            raise TypeError(f"a key of a session is a str, not {type(key).__name__}: JSON has no others")
        if not isinstance(value, _KEPT):
            raise TypeError(
                f"session[{key!r}] cannot be kept: a {type(value).__name__} has no JSON. Keep text, such as "
                "value.isoformat() or str(value)"
            )
        self._change().data[key] = value
        self._is_lent = True  # who has set it may change it

    def __delitem__(self, key: str) -> None:
        if key not in self._open().data:
            raise KeyError(key)
        del self._change().data[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._open().data)

    def __reversed__(self) -> Iterator[str]:
        return reversed(self._open().data)

    def __len__(self) -> int:
        return len(self._open().data)

    def __contains__(self, key: object) -> bool:
        return key in self._open().data

    def popitem(self) -> tuple[str, Any]:
        """Remove the item that was added last, and return it."""
        for key in reversed(self):
            return key, self.pop(key)
        raise KeyError("the session is empty")

    def copy(self) -> dict[str, Any]:
        """Return the items as a dict."""
        return dict(self)

    def __or__(self, other: Mapping[str, Any]) -> dict[str, Any]:
        return {**self, **other} if isinstance(other, Mapping) else NotImplemented

    def __ror__(self, other: Mapping[str, Any]) -> dict[str, Any]:
        return {**other, **self} if isinstance(other, Mapping) else NotImplemented

    def __ior__(self, other: Any) -> Self:  # type: ignore[misc]  # of a dict it is so too
        self.update(other)
        return self

    def __repr__(self) -> str:
        if self._content is None:
            return "<Session, not read>"
        return f"<Session with {', '.join(map(repr, self._content.data)) or 'nothing'}>"  # values may be secrets

    # -- for the middleware ------------------------------------------------------------------------------------------

    def _open(self) -> Content:
        content = self._content
        if content is None:
            if self._unreadable:
                raise RuntimeError(self._unreadable)
            if self._fetch is not None:
                raise RuntimeError(
                    "the session is not loaded: with lazy=True take it as a parameter session: Session, or await "
                    "session.load()"
                )
            content = self._content = self._read(self)
        return content

    def _change(self) -> Content:
        content = self._open()
        if self._sent:
            raise RuntimeError(self._sent)
        if self._is_unavailable:
            raise SessionUnavailable
        self._is_changed = True
        return content

    def _lend(self) -> None:
        self._is_lent = True
        if self._sent:
            self._text_when_sent = text_of_data(self._open().data)

    def _has_changed(self) -> bool:
        """Tell whether there is something to store."""
        if self._is_changed or not self._is_lent or self._base is None:
            return self._is_changed
        return text_of_data(self._open().data) != text_of_data(json.loads(self._base)["d"])

    def _close(self, reason: str = _HEAD_IS_SENT) -> None:
        """Refuse what is changed from now on, and tell at the end of what was changed from within all the same."""
        if self._is_lent:
            self._text_when_sent = text_of_data(self._open().data)
        self._sent = reason

    def __del__(self) -> None:
        is_over = getattr(self, "_sent", "") and self._is_lent and self._content is not None
        if is_over and text_of_data(self._open().data) != self._text_when_sent:
            _logger.error("a value in a session was changed, and is lost: %s", self._sent)


def _read_nothing(session: Session) -> Content:
    now = int(time())
    return Content(now, now)
