"""The document as it is served: made when it is first asked for, and then kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from threading import Lock
from typing import Any, NamedTuple

from velocipy import Request, Response
from velocipy.description import ApplicationDescription
from velocipy.openapi.document import Content, build_document
from velocipy.openapi.operations import Object
from velocipy.openapi.origins import URLS, origins_of
from velocipy.openapi.yaml import to_yaml

_KEPT = 16  # by root path, which a proxy may tell


class _Encoded(NamedTuple):
    body: bytes
    media_type: str
    etag: str
    origins: tuple[str, ...]


class ServedDocument:
    """The document of a scope.

    Args:
        describe: Tells what it is about, when all of it is there.
        content: What is said besides.
    """

    def __init__(self, describe: Callable[[], ApplicationDescription], content: Content) -> None:
        self._describe = describe
        self._content = content
        self._lock = Lock()
        self._document: Object | None = None
        self._encoded: dict[tuple[str, str], _Encoded] = {}

    def answer_json(self, request: Request) -> Response:
        """Answer with the document as JSON."""
        return self._answer(request, "application/json")

    def answer_yaml(self, request: Request) -> Response:
        """Answer with the document as YAML."""
        return self._answer(request, "application/yaml")

    def _answer(self, request: Request, media_type: str) -> Response:
        encoded = self.encoded(request.root_path, media_type)
        headers = {"etag": encoded.etag, "cache-control": "no-cache", "access-control-allow-origin": "*"}
        if encoded.etag in request.headers.get("if-none-match", ""):
            return Response(None, 304, headers)
        return Response(encoded.body, 200, headers, encoded.media_type)

    def origins(self, root_path: str) -> tuple[str, ...]:
        """Return the origins that pages have to ask: of servers, and of token endpoints."""
        return self.encoded(root_path, "application/json").origins

    def encoded(self, root_path: str, media_type: str) -> _Encoded:
        """Return the document for an application below *root_path*; it blocks while it is made."""
        key = (root_path, media_type)
        with self._lock:
            if key not in self._encoded:
                if self._document is None:
                    self._document = build_document(self._describe(), self._content)
                document = self._document
                if root_path and "servers" not in document:
                    document = _below(root_path, document)
                if len(self._encoded) >= _KEPT:
                    self._encoded.clear()
                self._encoded[key] = _encode(document, media_type)
            return self._encoded[key]


def _below(root_path: str, document: Object) -> Object:
    """Return *document* for an application below *root_path*: that is its server, and tokens are given below it too.

    Pages take a path in a security scheme for one of the origin, and know no server for it.
    """
    made: Object = {**document, "servers": [{"url": root_path}]}
    components = document.get("components", {})
    if "securitySchemes" in components:
        schemes = {name: _moved(scheme, root_path, document) for name, scheme in components["securitySchemes"].items()}
        made["components"] = {**components, "securitySchemes": schemes}
    return made


def _moved(item: Any, root_path: str, document: Object) -> Any:
    """Return *item* of a security scheme, where paths that the document has stand below *root_path*."""
    if not isinstance(item, dict):
        return item
    moved = {key: _moved(value, root_path, document) for key, value in item.items()}
    for name in URLS & item.keys():
        path = f"/{str(item[name]).removeprefix('/')}"
        if path in document["paths"]:
            moved[name] = root_path + path
    return moved


def _encode(document: Object, media_type: str) -> _Encoded:
    if media_type.endswith("json"):
        body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    else:
        body = to_yaml(document).encode()
    return _Encoded(body, media_type, f'"{hashlib.sha256(body).hexdigest()[:32]}"', tuple(origins_of(document)))
