"""What load balancers and orchestrators ask: is the process alive, and may it have requests."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any

from velocipy.http.response import JSONResponse

if TYPE_CHECKING:
    from velocipy.application import VelociPy

_logger = logging.getLogger("velocipy")
_HEADERS = {"cache-control": "no-store"}


async def answer_health() -> JSONResponse:
    """Answer 200, which a process that answers is worth."""
    return JSONResponse({"status": "ok"}, headers=_HEADERS)


class Readiness:
    """Answers 200 if an application may have requests, and 503 while it drains or when a check fails.

    Args:
        app: The application.
        checks: Functions that raise, or return False, when something is missing.
        timeout: Seconds that each of them may take.

    Raises:
        TypeError: If a check cannot be called.
        ValueError: If two have the same name, or the time is none.
    """

    def __init__(self, app: VelociPy, checks: Iterable[Callable[..., Any]], timeout: float) -> None:
        if timeout <= 0:
            raise ValueError(f"timeout is {timeout}; give seconds above 0")
        self._app = app
        self._checks = [_Check(app, check, timeout) for check in checks]
        names = [check.name for check in self._checks]
        if len(set(names)) < len(names):
            raise ValueError(f"the checks are told apart by their names, and two of {', '.join(names)} are the same")

    async def answer(self) -> JSONResponse:
        """Run the checks together, and answer what came of each, without why."""
        if self._app.is_draining:
            return JSONResponse({"status": "draining", "checks": {}}, 503, _HEADERS)
        outcomes = await asyncio.gather(*(check.run() for check in self._checks))
        told = {check.name: outcome for check, outcome in zip(self._checks, outcomes, strict=True)}
        is_ready = all(outcome == "ok" for outcome in outcomes)
        content = {"status": "ok" if is_ready else "failed", "checks": told}
        return JSONResponse(content, 200 if is_ready else 503, _HEADERS)


class _Check:
    """One check; who asks while it runs waits for the same run, so that no number of askers runs it twice at once."""

    def __init__(self, app: VelociPy, function: Callable[..., Any], seconds: float) -> None:
        if not callable(function):
            raise TypeError(f"a check is a function, not {function!r}; do not call it yourself")
        self.name: str = getattr(function, "__name__", None) or type(function).__name__
        self._app = app
        self._function = function
        self._seconds = seconds
        self._task: asyncio.Task[Any] | None = None

    async def run(self) -> str:
        """Return "ok", "failed" or "timeout"."""
        task = self._task
        if task is None or task.done() or task.get_loop() is not asyncio.get_running_loop():
            task = self._task = asyncio.create_task(self._call(), name=f"check {self.name}")
        await asyncio.wait({task}, timeout=self._seconds)
        if not task.done() or task.cancelled():
            _logger.warning("the check %s did not end within %g s", self.name, self._seconds)
            if iscoroutinefunction(self._function):
                task.cancel()  # nothing can stop a thread: of a plain function, the next who asks waits for the same
            return "timeout"
        error = task.exception()
        if error is None and task.result() is not False:
            return "ok"
        _logger.warning("the check %s failed", self.name, exc_info=error)
        return "failed"

    async def _call(self) -> Any:
        async with self._app.scope() as scope:
            return await scope.call(self._function)
