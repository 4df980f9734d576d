"""
What Granian's protocol objects raise in an application: Granian's own classes where it could name them, else ours.
"""

import sys


class RSGIProtocolError(RuntimeError):
    """The application used the protocol object out of order; Granian's `RSGIProtocolError`."""


class RSGIProtocolClosed(RuntimeError):
    """The client has gone; Granian's `RSGIProtocolClosed`."""


def granian_class(name: str, ours: type[RuntimeError]) -> type[RuntimeError]:
    """Granian's own exception class if the application could name it: if somebody has imported it."""
    found: type[RuntimeError] = getattr(sys.modules.get("granian.rsgi"), name, ours)
    return found


def protocol_error(message: str) -> RuntimeError:
    return granian_class("ProtocolError", RSGIProtocolError)(message)


def protocol_closed() -> RuntimeError:
    return granian_class("ProtocolClosed", RSGIProtocolClosed)("RSGI transport is closed")
