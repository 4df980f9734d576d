"""What the core logs as an error, such as a hook that raised: in this process, and in that of a server."""

import json
import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

VARIABLE = "VELOCIPY_TEST_ERRORS"  # in whose presence a server marks errors in its log
_MARK = "velocipy-testing, logged as an error: "
_LOGGER = logging.getLogger("velocipy")


@contextmanager
def logged_errors() -> Iterator[list[logging.LogRecord]]:
    """Yield a list to which the core's errors are added until the end of the block."""
    errors: list[logging.LogRecord] = []

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            errors.append(record)

    handler = Collector(logging.ERROR)
    _LOGGER.addHandler(handler)
    try:
        yield errors
    finally:
        _LOGGER.removeHandler(handler)


def told(record: logging.LogRecord) -> str:
    """Return the message, what was raised, and the file and line where."""
    message = record.getMessage()
    error = record.exc_info[1] if record.exc_info else None
    if error is None:
        return message
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({frames[-1].filename}:{frames[-1].lineno})" if frames else ""
    return f"{message}: {type(error).__name__}: {error}{place}"


def mark_errors() -> None:
    """Write what the core logs to standard error from now on, so that `marked_errors` finds the errors in it."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Marking())
    handler.setLevel(logging.WARNING)
    _LOGGER.addHandler(handler)


def marked_errors(log: str) -> list[str]:
    """Return the errors that `mark_errors` marked in the *log* of a server."""
    return [json.loads(line.partition(_MARK)[2]) for line in log.splitlines() if _MARK in line]


class _Marking(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        return text if record.levelno < logging.ERROR else f"{_MARK}{json.dumps(told(record))}\n{text}"
