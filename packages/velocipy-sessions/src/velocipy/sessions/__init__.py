"""Sessions: what an application keeps of a client between requests, in cookies or in a store."""

from velocipy.sessions._version import __version__
from velocipy.sessions.errors import SessionConflict, SessionTooLarge, SessionUnavailable
from velocipy.sessions.middleware import SessionMiddleware
from velocipy.sessions.session import Flash, Session
from velocipy.sessions.store import SessionStore

__all__ = [
    "Flash",
    "Session",
    "SessionConflict",
    "SessionMiddleware",
    "SessionStore",
    "SessionTooLarge",
    "SessionUnavailable",
    "__version__",
]
