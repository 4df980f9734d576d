"""Where pages may send requests, as a document says."""

from __future__ import annotations

from typing import Any

import pytest

from velocipy.openapi.origins import origin_of, origins_of


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://API.Example.com/v1?x", "https://api.example.com"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://[::1]:8000/", "http://[::1]:8000"),
        ("/v1", None),
        ("", None),
        (".", None),
        ("ftp://example.com", None),
        ("javascript:alert(1)", None),
        ("//example.com", None),
        ("https://user:secret@example.com", None),
        ("https://exa mple.com", None),
        ("https://example.com; script-src *", None),
        ("https://example.com,evil.com", None),
        ("https://*", None),
        ("https://[::1", None),
        ("https://example.com\r\nx: y", None),
        ("https://{region}.example.com", None),
    ],
)
def test_origin_is_what_can_be_asked(url: str, origin: str | None) -> None:
    assert origin_of(url) == origin


def test_servers_of_document_path_and_operation_are_origins() -> None:
    def server(host: str) -> dict[str, Any]:
        return {"servers": [{"url": f"https://{host}/v1"}]}

    document = {
        **server("all.example"),
        "paths": {"/a": {**server("path.example"), "summary": "A", "get": server("operation.example")}},
    }

    assert origins_of(document) == ["https://all.example", "https://operation.example", "https://path.example"]


def test_variables_stand_for_their_values() -> None:
    variables = {"region": {"enum": ["eu", "us"], "default": "eu"}, "port": {"default": "8443"}}

    found = origins_of({"servers": [{"url": "https://{region}.example.com:{port}/{base}", "variables": variables}]})

    assert found == ["https://eu.example.com:8443", "https://us.example.com:8443"]


def test_token_endpoints_are_origins_and_places_to_sign_in_are_not() -> None:
    flow = {"authorizationUrl": "https://sign.example/in", "tokenUrl": "https://token.example/t", "refreshUrl": "/r"}
    schemes = {
        "oauth": {"type": "oauth2", "flows": {"authorizationCode": flow}},
        "oidc": {"type": "openIdConnect", "openIdConnectUrl": "https://oidc.example/.well-known/x"},
        "key": {"type": "apiKey", "in": "header", "name": "https"},
    }

    assert origins_of({"components": {"securitySchemes": schemes}}) == ["https://oidc.example", "https://token.example"]


def test_document_without_servers_has_no_origins() -> None:
    assert origins_of({"openapi": "3.1.0", "info": {"title": "", "version": ""}}) == []
