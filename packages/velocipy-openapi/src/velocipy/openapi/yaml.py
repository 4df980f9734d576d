"""JSON data as YAML 1.2, in blocks: what people read and compare. Nothing else of YAML is known here."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

# What is text without quotes, whichever reader: no number, date, bool or null of any version of YAML, no indicator.
_PLAIN = re.compile(r"[A-Za-z_/$][A-Za-z0-9_/.$ -]*(?<! )").fullmatch
# Neither text nor a line break may have it in YAML (1.2 section 5.1); both halves of a pair are no text by themselves.
_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
_LONGEST_KEY = 1000  # of 1024 that may be before its colon
_WORDS = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})


def to_yaml(value: Any) -> str:
    """Return JSON data as a YAML document."""
    return "\n".join(_lines(value, "")) + "\n"


def _lines(value: Any, indent: str) -> Iterator[str]:
    if isinstance(value, dict) and value:
        for key, item in value.items():
            *heads, head = _item(key, indent)
            yield from heads
            if isinstance(item, (dict, list)) and item:
                yield head
                yield from _lines(item, f"{indent}  ")
            else:
                yield f"{head} {_scalar(item)}"
    elif isinstance(value, list) and value:
        for item in value:
            first, *rest = _lines(item, f"{indent}  ")
            yield f"{indent}- {first.lstrip()}"
            yield from rest
    else:
        yield f"{indent}{_scalar(value)}"


def _item(key: str, indent: str) -> list[str]:
    """Return the lines with a key, of which the value follows."""
    told = _text(key)
    return [f"{indent}{told}:"] if len(told) <= _LONGEST_KEY else [f"{indent}? {told}", f"{indent}:"]


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        return _text(value)
    told = json.dumps(value)
    if isinstance(value, float) and "e" in told and "." not in told:
        return told.replace("e", ".0e")  # a number to YAML 1.1 as well
    return told


def _text(text: str) -> str:
    if _PLAIN(text) and text.lower() not in _WORDS:
        return text
    return _UNPRINTABLE.sub(_escaped, json.dumps(text, ensure_ascii=False))


def _escaped(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"
