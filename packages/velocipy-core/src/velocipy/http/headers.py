"""Header fields: case-insensitive, ordered, repeatable (RFC 9110 section 5).

Names are kept in lower case. Values are str; a value that no HTTP message can carry is refused where it is set, so
that a response is always fit to be sent. What a client sent is not judged here: the server has parsed it.
"""

from __future__ import annotations

import string
from collections.abc import Iterable, Iterator, Mapping

__all__ = ["Headers", "HeadersInput", "MutableHeaders"]

_TOKEN = string.ascii_letters + string.digits + "!#$%&'*+-.^_`|~"

HeadersInput = Mapping[str, str] | Iterable[tuple[str, str]]


def check_header(name: str, value: str) -> tuple[str, str]:
    """Return the field as it is sent: its name in lower case, its value without white space around it.

    Raises:
        ValueError: If the name is no token, or the value has a control or a character beyond ASCII
            (RFC 9110 sections 5.1 and 5.5).
    """
    if not isinstance(name, str) or not name or name.strip(_TOKEN):
        raise ValueError(f"header name {name!r} is not a token; use letters, digits and !#$%&'*+-.^_`|~ (RFC 9110)")
    if not isinstance(value, str):
        raise ValueError(f"header {name!r}: the value must be a str, not {type(value).__name__}")
    value = value.strip(" \t")
    # Without obs-text: what lies beyond ASCII reaches no two servers alike.
    if not value.isascii() or not value.replace("\t", " ").isprintable():
        raise ValueError(
            f"header {name!r}: the value {value!r} has a control character or one beyond ASCII; "
            "percent-encode it or leave it out (RFC 9110)"
        )
    return name.lower(), value


def _pairs_of(headers: HeadersInput) -> Iterable[tuple[str, str]]:
    items = getattr(headers, "items", None)
    return headers if items is None else items()  # type: ignore[return-value]


class Headers(Mapping[str, str]):
    """The header fields of a request, in the order in which they came.

    As a mapping it gives the first value of a name; `getlist` gives all, `items` every pair.
    """

    __slots__ = ("_pairs",)

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        self._pairs: list[tuple[str, str]] = [(name.lower(), value) for name, value in pairs]

    def __getitem__(self, name: str) -> str:
        wanted = name.lower()
        for key, value in self._pairs:
            if key == wanted:
                return value
        raise KeyError(name)

    def getlist(self, name: str) -> list[str]:
        """Return every value of *name*, in order; [] if there is none."""
        wanted = name.lower()
        return [value for key, value in self._pairs if key == wanted]

    def items(self) -> list[tuple[str, str]]:  # type: ignore[override]
        """Return every pair, repeated names included."""
        return list(self._pairs)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and any(key == name.lower() for key, _ in self._pairs)

    def __iter__(self) -> Iterator[str]:
        return iter(dict(self._pairs))

    def __len__(self) -> int:
        return len(dict(self._pairs))

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Headers):
            return sorted(self._pairs) == sorted(other._pairs)
        return NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._pairs!r})"


class MutableHeaders(Headers):
    """The header fields of a response. Every change is checked: see `check_header` for what is refused."""

    __slots__ = ()

    def __init__(self, pairs: HeadersInput | None = None) -> None:
        self._pairs = [check_header(name, value) for name, value in _pairs_of(pairs or ())]

    @classmethod
    def of_checked(cls, pairs: list[tuple[str, str]]) -> MutableHeaders:
        """Return the fields that *pairs* are: names in lower case, values that can be sent. Nothing is checked."""
        made = cls.__new__(cls)
        made._pairs = pairs
        return made

    def copy(self) -> MutableHeaders:
        """Return fields of their own, which may be changed without changing these."""
        made = MutableHeaders.__new__(MutableHeaders)
        made._pairs = self._pairs.copy()
        return made

    def __setitem__(self, name: str, value: str) -> None:
        """Set *name* to *value* alone, in the place of its first value."""
        pair = check_header(name, value)
        for index, (key, _) in enumerate(self._pairs):
            if key == pair[0]:
                rest = [other for other in self._pairs[index + 1 :] if other[0] != key]
                self._pairs[index:] = [pair, *rest]
                return
        self._pairs.append(pair)

    def __delitem__(self, name: str) -> None:
        if name not in self:
            raise KeyError(name)
        wanted = name.lower()
        self._pairs = [pair for pair in self._pairs if pair[0] != wanted]

    def append(self, name: str, value: str) -> None:
        """Add a field and keep those of the same name, as `set-cookie` needs."""
        self._pairs.append(check_header(name, value))

    def setdefault(self, name: str, value: str) -> str:
        """Set *name* if it is not there, and return its value."""
        if name not in self:
            self.append(name, value)
        return self[name]

    def pop(self, name: str, default: str | None = None) -> str | None:
        """Remove *name* and return its first value, *default* if it is not there."""
        value = self.get(name, default)
        if name in self:
            del self[name]
        return value

    def update(self, other: HeadersInput) -> None:
        """Set each name of *other* to its value."""
        for name, value in _pairs_of(other):
            self[name] = value

    def add_vary(self, name: str) -> None:
        """Name one more request header on which the answer depends (RFC 9110 section 12.5.5)."""
        known = [field.strip() for value in self.getlist("vary") for field in value.split(",")]
        if "*" not in known and name.lower() not in (field.lower() for field in known):
            self["vary"] = ", ".join([*filter(None, known), name])
