"""Dependencies outside a request: for scripts, jobs and shells."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import TracebackType
from typing import Any, Self

from velocipy.concurrency import WorkerPool
from velocipy.errors import ParameterError, StartupError, StartupErrorGroup
from velocipy.http.exits import Exits
from velocipy.models import Models
from velocipy.plans.compiler import compile_call
from velocipy.plans.graph import Graph
from velocipy.plans.plan import Call, Given
from velocipy.plans.signature import find_place


class Scope:
    """Calls functions with what they depend on; closes that at its end, and does what they left to do.

    Args:
        models: The application's conversions.
        overrides: Its `dependency_overrides`.
        pool: Where plain functions run.
        sources: What makes the values of parameters, by their types.
    """

    def __init__(
        self,
        models: Models,
        overrides: Mapping[Callable[..., Any], Callable[..., Any]],
        pool: WorkerPool,
        sources: Mapping[Any, Callable[..., Any]],
    ) -> None:
        self._models = models
        self._overrides = overrides
        self._pool = pool
        self._sources = sources
        self._exits: Exits | None = None  # where plans look for it

    async def call(self, function: Callable[..., Any], /, **values: Any) -> Any:
        """Return what *function* returns, called with *values* and with its dependencies.

        Raises:
            StartupError: If it, or what it depends on, needs a request or has another mistake; several come as a
                `StartupErrorGroup`.
        """
        return await compile_call(self.read(function, **values), self._models, self._pool)(self)

    def read(self, function: Callable[..., Any], /, **values: Any) -> Call:
        """Return what `call` would call, with all that it depends on; raise what it would raise before."""
        faults: list[StartupError] = []
        bound = partial(function, **values) if values else function
        call = Graph(self._models, self._overrides, faults, [], None, sources=self._sources).read(bound)
        if not faults and (call.inputs() or call.takes(Given.REQUEST) or call.takes(Given.RESPONSE)):
            needed = ", ".join(repr(item.name) for item in call.inputs()) or "'request'"
            problem = f"it needs {needed} of a request, and there is none."
            faults.append(ParameterError(problem, "Give the value by name.", **find_place(function)._asdict()))
        if len(faults) == 1:
            raise faults[0]
        if faults:
            raise StartupErrorGroup(f"{function!r} cannot be called", faults)
        return call

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        exits, self._exits = self._exits, None
        if exits is not None:
            await exits.__aexit__(kind, error, trace)
            if exits.background is not None:
                await exits.background.run("a scope", self._pool)
