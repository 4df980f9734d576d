"""What is kept of a session, as JSON.

`{"d": data, "t": when it was written}`, and where there is something to say, "c" (when the session began), "u" (whose
it is) and "f" (messages for the next page).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


@dataclass(slots=True)
class Content:
    """What is kept of one session.

    Attributes:
        data: What handlers keep.
        flashes: Messages that wait, category and text, each under a key of its own: so requests merge.
        user: Whose session it is.
        created, written: Seconds since 1970.
    """

    created: int
    written: int
    data: dict[str, Any] = field(default_factory=dict)
    flashes: dict[str, list[str]] = field(default_factory=dict)
    user: str | None = None

    @property
    def is_empty(self) -> bool:
        return not self.data and not self.flashes and self.user is None

    def encode(self, now: int) -> bytes:
        """Return it as JSON, written *now*.

        Raises:
            TypeError: If a value has no JSON; the message names its key.
        """
        kept: dict[str, Any] = {"d": self.data, "t": now}
        if self.created != now:
            kept["c"] = self.created
        if self.user is not None:
            kept["u"] = self.user
        if self.flashes:
            kept["f"] = self.flashes
        try:
            return _encode(kept).encode("utf-8", "surrogatepass")
        except (TypeError, ValueError, RecursionError):
            for key, value in self.data.items():
                text_of(key, value)
            raise


def decode(payload: bytes) -> Content | None:
    """Return what *payload* keeps; None if it is none: what was written by another program with the same key."""
    try:
        kept = json.loads(payload)
        written, data, flashes = kept["t"], kept["d"], kept.get("f", {})
        content = Content(int(kept.get("c", written)), int(written), data, flashes, kept.get("u"))
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return None
    if type(data) is not dict or type(flashes) is not dict or not isinstance(content.user, str | None):
        return None
    is_known = all(type(pair) is list and len(pair) == 2 for pair in flashes.values())
    return content if is_known else None


def text_of(key: str, value: Any) -> str:
    """Return *value* as it is kept.

    Raises:
        TypeError: If it has no JSON; the message names *key*.
    """
    try:
        return _encode(value)
    except (TypeError, ValueError, RecursionError) as error:
        raise TypeError(
            f"session[{key!r}] cannot be kept: {error}. A session has what JSON has: keep text for other values, such "
            "as value.isoformat() or str(value)"
        ) from None


def text_of_data(data: Mapping[str, Any]) -> str:
    """Return *data* as it is kept, to see whether it has changed."""
    try:
        return _encode(data)
    except (TypeError, ValueError, RecursionError):
        return ""  # which is told when it is written; what was read can be


def sizes(content: Content) -> dict[str, int]:
    """Return how many bytes of JSON each key takes, the largest first."""
    texts = {key: text_of(key, [key, value]) for key, value in content.data.items()}
    if content.flashes:
        texts["flash messages"] = _encode(content.flashes)
    taken = {key: len(text.encode("utf-8", "surrogatepass")) for key, text in texts.items()}
    return dict(sorted(taken.items(), key=lambda item: -item[1]))


def merge(base: Content, ours: Content, theirs: Content) -> tuple[Content, list[str]]:
    """Return what comes of two changes of *base*, key by key; and the keys that both changed, where ours count."""
    conflicts: list[str] = []
    data = _merge_keys(base.data, ours.data, theirs.data, conflicts)
    flashes = _merge_keys(base.flashes, ours.flashes, theirs.flashes, [])  # gone for both, or new for one
    user = theirs.user if ours.user == base.user else ours.user
    if ours.user != base.user and theirs.user not in (base.user, ours.user):
        conflicts.append("user")
    return Content(theirs.created, theirs.written, data, flashes, user), conflicts


_ABSENT = object()


def _merge_keys(
    base: Mapping[str, Any], ours: Mapping[str, Any], theirs: Mapping[str, Any], conflicts: list[str]
) -> dict[str, Any]:
    merged = dict(theirs)
    for key in {**base, **ours}:
        before, mine, other = (values.get(key, _ABSENT) for values in (base, ours, theirs))
        if _is_same(key, mine, before):
            continue
        if not _is_same(key, other, before) and not _is_same(key, other, mine):
            conflicts.append(key)
        if mine is _ABSENT:
            merged.pop(key, None)
        else:
            merged[key] = mine
    return merged


def _is_same(key: str, one: Any, other: Any) -> bool:
    if one is _ABSENT or other is _ABSENT:
        return one is other
    return text_of(key, one) == text_of(key, other)  # by the text: 1 and True are equal
