"""A plan: everything between the router and the handler, decided at start-up.

These are data. `graph` reads them from signatures, `compiler` makes one function of them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple

from velocipy.plans.dependencies import SecurityScopes
from velocipy.plans.sources import OF_BODY

if TYPE_CHECKING:
    from velocipy.conversion.faults import Convert
    from velocipy.models import Models
    from velocipy.plans.bundles import Bundle
    from velocipy.plans.results import Results
    from velocipy.plans.signature import Kind
    from velocipy.plans.sources import Place, Source
    from velocipy.routing.options import Limits, Route

Run = Callable[[Any, Sequence[str]], Awaitable[Any]]
"""Takes the request, or None where the plan does not take it, and the values in the path."""


class Input(NamedTuple):
    """A value that the request brings.

    Attributes:
        place: Where from.
        name: Its name there.
        annotation: What it becomes.
        convert: How, from text, from JSON data (a body) or from uploads (a file; awaited, unless it is `anything`); a
            `Bundle` reads the fields of a model from its place.
        default: What it is when the request has none; `plans.sources.UNSET` if it must.
        many: Whether all values of the name are taken, as a list.
        source: The marker that was written, or one that says the same.
    """

    place: Place
    name: str
    annotation: Any
    convert: Convert | Bundle
    default: Any
    many: bool
    source: Source


class Given(Enum):
    """What is handed in as it is: the request, the response whose head joins the answer, or what is left to do."""

    REQUEST = "request"
    RESPONSE = "response"
    NO_RESPONSE = "None"  # to who serves a WebSocket too
    BACKGROUND = "background"


class Argument(NamedTuple):
    """A parameter of a call and what fills it: an input, the value of another call, what is given, or scopes."""

    parameter: str
    filled_by: Input | Call | Given | SecurityScopes
    positional: bool


class Call:
    """A handler or dependency and what fills its parameters. Two arguments filled by one `Call` share its value.

    Attributes:
        before: What is called before it without being handed in: the dependencies of routers and routes.
        early: Whether what it opens is closed before the answer is sent.
        may_open: Whether what it returns may be a context manager, which is then entered.
        cached: Whether others that depend on the same share it.
        scopes: What was asked for on the ways to it.
        takes_scopes: Whether it, or anything that it depends on, is handed these.
    """

    __slots__ = (
        "arguments",
        "before",
        "cached",
        "call",
        "early",
        "kind",
        "may_open",
        "needs_body",
        "scopes",
        "takes_scopes",
    )

    needs_body: bool
    takes_scopes: bool

    def __init__(
        self,
        call: Callable[..., Any],
        kind: Kind,
        arguments: list[Argument],
        before: Sequence[Call] = (),
        *,
        early: bool = False,
        may_open: bool = False,
        cached: bool = True,
        scopes: tuple[str, ...] = (),
    ) -> None:
        self.call = call
        self.kind: Kind = kind
        self.arguments = arguments
        self.before = before
        self.early = early
        self.may_open = may_open
        self.cached = cached
        self.scopes = scopes
        below = self.calls()
        self.needs_body = any(item.needs_body for item in below) or any(
            isinstance(filled_by, Input) and filled_by.place in OF_BODY for _, filled_by, _ in arguments
        )
        self.takes_scopes = any(item.takes_scopes for item in below) or any(
            isinstance(filled_by, SecurityScopes) for _, filled_by, _ in arguments
        )

    def calls(self) -> list[Call]:
        """Return what it depends on itself, in order."""
        return [*self.before, *(item.filled_by for item in self.arguments if isinstance(item.filled_by, Call))]

    def ask_for(self, scopes: tuple[str, ...]) -> None:
        """Note that *scopes* were asked for on another way to the call, and so to all that it depends on."""
        self.scopes = tuple(dict.fromkeys((*self.scopes, *scopes)))
        for call in self.calls():
            call.ask_for(scopes)

    def takes(self, given: Given) -> bool:
        """Tell whether the call, or anything that it depends on, is handed *given*."""
        return any(item.filled_by is given for item in self.arguments) or any(
            call.takes(given) for call in self.calls()
        )

    def inputs(self) -> list[Input]:
        """Return the inputs of the call and of all that it depends on."""
        own = [item.filled_by for item in self.arguments if isinstance(item.filled_by, Input)]
        return [*(found for call in self.calls() for found in call.inputs()), *own]


class Plan:
    """What answers one route.

    Attributes:
        run: Returns what the handler returns, to be awaited.
        results: Makes the answer of that.
        answers_errors: Whether `run` returns a `Response` in any case, also for an error.
        takes_request: Whether `run` needs more of the request than the values in its path.
        status: Of an answer that is no `Response`.
        headers: Of the same, in lower case, and `encoded_headers` the same as bytes.
        more_headers: Those of them that every answer has, a `Response` and an error too.
        path_names: The names of the values in the path, and then of those in the host.
        limits: What a request may cost, and `max_content_length` of these.
        decode: Reads JSON; for those who ask for the body themselves.
        models: The conversions; for those who receive messages of a WebSocket. None where the framework answers.
        route: What was declared; None for what the framework answers by itself.
        call: The handler with its dependencies, likewise.
    """

    __slots__ = (
        "answers_errors",
        "call",
        "decode",
        "encoded_headers",
        "headers",
        "limits",
        "max_content_length",
        "models",
        "more_headers",
        "path_names",
        "results",
        "route",
        "run",
        "source_text",
        "status",
        "takes_request",
    )

    def __init__(
        self,
        run: Run,
        results: Results,
        *,
        decode: Callable[[bytes], Any],
        limits: Limits,
        takes_request: bool = True,
        answers_errors: bool = False,
        status: int = 200,
        path_names: tuple[str, ...] = (),
        route: Route | None = None,
        call: Call | None = None,
        models: Models | None = None,
        source_text: str = "",
    ) -> None:
        self.run = run
        self.results = results
        self.takes_request = takes_request
        self.answers_errors = answers_errors
        self.decode = decode
        self.status = status
        self.path_names = path_names
        self.limits = limits
        self.max_content_length = limits.max_content_length  # PERF: asked of every body
        self.route = route
        self.call = call
        self.models = models
        self.source_text = source_text
        self.more_headers: tuple[tuple[str, str], ...] = ()
        self.add_headers(())

    def add_headers(self, more: Iterable[tuple[str, str]]) -> None:
        """Have every answer carry *more* headers, unless it has them itself."""
        self.more_headers = tuple(dict.fromkeys((*self.more_headers, *more)))
        self.headers: tuple[tuple[str, str], ...] = (("content-type", "application/json"), *self.more_headers)
        self.encoded_headers = tuple((name.encode(), value.encode()) for name, value in self.headers)

    def source(self) -> str:
        """Return the steps of the plan as the Python that runs."""
        return self.source_text
