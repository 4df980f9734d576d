"""From a plan to what it gives: the answers of its handler, and the errors that can really happen."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from enum import Enum
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

from velocipy.conversion.scalars import anything
from velocipy.conversion.table import union_members, unwrap
from velocipy.description.inputs import frozen
from velocipy.description.nouns import (
    NOTHING,
    BodyDescription,
    ContentDescription,
    ErrorBody,
    ErrorDescription,
    HTTPValidationError,
    Problem,
    ResponseDescription,
    ValidationProblem,
)
from velocipy.errors import HTTPException, PayloadTooLargeException, ValidationError
from velocipy.http.items import JSONLinesResponse
from velocipy.http.response import JSONResponse, Response
from velocipy.plans.bundles import Bundle
from velocipy.plans.plan import Input, Plan
from velocipy.plans.results import WITHOUT_BODY
from velocipy.plans.signature import MISSING, read_return
from velocipy.plans.streams import is_text, streamed_type
from velocipy.raising import Raised
from velocipy.routing.options import Route
from velocipy.types import UNSET

Item = TypeVar("Item")

_BYTES = (bytes, bytearray, memoryview)


class Answers:
    """Describes the answers of a route; it decides as `Results.finish` and what freezing prepares for it do.

    Attributes:
        model: The type of what leaves, None where anything may.
    """

    def __init__(self, plan: Plan, route: Route, namespace: Mapping[str, Any]) -> None:
        self._route = route
        self._contents: dict[int | str, list[ContentDescription]] = {}
        declared: Any = route.response_model
        if declared is UNSET:
            declared = read_return(route.handler, {**namespace, **(route.namespace or {})} or None)
            declared = self._take_responses(declared)
        self.model = declared
        item = streamed_type(declared, route.handler)
        if item is not None:
            self._add_stream(item)
        elif route.response_class is not None:
            self._add_class(route.response_class, declared, route.status_code or _default_status(route.response_class))
        elif route.status_code in WITHOUT_BODY:
            self._add(route.status_code)
        elif declared is None:
            if not self._contents:
                self._add(self._status, ContentDescription(media_type=None))
        elif plan.models is not None and plan.models.encoder(declared, route.selection) is not None:
            self._add(self._status, ContentDescription(media_type="application/json", annotation=declared))
        else:
            self._add_by_type(declared)

    @property
    def _status(self) -> int:
        return self._route.status_code or 200

    def _add(self, status: int | str | None, *contents: ContentDescription) -> None:
        self._contents.setdefault(status or 200, []).extend(contents)

    def _take_responses(self, annotation: Any) -> Any:
        """Add the responses that a handler returns, and return the type of what it returns besides; None for none."""
        if annotation is MISSING:
            return None
        members = union_members(annotation) or (annotation,)
        others = [item for item in members if not (isinstance(item, type) and issubclass(item, Response))]
        is_alone = len(members) == 1  # then a status that the route says can only be that of this response
        for item in members:
            if item not in others:
                said = self._route.status_code if is_alone else None
                self._add_class(item, None, said or _default_status(item))
        if len(others) == len(members):
            return annotation
        return Union[tuple(others)] if others else None  # noqa: UP007

    def _add_class(self, response_class: type[Response], declared: Any, status: int) -> None:
        if status in WITHOUT_BODY or 300 <= status < 400:
            self._add(status)
            return
        annotation = UNSET if declared is None else declared
        self._add(status, ContentDescription(media_type=response_class.media_type, annotation=annotation))

    def _add_stream(self, item: Any) -> None:
        response_class = self._route.response_class
        if response_class is None and is_text(item):
            self._add(self._status, ContentDescription(media_type="text/plain", item=item))
            return
        if response_class is None or issubclass(response_class, JSONResponse):
            response_class = JSONLinesResponse
        self._add(self._status, ContentDescription(media_type=response_class.media_type, item=item))

    def _add_by_type(self, declared: Any) -> None:
        """Add what each member of a type becomes of which nothing more than that is known."""
        members: dict[str | None, list[Any]] = {}
        for member in union_members(unwrap(declared)[0]) or (declared,):
            plain, _ = unwrap(member)
            if plain in (None, type(None)):
                self._add(self._route.status_code or 204)
            else:
                members.setdefault(_media_type(plain), []).append(member)
        for media_type, found in members.items():
            annotation = declared if len(found) == 1 and found[0] is declared else Union[tuple(found)]  # noqa: UP007
            self._add(self._status, ContentDescription(media_type=media_type, annotation=annotation))

    def responses(self) -> tuple[ResponseDescription, ...]:
        """Return all answers, with what was said of them."""
        found = {
            status: ResponseDescription(
                status=status, description=self._route.response_description, content=tuple(contents)
            )
            for status, contents in self._contents.items()
        }
        for key, said in self._route.responses.items():
            status = int(key) if isinstance(key, str) and key.isdigit() else key
            found[status] = _as_said(status, said, found.get(status))
        return tuple(found.values())


def _as_said(status: int | str, said: Any, known: ResponseDescription | None) -> ResponseDescription:
    """Return what `responses=` says of a status: a type, a description, or the words of OpenAPI with a "model"."""
    more = dict(said) if isinstance(said, Mapping) else {"description": said} if isinstance(said, str) else {}
    model = more.pop("model", None) if isinstance(said, (Mapping, str)) else said
    content = known.content if known else ()
    if model is not None:
        content = (ContentDescription(media_type="application/json", annotation=model),)
    return ResponseDescription(
        status=status,
        description=more.pop("description", None) or (known.description if known else ""),
        content=content,
        headers=frozen(more.pop("headers", None)) or NOTHING,
        extra=frozen(more),
        is_declared=True,
    )


def _default_status(response_class: type[Response]) -> int:
    """Return the status that a class of responses has if no other is said."""
    parameter = inspect.signature(response_class.__init__).parameters.get("status_code")
    return parameter.default if parameter is not None and isinstance(parameter.default, int) else 200


def _media_type(plain: Any) -> str | None:
    """Return as what a value of a type is sent, None for any."""
    if plain is Any or plain is object:
        return None
    if get_origin(plain) is Literal:
        return "text/plain" if all(type(value) is str for value in get_args(plain)) else "application/json"
    if isinstance(plain, type) and issubclass(plain, str) and not issubclass(plain, Enum):
        return "text/plain"
    if isinstance(plain, type) and issubclass(plain, _BYTES):
        return "application/octet-stream"
    return "application/json"


# -- errors -----------------------------------------------------------------------------------------------------------


class Errors:
    """Gathers the errors of a route, by status.

    Args:
        route: Its exception handlers may send anything.
        problem_details: Whether errors are told as RFC 9457 has them.
    """

    def __init__(self, route: Route, *, problem_details: bool) -> None:
        self._handlers = route.exception_handlers
        self._problem_details = problem_details
        self._found: dict[int, ErrorDescription] = {}

    def add(self, error: Raised, raised_by: str | None = None) -> None:
        """Add an error, which a callable of the name *raised_by* declares, or the framework raises."""
        known = self._found.get(error.status_code) or ErrorDescription(status=error.status_code, description="")
        described = known.description.split("; ") if known.description else []
        content = self._content(error)
        self._found[error.status_code] = ErrorDescription(
            status=error.status_code,
            description="; ".join(dict.fromkeys((*described, error.description))),
            content=known.content if content in known.content else (*known.content, content),
            headers=frozen({**known.headers, **error.headers}),
            exceptions=_more(known.exceptions, error.exception),
            raised_by=_more(known.raised_by, raised_by),
        )

    def add_of_framework(
        self, inputs: list[Input], body: BodyDescription | None, timeout: float | None, max_query_fields: int | None
    ) -> None:
        """Add what reading *inputs* can come to, the body among them, and a time that is over."""
        if max_query_fields is not None and any(item.place == "query" for item in inputs):
            self.add(Raised(400, f"The query has over {max_query_fields} fields"))
        if body is not None:
            if body.is_form:
                self.add(Raised(400, "The form cannot be read, or has too many parts"))
            if body.is_form or body.max_content_length is not None:
                self.add(Raised(413, "The body is too large", exception=PayloadTooLargeException))
            self.add(Raised(415, f"The body is declared as none of {', '.join(body.media_types)}"))
        if any(map(_can_be_refused, inputs)):
            self.add(Raised(422, "Values of the request are missing or wrong", exception=ValidationError))
        if timeout is not None:
            self.add(Raised(504, f"There is no answer after {timeout:g} s"))

    def _content(self, error: Raised) -> ContentDescription:
        cls = error.exception or HTTPException
        if any(error.status_code in handlers or {*cls.__mro__} & {*handlers} for handlers in self._handlers):
            return ContentDescription(media_type=None, annotation=error.model)
        if error.model is not UNSET:
            return ContentDescription(media_type="application/json", annotation=error.model)
        is_validation = issubclass(cls, ValidationError)
        if self._problem_details:
            body: Any = ValidationProblem if is_validation else Problem
            return ContentDescription(media_type="application/problem+json", annotation=body)
        body = HTTPValidationError if is_validation else ErrorBody
        return ContentDescription(media_type="application/json", annotation=body)

    def in_order(self) -> tuple[ErrorDescription, ...]:
        """Return all of them, by status."""
        return tuple(self._found[status] for status in sorted(self._found))


def _more(known: tuple[Item, ...], item: Item | None) -> tuple[Item, ...]:
    return known if item is None or item in known else (*known, item)


def _can_be_refused(item: Input) -> bool:
    """Tell whether there are requests from which a value cannot be made."""
    if isinstance(item.convert, Bundle) or item.convert is not anything:
        return True
    if item.place in ("header", "cookie"):  # of which the first counts
        return item.default is UNSET and item.source.default_factory is None
    return item.place != "path"
