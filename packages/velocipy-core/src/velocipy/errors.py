"""The exception tree. Whose fault it is decides the branch.

VelociPyException
├── HTTPException                  an answer that a handler, dependency or plan chose to give
│   ├── PayloadTooLargeException   413
│   └── ValidationError            422, with every fault of the request
├── ClientDisconnect               the client left before its request was read
├── WebSocketException             ends a WebSocket with a close code and a reason
│   └── WebSocketDisconnect        it has been closed, by the client mostly
├── ConfigError (TypeError, ValueError)  values of a Config that are missing or wrong
├── StorageError                   a storage that cannot be reached, or fails
├── UnsupportedByServer (RuntimeError)  what the protocol of the server has no way to do
└── StartupError (ValueError)      a mistake in the program, found before the first request
    ├── PathError                  a path that cannot be read
    ├── RouteConflictError         two routes for one method and path
    ├── ParameterError             a parameter of a handler or dependency
    ├── DependencyError            a dependency that cannot be resolved
    └── PluginError                a plugin that is not there, or fails

StartupErrorGroup                  several of them at once (an ExceptionGroup)
VelociPyDeprecationWarning         what will be gone (a DeprecationWarning)

PERF: without annotations as text, which are dear to import in a NamedTuple or TypedDict.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypedDict

from velocipy.status import STATUS_PHRASES

__all__ = [
    "ClientDisconnect",
    "ConfigError",
    "ConfigProblem",
    "DependencyError",
    "Fault",
    "HTTPException",
    "ParameterError",
    "PathError",
    "PayloadTooLargeException",
    "PluginError",
    "RouteConflictError",
    "StartupError",
    "StartupErrorGroup",
    "UnsupportedByServer",
    "ValidationError",
    "VelociPyDeprecationWarning",
    "VelociPyException",
    "WebSocketDisconnect",
    "WebSocketException",
]


class VelociPyException(Exception):
    """The base of every exception that VelociPy defines."""


class Fault(TypedDict):
    """One thing that is wrong with a request.

    `loc` leads to the value: the source, then the name, then the way inside (`["body", "items", 0, "price"]`).
    `type` is a word for programs, `msg` a sentence for people.
    """

    loc: list[str | int]
    msg: str
    type: str


class HTTPException(VelociPyException):
    """Ends the request with an answer of `status_code` and the body `{"detail": detail}`.

    Args:
        status_code: 200 to 599.
        detail: Any JSON value; the reason phrase of the status when it is None or "".
        headers: Headers to send with the answer.
    """

    def __init__(self, status_code: int, detail: Any = None, headers: Mapping[str, str] | None = None) -> None:
        if not isinstance(status_code, int) or not 200 <= status_code <= 599:
            raise ValueError(f"status_code={status_code!r} is no status of a response; give one of 200 to 599")
        if detail is None or detail == "":
            detail = STATUS_PHRASES.get(status_code, "")
        super().__init__(status_code, detail)
        self.status_code = status_code
        self.detail = detail
        self.headers = dict(headers) if headers else None

    def __str__(self) -> str:
        return f"{self.status_code}: {self.detail}"


class PayloadTooLargeException(HTTPException):
    """The body is longer than its limit (RFC 9110 section 15.5.14)."""

    def __init__(self, detail: Any = None) -> None:
        super().__init__(413, detail)


class Faults(list[Fault]):
    """The faults of a request. Called, it returns itself: `error.errors()`, as pydantic and FastAPI spell it."""

    def __call__(self) -> "Faults":
        return self


class ValidationError(HTTPException):
    """The request was understood, but its values are wrong (RFC 9110 section 15.5.21).

    Args:
        detail: The faults, or one sentence, which becomes one fault of type "value_error".
        headers: Headers to send with the answer.
    """

    def __init__(self, detail: str | Sequence[Fault], headers: Mapping[str, str] | None = None) -> None:
        self.errors = Faults([{"loc": [], "msg": detail, "type": "value_error"}] if isinstance(detail, str) else detail)
        super().__init__(422, self.errors, headers)


def invalid_json(error: Exception, loc: Sequence[str | int]) -> Fault:
    """Return the fault of a body for which a JSON codec raised *error*."""
    if isinstance(error, RecursionError):
        reason = "it is nested too deeply"
    else:
        reason = "it is not UTF-8" if isinstance(error, UnicodeError) else str(error)
        if "set_int_max_str_digits" in reason:  # Python's advice is not for strangers
            reason = "a number has too many digits"
    return {"loc": list(loc), "msg": f"Invalid JSON: {reason}", "type": "json_invalid"}


class ClientDisconnect(VelociPyException):
    """The client left before the whole body had arrived; what came is not to be used."""


class WebSocketException(VelociPyException):
    """Ends a WebSocket: with a close code and a reason, or, before it is accepted, with the status 403.

    Args:
        code: 1000 to 1003, 1007 to 1014, or 3000 to 4999 for the application's own (RFC 6455 section 7.4).
        reason: At most 123 bytes in UTF-8.
    """

    def __init__(self, code: int = 1008, reason: str | None = None) -> None:
        super().__init__(code, reason or "")
        self.code = code
        self.reason = reason or ""
        self._check()

    def _check(self) -> None:
        check_close(self.code, self.reason)

    def __str__(self) -> str:
        return f"{self.code}: {self.reason}" if self.reason else str(self.code)


class WebSocketDisconnect(WebSocketException):
    """The WebSocket has been closed: by the client, or before by this side.

    Its code is the client's, as far as the server tells it: 1005 when there was none, 1006 when the connection broke.
    """

    def _check(self) -> None:
        """Take what the other side said."""


def check_close(code: int, reason: str) -> None:
    """Refuse a close code that no endpoint may send, and a reason that is too long (RFC 6455 sections 5.5 and 7.4).

    Raises:
        ValueError: If it is one of these.
    """
    if not isinstance(code, int) or not (1000 <= code <= 1003 or 1007 <= code <= 1014 or 3000 <= code <= 4999):
        raise ValueError(f"{code!r} is no close code to send; give 1000 to 1003, 1007 to 1014, or 3000 to 4999")
    if len(reason.encode()) > 123:
        raise ValueError(f"the reason has {len(reason.encode())} bytes; a close frame has room for 123")


class StorageError(VelociPyException):
    """A storage cannot be reached, does not answer in time, or fails; what was asked for may have been done or not."""


class UnsupportedByServer(VelociPyException, RuntimeError):
    """The protocol between the server and the application has no way to do this."""


class ConfigProblem(NamedTuple):
    """One thing that is wrong with the values of a Config. It never has the value, which may be a secret.

    `name` is the field, with those of the sections around it ("database.port"), or "" where a whole file is wrong;
    `place` is where it was found ("APP_PORT in .env, line 3"), or "" where it is missing.
    """

    name: str
    place: str
    problem: str
    remedy: str

    def __str__(self) -> str:
        return f"{': '.join(filter(None, (self.name, self.place, self.problem)))}. {self.remedy}".strip()


class ConfigError(VelociPyException, TypeError, ValueError):
    """Values of a Config are missing (so that it is a TypeError) or wrong (a ValueError).

    Attributes:
        problems: Everything that is missing or wrong.
    """

    def __init__(self, owner: str, problems: Sequence[ConfigProblem]) -> None:
        super().__init__(owner, problems)
        self.owner = owner
        self.problems = list(problems)

    def __str__(self) -> str:
        if len(self.problems) == 1:
            return f"{self.owner} cannot be made: {self.problems[0]}"
        lines = [f"\n  {number}. {problem}" for number, problem in enumerate(self.problems, 1)]
        return f"{self.owner} cannot be made, for {len(self.problems)} reasons:{''.join(lines)}"


class StartupError(VelociPyException, ValueError):
    """A mistake in the program, found before the first request.

    Attributes:
        problem: What is wrong.
        remedy: How to mend it.
        place: "file:line" of the function concerned, or "" when there is none.
        handler: The name of the function, or "".
        parameter: The name of the parameter, or "".
    """

    def __init__(self, problem: str, remedy: str, *, place: str = "", handler: str = "", parameter: str = "") -> None:
        where = ", ".join(
            part
            for part in (
                place,
                f"in {handler}()" if handler else "",
                f"parameter {parameter!r}" if parameter else "",
            )
            if part
        )
        super().__init__(f"{where}: {problem} {remedy}" if where else f"{problem} {remedy}")
        self.problem = problem
        self.remedy = remedy
        self.place = place
        self.handler = handler
        self.parameter = parameter


class PathError(StartupError):
    """A path that cannot be read."""


class RouteConflictError(StartupError):
    """Two routes claim one method and path."""


class ParameterError(StartupError):
    """A parameter which no request could ever fill."""


class DependencyError(StartupError):
    """A dependency that cannot be called or never ends."""


class PluginError(StartupError):
    """A plugin that is missing, needs what is not there, or fails; that may be at its end as well.

    Attributes:
        plugin: Its name.
    """

    def __init__(self, problem: str, remedy: str, *, plugin: str, place: str = "") -> None:
        super().__init__(problem, remedy, place=place)
        self.plugin = plugin


class StartupErrorGroup(VelociPyException, ExceptionGroup[StartupError]):
    """Everything that is wrong with an application, at once; `exceptions` holds each mistake."""

    def derive(self, excs: Sequence[Any], /) -> "StartupErrorGroup":  # type: ignore[override]
        return StartupErrorGroup(self.message, excs)


class VelociPyDeprecationWarning(DeprecationWarning):
    """What is used will be gone: the text names the replacement, and the release in which it goes.

    A class of its own, so that `filterwarnings` of Python and of pytest can choose it.
    """
