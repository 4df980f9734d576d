"""What is in the package of others: complete, as it was published, with its licences."""

from __future__ import annotations

import gzip
import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

import velocipy.openapi

FOLDER = Path(velocipy.openapi.__file__).parent / "assets"
RECORD: dict[str, Any] = json.loads((FOLDER / "record.json").read_text("utf-8"))


@pytest.mark.parametrize("name", RECORD)
def test_files_are_those_of_the_record(name: str) -> None:
    about = RECORD[name]

    files = {path.name for path in (FOLDER / name).iterdir()}

    assert files == {f"{file}.gz" for file in about["files"]} | {*about["notices"]}
    for file, told in about["files"].items():
        assert sha256(gzip.decompress((FOLDER / name / f"{file}.gz").read_bytes())).hexdigest() == told["sha256"]


@pytest.mark.parametrize("name", RECORD)
def test_licences_are_there(name: str) -> None:
    about = RECORD[name]
    text = (FOLDER / name / "LICENSE").read_text("utf-8")

    assert {"MIT": "Permission is hereby granted", "Apache-2.0": "Apache License"}[about["license"]] in text


def test_nothing_else_is_there() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {*RECORD, "pages", "record.json"}
