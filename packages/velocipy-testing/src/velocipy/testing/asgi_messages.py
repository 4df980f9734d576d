"""
What is checked of an ASGI message whichever protocol it belongs to: that it is one, its status, its headers.

A check that fails raises `ProtocolError`, and the client of the exchange sees it too.
"""

import re
from collections.abc import Iterable, Mapping, MutableMapping
from typing import Any

from velocipy.testing.running import Running

Message = MutableMapping[str, Any]
Header = tuple[bytes, bytes]

TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")  # RFC 9110 section 5.6.2; servers make it lower case
VALUE = re.compile(rb"(?:[\x21-\x7e\x80-\xff](?:[\t \x21-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?")  # section 5.5


def checked_type(exchange: Running, message: Any) -> str:
    """The type of what is a message."""
    if not isinstance(message, Mapping) or not isinstance(message.get("type"), str):
        raise exchange.refuse(f"an ASGI message is a dict with a 'type', not {message!r}")
    return str(message["type"])


def checked_head(exchange: Running, message: Message) -> tuple[int, list[Header]]:
    """Status and headers of a message that starts a response; names are lower case."""
    status = message.get("status")
    # Uvicorn has no status line for others; below 200 a response is not the final one
    if not isinstance(status, int) or isinstance(status, bool) or not 200 <= status <= 599:
        raise exchange.refuse(f"the response's status is {status!r}; it is an int from 200 to 599")
    headers = checked_headers(exchange, message)
    if status in (204, 304) and any(name == b"content-length" and value != b"0" for name, value in headers):
        # Uvicorn with httptools waits for that many bytes of body, which must not come
        raise exchange.refuse(f"a response with status {status} has a Content-Length; leave it out")
    return int(status), headers


def checked_headers(exchange: Running, message: Message) -> list[Header]:
    """The headers of a message; names are lower case."""
    headers = message.get("headers", ())
    if isinstance(headers, str | bytes | Mapping) or not isinstance(headers, Iterable):
        raise exchange.refuse(
            f"the response's headers are a {type(headers).__name__}; they are an iterable of pairs of bytes"
        )
    return [_checked_header(exchange, header) for header in headers]


def _checked_header(exchange: Running, header: Any) -> Header:
    if not isinstance(header, list | tuple) or len(header) != 2:
        raise exchange.refuse(f"the response header {header!r} is not a pair of name and value")
    name, value = header
    if not isinstance(name, bytes) or not isinstance(value, bytes):
        raise exchange.refuse(f"name and value of the response header {header!r} are bytes; encode them")
    if not TOKEN.fullmatch(name):
        raise exchange.refuse(f"the name of the response header {header!r} is not a token")
    if not VALUE.fullmatch(value):
        raise exchange.refuse(
            f"the value of the response header {header!r} has a control character or surrounding white space"
        )
    return name.lower(), value


def checked_body(exchange: Running, message: Message) -> bytes:
    """The piece of body that a message brings."""
    body = message.get("body", b"")
    if not isinstance(body, bytes | bytearray | memoryview):
        raise exchange.refuse(f"the body of a message is bytes, not {type(body).__name__}; encode it")
    return bytes(body)
