"""JSON data as YAML 1.2, in blocks: what people read and compare. Nothing else of YAML is known here."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

# What is text without quotes, whichever reader: no number, date, bool or null of any version of YAML, no indicator.
_PLAIN = re.compile(r"[A-Za-z_/$][A-Za-z0-9_/.$ -]*(?<! )").fullmatch
_WORDS = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})


def to_yaml(value: Any) -> str:
    """Return JSON data as a YAML document."""
    return "\n".join(_lines(value, "")) + "\n"


def _lines(value: Any, indent: str) -> Iterator[str]:
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _item(f"{indent}{_text(key)}:", item, f"{indent}  ")
    elif isinstance(value, list) and value:
        for item in value:
            first, *rest = _lines(item, f"{indent}  ")
            yield f"{indent}- {first.lstrip()}"
            yield from rest
    else:
        yield f"{indent}{_scalar(value)}"


def _item(head: str, value: Any, indent: str) -> Iterator[str]:
    if isinstance(value, (dict, list)) and value:
        yield head
        yield from _lines(value, indent)
    else:
        yield f"{head} {_scalar(value)}"


def _scalar(value: Any) -> str:
    return _text(value) if isinstance(value, str) else json.dumps(value)


def _text(text: str) -> str:
    return text if _PLAIN(text) and text.lower() not in _WORDS else json.dumps(text, ensure_ascii=False)
