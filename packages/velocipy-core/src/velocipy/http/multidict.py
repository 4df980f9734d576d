"""Names with one or more values each: what query strings and forms are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Generic, TypeVar

Value = TypeVar("Value")


class MultiValueDict(Mapping[str, Value], Generic[Value]):
    """A read-only mapping of names to values, of which a name may have several.

    As a mapping it gives the last value of a name; `getlist` gives all, `multi_items` every pair.
    """

    __slots__ = ("_lists",)

    def __init__(self, lists: Mapping[str, list[Value]]) -> None:
        self._lists = lists

    def __getitem__(self, name: str) -> Value:
        return self._lists[name][-1]

    def getlist(self, name: str) -> list[Value]:
        """Return every value of *name*, in order; [] if there is none."""
        return list(self._lists.get(name, ()))

    def multi_items(self) -> list[tuple[str, Value]]:
        """Return every pair, those of one name together."""
        return [(name, value) for name, values in self._lists.items() for value in values]

    def __iter__(self) -> Iterator[str]:
        return iter(self._lists)

    def __len__(self) -> int:
        return len(self._lists)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.multi_items()!r})"
