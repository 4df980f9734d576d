"""What the name of a template tells: whether its values are escaped, and what it is sent as."""

from __future__ import annotations

from pathlib import PurePosixPath

_OF_ENGINES = frozenset({".j2", ".jinja", ".jinja2"})  # "mail.txt.j2" is text

# What is not escaped is no HTML, and must never be sent as such.
_UNESCAPED = {".txt": "text/plain", ".text": "text/plain", ".csv": "text/csv", ".md": "text/markdown"}
_ESCAPED = {".xml": "application/xml", ".svg": "image/svg+xml", ".xhtml": "application/xhtml+xml"}
_TYPES = {**_UNESCAPED, **_ESCAPED}


def is_escaped(name: str | None) -> bool:
    """Tell whether what is put into the template *name* is escaped: always, but for plain text. None has no name."""
    return _suffix(name or "") not in _UNESCAPED


def media_type_of(name: str) -> str:
    """Return the content type of what the template *name* makes; text/html where the name does not tell another."""
    return _TYPES.get(_suffix(name), "text/html")


def is_markup(content_type: str) -> bool:
    """Tell whether browsers run scripts that stand in what is sent as *content_type*."""
    kind = content_type.partition(";")[0].lower()
    return "html" in kind or "xml" in kind


def _suffix(name: str) -> str:
    suffixes = [suffix.lower() for suffix in PurePosixPath(name).suffixes]
    while suffixes and suffixes[-1] in _OF_ENGINES:
        suffixes.pop()
    return suffixes[-1] if suffixes else ""
