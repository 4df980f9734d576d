"""An application with a small document, which is written by hand: what the pages are tested with."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode

from velocipy import Depends, Header, HTTPException, RedirectResponse, VelociPy
from velocipy.middleware import ForwardedMiddleware
from velocipy.openapi import Content, OpenAPIPlugin

TITLE = "Sea </title><script>alert(1)</script> & shop"
KEY = "sesame"
TOKEN = "let-me-in"


def made(summary: str, **more: Any) -> dict[str, Any]:
    answer = {"description": "Successful Response", "content": {"application/json": {"schema": {"type": "object"}}}}
    return {"summary": summary, "operationId": summary.replace(" ", "_").lower(), "responses": {"200": answer}, **more}


MARKDOWN = """
Shells and </script> **pearls**.

```json
{"size": 7}
```

| left | middle | right |
|:-----|:------:|------:|
| 1    |   2    |     3 |

- `code` and [a link](https://example.com)
"""
PICTURE = {
    "type": "object",
    "required": ["file"],
    "properties": {
        "file": {"type": "string", "format": "binary"},
        "kind": {"type": "string", "enum": ["shell", "pearl"]},
        "tags": {"type": "array", "items": {"type": "string"}},
    },
}
EITHER = {
    "oneOf": [{"$ref": "#/components/schemas/Shell"}, {"$ref": "#/components/schemas/Reef"}],
    "discriminator": {"propertyName": "name"},
}
DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": TITLE, "version": "1.2.3", "description": MARKDOWN},
    "tags": [{"name": "shells"}, {"name": "secrets"}],
    "paths": {
        "/shells/{number}": {
            "get": made(
                "Read a shell",
                description=MARKDOWN,
                tags=["shells"],
                parameters=[
                    {
                        "name": "number",
                        "in": "path",
                        "required": True,
                        "schema": {"type": "integer", "minimum": 1},
                        "example": 7,
                    },
                    {"name": "q", "in": "query", "schema": {"type": "string", "default": "sand"}},
                ],
            )
        },
        "/shells": {
            "post": made(
                "Add a shell",
                tags=["shells"],
                requestBody={
                    "required": True,
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Shell"}}},
                },
            )
        },
        "/pictures": {
            "post": made(
                "Hang a picture",
                tags=["shells"],
                deprecated=True,
                requestBody={
                    "content": {"multipart/form-data": {"schema": PICTURE}, "application/json": {"schema": EITHER}}
                },
                callbacks={"hung": {"{$request.body#/url}": {"post": made("Be told")}}},
            )
        },
        "/keyed": {"get": made("Open by key", tags=["secrets"], security=[{"key": []}])},
        "/borne": {"get": made("Open by token", tags=["secrets"], security=[{"token": []}])},
        "/signed": {"get": made("Open by sign in", tags=["secrets"], security=[{"sign-in": ["read"]}])},
    },
    "webhooks": {"tide": {"post": made("High water")}},
    "components": {
        "schemas": {
            "Reef": {
                "type": "object",
                "description": MARKDOWN,
                "properties": {
                    "name": {"type": "string"},
                    "below": {"type": "array", "items": {"$ref": "#/components/schemas/Reef"}},
                    "depths": {"type": "object", "additionalProperties": {"type": "integer"}},
                },
            },
            "Shell": {
                "type": "object",
                "title": "Shell",
                "required": ["name"],
                "properties": {
                    "name": {"type": "string", "examples": ["conch"]},
                    "size": {"anyOf": [{"type": "number"}, {"type": "null"}], "default": None},
                },
            },
        },
        "securitySchemes": {
            "key": {"type": "apiKey", "in": "header", "name": "x-key"},
            "token": {"type": "http", "scheme": "bearer"},
            "sign-in": {
                "type": "oauth2",
                "flows": {
                    "authorizationCode": {
                        "authorizationUrl": "authorize",
                        "tokenUrl": "token",
                        "refreshUrl": "https://tokens.example.com/refresh",
                        "scopes": {"read": "Read"},
                    }
                },
            },
        },
    },
}


def make_plugin(**options: Any) -> OpenAPIPlugin:
    """Return the plugin with the document above, which has nothing of the handlers below."""
    return OpenAPIPlugin(content=Content(extra=DOCUMENT), **options)


def ask_for_key(x_key: Annotated[str, Header()] = "") -> None:
    if x_key != KEY:
        raise HTTPException(403)


def make_app(**options: Any) -> VelociPy:
    options.setdefault("scalar_options", {"defaultOpenAllTags": True})
    app = VelociPy(title=TITLE, plugins=[make_plugin(**options)])

    @app.get("/shells/{number}", include_in_schema=False)
    async def read_shell(number: int, q: str = "sand") -> dict[str, Any]:
        return {"number": number, "found in": q}

    @app.post("/shells", include_in_schema=False)
    async def add_shell(shell: dict[str, Any]) -> dict[str, Any]:
        return {"added": shell}

    @app.get("/keyed", include_in_schema=False, dependencies=[Depends(ask_for_key)])
    async def open_by_key() -> dict[str, str]:
        return {"opened": "by key"}

    @app.get("/borne", include_in_schema=False)
    async def open_by_token(authorization: Annotated[str, Header()] = "") -> dict[str, str]:
        if authorization != f"Bearer {TOKEN}":
            raise HTTPException(401, headers={"www-authenticate": "Bearer"})
        return {"opened": "by token"}

    @app.get("/signed", include_in_schema=False)
    async def open_by_sign_in(authorization: Annotated[str, Header()] = "") -> dict[str, str]:
        if authorization != f"Bearer {TOKEN}":
            raise HTTPException(401, headers={"www-authenticate": "Bearer"})
        return {"opened": "by sign in"}

    @app.get("/authorize", include_in_schema=False)
    async def authorize(redirect_uri: str, state: str) -> RedirectResponse:
        return RedirectResponse(f"{redirect_uri}?{urlencode({'code': 'c0de', 'state': state})}")

    @app.post("/token", include_in_schema=False)
    async def give_token() -> dict[str, str]:
        return {"access_token": TOKEN, "token_type": "bearer"}

    return app


app = make_app()
app.add_middleware(ForwardedMiddleware, trusted=["127.0.0.1"], headers=["X-Forwarded-Prefix"])
app.mount("/below", make_app())
