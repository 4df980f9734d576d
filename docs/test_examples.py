"""Every example has a document that is OpenAPI 3.1."""

from importlib import import_module
from pathlib import Path

import pytest

from velocipy import VelociPy
from velocipy.description import describe
from velocipy.openapi import build_document

validator = pytest.importorskip("openapi_spec_validator", reason="it knows what a document may have")

NAMES = sorted(
    path.stem for path in Path(__file__).parents[1].glob("examples/*.py") if not path.stem.startswith("test_")
)


@pytest.mark.parametrize("name", NAMES)
def test_the_document_is_valid(name: str) -> None:
    applications = [value for value in vars(import_module(name)).values() if isinstance(value, VelociPy)]

    assert applications, "an example has an application"
    for app in applications:
        document = build_document(describe(app))
        assert document["paths"] or document["x-websockets"], "and something in it"
        validator.validate(document)
