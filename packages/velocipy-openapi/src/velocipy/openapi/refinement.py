"""What a program says of one operation besides what its handler tells: `app.get("/", openapi=OpenAPI(...))`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, NamedTuple

from velocipy.json_schema import Schemas
from velocipy.openapi.operations import Object, merged, phrase
from velocipy.routing.options import Route
from velocipy.types import UNSET

_FIELDS = {
    *("tags", "summary", "description", "externalDocs", "operationId", "parameters", "requestBody", "responses"),
    *("callbacks", "deprecated", "security", "servers"),
}


class Bodies(NamedTuple):
    """What an `OpenAPI` tells of bodies by their types: of responses by status, and of the request."""

    responses: Mapping[str, Object]
    request: Object | None


@dataclass(frozen=True, kw_only=True)
class OpenAPI:
    """Says more of an operation, or something else, than its handler tells.

    Attributes:
        summary, description: In the place of those of the handler.
        tags: Besides those of the route.
        responses: Types of bodies by status, or Response Objects.
        examples: Of the answers, by status: one value, or several as Example Objects by their names.
        request_model: The type of the body, where the handler reads it by itself.
        request_example: Of the body.
        deprecated: Whether it is not to be used any more.
        external_docs: Where more is written: an External Documentation Object.
        extra: Merged into the Operation Object at the end: callbacks, servers, extensions.

    Raises:
        ValueError: If a status is none, or something has no JSON.
    """

    summary: str | None = None
    description: str | None = None
    tags: Sequence[str] = ()
    responses: Mapping[int | str, Any] = field(default_factory=dict)
    examples: Mapping[int | str, Any] = field(default_factory=dict)
    request_model: Any = UNSET
    request_example: Any = UNSET
    deprecated: bool = False
    external_docs: Mapping[str, Any] | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if isinstance(self.tags, str):
            raise ValueError(f"the tags of an OpenAPI are several, such as [{self.tags!r}]")
        for status in (*self.responses, *self.examples):
            if not _is_status(status):
                raise ValueError(f"{status!r} is no status: give one of 100 to 599, '2XX' or 'default'")
        for problem, _ in faults(self.extra):
            raise ValueError(problem)

    def add_to(self, schemas: Schemas) -> Bodies:
        """Return the bodies that are told here, of which the schemas are complete when *schemas* are."""
        responses = {
            str(status): _with_body(schemas.add(said, "output"))
            for status, said in self.responses.items()
            if not isinstance(said, Mapping)
        }
        request = None
        if self.request_model is not UNSET:
            request = {**_with_body(schemas.add(self.request_model, "input")), "required": True}
        return Bodies(responses, request)

    def refine(self, operation: Object, bodies: Bodies) -> Object:
        """Return *operation* with all that is said here, and the bodies that `add_to` returned."""
        told: Object = {"summary": self.summary, "description": self.description, "externalDocs": self.external_docs}
        made = merged(operation, {name: value for name, value in told.items() if value})
        if self.tags:
            made["tags"] = list(dict.fromkeys((*made.get("tags", ()), *self.tags)))
        if self.deprecated:
            made["deprecated"] = True
        responses: Object = made.setdefault("responses", {})
        for status, said in self.responses.items():
            known = responses.get(str(status), {})
            response = bodies.responses.get(str(status))
            known = merged(known, said) if response is None else {**known, **response}
            responses[str(status)] = {"description": phrase(status), **known}
        for status, example in self.examples.items():
            response = responses.setdefault(str(status), {"description": phrase(status)})
            for content in response.setdefault("content", {"application/json": {}}).values():
                content |= _examples(example)
        if bodies.request is not None:
            made["requestBody"] = bodies.request
        if self.request_example is not UNSET:
            body = made.setdefault("requestBody", {"content": {"application/json": {}}})
            for content in body["content"].values():
                content["example"] = self.request_example
        return merged(made, self.extra)


def check_routes(routes: Sequence[Route]) -> Iterator[tuple[Route, str, str]]:
    """Yield what is wrong with what the program says of operations: the route, the problem, the remedy."""
    named: dict[str, Route] = {}
    for route in routes:
        for option in ("openapi", "openapi_extra"):
            said = getattr(route, option)
            if said is None or isinstance(said, OpenAPI):
                continue
            if not isinstance(said, Mapping):
                yield route, f"{option} of {route.path} is a {type(said).__name__}.", "Give a mapping, or an OpenAPI."
                continue
            for problem, remedy in faults(said):
                yield route, f"{option} of {route.path}: {problem}.", remedy
        if route.operation_id is not None and route.include_in_schema and not route.is_websocket:
            first = named.setdefault(route.operation_id, route)
            if first.handler is not route.handler or first.path != route.path:
                problem = f"the operation_id {route.operation_id!r} is that of {first.path} as well."
                yield route, problem, "Give each operation an id of its own."


def faults(said: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what keeps a mapping from being a part of an Operation Object, and how to mend it."""
    for name in said:
        if name not in _FIELDS and not str(name).startswith("x-"):
            similar = get_close_matches(str(name), _FIELDS, 1)
            remedy = f"Did you mean {similar[0]!r}?" if similar else "Extensions begin with 'x-'."
            yield f"an Operation Object has no field {name!r}", remedy
    try:
        json.dumps(said)
    except (TypeError, ValueError) as error:
        yield f"it has no JSON: {error}", "Give text, numbers, lists and dicts."


def _is_status(status: int | str) -> bool:
    text = str(status)
    return text == "default" or (text[:1] in "12345" and (text[1:] == "XX" or (len(text) == 3 and text.isdigit())))


def _with_body(schema: Object) -> Object:
    return {"content": {"application/json": {"schema": schema}}}


def _examples(example: Any) -> Object:
    named = (
        isinstance(example, Mapping)
        and example
        and all(isinstance(item, Mapping) and {"value", "externalValue", "$ref"} & {*item} for item in example.values())
    )
    return {"examples": dict(example)} if named else {"example": example}
