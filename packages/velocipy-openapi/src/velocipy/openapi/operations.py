"""Operations: what a route is in the words of OpenAPI 3.1 (section 4.8.10), from its description alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import UnionType
from typing import Any, NamedTuple, Union, get_args, get_origin

from velocipy.description import (
    BodyDescription,
    ContentDescription,
    EndpointDescription,
    ErrorDescription,
    ParameterDescription,
    ResponseDescription,
    RouteDescription,
)
from velocipy.http.responses import ServerSentEvent
from velocipy.json_schema import Schemas
from velocipy.openapi.security import Security
from velocipy.status import STATUS_PHRASES
from velocipy.types import UNSET, Selection

Object = dict[str, Any]

PLACES = ("path", "query", "header", "cookie")
# RFC 9110 has its own rules for these, and OpenAPI 3.1 section 4.8.12.2 ignores parameters of their names.
_IGNORED_HEADERS = ("accept", "content-type", "authorization")
_FILE = {"type": "string", "format": "binary"}
# The fields of https://html.spec.whatwg.org/multipage/server-sent-events.html, of which data may be anything.
_EVENT = {
    "type": "object",
    "properties": {
        "data": {},
        "event": {"type": "string"},
        "id": {"type": "string"},
        "retry": {"type": "integer", "minimum": 0},
    },
}
URLENCODED = "application/x-www-form-urlencoded"


class Operations:
    """Makes the operations of one document.

    Args:
        schemas: Those of the document.
        security: The security schemes of the document.
    """

    def __init__(self, schemas: Schemas, security: Security) -> None:
        self.schemas = schemas
        self._security = security
        self.place = ""  # of the handler that is being told
        self._texts: list[_Text] = []

    def finish(self) -> None:
        """Complete what is sent as text, when the schemas are complete."""
        for text in self._texts:
            _finish_text(text)

    def operation(self, route: RouteDescription, operation_id: str) -> Object:
        """Return the Operation Object of *route*, without what the program refines."""
        self.place = route.handler.place
        made: Object = {}
        if route.tags:
            made["tags"] = list(dict.fromkeys(route.tags))
        made["summary"] = route.summary or titled(route.handler.name)
        if route.description:
            made["description"] = route.description
        made["operationId"] = operation_id
        parameters = self.parameters(route)
        if parameters:
            made["parameters"] = parameters
        if route.body is not None:
            made["requestBody"] = self._body(route.body)
        made["responses"] = self._responses(route)
        if route.deprecated:
            made["deprecated"] = True
        security = self._security.requirements(route.security)
        if security:
            made["security"] = security
        if route.host is not None:
            made["servers"] = [_server(route)]
        return made

    # -- parameters --------------------------------------------------------------------------------------------------

    def parameters(self, route: EndpointDescription) -> list[Object]:
        """Return the Parameter Objects of the head of a request, each place and name once."""
        made: dict[tuple[str, str], Object] = {}
        for parameter in _spread(route.parameters):
            if parameter.place not in PLACES or not parameter.include_in_schema:
                continue
            if parameter.place == "header" and parameter.alias.lower() in _IGNORED_HEADERS:
                continue
            made.setdefault((parameter.place, parameter.alias.lower()), self._parameter(parameter))
        return list(made.values())

    def _parameter(self, parameter: ParameterDescription) -> Object:
        made: Object = {"name": parameter.alias, "in": parameter.place, "required": parameter.required}
        if parameter.description:
            made["description"] = parameter.description
        if parameter.deprecated:
            made["deprecated"] = True
        if parameter.many:
            simple = parameter.place in ("header", "path")
            made |= {"style": "simple", "explode": False} if simple else {"style": "form", "explode": True}
        made["schema"] = self._schema(parameter, described=False)
        self._texts.append(_Text(parameter, made["schema"], made))
        if parameter.openapi_examples:
            made["examples"] = _thawed(parameter.openapi_examples)
        return made

    def _schema(self, parameter: ParameterDescription, *, described: bool) -> Object:
        said = Said(parameter, described=described)
        return self.schemas.add(parameter.annotation, "input", [said], default=parameter.default)

    # -- bodies ------------------------------------------------------------------------------------------------------

    def _body(self, body: BodyDescription) -> Object:
        examples = [field.openapi_examples for field in body.fields if field.openapi_examples]
        content: Object = {}
        for media_type in body.media_types:
            content[media_type] = {"schema": self._body_schema(body, media_type)}
            if examples and not body.embedded and not body.is_form:
                content[media_type]["examples"] = _thawed(examples[0])
        made: Object = {"required": body.required, "content": content}
        if len(body.fields) == 1 and not body.embedded and not body.is_form and body.fields[0].description:
            made["description"] = body.fields[0].description
        return made

    def _body_schema(self, body: BodyDescription, media_type: str) -> Object:
        if not body.is_form and not body.embedded and len(body.fields) == 1:
            return self._schema(body.fields[0], described=False)
        if body.annotation is not UNSET:
            return self.schemas.add(body.annotation, "input")
        fields = [field for field in _spread(body.fields) if field.include_in_schema]
        if media_type == URLENCODED:  # which has no files
            fields = [field for field in fields if field.place != "file"]
        properties = {}
        for field in fields:
            schema = self._file(field) if field.place == "file" else self._schema(field, described=True)
            properties[field.alias] = schema
            if body.is_form:
                self._texts.append(_Text(field, schema, None))
        made: Object = {"type": "object", "properties": properties}
        if any(field.forbids_extra for field in body.fields):
            made["additionalProperties"] = False
        required = [field.alias for field in fields if field.required]
        return {**made, "required": required} if required else made

    def _file(self, field: ParameterDescription) -> Object:
        made: Object = {"type": "array", "items": dict(_FILE)} if field.many else dict(_FILE)
        if field.description:
            made["description"] = field.description
        return made

    # -- responses ---------------------------------------------------------------------------------------------------

    def _responses(self, route: RouteDescription) -> Object:
        made: Object = {}
        for response in route.responses:
            made[str(response.status)] = self._response(route, response)
        for error in route.errors:
            if str(error.status) not in made:
                made[str(error.status)] = self._error(route, error)
        return dict(sorted(made.items()))

    def _response(self, route: RouteDescription, response: ResponseDescription) -> Object:
        made: Object = {"description": response.description or phrase(response.status)}
        headers = {**_headers(dict(route.headers)), **_thawed(response.headers)}
        if headers:
            made["headers"] = headers
        content = self._content(response.content, route)
        if content:
            made["content"] = content
        return merged(made, _thawed(response.extra))

    def _error(self, route: RouteDescription, error: ErrorDescription) -> Object:
        made: Object = {"description": error.description}
        headers = _headers({**dict(route.headers), **error.headers})
        if headers:
            made["headers"] = headers
        content = self._content(error.content)
        if content:
            made["content"] = content
        return made

    def _content(self, contents: Iterable[ContentDescription], route: RouteDescription | None = None) -> Object:
        """Return the Media Type Objects of what a route, or else an error, sends."""
        by_type: dict[str, list[Object]] = {}
        for content in contents:
            if content.media_type is not None:
                by_type.setdefault(content.media_type, []).append(self._sent(content, route))
        made: Object = {}
        for media_type, sent in by_type.items():
            schemas = [item["schema"] for item in sent if item.get("schema")]
            made[media_type] = {**sent[0], "schema": {"anyOf": schemas}} if len(schemas) > 1 else sent[0]
        return made

    def _sent(self, content: ContentDescription, route: RouteDescription | None) -> Object:
        if content.item is not UNSET:
            return {"schema": {"type": "string"}, "x-item-schema": self._item(content.item, route)}
        if content.media_type is not None and "json" not in content.media_type:
            return {"schema": {"type": "string"} if content.media_type.startswith("text/") else dict(_FILE)}
        if content.annotation is UNSET:
            return {}
        declared = route is not None and content.annotation == route.response_model
        return {"schema": self._added(content.annotation, route if declared else None)}

    def _item(self, annotation: Any, route: RouteDescription | None) -> Object:
        members = set(get_args(annotation)) if get_origin(annotation) in (Union, UnionType) else {annotation}
        if ServerSentEvent not in members:
            return self._added(annotation, route)
        others = members - {ServerSentEvent}
        event: Object = _thawed(_EVENT)
        if not others:
            return event
        return {"anyOf": [event, self._added(Union[tuple(others)], route)]}  # noqa: UP007

    def _added(self, annotation: Any, route: RouteDescription | None) -> Object:
        return self.schemas.add(annotation, "output", selection=Selection() if route is None else route.selection)


class _Text(NamedTuple):
    """A value that is sent as text, its schema, and the Parameter Object that has it, None in a form."""

    parameter: ParameterDescription
    schema: Object
    told: Object | None


class Said:
    """What is said of a parameter besides its type, as the attributes that schemas look for."""

    def __init__(self, parameter: ParameterDescription, *, described: bool) -> None:
        for name, limit in parameter.constraints:
            setattr(self, name, limit)
        self.title = parameter.title
        self.description = parameter.description if described else None
        self.examples = list(parameter.examples) or None
        self.json_schema_extra = _thawed(parameter.json_schema_extra) or None


def _spread(parameters: Iterable[ParameterDescription]) -> Iterable[ParameterDescription]:
    """Yield the values that are really sent: of a model that is spread over a place, its fields."""
    for parameter in parameters:
        if parameter.fields:
            yield from parameter.fields
        else:
            yield parameter


def _finish_text(text: _Text) -> None:
    """Complete the schema of what is sent as text: nothing stands for null there, and bytes are as they are."""
    schema, parameter = text.schema, text.parameter
    members = schema.get("anyOf", [])
    if {"type": "null"} in members:
        left = [member for member in members if member != {"type": "null"}]
        rest = {key: value for key, value in schema.items() if key != "anyOf"}
        if rest.get("default", 0) is None:
            del rest["default"]
        schema.clear()
        schema.update({**left[0], **rest} if len(left) == 1 else {**rest, "anyOf": left})
    schema.pop("contentEncoding", None)
    if parameter.many and parameter.required and schema.get("type") == "array":
        schema.setdefault("minItems", 1)  # without a value nothing of it is sent
    if text.told is not None and "description" in schema:  # of a field of a model
        text.told.setdefault("description", schema.pop("description"))


def _headers(told: Mapping[str, str]) -> Object:
    return {name: {"description": text, "schema": {"type": "string"}} for name, text in told.items()}


def _server(route: RouteDescription) -> Object:
    """Return the server of a route that is for one host; parts of the host that have values are variables."""
    labels, variables = [], {}
    for label in route.host_segments:
        text = label.literals[0] if label.literals else label.text
        for (name, _), literal in zip(label.values, label.literals[1:], strict=True):
            variables[name] = {"default": name}
            text += f"{{{name}}}{literal}"
        labels.append(text if label.values else label.text)
    made: Object = {"url": f"//{'.'.join(labels)}"}
    return {**made, "variables": variables} if variables else made


def phrase(status: int | str) -> str:
    """Return what a status is called, which a Response Object has where nobody described it."""
    return STATUS_PHRASES.get(int(status), "") if str(status).isdigit() else ""


def titled(name: str) -> str:
    return name.rpartition(".")[2].replace("_", " ").strip().capitalize()


def _thawed(value: Any) -> Any:
    """Return a copy in which read-only mappings are dicts and tuples lists."""
    if isinstance(value, Mapping):
        return {key: _thawed(item) for key, item in value.items()}
    return [_thawed(item) for item in value] if isinstance(value, (list, tuple)) else value


def merged(made: Object, more: Mapping[str, Any]) -> Object:
    """Return *made* with *more*, which counts where both say something that is no object."""
    result = dict(made)
    for key, value in more.items():
        known = result.get(key)
        both = isinstance(known, dict) and isinstance(value, Mapping)
        result[key] = merged(known, value) if both else _thawed(value)  # type: ignore[arg-type]
    return result
