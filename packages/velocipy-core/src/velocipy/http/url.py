"""URLs: text that tells its parts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit


class URL(str):
    """A URL; everywhere a str, and its parts by the names of RFC 3986."""

    __slots__ = ()

    @property
    def scheme(self) -> str:
        """ "http" or "https"."""
        return self._split().scheme

    @property
    def netloc(self) -> str:
        """The host, with its port if there is one."""
        return self._split().netloc

    @property
    def hostname(self) -> str | None:
        """The host alone, in lower case and without the brackets of an IPv6 address."""
        return self._split().hostname

    @property
    def port(self) -> int | None:
        """The port, None if there is none, so that it is that of the scheme.

        Raises:
            ValueError: If it is no number to 65535; that of a request always is.
        """
        return self._split().port

    @property
    def path(self) -> str:
        """The path, percent-encoded; `Request.path` is the one that is decoded."""
        return self._split().path

    @property
    def query(self) -> str:
        """What follows the "?", undecoded."""
        return self._split().query

    def include_query_params(self, /, **values: Any) -> URL:
        """Return the URL with *values* in its query, in place of those of the same names; a list is several."""
        kept = [(name, value) for name, value in self._query() if name not in values]
        return self._with_query([*kept, *values.items()])

    def remove_query_params(self, *names: str | Iterable[str]) -> URL:
        """Return the URL without *names* in its query."""
        gone = {name for item in names for name in ([item] if isinstance(item, str) else item)}
        return self._with_query([(name, value) for name, value in self._query() if name not in gone])

    def _split(self) -> SplitResult:
        return urlsplit(self)

    def _query(self) -> list[tuple[str, str]]:
        return parse_qsl(self.query, keep_blank_values=True, errors="surrogateescape")

    def _with_query(self, pairs: list[tuple[str, Any]]) -> URL:
        query = urlencode(pairs, doseq=True, errors="surrogateescape")  # what is no UTF-8 is kept
        return URL(self._split()._replace(query=query).geturl())
