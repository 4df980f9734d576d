"""A circuit breaker: while a storage is away, nobody waits for it."""

from __future__ import annotations

import logging
from time import monotonic

_logger = logging.getLogger("velocipy")


class Breaker:
    """Tells whether to ask a storage. It opens after *failures* in a row, and lets one probe pass in each *pause*.

    It is logged when it opens and when it closes.

    Attributes:
        is_quiet: Whether nothing has failed since the last success: then there is nothing to ask or to note.
    """

    def __init__(self, failures: int, pause: float) -> None:
        self.is_quiet = True
        self._most = failures
        self._pause = pause
        self._failures = 0
        self._probe_at: float | None = None  # None while it is closed

    def lets_pass(self) -> bool:
        """Tell whether to ask; an open one lets pass whoever comes first after each pause."""
        if self._probe_at is None:
            return True
        now = monotonic()
        if now < self._probe_at:
            return False
        self._probe_at = now + self._pause
        return True

    def note_success(self) -> None:
        """Close it."""
        self.is_quiet = True
        self._failures = 0
        if self._probe_at is not None:
            self._probe_at = None
            _logger.warning("the storage of rate limits answers again")

    def note_failure(self, error: Exception) -> None:
        """Open it if that was one too many."""
        self.is_quiet = False
        self._failures += 1
        if self._probe_at is None and self._failures >= self._most:
            self._probe_at = monotonic() + self._pause
            _logger.error("the storage of rate limits fails, and on_storage_error decides until it does not: %s", error)
