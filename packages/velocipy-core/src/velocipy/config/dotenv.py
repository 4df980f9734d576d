"""`.env` files: lines of `NAME=value`, read by rules of their own and run by no shell."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

_NAME = re.compile(r"(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.-]*)[ \t]*=[ \t]*")
_SPACE = re.compile(r"[ \t\n]*")
_SINGLE = re.compile(r"'([^']*)'")
_DOUBLE = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_BARE = re.compile(r"[^\n]*")
_COMMENT = re.compile(r"(?:^|[ \t])#.*")
_REST = re.compile(r"[ \t]*(?:#[^\n]*)?(?=\n|\Z)")
_SPECIAL = re.compile(r"\\(?P<escaped>.)|\$\{(?P<name>[A-Za-z_][A-Za-z0-9_.-]*)(?::-(?P<default>[^}]*))?\}", re.DOTALL)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\", "$": "$"}


class Line(NamedTuple):
    """The value of a name, and the number of the line on which it begins."""

    value: str
    number: int


class MalformedLine(ValueError):
    """A line that cannot be read; its value, which may be a secret, is not told."""

    def __init__(self, number: int, problem: str) -> None:
        super().__init__(f"line {number}: {problem}")
        self.number = number
        self.problem = problem


def parse(data: bytes, environment: Mapping[str, str]) -> dict[str, Line]:
    """Return the values of a `.env` file by their names; of a name that is there twice, the last counts.

    `${NAME}` and `${NAME:-default}` stand for what *environment* or an earlier line has, except within single quotes.

    Raises:
        MalformedLine: If there is a line that cannot be read.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise MalformedLine(data.count(b"\n", 0, error.start) + 1, "it is no UTF-8") from None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    found: dict[str, Line] = {}
    position = 0
    while (position := _end(_SPACE, text, position)) < len(text):
        if text[position] == "#":
            position = _end(_BARE, text, position)
            continue
        number = text.count("\n", 0, position) + 1
        name = _NAME.match(text, position)
        if name is None:
            raise MalformedLine(number, "it is no NAME=value")
        value, position = _read_value(text, name.end(), number, environment, found)
        found[name[1]] = Line(value, number)
    return found


def _end(pattern: re.Pattern[str], text: str, position: int) -> int:
    match = pattern.match(text, position)
    return position if match is None else match.end()


def _read_value(
    text: str, position: int, number: int, environment: Mapping[str, str], found: Mapping[str, Line]
) -> tuple[str, int]:
    """Return the value that begins at *position*, and where it ends."""
    quote = text[position : position + 1]
    if quote not in ("'", '"') or not quote:
        end = _end(_BARE, text, position)
        bare = _COMMENT.sub("", text[position:end]).strip(" \t")
        return _expand(bare, number, environment, found, escapes=False), end
    match = (_SINGLE if quote == "'" else _DOUBLE).match(text, position)
    if match is None:
        raise MalformedLine(number, f"the quote {quote} has no end")
    rest = _REST.match(text, match.end())
    if rest is None:
        raise MalformedLine(number, f"there is something behind the closing {quote}")
    value = match[1] if quote == "'" else _expand(match[1], number, environment, found, escapes=True)
    return value, rest.end()


def _expand(
    value: str, number: int, environment: Mapping[str, str], found: Mapping[str, Line], *, escapes: bool
) -> str:
    def replace(match: re.Match[str]) -> str:
        if match["name"] is None:
            return _ESCAPES.get(match["escaped"], match[0]) if escapes else match[0]
        if match["name"] in environment:
            return environment[match["name"]]
        if match["name"] in found:
            return found[match["name"]].value
        if match["default"] is None:
            problem = f"${{{match['name']}}} is neither in the environment nor on a line before"
            raise MalformedLine(number, f"{problem}; write ${{{match['name']}:-}} where it may be missing")
        return match["default"]

    return _SPECIAL.sub(replace, value)
