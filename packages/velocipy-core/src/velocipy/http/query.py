"""Query strings and urlencoded forms, which are written alike (WHATWG URL, section 5.1).

Linear in the length of the text; only "&" separates fields (CVE-2021-23336), blank values are kept, and bytes that
are no UTF-8 are a `ValueError`, never a guess.
"""

from __future__ import annotations

import re

_ESCAPES = r"(?:%[0-9A-Fa-f]{2})+"


def _decode_escapes(match: re.Match[str]) -> str:
    return bytes.fromhex(match[0].replace("%", "")).decode("utf-8")


def unquote(text: str) -> str:
    """Return *text* with "+" as a space and its percent-escapes decoded as UTF-8.

    A "%" that starts no escape stands for itself.

    Raises:
        ValueError: If the escapes are no UTF-8.
    """
    return _decode(text.replace("+", " "))


def _decode(text: str) -> str:
    return re.sub(_ESCAPES, _decode_escapes, text) if "%" in text else text


def parse_pairs(text: str, max_fields: int | None = None) -> dict[str, list[str]]:
    """Return the values of each name in *text*, in order.

    Args:
        text: "a=1&b=2", without a "?" in front.
        max_fields: How many fields there may be; None for any number.

    Raises:
        ValueError: If there are more fields than *max_fields*, or an escape is no UTF-8.
    """
    fields: dict[str, list[str]] = {}
    if not text:
        return fields
    if max_fields is not None and text.count("&") >= max_fields:
        raise ValueError(f"more than {max_fields} fields")
    text = text.replace("+", " ")
    for field in text.split("&"):
        if not field:
            continue
        name, _, value = field.partition("=")
        if "%" in field:  # PERF: seldom so, and dear
            name, value = _decode(name), _decode(value)
        if name in fields:
            fields[name].append(value)
        else:
            fields[name] = [value]
    return fields
