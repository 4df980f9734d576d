"""Where something stands in a program: for messages."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def caller() -> tuple[str, int]:
    """Return the file and line that called into VelociPy."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "velocipy":
        frame = frame.f_back
    return frame.f_code.co_filename, frame.f_lineno


def shown_place(file: str, line: int) -> str:
    """Return "file:line", from the working directory where the file is below it."""
    return f"{shown_file(file)}:{line}"


def shown_file(file: str) -> str:
    """Return the path from the working directory where the file is below it, else the whole."""
    return file.removeprefix(f"{Path.cwd()}{os.sep}")
