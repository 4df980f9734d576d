"""YAML that others read as what it was made of."""

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from velocipy.openapi.yaml import to_yaml

yaml = pytest.importorskip("yaml", reason="PyYAML reads what is written")

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT
DATA = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner), max_leaves=20)


@given(DATA)
@settings(max_examples=500, derandomize=True, deadline=None)
@example({"a": 1e-05, "b": 1e22, "c": -1.5e300})
@example({"x" * 1100: {"y" * 1100: 1}})
@example(["", " a", "a ", "a: b", "- a", "# a", "a #b", "~", "null", "Yes", "0x1f", "1_000", "2024-01-01", "=", "<<"])
@example({"\x7f": "\x85", "\u2028": "\ufeff", "\u00a0": "\x00\t\n\r\x1b"})
@example([[], {}, [[]], [{}], {"a": []}, [[1, [2]], {"b": [{"c": {}}]}]])
def test_what_is_read_is_what_was_written(value: Any) -> None:
    assert yaml.safe_load(to_yaml(value)) == value


def test_half_a_pair_is_escaped() -> None:
    assert to_yaml("\ud800") == '"\\ud800"\n'


def test_it_looks_like_this() -> None:
    value = json.loads('{"openapi": "3.1.0", "paths": {"/a": {"get": {"tags": ["a", "b c"], "x": {}, "y": null}}}}')
    assert to_yaml(value).splitlines() == [
        'openapi: "3.1.0"',
        "paths:",
        "  /a:",
        "    get:",
        "      tags:",
        "        - a",
        "        - b c",
        "      x: {}",
        '      "y": null',
    ]
