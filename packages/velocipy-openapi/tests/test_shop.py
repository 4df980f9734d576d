"""The document of the shop, which has everything."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from velocipy.testing import TestClient

from .documents import document_of

pytest.importorskip("attrs", reason="the shop has models of every kind")
pytest.importorskip("msgspec", reason="the shop has models of every kind")
pytest.importorskip("pydantic", reason="the shop has models of every kind")
pytest.importorskip("python_multipart", reason="the shop takes files")
from .shop.app import CONTENT, app

validator = pytest.importorskip("openapi_spec_validator", reason="it knows what a document may have")
yaml = pytest.importorskip("yaml", reason="PyYAML reads what is written")

HERE = Path(__file__).parent


def references(part: Any) -> set[str]:
    """Return where *part* refers to."""
    if isinstance(part, list):
        return set().union(*map(references, part))
    if not isinstance(part, dict):
        return set()
    own = {part["$ref"]} if isinstance(part.get("$ref"), str) else set()
    return own.union(*map(references, part.values()))


def test_the_document_is_valid_and_has_at_least_120_operations() -> None:
    document = document_of(app, CONTENT)
    validator.validate(document)
    ids = [
        operation["operationId"]
        for item in document["paths"].values()
        for operation in (*item.get("x-methods", {}).values(), *(part for key, part in item.items() if key[:2] != "x-"))
    ]
    assert len(ids) >= 120
    assert len(ids) == len({*ids})


def test_every_reference_leads_to_a_definition_and_every_definition_is_needed() -> None:
    document = document_of(app, CONTENT)
    known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert references(document) == known


def test_it_is_the_same_in_every_process() -> None:
    command = [sys.executable, "-m", "velocipy.openapi", "shop.app:app"]
    environments = [{**os.environ, "PYTHONHASHSEED": seed} for seed in ("1", "2", "3")]
    done = [subprocess.run(command, cwd=HERE, env=item, stdout=subprocess.PIPE, check=True) for item in environments]
    assert len({item.stdout for item in done}) == 1
    assert json.loads(done[0].stdout)["info"]["title"] == "Shop"


def test_it_is_served_as_json_and_as_yaml() -> None:
    with TestClient(app) as client:
        told, as_yaml = client.get("/openapi.json"), client.get("/openapi.yaml")
        again = client.get("/openapi.json", headers={"if-none-match": told.headers["etag"]})
    assert told.json() == document_of(app, CONTENT) == yaml.safe_load(as_yaml.content)
    assert [item.headers["content-type"] for item in (told, as_yaml)] == ["application/json", "application/yaml"]
    assert (again.status_code, again.content) == (304, b"")


def test_a_root_path_is_a_server() -> None:
    with TestClient(app, root_path="/api") as client:
        assert client.get("/openapi.json").json()["servers"] == [{"url": "/api"}]
    with TestClient(app) as client:
        assert "servers" not in client.get("/openapi.json").json()
